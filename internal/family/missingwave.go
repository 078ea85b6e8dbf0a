package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Wave is a wave of reminders as staff see it.
type Wave struct {
	ID               int64
	Owner, StoppedBy string // usernames
	State            string // "running", "done" or "stopped"
	Looked, Mailed   int    // parents read, mails ordered
	BegunAt, EndedAt time.Time
	owner            int64
}

const (
	waveDone    = "done"
	waveStopped = "stopped"

	wavesShown = 5
)

// Running reports whether it can be stopped.
func (w Wave) Running() bool { return w.State == "running" }

// Waves returns the newest waves of reminders: all for those who work at every school, the others see their own.
func (f *Family) Waves(ctx context.Context, actor access.Actor) ([]Wave, error) {
	if err := mayBulk(actor); err != nil {
		return nil, err
	}
	var waves []Wave
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if actor.Kind == access.System || actor.Schools.All {
			waves, err = sqldb.All(ctx, tx, scanWave, selectWaves, wavesShown)
			return err
		}
		waves, err = sqldb.All(ctx, tx, scanWave, selectWavesOfOwner, wavesShown, actor.AccountID)
		return err
	})
	return waves, err
}

// StopWave stops a wave of reminders: nobody else is put into the queue. It returns fault.NotFound for none that the actor may see, and
// fault.Conflict for one that has ended.
func (f *Family) StopWave(ctx context.Context, actor access.Actor, id int64) error {
	if err := mayBulk(actor); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		w, err := sqldb.One(ctx, tx, scanWave, selectWave, id)
		if err == nil && actor.Kind != access.System && !actor.Schools.All && w.owner != actor.AccountID {
			err = fault.NotFoundf("no such wave of reminders")
		}
		if err != nil {
			return err
		}
		if !w.Running() {
			return fault.Conflictf("it has ended")
		}
		if err := f.endWave(ctx, tx, id, waveStopped, actor.Username); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "missing.reminding_stopped", TargetKind: "wave", TargetID: id, Detail: map[string]any{"mailed": w.Mailed},
		})
	})
}

func (f *Family) endWave(ctx context.Context, tx *sqldb.Tx, id int64, state, by string) error {
	_, err := tx.Exec(ctx, updateWaveEnded, id, state, by, f.now().UnixMicro())
	return err
}

const (
	waveColumns = `select id, owner_id, owner_name, state, stopped_by, looked, mailed, begun_at, coalesce(ended_at, 0) from reminder_wave
`
	selectWave = waveColumns + `where id = $1`

	selectWaves = waveColumns + `order by begun_at desc, id desc limit $1`

	selectWavesOfOwner = waveColumns + `where owner_id = $2 order by begun_at desc, id desc limit $1`

	insertWave = `insert into reminder_wave (owner_id, owner_name, begun_at) values ($1, $2, $3) returning id`

	moveWave = `update reminder_wave set place = $3, looked = looked + $4 where id = $1 and place = $2 and state = 'running'`

	countWave = `update reminder_wave set mailed = mailed + $2 where id = $1`

	updateWaveEnded = `update reminder_wave set state = $2, stopped_by = $3, ended_at = $4 where id = $1 and state = 'running'`

	deleteWaves = `delete from reminder_wave where begun_at < $1`
)

func scanWave(r *sql.Rows) (Wave, error) {
	var w Wave
	var begun, ended int64
	err := r.Scan(&w.ID, &w.owner, &w.Owner, &w.State, &w.StoppedBy, &w.Looked, &w.Mailed, &begun, &ended)
	w.BegunAt, w.EndedAt = moment(begun), moment(ended)
	return w, err
}
