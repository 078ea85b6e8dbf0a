//go:build prove

package prove

import (
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// TestTheInvariantsOfABigDistrictAreAskedInSeconds loads a district of more than 100,000 lines, with a login for every parent.
func TestTheInvariantsOfABigDistrictAreAskedInSeconds(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		a, err := app.Open(t.Context(), app.Config{Database: database, KeyFile: newKeyFile(t), Log: quiet(), HashParams: cheap, HashSlots: 1, Temporary: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		s, err := a.Seed(t.Context(), 45_000, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range a.Invariants() {
			began := time.Now()
			broken, err := a.DB.Check(t.Context(), []sqldb.Invariant{i}, 5)
			if err != nil || len(broken) > 0 {
				t.Errorf("%s: %v %v", i.Name, broken, err)
			}
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Logf("%s: %s", i.Name, took.Round(time.Millisecond))
			}
		}
		began := time.Now()
		if _, err := a.Broken(t.Context()); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		t.Logf("%d lines, %d logins: %s", s.Lines, len(s.Parents), took.Round(time.Millisecond))
		if took > 10*time.Second {
			t.Errorf("asking the invariants took %s", took)
		}
	})
}
