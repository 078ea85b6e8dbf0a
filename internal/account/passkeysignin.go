package account

import (
	"context"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// BeginPasskeySignIn begins a sign-in without a username. It returns fault.NotFound where passkeys are not possible.
func (a *Accounts) BeginPasskeySignIn(ctx context.Context, kind access.Kind) (Ceremony, error) {
	site, err := a.passkeySite()
	if err != nil {
		return Ceremony{}, err
	}
	purpose, err := signingIn(kind)
	if err != nil {
		return Ceremony{}, err
	}
	options, data, err := site.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, err
	}
	var c Ceremony
	err = a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		c, err = a.begin(ctx, tx, Session{}, purpose, options, data)
		return err
	})
	return c, err
}

// PasskeySignIn signs in by a passkey with user verification, which is both factors. It returns fault.Unauthenticated with one constant text
// for every reason. Wrong passwords of the account do not matter, and stay counted.
func (a *Accounts) PasskeySignIn(ctx context.Context, kind access.Kind, keep bool, c Client, token string, answer []byte) (SignedIn, error) {
	var by arrival
	use, err := a.discovered(ctx, kind, c, token, answer, &by)
	if err == nil {
		var in SignedIn
		in, err = a.enterByPasskey(ctx, keep, c, by, proof{factor: byPasskey, used: use})
		if err == nil {
			return in, nil
		}
		if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Invalid) {
			err = refusedPasskey(overtaken)
		}
	}
	why, ok := errors.AsType[refusedPasskey](err)
	if !ok {
		return SignedIn{}, err
	}
	return SignedIn{}, a.failPasskey(ctx, kind, c, by.account.ID, why)
}

// discovered verifies the answer and finds out whose it is. It returns why not as a refusedPasskey.
func (a *Accounts) discovered(ctx context.Context, kind access.Kind, c Client, token string, answer []byte, by *arrival) (passkeyUse, error) {
	site, err := a.passkeySite()
	if err != nil {
		return passkeyUse{}, refusedPasskey("not possible here")
	}
	purpose, err := signingIn(kind)
	if err != nil {
		return passkeyUse{}, refusedPasskey("not a kind of login")
	}
	data, err := a.end(ctx, Session{}, purpose, token)
	if fault.Is(err, fault.NotFound) {
		return passkeyUse{}, refusedPasskey("no such ceremony")
	}
	if err != nil {
		return passkeyUse{}, err
	}
	use, err := asserted(site, data, answer, func(id, _ []byte) (webauthn.User, error) {
		var h holder
		err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			h, err = a.holderOf(ctx, tx, id)
			if err != nil {
				return err
			}
			*by = arrival{account: h.account, sum: a.device(kind, c.Device)}
			by.known, err = a.knows(ctx, tx, h.account, by.sum)
			return err
		})
		if fault.Is(err, fault.NotFound) {
			err = refusedPasskey("unknown passkey")
		}
		return h, err
	})
	if err != nil {
		return passkeyUse{}, err
	}
	by.device = a.deviceToken(kind, c, by.sum)
	return use, a.mayEnter(by.account, kind)
}

// mayEnter returns why the owner of a right passkey is not let in, as a refusedPasskey.
func (a *Accounts) mayEnter(account Account, kind access.Kind) error {
	switch {
	case account.Kind != kind:
		return refusedPasskey("another kind of login")
	case account.State != Active, !account.openAt(a.now()), kind == access.Student && !a.settings.Values().StudentLogins:
		return refusedPasskey(disabled)
	}
	return nil
}

func (a *Accounts) holderOf(ctx context.Context, tx *sqldb.Tx, credential []byte) (holder, error) {
	id, err := sqldb.Value[int64](ctx, tx, selectHolder, credential)
	if err != nil {
		return holder{}, err
	}
	account, err := a.Account(ctx, tx, id)
	if err != nil {
		return holder{}, err
	}
	return a.holder(ctx, tx, account)
}

func (a *Accounts) enterByPasskey(ctx context.Context, keep bool, c Client, by arrival, p proof) (SignedIn, error) {
	o := a.full(by.account, c, keep)
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := a.insert(ctx, tx, o); err != nil {
			return err
		}
		if err := a.take(ctx, tx, by.account, o.Session.Actor(c, a.now()), p); err != nil {
			return err
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

// failPasskey notes a failure as fail does. The answer is the same for every reason.
func (a *Accounts) failPasskey(ctx context.Context, kind access.Kind, c Client, account int64, why refusedPasskey) error {
	address := access.Source(c.Address)
	defer a.turns.take("address " + address)()
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := a.countAddress(ctx, tx, address); err != nil {
			return err
		}
		return a.log.Record(ctx, tx, audit.Event{
			Actor:  access.Actor{Kind: access.Visitor, Address: c.Address, RequestID: c.RequestID},
			Action: string(kind) + ".sign_in", TargetKind: "account", TargetID: account, Outcome: "failed",
			Detail: map[string]any{"factor": byPasskey, "reason": string(why)},
		})
	})
	if err != nil {
		return err
	}
	return fault.Unauthenticatedf("the passkey was not accepted")
}
