package family

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	jobRollover  = "rollover"
	rolloverLeg  = 15 * time.Second   // how long one job works; the next one goes on
	rolloverLife = 7 * 24 * time.Hour // of a job
)

// rolloverPayload is the JSON of a job: a leg of the step into a new school year.
type rolloverPayload struct {
	Rollover int64 `json:"rollover"`
}

// BeginNewYear begins the step into a new school year in the background. It returns what roster.BeginRollover does.
func (f *Family) BeginNewYear(ctx context.Context, actor access.Actor, plan roster.RolloverPlan, size int) error {
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		id, err := f.roster.BeginRollover(ctx, tx, actor, plan, size)
		if err != nil {
			return err
		}
		return f.enqueueRollover(ctx, tx, id)
	})
}

// UndoNewYear begins to take it back. It returns what roster.UndoRollover does.
func (f *Family) UndoNewYear(ctx context.Context, actor access.Actor, id int64) error {
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := f.roster.UndoRollover(ctx, tx, actor, id); err != nil {
			return err
		}
		return f.enqueueRollover(ctx, tx, id)
	})
}

func (f *Family) enqueueRollover(ctx context.Context, tx *sqldb.Tx, id int64) error {
	payload, err := json.Marshal(rolloverPayload{id})
	if err != nil {
		return err
	}
	_, err = f.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobRollover, Payload: payload, Deadline: f.now().Add(rolloverLife)})
	return err
}

// workRollover is the handler of jobRollover: one leg. A leg that runs twice does no student twice.
func (f *Family) workRollover(ctx context.Context, job jobs.Job) error {
	var p rolloverPayload
	if err := json.Unmarshal(job.Payload, &p); err != nil {
		return jobs.Permanent(fmt.Errorf("payload of a new school year: %w", err))
	}
	began := f.now()
	for {
		more, err := f.roster.StepRollover(ctx, p.Rollover)
		if err != nil {
			return fmt.Errorf("new school year: %w", err)
		}
		if !more {
			return nil
		}
		if f.now().Sub(began) >= rolloverLeg {
			return f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.enqueueRollover(ctx, tx, p.Rollover) })
		}
	}
}
