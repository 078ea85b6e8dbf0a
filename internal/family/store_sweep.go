package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	deleteReservations = `delete from reserved_username where until <= $1`

	deleteRequests = `delete from registration_request where id in (
select id from registration_request where created_at < $1 order by created_at, id limit 500)`

	// The lines on which student logins rest.
	selectMakersLines = `select ` + lineColumns + `, '', '', ''
from student_login t
join student_contact l on l.student_id = t.student_id and l.contact_id = t.maker_contact_id
` + lineJoins + `
where t.student_id > $1
order by t.student_id
limit 500`

	// Accounts whose person is no longer on record.
	selectOrphans = `select a.id
from account a
where a.id > $1 and (a.kind = 'parent' and not exists (select 1 from account_contact h where h.account_id = a.id)
  or a.kind = 'student' and not exists (select 1 from student_login t where t.account_id = a.id))
order by a.id
limit 500`
)

func orphans(ctx context.Context, tx *sqldb.Tx, after int64) ([]int64, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }, selectOrphans, after)
}

// forgetReservations and forgetRequests report how much they deleted.
func forgetReservations(ctx context.Context, tx *sqldb.Tx, now time.Time) (int64, error) {
	return tx.Exec(ctx, deleteReservations, now.UnixMicro())
}

func forgetRequests(ctx context.Context, tx *sqldb.Tx, before time.Time) (int64, error) {
	return tx.Exec(ctx, deleteRequests, before.UnixMicro())
}
