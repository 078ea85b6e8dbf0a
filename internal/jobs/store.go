package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	insertJob = `insert into job (kind, payload, secret, with_secret, run_at, deadline, account_id, contact_id, created_at, class, label)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`

	columns = `id, kind, state, payload, with_secret, attempts, run_at, deadline, last_error,
coalesce(account_id, 0), coalesce(contact_id, 0), created_at, coalesce(ended_at, 0), class, label, expired`

	byID = `select ` + columns + ` from job where id = $1`

	newest = `select ` + columns + ` from job
where kind = $1 and (created_at, id) < ($2, $3)
order by created_at desc, id desc
limit $4`

	newestInState = `select ` + columns + ` from job
where kind = $1 and state = $2 and (created_at, id) < ($3, $4)
order by created_at desc, id desc
limit $5`

	countState = `select count(*) from (select 1 from job where kind = $1 and state = $2 limit $3) as counted`

	dueFor = `select 1 from job
where kind = $1 and state = 'ready' and run_at <= $2 and lease_until <= $2
order by run_at, id
limit 1`

	// The rows are chosen in a step of its own: joined, PostgreSQL may run the choice more than once and lock more than the limit.
	claimBegin  = "with due as materialized (\n" + claimChoice
	claimChoice = `  select id from job
  where kind = $1 and class = $6 and state = 'ready' and run_at <= $2 and lease_until <= $2
  order by run_at, id
  limit $3`
	claimEnd = `
)
update job set lease = $4, lease_until = $5, attempts = attempts + 1
where id in (select id from due)
returning secret, ` + columns

	finishJob = `update job set state = $3, last_error = $4, ended_at = $5, expired = $6, lease = '', lease_until = 0, secret = null
where id = $1 and lease = $2 and state = 'ready'`

	postponeJob = `update job set run_at = $3, last_error = $4, lease = '', lease_until = 0
where id = $1 and lease = $2 and state = 'ready'`

	returnJob = `update job set attempts = attempts - 1, last_error = $3, lease = '', lease_until = 0
where id = $1 and lease = $2 and state = 'ready'`

	hastenJob = `update job set run_at = $2 where id = $1 and state = 'ready'`

	reopenJob = `update job set state = 'ready', attempts = 0, run_at = $2, deadline = $3, last_error = '', expired = false, ended_at = null
where id = $1`

	stopAllJobs = `update job set state = 'stopped', ended_at = $2, lease = '', lease_until = 0, secret = null
where kind = $1 and state = 'ready'`

	stopJob = `update job set state = 'stopped', ended_at = $2, lease = '', lease_until = 0, secret = null
where id = $1 and state = 'ready'`

	deleteJobs = `delete from job where id in (select id from job where ended_at < $1 order by ended_at limit $2)`

	deleteAtOnce = 1000
)

// row is a job with what only the queue needs to know of it.
type row struct {
	Job
	withSecret bool
}

func scan(r *sql.Rows, before ...any) (row, error) {
	var j row
	var payload string
	var runAt, deadline, created, ended int64
	err := r.Scan(append(before, &j.ID, &j.Kind, &j.State, &payload, &j.withSecret, &j.Attempts, &runAt, &deadline, &j.LastError,
		&j.AccountID, &j.ContactID, &created, &ended, &j.Class, &j.Label, &j.Expired)...)
	j.Payload = []byte(payload)
	j.RunAt, j.Deadline, j.CreatedAt = time.UnixMicro(runAt).UTC(), time.UnixMicro(deadline).UTC(), time.UnixMicro(created).UTC()
	if ended != 0 {
		j.EndedAt = time.UnixMicro(ended).UTC()
	}
	return j, err
}

func scanJob(r *sql.Rows) (Job, error) { j, err := scan(r); return j.Job, err }

func insert(ctx context.Context, tx *sqldb.Tx, j Job, now time.Time) (int64, error) {
	var secret any // a nil slice would not be null to every driver
	if len(j.Secret) > 0 {
		secret = j.Secret
	}
	return sqldb.Value[int64](ctx, tx, insertJob, j.Kind, string(j.Payload), secret, secret != nil, j.RunAt.UnixMicro(),
		j.Deadline.UnixMicro(), null(j.AccountID), null(j.ContactID), now.UnixMicro(), int(j.Class), j.Label)
}

func null(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }

func selectOne(ctx context.Context, tx *sqldb.Tx, id int64) (row, error) {
	j, err := sqldb.One(ctx, tx, func(r *sql.Rows) (row, error) { return scan(r) }, byID, id)
	if fault.Is(err, fault.NotFound) {
		err = fault.NotFoundf("no job %d", id)
	}
	return j, err
}

func selectList(ctx context.Context, tx *sqldb.Tx, kind string, state State, after Cursor, limit int) ([]Job, error) {
	if after == (Cursor{}) {
		after = Cursor{At: math.MaxInt64, ID: math.MaxInt64}
	}
	if state == "" {
		return sqldb.All(ctx, tx, scanJob, newest, kind, after.At, after.ID, limit)
	}
	return sqldb.All(ctx, tx, scanJob, newestInState, kind, string(state), after.At, after.ID, limit)
}

func count(ctx context.Context, tx *sqldb.Tx, kind string, state State) (int, error) {
	return sqldb.Value[int](ctx, tx, countState, kind, string(state), CountLimit)
}

// due reports whether a job of the kind could be claimed, without taking the writer.
func due(ctx context.Context, tx *sqldb.Tx, kind string, now time.Time) (bool, error) {
	_, err := sqldb.Value[int](ctx, tx, dueFor, kind, now.UnixMicro())
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// claim takes up to n jobs of a class, oldest first, under the token until the given time.
func claim(ctx context.Context, tx *sqldb.Tx, query, kind string, class Class, now time.Time, n int, token string, until time.Time) ([]Job, error) {
	jobs, err := sqldb.All(ctx, tx, func(r *sql.Rows) (Job, error) {
		var secret []byte
		j, err := scan(r, &secret)
		j.Secret = secret
		return j.Job, err
	}, query, kind, now.UnixMicro(), n, token, until.UnixMicro(), int(class))
	slices.SortFunc(jobs, func(a, b Job) int { return cmp.Or(a.RunAt.Compare(b.RunAt), cmp.Compare(a.ID, b.ID)) })
	return jobs, err
}

// finish ends a job in the given state. It does nothing to a job that is no longer held under the token.
func finish(ctx context.Context, tx *sqldb.Tx, j Job, token string, s State, note string, now time.Time) (int64, error) {
	return tx.Exec(ctx, finishJob, j.ID, token, string(s), note, now.UnixMicro(), false)
}

// expire ends a job whose deadline has passed, likewise.
func expire(ctx context.Context, tx *sqldb.Tx, j Job, token, lastError string, now time.Time) (int64, error) {
	return tx.Exec(ctx, finishJob, j.ID, token, string(Failed), tail("expired", lastError), now.UnixMicro(), true)
}

// giveBack undoes a claim, likewise.
func giveBack(ctx context.Context, tx *sqldb.Tx, j Job, token, note string) (int64, error) {
	return tx.Exec(ctx, returnJob, j.ID, token, note)
}

// postpone gives a job back until its next attempt, likewise.
func postpone(ctx context.Context, tx *sqldb.Tx, j Job, token, note string, next time.Time) (int64, error) {
	return tx.Exec(ctx, postponeJob, j.ID, token, next.UnixMicro(), note)
}

func hasten(ctx context.Context, tx *sqldb.Tx, id int64, now time.Time) error {
	_, err := tx.Exec(ctx, hastenJob, id, now.UnixMicro())
	return err
}

func reopen(ctx context.Context, tx *sqldb.Tx, id int64, now, deadline time.Time) error {
	_, err := tx.Exec(ctx, reopenJob, id, now.UnixMicro(), deadline.UnixMicro())
	return err
}

func stop(ctx context.Context, tx *sqldb.Tx, id int64, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, stopJob, id, now.UnixMicro())
	return n == 1, err
}

func deleteEnded(ctx context.Context, tx *sqldb.Tx, before time.Time) (int64, error) {
	return tx.Exec(ctx, deleteJobs, before.UnixMicro(), deleteAtOnce)
}
