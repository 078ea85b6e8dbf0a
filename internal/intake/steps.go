package intake

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/roster"
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
	phases = 100 // of one round: the second round of a plan begins here
)

// round is how often the plan was made before the step's.
func (p phase) round() int { return int(p) / phases }

// kind is the phase within its round.
func (p phase) kind() phase { return p % phases }

// schoolChange brings a school from one state to another, or adds one.
type schoolChange struct{ Old, New roster.School }

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
