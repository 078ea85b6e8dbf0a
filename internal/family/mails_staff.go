package family

import (
	"context"
	"strings"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The templates of mails to staff about their own login, and what stands in Data for them.
const (
	mailStaffInvited   = string(account.StaffInvited)
	mailStaffPassword  = string(account.StaffPassword)
	mailStaffChanged   = string(account.StaffChanged)
	mailStaffRecovered = string(account.StaffRecovered)
	mailStaffRecovery  = string(account.StaffRecovery)

	dataName    = "Name" // of somebody whose account is gone
	dataChanges = "Changes"
	dataRole    = "Role"
	dataEnds    = "Ends"
	dataAbout   = "About"
)

// MailStaff implements account.People: it enqueues a mail to a member of staff about their login.
func (f *Family) MailStaff(ctx context.Context, tx *sqldb.Tx, m account.StaffMail) error {
	if m.To == "" && m.Account.Email == "" {
		return nil
	}
	changes := make([]string, len(m.Changes))
	for i, c := range m.Changes {
		changes[i] = string(c)
	}
	data := map[string]string{dataName: m.Account.Name, dataUsername: m.Account.Username}
	for key, value := range map[string]string{dataChanges: strings.Join(changes, ","), dataRole: string(m.Role), dataEnds: m.Ends, dataAbout: m.About} {
		if value != "" {
			data[key] = value
		}
	}
	return f.enqueueMail(ctx, tx, mailOrder{
		Template: string(m.Notice), AccountID: m.Account.ID, To: m.To, Data: data, Secret: m.Seed, Serial: m.Serial, Language: m.Account.Language,
	})
}

// toStaff reports whether the template is for staff alone.
func toStaff(template string) bool {
	switch template {
	case mailStaffInvited, mailStaffPassword, mailStaffChanged, mailStaffRecovered, mailStaffRecovery:
		return true
	}
	return false
}

// staffArgs are the placeholders of the mails to staff.
func staffArgs(in *lang.Language, l letter) []any {
	var changes []string
	for c := range strings.SplitSeq(l.Data[dataChanges], ",") {
		switch {
		case c == "":
		case c == string(account.ChangedRole) && l.Data[dataRole] != "":
			changes = append(changes, in.T("mail.staff_part.role", "Role", in.T("staff.role."+l.Data[dataRole])))
		case c == string(account.ChangedEnd) && l.Data[dataEnds] != "":
			changes = append(changes, in.T("mail.staff_part.end", "Day", in.Date(l.Data[dataEnds])))
		case c == string(account.ChangedEnd):
			changes = append(changes, in.T("mail.staff_part.no_end"))
		default:
			changes = append(changes, in.T("mail.staff_part."+c))
		}
	}
	return []any{"Changes", list(changes), "About", mail.Plain(l.Data[dataAbout])}
}
