// Package jobs is the durable queue: work that must happen after a change is committed, mail first of all.
//
// A job is a row written in the transaction of the change that needs it. The row is the state machine: ready until its handler
// succeeds (done), fails for good or passes its deadline (failed), or staff stop it (stopped). A worker holds a job by a lease with a
// token; a worker that dies loses the lease and the job runs again, so a handler may run twice and must be idempotent.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// State is where a job stands.
type State string

// The states of a job.
const (
	Ready   State = "ready"
	Done    State = "done"
	Failed  State = "failed"
	Stopped State = "stopped"
)

// Job is a piece of work. Secret is erased when the job leaves the state ready, and only its handler ever sees it.
type Job struct {
	ID        int64
	Kind      string
	Label     string // what lists call it; "" for nothing
	Class     Class
	State     State
	Payload   []byte // JSON, nothing secret
	Secret    []byte
	Attempts  int // begun so far, the running one included
	RunAt     time.Time
	Deadline  time.Time // not run after it
	LastError string
	Expired   bool  // it ended because its deadline passed
	AccountID int64 // whom it concerns; zero for nobody
	ContactID int64
	CreatedAt time.Time
	EndedAt   time.Time
}

// Class says which jobs of a gated kind go first.
type Class int

// The classes.
const (
	First Class = 0
	Later Class = 1
)

// Gate holds back jobs of a kind, over all nodes. Open returns how many of the wanted jobs may begin now, and how many of these may be of
// class Later; it is asked before a claim, where nothing may be written, and again inside it. Through is told, in the transaction of the claim,
// how many of each class begin.
type Gate interface {
	Open(ctx context.Context, tx *sqldb.Tx, want int) (all, later int, err error)
	Through(ctx context.Context, tx *sqldb.Tx, first, later int) error
}

// Handler does a job. An error makes the queue try again later, unless it is Permanent or a Skip. It must heed its context, which ends
// after half a minute: what it does later may run beside the next attempt.
type Handler func(ctx context.Context, job Job) error

// Permanent marks an error that no further attempt can mend.
func Permanent(err error) error { return permanentError{err} }

type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// IsPermanent reports whether err was marked by Permanent.
func IsPermanent(err error) bool { _, ok := errors.AsType[permanentError](err); return ok }

// Skip returns an error that ends a job as done, because there is no longer anything to do; the reason stands in its LastError.
func Skip(reason string) error { return skipError(reason) }

// Again returns an error that gives a job back as if it had not been begun: it keeps its place and the attempt does not count. It is for
// what stands in the way of all jobs of the kind alike; something must hold them back, or the job begins again at once.
func Again(err error) error { return againError{err} }

type againError struct{ error }

func (e againError) Unwrap() error { return e.error }

// Postpone returns an error that gives a job back until some time has passed, however often it was tried: what stands in its way ends by itself.
func Postpone(err error, by time.Duration) error { return postponeError{err, by} }

type postponeError struct {
	error
	by time.Duration
}

func (e postponeError) Unwrap() error { return e.error }

type skipError string

func (e skipError) Error() string { return string(e) }

// Queue writes and runs jobs. It is safe for concurrent use once every kind has its handler.
type Queue struct {
	db    *sqldb.DB
	log   *slog.Logger
	now   func() time.Time
	kinds map[string]*kind

	lease    time.Duration // how long a claimed job is out of others' reach; longer than patience
	long     time.Duration // the same of long work, whose lease is renewed: what died goes on elsewhere after it
	patience time.Duration // what a handler gets for one attempt
	grace    time.Duration // what running handlers get when Run ends
}

type kind struct {
	name     string
	parallel int
	handler  Handler
	long     bool
	gate     Gate // nil: none
	wake     chan struct{}
}

// New returns a queue on db.
func New(db *sqldb.DB, log *slog.Logger, now func() time.Time) *Queue {
	return &Queue{db: db, log: log, now: now, kinds: map[string]*kind{},
		lease: time.Minute, long: 20 * time.Second, patience: 30 * time.Second, grace: 5 * time.Second}
}

// Handle registers the handler of a kind and how many run at once in this process. It must be called before Run.
func (q *Queue) Handle(name string, parallel int, h Handler) {
	q.kinds[name] = &kind{name: name, parallel: max(1, parallel), handler: h, wake: make(chan struct{}, 1)}
}

// leaseOf is for how long a claim of a kind holds.
func (q *Queue) leaseOf(k *kind) time.Duration {
	if k.long {
		return q.long
	}
	return q.lease
}

// Hold puts a gate before a kind that has its handler. It must be called before Run.
func (q *Queue) Hold(name string, g Gate) { q.kinds[name].gate = g }

// Wake tells the workers of a kind to look now: its gate has opened.
func (q *Queue) Wake(tx *sqldb.Tx, name string) { tx.AfterCommit(func() { q.wake(name) }) }

// HandleLong is Handle for work that may take hours, one at a time in this process: its lease is renewed while it runs, and its context ends
// when the lease is lost.
func (q *Queue) HandleLong(name string, h Handler) {
	q.Handle(name, 1, h)
	q.kinds[name].long = true
}

// Kinds returns the kinds that have a handler, in order.
func (q *Queue) Kinds() []string { return slices.Sorted(maps.Keys(q.kinds)) }

// Enqueue writes a job in the caller's transaction and wakes this process's workers when it commits. Kind, Payload and Deadline are
// required; a zero RunAt means at once. It returns fault.Invalid for a job without them, or one that would begin after its deadline.
func (q *Queue) Enqueue(ctx context.Context, tx *sqldb.Tx, j Job) (int64, error) {
	now := q.now()
	if j.RunAt.IsZero() {
		j.RunAt = now
	}
	if j.Kind == "" || !json.Valid(j.Payload) || !j.Deadline.After(j.RunAt) {
		return 0, fault.Invalidf("a job needs a kind, a JSON payload and a deadline after its start")
	}
	id, err := insert(ctx, tx, j, now)
	if err == nil {
		tx.AfterCommit(func() { q.wake(j.Kind) })
	}
	return id, err
}

// wake tells the workers of a kind to look now instead of at the next tick.
func (q *Queue) wake(name string) {
	k := q.kinds[name]
	if k == nil {
		return
	}
	select {
	case k.wake <- struct{}{}:
	default: // a wake-up is already waiting
	}
}

// Cursor is a place in a list that pages by key: newest first. The zero value is the start.
type Cursor struct {
	At int64
	ID int64
}

// After returns the cursor behind a job of a list: what comes next is older.
func After(j Job) Cursor { return Cursor{At: j.CreatedAt.UnixMicro(), ID: j.ID} }

// List returns jobs of a kind, newest first, after the cursor; state "" means all. Their secrets are left out.
func (q *Queue) List(ctx context.Context, kind string, state State, after Cursor, limit int) (list []Job, err error) {
	err = q.db.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = selectList(ctx, tx, kind, state, after, limit)
		return err
	})
	return list, err
}

// CountLimit is where Counts stops counting: it means "more than one less".
const CountLimit = 1001

// Counts returns how many jobs of a kind stand in each state, at most CountLimit each.
func (q *Queue) Counts(ctx context.Context, kind string) (map[State]int, error) {
	counts := map[State]int{}
	err := q.db.Read(ctx, func(tx *sqldb.Tx) error {
		for _, s := range []State{Ready, Done, Failed, Stopped} {
			n, err := count(ctx, tx, kind, s)
			if err != nil {
				return err
			}
			counts[s] = n
		}
		return nil
	})
	return counts, err
}

// Job returns a job without its secret. It returns fault.NotFound for none.
func (q *Queue) Job(ctx context.Context, tx *sqldb.Tx, id int64) (Job, error) {
	j, err := selectOne(ctx, tx, id)
	return j.Job, err
}

// Retry makes a failed or stopped job ready again, now, with as much time as it had at first; one that waits for its next attempt gets it
// now. It returns fault.Conflict for a job that is done or whose secret is gone, fault.NotFound for none.
func (q *Queue) Retry(ctx context.Context, tx *sqldb.Tx, id int64) error {
	j, err := selectOne(ctx, tx, id)
	if err != nil {
		return err
	}
	switch {
	case j.State == Ready:
		err = hasten(ctx, tx, id, q.now())
	case j.State == Done:
		return fault.Conflictf("the job is done")
	case j.withSecret:
		return fault.Conflictf("the job's secret was erased when it ended: it cannot run again")
	default:
		now := q.now()
		err = reopen(ctx, tx, id, now, now.Add(j.Deadline.Sub(j.CreatedAt)))
	}
	if err == nil {
		tx.AfterCommit(func() { q.wake(j.Kind) })
	}
	return err
}

// Stop ends a job that is ready, so that it does not run again, and erases its secret; an attempt that is running is not cut short. It
// returns fault.Conflict for a job that has ended, fault.NotFound for none.
func (q *Queue) Stop(ctx context.Context, tx *sqldb.Tx, id int64) error {
	if _, err := selectOne(ctx, tx, id); err != nil {
		return err
	}
	stopped, err := stop(ctx, tx, id, q.now())
	if err == nil && !stopped {
		err = fault.Conflictf("the job has ended")
	}
	return err
}

// StopAll ends every job of a kind that is ready, as Stop does, and returns how many.
func (q *Queue) StopAll(ctx context.Context, tx *sqldb.Tx, kind string) (int64, error) {
	return tx.Exec(ctx, stopAllJobs, kind, q.now().UnixMicro())
}

// Forget deletes jobs that ended before the given time and returns how many.
func (q *Queue) Forget(ctx context.Context, before time.Time) (total int64, err error) {
	for {
		var n int64
		err := q.db.Write(ctx, func(tx *sqldb.Tx) error {
			n, err = deleteEnded(ctx, tx, before)
			return err
		})
		total += n
		if err != nil || n < deleteAtOnce {
			return total, err
		}
	}
}
