package account

import (
	"context"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Recovery codes stand in for a lost telephone, each of them once (NIST SP 800-63B-4 §3.1.2: look-up secrets).
const (
	recoveryCodes  = 10
	recoveryLength = 12 // symbols, 58 bits
)

func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = spell(recoveryLength, func(uint32) []byte { return random(32) })
	}
	return codes
}

// recoveryHash is what a code is kept as. With 58 random bits and a key outside the database it needs no slow hash.
func (a *Accounts) recoveryHash(account int64, code string) []byte {
	return mac(a.keys.recovery, strconv.FormatInt(account, 10), code)
}

// storeRecoveryCodes replaces the account's codes.
func (a *Accounts) storeRecoveryCodes(ctx context.Context, tx *sqldb.Tx, account int64, codes []string) error {
	if _, err := tx.Exec(ctx, deleteRecoveryCodes, account); err != nil {
		return err
	}
	args := []any{account}
	for _, code := range codes {
		plain, _ := spelt(code, recoveryLength)
		args = append(args, a.recoveryHash(account, plain))
	}
	_, err := tx.Exec(ctx, insertRecoveryCodes, args...)
	return err
}

// NewRecoveryCodes replaces the recovery codes and ends the other sessions. It returns fault.Stale unless the session is fresh, fault.Conflict when
// there is no second factor that they could stand in for, fault.Unauthenticated when the session has ended.
func (a *Accounts) NewRecoveryCodes(ctx context.Context, s Session, c Client) ([]string, error) {
	if err := a.mayChange(s); err != nil {
		return nil, err
	}
	codes := newRecoveryCodes()
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		account, err := a.current(ctx, tx, s)
		if err != nil {
			return err
		}
		if !account.HasFactor {
			return fault.Conflictf("there is no second factor")
		}
		if err := a.raise(ctx, tx, s); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, deleteOthers, s.AccountID, s.Number); err != nil {
			return err
		}
		if err := orSignedOut(tx.Exec(ctx, carrySession, s.AccountID, s.Number, s.Credential+1)); err != nil {
			return err
		}
		if err := a.storeRecoveryCodes(ctx, tx, s.AccountID, codes); err != nil {
			return err
		}
		account.CredentialVersion++
		if err := a.people.Notify(ctx, tx, account, RecoveryCodesMade); err != nil {
			return err
		}
		return a.log.Record(ctx, tx, a.own(s.Actor(c, a.now()), "recovery_codes.made", nil))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}
