package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// table is a table of the schema as its database describes it.
type table struct {
	name    string
	columns []column
	last    int64 // the highest id ever given, where ids are given by the database
}

type column struct {
	name    string
	boolean bool
}

// loader fills an empty database in one transaction.
type loader interface {
	// load writes rows into a table until next returns nil, and makes ids go on after the table's last one.
	load(ctx context.Context, t table, next func() ([]any, error)) (int64, error)
	end(commit bool) error
}

// own are the tables in which the migrations note themselves.
var own = []string{"goose_db_version", "schema_checksum", "sqlite_sequence"}

// Copy writes every row of one database into another, of either kind: what was committed when it began, in one transaction. Both must be
// migrated by this program, and in the second nobody may have an account yet (fault.Conflict). It returns the number of rows.
func Copy(ctx context.Context, from, to *DB) (int64, error) {
	there, err := to.driver.tables(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the schema: %w", err)
	}
	if err := vacant(ctx, to); err != nil {
		return 0, err
	}
	into, err := to.driver.loader(ctx, there)
	if err != nil {
		return 0, err
	}
	var total int64
	err = from.Read(ctx, func(tx *Tx) error {
		here, err := from.driver.tables(ctx)
		if err != nil {
			return fmt.Errorf("reading the schema: %w", err)
		}
		total = 0
		for _, t := range there {
			i := slices.IndexFunc(here, func(h table) bool { return h.name == t.name })
			if i < 0 || len(here[i].columns) != len(t.columns) {
				return fault.Conflictf("the databases are of different versions: migrate both first")
			}
			t.last = here[i].last
			n, err := copyTable(ctx, tx, into, t)
			if err != nil {
				return fmt.Errorf("copying %s: %w", t.name, err)
			}
			total += n
		}
		return nil
	})
	if endErr := into.end(err == nil); err == nil {
		err = endErr
	}
	return total, err
}

// vacant returns fault.Conflict unless the database holds neither accounts nor records.
func vacant(ctx context.Context, db *DB) error {
	return db.Read(ctx, func(tx *Tx) error {
		for _, name := range []string{"account", "school", "student", "contact", "audit_event"} {
			n, err := Value[int64](ctx, tx, "select count(*) from (select 1 from "+name+" limit 1) x")
			if err != nil {
				return err
			}
			if n > 0 {
				return fault.Conflictf("the database is not empty")
			}
		}
		return nil
	})
}

func copyTable(ctx context.Context, tx *Tx, into loader, t table) (int64, error) {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = `"` + c.name + `"`
	}
	rows, err := tx.query(ctx, `select `+strings.Join(names, ", ")+` from "`+t.name+`"`, nil)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	return into.load(ctx, t, func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		return scanAny(rows, len(t.columns))
	})
}

func scanAny(rows *sql.Rows, n int) ([]any, error) {
	values, at := make([]any, n), make([]any, n)
	for i := range values {
		at[i] = &values[i]
	}
	return values, rows.Scan(at...)
}
