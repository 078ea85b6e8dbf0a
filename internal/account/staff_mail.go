package account

import "github.com/schoolgate/schoolgate/internal/access"

// StaffNotice is what a mail to a member of staff says.
type StaffNotice string

// The mails to staff about their login. StaffInvited and StaffPassword carry a temporary password.
const (
	StaffInvited   StaffNotice = "staff_invited"
	StaffPassword  StaffNotice = "staff_password"
	StaffChanged   StaffNotice = "staff_changed"   // Changes says what
	StaffRecovered StaffNotice = "staff_recovered" // at the command line of the server
	StaffRecovery  StaffNotice = "staff_recovery"  // the same, to another administrator; About says whose login
)

// StaffChange is one thing that was changed about a member of staff.
type StaffChange string

// The changes that are told.
const (
	ChangedName     StaffChange = "name"
	ChangedEmail    StaffChange = "email"
	ChangedRole     StaffChange = "role"
	ChangedSchools  StaffChange = "schools"
	ChangedEnd      StaffChange = "end"
	ChangedDisabled StaffChange = "disabled"
	ChangedEnabled  StaffChange = "enabled"
	ChangedFactors  StaffChange = "factors"  // removed
	ChangedSessions StaffChange = "sessions" // ended
	ChangedRemoved  StaffChange = "removed"  // the account
)

// StaffMail is a mail to a member of staff about their login.
type StaffMail struct {
	Account Account // as it is after the change, or as it was before it was removed
	Notice  StaffNotice
	Changes []StaffChange
	// To is an address other than the account's: the one before the change, or that of an account which is gone. "" for the account's, when the
	// mail is sent.
	To    string
	Role  access.Role // StaffChanged: the new one, where it changed
	Ends  string      // StaffChanged: the new last day as 2026-11-23, where it changed; "" for none
	About string      // StaffRecovery: whose login, by username
	// Serial and Seed are those of the temporary password that the mail carries.
	Serial string
	Seed   []byte
}
