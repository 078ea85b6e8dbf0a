package family

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// claimLife is how long a clerk has a case for themselves.
	claimLife = 10 * time.Minute
	// manyAttempts on one child are shown as many: somebody may be guessing, or be desperate.
	manyAttempts = 5
)

// CaseQuery chooses cases of the registration desk.
type CaseQuery struct {
	Reason Outcome // one of DeskReasons; "" for all
	School int64   // 0 for all of the actor's
	Done   bool    // those that somebody has dealt with, in place of the open ones
	After  jobs.Cursor
	Limit  int
}

func (q CaseQuery) state() string {
	if q.Done {
		return "done"
	}
	return "open"
}

// Mark says who did something to a case, and when.
type Mark struct {
	AccountID int64
	By        string
	At        time.Time
	How       string // of what was done: "desk.how.<how>"
}

// CaseRow is a case in the list: a child, or an ID Number that is none's, with the newest request about it.
type CaseRow struct {
	ID, Version                   int64
	StudentID, SchoolID           int64 // 0 for none
	School, ChildFirst, ChildLast string
	IDNumber, Grade               string // as on record
	State                         string
	Reason                        Outcome
	Details                       []string
	At                            time.Time
	Attempts, Addresses           int // since the case was opened, and from how many addresses
	Claim, Acted                  Mark
	TypedID, First, Last, Purpose string // as typed
	RecordFirst, RecordLast       string // of the contact that may be meant
}

// Many reports whether the attempts on the child stand out.
func (c CaseRow) Many() bool { return c.Attempts >= manyAttempts }

// Open reports whether something is left to do.
func (c CaseRow) Open() bool { return c.State == "open" }

// OtherID reports whether the ID Number typed is not the child's.
func (c CaseRow) OtherID() bool {
	return c.StudentID != 0 && c.TypedID != "" && caseKey(0, c.TypedID) != caseKey(0, c.IDNumber)
}

// ClaimedBy returns who is at the case at the moment, somebody other than the actor.
func (c CaseRow) ClaimedBy(actor access.Actor, now time.Time) (Mark, bool) {
	m := c.Claim
	return m, m.AccountID != 0 && m.AccountID != actor.AccountID && now.Sub(m.At) < claimLife
}

// Undoable reports whether the last act on the case can be taken back.
func (c CaseRow) Undoable() bool {
	return c.Acted.How == string(DeskDone) || c.Acted.How == string(DeskRefuse)
}

// CaseList is a page of cases.
type CaseList struct {
	Rows  []CaseRow
	Count int // counted up to 1,001
	Next  *jobs.Cursor
}

// Cases lists the cases of the actor's schools, newest first. Those that found no child are for those who work everywhere. It returns
// fault.Forbidden unless the actor may see registration requests, fault.NotFound for a school that is not the actor's.
func (f *Family) Cases(ctx context.Context, actor access.Actor, q CaseQuery) (CaseList, error) {
	at, err := deskSchools(actor, q.School)
	if err != nil {
		return CaseList{}, err
	}
	if q.After == (jobs.Cursor{}) {
		q.After = jobs.Cursor{At: math.MaxInt64, ID: math.MaxInt64}
	}
	limit := min(max(q.Limit, 1), requestsOnPage)
	q.Limit = limit + 1
	var list CaseList
	err = f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list = CaseList{}
		query, args := casesAt(at, q)
		if list.Rows, err = sqldb.All(ctx, tx, scanCase, query, args...); err != nil {
			return err
		}
		query, args = countCases(at, q)
		list.Count, err = sqldb.Value[int](ctx, tx, query, args...)
		return err
	})
	if len(list.Rows) > limit {
		list.Rows = list.Rows[:limit]
		last := list.Rows[limit-1]
		list.Next = &jobs.Cursor{At: last.At.UnixMicro(), ID: last.ID}
	}
	return list, err
}

func deskSchools(actor access.Actor, school int64) (access.Schools, error) {
	if school == 0 {
		return roster.ScopeOf(actor), access.Check(actor, access.SeeRequests)
	}
	return access.Schools{IDs: []int64{school}}, access.CheckAt(actor, access.SeeRequests, school)
}

// DeskCase is a case with everything that a clerk needs to settle it.
type DeskCase struct {
	CaseRow
	People   []DeskPerson
	Contacts []DeskContact // of the child, the removed ones left out
	Held     bool          // registration is on hold, or the portal closed
	More     bool          // there are more requests than were read
}

// DeskPerson is what one person asked: all requests of one case with the same name.
type DeskPerson struct {
	Key         string
	First, Last string // as typed; "" where only a username was
	Username    string // as typed; for a forgotten username the address
	IDNumber    string
	Purpose     string
	Reason      Outcome
	Details     []string
	Reference   string // of the newest
	Times       int
	At          time.Time // of the newest
	Near        int64     // the contact that may be meant, 0 for none
}

// DeskContact is a contact of the child, and what stands in the way of a temporary password.
type DeskContact struct {
	ID, Version  int64
	LineID       int64
	First, Last  string
	Relationship string
	Email        string
	Login        account.State // "" for none
	Why          roster.Why    // why the line may not be opened
	Trouble      Outcome       // of the address: no_email, student_address, restricted_address
	Local        bool          // no roster changes the name
}

// MaySend reports whether a temporary password may go to the address on record, staff taking the responsibility.
func (c DeskContact) MaySend() bool {
	return c.Why == roster.MayOpen && c.Login != account.Disabled && (c.Trouble == "" || c.Trouble == OutcomeStudentAddress)
}

// MayCorrect reports whether correcting name or address could let the contact in.
func (c DeskContact) MayCorrect() bool { return c.Why == roster.MayOpen && c.Login != account.Disabled }

// Case returns a case of the actor's schools. Whoever opens it has seen the child's record. It returns fault.NotFound for none.
func (f *Family) Case(ctx context.Context, actor access.Actor, id int64) (DeskCase, error) {
	if err := access.Check(actor, access.SeeRequests); err != nil {
		return DeskCase{}, err
	}
	var c DeskCase
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		c = DeskCase{}
		if c.CaseRow, err = f.caseRow(ctx, tx, actor, access.SeeRequests, id); err != nil {
			return err
		}
		requests, err := requestsOfCase(ctx, tx, id)
		if err != nil {
			return err
		}
		c.People, c.More = people(requests), len(requests) == requestsOnPage
		if c.StudentID == 0 {
			return nil
		}
		closings, err := f.roster.ClosingsAt(ctx, tx, c.SchoolID)
		if err != nil {
			return err
		}
		_, c.Held = closings.Held(c.SchoolID)
		c.Contacts, err = f.deskContacts(ctx, tx, c.StudentID)
		return err
	})
	if err == nil && c.StudentID != 0 {
		f.audit.Views.Note(actor, c.StudentID)
	}
	return c, err
}

// caseRow returns a case that the actor may do the action with.
func (f *Family) caseRow(ctx context.Context, tx *sqldb.Tx, actor access.Actor, action access.Action, id int64) (CaseRow, error) {
	if err := access.Check(actor, action); err != nil {
		return CaseRow{}, err
	}
	c, err := sqldb.One(ctx, tx, scanCase, selectCase, id)
	if err != nil {
		return c, err
	}
	return c, access.CheckAt(actor, action, c.SchoolID)
}

// people gathers requests by who typed them, the newest first.
func people(requests []caseRequest) []DeskPerson {
	var all []DeskPerson
	for _, r := range requests {
		i := slices.IndexFunc(all, func(p DeskPerson) bool { return p.Key == r.person })
		if i >= 0 {
			all[i].Times++
			continue
		}
		all = append(all, DeskPerson{
			Key: r.person, First: r.First, Last: r.Last, Username: r.Username, IDNumber: r.IDNumber, Purpose: r.Purpose, Reason: Outcome(r.Outcome),
			Details: r.Details(), Reference: r.Reference, Times: 1, At: r.At, Near: r.near,
		})
	}
	return all
}

// deskContacts are the child's contacts, each once.
func (f *Family) deskContacts(ctx context.Context, tx *sqldb.Tx, student int64) ([]DeskContact, error) {
	lines, err := f.roster.LinesOfStudent(ctx, tx, student)
	if err != nil {
		return nil, err
	}
	rule, d := f.rule(), &decision{Family: f, tx: tx}
	var all []DeskContact
	for _, l := range lines {
		if l.Removed() {
			continue
		}
		c := DeskContact{
			ID: l.ContactID, Version: l.Contact.Version, LineID: l.ID, First: l.Contact.First, Last: l.Contact.Last, Relationship: l.Relationship,
			Email: l.Contact.Email, Why: rule.MayOpen(l), Local: slices.Contains(l.Contact.Local, "last_name"),
		}
		if c.Trouble, err = d.contactTrouble(ctx, l.Contact); err != nil {
			return nil, err
		}
		acct, err := holder(ctx, tx, l.ContactID)
		if err != nil {
			return nil, err
		}
		if acct != 0 {
			a, err := f.accounts.Account(ctx, tx, acct)
			if err != nil {
				return nil, err
			}
			c.Login = a.State
		}
		all = append(all, c)
	}
	return all, nil
}

// CaseChanged says that somebody else was faster. It is a fault.Conflict.
type CaseChanged struct {
	Mark
	Claimed bool // they are at the case; else they have dealt with it
}

// Error implements error.
func (c CaseChanged) Error() string {
	return fmt.Sprintf("the case was changed at %s", c.At.Format(time.RFC3339))
}

// Unwrap returns the fault.
func (c CaseChanged) Unwrap() error { return fault.Conflictf("the case was changed by somebody else") }

// changed tells who changed the case that is not at the version any more.
func (c CaseRow) changed() CaseChanged {
	if c.Claim.AccountID != 0 && (!c.Acted.At.After(c.Claim.At) || c.Acted.At.IsZero()) {
		return CaseChanged{c.Claim, true}
	}
	return CaseChanged{c.Acted, false}
}

// TakeCase claims a case for ten minutes, also from somebody who has it now: others see who is at it. It returns CaseChanged when somebody took
// it, or dealt with it, since the version that the actor saw; fault.NotFound for no case of the actor's schools.
func (f *Family) TakeCase(ctx context.Context, actor access.Actor, id, version int64) error {
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		c, err := f.caseRow(ctx, tx, actor, access.WorkDesk, id)
		if err != nil {
			return err
		}
		if c.Claim.AccountID == actor.AccountID && actor.AccountID != 0 && f.now().Sub(c.Claim.At) < claimLife {
			return nil
		}
		if c.Version != version {
			return c.changed()
		}
		by, err := f.staffName(ctx, tx, actor)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, updateClaim, id, version, actor.AccountID, by, f.now().UnixMicro())
		if err == nil && n == 0 {
			return c.changed()
		}
		return err
	})
}

// staffName is how colleagues know the actor.
func (f *Family) staffName(ctx context.Context, tx *sqldb.Tx, actor access.Actor) (string, error) {
	a, err := f.accounts.Account(ctx, tx, actor.AccountID)
	switch {
	case err == nil:
		return nameOf(a), nil
	case fault.Is(err, fault.NotFound):
		return actor.Username, nil
	}
	return "", err
}
