package account

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// staffTemporary is how long a temporary password of staff lives (SECURITY.md TMP-3).
const staffTemporary = longestTemporary

// Terms are what a member of staff is trusted with, where and for how long.
type Terms struct {
	Role    access.Role
	Schools access.Schools
	LastDay string // 2026-11-23, the last day of the login in the school's time zone; "" for no end
}

// StaffInvitation describes a member of staff who chooses the password: a temporary one goes to the address.
type StaffInvitation struct {
	Username, Name, Email string
	Language              string // of the mails; "" for the default
	Terms
}

// StaffEdit is a member of staff as the form has them. Version is what the form began with.
type StaffEdit struct {
	Version     string
	Name, Email string
	Terms
}

// InviteStaff makes an account that waits for its first sign-in and mails a temporary password, which works for 72 hours. It returns
// fault.Forbidden unless the actor may grant the role at the schools, fault.Stale as of access.Check, fault.Invalid with problems on
// "username", "name", "email", "role", "schools" or "last_day".
func (a *Accounts) InviteStaff(ctx context.Context, actor access.Actor, in StaffInvitation) (int64, error) {
	if err := access.Check(actor, access.ManageStaff); err != nil {
		return 0, err
	}
	n := NewStaff{Username: in.Username, Name: in.Name, Email: in.Email, Role: in.Role, Schools: in.Schools}.tidy()
	key, err := CheckUsername(n.Username)
	problems := append(fault.ProblemsOf(err), n.problems()...)
	var endProblems []fault.Problem
	n.EndsAt, endProblems = a.closing(in.LastDay)
	if err := fault.InvalidFields(append(problems, endProblems...)...); err != nil {
		return 0, err
	}
	if err := access.CheckGrant(actor, n.Role, n.Schools); err != nil {
		return 0, err
	}
	temporary, err := a.NewTemporary(ctx)
	if err != nil {
		return 0, err
	}
	var id int64
	err = a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if err := a.standing(ctx, tx, actor); err != nil {
			return err
		}
		id, err = a.create(ctx, tx, NewAccount{Kind: access.Staff, Username: n.Username, State: Waiting, Language: in.Language}, key, n)
		if fault.Is(err, fault.Conflict) {
			return fault.InvalidFields(usernameTakenProblem())
		}
		if err != nil {
			return err
		}
		if err := a.issueStaff(ctx, tx, id, temporary, StaffInvited); err != nil {
			return err
		}
		return a.recordStaff(ctx, tx, actor, "staff.invited", id, n.detail())
	})
	return id, err
}

// closing is Ends for a day that is still to come, today included.
func (a *Accounts) closing(lastDay string) (time.Time, []fault.Problem) {
	at, err := a.Ends(lastDay)
	if err == nil && !at.IsZero() && !a.now().Before(at) {
		err = fault.InvalidFields(fault.Problem{Field: "last_day", Key: "problem.date_past"})
	}
	return at, fault.ProblemsOf(err)
}

// issueStaff gives a temporary password in place of any other and mails it.
func (a *Accounts) issueStaff(ctx context.Context, tx *sqldb.Tx, id int64, t Temporary, notice StaffNotice) error {
	if err := a.Issue(ctx, tx, id, t, staffTemporary, true); err != nil {
		return err
	}
	account, err := a.Account(ctx, tx, id)
	if err != nil {
		return err
	}
	return a.people.MailStaff(ctx, tx, StaffMail{Account: account, Notice: notice, Serial: t.Serial, Seed: t.Seed})
}

// ChangeStaff changes a member of staff. A new role or other schools end the sessions; a new address ends a temporary password that went to the
// old one. Both addresses are told. It returns fault.Forbidden unless the actor may grant both what is and what will be, or for a change of one's own
// role, schools or end, fault.NotFound as of StaffMember, fault.Conflict when somebody saved first, fault.Invalid with problems on the fields,
// or on "" when no administrator would be left.
func (a *Accounts) ChangeStaff(ctx context.Context, actor access.Actor, id int64, e StaffEdit) error {
	to := NewStaff{Name: e.Name, Email: e.Email, Role: e.Role, Schools: e.Schools}.tidy()
	return a.onStaff(ctx, actor, id, func(tx *sqldb.Tx, before Account) error {
		from := NewStaff{}.of(before)
		if e.Version != from.version() {
			return fault.Conflictf("somebody else saved first")
		}
		next := to
		next.Username = from.Username
		problems := next.problems()
		if next.EndsAt = from.EndsAt; e.LastDay != a.lastDay(from.EndsAt) {
			var more []fault.Problem
			next.EndsAt, more = a.closing(e.LastDay)
			problems = append(problems, more...)
		}
		if err := fault.InvalidFields(problems...); err != nil {
			return err
		}
		if err := access.CheckGrant(actor, next.Role, next.Schools); err != nil {
			return err
		}
		return a.saveStaff(ctx, tx, actor, before, next)
	})
}

func (a *Accounts) saveStaff(ctx context.Context, tx *sqldb.Tx, actor access.Actor, before Account, next NewStaff) error {
	from := NewStaff{}.of(before)
	changes := changed(from, next)
	if len(changes) == 0 {
		return nil
	}
	has := func(c StaffChange) bool { return slices.Contains(changes, c) }
	rights := has(ChangedRole) || has(ChangedSchools)
	if before.ID == actor.AccountID && (rights || has(ChangedEnd)) {
		return access.Refuse(access.ManageStaff, "nobody changes their own role, schools or end")
	}
	if _, err := tx.Exec(ctx, updateStaff, before.ID, next.Name, next.Email, string(next.Role), schools(next.Schools).String(), micros(next.EndsAt), rights); err != nil {
		return err
	}
	if rights {
		if _, err := tx.Exec(ctx, deleteSessions, before.ID); err != nil {
			return err
		}
	}
	if has(ChangedEmail) {
		if err := a.forgetTemporary(ctx, tx, before.ID); err != nil {
			return err
		}
	}
	if err := a.tellChanged(ctx, tx, before, changes, next); err != nil {
		return err
	}
	was, is := from.held(), next.held()
	for k, v := range was {
		if is[k] == v {
			delete(was, k)
			delete(is, k)
		}
	}
	return a.recordStaff(ctx, tx, actor, "staff.changed", before.ID, map[string]any{"old": was, "new": is})
}

// forgetTemporary ends a temporary password with the sessions born from it.
func (a *Accounts) forgetTemporary(ctx context.Context, tx *sqldb.Tx, id int64) error {
	if _, err := tx.Exec(ctx, deleteTemporary, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, deleteLimitedSessions, id)
	return err
}

// tellChanged tells the person, at the address before and at the one after.
func (a *Accounts) tellChanged(ctx context.Context, tx *sqldb.Tx, before Account, changes []StaffChange, next NewStaff) error {
	m := StaffMail{Account: before, Notice: StaffChanged, Changes: changes}
	m.Account.Name, m.Account.Email = next.Name, next.Email
	if slices.Contains(changes, ChangedRole) {
		m.Role = next.Role
	}
	if slices.Contains(changes, ChangedEnd) {
		m.Ends = a.lastDay(next.EndsAt)
	}
	if err := a.people.MailStaff(ctx, tx, m); err != nil || !slices.Contains(changes, ChangedEmail) {
		return err
	}
	m.To = before.Email
	return a.people.MailStaff(ctx, tx, m)
}

func changed(from, to NewStaff) []StaffChange {
	var all []StaffChange
	for _, c := range []struct {
		what StaffChange
		yes  bool
	}{
		{ChangedName, from.Name != to.Name},
		{ChangedEmail, from.Email != to.Email},
		{ChangedRole, from.Role != to.Role},
		{ChangedSchools, schools(from.Schools).String() != schools(to.Schools).String()},
		{ChangedEnd, !from.EndsAt.Equal(to.EndsAt)},
	} {
		if c.yes {
			all = append(all, c.what)
		}
	}
	return all
}

// reasonProblems is what is wrong with the reason for which an account is disabled.
func reasonProblems(reason string) []fault.Problem {
	switch {
	case reason == "":
		return []fault.Problem{{Field: "reason", Key: "problem.empty"}}
	case utf8.RuneCountInString(reason) > maxReason:
		return []fault.Problem{{Field: "reason", Key: "problem.too_long", Args: []any{"Max", maxReason}}}
	}
	return nil
}
