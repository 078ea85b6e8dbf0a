package browser

import (
	"context"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Staff whose sign-in is of more than one step: one has an authenticator and a passkey, one has yet to set something up.
const (
	factorUsername = "rosa.desk"
	enrolUsername  = "nina.new"
)

// createStaff makes them.
func (t *Tour) createStaff(ctx context.Context) error {
	for _, n := range []account.NewStaff{
		{Username: factorUsername, Name: "Rosa Desk", Email: "rosa@school.example"}, {Username: enrolUsername, Name: "Nina New", Email: "nina@school.example"},
	} {
		n.Password, n.Role, n.Schools = StaffPassword, access.Administrator, access.Everywhere()
		if _, err := t.Accounts.CreateStaff(ctx, access.Actor{Kind: access.System}, n); err != nil {
			return err
		}
	}
	in, err := t.Accounts.SignIn(ctx, account.Attempt{Kind: access.Staff, Username: factorUsername, Password: StaffPassword})
	if err != nil {
		return err
	}
	e, err := t.Accounts.BeginAuthenticator(ctx, in.Session)
	if err != nil {
		return err
	}
	t.app.secret = strings.ReplaceAll(e.Secret, " ", "")
	if _, _, err = t.Accounts.ConfirmAuthenticator(ctx, in.Session, account.Client{}, t.app.code(t.School)); err != nil {
		return err
	}
	// What a browser would have made: the tour only looks at it.
	return t.change(ctx, `insert into passkey (account_id, credential_id, name, credential, created_at) values ($1, $2, 'Firefox, Windows', '{}', $3)`,
		in.Session.AccountID, []byte("tour"), t.Now().UnixMicro())
}

// authenticator is an authenticator app with one login in it.
type authenticator struct {
	secret string
	step   int64 // the newest whose code was given
}

// code is one that was not given before: where the present one was, the school's clock moves on. It is "" for a secret that is none.
func (a *authenticator) code(s *School) string {
	const step = 30 * time.Second
	for s.Now().Unix()/int64(step.Seconds()) <= a.step {
		s.Later(step)
	}
	a.step = s.Now().Unix() / int64(step.Seconds())
	code, _ := totp.GenerateCode(a.secret, s.Now())
	return code
}

func (t *Tour) change(ctx context.Context, query string, args ...any) error {
	return t.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}
