package account

import (
	"slices"
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

func TestADM5ProvingMakesThisSessionFreshForFiveMinutes(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, p, codes := w.withApp("maria")
		in := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0)))
		elsewhere := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(1)))
		fresh := func(token string) bool {
			t.Helper()
			s, err := w.Session(t.Context(), access.Parent, token)
			w.ok(err)
			return s.Actor(Client{}, w.clock.now()).Fresh
		}
		if !fresh(in.Token) || !fresh(elsewhere.Token) {
			t.Error("a session is not fresh after the sign-in")
		}
		w.clock.add(5 * time.Minute)
		if fresh(in.Token) {
			t.Error("a session is fresh after five minutes")
		}
		for name, c := range map[string]struct{ password, code, problem string }{
			"wrong password":            {other, p.code(0), "current_password problem.password_wrong"},
			"no password":               {"", p.code(0), "current_password problem.password_wrong"},
			"no code":                   {good, "", "code problem.empty"},
			"wrong code":                {good, "000000", "code problem.code_wrong"},
			"a code that was used":      {good, p.code(-10), "code problem.code_wrong"},
			"not a recovery code":       {good, "2222-2222-2222", "code problem.code_wrong"},
			"temporary password's form": {good, "2222-2222-2222-2222", "code problem.code_wrong"},
		} {
			if _, err := w.Prove(t.Context(), in.Session, Client{}, c.password, c.code); problems(err) != c.problem {
				t.Errorf("%s: %v", name, err)
			}
			if fresh(in.Token) {
				t.Fatalf("%s made the session fresh", name)
			}
		}
		code := p.code(0)
		s, err := w.Prove(t.Context(), in.Session, Client{}, good, code)
		w.ok(err)
		if !s.fresh(w.clock.now()) || !fresh(in.Token) || fresh(elsewhere.Token) {
			t.Error("not this session alone is fresh")
		}
		if _, err := w.Prove(t.Context(), elsewhere.Session, Client{}, good, code); problems(err) != "code problem.code_wrong" {
			t.Errorf("the code proved twice: %v", err)
		}
		w.people.heard()
		_, err = w.Prove(t.Context(), elsewhere.Session, Client{}, good, codes[0])
		w.ok(err)
		if diff := cmp.Diff([]Notice{RecoveryCodeUsed}, w.people.heard()); diff != "" || !fresh(elsewhere.Token) {
			t.Error(diff)
		}
		events := w.events()
		if !slices.Contains(events, "session.proved ok") || !slices.Contains(events, "session.proved failed") || !slices.Contains(events, "password.confirm failed") {
			t.Error(events)
		}
	})
}

func TestADM5ThePasswordProvesWhereThereIsNoSecondFactorAndAPasskeyAlone(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		in := w.must(w.signIn("maria", good))
		w.clock.add(time.Hour / 4)
		s, err := w.Prove(t.Context(), in.Session, Client{}, good, "")
		w.ok(err)
		k, _, in := w.addKey(s, "phone")
		w.clock.add(time.Hour / 4)
		_, err = w.BeginPasskey(t.Context(), in.Session)
		w.want(fault.Stale, err)
		if _, err := w.Prove(t.Context(), in.Session, Client{}, good, "123456"); problems(err) != "code problem.code_wrong" {
			t.Errorf("a code without an authenticator: %v", err)
		}
		c, err := w.BeginProof(t.Context(), in.Session)
		w.ok(err)
		s, err = w.ProvePasskey(t.Context(), in.Session, Client{}, c.Token, k.assert(c))
		w.ok(err)
		stored, err := w.Session(t.Context(), access.Parent, in.Token)
		w.ok(err)
		if !s.fresh(w.clock.now()) || !stored.fresh(w.clock.now()) {
			t.Error("the passkey did not prove")
		}
	})
}

func TestADM5ThePasswordAloneFreshensNobodyWhoHasASecondFactor(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, p, _ := w.withApp("maria")
		in := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0)))
		w.clock.add(10 * time.Minute)
		changed := w.must(w.ChangePassword(t.Context(), in.Session, Client{}, good, other))
		if changed.Session.fresh(w.clock.now()) {
			t.Error("a new password made the session fresh")
		}
		_, err := w.RemoveAuthenticator(t.Context(), changed.Session, Client{})
		w.want(fault.Stale, err)
		_, err = w.NewRecoveryCodes(t.Context(), changed.Session, Client{})
		w.want(fault.Stale, err)
	})
}

func TestADM5ParallelProofsCannotBeatTheCounter(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.hasher.queue.patience = time.Minute
		_, p, _ := w.withApp("maria")
		in := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0)))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, err := w.Prove(t.Context(), in.Session, Client{}, good, "000000")
				if problems(err) != "code problem.code_wrong" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		failed := func() (n int) {
			for _, e := range w.events() {
				if e == "session.proved failed" {
					n++
				}
			}
			return n
		}
		var compared atomic.Int64
		for range 32 {
			wg.Go(func() {
				_, n, err := w.compare(t.Context(), Account{ID: in.Session.AccountID}, w.bucket(proveBucket, in.Session.AccountID), "", "000000")
				if err != nil {
					t.Error(err)
				}
				if n > 0 {
					compared.Add(1)
				}
			})
		}
		wg.Wait()
		if failed() != 4 || compared.Load() != 1 {
			t.Errorf("%d and %d were compared, want the 5 free ones", failed(), compared.Load())
		}
		w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(1))) // the sign-in is not closed by that
	})
}

func TestLGN11RecoveryCodesAreTenLongAndReplaced(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		in := w.must(w.signIn("maria", good))
		_, err := w.NewRecoveryCodes(t.Context(), in.Session, Client{})
		w.want(fault.Conflict, err)
		_, old, in := w.enrol(in.Session)
		elsewhere, p := in, old
		seen := map[string]bool{}
		for range 20 {
			for _, code := range newRecoveryCodes() {
				if len(code) != 14 || seen[code] || strings.ContainsAny(code, "01IOLUo") {
					t.Errorf("the code %q", code)
				}
				seen[code] = true
			}
		}
		w.people.heard()
		codes, err := w.NewRecoveryCodes(t.Context(), in.Session, Client{})
		w.ok(err)
		if len(codes) != 10 || w.count("select count(*) from recovery_code") != 10 || !w.open(elsewhere.Token) {
			t.Errorf("%d codes", len(codes))
		}
		if diff := cmp.Diff([]Notice{RecoveryCodesMade}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
		s := w.halfway("maria")
		if _, err := w.SecondStep(t.Context(), s, Client{}, p[0]); problems(err) != "code problem.code_wrong" {
			t.Errorf("an old code: %v", err)
		}
		w.must(w.SecondStep(t.Context(), s, Client{}, strings.ReplaceAll(codes[9], "-", " ")))
		if _, err := w.NewRecoveryCodes(t.Context(), in.Session, Client{}); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a session of an earlier version made codes: %v", err)
		}
	})
}

func TestRST3AResetBetweenPasswordAndSecondStepEndsIt(t *testing.T) {
	for name, reset := range map[string]func(w *world, id int64){
		"temporary password from the office": func(w *world, id int64) { w.issue(id, true) },
		"new password": func(w *world, id int64) {
			w.write(func(tx *sqldb.Tx) error { return w.SetHash(w.t.Context(), tx, id, "x") })
		},
		"factors removed": func(w *world, id int64) {
			w.write(func(tx *sqldb.Tx) error { return w.RemoveFactors(w.t.Context(), tx, id) })
		},
		"disabled": func(w *world, id int64) { w.exec("update account set state = 'disabled' where id = $1", id) },
		"ended": func(w *world, id int64) {
			w.exec("update account set ends_at = $2 where id = $1", id, w.clock.now().UnixMicro())
		},
		"deleted": func(w *world, id int64) { w.write(func(tx *sqldb.Tx) error { return w.Delete(w.t.Context(), tx, id) }) },
		"signed out": func(w *world, id int64) {
			w.exec("delete from session where account_id = $1", id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				id, p, codes := w.withApp("maria")
				s := w.halfway("maria")
				by, err := w.arriving(t.Context(), s, Client{})
				w.ok(err)
				reset(w, id)
				for _, code := range []string{p.code(0), codes[0]} {
					_, err = w.SecondStep(t.Context(), s, Client{}, code)
					w.want(fault.Unauthenticated, err)
				}
				_, err = w.enter(t.Context(), s, Client{}, by, proof{factor: byAuthenticator, step: w.clock.now().Unix() / codePeriod})
				w.want(fault.Unauthenticated, err)
				if n := w.count("select count(*) from session where stage = 'full' and account_id = $1 and credential_version = $2", id, s.Credential); n > 1 {
					t.Errorf("%d full sessions", n)
				}
			})
		})
	}
}

func TestRST1NothingOfTheFactorsOutlivesTheAccount(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, p, _ := w.withApp("maria")
		in := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0)))
		_, _, in = w.addKey(in.Session, "phone")
		_, err := w.BeginProof(t.Context(), in.Session)
		w.ok(err)
		w.ok(w.Interrupt(t.Context(), in.Token, Interrupted{Target: "/parent/", Form: "a=b"}))
		s := w.halfway("maria")
		for range 6 {
			_, err := w.SecondStep(t.Context(), s, Client{}, "000000")
			w.want(fault.Invalid, err)
		}
		tables := []string{"authenticator", "recovery_code", "passkey", "ceremony", "interrupted_form", "session", "known_device", "throttle"}
		for _, table := range tables {
			if len(w.dump(table)) == 0 {
				t.Errorf("%s is empty before the reset", table)
			}
		}
		w.write(func(tx *sqldb.Tx) error { return w.Delete(t.Context(), tx, id) })
		for _, table := range tables {
			if rows := w.dump(table); len(rows) > 0 {
				t.Errorf("%s holds %d rows after the reset", table, len(rows))
			}
		}
	})
}

func TestTMP9AForgottenPasswordLeavesTheSecondFactor(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, p, _ := w.withApp("maria")
		for _, drop := range []bool{false, true} {
			in := w.must(w.signIn("maria", w.issue(id, drop)))
			if in.Session.Stage != SetPassword {
				t.Fatalf("the temporary password led to %s", in.Session.Stage)
			}
			before := w.count("select last_sign_in_at from account where id = $1", id)
			next, err := w.FirstPassword(t.Context(), in.Session, Client{}, good, "")
			w.ok(err)
			if next.Session.Stage != SecondStep || next.Device != "" || w.count("select last_sign_in_at from account where id = $1", id) != before {
				t.Errorf("the new password led to %+v", next)
			}
			w.outside(next.Session)
			w.must(w.SecondStep(t.Context(), next.Session, Client{}, p.code(0)))
			w.clock.add(2 * time.Minute)
		}
	})
}

func TestFactorsAreRemovedAllAtOnce(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, p, _ := w.withApp("maria")
		in := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0)))
		k, _, in := w.addKey(in.Session, "phone")
		_, _, codes := w.withApp("pablo")
		_, err := w.BeginProof(t.Context(), in.Session)
		w.ok(err)
		w.write(func(tx *sqldb.Tx) error { return w.RemoveFactors(t.Context(), tx, id) })
		if w.open(in.Token) {
			t.Error("a session outlived its factors")
		}
		for table, left := range map[string]int{"authenticator": 1, "recovery_code": len(codes), "passkey": 0, "ceremony": 0} {
			if n := len(w.dump(table)); n != left {
				t.Errorf("%s holds %d rows, want %d", table, n, left)
			}
		}
		_, err = w.byKey(access.Parent, k)
		w.want(fault.Unauthenticated, err)
		if in := w.must(w.signIn("maria", good)); in.Session.Stage != Full {
			t.Errorf("the password leads to %s", in.Session.Stage)
		}
		err = w.db.Write(t.Context(), func(tx *sqldb.Tx) error { return w.RemoveFactors(t.Context(), tx, 4711) })
		w.want(fault.NotFound, err)
	})
}

func TestOfTwoChangesOfTheFactorsAtOnceOneIsMade(t *testing.T) {
	enforced(t, func(t *testing.T, w *world) {
		w.active(access.Staff, "office")
		for range 5 {
			var in SignedIn
			first := w.signInAs(access.Staff, "office")
			p, _, in := w.enrol(first.Session)
			_ = p
			_, _, in = w.addKey(in.Session, "phone")
			f, err := w.Factors(t.Context(), in.Session)
			w.ok(err)
			var wg sync.WaitGroup
			var done atomic.Int64
			for _, remove := range []func() (SignedIn, error){
				func() (SignedIn, error) { return w.RemoveAuthenticator(t.Context(), in.Session, Client{}) },
				func() (SignedIn, error) { return w.RemovePasskey(t.Context(), in.Session, Client{}, f.Passkeys[0].ID) },
			} {
				wg.Go(func() {
					_, err := remove()
					switch {
					case err == nil:
						done.Add(1)
					case !fault.Is(err, fault.Unauthenticated):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if n := w.count("select count(*) from authenticator") + w.count("select count(*) from passkey"); done.Load() != 1 || n != 1 {
				t.Fatalf("%d removals, %d factors left", done.Load(), n)
			}
			w.write(func(tx *sqldb.Tx) error { return w.RemoveFactors(t.Context(), tx, in.Session.AccountID) })
		}
	})
}

func TestPWD1WhereASecondFactorIsRequiredEightCharactersSuffice(t *testing.T) {
	enforced(t, func(t *testing.T, w *world) {
		if w.MinPassword(access.Staff) != 8 || w.MinPassword(access.Parent) != 15 || w.MinPassword(access.Student) != 8 {
			t.Error("with second factors required")
		}
		w.site.PasswordsSuffice = true
		if w.MinPassword(access.Staff) != 15 {
			t.Error("where passwords suffice")
		}
	})
}

func TestAnInterruptedFormIsKeptForItsSessionOnce(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, p, _ := w.withApp("maria")
		half := w.must(w.signIn("maria", good))
		in := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0)))
		form := Interrupted{Target: "/parent/account?x=1", Form: "password=very-secret-value"}
		w.want(fault.Unauthenticated, w.Interrupt(t.Context(), half.Token, form))
		w.want(fault.Unauthenticated, w.Interrupt(t.Context(), "nobody", form))
		for _, target := range []string{"", "https://evil.example/", "//evil.example", `/\evil.example`, "/a\r\nb"} {
			w.want(fault.Invalid, w.Interrupt(t.Context(), in.Token, Interrupted{Target: target}))
		}
		w.want(fault.Invalid, w.Interrupt(t.Context(), in.Token, Interrupted{Target: "/", Form: strings.Repeat("x", 2<<20)}))
		w.ok(w.Interrupt(t.Context(), in.Token, Interrupted{Target: "/", Form: strings.Repeat("x", 2<<20-1)}))
		w.ok(w.Interrupt(t.Context(), in.Token, form))
		if rows := w.dump("interrupted_form"); len(rows) != 1 || strings.Contains(rows[0], "secret") {
			t.Errorf("%d rows, %q", len(rows), rows)
		}
		_, err := w.Resume(t.Context(), half.Token)
		w.want(fault.NotFound, err)
		var found atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				got, err := w.Resume(t.Context(), in.Token)
				switch {
				case err == nil && got == form:
					found.Add(1)
				case !fault.Is(err, fault.NotFound):
					t.Error(got, err)
				}
			})
		}
		wg.Wait()
		if found.Load() != 1 {
			t.Errorf("the form was taken %d times", found.Load())
		}
		w.ok(w.Interrupt(t.Context(), in.Token, form))
		w.clock.add(15 * time.Minute)
		_, err = w.Resume(t.Context(), in.Token)
		w.want(fault.NotFound, err)
	})
}

func TestSweepingTakesWhatWasNeverFinished(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, _, _ := w.withApp("maria")
		w.active(access.Parent, "pablo")
		in := w.must(w.signIn("pablo", good))
		_, err := w.BeginAuthenticator(t.Context(), in.Session)
		w.ok(err)
		_, err = w.BeginPasskey(t.Context(), in.Session)
		w.ok(err)
		_, err = w.BeginPasskeySignIn(t.Context(), access.Parent)
		w.ok(err)
		w.ok(w.Interrupt(t.Context(), in.Token, Interrupted{Target: "/"}))
		rows := func() []int {
			t.Helper()
			_, err := w.Sweep(t.Context())
			w.ok(err)
			var n []int
			for _, table := range []string{"authenticator", "ceremony", "interrupted_form"} {
				n = append(n, len(w.dump(table)))
			}
			return n
		}
		for _, c := range []struct {
			after time.Duration
			want  []int
		}{{0, []int{2, 2, 1}}, {5 * time.Minute, []int{2, 0, 1}}, {10 * time.Minute, []int{1, 0, 0}}} {
			w.clock.add(c.after)
			if diff := cmp.Diff(c.want, rows()); diff != "" {
				t.Errorf("after %s more: %s", c.after, diff)
			}
		}
		if w.count("select count(*) from authenticator where account_id = $1", id) != 1 {
			t.Error("an authenticator in use was swept")
		}
	})
}
