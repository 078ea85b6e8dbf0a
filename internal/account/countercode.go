package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// MayEnterByCode lets the account's temporary password be entered without the username, as a one-time code. It must be the one that Issue gave
// the account in the same transaction: once that is used, replaced or expired, the code is dead too.
func (a *Accounts) MayEnterByCode(ctx context.Context, tx *sqldb.Tx, id int64, t Temporary) error {
	code, _ := temporaryShape(a.TemporaryPassword(t.Seed))
	_, err := tx.Exec(ctx, upsertCounterCode, a.codeHash(code), id, t.Serial)
	return err
}

// codeHash is what a one-time code is found by. Its slow hash is the temporary password's; with 78 random bits and a key outside the database this
// one needs to be none.
func (a *Accounts) codeHash(code string) []byte { return mac(a.keys.recovery, "counter", code) }

// SignInByCode is SignIn for a parent who has nothing but a one-time code, typed whichever way. It costs what a sign-in with a username costs,
// counts as one, and fails as one (fault.Unauthenticated), whatever is wrong.
func (a *Accounts) SignInByCode(ctx context.Context, code string, c Client) (SignedIn, error) {
	plain, ok := temporaryShape(code)
	username := ""
	err := a.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		username, err = sqldb.Value[string](ctx, tx, selectByCode, a.codeHash(plain), a.now().UnixMicro())
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return SignedIn{}, err
	}
	if !ok {
		plain = code
	}
	return a.SignIn(ctx, Attempt{Kind: access.Parent, Username: username, Password: plain, Client: c})
}
