package roster

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	studentsAfter = selectStudent + `
where s.id > $1
order by s.id
limit $2`

	contactsAfter = selectContact + `
where c.id > $1
order by c.id
limit $2`

	// The list of keys follows it.
	contactsWithEmails = selectContact + `
where c.left_at is null and c.email_key <> '' and c.email_key in `
)

// StudentsAfter returns students in the order of their ids, for walks over all records.
func (r *Roster) StudentsAfter(ctx context.Context, tx *sqldb.Tx, after int64, limit int) ([]Student, error) {
	return sqldb.All(ctx, tx, scanStudent, studentsAfter, after, limit)
}

// ContactsAfter is StudentsAfter for contacts, those who left among them.
func (r *Roster) ContactsAfter(ctx context.Context, tx *sqldb.Tx, after int64, limit int) ([]Contact, error) {
	return sqldb.All(ctx, tx, scanContact, contactsAfter, after, limit)
}

// StudentsByID returns the students with the given ids; those that do not exist are left out.
func (r *Roster) StudentsByID(ctx context.Context, tx *sqldb.Tx, ids []int64) (map[int64]Student, error) {
	found := map[int64]Student{}
	return found, handID(ctx, tx, ids, selectStudent+"\nwhere s.id in ", scanStudent, func(s Student) error { found[s.ID] = s; return nil })
}

// LinesOfStudents returns all lines of the given students, each student's in their order.
func (r *Roster) LinesOfStudents(ctx context.Context, tx *sqldb.Tx, students []int64) ([]FullLine, error) {
	return linesIn(ctx, tx, "l.student_id", students, "\norder by l.student_id, l.position, l.id")
}

// ContactsWithEmails returns the contacts on record who have one of the addresses (lang.EmailKey); "" is nobody's.
func (r *Roster) ContactsWithEmails(ctx context.Context, tx *sqldb.Tx, keys []string) ([]Contact, error) {
	return withKeys(ctx, tx, keys, contactsWithEmails, scanContact, func(a, b Contact) int { return cmp.Compare(a.ID, b.ID) })
}

const (
	emailsOfStudents = `select distinct email_key from student where email_key <> '' and email_key in `

	// Numbers that several students have who are enrolled.
	numbersTwice = `select id_key from student
where id_key <> '' and status = 'enrolled' and id_key in `
	twice = ` group by id_key having count(*) > 1`

	studentsWithNumbers = selectStudent + `
where s.id_key <> '' and s.status = 'enrolled' and s.id_key in `
)

// EmailsOfStudents returns which of the addresses (lang.EmailKey) are on record for a student.
func (r *Roster) EmailsOfStudents(ctx context.Context, tx *sqldb.Tx, keys []string) (map[string]bool, error) {
	return textsAmong(ctx, tx, keys, emailsOfStudents, "")
}

// NumbersTwice returns which of the ID Numbers (lang.IDKey) several enrolled students have.
func (r *Roster) NumbersTwice(ctx context.Context, tx *sqldb.Tx, keys []string) (map[string]bool, error) {
	return textsAmong(ctx, tx, keys, numbersTwice, twice)
}

// StudentsWithNumbers returns the enrolled students who have one of the ID Numbers (lang.IDKey).
func (r *Roster) StudentsWithNumbers(ctx context.Context, tx *sqldb.Tx, keys []string) ([]Student, error) {
	return withKeys(ctx, tx, keys, studentsWithNumbers, scanStudent, compareStudents)
}

// textsAmong asks a query that ends in a list of texts, and answers with texts.
func textsAmong(ctx context.Context, tx *sqldb.Tx, keys []string, query, end string) (map[string]bool, error) {
	found := map[string]bool{}
	return found, eachSourceAfter(ctx, tx, keys, query, end, nil, func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		found[text] = true
		return err
	})
}

const studentsWithEmails = selectStudent + `
where s.email_key <> '' and s.email_key in `

// StudentsWithEmails returns the students who have one of the addresses (lang.EmailKey).
func (r *Roster) StudentsWithEmails(ctx context.Context, tx *sqldb.Tx, keys []string) ([]Student, error) {
	return withKeys(ctx, tx, keys, studentsWithEmails, scanStudent, compareStudents)
}

func compareStudents(a, b Student) int { return cmp.Compare(a.ID, b.ID) }

// withKeys reads the records that have one of the keys, by their ids.
func withKeys[T any](ctx context.Context, tx *sqldb.Tx, keys []string, query string, scan func(*sql.Rows) (T, error), order func(a, b T) int) (all []T, err error) {
	err = handSource(ctx, tx, keys, query, scan, func(v T) error { all = append(all, v); return nil })
	slices.SortFunc(all, order)
	return all, err
}
