package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The second factors as the log names them.
const (
	byAuthenticator = "authenticator"
	byRecoveryCode  = "recovery code"
	byPasskey       = "passkey"
)

// proof is a second factor that was compared and found right, yet to be taken: each counts once.
type proof struct {
	factor string // "" for a wrong one
	step   int64
	hash   []byte
	used   passkeyUse
}

// SecondStep takes a code of the authenticator or a recovery code from a session of the stage SecondStep and opens a full one in its place. It
// returns fault.Invalid with a problem on "code" for a wrong one, also while too many wrong ones were given, fault.Unauthenticated when the session has ended.
func (a *Accounts) SecondStep(ctx context.Context, s Session, c Client, code string) (SignedIn, error) {
	if s.Stage != SecondStep {
		return SignedIn{}, signedOut()
	}
	by, err := a.arriving(ctx, s, c)
	if err != nil {
		return SignedIn{}, err
	}
	own := a.bucket(secondBucket, s.AccountID)
	key, account := own, ""
	if by.known {
		key, account = a.deviceKey(secondDeviceBucket, s.AccountID, by.sum), own
	}
	p, n, err := a.compare(ctx, by.account, key, account, code)
	if err != nil {
		return SignedIn{}, err
	}
	if p.factor == "" {
		return SignedIn{}, a.wrong(ctx, s, c, by.account, "second_step", n)
	}
	in, err := a.enter(ctx, s, c, by, p)
	if fault.Is(err, fault.Invalid) { // somebody else was faster with the same code
		return SignedIn{}, a.wrong(ctx, s, c, by.account, "second_step", n)
	}
	return in, err
}

// compare reserves one attempt before it compares the code, so that parallel attempts cannot beat the counter. It returns the number of attempts in a
// row, 0 when the bucket is closed and nothing was compared.
func (a *Accounts) compare(ctx context.Context, account Account, key, closing, code string) (proof, int64, error) {
	typed := compact(code)
	if typed == "" {
		return proof{}, 0, fault.InvalidFields(fault.Problem{Field: "code", Key: "problem.empty"})
	}
	n, err := a.attempt(ctx, key, closing)
	if err != nil || n == 0 {
		return proof{}, n, err
	}
	var p proof
	if plain, ok := spelt(code, recoveryLength); ok {
		hash := a.recoveryHash(account.ID, plain)
		err := a.db.Look(ctx, func(tx *sqldb.Tx) error {
			found, err := sqldb.Value[int64](ctx, tx, countRecoveryCode, account.ID, hash)
			if found > 0 {
				p = proof{factor: byRecoveryCode, hash: hash}
			}
			return err
		})
		return p, n, err
	}
	var stored secret
	err = a.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		stored, err = sqldb.One(ctx, tx, scanSecret, selectSecret, account.ID)
		return err
	})
	if fault.Is(err, fault.NotFound) { // there are passkeys alone
		return proof{}, n, nil
	}
	if err != nil {
		return proof{}, n, err
	}
	if p.step, err = a.step(account.ID, stored.sealed, typed, stored.step); p.step > 0 {
		p.factor = byAuthenticator
	}
	return p, n, err
}

// take consumes a proof. It returns fault.Invalid when somebody else was faster.
func (a *Accounts) take(ctx context.Context, tx *sqldb.Tx, account Account, actor access.Actor, p proof) error {
	var n int64
	var err error
	switch p.factor {
	case byAuthenticator:
		n, err = tx.Exec(ctx, raiseStep, account.ID, p.step)
	case byRecoveryCode:
		n, err = tx.Exec(ctx, takeRecoveryCode, account.ID, p.hash)
	case byPasskey:
		n, err = tx.Exec(ctx, usePasskey, p.used.id, p.used.before, p.used.after, a.now().UnixMicro())
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return wrongCode()
	}
	if p.factor != byRecoveryCode {
		return nil
	}
	if err := a.people.Notify(ctx, tx, account, RecoveryCodeUsed); err != nil {
		return err
	}
	return a.log.Record(ctx, tx, a.own(actor, "recovery_code.used", nil))
}

// enter completes a sign-in: the session of the second step gives way to a full one, unless either has ended meanwhile.
func (a *Accounts) enter(ctx context.Context, s Session, c Client, by arrival, p proof) (SignedIn, error) {
	o := a.full(by.account, c, s.Keep)
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := orSignedOut(tx.Exec(ctx, deleteNumber, s.AccountID, s.Number)); err != nil {
			return err
		}
		if err := a.insert(ctx, tx, o); err != nil {
			return err
		}
		if err := a.take(ctx, tx, by.account, o.Session.Actor(c, a.now()), p); err != nil {
			return err
		}
		if p.factor != byPasskey {
			_, err := tx.Exec(ctx, deleteThrottles, a.bucket(secondBucket, s.AccountID), a.deviceKey(secondDeviceBucket, s.AccountID, by.sum), "")
			if err != nil {
				return err
			}
		}
		if err := a.log.Record(ctx, tx, a.complete(o, c, by, p.factor)); err != nil {
			return err
		}
		return a.welcome(ctx, tx, by)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Token: o.token, Device: by.device, Session: o.Session}, nil
}

// wrong notes a second factor that was refused, and returns what the person is told. Whoever gives wrong codes knows the password: the owner is
// told when the free ones are used up.
func (a *Accounts) wrong(ctx context.Context, s Session, c Client, account Account, action string, n int64) error {
	outcome := "failed"
	if n == 0 {
		outcome = throttled
	}
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if n == firstDelayed {
			if err := a.people.Notify(ctx, tx, account, CodesRefused); err != nil {
				return err
			}
		}
		return a.log.Record(ctx, tx, audit.Event{Actor: s.Actor(c, a.now()), Action: action, TargetKind: "account", TargetID: account.ID, Outcome: outcome})
	})
	if err != nil {
		return err
	}
	return wrongCode()
}
