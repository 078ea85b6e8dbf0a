package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// The lists of ids follow these.
	selectHolders = `select l.id, l.contact_id, coalesce(h.account_id, 0)
from student_contact l
left join account_contact h on h.contact_id = l.contact_id
where l.id in (`

	selectLines = `select ` + lineColumns + `, '', '', ''
from student_contact l
` + lineJoins + `
where l.id in (`

	selectLinesOfAccounts = `select ` + lineColumns + `, '', '', s.sort_key
from account_contact g
join student_contact l on l.contact_id = g.contact_id
` + lineJoins + `
where g.account_id in (`

	selectLinesOfStudents = `select ` + lineColumns + `, '', '', ''
from student_contact l
` + lineJoins + `
where l.student_id in (`

	madeColumns = `select t.student_id, t.account_id, t.maker_contact_id, a.username, s.first_name, s.last_name
from student_login t
join account a on a.id = t.account_id
join student s on s.id = t.student_id
`

	selectMadeByContacts = madeColumns + `where t.maker_contact_id in (`

	selectMadeForStudents = madeColumns + `where t.student_id in (`

	deleteClosedLines = `delete from closed_line where line_id in (`

	// Of lines whose restriction was lifted, those that would open at once on a login that is there. The list of lines follows.
	closeLiftedIn = `insert into closed_line (line_id, closed_at, why)
select l.id, cast($1 as bigint), 'restriction' from student_contact l join account_contact h on h.contact_id = l.contact_id
where l.restricted <> 'yes' and l.id in (`
	onceClosed = `) on conflict (line_id) do update set why = excluded.why`

	insertClosedLine = `insert into closed_line (line_id, closed_at) values ($1, $2) on conflict (line_id) do nothing`

	selectLiftedOfStudent = `select x.line_id from closed_line x join student_contact l on l.id = x.line_id
where l.student_id = $1 and x.why = 'restriction'`

	countLifted = `select count(*) from closed_line where line_id = $1 and why = 'restriction'`

	passStudentLogin = `update student_login set maker_contact_id = $2 where student_id = $1 and account_id = $3`

	insertReservation = `insert into reserved_username (kind, username_key, contact_id, until) values ($1, $2, $3, $4)
on conflict (kind, username_key) do update set contact_id = excluded.contact_id, until = excluded.until`
)

// held says which account holds the contact of a line, 0 for none.
type held struct{ line, contact, account int64 }

func holders(ctx context.Context, tx *sqldb.Tx, lines []int64) (map[int64]held, error) {
	found := make(map[int64]held, len(lines))
	err := inChunks(lines, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var h held
			err := r.Scan(&h.line, &h.contact, &h.account)
			found[h.line] = h
			return err
		}, selectHolders+list+")", args...)
	})
	return found, err
}

// loginLines reads lines by one of the queries above.
func loginLines(ctx context.Context, tx *sqldb.Tx, rule roster.Rule, query string, ids []int64) ([]*loginLine, error) {
	var all []*loginLine
	err := inChunks(ids, 1, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, scanLoginLine(rule), query+list+")", args...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// madeLogin is a student login with its maker.
type madeLogin struct {
	student, account, maker int64
	username                string
	first, last             string
}

func madeLogins(ctx context.Context, tx *sqldb.Tx, query string, ids []int64) ([]madeLogin, error) {
	var all []madeLogin
	err := inChunks(ids, 1, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, scanMade, query+list+")", args...)
		all = append(all, some...)
		return err
	})
	return all, err
}

func scanMade(r *sql.Rows) (m madeLogin, err error) {
	return m, r.Scan(&m.student, &m.account, &m.maker, &m.username, &m.first, &m.last)
}

// closeLifted keeps lines closed whose restriction was lifted, on logins that are there: staff open them.
func closeLifted(ctx context.Context, tx *sqldb.Tx, lines []int64, at time.Time) error {
	return inChunks(lines, 2, func(list string, args []any) error {
		_, err := tx.Exec(ctx, closeLiftedIn+list+onceClosed, append([]any{at.UnixMicro()}, args...)...)
		return err
	})
}

func closeLine(ctx context.Context, tx *sqldb.Tx, line int64, at time.Time) error {
	_, err := tx.Exec(ctx, insertClosedLine, line, at.UnixMicro())
	return err
}

// forgetClosed takes the marks of earlier resets off lines whose login is gone.
func forgetClosed(ctx context.Context, tx *sqldb.Tx, lines []int64) error {
	return inChunks(lines, 1, func(list string, args []any) error {
		_, err := tx.Exec(ctx, deleteClosedLines+list+")", args...)
		return err
	})
}

// passLogin makes the contact the maker of a student login.
func passLogin(ctx context.Context, tx *sqldb.Tx, m madeLogin, contact int64) error {
	_, err := tx.Exec(ctx, passStudentLogin, m.student, contact, m.account)
	return err
}

// reserve keeps a username for a contact.
func reserve(ctx context.Context, tx *sqldb.Tx, kind access.Kind, key string, contact int64, until time.Time) error {
	_, err := tx.Exec(ctx, insertReservation, string(kind), key, contact, until.UnixMicro())
	return err
}
