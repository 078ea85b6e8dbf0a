package account

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// class says who waits for a hash. Classes that wait are served in turn, so that a flood of one cannot starve another.
type class int

const (
	known      class = iota // a known device, or somebody who is signed in
	anonymous               // anybody else
	background              // work nobody's browser waits for on a failure: never shed
	classes
)

const (
	queueLength = 64
	patience    = 3 * time.Second
)

// queue admits a bounded number of callers at a time, first come first served within a class, the classes in turn. A caller that is
// admitted will be hashed; whoever is shed is shed before anything was counted.
type queue struct {
	mu       sync.Mutex
	free     int
	length   int // how many of known and anonymous may wait
	patience time.Duration
	waiting  int // of known and anonymous
	next     class
	lines    [classes]*list.List
	back     *list.List // anonymous callers from addresses over their limit: served when no other anonymous one waits
	shed     int64
}

type waiter struct {
	admitted chan struct{} // closed on admission, under the queue's lock
}

func newQueue(admit int) *queue {
	q := &queue{free: admit, length: queueLength, patience: patience, back: list.New()}
	for c := range q.lines {
		q.lines[c] = list.New()
	}
	return q
}

// enter waits for admission and returns how to leave. It returns fault.Unavailable when too many wait or the wait is too long.
func (q *queue) enter(ctx context.Context, c class, last bool) (leave func(), _ error) {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return q.leave, nil
	}
	bounded := c != background
	if bounded && q.waiting >= q.length {
		q.shed++
		q.mu.Unlock()
		return nil, busy()
	}
	line := q.lines[c]
	if last && c == anonymous {
		line = q.back
	}
	w := &waiter{admitted: make(chan struct{})}
	place := line.PushBack(w)
	var over <-chan time.Time
	if bounded {
		q.waiting++
		t := time.NewTimer(q.patience)
		defer t.Stop()
		over = t.C
	}
	q.mu.Unlock()

	var err error
	select {
	case <-w.admitted:
		return q.leave, nil
	case <-over:
		err = busy()
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-w.admitted: // in the same instant: take it, the place is ours to give back
		return q.leave, nil
	default:
	}
	line.Remove(place)
	if bounded {
		q.waiting--
		q.shed++
	}
	return nil, err
}

func busy() error { return fault.Unavailablef(patience, "too many sign-ins at once") }

// leave hands the caller's place to the next class that waits.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range classes {
		c := q.next
		q.next = (q.next + 1) % classes
		line := q.lines[c]
		if c == anonymous && line.Len() == 0 {
			line = q.back
		}
		if line.Len() == 0 {
			continue
		}
		w := line.Remove(line.Front()).(*waiter)
		if c != background {
			q.waiting--
		}
		close(w.admitted)
		return
	}
	q.free++
}
