package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// onStaff is the frame of everything that is done to a member of staff: the actor is still who the session says, may grant what the other holds, and
// a lasting administrator is left. The whole set of these is read in the transaction: of two that would each take away one of the last two, one
// comes after the other, or collides with it and is run again.
func (a *Accounts) onStaff(ctx context.Context, actor access.Actor, id int64, do func(tx *sqldb.Tx, before Account) error) error {
	if err := access.Check(actor, access.ManageStaff); err != nil {
		return err
	}
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := a.standing(ctx, tx, actor); err != nil {
			return err
		}
		before, err := a.Account(ctx, tx, id)
		if err == nil && (before.Kind != access.Staff || !seesStaff(actor, before)) || fault.Is(err, fault.NotFound) {
			return noStaff()
		}
		if err != nil {
			return err
		}
		if err := access.CheckGrant(actor, before.Role, before.Schools); err != nil {
			return err
		}
		lasting, err := a.lasting(ctx, tx)
		if err != nil {
			return err
		}
		if err := do(tx, before); err != nil || !slices.Contains(lasting, id) {
			return err
		}
		if lasting, err = a.lasting(ctx, tx); err == nil && len(lasting) == 0 {
			err = fault.InvalidFields(fault.Problem{Key: "problem.last_administrator"})
		}
		return err
	})
}

// lasting are the administrators who can always let others in again. Being locked out by wrong passwords opens by itself and does not count.
func (a *Accounts) lasting(ctx context.Context, tx *sqldb.Tx) ([]int64, error) {
	return sqldb.All(ctx, tx, scanID, selectLasting, string(access.Administrator))
}

// standing returns fault.Unauthenticated unless the actor still is what their session said: somebody may have changed them meanwhile.
func (a *Accounts) standing(ctx context.Context, tx *sqldb.Tx, actor access.Actor) error {
	if actor.Kind == access.System {
		return nil
	}
	own, err := a.Account(ctx, tx, actor.AccountID)
	if fault.Is(err, fault.NotFound) {
		return signedOut()
	}
	if err == nil && (own.Kind != actor.Kind || own.State != Active || !own.openAt(a.now()) || own.Role != actor.Role ||
		schools(own.Schools).String() != schools(actor.Schools).String()) {
		return signedOut()
	}
	return err
}

func notOneself(actor access.Actor, a Account) error {
	if a.ID == actor.AccountID {
		return access.Refuse(access.ManageStaff, "nobody does this to themselves")
	}
	return nil
}

// toOther is onStaff for what nobody does to themselves; the person is told of the change afterwards.
func (a *Accounts) toOther(ctx context.Context, actor access.Actor, id int64, action string, change StaffChange, do func(tx *sqldb.Tx, before Account) (map[string]any, error)) error {
	return a.onStaff(ctx, actor, id, func(tx *sqldb.Tx, before Account) error {
		if err := notOneself(actor, before); err != nil {
			return err
		}
		detail, err := do(tx, before)
		if err != nil {
			return err
		}
		if change != "" {
			m := StaffMail{Account: before, Notice: StaffChanged, Changes: []StaffChange{change}}
			if change == ChangedRemoved {
				m.To = before.Email
			}
			if err := a.people.MailStaff(ctx, tx, m); err != nil {
				return err
			}
		}
		return a.recordStaff(ctx, tx, actor, action, id, detail)
	})
}

// DisableStaff closes an account, with its sessions and its temporary password, until it is enabled again. It fails as ChangeStaff does;
// fault.Conflict for one that is disabled, fault.Invalid with a problem on "reason".
func (a *Accounts) DisableStaff(ctx context.Context, actor access.Actor, id int64, reason string) error {
	reason = strings.TrimSpace(reason)
	return a.toOther(ctx, actor, id, "staff.disabled", ChangedDisabled, func(tx *sqldb.Tx, before Account) (map[string]any, error) {
		if err := fault.InvalidFields(reasonProblems(reason)...); err != nil {
			return nil, err
		}
		return states(before.State, Disabled, reason), a.Disable(ctx, tx, id, reason)
	})
}

func states(old, is State, reason string) map[string]any {
	return map[string]any{"old": map[string]any{"state": string(old)}, "new": map[string]any{"state": string(is)}, "reason": reason}
}

// EnableStaff opens a disabled account again, with the password from before, if there was one. It fails as ChangeStaff does; fault.Conflict for
// one that is not disabled.
func (a *Accounts) EnableStaff(ctx context.Context, actor access.Actor, id int64) error {
	return a.toOther(ctx, actor, id, "staff.enabled", ChangedEnabled, func(tx *sqldb.Tx, before Account) (map[string]any, error) {
		if before.State != Disabled {
			return nil, fault.Conflictf("the account is not disabled")
		}
		after, err := a.enable(ctx, tx, before)
		return states(Disabled, after, before.StateReason), err
	})
}

func (a *Accounts) enable(ctx context.Context, tx *sqldb.Tx, before Account) (State, error) {
	if _, err := tx.Exec(ctx, enableStaff, before.ID); err != nil {
		return "", err
	}
	after, err := a.Account(ctx, tx, before.ID)
	return after.State, err
}

// SendStaffPassword ends the password and the sessions and mails a temporary one, which works for 72 hours. It fails as ChangeStaff does;
// fault.Conflict for an account that is disabled or has ended.
func (a *Accounts) SendStaffPassword(ctx context.Context, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.ManageStaff); err != nil {
		return err
	}
	temporary, err := a.NewTemporary(ctx)
	if err != nil {
		return err
	}
	return a.toOther(ctx, actor, id, "staff.password_sent", "", func(tx *sqldb.Tx, before Account) (map[string]any, error) {
		if !before.openAt(a.now()) {
			return nil, fault.Conflictf("the account has ended")
		}
		return nil, a.issueStaff(ctx, tx, id, temporary, StaffPassword)
	})
}

// RemoveStaffFactors removes the second factors of somebody who lost them, and ends their sessions; new ones are set up at the next sign-in. It
// fails as ChangeStaff does.
func (a *Accounts) RemoveStaffFactors(ctx context.Context, actor access.Actor, id int64) error {
	return a.toOther(ctx, actor, id, "staff.factors_removed", ChangedFactors, func(tx *sqldb.Tx, _ Account) (map[string]any, error) {
		return nil, a.RemoveFactors(ctx, tx, id)
	})
}

// EndStaffSessions signs somebody out everywhere. It fails as ChangeStaff does.
func (a *Accounts) EndStaffSessions(ctx context.Context, actor access.Actor, id int64) error {
	return a.toOther(ctx, actor, id, "staff.sessions_ended", ChangedSessions, func(tx *sqldb.Tx, _ Account) (map[string]any, error) {
		n, err := tx.Exec(ctx, deleteSessions, id)
		return map[string]any{"sessions": n}, err
	})
}

// RemoveStaff deletes an account with everything it signs in with. Its number stays in the log. It fails as ChangeStaff does.
func (a *Accounts) RemoveStaff(ctx context.Context, actor access.Actor, id int64) error {
	return a.toOther(ctx, actor, id, "staff.removed", ChangedRemoved, func(tx *sqldb.Tx, before Account) (map[string]any, error) {
		return NewStaff{}.of(before).detail(), a.Delete(ctx, tx, id)
	})
}

// recoveryLife is how long the password that RecoverStaff returns works.
const recoveryLife = 15 * time.Minute

// Recovered is what RecoverStaff gives to whoever sits at the command line.
type Recovered struct {
	Username string
	Role     access.Role
	Password string // temporary: works once, and leads to nothing but choosing a new one
	Until    time.Time
}

// RecoverStaff lets a member of staff in again from the server itself, when nobody else can (SECURITY.md ADM-7): the account is enabled, its
// password, sessions and second factors end, and a temporary password is returned, which is mailed to nobody. Role and schools stay what they
// are. The person and the administrators who could have done it are told by mail. It returns fault.Forbidden unless the system acts,
// fault.NotFound for no such member of staff, fault.Conflict for an account that has ended by its date.
func (a *Accounts) RecoverStaff(ctx context.Context, actor access.Actor, username string) (Recovered, error) {
	if actor.Kind != access.System {
		return Recovered{}, fault.Forbiddenf("only at the command line of the server")
	}
	temporary, err := a.NewTemporary(ctx)
	if err != nil {
		return Recovered{}, err
	}
	var r Recovered
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		before, err := a.ByUsername(ctx, tx, access.Staff, username)
		if fault.Is(err, fault.NotFound) {
			return fault.NotFoundf("no member of staff has the username %q", username)
		}
		if err != nil {
			return err
		}
		if !before.openAt(a.now()) {
			return fault.Conflictf("the account ended on %s and stays closed", a.lastDay(before.EndsAt))
		}
		r = Recovered{Username: before.Username, Role: before.Role, Until: a.now().Add(recoveryLife)}
		return a.letIn(ctx, tx, actor, before, temporary)
	})
	if err != nil {
		return Recovered{}, err
	}
	r.Password = a.TemporaryPassword(temporary.Seed)
	return r, nil
}

func (a *Accounts) letIn(ctx context.Context, tx *sqldb.Tx, actor access.Actor, before Account, t Temporary) error {
	if before.State == Disabled {
		if _, err := a.enable(ctx, tx, before); err != nil {
			return err
		}
	}
	if err := a.RemoveFactors(ctx, tx, before.ID); err != nil {
		return err
	}
	if err := a.Issue(ctx, tx, before.ID, t, recoveryLife, true); err != nil {
		return err
	}
	if err := a.people.MailStaff(ctx, tx, StaffMail{Account: before, Notice: StaffRecovered}); err != nil {
		return err
	}
	others, err := sqldb.All(ctx, tx, scanAccount, selectAdministrators, string(access.Administrator))
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.ID == before.ID || !o.openAt(a.now()) || !before.Schools.Within(o.Schools) {
			continue
		}
		if err := a.people.MailStaff(ctx, tx, StaffMail{Account: o, Notice: StaffRecovery, About: before.Username}); err != nil {
			return err
		}
	}
	return a.recordStaff(ctx, tx, actor, "staff.recovered", before.ID, map[string]any{"username": before.Username, "state": string(before.State)})
}
