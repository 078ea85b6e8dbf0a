package family

import (
	"context"
	"encoding/json"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
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
	Attempts  int
	Error     string // the server's words, or why it was not sent
	At, RunAt time.Time
	MayRetry  bool
}

// Mails lists mails, newest first, after the cursor; state "" means all.
func (f *Family) Mails(ctx context.Context, actor access.Actor, state jobs.State, after jobs.Cursor, limit int) ([]Mail, error) {
	if err := access.Check(actor, access.SeeMail); err != nil {
		return nil, err
	}
	found, err := f.jobs.List(ctx, jobMail, state, after, limit)
	if err != nil {
		return nil, err
	}
	var people []int64
	for _, j := range found {
		if j.ContactID != 0 {
			people = append(people, j.ContactID)
		}
	}
	names := map[int64]roster.Contact{}
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
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
			ID: j.ID, ContactID: j.ContactID, State: j.State, Attempts: j.Attempts, Error: j.LastError, At: j.CreatedAt, RunAt: j.RunAt,
			MayRetry: j.State == jobs.Failed || j.State == jobs.Stopped,
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
	if err := access.Check(actor, access.SeeMail); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := f.jobs.Retry(ctx, tx, id); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "mail.again", TargetKind: "mail", TargetID: id})
	})
}

// HoldMail stops every mail that waits and returns how many: after a restore nobody knows which of them were handed over since the backup.
// Staff may send them again one by one.
func (f *Family) HoldMail(ctx context.Context, tx *sqldb.Tx) (int64, error) {
	return f.jobs.StopAll(ctx, tx, jobMail)
}
