package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// filled returns a database with a row of every type, references, and an id that was given and is gone.
func filled(t *testing.T, db *sqldb.DB) *sqldb.DB {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		for _, q := range []string{
			"insert into school (name, sort_key, created_at, updated_at) values ('Morgan High', 'morgan high', 1, 1), ('Gone', 'gone', 1, 1)",
			"insert into student (school_id, first_name, last_name, sort_key, created_at, updated_at) values (1, 'Ana', 'López', 'lopez ana', 1, 1)",
			"insert into contact (first_name, last_name, last_key, sort_key, letter, created_at, updated_at) values ('Mariá', 'O''Neil', 'oneil', 'oneil', 'O', 1, 1)",
			"insert into student_contact (student_id, contact_id, from_file, created_at, updated_at) values (1, 1, true, 1, 1)",
			"insert into account (kind, username, username_key, state, created_at) values ('parent', 'maria', 'maria', 'active', 1)",
			"delete from school where name = 'Gone'",
		} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		_, err := tx.Exec(t.Context(), "insert into known_device (account_id, device_hash, seen_at, expires_at) values (1, $1, 1, 2)", []byte{0, 255, 10})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// content is what filled wrote, as text.
func content(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	var all []string
	err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		all = nil
		return sqldb.Each(t.Context(), tx, func(r *sql.Rows) error {
			var school, first, contact, relationship string
			var fromFile bool
			var device []byte
			var null sql.NullInt64
			err := r.Scan(&school, &first, &contact, &relationship, &fromFile, &device, &null)
			all = append(all, fmt.Sprint(school, first, contact, relationship, fromFile, device, null.Valid))
			return err
		}, `select h.name, s.first_name, c.first_name, l.relationship, l.from_file, d.device_hash, l.ended_at
from student_contact l join student s on s.id = l.student_id join contact c on c.id = l.contact_id join school h on h.id = s.school_id
cross join known_device d`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func open(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(context.Background(), url, sqldb.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestACopyHasEveryRowAndGoesOnWithTheIDs(t *testing.T) {
	for _, to := range []struct {
		name string
		url  func(testing.TB) string
	}{{"to sqlite", sqldbtest.SQLite}, {"to postgres", sqldbtest.Postgres}} {
		t.Run(to.name, func(t *testing.T) {
			sqldbtest.Run(t, func(t *testing.T, from *sqldb.DB) {
				filled(t, from)
				copied := open(t, to.url(t))
				n, err := sqldb.Copy(t.Context(), from, copied)
				if err != nil || n < 6 {
					t.Fatalf("copied %d: %v", n, err)
				}
				if d := cmp.Diff(content(t, from), content(t, copied)); d != "" {
					t.Error(d)
				}
				err = copied.Write(t.Context(), func(tx *sqldb.Tx) error {
					id, err := sqldb.Value[int64](t.Context(), tx, "insert into school (name, sort_key, created_at, updated_at) values ('New', 'new', 1, 1) returning id")
					if id != 3 {
						t.Errorf("the next school has id %d: an id returned", id)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if _, err := sqldb.Copy(t.Context(), from, copied); !fault.Is(err, fault.Conflict) {
					t.Errorf("copying over what is there: %v", err)
				}
			})
		})
	}
}

func TestABackupIsOneFileWithWhatWasCommitted(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		filled(t, db)
		path := filepath.Join(t.TempDir(), "backup.db")
		if err := db.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		left, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(left) != 1 {
			t.Errorf("beside it: %v, %v", left, err)
		}
		if d := cmp.Diff(content(t, db), content(t, open(t, "sqlite:"+path))); d != "" {
			t.Error(d)
		}
		if err := db.Backup(t.Context(), path); !fault.Is(err, fault.Conflict) {
			t.Errorf("over another backup: %v", err)
		}
	})
}
