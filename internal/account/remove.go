package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// RemoveFactors removes all second factors of an account, for somebody who lost them: authenticator, recovery codes, passkeys and what is under
// way. Its sessions end, and the counted failures of its second step are forgotten; the password stays. Whoever calls it has checked that it may
// be done, and records it. It returns fault.NotFound for no account.
func (a *Accounts) RemoveFactors(ctx context.Context, tx *sqldb.Tx, id int64) error {
	n, err := tx.Exec(ctx, raiseVersion, id)
	if err := orNotFound(n, err); err != nil {
		return err
	}
	for _, query := range []string{deleteAuthenticator, deleteRecoveryCodes, deletePasskeys, deleteCeremonies, deleteSessions} {
		if _, err := tx.Exec(ctx, query, id); err != nil {
			return err
		}
	}
	return a.clearCodes(ctx, tx, id)
}
