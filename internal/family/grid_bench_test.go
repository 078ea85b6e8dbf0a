package family

import (
	"context"
	"fmt"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func benchTown(b *testing.B, contacts int) *town {
	b.Helper()
	db, err := sqldb.Open(context.Background(), sqldbtest.SQLite(b), sqldb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	w := newTown(b, db)
	w.crowd(contacts)
	v := *w.settings.Values()
	v.StaffSearches = 1_000_000
	w.ok(w.settings.Change(w.ctx, w.clerk, v))
	return w
}

// BenchmarkGrid reads pages of 25 parents over 100,000 lines on SQLite.
func BenchmarkGrid(b *testing.B) {
	w := benchTown(b, 50_000)
	for _, c := range []struct {
		name string
		q    GridQuery
	}{
		{"letter S", GridQuery{Letter: "S"}}, {"search Smith", GridQuery{Last: "Smith"}}, {"search rare", GridQuery{Last: "stone11"}},
		{"search s", GridQuery{Last: "s"}}, {"all", GridQuery{}}, {"letter S by child", GridQuery{Letter: "S", ByChild: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if g, err := w.Grid(w.ctx, w.clerk, c.q); err != nil || len(g.Rows) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGridOfOneSchool reads the pages of a clerk who works at one school of forty.
func BenchmarkGridOfOneSchool(b *testing.B) {
	w := benchTown(b, 50_000)
	w.clerk.Schools = access.Schools{IDs: []int64{7}}
	for _, c := range []struct {
		name string
		q    GridQuery
	}{
		{"letter S", GridQuery{Letter: "S"}}, {"search Smith", GridQuery{Last: "Smith"}}, {"all", GridQuery{}}, {"all by child", GridQuery{ByChild: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Grid(w.ctx, w.clerk, c.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHome reads the parent's page.
func BenchmarkHome(b *testing.B) {
	w := benchTown(b, 20_000)
	for b.Loop() {
		if h, err := w.Home(w.ctx, access.Actor{Kind: access.Parent, AccountID: 77}); err != nil || len(h.Children) == 0 {
			b.Fatal(err, h)
		}
	}
}

// BenchmarkReset resets 10,000 rows of 5,000 parents, each with a student login, in one go.
func BenchmarkReset(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := benchTown(b, 20_000)
		w.clerk = access.Actor{Kind: access.System, Username: "root"}
		lines := make([]int64, 0, 10_000)
		for i := range int64(5_000) {
			lines = append(lines, i+1, i+20_001)
		}
		b.StartTimer()
		results, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: lines})
		if err != nil || results[0].Outcome != ResetWhole {
			b.Fatal(fmt.Errorf("%w: %+v", err, results[0]))
		}
	}
}
