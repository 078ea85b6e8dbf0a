package jobs

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// node is a program of its own on a database; while it is cut off, its leases are not renewed.
func node(t *testing.T, url string, h Handler) (q *Queue, cutOff *atomic.Bool) {
	t.Helper()
	cutOff = &atomic.Bool{}
	db, err := sqldb.Open(t.Context(), url, sqldb.Options{Fast: true, Before: func(query string) error {
		if cutOff.Load() && strings.HasPrefix(query, renewLease) {
			return errors.New("the cable is out")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	q = New(db, quiet(), time.Now)
	q.long = 700 * time.Millisecond
	q.HandleLong("import", h)
	return q, cutOff
}

func TestLongWorkKeepsItsLeaseAndGoesToAnotherNodeWhenItCannot(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		begun, lost, ends := make(chan bool, 9), make(chan bool, 9), make(chan bool)
		a, cutOff := node(t, url, func(ctx context.Context, _ Job) error {
			begun <- true
			select {
			case <-ctx.Done():
				lost <- true
				return ctx.Err()
			case <-ends:
				return nil
			}
		})
		ran := 0
		b, _ := node(t, url, func(context.Context, Job) error { ran++; return nil })
		long := func() int64 {
			j := job("import", `{}`)
			j.Deadline = time.Now().Add(time.Hour)
			return enqueue(t, a, j)
		}
		drained := make(chan error, 1)
		work := func() { _, err := a.Drain(t.Context()); drained <- err }
		tries := func(until func() bool) { // the other node looks for work again and again
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for began := time.Now(); !until() && time.Since(began) < 20*time.Second; <-tick.C {
				if _, err := b.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}

		id := long()
		go work()
		<-begun
		began := time.Now()
		tries(func() bool { return time.Since(began) > 3*a.long/2 })
		if ran != 0 {
			t.Fatal("the other node took what is held")
		}
		ends <- true
		if err := <-drained; err != nil || find(t, a, id).State != Done {
			t.Fatalf("%+v, %v", find(t, a, id), err)
		}

		id = long()
		go work()
		<-begun
		cutOff.Store(true)
		tries(func() bool { return ran > 0 })
		cutOff.Store(false)
		if j := find(t, b, id); ran != 1 || j.State != Done || j.Attempts != 2 {
			t.Fatalf("the other node did not take it: %d, %+v", ran, j)
		}
		<-lost // whose context ends when the lease is lost
		if err := <-drained; err != nil {
			t.Error(err)
		}
		if j := find(t, b, id); j.State != Done || j.LastError != "" {
			t.Errorf("the first node noted an end of its own: %+v", j)
		}
	})
}

func TestWhatIsPostponedComesBackAfterItsTimeHoweverOftenItWasTried(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		q, clock := newQueue(db)
		busy := errors.New("somebody has it")
		q.Handle("import", 1, func(context.Context, Job) error { return Postpone(busy, 5*time.Second) })
		id := enqueue(t, q, job("import", `{}`))
		for n := 1; n <= 12; n++ {
			drain(t, q, 1)
			j := find(t, q, id)
			if j.State != Ready || j.Attempts != n || j.LastError != busy.Error() || !j.RunAt.Equal(clock.now().Add(5*time.Second)) {
				t.Fatalf("attempt %d: %+v", n, j)
			}
			clock.advance(4 * time.Second)
			drain(t, q, 0)
			clock.advance(time.Second)
		}
		if !errors.Is(Postpone(busy, 0), busy) {
			t.Error("the error behind it is lost")
		}
	})
}
