//go:build prove

package prove

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

const (
	flood       = 256 // sign-ins of unknown people at any moment
	floodLength = 15 * time.Second
	pageRate    = 100 // pages a second, asked for whether earlier ones were answered or not
	mayGrow     = 150 << 20
	pageP99     = 50 * time.Millisecond
)

// answers counts what a flood is told.
type answers struct{ refused, busy, other atomic.Int64 }

func TestLGN9AFloodOfSignInsLeavesMemoryAndSignedInPagesAlone(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		key := newKeyFile(t)
		a := apptest.Open(t, database, production(key))
		a.MariaAtHome(t)
		s := serve(t, database, key, freeAddress(t))
		cookie := signIn(t, s.base, "maria", apptest.ParentPassword)
		home := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: s.base + "/parent/", Header: http.Header{"Cookie": {cookie}}})
		for range vegeta.NewAttacker().Attack(home, vegeta.Rate{Freq: pageRate, Per: time.Second}, 3*time.Second, "warm") {
			continue
		}
		idle := s.memory(t)
		ctx, stop := context.WithCancel(t.Context())
		var said answers
		var clients sync.WaitGroup
		for i := range flood {
			clients.Go(func() { pour(ctx, s.base, i, &said) })
		}
		time.Sleep(time.Second) // the flood is there before the pages are asked for
		var most int64
		var watching sync.WaitGroup
		watching.Go(func() {
			for ctx.Err() == nil {
				most = max(most, s.memory(t))
				time.Sleep(100 * time.Millisecond)
			}
		})
		var pages vegeta.Metrics
		for r := range vegeta.NewAttacker().Attack(home, vegeta.Rate{Freq: pageRate, Per: time.Second}, floodLength, "pages") {
			pages.Add(r)
		}
		stop()
		clients.Wait()
		watching.Wait()
		pages.Close()
		t.Logf("idle %d MB, at most %d MB; pages p99 %s, %.1f%% answered; sign-ins: %d refused, %d told to wait", idle>>20, most>>20, pages.Latencies.P99,
			100*pages.Success, said.refused.Load(), said.busy.Load())
		if most > idle+mayGrow {
			t.Errorf("the memory grew from %d to %d MB", idle>>20, most>>20)
		}
		if pages.Latencies.P99 > pageP99 || pages.Success < 1 {
			t.Errorf("signed-in pages: p99 %s, %.2f answered: %v", pages.Latencies.P99, pages.Success, pages.Errors)
		}
		if n := said.other.Load(); n > 0 || said.refused.Load() == 0 || said.busy.Load() == 0 {
			t.Errorf("%d sign-ins had another answer than 422, or 503 with Retry-After", n)
		}
		signIn(t, s.base, "maria", apptest.ParentPassword)
		if n := a.Count("select count(*) from throttle where key like 'sign_in_unknown:%'"); n > said.refused.Load()+flood {
			t.Errorf("%d names were counted, %d were refused: who is told to wait is not counted", n, said.refused.Load())
		}
	})
}

// pour signs in as nobody over and over; who is told to wait waits a second.
func pour(ctx context.Context, base string, client int, said *answers) {
	for n := 0; ctx.Err() == nil; n++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/parent/login",
			strings.NewReader(url.Values{"username": {fmt.Sprintf("nobody-%d-%d", client, n)}, "password": {"some wrong password"}}.Encode()))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			if ctx.Err() == nil {
				said.other.Add(1)
			}
			continue
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		switch {
		case answer.StatusCode == http.StatusUnprocessableEntity:
			said.refused.Add(1)
		case answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
			said.busy.Add(1)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		default:
			said.other.Add(1)
		}
	}
}

// tried makes one sign-in at the Parent Portal.
func tried(t *testing.T, base, username, password string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/parent/login", strings.NewReader(url.Values{"username": {username}, "password": {password}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer
}

// signIn returns the cookie of a new session.
func signIn(t *testing.T, base, username, password string) string {
	t.Helper()
	answer := tried(t, base, username, password)
	for _, c := range answer.Cookies() {
		if strings.HasSuffix(c.Name, "parent-session") && c.Value != "" {
			return c.Name + "=" + c.Value
		}
	}
	t.Fatalf("%s cannot sign in: %d", username, answer.StatusCode)
	return ""
}
