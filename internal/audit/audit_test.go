package audit_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var start = time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC)

// book is a log with a clock of its own.
type book struct {
	*audit.Log
	db  *sqldb.DB
	now time.Time
	t   testing.TB

	first int64 // number of the first event
}

// id is the number of the n-th event.
func (b *book) id(n int64) int64 { return b.first + n - 1 }

func newBook(t testing.TB, db *sqldb.DB) *book {
	b := &book{db: db, now: start, t: t}
	b.Log = b.log(audit.Key{1})
	return b
}

// log is another program on the same database.
func (b *book) log(k audit.Key) *audit.Log { return audit.New(k, func() time.Time { return b.now }) }

func (b *book) write(fn func(tx *sqldb.Tx) error) {
	b.t.Helper()
	if err := b.db.Write(context.Background(), fn); err != nil {
		b.t.Fatal(err)
	}
}

// exec does as the owner of the database what the program never does.
func (b *book) exec(query string, args ...any) {
	b.t.Helper()
	b.write(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(context.Background(), query, args...)
		return err
	})
}

func (b *book) count(query string, args ...any) (n int64) {
	b.t.Helper()
	err := b.db.Read(context.Background(), func(tx *sqldb.Tx) (err error) {
		n, err = sqldb.Value[int64](context.Background(), tx, query, args...)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

var office = access.Actor{Kind: access.Staff, AccountID: 7, Username: "office", Address: "192.0.2.7", RequestID: "req-1"}

// events records n events, a second apart, and seals them.
func (b *book) events(n int) {
	b.t.Helper()
	for i := range n {
		b.now = b.now.Add(time.Second)
		b.write(func(tx *sqldb.Tx) error {
			e := audit.Event{Actor: office, Action: "contact.changed", TargetKind: "contact", TargetID: int64(i + 1)}
			if i%2 == 0 {
				e.Detail = map[string]any{"email": fmt.Sprintf("ana%d@example.com", i)}
			}
			return b.Record(context.Background(), tx, e)
		})
	}
	b.seal()
}

func (b *book) seal() {
	b.t.Helper()
	if _, err := b.Seal(context.Background(), b.db); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) verify(anchors ...audit.Head) audit.Report {
	b.t.Helper()
	r, err := b.Verify(context.Background(), b.db, anchors)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *book) head() audit.Head {
	b.t.Helper()
	h, err := b.Head(context.Background(), b.db)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

func TestAUD2VerifyNamesTheFirstBadSequence(t *testing.T) {
	const copied = `insert into audit_event (at, actor_kind, actor_id, action, area, target_kind, target_id, outcome, address, request_id, detail_hash)
		select at, actor_kind, actor_id, action, area, target_kind, target_id, outcome, address, request_id, detail_hash from audit_event where id = $1`
	cases := []struct {
		name  string
		harm  func(b *book)
		wrong audit.Wrong
		seq   int64
	}{
		{"an edited field", func(b *book) { b.exec("update audit_event set outcome = 'refused' where id = $1", b.id(6)) }, audit.WrongRow, 6},
		{"an edited area, which hides the row from a filter", func(b *book) { b.exec("update audit_event set area = 'mail' where id = $1", b.id(6)) }, audit.WrongRow, 6},
		{"an edited detail", func(b *book) {
			b.exec(`update audit_detail set detail = '{"email":"x@example.com"}' where event_id = $1`, b.id(5))
		}, audit.WrongDetail, 5},
		{"a detail moved to another row", func(b *book) { b.exec(`update audit_detail set event_id = $2 where event_id = $1`, b.id(5), b.id(6)) }, audit.WrongRow, 6},
		{"a detail deleted by hand", func(b *book) { b.exec("delete from audit_detail where event_id = $1", b.id(5)) }, audit.WrongErased, 10},
		{"a deleted row", func(b *book) { b.exec("delete from audit_event where id = $1", b.id(6)) }, audit.WrongMissing, 6},
		{"a row deleted with its seal", func(b *book) {
			b.exec("delete from audit_event where id = $1", b.id(6))
			b.exec("delete from audit_seal where seq = 6")
		}, audit.WrongMissing, 6},
		{"a row deleted, the others moved up", func(b *book) {
			b.exec("delete from audit_event where id = $1", b.id(6))
			b.exec("delete from audit_seal where seq = 6")
			for n := 7; n <= 10; n++ {
				b.exec("update audit_seal set seq = $1 where seq = $2", n-1, n)
			}
		}, audit.WrongOrder, 6},
		{"a forged row in the middle", func(b *book) {
			b.exec(`insert into audit_event (id, at, actor_kind, action, area, outcome) values (-1, $1, 'staff', 'parent.reset', 'parent', 'ok')`, start.UnixMicro())
		}, audit.WrongInserted, 1},
		{"a forged row at the end", func(b *book) {
			b.exec(`insert into audit_event (at, actor_kind, action, area, outcome) values ($1, 'staff', 'parent.reset', 'parent', 'ok')`, b.now.UnixMicro())
		}, audit.WrongInserted, 11},
		{"a forged row that was put up for sealing", func(b *book) {
			b.exec(`insert into audit_event (id, at, actor_kind, action, area, outcome) values (999, $1, 'staff', 'parent.reset', 'parent', 'ok')`, b.now.UnixMicro())
			b.exec("insert into audit_pending (event_id) values (999)")
			b.seal()
		}, audit.WrongRow, 11},
		{"a forged row with a forged seal", func(b *book) {
			b.exec(`insert into audit_event (id, at, actor_kind, action, area, outcome) values (999, $1, 'staff', 'parent.reset', 'parent', 'ok')`, b.now.UnixMicro())
			b.exec("insert into audit_seal (seq, event_id, mac, chain) select 11, 999, mac, chain from audit_seal where seq = 10")
		}, audit.WrongOrder, 11},
		{"a copied row", func(b *book) { b.exec(copied, b.id(5)) }, audit.WrongInserted, 11},
		{"a copied row with the code of the first, put up for sealing", func(b *book) {
			b.exec(copied, b.id(5))
			b.exec("insert into audit_pending (event_id, mac) select (select max(id) from audit_event), mac from audit_seal where seq = 5")
			b.seal()
		}, audit.WrongRow, 11},
		{"two rows that changed places in the chain", func(b *book) {
			b.exec("update audit_seal set seq = -4 where seq = 4")
			b.exec("update audit_seal set seq = 4 where seq = 5")
			b.exec("update audit_seal set seq = 5 where seq = -4")
		}, audit.WrongOrder, 4},
		{"two rows that changed their numbers", func(b *book) {
			b.exec("delete from audit_detail")
			b.exec("update audit_event set id = -4 where id = $1", b.id(4))
			b.exec("update audit_event set id = $2 where id = $1", b.id(6), b.id(4))
			b.exec("update audit_event set id = $1 where id = -4", b.id(6))
		}, audit.WrongRow, 4},
		{"the end cut off", func(b *book) {
			b.exec("delete from audit_event where id > $1", b.id(7))
			b.exec("delete from audit_seal where seq > 7")
		}, audit.WrongTruncated, 8},
		{"the end cut off and written anew", func(b *book) {
			b.exec("delete from audit_event where id > $1", b.id(7))
			b.exec("delete from audit_seal where seq > 7")
			b.events(5)
		}, audit.WrongAnchor, 10},
		{"everything cut off", func(b *book) {
			b.exec("delete from audit_event")
			b.exec("delete from audit_seal")
		}, audit.WrongTruncated, 1},
		{"a wrong key", func(b *book) { b.Log = b.log(audit.Key{2}) }, audit.WrongKey, 1},
	}
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				b := newBook(t, db)
				for _, table := range []string{"audit_event", "audit_detail", "audit_pending", "audit_seal", "audit_sealer"} {
					b.exec("delete from " + table)
				}
				b.events(10)
				b.first = b.count("select min(id) from audit_event")
				anchor := b.head()
				if r := b.verify(anchor); !r.OK() || r.Head.Seq != 10 || r.Anchors != 1 {
					t.Fatalf("before: %+v", r)
				}
				c.harm(b)
				r := b.verify(anchor)
				if r.OK() {
					t.Fatal("nothing was found")
				}
				if got := r.Findings[0]; got.Wrong != c.wrong || got.Seq != c.seq {
					t.Errorf("found %+v first, want %s at %d (all: %+v)", got, c.wrong, c.seq, r.Findings)
				}
			})
		}
	})
}

func TestAUD2WhatNobodySealsIsReportedAfterAMinute(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		b.events(3)
		b.write(func(tx *sqldb.Tx) error {
			return b.Record(t.Context(), tx, audit.Event{Actor: office, Action: "parent.reset"})
		})
		if r := b.verify(); !r.OK() || r.Pending != 1 {
			t.Fatalf("within the minute: %+v", r)
		}
		b.now = b.now.Add(61 * time.Second)
		if r := b.verify(); r.OK() || r.Findings[0] != (audit.Finding{Wrong: audit.WrongUnsealed, Seq: 4, Event: 4}) {
			t.Fatalf("after it: %+v", r)
		}
		b.seal()
		if r := b.verify(); !r.OK() || r.Head.Seq != 4 {
			t.Fatalf("once sealed: %+v", r)
		}
	})
}

func TestAUD2EventsFromBeforeTheChainAreSealedAsTheyStand(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		for id := int64(1); id <= 2; id++ {
			b.exec(`insert into audit_event (id, at, actor_kind, action, area, outcome) values ($1, $2, 'staff', 'parent.reset', 'parent', 'ok')`, id, start.UnixMicro())
			b.exec("insert into audit_pending (event_id) values ($1)", id)
		}
		b.exec(`insert into audit_detail (event_id, detail) values (2, '{"last":"Lopez"}')`)
		b.seal()
		if r := b.verify(); !r.OK() || r.Head.Seq != 2 {
			t.Fatalf("%+v", r)
		}
		b.exec(`update audit_detail set detail = '{"last":"Ruiz"}'`)
		if r := b.verify(); r.OK() || r.Findings[0].Seq != 2 {
			t.Fatalf("edited: %+v", r)
		}
	})
}

// TestAUD2TransactionsThatCommitLateAreNotMissed commits an event whose number is lower than those already sealed.
func TestAUD2TransactionsThatCommitLateAreNotMissed(t *testing.T) {
	db := sqldbtest.Postgres(t)
	first, err := sqldb.Open(t.Context(), db, sqldb.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	b := newBook(t, first)
	began, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		once := true
		ended <- first.Write(context.Background(), func(tx *sqldb.Tx) error {
			err := b.Record(context.Background(), tx, audit.Event{Actor: office, Action: "late.event"})
			if once {
				once = false
				close(began)
				<-goOn
			}
			return err
		})
	}()
	<-began
	b.events(3)
	close(goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	b.seal()
	if r := b.verify(); !r.OK() || r.Head.Seq != 4 {
		t.Fatalf("%+v", r)
	}
}

func TestOPS2TwoNodesSealOneChain(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		nodes := make([]*book, 2)
		for i := range nodes {
			db, err := sqldb.Open(t.Context(), url, sqldb.Options{Fast: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			nodes[i] = newBook(t, db)
		}
		failed := make(chan error, 4)
		for i, b := range nodes {
			go func() {
				for n := range 40 {
					err := b.db.Write(context.Background(), func(tx *sqldb.Tx) error {
						return b.Record(context.Background(), tx, audit.Event{Actor: office, Action: "parent.reset", TargetKind: "contact", TargetID: int64(n)})
					})
					if err != nil {
						failed <- fmt.Errorf("node %d: %w", i, err)
						return
					}
				}
				failed <- nil
			}()
			// Every seal is by a program that does not know of the lease of the last one: two at once whenever it can be.
			go func() {
				for n := range 30 {
					other := audit.New(audit.Key{1}, func() time.Time { return start.Add(time.Duration(n) * time.Hour) })
					if _, err := other.Seal(context.Background(), b.db); err != nil {
						failed <- fmt.Errorf("sealing on node %d: %w", i, err)
						return
					}
				}
				failed <- nil
			}()
		}
		for range 4 {
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
		b := nodes[0]
		b.now = b.now.Add(48 * time.Hour)
		b.seal()
		if r := b.verify(); !r.OK() || r.Head.Seq != 80 || b.count("select count(*) from audit_pending") != 0 {
			t.Fatalf("%+v", r)
		}
	})
}

func TestOneProcessHoldsTheLeaseUntilItIsOver(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		b.events(1)
		other := b.log(audit.Key{1})
		b.write(func(tx *sqldb.Tx) error {
			return b.Record(t.Context(), tx, audit.Event{Actor: office, Action: "parent.reset"})
		})
		if holds, err := other.Seal(t.Context(), db); holds || err != nil || b.head().Seq != 1 {
			t.Fatalf("sealed by another within the lease: %v, %v", holds, err)
		}
		b.now = b.now.Add(6 * time.Second)
		if holds, err := other.Seal(t.Context(), db); !holds || err != nil || b.head().Seq != 2 {
			t.Fatalf("not taken over: %v, %v", holds, err)
		}
	})
}

func TestAUD5AnchorsAreWrittenAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "school.db.anchors")
	if _, err := audit.Anchors(path); !fault.Is(err, fault.NotFound) {
		t.Fatalf("no file: %v", err)
	}
	db, err := sqldb.Open(t.Context(), sqldbtest.SQLite(t), sqldb.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	b := newBook(t, db)
	for range 3 {
		b.events(2)
		if err := audit.Anchor(path, b.head()); err != nil {
			t.Fatal(err)
		}
	}
	anchors, err := audit.Anchors(path)
	if err != nil || len(anchors) != 3 || anchors[2].Seq != 6 {
		t.Fatalf("%v, %v", anchors, err)
	}
	if r := b.verify(anchors...); !r.OK() || r.Anchors != 3 {
		t.Fatalf("%+v", r)
	}
	anchors[1].Chain[0] ^= 1
	if r := b.verify(anchors...); r.OK() || r.Findings[0] != (audit.Finding{Wrong: audit.WrongAnchor, Seq: 4, Event: 4}) {
		t.Fatalf("%+v", r)
	}
}

func TestAUD7ErasedDetailsLeaveTheChainWhole(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		b.events(10) // five with a detail
		system := access.Actor{Kind: access.System, Username: "root"}
		if n, err := b.Erase(t.Context(), db, system, audit.Erase{TargetKind: "contact", TargetID: 3}); n != 1 || err != nil {
			t.Fatalf("about one: %d, %v", n, err)
		}
		if n, err := b.Erase(t.Context(), db, system, audit.Erase{Before: start.Add(6 * time.Second)}); n != 2 || err != nil {
			t.Fatalf("by day: %d, %v", n, err)
		}
		if n, err := b.Erase(t.Context(), db, system, audit.Erase{TargetKind: "account", TargetID: 7}); n != 2 || err != nil {
			t.Fatalf("by whoever acted: %d, %v", n, err)
		}
		if _, err := b.Erase(t.Context(), db, system, audit.Erase{}); !fault.Is(err, fault.Invalid) {
			t.Fatalf("everything: %v", err)
		}
		b.seal()
		r := b.verify()
		if !r.OK() || r.Erased != 5 || r.Recorded != 5 {
			t.Fatalf("%+v", r)
		}
		if n := b.count("select count(*) from audit_detail where detail like '%example.com%'"); n != 0 {
			t.Errorf("%d details are left", n)
		}
		if n := b.count("select count(*) from audit_event where action = 'log.erased'"); n != 3 {
			t.Errorf("%d erasures tell of themselves, want 3", n)
		}
		b.now = b.now.Add(800 * 24 * time.Hour)
		if err := b.Sweep(t.Context(), db, 730*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		b.seal()
		if r := b.verify(); !r.OK() || b.count("select count(*) from audit_detail") != 3 {
			t.Errorf("what erasures tell of themselves went too: %+v", r)
		}
	})
}

func TestAUD7TheScheduleIsCarriedOutInSmallBatches(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		b.write(func(tx *sqldb.Tx) error {
			for i := range 1200 {
				if err := b.Record(t.Context(), tx, audit.Event{Actor: office, Action: "student.searched", Detail: map[string]any{"typed": i}}); err != nil {
					return err
				}
			}
			return nil
		})
		b.Views.Note(office, 1, 2)
		b.Views.NoteExport(office, 1)
		if err := b.Views.Flush(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Add(729 * 24 * time.Hour)
		if err := b.Sweep(t.Context(), db, 730*24*time.Hour); err != nil || b.count("select count(*) from audit_detail") != 1200 {
			t.Fatalf("too early: %v", err)
		}
		b.now = b.now.Add(48 * time.Hour)
		if err := b.Sweep(t.Context(), db, 730*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := b.count("select count(*) from audit_event where action = 'log.erased'"); n != 3 {
			t.Errorf("%d batches, want 3", n)
		}
		if n := b.count("select count(*) from record_view"); n != 1 {
			t.Errorf("%d views left, want the export alone", n)
		}
		b.seal()
		if r := b.verify(); !r.OK() || r.Erased != 1200 {
			t.Errorf("%+v", r)
		}
	})
}

func TestAUD4ValuesForgeNoLines(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		hostile := "Ana\r\n2026-11-23 root: all deleted \x1b[2J\u2028<script>\x00\xff"
		b.write(func(tx *sqldb.Tx) error {
			return b.Record(t.Context(), tx, audit.Event{Actor: office, Action: "student.searched", Detail: map[string]any{"typed": hostile}})
		})
		b.seal()
		if r := b.verify(); !r.OK() {
			t.Fatalf("%+v", r)
		}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			text, err := sqldb.Value[string](t.Context(), tx, "select detail from audit_detail")
			if strings.ContainsAny(text, "\r\n\x1b\x00<\u2028") {
				t.Errorf("%q", text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAUD8ViewsAreWrittenOncePerViewerDayAndAddress(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBook(t, db)
		parent := access.Actor{Kind: access.Parent, AccountID: 3, Address: "192.0.2.1"}
		flush := func() {
			t.Helper()
			if err := b.Views.Flush(t.Context(), db); err != nil {
				t.Fatal(err)
			}
		}
		b.Views.Note(parent, 11)
		b.now = b.now.Add(time.Minute)
		b.Views.Note(parent, 11)
		b.Views.Note(office, 11, 12)
		flush()
		b.now = b.now.Add(time.Hour)
		b.Views.Note(parent, 11)
		flush()
		flush()
		b.now = b.now.Add(24 * time.Hour)
		b.Views.NoteExport(office, 11)
		flush()
		var seen []audit.View
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
			seen, err = b.Seen(t.Context(), tx, audit.ViewQuery{StudentID: 11})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(seen) != 3 || seen[0].How != audit.Exported || seen[1].ViewerKind != access.Parent || seen[1].Count != 3 ||
			!seen[1].First.Equal(start) || !seen[1].Last.Equal(start.Add(61*time.Minute)) || seen[2].Count != 1 {
			t.Errorf("%+v", seen)
		}
	})
}
