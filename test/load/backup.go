package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const gigabyte = 1 << 30

// More of the remarks that readers of the help left: rows without an owner, of about a page each.
const pad = `insert into help_comment (slug, language, helpful, words, at)
with recursive n (i) as (select 1 union all select i + 1 from n where i < $1)
select 'padding', 'en', false, $2, i from n`

// backup copies a database of 1 GB with the program's own command, while signed-in parents ask for their pages.
func backup(ctx context.Context, s *server, bin string, d district, homes []string) ([]row, error) {
	path := strings.TrimPrefix(d.database, "sqlite:")
	if err := grow(ctx, d.database, path); err != nil {
		return nil, fmt.Errorf("growing the database: %w", err)
	}
	const rate, length = 300, 10 * time.Second
	idle, err := open(ctx, s.addr, homes, rate, length)
	if err != nil {
		return nil, err
	}
	to := path + ".backup"
	var took time.Duration
	copied := make(chan error, 1)
	go func() {
		began := time.Now()
		cmd := exec.CommandContext(ctx, bin, "backup", "--database", d.database, "--to", to)
		out, err := cmd.CombinedOutput()
		took = time.Since(began)
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		copied <- err
	}()
	p99, err := open(ctx, s.addr, homes, rate, length)
	if err := errors.Join(err, <-copied); err != nil {
		return nil, err
	}
	info, err := os.Stat(to)
	if err != nil {
		return nil, err
	}
	return []row{
		{"backup while serving", fmt.Sprintf("%s in %.1f s", megabytes(info.Size()), took.Seconds()), ""},
		{"parent's home, p99 at 300/s before it", idle.Round(10 * time.Microsecond).String(), ""},
		{"parent's home, p99 at 300/s meanwhile", p99.Round(10 * time.Microsecond).String(), "unchanged"},
	}, os.Remove(to)
}

// grow fills the database file up to a gigabyte, in writes that are short enough for the server beside it.
func grow(ctx context.Context, database, path string) error {
	a, err := app.Open(ctx, app.Config{Database: database, Log: quiet(), HashParams: account.DefaultParams()})
	if err != nil {
		return err
	}
	words := strings.Repeat("The page did not say what to do next. ", 100)
	for {
		info, err := os.Stat(path)
		if err != nil || info.Size() >= gigabyte {
			return errors.Join(err, a.Close())
		}
		err = a.DB.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, pad, 2000, words)
			return err
		})
		if err != nil {
			return errors.Join(err, a.Close())
		}
	}
}
