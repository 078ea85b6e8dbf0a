package account

import (
	"encoding/base32"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// enforced runs a test where staff need a second factor, as they do outside demos and tests.
func enforced(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	run(t, func(t *testing.T, w *world) {
		w.site.PasswordsSuffice = false
		test(t, w)
	})
}

// ok ends the test when something failed that should not.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// want fails unless the error is of the kind.
func (w *world) want(kind fault.Kind, err error) {
	w.t.Helper()
	if !fault.Is(err, kind) {
		w.t.Errorf("got %v, want kind %d", err, kind)
	}
}

func (w *world) signInAs(kind access.Kind, username string) SignedIn {
	w.t.Helper()
	return w.must(w.SignIn(w.t.Context(), Attempt{Kind: kind, Username: username, Password: good, Client: Client{Address: "192.0.2.7"}}))
}

// app is an authenticator app with its secret.
type app struct {
	w      *world
	secret string
}

// code is what the app shows, so many steps from now.
func (p app) code(steps int) string {
	p.w.t.Helper()
	code, err := totp.GenerateCode(p.secret, p.w.clock.now().Add(time.Duration(steps)*30*time.Second))
	p.w.ok(err)
	return code
}

// enrol sets up an authenticator from a session and returns the app, the recovery codes and the new session.
func (w *world) enrol(s Session) (app, []string, SignedIn) {
	w.t.Helper()
	e, err := w.BeginAuthenticator(w.t.Context(), s)
	w.ok(err)
	p := app{w, strings.ReplaceAll(e.Secret, " ", "")}
	codes, in, err := w.ConfirmAuthenticator(w.t.Context(), s, Client{}, p.code(0))
	w.ok(err)
	w.clock.add(time.Minute) // the code that was just used is over
	return p, codes, in
}

// withApp makes a parent with an authenticator.
func (w *world) withApp(username string) (int64, app, []string) {
	w.t.Helper()
	id := w.active(access.Parent, username)
	p, codes, _ := w.enrol(w.must(w.signIn(username, good)).Session)
	w.people.heard()
	return id, p, codes
}

// halfway signs in with the password and returns the session that waits for the second step.
func (w *world) halfway(username string) Session {
	w.t.Helper()
	in := w.must(w.signIn(username, good))
	if in.Session.Stage != SecondStep || in.Device != "" {
		w.t.Fatalf("the password alone gave the stage %s, device %q", in.Session.Stage, in.Device)
	}
	return in.Session
}

func TestLGN11AnAuthenticatorIsSetUpByItsFirstCode(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		elsewhere := w.must(w.signIn("maria", good))
		in := w.must(w.signIn("maria", good))
		w.people.heard()
		e, err := w.BeginAuthenticator(t.Context(), in.Session)
		w.ok(err)
		again, err := w.BeginAuthenticator(t.Context(), in.Session)
		w.ok(err)
		if diff := cmp.Diff(e, again); diff != "" {
			t.Errorf("the secret changed before it was confirmed: %s", diff)
		}
		p := app{w, strings.ReplaceAll(e.Secret, " ", "")}
		u, err := url.Parse(e.URI)
		w.ok(err)
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Schoolgate:maria" || u.Query().Get("issuer") != "Schoolgate" || u.Query().Get("secret") != p.secret ||
			u.Query().Get("digits") != "6" || u.Query().Get("period") != "30" || u.Query().Get("algorithm") != "SHA1" {
			t.Errorf("the app is told %s", e.URI)
		}
		if raw, err := base32.StdEncoding.DecodeString(p.secret); err != nil || len(raw) != 20 {
			t.Errorf("the secret %q: %v", e.Secret, err)
		}
		if hers := w.halfSecret(elsewhere.Session); hers == p.secret {
			t.Error("another session was shown the secret")
		}
		e, err = w.BeginAuthenticator(t.Context(), in.Session)
		w.ok(err)
		p.secret = strings.ReplaceAll(e.Secret, " ", "")
		for name, code := range map[string]string{"too old": p.code(-2), "too new": p.code(2), "letters": "abcdef", "short": p.code(0)[:5], "long": strings.Repeat("1", 1000)} {
			if _, _, err := w.ConfirmAuthenticator(t.Context(), in.Session, Client{}, code); problems(err) != "code problem.code_wrong" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, _, err := w.ConfirmAuthenticator(t.Context(), in.Session, Client{}, " "); problems(err) != "code problem.empty" {
			t.Errorf("empty: %v", err)
		}
		code := p.code(1)
		codes, next, err := w.ConfirmAuthenticator(t.Context(), in.Session, Client{}, code[:3]+" "+code[3:])
		w.ok(err)
		if len(codes) != 10 || next.Session.Stage != Full || !w.open(next.Token) || w.open(in.Token) || w.open(elsewhere.Token) {
			t.Errorf("%d codes, stage %s", len(codes), next.Session.Stage)
		}
		f, err := w.Factors(t.Context(), next.Session)
		w.ok(err)
		if diff := cmp.Diff(Factors{Authenticator: w.clock.now(), RecoveryCodes: 10}, f); diff != "" {
			t.Error(diff)
		}
		_, err = w.BeginAuthenticator(t.Context(), next.Session)
		w.want(fault.Conflict, err)
		if diff := cmp.Diff([]Notice{FactorAdded}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
		for _, table := range []string{"authenticator", "recovery_code", "audit_event", "audit_detail"} {
			for _, row := range w.dump(table) {
				if strings.Contains(row, p.secret) || strings.Contains(row, codes[0]) || strings.Contains(row, strings.ReplaceAll(codes[0], "-", "")) {
					t.Errorf("a secret stands in %s", table)
				}
			}
		}
	})
}

// halfSecret begins an authenticator from another session and returns its secret.
func (w *world) halfSecret(s Session) string {
	w.t.Helper()
	e, err := w.BeginAuthenticator(w.t.Context(), s)
	w.ok(err)
	return strings.ReplaceAll(e.Secret, " ", "")
}

func TestTheSecretOfAnAuthenticatorBelongsToItsAccount(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, p, _ := w.withApp("maria")
		w.withApp("pablo")
		w.exec(`update authenticator set secret = (select secret from authenticator f join account a on a.id = f.account_id where a.username = 'maria')`)
		if _, err := w.SecondStep(t.Context(), w.halfway("pablo"), Client{}, p.code(0)); err == nil || fault.Is(err, fault.Invalid) {
			t.Errorf("a secret that was moved to another account gave %v", err)
		}
		w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0)))
	})
}

func TestLGN11ASecondStepOpensTheFullSession(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, p, codes := w.withApp("maria")
		before := w.count("select last_sign_in_at from account where id = $1", id)
		in, err := w.SignIn(t.Context(), Attempt{Kind: access.Parent, Username: "maria", Password: good, Keep: true, Client: Client{Address: "192.0.2.7"}})
		w.ok(err)
		if in.Session.Stage != SecondStep || in.Device != "" || in.Session.ExpiresAt.Sub(w.clock.now()) != stepLife {
			t.Errorf("the password gave %+v", in)
		}
		if w.count("select last_sign_in_at from account where id = $1", id) != before || w.people.heard() != nil || w.count("select count(*) from known_device") != 1 {
			t.Error("half a sign-in was noted as one")
		}
		full := w.must(w.SecondStep(t.Context(), in.Session, Client{}, p.code(0)))
		s, err := w.Session(t.Context(), access.Parent, full.Token)
		w.ok(err)
		if diff := cmp.Diff(full.Session, s); diff != "" {
			t.Error(diff)
		}
		if s.Stage != Full || !s.Keep || full.Device == "" || w.open(in.Token) || w.count("select last_sign_in_at from account where id = $1", id) == before {
			t.Errorf("the second step gave %+v", full)
		}
		_, err = w.SecondStep(t.Context(), in.Session, Client{}, p.code(1))
		w.want(fault.Unauthenticated, err)
		if diff := cmp.Diff([]Notice{NewDevice}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
		w.clock.add(time.Minute)
		known := w.must(w.from(Client{Device: full.Device}, "maria", good))
		again := w.must(w.SecondStep(t.Context(), known.Session, Client{Device: full.Device}, strings.ToLower(codes[3])))
		if again.Device != full.Device {
			t.Error("a known device was given another cookie")
		}
		if diff := cmp.Diff([]Notice{RecoveryCodeUsed}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
		w.clock.add(time.Second)
		if _, err := w.SecondStep(t.Context(), w.halfway("maria"), Client{}, codes[3]); problems(err) != "code problem.code_wrong" {
			t.Errorf("a recovery code worked twice: %v", err)
		}
		events := w.events()
		for _, e := range []string{"password.accepted ok", "recovery_code.used ok", "second_step failed", "authenticator.added ok"} {
			if !slices.Contains(events, e) {
				t.Errorf("%q is not on record: %v", e, events)
			}
		}
	})
}

func TestLGN11OfSixteenUsesOfOneCodeOneSucceeds(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.hasher.queue.patience = time.Minute
		_, p, codes := w.withApp("maria")
		for round := range 6 {
			code := codes[round]
			if round%2 == 0 {
				w.clock.add(2 * time.Minute)
				code = p.code(0)
			}
			var sessions []Session
			for range 16 {
				sessions = append(sessions, w.halfway("maria"))
			}
			var done atomic.Int64
			var wg sync.WaitGroup
			begin := make(chan struct{})
			for _, s := range sessions {
				wg.Go(func() {
					<-begin
					_, err := w.SecondStep(t.Context(), s, Client{}, code)
					switch {
					case err == nil:
						done.Add(1)
					case problems(err) != "code problem.code_wrong":
						t.Error(err)
					}
				})
			}
			close(begin)
			wg.Wait()
			if done.Load() != 1 {
				t.Fatalf("round %d: %d succeeded", round, done.Load())
			}
			w.exec("delete from throttle")
		}
	})
}

func TestLGN11TheStepsBeforeAUsedCodeAreOverToo(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, p, _ := w.withApp("maria")
		older, newer := p.code(0), p.code(1)
		w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, newer))
		for _, code := range []string{older, newer} {
			if _, err := w.SecondStep(t.Context(), w.halfway("maria"), Client{}, code); problems(err) != "code problem.code_wrong" {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestLGN11ParallelWrongCodesCannotBeatTheCounter(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, _, _ := w.withApp("maria")
		s := w.halfway("maria")
		account := Account{ID: id}
		var compared atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				_, n, err := w.compare(t.Context(), account, w.bucket(secondBucket, id), "", "000000")
				if err != nil {
					t.Error(err)
				}
				if n > 0 {
					compared.Add(1)
				}
			})
		}
		wg.Wait()
		if compared.Load() != 5 {
			t.Errorf("%d of 64 parallel codes were compared, want the 5 free ones", compared.Load())
		}
		if _, err := w.SecondStep(t.Context(), s, Client{}, "000000"); problems(err) != "code problem.code_wrong" {
			t.Errorf("while it is closed: %v", err)
		}
		if !slices.Contains(w.events(), "second_step throttled") {
			t.Error("a throttled code is not on record")
		}
	})
}

func TestLGN11WrongCodesAreDelayedToldAndAtLastOffUntilTheFactorsAreNew(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id, p, codes := w.withApp("maria")
		s := w.halfway("maria")
		try := func() (closed bool) {
			t.Helper()
			before := w.count("select coalesce(max(count), 0) from throttle where key = $1", w.bucket(secondBucket, id))
			if _, err := w.SecondStep(t.Context(), s, Client{}, "000000"); problems(err) != "code problem.code_wrong" {
				t.Fatal(err)
			}
			return before == w.count("select max(count) from throttle where key = $1", w.bucket(secondBucket, id))
		}
		for n := range 5 {
			if try() {
				t.Errorf("attempt %d was refused", n+1)
			}
		}
		if diff := cmp.Diff([]Notice{CodesRefused}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
		for n, delay := range []time.Duration{1, 2, 4} {
			w.clock.add(delay*time.Second - time.Microsecond)
			if !try() {
				t.Errorf("after %d s an attempt was compared", delay)
			}
			w.clock.add(time.Microsecond)
			if n < 2 && try() {
				t.Errorf("after %d s an attempt was not compared", delay)
			}
		}
		w.must(w.SecondStep(t.Context(), s, Client{}, p.code(0))) // the right one begins afresh
		s = w.halfway("maria")
		for n := range 100 {
			w.clock.add(15*time.Minute + time.Second)
			if n == 50 { // a new password gives no new guesses
				hash, err := w.Hash(t.Context(), "password", good, 15, nil)
				w.ok(err)
				w.write(func(tx *sqldb.Tx) error { return w.SetHash(t.Context(), tx, id, hash) })
				_, err = w.Sweep(t.Context())
				w.ok(err)
			}
			s = w.halfway("maria")
			if try() {
				t.Fatalf("attempt %d was not compared", n+1)
			}
		}
		w.clock.add(9 * 24 * time.Hour)
		_, err := w.Sweep(t.Context())
		w.ok(err)
		s = w.halfway("maria")
		for _, code := range []string{p.code(0), codes[0]} {
			if _, err := w.SecondStep(t.Context(), s, Client{}, code); problems(err) != "code problem.code_wrong" {
				t.Errorf("after a hundred wrong codes a right one gave %v", err)
			}
		}
		w.write(func(tx *sqldb.Tx) error { return w.RemoveFactors(t.Context(), tx, id) })
		if full := w.must(w.signIn("maria", good)); full.Session.Stage != Full {
			t.Errorf("without factors the stage is %s", full.Session.Stage)
		}
		if n := w.count("select count(*) from throttle where key like 'sign_in_second%'"); n != 0 {
			t.Errorf("%d counters are left", n)
		}
	})
}

func TestLGN6AKnownDeviceHasItsOwnSecondStep(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, p, _ := w.withApp("maria")
		device := w.must(w.SecondStep(t.Context(), w.halfway("maria"), Client{}, p.code(0))).Device
		s := w.halfway("maria")
		for range 8 {
			_, err := w.SecondStep(t.Context(), s, Client{}, "000000")
			w.want(fault.Invalid, err)
		}
		if _, err := w.SecondStep(t.Context(), s, Client{}, p.code(1)); err == nil {
			t.Error("a stranger got in while the second step was closed")
		}
		at := w.must(w.from(Client{Device: device}, "maria", good))
		w.must(w.SecondStep(t.Context(), at.Session, Client{Device: device}, p.code(1)))
	})
}

func TestLGN11StaffSetUpASecondFactorBeforeAnythingElse(t *testing.T) {
	enforced(t, func(t *testing.T, w *world) {
		id := w.active(access.Staff, "office")
		in := w.signInAs(access.Staff, "office")
		if in.Session.Stage != Enrol || in.Device != "" || w.count("select coalesce(last_sign_in_at, 0) from account where id = $1", id) != 0 {
			t.Fatalf("the password alone gave %+v", in)
		}
		w.outside(in.Session)
		p, codes, full := w.enrol(in.Session)
		if len(codes) != 10 || full.Session.Stage != Full || full.Device == "" || full.Session.Role != access.Administrator ||
			w.count("select coalesce(last_sign_in_at, 0) from account where id = $1", id) == 0 {
			t.Errorf("setting up the first factor gave %+v", full)
		}
		events := w.events()
		if !slices.Contains(events, "staff.sign_in ok") || !slices.Contains(events, "authenticator.added ok") {
			t.Error(events)
		}
		_, err := w.RemoveAuthenticator(t.Context(), full.Session, Client{})
		w.want(fault.Conflict, err)
		f, err := w.Factors(t.Context(), full.Session)
		w.ok(err)
		if !f.Required || f.RecoveryCodes != 10 {
			t.Errorf("%+v", f)
		}
		second := w.signInAs(access.Staff, "office")
		w.outside(second.Session)
		w.must(w.SecondStep(t.Context(), second.Session, Client{}, p.code(0)))
	})
}

// outside tries everything that a session which is not full may not do.
func (w *world) outside(s Session) {
	w.t.Helper()
	ctx, c := w.t.Context(), Client{}
	actor := s.Actor(c, w.clock.now())
	for _, action := range access.Actions() {
		if access.Can(actor, action) && action != access.OwnLogin {
			w.t.Errorf("%s: may %s", s.Stage, action)
		}
	}
	_, err := w.Sessions(ctx, actor)
	w.want(fault.Forbidden, err)
	w.want(fault.Forbidden, w.EndSession(ctx, actor, s.Number))
	_, err = w.EndOtherSessions(ctx, actor, s.Number)
	w.want(fault.Forbidden, err)
	_, err = w.ChangePassword(ctx, s, c, good, other)
	w.want(fault.Unauthenticated, err)
	w.want(fault.Unauthenticated, w.ChangeUsername(ctx, s, c, good, "another"))
	_, err = w.Prove(ctx, s, c, good, "")
	w.want(fault.Unauthenticated, err)
	_, err = w.ProvePasskey(ctx, s, c, "", nil)
	w.want(fault.Unauthenticated, err)
	_, err = w.RemoveAuthenticator(ctx, s, c)
	w.want(fault.Unauthenticated, err)
	_, err = w.RemovePasskey(ctx, s, c, 1)
	w.want(fault.Unauthenticated, err)
	w.want(fault.Unauthenticated, w.RenamePasskey(ctx, s, c, 1, "key"))
	_, err = w.NewRecoveryCodes(ctx, s, c)
	w.want(fault.Unauthenticated, err)
	_, err = w.FirstPassword(ctx, s, c, other, "")
	w.want(fault.Unauthenticated, err)
	if s.Stage != SecondStep {
		_, err = w.SecondStep(ctx, s, c, "000000")
		w.want(fault.Unauthenticated, err)
		_, err = w.SecondPasskey(ctx, s, c, "", nil)
		w.want(fault.Unauthenticated, err)
		_, err = w.BeginProof(ctx, s)
		w.want(fault.Unauthenticated, err)
	}
	if s.Stage != Enrol {
		_, err = w.BeginAuthenticator(ctx, s)
		w.want(fault.Unauthenticated, err)
		_, _, err = w.ConfirmAuthenticator(ctx, s, c, "000000")
		w.want(fault.Unauthenticated, err)
		_, err = w.BeginPasskey(ctx, s)
		w.want(fault.Unauthenticated, err)
		_, _, err = w.AddPasskey(ctx, s, c, "", "key", nil)
		w.want(fault.Unauthenticated, err)
	}
}
