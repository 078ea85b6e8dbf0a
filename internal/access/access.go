// Package access says who may do what. It holds no state and asks nobody: Can is one pure table.
package access

import "github.com/schoolgate/schoolgate/internal/fault"

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

// Administrator may do everything that staff can do.
const Administrator Role = "administrator"

// Roles lists the roles that staff can be given.
func Roles() []Role { return []Role{Administrator} }

// Actor is whoever does something, and from where. It is passed as an argument, never hidden in a context.
type Actor struct {
	Kind      Kind
	AccountID int64 // zero for visitors and the system
	Role      Role
	Username  string // for messages such as "changed by office"; empty for visitors
	Address   string // client address, empty for the system
	RequestID string
}

// Action is something an actor wants to do.
type Action string

// The actions. Those of parents and students are further bound to their own lines and login by package family.
const (
	SeeLogins     Action = "see logins"
	ResetLogins   Action = "reset logins"
	SeeRecords    Action = "see records"
	EditRecords   Action = "edit records"
	ImportRoster  Action = "import roster"
	SeeRequests   Action = "see registration requests"
	SeeMail       Action = "see mail"
	ChangeSetting Action = "change settings"
	ManageStaff   Action = "manage staff"
	ReadAudit     Action = "read audit log"
	SeeHelp       Action = "see help feedback" // articles are for everybody
	EditHelp      Action = "edit help articles"
	OwnFamily     Action = "own family"       // My children, Add Additional Student, student logins
	OwnLogin      Action = "own login"        // password, username, sessions
	OwnPage       Action = "own student page" // the Student Portal
	Register      Action = "register"         // registration and recovery, open to everybody
)

var staff = map[Role]map[Action]bool{
	Administrator: {
		SeeLogins: true, ResetLogins: true, SeeRecords: true, EditRecords: true, ImportRoster: true, SeeRequests: true,
		SeeMail: true, ChangeSetting: true, ManageStaff: true, ReadAudit: true, SeeHelp: true, EditHelp: true, OwnLogin: true,
	},
}

var others = map[Kind]map[Action]bool{
	Visitor: {Register: true},
	Parent:  {Register: true, OwnFamily: true, OwnLogin: true},
	Student: {Register: true, OwnPage: true, OwnLogin: true},
}

// Can reports whether the actor may do the action. Whatever is not in the table is denied.
func Can(a Actor, action Action) bool {
	switch a.Kind {
	case System:
		return true
	case Staff:
		return staff[a.Role][action]
	}
	return others[a.Kind][action]
}

// Check returns fault.Forbidden unless the actor may do the action.
func Check(a Actor, action Action) error {
	if Can(a, action) {
		return nil
	}
	return fault.Forbiddenf("not allowed: %s", action)
}
