package family

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// The lists of ids follow these.
	selectHomerooms = `select id, homeroom from student where id in (`

	selectMailStates = `select contact_id, state from job where kind = 'mail' and contact_id in (`

	// Lines that are alike in all that decides about them, counted. What an ended line or a student who left says is of no interest.
	countLinesAlike = `select coalesce(s.school_id, 0), l.relationship, l.portal_access, l.file_portal_access, l.restricted, l.begin_date, l.end_date,
c.left_at is not null, coalesce(a.state, ''), coalesce(a.last_sign_in_at, 0) >= $1, count(*)
from student s
join student_contact l on l.student_id = s.id
join contact c on c.id = l.contact_id
left join account_contact h on h.contact_id = l.contact_id
left join account a on a.id = h.account_id
where s.status = 'enrolled' and l.ended_at is null
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10`

	// The mails that were refused are few. Those after which another one went out do not count.
	selectRefusedLines = `select distinct l.id, coalesce(s.school_id, 0), l.relationship, l.portal_access, l.file_portal_access, l.restricted, l.begin_date,
l.end_date, c.left_at is not null
from job j
join contact c on c.id = j.contact_id
join student_contact l on l.contact_id = c.id
join student s on s.id = l.student_id
left join account_contact h on h.contact_id = c.id
left join account a on a.id = h.account_id
where j.kind = 'mail' and j.state = 'failed' and s.status = 'enrolled' and l.ended_at is null and coalesce(a.state, 'waiting') = 'waiting'
  and not exists (select 1 from job n where n.contact_id = j.contact_id and n.kind = 'mail' and (n.created_at, n.id) > (j.created_at, j.id))`
)

func homerooms(ctx context.Context, tx *sqldb.Tx, students []int64) (map[int64]string, error) {
	found := make(map[int64]string, len(students))
	err := inChunks(students, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var id int64
			var room string
			err := r.Scan(&id, &room)
			found[id] = room
			return err
		}, selectHomerooms+list+")", args...)
	})
	return found, err
}

// refusedMail says to whom of the contacts the newest mail failed.
func refusedMail(ctx context.Context, tx *sqldb.Tx, contacts []int64) (map[int64]bool, error) {
	found := map[int64]bool{}
	err := inChunks(contacts, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var contact int64
			var state jobs.State
			err := r.Scan(&contact, &state)
			found[contact] = state == jobs.Failed
			return err
		}, selectMailStates+list+") order by contact_id, created_at, id", args...)
	})
	return found, err
}

// alike is a number of lines for which the rule says the same.
type alike struct {
	line        roster.Line
	contactLeft bool
	school      int64
	state       account.State
	recent      bool // signed in since
	count       int
}

func scanAlike(r *sql.Rows) (alike, error) {
	var a alike
	err := r.Scan(&a.school, &a.line.Relationship, &a.line.PortalAccess, &a.line.FilePortalAccess, &a.line.Restricted, &a.line.BeginDate, &a.line.EndDate,
		&a.contactLeft, &a.state, &a.recent, &a.count)
	return a, err
}

func scanRefused(r *sql.Rows) (alike, error) {
	a := alike{count: 1}
	err := r.Scan(&a.line.ID, &a.school, &a.line.Relationship, &a.line.PortalAccess, &a.line.FilePortalAccess, &a.line.Restricted, &a.line.BeginDate,
		&a.line.EndDate, &a.contactLeft)
	return a, err
}
