package account

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// NewStaff describes a member of staff.
type NewStaff struct {
	Username, Name, Email, Password string
	Role                            access.Role
	Schools                         access.Schools
	EndsAt                          time.Time // the account is closed from then on; zero for never
}

const (
	maxName  = 100 // code points
	maxEmail = 254 // bytes: what fits into an SMTP path (RFC 5321 §4.5.3.1.3)
)

// CreateStaff makes a staff account. It returns fault.Forbidden unless the actor may manage staff, fault.Conflict when the username is
// taken, fault.Invalid with problems on "username", "name", "email", "role" or "password" for bad fields.
func (a *Accounts) CreateStaff(ctx context.Context, actor access.Actor, n NewStaff) (int64, error) {
	if err := access.Check(actor, access.ManageStaff); err != nil {
		return 0, err
	}
	n.Name, n.Email = strings.TrimSpace(n.Name), strings.TrimSpace(n.Email)
	key, err := CheckUsername(n.Username)
	problems := append(fault.ProblemsOf(err), n.problems()...)
	password, problem, err := a.newPassword("password", n.Password, a.minimum(access.Staff), []string{n.Name, n.Email, n.Username})
	if err != nil {
		return 0, err
	}
	if problem != nil {
		problems = append(problems, *problem)
	}
	if err := fault.InvalidFields(problems...); err != nil {
		return 0, err
	}
	hash, err := a.hash(ctx, background, password)
	if err != nil {
		return 0, err
	}
	var id int64
	err = a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		id, err = a.create(ctx, tx, NewAccount{Kind: access.Staff, Username: n.Username, State: Active, Hash: hash}, key, n)
		if fault.Is(err, fault.Conflict) {
			return fault.Conflictf("the username is taken")
		}
		if err != nil {
			return err
		}
		return a.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "staff.created", TargetKind: "account", TargetID: id,
			Detail: map[string]any{"username": shown(n.Username), "name": n.Name, "email": n.Email, "role": string(n.Role)}})
	})
	return id, err
}

func (n NewStaff) problems() []fault.Problem {
	var problems []fault.Problem
	add := func(field, key string, args ...any) {
		problems = append(problems, fault.Problem{Field: field, Key: key, Args: args})
	}
	switch {
	case n.Name == "":
		add("name", "problem.empty")
	case utf8.RuneCountInString(n.Name) > maxName:
		add("name", "problem.too_long", "Max", maxName)
	}
	address, err := mail.ParseAddress(n.Email)
	switch {
	case n.Email == "":
		add("email", "problem.empty")
	case len(n.Email) > maxEmail:
		add("email", "problem.too_long", "Max", maxEmail)
	case err != nil || address.Address != n.Email:
		add("email", "problem.email_invalid")
	}
	if !slices.Contains(access.Roles(), n.Role) {
		add("role", "problem.choose")
	}
	return problems
}
