package roster

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Gate is what a school can close.
type Gate string

// The gates.
const (
	Registration Gate = "registration" // on hold: requests wait
	Portal       Gate = "portal"       // the Parent Portal and the Student Portal; requests wait too
)

// AllSchools is the school of what is closed for all of them.
const AllSchools int64 = 0

// The greatest lengths of what is said about a closing, in characters.
const (
	ClosingWhyMost     = 200
	ClosingMessageMost = 500
)

// Closing is something closed until staff open it again.
type Closing struct {
	School  int64 // AllSchools for all of them
	Gate    Gate
	At      time.Time
	By      string
	Why     string // for staff
	Message string // for parents, of a closed portal
}

// Closings are what is closed at some schools, or at all. They are the one place that says what waits and who may read.
type Closings []Closing

// Held returns what makes registration for a child of the school wait: it is on hold, or the portal behind it is closed.
func (c Closings) Held(school int64) (Closing, bool) {
	if found, ok := c.PortalClosed(school); ok {
		return found, true
	}
	return c.find(Registration, school)
}

// PortalClosed returns what keeps the parents of the school's children from reading about them.
func (c Closings) PortalClosed(school int64) (Closing, bool) { return c.find(Portal, school) }

// Everywhere returns what closes the gate for all schools.
func (c Closings) Everywhere(g Gate) (Closing, bool) { return c.find(g, AllSchools) }

// find prefers what is closed for all: it says why even the school's own opening would change nothing.
func (c Closings) find(g Gate, school int64) (Closing, bool) {
	for _, at := range []int64{AllSchools, school} {
		if i := slices.IndexFunc(c, func(c Closing) bool { return c.Gate == g && c.School == at }); i >= 0 {
			return c[i], true
		}
	}
	return Closing{}, false
}

// ClosingsAt returns what is closed at the schools, or at all.
func (r *Roster) ClosingsAt(ctx context.Context, tx *sqldb.Tx, schools ...int64) (Closings, error) {
	var found Closings
	err := eachChunk(append(slices.Clone(schools), AllSchools), func(in string, args []any) error {
		part, err := sqldb.All(ctx, tx, scanClosing, selectClosings+"where school_id in ("+in+")", args...)
		found = append(found, part...)
		return err
	})
	return found, err
}

// Closings returns everything that is closed.
func (r *Roster) Closings(ctx context.Context, tx *sqldb.Tx) (Closings, error) {
	return sqldb.All(ctx, tx, scanClosing, selectClosings)
}

// Close closes what c says at its school, or says anew why it is closed; who closed it and when stays with the first. It returns fault.NotFound
// for a school that is not the actor's, fault.Forbidden for all schools unless the actor works at all of them, fault.Invalid with problems on
// "why" and "message", which a portal needs.
func (r *Roster) Close(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c Closing) error {
	if err := mayClose(actor, c.School); err != nil {
		return err
	}
	c.Why, c.Message = tidyLine(c.Why), tidyNote(c.Message)
	if err := fault.InvalidFields(checkClosing(c)...); err != nil {
		return err
	}
	if c.School != AllSchools {
		if _, err := r.school(ctx, tx, c.School); err != nil {
			return err
		}
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	if _, err := tx.Exec(ctx, upsertClosing, c.School, string(c.Gate), r.now().UnixMicro(), e.by(), c.Why, c.Message); err != nil {
		return err
	}
	detail := map[string]any{"why": c.Why}
	if c.Message != "" {
		detail["message"] = c.Message
	}
	return e.record(ctx, "school."+string(c.Gate)+"_closed", "school", c.School, detail)
}

// Open opens what was closed at a school, AllSchools for what was closed for all, and reports whether anything was. Errors as Close.
func (r *Roster) Open(ctx context.Context, tx *sqldb.Tx, actor access.Actor, g Gate, school int64) (bool, error) {
	if err := mayClose(actor, school); err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, deleteClosing, school, string(g))
	if err != nil || n == 0 {
		return false, err
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	return true, e.record(ctx, "school."+string(g)+"_opened", "school", school, nil)
}

func mayClose(actor access.Actor, school int64) error {
	if school != AllSchools {
		return access.CheckAt(actor, access.CloseSchools, school)
	}
	if err := access.Check(actor, access.CloseSchools); err != nil {
		return err
	}
	if !ScopeOf(actor).All {
		return access.Refuse(access.CloseSchools, "for all schools by those who work at all of them")
	}
	return nil
}

func checkClosing(c Closing) []fault.Problem {
	var ps []fault.Problem
	check := func(field, value string, most int, needed bool) {
		switch {
		case needed && value == "":
			ps = append(ps, problem(field, "problem.empty"))
		case utf8.RuneCountInString(value) > most:
			ps = append(ps, problem(field, "problem.too_long", "Max", most))
		}
	}
	check("why", c.Why, ClosingWhyMost, true)
	check("message", c.Message, ClosingMessageMost, c.Gate == Portal)
	return ps
}

// FirstRoster notes that schools get their first students from a roster that has no place for restrictions: until somebody answers, staff are
// asked to enter custody papers first. With hold, registration for the schools is on hold as well. Schools that were asked before are left
// alone, so that an import which is run again changes nothing. An import calls it before it adds the students.
func (r *Roster) FirstRoster(ctx context.Context, tx *sqldb.Tx, actor access.Actor, schools []int64, hold bool) error {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return err
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	now := r.now().UnixMicro()
	for part := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(schools))), chunk) {
		rows := make([][]any, len(part))
		for i, id := range part {
			rows[i] = []any{id, now}
		}
		fresh, err := sqldb.All(ctx, tx, scanID, insertQuestions+sqldb.Values(len(rows), 2)+questionsReturning, slices.Concat(rows...)...)
		if err != nil || len(fresh) == 0 {
			return err
		}
		if hold {
			rows = rows[:0]
			for _, id := range fresh {
				rows = append(rows, []any{id, string(Registration), now, e.by(), whyFirstRoster, ""})
			}
			if _, err := tx.Exec(ctx, insertClosings+sqldb.Values(len(rows), 6)+closingsUnlessClosed, slices.Concat(rows...)...); err != nil {
				return err
			}
		}
		for _, id := range fresh {
			if err := e.record(ctx, "school.custody_asked", "school", id, map[string]any{"hold": hold}); err != nil {
				return err
			}
		}
	}
	return nil
}

// whyFirstRoster is why an import puts registration on hold; the pages have words of their own for it.
const whyFirstRoster = "first_roster"

// ByFirstRoster reports whether an import closed it, not somebody at a page.
func (c Closing) ByFirstRoster() bool { return c.Why == whyFirstRoster }

// AnswerCustody notes that the custody papers of a school are entered, or that there are none. It returns fault.NotFound for a school that is
// not the actor's or was never asked; answered before, it stays as it is.
func (r *Roster) AnswerCustody(ctx context.Context, tx *sqldb.Tx, actor access.Actor, school int64) error {
	if err := access.CheckAt(actor, access.CloseSchools, school); err != nil {
		return err
	}
	answered, err := sqldb.Value[bool](ctx, tx, selectAnswered, school)
	if err != nil || answered {
		return err
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	if _, err := tx.Exec(ctx, updateAnswered, school, r.now().UnixMicro(), e.by()); err != nil {
		return err
	}
	return e.record(ctx, "school.custody_answered", "school", school, nil)
}

// CustodyOpen returns the schools whose question nobody has answered.
func (r *Roster) CustodyOpen(ctx context.Context, tx *sqldb.Tx) ([]int64, error) {
	return sqldb.All(ctx, tx, scanID, selectOpenQuestions)
}

// UnclaimedAt returns lines of the schools' students whose contact has an e-mail address and no login, at most atSchool for each school: those
// that a registration may open, if Rule.May says so. Only what the rule reads of them is filled in.
func (r *Roster) UnclaimedAt(ctx context.Context, tx *sqldb.Tx, schools []int64, atSchool int) ([]FullLine, error) {
	if len(schools) == 0 {
		return nil, nil
	}
	query, args := unclaimedAt(schools, atSchool)
	return sqldb.All(ctx, tx, scanUnclaimed, query, args...)
}

func unclaimedAt(schools []int64, atSchool int) (string, []any) {
	args := []any{atSchool}
	parts := make([]string, len(schools))
	for i, id := range schools {
		args = append(args, id)
		parts[i] = "select * from (" + strings.ReplaceAll(selectUnclaimed, "$2", placeholderOf(i+2)) + ") u" + placeholderOf(i)[1:]
	}
	return strings.Join(parts, "\nunion all\n"), args
}
