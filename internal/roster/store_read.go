package roster

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	linesByChild = `
order by s.sort_key, s.id, l.position, l.id`

	selectLinesOfID = selectFullLine + `
where s.id_key = $1 and s.id_key <> ''` + linesByChild

	selectLinesOfStudent = selectFullLine + `
where l.student_id = $1
order by l.position, l.id`

	selectContactsByEmail = selectContact + `
where c.email_key = $1 and c.email_key <> ''
order by c.id`

	countStudentsByEmail = `select count(*) from (select 1 from student where email_key = $1 and email_key <> '' limit 1) s`

	selectSchools = `select ` + schoolColumns + `
from school o
order by o.sort_key, o.id`

	selectOtherChildren = `select l.contact_id, coalesce(s.school_id, 0), count(*)
from student_contact l join student s on s.id = l.student_id
where l.contact_id in (select contact_id from student_contact where student_id = $1) and l.student_id <> $1 and l.ended_at is null
group by l.contact_id, s.school_id`

	selectSchoolOfStudent = `select coalesce(school_id, 0) from student where id = $1`

	selectSchoolOfLine = `select coalesce(s.school_id, 0) from student_contact l join student s on s.id = l.student_id where l.id = $1`

	selectSchoolsOfContact = `select distinct coalesce(s.school_id, 0)
from student_contact l join student s on s.id = l.student_id
where l.contact_id = $1`

	selectLinesOrder = selectLine + `
where l.student_id = $1
order by l.position, l.id`

	selectLineOfPair = selectLine + `
where l.student_id = $1 and l.contact_id = $2`

	selectLineIDsOfStudent = `select id from student_contact where student_id = $1 order by id`

	selectLastPosition = `select coalesce(max(position), -1) from student_contact where student_id = $1`

	countLinesOfContact = `select count(*) from student_contact where contact_id = $1`

	deleteLine = `delete from student_contact where id = $1 and version = $2`

	deleteContact = `delete from contact where id = $1`
)

// chunk bounds how many ids one statement names.
const chunk = 500

// eachList calls fn with at most chunk of the values at a time and a list of placeholders for them, which come behind so many others. The number of
// placeholders is a power of two (the last value is repeated), so that there are few statement texts.
func eachList[T cmp.Ordered](values []T, before int, fn func(in string, args []any) error) error {
	values = slices.Clone(values)
	slices.Sort(values)
	for part := range slices.Chunk(slices.Compact(values), chunk) {
		n := 1
		for n < len(part) {
			n *= 2
		}
		n = min(n, chunk)
		args := make([]any, n)
		var b strings.Builder
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
			if i > 0 {
				b.WriteString(", ")
			}
			placeholder(&b, before+i+1)
		}
		if err := fn(b.String(), args); err != nil {
			return err
		}
	}
	return nil
}

// eachChunk is eachList for ids alone.
func eachChunk(ids []int64, fn func(in string, args []any) error) error { return eachList(ids, 0, fn) }

func placeholder(b *strings.Builder, n int) {
	b.WriteByte('$')
	b.WriteString(strconv.Itoa(n))
}

func linesIn(ctx context.Context, tx *sqldb.Tx, column string, ids []int64, order string) ([]FullLine, error) {
	var all []FullLine
	err := eachChunk(ids, func(in string, args []any) error {
		lines, err := sqldb.All(ctx, tx, scanFullLine, selectFullLine+"\nwhere "+column+" in ("+in+")"+order, args...)
		all = append(all, lines...)
		return err
	})
	return all, err
}

// LinesOfID returns all lines of the students whose ID Number has the key (lang.IDKey), student by student. The empty key is nobody's.
func (r *Roster) LinesOfID(ctx context.Context, tx *sqldb.Tx, idKey string) ([]FullLine, error) {
	return sqldb.All(ctx, tx, scanFullLine, selectLinesOfID, idKey)
}

// LinesOfContacts returns all lines of the given contacts, by child's name.
func (r *Roster) LinesOfContacts(ctx context.Context, tx *sqldb.Tx, contacts []int64) ([]FullLine, error) {
	lines, err := linesIn(ctx, tx, "l.contact_id", contacts, linesByChild)
	if len(contacts) > chunk { // each chunk is in order, the whole is not
		slices.SortStableFunc(lines, func(a, b FullLine) int {
			return strings.Compare(namesOfStudent(&a.Student).sortKey(), namesOfStudent(&b.Student).sortKey())
		})
	}
	return lines, err
}

// LinesOfStudent returns all lines of a student in their order, those that have ended among them.
func (r *Roster) LinesOfStudent(ctx context.Context, tx *sqldb.Tx, student int64) ([]FullLine, error) {
	return sqldb.All(ctx, tx, scanFullLine, selectLinesOfStudent, student)
}

// Lines returns the lines with the given ids, in the order of the ids' numbers; those that do not exist are left out.
func (r *Roster) Lines(ctx context.Context, tx *sqldb.Tx, ids []int64) ([]FullLine, error) {
	return linesIn(ctx, tx, "l.id", ids, "\norder by l.id")
}

// ContactsByEmail returns the contacts with that address (lang.EmailKey). The empty key is nobody's.
func (r *Roster) ContactsByEmail(ctx context.Context, tx *sqldb.Tx, emailKey string) ([]Contact, error) {
	return sqldb.All(ctx, tx, scanContact, selectContactsByEmail, emailKey)
}

// StudentHasEmail reports whether the address is on record for any student.
func (r *Roster) StudentHasEmail(ctx context.Context, tx *sqldb.Tx, emailKey string) (bool, error) {
	n, err := sqldb.Value[int64](ctx, tx, countStudentsByEmail, emailKey)
	return n > 0, err
}

// Contact returns a contact. It returns fault.NotFound for none.
func (r *Roster) Contact(ctx context.Context, tx *sqldb.Tx, id int64) (Contact, error) {
	return sqldb.One(ctx, tx, scanContact, selectContact+"\nwhere c.id = $1", id)
}

// Contacts returns the contacts with the given ids; those that do not exist are left out.
func (r *Roster) Contacts(ctx context.Context, tx *sqldb.Tx, ids []int64) ([]Contact, error) {
	var all []Contact
	err := eachChunk(ids, func(in string, args []any) error {
		found, err := sqldb.All(ctx, tx, scanContact, selectContact+"\nwhere c.id in ("+in+")", args...)
		all = append(all, found...)
		return err
	})
	return all, err
}

// Student returns a student. It returns fault.NotFound for none.
func (r *Roster) Student(ctx context.Context, tx *sqldb.Tx, id int64) (Student, error) {
	return sqldb.One(ctx, tx, scanStudent, selectStudent+"\nwhere s.id = $1", id)
}

// line returns a line. It returns fault.NotFound for none.
func (r *Roster) line(ctx context.Context, tx *sqldb.Tx, id int64) (Line, error) {
	return sqldb.One(ctx, tx, scanLine, selectLine+"\nwhere l.id = $1", id)
}

// school returns a school. It returns fault.NotFound for none.
func (r *Roster) school(ctx context.Context, tx *sqldb.Tx, id int64) (School, error) {
	return sqldb.One(ctx, tx, scanSchool, `select `+schoolColumns+` from school o where o.id = $1`, id)
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
