// Package access says who may do what. It holds no state and asks nobody: Can is one pure table.
package access

import (
	"errors"
	"slices"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Kind says what sort of actor is acting.
type Kind string

// The kinds of actor. The system acts for itself (jobs) or for whoever sits at the command line.
const (
	Visitor Kind = "visitor"
	Parent  Kind = "parent"
	Student Kind = "student"
	Staff   Kind = "staff"
	System  Kind = "system"
)

// Role is what a member of staff is trusted with; other kinds have none.
type Role string

// The roles of staff, from the one that may everything to the one that may least.
const (
	Administrator Role = "administrator"
	Registrar     Role = "registrar" // keeps the records
	Office        Role = "office"    // keeps the logins of families
	HelpDesk      Role = "help_desk" // sees logins, resets and sends
	Auditor       Role = "auditor"   // reads the log
)

// Roles lists the roles that staff can be given.
func Roles() []Role { return []Role{Administrator, Registrar, Office, HelpDesk, Auditor} }

// Schools says at which schools a member of staff works. The zero value is none.
type Schools struct {
	All bool
	IDs []int64 // where All is false
}

// Everywhere is every school, those to come included.
func Everywhere() Schools { return Schools{All: true} }

// Has reports whether the school is one of them. A student of no school (0) belongs to those who work everywhere.
func (s Schools) Has(school int64) bool {
	return s.All || school != 0 && slices.Contains(s.IDs, school)
}

// Within reports whether all of these schools are among the others.
func (s Schools) Within(others Schools) bool {
	if s.All {
		return others.All
	}
	return !slices.ContainsFunc(s.IDs, func(id int64) bool { return !others.Has(id) })
}

// Actor is whoever does something, and from where. It is passed as an argument, never hidden in a context.
type Actor struct {
	Kind      Kind
	AccountID int64 // zero for visitors and the system
	Role      Role
	Schools   Schools // staff
	Fresh     bool    // password and second factor were given within the last five minutes
	Partial   bool    // the sign-in is not complete: nothing but the pages that complete it
	Username  string  // for messages such as "changed by office"; empty for visitors
	Address   string  // client address, empty for the system
	RequestID string
}

// Action is something an actor wants to do.
type Action string

// The actions. Those of parents and students are further bound to their own lines and login by package family.
const (
	SeeLogins     Action = "see logins"
	ResetLogins   Action = "reset logins"
	BulkLogins    Action = "change many logins"
	GiveCodes     Action = "give one-time codes"
	PrintLetters  Action = "print letters and lists" // to or of many families
	SeeRecords    Action = "see records"
	EditRecords   Action = "edit records"
	ExportRecords Action = "export records"
	ImportRoster  Action = "import roster"
	ApplyRoster   Action = "apply a roster"
	SeeRequests   Action = "see registration requests"
	SeeMail       Action = "see mail"
	ChangeSetting Action = "change settings"
	CloseSchools  Action = "close and hold" // registration, the Parent Portal
	ChangeMail    Action = "change mail settings"
	SeeStaff      Action = "see staff"
	ManageStaff   Action = "manage staff"
	ReadAudit     Action = "read audit log"
	ExportAudit   Action = "export audit log"
	SeeHelp       Action = "see help feedback" // articles are for everybody
	EditHelp      Action = "edit help articles"
	OwnFamily     Action = "own family"       // My children, Add Additional Student, student logins
	OwnLogin      Action = "own login"        // password, username, second factors, sessions
	OwnPage       Action = "own student page" // the Student Portal
	Register      Action = "register"         // registration and recovery, open to everybody
)

// SeeRestrictions is to read what a restriction says; that there is one, whoever sees the record sees.
const SeeRestrictions Action = "see what a restriction says"

// RollOver is to begin a new school year, or to take that back.
const RollOver Action = "begin a new school year"

// The registration desk. CorrectContact is what the counter needs of EditRecords: a parent's own name and address, where identity was checked.
const (
	WorkDesk       Action = "work at the registration desk"
	CorrectContact Action = "correct a parent's name or address"
)

// Actions lists every action.
func Actions() []Action {
	return []Action{SeeLogins, ResetLogins, BulkLogins, GiveCodes, PrintLetters, SeeRecords, EditRecords, ExportRecords, ImportRoster, ApplyRoster, SeeRequests, WorkDesk, CorrectContact, SeeMail,
		ChangeSetting, CloseSchools, ChangeMail, SeeStaff, ManageStaff, ReadAudit, ExportAudit, SeeHelp, EditHelp, OwnFamily, OwnLogin, OwnPage, Register,
		SeeRestrictions, RollOver}
}

type actions map[Action]bool

func may(all ...Action) actions {
	set := make(actions, len(all))
	for _, a := range all {
		set[a] = true
	}
	return set
}

var staff = map[Role]actions{
	Administrator: may(SeeLogins, ResetLogins, BulkLogins, GiveCodes, PrintLetters, SeeRecords, EditRecords, ExportRecords, ImportRoster, ApplyRoster, SeeRequests, WorkDesk, CorrectContact, SeeMail,
		ChangeSetting, CloseSchools, ChangeMail, SeeStaff, ManageStaff, ReadAudit, ExportAudit, SeeHelp, EditHelp, OwnLogin, SeeRestrictions, RollOver),
	Registrar: may(SeeLogins, SeeRecords, EditRecords, ExportRecords, ImportRoster, ApplyRoster, SeeRequests, WorkDesk, CorrectContact, CloseSchools, OwnLogin, SeeRestrictions),
	Office:    may(SeeLogins, ResetLogins, BulkLogins, GiveCodes, PrintLetters, SeeRecords, SeeRequests, WorkDesk, CorrectContact, SeeMail, SeeHelp, OwnLogin),
	HelpDesk:  may(SeeLogins, ResetLogins, SeeRequests, WorkDesk, SeeMail, SeeHelp, OwnLogin),
	Auditor:   may(ReadAudit, ExportAudit, SeeStaff, OwnLogin),
}

var others = map[Kind]actions{
	Visitor: may(Register),
	Parent:  may(Register, OwnFamily, OwnLogin),
	Student: may(Register, OwnPage, OwnLogin),
}

// fresh are the actions that ask for password and second factor again when those are older than five minutes.
var fresh = may(ApplyRoster, BulkLogins, PrintLetters, ExportRecords, ChangeMail, ManageStaff, ExportAudit, RollOver)

// everywhere are the actions that concern all schools at once: whoever works at some may not do them.
var everywhere = may(ImportRoster, ApplyRoster, ChangeSetting, ChangeMail, ReadAudit, ExportAudit, EditHelp, SeeHelp, SeeMail, RollOver)

// Can reports whether the actor may do the action, once they have shown that it is them where NeedsFresh says so. Whatever is not in the
// table is denied.
func Can(a Actor, action Action) bool {
	if a.Partial && action != OwnLogin {
		return false
	}
	switch a.Kind {
	case System:
		return true
	case Staff:
		return staff[a.Role][action] && (a.Schools.All || !everywhere[action])
	}
	return others[a.Kind][action]
}

// NeedsFresh reports whether the action asks for password and second factor again.
func NeedsFresh(action Action) bool { return fresh[action] }

// EverywhereOnly reports whether only those who work at every school may do the action.
func EverywhereOnly(action Action) bool { return everywhere[action] }

// NeedsSecondFactor reports whether an actor of the kind must sign in with a second factor: everybody who may touch logins, records
// or the log, which is all staff.
func NeedsSecondFactor(k Kind) bool { return k == Staff }

// refused is the error of an action that the table denies.
type refused struct {
	error
	action Action
}

// Unwrap returns the fault.
func (r refused) Unwrap() error { return r.error }

// Refused returns the action that Check denied with this error, or that CheckAt found to be another school's; it reports false for any
// other error.
func Refused(err error) (Action, bool) {
	var r refused
	ok := errors.As(err, &r)
	return r.action, ok
}

// Check returns fault.Forbidden unless the actor may do the action, and fault.Stale when they may, but have to show first that it is them.
func Check(a Actor, action Action) error {
	switch {
	case !Can(a, action):
		return refused{fault.Forbiddenf("not allowed: %s", action), action}
	case a.Kind != System && fresh[action] && !a.Fresh:
		return fault.Stalef("password and second factor are needed again: %s", action)
	}
	return nil
}

// CheckAt is Check for something that belongs to one school; what belongs to another school does not exist for the actor (fault.NotFound).
func CheckAt(a Actor, action Action, school int64) error {
	if err := Check(a, action); err != nil {
		return err
	}
	if a.Kind == Staff && !a.Schools.Has(school) {
		return refused{fault.NotFoundf("no such row"), action}
	}
	return nil
}

// Refuse is the error of an action that the table allows and a rule of its own does not; Refused finds it like those of the table.
func Refuse(action Action, why string) error {
	return refused{fault.Forbiddenf("not allowed: %s: %s", action, why), action}
}

// CheckGrant is Check for ManageStaff, and returns fault.Forbidden unless the actor may grant the role at the schools.
func CheckGrant(a Actor, role Role, at Schools) error {
	if err := Check(a, ManageStaff); err != nil {
		return err
	}
	if !MayGrant(a, role, at) {
		return Refuse(ManageStaff, "nobody grants more than they hold")
	}
	return nil
}

// MayGrant reports whether the actor may make somebody a member of staff with the role at the schools, or take that from them: nobody grants
// more than they hold.
func MayGrant(a Actor, role Role, at Schools) bool {
	if !Can(a, ManageStaff) || !slices.Contains(Roles(), role) {
		return false
	}
	if a.Kind == System {
		return true
	}
	for action := range staff[role] {
		if !staff[a.Role][action] {
			return false
		}
	}
	return at.Within(a.Schools)
}
