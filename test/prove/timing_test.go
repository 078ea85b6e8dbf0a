//go:build prove

// Package prove holds the proofs that take too long for every day: make prove.
package prove

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// attempts is how often each case is tried. At a thousand, two equal distributions are farther apart than the limit once in a million runs; at
// four hundred it would be once in a few hundred, and there are many pairs.
const (
	attempts = 1000
	limit    = 0.12 // Kolmogorov-Smirnov distance
)

// situation is one case whose answer must take as long as every other's.
type situation struct {
	name string
	path string
	want int // status
	form func(i int) url.Values
}

func TestREG2TheTimeOfARegistrationTellsNothing(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		a := apptest.Open(t, database)
		a.MariaAtHome(t)
		register := func(id, first, last string) func(int) url.Values {
			return func(i int) url.Values {
				return url.Values{"username": {fmt.Sprintf("name%06d", i)}, "id_number": {id}, "first_name": {first}, "last_name": {last}}
			}
		}
		compare(t, a, []situation{
			{"match", "/parent/register", http.StatusSeeOther, register(a.Lin.IDNumber, "Wei", "Chen")},
			{"wrong name", "/parent/register", http.StatusSeeOther, register(a.Lin.IDNumber, "Wai", "Chan")},
			{"unknown ID Number", "/parent/register", http.StatusSeeOther, register("999999", "Wei", "Chen")},
			{"already registered", "/parent/register", http.StatusSeeOther, register(a.Ana.IDNumber, "Maria", "Lopez")},
			{"no e-mail on record", "/parent/register", http.StatusSeeOther, register(a.Ben.IDNumber, "Nora", "Blank")},
			{"graduated", "/parent/register", http.StatusSeeOther, register(a.Tom.IDNumber, "Tina", "Gone")},
			{"restricted", "/parent/register", http.StatusSeeOther, register(a.Ana.IDNumber, "Rick", "Stone")},
		}, limit)
	})
}

func TestLGN2TheTimeOfAFailedSignInTellsNothing(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		key := newKeyFile(t)
		a := apptest.Open(t, database, func(c *app.Config) { c.HashParams, c.KeyFile = account.DefaultParams(), key })
		a.MariaAtHome(t)
		a.AtHome(t, "wei", a.Lin.IDNumber, "Wei", "Chen", apptest.WeiEmail)
		a.AtHome(t, "jorge", a.David.IDNumber, "Jorge", "Lopez", apptest.JorgeEmail)
		statement(t, a, "update account set state = 'disabled' where username_key = 'wei'")
		a.AtHome(t, "olga", a.Pyotr.IDNumber, "Ольга", "Иванова", apptest.OlgaEmail)
		oldHash(t, a, database, key, "olga")
		for range 8 {
			a.Browser(t).SignIn("parent", "jorge", "some wrong password")
		}
		statement(t, a, "update throttle set blocked_until = 9000000000000000000 where blocked_until > 0")
		signIn := func(username, password string) func(int) url.Values {
			return func(i int) url.Values {
				return url.Values{"username": {strings.ReplaceAll(username, "#", fmt.Sprintf("%06d", i))}, "password": {password}}
			}
		}
		compare(t, a, []situation{
			{"unknown username", "/parent/login", http.StatusUnprocessableEntity, signIn("nobody#", "some wrong password")},
			{"wrong password", "/parent/login", http.StatusUnprocessableEntity, signIn("maria", "some wrong password")},
			{"disabled", "/parent/login", http.StatusUnprocessableEntity, signIn("wei", apptest.ParentPassword)},
			{"locked", "/parent/login", http.StatusUnprocessableEntity, signIn("jorge", apptest.ParentPassword)},
			{"empty password", "/parent/login", http.StatusUnprocessableEntity, signIn("maria", "")},
			{"old hash parameters", "/parent/login", http.StatusUnprocessableEntity, signIn("olga", "some wrong password")},
			{"over-long password", "/parent/login", http.StatusUnprocessableEntity, signIn("maria", strings.Repeat("x", 3000))},
		}, limit)
	})
}

// TestTheProofCanFail holds the measure against a leak: one case that answers a fifth of a millisecond later.
func TestTheProofCanFail(t *testing.T) {
	var fast, slow []time.Duration
	for range attempts {
		d := time.Duration(rand.NormFloat64()*float64(100*time.Microsecond)) + time.Millisecond
		fast, slow = append(fast, d), append(slow, d+time.Duration(rand.NormFloat64()*float64(100*time.Microsecond))+200*time.Microsecond)
	}
	if d := distance(fast, slow); d <= limit {
		t.Errorf("a leak of 0.2 ms has the distance %.3f", d)
	}
}

func statement(t *testing.T, a *apptest.App, query string) {
	t.Helper()
	err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), query); return err })
	if err != nil {
		t.Fatal(err)
	}
}

// oldHash gives a login a hash as an earlier release would have stored it: cheaper than today's.
func oldHash(t *testing.T, a *apptest.App, database, key, username string) {
	t.Helper()
	old, err := app.Open(t.Context(), app.Config{Database: database, KeyFile: key, Log: quiet(), HashParams: account.Params{MemoryKiB: 7 << 10, Time: 2}, HashSlots: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	hash, err := old.Accounts.Hash(t.Context(), "password", apptest.ParentPassword, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	statement(t, a, "update account set password_hash = '"+hash+"' where username_key = '"+username+"'")
}

// compare measures all situations and holds every pair of distributions against the limit.
func compare(t *testing.T, a *apptest.App, all []situation, limit float64) {
	t.Helper()
	for _, p := range measure(t, a, a.URL, all, attempts) {
		if p.distance > limit {
			t.Errorf("%s and %s: distance %.3f, at most %.2f", p.a, p.b, p.distance, limit)
		}
	}
}

// pair is how far apart two situations are.
type pair struct {
	a, b     string
	distance float64
}

// measure tries all situations in turn, in an order that changes each round, and returns the distance of every pair.
func measure(t *testing.T, a *apptest.App, base string, all []situation, rounds int) []pair {
	t.Helper()
	took := make([][]time.Duration, len(all))
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	for round := range rounds {
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			took[i] = append(took[i], post(t, base, all[i], round*len(all)+i))
		}
		if round%3 == 2 { // untimed: no account may reach its limit while it is measured
			statement(t, a, "delete from throttle where blocked_until < 9000000000000000000")
		}
	}
	var pairs []pair
	for i := range all {
		sorted := slices.Sorted(slices.Values(took[i]))
		t.Logf("%-22s median %8s  p95 %8s", all[i].name, sorted[len(sorted)/2].Round(time.Microsecond), sorted[len(sorted)*95/100].Round(time.Microsecond))
		for j := range i {
			pairs = append(pairs, pair{all[i].name, all[j].name, distance(took[i], took[j])})
		}
	}
	return pairs
}

// post sends a form from a browser without cookies and returns how long the whole answer took.
func post(t *testing.T, base string, s situation, i int) time.Duration {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+s.path, strings.NewReader(s.form(i).Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	start := time.Now()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	took := time.Since(start)
	if err != nil || answer.Body.Close() != nil || answer.StatusCode != s.want {
		t.Fatalf("%s: answer %d, want %d (%v)", s.name, answer.StatusCode, s.want, err)
	}
	return took
}

// distance is the Kolmogorov-Smirnov distance: how far the two cumulative distributions are apart at the most.
func distance(a, b []time.Duration) float64 {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	most, i, j := 0.0, 0, 0
	for i < len(a) && j < len(b) {
		at := min(a[i], b[j])
		for i < len(a) && a[i] <= at {
			i++
		}
		for j < len(b) && b[j] <= at {
			j++
		}
		most = max(most, abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}

func abs(x float64) float64 { return max(x, -x) }
