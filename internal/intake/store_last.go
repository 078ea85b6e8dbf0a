package intake

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const selectLastRun = `select started_at, outcome from roster_import order by id desc limit 1`

func lastRun(ctx context.Context, tx *sqldb.Tx) (Run, error) {
	return sqldb.One(ctx, tx, func(r *sql.Rows) (Run, error) {
		var run Run
		var at int64
		err := r.Scan(&at, &run.Outcome)
		run.At = time.UnixMicro(at).UTC()
		return run, err
	}, selectLastRun)
}
