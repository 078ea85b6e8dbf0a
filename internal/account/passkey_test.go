package account

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// addKey registers a passkey from a session and returns it with the session that follows.
func (w *world) addKey(s Session, name string) (*softKey, []string, SignedIn) {
	w.t.Helper()
	k := newSoftKey(w.t)
	c, err := w.BeginPasskey(w.t.Context(), s)
	w.ok(err)
	codes, in, err := w.AddPasskey(w.t.Context(), s, Client{}, c.Token, name, k.register(c))
	w.ok(err)
	return k, codes, in
}

// withKey makes an account with a passkey.
func (w *world) withKey(kind access.Kind, username string) (*softKey, SignedIn) {
	w.t.Helper()
	w.active(kind, username)
	k, _, in := w.addKey(w.signInAs(kind, username).Session, "phone")
	w.people.heard()
	return k, in
}

func (w *world) byKey(kind access.Kind, k *softKey) (SignedIn, error) {
	w.t.Helper()
	c, err := w.BeginPasskeySignIn(w.t.Context(), kind)
	w.ok(err)
	return w.PasskeySignIn(w.t.Context(), kind, false, Client{Address: "192.0.2.7"}, c.Token, k.assert(c))
}

func TestLGN11APasskeyIsRegisteredNamedAndRemoved(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		elsewhere := w.must(w.signIn("maria", good))
		in := w.must(w.signIn("maria", good))
		w.people.heard()
		c, err := w.BeginPasskey(t.Context(), in.Session)
		w.ok(err)
		k := newSoftKey(t)
		o := k.asked(c).PublicKey
		if o.RP.ID != "localhost" || o.RP.Name != "Schoolgate" || o.Selection.ResidentKey != "required" || o.Selection.UserVerification != "required" ||
			o.Attestation != "none" || o.User.Name != "maria" || len(o.User.ID) != 43 || strings.Contains(o.User.ID, "maria") {
			t.Errorf("the browser is asked %s", c.Options)
		}
		if _, _, err := w.AddPasskey(t.Context(), in.Session, Client{}, c.Token, " \n", k.register(c)); problems(err) != "name problem.empty" {
			t.Errorf("without a name: %v", err)
		}
		if _, _, err := w.AddPasskey(t.Context(), in.Session, Client{}, c.Token, strings.Repeat("x", 61), k.register(c)); problems(err) != "name problem.too_long" {
			t.Errorf("with a long name: %v", err)
		}
		codes, next, err := w.AddPasskey(t.Context(), in.Session, Client{}, c.Token, " My\r\nphone\x1b ", k.register(c))
		w.ok(err)
		if len(codes) != 10 || next.Session.Stage != Full || !w.open(next.Token) || w.open(in.Token) || w.open(elsewhere.Token) {
			t.Errorf("%d codes, %+v", len(codes), next)
		}
		second, more, next := w.addKey(next.Session, "key")
		if more != nil {
			t.Error("the second passkey made new recovery codes")
		}
		f, err := w.Factors(t.Context(), next.Session)
		w.ok(err)
		if len(f.Passkeys) != 2 || f.Passkeys[0].Name != "My phone" || !f.Passkeys[0].UsedAt.IsZero() || f.RecoveryCodes != 10 || f.Required {
			t.Errorf("%+v", f)
		}
		c, err = w.BeginPasskey(t.Context(), next.Session)
		w.ok(err)
		if n := len(k.asked(c).PublicKey.ExcludeCredentials); n != 2 {
			t.Errorf("%d passkeys are excluded, want both", n)
		}
		w.ok(w.RenamePasskey(t.Context(), next.Session, Client{}, f.Passkeys[0].ID, "Telephone"))
		next = w.must(w.RemovePasskey(t.Context(), next.Session, Client{}, f.Passkeys[0].ID))
		_, err = w.byKey(access.Parent, k)
		w.want(fault.Unauthenticated, err)
		w.must(w.byKey(access.Parent, second))
		next = w.must(w.RemovePasskey(t.Context(), next.Session, Client{}, f.Passkeys[1].ID))
		if n := w.count("select count(*) from recovery_code"); n != 0 {
			t.Errorf("%d recovery codes without a factor", n)
		}
		if diff := cmp.Diff([]Notice{FactorAdded, FactorAdded, FactorRemoved, NewDevice, FactorRemoved}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
		for _, e := range []string{"passkey.added ok", "passkey.renamed ok", "passkey.removed ok", "parent.sign_in failed"} {
			if !slices.Contains(w.events(), e) {
				t.Errorf("%q is not on record", e)
			}
		}
		_, err = w.RemovePasskey(t.Context(), next.Session, Client{}, f.Passkeys[1].ID)
		w.want(fault.NotFound, err)
	})
}

func TestLGN11APasskeySignsInWithoutAUsernameAndIsBothFactors(t *testing.T) {
	for _, kind := range []access.Kind{access.Parent, access.Student, access.Staff} {
		t.Run(string(kind), func(t *testing.T) {
			enforced(t, func(t *testing.T, w *world) {
				id := w.active(kind, "maria")
				k, _, _ := w.addKey(w.signInAs(kind, "maria").Session, "phone")
				w.people.heard()
				for range 8 { // wrong passwords of others do not matter
					w.refused(w.SignIn(t.Context(), Attempt{Kind: kind, Username: "maria", Password: other}))
				}
				k.count = 1
				w.clock.add(time.Hour)
				in := w.must(w.byKey(kind, k))
				s, err := w.Session(t.Context(), kind, in.Token)
				w.ok(err)
				if s.Stage != Full || in.Device == "" || !s.fresh(w.clock.now()) || w.count("select last_sign_in_at from account where id = $1", id) != w.clock.now().UnixMicro() {
					t.Errorf("%+v", in)
				}
				if diff := cmp.Diff([]Notice{NewDevice}, w.people.heard()); diff != "" {
					t.Error(diff)
				}
				if w.lockedUntil(id).IsZero() && w.count("select max(count) from throttle") < 5 {
					t.Error("the wrong passwords were forgotten")
				}
				f, err := w.Factors(t.Context(), s)
				w.ok(err)
				if !f.Passkeys[0].UsedAt.Equal(w.clock.now()) {
					t.Errorf("%+v", f)
				}
			})
		})
	}
}

func TestLGN11WhatAPasskeyAnswersMustFit(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(w *world, k *softKey)
	}{
		{"another origin", func(_ *world, k *softKey) { k.origin = "https://evil.example" }},
		{"another port", func(_ *world, k *softKey) { k.origin = "http://localhost:8081" }},
		{"https instead of http", func(_ *world, k *softKey) { k.origin = "https://localhost:8080" }},
		{"another relying party", func(_ *world, k *softKey) { k.rpID = "evil.example" }},
		{"no user verification", func(_ *world, k *softKey) { k.flags = userPresent }},
		{"nobody present", func(_ *world, k *softKey) { k.flags = userVerified }},
		{"made for a registration", func(_ *world, k *softKey) { k.kind = "webauthn.create" }},
		{"another key", func(w *world, k *softKey) { k.key = newSoftKey(w.t).key }},
		{"another credential", func(w *world, k *softKey) { k.id = newSoftKey(w.t).id }},
		{"another user handle", func(_ *world, k *softKey) { k.handle = random(32) }},
		{"no user handle", func(_ *world, k *softKey) { k.handle = nil }},
		{"a counter that went back", func(_ *world, k *softKey) { k.count = 4 }},
		{"a counter that stood still", func(_ *world, k *softKey) { k.count = 5 }},
		{"a disabled account", func(w *world, _ *softKey) { w.exec("update account set state = 'disabled'") }},
		{"an account that ended", func(w *world, _ *softKey) { w.exec("update account set ends_at = $1", w.clock.now().UnixMicro()) }},
		{"a ceremony too old", func(w *world, _ *softKey) {
			w.exec("update ceremony set expires_at = $1", w.clock.now().UnixMicro())
		}},
		{"a ceremony for staff", func(w *world, _ *softKey) { w.exec("update ceremony set purpose = 'sign in staff'") }},
		{"a ceremony for a proof", func(w *world, _ *softKey) { w.exec("update ceremony set purpose = 'prove'") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				k, _ := w.withKey(access.Parent, "maria")
				k.count = 5
				w.must(w.byKey(access.Parent, k))
				k.count = 6
				ceremony, err := w.BeginPasskeySignIn(t.Context(), access.Parent)
				w.ok(err)
				c.bend(w, k)
				answer := k.assert(ceremony)
				_, err = w.PasskeySignIn(t.Context(), access.Parent, false, Client{}, ceremony.Token, answer)
				if !fault.Is(err, fault.Unauthenticated) || err.Error() != "the passkey was not accepted" || fault.ProblemsOf(err) != nil {
					t.Errorf("got %v, want the one answer", err)
				}
				if n := w.count("select count(*) from ceremony where expires_at > $1 and purpose = 'sign in parent'", w.clock.now().UnixMicro()); n != 0 {
					t.Error("the ceremony can be answered again")
				}
				if n := w.count("select count(*) from session"); n != 2 {
					t.Errorf("%d sessions, want the two from before", n)
				}
			})
		})
	}
}

func TestLGN11APasskeyOfAnotherKindOfLoginIsRefused(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		k, _ := w.withKey(access.Parent, "maria")
		_, err := w.byKey(access.Staff, k)
		w.want(fault.Unauthenticated, err)
		_, err = w.byKey(access.Student, k)
		w.want(fault.Unauthenticated, err)
		_, err = w.BeginPasskeySignIn(t.Context(), access.Visitor)
		w.want(fault.NotFound, err)
		w.must(w.byKey(access.Parent, k))
	})
}

func TestLGN11OfSixteenUsesOfOnePasskeyAnswerOneSucceeds(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		k, _ := w.withKey(access.Parent, "maria")
		for round := range 5 {
			c, err := w.BeginPasskeySignIn(t.Context(), access.Parent)
			w.ok(err)
			answer := k.assert(c)
			var done atomic.Int64
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					_, err := w.PasskeySignIn(t.Context(), access.Parent, false, Client{}, c.Token, answer)
					switch {
					case err == nil:
						done.Add(1)
					case !fault.Is(err, fault.Unauthenticated):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if done.Load() != 1 {
				t.Fatalf("round %d: %d succeeded", round, done.Load())
			}
		}
	})
}

func TestLGN11ARegistrationMustFitItsCeremony(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(k *softKey)
	}{
		{"another origin", func(k *softKey) { k.origin = "https://evil.example" }},
		{"another relying party", func(k *softKey) { k.rpID = "evil.example" }},
		{"no user verification", func(k *softKey) { k.flags = userPresent }},
		{"made for a sign-in", func(k *softKey) { k.kind = "webauthn.get" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				w.active(access.Parent, "maria")
				s := w.must(w.signIn("maria", good)).Session
				ceremony, err := w.BeginPasskey(t.Context(), s)
				w.ok(err)
				k := newSoftKey(t)
				c.bend(k)
				_, _, err = w.AddPasskey(t.Context(), s, Client{}, ceremony.Token, "phone", k.register(ceremony))
				if problems(err) != " problem.passkey_refused" {
					t.Errorf("got %v", err)
				}
				right := newSoftKey(t)
				_, _, err = w.AddPasskey(t.Context(), s, Client{}, ceremony.Token, "phone", right.register(ceremony))
				if problems(err) != " problem.passkey_refused" || w.count("select count(*) from passkey") != 0 {
					t.Errorf("the ceremony was answered twice: %v", err)
				}
			})
		})
	}
}

func TestLGN11ACeremonyBelongsToItsSession(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		w.active(access.Parent, "pablo")
		maria, again, pablo := w.must(w.signIn("maria", good)).Session, w.must(w.signIn("maria", good)).Session, w.must(w.signIn("pablo", good)).Session
		for _, s := range []Session{again, pablo} {
			c, err := w.BeginPasskey(t.Context(), maria)
			w.ok(err)
			_, _, err = w.AddPasskey(t.Context(), s, Client{}, c.Token, "phone", newSoftKey(t).register(c))
			if problems(err) != " problem.passkey_refused" {
				t.Errorf("got %v", err)
			}
		}
		k, _, in := w.addKey(maria, "phone")
		c, err := w.BeginPasskey(t.Context(), pablo)
		w.ok(err)
		_, _, err = w.AddPasskey(t.Context(), pablo, Client{}, c.Token, "stolen", k.register(c)) // maria's key answers for pablo
		if problems(err) != " problem.passkey_refused" {
			t.Errorf("a credential was registered twice: %v", err)
		}
		own, _, pablos := w.addKey(w.must(w.signIn("pablo", good)).Session, "key")
		c, err = w.BeginProof(t.Context(), in.Session)
		w.ok(err)
		_, err = w.ProvePasskey(t.Context(), in.Session, Client{}, c.Token, own.assert(c))
		if problems(err) != " problem.passkey_refused" {
			t.Errorf("another account's passkey proved: %v", err)
		}
		c, err = w.BeginProof(t.Context(), in.Session)
		w.ok(err)
		k.flags = userPresent
		_, err = w.ProvePasskey(t.Context(), in.Session, Client{}, c.Token, k.assert(c))
		if problems(err) != " problem.passkey_refused" {
			t.Errorf("a passkey without user verification proved: %v", err)
		}
		w.want(fault.NotFound, w.RenamePasskey(t.Context(), pablos.Session, Client{}, 1, "mine"))
		_, err = w.RemovePasskey(t.Context(), pablos.Session, Client{}, 1)
		w.want(fault.NotFound, err)
	})
}

func TestLGN11APasskeyIsASecondStep(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		k, _ := w.withKey(access.Parent, "maria")
		w.clock.add(time.Minute)
		s := w.halfway("maria")
		f, err := w.Factors(t.Context(), s)
		w.ok(err)
		if diff := cmp.Diff(Factors{RecoveryCodes: 10, Passkeys: []Passkey{{}}}, f); diff != "" {
			t.Errorf("after the password alone: %s", diff)
		}
		c, err := w.BeginProof(t.Context(), s)
		w.ok(err)
		if o := k.asked(c).PublicKey; o.UserVerification != "required" || len(o.AllowCredentials) != 1 || o.RPID != "localhost" {
			t.Errorf("the browser is asked %s", c.Options)
		}
		k.flags = userPresent
		_, err = w.SecondPasskey(t.Context(), s, Client{}, c.Token, k.assert(c))
		if problems(err) != " problem.passkey_refused" {
			t.Errorf("got %v", err)
		}
		k.flags |= userVerified
		c, err = w.BeginProof(t.Context(), s)
		w.ok(err)
		answer := k.assert(c)
		full := w.must(w.SecondPasskey(t.Context(), s, Client{}, c.Token, answer))
		if full.Session.Stage != Full || full.Device == "" || !w.open(full.Token) {
			t.Errorf("%+v", full)
		}
		_, err = w.SecondPasskey(t.Context(), s, Client{}, c.Token, answer)
		if err == nil {
			t.Error("an answer counted twice")
		}
	})
}

func TestThereAreTenPasskeysAtMost(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		_, in := w.withKey(access.Parent, "maria")
		for range 9 {
			_, _, in = w.addKey(in.Session, "key")
		}
		_, err := w.BeginPasskey(t.Context(), in.Session)
		w.want(fault.Conflict, err)
	})
}

func TestPasskeysNeedAHostName(t *testing.T) {
	for base, possible := range map[string]bool{
		"https://gate.example": true, "http://localhost:8080": true, "https://gate.example:8443/": true, "http://127.0.0.1:8080": false, "http://[::1]:8080": false, "": false,
	} {
		if _, err := relyingParty(base); (err == nil) != possible {
			t.Errorf("%q: %v", base, err)
		}
	}
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		in := w.must(w.signIn("maria", good))
		if !w.PasskeysPossible() {
			t.Error("passkeys are not possible on localhost")
		}
		at := w.on("http://127.0.0.1:8080")
		if at.PasskeysPossible() {
			t.Error("passkeys are possible at a bare address")
		}
		_, err := at.BeginPasskey(t.Context(), in.Session)
		w.want(fault.NotFound, err)
		_, err = at.BeginPasskeySignIn(t.Context(), access.Parent)
		w.want(fault.NotFound, err)
		_, err = at.PasskeySignIn(t.Context(), access.Parent, false, Client{}, "", nil)
		w.want(fault.Unauthenticated, err)
	})
}

// on is the same accounts under another base URL.
func (w *world) on(base string) *Accounts {
	return New(w.db, w.hasher, w.keys, w.settings, w.log, w.clock.now, w.people, Site{BaseURL: base, PasswordsSuffice: true})
}

// FuzzCeremonyAnswers gives the two ceremonies whatever a browser might answer: they never panic, and nothing invented is taken.
func FuzzCeremonyAnswers(f *testing.F) {
	site, err := relyingParty("http://localhost:8080")
	if err != nil {
		f.Fatal(err)
	}
	k := newSoftKey(f)
	h := holder{account: Account{ID: 1, Kind: access.Parent, Username: "maria"}, handle: random(32)}
	creation, registering, err := site.BeginRegistration(h)
	if err != nil {
		f.Fatal(err)
	}
	options, err := json.Marshal(creation)
	if err != nil {
		f.Fatal(err)
	}
	right := k.register(Ceremony{Options: options})
	credential, err := registered(site, h, *registering, right)
	if err != nil {
		f.Fatal(err)
	}
	h.passkeys = []storedPasskey{{Passkey: Passkey{ID: 1}, credential: *credential}}
	assertion, signingIn, err := site.BeginDiscoverableLogin()
	if err != nil {
		f.Fatal(err)
	}
	if options, err = json.Marshal(assertion); err != nil {
		f.Fatal(err)
	}
	answer := k.assert(Ceremony{Options: options})
	for _, seed := range [][]byte{right, answer, nil, []byte("{}"), []byte("null"), []byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`)} {
		f.Add(seed)
	}
	stranger := newSoftKey(f)
	stranger.id, stranger.handle = k.id, k.handle
	f.Add(stranger.assert(Ceremony{Options: options}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if made, err := registered(site, h, *registering, data); err == nil && len(made.ID) == 0 {
			t.Errorf("%q made a credential without a name", data)
		}
		use, err := asserted(site, *signingIn, data, func(_, _ []byte) (webauthn.User, error) { return h, nil })
		if err == nil && (use.id != 1 || !strings.Contains(string(data), "signature")) {
			t.Errorf("%q signed in", data)
		}
	})
}
