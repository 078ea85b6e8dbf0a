package roster

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Seen takes records one by one, as an import reads them. A record may come twice. None of the functions may use the transaction that reads.
type Seen struct {
	Student func(Student) error
	Contact func(Contact) error
	Line    func(Line) error
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
func (r *Roster) EachOfSchool(ctx context.Context, tx *sqldb.Tx, school int64, to Seen) error {
	if err := hand(ctx, tx, to.Student, scanStudent, selectStudentsOfSchool, school); err != nil {
		return err
	}
	if err := hand(ctx, tx, to.Contact, scanContact, selectContactsOfSchool, school); err != nil {
		return err
	}
	return hand(ctx, tx, to.Line, scanLine, selectLinesOfSchool, school)
}

// EachNamed hands over the people with these source ids, all their lines, and whoever is at the other end of those. At most NamedAtOnce ids of
// either kind are asked for at a time.
func (r *Roster) EachNamed(ctx context.Context, tx *sqldb.Tx, students, contacts []string, to Seen) error {
	var studentIDs, contactIDs, children, adults []int64
	if err := handSource(ctx, tx, students, selectStudent+"\nwhere s.source_id in ", scanStudent, func(s Student) error {
		studentIDs = append(studentIDs, s.ID)
		return to.Student(s)
	}); err != nil {
		return err
	}
	if err := handSource(ctx, tx, contacts, selectContact+"\nwhere c.source_id in ", scanContact, func(c Contact) error {
		contactIDs = append(contactIDs, c.ID)
		return to.Contact(c)
	}); err != nil {
		return err
	}
	line := func(l Line) error {
		children, adults = append(children, l.StudentID), append(adults, l.ContactID)
		return to.Line(l)
	}
	if err := handID(ctx, tx, studentIDs, selectLine+"\nwhere l.student_id in ", scanLine, line); err != nil {
		return err
	}
	if err := handID(ctx, tx, contactIDs, selectLine+"\nwhere l.contact_id in ", scanLine, line); err != nil {
		return err
	}
	if err := handID(ctx, tx, children, selectStudent+"\nwhere s.id in ", scanStudent, to.Student); err != nil {
		return err
	}
	return handID(ctx, tx, adults, selectContact+"\nwhere c.id in ", scanContact, to.Contact)
}

// EachStudent hands over the students with these ids.
func (r *Roster) EachStudent(ctx context.Context, tx *sqldb.Tx, ids []int64, to Seen) error {
	return handID(ctx, tx, ids, selectStudent+"\nwhere s.id in ", scanStudent, to.Student)
}

// NamedAtOnce bounds EachNamed.
const NamedAtOnce = chunk

// EachLoose hands over the contacts of a roster that have no line at all.
func (r *Roster) EachLoose(ctx context.Context, tx *sqldb.Tx, to Seen) error {
	return hand(ctx, tx, to.Contact, scanContact, selectLooseContacts)
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
	if len(sources) == 0 {
		return nil
	}
	n := 1
	for n < len(sources) {
		n *= 2
	}
	n = min(n, chunk)
	args := make([]any, n)
	for i := range args {
		args[i] = sources[min(i, len(sources)-1)]
	}
	return hand(ctx, tx, to, scan, query+rowsOf(1, n), args...)
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
		for some := range slices.Chunk(kind.sources, chunk) {
			err := handSource(ctx, tx, some, kind.query, func(r *sql.Rows) (s sourced, err error) { return s, r.Scan(&s.id, &s.source) },
				func(s sourced) error { kind.to[s.source] = s.id; return nil })
			if err != nil {
				return ids, err
			}
		}
	}
	return ids, nil
}

type sourced struct {
	id     int64
	source string
}

const (
	selectStudentIDsBySource = `select id, source_id from student where source_id in `
	selectContactIDsBySource = `select id, source_id from contact where source_id in `
)
