package family

import (
	"database/sql"
)

const (
	selectLoginOfStudent = `select account_id from student_login where student_id = $1`

	// Who asked is not the student's data: what was typed may be another's name.
	selectRequestsAbout = `select created_at, purpose, outcome from registration_request
where student_id = $1
order by created_at desc, id desc
limit $2`

	selectRequestsOf = `select created_at, purpose, outcome, username, id_number, first_name, last_name from registration_request
where contact_id = $1
order by created_at desc, id desc
limit $2`

	selectMailsTo = `select created_at, payload, state from job
where contact_id = $1 and kind = $2
order by created_at desc, id desc
limit $3`
)

// scanTexts reads a row of so many columns of text, of which one is a stored time.
func scanTexts(columns, timeAt int) func(r *sql.Rows) ([]string, error) {
	return func(r *sql.Rows) ([]string, error) {
		row, to := make([]string, columns), make([]any, columns)
		for i := range row {
			to[i] = &row[i]
		}
		var at int64
		to[timeAt] = &at
		err := r.Scan(to...)
		row[timeAt] = stamp(moment(at))
		return row, err
	}
}
