package family

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// limit sets how much mail may leave.
func (d *desk) limit(minute, day int) {
	d.t.Helper()
	v := *d.settings.Values()
	v.MailsPerMinute, v.MailsADay = minute, day
	d.ok(d.settings.Change(d.t.Context(), access.Actor{Kind: access.System}, v))
}

// post puts n mails into the outbox, to m1@example.org and so on.
func (d *desk) post(n int, later bool) {
	d.t.Helper()
	for i := range n {
		name := fmt.Sprintf("m%d.%v", i+1, later)
		l := d.parent(d.student("9"+name, "Kid", "Post"), "Pat", "Post", name+"@example.org")
		d.ok(d.db.Write(d.t.Context(), func(tx *sqldb.Tx) error {
			return d.enqueueMail(d.t.Context(), tx, mailOrder{Template: mailCodeGiven, ContactID: l.ContactID, Later: later})
		}))
	}
}

func (d *desk) sent() (to []string) {
	for _, m := range d.inbox.Messages() {
		to = append(to, m.To)
	}
	return to
}

func TestNoMoreMailLeavesInAMinuteThanTheSchoolAllows(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.limit(3, 0)
		d.post(8, false)
		for i, want := range []int{3, 3, 6, 6, 8} {
			d.work()
			if got := len(d.sent()); got != want {
				t.Errorf("after %d half minutes: %d mails, want %d", i, got, want)
			}
			d.wait(31 * time.Second)
		}
	})
}

func TestSeveralNodesTogetherKeepTheLimit(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.limit(5, 0)
		d.post(12, false)
		var nodes sync.WaitGroup
		for range 3 {
			q := jobs.New(d.db, d.log, d.now)
			q.Handle(jobMail, sendersAtOnce, d.sendMail)
			q.Hold(jobMail, mailGate{d.Family})
			nodes.Go(func() {
				if _, err := q.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		if got := len(d.sent()); got != 5 {
			t.Errorf("%d mails in a minute, want 5", got)
		}
	})
}

func TestWhenTheDayIsShortTemporaryPasswordsGoBeforeReminders(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.limit(100, 10)
		d.post(12, true)
		d.work()
		if got := len(d.sent()); got != 8 {
			t.Errorf("%d mails of an act on many, want 8: a fifth is kept", got)
		}
		room, err := d.MailRoom(t.Context(), d.office)
		d.ok(err)
		if !room.LaterFull || room.Full || room.Today != 8 || room.Counts[jobs.StandsReady] != 4 {
			t.Errorf("%+v", room)
		}
		d.post(3, false)
		d.work()
		sent := d.sent()
		if len(sent) != 10 || sent[8] != "m1.false@example.org" || sent[9] != "m2.false@example.org" {
			t.Errorf("%v", sent)
		}
		if room, err = d.MailRoom(t.Context(), d.office); err != nil || !room.Full {
			t.Errorf("%+v, %v", room, err)
		}
		d.wait(24 * time.Hour)
		d.work()
		if sent = d.sent(); len(sent) != 15 || sent[10] != "m3.false@example.org" {
			t.Errorf("the next day: %v", sent)
		}
	})
}

func TestActsOnManyPlanNoMoreMailsADayThanAreLeftToThem(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.limit(60, 5)
		var at []time.Time
		d.ok(d.db.Write(t.Context(), func(tx *sqldb.Tx) error {
			p, err := d.readPace(t.Context(), tx)
			if err != nil {
				return err
			}
			at = nil
			for range 9 {
				at = append(at, p.take())
			}
			return p.keep(t.Context(), tx)
		}))
		midnight := nextDay(at[0], d.settings.Location())
		for i, want := range []time.Time{at[0], at[0].Add(3 * time.Second), midnight, midnight.Add(3 * time.Second), midnight.AddDate(0, 0, 1)} {
			if got := at[[]int{0, 3, 4, 7, 8}[i]]; !got.Equal(want) {
				t.Errorf("place %d at %s, want %s", i, got, want)
			}
		}
	})
}

// down is what a mail server says that takes nothing from anybody.
var down = &mail.Refused{Code: 421, Text: "closing"}

func TestAMailServerThatIsDownLosesNothingAndKeepsTheOrder(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.post(4, false)
		d.inbox.Fail(down)
		for range 60 {
			d.work()
			d.wait(time.Minute)
		}
		room, err := d.MailRoom(t.Context(), d.office)
		d.ok(err)
		if room.Down.IsZero() || room.Words != down.Error() || room.Today != 0 || room.OldestWait < 55*time.Minute {
			t.Errorf("%+v", room)
		}
		if n := d.count("select count(*) from job where kind = 'mail' and state = 'ready' and attempts = 0"); n != 4 {
			t.Errorf("%d mails wait as if they had not been tried, want 4", n)
		}
		d.inbox.Fail(nil)
		d.wait(probeEvery)
		d.work()
		want := []string{"m1.false@example.org", "m2.false@example.org", "m3.false@example.org", "m4.false@example.org"}
		if got := d.sent(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v", got)
		}
		if room, err = d.MailRoom(t.Context(), d.office); err != nil || !room.Down.IsZero() || room.Today != 4 {
			t.Errorf("%+v, %v", room, err)
		}
	})
}

func TestMailIsStoppedResumedAndSentAgain(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.post(3, false)
		d.ok(d.StopAllMail(t.Context(), d.office))
		if err := d.StopAllMail(t.Context(), d.office); !fault.Is(err, fault.Conflict) {
			t.Errorf("stopped twice: %v", err)
		}
		d.work()
		if n := len(d.sent()); n != 0 {
			t.Errorf("%d mails left while mail was stopped", n)
		}
		helpDesk := access.Actor{Kind: access.Staff, Role: access.HelpDesk, Schools: access.Everywhere(), AccountID: 2, Username: "help"}
		if err := d.ResumeMail(t.Context(), helpDesk); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the help desk resumes: %v", err)
		}
		first := int64(d.count("select min(id) from job where kind = 'mail'"))
		d.ok(d.StopMail(t.Context(), helpDesk, first))
		d.ok(d.ResumeMail(t.Context(), d.office))
		d.inbox.Fail(&mail.Refused{Code: 550, Text: "no such user", Permanent: true})
		d.work()
		room, err := d.MailRoom(t.Context(), d.office)
		d.ok(err)
		if room.Counts[jobs.StandsRefused] != 2 || room.Counts[jobs.StandsStopped] != 1 || room.Refused != 2 || !room.Down.IsZero() {
			t.Errorf("%+v", room)
		}
		refused, err := d.Mails(t.Context(), d.office, MailQuery{Standing: jobs.StandsRefused, Template: mailCodeGiven}, jobs.Cursor{}, 10)
		d.ok(err)
		if len(refused) != 2 || refused[0].Error != "mail server refused: 550 no such user" {
			t.Errorf("%+v", refused)
		}
		d.inbox.Fail(nil)
		d.wait(time.Second)
		n, err := d.RetryRefused(t.Context(), d.office)
		d.ok(err)
		d.work()
		if n != 2 || len(d.sent()) != 2 {
			t.Errorf("%d ready again, %v", n, d.sent())
		}
		mine, err := d.Mails(t.Context(), d.office, MailQuery{ContactID: refused[0].ContactID}, jobs.Cursor{}, 10)
		d.ok(err)
		if len(mine) != 1 || mine[0].Standing != jobs.StandsDone {
			t.Errorf("%+v", mine)
		}
	})
}

func TestAMailWhoseTimeIsOverStandsApartFromWhatWasRefused(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.post(1, false)
		d.ok(d.StopAllMail(t.Context(), d.office))
		d.wait(49 * time.Hour)
		d.ok(d.ResumeMail(t.Context(), d.office))
		d.work()
		late, err := d.Mails(t.Context(), d.office, MailQuery{Standing: jobs.StandsExpired}, jobs.Cursor{}, 10)
		d.ok(err)
		refused, err := d.Mails(t.Context(), d.office, MailQuery{Standing: jobs.StandsRefused}, jobs.Cursor{}, 10)
		d.ok(err)
		if len(late) != 1 || len(refused) != 0 {
			t.Errorf("%d too late, %d refused", len(late), len(refused))
		}
		if room, err := d.MailRoom(t.Context(), d.office); err != nil || room.Refused != 0 {
			t.Errorf("%+v, %v", room, err)
		}
	})
}

func TestATestMailGoesToStaffAloneAndBeforeAllOthers(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.change("insert into account (id, kind, username, username_key, state, role, name, email, created_at) values (77, 'staff', 'ada', 'ada', 'active', 'office', 'Ada', 'ada@school.example', 0)")
		d.post(2, false)
		ada := access.Actor{Kind: access.Staff, Role: access.Office, Schools: access.Everywhere(), AccountID: 77, Username: "ada"}
		for _, address := range []string{"m1.false@example.org", "x@elsewhere.example"} {
			if _, err := d.TestMail(t.Context(), ada, address); !fault.Is(err, fault.Invalid) {
				t.Errorf("to %s: %v", address, err)
			}
		}
		d.inbox.Fail(down)
		d.work()
		d.inbox.Fail(nil)
		id, err := d.TestMail(t.Context(), ada, "")
		d.ok(err)
		if room, err := d.MailRoom(t.Context(), ada); err != nil || room.OldestWait > time.Minute {
			t.Errorf("the oldest mail waits for %s, %v", room.OldestWait, err)
		}
		d.work() // without waiting for the next try
		if got := d.sent(); len(got) != 3 || got[0] != "ada@school.example" {
			t.Errorf("%v", got)
		}
		m, err := d.TestedMail(t.Context(), ada, id)
		d.ok(err)
		if m.Standing != jobs.StandsDone {
			t.Errorf("%+v", m)
		}
		if _, err := d.TestedMail(t.Context(), ada, id-1); !fault.Is(err, fault.NotFound) {
			t.Errorf("another mail: %v", err)
		}
	})
}

func TestADM5ChangingTheMailSettingsAsksForAFreshProof(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		save := func(actor access.Actor, key, text string) error {
			_, version := d.settings.Form()
			return d.settings.Save(t.Context(), actor, settings.Typed{Version: version, Texts: map[string]string{key: text}})
		}
		if err := save(d.office, "mails_a_day", "500"); !fault.Is(err, fault.Stale) {
			t.Errorf("mails a day: %v", err)
		}
		d.ok(save(d.office, "office_phone", "555-0100"))
		fresh := d.office
		fresh.Fresh = true
		d.ok(save(fresh, "mails_a_day", "500"))
		if n := d.settings.Values().MailsADay; n != 500 {
			t.Errorf("%d mails a day", n)
		}
	})
}
