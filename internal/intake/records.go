package intake

import "github.com/schoolgate/schoolgate/internal/roster"

// records is a roster as a file has it, whatever its format. Everything refers to everything by the roster's own ids.
type records struct {
	format   string
	district string
	schools  []roster.School
	students []student
	contacts []contact
	lines    []line
	gone     map[string]bool // people whom the file says to delete
	// whole says that people who are not in the file are gone. linked, that lines are: it needs whole people.
	whole bool
	// sides says on whose rows this file carries lines: a row that could name a line and does not, ends it, in a delta too.
	studentSide, contactSide bool
	saysLines                bool // the file has a place for lines at all
}

// student is a student as the file has it. carried names the fields that the file speaks of (roster's names of fields).
type student struct {
	roster.Student
	school  string   // the source id of the school; "" where the file names none it knows
	unknown []string // source ids of organisations that the row names and the file does not hold
	carried []string
	from    place
	partial bool // only some fields of a student known from before
	roleOf  bool // the file does not say what this person is: taken if known from before
}

// contact is an adult as the file has it.
type contact struct {
	roster.Contact
	carried      []string
	relationship string // to all students
	refused      bool   // the file says that this person may not sign in
	saysAccess   bool   // the file has something to say about that
	saysDates    bool   // the file has dates for the person's role
	begin, end   string
	from         place
}

// line is a link as the file has it, by the source ids of its ends.
type line struct {
	student, contact string
	from             place
}

// place is where something stands.
type place struct {
	file string
	line int
}

// format is one kind of roster: how it is told apart, and how it is read.
type format struct {
	name  string
	knows func(b *bundle) bool
	read  func(b *bundle, today string, f *findings) (records, error)
}

// formats lists what this program takes. The first one that knows a package reads it.
func formats() []format {
	return []format{{"oneroster", knowsOneRoster, readOneRoster}}
}
