package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// SweepBulks drops questions that nobody answered within an hour, forgets acts that ended long ago, and begins legs anew that do not come:
// their job failed, or is gone with a restored backup.
func (f *Family) SweepBulks(ctx context.Context) error {
	var old, overdue []int64
	now := f.now()
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		if old, err = oldBulks(ctx, tx, now.Add(-bulkOpen), now.Add(-f.settings.Values().RequestsKept)); err != nil {
			return err
		}
		overdue, err = idsOf(ctx, tx, selectOverdueBulks, now.UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range old {
		if err := f.forgetBulk(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range overdue {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
			b, err := bulkByID(ctx, tx, id)
			if err != nil || b.State != BulkRunning {
				return err
			}
			p := bulkPayload{Bulk: id, Leg: b.leg}
			moved, err := moveLeg(ctx, tx, p, now.Add(bulkGrace))
			if err != nil || !moved {
				return err
			}
			p.Leg++
			return f.enqueueLeg(ctx, tx, p, now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetBulk deletes the rows in short transactions, then the act.
func (f *Family) forgetBulk(ctx context.Context, id int64) error {
	for n := int64(frozenAtOnce); n == frozenAtOnce; {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
			var err error
			n, err = tx.Exec(ctx, deleteBulkRows, id, frozenAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, deleteBulk, id)
		return err
	})
}
