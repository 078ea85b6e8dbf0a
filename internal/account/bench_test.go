package account

import (
	"runtime"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func bench(b *testing.B, p Params, run func(b *testing.B, w *world)) {
	for _, c := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.Postgres}} {
		b.Run(c.name, func(b *testing.B) {
			db, err := sqldb.Open(b.Context(), c.url(b), sqldb.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = db.Close() })
			w := newWorld(b, db)
			h := NewHasher(p, 0)
			b.Cleanup(h.Close)
			w.Accounts.hasher = h
			w.active(access.Parent, "maria")
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + h.Slots()))
			b.ReportAllocs()
			run(b, w)
		})
	}
}

// BenchmarkSessionCheck is what every request of somebody signed in costs: 0.2 ms at most.
func BenchmarkSessionCheck(b *testing.B) {
	bench(b, cheap, func(b *testing.B, w *world) {
		in := w.must(w.signIn("maria", good))
		for b.Loop() {
			if _, err := w.Session(b.Context(), access.Parent, in.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHash is the argon2id hash alone, on its thread: what BenchmarkSignIn is compared with.
func BenchmarkHash(b *testing.B) {
	h := NewHasher(DefaultParams(), 1)
	defer h.Close()
	secret := random(32)
	b.ReportAllocs()
	for b.Loop() {
		turn, err := h.enter(b.Context(), known, false)
		if err != nil {
			b.Fatal(err)
		}
		if err := turn.do(func() { h.make(secret, "") }); err != nil {
			b.Fatal(err)
		}
		turn.leave()
	}
}

// BenchmarkSignIn is a whole sign-in from a known device with the real cost.
func BenchmarkSignIn(b *testing.B) {
	bench(b, DefaultParams(), func(b *testing.B, w *world) {
		device := w.must(w.signIn("maria", good)).Device
		for b.Loop() {
			w.must(w.from(Client{Address: "192.0.2.7", Device: device}, "maria", good))
		}
	})
}
