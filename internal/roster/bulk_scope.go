package roster

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Seen takes records one by one, as an import reads them. A record may come twice. None of the functions may use the transaction that reads.
type Seen struct {
	Student func(Student) error
	Contact func(Contact) error
	Line    func(Line) error
}

// Marks is Seen for what of the records an import needs to tell at which of them it must look.
type Marks struct {
	Student func(StudentMark) error
	Contact func(ContactMark) error
	Line    func(LineMark) error
	Rule    Rule // by which lines may be opened
}

// StudentMark is what tells whether an import must look at a student.
type StudentMark struct {
	ID, SchoolID       int64
	SourceID           string
	Status             Status
	Dates              StudentDates
	First, Last, Email string
	Print              int64 // of what the roster said last, 0 where that says nothing any more
}

// ContactMark is what tells whether an import must look at a contact.
type ContactMark struct {
	ID                       int64
	SourceID                 string
	Left                     bool
	First, Last, Sort, Email string // Sort: the key by which contacts stand in lists
	Print                    int64
}

// LineMark is what tells whether an import must look at a line.
type LineMark struct {
	ID, StudentID, ContactID int64
	Relationship             string
	Position                 int
	FromFile, Ended, Refused bool // refused by the roster
	MayOpen                  bool // as everything stands now
	Print                    int64
}

const (
	selectStudentMarks = `select s.id, coalesce(s.school_id, 0), coalesce(s.source_id, ''), s.status, s.first_name, s.last_name, s.email, s.file_print, s.version, s.local_fields, ` + StudentDateColumns + `
from student s`
	selectContactMarks = `select c.id, coalesce(c.source_id, ''), c.left_at is not null, c.first_name, c.last_name, c.sort_key, c.email, c.file_print, c.version, c.local_fields
from contact c`
)

// selectLineMarks returns the query of lines with the condition behind it, and the rule's arguments, which are numbered from $n on.
func selectLineMarks(rule Rule, n int, where string) (string, []any) {
	may, args := rule.Where(n)
	return `select l.id, l.student_id, l.contact_id, l.relationship, l.position, l.from_file, l.ended_at is not null, l.file_portal_access = 'no', ` + may + `,
  l.file_print, l.version, l.local_fields
from student_contact l
join student s on s.id = l.student_id
join contact c on c.id = l.contact_id` + where, args
}

func scanStudentMark(r *sql.Rows) (m StudentMark, err error) {
	var version int64
	var local string
	err = r.Scan(append([]any{&m.ID, &m.SchoolID, &m.SourceID, &m.Status, &m.First, &m.Last, &m.Email, &m.Print, &version, &local}, m.Dates.Targets()...)...)
	m.Print = printOf(m.Print, version, local)
	return m, err
}

func scanContactMark(r *sql.Rows) (m ContactMark, err error) {
	var version int64
	var local string
	err = r.Scan(&m.ID, &m.SourceID, &m.Left, &m.First, &m.Last, &m.Sort, &m.Email, &m.Print, &version, &local)
	m.Print = printOf(m.Print, version, local)
	return m, err
}

func scanLineMark(r *sql.Rows) (m LineMark, err error) {
	var version int64
	var local string
	err = r.Scan(&m.ID, &m.StudentID, &m.ContactID, &m.Relationship, &m.Position, &m.FromFile, &m.Ended, &m.Refused, &m.MayOpen, &m.Print, &version, &local)
	m.Print = printOf(m.Print, version, local)
	return m, err
}

// AllSchools returns the schools by name, and the ids of those that have students of a roster.
func (r *Roster) AllSchools(ctx context.Context, tx *sqldb.Tx) (schools []School, fed []int64, err error) {
	if schools, err = sqldb.All(ctx, tx, scanSchool, selectSchools); err != nil {
		return nil, nil, err
	}
	fed, err = sqldb.All(ctx, tx, scanID, selectFedSchools)
	return schools, fed, err
}

// EachOfSchool hands over a whole school: its students, their contacts, and all lines of these. A line's student may be at another school.
func (r *Roster) EachOfSchool(ctx context.Context, tx *sqldb.Tx, school int64, to Marks) error {
	if err := hand(ctx, tx, to.Student, scanStudentMark, selectStudentsOfSchool, school); err != nil {
		return err
	}
	if err := hand(ctx, tx, to.Contact, scanContactMark, selectContactsOfSchool, school); err != nil {
		return err
	}
	query, args := selectLineMarks(to.Rule, 2, linesOfSchool)
	return hand(ctx, tx, to.Line, scanLineMark, query, append([]any{school}, args...)...)
}

// EachNamed hands over the people with these source ids, all their lines, and whoever is at the other end of those. At most NamedAtOnce ids of
// either kind are asked for at a time.
func (r *Roster) EachNamed(ctx context.Context, tx *sqldb.Tx, students, contacts []string, to Marks) error {
	var studentIDs, contactIDs, children, adults []int64
	if err := handSource(ctx, tx, students, selectStudentMarks+"\nwhere s.source_id in ", scanStudentMark, func(s StudentMark) error {
		studentIDs = append(studentIDs, s.ID)
		return to.Student(s)
	}); err != nil {
		return err
	}
	if err := handSource(ctx, tx, contacts, selectContactMarks+"\nwhere c.source_id in ", scanContactMark, func(c ContactMark) error {
		contactIDs = append(contactIDs, c.ID)
		return to.Contact(c)
	}); err != nil {
		return err
	}
	line := func(l LineMark) error {
		children, adults = append(children, l.StudentID), append(adults, l.ContactID)
		return to.Line(l)
	}
	if err := handLines(ctx, tx, to.Rule, studentIDs, "\nwhere l.student_id in ", line); err != nil {
		return err
	}
	if err := handLines(ctx, tx, to.Rule, contactIDs, "\nwhere l.contact_id in ", line); err != nil {
		return err
	}
	if err := r.EachStudent(ctx, tx, children, to); err != nil {
		return err
	}
	return handID(ctx, tx, adults, selectContactMarks+"\nwhere c.id in ", scanContactMark, to.Contact)
}

// handLines hands over the lines of lists of ids.
func handLines(ctx context.Context, tx *sqldb.Tx, rule Rule, ids []int64, where string, to func(LineMark) error) error {
	return eachChunk(ids, func(in string, args []any) error {
		query, more := selectLineMarks(rule, len(args)+1, where+"("+in+")")
		return hand(ctx, tx, to, scanLineMark, query, append(args, more...)...)
	})
}

// EachStudent hands over the students with these ids.
func (r *Roster) EachStudent(ctx context.Context, tx *sqldb.Tx, ids []int64, to Marks) error {
	return handID(ctx, tx, ids, selectStudentMarks+"\nwhere s.id in ", scanStudentMark, to.Student)
}

// NamedAtOnce bounds EachNamed.
const NamedAtOnce = chunk

// EachLoose hands over the contacts of a roster that have no line at all.
func (r *Roster) EachLoose(ctx context.Context, tx *sqldb.Tx, to Marks) error {
	return hand(ctx, tx, to.Contact, scanContactMark, selectLooseContacts)
}

func hand[T any](ctx context.Context, tx *sqldb.Tx, to func(T) error, scan func(*sql.Rows) (T, error), query string, args ...any) error {
	return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		v, err := scan(r)
		if err == nil {
			err = to(v)
		}
		return err
	}, query, args...)
}

// handID hands over records by lists of ids.
func handID[T any](ctx context.Context, tx *sqldb.Tx, ids []int64, query string, scan func(*sql.Rows) (T, error), to func(T) error) error {
	return eachChunk(ids, func(in string, args []any) error { return hand(ctx, tx, to, scan, query+"("+in+")", args...) })
}

// handSource is handID for source ids.
func handSource[T any](ctx context.Context, tx *sqldb.Tx, sources []string, query string, scan func(*sql.Rows) (T, error), to func(T) error) error {
	return eachList(sources, 0, func(in string, args []any) error { return hand(ctx, tx, to, scan, query+"("+in+")", args...) })
}

// SourceIDs are records by their roster's own ids.
type SourceIDs struct{ Students, Contacts map[string]int64 }

// IDsOf returns the ids of the people with these source ids; those that do not exist are left out.
func (r *Roster) IDsOf(ctx context.Context, tx *sqldb.Tx, students, contacts []string) (SourceIDs, error) {
	ids := SourceIDs{map[string]int64{}, map[string]int64{}}
	for _, kind := range []struct {
		sources []string
		query   string
		to      map[string]int64
	}{{students, selectStudentIDsBySource, ids.Students}, {contacts, selectContactIDsBySource, ids.Contacts}} {
		if err := eachSource(ctx, tx, kind.sources, kind.query, func(r *sql.Rows) error {
			var id int64
			var source string
			err := r.Scan(&id, &source)
			kind.to[source] = id
			return err
		}); err != nil {
			return ids, err
		}
	}
	return ids, nil
}

const (
	selectStudentIDsBySource = `select id, source_id from student where source_id in `
	selectContactIDsBySource = `select id, source_id from contact where source_id in `
)
