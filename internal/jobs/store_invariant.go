package jobs

import (
	"database/sql"
	"time"
)

const (
	readyWithoutSecret = `select 'job ' || id as broken from job where state = 'ready' and with_secret and secret is null`

	endedWithSecret = `select 'job ' || id as broken from job where state <> 'ready' and (secret is not null or lease <> '' or ended_at is null)`

	readyAndEnded = `select 'job ' || id as broken from job where state = 'ready' and ended_at is not null`

	leaseWithoutEnd = `select 'job ' || id as broken from job where (lease = '') <> (lease_until = 0)`

	jobWithoutDeadline = `select 'job ' || id as broken from job where deadline <= created_at`

	// A job that is being run is not waiting.
	backlog = `select count(*), coalesce(min(case when run_at > created_at then run_at else created_at end), 0),
(select count(*) from job where kind = $1 and state = 'failed' and created_at > $3)
from job where kind = $1 and state = 'ready' and run_at <= $2 and lease_until <= $2`
)

func scanBacklog(now time.Time) func(r *sql.Rows) (Backlog, error) {
	return func(r *sql.Rows) (Backlog, error) {
		var b Backlog
		var oldest int64
		err := r.Scan(&b.Waiting, &oldest, &b.Failed)
		if b.Waiting > 0 {
			b.Oldest = now.Sub(time.UnixMicro(oldest))
		}
		return b, err
	}
}
