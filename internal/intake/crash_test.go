package intake

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// TestOPS1WhereverAnImportDiesTheNextProgramFinishesIt lets a program die at any of its statements, one import after another, and has the next program
// take the same file: at the end all stands as if nothing had happened, and nothing that always holds was broken in between.
func TestOPS1WhereverAnImportDiesTheNextProgramFinishesIt(t *testing.T) {
	template, err := os.ReadFile(strings.TrimPrefix(sqldbtest.SQLite(t), "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	dir, open := t.TempDir(), emptyOffices(t)
	opts := Options{AllowRemovals: true, School: "School A"}
	draws := map[string]func(*rand.Rand) map[string]string{"tables": tablesOf, "classes": classesOf}
	for format, write := range writers() {
		if rounds(0) == 0 && format != "OneRoster 1.2" && format != "Clever without ids" {
			continue
		}
		draws[format] = func(r *rand.Rand) map[string]string { return write(drawModel(r)) }
	}
	for n := range rounds(1) {
		for _, what := range sortedKeys(draws) {
			r := rand.New(rand.NewPCG(uint64(n), 19)) //nolint:gosec // a test's
			url := "sqlite:" + filepath.Join(dir, fmt.Sprintf("%d %s.db", n, strings.ReplaceAll(what, " ", "")))
			if err := os.WriteFile(strings.TrimPrefix(url, "sqlite:"), template, 0o600); err != nil {
				t.Fatal(err)
			}
			alone, clock, died := open(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), 0
			for range 3 {
				path := bundleFrom(t, draws[what](r))
				alone.take(path, opts)
				for at := r.IntN(60); ; at += 1 + r.IntN(60) {
					o := newOffice(t, url)
					o.clock = clock
					var count atomic.Int64
					o.before = func(string) error { // dead is dead: nothing works any more
						if count.Add(1) > int64(at) {
							return errors.New("the plug was pulled")
						}
						return nil
					}
					_, err := o.intake.Import(o.ctx, robot, path, opts)
					o.before = nil
					if broken := o.broken(); len(broken) > 0 {
						t.Fatalf("%s, round %d, dead at statement %d: %v", what, n, at, broken)
					}
					clock = o.clock.Add(time.Minute) // the turn of the dead one is over
					if err == nil {
						if d := cmp.Diff(withoutPlaces(alone.stands("")), withoutPlaces(o.stands(""))); d != "" {
							t.Fatalf("%s, round %d: %s", what, n, d)
						}
						_ = o.db.Close()
						break
					}
					died++
					_ = o.db.Close()
				}
			}
			if died == 0 {
				t.Errorf("%s: nobody died", what)
			}
			_ = alone.db.Close()
		}
	}
}
