package family

import (
	"context"
	"encoding/json"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Mail is one mail in the queue or its history, as staff see it. The address is not shown: it stands on the contact.
type Mail struct {
	ID        int64
	Template  string
	To        string // the person's name; "" for staff
	ContactID int64
	State     jobs.State
	Standing  jobs.Standing // State, with what came to its end by time apart
	Attempts  int
	Error     string // the server's words, or why it was not sent
	At, RunAt time.Time
	Ended     time.Time // zero while it waits
	MayRetry  bool
}

// MailQuery chooses mails: by standing and template, or those to one person; zero values choose all.
type MailQuery struct {
	Standing  jobs.Standing
	Template  string
	ContactID int64
}

// Mails lists mails, newest first, after the cursor. It returns fault.Invalid for no standing.
func (f *Family) Mails(ctx context.Context, actor access.Actor, q MailQuery, after jobs.Cursor, limit int) ([]Mail, error) {
	if err := access.Check(actor, access.SeeMail); err != nil {
		return nil, err
	}
	filter := jobs.Filter{Standing: q.Standing, Label: q.Template, ContactID: q.ContactID}
	if q.ContactID != 0 {
		err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			filter.Account, err = holder(ctx, tx, q.ContactID)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	found, err := f.jobs.Find(ctx, jobMail, filter, after, limit)
	if err != nil {
		return nil, err
	}
	return f.mailsOf(ctx, found)
}

// mailsOf names the people of mails.
func (f *Family) mailsOf(ctx context.Context, found []jobs.Job) ([]Mail, error) {
	var people []int64
	for _, j := range found {
		if j.ContactID != 0 {
			people = append(people, j.ContactID)
		}
	}
	names := map[int64]roster.Contact{}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		contacts, err := f.roster.Contacts(ctx, tx, people)
		for _, c := range contacts {
			names[c.ID] = c
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var mails []Mail
	for _, j := range found {
		m := Mail{
			ID: j.ID, ContactID: j.ContactID, State: j.State, Standing: j.Standing(), Attempts: j.Attempts, Error: j.LastError, At: j.CreatedAt,
			RunAt: j.RunAt, Ended: j.EndedAt, MayRetry: j.State == jobs.Failed || j.State == jobs.Stopped,
		}
		var order struct{ Template string }
		if err := json.Unmarshal(j.Payload, &order); err != nil {
			return nil, err
		}
		m.Template = order.Template
		if c, ok := names[j.ContactID]; ok {
			m.To = f.catalog.Language("en").FullName(c.First, "", c.Last)
		}
		mails = append(mails, m)
	}
	return mails, nil
}

// RetryMail makes a failed mail ready again. It returns fault.Conflict when its temporary password is gone: a new one must be asked for.
func (f *Family) RetryMail(ctx context.Context, actor access.Actor, id int64) error {
	return f.changeMail(ctx, actor, id, "mail.again", f.jobs.Retry)
}

// StopMail ends a mail that waits, with its temporary password. It returns fault.Conflict for one that has ended.
func (f *Family) StopMail(ctx context.Context, actor access.Actor, id int64) error {
	return f.changeMail(ctx, actor, id, "mail.stopped", f.jobs.Stop)
}

func (f *Family) changeMail(ctx context.Context, actor access.Actor, id int64, action string, do func(context.Context, *sqldb.Tx, int64) error) error {
	if err := access.Check(actor, access.SeeMail); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		j, err := f.jobs.Job(ctx, tx, id)
		if err != nil {
			return err
		}
		if j.Kind != jobMail {
			return fault.NotFoundf("no such mail")
		}
		if err := do(ctx, tx, id); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: action, TargetKind: "mail", TargetID: id})
	})
}

// HoldMail stops every mail that waits and returns how many: after a restore nobody knows which of them were handed over since the backup.
// Staff may send them again one by one.
func (f *Family) HoldMail(ctx context.Context, tx *sqldb.Tx) (int64, error) {
	return f.jobs.StopAll(ctx, tx, jobMail)
}
