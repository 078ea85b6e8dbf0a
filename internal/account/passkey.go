package account

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Passkey is a passkey as its owner sees it.
type Passkey struct {
	ID        int64
	Name      string
	CreatedAt time.Time
	UsedAt    time.Time // zero for never
}

const (
	maxPasskeys    = 10
	maxPasskeyName = 60 // code points
)

// BeginPasskey begins the registration of a passkey. It returns fault.Stale unless the session is fresh or of the stage Enrol, fault.Conflict when the
// account has ten already, fault.NotFound where passkeys are not possible, fault.Unauthenticated when the session has ended.
func (a *Accounts) BeginPasskey(ctx context.Context, s Session) (Ceremony, error) {
	if err := a.mayEnrol(s); err != nil {
		return Ceremony{}, err
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
		if len(h.passkeys) >= maxPasskeys {
			return tooManyPasskeys()
		}
		options, data, err := site.BeginRegistration(h, webauthn.WithCredentialParameters(algorithms()),
			webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()),
			webauthn.WithConveyancePreference(protocol.PreferNoAttestation), webauthn.WithRegistrationRelyingPartyName(a.siteName()))
		if err != nil {
			return err
		}
		c, err = a.begin(ctx, tx, s, toRegister, options, data)
		return err
	})
	return c, err
}

func tooManyPasskeys() error { return fault.Conflictf("there are %d passkeys already", maxPasskeys) }

// ownPasskeys reads the session's account with its passkeys.
func (a *Accounts) ownPasskeys(ctx context.Context, tx *sqldb.Tx, s Session) (holder, error) {
	account, err := a.current(ctx, tx, s)
	if err != nil {
		return holder{}, err
	}
	return a.holder(ctx, tx, account)
}

// AddPasskey stores the passkey that the browser made. Results as of ConfirmAuthenticator. It returns fault.Invalid when the answer does not
// fit the ceremony or the name is empty or too long (a problem on "name"), fault.Conflict when the account has ten already.
func (a *Accounts) AddPasskey(ctx context.Context, s Session, c Client, token, name string, answer []byte) ([]string, SignedIn, error) {
	if s.Stage != Enrol && s.Stage != Full {
		return nil, SignedIn{}, signedOut()
	}
	name, err := passkeyName(name)
	if err != nil {
		return nil, SignedIn{}, err
	}
	site, err := a.passkeySite()
	if err != nil {
		return nil, SignedIn{}, err
	}
	data, err := a.end(ctx, s, toRegister, token)
	if fault.Is(err, fault.NotFound) {
		return nil, SignedIn{}, passkeyRefused()
	}
	if err != nil {
		return nil, SignedIn{}, err
	}
	var h holder
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		h, err = a.ownPasskeys(ctx, tx, s)
		return err
	})
	if err != nil {
		return nil, SignedIn{}, err
	}
	credential, err := registered(site, h, data, answer)
	if why, ok := errors.AsType[refusedPasskey](err); ok {
		return nil, SignedIn{}, a.refuse(ctx, s, c, "passkey.added", why)
	}
	if err != nil {
		return nil, SignedIn{}, err
	}
	codes, in, err := a.addPasskey(ctx, s, c, name, credential)
	if fault.Is(err, fault.Conflict) && len(h.passkeys) < maxPasskeys { // somebody has it already
		return nil, SignedIn{}, a.refuse(ctx, s, c, "passkey.added", "known already")
	}
	return codes, in, err
}

func (a *Accounts) addPasskey(ctx context.Context, s Session, c Client, name string, credential *webauthn.Credential) ([]string, SignedIn, error) {
	text, err := json.Marshal(credential)
	if err != nil {
		return nil, SignedIn{}, err
	}
	return a.changeFactors(ctx, s, c, factorChange{
		action: "passkey.added", detail: map[string]any{"name": name}, notice: FactorAdded, adds: true,
		do: func(tx *sqldb.Tx, account Account) error {
			h, err := a.holder(ctx, tx, account)
			if err != nil {
				return err
			}
			if len(h.passkeys) >= maxPasskeys {
				return tooManyPasskeys()
			}
			_, err = tx.Exec(ctx, insertPasskey, s.AccountID, credential.ID, name, string(text), a.now().UnixMicro())
			return err
		},
	})
}

// refuse notes a passkey that was refused, and why, and returns what the person is told: nothing of that.
func (a *Accounts) refuse(ctx context.Context, s Session, c Client, action string, why refusedPasskey) error {
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		return a.log.Record(ctx, tx, audit.Event{Actor: s.Actor(c, a.now()), Action: action, TargetKind: "account", TargetID: s.AccountID,
			Outcome: "failed", Detail: map[string]any{"factor": byPasskey, "reason": string(why)}})
	})
	if err != nil {
		return err
	}
	return passkeyRefused()
}

func passkeyRefused() error {
	return fault.InvalidFields(fault.Problem{Key: "problem.passkey_refused"})
}

// passkeyName tidies the name that its owner gives a passkey.
func passkeyName(name string) (string, error) {
	if len(name) > 4*maxPasskeyName {
		return "", fault.InvalidFields(fault.Problem{Field: "name", Key: "problem.too_long", Args: []any{"Max", maxPasskeyName}})
	}
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	switch {
	case name == "":
		return "", fault.InvalidFields(fault.Problem{Field: "name", Key: "problem.empty"})
	case utf8.RuneCountInString(name) > maxPasskeyName:
		return "", fault.InvalidFields(fault.Problem{Field: "name", Key: "problem.too_long", Args: []any{"Max", maxPasskeyName}})
	}
	return name, nil
}

// RenamePasskey gives a passkey another name. It returns fault.NotFound for one that is not the owner's, fault.Invalid with a problem on "name",
// fault.Unauthenticated when the session has ended.
func (a *Accounts) RenamePasskey(ctx context.Context, s Session, c Client, id int64, name string) error {
	if s.Stage != Full {
		return signedOut()
	}
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := a.current(ctx, tx, s); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, renamePasskey, id, s.AccountID, name)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFoundf("no such passkey")
		}
		return a.log.Record(ctx, tx, a.own(s.Actor(c, a.now()), "passkey.renamed", map[string]any{"name": name}))
	})
}

// RemovePasskey ends the other sessions. Failures as of RemoveAuthenticator; fault.NotFound for one that is not the owner's.
func (a *Accounts) RemovePasskey(ctx context.Context, s Session, c Client, id int64) (SignedIn, error) {
	f := factorChange{action: "passkey.removed", detail: map[string]any{}}
	return a.removeFactor(ctx, s, c, f, func(tx *sqldb.Tx) error {
		name, err := sqldb.Value[string](ctx, tx, deletePasskey, id, s.AccountID)
		if fault.Is(err, fault.NotFound) {
			return fault.NotFoundf("no such passkey")
		}
		f.detail["name"] = name
		return err
	})
}
