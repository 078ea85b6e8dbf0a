package family

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// letter is a mail with everything it needs, looked up at the moment of sending.
type letter struct {
	mailPayload
	id          int64
	kind        access.Kind // whose portal it speaks of
	first, last string      // of the person; staff have one name, in first
	address     string
	language    string // "" for the default
	username    string
	password    string    // the temporary one
	until       time.Time // it works
	at          time.Time // what the mail tells of happened
	children    []string  // what the mail is about
	stay        []string  // children that stay open
	adults      []adult   // new to the children
}

// The reasons for not sending.
const (
	skipSecret     = "not sent: replaced or expired"
	skipRestricted = "held back: the contact is restricted for the child"
)

// sendMail is the handler of jobMail. A mail is sent again only when the process died between the server's answer and the note of
// it, and then under the same Message-ID.
func (f *Family) sendMail(ctx context.Context, job jobs.Job) error {
	l := letter{id: job.ID, at: job.CreatedAt}
	if err := json.Unmarshal(job.Payload, &l.mailPayload); err != nil {
		return jobs.Permanent(fmt.Errorf("payload of a mail: %w", err))
	}
	down := false
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		found := l // a read may run twice
		if err := f.lookUp(ctx, tx, job, &found); err != nil {
			return err
		}
		l = found
		gate, err := readGate(ctx, tx)
		down = !gate.down.IsZero()
		return err
	})
	if err != nil { // nothing leaves
		return errors.Join(err, f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.unsent(ctx, tx, job) }))
	}
	if len(job.Secret) > 0 {
		l.password = f.accounts.TemporaryPassword(job.Secret)
	}
	err = f.sender.Send(ctx, f.write(l))
	switch {
	case mail.OutOfReach(err) && !errors.Is(err, context.Canceled):
		noteErr := f.outOfReach(context.WithoutCancel(ctx), job, err.Error())
		return errors.Join(jobs.Again(err), noteErr)
	case mail.Permanent(err):
		err = jobs.Permanent(err)
	}
	// Whoever says no is within reach. What cannot be noted now is noted by the next mail.
	if noteErr := f.handed(context.WithoutCancel(ctx), down); noteErr != nil {
		f.log.Warn("cannot note that the mail server answers", "job", job.ID, "error", noteErr)
	}
	return err
}

// lookUp fills in whom the letter goes to and what it tells, as of now.
func (f *Family) lookUp(ctx context.Context, tx *sqldb.Tx, job jobs.Job, l *letter) error {
	a, err := f.accountOfMail(ctx, tx, job)
	if err != nil {
		return err
	}
	l.kind, l.language, l.username = access.Parent, l.Language, l.Data[dataUsername]
	if a.ID != 0 {
		l.kind, l.username = a.Kind, a.Username
	}
	if a.Language != "" {
		l.language = a.Language
	}
	if l.Serial != "" {
		live, until, err := f.accounts.Live(ctx, tx, job.AccountID, l.Serial)
		if err != nil {
			return err
		}
		if !live || a.State == account.Disabled || len(job.Secret) == 0 {
			return jobs.Skip(skipSecret)
		}
		l.until = until
	}
	if a.Kind == access.Staff {
		l.first, l.address = a.Name, a.Email
	} else if toStaff(l.Template) && job.ContactID == 0 { // the account is gone
		l.kind, l.first = access.Staff, l.Data[dataName]
	} else if toOffice(l.Template) {
		l.kind, l.first, l.address = access.Staff, f.settings.Values().DistrictName, f.settings.Values().OfficeEmail
	} else if err := f.lookUpContact(ctx, tx, job, l); err != nil {
		return err
	}
	if l.To != "" && (l.Template == mailAddressChanged || toStaff(l.Template) && job.ContactID == 0) {
		l.address = l.To
	}
	if l.Template == mailNewcomer {
		if err := f.lookUpNewcomer(ctx, tx, job, l); err != nil {
			return err
		}
	}
	if l.address == "" {
		return jobs.Permanent(errors.New("no e-mail address on record"))
	}
	return nil
}

// accountOfMail returns the account that the mail is about; the zero Account where there is none (any more).
func (f *Family) accountOfMail(ctx context.Context, tx *sqldb.Tx, job jobs.Job) (account.Account, error) {
	if job.AccountID == 0 {
		return account.Account{}, nil
	}
	a, err := f.accounts.Account(ctx, tx, job.AccountID)
	if fault.Is(err, fault.NotFound) {
		if len(job.Secret) > 0 {
			return a, jobs.Skip(skipSecret)
		}
		return account.Account{}, nil
	}
	return a, err
}

func (f *Family) lookUpContact(ctx context.Context, tx *sqldb.Tx, job jobs.Job, l *letter) error {
	c, err := f.contactOfMail(ctx, tx, job)
	if fault.Is(err, fault.NotFound) {
		return jobs.Permanent(errors.New("the person is no longer on record"))
	}
	if err != nil {
		return err
	}
	l.first, l.last, l.address = c.First, c.Last, c.Email
	if c.Language != "" {
		l.language = c.Language
	}
	if l.Serial != "" && l.Data[dataAnyAddress] == "" {
		// Another roster may have come since the decision.
		ofStudent, err := f.roster.StudentHasEmail(ctx, tx, lang.EmailKey(c.Email))
		if err != nil {
			return err
		}
		if ofStudent {
			return jobs.Permanent(errors.New("the e-mail address on record is a student's too"))
		}
	}
	return f.lookUpChildren(ctx, tx, c.ID, l)
}

// contactOfMail returns the contact named by the job, else the first with an address that the account holds.
func (f *Family) contactOfMail(ctx context.Context, tx *sqldb.Tx, job jobs.Job) (roster.Contact, error) {
	if job.ContactID != 0 {
		return f.roster.Contact(ctx, tx, job.ContactID)
	}
	held, err := f.heldContacts(ctx, tx, job.AccountID)
	if err != nil {
		return roster.Contact{}, err
	}
	if len(held) == 0 {
		return roster.Contact{}, fault.NotFoundf("no contact")
	}
	if i := slices.IndexFunc(held, func(c roster.Contact) bool { return c.Email != "" }); i >= 0 {
		return held[i], nil
	}
	return held[0], nil
}

// lookUpChildren names the children that the letter is about. Those for whom the contact is restricted are left out; a letter about
// none but them is held back.
func (f *Family) lookUpChildren(ctx context.Context, tx *sqldb.Tx, contact int64, l *letter) error {
	if len(l.StudentIDs)+len(l.Stay) == 0 {
		return nil
	}
	lines, err := f.roster.LinesOfContacts(ctx, tx, []int64{contact})
	if err != nil {
		return err
	}
	hidden, names := map[int64]bool{}, map[int64]string{}
	for _, line := range lines {
		names[line.StudentID] = fullName(line.Student.First, line.Student.Last)
		hidden[line.StudentID] = line.Restricted == roster.Yes
	}
	collect := func(ids []int64) ([]string, error) {
		var out []string
		for _, id := range ids {
			if hidden[id] {
				continue
			}
			name, err := f.childName(ctx, tx, names, id)
			if err != nil {
				return nil, err
			}
			if name != "" {
				out = append(out, name)
			}
		}
		return out, nil
	}
	if l.children, err = collect(l.StudentIDs); err != nil {
		return err
	}
	if len(l.StudentIDs) > 0 && len(l.children) == 0 {
		return jobs.Skip(skipRestricted)
	}
	l.stay, err = collect(l.mailPayload.Stay)
	return err
}

// childName also finds a child whose line to the contact is gone, and returns "" for one that is gone itself.
func (f *Family) childName(ctx context.Context, tx *sqldb.Tx, known map[int64]string, id int64) (string, error) {
	if name, ok := known[id]; ok {
		return name, nil
	}
	s, err := f.roster.Student(ctx, tx, id)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return fullName(s.First, s.Last), err
}

// messageID names the mail to mail servers; every attempt has the same.
func messageID(job int64) string { return "job-" + strconv.FormatInt(job, 10) }
