package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const bulkLogins = 1000

// All lines of the logins made last: those of the pages that are asked for meanwhile were made first.
const selectBulk = `select l.id
from student_contact l
join account_contact h on h.contact_id = l.contact_id
where h.account_id in (select id from account where kind = 'parent' order by id desc limit $1)
order by l.id`

// bulk resets 1,000 logins as a bulk act, which the running server does, while signed-in parents ask for their pages.
func bulk(ctx context.Context, s *server, d district, homes []string) (rows []row, err error) {
	a, err := app.Open(ctx, app.Config{Database: d.database, Log: quiet(), HashParams: account.DefaultParams()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	const rate, length = 100, 10 * time.Second
	idle, err := s.cpuOf(func() error { _, err := open(ctx, s.addr, homes, rate, length); return err })
	if err != nil {
		return nil, err
	}
	var p99 time.Duration
	var took time.Duration
	spent, err := s.cpuOf(func() error {
		asked := make(chan error, 1)
		go func() {
			var err error
			took, err = resetMany(ctx, a)
			asked <- err
		}()
		var err error
		p99, err = open(ctx, s.addr, homes, rate, length)
		return errors.Join(err, <-asked)
	})
	if err != nil {
		return nil, err
	}
	return []row{
		{"reset of 1,000 logins as a bulk act", fmt.Sprintf("%.1f s, %.1f s CPU", took.Seconds(), max(0, spent-idle).Seconds()), "<= 10 s of two cores"},
		{"parent's home, p99 at 100/s meanwhile", p99.Round(10 * time.Microsecond).String(), "<= 50 ms"},
	}, nil
}

// resetMany begins the act and waits for its end.
func resetMany(ctx context.Context, a *app.App) (time.Duration, error) {
	system := access.Actor{Kind: access.System, Username: "load"}
	var lines []int64
	err := a.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		lines, err = sqldb.All(ctx, tx, func(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }, selectBulk, bulkLogins)
		return err
	})
	if err != nil {
		return 0, err
	}
	id, err := a.Family.AskBulk(ctx, system, family.BulkOrder{Act: family.BulkReset, Lines: lines})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := a.Family.BeginBulk(ctx, system, id, len(lines)); err != nil {
		return 0, err
	}
	for time.Since(began) < time.Minute {
		b, _, err := a.Family.Bulk(ctx, system, id)
		if err != nil || b.State == family.BulkDone {
			return time.Since(began), err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return 0, errors.New("the bulk act does not end")
}

// cpuOf is what the server computed while fn ran.
func (s *server) cpuOf(fn func() error) (time.Duration, error) {
	before, err := s.cpuTime()
	if err != nil {
		return 0, err
	}
	if err := fn(); err != nil {
		return 0, err
	}
	after, err := s.cpuTime()
	return after - before, err
}
