package intake

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// phase is when a step of a plan is applied: losses of access first.
type phase int

// The phases in their order. Those that remove belong to plans that take an import back.
const (
	phaseRemoveLine phase = iota + 1
	phaseCloseLine
	phaseContactLeaves
	phaseStudentLeaves
	phaseRemoveContact
	phaseRemoveStudent
	phaseSchool
	phaseFirst // schools whose first students are to come: asked about restrictions
	phaseChangeStudent
	phaseAddStudent
	phaseChangeContact
	phaseAddContact
	phaseChangeLine
	phaseAddLine
	phaseEndClasses
	phaseClasswork
	phaseRemoveEnrolments // the plans of earlier versions wait under these numbers: what is new comes behind
	phaseRemoveClasses
	phaseRemoveCourses
	phaseRemoveTeachers
	phaseRemoveTerms
	phaseRemoveSchool
	phases = 100 // of one round: the second round of a plan begins here
)

// round is how often the plan was made before the step's.
func (p phase) round() int { return int(p) / phases }

// kind is the phase within its round.
func (p phase) kind() phase { return p % phases }

// schoolChange brings a school from one state to another, or adds one.
type schoolChange struct{ Old, New roster.School }

// among finds a new school among those on record, -1 for none.
func (c schoolChange) among(known []roster.School) int {
	return slices.IndexFunc(known, func(o roster.School) bool {
		return c.New.SourceID != "" && o.SourceID == c.New.SourceID || c.New.SourceID == "" && o.Kind == "school" &&
			lang.SortKey(o.Name, "", "") == lang.SortKey(c.New.Name, "", "")
	})
}

// schoolSteps adds and renames schools. One that is there by now, or that somebody renamed, is left alone; what staff say of a school stays.
func (w *writer) schoolSteps(ctx context.Context, tx *sqldb.Tx, steps []stepRow) ([]int64, error) {
	known, _, err := w.roster.AllSchools(ctx, tx)
	if err != nil {
		return nil, err
	}
	b := roster.Batch{Import: w.id}
	var at []int
	for n, s := range steps {
		var c schoolChange
		if err := unpack(s.data, &c); err != nil {
			return nil, err
		}
		next := c.New
		if c.Old.ID == 0 {
			next.ID = 0
			if c.among(known) >= 0 {
				continue
			}
		} else {
			is := slices.IndexFunc(known, func(o roster.School) bool { return o.ID == c.Old.ID })
			if is < 0 || known[is].Name != c.Old.Name || known[is].Kind != c.Old.Kind {
				continue
			}
			next = known[is]
			next.Name, next.Kind = c.New.Name, c.New.Kind
		}
		b.Schools, at = append(b.Schools, next), append(at, n)
	}
	applied, err := w.roster.Apply(ctx, tx, w.actor, b)
	ids := make([]int64, len(steps))
	for n, id := range applied.Schools {
		ids[at[n]] = id
	}
	return ids, err
}

// lineStep is a change of a line. The ends of a new line are named by their source ids, for they may be new themselves.
type lineStep struct {
	roster.LineChange
	Student, Contact string `json:",omitempty"`
}

// step puts a step into the plan. name is whom it is about, for people who read the plan.
func (p *plan) step(ctx context.Context, at phase, student, contact int64, name string, change any) error {
	data, err := encode(change)
	if err != nil {
		return err
	}
	p.pos[at]++
	p.rep.Steps++
	if p.planned != nil {
		p.planned.Add(1)
	}
	return p.stage.insert(ctx, insertStep, int(at), p.pos[at], max(student, 0), max(contact, 0), name, data)
}

// List names a list of people in a report.
type List string

// The lists of a report, in the order in which they matter.
const (
	ListLoses       List = "loses"       // parents who lose access to a child
	ListLogins      List = "logins"      // student logins that end
	ListRestriction List = "restriction" // restrictions that the import touches
	ListShared      List = "shared"      // addresses that more than one person has from now on
	ListNoEmail     List = "no_email"    // contacts who have no e-mail address from now on
	ListLocal       List = "local"       // what the school set by hand and the file says otherwise
)

// Lists lists them.
func Lists() []List {
	return []List{ListLoses, ListLogins, ListRestriction, ListShared, ListNoEmail, ListLocal}
}

// Person is an entry of a list: whom it is about and why. A person who is not on record yet has the id 0.
type Person struct {
	StudentID, ContactID int64  `json:",omitempty"`
	Student, Contact     string `json:",omitempty"`
	Why                  string `json:",omitempty"` // a code
	Until                string `json:",omitempty"` // access is kept until then
	Field, Old, New      string `json:",omitempty"`
}

// note puts a person on a list.
func (p *plan) note(ctx context.Context, on List, n Person) error {
	p.notes[on]++
	if p.rep.Lists == nil {
		p.rep.Lists = map[List]int{}
	}
	p.rep.Lists[on]++
	detail, err := encode(Person{Why: n.Why, Until: n.Until, Field: n.Field, Old: n.Old, New: n.New})
	if err != nil {
		return err
	}
	return p.stage.insert(ctx, insertNote, string(on), p.notes[on], n.StudentID, n.ContactID, n.Student, n.Contact, detail)
}
