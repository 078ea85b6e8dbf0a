package sqldb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/schoolgate/schoolgate/internal/fault"
)

type postgresDB struct {
	pool *sql.DB
	bulk bool
}

func openPostgres(ctx context.Context, url string, opts Options) (driver, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's message may repeat the password.
		return nil, fault.Invalidf("the address of the PostgreSQL database cannot be read")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	n := opts.Connections
	if n == 0 {
		n = max(8, 4*runtime.NumCPU())
	}
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n) // fewer idle than open connections means connecting all the time
	pool.SetConnMaxIdleTime(10 * time.Minute)
	d := &postgresDB{pool: pool, bulk: opts.Bulk}
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return nil, fault.Wrap(fault.Unavailable, err, "cannot reach the database")
	}
	return d, nil
}

func (d *postgresDB) begin(ctx context.Context, k kind) (conn, func(commit bool) error, error) {
	if k == looking {
		return d.pool, func(bool) error { return nil }, nil
	}
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if k == writing {
		opts = &sql.TxOptions{Isolation: sql.LevelSerializable}
	}
	c, err := d.pool.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	tx, err := c.BeginTx(ctx, opts)
	if err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	end := func(commit bool) (err error) {
		if commit {
			err = tx.Commit()
		} else {
			err = tx.Rollback()
		}
		_ = c.Close() // it goes back to the pool, which looks whether it is any good
		return err
	}
	if k == writing && d.bulk {
		// For this transaction alone: where a pooler stands between, the connection is another program's next.
		if _, err := tx.ExecContext(ctx, "set local synchronous_commit to off"); err != nil {
			return nil, nil, errors.Join(err, end(false))
		}
	}
	return postgresTx{tx, c}, end, nil
}

// postgresTx is a transaction and the connection it runs on.
type postgresTx struct {
	*sql.Tx
	conn *sql.Conn
}

// copyIn takes the way that PostgreSQL has for many rows.
func (t postgresTx) copyIn(ctx context.Context, table string, columns []string, rows [][]any) error {
	return withPGX(t.conn, func(c *pgx.Conn) error {
		_, err := c.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
		return err
	})
}

// withPGX runs fn with the driver's own connection.
func withPGX(conn *sql.Conn, fn func(c *pgx.Conn) error) error {
	return conn.Raw(func(raw any) error {
		c, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("sqldb: a connection to PostgreSQL is a %T", raw)
		}
		return fn(c.Conn())
	})
}

func (d *postgresDB) classify(err error) (error, bool) {
	if fault.KindOf(err) != fault.Internal {
		return err, false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "40001", "40P01":
			return err, true
		case "XX000":
			// Many transactions that lock and update one row at the same instant can make PostgreSQL 15 trip over itself; it rolls back.
			return err, e.Routine == "MultiXactIdCreateFromMembers"
		case "23505":
			return fault.Wrap(fault.Conflict, err, "already exists"), false
		case "23503":
			return fault.Wrap(fault.Conflict, err, "is in use, or refers to something that is gone"), false
		case "23514", "23502", "22001":
			return fault.Wrap(fault.Invalid, err, "value out of range"), false
		case "57P01", "57P02", "57P03", "53300", "53100", "53200":
			return fault.Wrap(fault.Unavailable, err, "the database is not available"), false
		}
		return err, false
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Wrap(fault.NotFound, err, "not found"), false
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, sqldriver.ErrBadConn) || pgconn.SafeToRetry(err) {
		return fault.Wrap(fault.Unavailable, err, "cannot reach the database"), false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fault.Wrap(fault.Unavailable, err, "cannot reach the database"), false
	}
	return err, false
}

func (d *postgresDB) migrate(ctx context.Context) error {
	_, err := migrate(ctx, d.pool, "postgres")
	return err
}

func (d *postgresDB) skipLocked() string { return " for update skip locked" }

func (d *postgresDB) measure(ctx context.Context, tables []string) error {
	_, err := d.pool.ExecContext(ctx, "analyze "+strings.Join(tables, ", "))
	return err
}

func (d *postgresDB) name() string { return "postgres" }

func (d *postgresDB) close() error { return d.pool.Close() }
