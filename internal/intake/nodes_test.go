package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// twoNodes runs a test with two programs on one database, each with a clock of its own.
func twoNodes(t *testing.T, test func(t *testing.T, a, b *office)) {
	t.Helper()
	sqldbtest.RunURL(t, func(t *testing.T, url string) { test(t, newOffice(t, url), newOffice(t, url)) })
}

// later moves the clocks of all.
func later(d time.Duration, all ...*office) {
	for _, o := range all {
		o.ticks.Lock()
		o.clock = o.clock.Add(d)
		o.ticks.Unlock()
	}
}

// watching has offices watch a new folder with one roster in it.
func watching(t *testing.T, all ...*office) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tonight.zip"), zipOf(t, twenty()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if err := o.intake.Folder(Watch{Folder: dir}); err != nil {
			t.Fatal(err)
		}
		if err := o.intake.LookAfterFolder(o.ctx); err != nil { // sees whether it grows
			t.Fatal(err)
		}
	}
}

func TestOfTwoNodesThatWatchAFolderOneTakesTheFile(t *testing.T) {
	twoNodes(t, func(t *testing.T, a, b *office) {
		watching(t, a, b)
		var both sync.WaitGroup
		for _, o := range []*office{a, b} {
			both.Go(func() {
				for range 3 {
					if err := o.intake.LookAfterFolder(o.ctx); err != nil {
						t.Error(err)
					}
					if _, err := o.jobs.Drain(o.ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		both.Wait()
		later(time.Minute, a, b) // of what was put off because the other one had its turn
		a.drain()
		all, err := a.intake.Imports(a.ctx, clerk, jobs.Cursor{}, 10)
		if err != nil || len(all) != 1 || all[0].State != Done {
			t.Errorf("%+v, %v", all, err)
		}
		a.same("taken", 20, len(a.snapshot().Students))
	})
}

func TestTheOfficeHearsOfAPlanThatWaitsWhicheverNodeMadeIt(t *testing.T) {
	twoNodes(t, func(t *testing.T, a, b *office) {
		rows := twenty()
		for n := 20; n < 25; n++ { // whom the file in the folder does not have
			s, m := fmt.Sprintf("s%02d", n), fmt.Sprintf("m%02d", n)
			rows[s], rows[m] = kid(s, "Kid"+s, "Last"+s, "10"+s[1:], "04", "mid", m), adult(m, "parent", "Mum"+m, "Last"+s, m+"@home.example")
		}
		a.begin(a.upload(rows), false)
		told := 0
		b.intake.Tell(Told{Log: slog.New(slog.DiscardHandler), Waits: func(context.Context, *sqldb.Tx) error { told++; return nil }})
		watching(t, a)
		if err := a.intake.LookAfterFolder(a.ctx); err != nil {
			t.Fatal(err)
		}
		b.clock = a.clock
		b.drain() // which watches nothing
		all, err := b.intake.Imports(b.ctx, clerk, jobs.Cursor{}, 1)
		if err != nil || len(all) != 1 || all[0].State != Planned || told != 1 {
			t.Errorf("told %d times of %+v, %v", told, all, err)
		}
	})
}

func TestOPS1AFileWhoseNodeDiedWhileReadingItIsTakenByTheOther(t *testing.T) {
	twoNodes(t, func(t *testing.T, a, b *office) {
		watching(t, a, b)
		a.before = func(q string) error {
			if strings.HasPrefix(q, "insert into import_chunk") || strings.HasPrefix(q, "delete from import") {
				return errors.New("the plug was pulled")
			}
			return nil
		}
		if err := a.intake.LookAfterFolder(a.ctx); err == nil {
			t.Fatal("nothing happened")
		}
		look := func() int {
			if err := b.intake.LookAfterFolder(b.ctx); err != nil {
				t.Fatal(err)
			}
			b.drain()
			return len(b.snapshot().Students)
		}
		b.same("the other one may still be at it", 0, look())
		later(arrivesWithin, b)
		b.same("taken", 20, look())
		b.same("once", []int{20, 2}, []int{look(), len(b.dump("import")["import"])})
	})
}

func TestOPS1AnImportWhoseNodeHangsIsFinishedByTheOtherAndTheFirstWritesNoMore(t *testing.T) {
	twoNodes(t, func(t *testing.T, a, b *office) {
		a.begin(a.upload(twenty()), false)
		id := a.upload(changed())
		if err := a.intake.Begin(a.ctx, fresh, id, true); err != nil {
			t.Fatal(err)
		}
		// The first node hangs between two of its transactions, with the turn and the job.
		hangs, goes, looks := make(chan bool), make(chan bool), 0
		a.before = func(q string) error {
			if strings.HasPrefix(q, "select phase, pos") {
				if looks++; looks == 3 {
					hangs <- true
					<-goes
				}
			}
			return nil
		}
		ended := make(chan error, 1)
		go func() { _, err := a.jobs.Drain(a.ctx); ended <- err }()
		<-hangs
		b.clock = a.clock
		b.drain()
		b.same("nobody takes it from who holds it", Applying, b.is(id).State)
		later(2*time.Minute, b)
		b.drain()
		b.same("finished by the other", Done, b.is(id).State)
		tables := append([]string{"import", "import_step"}, recordTables...)
		was := b.dump(tables...)
		goes <- true
		if err := <-ended; err != nil {
			t.Error(err)
		}
		b.same("the first one writes no more", was, b.dump(tables...))
		a.before = nil
		b.same("as in one go", 0, b.take(b.bundle(changed()), Options{}).Steps)
	})
}

func TestOfTwoRostersOnTwoNodesAtOnceTheLaterOneDecides(t *testing.T) {
	open := emptyOffices(t)
	twoNodes(t, func(t *testing.T, a, b *office) {
		r := rand.New(rand.NewPCG(5, 37)) //nolint:gosec // a test's
		opts := Options{AllowRemovals: true}
		paths := []string{bundleFrom(t, tablesOf(r)), bundleFrom(t, tablesOf(r))}
		var both sync.WaitGroup
		for n, o := range []*office{a, b} {
			both.Go(func() {
				if _, err := o.intake.Import(o.ctx, robot, paths[n], opts); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		var orders [][]string
		for _, order := range [][]int{{0, 1}, {1, 0}} {
			o := open()
			for _, n := range order {
				o.take(paths[n], opts)
			}
			orders = append(orders, o.stands(""))
		}
		if got := a.stands(""); !slices.Equal(got, orders[0]) && !slices.Equal(got, orders[1]) {
			t.Errorf("neither one after the other: %s", cmp.Diff(orders[0], got))
		}
		if broken := b.broken(); len(broken) > 0 {
			t.Error(broken)
		}
	})
}
