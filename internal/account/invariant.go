package account

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The bounds that no setting can move (SECURITY.md TMP-3, SES-2; NIST SP 800-63B-4 §2.1.3, §4.2.1.2).
const (
	longestTemporary = 72 * time.Hour
	longestSession   = 30 * 24 * time.Hour
	longestStaff     = 24 * time.Hour
)

// Invariants is what always holds of logins and what they sign in with.
func (a *Accounts) Invariants() []sqldb.Invariant {
	now := a.now().UnixMicro()
	return []sqldb.Invariant{
		{Name: "waiting-without-password", Says: "An account that waits to be claimed has no permanent password.", Query: waitingWithPassword},
		{Name: "waiting-has-an-end", Says: "A parent's account that waits to be claimed has a day on which it dies.", Query: waitingForever},
		{Name: "claimed-has-no-end", Says: "An account that was claimed does not die for want of being claimed.", Query: claimedWithEnd},
		{Name: "active-has-a-way-in", Says: "An active account has a password, a temporary password or a passkey, or had a password that staff took away.",
			Query: activeWithoutWay},
		{Name: "student-has-a-password", Says: "A student's account is never waiting, and has a password and no temporary one.", Query: studentWithoutPassword},
		{Name: "password-is-a-hash", Says: "Passwords are stored as argon2id hashes alone.", Query: passwordInClear},
		{Name: "username-has-a-key", Says: "Every account has a username and the key that it is found by.", Query: usernameWithoutKey},
		{Name: "role-is-known", Says: "Staff have one of the known roles, and nobody else has a role or schools.", Query: roleUnknown, Args: roles()},
		{Name: "an-administrator-is-left", Says: "Where there are staff, one active administrator is left.", Query: noAdministrator,
			Args: []any{string(access.Administrator), now}},
		{Name: "session-fits-account", Says: "A session's credential version is its account's: what changes a login ends its sessions.",
			Query: sessionOfAnotherVersion},
		{Name: "session-of-an-open-account", Says: "A disabled account has no session, and a waiting one no other than that which sets its password.",
			Query: sessionOfClosed},
		{Name: "limited-session-has-its-password", Says: "A session that may only set the permanent password belongs to the temporary password that is live.",
			Query: limitedWithoutTemporary, Args: []any{now}},
		{Name: "session-is-bounded", Says: "A session ends: within 30 days for a parent who keeps it, within a day for everybody else, within half an hour before it is full.",
			Query: sessionUnbounded, Args: []any{longestSession.Microseconds(), longestStaff.Microseconds(), limitedLife.Microseconds()}},
		{Name: "temporary-is-bounded", Says: "A temporary password ends within 72 hours.", Query: temporaryUnbounded,
			Args: []any{longestTemporary.Microseconds()}},
		{Name: "disabled-without-temporary", Says: "A disabled account has no temporary password.", Query: disabledWithTemporary},
		{Name: "factor-has-an-account", Says: "Second factors, known devices, sessions and temporary passwords belong to an account that exists.",
			Query: factorWithoutAccount},
		{Name: "recovery-has-a-factor", Says: "Recovery codes exist only beside the second factor that they stand in for.", Query: recoveryWithoutFactor},
	}
}

func roles() []any {
	// As many placeholders as the query has; the last role is repeated.
	all := access.Roles()
	args := make([]any, knownRoles)
	for i := range args {
		args[i] = string(all[min(i, len(all)-1)])
	}
	return args
}

// KeysFit counts the stored hashes that were made with this key file's pepper, and those that were not: with these nobody can sign in.
func (a *Accounts) KeysFit(ctx context.Context) (fit, other int64, err error) {
	err = a.db.Look(ctx, func(tx *sqldb.Tx) error {
		var n hashes
		n, err = sqldb.One(ctx, tx, scanHashes, countHashes, "%,keyid="+a.keys.pepperID+"$%")
		fit, other = n.fit, n.all-n.fit
		return err
	})
	return fit, other, err
}

// Ahead returns how far the newest event of the log lies ahead of the clock: more than a moment means that the clock was turned back.
func (a *Accounts) Ahead(ctx context.Context) (time.Duration, error) {
	var newest int64
	err := a.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		newest, err = sqldb.Value[int64](ctx, tx, newestEvent)
		return err
	})
	if newest == 0 {
		return 0, err
	}
	return max(0, time.UnixMicro(newest).Sub(a.now())), err
}
