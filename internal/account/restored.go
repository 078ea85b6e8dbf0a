package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// EndAll ends every session and every temporary password: after a restore nobody may go on with what had ended since the backup. Who was
// waiting registers again.
func (a *Accounts) EndAll(ctx context.Context, tx *sqldb.Tx) (sessions, temporary int64, err error) {
	if sessions, err = tx.Exec(ctx, deleteAllSessions); err != nil {
		return 0, 0, err
	}
	temporary, err = tx.Exec(ctx, deleteAllTemporary)
	return sessions, temporary, err
}
