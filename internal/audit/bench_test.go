package audit_test

import (
	"context"
	"testing"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// databases runs a benchmark on both.
func databases(b *testing.B, run func(b *testing.B, k *book)) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			db, err := sqldb.Open(context.Background(), url(b), sqldb.Options{Fast: true})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = db.Close() })
			run(b, newBook(b, db))
		})
	}
}

var typical = audit.Event{
	Actor: office, Action: "contact.changed", TargetKind: "contact", TargetID: 4711,
	Detail: map[string]any{"old": map[string]string{"email": "ana@example.com"}, "new": map[string]string{"email": "ana.lopez@example.com"}},
}

func (b *book) fill(n int) {
	for n > 0 {
		b.write(func(tx *sqldb.Tx) error {
			for i := range min(n, 5000) {
				e := typical
				if i%2 == 0 {
					e.Detail = nil
				}
				if err := b.Record(context.Background(), tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		n -= 5000
	}
	b.seal()
}

// BenchmarkAuditAppend is what an event with a detail adds to the transaction of its change: at most 0.3 ms.
func BenchmarkAuditAppend(b *testing.B) {
	databases(b, func(b *testing.B, k *book) {
		k.fill(20_000)
		k.write(func(tx *sqldb.Tx) error {
			for b.Loop() {
				if err := k.Record(context.Background(), tx, typical); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// BenchmarkAuditVerify reports rows a second: at least 200,000.
func BenchmarkAuditVerify(b *testing.B) {
	const rows = 200_000
	databases(b, func(b *testing.B, k *book) {
		k.fill(rows)
		for b.Loop() {
			if r := k.verify(); !r.OK() || r.Head.Seq != rows {
				b.Fatalf("%+v", r)
			}
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
