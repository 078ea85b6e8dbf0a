package roster

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// RolloverPlan is what a step into a new school year does: whoever is enrolled moves up one grade, and who is in a school's highest grade goes on
// to another school or graduates. It touches records alone: no login, session or line.
type RolloverPlan struct {
	Schools   []RolloverSchool
	Day       string // the first day on which graduates are none of the school any more
	Homerooms bool   // empty the homerooms
}

// RolloverSchool is a school's part.
type RolloverSchool struct {
	ID   int64
	Take bool   // or leave as it is
	Top  string // the highest grade; "" for none: everybody moves up
	Next int64  // where the highest grade goes; 0: they graduate
}

// Move is what becomes of a student.
type Move string

// The moves.
const (
	MovesUp   Move = "up"
	MovesOn   Move = "on" // to another school, a grade higher
	Graduates Move = "graduates"
	Stays     Move = "stays" // the school is left out, or the grade is none of the table
)

// grades is the table of grades by number; Kindergarten is 0 and what comes before it -1.
var grades = map[string]int{"PK": -1, "PREK": -1, "PRE-K": -1, "K": 0, "KG": 0, "KINDERGARTEN": 0}

// GradeNumber returns where a grade stands in the table PK, K, 1 to 12; false for what is none of it.
func GradeNumber(grade string) (int, bool) {
	g := strings.ToUpper(strings.TrimSpace(grade))
	if n, ok := grades[g]; ok {
		return n, true
	}
	n, err := strconv.Atoi(g)
	return n, err == nil && n >= 1 && n <= 12
}

// nextGrade returns the grade after one, written in the same way ("04" becomes "05").
func nextGrade(grade string) (string, bool) {
	n, ok := GradeNumber(grade)
	switch g := strings.TrimSpace(grade); {
	case !ok || n == 12:
		return grade, false
	case n == -1:
		return "K", true
	case n == 0 && strings.EqualFold(g, "KG"):
		return "01", true
	case len(g) == 2 && g[0] == '0' && n < 9:
		return "0" + strconv.Itoa(n+1), true
	}
	return strconv.Itoa(n + 1), true
}

// school returns the part of a school; none is left out.
func (p RolloverPlan) school(id int64) RolloverSchool {
	i := slices.IndexFunc(p.Schools, func(s RolloverSchool) bool { return s.ID == id })
	if i < 0 {
		return RolloverSchool{}
	}
	return p.Schools[i]
}

// move says what becomes of a student.
func (p RolloverPlan) move(s Student) (Student, Move) {
	part := p.school(s.SchoolID)
	n, ok := GradeNumber(s.Grade)
	if !part.Take || !ok || s.Status != Enrolled || s.GoneOn != "" {
		return s, Stays
	}
	top, hasTop := GradeNumber(part.Top)
	if hasTop && n >= top && part.Next == 0 {
		s.GoneOn, s.GoneAs = p.Day, Graduated
		return s, Graduates
	}
	if p.Homerooms {
		s.Homeroom = ""
	}
	next, up := nextGrade(s.Grade)
	switch {
	case hasTop && n >= top && up:
		s.SchoolID, s.Grade = part.Next, next
		return s, MovesOn
	case up:
		s.Grade = next
		return s, MovesUp
	}
	return s, Stays
}

// GradeCount says how many students of a school are in a grade, and what becomes of them.
type GradeCount struct {
	School int64
	Grade  string
	Count  int
	Move   Move
	To     string // the grade after
	Next   int64  // the school after, where it is another
}

// Rollover is a step into a new school year that was taken.
type Rollover struct {
	ID                 int64
	State              string // running, done, undoing, undone
	Size, Done, Undone int
	By                 string
	Begun, Ended       time.Time
}

// RolloverPage is what the page of the new school year shows.
type RolloverPage struct {
	Schools []School
	Fed     map[int64]bool // schools whose grades come with a roster
	Grades  map[int64][]GradeCount
	Plan    RolloverPlan // as saved, or as suggested
	Last    *Rollover
}

// NewYear returns the schools with their grades and what is suggested. Rosters that carry grades win: their schools are left out at first.
func (r *Roster) NewYear(ctx context.Context, actor access.Actor) (RolloverPage, error) {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return RolloverPage{}, err
	}
	var p RolloverPage
	err := r.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p = RolloverPage{Fed: map[int64]bool{}, Grades: map[int64][]GradeCount{}}
		all, fed, err := r.AllSchools(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range fed {
			p.Fed[id] = true
		}
		counts, err := sqldb.All(ctx, tx, scanGradeCount, selectGrades)
		if err != nil {
			return err
		}
		for _, c := range counts {
			p.Grades[c.School] = append(p.Grades[c.School], c)
		}
		p.Schools = slices.DeleteFunc(all, func(o School) bool { return len(p.Grades[o.ID]) == 0 })
		tops, err := topsOf(ctx, tx)
		if err != nil {
			return err
		}
		p.suggest(tops)
		last, err := sqldb.One(ctx, tx, scanRollover, selectLastRollover)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		p.Last = &last
		return err
	})
	return p, err
}

// suggest fills in the plan.
func (p *RolloverPage) suggest(tops map[int64]RolloverSchool) {
	p.Plan = RolloverPlan{Homerooms: true}
	for _, o := range p.Schools {
		part := RolloverSchool{ID: o.ID, Take: !p.Fed[o.ID]}
		if saved, ok := tops[o.ID]; ok {
			part.Top, part.Next = saved.Top, saved.Next
		} else {
			for _, g := range p.Grades[o.ID] {
				if n, ok := GradeNumber(g.Grade); ok && n == 12 {
					part.Top = g.Grade
				}
			}
		}
		p.Plan.Schools = append(p.Plan.Schools, part)
	}
	for id := range p.Grades {
		slices.SortFunc(p.Grades[id], func(a, b GradeCount) int {
			return cmp.Or(cmp.Compare(gradeOrder(a.Grade), gradeOrder(b.Grade)), strings.Compare(a.Grade, b.Grade))
		})
	}
	p.Count(p.Plan)
}

func gradeOrder(grade string) int {
	if n, ok := GradeNumber(grade); ok {
		return n
	}
	return 99
}

// Count says of every grade what a plan makes of it, and returns how many students move.
func (p *RolloverPage) Count(plan RolloverPlan) (moving int) {
	p.Plan = plan
	for id, list := range p.Grades {
		for i := range list {
			next, m := plan.move(Student{SchoolID: id, Grade: list[i].Grade, Status: Enrolled})
			list[i].Move, list[i].To, list[i].Next = m, next.Grade, 0
			if next.SchoolID != id {
				list[i].Next = next.SchoolID
			}
			if m != Stays {
				moving += list[i].Count
			}
		}
	}
	return moving
}

// Check returns fault.Invalid for a plan without a school or a day ("day", "schools").
func (p RolloverPlan) Check() error {
	var ps []fault.Problem
	graduate := func(s RolloverSchool) bool { return s.Take && s.Top != "" && s.Next == 0 }
	if p.Day != "" && !isDate(p.Day) || p.Day == "" && slices.ContainsFunc(p.Schools, graduate) {
		ps = append(ps, problem("day", "problem.date"))
	}
	if !slices.ContainsFunc(p.Schools, func(s RolloverSchool) bool { return s.Take }) {
		ps = append(ps, problem("schools", "problem.choose_school"))
	}
	return fault.InvalidFields(ps...)
}

// BeginRollover begins a step into a new school year, which StepRollover takes, and returns its number; size is how many students were counted.
// It returns fault.Stale when the actor must show first that it is them, fault.Invalid as RolloverPlan.Check, fault.Conflict while another one is
// taken.
func (r *Roster) BeginRollover(ctx context.Context, tx *sqldb.Tx, actor access.Actor, plan RolloverPlan, size int) (int64, error) {
	if err := access.Check(actor, access.RollOver); err != nil {
		return 0, err
	}
	if err := plan.Check(); err != nil {
		return 0, err
	}
	rolling, err := sqldb.Value[bool](ctx, tx, selectRolling)
	if err == nil && rolling {
		err = fault.Conflictf("another step is being taken, or taken back")
	}
	if err != nil {
		return 0, err
	}
	if err := saveTops(ctx, tx, plan.Schools); err != nil {
		return 0, err
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return 0, err
	}
	id, err := sqldb.Value[int64](ctx, tx, insertRollover, string(text), size, actor.AccountID, actor.Username, r.now().UnixMicro())
	if err != nil {
		return 0, err
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	return id, e.record(ctx, "records.year_begun", "rollover", id, map[string]any{"day": plan.Day, "homerooms": plan.Homerooms, "schools": len(plan.Schools)})
}

// UndoRollover begins to take the newest step back, for every record that nobody changed since. It returns fault.Conflict unless it is done, and the newest.
func (r *Roster) UndoRollover(ctx context.Context, tx *sqldb.Tx, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.RollOver); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, updateUndoing, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflictf("this is not the newest step, or it is not done")
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	return e.record(ctx, "records.year_undone", "rollover", id, nil)
}

// rolloverAtOnce bounds one transaction, so that nobody waits behind it.
const rolloverAtOnce = 20

// StepRollover takes or takes back a step for the next students, in one short transaction, and reports whether there is more to do. It may be called again
// after any failure: every student is done in the transaction that notes it.
func (r *Roster) StepRollover(ctx context.Context, id int64) (more bool, err error) {
	err = r.db.Write(ctx, func(tx *sqldb.Tx) error {
		run, err := sqldb.One(ctx, tx, scanRun, selectRun, id)
		if err != nil {
			return err
		}
		e := &edit{Roster: r, tx: tx, actor: access.Actor{Kind: access.Staff, AccountID: run.owner, Username: run.By, Schools: access.Everywhere()}}
		step := e.forward
		switch run.State {
		case "running":
		case "undoing":
			step = e.back
		default:
			more = false
			return nil
		}
		if more, err = step(ctx, run); err != nil {
			return err
		}
		if err := e.writeHistory(ctx); err != nil {
			return err
		}
		return e.tell(ctx)
	})
	return more, err
}

// run is a step under way.
type run struct {
	Rollover
	plan           RolloverPlan
	cursor, lastID int64
	owner          int64
}

func (e *edit) forward(ctx context.Context, run run) (bool, error) {
	students, err := sqldb.All(ctx, e.tx, scanStudent, selectToMove, run.cursor, run.lastID, rolloverAtOnce)
	if err != nil {
		return false, err
	}
	if len(students) == 0 {
		_, err := e.tx.Exec(ctx, updateRun, "done", run.cursor, 0, 0, e.now().UnixMicro(), run.ID)
		return false, err
	}
	moved := 0
	for _, was := range students {
		next, m := run.plan.move(was)
		if m == Stays {
			continue
		}
		if err := e.moveStudent(ctx, was, &next); err != nil {
			return false, err
		}
		if _, err := e.tx.Exec(ctx, insertRow, run.ID, was.ID, next.Version, was.SchoolID, was.Grade, was.Homeroom, was.GoneOn, string(was.GoneAs)); err != nil {
			return false, err
		}
		moved++
	}
	_, err = e.tx.Exec(ctx, updateRun, "running", students[len(students)-1].ID, moved, 0, nil, run.ID)
	return true, err
}

func (e *edit) back(ctx context.Context, run run) (bool, error) {
	rows, err := sqldb.All(ctx, e.tx, scanMoved, selectToUndo, run.ID, run.cursor, rolloverAtOnce)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		_, err := e.tx.Exec(ctx, updateRun, "undone", run.cursor, 0, 0, e.now().UnixMicro(), run.ID)
		return false, err
	}
	undone := 0
	for _, m := range rows {
		outcome := "kept"
		if m.Student.Version == m.version {
			next := m.Student
			next.SchoolID, next.Grade, next.Homeroom, next.GoneOn, next.GoneAs = m.school, m.grade, m.homeroom, m.goneOn, m.goneAs
			if err := e.moveStudent(ctx, m.Student, &next); err != nil {
				return false, err
			}
			outcome = "undone"
			undone++
		}
		if _, err := e.tx.Exec(ctx, updateRow, outcome, run.ID, m.Student.ID); err != nil {
			return false, err
		}
	}
	_, err = e.tx.Exec(ctx, updateRun, "undoing", rows[len(rows)-1].Student.ID, 0, undone, nil, run.ID)
	return true, err
}

// moveStudent writes one student's move.
func (e *edit) moveStudent(ctx context.Context, was Student, next *Student) error {
	if err := e.putStudent(ctx, e.tx, next); err != nil {
		return err
	}
	e.note(kindStudent, was.ID, between(studentFields(), &was, next))
	if was.SchoolID == next.SchoolID && was.Dates() == next.Dates() {
		return nil
	}
	lines, err := sqldb.All(ctx, e.tx, scanID, selectLineIDsOfStudent, was.ID)
	e.change.LineIDs = append(e.change.LineIDs, lines...)
	return err
}
