package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const renewLease = `update job set lease_until = $3 where id = $1 and lease = $2 and state = 'ready'`

// holding returns a context for long work that ends when another worker has taken the job over, or somebody stopped it, and a function that
// ends the renewing of its lease.
func (q *Queue) holding(ctx context.Context, j Job, token string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(q.long / 5)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			var held int64
			err := q.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
				held, err = tx.Exec(ctx, renewLease, j.ID, token, q.now().Add(q.long).UnixMicro())
				return err
			})
			if err == nil && held == 0 {
				cancel()
			}
		}
	})
	return ctx, func() { cancel(); renewing.Wait() }
}
