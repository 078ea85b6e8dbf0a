package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// studentsMay reports whether students of a school may sign in, by what the school says: "yes", "no", or "" for as the district has decided.
func (f *Family) studentsMay(school string) bool {
	switch school {
	case "yes":
		return true
	case "no":
		return false
	}
	return f.settings.Values().StudentLogins
}

// StudentMayEnter implements account.People: it reports whether the school of the account's student lets students sign in. An account that is
// none is answered by what the district has decided.
func (f *Family) StudentMayEnter(ctx context.Context, account int64) (bool, error) {
	var school string
	err := f.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		school, err = sqldb.Value[string](ctx, tx, selectSwitchOfAccount, account)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	return f.studentsMay(school), nil
}

// studentLoginsOn returns fault.Forbidden where the student's school has switched student logins off.
func (f *Family) studentLoginsOn(ctx context.Context, tx *sqldb.Tx, student int64) error {
	school, err := sqldb.Value[string](ctx, tx, selectSwitchOfStudent, student)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if !f.studentsMay(school) {
		return fault.Forbiddenf("student logins are switched off")
	}
	return nil
}
