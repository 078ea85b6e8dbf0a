package roster

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// The time of leaving is when the record was last changed: it is noted soon after that.
	stampLeaving = `update student set left_at = updated_at
where id in (select id from student where status <> 'enrolled' and left_at is null order by id limit $1)`

	clearReturned = `update student set left_at = null
where id in (select id from student where left_at is not null and status = 'enrolled' order by left_at, id limit $1)`

	selectLeftStudents = `select id from student
where left_at < $1 and status <> 'enrolled'
order by left_at, id
limit $2`

	removedMark = `',' || l.local_fields || ',' like '%,ended,%'`

	selectEndedLines = `select l.id from student_contact l
where l.ended_at < $1 and l.restricted <> 'yes' and not (` + removedMark + `)
order by l.ended_at, l.id
limit $2`

	selectLeftContacts = `select c.id from contact c
where c.left_at < $1 and not exists (select 1 from student_contact l
  where l.contact_id = c.id and (l.restricted = 'yes' or ` + removedMark + `))
order by c.left_at, c.id
limit $2`

	// The list of ids follows these.
	linesOfStudentsIn = `select id, student_id, contact_id from student_contact where student_id in (`
	linesOfContactsIn = `select id, student_id, contact_id from student_contact where contact_id in (`
	linesByIDIn       = `select id, student_id, contact_id from student_contact where id in (`

	deleteStudentsIn = `delete from student where id in (`
	deleteLinesIn    = `delete from student_contact where id in (`
	deleteContactsIn = `delete from contact where id in (`
	deleteLooseIn    = `delete from contact
where not exists (select 1 from student_contact l where l.contact_id = contact.id) and id in (`
)

func linesGoing(ctx context.Context, tx *sqldb.Tx, query string, ids []int64) ([]GoneLine, error) {
	var all []GoneLine
	err := eachChunk(ids, func(in string, args []any) error {
		some, err := sqldb.All(ctx, tx, func(r *sql.Rows) (g GoneLine, err error) {
			return g, r.Scan(&g.LineID, &g.StudentID, &g.ContactID)
		}, query+in+")", args...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// deleteIn returns how many rows went.
func deleteIn(ctx context.Context, tx *sqldb.Tx, query string, ids []int64) (total int64, err error) {
	err = eachChunk(ids, func(in string, args []any) error {
		n, err := tx.Exec(ctx, query+in+")", args...)
		total += n
		return err
	})
	return total, err
}
