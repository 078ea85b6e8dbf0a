package intake

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	turnLease = 20 * time.Second // a turn whose holder died is free after it
	turnBeat  = 4 * time.Second
	turnPolls = 90
	turnPoll  = 500 * time.Millisecond
	turnPause = 5 * time.Second // until the queue asks again
)

// turn is the right to plan and apply an import, which one process has at a time. Every transaction of its holder makes sure of it.
type turn struct {
	*Intake
	holder string
	stop   context.CancelFunc
	beats  sync.WaitGroup

	of          atomic.Int64 // the import that is being planned
	rows, steps atomic.Int64 // of its file that are read, of its plan that are made
}

// counters are how far a plan is, for whoever looks on; nil for nobody.
type counters struct{ rows, steps *atomic.Int64 }

// counts has the beats of the turn tell how many rows of an import are read, and how many steps planned.
func (t *turn) counts(id int64) counters {
	t.rows.Store(0)
	t.steps.Store(0)
	t.of.Store(id)
	return counters{&t.rows, &t.steps}
}

var (
	errBusy = fault.Conflictf("another import is running: wait until it has ended")
	errLost = fault.Conflictf("the import went on elsewhere")
)

// takeTurn takes the turn for an import, 0 for one that has no number yet. It returns fault.Conflict when another process has it.
func (i *Intake) takeTurn(ctx context.Context, id int64) (*turn, error) {
	t := &turn{Intake: i, holder: rand.Text()}
	err := i.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, updateTakeTurn, id, t.holder, i.now().Add(turnLease).UnixMicro(), i.now().UnixMicro())
		if err == nil && n == 0 {
			err = errBusy
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	beat, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop = stop
	t.beats.Go(func() { t.keep(beat) })
	return t, nil
}

// waitTurn is takeTurn for somebody who waits for it.
func (i *Intake) waitTurn(ctx context.Context, id int64) (*turn, error) {
	for n := 0; ; n++ {
		t, err := i.takeTurn(ctx, id)
		if err == nil || !fault.Is(err, fault.Conflict) || n == turnPolls {
			return t, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(turnPoll):
		}
	}
}

// keep renews the turn while its holder computes.
func (t *turn) keep(ctx context.Context) {
	tick := time.NewTicker(turnBeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = t.beat(ctx) // whoever writes next sees that the turn is lost
		}
	}
}

// beat renews the turn and tells how far the plan is.
func (t *turn) beat(ctx context.Context) error {
	return t.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := t.mine(ctx, tx); err != nil || t.rows.Load()+t.steps.Load() == 0 {
			return err
		}
		_, err := tx.Exec(ctx, updateFar, t.of.Load(), t.rows.Load(), t.steps.Load())
		return err
	})
}

// mine makes sure of the turn, and renews it. It returns fault.Conflict when it is lost.
func (t *turn) mine(ctx context.Context, tx *sqldb.Tx) error {
	n, err := tx.Exec(ctx, updateKeepTurn, t.holder, t.now().Add(turnLease).UnixMicro())
	if err == nil && n == 0 {
		err = errLost
	}
	return err
}

// end gives the turn back.
func (t *turn) end(ctx context.Context) error {
	t.stop()
	t.beats.Wait()
	ctx = context.WithoutCancel(ctx)
	return t.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, updateEndTurn, t.holder)
		return err
	})
}

// write runs a transaction of the turn's holder.
func (i *Intake) write(ctx context.Context, t *turn, fn func(tx *sqldb.Tx) error) error {
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := t.mine(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}
