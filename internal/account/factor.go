package account

import (
	"context"
	"errors"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
)

var errNotBuilt = errors.New("not built")

// Factors are an account's second factors as their owner sees them.
type Factors struct {
	Authenticator time.Time // since when codes of an authenticator app are asked for; zero for none
	RecoveryCodes int       // left
	Passkeys      []Passkey
	Required      bool // the last one cannot be removed
}

// Passkey is a passkey as its owner sees it.
type Passkey struct {
	ID        int64
	Name      string
	CreatedAt time.Time
	UsedAt    time.Time // zero for never
}

// Enrolment is an authenticator about to be set up: the secret to type or to scan.
type Enrolment struct {
	Secret string // base32, in fours with blanks
	URI    string // otpauth://…, for the QR
}

// Ceremony is a WebAuthn ceremony under way: Options is the JSON for navigator.credentials, Token goes back with the browser's answer.
type Ceremony struct {
	Token   string
	Options []byte
}

// Factors returns the session's account's second factors.
func (a *Accounts) Factors(ctx context.Context, s Session) (Factors, error) {
	return Factors{}, errNotBuilt
}

// BeginAuthenticator makes a secret, in place of one that was never confirmed, and returns the one under way until it is confirmed or older
// than stepLife. It returns fault.Stale unless the session is fresh or of the stage Enrol, fault.Conflict when there is an authenticator already.
func (a *Accounts) BeginAuthenticator(ctx context.Context, s Session) (Enrolment, error) {
	return Enrolment{}, errNotBuilt
}

// ConfirmAuthenticator takes the first code of the app. It returns the new session (full), which replaces all others, and, if this is the
// account's first factor, ten recovery codes, shown once. It returns fault.Invalid with a problem on "code" for a wrong one.
func (a *Accounts) ConfirmAuthenticator(ctx context.Context, s Session, c Client, code string) ([]string, SignedIn, error) {
	return nil, SignedIn{}, errNotBuilt
}

// RemoveAuthenticator ends the other sessions. It returns fault.Stale unless the session is fresh, fault.Conflict when it is the last
// factor of somebody who needs one.
func (a *Accounts) RemoveAuthenticator(ctx context.Context, s Session, c Client) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// NewRecoveryCodes replaces the recovery codes. It returns fault.Stale unless the session is fresh.
func (a *Accounts) NewRecoveryCodes(ctx context.Context, s Session, c Client) ([]string, error) {
	return nil, errNotBuilt
}

// BeginPasskey begins the registration of a passkey. It returns fault.Stale unless the session is fresh or of the stage Enrol.
func (a *Accounts) BeginPasskey(ctx context.Context, s Session) (Ceremony, error) {
	return Ceremony{}, errNotBuilt
}

// AddPasskey stores the passkey that the browser made. Results as of ConfirmAuthenticator. It returns fault.Invalid when the answer does not
// fit the ceremony or the name is empty or too long.
func (a *Accounts) AddPasskey(ctx context.Context, s Session, c Client, token, name string, answer []byte) ([]string, SignedIn, error) {
	return nil, SignedIn{}, errNotBuilt
}

// RenamePasskey gives a passkey another name. It returns fault.NotFound for one that is not the owner's.
func (a *Accounts) RenamePasskey(ctx context.Context, s Session, c Client, id int64, name string) error {
	return errNotBuilt
}

// RemovePasskey ends the other sessions. Failures as of RemoveAuthenticator; fault.NotFound for one that is not the owner's.
func (a *Accounts) RemovePasskey(ctx context.Context, s Session, c Client, id int64) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// BeginPasskeySignIn begins a sign-in without a username.
func (a *Accounts) BeginPasskeySignIn(ctx context.Context, kind access.Kind) (Ceremony, error) {
	return Ceremony{}, errNotBuilt
}

// PasskeySignIn signs in by a passkey with user verification, which is both factors. It returns fault.Unauthenticated with one constant text
// for every reason.
func (a *Accounts) PasskeySignIn(ctx context.Context, kind access.Kind, keep bool, c Client, token string, answer []byte) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// BeginProof begins a ceremony with one of the account's own passkeys, for SecondPasskey and ProvePasskey. It returns fault.NotFound where the
// account has none.
func (a *Accounts) BeginProof(ctx context.Context, s Session) (Ceremony, error) {
	return Ceremony{}, errNotBuilt
}

// SecondStep takes a code of the authenticator or a recovery code from a session of the stage SecondStep and opens a full one in its place. It
// returns fault.Invalid with a problem on "code" for a wrong one, also while too many wrong ones were given, fault.Unauthenticated when the session has ended.
func (a *Accounts) SecondStep(ctx context.Context, s Session, c Client, code string) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// SecondPasskey is SecondStep by a passkey.
func (a *Accounts) SecondPasskey(ctx context.Context, s Session, c Client, token string, answer []byte) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// Prove takes password and, where there is a second factor, its code once more from a full session, and makes the session fresh. It returns
// fault.Invalid with problems on "current_password" or "code".
func (a *Accounts) Prove(ctx context.Context, s Session, c Client, current, code string) (Session, error) {
	return Session{}, errNotBuilt
}

// ProvePasskey is Prove by a passkey with user verification.
func (a *Accounts) ProvePasskey(ctx context.Context, s Session, c Client, token string, answer []byte) (Session, error) {
	return Session{}, errNotBuilt
}

// Interrupted is a form that was sent while the session was not fresh.
type Interrupted struct {
	Target string // path and query
	Form   string // URL-encoded
}

// Interrupt keeps a form until the session is proved, in place of an earlier one. At most 2 MiB are kept.
func (a *Accounts) Interrupt(ctx context.Context, token string, f Interrupted) error {
	return errNotBuilt
}

// Resume takes the kept form, once. It returns fault.NotFound for none, or one older than 15 minutes.
func (a *Accounts) Resume(ctx context.Context, token string) (Interrupted, error) {
	return Interrupted{}, errNotBuilt
}
