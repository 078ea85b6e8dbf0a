package account

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestLGN1EveryReasonHasTheSameAnswerAndAsManyStatements(t *testing.T) {
	for _, c := range []struct {
		name, username, password string
		prepare                  func(w *world, id int64)
	}{
		{"unknown username", "nobody", good, nil},
		{"no username", "", good, nil},
		{"not a username", "a b c", good, nil},
		{"wrong password", "maria", other, nil},
		{"empty password", "maria", "", nil},
		{"a megabyte", "maria", strings.Repeat("x", 1<<20), nil},
		{"disabled", "maria", good, func(w *world, id int64) { w.exec("update account set state = 'disabled' where id = $1", id) }},
		{"waiting", "maria", good, func(w *world, id int64) {
			w.exec("update account set state = 'waiting', password_hash = null where id = $1", id)
		}},
		{"wrong password before a second step", "maria", other, func(w *world, id int64) {
			w.exec("insert into authenticator (account_id, secret, session, created_at, confirmed_at) values ($1, $2, '', 1, 1)", id, []byte("x"))
		}},
		{"throttled", "maria", good, func(w *world, _ int64) {
			for range 6 {
				w.refused(w.signIn("maria", other))
			}
		}},
		{"wrong temporary password", "maria", "2222-2222-2222-2222", func(w *world, id int64) { w.issue(id, false) }},
		{"expired temporary password", "maria", "2222-2222-2222-2222", func(w *world, id int64) {
			w.issue(id, false)
			w.clock.add(25 * time.Hour)
		}},
		{"a hash with too great parameters", "maria", good, func(w *world, id int64) {
			w.exec("update account set password_hash = '$argon2id$v=19$m=4194304,t=2,p=1,keyid=x$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' where id = $1", id)
		}},
		{"a hash of an older cost", "maria", other, func(w *world, id int64) {
			h := NewHasher(Params{MemoryKiB: 8, Time: 1}, 1)
			defer h.Close()
			w.exec("update account set password_hash = $2 where id = $1", id, h.make(w.pepper(good), w.keys.pepperID))
		}},
		{"a hash under another key", "maria", good, func(w *world, id int64) {
			keys, _ := NewKeys([]byte(strings.Repeat("k", 32)))
			w.exec("update account set password_hash = $2 where id = $1", id, w.hasher.make(mac(keys.pepper, good), keys.pepperID))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var statements atomic.Int64
			opts := sqldb.Options{Before: func(string) error { statements.Add(1); return nil }}
			sqldbtest.RunWith(t, opts, func(t *testing.T, db *sqldb.DB) {
				w := newWorld(t, db)
				id := w.active(access.Parent, "maria")
				if c.prepare != nil {
					c.prepare(w, id)
				}
				before := statements.Load()
				w.refused(w.signIn("somebody", other))
				want := statements.Load() - before
				before = statements.Load()
				_, err := w.signIn(c.username, c.password)
				if !fault.Is(err, fault.Unauthenticated) || err.Error() != refused().Error() || fault.ProblemsOf(err) != nil {
					t.Errorf("got %v, want the one answer", err)
				}
				if n := statements.Load() - before; n != want {
					t.Errorf("%d statements, want %d: the read, the counter, two address counters, the event", n, want)
				}
			})
		})
	}
}

func TestASignInOpensASessionAndIsOnRecord(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		w.refused(w.signIn("maria", other))
		in := w.must(w.signIn(" MARIA ", good))
		s, err := w.Session(t.Context(), access.Parent, in.Token)
		if err != nil || s.Username != "maria" || s.Stage == SetPassword || s.Address != "192.0.2.7" || s.Number == "" {
			t.Errorf("got %+v, %v", s, err)
		}
		if diff := cmp.Diff(in.Session, s); diff != "" {
			t.Errorf("the session differs from the one announced:\n%s", diff)
		}
		if _, err := w.Session(t.Context(), access.Staff, in.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a parent's session opened the staff's portal: %v", err)
		}
		if diff := cmp.Diff([]string{"parent.sign_in failed", "parent.sign_in ok"}, w.events()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnUnreachableCounterIsNoFailedSignIn(t *testing.T) {
	boom := errors.New("out of order")
	var broken atomic.Bool
	opts := sqldb.Options{Before: func(q string) error {
		if broken.Load() {
			return fault.Wrap(fault.Unavailable, boom, "database")
		}
		return nil
	}}
	sqldbtest.RunWith(t, opts, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		w.active(access.Parent, "maria")
		broken.Store(true)
		_, err := w.signIn("maria", good)
		broken.Store(false)
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want Unavailable", err)
		}
		if n := w.count("select count(*) from throttle"); n != 0 {
			t.Errorf("%d counters were raised", n)
		}
	})
}

func TestLGN3FiveFailuresAreFreeThenTheDelayDoublesToFifteenMinutesAndSuccessClearsIt(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		for n := 1; n <= 17; n++ {
			w.refused(w.signIn("maria", other))
			want := time.Duration(0)
			if n >= 5 {
				want = min(time.Second<<(n-5), 15*time.Minute)
			}
			until := w.lockedUntil(id)
			if want == 0 {
				if !until.IsZero() {
					t.Fatalf("locked after %d failures", n)
				}
				continue
			}
			if got := until.Sub(w.clock.now()); got != want {
				t.Fatalf("locked for %v after %d failures, want %v", got, n, want)
			}
			w.clock.add(want - time.Microsecond)
			w.refused(w.signIn("maria", good)) // the right password, too early: neither let in nor counted
			if again := w.lockedUntil(id); again != until {
				t.Fatalf("a locked attempt moved the lock from %v to %v", until, again)
			}
			w.clock.add(time.Microsecond)
		}
		if diff := cmp.Diff([]Notice{Locked}, w.people.heard()); diff != "" {
			t.Errorf("what the person was told: %s", diff)
		}
		w.must(w.signIn("maria", good))
		for range 4 {
			w.refused(w.signIn("maria", other))
		}
		w.must(w.signIn("maria", good))
	})
}

func (w *world) lockedUntil(id int64) time.Time {
	w.t.Helper()
	var until map[int64]time.Time
	err := w.db.Read(w.t.Context(), func(tx *sqldb.Tx) (err error) {
		until, err = w.LockedUntil(w.t.Context(), tx, []int64{id, id + 1, id + 2})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return until[id]
}

func TestLGN4AfterAHundredFailuresThePasswordIsOffUntilANewOneIsSet(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		browser := Client{Device: w.must(w.signIn("maria", good)).Device}
		for range 100 {
			w.refused(w.signIn("maria", other))
			w.clock.add(15 * time.Minute)
		}
		w.clock.add(365 * 24 * time.Hour)
		if got := w.lockedUntil(id); !got.Equal(Never()) {
			t.Errorf("locked until %v", got)
		}
		w.refused(w.signIn("maria", good))
		browser.Device = w.deviceFor(id)
		w.refused(w.from(browser, "maria", good))
		if _, err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.refused(w.signIn("maria", good))
		hash, err := w.Hash(t.Context(), "password", other, 15, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.write(func(tx *sqldb.Tx) error { return w.SetHash(t.Context(), tx, id, hash) })
		w.must(w.signIn("maria", other))
	})
}

// deviceFor makes a browser known to the account and returns its cookie.
func (w *world) deviceFor(id int64) string {
	w.t.Helper()
	value := w.newDevice(access.Parent)
	w.write(func(tx *sqldb.Tx) error {
		account, err := w.Account(w.t.Context(), tx, id)
		if err != nil {
			return err
		}
		return w.remember(w.t.Context(), tx, account, value)
	})
	return value
}

func TestLGN5ParallelAttemptsCannotBeatTheCounter(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		w.hasher.queue.patience = time.Minute
		var wg sync.WaitGroup
		var compared, shed atomic.Int64
		for range 64 {
			wg.Go(func() {
				tr := &try{Attempt: Attempt{Kind: access.Parent, Username: "maria", Password: other}, key: "maria"}
				err := w.look(t.Context(), tr)
				if err == nil {
					w.choose(tr)
					var turn turn
					if turn, err = w.hasher.enter(t.Context(), anonymous, false); err == nil {
						_, err = w.countAndVerify(t.Context(), tr, turn)
					}
				}
				switch {
				case fault.Is(err, fault.Unavailable):
					shed.Add(1)
				case err != nil:
					t.Error(err)
				case !tr.check.refused:
					compared.Add(1)
				}
			})
		}
		wg.Wait()
		if compared.Load() != 5 || w.lockedUntil(id).IsZero() || shed.Load() > 0 {
			t.Errorf("%d of 64 parallel attempts were compared, %d shed; want the 5 free ones", compared.Load(), shed.Load())
		}
	})
}

func TestLGN6AKnownDeviceAndATemporaryPasswordGetInWhileTheAccountIsLocked(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		w.active(access.Parent, "pablo")
		device := w.must(w.signIn("maria", good)).Device
		others := w.must(w.signIn("pablo", good)).Device
		for range 8 {
			w.refused(w.signIn("maria", other))
		}
		w.refused(w.signIn("maria", good))
		w.refused(w.from(Client{Device: others}, "maria", good))
		w.refused(w.from(Client{Device: "forged" + device[6:]}, "maria", good))
		temporary := w.issue(id, false)
		for range 8 {
			w.refused(w.signIn("maria", other))
		}
		if in := w.must(w.signIn("maria", temporary)); in.Session.Stage != SetPassword || in.Device != "" {
			t.Errorf("the temporary password opened %+v", in)
		}
		if in := w.must(w.from(Client{Device: device}, "maria", good)); in.Device != device {
			t.Error("a known device was given another cookie")
		}
	})
}

func TestLGN6ANewPasswordBeginsAfreshOnKnownDevicesToo(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		client := Client{Device: w.must(w.signIn("maria", good)).Device}
		for range 8 {
			w.refused(w.from(client, "maria", other))
		}
		in := w.must(w.signIn("maria", w.issue(id, false)))
		if _, err := w.FirstPassword(t.Context(), in.Session, Client{}, "wandering harbor lantern", ""); err != nil {
			t.Fatal(err)
		}
		w.must(w.from(client, "maria", "wandering harbor lantern"))
	})
}

func TestLGN8FailuresOfAnAddressAreCountedAndSuccessesAreNot(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		flooding := func(address string) bool {
			tr := &try{Attempt: Attempt{Kind: access.Parent, Client: Client{Address: address}}}
			if err := w.look(t.Context(), tr); err != nil {
				t.Fatal(err)
			}
			return tr.flooding
		}
		for i := range 80 {
			w.must(w.from(Client{Address: "198.51.100.1"}, "maria", good))
			if i < 60 {
				w.refused(w.from(Client{Address: fmt.Sprintf("2001:db8:1:2::%x", i)}, fmt.Sprintf("nobody%d", i), good))
			}
		}
		for address, want := range map[string]bool{
			"198.51.100.1": false, "2001:db8:1:2:3:4:5:6": true, "2001:db8:1:3::1": false, "not an address": false,
		} {
			if got := flooding(address); got != want {
				t.Errorf("%s over its limit: %v, want %v", address, got, want)
			}
		}
		w.clock.add(time.Minute)
		if flooding("2001:db8:1:2::1") {
			t.Error("still over the limit a minute later")
		}
	})
}

func TestLGN9AFloodIsShedWithoutCountingAndCannotStarveKnownDevices(t *testing.T) {
	q := newQueue(1)
	q.length = 4
	leave, err := q.enter(t.Context(), anonymous, false)
	if err != nil {
		t.Fatal(err)
	}
	order := make(chan string, 8)
	var wg sync.WaitGroup
	wait := func(name string, c class, last bool, n int) {
		wg.Go(func() {
			leave, err := q.enter(t.Context(), c, last)
			if err != nil {
				t.Error(err)
				return
			}
			order <- name
			leave()
		})
		for { // until it stands in its line, so that the order is certain
			q.mu.Lock()
			waiting := q.back.Len()
			for _, l := range q.lines {
				waiting += l.Len()
			}
			q.mu.Unlock()
			if waiting == n {
				return
			}
			runtime.Gosched()
		}
	}
	wait("flooding address", anonymous, true, 1)
	wait("stranger 1", anonymous, false, 2)
	wait("stranger 2", anonymous, false, 3)
	wait("known device", known, false, 4)
	if _, err := q.enter(t.Context(), anonymous, false); !fault.Is(err, fault.Unavailable) || fault.RetryAfter(err) != 3*time.Second {
		t.Errorf("the queue is full: got %v, want Unavailable", err)
	}
	wait("background", background, false, 5)
	leave()
	wg.Wait()
	close(order)
	var got []string
	for name := range order {
		got = append(got, name)
	}
	want := []string{"known device", "stranger 1", "background", "stranger 2", "flooding address"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if q.free != 1 || q.waiting != 0 || q.shed != 1 {
		t.Errorf("afterwards %d places are free, %d wait, %d were shed", q.free, q.waiting, q.shed)
	}
}

func TestWhoeverWaitsTooLongIsShedAndGivesItsPlaceBack(t *testing.T) {
	q := newQueue(1)
	q.patience = time.Millisecond
	leave, _ := q.enter(t.Context(), known, false)
	if _, err := q.enter(t.Context(), known, false); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want Unavailable", err)
	}
	leave()
	if q.free != 1 || q.waiting != 0 {
		t.Errorf("%d places are free, %d wait", q.free, q.waiting)
	}
}

func TestLGN10ASignInMakesATokenOfItsOwn(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		one, two := w.must(w.signIn("maria", good)), w.must(w.signIn("maria", good))
		if one.Token == two.Token || !w.open(one.Token) || !w.open(two.Token) || w.open("") || w.open(strings.Repeat("A", 43)) {
			t.Error("tokens are not each their own")
		}
	})
}

func TestLGN12ANewDeviceIsToldOfAndAKnownOneIsNot(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		device := w.must(w.signIn("maria", good)).Device
		w.must(w.from(Client{Device: device}, "maria", good))
		if told := w.people.heard(); told != nil {
			t.Errorf("told of %v at the first sign-in and from a known device", told)
		}
		w.must(w.signIn("maria", good))
		w.clock.add(DeviceLife)
		w.must(w.from(Client{Device: device}, "maria", good))
		if diff := cmp.Diff([]Notice{NewDevice, NewDevice}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPWD6AHashIsMadeAnewAtSignInWhenItsCostIsNotTodays(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		old := NewHasher(Params{MemoryKiB: 32, Time: 1}, 1)
		defer old.Close()
		w.exec("update account set password_hash = $2 where id = $1", id, old.make(w.pepper(good), w.keys.pepperID))
		in := w.must(w.signIn("maria", good))
		if !w.open(in.Token) {
			t.Error("the session is not open")
		}
		if n := w.count("select count(*) from account where password_hash like '$argon2id$v=19$m=64,t=1,p=1,keyid=%'"); n != 1 {
			t.Error("the hash is still the old one")
		}
		w.must(w.signIn("maria", good))
	})
}

func TestRST3ASignInThatVerifiedBeforeAResetOpensNoSession(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		for _, c := range []struct {
			name  string
			reset func(tx *sqldb.Tx) error
		}{
			{"temporary password from the office", func(tx *sqldb.Tx) error {
				return w.Issue(t.Context(), tx, id, Temporary{Serial: "s", Hash: "h"}, time.Hour, true)
			}},
			{"disabled", func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "update account set state = 'disabled' where id = $1", id)
				return err
			}},
			{"deleted", func(tx *sqldb.Tx) error { return w.Delete(t.Context(), tx, id) }},
		} {
			hash, err := w.Hash(t.Context(), "password", good, 15, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.write(func(tx *sqldb.Tx) error { return w.SetHash(t.Context(), tx, id, hash) })
			w.exec("update account set state = 'active' where id = $1", id)
			tr := &try{Attempt: Attempt{Kind: access.Parent, Username: "maria", Password: good}, key: "maria"}
			if err := w.look(t.Context(), tr); err != nil {
				t.Fatal(err)
			}
			w.choose(tr)
			turn, err := w.hasher.enter(t.Context(), anonymous, false)
			if err != nil {
				t.Fatal(err)
			}
			if right, err := w.countAndVerify(t.Context(), tr, turn); !right || err != nil {
				t.Fatalf("%s: the password was right before: %v, %v", c.name, right, err)
			}
			w.write(c.reset)
			if in, err := w.succeed(t.Context(), tr); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: got %+v, %v", c.name, in, err)
			}
		}
		if n := w.count("select count(*) from session"); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestRST3SignInsRacingAResetLeaveNoOpenSession(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.hasher.queue.patience = time.Minute
		for round := range 5 {
			id := w.active(access.Parent, fmt.Sprintf("maria%d", round))
			var wg sync.WaitGroup
			tokens := make(chan string, 8)
			begin := make(chan struct{})
			for range 8 {
				wg.Go(func() {
					<-begin
					in, err := w.signIn(fmt.Sprintf("maria%d", round), good)
					if err == nil {
						tokens <- in.Token
					} else if !fault.Is(err, fault.Unauthenticated) {
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				<-begin
				err := w.db.Write(t.Context(), func(tx *sqldb.Tx) error {
					return w.Issue(t.Context(), tx, id, Temporary{Serial: "s", Hash: "h"}, time.Hour, true)
				})
				if err != nil {
					t.Error(err)
				}
			})
			close(begin)
			wg.Wait()
			close(tokens)
			for token := range tokens {
				if w.open(token) {
					t.Fatal("a session outlived the reset")
				}
			}
		}
	})
}
