package help_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var (
	office  = access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), AccountID: 1, Username: "office"}
	visitor = access.Actor{Kind: access.Visitor, Address: "192.0.2.1"}
)

// desk is a library with a clock that stands still until it is moved.
type desk struct {
	*help.Library
	t     testing.TB
	db    *sqldb.DB
	moved atomic.Int64
	count counter
}

func (d *desk) now() time.Time {
	return time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC).Add(time.Duration(d.moved.Load()))
}

func (d *desk) advance(by time.Duration) { d.moved.Add(int64(by)) }

// counter counts in memory and knows no windows.
type counter map[string]int64

func (c counter) Count(_ context.Context, _ *sqldb.Tx, what, whom string, _ time.Duration) (int64, error) {
	c[what+" "+whom]++
	return c[what+" "+whom], nil
}

func open(t testing.TB, db *sqldb.DB) *desk {
	t.Helper()
	d := &desk{t: t, db: db, count: counter{}}
	var err error
	d.Library, err = help.Open(context.Background(), db, audit.New(audit.Key{}, d.now), d.count, slog.New(slog.DiscardHandler), d.now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func atDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) { test(t, open(t, db)) })
}

func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// article is one that a school might write.
func article(slug, title string) help.Article {
	return help.Article{
		Slug: slug, Language: "en", Kind: help.HowTo, Audience: help.ForParents, Title: title, Summary: "What to know about it.", Date: "2026-11-23",
		Body: "1. Do this.\n2. Do that.",
	}
}

func slugs(results []help.Result) string {
	var all []string
	for _, r := range results {
		all = append(all, r.Slug)
	}
	return fmt.Sprint(all)
}
