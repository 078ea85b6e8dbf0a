package family

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func (d *desk) order(m mailOrder) {
	d.t.Helper()
	d.ok(d.db.Write(d.t.Context(), func(tx *sqldb.Tx) error { return d.enqueueMail(d.t.Context(), tx, m) }))
}

func TestTMP2TheTemporaryPasswordStandsInNoTableAndNoLog(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.inbox.Fail(&mail.Refused{Code: 451, Text: "later"})
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		before := d.dump() // decided and in the outbox, not handed over
		if !strings.Contains(before, "job.kind=mail") {
			t.Fatal("no mail in the outbox")
		}
		d.inbox.Fail(nil)
		d.wait(time.Hour)
		d.work()
		after := d.dump()
		password := passwordIn(d.lastMail("maria@example.org"))
		if password == "" {
			t.Fatal("no password was mailed")
		}
		for where, text := range map[string]string{"before sending": before, "after sending": after, "in the log": d.logged.String()} {
			for _, form := range []string{password, strings.ReplaceAll(password, "-", ""), strings.ToLower(strings.ReplaceAll(password, "-", ""))} {
				if strings.Contains(text, form) || strings.Contains(text, fmt.Sprintf("%x", form)) {
					t.Errorf("the password stands there %s", where)
				}
			}
		}
	})
}

func TestEML7TheSeedIsErasedAtHandOver(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		if n := d.count(`select count(*) from job where kind = 'mail' and state = 'done' and secret is null`); n != 1 {
			t.Errorf("%d mails handed over without their seed", n)
		}
		if n := d.count(`select count(*) from job where secret is not null`); n != 0 {
			t.Errorf("%d seeds left", n)
		}
	})
}

func TestEML1TheMailIsWrittenWithTheChangeAndSentLater(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		failed := fmt.Errorf("no")
		err := d.db.Write(t.Context(), func(tx *sqldb.Tx) error {
			d.ok(d.enqueueMail(t.Context(), tx, mailOrder{Template: mailYourUsername, ContactID: l.ContactID}))
			return failed
		})
		d.work()
		if err == nil || len(d.inbox.Messages()) != 0 {
			t.Errorf("%d mails of a change that did not happen", len(d.inbox.Messages()))
		}
		d.ask("maria", "41", "Maria", "Lopez")
		if len(d.inbox.Messages()) != 0 {
			t.Error("mail in a request")
		}
		d.work()
		if len(d.inbox.Messages()) != 1 {
			t.Error("no mail after it")
		}
	})
}

func TestEML5AMailWhoseSecretExpiredOrWasReplacedIsNotSent(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.inbox.Fail(&mail.Refused{Code: 451, Text: "later"})
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		d.inbox.Fail(nil)
		d.wait(time.Hour)
		d.work()
		if n := len(d.inbox.Messages()); n != 1 {
			t.Fatalf("%d mails, want the second alone", n)
		}
		if n := d.count(`select count(*) from job where kind = 'mail' and state = 'done' and last_error = 'not sent: replaced or expired'`); n != 1 {
			t.Errorf("%d mails are noted as replaced", n)
		}
		if _, err := d.signIn("maria", passwordIn(d.inbox.Messages()[0])); err != nil {
			t.Errorf("the mailed password does not work: %v", err)
		}
		d.inbox.Fail(&mail.Refused{Code: 451, Text: "later"})
		d.wait(2 * time.Hour)
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		d.inbox.Fail(nil)
		d.wait(25 * time.Hour)
		d.work()
		if n := len(d.inbox.Messages()); n != 1 {
			t.Errorf("%d mails: a password was sent that had expired", n)
		}
		if n := d.count(`select count(*) from job where secret is not null`); n != 0 {
			t.Errorf("%d seeds left", n)
		}
	})
}

func TestEML6NamesCannotWriteTheMail(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		hostile := "> PASS\r\nBcc: x@evil.example\r\n\r\n# https://evil.example/a 1. <b>"
		d.change(`update contact set first_name = $1, last_name = $1 where id = $2`, hostile, l.ContactID)
		d.change(`update student set first_name = $1, last_name = $1 where id = $2`, hostile, l.StudentID)
		d.change(`insert into setting (key, value) values ('x', 'y')`)
		for _, template := range templates() {
			d.order(mailOrder{
				Template: template, ContactID: l.ContactID, StudentIDs: []int64{l.StudentID}, Stay: []int64{l.StudentID},
				Logins: []string{hostile}, Data: map[string]string{dataUsername: hostile}, To: "old@example.org",
			})
		}
		d.work()
		all := d.inbox.Messages()
		if len(all) != len(templates()) {
			t.Fatalf("%d mails for %d templates", len(all), len(templates()))
		}
		for _, m := range all {
			page := mail.HTML(m.Subject, m.Language, m.Body, "")
			if strings.Contains(page, `href="https://evil`) || strings.Contains(page, "<b>") || strings.ContainsAny(m.Subject, "\r\n") {
				t.Errorf("%s: a name wrote markup: %s", m.Subject, m.Body)
			}
			for line := range strings.Lines(m.Body) {
				if strings.HasPrefix(line, "Bcc") || strings.HasPrefix(line, "> PASS\n") {
					t.Errorf("%s: a name made a line: %q", m.Subject, line)
				}
			}
		}
	})
}

// templates are all mails there are.
func templates() []string {
	return []string{
		mailTemporary, mailForgotPassword, mailAlready, mailAlreadyClosedLine, mailNameDiffers, mailYourUsername, mailReset, mailResetPart,
		mailAddressChanged, mailPasswordChanged, mailUsernameChanged, mailNewDevice, mailLocked, mailStudentPassword,
		mailStaffInvited, mailStaffPassword, mailStaffChanged, mailStaffRecovered, mailStaffRecovery,
		mailFactorAdded, mailFactorRemoved, mailRecoveryCodesMade, mailRecoveryCodeUsed, mailCodesRefused, mailComing,
	}
}

func TestEveryMailGreetsNamesTheSchoolAndSaysWhatIfNotYou(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	atDesk(t, func(t *testing.T, d *desk) {
		v := *d.settings.Values()
		v.DistrictName, v.OfficePhone, v.OfficeHours = "Morgan Schools", "555-0100", "8 to 4"
		d.ok(d.settings.Change(t.Context(), d.office, v))
		l := d.parent(d.student("41", "Ana", "Lopez"), "María", "López", "maria@example.org")
		for _, tag := range lang.Tags() {
			d.change(`update contact set language = $1`, tag)
			for _, template := range templates() {
				before := len(d.inbox.Messages())
				d.order(mailOrder{
					Template: template, ContactID: l.ContactID, StudentIDs: []int64{l.StudentID}, Stay: []int64{l.StudentID}, Logins: []string{"anita"},
					Data: map[string]string{dataUsername: "maria"}, To: "old@example.org",
				})
				d.work()
				sent := d.inbox.Messages()[before:]
				if len(sent) != 1 {
					t.Fatalf("%s in %s: %d mails", template, tag, len(sent))
				}
				m := sent[0]
				want := []string{"Morgan Schools", "555-0100", catalog.Language(tag).T("mail.not_you_title"), catalog.Language(tag).T("mail.answers"), "López"}
				if template != mailNameDiffers {
					want = append(want, "María López")
				}
				for _, w := range want {
					if !strings.Contains(m.Subject+"\n"+m.Body, w) {
						t.Errorf("%s in %s lacks %q:\n%s", template, tag, w, m.Body)
					}
				}
				to := "maria@example.org"
				if template == mailAddressChanged {
					to = "old@example.org"
				}
				if m.To != to || m.Language != tag || strings.Contains(m.Body, "[[") || strings.Contains(m.Subject, "[[") || !strings.HasPrefix(m.ID, "job-") {
					t.Errorf("%s in %s: to %s in %s, id %s\n%s", template, tag, m.To, m.Language, m.ID, m.Body)
				}
			}
		}
	})
}

func TestTheNoticeOfAResetTellsTheStepsWordForWord(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.order(mailOrder{Template: mailReset, ContactID: l.ContactID, Logins: []string{"anita", "benny"}, Data: map[string]string{dataUsername: "maria"}})
		d.work()
		body := d.lastMail("maria@example.org").Body
		at := 0
		for _, step := range []string{
			"maria", "1. Open the Parent Portal: https://gate.example/parent/login", "2. Press \"Click here to create a new account\"", "3. Type a Username",
			"Child's ID Number", "First Name", "Last Name exactly as", "\"Create Account\"", "4. ", "temporary password", "5. ", "\"New Password\"",
			"\"Confirm New Password\"", "\"Change Password\"", "- anita", "- benny",
		} {
			i := strings.Index(body[at:], step)
			if i < 0 {
				t.Fatalf("%q is not there in its order:\n%s", step, body)
			}
			at += i
		}
	})
}

func TestAMailAboutAChildIsHeldBackWhileTheContactIsRestricted(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Anabel", "Lopez"), "Maria", "Lopez", "maria@example.org")
		other := d.also(d.student("42", "Benito", "Lopez"), l.Contact)
		d.change(`update student_contact set restricted = 'yes' where id = $1`, l.ID)
		d.order(mailOrder{Template: mailStudentPassword, ContactID: l.ContactID, StudentIDs: []int64{l.StudentID}})
		d.order(mailOrder{Template: mailResetPart, ContactID: l.ContactID, StudentIDs: []int64{l.StudentID, other.StudentID}, Data: map[string]string{dataUsername: "maria"}})
		d.work()
		all := d.inbox.Messages()
		if len(all) != 1 || strings.Contains(all[0].Body, "Anabel") || !strings.Contains(all[0].Body, "- Benito Lopez") {
			t.Errorf("mails %+v", all)
		}
		if n := d.count(`select count(*) from job where kind = 'mail' and state = 'done' and last_error like 'held back%'`); n != 1 {
			t.Errorf("%d mails are noted as held back", n)
		}
	})
}

func TestAMailThatCannotReachAnybodyFailsForGood(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		silent := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "")
		d.order(mailOrder{Template: mailReset, ContactID: silent.ContactID})
		d.order(mailOrder{Template: mailReset, ContactID: 4711})
		d.order(mailOrder{Template: mailPasswordChanged, AccountID: 4711})
		d.work()
		if n := d.count(`select count(*) from job where kind = 'mail' and state = 'failed'`); n != 3 {
			t.Errorf("%d failed mails, want 3", n)
		}
		refused := d.parent(d.student("42", "Ben", "Roe"), "Jane", "Roe", "jane@example.org")
		d.inbox.Fail(&mail.Refused{Code: 550, Text: "no such user", Permanent: true})
		d.order(mailOrder{Template: mailReset, ContactID: refused.ContactID})
		d.work()
		if n := d.count(`select count(*) from job where kind = 'mail' and state = 'failed' and last_error like '%550%'`); n != 1 {
			t.Errorf("%d mails are final after a 550", n)
		}
	})
}

func TestTheMessageIDIsTheSameForEveryAttempt(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		payload, err := json.Marshal(mailPayload{Template: mailReset, Data: map[string]string{dataUsername: "maria"}})
		d.ok(err)
		job := jobs.Job{ID: 17, Payload: payload, ContactID: l.ContactID, CreatedAt: d.time()}
		d.ok(d.sendMail(context.Background(), job))
		d.ok(d.sendMail(context.Background(), job))
		all := d.inbox.Messages()
		if len(all) != 2 || all[0] != all[1] || all[0].ID != "job-17" {
			t.Errorf("attempts differ: %+v", all)
		}
	})
}

func TestStaffGetTheirMailAtTheirOwnAddress(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.change(`insert into account (kind, username, username_key, state, role, name, email, created_at) values ('staff', 'ada', 'ada', 'active', 'administrator', 'Ada Office', 'ada@school.example', 1)`)
		id := d.count(`select id from account where kind = 'staff'`)
		d.order(mailOrder{Template: mailLocked, AccountID: int64(id)})
		d.work()
		m := d.lastMail("ada@school.example")
		if !strings.Contains(m.Body, "Dear Ada Office,") || !strings.Contains(m.Body, "Administrator Portal") || strings.Contains(m.Body, "/parent/") {
			t.Error(m.Body)
		}
	})
}

func TestNoSecretStandsInAnAddress(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41975", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		ref := d.ask("maria", "41975", "Maria", "Lopez")
		d.work()
		body := d.lastMail("maria@example.org").Body
		if strings.Contains(body, "41975") || strings.Contains(body, ref) {
			t.Errorf("the ID Number or the reference stands in the mail:\n%s", body)
		}
		for _, word := range strings.Fields(body) {
			known := word == "https://gate.example/parent/login" || word == "https://gate.example/help/how-to/first-sign-in"
			if strings.HasPrefix(word, "http") && !known {
				t.Errorf("address %s", word)
			}
		}
		_ = l
	})
}

func TestTMP7ANewTemporaryPasswordEndsTheEarlierOneAndItsSession(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		old := passwordIn(d.lastMail("maria@example.org"))
		_, err := d.signIn("maria", old)
		d.ok(err)
		d.ask("maria-new", "41", "Maria", "Lopez")
		d.work()
		fresh := passwordIn(d.lastMail("maria@example.org"))
		if n := d.count(`select count(*) from session`); n != 0 {
			t.Errorf("%d limited sessions live on", n)
		}
		if _, err := d.signIn("maria-new", old); err == nil {
			t.Error("the earlier temporary password still works")
		}
		if s, err := d.signIn("maria-new", fresh); err != nil || s.Stage != account.SetPassword {
			t.Errorf("the newest username and password: %v", err)
		}
	})
}

func TestTMP9AForgottenPasswordIsValidUntilTheTemporaryOneIsUsed(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.begin("maria", l)
		ref, err := d.ForgotPassword(t.Context(), d.visitor, "", "MARIA", "en")
		d.ok(err)
		d.work()
		m := d.lastMail("maria@example.org")
		if d.outcome(ref) != OutcomeSent || !strings.Contains(m.Body, "old password keeps working") {
			t.Errorf("outcome %s, mail %s", d.outcome(ref), m.Body)
		}
		if _, err := d.signIn("maria", permanent); err != nil {
			t.Errorf("the old password: %v", err)
		}
		s, err := d.signIn("maria", passwordIn(m))
		d.ok(err)
		_, err = d.accounts.FirstPassword(t.Context(), s, clientOf(d), "another long password of mine", "")
		d.ok(err)
		if _, err := d.signIn("maria", permanent); err == nil {
			t.Error("the old password works after the new one is set")
		}
	})
}

func TestForgottenUsernamesGoToEveryPersonBehindTheAddress(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s := d.student("41", "Ana", "Lopez")
		maria, juan := d.parent(s, "Maria", "Lopez", "family@example.org"), d.parent(s, "Juan", "Lopez", "family@example.org")
		d.parent(s, "Rosa", "Diaz", "family@example.org") // has no login
		d.ask("maria", "41", maria.Contact.First, maria.Contact.Last)
		d.ask("juan", "41", juan.Contact.First, juan.Contact.Last)
		d.work()
		before := len(d.inbox.Messages())
		ref, err := d.ForgotUsername(t.Context(), d.visitor, "", " Family@Example.org ", "en")
		d.ok(err)
		nobody, err := d.ForgotUsername(t.Context(), d.visitor, "", "nobody@example.org", "en")
		d.ok(err)
		d.work()
		got := map[string]string{}
		for _, m := range d.inbox.Messages()[before:] {
			got[m.ToName] = m.Body
		}
		if len(got) != 2 || !strings.Contains(got["Maria Lopez"], "> maria\n") || !strings.Contains(got["Juan Lopez"], "> juan\n") {
			t.Errorf("mails %+v", got)
		}
		if d.outcome(ref) != OutcomeSent || d.outcome(nobody) != OutcomeUnknownAddress {
			t.Errorf("outcomes %s and %s", d.outcome(ref), d.outcome(nobody))
		}
	})
}

func TestRecoveryRefusesNothingButEmptyAndOverlongFields(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		for _, bad := range []string{"", "  ", strings.Repeat("a", 300)} {
			if _, err := d.ForgotPassword(t.Context(), d.visitor, "", bad, ""); err == nil {
				t.Errorf("username %.10q is taken", bad)
			}
			if _, err := d.ForgotUsername(t.Context(), d.visitor, "", bad, ""); err == nil {
				t.Errorf("address %.10q is taken", bad)
			}
		}
		d.change(`insert into account (kind, username, username_key, state, created_at) values ('student', 'kid', 'kid', 'active', 1)`)
		for _, odd := range []string{"kid", "\x00", "no such user", "☺"} {
			ref, err := d.ForgotPassword(t.Context(), d.visitor, "", odd, "xx")
			d.ok(err)
			d.work()
			if got := d.outcome(ref); got != OutcomeUnknownUsername {
				t.Errorf("%q: %s", odd, got)
			}
		}
		if n := len(d.inbox.Messages()); n != 0 {
			t.Errorf("%d mails", n)
		}
		if _, err := d.ForgotPassword(t.Context(), access.Actor{Kind: access.Staff}, "", "maria", ""); err == nil {
			t.Error("staff may ask")
		}
	})
}

// What a mail puts in quotation marks is a button, link or field of a page, in the page's words.
func TestMailsQuoteThePagesWordForWord(t *testing.T) {
	quoted := regexp.MustCompile(`"([^"\n{]+)"`)
	for _, tag := range lang.Tags() {
		files, err := filepath.Glob("../lang/catalog/" + tag + "/*.toml")
		if err != nil || len(files) == 0 {
			t.Fatal(err)
		}
		var letters, pages string
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(file) == "mail.toml" {
				letters = string(text)
			} else {
				pages += string(text)
			}
		}
		for _, body := range strings.Split(letters, "body = \"\"\"")[1:] {
			body, _, _ = strings.Cut(body, "\"\"\"")
			for _, q := range quoted.FindAllStringSubmatch(body, -1) {
				if !strings.Contains(pages, ` = "`+q[1]+`"`) {
					t.Errorf("%s: no page says %q", tag, q[1])
				}
			}
		}
	}
}
