package intake

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	insertRun = `insert into roster_import (started_at, format) values ($1, $2) returning id`

	updateRun = `update roster_import set finished_at = $1, outcome = $2, summary = $3 where id = $4`

	// A run that a later one has overtaken did not live to say how it ended.
	updateOvertaken = `update roster_import set outcome = 'interrupted' where outcome = 'running' and id < $1`
)

func startRun(ctx context.Context, tx *sqldb.Tx, now time.Time, format string) (int64, error) {
	return sqldb.Value[int64](ctx, tx, insertRun, now.UnixMicro(), format)
}

func endRun(ctx context.Context, tx *sqldb.Tx, id int64, now time.Time, outcome, summary string) error {
	if _, err := tx.Exec(ctx, updateOvertaken, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, updateRun, now.UnixMicro(), outcome, summary, id)
	return err
}
