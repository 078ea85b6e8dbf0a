package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// filters are all combinations of the log's filters.
func filters() []audit.Query {
	all := []audit.Query{{}}
	add := func(set func(q *audit.Query)) {
		for _, q := range all {
			set(&q)
			all = append(all, q)
		}
	}
	add(func(q *audit.Query) { q.ActorKind, q.ActorID = access.Staff, 7 })
	add(func(q *audit.Query) { q.Area = "contact" })
	add(func(q *audit.Query) { q.TargetKind, q.TargetID = "contact", 11 })
	add(func(q *audit.Query) { q.Outcome = audit.Failed })
	add(func(q *audit.Query) { q.Address = "192.0.2.9" })
	add(func(q *audit.Query) { q.From, q.To = start, start.Add(30*time.Minute) })
	add(func(q *audit.Query) { q.Before = audit.Cursor{At: start.Add(40 * time.Minute).UnixMicro(), ID: 400} })
	return all
}

// town fills a log with n events of many people, unsealed, and has PostgreSQL look at what it holds.
func town(b *book, n int) {
	b.exec(`insert into audit_event (at, actor_kind, actor_id, action, area, target_kind, target_id, outcome, address)
with recursive n(i) as (select 1 union all select i + 1 from n where i < $1)
select $2 + 1000000 * cast(i as bigint), 'staff', i % 50, case i % 20 when 0 then 'contact.changed' else 'parent.reset' end,
case i % 20 when 0 then 'contact' else 'parent' end, 'contact', i % 97, case i % 11 when 0 then 'failed' else 'ok' end,
case i % 30 when 1 then '192.0.2.9' else '192.0.2.7' end
from n`, n, start.UnixMicro())
	b.exec(`insert into audit_detail (event_id, detail, at) select id, '{}', at from audit_event where id % 3 = 0`)
	b.exec(`insert into record_view (student_id, day, viewer_kind, viewer_id, how, address, first_at, last_at, count)
with recursive n(i) as (select 1 union all select i + 1 from n where i < $1)
select i % 500, '2026-11-' || cast(10 + i % 20 as text), 'staff', i % 60, 'opened', cast(i as text), 1, 1, 1 from n`, n)
	if b.db.Dialect() == "postgres" {
		b.exec("analyze")
	}
}

func TestNoFilterOfTheLogScansATable(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		town(b, 40_000)
		for _, q := range filters() {
			query, args := audit.PageSQL(q)
			plan, err := db.Plan(t.Context(), query, args...)
			if err != nil {
				t.Fatal(err)
			}
			lower := strings.ToLower(plan)
			for _, bad := range []string{"seq scan", "scan e\n", "use temp b-tree"} {
				if strings.Contains(lower+"\n", bad) {
					t.Errorf("%+v: %s", q, plan)
				}
			}
		}
		for name, query := range audit.OtherSQL() {
			plan, err := db.Plan(t.Context(), query.SQL, query.Args...)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if lower := strings.ToLower(plan); strings.Contains(lower, "seq scan on audit_event") || strings.Contains(lower, "scan e\n") || strings.Contains(lower, "scan record_view\n") {
				t.Errorf("%s: %s", name, plan)
			}
		}
	})
}

func TestEveryFilterFindsExactlyWhatFits(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		town(b, 3000)
		var all []audit.Event
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			return b.Export(t.Context(), tx, time.Time{}, func(e audit.Event) error { all = append(all, e); return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range filters() {
			want := 0
			for _, e := range all {
				at := audit.Cursor{At: e.At.UnixMicro(), ID: e.ID}
				fits := (q.ActorKind == "" || e.Actor.AccountID == q.ActorID) && (q.Area == "" || audit.Area(e.Action) == q.Area) &&
					(q.TargetKind == "" || e.TargetID == q.TargetID) && (q.Outcome == "" || e.Outcome == "failed") &&
					(q.Address == "" || e.Actor.Address == q.Address) && (q.From.IsZero() || !e.At.Before(q.From) && e.At.Before(q.To)) &&
					(q.Before == audit.Cursor{} || at.At < q.Before.At || at.At == q.Before.At && at.ID < q.Before.ID)
				if fits {
					want++
				}
			}
			got, pages := 0, 0
			for next := &q.Before; next != nil; pages++ {
				q.Before, q.Limit = *next, 40
				var p audit.Page
				err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) { p, err = b.Page(t.Context(), tx, q); return err })
				if err != nil {
					t.Fatal(err)
				}
				got += len(p.Events)
				next = p.Next
			}
			if got != want {
				t.Errorf("%+v: %d on %d pages, want %d", q, got, pages, want)
			}
		}
	})
}
