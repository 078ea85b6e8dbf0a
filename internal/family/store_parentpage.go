package family

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// The lists of ids follow these. A line that staff took off stands in no list.
	selectListedOfStudents = `select ` + lineColumns + `, '', '', n.child_sort
from student_contact l
join line_name n on n.line_id = l.id and n.pos = 0
` + lineJoins + `
where l.student_id in (`

	selectStudentLogins = `select t.student_id, s.first_name, s.last_name, a.username, a.state, t.made_at, c.first_name, c.last_name, coalesce(a.last_sign_in_at, 0)
from student_login t
join student s on s.id = t.student_id
join account a on a.id = t.account_id
join contact c on c.id = t.maker_contact_id
where t.student_id in (`

	// Of several thousand requests for one child, somebody's guesses, the newest few count.
	selectRequestsOfStudents = requestColumns + `
join (select n.id from registration_request n where n.student_id in (`

	newestOfStudents = `) order by n.created_at desc, n.id desc limit 50) q on q.id = r.id`

	selectMailsOf = `select id, payload, state, attempts, last_error, created_at, run_at, coalesce(ended_at, 0), expired from job
where contact_id = $1 and kind = 'mail'
order by created_at desc
limit $2`

	selectBulkNotes = `select r.bulk_id, b.act, coalesce(b.ended_at, b.begun_at, b.asked_at), r.outcome
from bulk_row r join bulk b on b.id = r.bulk_id
where r.contact_id = $1 and r.outcome <> '' and b.state in ('running', 'done', 'stopped')
order by r.bulk_id desc
limit $2`

	selectRequestsOfContact = requestColumns + `
where r.contact_id = $1
order by r.created_at desc, r.id desc
limit $2`
)

func studentLogins(ctx context.Context, tx *sqldb.Tx, students []int64) ([]StudentLoginRow, error) {
	var all []StudentLoginRow
	err := inChunks(students, 1, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, func(r *sql.Rows) (s StudentLoginRow, err error) {
			var made, last int64
			err = r.Scan(&s.StudentID, &s.First, &s.Last, &s.Username, (*string)(&s.State), &made, &s.MakerFirst, &s.MakerLast, &last)
			s.Made, s.LastSignIn = moment(made), moment(last)
			return s, err
		}, selectStudentLogins+list+") order by s.sort_key, s.id", args...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// newestMails returns the newest mails to a contact.
func newestMails(ctx context.Context, tx *sqldb.Tx, contact int64) ([]Mail, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (m Mail, err error) {
		var payload string
		var at, run, ended int64
		j := jobs.Job{}
		if err := r.Scan(&m.ID, &payload, &j.State, &m.Attempts, &m.Error, &at, &run, &ended, &j.Expired); err != nil {
			return m, err
		}
		m.State, m.Standing = j.State, j.Standing()
		m.ContactID, m.At, m.RunAt, m.Ended = contact, moment(at), moment(run), moment(ended)
		m.MayRetry = m.State == jobs.Failed || m.State == jobs.Stopped
		var order mailPayload
		err = json.Unmarshal([]byte(payload), &order)
		m.Template = order.Template
		return m, err
	}, selectMailsOf, contact, mailsOfParent)
}

func bulkNotes(ctx context.Context, tx *sqldb.Tx, contact int64) ([]BulkNote, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (n BulkNote, err error) {
		var at int64
		err = r.Scan(&n.BulkID, (*string)(&n.Act), &at, &n.Outcome)
		n.At = moment(at)
		return n, err
	}, selectBulkNotes, contact, bulksOfParent)
}

// requestsOf returns the newest requests that found the contact, and the newest that found one of the students.
func requestsOf(ctx context.Context, tx *sqldb.Tx, contact int64, students []int64) ([]Request, error) {
	all, err := sqldb.All(ctx, tx, scanRequest, selectRequestsOfContact, contact, requestsOfParent)
	if err != nil || len(students) == 0 {
		return all, err
	}
	err = inChunks(students, 1, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, scanRequest, selectRequestsOfStudents+list+newestOfStudents, args...)
		all = append(all, some...)
		return err
	})
	return all, err
}
