package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectHeldSchools = `select held_school, count(*) from registration_request
where held_school is not null and settled_at is null and created_at >= $1 group by held_school order by held_school`

	// again: the same contact asked once more later, and that waits too. One whose name does not fit takes nothing from one that does.
	selectHeldRequests = `select r.id, coalesce(r.case_id, 0), exists (select 1 from registration_request n
  where n.contact_id = r.contact_id and n.purpose = r.purpose and n.held_school is not null and n.settled_at is null and n.detail not like '%held_name%'
  and (n.created_at, n.id) > (r.created_at, r.id))
from registration_request r
where r.held_school = $1 and r.settled_at is null and r.created_at >= $2
order by r.created_at, r.id
limit $3`

	// A request that is pending again has nothing decided about it.
	updateHeldRequest = `update registration_request set outcome = $2, decided_at = $3, detail = '', held_school = null,
settled_at = $3, settled_how = case when $2 = 'asked_again' then 'asked_again' else '' end
where id = $1`

	heldForNothing = `select 'request ' || id as broken from registration_request where (outcome = 'held') <> (held_school is not null)`
)

// waitingBySchool counts the requests that wait for each school.
func waitingBySchool(ctx context.Context, tx *sqldb.Tx, since time.Time) (map[int64]int, error) {
	counts := map[int64]int{}
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var school int64
		var n int
		err := r.Scan(&school, &n)
		counts[school] = n
		return err
	}, selectHeldSchools, since.UnixMicro())
	return counts, err
}

// heldSchools are the schools for which requests wait that are young enough to be decided anew.
func heldSchools(ctx context.Context, tx *sqldb.Tx, since time.Time) ([]int64, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (id int64, err error) {
		var n int
		return id, r.Scan(&id, &n)
	}, selectHeldSchools, since.UnixMicro())
}

type heldRequest struct {
	id, inCase int64
	again      bool
}

func heldRequests(ctx context.Context, tx *sqldb.Tx, school int64, since time.Time) ([]heldRequest, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (h heldRequest, err error) { return h, r.Scan(&h.id, &h.inCase, &h.again) },
		selectHeldRequests, school, since.UnixMicro(), unheldAtOnce)
}

func updateHeld(ctx context.Context, tx *sqldb.Tx, id int64, outcome Outcome, decided time.Time) error {
	end := sql.NullInt64{Int64: decided.UnixMicro(), Valid: !decided.IsZero()}
	_, err := tx.Exec(ctx, updateHeldRequest, id, string(outcome), end)
	return err
}
