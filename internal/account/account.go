// Package account holds whatever signs in: usernames, passwords, temporary passwords, second factors, sessions, known devices and throttles.
//
// It knows no contact, student or school: what it must know of the person behind an account it asks People. Invariants: a password is
// stored only as an argon2id hash with a pepper; every change of what proves a person raises the account's credential version, and a
// session lives only while its version is the account's; a temporary password leads to a limited session that can do nothing
// but set the permanent one; every sign-in costs exactly one verification, whatever is wrong with it; where a second factor is enrolled, nobody
// is signed in before it was given, and each code is taken once.
package account

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
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
	Role              access.Role    // staff
	Schools           access.Schools // staff
	Name, Email       string         // staff
	EndsAt            time.Time      // staff: not open from then on; zero for never
	Language          string
	CredentialVersion int64
	HasPassword       bool
	HasFactor         bool // an authenticator or a passkey
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

// Notice is something the person behind an account is told by mail.
type Notice string

// The notices that account itself gives rise to.
const (
	PasswordChanged Notice = "password_changed"
	UsernameChanged Notice = "username_changed"
	NewDevice       Notice = "new_device"
	Locked          Notice = "locked"

	FactorAdded       Notice = "factor_added"        // an authenticator or a passkey
	FactorRemoved     Notice = "factor_removed"      //
	RecoveryCodesMade Notice = "recovery_codes_made" // in place of the ones before
	RecoveryCodeUsed  Notice = "recovery_code_used"  //
	CodesRefused      Notice = "codes_refused"       // somebody who knows the password gives wrong codes
)

// People is what account must know of the person behind an account; package family answers.
type People interface {
	// Words returns words the password must not consist of: the person's names, ID Numbers, the school's name.
	Words(ctx context.Context, tx *sqldb.Tx, a Account) ([]string, error)
	// Notify enqueues a mail to the person's address on record, if there is one.
	Notify(ctx context.Context, tx *sqldb.Tx, a Account, n Notice) error
	// UsernameReserved reports whether the username is kept for someone else than the account (0 for a new one).
	UsernameReserved(ctx context.Context, tx *sqldb.Tx, kind access.Kind, usernameKey string, account int64) (bool, error)
	// Entered tells that a login that waited has its first permanent password.
	Entered(ctx context.Context, tx *sqldb.Tx, a Account) error
	// StudentMayEnter reports whether the school of a student's account lets students sign in. It is asked outside a transaction.
	StudentMayEnter(ctx context.Context, account int64) (bool, error)
	// MailStaff enqueues a mail to a member of staff about their login.
	MailStaff(ctx context.Context, tx *sqldb.Tx, m StaffMail) error
}

// Accounts signs people in and keeps what they sign in with. It is safe for concurrent use.
type Accounts struct {
	db       *sqldb.DB
	hasher   *Hasher
	keys     Keys
	settings *settings.Settings
	log      *audit.Log
	now      func() time.Time
	people   People
	site     Site
	relying  func() (*webauthn.WebAuthn, error)
	common   func() (commonList, error)
	turns    turns
	seen     seen
}

// Site is where and how the accounts sign in.
type Site struct {
	BaseURL string // passkeys are bound to its host (WebAuthn §5.1.2, the relying party's id)
	// PasswordsSuffice lets staff in without a second factor: for the demo, whose people are invented, and for tests.
	PasswordsSuffice bool
}

// New returns the accounts on db.
func New(db *sqldb.DB, hasher *Hasher, keys Keys, set *settings.Settings, log *audit.Log, now func() time.Time, people People, site Site) *Accounts {
	return &Accounts{
		db: db, hasher: hasher, keys: keys, settings: set, log: log, now: now, people: people, site: site,
		relying: sync.OnceValues(func() (*webauthn.WebAuthn, error) { return relyingParty(site.BaseURL) }),
		common:  sync.OnceValues(loadCommon), turns: turns{seed: maphash.MakeSeed()},
	}
}

// NewAccount describes an account to make. The hash comes from Hash; a waiting account has none.
type NewAccount struct {
	Kind     access.Kind
	Username string
	State    State
	Hash     string
	Language string
	ClaimBy  time.Time
}

// Create makes an account. It returns fault.Conflict when the username is taken, fault.Invalid for one that cannot be a username.
func (a *Accounts) Create(ctx context.Context, tx *sqldb.Tx, n NewAccount) (int64, error) {
	key, err := CheckUsername(n.Username)
	if err != nil {
		return 0, err
	}
	return a.create(ctx, tx, n, key, NewStaff{})
}

// Account returns an account. It returns fault.NotFound for none.
func (a *Accounts) Account(ctx context.Context, tx *sqldb.Tx, id int64) (Account, error) {
	return sqldb.One(ctx, tx, scanAccount, selectAccount, id)
}

// StaffByEmail returns a member of staff by the address as their record has it. It returns fault.NotFound for none who may sign in.
func (a *Accounts) StaffByEmail(ctx context.Context, tx *sqldb.Tx, email string) (Account, error) {
	return sqldb.One(ctx, tx, scanAccount, selectStaffByEmail, email)
}

// ByUsername returns the account with that username. It returns fault.NotFound for none, also for a username that cannot be one.
func (a *Accounts) ByUsername(ctx context.Context, tx *sqldb.Tx, kind access.Kind, username string) (Account, error) {
	key, err := CheckUsername(username)
	if err != nil {
		return Account{}, fault.NotFoundf("no such account")
	}
	return sqldb.One(ctx, tx, scanAccount, selectByUsername, string(kind), key)
}

// Rename changes the username, by the rules of CheckUsername. It returns fault.Conflict when it is taken, fault.NotFound for no account.
func (a *Accounts) Rename(ctx context.Context, tx *sqldb.Tx, id int64, username string) error {
	key, err := CheckUsername(username)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, updateUsername, id, shown(username), key)
	return orNotFound(n, err)
}

// Delete removes an account with everything it signs in with. It returns fault.NotFound for none.
func (a *Accounts) Delete(ctx context.Context, tx *sqldb.Tx, id int64) error {
	if err := a.clearDevices(ctx, tx, id, deviceBucket, secondDeviceBucket); err != nil {
		return err
	}
	for _, what := range [][]string{{accountBucket, temporaryBucket, confirmBucket}, {secondBucket, proveBucket}} {
		if err := a.clear(ctx, tx, id, what...); err != nil {
			return err
		}
	}
	n, err := tx.Exec(ctx, deleteAccount, id)
	return orNotFound(n, err)
}

func orNotFound(rows int64, err error) error {
	if err == nil && rows == 0 {
		return fault.NotFoundf("no such account")
	}
	return err
}
