package account

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Standing is how a login stands, for staff who help its owner.
type Standing struct {
	PasswordSet   time.Time // zero for none, or one from before this was noted
	TemporaryFrom time.Time // when the temporary password was made; zero for none
	TemporaryTo   time.Time // until when it works
	Authenticator bool
	Passkeys      int
	Devices       int       // that are known
	Sessions      int       // open now
	LockedUntil   time.Time // zero for not locked; Never for a password that is off
}

// Standing returns how an account's login stands. It returns fault.NotFound for none.
func (a *Accounts) Standing(ctx context.Context, tx *sqldb.Tx, id int64) (Standing, error) {
	s, err := sqldb.One(ctx, tx, func(r *sql.Rows) (s Standing, err error) {
		err = r.Scan(&moment{&s.PasswordSet}, &moment{&s.TemporaryFrom}, &moment{&s.TemporaryTo}, &s.Authenticator, &s.Passkeys, &s.Devices, &s.Sessions)
		return s, err
	}, selectStanding, id, a.now().UnixMicro())
	if err != nil {
		return s, err
	}
	locked, err := a.LockedUntil(ctx, tx, []int64{id})
	s.LockedUntil = locked[id]
	return s, err
}
