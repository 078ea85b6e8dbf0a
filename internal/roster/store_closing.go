package roster

import (
	"database/sql"
	"time"
)

const (
	selectClosings = `select school_id, what, at, by_name, why, message from closing `

	upsertClosing = `insert into closing (school_id, what, at, by_name, why, message) values ($1, $2, $3, $4, $5, $6)
on conflict (school_id, what) do update set why = excluded.why, message = excluded.message`

	deleteClosing = `delete from closing where school_id = $1 and what = $2`

	insertClosings = `insert into closing (school_id, what, at, by_name, why, message) values `

	closingsUnlessClosed = ` on conflict (school_id, what) do nothing`

	insertQuestions = `insert into custody_question (school_id, asked_at) values `

	questionsReturning = ` on conflict (school_id) do nothing returning school_id`

	selectOpenQuestions = `select school_id from custody_question where answered_at is null order by school_id`

	selectAnswered = `select answered_at is not null from custody_question where school_id = $1`

	updateAnswered = `update custody_question set answered_at = $2, answered_by = $3 where school_id = $1 and answered_at is null`

	// $2 becomes the school's own placeholder.
	selectUnclaimed = `select s.school_id, l.contact_id, l.relationship, l.portal_access, l.file_portal_access, l.restricted, l.begin_date, l.end_date,
l.grace_until, l.ended_at is not null as ended, c.left_at is not null as contact_left, s.status
from student s
join student_contact l on l.student_id = s.id
join contact c on c.id = l.contact_id
where s.school_id = $2 and c.email_key <> ''
  and not exists (select 1 from account_contact h where h.contact_id = l.contact_id)
limit $1`

	closingOfNoSchool = `select 'closing ' || c.what || ' of school ' || c.school_id as broken
from closing c left join school o on o.id = c.school_id
where c.school_id <> 0 and o.id is null`
)

func scanClosing(r *sql.Rows) (c Closing, err error) {
	var at int64
	err = r.Scan(&c.School, &c.Gate, &at, &c.By, &c.Why, &c.Message)
	c.At = time.UnixMicro(at).UTC()
	return c, err
}

func scanUnclaimed(r *sql.Rows) (l FullLine, err error) {
	err = r.Scan(&l.Student.SchoolID, &l.ContactID, &l.Relationship, &l.PortalAccess, &l.FilePortalAccess, &l.Restricted, &l.BeginDate, &l.EndDate,
		&l.GraceUntil, &l.Ended, &l.Contact.Left, &l.Student.Status)
	return l, err
}
