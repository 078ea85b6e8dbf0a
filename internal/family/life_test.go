package family

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

func clientOf(*desk) account.Client { return account.Client{Address: "203.0.113.9"} }

// TestTheLifeOfALogin is the table of the design: what registering again and recovery do in every state of the contact's login.
func TestTheLifeOfALogin(t *testing.T) {
	const (
		nothing   = ""
		temporary = "your temporary password for the Parent Portal"
		forgotten = "your new temporary password"
		already   = "you already have a login"
		username  = "your username for the Parent Portal"
	)
	tests := []struct {
		state                           string
		bring                           func(d *desk, l roster.FullLine)
		register, forgot, forgotName    string // subjects of the mails
		outcome, forgotten, forgotName2 Outcome
	}{
		{"none", func(*desk, roster.FullLine) {}, temporary, nothing, nothing, OutcomeSent, OutcomeUnknownUsername, OutcomeUnknownAddress},
		{"waiting", func(d *desk, l roster.FullLine) { d.ask("maria", "41", "Maria", "Lopez"); d.work() },
			temporary, temporary, username, OutcomeSent, OutcomeSent, OutcomeSent},
		{"active", func(d *desk, l roster.FullLine) { d.begin("maria", l) },
			already, forgotten, username, OutcomeAlreadyActive, OutcomeSent, OutcomeSent},
		{"active, this line closed by a reset", func(d *desk, l roster.FullLine) {
			d.begin("maria", l)
			d.change(`insert into closed_line (line_id, closed_at) values ($1, 1)`, l.ID)
		}, already, forgotten, username, OutcomeAlreadyActive, OutcomeSent, OutcomeSent},
		{"locked for a while", func(d *desk, l roster.FullLine) {
			d.begin("maria", l)
			for range 12 {
				_, _ = d.signIn("maria", "wrong")
			}
		}, already, forgotten, username, OutcomeAlreadyActive, OutcomeSent, OutcomeSent},
		{"disabled by the school", func(d *desk, l roster.FullLine) {
			d.begin("maria", l)
			d.change(`update account set state = 'disabled'`)
		}, nothing, nothing, nothing, OutcomeDisabled, OutcomeDisabled, OutcomeDisabled},
	}
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		for _, tt := range tests {
			for _, act := range []string{"register", "forgot password", "forgot username"} {
				d.change(`delete from account`)
				d.change(`delete from closed_line`)
				d.wait(48 * time.Hour) // out of every throttle
				tt.bring(d, l)
				d.work()
				before := len(d.inbox.Messages())
				var ref, subject string
				var err error
				var want Outcome
				switch act {
				case "register":
					ref, subject, want = d.ask("maria-two", "41", "Maria", "Lopez"), tt.register, tt.outcome
				case "forgot password":
					ref, err = d.ForgotPassword(t.Context(), d.visitor, "", "maria", "en")
					subject, want = tt.forgot, tt.forgotten
				default:
					ref, err = d.ForgotUsername(t.Context(), d.visitor, "", "maria@example.org", "en")
					subject, want = tt.forgotName, tt.forgotName2
				}
				d.ok(err)
				d.work()
				var got []string
				for _, m := range d.inbox.Messages()[before:] {
					got = append(got, strings.TrimPrefix(m.Subject, "Schoolgate: "))
				}
				if strings.Join(got, "|") != subject || d.outcome(ref) != want {
					t.Errorf("%s, %s: mails %q, want %q; outcome %s, want %s", tt.state, act, got, subject, d.outcome(ref), want)
				}
			}
		}
	})
}

func TestAClosedLineIsNamedInTheMail(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.begin("maria", l)
		d.change(`insert into closed_line (line_id, closed_at) values ($1, 1)`, l.ID)
		ref := d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		if got := d.lastMail("maria@example.org").Body; !strings.Contains(got, "\"Add Additional Student\"") || d.found(ref).Detail != detailClosedLine {
			t.Errorf("detail %q, mail %s", d.found(ref).Detail, got)
		}
		if n := d.count(`select count(*) from closed_line`); n != 1 {
			t.Error("registering opened the line")
		}
	})
}

func TestForgotPasswordWorksAtOnceWhileTheLoginIsLocked(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.begin("maria", l)
		for range 12 {
			_, _ = d.signIn("maria", "wrong")
		}
		if _, err := d.signIn("maria", permanent); err == nil {
			t.Fatal("the login is not locked")
		}
		_, err := d.ForgotPassword(t.Context(), d.visitor, "", "maria", "en")
		d.ok(err)
		d.work()
		if s, err := d.signIn("maria", passwordIn(d.lastMail("maria@example.org"))); err != nil || s.Stage != account.SetPassword {
			t.Errorf("the temporary password while the login is locked: %v", err)
		}
	})
}

func TestRegisteringAfterAWholeResetReopensAllLines(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		one := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		two := d.also(d.student("42", "Ben", "Lopez"), one.Contact)
		for _, id := range []int64{one.ID, two.ID} {
			d.change(`insert into closed_line (line_id, closed_at) values ($1, 1)`, id)
		}
		d.begin("maria", one)
		if n := d.count(`select count(*) from closed_line`); n != 0 {
			t.Errorf("%d lines stay closed", n)
		}
	})
}

func TestATemporaryPasswordLivesADayAndAWaitingLoginFourteen(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		claim, made := d.count(`select claim_by from account`), d.time()
		if got := time.UnixMicro(int64(claim)).Sub(made); got != 14*day {
			t.Errorf("claimed within %s", got)
		}
		password := passwordIn(d.lastMail("maria@example.org"))
		d.wait(24*time.Hour - time.Second)
		if _, err := d.signIn("maria", password); err != nil {
			t.Errorf("a second before the end: %v", err)
		}
		d.wait(2 * time.Second)
		if _, err := d.signIn("maria", password); err == nil {
			t.Error("works a second after the end")
		}
	})
}

func TestAddAdditionalStudent(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		own := d.parent(d.student("1", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		maria := d.begin("maria", own)
		double := d.parent(d.student("2", "Ben", "Lopez"), "MARÍA", "López", "Maria@example.org")
		d.parent(d.student("3", "Cleo", "Lopez"), "Maria", "Lopez", "other@example.org")
		taken := d.parent(d.student("4", "Dan", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.change(`insert into account (kind, username, username_key, state, created_at) values ('parent', 'x-other', 'x-other', 'active', 1)`)
		d.change(`insert into account_contact (contact_id, account_id, held_at) select $1, id, 1 from account where username = 'x-other'`, taken.ContactID)
		d.change(`insert into closed_line (line_id, closed_at) values ($1, 1)`, own.ID)

		added, err := d.AddStudent(t.Context(), maria, " 1 ")
		d.ok(err)
		if !added.Opened || added.StudentID != own.StudentID || added.Child != "Ana Lopez" || added.Reference != "" || d.count(`select count(*) from closed_line`) != 0 {
			t.Errorf("own closed line: %+v", added)
		}
		added, err = d.AddStudent(t.Context(), maria, "2")
		d.ok(err)
		if !added.Opened || int64(d.count(`select account_id from account_contact where contact_id = $1`, double.ContactID)) != maria.AccountID {
			t.Errorf("a contact kept twice: %+v", added)
		}
		before := len(d.inbox.Messages())
		_, err = d.ForgotUsername(t.Context(), d.visitor, "", "maria@example.org", "en")
		d.ok(err)
		d.work()
		if told := d.inbox.Messages()[before:]; len(told) != 2 { // hers, for both contacts, and that of the other login
			t.Errorf("%d mails for two logins behind the address", len(told))
		}
		for id, want := range map[string]Outcome{"3": OutcomeAddressDiffers, "4": OutcomeOtherAccount, "999": OutcomeUnknownID} {
			added, err := d.AddStudent(t.Context(), maria, id)
			d.ok(err)
			if added.Opened || added.Child != "" || added.StudentID != 0 {
				t.Errorf("ID Number %s: %+v", id, added)
			}
			if got := d.found(added.Reference); Outcome(got.Outcome) != want || got.Purpose != "add_student" || got.Username != "maria" {
				t.Errorf("ID Number %s: %+v, want %s", id, got, want)
			}
		}
		if n := d.count(`select count(*) from audit_event where action = 'request.add_student' and actor_id = $1`, maria.AccountID); n != 5 {
			t.Errorf("%d events in the log", n)
		}
		if _, err := d.AddStudent(t.Context(), maria, " "); !fault.Is(err, fault.Invalid) {
			t.Errorf("empty: %v", err)
		}
		if _, err := d.AddStudent(t.Context(), d.office, "1"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("staff: %v", err)
		}
	})
}

func TestAddAdditionalStudentIsNoPlaceForGuessing(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		own := d.parent(d.student("1", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		maria := d.begin("maria", own)
		var last Added
		for i := range 8 {
			var err error
			last, err = d.AddStudent(t.Context(), maria, fmt.Sprintf("9%d", i))
			d.ok(err)
		}
		if got := d.outcome(last.Reference); got != OutcomeThrottled {
			t.Errorf("the eighth wrong one: %s", got)
		}
		if added, err := d.AddStudent(t.Context(), maria, "1"); err != nil || added.Opened {
			t.Errorf("a right one among them: %+v, %v", added, err)
		}
		d.wait(time.Hour + time.Second)
		if added, err := d.AddStudent(t.Context(), maria, "1"); err != nil || !added.Opened {
			t.Errorf("an hour later: %+v, %v", added, err)
		}
	})
}

func TestARegistrationByASignedInParentIsDecidedLikeAnyOther(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		own := d.parent(d.student("1", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.visitor = access.Actor{Kind: access.Parent, AccountID: 99, Address: "198.51.100.8"}
		ref := d.ask("maria", "1", own.Contact.First, own.Contact.Last)
		d.work()
		if got := d.outcome(ref); got != OutcomeSent {
			t.Error(got)
		}
	})
}
