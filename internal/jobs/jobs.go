// Package jobs is the durable queue: work that must happen after a change is committed, mail first of all.
//
// A job is a row written in the transaction of the change that needs it. The row is the state machine: ready until its handler
// succeeds (done), fails for good or passes its deadline (failed), or staff stop it (stopped). A worker holds a job by a lease with a
// token; a worker that dies loses the lease and the job runs again, so a handler may run twice and must be idempotent.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

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

// Job is a piece of work. Secret is erased when the job leaves the state ready.
type Job struct {
	ID        int64
	Kind      string
	State     State
	Payload   []byte // JSON, nothing secret
	Secret    []byte
	Attempts  int
	RunAt     time.Time
	Deadline  time.Time // not run after it
	LastError string
	AccountID int64 // whom it concerns; zero for nobody
	ContactID int64
	CreatedAt time.Time
	EndedAt   time.Time
}

// Handler does a job. An error makes the queue try again later, unless it is Permanent.
type Handler func(ctx context.Context, job Job) error

// Permanent marks an error that no further attempt can mend.
func Permanent(err error) error { return permanentError{err} }

type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// IsPermanent reports whether err was marked by Permanent.
func IsPermanent(err error) bool { _, ok := errors.AsType[permanentError](err); return ok }

var errNotBuilt = errors.New("not built yet")

// Queue writes and runs jobs.
type Queue struct{}

// New returns a queue on db.
func New(db *sqldb.DB, log *slog.Logger, now func() time.Time) *Queue { return &Queue{} }

// Enqueue writes a job in the caller's transaction and wakes this process's workers when it commits. Kind, Payload and Deadline are
// required; a zero RunAt means at once.
func (q *Queue) Enqueue(ctx context.Context, tx *sqldb.Tx, j Job) (int64, error) {
	return 0, errNotBuilt
}

// Handle registers the handler of a kind and how many run at once in this process. It must be called before Run.
func (q *Queue) Handle(kind string, parallel int, h Handler) {}

// Run works until ctx ends, then waits for running handlers. It polls every second for jobs of other nodes.
func (q *Queue) Run(ctx context.Context) error { return errNotBuilt }

// Drain runs every job that is ready now, one after another, including those that these jobs enqueue, and returns how many ran.
// Tests use it with a clock of their own.
func (q *Queue) Drain(ctx context.Context) (int, error) { return 0, errNotBuilt }

// Cursor is a place in a list that pages by key: newest first. The zero value is the start.
type Cursor struct {
	At int64
	ID int64
}

// List returns jobs of a kind, newest first, after the cursor; state "" means all.
func (q *Queue) List(ctx context.Context, kind string, state State, after Cursor, limit int) ([]Job, error) {
	return nil, errNotBuilt
}

// Retry makes a failed or stopped job ready again, now. It returns fault.Conflict for a job that is done or whose secret is gone,
// fault.NotFound for none.
func (q *Queue) Retry(ctx context.Context, tx *sqldb.Tx, id int64) error { return errNotBuilt }

// Forget deletes jobs that ended before the given time and returns how many.
func (q *Queue) Forget(ctx context.Context, before time.Time) (int64, error) { return 0, errNotBuilt }
