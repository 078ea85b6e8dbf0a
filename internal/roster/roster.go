// Package roster holds the school's records: schools, students, contacts and the lines between them.
//
// Only this package writes lines. Whoever changes one (an edit, an import) does it in a transaction in which linesChanged runs too, so that
// logins and sessions that rest on the line end with it. Derived keys (names, sort order, search words) are kept beside the records here.
//
// What staff set by hand is noted by field in the record's Local, so that the next roster leaves it alone. A record's Version rises with
// every change to it, and a change names the version it was made from.
package roster

import (
	"context"
	"slices"
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

// Statuses lists the statuses in the order a form shows them.
func Statuses() []Status { return []Status{Enrolled, Withdrawn, Graduated, Left} }

// School is an organisation with students.
type School struct {
	ID       int64
	SourceID string
	Kind     string // school, district, other
	Name     string
	Phone    string
	Hours    string

	StudentLogins string // "yes", "no", "" as the district has decided; read only: see SetStudentLogins
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
	EnrolledFrom, GoneOn          string // first day, first day that is none; "" = none
	GoneAs                        Status // what the status becomes on GoneOn
	Language                      string
	OtherSchools                  []int64 // attended at the same time, by their ids
	AdultMark                     AdultMark
	Local                         []string          // names of the fields set by hand
	FileValues                    map[string]string // what the roster says for fields set by hand
	Version                       int64
	FilePrint                     int64 // of what the roster says of the record, see Print; not read
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
	FileRoles                         string // the roles that a roster gave the adult, as whoever imports writes them; "" = it says nothing of roles
	Local                             []string
	FileValues                        map[string]string
	Version                           int64
	FilePrint                         int64 // as of a student
}

// Line says that a contact belongs to a student.
type Line struct {
	ID, StudentID, ContactID                             int64
	Relationship                                         string // a code of Relationships
	Position                                             int
	LegalGuardian, LivesWith, Emergency, Pickup, Mailing Flag
	PortalAccess                                         Flag // what holds: set by hand, or the file's
	FilePortalAccess                                     Flag // what the roster says
	Restricted                                           Flag // yes whenever FileRestricted is
	FileRestricted                                       Flag // what the roster says
	FileRestriction                                      string
	FileRestrictionReadAt                                time.Time // when staff read the roster's text; zero while it holds registration
	FileRestrictionReadBy                                string
	RestrictionNote                                      string
	CourtNumber, CourtDate                               string // of the order of court
	RestrictedFrom, RestrictedUntil                      string // as the order names them; a restriction holds whatever they say
	RestrictedAt                                         time.Time
	RestrictedBy                                         string
	BeginDate, EndDate                                   string // inclusive, exclusive; "" = none
	GraceUntil                                           string // exclusive: until then it does not count that an end left the roster; "" = it does
	Ended                                                bool   // gone from the roster, or taken off by staff (see Removed)
	FromFile                                             bool
	Local                                                []string
	FileValues                                           map[string]string
	Of                                                   StudentDates // for Rule.May; a FullLine has those of its Student
	Version                                              int64
	FilePrint                                            int64 // as of a student
}

// Removed reports whether staff took the contact off the student. Such a line of a roster stays as a mark, so that the next roster does
// not bring it back; it stands in no list.
func (l Line) Removed() bool { return l.Ended && slices.Contains(l.Local, fieldEnded) }

// Unread reports whether the roster says something about restrictions in its own words that nobody has read yet. It holds the contact's
// registration, and neither restricts nor opens.
func (l Line) Unread() bool { return l.FileRestriction != "" && l.FileRestrictionReadAt.IsZero() }

// FullLine is a line with both its ends, the shape in which pages and rules read lines.
type FullLine struct {
	Line
	Student Student
	Contact Contact
	School  School // the student's; zero when there is none
}

// Change tells linesChanged what was touched.
type Change struct {
	LineIDs   []int64 // lines that may have become closed, or were deleted (see Gone)
	Opened    []int64 // lines that may have become open, new ones among them
	Gone      []GoneLine
	Lifted    []int64 // lines whose restriction was lifted: staff open them again
	Addresses []AddressChange
}

// GoneLine is a line that no longer exists. Its contact still does while linesChanged runs.
type GoneLine struct{ LineID, StudentID, ContactID int64 }

// AddressChange is a contact's new e-mail address.
type AddressChange struct {
	ContactID int64
	Old, New  string
	ByImport  bool
}

// LinesChanged is called in the transaction of every change that may close or open a line or that moves an address on record.
type LinesChanged func(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c Change) error

// Roster reads and writes the records. It is safe for concurrent use.
type Roster struct {
	db      *sqldb.DB
	log     *audit.Log
	now     func() time.Time
	changed LinesChanged
	today   func() string
}

// New returns the records on db.
func New(db *sqldb.DB, log *audit.Log, now func() time.Time, changed LinesChanged) *Roster {
	return &Roster{db: db, log: log, now: now, changed: changed, today: func() string { return now().UTC().Format(time.DateOnly) }}
}

// Calendar gives the roster the day in the school's time zone; without it days are those of UTC. It is called before the roster is used.
func (r *Roster) Calendar(today func() string) { r.today = today }
