package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// EndPassword ends the permanent and the temporary password of an account with its sessions; a new temporary password is the way back in. It
// returns the credential version that the account has now, fault.NotFound for no account and fault.Conflict for a disabled one.
func (a *Accounts) EndPassword(ctx context.Context, tx *sqldb.Tx, id int64) (int64, error) {
	version, err := sqldb.Value[int64](ctx, tx, endPassword, id)
	if fault.Is(err, fault.NotFound) {
		return 0, fault.Conflictf("the account is gone or disabled")
	}
	if err != nil {
		return 0, err
	}
	return version, a.endAll(ctx, tx, id)
}

// Disable closes an account with its sessions and its temporary password until Enable. The reason is for staff. It returns fault.Conflict
// for an account that is gone or disabled.
func (a *Accounts) Disable(ctx context.Context, tx *sqldb.Tx, id int64, reason string) error {
	n, err := tx.Exec(ctx, disableAccount, id, reason)
	if err == nil && n == 0 {
		err = fault.Conflictf("the account is gone or disabled")
	}
	if err != nil {
		return err
	}
	return a.endAll(ctx, tx, id)
}

// Enable opens a disabled account again. One that was never claimed waits once more, as long as a new one. It returns fault.Conflict for an
// account that is not disabled.
func (a *Accounts) Enable(ctx context.Context, tx *sqldb.Tx, id int64) error {
	n, err := tx.Exec(ctx, enableAccount, id, a.now().Add(a.settings.Values().ClaimWithin).UnixMicro())
	if err == nil && n == 0 {
		err = fault.Conflictf("the account is not disabled")
	}
	return err
}

// Unlock forgets the wrong passwords counted for an account, so that it may be tried again at once. It reports false where nothing was
// locked. A password that is off stays off (NIST SP 800-63B-4 §3.2.2): then it returns fault.Conflict.
func (a *Accounts) Unlock(ctx context.Context, tx *sqldb.Tx, id int64) (bool, error) {
	locked, err := a.LockedUntil(ctx, tx, []int64{id})
	if err != nil {
		return false, err
	}
	until, was := locked[id]
	if until.Equal(Never()) {
		return false, fault.Conflictf("the password is off until a new one is set")
	}
	return was, a.clear(ctx, tx, id)
}

// endAll ends sessions, the temporary password and what was counted.
func (a *Accounts) endAll(ctx context.Context, tx *sqldb.Tx, id int64) error {
	for _, query := range []string{deleteSessions, deleteTemporary} {
		if _, err := tx.Exec(ctx, query, id); err != nil {
			return err
		}
	}
	return a.clear(ctx, tx, id)
}
