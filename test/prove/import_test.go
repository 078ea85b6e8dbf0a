//go:build prove

package prove

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// importKills is how often the program that takes a roster in is killed, for each roster.
const importKills = 20

// TestOPS7AnImportKilledAtAnyInstantIsFinishedByTheNext takes rosters in with a program that is killed over and over, each time at another instant: first
// one with everything in it, then one of other people, from which many have gone. The next run goes on; at the end all is as if nobody had interrupted
// it, and nothing that always holds is broken at any time.
func TestOPS7AnImportKilledAtAnyInstantIsFinishedByTheNext(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		key := newKeyFile(t)
		a := apptest.Open(t, database, production(key))
		for n, students := range []int{1500, 1100} {
			bundle := bundleOf(t, uint64(3+n), students)
			began := time.Now()
			killImports(t, a, database, key, bundle)
			report := importOf(t, database, key, bundle)
			t.Logf("%d kills in %s; the last run: %+v %+v %+v", importKills, time.Since(began).Round(time.Second), report.Students, report.Contacts, report.Lines)
			report = importOf(t, database, key, bundle)
			for what, n := range map[string]intake.Tally{"students": report.Students, "contacts": report.Contacts, "lines": report.Lines, "terms": report.Terms,
				"courses": report.Courses, "classes": report.Classes, "enrolments": report.Enrolments} {
				if n.Added+n.Changed+n.Removed > 0 || n.Same == 0 {
					t.Errorf("%s, once more: %+v", what, n)
				}
			}
		}
	})
}

// bundleOf writes an invented district as a OneRoster package with classes.
func bundleOf(t *testing.T, seed uint64, students int) string {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "bundle.zip")
	f, err := os.Create(bundle)
	if err == nil {
		err = errors.Join(demo.WriteOneRosterWithClasses(f, demo.Generate(seed, students)), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

// killImports starts imports and kills them, until they find nothing to do any more.
func killImports(t *testing.T, a *apptest.App, database, key, bundle string) {
	t.Helper()
	longest, killed := 8*time.Second, 0
	for killed < importKills {
		cmd := exec.Command(program(t), "roster", "import", "--allow-removals", "--database", database, "--key-file", key, bundle) //nolint:noctx // killed below
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait := rand.N(longest)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-time.After(wait):
			_ = cmd.Process.Kill()
			<-ended
			killed++
		case err := <-ended: // it was done before: what is left to do gets less
			if err != nil {
				t.Fatalf("an import that nobody killed: %v", err)
			}
			longest = max(longest/2, 100*time.Millisecond)
			if longest == 100*time.Millisecond {
				killed++ // everything is in: it is killed while it finds nothing to do
			}
		}
		broken, err := a.Broken(t.Context())
		if err != nil || len(broken) > 0 {
			t.Fatalf("after %d kills: %+v, %v", killed, broken, err)
		}
	}
}

// importOf takes a roster in to the end.
func importOf(t *testing.T, database, key, bundle string) intake.Report {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program(t), "roster", "import", "--json", "--allow-removals", "--database", database, "--key-file", key, bundle).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var r intake.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}
