package sqldb_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// TestAnOpenedFileIsAsItsOptionsSay asks SQLite itself: the driver sorts what it is told, and of two values one is lost.
func TestAnOpenedFileIsAsItsOptionsSay(t *testing.T) {
	for _, c := range []struct {
		name           string
		options        sqldb.Options
		mapped, cached int64
		checkpoint     int64
		sync           int64 // 2 full, 1 normal
	}{
		{"a server", sqldb.Options{}, 268435456, -4000, 1000, 2},
		{"an import on the command line", sqldb.Options{Unmapped: true, Bulk: true}, 0, -16000, 8000, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "x.db"), c.options)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			for what, begin := range map[string]func(context.Context, func(*sqldb.Tx) error) error{"reader": db.Read, "writer": db.Write} {
				want := map[string]int64{"pragma mmap_size": c.mapped, "pragma cache_size": -4000}
				if what == "writer" {
					want["pragma cache_size"], want["pragma wal_autocheckpoint"], want["pragma synchronous"] = c.cached, c.checkpoint, c.sync
				}
				for pragma, want := range want {
					var got int64
					err := begin(t.Context(), func(tx *sqldb.Tx) (err error) {
						got, err = sqldb.Value[int64](t.Context(), tx, pragma)
						return err
					})
					if err != nil || got != want {
						t.Errorf("%s of the %s: %d, want %d, %v", pragma, what, got, want, err)
					}
				}
			}
		})
	}
}

func TestPostgreSQLWaitsForTheDiskUnlessAnImportMayGoOn(t *testing.T) {
	url := sqldbtest.Postgres(t)
	for want, options := range map[string]sqldb.Options{"as the server has it": {}, "off": {Bulk: true}} {
		db, err := sqldb.Open(t.Context(), url, options)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = db.Write(t.Context(), func(tx *sqldb.Tx) (err error) {
			got, err = sqldb.Value[string](t.Context(), tx,
				`select case when source = 'session' then setting else 'as the server has it' end from pg_settings where name = 'synchronous_commit'`)
			return err
		})
		if err != nil || got != want {
			t.Errorf("%+v: %s, want %s, %v", options, got, want, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMeasureTellsPostgreSQLWhatIsInATable(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		if err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "insert into school (kind, name, sort_key, created_at, updated_at) values ('school', 'River High', 'river-high', 0, 0)")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Measure(t.Context(), "school", "student"); err != nil {
			t.Fatal(err)
		}
		if db.Dialect() != "postgres" {
			return // there is nothing to tell
		}
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			n, err := sqldb.Value[int64](t.Context(), tx, "select cast(reltuples as bigint) from pg_class where relname = 'school'")
			if n != 1 {
				t.Errorf("PostgreSQL takes the table to have %d rows", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
