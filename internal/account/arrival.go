package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// arrival is somebody who has signed in, with all that is asked of them, and the browser they came with.
type arrival struct {
	account  Account
	sum      []byte // of the browser's cookie, nil for none that we made
	known    bool   // to the account
	device   string // the browser's cookie from now on
	password bool   // the password was part of it: its failures are forgotten
}

// arriving reads who is on the way in and whether their browser is known to them. It returns fault.Unauthenticated when the account is no longer what
// the session was made for.
func (a *Accounts) arriving(ctx context.Context, s Session, c Client) (arrival, error) {
	by := arrival{sum: a.device(s.Kind, c.Device), password: true}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if by.account, err = a.current(ctx, tx, s); err != nil {
			return err
		}
		by.known, err = a.knows(ctx, tx, by.account, by.sum)
		return err
	})
	by.device = a.deviceToken(s.Kind, c, by.sum)
	return by, err
}

func (a *Accounts) knows(ctx context.Context, tx *sqldb.Tx, account Account, sum []byte) (bool, error) {
	n, err := sqldb.Value[int64](ctx, tx, countDevice, account.ID, orEmpty(sum), a.now().UnixMicro())
	return n > 0, err
}

func (a *Accounts) deviceToken(kind access.Kind, c Client, sum []byte) string {
	if sum != nil {
		return c.Device
	}
	return a.newDevice(kind)
}

// welcome notes a complete sign-in and its browser, forgets the failures before it, and tells the person when the browser is a new one.
func (a *Accounts) welcome(ctx context.Context, tx *sqldb.Tx, by arrival) error {
	if _, err := tx.Exec(ctx, signedIn, by.account.ID, a.now().UnixMicro()); err != nil {
		return err
	}
	if err := a.remember(ctx, tx, by.account, by.device); err != nil {
		return err
	}
	if by.password {
		_, err := tx.Exec(ctx, deleteThrottles, a.bucket(accountBucket, by.account.ID), a.deviceKey(deviceBucket, by.account.ID, by.sum), "")
		if err != nil {
			return err
		}
	}
	if by.known || by.account.LastSignIn.IsZero() {
		return nil
	}
	return a.people.Notify(ctx, tx, by.account, NewDevice)
}

// remember makes the browser a known one.
func (a *Accounts) remember(ctx context.Context, tx *sqldb.Tx, account Account, device string) error {
	now := a.now()
	_, err := tx.Exec(ctx, upsertDevice, account.ID, a.device(account.Kind, device), now.UnixMicro(), now.Add(DeviceLife).UnixMicro())
	return err
}
