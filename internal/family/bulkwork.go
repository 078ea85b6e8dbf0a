package family

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	jobBulk     = "bulk"
	bulksAtOnce = 2 // in a process

	bulkLeg   = 15 * time.Second   // how long one job works; the next one goes on
	bulkLife  = 7 * 24 * time.Hour // of a job
	bulkAhead = time.Minute        // how far temporary passwords are made ahead of their mails
	bulkGrace = 5 * time.Minute    // after this a leg that does not come is begun anew
)

// bulkPayload is the JSON of a bulk job: one leg of an act.
type bulkPayload struct {
	Bulk int64 `json:"bulk"`
	Leg  int64 `json:"leg"`
}

// beginBulk starts the first leg.
func (f *Family) beginBulk(ctx context.Context, tx *sqldb.Tx, actor access.Actor, b Bulk, approver string) error {
	if err := startBulk(ctx, tx, b, approver, f.now(), f.now().Add(bulkGrace)); err != nil {
		return err
	}
	var more map[string]any
	if approver != "" {
		more = map[string]any{"asked_by": b.owner}
	}
	if err := f.noteBulk(ctx, tx, actor, b, "bulk.begun", more); err != nil {
		return err
	}
	return f.enqueueLeg(ctx, tx, bulkPayload{Bulk: b.ID, Leg: b.leg}, time.Time{})
}

func (f *Family) enqueueLeg(ctx context.Context, tx *sqldb.Tx, p bulkPayload, at time.Time) error {
	payload, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = f.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobBulk, Payload: payload, RunAt: at, Deadline: f.later(at).Add(bulkLife)})
	return err
}

// later is the time given, but not before now.
func (f *Family) later(at time.Time) time.Time {
	if now := f.now(); at.Before(now) {
		return now
	}
	return at
}

// nextLeg hands the rest to another job, unless that was done already.
func (f *Family) nextLeg(ctx context.Context, p bulkPayload, at time.Time) error {
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		moved, err := moveLeg(ctx, tx, p, f.later(at).Add(bulkGrace))
		if err != nil || !moved {
			return err
		}
		return f.enqueueLeg(ctx, tx, bulkPayload{Bulk: p.Bulk, Leg: p.Leg + 1}, at)
	})
}

// stride is what a step of the work says about the next one.
type stride struct {
	over bool
	at   time.Time // not before
}

// workBulk is the handler of jobBulk: one leg. Every row is done in the transaction that notes it as done, so a leg that runs twice, or beside
// itself, does no row twice.
func (f *Family) workBulk(ctx context.Context, job jobs.Job) error {
	var p bulkPayload
	if err := json.Unmarshal(job.Payload, &p); err != nil {
		return jobs.Permanent(fmt.Errorf("payload of a bulk act: %w", err))
	}
	began := f.now()
	for n := resetAtFirst; ; {
		step := f.now()
		s, err := f.stepBulk(ctx, p, n)
		switch {
		case err != nil:
			return fmt.Errorf("bulk act: %w", err)
		case s.over:
			return nil
		case !s.at.IsZero():
			return f.nextLeg(ctx, p, s.at)
		case f.now().Sub(began) >= bulkLeg:
			return f.nextLeg(ctx, p, time.Time{})
		}
		n = nextBatch(n, f.now().Sub(step))
	}
}

// stepBulk does the next rows: up to n logins in one transaction, or one login that needs a temporary password.
func (f *Family) stepBulk(ctx context.Context, p bulkPayload, n int) (stride, error) {
	var b Bulk
	var fresh, ended bool
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		if b, err = bulkByID(ctx, tx, p.Bulk); err != nil {
			return err
		}
		if fresh, err = hasRows(ctx, tx, p.Bulk, ""); err != nil || fresh {
			return err
		}
		ended, err = hasRows(ctx, tx, p.Bulk, ManageEnded)
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return stride{over: true}, nil
	case err != nil:
		return stride{}, err
	case b.State != BulkRunning || b.leg != p.Leg:
		return stride{over: true}, nil
	case fresh && b.Act == BulkSendPassword:
		return f.issueBulk(ctx, p, "")
	case fresh:
		return f.sliceBulk(ctx, p, n)
	case ended && b.Act == BulkRequirePassword:
		return f.issueBulk(ctx, p, ManageEnded)
	}
	return f.finishBulk(ctx, p)
}

var (
	errBulkOver  = errors.New("the act is over")
	errBulkAhead = errors.New("the mails of the act have to catch up")
)

// enterBulk reads the act again, inside the transaction that works on it, with who does it: whoever asked for it, with the rights they have now.
func (f *Family) enterBulk(ctx context.Context, tx *sqldb.Tx, p bulkPayload) (Bulk, access.Actor, error) {
	b, err := bulkByID(ctx, tx, p.Bulk)
	if err != nil {
		return b, access.Actor{}, err
	}
	if b.State != BulkRunning || b.leg != p.Leg {
		return b, access.Actor{}, errBulkOver
	}
	actor := access.Actor{Kind: access.System, Username: b.Owner, Address: b.address, RequestID: b.requestID}
	if b.owner == 0 {
		return b, actor, nil
	}
	a, err := f.accounts.Account(ctx, tx, b.owner)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return b, actor, err
	}
	actor.Kind, actor.AccountID, actor.Role, actor.Schools = access.Staff, b.owner, a.Role, a.Schools
	if err != nil || a.State != account.Active || !a.EndsAt.IsZero() && !f.now().Before(a.EndsAt) || !access.Can(actor, access.BulkLogins) {
		return b, actor, errNoRights
	}
	return b, actor, nil
}

var errNoRights = errors.New("whoever asked for the act may no longer do it")

// endStep turns the ends of an act into strides.
func (f *Family) endStep(ctx context.Context, p bulkPayload, err error) (stride, error) {
	switch {
	case errors.Is(err, errBulkOver), fault.Is(err, fault.NotFound):
		return stride{over: true}, nil
	case errors.Is(err, errNoRights):
		return stride{over: true}, f.db.Write(ctx, func(tx *sqldb.Tx) error {
			b, err := bulkByID(ctx, tx, p.Bulk)
			if err != nil || b.State != BulkRunning {
				return err
			}
			if err := endBulk(ctx, tx, p.Bulk, BulkStopped, "rights", "", f.now()); err != nil {
				return err
			}
			return f.noteBulk(ctx, tx, sweeper(), b, "bulk.stopped", map[string]any{"because": "rights", "done": b.Done})
		})
	}
	return stride{}, err
}

// sliceBulk does the rows of up to n logins in one transaction.
func (f *Family) sliceBulk(ctx context.Context, p bulkPayload, n int) (stride, error) {
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		b, actor, err := f.enterBulk(ctx, tx, p)
		if err != nil {
			return err
		}
		rows, err := nextRows(ctx, tx, b.ID, "", n)
		if err != nil || len(rows) == 0 {
			return err
		}
		pace, err := f.readPace(ctx, tx)
		if err != nil {
			return err
		}
		if b.Act == BulkReset {
			err = f.resetRows(ctx, tx, actor, b, rows, pace)
		} else {
			err = f.manageRows(ctx, tx, actor, b, rows)
		}
		if err != nil {
			return err
		}
		if err := pace.keep(ctx, tx); err != nil {
			return err
		}
		return advanceBulk(ctx, tx, b.ID, len(rows), f.now().Add(bulkGrace))
	})
	return f.endStep(ctx, p, err)
}

// resetRows resets lines.
func (f *Family) resetRows(ctx context.Context, tx *sqldb.Tx, actor access.Actor, b Bulk, rows []bulkWork, pace *pace) error {
	at := make(map[int64]bulkWork, len(rows))
	var lines []int64
	for _, r := range rows {
		at[r.target] = r
		lines = append(lines, r.target)
	}
	order := ResetOrder{Keep: b.more.Keep, Along: b.more.Along}
	if len(order.Keep) > 0 {
		var err error
		if order.Lines, _, err = bulkTargets(ctx, tx, b.ID); err != nil {
			return err
		}
	}
	results, err := f.resetIn(ctx, tx, actor, order, lines, pace)
	if err != nil {
		return err
	}
	for _, result := range results {
		if err := endRow(ctx, tx, b.ID, at[result.LineID], string(result.Outcome), detailOf(result)); err != nil {
			return err
		}
	}
	return nil
}

// manageRows does an act that needs no temporary password, or not yet.
func (f *Family) manageRows(ctx context.Context, tx *sqldb.Tx, actor access.Actor, b Bulk, rows []bulkWork) error {
	for _, r := range rows {
		m := manage{Family: f, tx: tx, actor: actor, act: b.Act, reason: b.Reason, later: true, twice: doneInBulk(b.ID, r.pos)}
		result, err := m.do(ctx, r.target)
		if err != nil {
			return err
		}
		r.account, r.version = result.account, result.version
		if err := endRow(ctx, tx, b.ID, r, string(result.Outcome), detailOfLogin(result.ManageResult)); err != nil {
			return err
		}
	}
	return nil
}

// issueBulk makes the temporary password of one login, if its mail may leave within a minute.
func (f *Family) issueBulk(ctx context.Context, p bulkPayload, from ManageOutcome) (stride, error) {
	var r bulkWork
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := nextRows(ctx, tx, p.Bulk, string(from), 1)
		if err == nil && len(rows) > 0 {
			r = rows[0]
		}
		return err
	})
	if err != nil || r.pos == 0 {
		return stride{}, err
	}
	var at time.Time
	m := manage{Family: f, version: r.version}
	_, err = m.one(ctx, r.target, around{
		before: func(m *manage) error {
			b, actor, err := f.enterBulk(ctx, m.tx, p)
			if err != nil {
				return err
			}
			m.actor, m.act = actor, b.Act
			m.twice = doneInBulk(b.ID, r.pos)
			if m.pace, err = f.readPace(ctx, m.tx); err != nil {
				return err
			}
			if at = m.pace.at; at.Sub(f.now()) > bulkAhead {
				return errBulkAhead
			}
			return nil
		},
		after: func(m *manage, result managed) error {
			r := r
			r.account, r.version = result.account, result.version
			if err := endRow(ctx, m.tx, p.Bulk, r, string(result.Outcome), detailOfLogin(result.ManageResult)); err != nil {
				return err
			}
			done := 1
			if r.outcome != "" {
				done = 0
			}
			if err := m.pace.keep(ctx, m.tx); err != nil {
				return err
			}
			return advanceBulk(ctx, m.tx, p.Bulk, done, f.now().Add(bulkGrace))
		},
	})
	switch {
	case errors.Is(err, errBulkAhead):
		return stride{at: at.Add(-bulkAhead / 2)}, nil
	case fault.Is(err, fault.Conflict): // however often it is tried: one row must not hold up the others
		err = f.passOver(ctx, p, r)
	}
	return f.endStep(ctx, p, err)
}

// passOver leaves a login alone that cannot be done, unless another worker has done it.
func (f *Family) passOver(ctx context.Context, p bulkPayload, r bulkWork) error {
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, _, err := f.enterBulk(ctx, tx, p); err != nil {
			return err
		}
		done := 1
		if r.outcome != "" {
			done = 0
		}
		if err := endRow(ctx, tx, p.Bulk, r, string(ManageOvertaken), rowDetail{}); err != nil {
			return err
		}
		return advanceBulk(ctx, tx, p.Bulk, done, f.now().Add(bulkGrace))
	})
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// finishBulk ends an act whose rows are all done.
func (f *Family) finishBulk(ctx context.Context, p bulkPayload) (stride, error) {
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		b, actor, err := f.enterBulk(ctx, tx, p)
		if err != nil {
			return err
		}
		counts, err := bulkOutcomes(ctx, tx, b.ID)
		if err != nil {
			return err
		}
		if err := endBulk(ctx, tx, b.ID, BulkDone, "", "", f.now()); err != nil {
			return err
		}
		return f.noteBulk(ctx, tx, actor, b, "bulk.done", map[string]any{"outcomes": counts})
	})
	if err == nil {
		return stride{over: true}, nil
	}
	return f.endStep(ctx, p, err)
}
