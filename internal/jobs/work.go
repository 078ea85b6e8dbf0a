package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Run works until ctx ends, then waits a few seconds for running handlers; the lease protects what is left. It polls every second for
// jobs of other nodes. A database that is out of reach is logged and tried again.
func (q *Queue) Run(ctx context.Context) error {
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var running, serving sync.WaitGroup
	for _, k := range q.kinds {
		serving.Go(func() { q.serve(ctx, work, k, &running) })
	}
	serving.Wait()
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	for range 2 {
		select {
		case <-ended:
			return nil
		case <-time.After(q.grace):
			cut() // and once more the time to note that they were cut short
		}
	}
	q.log.Warn("jobs were still running at the end: they will run again")
	return nil
}

const poll = time.Second

// serve keeps the slots of one kind busy. Only it claims jobs of the kind in this process, so that workers do not compete for rows.
func (q *Queue) serve(ctx, work context.Context, k *kind, running *sync.WaitGroup) {
	slots := make(chan struct{}, k.parallel)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	down := false
	for {
		free := takeSlots(ctx, slots)
		if free == 0 {
			return
		}
		token, jobs, err := q.claim(ctx, k, free)
		for range free - len(jobs) {
			<-slots
		}
		for _, j := range jobs {
			running.Go(func() {
				defer func() { <-slots }()
				q.do(work, k, j, token)
			})
		}
		if err != nil && !down && ctx.Err() == nil {
			q.log.Error("cannot read the queue", "kind", k.name, "error", err)
		}
		down = err != nil
		if len(jobs) == free {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-tick.C:
		}
	}
}

// takeSlots waits for a free slot and takes all that are free. It returns zero when ctx ends.
func takeSlots(ctx context.Context, slots chan struct{}) int {
	select {
	case <-ctx.Done():
		return 0
	case slots <- struct{}{}:
	}
	n := 1
	for n < cap(slots) {
		select {
		case slots <- struct{}{}:
			n++
		default:
			return n
		}
	}
	return n
}

func (q *Queue) claim(ctx context.Context, k *kind, n int) (token string, jobs []Job, err error) {
	any := false
	err = q.db.Read(ctx, func(tx *sqldb.Tx) error {
		if any, err = due(ctx, tx, k.name, q.now()); err != nil || !any || k.gate == nil {
			return err
		}
		all, _, err := k.gate.Open(ctx, tx, n)
		any = all > 0
		return err
	})
	if err != nil || !any {
		return "", nil, err
	}
	token = rand.Text()
	query := claimBegin + q.db.SkipLocked() + claimEnd
	err = q.db.Write(ctx, func(tx *sqldb.Tx) error {
		now := q.now()
		if k.gate == nil {
			jobs, err = claim(ctx, tx, query, k.name, First, now, n, token, now.Add(q.leaseOf(k)))
			return err
		}
		jobs, err = q.claimGated(ctx, tx, query, k, n, token)
		return err
	})
	if err != nil {
		return "", nil, err // whatever was claimed was not committed
	}
	return token, jobs, nil
}

// claimGated takes as many jobs as the gate lets through, those of the first class before the others.
func (q *Queue) claimGated(ctx context.Context, tx *sqldb.Tx, query string, k *kind, n int, token string) ([]Job, error) {
	now := q.now()
	all, later, err := k.gate.Open(ctx, tx, n)
	if err != nil || all <= 0 {
		return nil, err
	}
	first, err := claim(ctx, tx, query, k.name, First, now, all, token, now.Add(q.leaseOf(k)))
	if err != nil {
		return nil, err
	}
	var rest []Job
	if left := min(all-len(first), later); left > 0 {
		if rest, err = claim(ctx, tx, query, k.name, Later, now, left, token, now.Add(q.leaseOf(k))); err != nil {
			return nil, err
		}
	}
	if len(first)+len(rest) == 0 {
		return nil, nil
	}
	return append(first, rest...), k.gate.Through(ctx, tx, len(first), len(rest))
}

// Drain runs every job that is ready now, one after another, including those that these jobs enqueue, and returns how many ran.
// Tests use it with a clock of their own.
func (q *Queue) Drain(ctx context.Context) (int, error) {
	names := slices.Sorted(maps.Keys(q.kinds))
	for total := 0; ; {
		before := total
		for _, name := range names {
			token, jobs, err := q.claim(ctx, q.kinds[name], 1)
			if err != nil {
				return total, err
			}
			for _, j := range jobs {
				q.do(ctx, q.kinds[name], j, token)
				total++
			}
		}
		if total == before {
			return total, nil
		}
	}
}

// do makes one attempt at a job and notes how it ended.
func (q *Queue) do(ctx context.Context, k *kind, j Job, token string) {
	if now := q.now(); !now.Before(j.Deadline) {
		q.note(ctx, j, func(tx *sqldb.Tx) (int64, error) {
			return expire(ctx, tx, j, token, j.LastError, now)
		})
		return
	}
	err := q.attempt(ctx, k, j, token)
	now := q.now()
	next := now.Add(backOff(j.Attempts))
	skip, skipped := errors.AsType[skipError](err)
	_, again := errors.AsType[againError](err)
	later, postponed := errors.AsType[postponeError](err)
	if postponed {
		next = now.Add(later.by)
	}
	q.note(ctx, j, func(tx *sqldb.Tx) (int64, error) {
		switch {
		case err == nil:
			return finish(ctx, tx, j, token, Done, "", now)
		case skipped:
			return finish(ctx, tx, j, token, Done, string(skip), now)
		case again:
			return giveBack(ctx, tx, j, token, clip(err.Error()))
		case IsPermanent(err):
			return finish(ctx, tx, j, token, Failed, clip(err.Error()), now)
		case !next.Before(j.Deadline):
			return expire(ctx, tx, j, token, err.Error(), now)
		}
		return postpone(ctx, tx, j, token, clip(err.Error()), next)
	})
	if err != nil && !skipped && !postponed {
		// What a mail server answers repeats addresses: it stands in the row, not in the log.
		q.log.Warn("a job failed", "job", j.ID, "kind", j.Kind, "attempt", j.Attempts, "permanent", IsPermanent(err))
	}
}

// attempt runs the handler within its time and turns a panic into an error.
func (q *Queue) attempt(ctx context.Context, k *kind, j Job, token string) (err error) {
	if k.long {
		var done func()
		ctx, done = q.holding(ctx, j, token)
		defer done()
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.patience)
		defer cancel()
	}
	defer func() {
		if v := recover(); v != nil {
			q.log.Error("a job's handler panicked", "job", j.ID, "kind", j.Kind, "stack", string(debug.Stack()))
			err = fmt.Errorf("the handler panicked: %v", v)
		}
	}()
	return k.handler(ctx, j)
}

// note writes how an attempt ended. It insists, within the lease: a job whose end is not noted runs again.
func (q *Queue) note(ctx context.Context, j Job, write func(*sqldb.Tx) (int64, error)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.grace)
	defer cancel()
	for {
		var held int64
		err := q.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			held, err = write(tx)
			return err
		})
		if err == nil {
			if held == 0 {
				q.log.Info("a job was taken over or stopped while it ran", "job", j.ID, "kind", j.Kind)
			}
			return
		}
		if !fault.Is(err, fault.Unavailable) || ctx.Err() != nil {
			q.log.Error("cannot note how a job ended: it will run again", "job", j.ID, "kind", j.Kind, "error", err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(poll / 4):
		}
	}
}

// backOff returns how long to wait after the n-th attempt: about 10 s, 20 s, 40 s … and at most an hour. The jitter keeps jobs that
// failed together from coming back together.
func backOff(n int) time.Duration {
	d := 50 * time.Minute
	if n >= 1 && n < 10 {
		d = min(d, 10*time.Second<<(n-1))
	}
	return time.Duration(float64(d) * (0.8 + 0.4*mathrand.Float64()))
}

const longestNote = 500

func tail(note, err string) string {
	if err == "" {
		return note
	}
	return clip(note + ": " + err)
}

// clip makes an error fit its column: databases refuse what is not text.
func clip(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if len(s) > longestNote {
		s = strings.ToValidUTF8(s[:longestNote], "") + " …"
	}
	return s
}
