// Package roster holds the school's records: schools, students, contacts and the lines between them.
//
// Only this package writes lines. Whoever changes one (an edit, an import) does it in a transaction in which linesChanged runs too, so that
// logins and sessions that rest on the line end with it. Derived keys (names, sort order, search words) are kept beside the records here.
package roster

import (
	"context"
	"errors"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Flag is yes, no or unknown.
type Flag string

// The values of a flag.
const (
	Yes     Flag = "yes"
	No      Flag = "no"
	Unknown Flag = "unknown"
)

// Status says whether a student is at the school.
type Status string

// The statuses of a student; Left means gone from the roster.
const (
	Enrolled  Status = "enrolled"
	Withdrawn Status = "withdrawn"
	Graduated Status = "graduated"
	Left      Status = "left"
)

// School is an organisation with students.
type School struct {
	ID       int64
	SourceID string
	Kind     string // school, district, other
	Name     string
	Phone    string
	Hours    string
}

// Student is a pupil as on record.
type Student struct {
	ID                            int64
	SourceID                      string
	SchoolID                      int64
	SchoolName                    string // read only
	IDNumber                      string
	First, Middle, Last           string
	PreferredFirst, PreferredLast string
	BirthDate                     string // 2006-01-02 or ""
	Grade, Homeroom               string
	Email                         string
	Status                        Status
	Local                         []string // names of the fields set by hand
	Version                       int64
}

// Contact is an adult on record. First and Last are exactly what the parent must type.
type Contact struct {
	ID                                int64
	SourceID                          string
	First, Middle, Last               string
	PreferredFirst, PreferredLast     string
	Email                             string
	MobilePhone, HomePhone, WorkPhone string
	Language                          string // "en", "es" or ""
	Left                              bool   // gone from the roster
	Local                             []string
	Version                           int64
}

// Line says that a contact belongs to a student.
type Line struct {
	ID, StudentID, ContactID                             int64
	Relationship                                         string // a code of Relationships
	Position                                             int
	LegalGuardian, LivesWith, Emergency, Pickup, Mailing Flag
	PortalAccess                                         Flag // what holds: set by hand, or the file's
	FilePortalAccess                                     Flag // what the roster says
	Restricted                                           Flag
	RestrictionNote                                      string
	RestrictedAt                                         time.Time
	RestrictedBy                                         string
	BeginDate, EndDate                                   string // inclusive, exclusive; "" = none
	Ended                                                bool   // gone from the roster
	FromFile                                             bool
	Local                                                []string
	Version                                              int64
}

// Why says why a line may not be opened; "" means that it may.
type Why string

// The reasons why a line may not be opened.
const (
	MayOpen        Why = ""
	WhyRestricted  Why = "restricted"
	WhyNoAccess    Why = "no_access"    // portal access is no, or unknown and the relationship may not register
	WhyNotYet      Why = "not_yet"      // begin date ahead
	WhyEnded       Why = "ended"        // end date passed, or gone from the roster
	WhyStudentGone Why = "student_gone" // student withdrawn, graduated or left
	WhyContactGone Why = "contact_gone"
)

// Rule is what decides about a line beside the line itself.
type Rule struct {
	Relationships []string // may register while portal access is unknown
	Today         string   // 2006-01-02 in the school's time zone
}

// May reports whether the line may be opened under the rule, and if not, why. It is the one place that decides it.
func (r Rule) May(l Line, student Status, contactLeft bool) Why { return WhyNoAccess }

// FullLine is a line with both its ends, the shape in which pages and rules read lines.
type FullLine struct {
	Line
	Student Student
	Contact Contact
}

// May is Rule.May for a full line.
func (r Rule) MayOpen(l FullLine) Why { return r.May(l.Line, l.Student.Status, l.Contact.Left) }

// Change tells linesChanged what was touched.
type Change struct {
	LineIDs   []int64 // lines that may have become closed, or were deleted (see Gone)
	Gone      []GoneLine
	Addresses []AddressChange
}

// GoneLine is a line that no longer exists.
type GoneLine struct{ LineID, StudentID, ContactID int64 }

// AddressChange is a contact's new e-mail address.
type AddressChange struct {
	ContactID int64
	Old, New  string
	ByImport  bool
}

// LinesChanged is called in the transaction of every change that may close a line or that moves an address on record.
type LinesChanged func(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c Change) error

var errNotBuilt = errors.New("not built yet")

// Roster reads and writes the records.
type Roster struct{}

// New returns the records on db.
func New(db *sqldb.DB, log *audit.Log, now func() time.Time, changed LinesChanged) *Roster {
	return &Roster{}
}

// DefaultRelationships are the codes of parents and guardians.
func DefaultRelationships() []string { return nil }

// Relationships lists all relationship codes in the order a form shows them ("mother", "father", "parent", "stepmother", …, "unknown").
func Relationships() []string { return nil }

// --- reading lines, for package family; all take the caller's transaction

// LinesOfID returns all lines of the students whose ID Number has the key (lang.IDKey).
func (r *Roster) LinesOfID(ctx context.Context, tx *sqldb.Tx, idKey string) ([]FullLine, error) {
	return nil, errNotBuilt
}

// LinesOfContacts returns all lines of the given contacts, by child's name.
func (r *Roster) LinesOfContacts(ctx context.Context, tx *sqldb.Tx, contacts []int64) ([]FullLine, error) {
	return nil, errNotBuilt
}

// LinesOfStudent returns all lines of a student in their order.
func (r *Roster) LinesOfStudent(ctx context.Context, tx *sqldb.Tx, student int64) ([]FullLine, error) {
	return nil, errNotBuilt
}

// Lines returns the lines with the given ids; those that do not exist are left out.
func (r *Roster) Lines(ctx context.Context, tx *sqldb.Tx, ids []int64) ([]FullLine, error) {
	return nil, errNotBuilt
}

// ContactsByEmail returns the contacts with that address (lang.EmailKey).
func (r *Roster) ContactsByEmail(ctx context.Context, tx *sqldb.Tx, emailKey string) ([]Contact, error) {
	return nil, errNotBuilt
}

// StudentHasEmail reports whether the address is on record for any student.
func (r *Roster) StudentHasEmail(ctx context.Context, tx *sqldb.Tx, emailKey string) (bool, error) {
	return false, errNotBuilt
}

// Contact returns a contact. It returns fault.NotFound for none.
func (r *Roster) Contact(ctx context.Context, tx *sqldb.Tx, id int64) (Contact, error) {
	return Contact{}, errNotBuilt
}

// Student returns a student. It returns fault.NotFound for none.
func (r *Roster) Student(ctx context.Context, tx *sqldb.Tx, id int64) (Student, error) {
	return Student{}, errNotBuilt
}

// --- editing, for the Student Biographical Editor; every one checks access, is audited with old and new, and returns fault.Conflict when
// Version is not the current one, fault.Invalid with problems by field.

// StudentPage is one student with the lines, as the editor shows them.
type StudentPage struct {
	Student Student
	Lines   []FullLine
	Schools []School
}

// Page returns a student with lines and the schools to choose from.
func (r *Roster) Page(ctx context.Context, actor access.Actor, student int64) (StudentPage, error) {
	return StudentPage{}, errNotBuilt
}

// FindCursor is a place in the result of FindStudents. The zero value is the start.
type FindCursor struct {
	Word, Sort string
	ID         int64
}

// FindStudents finds students by ID Number (whole) or by words of their names (prefixes), sorted, paged by key. total stops at 1,001.
func (r *Roster) FindStudents(ctx context.Context, actor access.Actor, typed string, after FindCursor, limit int) (found []Student, next *FindCursor, total int, err error) {
	return nil, nil, 0, errNotBuilt
}

// SaveStudent changes a student's fields. Fields that change are from now on local.
func (r *Roster) SaveStudent(ctx context.Context, actor access.Actor, s Student) error {
	return errNotBuilt
}

// ContactEdit is what the Contacts page saves: the contact with its line to one student. Checked says how identity was checked and is
// required (photo_id, call_back, letter) when the address of an existing contact changes.
type ContactEdit struct {
	Contact Contact
	Line    Line
	Checked string
}

// SaveContact changes a contact and its line, or adds them when their ids are zero (Line.StudentID names the student; a known Contact.ID with
// Line.ID zero links an existing contact). It returns the line's id.
func (r *Roster) SaveContact(ctx context.Context, actor access.Actor, e ContactEdit) (int64, error) {
	return 0, errNotBuilt
}

// RemoveLine takes a contact off a student. A contact without lines goes too, unless it came with a roster.
func (r *Roster) RemoveLine(ctx context.Context, actor access.Actor, line, version int64) error {
	return errNotBuilt
}

// MoveLine moves a line up (-1) or down (+1) in the student's order.
func (r *Roster) MoveLine(ctx context.Context, actor access.Actor, line int64, by int) error {
	return errNotBuilt
}

// AddStudent adds a student by hand and returns the id.
func (r *Roster) AddStudent(ctx context.Context, actor access.Actor, s Student) (int64, error) {
	return 0, errNotBuilt
}

// Schools returns all schools by name.
func (r *Roster) Schools(ctx context.Context) ([]School, error) { return nil, errNotBuilt }

// SaveSchool changes a school's name, phone and hours.
func (r *Roster) SaveSchool(ctx context.Context, actor access.Actor, s School) error {
	return errNotBuilt
}
