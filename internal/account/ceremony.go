package account

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Ceremony is a WebAuthn ceremony under way: Options is the JSON for navigator.credentials, Token goes back with the browser's answer.
type Ceremony struct {
	Token   string
	Options []byte
}

const (
	ceremonyLife  = 5 * time.Minute
	longestAnswer = 64 << 10 // bytes
)

// What ceremonies are for.
const (
	toRegister = "register"
	toProve    = "prove"
	toSignIn   = "sign in " // and the kind of account
)

// begin keeps what the browser is asked, for its answer to be compared with. The session is the zero one for a sign-in.
func (a *Accounts) begin(ctx context.Context, tx *sqldb.Tx, s Session, purpose string, options any, data *webauthn.SessionData) (Ceremony, error) {
	asked, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, err
	}
	kept, err := json.Marshal(data)
	if err != nil {
		return Ceremony{}, err
	}
	token := base64.RawURLEncoding.EncodeToString(random(32))
	id := tokenHash(token)
	_, err = tx.Exec(ctx, insertCeremony, id[:], sql.NullInt64{Int64: s.AccountID, Valid: s.AccountID != 0}, s.Number, purpose, string(kept),
		a.now().Add(ceremonyLife).UnixMicro())
	return Ceremony{Token: token, Options: asked}, err
}

// end takes the ceremony, whatever the answer is worth: each can be answered once. It returns fault.NotFound for none, one too old, of somebody
// else or for something else.
func (a *Accounts) end(ctx context.Context, s Session, purpose, token string) (data webauthn.SessionData, err error) {
	id := tokenHash(token)
	var kept string
	err = a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		kept, err = sqldb.Value[string](ctx, tx, takeCeremony, id[:], s.AccountID, s.Number, purpose, a.now().UnixMicro())
		return err
	})
	if err == nil {
		err = json.Unmarshal([]byte(kept), &data)
	}
	return data, err
}

// passkeyUse is a passkey that signed, as it was before and is afterwards.
type passkeyUse struct {
	id            int64
	before, after string
}

// refusedPasskey says why, for staff alone.
type refusedPasskey string

func (r refusedPasskey) Error() string { return string(r) }

// registered verifies the answer to a registration.
func registered(site *webauthn.WebAuthn, h holder, data webauthn.SessionData, answer []byte) (*webauthn.Credential, error) {
	if len(answer) > longestAnswer {
		return nil, refusedPasskey("answer too long")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, refusedPasskey("not an answer")
	}
	credential, err := site.CreateCredential(h, data, parsed)
	if err != nil {
		return nil, refusedPasskey("not verified: " + clip(err.Error(), 200))
	}
	return credential, nil
}

// asserted verifies a signature. The holder is asked for by credential and user handle, for a sign-in without a username; of a ceremony that was begun
// for an account it must be that.
func asserted(site *webauthn.WebAuthn, data webauthn.SessionData, answer []byte, find webauthn.DiscoverableUserHandler) (passkeyUse, error) {
	if len(answer) > longestAnswer {
		return passkeyUse{}, refusedPasskey("answer too long")
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return passkeyUse{}, refusedPasskey("not an answer")
	}
	var credential *webauthn.Credential
	user, err := find(parsed.RawID, parsed.Response.UserHandle)
	if err != nil {
		return passkeyUse{}, err
	}
	if len(data.UserID) > 0 {
		credential, err = site.ValidateLogin(user, data, parsed)
	} else {
		_, credential, err = site.ValidatePasskeyLogin(func([]byte, []byte) (webauthn.User, error) { return user, nil }, data, parsed)
	}
	switch {
	case err != nil:
		return passkeyUse{}, refusedPasskey("not verified: " + clip(err.Error(), 200))
	case credential.Authenticator.CloneWarning:
		return passkeyUse{}, refusedPasskey("sign counter")
	}
	return used(user, credential)
}

// used finds the stored passkey that a verified credential is.
func used(user webauthn.User, credential *webauthn.Credential) (passkeyUse, error) {
	h, ok := user.(holder)
	if !ok {
		return passkeyUse{}, refusedPasskey("no holder")
	}
	after, err := json.Marshal(credential)
	if err != nil {
		return passkeyUse{}, err
	}
	for _, p := range h.passkeys {
		if bytes.Equal(p.credential.ID, credential.ID) {
			return passkeyUse{id: p.ID, before: p.text, after: string(after)}, nil
		}
	}
	return passkeyUse{}, refusedPasskey("unknown passkey")
}

// signingIn is the purpose of a sign-in of that kind, which is refused for others than people.
func signingIn(kind access.Kind) (string, error) {
	switch kind {
	case access.Parent, access.Student, access.Staff:
		return toSignIn + string(kind), nil
	}
	return "", fault.NotFoundf("nobody of this kind signs in")
}
