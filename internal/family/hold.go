package family

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// closingsKept is how long a node goes by what it knows to be closed; its own acts it knows at once. Whether a request waits is always asked of
// the database.
const closingsKept = time.Second

// closingCache is what was closed a moment ago.
type closingCache struct {
	current atomic.Pointer[closedAt]
}

// closedAt is what was closed, and whom staff were still to answer, at a time.
type closedAt struct {
	closings  roster.Closings
	questions []int64
	at        time.Time
}

func (f *Family) closings(ctx context.Context) (roster.Closings, error) {
	c, err := f.closedNow(ctx)
	return c.closings, err
}

// closedNow reads what is closed unless that was done within the last second. It must not be called inside a transaction.
func (f *Family) closedNow(ctx context.Context) (closedAt, error) {
	now, last := f.now(), f.closed.current.Load()
	if c := last; c != nil {
		if age := now.Sub(c.at); age >= 0 && age < closingsKept {
			return *c, nil
		}
	}
	next := closedAt{at: now}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if next.closings, err = f.roster.Closings(ctx, tx); err != nil {
			return err
		}
		next.questions, err = f.roster.CustodyOpen(ctx, tx)
		return err
	})
	if err != nil && last != nil { // the last good values stay while the database is away
		next, err = *last, nil
	}
	if err == nil {
		f.closed.current.Store(&next)
	}
	return next, err
}

// PortalClosed returns what closes the Parent Portal and the Student Portal for everybody; it reports false while they are open.
func (f *Family) PortalClosed(ctx context.Context) (roster.Closing, bool, error) {
	all, err := f.closings(ctx)
	if err != nil {
		return roster.Closing{}, false, err
	}
	c, closed := all.Everywhere(roster.Portal)
	return c, closed, nil
}

// Shut is what staff should know on every page: what is closed at their schools, and how many of those wait for an answer about custody papers.
type Shut struct {
	Portal, Registration bool // for all schools
	Schools              int  // of the actor's, with something closed
	Questions            int  // of the actor's, to whoever may answer them
}

// Shut returns what is closed at the actor's schools. It costs no query within a second of the last.
func (f *Family) Shut(ctx context.Context, actor access.Actor) (Shut, error) {
	c, err := f.closedNow(ctx)
	if err != nil {
		return Shut{}, err
	}
	var s Shut
	_, s.Portal = c.closings.Everywhere(roster.Portal)
	_, s.Registration = c.closings.Everywhere(roster.Registration)
	at, seen := roster.ScopeOf(actor), map[int64]bool{}
	for _, x := range c.closings {
		if x.School != roster.AllSchools && at.Has(x.School) && !seen[x.School] {
			seen[x.School] = true
			s.Schools++
		}
	}
	if access.Can(actor, access.CloseSchools) {
		for _, id := range c.questions {
			if at.Has(id) {
				s.Questions++
			}
		}
	}
	return s, nil
}

// CloseOrder says what to close, at which schools.
type CloseOrder struct {
	All          bool // for all schools at once, and for those to come
	Schools      []int64
	Registration bool
	Portal       bool
	Why          string
	Message      string // for parents, of the portal
}

// schoolsAtOnce bounds how many schools one press closes or opens.
const schoolsAtOnce = 200

func (o CloseOrder) schools() ([]int64, error) {
	if o.All {
		return []int64{roster.AllSchools}, nil
	}
	ids := once(o.Schools)
	if len(ids) == 0 || slices.Contains(ids, roster.AllSchools) {
		return nil, fault.InvalidFields(fault.Problem{Field: "school", Key: "problem.no_school"})
	}
	if len(ids) > schoolsAtOnce {
		return nil, fault.InvalidFields(fault.Problem{Field: "school", Key: "problem.too_many_schools", Args: []any{"Max", schoolsAtOnce}})
	}
	return ids, nil
}

func (o CloseOrder) gates() []roster.Gate {
	var gates []roster.Gate
	if o.Registration {
		gates = append(gates, roster.Registration)
	}
	if o.Portal {
		gates = append(gates, roster.Portal)
	}
	return gates
}

// Close closes registration, the Parent Portal, or both. It returns fault.Invalid with problems on "school", "why" and "message", fault.NotFound
// for a school that is not the actor's, fault.Forbidden for all schools unless the actor works at all of them; nothing is closed then.
func (f *Family) Close(ctx context.Context, actor access.Actor, o CloseOrder) error {
	if err := access.Check(actor, access.CloseSchools); err != nil {
		return err
	}
	schools, err := o.schools()
	if err != nil {
		return err
	}
	return f.changeClosings(ctx, func(tx *sqldb.Tx) error {
		for _, g := range o.gates() {
			message := ""
			if g == roster.Portal {
				message = o.Message
			}
			for _, id := range schools {
				if err := f.roster.Close(ctx, tx, actor, roster.Closing{School: id, Gate: g, Why: o.Why, Message: message}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Open opens again what the order names and returns how much was closed of it. Requests that waited are decided anew by the worker, so that no
// parent has to type again. Errors as Close.
func (f *Family) Open(ctx context.Context, actor access.Actor, o CloseOrder) (opened int, err error) {
	if err := access.Check(actor, access.CloseSchools); err != nil {
		return 0, err
	}
	schools, err := o.schools()
	if err != nil {
		return 0, err
	}
	err = f.changeClosings(ctx, func(tx *sqldb.Tx) error {
		opened = 0
		for _, g := range o.gates() {
			for _, id := range schools {
				was, err := f.roster.Open(ctx, tx, actor, g, id)
				if err != nil {
					return err
				}
				if was {
					opened++
				}
			}
		}
		if opened == 0 {
			return nil
		}
		return f.enqueueUnhold(ctx, tx)
	})
	return opened, err
}

// AnswerCustody notes that the custody papers of a school are entered, or that there are none. Errors as roster.AnswerCustody.
func (f *Family) AnswerCustody(ctx context.Context, actor access.Actor, school int64) error {
	return f.changeClosings(ctx, func(tx *sqldb.Tx) error { return f.roster.AnswerCustody(ctx, tx, actor, school) })
}

// changeClosings runs a change and lets this node see it at once.
func (f *Family) changeClosings(ctx context.Context, change func(tx *sqldb.Tx) error) error {
	err := f.db.Write(ctx, change)
	f.closed.current.Store(nil)
	return err
}

// SchoolState is a school with what is closed there. What is closed for all schools stands in every one.
type SchoolState struct {
	roster.School
	Registration, Portal *roster.Closing // nil: open
	Waiting              int             // requests that wait for it, counted up to 1,001
}

// SchoolQuestion asks about custody papers.
type SchoolQuestion struct {
	roster.School
	Adults int // who may register now, counted up to 1,001
	Held   bool
}

// Closures is the page "Close and hold".
type Closures struct {
	All       SchoolState // what is closed for all of them
	Schools   []SchoolState
	Questions []SchoolQuestion
	More      int // further schools with a question
}

const (
	questionsShown  = 10
	unclaimedLooked = 6000 // lines of a school: with more, "1,000+" is certain enough
)

// Closures returns what is closed at the actor's schools, and what is asked about custody papers.
func (f *Family) Closures(ctx context.Context, actor access.Actor) (Closures, error) {
	if err := access.Check(actor, access.CloseSchools); err != nil {
		return Closures{}, err
	}
	var page Closures
	rule, now := f.rule(), f.now()
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		page = Closures{}
		schools, err := f.roster.SchoolsIn(ctx, tx, actor)
		if err != nil {
			return err
		}
		closings, err := f.roster.Closings(ctx, tx)
		if err != nil {
			return err
		}
		waiting, err := waitingBySchool(ctx, tx, now.Add(-heldDecided))
		if err != nil {
			return err
		}
		open, err := f.roster.CustodyOpen(ctx, tx)
		if err != nil {
			return err
		}
		page.All.Registration, page.All.Portal = closingOf(closings.Everywhere(roster.Registration)), closingOf(closings.Everywhere(roster.Portal))
		var asked []int64
		for _, s := range schools {
			if s.Kind == "district" {
				continue // nobody goes to school there
			}
			state := SchoolState{School: s, Registration: ownClosing(closings, roster.Registration, s.ID),
				Portal: ownClosing(closings, roster.Portal, s.ID), Waiting: waiting[s.ID]}
			page.All.Waiting += waiting[s.ID]
			page.Schools = append(page.Schools, state)
			if !slices.Contains(open, s.ID) {
				continue
			}
			if len(asked) == questionsShown {
				page.More++
				continue
			}
			asked = append(asked, s.ID)
			_, held := closings.Held(s.ID)
			page.Questions = append(page.Questions, SchoolQuestion{School: s, Held: held})
		}
		adults, err := f.unclaimed(ctx, tx, rule, asked)
		for i := range page.Questions {
			page.Questions[i].Adults = adults[page.Questions[i].ID]
		}
		return err
	})
	return page, err
}

func closingOf(c roster.Closing, closed bool) *roster.Closing {
	if !closed {
		return nil
	}
	return &c
}

// ownClosing is what the school itself has closed.
func ownClosing(all roster.Closings, g roster.Gate, school int64) *roster.Closing {
	i := slices.IndexFunc(all, func(c roster.Closing) bool { return c.Gate == g && c.School == school })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// unclaimed counts the adults of each school who could register now.
func (f *Family) unclaimed(ctx context.Context, tx *sqldb.Tx, rule roster.Rule, schools []int64) (map[int64]int, error) {
	lines, err := f.roster.UnclaimedAt(ctx, tx, schools, unclaimedLooked)
	counts, seen := map[int64]int{}, map[pair]bool{}
	for _, l := range lines {
		p := pair{l.ContactID, l.Student.SchoolID}
		if rule.MayOpen(l) == roster.MayOpen && !seen[p] && counts[l.Student.SchoolID] < roster.CountLimit {
			seen[p] = true
			counts[l.Student.SchoolID]++
		}
	}
	return counts, err
}
