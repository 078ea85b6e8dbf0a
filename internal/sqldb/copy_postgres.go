package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/schoolgate/schoolgate/internal/fault"
)

func (d *postgresDB) backup(context.Context, string) error {
	return fmt.Errorf("sqldb: a PostgreSQL database is copied, not backed up page by page")
}

// tables returns those of the schema in an order in which rows can be inserted: what is referred to first.
func (d *postgresDB) tables(ctx context.Context) ([]table, error) {
	rows, err := d.pool.QueryContext(ctx, `select t.relname, a.attname, a.atttypid = 'boolean'::regtype,
coalesce((select s.last_value from pg_depend d join pg_class q on q.oid = d.objid and q.relkind = 'S'
  join pg_sequences s on s.schemaname = current_schema() and s.sequencename = q.relname where d.refobjid = t.oid), 0)
from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
where t.relkind = 'r' and t.relnamespace = current_schema()::regnamespace
order by t.relname, a.attnum`)
	if err != nil {
		return nil, err
	}
	all, err := readTables(rows)
	if err != nil {
		return nil, err
	}
	return d.inOrder(ctx, all)
}

func (d *postgresDB) inOrder(ctx context.Context, all []table) ([]table, error) {
	rows, err := d.pool.QueryContext(ctx, `select c.conrelid::regclass::text, c.confrelid::regclass::text
from pg_constraint c where c.contype = 'f' and c.connamespace = current_schema()::regnamespace and c.conrelid <> c.confrelid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	needs := map[string][]string{}
	for rows.Next() {
		var from, to string
		if err := rows.Scan(&from, &to); err != nil {
			return nil, err
		}
		needs[from] = append(needs[from], to)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var order []table
	done := map[string]bool{}
	for len(order) < len(all) {
		before := len(order)
		for _, t := range all {
			waits := slices.ContainsFunc(needs[t.name], func(n string) bool { return !done[n] })
			if !done[t.name] && !waits {
				order, done[t.name] = append(order, t), true
			}
		}
		if len(order) == before {
			return nil, fmt.Errorf("sqldb: tables refer to each other in a circle")
		}
	}
	return order, nil
}

// postgresLoader fills a database by COPY.
type postgresLoader struct {
	pool *sql.DB
	conn *sql.Conn
	tx   pgx.Tx
}

func (d *postgresDB) loader(ctx context.Context, all []table) (loader, error) {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	l := &postgresLoader{pool: d.pool, conn: conn}
	err = withPGX(conn, func(c *pgx.Conn) (err error) {
		l.tx, err = c.Begin(ctx)
		return err
	})
	for i := len(all) - 1; i >= 0 && err == nil; i-- { // what the migrations put there
		_, err = l.tx.Exec(ctx, `delete from `+pgx.Identifier{all[i].name}.Sanitize())
	}
	if err != nil {
		return nil, errors.Join(err, l.end(false))
	}
	return l, nil
}

func (l *postgresLoader) load(ctx context.Context, t table, next func() ([]any, error)) (int64, error) {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	n, err := l.tx.CopyFrom(ctx, pgx.Identifier{t.name}, names, pgx.CopyFromFunc(func() ([]any, error) {
		row, err := next()
		for i := range row {
			if whole, ok := row[i].(int64); ok && t.columns[i].boolean {
				row[i] = whole != 0
			}
		}
		return row, err
	}))
	if err == nil && t.last > 0 {
		_, err = l.tx.Exec(ctx, `select setval(pg_get_serial_sequence($1, 'id'), $2)`, pgx.Identifier{t.name}.Sanitize(), t.last)
	}
	return n, err
}

func (l *postgresLoader) end(commit bool) error {
	ctx := context.Background() // the end of a transaction is not cancelled half way
	var err error
	switch {
	case l.tx == nil:
	case commit:
		err = l.tx.Commit(ctx)
	default:
		err = l.tx.Rollback(ctx)
	}
	if err != nil {
		err = fault.Wrap(fault.Unavailable, err, "the copy was not written")
	}
	return errors.Join(err, l.conn.Close())
}
