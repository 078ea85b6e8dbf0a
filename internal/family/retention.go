package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// dailyRecords is the day's erasing of records that left.
const dailyRecords = "records"

// sweepRecords erases, once a day, what left the records longer ago than the school keeps it. The logins of who is erased end with the
// sweep of accounts whose person is no longer on record.
func (f *Family) sweepRecords(ctx context.Context) error {
	first := false
	err := f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		first, err = firstToday(ctx, tx, dailyRecords, f.settings.Today())
		return err
	})
	if err != nil || !first {
		return err
	}
	v := f.settings.Values()
	if err := f.roster.ForgetHistory(ctx, f.now().Add(-v.AuditDetailKept)); err != nil {
		return err
	}
	return f.roster.EraseLeft(ctx, f.now().Add(-v.RecordsKept))
}
