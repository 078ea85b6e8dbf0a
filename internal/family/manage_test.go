package family

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func outcomesOf(results []ManageResult) []ManageOutcome {
	var all []ManageOutcome
	for _, r := range results {
		all = append(all, r.Outcome)
	}
	return all
}

// TestTheOfficeSendsATemporaryPasswordAsTheTableSays goes through the column of DESIGN's table.
func TestTheOfficeSendsATemporaryPasswordAsTheTableSays(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		send := func(want ManageOutcome) ManageResult {
			t.Helper()
			results, err := d.SendPassword(t.Context(), d.office, []int64{l.ContactID}, false)
			d.ok(err)
			if len(results) != 1 || results[0].Outcome != want {
				t.Fatalf("%+v, want %s", results, want)
			}
			d.work()
			return results[0]
		}
		made := send(ManageMade)
		if made.Username != "mlopez" {
			t.Errorf("username %q", made.Username)
		}
		first := passwordIn(d.lastMail("maria@example.org"))
		d.wait(71 * time.Hour)
		if _, err := d.signIn("mlopez", first); err != nil {
			t.Errorf("71 hours later: %v", err)
		}
		send(ManageSent)
		second := passwordIn(d.lastMail("maria@example.org"))
		if _, err := d.signIn("mlopez", first); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the password that was replaced: %v", err)
		}
		if _, err := d.signIn("mlopez", second); err != nil {
			t.Errorf("the new one: %v", err)
		}
		d.wait(73 * time.Hour)
		if _, err := d.signIn("mlopez", second); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("73 hours later: %v", err)
		}

		d.change("update account set state = 'active', claim_by = null, password_hash = $1 where username = 'mlopez'", d.hash(townPassword))
		if _, err := d.signIn("mlopez", townPassword); err != nil {
			t.Fatal(err)
		}
		send(ManageSent)
		if _, err := d.signIn("mlopez", townPassword); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the permanent password still works: %v", err)
		}
		if n := d.count("select count(*) from session where stage = 'full'"); n != 0 {
			t.Errorf("%d sessions outlived it", n)
		}

		results, err := d.Disable(t.Context(), d.office, []int64{l.ContactID}, "court order")
		d.ok(err)
		if results[0].Outcome != ManageDisabled {
			t.Errorf("disable: %+v", results)
		}
		mails := len(d.inbox.Messages())
		send(ManageRefused)
		if len(d.inbox.Messages()) != mails {
			t.Error("a disabled login was written to")
		}
		if n := d.count("select count(*) from audit_event where action in ('parent.password_sent', 'parent.disabled')"); n != 4 {
			t.Errorf("%d events", n)
		}
	})
}

// hash is a stored password.
func (d *desk) hash(password string) string {
	d.t.Helper()
	h, err := d.accounts.Hash(d.t.Context(), "password", password, 15, nil)
	d.ok(err)
	return h
}

func TestTheOfficeSendsNothingToAnAddressThatIsNotSafe(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("41", "Ana", "Lopez")
		none := d.parent(ana, "No", "Mail", "")
		shared := d.parent(ana, "Maria", "Lopez", "ana@example.org")
		d.change("update student set email = 'ana@example.org', email_key = 'ana@example.org' where id = $1", ana)
		barred := d.parent(ana, "Ben", "Ruiz", "ben@example.org", func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		twin := d.parent(ana, "Eva", "Ruiz", "ben@example.org")
		ids := []int64{none.ContactID, shared.ContactID, barred.ContactID, twin.ContactID, 999_999}
		results, err := d.SendPassword(t.Context(), d.office, ids, false)
		d.ok(err)
		want := []ManageOutcome{ManageNoEmail, ManageStudentAddress, ManageMayNot, ManageRestrictedAddress, ManageGone}
		for i, o := range outcomesOf(results) {
			if o != want[i] {
				t.Errorf("row %d: %s, want %s", i, o, want[i])
			}
		}
		d.work()
		if n := len(d.inbox.Messages()); n != 0 {
			t.Fatalf("%d mails", n)
		}
		results, err = d.SendPassword(t.Context(), d.office, []int64{shared.ContactID}, true)
		d.ok(err)
		d.work()
		if results[0].Outcome != ManageMade || len(d.inbox.Messages()) != 1 {
			t.Errorf("with the flag: %+v, %d mails", results, len(d.inbox.Messages()))
		}
	})
}

func TestRequireANewPasswordEndsPasswordAndSessionsAndKeepsTheRest(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		results, err := w.RequireNewPassword(w.ctx, w.clerk, []int64{l.mother, l.father}, false)
		w.ok(err)
		w.equal("outcomes", outcomesOf(results), []ManageOutcome{ManageSent, ManageSent})
		if w.alive(access.Parent, l.session) || !w.alive(access.Student, l.anaInside) {
			w.t.Error("the parent's session must end, the student's must not")
		}
		if _, err := w.signIn(access.Parent, "mlopez", townPassword); !fault.Is(err, fault.Unauthenticated) {
			w.t.Errorf("the old password: %v", err)
		}
		w.equal("student logins", w.count("select count(*) from student_login"), 2)
		w.equal("mails", w.count(`select count(*) from job where kind = 'mail' and payload like '%"required"%'`), 2)
		w.whole()
	})
}

func TestALockedLoginIsUnlockedButAPasswordThatIsOffStaysOff(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		unlock := func() ManageOutcome {
			results, err := w.Unlock(w.ctx, w.clerk, []int64{l.mother})
			w.ok(err)
			return results[0].Outcome
		}
		w.equal("not locked", unlock(), ManageNotLocked)
		for range 6 {
			_, _ = w.signIn(access.Parent, "mlopez", "wrong wrong wrong wrong")
		}
		if _, err := w.signIn(access.Parent, "mlopez", townPassword); !fault.Is(err, fault.Unauthenticated) {
			w.t.Errorf("not locked: %v", err)
		}
		w.equal("locked", unlock(), ManageUnlocked)
		w.mustSignIn(access.Parent, "mlopez", townPassword)
		for range 120 {
			_, _ = w.signIn(access.Parent, "mlopez", "wrong wrong wrong wrong")
			w.pass(20 * time.Minute)
		}
		w.equal("off", unlock(), ManageOff)
	})
}

func TestADisabledLoginOpensNothingUntilItIsEnabled(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		for _, reason := range []string{"", "  ", strings.Repeat("x", 201), "line\nbreak"} {
			if _, err := w.Disable(w.ctx, w.clerk, []int64{l.mother}, reason); !fault.Is(err, fault.Invalid) || len(fault.ProblemsOf(err)) != 1 {
				w.t.Errorf("reason %q: %v", reason, err)
			}
		}
		mails := w.mails()
		for _, c := range []struct {
			what string
			do   func() ([]ManageResult, error)
			want ManageOutcome
		}{
			{"enable", func() ([]ManageResult, error) { return w.Enable(w.ctx, w.clerk, []int64{l.mother}) }, ManageNotOff},
			{"disable", func() ([]ManageResult, error) { return w.Disable(w.ctx, w.clerk, []int64{l.mother}, "leak") }, ManageDisabled},
			{"again", func() ([]ManageResult, error) { return w.Disable(w.ctx, w.clerk, []int64{l.mother}, "leak") }, ManageRefused},
			{"unlock", func() ([]ManageResult, error) { return w.Unlock(w.ctx, w.clerk, []int64{l.mother}) }, ManageRefused},
			{"require", func() ([]ManageResult, error) {
				return w.RequireNewPassword(w.ctx, w.clerk, []int64{l.mother}, false)
			}, ManageRefused},
		} {
			results, err := c.do()
			w.ok(err)
			w.equal(c.what, outcomesOf(results), []ManageOutcome{c.want})
		}
		if w.alive(access.Parent, l.session) {
			w.t.Error("the session outlived it")
		}
		if _, err := w.signIn(access.Parent, "mlopez", townPassword); !fault.Is(err, fault.Unauthenticated) {
			w.t.Errorf("signed in: %v", err)
		}
		results, err := w.Enable(w.ctx, w.clerk, []int64{l.mother})
		w.ok(err)
		w.equal("enable", outcomesOf(results), []ManageOutcome{ManageEnabled})
		w.equal("mails", w.mails(), mails)
		w.mustSignIn(access.Parent, "mlopez", townPassword)
		w.equal("student logins", w.count("select count(*) from student_login"), 2)
	})
}

func TestTwoContactsOfOneLoginAreWrittenToOnce(t *testing.T) {
	inTown(t, func(w *town) {
		first, _ := w.contact("Maria", "Lopez", "", "mother", w.pupil("Ana", "Lopez", "1"))
		second, _ := w.contact("Maria", "Lopez", "maria@x.example", "mother", w.pupil("Leo", "Lopez", "2"))
		w.login("mlopez", first, second)
		results, err := w.SendPassword(w.ctx, w.clerk, []int64{first, second}, false)
		w.ok(err)
		w.equal("at one press", outcomesOf(results), []ManageOutcome{ManageSent, ManageSameLogin})
		ada := w.staffed("ada", access.Office, access.Everywhere())
		id := w.begin(ada, BulkOrder{Act: BulkSendPassword, Contacts: []int64{second, first}})
		w.legs()
		_, counts := w.bulk(ada, id)
		w.equal("in bulk", counts, map[string]int{string(ManageSent): 1, string(ManageSameLogin): 1})
		w.equal("mails", w.mails(), 2)
	})
}

// TestRST3: the acts, sign-ins and resets at the same time leave no session and nothing half done.
func TestRST3ActsOnALoginSerialiseWithSignInsAndResets(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		for range 4 {
			var wg sync.WaitGroup
			tokens := make(chan string, 8)
			for range 3 {
				wg.Go(func() {
					if token, err := w.signIn(access.Parent, "mlopez", townPassword); err == nil {
						tokens <- token
					} else if !fault.Is(err, fault.Unauthenticated) {
						w.t.Errorf("sign-in: %v", err)
					}
				})
			}
			for _, act := range []func() error{
				func() error { _, err := w.RequireNewPassword(w.ctx, w.clerk, []int64{l.mother}, false); return err },
				func() error { _, err := w.Disable(w.ctx, w.clerk, []int64{l.mother}, "leak"); return err },
				func() error { _, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: l.lines}); return err },
				func() error { _, err := w.SendPassword(w.ctx, w.clerk, []int64{l.mother}, false); return err },
			} {
				wg.Go(func() {
					if err := act(); err != nil {
						w.t.Error(err)
					}
				})
			}
			wg.Wait()
			close(tokens)
			for token := range tokens {
				if w.alive(access.Parent, token) {
					w.t.Error("a session outlived the acts")
				}
			}
			w.reset(l.lines...)
			w.whole()
			l.maria = w.login("mlopez", l.mother)
			w.ok(w.CreateStudentLogin(w.ctx, l.maria, l.ana, "ana.l", kidPassword))
		}
	})
}

func TestABulkRequireEndsAllPasswordsAtOnceAndMailsAtThePaceOfTheRelay(t *testing.T) {
	inTown(t, func(w *town) {
		w.village(300)
		contacts := make([]int64, 300)
		for i := range contacts {
			contacts[i] = int64(i + 1)
		}
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "update contact set email = '', email_key = '' where id = 7")
			return err
		})
		ada := w.staffed("ada", access.Office, access.Everywhere())
		began := w.now()
		id := w.begin(ada, BulkOrder{Act: BulkRequirePassword, Contacts: contacts})
		payload, _ := w.nextBulkJob()
		w.ok(w.workBulk(w.ctx, jobs.Job{Payload: []byte(payload)}))
		w.equal("passwords left", w.count("select count(*) from account where kind = 'parent' and password_hash is not null"), 0)
		b, counts := w.bulk(ada, id)
		w.equal("done", b.Done, 300)
		if made := counts[string(ManageSent)]; made < 120 || made > 130 {
			w.t.Errorf("%d passwords were made in the first minute: %v", made, counts)
		}
		w.legs()
		b, counts = w.bulk(ada, id)
		w.equal("state", b.State, BulkDone)
		w.equal("outcomes", counts, map[string]int{string(ManageSent): 299, string(ManageUntold): 1})
		w.equal("temporary passwords", w.count("select count(*) from temporary_password"), 299)
		w.equal("mails", w.mails(), 299)
		if took := w.now().Sub(began); took < 90*time.Second || took > 3*time.Minute {
			w.t.Errorf("299 mails at 120 a minute took %v", took)
		}
		w.equal("longest life in hours", w.count("select cast(max(expires_at - issued_at) / 3600000000 as integer) from temporary_password"), 72)
	})
}

func TestABulkActOfEveryKindOnEveryKindOfLogin(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		never, _ := w.contact("Nora", "Stone", "n@x.example", "mother", w.pupil("Sam", "Stone", "9"))
		ada := w.staffed("ada", access.Office, access.Everywhere())
		for _, c := range []struct {
			act     Act
			preview Preview
			want    map[string]int
		}{
			{BulkUnlock, Preview{Logins: 2, None: 1}, map[string]int{"not_locked": 2, "no_login": 1}},
			{BulkDisable, Preview{Logins: 2, None: 1}, map[string]int{"now_disabled": 2, "no_login": 1}},
			{BulkRequirePassword, Preview{Refused: 2, None: 1}, map[string]int{"disabled": 2, "no_login": 1}},
			{BulkEnable, Preview{Logins: 2, None: 1}, map[string]int{"now_enabled": 2, "no_login": 1}},
			{BulkRequirePassword, Preview{Logins: 2, None: 1, Mails: 2, MailsLast: time.Second}, map[string]int{"sent_by_staff": 2, "no_login": 1}},
			{BulkSendPassword, Preview{Logins: 2, Made: 1, Mails: 3, MailsLast: 1500 * time.Millisecond}, map[string]int{"sent_by_staff": 2, "made": 1}},
		} {
			id := w.ask(ada, BulkOrder{Act: c.act, Contacts: []int64{l.mother, never, l.father}, Reason: "leak"})
			p, err := w.BulkPreview(w.ctx, ada, id)
			w.ok(err)
			w.equal(string(c.act)+" preview", p, c.preview)
			w.ok(w.BeginBulk(w.ctx, ada, id, 3))
			w.legs()
			b, counts := w.bulk(ada, id)
			w.equal(string(c.act), counts, c.want)
			w.equal(string(c.act)+" done", b.Done, 3)
		}
		w.equal("waiting", w.count("select count(*) from account where state = $1", string(account.Waiting)), 1)
	})
}
