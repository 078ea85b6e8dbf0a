package account

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Factors are an account's second factors as their owner sees them.
type Factors struct {
	Authenticator time.Time // since when codes of an authenticator app are asked for; zero for none
	RecoveryCodes int       // left
	Passkeys      []Passkey
	Required      bool // the last one cannot be removed
}

// count is how many factors there are; recovery codes are none of their own.
func (f Factors) count() int {
	n := len(f.Passkeys)
	if !f.Authenticator.IsZero() {
		n++
	}
	return n
}

// Factors returns the session's account's second factors. Who has given a password only is told which there are, but no names of passkeys. It
// returns fault.Unauthenticated when the session has ended or was born from a temporary password.
func (a *Accounts) Factors(ctx context.Context, s Session) (Factors, error) {
	if s.Stage == SetPassword {
		return Factors{}, signedOut()
	}
	var f Factors
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := a.current(ctx, tx, s); err != nil {
			return err
		}
		var err error
		f, err = a.factors(ctx, tx, s)
		return err
	})
	if s.Stage != Full {
		for i := range f.Passkeys {
			f.Passkeys[i] = Passkey{}
		}
	}
	return f, err
}

func (a *Accounts) factors(ctx context.Context, tx *sqldb.Tx, s Session) (Factors, error) {
	f, err := sqldb.One(ctx, tx, scanFactors, selectFactors, s.AccountID)
	if err != nil {
		return Factors{}, err
	}
	f.Required = a.needsFactor(s.Kind)
	stored, err := sqldb.All(ctx, tx, scanPasskey, selectPasskeys, s.AccountID)
	for _, p := range stored {
		f.Passkeys = append(f.Passkeys, p.Passkey)
	}
	return f, err
}

// mayEnrol returns fault.Stale unless the session is fresh, or there to set up a second factor.
func (a *Accounts) mayEnrol(s Session) error {
	if s.Stage == Enrol {
		return nil
	}
	return a.mayChange(s)
}

// mayChange returns fault.Stale unless the session is fresh, fault.Unauthenticated for one that is not full.
func (a *Accounts) mayChange(s Session) error {
	switch {
	case s.Stage != Full:
		return signedOut()
	case !s.fresh(a.now()):
		return fault.Stalef("password and second factor are needed again")
	}
	return nil
}

// factorChange is a change of somebody's second factors.
type factorChange struct {
	action string
	detail map[string]any
	notice Notice
	adds   bool
	do     func(tx *sqldb.Tx, account Account) error // writes it; its detail may still be added to
}

// changeFactors makes a change in one transaction with all that it entails: the credential version, the sessions, recovery codes for the first
// factor, the notice, the event; and the sign-in that waited for it. It returns fault.Unauthenticated when the session or what it was made for has
// ended meanwhile.
func (a *Accounts) changeFactors(ctx context.Context, s Session, c Client, f factorChange) ([]string, SignedIn, error) {
	by, err := a.arriving(ctx, s, c)
	if err != nil {
		return nil, SignedIn{}, err
	}
	after := by.account
	after.CredentialVersion++
	o := a.inPlaceOf(s, after, c)
	in := SignedIn{Token: o.token, Session: o.Session}
	var codes []string
	if f.adds && !by.account.HasFactor {
		codes = newRecoveryCodes()
	}
	if s.Stage == Enrol {
		in.Device = by.device
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := a.raise(ctx, tx, s); err != nil {
			return err
		}
		if err := orSignedOut(tx.Exec(ctx, deleteNumber, s.AccountID, s.Number)); err != nil {
			return err
		}
		if err := f.do(tx, by.account); err != nil {
			return err
		}
		if codes != nil {
			if err := a.storeRecoveryCodes(ctx, tx, s.AccountID, codes); err != nil {
				return err
			}
		}
		if err := a.replaceSessions(ctx, tx, o); err != nil {
			return err
		}
		if err := a.people.Notify(ctx, tx, after, f.notice); err != nil {
			return err
		}
		actor := o.Session.Actor(c, a.now())
		if err := a.log.Record(ctx, tx, a.own(actor, f.action, f.detail)); err != nil {
			return err
		}
		if s.Stage != Enrol {
			return nil
		}
		if err := a.log.Record(ctx, tx, a.complete(o, c, by, "new")); err != nil {
			return err
		}
		return a.welcome(ctx, tx, by)
	})
	if err != nil {
		return nil, SignedIn{}, err
	}
	return codes, in, nil
}

// raise ends all that was proved before: of two changes at once, the second finds itself signed out.
func (a *Accounts) raise(ctx context.Context, tx *sqldb.Tx, s Session) error {
	return orSignedOut(tx.Exec(ctx, raiseFrom, s.AccountID, s.Credential))
}

// orSignedOut returns fault.Unauthenticated when there was no such row any more.
func orSignedOut(rows int64, err error) error {
	if err == nil && rows == 0 {
		return signedOut()
	}
	return err
}

// inPlaceOf describes the full session that follows another one: no fresher than that, and living no longer, unless the sign-in begins with it.
func (a *Accounts) inPlaceOf(s Session, account Account, c Client) open {
	o := a.full(account, c, s.Keep)
	if s.Stage == Full {
		o.Session.Keep, o.Session.ExpiresAt, o.Session.ProvedAt = s.Keep, s.ExpiresAt, s.ProvedAt
	}
	return o
}

// complete is the event of a sign-in that is complete, and by what.
func (a *Accounts) complete(o open, c Client, by arrival, factor string) audit.Event {
	device := "unknown"
	if by.known {
		device = "known"
	}
	return a.own(o.Session.Actor(c, a.now()), string(o.Session.Kind)+".sign_in", map[string]any{"device": device, "factor": factor})
}
