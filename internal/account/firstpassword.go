package account

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// FirstPassword sets the permanent password from a limited session and, if username is not "" or the same, the username. It consumes the
// temporary password, ends every other session and opens a full one. It returns fault.Invalid with problems on "new_password" or "username",
// fault.Unauthenticated when the limited session or its temporary password is no longer live.
func (a *Accounts) FirstPassword(ctx context.Context, s Session, c Client, password, username string) (SignedIn, error) {
	if s.Stage != SetPassword || s.Serial == "" {
		return SignedIn{}, signedOut()
	}
	f := first{s: s, c: c, username: s.Username}
	if name := shown(username); name != "" {
		f.username = name
	}
	var err error
	if f.key, err = CheckUsername(f.username); err != nil && f.username == s.Username {
		return SignedIn{}, err
	}
	problems := fault.ProblemsOf(err)
	var words []string
	taken := false
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if f.account, words, err = a.person(ctx, tx, s); err != nil || len(problems) > 0 {
			return err
		}
		taken, err = a.taken(ctx, tx, f.account, f.key)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if taken {
		problems = append(problems, usernameTakenProblem())
	}
	// A temporary password is refused by its shape already, typed whichever way: it can never become the permanent one.
	password, problem, err := a.newPassword("new_password", password, a.minimum(s.Kind), append(words, f.username))
	if err != nil {
		return SignedIn{}, err
	}
	if problem != nil {
		problems = append(problems, *problem)
	}
	if err := fault.InvalidFields(problems...); err != nil {
		return SignedIn{}, err
	}
	if f.hash, err = a.hash(ctx, known, password); err != nil {
		return SignedIn{}, err
	}
	return a.claim(ctx, f)
}

// first is a first password on its way to the account.
type first struct {
	s             Session
	c             Client
	account       Account
	username, key string
	hash          string
}

// claim does all of it in one transaction. Whoever finds the temporary password consumed was slower, or came after a reset.
func (a *Accounts) claim(ctx context.Context, f first) (SignedIn, error) {
	before := f.account
	after := before
	after.Username, after.State = f.username, Active
	after.CredentialVersion++
	o := a.passed(after, f.c, false)
	device := "" // known once the sign-in is complete
	if o.Session.Stage == Full {
		device = a.deviceToken(before.Kind, f.c, a.device(before.Kind, f.c.Device))
	}
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		now := a.now().UnixMicro()
		for _, step := range []struct {
			query string
			args  []any
		}{
			{consumeTemporary, []any{before.ID, f.s.Serial, now}},
			{claimAccount, []any{before.ID, f.s.Credential, f.hash, now, f.username, f.key, o.Session.Stage == Full}},
		} {
			n, err := tx.Exec(ctx, step.query, step.args...)
			if err != nil {
				return err
			}
			if n == 0 {
				return signedOut()
			}
		}
		if err := a.replaceSessions(ctx, tx, o); err != nil {
			return err
		}
		if err := a.clear(ctx, tx, before.ID); err != nil {
			return err
		}
		if device != "" {
			if err := a.remember(ctx, tx, before, device); err != nil {
				return err
			}
		}
		if before.State == Active { // a parent who waits has just been written to, and nobody else could know the password
			if err := a.people.Notify(ctx, tx, after, PasswordChanged); err != nil {
				return err
			}
		}
		if before.State == Waiting {
			if err := a.people.Entered(ctx, tx, after); err != nil {
				return err
			}
		}
		return a.recordFirst(ctx, tx, o, f)
	})
	if fault.Is(err, fault.Conflict) {
		err = fault.InvalidFields(usernameTakenProblem())
	}
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Token: o.token, Device: device, Session: o.Session}, nil
}

func (a *Accounts) recordFirst(ctx context.Context, tx *sqldb.Tx, o open, f first) error {
	actor := o.Session.Actor(f.c, a.now())
	if f.username != f.account.Username {
		e := a.own(actor, "username.changed", map[string]any{"old": f.account.Username, "new": f.username})
		if err := a.log.Record(ctx, tx, e); err != nil {
			return err
		}
	}
	return a.log.Record(ctx, tx, a.own(actor, "password.set", map[string]any{"from": "temporary password"}))
}

// replaceSessions ends the account's sessions and opens this one.
func (a *Accounts) replaceSessions(ctx context.Context, tx *sqldb.Tx, o open) error {
	if _, err := tx.Exec(ctx, deleteSessions, o.Session.AccountID); err != nil {
		return err
	}
	return a.insert(ctx, tx, o)
}

// person reads a session's account and the words its password must not consist of. It returns fault.Unauthenticated when the account is no
// longer what the session was made for.
func (a *Accounts) person(ctx context.Context, tx *sqldb.Tx, s Session) (Account, []string, error) {
	account, err := a.current(ctx, tx, s)
	if err != nil {
		return Account{}, nil, err
	}
	words, err := a.people.Words(ctx, tx, account)
	return account, append(words, account.Username, account.Name, account.Email), err
}

// current reads a session's account. It returns fault.Unauthenticated when it is no longer what the session was made for.
func (a *Accounts) current(ctx context.Context, tx *sqldb.Tx, s Session) (Account, error) {
	account, err := a.Account(ctx, tx, s.AccountID)
	if fault.Is(err, fault.NotFound) || err == nil && account.CredentialVersion != s.Credential {
		return Account{}, signedOut()
	}
	return account, err
}

// taken reports whether somebody else has the username, or it is kept for them.
func (a *Accounts) taken(ctx context.Context, tx *sqldb.Tx, account Account, key string) (bool, error) {
	n, err := sqldb.Value[int64](ctx, tx, usernameTaken, string(account.Kind), key, account.ID)
	if err != nil || n > 0 {
		return n > 0, err
	}
	return a.people.UsernameReserved(ctx, tx, account.Kind, key, account.ID)
}

func usernameTakenProblem() fault.Problem {
	return fault.Problem{Field: "username", Key: "problem.username_taken"}
}
