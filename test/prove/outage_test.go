//go:build prove

package prove

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestOPS3SignInsWhileTheDatabaseServerIsStoppedAreToldToWaitAndNotCounted(t *testing.T) {
	c := newCluster(t)
	database, key := c.database("school"), newKeyFile(t)
	a := apptest.Open(t, database, production(key))
	a.MariaAtHome(t)
	s := serve(t, database, key, freeAddress(t))
	page := signIn(t, s.base, "maria", apptest.ParentPassword)
	if page == "" || tried(t, s.base, "maria", "some wrong password").StatusCode != http.StatusUnprocessableEntity {
		t.Fatal("a wrong password is not refused")
	}
	const failures = "select coalesce(sum(count), 0) from throttle where key like 'sign_in:%'"
	before := a.Count(failures)
	for round := range 3 {
		c.stop()
		for _, password := range []string{apptest.ParentPassword, "some wrong password", ""} {
			if answer := tried(t, s.base, "maria", password); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
				t.Errorf("round %d, %q: %d, Retry-After %q", round, password, answer.StatusCode, answer.Header.Get("Retry-After"))
			}
		}
		if alive, ready := status(t.Context(), s.base+"/healthz"), status(t.Context(), s.base+"/readyz"); alive != http.StatusOK || ready != http.StatusServiceUnavailable {
			t.Errorf("alive %d, ready %d", alive, ready)
		}
		c.start()
		began := time.Now()
		for status(t.Context(), s.base+"/readyz") != http.StatusOK {
			if time.Since(began) > 10*time.Second {
				t.Fatalf("it did not recover by itself:\n%s", s.said)
			}
			time.Sleep(20 * time.Millisecond)
		}
		for n := 0; ; n++ { // the connections of the app that looks on are broken, too
			if a.DB.Ping(t.Context()) == nil {
				break
			}
			if n > 100 {
				t.Fatal("connections do not come back")
			}
		}
		if now := a.Count(failures); now != before {
			t.Errorf("round %d: %d failures counted, %d before", round, now, before)
		}
	}
	signIn(t, s.base, "maria", apptest.ParentPassword)
}

func TestOPS5AMigrationKilledAtAnyInstantIsTakenUpAgain(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			database := func(n int) string { return "sqlite:" + filepath.Join(t.TempDir(), fmt.Sprintf("school%d.db", n)) }
			if kind == "postgres" {
				c := newCluster(t)
				database = func(n int) string { return c.database(fmt.Sprintf("school%d", n)) }
			}
			cut := 0
			for n := range 40 {
				url, key := database(n), newKeyFile(t)
				first := exec.Command(program(t), "migrate", "--database", url, "--key-file", key) //nolint:noctx // it is killed below
				if err := first.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
				_ = first.Process.Kill() // it may be done
				if first.Wait() != nil {
					cut++
				}
				for _, command := range []string{"migrate", "doctor"} {
					if out, err := exec.CommandContext(t.Context(), program(t), command, "--database", url, "--key-file", key).CombinedOutput(); err != nil {
						t.Fatalf("%s after a kill: %v\n%s", command, err, out)
					}
				}
			}
			t.Logf("%d of 40 were cut short", cut)
			if cut == 0 {
				t.Error("no migration was cut short: nothing was tried")
			}
		})
	}
}
