package sqldb_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestAWriteIsSeenAfterItAndNotWhenItFails(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		put := func(value string, end error) error {
			return db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, "insert into setting (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value", "k", value)
				return errors.Join(err, end)
			})
		}
		if err := put("one", nil); err != nil {
			t.Fatal(err)
		}
		boom := errors.New("boom")
		if err := put("two", boom); !errors.Is(err, boom) {
			t.Fatalf("got %v, want the function's own error", err)
		}
		var got string
		err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			got, err = sqldb.Value[string](ctx, tx, "select value from setting where key = $1", "k")
			return err
		})
		if err != nil || got != "one" {
			t.Errorf("got %q, %v; want the committed value", got, err)
		}
	})
}

func TestBrokenConstraintsAreFaults(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		exec := func(query string, args ...any) error {
			return db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, query, args...); return err })
		}
		account := "insert into account (kind, username, username_key, state, created_at) values ($1, 'a', 'a', $2, 0)"
		for _, c := range []struct {
			name, query string
			args        []any
			want        fault.Kind
		}{
			{"a first account is taken", account, []any{"parent", "active"}, fault.Internal},
			{"the same username again is a conflict", account, []any{"parent", "active"}, fault.Conflict},
			{"an unknown state is invalid", account, []any{"staff", "asleep"}, fault.Invalid},
			{"a reference to nothing is a conflict", "insert into closed_line (line_id, closed_at) values (99, 0)", nil, fault.Conflict},
		} {
			err := exec(c.query, c.args...)
			if got := fault.KindOf(err); got != c.want || (c.want == fault.Internal) != (err == nil) {
				t.Errorf("%s: got %v (%v)", c.name, err, got)
			}
		}
	})
}

func TestParallelCountersLoseNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					err := db.Write(ctx, func(tx *sqldb.Tx) error {
						n, err := sqldb.Value[int64](ctx, tx, "select count from throttle where key = 'k'")
						if fault.Is(err, fault.NotFound) {
							n, err = 0, nil
						}
						if err != nil {
							return err
						}
						_, err = tx.Exec(ctx, "insert into throttle (key, count, window_start) values ('k', $1, 0) on conflict (key) do update set count = excluded.count", n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			n, err := sqldb.Value[int64](ctx, tx, "select count from throttle where key = 'k'")
			if n != 80 {
				t.Errorf("counted %d of 80", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAReadCannotWriteAndMissingRowsAreNotFound(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		err := db.Read(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, "delete from setting"); return err })
		if err == nil {
			t.Error("a read transaction wrote")
		}
		err = db.Read(ctx, func(tx *sqldb.Tx) error {
			_, err := sqldb.Value[string](ctx, tx, "select value from setting where key = 'none'")
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("got %v, want NotFound", err)
		}
	})
}

func TestALookIsOneQueryAndCannotWrite(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		one := func(tx *sqldb.Tx) error {
			n, err := sqldb.Value[int64](t.Context(), tx, "select count(*) from throttle where key = $1", "k")
			if err == nil && n != 0 {
				t.Errorf("got %d", n)
			}
			return err
		}
		if err := db.Look(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		if err := db.Look(t.Context(), func(tx *sqldb.Tx) error { return errors.Join(one(tx), one(tx)) }); err == nil {
			t.Error("two queries in one Look")
		}
		err := db.Look(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "insert into throttle (key, count, window_start) values ('k', 1, 0)")
			return err
		})
		if err == nil {
			t.Error("a Look wrote")
		}
		if err := db.Look(t.Context(), one); err != nil { // the connection is whole
			t.Error(err)
		}
	})
}

func TestMigratingAgainChangesNothingAndAnotherHistoryIsRefused(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		set := func(query string) {
			t.Helper()
			if err := db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, query); return err }); err != nil {
				t.Fatal(err)
			}
		}
		set("update schema_checksum set sum = 'other' where version = 1")
		if err := db.Migrate(ctx); !fault.Is(err, fault.Conflict) {
			t.Errorf("a changed migration: got %v, want Conflict", err)
		}
		set("update schema_checksum set version = 99999 where version = 1")
		if err := db.Migrate(ctx); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "newer") {
			t.Errorf("a newer database: got %v, want Conflict", err)
		}
		set("delete from schema_checksum where version = 99999")
		if err := db.Migrate(ctx); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "lacks migration 1,") {
			t.Errorf("a migration that never ran: got %v, want Conflict", err)
		}
	})
}

func TestTheStatementHookSeesAndStopsStatements(t *testing.T) {
	boom := errors.New("boom")
	sqldbtest.RunWith(t, sqldb.Options{Before: func(string) error { return boom }}, func(t *testing.T, db *sqldb.DB) {
		if err := db.Ping(context.Background()); !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for url, want := range map[string]fault.Kind{
		"mysql://x": fault.Invalid, "sqlite:": fault.Invalid, "sqlite:/no/such/folder/x.db": fault.Unavailable,
		"postgres:///x?host=/no/such/folder": fault.Unavailable,
	} {
		if _, err := sqldb.Open(t.Context(), url, sqldb.Options{}); !fault.Is(err, want) {
			t.Errorf("%s: got %v, want kind %d", url, err, want)
		}
	}
}
