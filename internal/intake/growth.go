package intake

import "github.com/schoolgate/schoolgate/internal/roster"

// growth counts the records that came, by their kind. A database that plans its queries by what is in the tables keeps a plan that read all of a table while that
// was small, until it is told to look again.
type growth map[string]*grownTable

type grownTable struct{ rows, next int }

const (
	firstLook  = 2000 // records
	timesAgain = 8    // as many: then the tables are looked at again
)

// by counts what a batch brought, and returns the tables that are to be looked at now.
func (g growth) by(b batch) (look []string) {
	add := func(kind string, rows int) {
		if g[kind] == nil {
			g[kind] = &grownTable{next: firstLook}
		}
		t := g[kind]
		if t.rows += rows; t.rows >= t.next {
			t.next = t.rows * timesAgain
			look = append(look, roster.Tables(kind)...)
		}
	}
	switch b.phase().kind() {
	case phaseAddStudent:
		add("student", len(b.students))
	case phaseAddContact:
		add("contact", len(b.contacts))
	case phaseAddLine:
		add("line", len(b.lines))
	case phaseClasswork:
		for _, part := range b.classes {
			add("class", len(part.Classes))
			add("enrolment", len(part.Enrolments))
		}
	}
	return look
}

// tables are those that grew by much.
func (g growth) tables() (all []string) {
	for kind, t := range g {
		if t.rows >= firstLook {
			all = append(all, roster.Tables(kind)...)
		}
	}
	return all
}
