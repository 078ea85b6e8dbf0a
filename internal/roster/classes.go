package roster

import (
	"strings"
	"time"
)

// Terms, courses, classes, teachers and enrolments come with a roster alone: nobody edits them here. They show families and staff who is
// taught what by whom; no access hangs on them. The four kinds refer to each other by source id.

// TermKind says what sort of term it is.
type TermKind string

// The kinds of term (OneRoster's academicSession types).
const (
	GradingPeriod TermKind = "grading_period"
	Semester      TermKind = "semester"
	SchoolYear    TermKind = "school_year"
	PlainTerm     TermKind = "term"
)

// Term is an academic session.
type Term struct {
	ID         int64
	SourceID   string
	Title      string
	Kind       TermKind // PlainTerm when empty
	Begin, End string   // inclusive, exclusive
	Parent     string   // source id of the term around it
	SchoolYear string
}

// Runs reports whether the day is in the term.
func (t Term) Runs(day string) bool { return running(t.Begin, t.End, day) }

func running(begin, end, day string) bool {
	return (begin == "" || begin <= day) && (end == "" || day < end)
}

// Course is what a class teaches. School is the source id of its organisation; SchoolID holds instead when it is set.
type Course struct {
	ID             int64
	SourceID       string
	School         string
	SchoolID       int64
	Title, Code    string
	Grades         string
	Subjects       string
	SchoolYearTerm string // source id of the school year
}

// ClassKind says what sort of class it is.
type ClassKind string

// The kinds of class.
const (
	HomeroomClass  ClassKind = "homeroom"
	ScheduledClass ClassKind = "scheduled"
	OtherClass     ClassKind = "other"
)

// Class is a group that is taught. School is the source id of its school; SchoolID holds instead when it is set.
type Class struct {
	ID          int64
	SourceID    string
	School      string
	SchoolID    int64
	Course      string // source id
	Title, Code string
	Kind        ClassKind // ScheduledClass when empty
	Location    string
	Grades      string
	Subjects    string
	Periods     string
	Terms       []string // source ids
}

// Teacher is a member of staff as families read the name. It is no login.
type Teacher struct {
	ID          int64
	SourceID    string
	First, Last string
}

// Enrolment says that a student or a teacher is in a class; exactly one of Student and Teacher is set. School is the source id of the
// school; SchoolID holds instead when it is set.
type Enrolment struct {
	ID               int64
	SourceID         string
	Class            string // source id
	Student, Teacher string // source ids
	School           string
	SchoolID         int64
	Main             bool   // of several teachers
	Begin, End       string // inclusive, exclusive
	FilePrint        int64  // of what the roster says, see Print; not read
}

// ClassworkKind names one of the kinds of a Classwork.
type ClassworkKind string

// The kinds of a Classwork, in the order in which they are applied.
const (
	Terms      ClassworkKind = "term"
	Courses    ClassworkKind = "course"
	Teachers   ClassworkKind = "teacher"
	Classes    ClassworkKind = "class"
	Enrolments ClassworkKind = "enrolment"
)

// Classwork is a part of what a roster says of classes.
type Classwork struct {
	Terms      []Term
	Courses    []Course
	Teachers   []Teacher
	Classes    []Class
	Enrolments []Enrolment
}

// ClassworkAtOnce bounds how many rows of all kinds one Classwork holds, so that its transaction stays short.
const ClassworkAtOnce = 500

// Tally counts what became of rows of one kind. Unknown are the places in the batch of those that name a class or a person who is not on
// record; they are left out.
type Tally struct {
	Added, Changed, Same int
	Unknown              []int
}

// ClassNow is a class as families read it. Teachers are names, the main one first.
type ClassNow struct {
	Title, Periods, Location string
	Teachers                 []string
	Term                     string // the title of the shortest term that runs; "" when the class names none
}

// StudentClass is a class of a student for staff.
type StudentClass struct {
	ClassNow
	ClassID    int64
	Code       string
	Begin, End string // of the enrolment, else of the class's terms
	When       When
	EndedAt    time.Time // the roster has it no more since then; zero while it has
}

// When says where a time lies from today.
type When string

// The values of When.
const (
	Now     When = "now"
	Coming  When = "coming"
	Earlier When = "earlier"
)

func joinSources(ids []string) string { return strings.Join(ids, ",") }

func splitSources(column string) []string { return splitLocal(column) }
