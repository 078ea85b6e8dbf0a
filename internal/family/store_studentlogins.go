package family

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectSwitchOfAccount = `select coalesce(o.student_logins, '')
from student_login t
join student s on s.id = t.student_id
left join school o on o.id = s.school_id
where t.account_id = $1`

	selectSwitchOfStudent = `select coalesce(o.student_logins, '')
from student s
left join school o on o.id = s.school_id
where s.id = $1`

	studentLoginColumns = `t.student_id, t.account_id, t.maker_contact_id, s.first_name, s.last_name, s.id_number, s.grade, coalesce(s.school_id, 0),
coalesce(o.name, ''), coalesce(o.student_logins, ''), a.username, a.state, a.state_reason, a.password_hash is null, coalesce(a.last_sign_in_at, 0),
c.first_name, c.last_name`

	studentLoginJoins = `join student s on s.id = t.student_id
join account a on a.id = t.account_id
join contact c on c.id = t.maker_contact_id
left join school o on o.id = s.school_id`

	// The list of ids follows.
	selectListedLogins = `select '', '', ` + studentLoginColumns + `
from student_login t
` + studentLoginJoins + `
where t.student_id in (`

	selectStudentLoginsOfPage = `
select p.word, p.sort_key, ` + studentLoginColumns + `
from page p
join student_login t on t.student_id = p.student_id
` + studentLoginJoins + `
order by p.word, p.sort_key, p.student_id`

	selectEndOfPage = `
select p.word, p.sort_key, p.student_id, (select count(*) from page)
from page p
order by p.word desc, p.sort_key desc, p.student_id desc
limit 1`
)

// Students along their names: one page looks at so many of them for logins.
var (
	studentsByWord = roster.List{
		Columns: "n.word, n.sort_key, n.student_id", Names: "word, sort_key, student_id", Table: "student_word",
		Where: "n.word >= $1 and n.word < $2 and (n.word, n.sort_key, n.student_id) > ($3, $4, $5)", Order: "n.word, n.sort_key, n.student_id", Limit: "$6",
	}
	studentsByName = roster.List{
		Columns: "'' as word, n.sort_key, n.id as student_id", Names: "word, sort_key, student_id", Table: "student",
		Where: "n.sort_key >= $1 and n.sort_key < $2 and (n.sort_key, n.id) > ($3, $4)", Order: "n.sort_key, n.id", Limit: "$5",
	}
)

// studentPlace is a place in the list of student logins.
type studentPlace struct {
	Word, Sort string
	ID         int64
}

// span is what the list goes through: words, or names.
type span struct {
	words    bool
	from, to string
}

// page returns the beginning of a query that knows the next students of the span as page.
func (s span) page(at access.Schools, after studentPlace, limit int) (string, []any) {
	l, args := studentsByName, []any{s.from, s.to, after.Sort, after.ID, limit}
	if s.words {
		l, args = studentsByWord, []any{s.from, s.to, after.Word, after.Sort, after.ID, limit}
	}
	query, schools := l.At(at, len(args)+1)
	return "with page as (\n" + query + "\n)", append(args, schools...)
}

func (s span) logins(ctx context.Context, tx *sqldb.Tx, at access.Schools, after studentPlace, limit int) ([]ListedStudentLogin, error) {
	query, args := s.page(at, after, limit)
	return sqldb.All(ctx, tx, scanStudentLogin, query+selectStudentLoginsOfPage, args...)
}

// end returns the last place of the page and how many students it has.
func (s span) end(ctx context.Context, tx *sqldb.Tx, at access.Schools, after studentPlace, limit int) (p studentPlace, n int, err error) {
	query, args := s.page(at, after, limit)
	err = sqldb.Each(ctx, tx, func(r *sql.Rows) error { return r.Scan(&p.Word, &p.Sort, &p.ID, &n) }, query+selectEndOfPage, args...)
	return p, n, err
}

func scanStudentLogin(r *sql.Rows) (ListedStudentLogin, error) {
	var l ListedStudentLogin
	var state account.State
	var noPassword bool
	var used int64
	err := r.Scan(&l.at.Word, &l.at.Sort, &l.StudentID, &l.account, &l.MakerID, &l.First, &l.Last, &l.IDNumber, &l.Grade, &l.school, &l.School, &l.schoolSays,
		&l.Username, &state, &l.Reason, &noPassword, &used, &l.MakerFirst, &l.MakerLast)
	l.at.ID = l.StudentID
	l.LastUsed = moment(used)
	switch {
	case state == account.Disabled:
		l.State = StudentLocked
	case noPassword:
		l.State = StudentNoPassword
	default:
		l.State = StudentOpen
	}
	return l, err
}
