package intake

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// records is a roster as a file has it, whatever its format: the target of a parse. A parser hands over what it read by the add methods, in
// any order, and never looks back at it. Everything refers to everything by the roster's own ids.
type records struct {
	format   string
	district string
	held     Held
	schools  []roster.School
	students []student
	contacts []contact
	lines    []line
	terms    []term
	courses  []course
	classes  []class
	enrols   []enrolment
	staff    []staffPerson
	gone     map[string]bool // people whom the file says to delete
	kept     map[string]bool // people who stand in the file in rows that are not taken: they are not missing from it
	// whole says that people who are not in the file are gone. linked, that lines are: it needs whole people.
	whole bool
	// only names the one kind of people that the file has a place for. People of the other kind stay as they are. A whole file of contacts
	// alone names its students as partial ones, speaks for all students of their schools, and ends the lines that it does not name.
	only only
	// full says of the other kinds that what is not in the file is gone.
	full struct{ terms, courses, classes, enrolments, staff bool }
	// sides says on whose rows this file carries lines: a row that could name a line and does not, ends it, in a delta too.
	studentSide, contactSide bool
	saysLines                bool // the file has a place for lines at all
	saysRestrictions         bool // the file has a place for restrictions (OneRoster has none)
	changesRoles             bool // the file has roles that changed, and not the others: they stand in the stage

	ctx   context.Context // of the parse
	rows  int             // that were handed over
	read  *atomic.Int64   // the same, for whoever looks on; nil for nobody
	stage *stage          // nil: all is kept in the slices, which small files and tests of parsers may
}

// only is a kind of people, "" for both.
type only string

const (
	onlyStudents only = "students"
	onlyContacts only = "contacts"
)

func newRecords() *records {
	return &records{ctx: context.Background(), gone: map[string]bool{}, kept: map[string]bool{}}
}

// stagedRecords keeps people, lines and classes in a stage instead of in memory.
func stagedRecords(ctx context.Context, s *stage) *records {
	return &records{gone: map[string]bool{}, kept: map[string]bool{}, ctx: ctx, stage: s}
}

// student is a student as the file has it. carried names the fields that the file speaks of (roster's names of fields).
type student struct {
	roster.Student
	school  string   // the source id of the school; "" where the file names none it knows
	others  []string // source ids of schools attended at the same time; they count where carried names other_schools
	unknown []string // source ids of organisations that the row names and the file does not hold
	carried []string
	from    place
	partial bool // only some fields of a student known from before
	roleOf  bool // the file does not say what this person is: taken if known from before
}

// contact is an adult as the file has it. What it says of the person's lines holds for each of them that does not say otherwise itself.
type contact struct {
	roster.Contact
	carried      []string
	relationship string // to all students
	refused      bool   // the file says that this person may not sign in
	saysAccess   bool   // the file has something to say about that
	saysDates    bool   // the file has dates for the person's role
	begin, end   string
	bySchool     bool // what the person is to the children, and when, differs by school: FileRoles say how
	from         place
	// derived says that the file has no id for the person, and that SourceID was made of what the row says. A contact on record of one of
	// the same students, with the same name and relationship and an id that the file does not have, is then the same person.
	derived bool
	partial bool // only what a contact known from before is to the children; it has no name
}

// line is a link as the file has it, by the source ids of its ends. Of the embedded line only the fields named in carried count (roster's
// names of fields): what it says of the pair wins over what the contact says of all its lines.
type line struct {
	roster.Line
	student, contact string
	carried          []string
	from             place
}

// term is an academic session: a year, semester, term or grading period.
type term struct {
	sourceID, parent string
	title, kind      string // kind: schoolYear, semester, term, gradingPeriod
	begin, end       string // inclusive, exclusive
	year             string // in which the school year ends
	gone             bool
	from             place
}

// course is what is taught.
type course struct {
	sourceID, school, year string // source ids of the organisation and of the school year
	title, code            string
	grades, subjects       []string
	gone                   bool
	from                   place
}

// class is a course as it is taught to one group: a section.
type class struct {
	sourceID, course, school  string
	terms                     []string
	title, code, kind         string // kind: homeroom, scheduled
	location                  string
	grades, subjects, periods []string
	gone                      bool
	from                      place
}

// enrolment says that somebody belongs to a class.
type enrolment struct {
	sourceID, class, school, user string
	role                          string // student, teacher, proctor, administrator
	primary                       bool   // the class's first teacher
	begin, end                    string // inclusive, exclusive
	gone                          bool
	from                          place
}

// staffPerson is somebody who works at a school.
type staffPerson struct {
	sourceID            string
	first, middle, last string
	email, phone        string
	number, title       string
	role                string // as OneRoster 1.2 names it
	schools             []string
	from                place
}

// The add methods take what a parser read. An error is no fault of the file: the parse ends with it.

func (r *records) addSchool(s roster.School) error {
	r.held.Schools++
	r.schools = append(r.schools, s)
	return nil
}

func (r *records) row() {
	r.rows++
	if r.read != nil {
		r.read.Store(int64(r.rows))
	}
}

// add hands a record over to the stage, or keeps it where there is none.
func add[T any](r *records, count *int, all *[]T, v T, stage func(*stage, context.Context, T) error) error {
	r.row()
	*count++
	if r.stage != nil {
		return stage(r.stage, r.ctx, v)
	}
	*all = append(*all, v)
	return nil
}

func (r *records) addStudent(s student) error {
	count := &r.held.Students
	if s.partial || s.roleOf {
		count = new(int)
	}
	return add(r, count, &r.students, s, (*stage).addStudent)
}

func (r *records) addContact(c contact) error {
	return add(r, &r.held.Contacts, &r.contacts, c, (*stage).addContact)
}

func (r *records) addLine(l line) error { return add(r, &r.held.Lines, &r.lines, l, (*stage).addLine) }

func (r *records) addTerm(t term) error { return add(r, &r.held.Terms, &r.terms, t, (*stage).addTerm) }

func (r *records) addCourse(c course) error {
	return add(r, &r.held.Courses, &r.courses, c, (*stage).addCourse)
}

func (r *records) addClass(c class) error {
	return add(r, &r.held.Classes, &r.classes, c, (*stage).addClass)
}

func (r *records) addEnrolment(e enrolment) error {
	return add(r, &r.held.Enrolments, &r.enrols, e, (*stage).addEnrolment)
}

func (r *records) addStaff(s staffPerson) error {
	return add(r, &r.held.Staff, &r.staff, s, (*stage).addStaff)
}

// sayGone takes that the file deletes a person.
func (r *records) sayGone(sourceID string) error {
	r.row()
	if r.stage != nil {
		return r.stage.insert(r.ctx, insertGone, sourceID)
	}
	r.gone[sourceID] = true
	return nil
}

// keep takes that somebody stands in the file in a row that is not taken. Nobody is gone because of a comma: who is known by the id stays, and the
// lines too that the row might have named.
func (r *records) keep(sourceID string) error {
	if sourceID == "" || tooLong(sourceID, idLength) {
		return nil
	}
	if len(r.kept) < seenLimit { // the stage has all of them
		r.kept[sourceID] = true
	}
	if r.stage == nil {
		return nil
	}
	return r.stage.insert(r.ctx, insertKept, sourceID)
}

// keepUnread has the people kept whose ids stand in these columns of rows that cannot be read.
func (r *records) keepUnread(t *table, columns ...string) {
	t.unread = func(x row) error {
		for _, column := range columns {
			if err := r.keep(x.value(column)); err != nil {
				return err
			}
		}
		return nil
	}
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
	read  func(b *bundle, today string, f *findings, to *records) error

	staged bool // its reader keeps nothing in memory
}

// formats lists what this program takes. The first one that knows a package reads it.
func formats() []format {
	return []format{
		{name: "sds", knows: knowsSDS, read: readSDS}, // has files of the same names as OneRoster
		{name: "oneroster", knows: knowsOneRoster, read: readOneRoster, staged: true},
		{name: "sds-v1", knows: knowsSDSV1, read: readSDSV1},
		{name: "clever", knows: knowsClever, read: readClever},
		{name: "edfi", knows: knowsEdFi, read: readEdFi},
		{name: "edfi-csv", knows: knowsEdFiCSV, read: readEdFiCSV},
		{name: "table", knows: knowsPlain, read: readPlain},
	}
}

// Formats lists the names of the formats that Options.Format takes.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

func formatNamed(name string) bool { return slices.Contains(Formats(), name) }
