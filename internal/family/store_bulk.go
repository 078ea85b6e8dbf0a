package family

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	bulkColumns = `select id, act, state, why, reason, more, owner_id, owner_name, approver, stopped_by, address, request_id, size, done, leg,
asked_at, coalesce(begun_at, 0), coalesce(ended_at, 0)
from bulk
`

	selectBulk = bulkColumns + `where id = $1`

	selectBulksOfAll = bulkColumns + `where (asked_at, id) < ($1, $2) and state <> 'freezing'
order by asked_at desc, id desc
limit $3`

	selectBulksOfOwner = bulkColumns + `where (asked_at, id) < ($1, $2) and state <> 'freezing' and owner_id = $4
order by asked_at desc, id desc
limit $3`

	insertBulkRow = `insert into bulk (act, state, reason, more, owner_id, owner_name, address, request_id, size, asked_at)
values ($1, 'freezing', $2, $3, $4, $5, $6, $7, $8, $9) returning id`

	updateBulkState = `update bulk set state = $3 where id = $1 and state = $2`

	updateBulkBegun = `update bulk set state = 'running', approver = $3, begun_at = $4, due_at = $5 where id = $1 and state = $2`

	updateBulkEnded = `update bulk set state = $2, why = $3, stopped_by = $4, ended_at = $5 where id = $1 and state = 'running'`

	updateBulkDone = `update bulk set done = done + $2, due_at = $3 where id = $1`

	updateBulkLeg = `update bulk set leg = leg + 1, due_at = $3 where id = $1 and leg = $2 and state = 'running'`

	// Taken back: nobody sees it any more, and the next sweep deletes it.
	updateBulkDropped = `update bulk set state = 'freezing', asked_at = 0 where id = $1 and state = $2`

	selectOldBulks = `select id from bulk
where asked_at < $1 and (state in ('freezing', 'asked', 'approval') or state in ('done', 'stopped') and ended_at < $2)
order by asked_at
limit 100`

	selectOverdueBulks = `select id from bulk where state = 'running' and due_at < $1 order by due_at limit 100`

	deleteBulkRows = `delete from bulk_row where bulk_id = $1 and pos in (select pos from bulk_row where bulk_id = $1 order by pos limit $2)`

	deleteBulk = `delete from bulk where id = $1`
)

func scanBulk(r *sql.Rows) (Bulk, error) {
	var b Bulk
	var more string
	var asked, begun, ended int64
	err := r.Scan(&b.ID, &b.Act, &b.State, &b.Why, &b.Reason, &more, &b.owner, &b.Owner, &b.Approver, &b.StoppedBy, &b.address, &b.requestID,
		&b.Size, &b.Done, &b.leg, &asked, &begun, &ended)
	if err == nil && more != "" {
		err = json.Unmarshal([]byte(more), &b.more)
	}
	b.Back = b.more.Back
	b.AskedAt, b.BegunAt, b.EndedAt = moment(asked), moment(begun), moment(ended)
	return b, err
}

func bulkByID(ctx context.Context, tx *sqldb.Tx, id int64) (Bulk, error) {
	return sqldb.One(ctx, tx, scanBulk, selectBulk, id)
}

func bulks(ctx context.Context, tx *sqldb.Tx, actor access.Actor, after jobs.Cursor, limit int) ([]Bulk, error) {
	if after == (jobs.Cursor{}) {
		after = jobs.Cursor{At: math.MaxInt64, ID: math.MaxInt64}
	}
	if all := (&Bulk{owner: -1}).sees(actor); all {
		return sqldb.All(ctx, tx, scanBulk, selectBulksOfAll, after.At, after.ID, limit)
	}
	return sqldb.All(ctx, tx, scanBulk, selectBulksOfOwner, after.At, after.ID, limit, actor.AccountID)
}

func insertBulk(ctx context.Context, tx *sqldb.Tx, b Bulk) (int64, error) {
	more, err := json.Marshal(b.more)
	if err != nil {
		return 0, err
	}
	return sqldb.Value[int64](ctx, tx, insertBulkRow, string(b.Act), b.Reason, string(more), b.owner, b.Owner, b.address, b.requestID, b.Size,
		b.AskedAt.UnixMicro())
}

// changeBulk runs an update of one act. It returns fault.Conflict when the act is no longer what the update expects.
func changeBulk(ctx context.Context, tx *sqldb.Tx, query string, args ...any) error {
	n, err := tx.Exec(ctx, query, args...)
	if err == nil && n == 0 {
		err = fault.Conflictf("somebody else was faster")
	}
	return err
}

func moveBulk(ctx context.Context, tx *sqldb.Tx, id int64, from, to BulkState) error {
	return changeBulk(ctx, tx, updateBulkState, id, string(from), string(to))
}

func startBulk(ctx context.Context, tx *sqldb.Tx, b Bulk, approver string, at, due time.Time) error {
	return changeBulk(ctx, tx, updateBulkBegun, b.ID, string(b.State), approver, at.UnixMicro(), due.UnixMicro())
}

func endBulk(ctx context.Context, tx *sqldb.Tx, id int64, to BulkState, why, by string, at time.Time) error {
	return changeBulk(ctx, tx, updateBulkEnded, id, string(to), why, by, at.UnixMicro())
}

func dropBulk(ctx context.Context, tx *sqldb.Tx, id int64, from BulkState) error {
	return changeBulk(ctx, tx, updateBulkDropped, id, string(from))
}

func advanceBulk(ctx context.Context, tx *sqldb.Tx, id int64, rows int, due time.Time) error {
	return changeBulk(ctx, tx, updateBulkDone, id, rows, due.UnixMicro())
}

// moveLeg ends a leg, and reports false when that was done already.
func moveLeg(ctx context.Context, tx *sqldb.Tx, p bulkPayload, due time.Time) (bool, error) {
	n, err := tx.Exec(ctx, updateBulkLeg, p.Bulk, p.Leg, due.UnixMicro())
	return n == 1, err
}

func oldBulks(ctx context.Context, tx *sqldb.Tx, asked, ended time.Time) ([]int64, error) {
	return idsOf(ctx, tx, selectOldBulks, asked.UnixMicro(), ended.UnixMicro())
}

func idsOf(ctx context.Context, tx *sqldb.Tx, query string, args ...any) ([]int64, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }, query, args...)
}
