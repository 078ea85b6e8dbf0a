package account

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestTMP1TemporaryPasswordsAreUniformAndSatisfyThePolicy(t *testing.T) {
	keys, err := NewKeys(master)
	if err != nil {
		t.Fatal(err)
	}
	a := &Accounts{keys: keys}
	const n = 10_000
	seen := map[string]bool{}
	var counts [temporaryLength][len(symbols)]int
	for range n {
		p := a.TemporaryPassword(random(32))
		shape, ok := temporaryShape(p)
		if !ok || len(p) != 19 || p[4] != '-' || p[9] != '-' || p[14] != '-' || seen[p] {
			t.Fatalf("%q", p)
		}
		seen[p] = true
		for i := range shape {
			counts[i][strings.IndexByte(symbols, shape[i])]++
		}
	}
	for i, row := range counts {
		chi, want := 0.0, float64(n)/float64(len(symbols))
		for _, c := range row {
			chi += (float64(c) - want) * (float64(c) - want) / want
		}
		if chi > 90 { // 29 degrees of freedom: beyond this one run in ten million
			t.Errorf("position %d: chi-square %.1f", i, chi)
		}
	}
	if first, again := a.TemporaryPassword([]byte("seed")), a.TemporaryPassword([]byte("seed")); first != again {
		t.Error("the same seed gives another password")
	}
	if strings.ContainsAny(symbols, "01ILOUilou") {
		t.Error("look-alikes")
	}
}

func TestTMP2TheTemporaryPasswordStandsNowhereInTheDatabase(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, password := w.waiting("maria")
		in := w.must(w.signIn("maria", password))
		if _, err := w.FirstPassword(t.Context(), in.Session, Client{}, good, ""); err != nil {
			t.Fatal(err)
		}
		again := w.issue(id, false)
		w.refused(w.signIn("maria", other))
		for _, secret := range []string{password, again, in.Token, good} {
			shape, _ := temporaryShape(secret)
			for _, table := range []string{"account", "temporary_password", "session", "throttle", "audit_event", "audit_detail", "known_device"} {
				for _, row := range w.dump(table) {
					if strings.Contains(row, secret) || shape != "" && strings.Contains(row, shape) {
						t.Errorf("%s: %s", table, row)
					}
				}
			}
		}
		if n := w.count("select count(*) from temporary_password where hash like '$argon2id$v=19$m=64,t=1,p=1,%'"); n != 1 {
			t.Error("not kept as an argon2id hash")
		}
	})
}

func TestTMP3ATemporaryPasswordEndsWithItsLife(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, password := w.waiting("maria")
		w.clock.add(24*time.Hour - time.Second)
		in := w.must(w.signIn("maria", password))
		if !w.open(in.Token) {
			t.Error("no session at 23:59:59")
		}
		w.clock.add(2 * time.Second)
		w.refused(w.signIn("maria", password))
		if w.open(in.Token) {
			t.Error("the limited session outlived its temporary password")
		}
		if _, err := w.FirstPassword(t.Context(), in.Session, Client{}, good, ""); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("at 24:00:01 the temporary password was consumed: %v", err)
		}
		var live bool
		err := w.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
			live, _, err = w.Live(t.Context(), tx, id, in.Session.Serial)
			return err
		})
		if live || err != nil {
			t.Errorf("live: %v, %v", live, err)
		}
	})
}

func TestTMP4OfSixteenFirstPasswordsAtOnceOneSucceeds(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.hasher.queue.patience = time.Minute
		for round := range 20 {
			name := fmt.Sprintf("maria%d", round)
			_, password := w.waiting(name)
			var sessions []Session
			for range 4 {
				sessions = append(sessions, w.must(w.signIn(name, password)).Session)
			}
			var done atomic.Int64
			var wg sync.WaitGroup
			begin := make(chan struct{})
			for i := range 16 {
				wg.Go(func() {
					<-begin
					_, err := w.FirstPassword(t.Context(), sessions[i%4], Client{}, good, "")
					switch {
					case err == nil:
						done.Add(1)
					case !fault.Is(err, fault.Unauthenticated):
						t.Error(err)
					}
				})
			}
			close(begin)
			wg.Wait()
			if done.Load() != 1 {
				t.Fatalf("round %d: %d succeeded", round, done.Load())
			}
		}
		if n := w.count("select count(*) from session"); n != 20 {
			t.Errorf("%d sessions after 20 rounds", n)
		}
	})
}

func TestTMP6TheTemporaryPasswordNeverBecomesThePermanentOne(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, password := w.waiting("maria")
		in := w.must(w.signIn("maria", password))
		for _, p := range []string{password, strings.ToLower(password), strings.ReplaceAll(password, "-", "")} {
			_, err := w.FirstPassword(t.Context(), in.Session, Client{}, p, "")
			if got := problems(err); got != "new_password problem.password_temporary_shape" {
				t.Errorf("%q: got %v", p, err)
			}
		}
		if !w.open(in.Token) {
			t.Error("a refused password ended the limited session")
		}
	})
}

func TestTMP7ANewTemporaryPasswordKillsTheOneBeforeAndItsSessions(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, first := w.waiting("maria")
		old := w.must(w.signIn("maria", first))
		second := w.issue(id, false)
		w.refused(w.signIn("maria", first))
		if w.open(old.Token) {
			t.Error("the limited session lives on")
		}
		if _, err := w.FirstPassword(t.Context(), old.Session, Client{}, good, ""); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a first password from the old session: %v", err)
		}
		w.must(w.signIn("maria", second))
	})
}

func TestTMP8TheFirstPasswordRotatesTheSessionAndMayChangeTheUsername(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, password := w.waiting("maria")
		w.active(access.Parent, "taken")
		w.people.reserved = map[string]bool{"reserved": true}
		limited := w.must(w.signIn("maria", password))
		for name, want := range map[string]string{
			"taken": "new_password problem.password_short, username problem.username_taken", "Reserved": "new_password problem.password_short, username problem.username_taken",
			"a b": "new_password problem.password_short, username problem.username_characters",
		} {
			_, err := w.FirstPassword(t.Context(), limited.Session, Client{}, "short", name)
			if got := problems(err); got != want {
				t.Errorf("%s: got %q (%v)", name, got, err)
			}
		}
		in := w.must(w.FirstPassword(t.Context(), limited.Session, Client{Address: "192.0.2.9"}, good, "María.Ruiz"))
		if in.Token == limited.Token || w.open(limited.Token) || !w.open(in.Token) || in.Session.Stage == SetPassword || in.Session.Username != "María.Ruiz" {
			t.Errorf("got %+v", in)
		}
		w.refused(w.signIn("maría.ruiz", password))
		w.must(w.from(Client{Device: in.Device}, "MARÍA.RUIZ", good))
		if told := w.people.heard(); told != nil {
			t.Errorf("told of %v", told)
		}
		w.write(func(tx *sqldb.Tx) error {
			a, err := w.Account(t.Context(), tx, id)
			if a.State != Active || !a.ClaimBy.IsZero() || !a.HasPassword || a.LastSignIn.IsZero() {
				t.Errorf("the account is %+v", a)
			}
			return err
		})
		want := []string{"parent.sign_in ok", "username.changed ok", "password.set ok", "parent.sign_in failed", "parent.sign_in ok"}
		if diff := cmp.Diff(want, w.events()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTMP9TheOldPasswordWorksUntilTheTemporaryOneIsUsedUnlessTheOfficeTookItAway(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		before := w.must(w.signIn("maria", good))
		password := w.issue(id, false)
		if !w.open(before.Token) {
			t.Error("asking for a temporary password ended a session")
		}
		w.must(w.signIn("maria", good))
		limited := w.must(w.signIn("maria", password))
		w.people.heard()
		w.must(w.FirstPassword(t.Context(), limited.Session, Client{}, other, ""))
		if diff := cmp.Diff([]Notice{PasswordChanged}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
		w.refused(w.signIn("maria", good))
		now := w.must(w.signIn("maria", other))
		w.issue(id, true)
		w.refused(w.signIn("maria", other))
		if w.open(now.Token) {
			t.Error("a session outlived the office's temporary password")
		}
	})
}

func TestTMP10TheTemporaryPasswordIsTakenInAnyCaseWithBlanksAndHyphens(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, p := w.waiting("maria")
		for _, typed := range []string{
			p, strings.ToLower(p), strings.ReplaceAll(p, "-", ""), strings.ReplaceAll(p, "-", " "), " " + p + "\n",
			strings.ReplaceAll(p, "-", "–"), strings.ReplaceAll(p, "-", "\u00a0"),
		} {
			if in, err := w.signIn("maria", typed); err != nil || in.Session.Stage != SetPassword {
				t.Errorf("%q: got %v", typed, err)
			}
		}
		w.refused(w.signIn("maria", p+"2"))
		w.refused(w.signIn("maria", p[:18]))
	})
}

func TestIssuingNeedsAnEnabledAccount(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.active(access.Parent, "maria")
		w.exec("update account set state = 'disabled' where id = $1", id)
		for account, want := range map[int64]fault.Kind{id: fault.Conflict, id + 1: fault.NotFound} {
			err := w.db.Write(t.Context(), func(tx *sqldb.Tx) error {
				return w.Issue(t.Context(), tx, account, Temporary{}, time.Hour, false)
			})
			if !fault.Is(err, want) {
				t.Errorf("got %v, want kind %d", err, want)
			}
		}
	})
}
