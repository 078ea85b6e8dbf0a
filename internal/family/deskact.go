package family

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// DeskAct is a press at the registration desk.
type DeskAct string

// The presses. Each but the last settles everything that the person asked.
const (
	DeskCorrect DeskAct = "correct" // the name typed becomes the record's, a temporary password goes out
	DeskAddress DeskAct = "address" // the address is new, a temporary password goes to it
	DeskSend    DeskAct = "send"    // a temporary password goes to the address on record although the name differs
	DeskRefuse  DeskAct = "refuse"
	DeskDone    DeskAct = "done"
	DeskReopen  DeskAct = "reopen" // takes DeskRefuse or DeskDone back
)

// DeskActs lists the presses.
func DeskActs() []DeskAct {
	return []DeskAct{DeskCorrect, DeskAddress, DeskSend, DeskRefuse, DeskDone, DeskReopen}
}

// DeskHows lists how requests leave the desk, for the test that each has its words.
func DeskHows() []string {
	return []string{string(DeskCorrect), string(DeskAddress), string(DeskSend), string(DeskRefuse), string(DeskDone), howCameIn, howAgain, howByStaff}
}

// DeskOrder is a press on what one person asked in a case. Version is the case's as the clerk saw it.
type DeskOrder struct {
	Case, Version  int64
	Person         string // DeskPerson.Key
	Act            DeskAct
	Contact        int64 // correct, address, send
	ContactVersion int64 // correct, address
	First, Last    string
	Email          string
	Checked        string // correct, address: one of roster.Checks
	Reason         string // refuse
	Tell           bool   // refuse: the address on record is told
}

// DeskResult is what a press did.
type DeskResult struct {
	Contact string // whose login it is; "" where no password went out
	Made    bool   // there was no login
	Opened  bool   // a child was added to the login that asked
	Told    bool   // refuse: a mail is on its way
	Left    bool   // the case has more to settle
}

// DeskRefused says why a temporary password may not go out; nothing was changed. It is a fault.Invalid.
type DeskRefused struct{ Outcome ManageOutcome }

// Error implements error.
func (r DeskRefused) Error() string { return "no temporary password may go out: " + string(r.Outcome) }

// Unwrap returns the fault.
func (r DeskRefused) Unwrap() error { return fault.Invalidf("no temporary password may go out") }

// Act does what a clerk pressed, all of it or nothing: the record, the login, the mail, the case and the log. Of two presses on one case the second
// gets CaseChanged. It returns DeskRefused where the login stays shut for another reason, fault.Invalid with problems by field, fault.NotFound for
// no such case, person or contact, fault.Conflict when the contact was changed meanwhile, fault.Forbidden.
func (f *Family) Act(ctx context.Context, actor access.Actor, o DeskOrder) (DeskResult, error) {
	if err := access.Check(actor, access.WorkDesk); err != nil {
		return DeskResult{}, err
	}
	switch o.Act {
	case DeskCorrect, DeskAddress:
		if err := access.Check(actor, access.CorrectContact); err != nil {
			return DeskResult{}, err
		}
		return f.deskSend(ctx, actor, o)
	case DeskSend:
		return f.deskSend(ctx, actor, o)
	case DeskRefuse:
		reason, err := tidyReason(o.Reason)
		if err != nil {
			return DeskResult{}, err
		}
		o.Reason = reason
	case DeskDone, DeskReopen:
	default:
		return DeskResult{}, fault.Invalidf("unknown press %q", o.Act)
	}
	var result DeskResult
	err := f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		result = DeskResult{}
		if o.Act == DeskReopen {
			return f.deskReopen(ctx, tx, actor, o)
		}
		c, p, err := f.deskPerson(ctx, tx, actor, o)
		if err != nil {
			return err
		}
		if o.Act == DeskRefuse && o.Tell {
			if result.Told, err = f.tellRefused(ctx, tx, c, p); err != nil {
				return err
			}
		}
		result.Left, err = f.deskActed(ctx, tx, actor, o, map[string]any{"reason": o.Reason, "told": result.Told})
		return err
	})
	return result, err
}

// deskPerson finds the case at the version that the clerk saw, and what the person asked in it.
func (f *Family) deskPerson(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o DeskOrder) (CaseRow, caseRequest, error) {
	c, err := f.caseRow(ctx, tx, actor, access.WorkDesk, o.Case)
	if err != nil {
		return c, caseRequest{}, err
	}
	if c.Version != o.Version {
		return c, caseRequest{}, c.changed()
	}
	requests, err := requestsOfCase(ctx, tx, o.Case)
	if err != nil {
		return c, caseRequest{}, err
	}
	i := slices.IndexFunc(requests, func(r caseRequest) bool { return r.person == o.Person })
	if i < 0 {
		return c, caseRequest{}, fault.NotFoundf("nothing is left of what this person asked")
	}
	return c, requests[i], nil
}

// deskActed settles what the person asked, marks the case and writes the log.
func (f *Family) deskActed(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o DeskOrder, detail map[string]any) (left bool, err error) {
	now := f.now()
	by, err := f.staffName(ctx, tx, actor)
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, updateActed, o.Case, now.UnixMicro(), by, string(o.Act)); err != nil {
		return false, err
	}
	n, err := settleIn(ctx, tx, inCase{o.Case, o.Person}, now, by, string(o.Act))
	if err != nil {
		return false, err
	}
	if left, err = refreshCase(ctx, tx, o.Case); err != nil {
		return left, err
	}
	detail["requests"] = n
	for k, v := range detail {
		if v == "" || v == false {
			delete(detail, k)
		}
	}
	return left, f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "desk." + string(o.Act), TargetKind: "case", TargetID: o.Case, Detail: detail})
}

func (f *Family) deskReopen(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o DeskOrder) error {
	c, err := f.caseRow(ctx, tx, actor, access.WorkDesk, o.Case)
	if err != nil {
		return err
	}
	if c.Version != o.Version {
		return c.changed()
	}
	if !c.Undoable() {
		return fault.Conflictf("nothing is there to take back")
	}
	if _, err := tx.Exec(ctx, updateUnsettled, o.Case, c.Acted.At.UnixMicro()); err != nil {
		return err
	}
	if _, err := f.deskActed(ctx, tx, actor, o, map[string]any{}); err != nil {
		return err
	}
	_, err = refreshCase(ctx, tx, o.Case)
	return err
}

// tellRefused mails neutral words to the one contact who may be meant, if that is not somebody who is restricted for the child.
func (f *Family) tellRefused(ctx context.Context, tx *sqldb.Tx, c CaseRow, p caseRequest) (bool, error) {
	if p.near == 0 {
		return false, nil
	}
	contact, err := f.roster.Contact(ctx, tx, p.near)
	if err != nil || contact.Email == "" {
		return false, err
	}
	d := &decision{Family: f, tx: tx}
	lines, err := f.roster.LinesOfContacts(ctx, tx, []int64{p.near})
	if err != nil {
		return false, err
	}
	for _, l := range lines {
		if l.StudentID == c.StudentID && l.Restricted == roster.Yes {
			return false, nil
		}
	}
	if trouble, err := d.contactTrouble(ctx, contact); err != nil || trouble != "" {
		return false, err
	}
	return true, f.enqueueMail(ctx, tx, mailOrder{Template: mailRefused, ContactID: p.near})
}

// deskSend corrects the record where that was asked for, and lets the person in: by a temporary password, or, for "Add Additional Student", by
// opening the child. A login that stays shut undoes the correction.
func (f *Family) deskSend(ctx context.Context, actor access.Actor, o DeskOrder) (DeskResult, error) {
	var result DeskResult
	var found struct {
		c CaseRow
		p caseRequest
	}
	m := manage{Family: f, actor: actor, act: BulkSendPassword, anyAddress: o.Act == DeskSend, desk: true}
	m.twice = func(context.Context, *sqldb.Tx, int64) (bool, error) { return false, nil }
	before := func(m *manage) (err error) {
		result = DeskResult{}
		if found.c, found.p, err = f.deskPerson(ctx, m.tx, actor, o); err != nil {
			return err
		}
		if err := f.deskMay(ctx, m.tx, found.c, o.Contact); err != nil {
			return err
		}
		m.username = found.p.wish()
		return f.deskCorrect(ctx, m.tx, actor, o)
	}
	after := func(m *manage, r managed) error {
		if r.Outcome != ManageSent && r.Outcome != ManageMade {
			return DeskRefused{r.Outcome}
		}
		result.Made = r.Outcome == ManageMade
		return f.deskSent(ctx, m.tx, actor, o, &result, map[string]any{"contact": o.Contact, "username": r.Username})
	}
	if o.Act != DeskSend {
		added, err := f.deskAdd(ctx, actor, o, before, &result, &found.p)
		if added || err != nil {
			return result, err
		}
	}
	_, err := m.one(ctx, o.Contact, around{before: before, after: after})
	if inner := (CaseChanged{}); errors.As(err, &inner) {
		return DeskResult{}, inner
	}
	return result, err
}

func (f *Family) deskSent(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o DeskOrder, result *DeskResult, detail map[string]any) error {
	contact, err := f.roster.Contact(ctx, tx, o.Contact)
	if err != nil {
		return err
	}
	result.Contact = fullName(contact.First, contact.Last)
	detail["checked"] = o.Checked
	if result.Left, err = f.deskActed(ctx, tx, actor, o, detail); err != nil {
		return err
	}
	// What the same person asked for other children is settled too: the login opens them all.
	if err := f.settleContact(ctx, tx, o.Contact, actor.Username, string(o.Act)); err != nil {
		return err
	}
	result.Left, err = refreshCase(ctx, tx, o.Case)
	return err
}

// deskMay returns fault.NotFound unless the contact is one of the child's, and DeskRefused unless the line may be opened: nobody gets in for a child
// from whom they are kept.
func (f *Family) deskMay(ctx context.Context, tx *sqldb.Tx, c CaseRow, contact int64) error {
	if c.StudentID == 0 {
		return fault.NotFoundf("no such child")
	}
	lines, err := f.roster.LinesOfStudent(ctx, tx, c.StudentID)
	if err != nil {
		return err
	}
	rule := f.rule()
	i := slices.IndexFunc(lines, func(l roster.FullLine) bool { return l.ContactID == contact && !l.Removed() })
	switch {
	case i < 0:
		return fault.NotFoundf("no such contact of this child")
	case rule.MayOpen(lines[i]) != roster.MayOpen:
		return DeskRefused{ManageMayNot}
	}
	return nil
}

// deskCorrect takes what was typed at the desk into the record.
func (f *Family) deskCorrect(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o DeskOrder) error {
	c := roster.Correction{Contact: o.Contact, Version: o.ContactVersion, Checked: o.Checked}
	switch o.Act {
	case DeskCorrect:
		c.First, c.Last = strings.TrimSpace(o.First), strings.TrimSpace(o.Last)
		if c.First == "" && c.Last == "" {
			return fault.InvalidFields(fault.Problem{Field: "first_name", Key: "problem.empty"})
		}
	case DeskAddress:
		if c.Email = strings.TrimSpace(o.Email); c.Email == "" {
			return fault.InvalidFields(fault.Problem{Field: "email", Key: "problem.empty"})
		}
	default:
		return nil
	}
	return f.roster.Correct(ctx, tx, actor, c)
}

// deskAdd does the act for a parent who has a login and asked for another child; it reports false where nobody did.
func (f *Family) deskAdd(ctx context.Context, actor access.Actor, o DeskOrder, before func(*manage) error, result *DeskResult, p *caseRequest) (bool, error) {
	added := false
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		added = false
		_, found, err := f.deskPerson(ctx, tx, actor, o)
		if err != nil || found.Purpose != purposeAddStudent {
			return err
		}
		added = true
		if err := before(&manage{Family: f, actor: actor, tx: tx}); err != nil {
			return err
		}
		outcome, _, err := f.openStudent(ctx, tx, p.account, p.IDNumber)
		if err != nil {
			return err
		}
		if outcome != OutcomeOpened {
			return DeskRefused{ManageOutcome(outcome)}
		}
		result.Opened = true
		return f.deskSent(ctx, tx, actor, o, result, map[string]any{"contact": o.Contact, "account": p.account})
	})
	if err != nil {
		return added, fmt.Errorf("at the registration desk: %w", err)
	}
	return added, nil
}
