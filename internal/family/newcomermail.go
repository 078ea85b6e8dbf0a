package family

import (
	"context"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The templates about new adults. Those to the office name nobody.
const (
	mailNewcomer  = "newcomer"        // to a parent: another adult sees the child; StudentIDs; Data: dataNewcomer
	mailNewcomers = "newcomers_today" // to the office, once a day; Data: dataNumber
	mailDoubt     = "newcomer_doubt"  // to the office: a parent does not know a new adult
)

const (
	dataNewcomer = "newcomer" // the new adult's contact
	dataNumber   = "number"
)

// skipNewcomer is why a mail about a new adult is not sent after all.
const skipNewcomer = "not sent: the child is not open to both any more, or a restriction stands"

// newcomerOrder is the mail that tells one parent of a new adult; the children are added.
func newcomerOrder(parent, newcomer *loginLine) mailOrder {
	return mailOrder{
		Template: mailNewcomer, ContactID: parent.ContactID, AccountID: parent.account,
		Data: map[string]string{dataNewcomer: strconv.FormatInt(newcomer.ContactID, 10)},
	}
}

// toOffice reports whether a mail goes to the school's own address (setting OfficeEmail).
func toOffice(template string) bool {
	return template == mailNewcomers || template == mailDoubt || template == mailImportWaits || template == mailImportFailed
}

// mailOffice orders a mail to the office, if the school wants such mail.
func (f *Family) mailOffice(ctx context.Context, tx *sqldb.Tx, template string, data map[string]string) error {
	if f.settings.Values().OfficeEmail == "" {
		return nil
	}
	return f.enqueueMail(ctx, tx, mailOrder{Template: template, Data: data})
}

// adult is a new adult of one child, as a mail names them: never with address or telephone.
type adult struct{ name, relationship, child string }

// lookUpNewcomer names the new adult and the children as of now. Whatever has closed meanwhile is left out: a letter about nothing else is
// not sent.
func (f *Family) lookUpNewcomer(ctx context.Context, tx *sqldb.Tx, job jobs.Job, l *letter) error {
	newcomer, err := strconv.ParseInt(l.Data[dataNewcomer], 10, 64)
	if err != nil {
		return jobs.Permanent(err)
	}
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfStudents, l.StudentIDs)
	if err != nil {
		return err
	}
	restricted, sees, news := map[int64]bool{}, map[int64]bool{}, map[int64]*loginLine{}
	for _, line := range lines {
		switch {
		case line.line.Restricted == roster.Yes:
			restricted[line.StudentID] = true
		case line.open() && line.account == job.AccountID:
			sees[line.StudentID] = true
		case line.open() && line.ContactID == newcomer:
			news[line.StudentID] = line
		}
	}
	for _, id := range l.StudentIDs {
		if n := news[id]; n != nil && sees[id] && !restricted[id] {
			l.adults = append(l.adults, adult{fullName(n.ParentFirst, n.ParentLast), n.Relationship, fullName(n.ChildFirst, n.ChildLast)})
		}
	}
	if len(l.adults) == 0 {
		return jobs.Skip(skipNewcomer)
	}
	return nil
}

// newcomerArgs are the placeholders of the mails about new adults.
func newcomerArgs(in *lang.Language, l letter) []any {
	var lines []string
	for _, a := range l.adults {
		lines = append(lines, in.T("mail.part.adult", "Name", a.name, "Relationship", in.T(relationshipKey(a.relationship)), "Child", a.child))
	}
	return []any{"Adults", list(lines), "Number", l.Data[dataNumber], "Day", in.Date(l.Data[dataDay])}
}

// relationshipKey is the catalogue key of a relationship; no key may end in "other", which is a plural form.
func relationshipKey(code string) string {
	if code == "other" {
		code = "other_person"
	}
	return "relationship." + code
}
