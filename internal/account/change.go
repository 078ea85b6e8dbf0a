package account

import (
	"context"

	"golang.org/x/text/unicode/norm"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ChangePassword needs the current password; it ends the other sessions and returns a new one. It returns fault.Invalid with problems on
// "current_password" or "new_password", fault.Unauthenticated when the session has ended meanwhile.
func (a *Accounts) ChangePassword(ctx context.Context, s Session, c Client, current, password string) (SignedIn, error) {
	p, err := a.confirming(ctx, s)
	if err != nil {
		return SignedIn{}, err
	}
	password, problem, err := a.newPassword("new_password", password, a.minimum(s.Kind), p.words)
	if err != nil {
		return SignedIn{}, err
	}
	if problem == nil && password == norm.NFC.String(clip(current, 2*longest)) {
		problem = &fault.Problem{Field: "new_password", Key: "problem.password_same"}
	}
	var hash string
	right, err := a.confirm(ctx, p, c, current, func() {
		if problem == nil {
			hash = a.hasher.make(a.pepper(password), a.keys.pepperID)
		}
	})
	if err != nil {
		return SignedIn{}, err
	}
	var problems []fault.Problem
	if !right {
		problems = append(problems, wrongCurrent())
	}
	if problem != nil && (right || problem.Key != "problem.password_same") {
		problems = append(problems, *problem)
	}
	if err := fault.InvalidFields(problems...); err != nil {
		return SignedIn{}, err
	}
	return a.change(ctx, s, c, p.account, hash)
}

// change stores the hash, unless the account has changed since the current password was read.
func (a *Accounts) change(ctx context.Context, s Session, c Client, account Account, hash string) (SignedIn, error) {
	account.CredentialVersion++
	o := a.full(account, c, false)
	if account.HasFactor { // the password alone makes nobody fresh who has more to show
		o.Session.ProvedAt = s.ProvedAt
	}
	if s.Keep { // the wish to stay signed in on this device holds, no longer than it was given for
		o.Session.Keep, o.Session.ExpiresAt = true, s.ExpiresAt
	}
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, changeHash, s.AccountID, s.Credential, hash, a.now().UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return signedOut()
		}
		if err := a.replaceSessions(ctx, tx, o); err != nil {
			return err
		}
		if err := a.clear(ctx, tx, s.AccountID); err != nil {
			return err
		}
		if err := a.people.Notify(ctx, tx, account, PasswordChanged); err != nil {
			return err
		}
		return a.log.Record(ctx, tx, a.own(s.Actor(c, a.now()), "password.changed", nil))
	})
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Token: o.token, Session: o.Session}, nil
}

// ChangeUsername needs the current password; it ends the other sessions. It returns fault.Invalid with problems on "current_password" or
// "username", fault.Unauthenticated when the session has ended meanwhile.
func (a *Accounts) ChangeUsername(ctx context.Context, s Session, c Client, current, username string) error {
	p, err := a.confirming(ctx, s)
	if err != nil {
		return err
	}
	key, err := CheckUsername(username)
	problems := fault.ProblemsOf(err)
	right, err := a.confirm(ctx, p, c, current, func() {})
	if err != nil {
		return err
	}
	if !right { // only the owner learns whether a username is taken
		return fault.InvalidFields(append([]fault.Problem{wrongCurrent()}, problems...)...)
	}
	if err := fault.InvalidFields(problems...); err != nil {
		return err
	}
	name := shown(username)
	if name == p.account.Username {
		return nil
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if taken, err := a.taken(ctx, tx, p.account, key); err != nil || taken {
			if err == nil {
				err = fault.Conflictf("the username is taken")
			}
			return err
		}
		return a.rename(ctx, tx, s, c, p.account, name, key)
	})
	if fault.Is(err, fault.Conflict) {
		return fault.InvalidFields(usernameTakenProblem())
	}
	return err
}

// rename changes the username and carries the session over to the new credential version; the others end.
func (a *Accounts) rename(ctx context.Context, tx *sqldb.Tx, s Session, c Client, account Account, name, key string) error {
	n, err := tx.Exec(ctx, changeUsername, s.AccountID, s.Credential, name, key)
	if err != nil {
		return err
	}
	if n == 0 {
		return signedOut()
	}
	if _, err := tx.Exec(ctx, deleteOthers, s.AccountID, s.Number); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, carrySession, s.AccountID, s.Number, s.Credential+1); err != nil {
		return err
	}
	old := account.Username
	account.Username = name
	account.CredentialVersion++
	if err := a.people.Notify(ctx, tx, account, UsernameChanged); err != nil {
		return err
	}
	return a.log.Record(ctx, tx, a.own(s.Actor(c, a.now()), "username.changed", map[string]any{"old": old, "new": name}))
}
