package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// sqliteDB is one file: one writer connection, several readers that cannot write. Each connection keeps its prepared statements,
// because preparing costs more than most queries here.
type sqliteDB struct {
	path    string
	pools   []*sql.DB
	writer  chan *pinned
	readers chan *pinned
}

// pinned is a connection with its statements. begin and commit go through it as statements of their own, so that prepared
// statements stay valid across transactions.
type pinned struct {
	conn  *sql.Conn
	stmts map[string]statement
}

// statement is a prepared query and, for each of its placeholders, which argument goes there.
type statement struct {
	*sql.Stmt
	order []int
}

func openSQLite(ctx context.Context, path string, opts Options) (driver, error) {
	if path == "" {
		return nil, fault.Invalidf("database sqlite: needs a path")
	}
	if dir := filepath.Dir(path); dir != "." {
		if _, err := os.Stat(dir); err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "the folder of the database does not exist")
		}
	}
	// Children's records: SQLite would make the file readable for everybody. Its companions get the same mode.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "cannot open the database file")
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	n := opts.Connections
	if n == 0 {
		n = max(4, 2*runtime.NumCPU())
	}
	d := &sqliteDB{path: path, writer: make(chan *pinned, 1), readers: make(chan *pinned, n)}
	sync := "full"
	if opts.Fast {
		sync = "off"
	}
	var mapping []string
	if opts.Unmapped {
		mapping = []string{"mmap_size(0)"}
	}
	writing := append(slices.Clone(mapping), "journal_mode(wal)", "foreign_keys(on)")
	if opts.Bulk {
		writing = append(writing, "cache_size(-16000)", "wal_autocheckpoint(8000)")
		if !opts.Fast {
			writing = append(writing, "synchronous(normal)")
		}
	}
	if err := d.fill(ctx, d.writer, 1, dsn(path, sync, writing...)); err != nil {
		_ = d.close()
		return nil, err
	}
	if err := d.fill(ctx, d.readers, n, dsn(path, sync, append(mapping, "query_only(on)")...)); err != nil {
		_ = d.close()
		return nil, err
	}
	return d, nil
}

// dsn names each pragma once, with the last value given: the driver runs them in the order of their letters, busy_timeout before all others,
// which may have to wait for another process.
func dsn(path, sync string, pragmas ...string) string {
	named := map[string]string{}
	for _, p := range append([]string{"busy_timeout(5000)", "synchronous(" + sync + ")", "temp_store(memory)", "cache_size(-4000)", "mmap_size(268435456)"}, pragmas...) {
		name, _, _ := strings.Cut(p, "(")
		named[name] = p
	}
	q := url.Values{"_pragma": slices.Sorted(maps.Values(named))}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func (d *sqliteDB) fill(ctx context.Context, pool chan *pinned, n int, dsn string) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	d.pools = append(d.pools, db)
	for range n {
		c, err := db.Conn(ctx)
		if err != nil {
			err, _ = d.classify(err)
			return fault.Wrap(fault.Unavailable, err, "cannot open the database file")
		}
		pool <- &pinned{conn: c, stmts: map[string]statement{}}
	}
	return nil
}

func (d *sqliteDB) begin(ctx context.Context, k kind) (conn, func(commit bool) error, error) {
	pool, start := d.readers, "begin"
	if k == writing {
		pool, start = d.writer, "begin immediate"
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var p *pinned
	select {
	case p = <-pool:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if k == looking {
		return p, func(bool) error { pool <- p; return nil }, nil
	}
	// Ending a transaction must not be cancelled half way: a pinned connection would keep it open.
	background := context.WithoutCancel(ctx)
	if _, err := p.ExecContext(background, start); err != nil {
		pool <- p
		return nil, nil, err
	}
	return p, func(commit bool) error {
		defer func() { pool <- p }()
		if commit {
			_, err := p.ExecContext(background, "commit")
			if err == nil {
				return nil
			}
			_, _ = p.ExecContext(background, "rollback")
			return err
		}
		_, err := p.ExecContext(background, "rollback")
		return err
	}, nil
}

const statements = 400 // per connection; the program has fewer texts than this

func (p *pinned) stmt(ctx context.Context, query string) (statement, error) {
	if s, ok := p.stmts[query]; ok {
		return s, nil
	}
	if len(p.stmts) >= statements {
		for q, s := range p.stmts {
			_ = s.Close()
			delete(p.stmts, q)
		}
	}
	text, order := positional(query)
	prepared, err := p.conn.PrepareContext(ctx, text)
	if err != nil {
		return statement{}, err
	}
	s := statement{prepared, order}
	p.stmts[query] = s
	return s, nil
}

// positional replaces each $N outside of quotes by a bare ?, and says which argument it stands for. The driver looks every parameter that
// has a name up by walking over all names, which for long lists of ids costs more than the query.
func positional(query string) (string, []int) {
	var b strings.Builder
	var order []int
	quoted := false
	for i := 0; i < len(query); i++ {
		c := query[i]
		if c == '\'' {
			quoted = !quoted
		}
		n, end := 0, i+1
		for c == '$' && !quoted && end < len(query) && query[end] >= '0' && query[end] <= '9' {
			n = 10*n + int(query[end]-'0')
			end++
		}
		if n == 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('?')
		order = append(order, n-1)
		i = end - 1
	}
	return b.String(), order
}

// arrange puts the arguments where the placeholders stand.
func (s statement) arrange(args []any) ([]any, error) {
	arranged := make([]any, len(s.order))
	for i, n := range s.order {
		if n >= len(args) {
			return nil, fmt.Errorf("sqldb: $%d has no argument", n+1)
		}
		arranged[i] = args[n]
	}
	return arranged, nil
}

// A statement here takes less than starting the goroutine that would watch for its context to end: contexts are looked at where a
// transaction begins.

func (p *pinned) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if args, err = s.arrange(args); err != nil {
		return nil, err
	}
	return s.Stmt.QueryContext(ctx, args...)
}

func (p *pinned) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if args, err = s.arrange(args); err != nil {
		return nil, err
	}
	return s.Stmt.ExecContext(ctx, args...)
}

func (d *sqliteDB) classify(err error) (error, bool) {
	if fault.KindOf(err) != fault.Internal {
		return err, false
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		if errors.Is(err, sql.ErrNoRows) {
			return fault.Wrap(fault.NotFound, err, "not found"), false
		}
		return err, false
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return fault.Wrap(fault.Conflict, err, "already exists"), false
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fault.Wrap(fault.Conflict, err, "is in use, or refers to something that is gone"), false
	case lib.SQLITE_CONSTRAINT_CHECK, lib.SQLITE_CONSTRAINT_NOTNULL:
		return fault.Wrap(fault.Invalid, err, "value out of range"), false
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fault.Wrap(fault.Unavailable, err, "the database is busy"), true
	case lib.SQLITE_FULL:
		return fault.Wrap(fault.Unavailable, err, "the disk is full"), false
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY:
		return fault.Wrap(fault.Unavailable, err, "the database cannot be written"), false
	}
	return err, false
}

func (d *sqliteDB) migrate(ctx context.Context) error {
	// Foreign keys are off while migrating: rebuilding a table that others refer to would otherwise cascade.
	db, err := sql.Open("sqlite", dsn(d.path, "full", "foreign_keys(off)"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if did, err := migrate(ctx, db, "sqlite"); err != nil || !did {
		return err // what is as it was needs no reading of all of it
	}
	rows, err := db.QueryContext(ctx, "pragma foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return fmt.Errorf("sqldb: a migration left references to nothing")
	}
	return rows.Err()
}

func (d *sqliteDB) skipLocked() string { return "" }

func (d *sqliteDB) measure(context.Context, []string) error { return nil }

func (d *sqliteDB) name() string { return "sqlite" }

func (d *sqliteDB) close() error {
	deadline := time.After(5 * time.Second)
	for _, pool := range []chan *pinned{d.readers, d.writer} {
		for range cap(pool) {
			select {
			case p := <-pool:
				for _, s := range p.stmts {
					_ = s.Close()
				}
				_ = p.conn.Close()
			case <-deadline:
			default: // never filled
			}
		}
	}
	var err error
	for _, db := range d.pools {
		err = errors.Join(err, db.Close())
	}
	return err
}
