package jobs

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Invariants is what always holds of the queue.
func (q *Queue) Invariants() []sqldb.Invariant {
	return []sqldb.Invariant{
		{Name: "ready-job-has-its-secret", Says: "A job that is still to run has the secret that it was written with.", Query: readyWithoutSecret},
		{Name: "ended-job-has-no-secret", Says: "A job that has ended keeps no secret and no lease, and says when it ended.", Query: endedWithSecret},
		{Name: "ready-job-has-not-ended", Says: "A job that is still to run has not ended.", Query: readyAndEnded},
		{Name: "lease-has-an-end", Says: "A lease has a holder and an end, or there is none.", Query: leaseWithoutEnd},
		{Name: "job-has-a-deadline", Says: "A job's deadline comes after its making.", Query: jobWithoutDeadline},
	}
}

// Backlog is how the queue stands.
type Backlog struct {
	Waiting int64         // ready and due
	Oldest  time.Duration // how long the one that waits longest has been due
	Failed  int64         // given up since the time that was asked about
}

// Backlog returns how the queue of a kind stands, and how many jobs failed since.
func (q *Queue) Backlog(ctx context.Context, kind string, since time.Time) (Backlog, error) {
	var b Backlog
	now := q.now()
	err := q.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		b, err = sqldb.One(ctx, tx, scanBacklog(now), backlog, kind, now.UnixMicro(), since.UnixMicro())
		return err
	})
	return b, err
}
