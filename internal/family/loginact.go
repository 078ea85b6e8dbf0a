package family

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// LoginAct is what staff do to one login from the parent's page: the last part of its address.
type LoginAct string

// The acts; Steps mails how a child that a reset closed opens again, by the parent's own act.
const (
	LoginSend    LoginAct = "send"
	LoginUnlock  LoginAct = "unlock"
	LoginEnable  LoginAct = "enable"
	LoginSteps   LoginAct = "steps"
	LoginRequire LoginAct = "require"
	LoginDisable LoginAct = "disable"
)

// LoginActs lists the acts in the order of their buttons.
func LoginActs() []LoginAct {
	return []LoginAct{LoginSend, LoginUnlock, LoginEnable, LoginSteps, LoginRequire, LoginDisable}
}

// What came of LoginSteps beside what the other acts know.
const (
	ManageSteps     ManageOutcome = "steps_sent"
	ManageNotClosed ManageOutcome = "not_closed" // no child is closed by a reset any more
)

// acts are those that make sense for the login as it is, by an actor who may act on it.
func (d *door) acts(actor access.Actor, reach bool) []LoginAct {
	if !reach || !access.Can(actor, access.ResetLogins) {
		return nil
	}
	is := d.account.State
	there, off := d.account.ID != 0, is == account.Disabled
	locked := !d.standing.LockedUntil.IsZero() && !d.standing.LockedUntil.Equal(account.Never())
	sense := map[LoginAct]bool{
		LoginSend:    (there && !off || !there && len(d.opens) > 0) && (d.trouble == "" || d.p.StudentAddress),
		LoginUnlock:  locked && !off,
		LoginEnable:  off,
		LoginSteps:   there && !off && len(d.closedLines()) > 0,
		LoginRequire: is == account.Active && d.account.HasPassword,
		LoginDisable: there && !off,
	}
	return slices.DeleteFunc(LoginActs(), func(a LoginAct) bool { return !sense[a] })
}

// closedLines are the lines at the actor's schools that may be opened and that a reset closed.
func (d *door) closedLines() []*loginLine {
	return slices.DeleteFunc(slices.Clone(d.lines), func(l *loginLine) bool {
		return !l.closed || l.why != roster.MayOpen || !d.p.at.Has(l.school)
	})
}

// mends are what mends the verdict and the actor may do, the best first.
func (d *door) mends(actor access.Actor) []Mend {
	v := d.p.Verdict
	return slices.DeleteFunc(slices.Clone(mendings[v.Reason]), func(m Mend) bool {
		switch m {
		case MendAddress:
			return v.LineID == 0 || !access.Can(actor, access.EditRecords)
		case MendContacts, MendStudent:
			return v.StudentID == 0 || !access.Can(actor, access.SeeRecords)
		case MendHold:
			return !access.Can(actor, access.CloseSchools)
		case MendCode:
			return v.LineID == 0 || d.account.State == account.Disabled || len(d.opens) == 0 || !access.Can(actor, access.GiveCodes)
		}
		return !slices.Contains(d.p.Acts, LoginAct(m))
	})
}

// Asks reports whether an act is asked about first: it takes something away that no other press gives back.
func (p ParentPage) Asks(a LoginAct) bool {
	return a == LoginDisable || a == LoginRequire || a == LoginSend && (p.StudentAddress || p.PassesHold || p.Login != nil && p.Login.HasPassword)
}

// markOf is what a login was when a page showed it: another one, or a change of what proves its owner, makes another mark.
func markOf(a account.Account) string {
	return strconv.FormatInt(a.ID, 10) + "." + strconv.FormatInt(a.CredentialVersion, 10) + "." + string(a.State)
}

// LoginOrder is an act on the login of one contact. Mark is that of the page from which it was ordered.
type LoginOrder struct {
	ContactID  int64
	Act        LoginAct
	Mark       string
	Reason     string // disable
	AnyAddress bool   // send, require: also one on record for a student
}

// ActOnLogin does an act to one parent's login, and says what was done, or why nothing was: ManageOvertaken when the login is not any more what the page
// showed. It returns fault.NotFound for a contact without a child at the actor's schools and for an act that is none, fault.Invalid as Disable does.
func (f *Family) ActOnLogin(ctx context.Context, actor access.Actor, o LoginOrder) (ManageResult, error) {
	if err := access.Check(actor, access.ResetLogins); err != nil {
		return ManageResult{}, err
	}
	m := manage{Family: f, actor: actor, anyAddress: o.AnyAddress, mark: o.Mark}
	m.twice = func(context.Context, *sqldb.Tx, int64) (bool, error) { return false, nil }
	switch o.Act {
	case LoginSend:
		m.act = BulkSendPassword
	case LoginUnlock:
		m.act = BulkUnlock
	case LoginEnable:
		m.act = BulkEnable
	case LoginRequire:
		m.act = BulkRequirePassword
	case LoginDisable:
		reason, err := tidyReason(o.Reason)
		if err != nil {
			return ManageResult{}, err
		}
		m.act, m.reason = BulkDisable, reason
	case LoginSteps:
		return f.sendSteps(ctx, actor, o)
	default:
		return ManageResult{}, fault.NotFoundf("no such page")
	}
	r, err := m.one(ctx, o.ContactID, around{})
	if err == nil && r.Outcome == ManageGone {
		err = errGone
	}
	return r.ManageResult, err
}

// sendSteps mails how the children that a reset closed open again.
func (f *Family) sendSteps(ctx context.Context, actor access.Actor, o LoginOrder) (ManageResult, error) {
	var r ManageResult
	err := f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		r, err = f.steps(ctx, tx, actor, o)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("sending the steps: %w", err)
	}
	return r, nil
}

func (f *Family) steps(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o LoginOrder) (ManageResult, error) {
	r := ManageResult{ContactID: o.ContactID, Outcome: ManageNotClosed}
	c, err := f.roster.Contact(ctx, tx, o.ContactID)
	if err != nil {
		return r, err
	}
	d := &door{p: &ParentPage{Contact: c, at: roster.ScopeOf(actor)}, rule: f.rule(), now: f.now()}
	held, err := d.readLogin(ctx, tx, f)
	if err != nil {
		return r, err
	}
	if mine, err := f.inReach(ctx, tx, actor, c.ID); err != nil || !mine {
		return r, cmp.Or(err, errGone)
	}
	if err := d.readLines(ctx, tx, f, held); err != nil {
		return r, err
	}
	if err := d.readWayIn(ctx, tx, f, held); err != nil {
		return r, err
	}
	closed := d.closedLines()
	r.Username = d.account.Username
	switch {
	case d.account.ID == 0:
		r.Outcome = ManageNoLogin
		return r, nil
	case d.account.State == account.Disabled:
		r.Outcome = ManageRefused
		return r, nil
	case len(closed) == 0:
		return r, nil
	case d.trouble != "":
		r.Outcome = d.trouble
		return r, nil
	}
	order := mailOrder{Template: mailAlreadyClosedLine, ContactID: closed[0].ContactID, AccountID: d.account.ID}
	for _, l := range closed {
		order.StudentIDs = append(order.StudentIDs, l.StudentID)
	}
	if err := f.enqueueMail(ctx, tx, order); err != nil {
		return r, err
	}
	r.Outcome = ManageSteps
	return r, f.audit.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "parent.steps_sent", TargetKind: "contact", TargetID: c.ID, Detail: map[string]any{"username": r.Username, "account": d.account.ID},
	})
}
