package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// clock is a time that moves when a test says so.
type clock struct{ at atomic.Int64 }

func newClock() *clock { c := &clock{}; c.at.Store(start.UnixMicro()); return c }

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }
func quiet() *slog.Logger                { return slog.New(slog.DiscardHandler) }
func succeed(context.Context, Job) error { return nil }
func job(kind, payload string) Job {
	return Job{Kind: kind, Payload: []byte(payload), Deadline: start.Add(24 * time.Hour)}
}
func newQueue(db *sqldb.DB) (*Queue, *clock) { c := newClock(); return New(db, quiet(), c.now), c }

func enqueue(t *testing.T, q *Queue, j Job) int64 {
	t.Helper()
	var id int64
	err := q.db.Write(t.Context(), func(tx *sqldb.Tx) (err error) { id, err = q.Enqueue(t.Context(), tx, j); return err })
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func drain(t *testing.T, q *Queue, want int) {
	t.Helper()
	n, err := q.Drain(t.Context())
	if err != nil || n != want {
		t.Fatalf("Drain ran %d jobs, %v; want %d", n, err, want)
	}
}

func find(t *testing.T, q *Queue, id int64) Job {
	t.Helper()
	var j row
	err := q.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) { j, err = selectOne(t.Context(), tx, id); return err })
	if err != nil {
		t.Fatal(err)
	}
	return j.Job
}

func secretLeft(t *testing.T, q *Queue, id int64) bool {
	t.Helper()
	var left int
	err := q.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		left, err = sqldb.Value[int](t.Context(), tx, "select count(*) from job where id = $1 and secret is not null", id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left == 1
}

func TestEML1AJobIsThereExactlyWhenItsChangeIsCommitted(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		q, _ := newQueue(db)
		ran := 0
		q.Handle("mail", 1, func(context.Context, Job) error { ran++; return nil })
		change := func(key string, end error) error {
			return db.Write(ctx, func(tx *sqldb.Tx) error {
				if _, err := tx.Exec(ctx, "insert into setting (key, value) values ($1, '')", key); err != nil {
					return err
				}
				_, err := q.Enqueue(ctx, tx, job("mail", `{}`))
				return errors.Join(err, end)
			})
		}
		boom := errors.New("boom")
		if err := change("lost", boom); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if drain(t, q, 0); len(q.kinds["mail"].wake) != 0 {
			t.Error("a change that was rolled back woke the workers")
		}
		if err := change("kept", nil); err != nil {
			t.Fatal(err)
		}
		if len(q.kinds["mail"].wake) != 1 {
			t.Error("the commit did not wake the workers")
		}
		if drain(t, q, 1); ran != 1 {
			t.Errorf("ran %d times", ran)
		}
	})
}

func TestEnqueueRefusesAJobThatCouldNeverRun(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		q, _ := newQueue(db)
		for name, j := range map[string]Job{
			"no kind":            {Payload: []byte(`{}`), Deadline: start.Add(time.Hour)},
			"no payload":         {Kind: "mail", Deadline: start.Add(time.Hour)},
			"a broken payload":   {Kind: "mail", Payload: []byte(`{`), Deadline: start.Add(time.Hour)},
			"no deadline":        {Kind: "mail", Payload: []byte(`{}`)},
			"beginning too late": {Kind: "mail", Payload: []byte(`{}`), RunAt: start.Add(time.Hour), Deadline: start.Add(time.Hour)},
		} {
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := q.Enqueue(t.Context(), tx, j); return err })
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want Invalid", name, err)
			}
		}
	})
}

func TestAJobComesBackAsItWasWritten(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		q, _ := newQueue(db)
		var got Job
		q.Handle("mail", 1, func(_ context.Context, j Job) error { got = j; return nil })
		in := job("mail", `{"template":"hello","to":"Zoë"}`)
		in.Secret, in.AccountID, in.ContactID, in.RunAt = []byte{0, 1, 2}, 7, 8, start.Add(time.Minute)
		in.ID = enqueue(t, q, in)
		drain(t, q, 0) // not before its time
		q.now = func() time.Time { return start.Add(time.Minute) }
		drain(t, q, 1)
		want := in
		want.State, want.Attempts, want.CreatedAt = Ready, 1, start
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the handler's job (-want +got):\n%s", diff)
		}
		want.State, want.Secret, want.EndedAt = Done, nil, start.Add(time.Minute)
		list, err := q.List(t.Context(), "mail", "", Cursor{}, 10)
		if diff := cmp.Diff([]Job{want}, list); diff != "" || err != nil {
			t.Errorf("List (-want +got): %v\n%s", err, diff)
		}
	})
}

func TestEML2AJobWhoseWorkerDiedRunsAgainWhenItsLeaseIsOver(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		dead, c := newQueue(db)
		dead.Handle("mail", 1, succeed)
		id := enqueue(t, dead, job("mail", `{}`))
		token, taken, err := dead.claim(t.Context(), dead.kinds["mail"], 5)
		if err != nil || len(taken) != 1 {
			t.Fatalf("claimed %d, %v", len(taken), err)
		}

		ran := 0
		q := New(db, quiet(), c.now)
		q.Handle("mail", 1, func(context.Context, Job) error { ran++; return errors.New("mail server away") })
		c.advance(59 * time.Second)
		drain(t, q, 0)
		c.advance(time.Second)
		if drain(t, q, 1); ran != 1 {
			t.Fatalf("ran %d times", ran)
		}

		// The dead worker comes back to life and believes that it still holds the job.
		dead.do(t.Context(), dead.kinds["mail"], taken[0], token)
		if j := find(t, q, id); j.State != Ready || j.Attempts != 2 || j.LastError != "mail server away" {
			t.Errorf("the worker without a lease wrote: %+v", j)
		}
	})
}

func TestEML3FourWorkersOnTwoNodesRunNoJobTwice(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		const total = 300
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex
		runs := map[string]int{}
		all := make(chan struct{})
		handle := func(_ context.Context, j Job) error {
			mu.Lock()
			defer mu.Unlock()
			if runs[string(j.Payload)]++; len(runs) == total {
				close(all)
			}
			return nil
		}
		var nodes []*Queue
		var wg sync.WaitGroup
		for range 2 {
			db, err := sqldb.Open(ctx, url, sqldb.Options{Fast: true})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			q := New(db, quiet(), time.Now)
			q.Handle("mail", 4, handle)
			q.Handle("other", 4, handle)
			nodes = append(nodes, q)
			wg.Go(func() {
				if err := q.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range total {
			j := job([]string{"mail", "other"}[i%2], fmt.Sprint(i))
			j.Deadline = time.Now().Add(time.Hour)
			enqueue(t, nodes[i%3%2], j)
		}
		select {
		case <-all:
		case <-time.After(time.Minute):
			t.Error("not all jobs ran")
		}
		cancel()
		wg.Wait()
		if len(runs) != total {
			t.Errorf("ran %d of %d", len(runs), total)
		}
		for id, n := range runs {
			if n != 1 {
				t.Errorf("job %s ran %d times", id, n)
			}
		}
		for _, kind := range []string{"mail", "other"} {
			counts, err := nodes[0].Counts(t.Context(), kind)
			if diff := cmp.Diff(map[State]int{Ready: 0, Done: total / 2, Failed: 0, Stopped: 0}, counts); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", kind, err, diff)
			}
		}
	})
}

func TestEML4AHungHandlerBlocksOnlyItsOwnSlotAndIsEndedInTime(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		q := New(db, quiet(), time.Now)
		q.patience = 300 * time.Millisecond
		var others sync.WaitGroup
		others.Add(20)
		hungFor := make(chan time.Duration, 1)
		q.Handle("mail", 2, func(ctx context.Context, j Job) error {
			if string(j.Payload) == `"hang"` {
				begun := time.Now()
				<-ctx.Done()
				hungFor <- time.Since(begun)
				return ctx.Err()
			}
			others.Done()
			return nil
		})
		for i := range 21 {
			j := job("mail", `"run"`)
			if i == 0 {
				j.Payload = []byte(`"hang"`)
			}
			j.Deadline = time.Now().Add(time.Hour)
			enqueue(t, q, j)
		}
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		others.Wait()
		if d := <-hungFor; d < q.patience || d > 20*q.patience {
			t.Errorf("the hung attempt was ended after %v", d)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ready, err := q.List(t.Context(), "mail", Ready, Cursor{}, 5)
		if err != nil || len(ready) != 1 || ready[0].Attempts != 1 || ready[0].LastError == "" {
			t.Errorf("the hung job is %+v, %v; want it ready for another attempt", ready, err)
		}
	})
}

func TestRunEndsWithoutAHandlerThatHeedsNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		q := New(db, quiet(), time.Now)
		q.grace = 20 * time.Millisecond
		begun, release := make(chan struct{}), make(chan struct{})
		q.Handle("mail", 1, func(context.Context, Job) error { close(begun); <-release; return nil })
		j := job("mail", `{}`)
		j.Deadline = time.Now().Add(time.Hour)
		enqueue(t, q, j)
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		<-begun
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		close(release)
	})
}

func TestEML4BackOffGrowsAndGivingUpIsVisible(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		q, c := newQueue(db)
		q.Handle("mail", 1, func(context.Context, Job) error { return errors.New("451 try later") })
		id := enqueue(t, q, job("mail", `{}`))
		for n := 1; ; n++ {
			drain(t, q, 1)
			j := find(t, q, id)
			if j.State == Failed {
				if n < 25 || n > 40 {
					t.Errorf("gave up after %d attempts in a day", n)
				}
				break
			}
			wait := j.RunAt.Sub(c.now())
			low, high := 8*time.Second<<(n-1), 12*time.Second<<(n-1)
			if n > 9 {
				low, high = 40*time.Minute, time.Hour
			}
			if wait < min(low, 40*time.Minute) || wait > min(high, time.Hour) {
				t.Errorf("attempt %d is followed by %v", n, wait)
			}
			c.advance(wait - time.Second)
			drain(t, q, 0)
			c.advance(time.Second)
		}
		failed, err := q.List(t.Context(), "mail", Failed, Cursor{}, 5)
		if err != nil || len(failed) != 1 || failed[0].LastError != "expired: 451 try later" || failed[0].EndedAt.IsZero() {
			t.Errorf("got %+v, %v; want the job listed as failed with its reason", failed, err)
		}
	})
}

func TestTheSecretIsErasedInEveryEndState(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		for _, c := range []struct {
			name    string
			handler Handler
			late    bool
			stop    bool
			want    State
			note    string
		}{
			{name: "done", handler: succeed, want: Done},
			{name: "skipped", handler: func(context.Context, Job) error { return fmt.Errorf("mail: %w", Skip("replaced")) }, want: Done, note: "replaced"},
			{name: "failed for good", handler: func(context.Context, Job) error { return Permanent(errors.New("550 no")) }, want: Failed, note: "550 no"},
			{name: "past its deadline", handler: succeed, late: true, want: Failed, note: "expired"},
			{name: "stopped", handler: succeed, stop: true, want: Stopped},
			{name: "waiting after a panic", handler: func(context.Context, Job) error { panic("bug") }, want: Ready, note: "the handler panicked: bug"},
		} {
			q, clock := newQueue(db)
			q.Handle("mail", 1, c.handler)
			j := job("mail", `{}`)
			j.Secret = []byte("seed")
			id := enqueue(t, q, j)
			if !secretLeft(t, q, id) {
				t.Fatal("the secret was not written")
			}
			if c.late {
				clock.advance(24 * time.Hour)
			}
			if c.stop {
				if err := db.Write(t.Context(), func(tx *sqldb.Tx) error { return q.Stop(t.Context(), tx, id) }); err != nil {
					t.Fatal(err)
				}
				drain(t, q, 0)
			} else {
				drain(t, q, 1)
			}
			got := find(t, q, id)
			if got.State != c.want || got.LastError != c.note || got.EndedAt.IsZero() != (c.want == Ready) {
				t.Errorf("%s: got %+v", c.name, got)
			}
			if secretLeft(t, q, id) != (c.want == Ready) {
				t.Errorf("%s: secret left: %v", c.name, c.want != Ready)
			}
			if c.want == Ready {
				continue
			}
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error { return q.Retry(t.Context(), tx, id) })
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: Retry without the secret: %v", c.name, err)
			}
			if err := db.Write(t.Context(), func(tx *sqldb.Tx) error { return q.Stop(t.Context(), tx, id) }); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: Stop of an ended job: %v", c.name, err)
			}
		}
	})
}

func TestRetryGivesAFailedJobItsTimeAgain(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		q, c := newQueue(db)
		fail := true
		q.Handle("mail", 1, func(context.Context, Job) error {
			if fail {
				return Permanent(errors.New(strings.Repeat("é", 400) + "\x00\xff"))
			}
			return nil
		})
		retry := func(id int64) error {
			return db.Write(t.Context(), func(tx *sqldb.Tx) error { return q.Retry(t.Context(), tx, id) })
		}
		id := enqueue(t, q, job("mail", `{}`))
		drain(t, q, 1)
		if err := find(t, q, id).LastError; len(err) > longestNote+10 || !strings.HasPrefix(err, "éé") {
			t.Errorf("the error is kept as %q", err)
		}
		c.advance(48 * time.Hour) // its deadline is past
		fail = false
		if err := retry(id); err != nil {
			t.Fatal(err)
		}
		if j := find(t, q, id); j.State != Ready || j.Attempts != 0 || j.LastError != "" || !j.EndedAt.IsZero() || j.Deadline.Sub(c.now()) != 24*time.Hour {
			t.Errorf("after Retry: %+v", j)
		}
		if drain(t, q, 1); find(t, q, id).State != Done {
			t.Errorf("after Retry and a run: %+v", find(t, q, id))
		}
		if err := retry(id); !fault.Is(err, fault.Conflict) {
			t.Errorf("Retry of a job that is done: %v", err)
		}
		if err := retry(id + 1000); !fault.Is(err, fault.NotFound) {
			t.Errorf("Retry of no job: %v", err)
		}
		later := job("mail", `{}`)
		later.RunAt, later.Deadline = c.now().Add(time.Hour), c.now().Add(2*time.Hour)
		id = enqueue(t, q, later)
		if err := retry(id); err != nil {
			t.Fatal(err)
		}
		drain(t, q, 1) // a waiting job runs at once
	})
}

func TestListPagesNewestFirstAndForgetDeletesOnlyWhatEnded(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		q, c := newQueue(db)
		q.Handle("mail", 1, func(_ context.Context, j Job) error {
			if string(j.Payload) == "1" {
				return Permanent(errors.New("no"))
			}
			return nil
		})
		var ids []int64
		for i := range 7 {
			j := job("mail", fmt.Sprint(i%2))
			if i >= 5 {
				j.RunAt = start.Add(20 * time.Hour)
			}
			ids = append([]int64{enqueue(t, q, j)}, ids...)
			c.advance(time.Duration(i%2) * time.Minute) // pairs share their time: the id decides
		}
		enqueue(t, q, job("other", "0"))
		drain(t, q, 5)
		page := func(state State) []int64 {
			t.Helper()
			var got []int64
			for after := (Cursor{}); ; {
				list, err := q.List(ctx, "mail", state, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				if len(list) == 0 {
					return got
				}
				for _, j := range list {
					got = append(got, j.ID)
				}
				after = After(list[len(list)-1])
			}
		}
		for state, want := range map[State][]int64{"": ids, Ready: ids[:2], Done: {ids[2], ids[4], ids[6]}, Failed: {ids[3], ids[5]}, Stopped: nil} {
			if diff := cmp.Diff(want, page(state)); diff != "" {
				t.Errorf("state %q (-want +got):\n%s", state, diff)
			}
		}
		if n, err := q.Forget(ctx, c.now()); n != 0 || err != nil {
			t.Errorf("forgot %d too early, %v", n, err)
		}
		if n, err := q.Forget(ctx, c.now().Add(time.Second)); n != 5 || err != nil {
			t.Errorf("forgot %d of 5, %v", n, err)
		}
		if diff := cmp.Diff(ids[:2], page("")); diff != "" {
			t.Errorf("left after Forget (-want +got):\n%s", diff)
		}
	})
}

func TestDrainRunsWhatJobsEnqueue(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		q, _ := newQueue(db)
		q.Handle("decide", 1, func(ctx context.Context, j Job) error {
			return db.Write(ctx, func(tx *sqldb.Tx) error { _, err := q.Enqueue(ctx, tx, job("mail", `{}`)); return err })
		})
		q.Handle("a mail", 1, succeed)
		q.Handle("mail", 1, succeed)
		enqueue(t, q, job("decide", `{}`))
		drain(t, q, 2)
	})
}

func TestNoQueryOfTheQueueScansTheTable(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		if db.Dialect() == "postgres" {
			fill(t, db)
		}
		type q = struct {
			query string
			args  []any
		}
		queries := map[string]q{
			"due":           {dueFor, []any{"mail", start.UnixMicro()}},
			"newest":        {newest, []any{"mail", 1, 1, 50}},
			"newestInState": {newestInState, []any{"mail", "failed", 1, 1, 50}},
			"countState":    {countState, []any{"mail", "failed", 1001}},
			"ended":         {`select id from job where ended_at < $1 order by ended_at limit $2`, []any{1, 10}},
			"first class":   {strings.Replace(claimChoice, "$6", "$4", 1), []any{"mail", start.UnixMicro(), 4, 0}},
			"oldest":        {oldestDue, []any{"mail", start.UnixMicro()}},
			"last":          {lastEnded, []any{"mail", 5}},
			"secrets":       {countSecret, []any{"mail", 1001}},
		}
		for _, s := range append(Standings(), "") {
			for _, f := range []Filter{{Standing: s}, {Standing: s, Label: "few"}, {Standing: s, Label: "many"}} {
				query, args, err := f.query("mail", Cursor{}, 51)
				if err != nil {
					t.Fatal(err)
				}
				queries["find "+string(s)+" "+f.Label] = q{query, args}
			}
			where, _ := s.where()
			if s == "" {
				continue
			}
			queries["count "+string(s)] = q{countBegin + where + countEnd, []any{"mail", CountLimit}}
		}
		person, args, err := Filter{ContactID: 7, Account: 8}.query("mail", Cursor{}, 51)
		if err != nil {
			t.Fatal(err)
		}
		if plan, err := db.Plan(t.Context(), person, args...); err != nil || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN job\n") {
			t.Errorf("mails to one person: %v\n%s", err, plan)
		}
		for name, q := range queries {
			plan, err := db.Plan(t.Context(), q.query, q.args...)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN job\n") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s:\n%s", name, plan)
			}
		}
	})
}

// fill gives PostgreSQL enough rows to prefer an index.
func fill(t *testing.T, db *sqldb.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into job (kind, state, payload, run_at, deadline, created_at, ended_at, contact_id, account_id, expired, label)
select 'mail', case when i % 50 = 0 then 'failed' else 'done' end, '{}', i, i, i, i, i % 5000, i % 5000, i % 100 = 0,
case when i % 1000 = 0 then 'few' else 'many' end from n`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), "analyze job"); return err })
	if err != nil {
		t.Fatal(err)
	}
}
