package family

import (
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Preview says what a bulk act would do if it ran now.
type Preview struct {
	Logins        int // that are changed: reset, ended, unlocked, disabled, enabled, sent a password
	Parts         int // reset: logins that stay for other children
	Made          int // send: logins that are made
	None          int // rows without a login, or whose login the act does nothing to
	Refused       int // logins that are disabled
	Gone          int // rows no longer on record
	StudentLogins int // reset: student logins that end
	Mails         int
	MailsLast     time.Duration // until the last of them has left
	Untold        int           // changed logins to which no mail can go
	Elsewhere     int           // children of these parents at schools that are not the reader's
	Held          bool          // send: to a parent without a password, while registration of a child's school is on hold
}

// BulkPreview returns what the act would do. It returns fault.NotFound for none that the actor may see.
func (f *Family) BulkPreview(ctx context.Context, actor access.Actor, id int64) (Preview, error) {
	if err := mayBulk(actor); err != nil {
		return Preview{}, err
	}
	var p Preview
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		b, err := visibleBulk(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		targets, contacts, err := bulkTargets(ctx, tx, id)
		if err != nil {
			return err
		}
		p = Preview{}
		if b.Act == BulkReset {
			err = f.previewReset(ctx, tx, &p, roster.ScopeOf(actor), targets, b.more.Along)
		} else {
			err = f.previewLogins(ctx, tx, &p, b.Act, targets)
		}
		if err != nil {
			return err
		}
		return previewElsewhere(ctx, tx, &p, actor, once(contacts))
	})
	p.MailsLast = time.Duration(p.Mails) * time.Minute / time.Duration(f.settings.Values().MailsPerMinute)
	return p, err
}

func (f *Family) previewReset(ctx context.Context, tx *sqldb.Tx, p *Preview, at access.Schools, lines, along []int64) error {
	parents, err := f.resetParents(ctx, tx, at, lines, along)
	if err != nil {
		return err
	}
	p.Gone = len(lines)
	for _, r := range parents {
		p.Gone -= len(r.selected)
		p.StudentLogins += len(r.logins) // at most: one that is kept does not end
		switch {
		case r.account == 0:
			p.None += len(r.selected)
			continue
		case r.whole():
			p.Logins++
		default:
			p.Parts++
		}
		if r.addressee() != 0 {
			p.Mails++
		} else {
			p.Untold++
		}
	}
	return nil
}

func (f *Family) previewLogins(ctx context.Context, tx *sqldb.Tx, p *Preview, act Act, contacts []int64) error {
	found, err := loginsOfContacts(ctx, tx, contacts)
	if err != nil {
		return err
	}
	p.Gone = len(contacts) - len(found)
	if act == BulkSendPassword {
		if p.Held, err = f.passesHold(ctx, tx, found); err != nil {
			return err
		}
	}
	seen := map[int64]bool{}
	for _, l := range found {
		if l.account != 0 && seen[l.account] {
			p.None++
			continue
		}
		seen[l.account] = true
		p.count(act, l)
	}
	return nil
}

// passesHold reports whether one of the contacts has no password, and a child at a school whose registration is on hold. Nearly always nothing
// is, and nothing more is read.
func (f *Family) passesHold(ctx context.Context, tx *sqldb.Tx, contacts []contactLogin) (bool, error) {
	closings, err := f.roster.Closings(ctx, tx)
	if err != nil || len(closings) == 0 {
		return false, err
	}
	var without []int64
	for _, l := range contacts {
		if l.account == 0 || l.state == account.Waiting {
			without = append(without, l.contact)
		}
	}
	children, err := childrenOf(ctx, tx, without)
	return slices.ContainsFunc(children, func(c childAt) bool { return onHold(closings, c.school) }), err
}

func onHold(closings roster.Closings, school int64) bool {
	_, is := closings.Held(school)
	return is
}

// count says what the act would do to one login.
func (p *Preview) count(act Act, l contactLogin) {
	off := l.state == account.Disabled
	switch {
	case l.account == 0 && act == BulkSendPassword:
		p.mail(l, &p.Made, &p.Untold)
	case l.account == 0, act == BulkEnable && !off, act == BulkRequirePassword && l.state == account.Waiting:
		p.None++
	case off && act != BulkEnable:
		p.Refused++
	case act == BulkSendPassword:
		p.mail(l, &p.Logins, &p.Untold)
	case act == BulkRequirePassword:
		p.Logins++
		p.mail(l, new(int), &p.Untold)
	default:
		p.Logins++
	}
}

func (p *Preview) mail(l contactLogin, may, mayNot *int) {
	if !l.address || l.ofStudent {
		*mayNot++
		return
	}
	*may++
	p.Mails++
}

// previewElsewhere counts children whose schools the reader does not work at.
func previewElsewhere(ctx context.Context, tx *sqldb.Tx, p *Preview, actor access.Actor, contacts []int64) error {
	at := roster.ScopeOf(actor)
	if at.All {
		return nil
	}
	found, err := childrenOf(ctx, tx, contacts)
	away := map[int64]bool{}
	for _, c := range found {
		if !at.Has(c.school) {
			away[c.student] = true
		}
	}
	p.Elsewhere = len(away)
	return err
}
