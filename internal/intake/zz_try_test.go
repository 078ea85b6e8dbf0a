package intake

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestTry(t *testing.T) {
	var last string; var lastAt time.Time; tot := map[string]time.Duration{}
	before := func(q string) error { n := time.Now(); if last != "" { k := last; if i := strings.LastIndex(k, "where"); i > 0 { k = k[i:] }; if len(k) > 60 { k = k[:60] }; tot[k] += n.Sub(lastAt) }; last, lastAt = q, n; return nil }
	defer func() { for k, v := range tot { if v > 500*time.Millisecond { fmt.Printf("SQL %v %q\n", v, k) } } }()
	sqldbtest.RunWith(t, sqldb.Options{Before: before}, func(t *testing.T, db *sqldb.DB) {
		now := time.Now
		log := audit.New(now)
		r := roster.New(db, log, now, func(context.Context, *sqldb.Tx, access.Actor, roster.Change) error { return nil })
		in := New(db, r, log, now)
		for _, p := range strings.Split(os.Getenv("TRY"), " ") {
			path, school, _ := strings.Cut(p, "=")
			t0 := time.Now()
			rep, err := in.Import(t.Context(), access.Actor{Kind: access.System}, path, Options{School: strings.ReplaceAll(school, "_", " "), AllowRemovals: os.Getenv("ALLOW") != ""})
			fmt.Println("==", path, time.Since(t0), err)
			fmt.Println(rep.Format, rep.District, rep.Schools, rep.Students, rep.Contacts, rep.Lines, rep.LosesAccess, rep.WithoutEmail)
			for _, f := range rep.Findings {
				fmt.Printf("  %s %s:%d %s %q %s x%d\n", f.Level, f.File, f.Line, f.Column, f.Was, f.Text, f.Count)
			}
			for i, c := range rep.Changes {
				if i < 12 {
					fmt.Println("   ", c)
				}
			}
		}
	})
}
