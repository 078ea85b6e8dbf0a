package account

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// sweepBatch bounds one transaction, so that nobody waits behind a sweep.
const sweepBatch = 500

// Sweep deletes expired sessions, temporary passwords, devices, second factors never set up to the end, interrupted forms and old counters, and writes the last-seen times collected so far. The ids of
// waiting accounts whose claim time passed are returned for family to end, at most 500 at a time.
func (a *Accounts) Sweep(ctx context.Context) (unclaimed []int64, err error) {
	if err := a.flush(ctx, a.seen.all()); err != nil {
		return nil, err
	}
	now := a.now()
	at := now.UnixMicro()
	for _, s := range []struct {
		query string
		args  []any
	}{
		{expiredSessions, []any{at, sweepBatch}},
		{expiredTemporary, []any{at, sweepBatch}},
		{deadCounterCodes, []any{sweepBatch}},
		{expiredDevices, []any{at, sweepBatch}},
		{expiredCeremonies, []any{at, sweepBatch}},
		{expiredAuthenticators, []any{now.Add(-stepLife).UnixMicro(), sweepBatch}},
		{expiredForms, []any{now.Add(-formLife).UnixMicro(), sweepBatch}},
		{oldThrottles, []any{now.Add(-24 * time.Hour).UnixMicro(), at, now.Add(-7 * 24 * time.Hour).UnixMicro(), sweepBatch}},
	} {
		if err := a.sweep(ctx, s.query, s.args); err != nil {
			return nil, err
		}
	}
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		unclaimed, err = sqldb.All(ctx, tx, scanID, selectUnclaimed, at, sweepBatch)
		return err
	})
	return unclaimed, err
}

func (a *Accounts) sweep(ctx context.Context, query string, args []any) error {
	for n := int64(sweepBatch); n >= sweepBatch; {
		err := a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = tx.Exec(ctx, query, args...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
