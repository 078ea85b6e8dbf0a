package jobs

import (
	"context"
	"database/sql"
	"math"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Standing is how a job stands in lists: State with what came to its end by time apart.
type Standing string

// The standings.
const (
	StandsReady   Standing = "ready"
	StandsDone    Standing = "done"
	StandsRefused Standing = "failed"
	StandsExpired Standing = "expired"
	StandsStopped Standing = "stopped"
)

// Standings lists them in the order of a page.
func Standings() []Standing {
	return []Standing{StandsReady, StandsDone, StandsRefused, StandsExpired, StandsStopped}
}

// Standing of the job.
func (j Job) Standing() Standing {
	if j.Expired {
		return StandsExpired
	}
	return Standing(j.State)
}

// Filter chooses jobs of a kind: by standing, by label, or those that concern somebody; zero values choose all. Standing and label do not
// narrow those that concern somebody: they are few.
type Filter struct {
	Standing           Standing
	Label              string
	ContactID, Account int64
}

// Find returns jobs of a kind, newest first, after the cursor. Their secrets are left out. It returns fault.Invalid for no standing.
func (q *Queue) Find(ctx context.Context, kind string, f Filter, after Cursor, limit int) (list []Job, err error) {
	query, args, err := f.query(kind, after, limit)
	if err != nil {
		return nil, err
	}
	err = q.db.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.All(ctx, tx, scanJob, query, args...)
		return err
	})
	return list, err
}

const behind = ` and (created_at, id) < ($2, $3)
order by created_at desc, id desc
limit $4`

func (f Filter) query(kind string, after Cursor, limit int) (string, []any, error) {
	if after == (Cursor{}) {
		after = Cursor{At: math.MaxInt64, ID: math.MaxInt64}
	}
	args := []any{kind, after.At, after.ID, limit}
	where, err := f.Standing.where()
	switch {
	case err != nil:
		return "", nil, err
	case f.ContactID != 0 || f.Account != 0:
		of := func(column string, n int) string {
			return `select * from (select ` + columns + ` from job where ` + column + ` = $` + strconv.Itoa(n) + ` and kind = $1` + behind + `) as of_` + column
		}
		return of("contact_id", 5) + "\nunion\n" + of("account_id", 6) + "\norder by created_at desc, id desc\nlimit $4", append(args, f.ContactID, f.Account), nil
	case f.Label != "":
		where += ` and label = $5 and label <> ''`
		args = append(args, f.Label)
	}
	return `select ` + columns + ` from job where kind = $1` + where + behind, args, nil
}

// where is the condition of the standing, in constants: the indexes that serve it hold some rows only.
func (s Standing) where() (string, error) {
	switch s {
	case "":
		return "", nil
	case StandsReady, StandsDone, StandsStopped:
		return ` and state = '` + string(s) + `' and not expired`, nil
	case StandsRefused:
		return ` and state = 'failed' and not expired`, nil
	case StandsExpired:
		return ` and state = 'failed' and expired`, nil
	}
	return "", fault.Invalidf("no such state")
}

// CountStandings returns how many jobs of a kind stand how, at most CountLimit each.
func (q *Queue) CountStandings(ctx context.Context, tx *sqldb.Tx, kind string) (map[Standing]int, error) {
	counts := map[Standing]int{}
	for _, s := range Standings() { // five, each along its index
		where, err := s.where()
		if err != nil {
			return nil, err
		}
		counts[s], err = sqldb.Value[int](ctx, tx, countBegin+where+countEnd, kind, CountLimit)
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

const (
	countBegin = `select count(*) from (select 1 from job where kind = $1`
	countEnd   = ` order by created_at, id limit $2) as counted` // the order keeps to the index

	// A job that goes before all others begins before it was made.
	oldestDue = `select case when run_at > created_at then run_at else created_at end from job where kind = $1 and state = 'ready' and run_at <= $2 and lease_until <= $2
order by run_at, id
limit 1`

	lastEnded = `select state from job where kind = $1 and state in ('done', 'failed') and not expired order by created_at desc, id desc limit $2`

	// What was refused for good before the time, and can run again.
	reopenRefused = `update job set state = 'ready', attempts = 0, run_at = $2, deadline = $2 + deadline - created_at, last_error = '', ended_at = null
where id in (
  select id from job
  where kind = $1 and state = 'failed' and not expired and not with_secret and ended_at < $3
  order by created_at, id
  limit $4)`

	countSecret = `select count(*) from (select 1 from job where kind = $1 and state = 'failed' and not expired and with_secret order by created_at, id limit $2) as counted`
)

// Oldest returns how long the job that waits longest has been due, zero for none.
func (q *Queue) Oldest(ctx context.Context, tx *sqldb.Tx, kind string) (time.Duration, error) {
	now := q.now()
	at, err := sqldb.Value[int64](ctx, tx, oldestDue, kind, now.UnixMicro())
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return now.Sub(time.UnixMicro(at)), err
}

// LastRefused returns how many of the newest jobs that have ended were refused, until one that was done, at most so many.
func (q *Queue) LastRefused(ctx context.Context, tx *sqldb.Tx, kind string, most int) (int, error) {
	states, err := sqldb.All(ctx, tx, func(r *sql.Rows) (s State, err error) { return s, r.Scan(&s) }, lastEnded, kind, most)
	n := 0
	for n < len(states) && states[n] == Failed {
		n++
	}
	return n, err
}

// reopenedAtOnce is how many jobs RetryRefused makes ready in one transaction.
const reopenedAtOnce = 200

// RetryRefused makes up to two hundred jobs of a kind ready again that were refused before the time, oldest first, and returns how many. Those
// whose secret is gone stay as they are.
func (q *Queue) RetryRefused(ctx context.Context, tx *sqldb.Tx, kind string, before time.Time) (int, error) {
	n, err := tx.Exec(ctx, reopenRefused, kind, q.now().UnixMicro(), before.UnixMicro(), reopenedAtOnce)
	q.Wake(tx, kind)
	return int(n), err
}

// RefusedSecrets counts the refused jobs of a kind that cannot run again, up to CountLimit.
func (q *Queue) RefusedSecrets(ctx context.Context, tx *sqldb.Tx, kind string) (int, error) {
	return sqldb.Value[int](ctx, tx, countSecret, kind, CountLimit)
}
