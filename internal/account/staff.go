package account

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"net/mail"
	"slices"
	"strconv"
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
	maxName   = 100 // code points
	maxReason = 200 // code points
	maxEmail  = 254 // bytes: what fits into an SMTP path (RFC 5321 §4.5.3.1.3)
)

// CreateStaff makes a staff account with a password. It returns fault.Forbidden unless the actor may grant the role at the schools,
// fault.Conflict when the username is taken, fault.Invalid with problems on "username", "name", "email", "role", "schools" or "password"
// for bad fields.
func (a *Accounts) CreateStaff(ctx context.Context, actor access.Actor, n NewStaff) (int64, error) {
	if err := access.Check(actor, access.ManageStaff); err != nil {
		return 0, err
	}
	n = n.tidy()
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
	if err := access.CheckGrant(actor, n.Role, n.Schools); err != nil {
		return 0, err
	}
	hash, err := a.hash(ctx, background, password)
	if err != nil {
		return 0, err
	}
	var id int64
	err = a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if err := a.standing(ctx, tx, actor); err != nil {
			return err
		}
		id, err = a.create(ctx, tx, NewAccount{Kind: access.Staff, Username: n.Username, State: Active, Hash: hash}, key, n)
		if fault.Is(err, fault.Conflict) {
			return fault.Conflictf("the username is taken")
		}
		if err != nil {
			return err
		}
		return a.recordStaff(ctx, tx, actor, "staff.created", id, n.detail())
	})
	return id, err
}

func (n NewStaff) tidy() NewStaff {
	n.Name, n.Email = strings.TrimSpace(n.Name), strings.TrimSpace(n.Email)
	n.Schools = tidySchools(n.Schools)
	return n
}

// tidySchools puts the numbers in order, each once.
func tidySchools(s access.Schools) access.Schools {
	if s.All {
		return access.Everywhere()
	}
	ids := slices.Clone(s.IDs)
	slices.Sort(ids)
	return access.Schools{IDs: slices.Compact(ids)}
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
	if !n.Schools.All && len(n.Schools.IDs) == 0 {
		add("schools", "problem.choose_school")
	}
	return problems
}

// detail is what the log keeps of somebody new.
func (n NewStaff) detail() map[string]any {
	d := n.held()
	d["username"] = shown(n.Username)
	return d
}

// held are the values that a change of a member of staff changes, for the log.
func (n NewStaff) held() map[string]any {
	d := map[string]any{"name": n.Name, "email": n.Email, "role": string(n.Role), "schools": schools(n.Schools).String()}
	if !n.EndsAt.IsZero() {
		d["ends_at"] = n.EndsAt.UTC().Format(time.RFC3339)
	}
	return d
}

// of is a member of staff as on record.
func (n NewStaff) of(a Account) NewStaff {
	return NewStaff{Username: a.Username, Name: a.Name, Email: a.Email, Role: a.Role, Schools: tidySchools(a.Schools), EndsAt: a.EndsAt}
}

// version names what can be edited as it is now: an edit that began with another version is out of date.
func (n NewStaff) version() string {
	ends := ""
	if !n.EndsAt.IsZero() {
		ends = n.EndsAt.UTC().Format(time.RFC3339Nano)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{n.Name, n.Email, string(n.Role), schools(n.Schools).String(), ends}, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// Ends returns when an account is closed whose last day is given as 2026-11-23: at the end of that day in the school's time zone; the zero time for
// "". It returns fault.Invalid with a problem on "last_day" for what is no date.
func (a *Accounts) Ends(lastDay string) (time.Time, error) {
	if lastDay == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, lastDay, a.settings.Location())
	if err != nil {
		return time.Time{}, fault.InvalidFields(fault.Problem{Field: "last_day", Key: "problem.date"})
	}
	return day.AddDate(0, 0, 1).UTC(), nil
}

// lastDay is the inverse of Ends.
func (a *Accounts) lastDay(ends time.Time) string {
	if ends.IsZero() {
		return ""
	}
	return ends.Add(-time.Microsecond).In(a.settings.Location()).Format(time.DateOnly)
}

// recordStaff records what an actor did to a member of staff.
func (a *Accounts) recordStaff(ctx context.Context, tx *sqldb.Tx, actor access.Actor, action string, id int64, detail map[string]any) error {
	return a.log.Record(ctx, tx, audit.Event{Actor: actor, Action: action, TargetKind: "account", TargetID: id, Detail: detail})
}

// StaffAt reports, in the caller's transaction, whether somebody of the staff works at this school by name, not at all of them.
func (a *Accounts) StaffAt(ctx context.Context, tx *sqldb.Tx, school int64) (bool, error) {
	return sqldb.Value[bool](ctx, tx, selectStaffAt, "%,"+strconv.FormatInt(school, 10)+",%")
}

// StaffAddresses lists, in the caller's transaction, the e-mail addresses of the staff, and the usernames that are addresses.
func (a *Accounts) StaffAddresses(ctx context.Context, tx *sqldb.Tx) (all []string, err error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }, selectStaffAddresses)
}
