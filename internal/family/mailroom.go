package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// MailRoom is how mail stands as a whole.
type MailRoom struct {
	Counts     map[jobs.Standing]int // up to jobs.CountLimit each
	Secrets    int                   // of the refused, those whose temporary password is gone, likewise
	Today      int                   // begun today
	ADay       int                   // the most on a day, 0: no limit
	AMinute    int                   // the most in a minute
	Full       bool                  // the day's mails are gone
	LaterFull  bool                  // what is left of the day is for those that go first
	Stopped    time.Time             // zero: mail is not stopped
	StoppedBy  string
	Down       time.Time // since when the mail server is out of reach; zero: it is not
	Words      string    // what was said when it was tried last
	Refused    int       // how many mails in a row the mail server has refused last, up to refusedInARow
	OldestWait time.Duration
}

const (
	refusedInARow = 5
	testMailLife  = 10 * time.Minute
	mailDaysKept  = 90 * 24 * time.Hour
)

// MailRoom returns how mail stands.
func (f *Family) MailRoom(ctx context.Context, actor access.Actor) (MailRoom, error) {
	var m MailRoom
	if err := access.Check(actor, access.SeeMail); err != nil {
		return m, err
	}
	v := f.settings.Values()
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		gate, err := readGate(ctx, tx)
		if err != nil {
			return err
		}
		day, err := mailsOn(ctx, tx, f.settings.Today())
		if err != nil {
			return err
		}
		m = MailRoom{
			Today: day.urgent + day.later, ADay: v.MailsADay, AMinute: v.MailsPerMinute, Stopped: gate.stopped, StoppedBy: gate.stoppedBy, Down: gate.down,
			Words: gate.words,
		}
		m.Full = m.ADay > 0 && m.Today >= m.ADay
		m.LaterFull = m.ADay > 0 && m.Today >= laterADay(m.ADay)
		if m.Counts, err = f.jobs.CountStandings(ctx, tx, jobMail); err != nil {
			return err
		}
		if m.Secrets, err = f.jobs.RefusedSecrets(ctx, tx, jobMail); err != nil {
			return err
		}
		if m.Refused, err = f.jobs.LastRefused(ctx, tx, jobMail, refusedInARow); err != nil {
			return err
		}
		m.OldestWait, err = f.jobs.Oldest(ctx, tx, jobMail)
		return err
	})
	return m, err
}

// mayAllMail returns fault.Forbidden unless the actor may act on all mail at once.
func mayAllMail(actor access.Actor) error {
	if err := access.Check(actor, access.SeeMail); err != nil {
		return err
	}
	if !access.Can(actor, access.BulkLogins) {
		return access.Refuse(access.BulkLogins, "all mail at once")
	}
	return nil
}

// StopAllMail holds all mail back until ResumeMail; nothing is lost. It returns fault.Conflict where it is stopped already.
func (f *Family) StopAllMail(ctx context.Context, actor access.Actor) error {
	return f.moveMail(ctx, actor, "mail.all_stopped", func(tx *sqldb.Tx, g gateState) error {
		if !g.stopped.IsZero() {
			return fault.Conflictf("mail is stopped already")
		}
		_, err := tx.Exec(ctx, updateStopped, f.now().UnixMicro(), actor.Username)
		return err
	})
}

// ResumeMail lets mail go on. It returns fault.Conflict where it is not stopped.
func (f *Family) ResumeMail(ctx context.Context, actor access.Actor) error {
	return f.moveMail(ctx, actor, "mail.resumed", func(tx *sqldb.Tx, g gateState) error {
		if g.stopped.IsZero() {
			return fault.Conflictf("mail is not stopped")
		}
		f.jobs.Wake(tx, jobMail)
		_, err := tx.Exec(ctx, updateStopped, 0, "")
		return err
	})
}

func (f *Family) moveMail(ctx context.Context, actor access.Actor, action string, move func(*sqldb.Tx, gateState) error) error {
	if err := mayAllMail(actor); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		g, err := readGate(ctx, tx)
		if err != nil {
			return err
		}
		if err := move(tx, g); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: action, TargetKind: "mail"})
	})
}

// RetryRefused sends all refused mails again, in short transactions, and returns how many. Those whose temporary password is gone stay.
func (f *Family) RetryRefused(ctx context.Context, actor access.Actor) (int, error) {
	if err := mayAllMail(actor); err != nil {
		return 0, err
	}
	before, total := f.now(), 0
	for {
		n := 0
		err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
			var err error
			if n, err = f.jobs.RetryRefused(ctx, tx, jobMail, before); err != nil || n == 0 {
				return err
			}
			return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "mail.all_again", TargetKind: "mail", Detail: map[string]any{"mails": n}})
		})
		if total += n; err != nil || n == 0 {
			return total, err
		}
	}
}

// TestMail sends a mail to a member of staff, before all others, and returns its number: the actor's own address for "", else the address as their
// record has it. It returns fault.Invalid with a problem on "address" for one that is no member of staff's.
func (f *Family) TestMail(ctx context.Context, actor access.Actor, address string) (int64, error) {
	if err := access.Check(actor, access.SeeMail); err != nil {
		return 0, err
	}
	var id int64
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		a, err := f.testAccount(ctx, tx, actor, address)
		if err != nil {
			return err
		}
		now := f.now()
		// A time long past puts it before all mail that waits.
		order := mailOrder{Template: mailTest, AccountID: a.ID, RunAt: time.Unix(1, 0), Deadline: now.Add(testMailLife)}
		if id, err = f.putMail(ctx, tx, order); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, updateProbeNow); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "mail.tested", TargetKind: "account", TargetID: a.ID, Detail: map[string]any{"mail": id}})
	})
	return id, err
}

func (f *Family) testAccount(ctx context.Context, tx *sqldb.Tx, actor access.Actor, address string) (account.Account, error) {
	nobody := fault.InvalidFields(fault.Problem{Field: "address", Key: "problem.staff_address"})
	n, err := f.accounts.Count(ctx, tx, "test mail", actor.Username, time.Hour)
	switch {
	case err != nil:
		return account.Account{}, err
	case n > testMailsAnHour:
		return account.Account{}, fault.Unavailablef(time.Hour, "too many test mails in an hour")
	}
	a, err := f.accounts.Account(ctx, tx, actor.AccountID)
	if address != "" {
		a, err = f.accounts.StaffByEmail(ctx, tx, address)
	}
	if fault.Is(err, fault.NotFound) || err == nil && a.Email == "" {
		return a, nobody
	}
	return a, err
}

const testMailsAnHour = 20

// TestedMail returns a test mail. It returns fault.NotFound for any other.
func (f *Family) TestedMail(ctx context.Context, actor access.Actor, id int64) (Mail, error) {
	if err := access.Check(actor, access.SeeMail); err != nil {
		return Mail{}, err
	}
	var j jobs.Job
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		j, err = f.jobs.Job(ctx, tx, id)
		return err
	})
	if err != nil {
		return Mail{}, err
	}
	if j.Kind != jobMail || j.Label != mailTest {
		return Mail{}, fault.NotFoundf("no such mail")
	}
	mails, err := f.mailsOf(ctx, []jobs.Job{j})
	if err != nil {
		return Mail{}, err
	}
	return mails[0], nil
}

// MailTemplates lists what mails there are.
func MailTemplates() []string {
	return []string{
		mailTemporary, mailForgotPassword, mailAlready, mailAlreadyClosedLine, mailNameDiffers, mailYourUsername, mailReset, mailResetPart,
		mailAddressChanged, mailPasswordChanged, mailUsernameChanged, mailNewDevice, mailLocked, mailFactorAdded, mailFactorRemoved,
		mailRecoveryCodesMade, mailRecoveryCodeUsed, mailCodesRefused, mailSentByStaff, mailRequired, mailStudentPassword, mailStudentReset, mailStudentRemoved, mailStudentPassed,
		mailRemindRegister,
		mailRemindSignIn, mailCodeGiven, mailNewcomer, mailRecordsJoined, mailLoginsJoined, mailStaffInvited, mailStaffPassword, mailStaffChanged, mailStaffRecovered, mailStaffRecovery, mailTest,
	}
}
