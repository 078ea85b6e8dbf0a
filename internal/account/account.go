// Package account holds whatever signs in: usernames, passwords, temporary passwords, sessions, known devices and throttles.
//
// It knows no contact, student or school: what it must know of the person behind an account it asks People. Invariants: a password is
// stored only as an argon2id hash with a pepper; every change of what proves a person raises the account's credential version, and a
// session lives only while its version is the account's; a temporary password leads to a limited session that can do nothing
// but set the permanent one; every sign-in costs exactly one hash, whatever is wrong with it.
package account

import (
	"context"
	"errors"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// State is where an account stands.
type State string

// The states of an account. A waiting account has a temporary password and was never signed in for good.
const (
	Waiting  State = "waiting"
	Active   State = "active"
	Disabled State = "disabled"
)

// Account is something that signs in.
type Account struct {
	ID                int64
	Kind              access.Kind // Parent, Student or Staff
	Username          string
	State             State
	StateReason       string
	Role              access.Role // staff
	Name, Email       string      // staff
	Language          string
	CredentialVersion int64
	HasPassword       bool
	CreatedAt         time.Time
	ClaimBy           time.Time // waiting accounts die then; zero for none
	LastSignIn        time.Time // zero for never
}

// Client is the browser in front of us.
type Client struct {
	Address   string
	UserAgent string
	Device    string // value of the known-device cookie, "" for none
	RequestID string
}

// Attempt is one press of "Log in".
type Attempt struct {
	Kind               access.Kind
	Username, Password string
	Keep               bool // "keep me signed in on this device", parents only
	Client             Client
}

// Session is an open session. Number names it to its owner; the token itself is never kept.
type Session struct {
	Number     string
	AccountID  int64
	Kind       access.Kind
	Role       access.Role
	Username   string
	Name       string // staff
	Language   string
	Limited    bool // may only set the permanent password
	Keep       bool
	UserAgent  string
	Address    string
	CreatedAt  time.Time
	SeenAt     time.Time
	ExpiresAt  time.Time
	Credential int64
	Serial     string // of the temporary password it was born from
}

// Actor is the session's person as an actor, coming from the given client.
func (s Session) Actor(c Client) access.Actor {
	return access.Actor{Kind: s.Kind, AccountID: s.AccountID, Role: s.Role, Username: s.Username, Address: c.Address, RequestID: c.RequestID}
}

// SignedIn is what a browser gets for a successful sign-in: a session token, and a device token if the device was not known.
type SignedIn struct {
	Token   string
	Device  string
	Session Session
}

// Notice is something the person behind an account is told by mail.
type Notice string

// The notices that account itself gives rise to.
const (
	PasswordChanged Notice = "password_changed"
	UsernameChanged Notice = "username_changed"
	NewDevice       Notice = "new_device"
	Locked          Notice = "locked"
)

// People is what account must know of the person behind an account; package family answers.
type People interface {
	// Words returns words the password must not consist of: the person's names, ID Numbers, the school's name.
	Words(ctx context.Context, tx *sqldb.Tx, a Account) ([]string, error)
	// Notify enqueues a mail to the person's address on record, if there is one.
	Notify(ctx context.Context, tx *sqldb.Tx, a Account, n Notice) error
	// UsernameReserved reports whether the username is kept for someone else than the account (0 for a new one).
	UsernameReserved(ctx context.Context, tx *sqldb.Tx, kind access.Kind, usernameKey string, account int64) (bool, error)
}

var errNotBuilt = errors.New("not built yet")

// Accounts signs people in and keeps what they sign in with.
type Accounts struct{}

// New returns the accounts on db.
func New(db *sqldb.DB, hasher *Hasher, keys Keys, set *settings.Settings, log *audit.Log, now func() time.Time, people People) *Accounts {
	return &Accounts{}
}

// Keys are derived from the key file's 32 bytes (HKDF-SHA-256): pepper, temporary passwords, device cookies, throttle names.
type Keys struct{ master [32]byte }

// NewKeys derives the keys. It fails unless master has 32 bytes.
func NewKeys(master []byte) (Keys, error) { return Keys{}, errNotBuilt }

// Hasher verifies and makes argon2id hashes, a bounded number at a time (SECURITY §13: semaphore, FIFO queue, two classes).
type Hasher struct{}

// Params are argon2id's cost parameters.
type Params struct {
	MemoryKiB uint32
	Time      uint32
}

// DefaultParams are 19 MiB and two passes.
func DefaultParams() Params { return Params{MemoryKiB: 19 * 1024, Time: 2} }

// NewHasher starts slots hashing threads (0: one per core) of low scheduling priority. Close ends them.
func NewHasher(p Params, slots int) *Hasher { return &Hasher{} }

// Close ends the hashing threads.
func (h *Hasher) Close() {}

// --- for the web

// SignIn verifies an attempt. It returns fault.Unauthenticated with one constant text for every reason, and fault.Unavailable when too many
// sign-ins wait (which never counts as a failure).
func (a *Accounts) SignIn(ctx context.Context, at Attempt) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// Session returns the open session of a token. It returns fault.Unauthenticated when there is none (any more). The last-seen time is
// noted later, in batches.
func (a *Accounts) Session(ctx context.Context, kind access.Kind, token string) (Session, error) {
	return Session{}, errNotBuilt
}

// SignOut ends the session of a token, if it is open.
func (a *Accounts) SignOut(ctx context.Context, actor access.Actor, token string) error {
	return errNotBuilt
}

// Sessions returns the account's open sessions, newest first.
func (a *Accounts) Sessions(ctx context.Context, actor access.Actor) ([]Session, error) {
	return nil, errNotBuilt
}

// EndSession ends one of the actor's own sessions. It returns fault.NotFound for a number that is not theirs.
func (a *Accounts) EndSession(ctx context.Context, actor access.Actor, number string) error {
	return errNotBuilt
}

// EndOtherSessions ends all of the actor's sessions but one; keep "" ends all.
func (a *Accounts) EndOtherSessions(ctx context.Context, actor access.Actor, keep string) (int64, error) {
	return 0, errNotBuilt
}

// FirstPassword sets the permanent password from a limited session and, if username is not "" or the same, the username. It consumes the
// temporary password, ends every other session and opens a full one. It returns fault.Invalid with problems on "new_password" or "username",
// fault.Unauthenticated when the limited session or its temporary password is no longer live.
func (a *Accounts) FirstPassword(ctx context.Context, s Session, c Client, password, username string) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// ChangePassword needs the current password; it ends the other sessions and returns a new one. It returns fault.Invalid with problems on
// "current_password" or "new_password".
func (a *Accounts) ChangePassword(ctx context.Context, s Session, c Client, current, password string) (SignedIn, error) {
	return SignedIn{}, errNotBuilt
}

// ChangeUsername needs the current password. It returns fault.Invalid with problems on "current_password" or "username".
func (a *Accounts) ChangeUsername(ctx context.Context, s Session, c Client, current, username string) error {
	return errNotBuilt
}

// Passphrase suggests a passphrase of four words in the given language ("en", "es").
func Passphrase(language string) (string, error) { return "", errNotBuilt }

// CheckUsername returns the comparison key (PRECIS UsernameCaseMapped, RFC 8265), or fault.Invalid with a problem on "username".
func CheckUsername(username string) (string, error) { return "", errNotBuilt }

// --- for the command line

// NewStaff describes a member of staff.
type NewStaff struct {
	Username, Name, Email, Password string
	Role                            access.Role
}

// CreateStaff makes a staff account. It returns fault.Conflict when the username is taken, fault.Invalid for a bad field.
func (a *Accounts) CreateStaff(ctx context.Context, actor access.Actor, n NewStaff) (int64, error) {
	return 0, errNotBuilt
}

// --- for package family, inside its transactions

// New describes an account to make. The hash comes from Hash; a waiting account has none.
type NewAccount struct {
	Kind     access.Kind
	Username string
	State    State
	Hash     string
	Language string
	ClaimBy  time.Time
}

// Create makes an account. It returns fault.Conflict when the username is taken.
func (a *Accounts) Create(ctx context.Context, tx *sqldb.Tx, n NewAccount) (int64, error) {
	return 0, errNotBuilt
}

// Account returns an account. It returns fault.NotFound for none.
func (a *Accounts) Account(ctx context.Context, tx *sqldb.Tx, id int64) (Account, error) {
	return Account{}, errNotBuilt
}

// ByUsername returns the account with that username. It returns fault.NotFound for none, also for a username that cannot be one.
func (a *Accounts) ByUsername(ctx context.Context, tx *sqldb.Tx, kind access.Kind, username string) (Account, error) {
	return Account{}, errNotBuilt
}

// Rename changes the username, by the rules of CheckUsername. It returns fault.Conflict when it is taken.
func (a *Accounts) Rename(ctx context.Context, tx *sqldb.Tx, id int64, username string) error {
	return errNotBuilt
}

// Delete removes an account with everything it signs in with. It returns fault.NotFound for none.
func (a *Accounts) Delete(ctx context.Context, tx *sqldb.Tx, id int64) error { return errNotBuilt }

// Hash checks a new password against the rules (minimum length min code points, blocklist, words) and hashes it, outside any transaction. It
// returns fault.Invalid with a problem on field.
func (a *Accounts) Hash(ctx context.Context, field, password string, min int, words []string) (string, error) {
	return "", errNotBuilt
}

// SetHash stores a hash from Hash, raises the credential version and ends the account's sessions.
func (a *Accounts) SetHash(ctx context.Context, tx *sqldb.Tx, id int64, hash string) error {
	return errNotBuilt
}

// Temporary is a new temporary password: what is mailed can be derived from Seed by TemporaryPassword; Hash is what is stored.
type Temporary struct {
	Serial string
	Seed   []byte
	Hash   string
}

// NewTemporary makes a temporary password, outside any transaction.
func (a *Accounts) NewTemporary(ctx context.Context) (Temporary, error) {
	return Temporary{}, errNotBuilt
}

// TemporaryPassword derives the password from the seed (HMAC with the key file), printed in fours with hyphens. Only the sender of a mail
// calls it.
func (a *Accounts) TemporaryPassword(seed []byte) string { return "" }

// Issue gives the account a temporary password in place of any earlier one and ends limited sessions born from that. With dropPassword the
// permanent password and all sessions end at once; without it the permanent one stays valid until the temporary one is used.
func (a *Accounts) Issue(ctx context.Context, tx *sqldb.Tx, id int64, t Temporary, life time.Duration, dropPassword bool) error {
	return errNotBuilt
}

// Live reports whether the temporary password with that serial is still the account's and not expired, and until when.
func (a *Accounts) Live(ctx context.Context, tx *sqldb.Tx, id int64, serial string) (bool, time.Time, error) {
	return false, time.Time{}, errNotBuilt
}

// LockedUntil returns, for those of the accounts whose sign-in is throttled now, until when.
func (a *Accounts) LockedUntil(ctx context.Context, tx *sqldb.Tx, ids []int64) (map[int64]time.Time, error) {
	return nil, errNotBuilt
}

// Count raises the counter of key in its own statement and returns the count within the window so far, this one included. Keys are hashed.
func (a *Accounts) Count(ctx context.Context, tx *sqldb.Tx, what, whom string, window time.Duration) (int64, error) {
	return 0, errNotBuilt
}

// Counted returns the counter without raising it.
func (a *Accounts) Counted(ctx context.Context, tx *sqldb.Tx, what, whom string, window time.Duration) (int64, error) {
	return 0, errNotBuilt
}

// Sweep deletes expired sessions, temporary passwords, devices and old counters, and writes the last-seen times collected so far. The ids of
// waiting accounts whose claim time passed are returned for family to end.
func (a *Accounts) Sweep(ctx context.Context) (unclaimed []int64, err error) { return nil, errNotBuilt }
