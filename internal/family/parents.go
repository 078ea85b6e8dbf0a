package family

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ParentQuery asks for a page of parents, each once, in the order of the grid.
type ParentQuery struct {
	Whom
	After string // a page's Next, "" for the first
	Limit int    // parents a page, default 25
}

// ParentRow is a parent with the login, if there is one.
type ParentRow struct {
	ContactID   int64
	First, Last string
	Username    string
	State       LoginState // one of ParentStates
	Reason      string     // why it is disabled
	LockedUntil time.Time
	LastSignIn  time.Time
	PasswordSet time.Time // of the permanent password; zero for none
	Schools     []string  // of the children whom the reader may see

	account int64
	key     string // of the place behind the parent
}

// Parents is a page of parents.
type Parents struct {
	Rows    []ParentRow
	Next    string          // "" at the end; behind it there may be nobody, where the page looked as far as one page looks
	Total   int             // parents that match, counted up to 1,001; -1 where that would mean to read them all
	Letters map[string]bool // which letters have parents
}

// ParentStates lists what a parent's login can be, in the order of a form. MayNot, NoEmail and Never have none.
func ParentStates() []LoginState {
	return []LoginState{Active, Waiting, Locked, Disabled, Never, NoEmail, MayNot}
}

// Parents returns a page of parents of children at the actor's schools. A choice by login is read along the names, parent by parent, and one
// page looks no further than two thousand of them: the next one goes on from there. It returns fault.Unavailable for too many searches, and
// fault.Invalid for a letter, a state or a place that cannot be.
func (f *Family) Parents(ctx context.Context, actor access.Actor, q ParentQuery) (Parents, error) {
	var found Parents
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return found, err
	}
	if err := q.check(); err != nil {
		return found, err
	}
	if q.Whom != (Whom{}) || q.After != "" {
		if err := f.limitSearch(ctx, actor); err != nil {
			return found, err
		}
	}
	if q.Limit <= 0 || q.Limit > gridLimitMax {
		q.Limit = gridLimit
	}
	if err := f.countParents(ctx, actor, q, &found); err != nil {
		return found, err
	}
	atOnce, pages := walkPage, pagesLooked
	if !q.byLogin() {
		atOnce, pages = q.Limit, 1
	}
	var err error
	found.Next, err = f.walkParents(ctx, actor, q, atOnce, pages, func(r ParentRow) error {
		if found.Rows = append(found.Rows, r); len(found.Rows) == q.Limit && q.byLogin() {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return found, err
	}
	if found.Total < 0 && q.After == "" && found.Next == "" {
		found.Total = len(found.Rows)
	}
	return found, f.noteParents(ctx, actor, q, found)
}

// countParents looks up the letters, and counts the parents where an index does it.
func (f *Family) countParents(ctx context.Context, actor access.Actor, q ParentQuery, found *Parents) error {
	p, err := newGridPage(GridQuery{Letter: q.Letter, Last: q.Last})
	if err != nil {
		return err
	}
	p.at = within(roster.ScopeOf(actor), q.School)
	return f.db.Read(ctx, func(tx *sqldb.Tx) error {
		if found.Letters, err = lettersOf(ctx, tx, p.at); err != nil {
			return err
		}
		found.Total = -1
		switch {
		case p.nothing:
			found.Total = 0
			return nil
		case q.byLogin():
			return nil
		}
		query, args := p.countParents()
		found.Total, err = sqldb.Value[int](ctx, tx, query, args...)
		return err
	})
}

// noteParents has a search written to the log; the following pages of one are the same search.
func (f *Family) noteParents(ctx context.Context, actor access.Actor, q ParentQuery, found Parents) error {
	if q.After != "" || q.Whom == (Whom{}) {
		return nil
	}
	detail := map[string]any{"by": "login", "found": len(found.Rows)}
	for key, text := range map[string]string{"last": cutTyped(q.Last), "letter": q.Letter, "state": string(q.State)} {
		if text != "" {
			detail[key] = text
		}
	}
	if q.School != 0 {
		detail["school"] = q.School
	}
	return f.noteSearch(ctx, actor, "parent.searched", detail)
}

// byLogin reports whether it is also chosen by how the login stands.
func (w Whom) byLogin() bool {
	return w.State != "" || !w.NotSince.IsZero() || !w.PasswordBefore.IsZero()
}

func (w Whom) check() error {
	if w.State != "" && !slices.Contains(ParentStates(), w.State) {
		return fault.Invalidf("no such state of a login")
	}
	return nil
}

// fits reports whether the parent's login is one of those chosen.
func (w Whom) fits(r ParentRow) bool {
	switch {
	case w.State != "" && r.State != w.State:
		return false
	case !w.NotSince.IsZero() && (r.account == 0 || !r.LastSignIn.Before(w.NotSince)):
		return false
	case !w.PasswordBefore.IsZero() && (r.PasswordSet.IsZero() || !r.PasswordSet.Before(w.PasswordBefore)):
		return false
	}
	return true
}

// walkParents calls fn for every parent who fits, as walkLines does.
func (f *Family) walkParents(ctx context.Context, actor access.Actor, q ParentQuery, atOnce, pages int, fn func(ParentRow) error) (string, error) {
	var found []ParentRow
	grid := GridQuery{Letter: q.Letter, Last: q.Last, After: q.After, Limit: atOnce}
	return f.walkLines(ctx, actor, grid, q.School, pages, func(tx *sqldb.Tx, lines []*loginLine) (err error) {
		found, err = f.parentRows(ctx, tx, lines)
		return err
	}, func() (string, error) {
		for _, r := range found {
			if !q.fits(r) {
				continue
			}
			if err := fn(r); err != nil {
				return r.key, err
			}
		}
		return "", nil
	})
}

// parentRows puts lines together, parent by parent, in their order.
func (f *Family) parentRows(ctx context.Context, tx *sqldb.Tx, lines []*loginLine) ([]ParentRow, error) {
	if err := f.fillStates(ctx, tx, lines); err != nil {
		return nil, err
	}
	passwords, err := passwordsOf(ctx, tx, distinct(lines, func(l *loginLine) int64 { return l.account }))
	if err != nil {
		return nil, err
	}
	var all []ParentRow
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].ContactID == lines[0].ContactID {
			n++
		}
		all = append(all, parentRow(lines[:n], passwords))
		lines = lines[n:]
	}
	return all, nil
}

func parentRow(lines []*loginLine, passwords map[int64]passwordOf) ParentRow {
	l := lines[0]
	p := passwords[l.account]
	r := ParentRow{
		ContactID: l.ContactID, First: l.ParentFirst, Last: l.ParentLast, Username: l.Username, State: stateOfParent(lines), LockedUntil: l.LockedUntil,
		LastSignIn: l.LastSignIn, PasswordSet: p.set, Reason: p.reason, account: l.account, key: l.key.text(),
	}
	for _, l := range lines {
		if l.School != "" && !slices.Contains(r.Schools, l.School) {
			r.Schools = append(r.Schools, l.School)
		}
	}
	return r
}

// stateOfParent says how the login stands, or why there is none.
func stateOfParent(lines []*loginLine) LoginState {
	l := lines[0]
	switch {
	case l.account != 0 && l.accountState == account.Disabled:
		return Disabled
	case l.account != 0 && !l.LockedUntil.IsZero():
		return Locked
	case l.account != 0 && l.accountState == account.Waiting:
		return Waiting
	case l.account != 0:
		return Active
	case !slices.ContainsFunc(lines, func(l *loginLine) bool { return l.why == roster.MayOpen }):
		return MayNot
	case !l.address:
		return NoEmail
	}
	return Never
}

// contactsOf returns the contacts of all who fit, one more than a bulk act may have at most.
func (f *Family) contactsOf(ctx context.Context, actor access.Actor, w Whom) ([]int64, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	var contacts []int64
	_, err := f.walkParents(ctx, actor, ParentQuery{Whom: w}, walkPage, 1<<30, func(r ParentRow) error {
		if contacts = append(contacts, r.ContactID); len(contacts) > bulkMost {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return contacts, err
}

// ParentsQuestion returns the parents among the contacts whom the actor may see, and what the act would do to their logins.
func (f *Family) ParentsQuestion(ctx context.Context, actor access.Actor, act Act, contacts []int64) ([]ParentRow, Preview, error) {
	if err := access.Check(actor, access.ResetLogins); err != nil {
		return nil, Preview{}, err
	}
	rows, err := f.ParentsOf(ctx, actor, contacts)
	if err != nil {
		return nil, Preview{}, err
	}
	var p Preview
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.ContactID
		}
		p = Preview{}
		if err := f.previewLogins(ctx, tx, &p, act, ids); err != nil {
			return err
		}
		p.Gone = len(once(contacts)) - len(rows)
		return previewElsewhere(ctx, tx, &p, actor, ids)
	})
	return rows, p, err
}

// ParentsOf returns the parents among the contacts whom the actor may see, in the order of the contacts.
func (f *Family) ParentsOf(ctx context.Context, actor access.Actor, contacts []int64) ([]ParentRow, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return nil, err
	}
	contacts = once(contacts)
	at := map[int64]int{}
	for i, id := range contacts {
		at[id] = i
	}
	var rows []ParentRow
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfContacts, contacts)
		if err != nil {
			return err
		}
		scope := roster.ScopeOf(actor)
		lines = slices.DeleteFunc(lines, func(l *loginLine) bool { return !scope.Has(l.school) })
		slices.SortStableFunc(lines, func(a, b *loginLine) int { return at[a.ContactID] - at[b.ContactID] })
		rows, err = f.parentRows(ctx, tx, lines)
		return err
	})
	return rows, err
}

// ManageLogins does an act on whole logins, as SendPassword and the others do; reason is for BulkDisable.
func (f *Family) ManageLogins(ctx context.Context, actor access.Actor, act Act, contacts []int64, reason string) ([]ManageResult, error) {
	switch act {
	case BulkSendPassword:
		return f.SendPassword(ctx, actor, contacts, false)
	case BulkRequirePassword:
		return f.RequireNewPassword(ctx, actor, contacts, false)
	case BulkUnlock:
		return f.Unlock(ctx, actor, contacts)
	case BulkDisable:
		return f.Disable(ctx, actor, contacts, reason)
	case BulkEnable:
		return f.Enable(ctx, actor, contacts)
	}
	return nil, fault.InvalidFields(fault.Problem{Field: "act", Key: "problem.choose"})
}
