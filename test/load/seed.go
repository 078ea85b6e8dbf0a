package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
)

// seed makes the district in an SQLite file at path. The hashes are made with the parameters of a real server: signing in costs what it costs.
func seed(ctx context.Context, path string, students int) (district, error) {
	d := district{database: "sqlite:" + path}
	a, err := app.Open(ctx, app.Config{
		Database: d.database, Log: quiet(), Temporary: true, HashParams: account.DefaultParams(),
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
	if err == nil {
		d.secret, err = authenticator(ctx, a, s.Staff)
	}
	d.students, d.parents, d.lines, d.logins, d.admin = s.Students, s.Contacts, s.Lines, s.Parents, s.Staff
	return d, errors.Join(err, a.Close())
}

// authenticator gives a member of staff an authenticator, as they would do it at their first sign-in, and returns its secret.
func authenticator(ctx context.Context, a *app.App, username string) (string, error) {
	in, err := a.Accounts.SignIn(ctx, account.Attempt{Kind: access.Staff, Username: username, Password: password})
	if err != nil {
		return "", fmt.Errorf("signing %s in: %w", username, err)
	}
	e, err := a.Accounts.BeginAuthenticator(ctx, in.Session)
	if err != nil {
		return "", err
	}
	secret := strings.ReplaceAll(e.Secret, " ", "")
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		return "", err
	}
	_, _, err = a.Accounts.ConfirmAuthenticator(ctx, in.Session, account.Client{}, code)
	return secret, err
}
