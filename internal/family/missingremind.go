package family

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	jobRemind = "remind"

	reminded       = "reminded" // counts reminders to one contact
	remindedWithin = 7 * 24 * time.Hour
	remindLife     = 24 * time.Hour   // of one leg
	remindAhead    = 10 * time.Minute // how far mails stand in the queue before they leave
)

// remindPayload is one leg of a wave of reminders: the adults behind a place.
type remindPayload struct {
	Wave     int64     `json:"wave"`
	Choice   Choice    `json:"choice"`
	Standing Standing  `json:"standing,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	After    string    `json:"after,omitempty"`
	Owner    int64     `json:"owner"`
	Name     string    `json:"name"`
}

// Remind begins a wave of reminders to those who have not come and have an address that mail may go to: each at most once in a week, no
// faster than the school's MailsPerMinute together with all other mails of acts on many logins. Whoever's mail was refused is left to
// letters. It returns fault.Stale when the actor must show first that it is them.
func (f *Family) Remind(ctx context.Context, actor access.Actor, q MissingQuery) error {
	if err := access.Check(actor, access.BulkLogins); err != nil {
		return err
	}
	p := remindPayload{Choice: q.Choice, Standing: q.Standing, Since: q.Since, Owner: actor.AccountID, Name: actor.Username}
	detail := q.detail()
	detail["standing"] = string(q.Standing)
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "missing.reminded", Detail: detail}); err != nil {
			return err
		}
		p := p // may run twice
		var err error
		if p.Wave, err = sqldb.Value[int64](ctx, tx, insertWave, actor.AccountID, actor.Username, f.now().UnixMicro()); err != nil {
			return err
		}
		return f.enqueueReminders(ctx, tx, p, time.Time{})
	})
}

func (f *Family) enqueueReminders(ctx context.Context, tx *sqldb.Tx, p remindPayload, at time.Time) error {
	payload, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = f.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobRemind, Payload: payload, RunAt: at, Deadline: f.later(at).Add(remindLife)})
	return err
}

// workReminders is the handler of jobRemind: it puts the mails of some adults into the outbox and leaves the rest to another job. A leg that runs
// twice mails nobody twice: whom it reminded is counted in the same transaction.
func (f *Family) workReminders(ctx context.Context, job jobs.Job) error {
	var p remindPayload
	if err := json.Unmarshal(job.Payload, &p); err != nil {
		return jobs.Permanent(fmt.Errorf("payload of a reminder: %w", err))
	}
	actor, err := f.remindActor(ctx, p)
	if errors.Is(err, errNoRights) {
		err = f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.endWave(ctx, tx, p.Wave, waveStopped, "") })
		return cmp.Or(err, jobs.Skip("stopped: whoever began it is gone, or may no longer do it"))
	}
	if err != nil {
		return err
	}
	q := MissingQuery{Choice: p.Choice, Standing: p.Standing, Since: p.Since}
	var adults []*grown
	looked := 0
	next, err := f.walk(ctx, actor, q.Choice, p.After, 1, func(g *grown) error {
		looked++
		if s := g.standing(q.Since); len(q.rows(g)) > 0 && s != StandingRefused && g.lines[0].address {
			adults = append(adults, g)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reminders: %w", err)
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		p, mailed := p, 0 // may run twice
		pace, err := f.readPace(ctx, tx)
		if err != nil {
			return err
		}
		// The place says whether another worker has done this leg, or somebody has stopped the wave.
		moved, err := tx.Exec(ctx, moveWave, p.Wave, p.After, next, looked)
		if err != nil || moved == 0 {
			return err
		}
		for _, g := range adults {
			told, err := f.remind(ctx, tx, g, pace)
			if err != nil {
				return err
			}
			if told {
				mailed++
			}
		}
		if _, err := tx.Exec(ctx, countWave, p.Wave, mailed); err != nil {
			return err
		}
		if err := pace.keep(ctx, tx); err != nil {
			return err
		}
		if next == "" {
			return f.endWave(ctx, tx, p.Wave, waveDone, "")
		}
		p.After = next
		return f.enqueueReminders(ctx, tx, p, pace.at.Add(-remindAhead))
	})
}

// remindActor is whoever began the wave, with the rights of now.
func (f *Family) remindActor(ctx context.Context, p remindPayload) (access.Actor, error) {
	if p.Owner == 0 {
		return access.Actor{Kind: access.System, Username: p.Name}, nil
	}
	actor := access.Actor{Kind: access.Staff, AccountID: p.Owner, Username: p.Name}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		a, err := f.accounts.Account(ctx, tx, p.Owner)
		if fault.Is(err, fault.NotFound) {
			return errNoRights
		}
		actor.Role, actor.Schools = a.Role, a.Schools
		return err
	})
	if err == nil && !access.Can(actor, access.BulkLogins) {
		err = errNoRights
	}
	return actor, err
}

// remind orders the mail to one adult, unless there was one within the week or nothing may go to the address.
func (f *Family) remind(ctx context.Context, tx *sqldb.Tx, g *grown, pace *pace) (bool, error) {
	l := g.lines[0]
	c, err := f.roster.Contact(ctx, tx, l.ContactID)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	d := &decision{Family: f, tx: tx}
	opens, err := d.opening(ctx, []roster.Contact{c})
	if err != nil || len(opens) == 0 {
		return false, err
	}
	if trouble, err := d.addressTrouble(ctx, c, opens); err != nil || trouble != "" {
		return false, err
	}
	if n, err := f.accounts.Count(ctx, tx, reminded, strconv.FormatInt(c.ID, 10), remindedWithin); err != nil || n > 1 {
		return false, err
	}
	order := mailOrder{Template: mailRemindRegister, ContactID: c.ID, RunAt: pace.take(), Later: true}
	if l.account != 0 {
		order.Template, order.AccountID = mailRemindSignIn, l.account
	}
	for _, line := range g.lines {
		order.StudentIDs = append(order.StudentIDs, line.StudentID)
	}
	return true, f.enqueueMail(ctx, tx, order)
}
