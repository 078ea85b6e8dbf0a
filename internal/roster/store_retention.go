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

	// What ended before $1, at most $2 rows.
	deleteEndedEnrolments = `delete from enrolment
where id in (select id from enrolment where ended_at < $1 order by ended_at limit $2)`
	deleteEndedClasses = `delete from class where id in (select id from class where ended_at < $1 order by ended_at limit $2)`
	deleteEndedCourses = `delete from course where id in (select c.id from course c where c.ended_at < $1
and not exists (select 1 from class k where k.course_id = c.id) order by c.ended_at limit $2)`
	deletePastTerms = `delete from term where id in (select t.id from term t where t.end_date < $1
and not exists (select 1 from class_term x where x.term_id = t.id) order by t.end_date, t.id limit $2)`
	deleteIdleTeachers = `delete from teacher where id in (select t.id from teacher t where t.updated_at < $1
and not exists (select 1 from enrolment e where e.teacher_id = t.id) order by t.updated_at, t.id limit $2)`

	deleteLooseIn = `delete from contact
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
