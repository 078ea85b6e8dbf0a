package account

import (
	"context"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// BeginProof begins a ceremony with one of the account's own passkeys, for SecondPasskey and ProvePasskey. It returns fault.NotFound where the
// account has none, fault.Unauthenticated when the session has ended.
func (a *Accounts) BeginProof(ctx context.Context, s Session) (Ceremony, error) {
	if s.Stage != SecondStep && s.Stage != Full {
		return Ceremony{}, signedOut()
	}
	site, err := a.passkeySite()
	if err != nil {
		return Ceremony{}, err
	}
	var c Ceremony
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		h, err := a.ownPasskeys(ctx, tx, s)
		if err != nil {
			return err
		}
		if len(h.passkeys) == 0 {
			return fault.NotFoundf("there is no passkey")
		}
		options, data, err := site.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationRequired))
		if err != nil {
			return err
		}
		c, err = a.begin(ctx, tx, s, toProve, options, data)
		return err
	})
	return c, err
}

// SecondPasskey is SecondStep by a passkey. It returns fault.Invalid when the answer does not fit the ceremony.
func (a *Accounts) SecondPasskey(ctx context.Context, s Session, c Client, token string, answer []byte) (SignedIn, error) {
	if s.Stage != SecondStep {
		return SignedIn{}, signedOut()
	}
	by, err := a.arriving(ctx, s, c)
	if err != nil {
		return SignedIn{}, err
	}
	use, err := a.ownAnswer(ctx, s, c, "second_step", token, answer)
	if err != nil {
		return SignedIn{}, err
	}
	in, err := a.enter(ctx, s, c, by, proof{factor: byPasskey, used: use})
	if fault.Is(err, fault.Invalid) {
		return SignedIn{}, a.refuse(ctx, s, c, "second_step", "used meanwhile")
	}
	return in, err
}

// ProvePasskey is Prove by a passkey with user verification. It returns fault.Invalid when the answer does not fit the ceremony.
func (a *Accounts) ProvePasskey(ctx context.Context, s Session, c Client, token string, answer []byte) (Session, error) {
	if s.Stage != Full {
		return Session{}, signedOut()
	}
	use, err := a.ownAnswer(ctx, s, c, "session.proved", token, answer)
	if err != nil {
		return Session{}, err
	}
	fresh, err := a.proved(ctx, s, c, Account{ID: s.AccountID}, proof{factor: byPasskey, used: use})
	if fault.Is(err, fault.Invalid) {
		return Session{}, a.refuse(ctx, s, c, "session.proved", "used meanwhile")
	}
	return fresh, err
}

// ownAnswer verifies the answer of one of the account's own passkeys.
func (a *Accounts) ownAnswer(ctx context.Context, s Session, c Client, action, token string, answer []byte) (passkeyUse, error) {
	site, err := a.passkeySite()
	if err != nil {
		return passkeyUse{}, err
	}
	data, err := a.end(ctx, s, toProve, token)
	if fault.Is(err, fault.NotFound) {
		return passkeyUse{}, a.refuse(ctx, s, c, action, "no such ceremony")
	}
	if err != nil {
		return passkeyUse{}, err
	}
	use, err := asserted(site, data, answer, func([]byte, []byte) (webauthn.User, error) {
		var h holder
		err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			h, err = a.ownPasskeys(ctx, tx, s)
			return err
		})
		return h, err
	})
	if why, ok := errors.AsType[refusedPasskey](err); ok {
		return passkeyUse{}, a.refuse(ctx, s, c, action, why)
	}
	return use, err
}
