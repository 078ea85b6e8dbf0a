// Package sqldb hides which database Schoolgate runs on. It offers Read and Write transactions over one set of queries, the
// migrations, and the translation of driver errors into faults.
//
// Invariants: a query is written once, with $1 placeholders and the SQL that SQLite and PostgreSQL share; a Write is serializable
// and may run twice, so the function passed to it touches nothing outside; times are unix microseconds (UTC) in bigint columns,
// dates are text such as 2026-11-23; text columns compare by bytes.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Options are what a caller may set when opening a database. The zero value serves.
type Options struct {
	// Connections bounds the pool: readers on SQLite, all connections on PostgreSQL. Zero chooses by the number of cores.
	Connections int
	// Before, if set, sees every statement before it runs; an error stops it. Tests count and break statements with it.
	Before func(query string) error
	// Unmapped reads the SQLite file without mapping it into memory, for a program that is to stay small.
	Unmapped bool
	// Bulk is for a program that writes much and can do it again: SQLite keeps more of what is changed over and over in memory, and copies it into the
	// file less often. A transaction does not wait until it is on the disk: a power loss may undo the last ones, in their order, but no part of one.
	Bulk bool
	// Fast gives up durability at power loss, for tests alone.
	Fast bool
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	url    string
	driver driver
	before func(query string) error
}

// driver is what the two databases do differently.
type driver interface {
	// begin starts a transaction of the kind and returns how to end it.
	begin(ctx context.Context, k kind) (conn, func(commit bool) error, error)
	// migrate brings the schema up to date.
	migrate(ctx context.Context) error
	// classify turns a driver's error into a fault; retry says that the transaction may be run again.
	classify(err error) (_ error, retry bool)
	skipLocked() string
	// measure has the database look at what is in the tables, if it plans queries by that.
	measure(ctx context.Context, tables []string) error
	name() string
	// backup writes the database into a new file, page by page, while it is used.
	backup(ctx context.Context, path string) error
	// tables describes the schema, in an order in which rows can be inserted.
	tables(ctx context.Context) ([]table, error)
	// loader begins to fill the empty database, whose tables are given.
	loader(ctx context.Context, all []table) (loader, error)
	close() error
}

// Measure has the database look at what is in these tables, which may be none, after many rows came at once: PostgreSQL plans its queries by that,
// and would read whole tables that it takes for small until it looks by itself. SQLite plans by the indexes alone.
func (d *DB) Measure(ctx context.Context, tables ...string) error {
	if len(tables) == 0 {
		return nil
	}
	return d.driver.measure(ctx, tables)
}

// kind is what a transaction is for.
type kind uint8

const (
	reading kind = iota // a snapshot
	looking             // a single statement, which is its own snapshot
	writing             // serializable
)

type conn interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Open opens the database at url ("sqlite:PATH" or "postgres://…"), creating an SQLite file that is missing. It does not migrate.
// It returns fault.Invalid for a URL of another kind and fault.Unavailable when the database cannot be reached.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	var d driver
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		d, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), opts)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		d, err = openPostgres(ctx, url, opts)
	default:
		return nil, fault.Invalidf("database must be sqlite:PATH or postgres://…")
	}
	if err != nil {
		return nil, err
	}
	return &DB{url: url, driver: d, before: opts.Before}, nil
}

// Close releases all connections.
func (d *DB) Close() error { return d.driver.close() }

// Dialect returns "sqlite" or "postgres", for messages alone.
func (d *DB) Dialect() string { return d.driver.name() }

// Migrate brings the schema up to date. It returns fault.Conflict when the database is newer than this program, or when a
// migration that ran is not the one this program carries.
func (d *DB) Migrate(ctx context.Context) error { return d.driver.migrate(ctx) }

// Backup writes one committed state of the database into a new SQLite file at path, which only its owner may read, while it is used. It
// returns fault.Conflict when the file exists.
func (d *DB) Backup(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fault.Conflictf("%s exists already", path)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the backup cannot be written")
	}
	if err := f.Close(); err != nil {
		return err
	}
	if d.Dialect() == "sqlite" {
		err = d.driver.backup(ctx, path)
	} else {
		err = d.backupRows(ctx, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path)) // half a backup is none
	}
	return nil
}

// backupRows copies the rows into an SQLite file.
func (d *DB) backupRows(ctx context.Context, path string) error {
	to, err := Open(ctx, "sqlite:"+path, Options{Connections: 1})
	if err != nil {
		return err
	}
	if err = to.Migrate(ctx); err == nil {
		_, err = Copy(ctx, d, to)
	}
	return errors.Join(err, to.Close())
}

// SkipLocked is appended to the inner select of a job claim, so that two workers never wait for the same row.
func (d *DB) SkipLocked() string { return d.driver.skipLocked() }

// Ping runs a trivial query. It returns fault.Unavailable when the database cannot be reached.
func (d *DB) Ping(ctx context.Context) error {
	return d.Read(ctx, func(tx *Tx) error {
		_, err := One(ctx, tx, func(r *sql.Rows) (int, error) { var n int; return n, r.Scan(&n) }, "select 1")
		return err
	})
}

// Read runs fn in a read-only snapshot.
func (d *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	return d.run(ctx, reading, fn)
}

// Look runs fn, which asks one single query: on PostgreSQL that is one round trip where a Read takes three.
func (d *DB) Look(ctx context.Context, fn func(tx *Tx) error) error {
	return d.run(ctx, looking, fn)
}

// attempts is how often a transaction is run when others keep colliding with it: at fifty at once on one row, about ten are needed.
const attempts = 40

// Write runs fn in a serializable transaction and commits it unless fn fails. fn may run several times when transactions collide,
// and must therefore change nothing but the database. It returns fault.Conflict or fault.Invalid for a broken constraint,
// fault.Unavailable when the database is out of reach or the collisions do not end.
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return d.run(ctx, writing, fn)
}

func (d *DB) run(ctx context.Context, k kind, fn func(tx *Tx) error) error {
	for n := 1; ; n++ {
		err, retry := d.once(ctx, k, fn)
		if err == nil || !retry {
			return err
		}
		if n == attempts {
			return fault.Wrap(fault.Unavailable, err, "the database is busy")
		}
		// Transactions that start again at the same instant collide again: wait at random, over a span that grows.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(min(time.Millisecond<<min(n, 7), 100*time.Millisecond))):
		}
	}
}

func (d *DB) once(ctx context.Context, k kind, fn func(tx *Tx) error) (_ error, retry bool) {
	c, end, err := d.driver.begin(ctx, k)
	if err != nil {
		return d.driver.classify(err)
	}
	tx := &Tx{conn: c, kind: k, db: d}
	done := false
	defer func() {
		if !done { // fn panicked: give the connection back clean and let the panic go on
			_ = end(false)
		}
	}()
	err = fn(tx)
	done = true
	if err != nil {
		endErr := end(false)
		err, retry = d.driver.classify(err)
		if endErr != nil && fault.KindOf(err) == fault.Internal {
			err = errors.Join(err, endErr)
		}
		return err, retry || tx.retry
	}
	if err := end(true); err != nil {
		return d.driver.classify(err)
	}
	for _, f := range tx.after {
		f()
	}
	return nil, false
}

// Tx is a running transaction. It is not safe for concurrent use, and rows must be closed before the next statement:
// All, One and Each do that.
type Tx struct {
	conn  conn
	db    *DB
	kind  kind
	asked bool // a query has run
	retry bool
	after []func()
}

// AfterCommit runs f once the transaction is committed, never if it is not. It is for waking workers, not for work.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Exec runs a statement that returns no rows and returns how many rows it touched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.writes(query); err != nil {
		return 0, err
	}
	res, err := t.conn.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, t.fail(err)
	}
	return res.RowsAffected()
}

func (t *Tx) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if t.kind == looking && t.asked {
		return nil, fmt.Errorf("sqldb: %q is the second query of a Look: it would see another state", query)
	}
	t.asked = true
	if err := t.see(query); err != nil {
		return nil, err
	}
	rows, err := t.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, t.fail(err)
	}
	return rows, nil
}

func (t *Tx) writes(query string) error {
	if t.kind != writing {
		return fmt.Errorf("sqldb: %q in a read transaction", query)
	}
	return t.see(query)
}

func (t *Tx) see(query string) error {
	if t.db.before == nil {
		return nil
	}
	return t.db.before(query)
}

// fail classifies an error where it happens, so that a caller can tell a conflict from a broken wire, and remembers that the
// transaction is worth another try even if the caller wraps or replaces the error.
func (t *Tx) fail(err error) error {
	err, retry := t.db.driver.classify(err)
	t.retry = t.retry || retry
	return err
}

// Each calls fn for every row of a query.
func Each(ctx context.Context, tx *Tx, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := tx.query(ctx, query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return tx.fail(err)
	}
	return nil
}

// All returns every row of a query, each read by scan. The result is nil when there are none.
func All[T any](ctx context.Context, tx *Tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := Each(ctx, tx, func(r *sql.Rows) error {
		v, err := scan(r)
		if err == nil {
			all = append(all, v)
		}
		return err
	}, query, args...)
	return all, err
}

// One returns the first row of a query, read by scan. It returns fault.NotFound when there is none.
func One[T any](ctx context.Context, tx *Tx, scan func(*sql.Rows) (T, error), query string, args ...any) (T, error) {
	var one T
	found := false
	rows, err := tx.query(ctx, query, args)
	if err != nil {
		return one, err
	}
	defer rows.Close()
	if rows.Next() {
		found = true
		if one, err = scan(rows); err != nil {
			return one, err
		}
	}
	if err := rows.Err(); err != nil {
		return one, tx.fail(err)
	}
	if !found {
		return one, fault.NotFoundf("no such row")
	}
	return one, nil
}

// Value returns the single column of the first row of a query. It returns fault.NotFound when there is no row.
func Value[T any](ctx context.Context, tx *Tx, query string, args ...any) (T, error) {
	return One(ctx, tx, func(r *sql.Rows) (T, error) { var v T; return v, r.Scan(&v) }, query, args...)
}

// Plan returns the database's plan for a query, for the tests that forbid table scans.
func (d *DB) Plan(ctx context.Context, query string, args ...any) (string, error) {
	var lines []string
	err := d.Read(ctx, func(tx *Tx) error {
		if d.Dialect() == "sqlite" {
			return Each(ctx, tx, func(r *sql.Rows) error {
				var id, parent, unused int
				var line string
				err := r.Scan(&id, &parent, &unused, &line)
				lines = append(lines, line)
				return err
			}, "explain query plan "+query, args...)
		}
		return Each(ctx, tx, func(r *sql.Rows) error {
			var line string
			err := r.Scan(&line)
			lines = append(lines, line)
			return err
		}, "explain "+query, args...)
	})
	return strings.Join(lines, "\n"), err
}
