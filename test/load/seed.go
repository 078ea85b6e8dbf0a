package main

import (
	"context"
	"errors"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
)

// seed makes the district in an SQLite file at path. The hashes are made with the parameters of a real server: signing in costs what it costs.
func seed(ctx context.Context, path string, students int) (district, error) {
	d := district{database: "sqlite:" + path}
	a, err := app.Open(ctx, app.Config{
		PasswordsSuffice: true,
		Database:         d.database, Log: quiet(), Temporary: true, HashParams: account.DefaultParams(),
	})
	if err != nil {
		return d, err
	}
	s, err := a.Seed(ctx, students, 0)
	if err == nil { // one member of staff asks for more pages than a person can
		v := *a.Settings.Values()
		v.StaffSearches = 1_000_000
		err = a.Settings.Change(ctx, access.Actor{Kind: access.System}, v)
	}
	d.students, d.parents, d.lines, d.logins, d.admin = s.Students, s.Contacts, s.Lines, s.Parents, s.Staff
	return d, errors.Join(err, a.Close())
}
