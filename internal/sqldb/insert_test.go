package sqldb_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

const (
	insertSettings = `insert into setting (key, value) values `
	selectSettings = `select key, value from setting where key like 'many %' order by key`
)

func manySettings(n int) (rows [][]any) {
	for i := range n {
		rows = append(rows, []any{fmt.Sprintf("many %05d", i), "ž\t\\N\n" + fmt.Sprint(i)})
	}
	return rows
}

func TestManyRowsAreInsertedAsTheyAre(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		for _, n := range []int{0, 1, 5, 87, 1000} {
			want := manySettings(n)
			var got [][]any
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if _, err := tx.Exec(ctx, `delete from setting where key like 'many %'`); err != nil {
					return err
				}
				return sqldb.InsertMany(ctx, tx, insertSettings, want)
			})
			if err == nil {
				err = db.Read(ctx, func(tx *sqldb.Tx) (err error) {
					got, err = sqldb.All(ctx, tx, func(r *sql.Rows) ([]any, error) {
						var key, value string
						err := r.Scan(&key, &value)
						return []any{key, value}, err
					}, selectSettings)
					return err
				})
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%d rows: got %d, %v", n, len(got), err)
			}
		}
	})
}

func TestOneOfManyRowsThatIsThereAlreadyIsAConflictAndNoneIsInserted(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		rows := manySettings(500)
		rows[499][0] = rows[3][0]
		err := db.Write(ctx, func(tx *sqldb.Tx) error { return sqldb.InsertMany(ctx, tx, insertSettings, rows) })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v, want a conflict", err)
		}
		var n int64
		err = db.Write(ctx, func(tx *sqldb.Tx) (err error) { // the connection is as good as before
			n, err = sqldb.Value[int64](ctx, tx, `select count(*) from setting where key like 'many %'`)
			return err
		})
		if err != nil || n != 0 {
			t.Errorf("%d rows are there, %v", n, err)
		}
	})
}

func TestManyRowsAreSeenBeforeTheyAreInsertedAndPostgreSQLIsGivenThemAtOnce(t *testing.T) {
	var seen []string
	opts := sqldb.Options{Before: func(query string) error {
		if strings.HasPrefix(query, insertSettings) {
			seen = append(seen, query)
		}
		return nil
	}}
	sqldbtest.RunWith(t, opts, func(t *testing.T, db *sqldb.DB) {
		seen = nil
		ctx := t.Context()
		if err := db.Write(ctx, func(tx *sqldb.Tx) error { return sqldb.InsertMany(ctx, tx, insertSettings, manySettings(300)) }); err != nil {
			t.Fatal(err)
		}
		if copied := len(seen) == 1 && seen[0] == insertSettings; copied != (db.Dialect() == "postgres") || len(seen) == 0 {
			t.Errorf("%d statements were seen", len(seen))
		}
	})
}

func TestManyRowsAreNotInsertedByAReader(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		for _, n := range []int{1, 300} {
			if err := db.Read(ctx, func(tx *sqldb.Tx) error { return sqldb.InsertMany(ctx, tx, insertSettings, manySettings(n)) }); err == nil {
				t.Errorf("%d rows were taken", n)
			}
		}
	})
}

func TestReturnedRowsAreThoseThatWereInserted(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		var back []string
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if err := sqldb.InsertMany(ctx, tx, insertSettings, manySettings(2)); err != nil {
				return err
			}
			back = nil
			return sqldb.InsertReturning(ctx, tx, func(r *sql.Rows) error {
				var key string
				err := r.Scan(&key)
				back = append(back, key)
				return err
			}, insertSettings, " on conflict (key) do nothing returning key", manySettings(70))
		})
		if err != nil || len(back) != 68 || back[0] != "many 00002" {
			t.Errorf("%d came back, %v", len(back), err)
		}
	})
}
