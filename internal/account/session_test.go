package account

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestSES1ATokenIsRandomAndKeptHashed(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		in := w.must(w.signIn("maria", good))
		if len(in.Token) != 43 {
			t.Errorf("the token %q has no 256 bits", in.Token)
		}
		for _, row := range w.dump("session") {
			if strings.Contains(row, in.Token) {
				t.Error("the token stands in the database")
			}
		}
		for _, row := range w.dump("known_device") {
			if strings.Contains(row, in.Device) {
				t.Error("the device cookie stands in the database")
			}
		}
	})
}

func TestSES2SessionsEndByIdlenessAndByAge(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		name  string
		kind  access.Kind
		keep  bool
		every time.Duration // a page is opened this often, 0 for never
		until time.Duration
	}{
		{"parent, idle", access.Parent, false, 0, 30 * minute},
		{"student, idle", access.Student, false, 0, 30 * minute},
		{"staff, idle", access.Staff, false, 0, 15 * minute},
		{"staff may not stay", access.Staff, true, 0, 15 * minute},
		{"parent, busy", access.Parent, false, 29 * minute, 12 * time.Hour},
		{"staff, busy", access.Staff, false, 14 * minute, 12 * time.Hour},
		{"parent who stays, idle", access.Parent, true, 0, 30 * 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				w.active(c.kind, "maria")
				in, err := w.SignIn(t.Context(), Attempt{Kind: c.kind, Username: "maria", Password: good, Keep: c.keep})
				if err != nil {
					t.Fatal(err)
				}
				begin := w.clock.now()
				opens := func() bool {
					_, err := w.Session(t.Context(), c.kind, in.Token)
					return err == nil
				}
				for n := 0; c.every > 0 && w.clock.now().Sub(begin) < c.until-c.every; n++ {
					w.clock.add(c.every)
					if !opens() {
						t.Fatalf("ended after %v", w.clock.now().Sub(begin))
					}
					if n%2 == 0 {
						if err := w.FlushSeen(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				w.clock.add(begin.Add(c.until - time.Second).Sub(w.clock.now()))
				stamps := w.seen.all()
				if !opens() {
					t.Error("ended a second early")
				}
				w.seen.stamps = stamps // as if that page had not been opened
				w.clock.add(time.Second)
				if opens() {
					t.Error("still open at its end")
				}
			})
		})
	}
}

func TestSES2LastSeenIsWrittenInBatchesAndEnoughForAnotherNode(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		in := w.must(w.signIn("maria", good))
		node := accountsOn(t, w.db, w.clock, w.people, w.hasher)
		seenAt := func() time.Time {
			t.Helper()
			return time.UnixMicro(w.count("select seen_at from session")).UTC()
		}
		flush := func() {
			t.Helper()
			if err := w.FlushSeen(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.add(5 * time.Second)
		w.open(in.Token)
		flush()
		if got := seenAt(); !got.Equal(start) {
			t.Errorf("written after five seconds: %v", got)
		}
		w.clock.add(25 * time.Minute)
		w.open(in.Token)
		flush()
		if got := seenAt(); !got.Equal(w.clock.now()) || len(w.seen.stamps) != 0 {
			t.Errorf("the row says %v at %v", got, w.clock.now())
		}
		w.clock.add(10 * time.Minute)
		if _, err := node.Session(t.Context(), access.Parent, in.Token); err != nil {
			t.Errorf("another node: %v", err)
		}
	})
}

func TestSES3WhateverEndsASessionEndsItAtOnceOnEveryNode(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		var nodes []*world
		for range 2 {
			db, err := sqldb.Open(t.Context(), url, sqldb.Options{Fast: true, Connections: 4})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			nodes = append(nodes, newWorld(t, db))
		}
		one, two := nodes[0], nodes[1]
		one.active(access.Parent, "maria")
		for name, end := range map[string]func(s Session, token string) error{
			"log out": func(s Session, token string) error {
				return one.SignOut(t.Context(), s.Actor(Client{}, one.clock.now()), token)
			},
			"end one": func(s Session, _ string) error {
				return one.EndSession(t.Context(), s.Actor(Client{}, one.clock.now()), s.Number)
			},
			"end all": func(s Session, _ string) error {
				_, err := one.EndOtherSessions(t.Context(), s.Actor(Client{}, one.clock.now()), "")
				return err
			},
			"disable": func(s Session, _ string) error {
				one.exec("update account set state = 'disabled' where id = $1", s.AccountID)
				return nil
			},
			"new password": func(s Session, _ string) error {
				hash, err := one.Hash(t.Context(), "password", good, 15, nil)
				one.write(func(tx *sqldb.Tx) error { return one.SetHash(t.Context(), tx, s.AccountID, hash) })
				return err
			},
		} {
			one.exec("update account set state = 'active'")
			in := one.must(one.signIn("maria", good))
			if !two.open(in.Token) {
				t.Fatalf("%s: not open on the other node", name)
			}
			if err := end(in.Session, in.Token); err != nil {
				t.Fatal(err)
			}
			if one.open(in.Token) || two.open(in.Token) {
				t.Errorf("%s: still open", name)
			}
		}
		one.exec("update account set state = 'active'")
		in := one.must(one.signIn("maria", good))
		one.write(func(tx *sqldb.Tx) error { return one.Delete(t.Context(), tx, in.Session.AccountID) })
		if two.open(in.Token) {
			t.Error("delete: still open")
		}
	})
}

func TestSES4EverybodySeesAndEndsTheirOwnSessionsAlone(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		w.active(access.Parent, "pablo")
		first := w.must(w.signIn("maria", good))
		w.clock.add(time.Minute)
		second := w.must(w.signIn("maria", good))
		pablo := w.must(w.signIn("pablo", good))
		actor := first.Session.Actor(Client{}, w.clock.now())
		sessions, err := w.Sessions(t.Context(), actor)
		if err != nil {
			t.Fatal(err)
		}
		var numbers []string
		for _, s := range sessions {
			numbers = append(numbers, s.Number)
		}
		if diff := cmp.Diff([]string{second.Session.Number, first.Session.Number}, numbers); diff != "" {
			t.Error(diff)
		}
		if err := w.EndSession(t.Context(), actor, pablo.Session.Number); !fault.Is(err, fault.NotFound) {
			t.Errorf("ended another's session: %v", err)
		}
		if err := w.SignOut(t.Context(), actor, pablo.Token); err != nil || !w.open(pablo.Token) {
			t.Errorf("signed another out: %v", err)
		}
		if n, err := w.EndOtherSessions(t.Context(), actor, first.Session.Number); n != 1 || err != nil || w.open(second.Token) || !w.open(first.Token) {
			t.Errorf("ended %d, %v", n, err)
		}
		if _, err := w.Sessions(t.Context(), access.Actor{Kind: access.Visitor}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a visitor's sessions: %v", err)
		}
	})
}

func TestTMP5ALimitedSessionSaysSoAndIsShort(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, password := w.waiting("maria")
		in := w.must(w.signIn("maria", password))
		s, err := w.Session(t.Context(), access.Parent, in.Token)
		if err != nil || s.Stage != SetPassword || s.Serial == "" || !s.ExpiresAt.Equal(w.clock.now().Add(limitedLife)) {
			t.Errorf("got %+v, %v", s, err)
		}
		if _, err := w.ChangePassword(t.Context(), s, Client{}, password, good); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a limited session changed a password: %v", err)
		}
		if err := w.ChangeUsername(t.Context(), s, Client{}, password, "other"); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a limited session changed a username: %v", err)
		}
		w.clock.add(limitedLife)
		if w.open(in.Token) {
			t.Error("open after half an hour")
		}
	})
}

func TestSweepingTakesWhatIsOverAndNamesWhatNobodyClaimed(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, password := w.waiting("maria")
		w.must(w.signIn("maria", password))
		w.active(access.Parent, "pablo")
		w.must(w.signIn("pablo", good))
		w.refused(w.signIn("nobody", good))
		w.refused(w.signIn("pablo", other))
		sweep := func() []int64 {
			t.Helper()
			unclaimed, err := w.Sweep(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return unclaimed
		}
		rows := func() []int {
			var n []int
			for _, table := range []string{"session", "temporary_password", "known_device", "throttle"} {
				n = append(n, len(w.dump(table)))
			}
			return n
		}
		if got := sweep(); got != nil {
			t.Errorf("unclaimed at once: %v", got)
		}
		if diff := cmp.Diff([]int{2, 1, 1, 4}, rows()); diff != "" {
			t.Errorf("before: %s", diff)
		}
		w.clock.add(14 * 24 * time.Hour)
		if diff := cmp.Diff([]int64{id}, sweep()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int{0, 0, 1, 1}, rows()); diff != "" { // failures in a row of an account are never forgotten by time
			t.Errorf("after two weeks: %s", diff)
		}
		w.clock.add(DeviceLife)
		sweep()
		if diff := cmp.Diff([]int{0, 0, 0, 1}, rows()); diff != "" {
			t.Errorf("after half a year: %s", diff)
		}
	})
}

func TestCountersCountWithinTheirWindow(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		count := func(whom string) (n int64) {
			t.Helper()
			w.write(func(tx *sqldb.Tx) (err error) {
				n, err = w.Count(t.Context(), tx, "mail", whom, time.Hour)
				return err
			})
			return n
		}
		counted := func(whom string) (n int64) {
			t.Helper()
			w.write(func(tx *sqldb.Tx) (err error) {
				n, err = w.Counted(t.Context(), tx, "mail", whom, time.Hour)
				return err
			})
			return n
		}
		got := []int64{counted("a"), count("a"), count("a"), count("b"), counted("a")}
		w.clock.add(time.Hour - time.Microsecond)
		got = append(got, count("a"))
		w.clock.add(time.Microsecond)
		got = append(got, counted("a"), count("a"))
		if diff := cmp.Diff([]int64{0, 1, 2, 1, 2, 3, 0, 1}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEveryLookUpOfASignInOrASessionUsesItsIndex(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		if db.Dialect() != "sqlite" {
			t.Skip("an empty PostgreSQL table is always scanned")
		}
		for name, query := range map[string]string{
			"session": selectSession, "sign-in": selectSubject, "sessions": selectSessions, "account": selectByUsername, "locked": selectLocked + "$2)",
			"unclaimed": selectUnclaimed, "factors": selectFactors, "passkeys": selectPasskeys, "holder": selectHolder, "device": countDevice,
			"secret": selectSecret, "pending": selectPending, "recovery code": countRecoveryCode,
		} {
			plan, err := db.Plan(t.Context(), query, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
			if err != nil {
				plan, err = db.Plan(t.Context(), query, 1, 2, 3)
			}
			if err != nil {
				plan, err = db.Plan(t.Context(), query, 1, 2)
			}
			if err != nil || strings.Contains(plan, "SCAN a") || strings.Contains(plan, "SCAN s") || strings.Contains(plan, "SCAN t") || strings.Contains(plan, "SCAN d") {
				t.Errorf("%s: %v\n%s", name, err, plan)
			}
		}
	})
}
