package intake

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	jobImport = "import"
	workLife  = 7 * 24 * time.Hour // of a job
)

type workPayload struct {
	Import int64 `json:"import"`
}

// enqueue has a worker go on with an import.
func (i *Intake) enqueue(ctx context.Context, tx *sqldb.Tx, id int64) error {
	if i.jobs == nil {
		return nil
	}
	payload, err := json.Marshal(workPayload{id})
	if err != nil {
		return err
	}
	_, err = i.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobImport, Payload: payload, Deadline: i.now().Add(workLife)})
	return err
}

func (i *Intake) handle(ctx context.Context, j jobs.Job) error {
	var p workPayload
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return jobs.Permanent(err)
	}
	err := i.work(ctx, p.Import)
	if errors.Is(err, errBusy) {
		return jobs.Postpone(err, turnPause) // another import has its turn, or a process that died with it
	}
	return err
}

// work does what there is to do for an import: to plan it, to apply it. An error is of here, not of the file: it is tried again.
func (i *Intake) work(ctx context.Context, id int64) (err error) {
	t, err := i.takeTurn(ctx, id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.end(ctx)) }()
	for worked := false; ; worked = true {
		m, err := i.one(ctx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		switch m.State {
		case Planning:
			err = i.unplan(ctx, t, m)
		case Waiting:
			err = i.workPlan(ctx, t, m)
		case Applying:
			err = i.workApply(ctx, t, m)
		default:
			if worked {
				i.logEnd(m)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// workPlan plans an upload. What is wrong with the file ends the import.
func (i *Intake) workPlan(ctx context.Context, t *turn, m Import) error {
	if err := i.move(ctx, t, m.ID, Waiting, Planning, ""); err != nil {
		return err
	}
	f, rep := newFindings(), &Report{}
	plan := func(path string) error {
		return i.planned(ctx, path, m.Options, f, rep, t.counts(m.ID), func(p *plan) error {
			if err := i.keep(ctx, t, m.ID, p, m.rounds); err != nil {
				return err
			}
			next := Planned
			if on, err := i.goesOn(ctx, m, rep); err != nil {
				return err
			} else if on {
				next = Applying // nothing in it that anybody must see first
			}
			return i.write(ctx, t, func(tx *sqldb.Tx) error {
				if err := i.setPlanned(ctx, tx, m.ID, p, m.rounds, next); err != nil || next == Applying || m.Origin != FromFolder {
					return err
				}
				return i.told.Waits(ctx, tx)
			})
		})
	}
	var err error
	if m.Undoes != 0 {
		err = i.planUndo(ctx, t, m)
	} else {
		err = i.unloaded(ctx, m, plan)
	}
	if fault.KindOf(err) == fault.Invalid || fault.Is(err, fault.NotFound) {
		if keepErr := i.keepFindings(ctx, t, m.ID, f.list(), m.rounds); keepErr != nil {
			return keepErr
		}
		return i.fail(ctx, t, m, err)
	}
	return err
}

// fail ends an import whose file cannot be taken, and keeps why.
func (i *Intake) fail(ctx context.Context, t *turn, m Import, why error) error {
	return i.write(ctx, t, func(tx *sqldb.Tx) error { return i.failIn(ctx, tx, m, Planning, why) })
}

func (i *Intake) failIn(ctx context.Context, tx *sqldb.Tx, m Import, from State, why error) error {
	said := m.Report // of the rounds before
	said.Refused = refusedBy(why)
	report, err := json.Marshal(said)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, updateFailed, m.ID, string(from), why.Error(), i.now().UnixMicro(), string(report))
	if err == nil && n == 0 {
		err = fault.Conflictf("the import is no longer %s", from)
	}
	if err != nil || m.Origin != FromFolder {
		return err
	}
	return i.told.Failed(ctx, tx)
}

// harmless reports whether a plan may be applied without anybody having seen it: it removes no more than goes unasked, nor does it take access
// from more.
func (r *Report) harmless() bool {
	return len(r.Over) == 0 && r.LosesAccess*10 <= r.Lines.Same+r.Lines.Changed+r.Lines.Removed
}

// workApply applies a plan. What somebody else changed meanwhile is planned again.
func (i *Intake) workApply(ctx context.Context, t *turn, m Import) error {
	err := error(nil)
	if m.Done < m.Steps {
		err = i.apply(ctx, t, m.ID)
	}
	if kind := fault.KindOf(err); kind == fault.Invalid || kind == fault.Conflict && !errors.Is(err, errBusy) && !errors.Is(err, errLost) {
		// However often it is tried: what is done is done, and the next import plans what is left.
		return i.move(ctx, t, m.ID, Applying, Failed, err.Error())
	}
	if err != nil {
		return err
	}
	return i.roundEnds(ctx, t, m)
}

// move brings an import from one state to the next.
func (i *Intake) move(ctx context.Context, t *turn, id int64, from, to State, problem string) error {
	return i.write(ctx, t, func(tx *sqldb.Tx) error { return i.moveIn(ctx, tx, id, from, to, problem) })
}

func (i *Intake) moveIn(ctx context.Context, tx *sqldb.Tx, id int64, from, to State, problem string) error {
	n, err := tx.Exec(ctx, updateState, id, string(from), string(to), problem, i.now().UnixMicro())
	if err == nil && n == 0 {
		err = fault.Conflictf("the import is no longer %s", from)
	}
	return err
}

func (i *Intake) hasChunks(ctx context.Context, id int64) (has bool, err error) {
	err = i.db.Look(ctx, func(tx *sqldb.Tx) error {
		has, err = sqldb.Value[bool](ctx, tx, selectHasChunks, id)
		return err
	})
	return has, err
}

// unloaded writes an upload into a file that only this user may read, and calls fn with its path.
func (i *Intake) unloaded(ctx context.Context, m Import, fn func(path string) error) (err error) {
	dir, err := os.MkdirTemp("", "schoolgate-import-")
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the folder for temporary files cannot be written")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, fileName(m.FileName))
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	written := int64(0)
	for pos := 1; err == nil; pos++ {
		var data []byte
		readErr := i.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
			data, err = sqldb.One(ctx, tx, func(r *sql.Rows) (b []byte, err error) { return b, r.Scan(&b) }, selectChunk, m.ID, pos)
			return err
		})
		if fault.Is(readErr, fault.NotFound) {
			break
		}
		if err = readErr; err == nil {
			_, err = out.Write(data)
			written += int64(len(data))
		}
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if written != m.Size { // half a file looks like one from which many have left
		return cannot(Finding{Code: cannotKeptWhole})
	}
	return fn(path)
}

// fileName keeps a file's name, by which formats are told apart, where no system can take it for something else.
func fileName(name string) string {
	name = filepath.Base(filepath.ToSlash(name))
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" || strings.HasPrefix(name, ".") || len(name) > 100 {
		return "roster" + strings.Map(func(r rune) rune {
			if r == '.' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return -1
		}, filepath.Ext(name))
	}
	return name
}

// Begin has a plan applied. The actor must have shown lately that it is them (fault.Stale). Where more than a tenth of a kind would go, allow
// must say that this is meant (fault.Conflict). It returns fault.NotFound for no import, fault.Conflict for one whose plan does not wait.
func (i *Intake) Begin(ctx context.Context, actor access.Actor, id int64, allow bool) error {
	if err := access.Check(actor, access.ApplyRoster); err != nil {
		return err
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		m, err := i.inState(ctx, tx, id, Planned)
		if err != nil {
			return err
		}
		if m.Undoes != 0 {
			undone, err := sqldb.One(ctx, tx, scanImport, selectImport, m.Undoes)
			if err == nil {
				err = isLast(ctx, tx, undone)
			}
			if err != nil {
				return err
			}
		}
		if !allow {
			if err := guard(m.Plan().Over); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, updateBegin, id, actor.Username, i.now().UnixMicro()); err != nil {
			return err
		}
		detail := map[string]any{"steps": m.Steps, "removals_allowed": len(m.Plan().Over) > 0}
		if err := i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.import_begun", TargetKind: "import", TargetID: id, Detail: detail}); err != nil {
			return err
		}
		return i.enqueue(ctx, tx, id)
	})
}

// Stop drops an import that is not begun. Of one whose plan was made again it leaves the rest as it is: what is applied stays. It returns
// fault.NotFound for none, fault.Conflict for one that is being applied or has ended.
func (i *Intake) Stop(ctx context.Context, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return err
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		m, err := i.inState(ctx, tx, id, Uploading, Waiting, Planned)
		if err != nil {
			return err
		}
		switch {
		case m.Done == 0:
			_, err = tx.Exec(ctx, updateState, id, string(m.State), string(Stopped), "", i.now().UnixMicro())
		case m.State == Planned:
			if _, err = tx.Exec(ctx, updateLeaveRest, id); err == nil {
				err = i.enqueue(ctx, tx, id)
			}
		default:
			err = fault.Conflictf("a part of it is applied: what is left is being planned")
		}
		if err != nil {
			return err
		}
		return i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.import_stopped", TargetKind: "import", TargetID: id})
	})
}

func (i *Intake) inState(ctx context.Context, tx *sqldb.Tx, id int64, states ...State) (Import, error) {
	m, err := sqldb.One(ctx, tx, scanImport, selectImport, id)
	if fault.Is(err, fault.NotFound) {
		return m, fault.NotFoundf("no such import")
	}
	if err != nil {
		return m, err
	}
	for _, s := range states {
		if m.State == s {
			return m, nil
		}
	}
	return m, fault.Conflictf("the import is %s", m.State)
}

const (
	selectHasChunks = `select exists (select 1 from import_chunk where import_id = $1)`
	selectChunk     = `select data from import_chunk where import_id = $1 and pos = $2`
	updateBegin     = `update import set state = 'applying', allowed_by = $2, begun_at = coalesce(begun_at, $3) where id = $1 and state = 'planned'`
)

// Resume has workers go on with what an interrupted process left. It is to be called every minute or so.
func (i *Intake) Resume(ctx context.Context) error {
	var open []int64
	abandoned := func(tx *sqldb.Tx) (err error) {
		open, err = sqldb.All(ctx, tx, scanID, selectAbandoned, i.now().UnixMicro())
		return err
	}
	if err := i.db.Look(ctx, abandoned); err != nil || len(open) == 0 {
		return err
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := abandoned(tx); err != nil {
			return err
		}
		for _, id := range open {
			if err := i.enqueue(ctx, tx, id); err != nil {
				return fmt.Errorf("import %d: %w", id, err)
			}
		}
		return nil
	})
}

// An import is abandoned when nobody has the turn and no job is there to take it.
const selectAbandoned = `select m.id from import m, import_turn t
where m.state in ('waiting', 'planning', 'applying') and m.state not in ('done', 'failed', 'stopped') and t.id = 1 and t.until < $1
  and not exists (select 1 from job j where j.kind = 'import' and j.state = 'ready')
order by m.id`
