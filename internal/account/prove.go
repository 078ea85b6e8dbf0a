package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Prove takes password and, where there is a second factor, its code once more from a full session, and makes the session fresh. It returns
// fault.Invalid with problems on "current_password" or "code", fault.Unauthenticated when the session has ended. The code is not looked at unless the
// password is right.
func (a *Accounts) Prove(ctx context.Context, s Session, c Client, current, code string) (Session, error) {
	o, err := a.confirming(ctx, s)
	if err != nil {
		return Session{}, err
	}
	right, err := a.confirm(ctx, o, c, current, func() {})
	if err != nil {
		return Session{}, err
	}
	if !right {
		return Session{}, fault.InvalidFields(wrongCurrent())
	}
	if !o.account.HasFactor {
		return a.proved(ctx, s, c, o.account, proof{})
	}
	p, n, err := a.compare(ctx, o.account, a.bucket(proveBucket, s.AccountID), "", code)
	if err != nil {
		return Session{}, err
	}
	if p.factor == "" {
		return Session{}, a.wrong(ctx, s, c, o.account, "session.proved", n)
	}
	fresh, err := a.proved(ctx, s, c, o.account, p)
	if fault.Is(err, fault.Invalid) { // somebody else was faster with the same code
		return Session{}, a.wrong(ctx, s, c, o.account, "session.proved", n)
	}
	return fresh, err
}

// proved makes this session fresh, and no other.
func (a *Accounts) proved(ctx context.Context, s Session, c Client, account Account, p proof) (Session, error) {
	s.ProvedAt = a.now()
	actor := s.Actor(c, a.now())
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := orSignedOut(tx.Exec(ctx, proveSession, s.AccountID, s.Number, s.Credential, s.ProvedAt.UnixMicro())); err != nil {
			return err
		}
		detail := map[string]any{"factor": "none"}
		if p.factor != "" {
			detail["factor"] = p.factor
			if err := a.take(ctx, tx, account, actor, p); err != nil {
				return err
			}
		}
		if p.factor == byAuthenticator || p.factor == byRecoveryCode {
			if err := a.clear(ctx, tx, s.AccountID, proveBucket); err != nil {
				return err
			}
		}
		return a.log.Record(ctx, tx, a.own(actor, "session.proved", detail))
	})
	if err != nil {
		return Session{}, err
	}
	return s, nil
}
