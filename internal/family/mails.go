package family

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The kinds of job that family's handlers do, and how many run at once in a process.
const (
	jobDecide = "decide"
	jobMail   = "mail"

	decidersAtOnce = 2
	sendersAtOnce  = 4
)

// The templates of mails: "mail.<template>.subject" and "mail.<template>.body" in the catalogue.
const (
	mailTemporary         = "temporary"                // a new login: username and temporary password
	mailForgotPassword    = "forgot_password"          // a temporary password for a login that has a permanent one
	mailAlready           = "already"                  // you already have a login
	mailAlreadyClosedLine = "already_closed_line"      // the same, and how the child closed by a reset opens again
	mailNameDiffers       = "name_differs"             // the name typed is not the one on record
	mailYourUsername      = "your_username"            // asked for by address
	mailReset             = "reset"                    // the login ended; Data: dataUsername; Logins
	mailResetPart         = "reset_part"               // children closed on a login that stays; StudentIDs: closed; Stay; Logins
	mailAddressChanged    = "address_changed"          // to the old address, in To
	mailPasswordChanged   = "password_changed"         //
	mailUsernameChanged   = "username_changed"         //
	mailNewDevice         = "new_device"               //
	mailLocked            = "locked"                   //
	mailFactorAdded       = "factor_added"             // an authenticator or a passkey
	mailFactorRemoved     = "factor_removed"           //
	mailRecoveryCodesMade = "recovery_codes_made"      //
	mailRecoveryCodeUsed  = "recovery_code_used"       //
	mailCodesRefused      = "codes_refused"            // wrong codes after a right password
	mailSentByStaff       = "sent_by_staff"            // a temporary password from the office, for a new login or one whose password is off
	mailRequired          = "required"                 // the school ended the password: a temporary one for choosing a new one
	mailStudentReset      = "student_login_reset"      // likewise: a new password is needed
	mailStudentRemoved    = "student_login_removed"    // likewise
	mailStudentPassed     = "student_login_passed"     // to the new maker
	mailStudentPassword   = "student_password_changed" // to the maker; StudentIDs: the child
)

// The mails to somebody whose two records became one.
const (
	mailRecordsJoined = "records_joined" //
	mailLoginsJoined  = "logins_joined"  // one of two logins ended; AccountID: the one that stays
)

// The mails about coming, or coming back.
const (
	mailRemindRegister = "remind_register" // has no login yet; StudentIDs
	mailRemindSignIn   = "remind_sign_in"  // has one that waits or sleeps; StudentIDs
	mailTest           = "test"            // to a member of staff who asked for it
	mailRefused        = "request_refused" // the office refused what was asked; neutral words
	mailCodeGiven      = "code_given"      // the office gave a one-time code at the counter
)

// dataRenamed says in Data that the username is not the one that was asked for.
const dataRenamed = "Renamed"

// dataAnyAddress says in Data that staff chose to mail a temporary password although the address is also a student's.
const dataAnyAddress = "AnyAddress"

// dataUsername names in Data the username of an account that is gone.
const dataUsername = "Username"

// mailLife is how long the outbox tries to hand over a mail that says nothing else.
const mailLife = 48 * time.Hour

// mailOrder is a mail to write. Whom it goes to is decided when it is sent: the contact's address on record then, or, without a contact, that of the
// account (of a contact it holds; a member of staff's own). Only the notice to an address that has just been replaced carries one, in To.
type mailOrder struct {
	Template   string
	ContactID  int64
	AccountID  int64             // whose username the mail names; may be gone when the mail is sent, unless it carries a Secret
	StudentIDs []int64           // children the mail is about: it is held back while the contact is restricted for one of them
	To         string            // address_changed and the mails to staff alone
	Stay       []int64           // reset_part: children that stay open
	Logins     []string          // reset, reset_part: usernames of student logins that ended
	Data       map[string]string // dataUsername, dataRenamed, dataAnyAddress. Nothing secret, no address
	Secret     []byte            // seed of a temporary password
	Serial     string            // of that temporary password
	Language   string            // where neither the contact's record nor the account names one
	RunAt      time.Time         // zero: at once
	Later      bool              // of an act on many logins: others go first
	Deadline   time.Time         // zero: two days
}

// mailPayload is the JSON of a mail job.
type mailPayload struct {
	Template   string            `json:"template"`
	StudentIDs []int64           `json:"students,omitempty"`
	Stay       []int64           `json:"stay,omitempty"`
	Logins     []string          `json:"logins,omitempty"`
	To         string            `json:"to,omitempty"`
	Data       map[string]string `json:"data,omitempty"`
	Serial     string            `json:"serial,omitempty"`
	Language   string            `json:"language,omitempty"`
}

// enqueueMail writes the order into the outbox, in the transaction of the change it tells of.
func (f *Family) enqueueMail(ctx context.Context, tx *sqldb.Tx, m mailOrder) error {
	_, err := f.putMail(ctx, tx, m)
	return err
}

// putMail is enqueueMail, and returns the mail's number.
func (f *Family) putMail(ctx context.Context, tx *sqldb.Tx, m mailOrder) (int64, error) {
	payload, err := json.Marshal(mailPayload{Template: m.Template, StudentIDs: m.StudentIDs, Stay: m.Stay, Logins: m.Logins, To: m.To, Data: m.Data, Serial: m.Serial,
		Language: m.Language})
	if err != nil {
		return 0, fmt.Errorf("mail %s: %w", m.Template, err)
	}
	deadline := m.Deadline
	if deadline.IsZero() {
		deadline = f.now().Add(mailLife)
		if m.RunAt.After(f.now()) {
			deadline = m.RunAt.Add(mailLife)
		}
	}
	class := jobs.First
	if m.Later {
		class = jobs.Later
	}
	id, err := f.jobs.Enqueue(ctx, tx, jobs.Job{
		Kind: jobMail, Label: m.Template, Class: class, Payload: payload, Secret: m.Secret, RunAt: m.RunAt, Deadline: deadline, AccountID: m.AccountID, ContactID: m.ContactID,
	})
	if err != nil {
		return 0, fmt.Errorf("mail %s: %w", m.Template, err)
	}
	return id, nil
}
