package family

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// The lists of ids follow these.
	selectHomerooms = `select id, homeroom from student where id in (`

	selectMailStates = `select contact_id, state from job where kind = 'mail' and contact_id in (`

	// The lines that may be opened, whose login is not disabled. The condition of the rule follows.
	countLines = `select coalesce(s.school_id, 0), count(*), sum(case when a.id is null then 1 else 0 end),
sum(case when a.state = 'waiting' then 1 else 0 end),
sum(case when a.state = 'active' and coalesce(a.last_sign_in_at, 0) < $1 then 1 else 0 end)
from student s
join student_contact l on l.student_id = s.id
join contact c on c.id = l.contact_id
left join account_contact h on h.contact_id = l.contact_id
left join account a on a.id = h.account_id
where coalesce(a.state, '') <> 'disabled'
  and `

	// The mails that were refused are few. Those after which another one went out do not count. The condition of the rule follows.
	countRefusedLines = `select coalesce(s.school_id, 0), count(distinct l.id)
from job j
join contact c on c.id = j.contact_id
join student_contact l on l.contact_id = c.id
join student s on s.id = l.student_id
left join account_contact h on h.contact_id = c.id
left join account a on a.id = h.account_id
where j.kind = 'mail' and j.state = 'failed' and coalesce(a.state, 'waiting') = 'waiting'
  and not exists (select 1 from job n where n.contact_id = j.contact_id and n.kind = 'mail' and (n.created_at, n.id) > (j.created_at, j.id))
  and `
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

// countMissing counts all lines that may be opened, school by school.
func countMissing(ctx context.Context, tx *sqldb.Tx, rule roster.Rule, since int64) (map[int64]MissingCount, error) {
	all := map[int64]MissingCount{}
	where, args := rule.Where(2)
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var c MissingCount
		err := r.Scan(&c.School, &c.All, &c.Never, &c.Waiting, &c.Since)
		c.Come = c.All - c.Never - c.Waiting - c.Since
		all[c.School] = c
		return err
	}, countLines+where+"\ngroup by s.school_id", append([]any{since}, args...)...)
	if err != nil {
		return nil, err
	}
	where, args = rule.Where(1)
	err = sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var school int64
		var refused int
		err := r.Scan(&school, &refused)
		c := all[school]
		c.Refused = refused
		all[school] = c
		return err
	}, countRefusedLines+where+"\ngroup by s.school_id", args...)
	return all, err
}
