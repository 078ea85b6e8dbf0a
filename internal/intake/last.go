package intake

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Run is one import of a roster: when it began and how it ended ("running" while it does).
type Run struct {
	At      time.Time
	Outcome string
}

// Last returns the newest import. It returns fault.NotFound when there was none.
func (i *Intake) Last(ctx context.Context) (Run, error) {
	var run Run
	err := i.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		run, err = lastRun(ctx, tx)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = fault.NotFoundf("no roster was imported yet")
	}
	return run, err
}
