package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	deleteHolds = `delete from account_contact where contact_id in ($1, $2)`

	passHolds = `update account_contact set account_id = $1 where account_id = $2`

	studentsOfMaker = `select student_id from student_login where maker_contact_id = $1`

	giveReservations = `update reserved_username set contact_id = $1 where contact_id = $2`

	// The list of ids follows it.
	giveMakers = `update student_login set maker_contact_id = $1 where student_id in (`

	// A doubt that a parent has of both records stays where it is.
	selectNewcomersToMove = `select n.id from newcomer n
where n.contact_id = $1 and not exists (select 1 from newcomer k
  where k.student_id = n.student_id and k.contact_id = $2 and k.doubted_by = n.doubted_by and k.how = 'doubt' and n.how = 'doubt')`

	selectDoubtsToMove = `select n.id from newcomer n
where n.doubted_by = $1 and not exists (select 1 from newcomer k
  where k.student_id = n.student_id and k.contact_id = n.contact_id and k.doubted_by = $2 and k.how = 'doubt')`

	insertStrangers = `insert into not_one_person (first_id, second_id, said_at, said_by) values ($1, $2, $3, $4)
on conflict (first_id, second_id) do nothing`

	updateMergeLogins = `update contact_merge set logins = $2 where id = $1`

	selectMerge = `select kept_id, gone_id, logins from contact_merge where id = $1`

	selectMerges = `select m.id, m.kept_id, m.gone_id, c.first_name, c.last_name, m.merged_at, m.merged_by, coalesce(m.undone_at, 0), m.undone_by, m.before <> ''
from contact_merge m join contact c on c.id = m.kept_id
where (m.merged_at, m.id) < ($1, $2)
order by m.merged_at desc, m.id desc
limit $3`

	forgetImages = `update contact_merge set before = '', after = '', logins = ''
where id in (select id from contact_merge where before <> '' and merged_at < $1 order by merged_at, id limit 500)`

	// The records that were put together with a contact, also by way of another one.
	selectMergedInto = `with recursive m (id) as (
  select gone_id from contact_merge where kept_id = $1 and undone_at is null
  union
  select g.gone_id from m join contact_merge g on g.kept_id = m.id where g.undone_at is null
)
select id from m order by id`
)

// MergeRecord is a merge that was made.
type MergeRecord struct {
	ID, Kept, Gone int64
	First, Last    string
	At             time.Time
	By             string
	Undone         time.Time // zero: it holds
	UndoneBy       string
	Undoable       bool // what is needed for it is still kept
}

func scanMerge(r *sql.Rows) (m MergeRecord, err error) {
	var at, undone int64
	err = r.Scan(&m.ID, &m.Kept, &m.Gone, &m.First, &m.Last, &at, &m.By, &undone, &m.UndoneBy, &m.Undoable)
	m.At, m.Undone = moment(at), moment(undone)
	return m, err
}

func mergesBefore(ctx context.Context, tx *sqldb.Tx, at, id int64, limit int) ([]MergeRecord, error) {
	return sqldb.All(ctx, tx, scanMerge, selectMerges, at, id, limit)
}
