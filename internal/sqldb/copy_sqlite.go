package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// backup copies the pages of the file as one committed state into a new file. Writers go on meanwhile.
func (d *sqliteDB) backup(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(d.path, "full", "query_only(on)"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	err = c.Raw(func(raw any) error {
		source, ok := raw.(interface {
			NewBackup(dst string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("sqldb: this SQLite driver makes no backups")
		}
		b, err := source.NewBackup(path)
		if err != nil {
			return err
		}
		// All pages in one step: with fewer, every commit of another process would start the copy again.
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	})
	if err != nil {
		err, _ = d.classify(err)
		return err
	}
	return d.proof(ctx, path)
}

// proof makes the copy a single file, and reads it through.
func (d *sqliteDB) proof(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path, "full"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "pragma journal_mode = delete"); err != nil {
		return err
	}
	var result string
	if err := db.QueryRowContext(ctx, "pragma quick_check").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return fault.Conflictf("the copy is damaged: %s", result)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d *sqliteDB) tables(ctx context.Context) ([]table, error) {
	db, err := sql.Open("sqlite", dsn(d.path, "full", "query_only(on)"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, `select t.name, c.name, lower(c.type) = 'boolean', coalesce((select seq from sqlite_sequence s where s.name = t.name), 0)
from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table' order by t.name, c.cid`)
	if err != nil {
		return nil, err
	}
	return readTables(rows)
}

// readTables reads rows of table, column, whether it is boolean, and the highest id ever given.
func readTables(rows *sql.Rows) ([]table, error) {
	defer rows.Close()
	var all []table
	for rows.Next() {
		var t table
		var c column
		if err := rows.Scan(&t.name, &c.name, &c.boolean, &t.last); err != nil {
			return nil, err
		}
		if slices.Contains(own, t.name) {
			continue
		}
		if n := len(all); n == 0 || all[n-1].name != t.name {
			all = append(all, t)
		}
		last := &all[len(all)-1]
		last.columns = append(last.columns, c)
	}
	return all, rows.Err()
}

// sqliteLoader fills a file in one transaction on a connection of its own that leaves foreign keys to the check at the end.
type sqliteLoader struct {
	db *sql.DB
	tx *sql.Tx
}

func (d *sqliteDB) loader(ctx context.Context, _ []table) (loader, error) {
	db, err := sql.Open("sqlite", dsn(d.path, "full", "foreign_keys(off)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &sqliteLoader{db, tx}, nil
}

func (l *sqliteLoader) load(ctx context.Context, t table, next func() ([]any, error)) (n int64, _ error) {
	if _, err := l.tx.ExecContext(ctx, `delete from "`+t.name+`"`); err != nil { // what the migrations put there
		return 0, err
	}
	insert, err := l.tx.PrepareContext(ctx, `insert into "`+t.name+`" values (?`+strings.Repeat(", ?", len(t.columns)-1)+`)`)
	if err != nil {
		return 0, err
	}
	defer func() { _ = insert.Close() }()
	for {
		row, err := next()
		if err != nil {
			return n, err
		}
		if row == nil {
			break
		}
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return n, err
		}
		n++
	}
	if t.last > 0 {
		_, err = l.tx.ExecContext(ctx, `delete from sqlite_sequence where name = ?`, t.name)
		if err == nil {
			_, err = l.tx.ExecContext(ctx, `insert into sqlite_sequence (name, seq) values (?, ?)`, t.name, t.last)
		}
	}
	return n, err
}

func (l *sqliteLoader) end(commit bool) error {
	err := l.check(commit)
	if err != nil || !commit {
		return errors.Join(err, l.tx.Rollback(), l.db.Close())
	}
	return errors.Join(l.tx.Commit(), l.db.Close())
}

func (l *sqliteLoader) check(commit bool) error {
	if !commit {
		return nil
	}
	rows, err := l.tx.QueryContext(context.Background(), "pragma foreign_key_check") // the end of a transaction is not cancelled half way
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return fmt.Errorf("sqldb: the copy has references to nothing")
	}
	return rows.Err()
}
