package family

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestRegisterSaysWhatIsWrongWithFieldsButNothingElse(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		long := strings.Repeat("é", 129)
		tests := []struct {
			name string
			r    Registration
			want []string
		}{
			{"everything empty", Registration{}, []string{"username", "id_number", "first_name", "last_name"}},
			{"blanks alone", Registration{Username: " \t", IDNumber: " ", First: " ", Last: " "}, []string{"username", "id_number", "first_name", "last_name"}},
			{"everything too long", Registration{Username: long, IDNumber: long, First: long, Last: long}, []string{"username", "id_number", "first_name", "last_name"}},
			{"no username", Registration{Username: "a", IDNumber: "1", First: "A", Last: "B"}, []string{"username"}},
			{"as long as may be", Registration{Username: "maria", IDNumber: long[:256], First: long[:256], Last: long[:256]}, nil},
			{"what no database takes", Registration{Username: "maria", IDNumber: "1\x00", First: "A\xff", Last: "B\x00"}, nil},
		}
		for _, tt := range tests {
			_, err := d.Register(t.Context(), d.visitor, tt.r)
			var got []string
			for _, p := range fault.ProblemsOf(err) {
				got = append(got, p.Field)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != (tt.want == nil) {
				t.Errorf("%s: error %v, problems (-want +got):\n%s", tt.name, err, diff)
			}
		}
		d.work()
		if diff := cmp.Diff([]string{"unknown_id", "unknown_id"}, d.outcomes()); diff != "" {
			t.Error(diff)
		}
	})
}

// REG-1 and REG-2 at the service: same answer, and the same statements, whatever is on record.
func TestREG1EveryRegistrationGetsTheSameAnswerForTheSameWork(t *testing.T) {
	var mu sync.Mutex
	var statements []string
	watched := sqldb.Options{Before: func(query string) error {
		mu.Lock()
		defer mu.Unlock()
		statements = append(statements, query)
		return nil
	}}
	sqldbtest.RunWith(t, watched, func(t *testing.T, db *sqldb.DB) {
		d := newDesk(t, db)
		for i, change := range [][]func(*roster.ContactEdit){
			nil, nil, nil, nil, {noAccess}, {restricted}, {func(e *roster.ContactEdit) { e.Contact.Email = "" }}, nil,
		} {
			s := d.student(fmt.Sprintf("10%d", i), "Ana", "Lopez")
			d.parent(s, "Maria", "Lopez", fmt.Sprintf("m%d@example.org", i), change...)
		}
		d.change(`update student set status = 'graduated' where id_number = '103'`)
		d.ask("already", "107", "Maria", "Lopez")
		for range 6 {
			d.ask("guess", "108", "Wrong", "Name")
		}
		d.work()
		tests := []struct{ name, id, first, last string }{
			{"match", "100", "Maria", "Lopez"},
			{"wrong first name", "101", "Marie", "Lopez"},
			{"wrong last name", "102", "Maria", "Diaz"},
			{"unknown ID Number", "999", "Maria", "Lopez"},
			{"student gone", "103", "Maria", "Lopez"},
			{"no portal access", "104", "Maria", "Lopez"},
			{"restricted", "105", "Maria", "Lopez"},
			{"no e-mail", "106", "Maria", "Lopez"},
			{"registered already", "107", "Maria", "Lopez"},
			{"throttled ID Number", "108", "Maria", "Lopez"},
			{"no name at all", "100", "☺", "-"},
		}
		shape := regexp.MustCompile(`^[2-9A-HJ-NP-TV-Z]{3}-[2-9A-HJ-NP-TV-Z]{3}$`)
		var first []string
		for _, tt := range tests {
			mu.Lock()
			statements = nil
			mu.Unlock()
			ref := d.ask("somebody", tt.id, tt.first, tt.last)
			mu.Lock()
			got := statements
			mu.Unlock()
			if !shape.MatchString(ref) {
				t.Errorf("%s: reference %q", tt.name, ref)
			}
			if first == nil {
				first = got
			}
			if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("%s: other statements than for a match:\n%s", tt.name, diff)
			}
		}
	})
}

func TestRegisteringIsForVisitorsAndAFormSentTwiceIsOneRequest(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		r := Registration{FormKey: "form-1", Username: "maria", IDNumber: "41", First: "Maria", Last: "Lopez"}
		one, err := d.Register(t.Context(), d.visitor, r)
		d.ok(err)
		two, err := d.Register(t.Context(), d.visitor, r)
		d.ok(err)
		d.work()
		if one != two || d.count(`select count(*) from registration_request`) != 1 || len(d.inbox.Messages()) != 1 {
			t.Errorf("references %s and %s, mails %d", one, two, len(d.inbox.Messages()))
		}
		if _, err := d.Register(t.Context(), d.office, r); !fault.Is(err, fault.Forbidden) {
			t.Errorf("staff registering: %v", err)
		}
	})
}

func TestREG3TheTemporaryPasswordGoesToTheAddressOnRecordAlone(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("00-417", "Ana", "Lopez"), "María", "López", "maria@example.org")
		ref := d.ask("stranger@evil.example", " 00 417", "maria", "lopez")
		d.work()
		all := d.inbox.Messages()
		if len(all) != 1 || all[0].To != "maria@example.org" || d.outcome(ref) != OutcomeSent {
			t.Fatalf("mails %+v, outcome %s", all, d.outcome(ref))
		}
		if _, err := d.signIn("stranger@evil.example", passwordIn(all[0])); err != nil {
			t.Errorf("the mailed password does not work: %v", err)
		}
	})
}

func TestREG4NamesMatchByTheRuleAlone(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		for _, p := range namePairs(t) {
			d.parent(d.student("n"+p.n, "Kid", "Child"), "A", "B", "p"+p.n+"@example.org")
			d.change(`update contact set first_name = $1, last_name = $2 where email_key = $3`, p.recordedFirst, p.recordedLast, "p"+p.n+"@example.org")
			first := p.typedFirst
			if first == "" {
				first = "-" // what a person with one name types into a field that must not be empty
			}
			ref := d.ask("user"+p.n, "n"+p.n, first, p.typedLast)
			d.work()
			if got := d.outcome(ref); (got == OutcomeSent) != p.match {
				t.Errorf("row %s: recorded %q %q, typed %q %q: %s, want a match: %v", p.n, p.recordedFirst, p.recordedLast, p.typedFirst, p.typedLast, got, p.match)
			}
		}
	})
}

func TestREG4TheOfficeDecidesWhereAMailboxTellsNobodyApart(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		twins := d.student("1", "Ana", "Hall")
		d.parent(twins, "Robert", "Hall Jr", "hall@example.org")
		d.parent(twins, "Robert", "Hall Sr", "hall@example.org")
		kid := d.student("2", "Ben", "Young")
		d.parent(kid, "Maria", "Young", "ben@example.org")
		d.change(`update student set email = 'ben@example.org', email_key = 'ben@example.org' where id = $1`, kid)
		shared := d.student("3", "Cleo", "Roe")
		d.parent(shared, "Jane", "Roe", "roe@example.org")
		d.parent(shared, "John", "Roe", "roe@example.org", restricted)
		sibling := d.student("4", "Dan", "Roe")
		d.also(sibling, d.parent(d.student("5", "Eve", "Poe"), "Janet", "Poe", "poe@example.org").Contact)
		d.parent(sibling, "Jim", "Poe", "poe@example.org", restricted)
		tests := []struct {
			name, id, first, last string
			want                  Outcome
		}{
			{"father and grandfather share a mailbox", "1", "Robert", "Hall Jr", OutcomeAmbiguous},
			{"the address is a student's", "2", "Maria", "Young", OutcomeStudentAddress},
			{"the address is a restricted contact's", "3", "Jane", "Roe", OutcomeRestrictedAddress},
			{"the name of the restricted contact", "3", "John", "Roe", OutcomeRestricted},
			{"the address is that of a contact restricted for a brother", "5", "Janet", "Poe", OutcomeRestrictedAddress},
		}
		for _, tt := range tests {
			ref := d.ask("user"+tt.id, tt.id, tt.first, tt.last)
			d.work()
			if got := d.outcome(ref); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		}
		if n := len(d.inbox.Messages()); n != 0 {
			t.Errorf("%d mails went out by themselves", n)
		}
		if n := d.count(`select count(*) from account`); n != 0 {
			t.Errorf("%d accounts", n)
		}
	})
}

func TestREG4TheContactIsToldThatTheNameDiffersButNotHow(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Anabel", "Quiroga"), "Catherine", "Lopez", "cat@example.org")
		ref := d.ask("kate", "41", "Kate", "Lopez")
		d.work()
		m := d.lastMail("cat@example.org")
		if d.outcome(ref) != OutcomeNameDiffers || passwordIn(m) != "" {
			t.Errorf("outcome %s, mail %s", d.outcome(ref), m.Body)
		}
		for _, secret := range []string{"Catherine", "Anabel", "Quiroga", "41", "Kate"} {
			if strings.Contains(m.Subject+m.ToName+m.Body, secret) {
				t.Errorf("the mail shows %q", secret)
			}
		}
		if n := d.count(`select count(*) from account`); n != 0 {
			t.Errorf("%d accounts", n)
		}
	})
}

func TestREG5RegisteringAgainChangesNothingForALogin(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.begin("maria", l)
		before := d.value(`select password_hash || credential_version || state from account`)
		sent := len(d.inbox.Messages())
		ref := d.ask("other-name", "41", "Maria", "Lopez")
		d.work()
		if after := d.value(`select password_hash || credential_version || state from account`); after != before {
			t.Error("the login changed")
		}
		if n := d.count(`select count(*) from account`); n != 1 || d.outcome(ref) != OutcomeAlreadyActive {
			t.Errorf("%d accounts, outcome %s", n, d.outcome(ref))
		}
		told := d.inbox.Messages()[sent:]
		if len(told) != 1 || !strings.Contains(told[0].Body, "> maria\n") || !strings.Contains(told[0].Body, "https://gate.example/parent/forgot") {
			t.Errorf("mails %+v", told)
		}
		if n := d.count(`select count(*) from temporary_password`); n != 0 {
			t.Error("a temporary password was issued")
		}
	})
}

func TestREG6AMatchAfterManyGuessesIsDelayedNeverDropped(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		for i := range 50 {
			d.visitor.Address = fmt.Sprintf("198.51.100.%d", i%10)
			d.ask("guess", "41", fmt.Sprintf("Guess%c", 'a'+i%26), "Lopez")
			d.work()
		}
		hints := len(d.inbox.Messages())
		if hints > 2 {
			t.Errorf("%d mails told that a name differs", hints)
		}
		ref := d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		if got := d.found(ref); Outcome(got.Outcome) != OutcomePending || got.Detail != detailDelayed {
			t.Errorf("at once: %s %s", got.Outcome, got.Detail)
		}
		d.wait(15 * time.Minute)
		d.work()
		if got := d.outcome(ref); got != OutcomeSent {
			t.Errorf("after 15 minutes: %s", got)
		}
		if passwordIn(d.lastMail("maria@example.org")) == "" {
			t.Error("no temporary password after 15 minutes")
		}
		wrong := 0
		found, err := d.Requests(t.Context(), d.office, "", jobs.Cursor{}, 100)
		d.ok(err)
		for _, r := range found {
			if Outcome(r.Outcome) == OutcomeNameDiffers {
				wrong++
			}
		}
		if wrong != 50 {
			t.Errorf("the desk sees %d wrong attempts, want 50", wrong)
		}
		if n := d.count(`select count(*) from audit_event where action = 'request.suspected' and outcome = 'id_number_hour'`); n != 1 {
			t.Errorf("%d alerts", n)
		}
	})
}

func TestREG6ASourceOfManyMistakesWaitsToo(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.visitor.Address = "2001:db8:1:2::1"
		for i := range 60 {
			d.ask("guess", fmt.Sprintf("9%d", i), "Maria", "Lopez")
		}
		d.work()
		d.visitor.Address = "2001:db8:1:2:ffff::2"
		same := d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		if got := d.outcome(same); got != OutcomePending {
			t.Errorf("from the same network: %s", got)
		}
		d.visitor.Address = "2001:db8:1:3::1"
		other := d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		if got := d.outcome(other); got != OutcomeSent {
			t.Errorf("from another network: %s", got)
		}
	})
}

func TestREG7AContactGetsFewMailsHoweverManyRequests(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s := d.student("41", "Ana", "Lopez")
		d.parent(s, "Maria", "Lopez", "family@example.org")
		d.parent(s, "Juan", "Lopez", "family@example.org")
		for i := range 100 {
			d.ask(fmt.Sprintf("maria%d", i), "41", "Maria", "Lopez")
			d.work()
		}
		if n := len(d.inbox.Messages()); n != 3 {
			t.Errorf("%d mails in an hour, want 3", n)
		}
		if _, err := d.signIn("maria2", passwordIn(d.lastMail("family@example.org"))); err != nil {
			t.Errorf("the last password that was mailed does not work: %v", err)
		}
		d.ask("juan", "41", "Juan", "Lopez")
		d.work()
		if got := d.lastMail("family@example.org"); !strings.Contains(got.Body, "Juan Lopez") {
			t.Errorf("the other parent in the mailbox got nothing: %s", got.Body)
		}
		for range 30 {
			d.wait(time.Hour)
			d.ask("maria", "41", "Maria", "Lopez")
			d.work()
		}
		day := 0
		for _, m := range d.inbox.Messages() {
			if strings.Contains(m.Body, "Maria Lopez") {
				day++
			}
		}
		if day > 20 {
			t.Errorf("%d mails in 31 hours, want at most 20", day)
		}
		if got := d.outcomes()[98]; got != string(OutcomeMailLimit) {
			t.Errorf("staff read %s", got)
		}
	})
}

func TestREG8StaffFindTheTrueReasonUnderTheReference(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "", noAccess)
		ref := d.ask("maria", "41", "maria", "lopez")
		d.wait(time.Second)
		d.ask("juan", "42", "Juan", "Diaz")
		d.work()
		got := d.found(strings.ToLower(strings.ReplaceAll(ref, "-", " ")))
		want := Request{
			ID: got.ID, Reference: ref, Purpose: "register", Username: "maria", IDNumber: "41", First: "maria", Last: "lopez",
			Outcome: "may_not", StudentID: l.StudentID, ContactID: l.ContactID, Child: "Ana Lopez", Contact: "Maria Lopez",
			At: d.time().Add(-time.Second), Decided: d.time(), CaseID: got.CaseID, Waits: true,
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Request{})); diff != "" {
			t.Error(diff)
		}
		for _, actor := range []access.Actor{d.visitor, {Kind: access.Parent, AccountID: 1}, {Kind: access.Staff, Role: "teacher"}} {
			if _, err := d.Requests(t.Context(), actor, ref, jobs.Cursor{}, 10); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", actor.Kind, err)
			}
		}
		page, err := d.Requests(t.Context(), d.office, "", jobs.Cursor{}, 1)
		d.ok(err)
		rest, err := d.Requests(t.Context(), d.office, "", jobs.Cursor{At: page[0].At.UnixMicro(), ID: page[0].ID}, 5)
		d.ok(err)
		if len(page) != 1 || page[0].Username != "juan" || len(rest) != 1 || rest[0].Reference != ref {
			t.Errorf("pages %+v and %+v", page, rest)
		}
		for _, unknown := range []string{"222-222", "no", "'"} {
			found, err := d.Requests(t.Context(), d.office, unknown, jobs.Cursor{}, 10)
			if err != nil || len(found) != 0 {
				t.Errorf("%q: %v, %v", unknown, found, err)
			}
		}
	})
}

func TestREG9ParallelIdenticalRegistrationsMakeOneLogin(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		start := make(chan struct{})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				<-start
				_, err := d.Register(t.Context(), d.visitor, Registration{Username: "maria", IDNumber: "41", First: "Maria", Last: "Lopez"})
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		all.Wait()
		ids := make(chan int64, 50)
		for i := range 50 {
			ids <- int64(i + 1)
		}
		close(ids)
		for range 8 {
			all.Go(func() {
				for id := range ids {
					payload := fmt.Appendf(nil, `{"request":%d}`, id)
					if err := d.decide(t.Context(), jobs.Job{Payload: payload}); err != nil {
						t.Errorf("request %d: %v", id, err)
					}
				}
			})
		}
		all.Wait()
		d.work()
		if a, p := d.count(`select count(*) from account`), d.count(`select count(*) from temporary_password`); a != 1 || p != 1 {
			t.Errorf("%d accounts, %d temporary passwords", a, p)
		}
		works := 0
		for _, m := range d.inbox.Messages() {
			if _, err := d.signIn("maria", passwordIn(m)); err == nil {
				works++
			}
		}
		if works != 1 || d.value(`select username from account`) != "maria" {
			t.Errorf("%d of %d mailed passwords work", works, len(d.inbox.Messages()))
		}
	})
}

func TestARequestIsDecidedOnce(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		d.ok(d.decide(t.Context(), jobs.Job{Payload: []byte(`{"request":1}`)}))
		d.ok(d.decide(t.Context(), jobs.Job{Payload: []byte(`{"request":4711}`)}))
		d.work()
		if n := len(d.inbox.Messages()); n != 1 {
			t.Errorf("%d mails", n)
		}
		if n := d.count(`select count(*) from audit_event where action = 'request.register'`); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestMailIsWrittenInTheContactsLanguageElseTheFormsElseEnglish(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		for i, tt := range []struct{ record, form, first, want string }{
			{"es", "en", "Maria", "es"}, {"", "es", "Maria", "es"}, {"", "", "Maria", "en"}, {"en", "es", "Maria", "en"}, {"", "es", "Other", "es"},
		} {
			id, address := fmt.Sprintf("4%d", i), fmt.Sprintf("m%d@example.org", i)
			d.parent(d.student(id, "Ana", "Lopez"), "Maria", "Lopez", address, func(e *roster.ContactEdit) { e.Contact.Language = tt.record })
			_, err := d.Register(t.Context(), d.visitor, Registration{Username: "maria" + id, IDNumber: id, First: tt.first, Last: "Lopez", Language: tt.form})
			d.ok(err)
			d.work()
			if got := d.lastMail(address).Language; got != tt.want {
				t.Errorf("on record %q, form %q: %s, want %s", tt.record, tt.form, got, tt.want)
			}
		}
	})
}

func TestREG10ANoPortalAccessContactIsRefusedAndItIsInTheLog(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org", noAccess)
		ref := d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		if d.outcome(ref) != OutcomeMayNot || len(d.inbox.Messages()) != 0 {
			t.Errorf("outcome %s, %d mails", d.outcome(ref), len(d.inbox.Messages()))
		}
		n := d.count(`select count(*) from audit_event where action = 'request.register' and outcome = 'may_not' and target_kind = 'request' and address = $1`, d.visitor.Address)
		if n != 1 {
			t.Errorf("%d events in the log", n)
		}
	})
}

func TestAUsernameIsGivenOnceAndKeptForItsOwner(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		maria := d.parent(d.student("1", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.parent(d.student("2", "Ben", "Roe"), "Mary", "Roe", "mary@example.org")
		d.ask("Smile", "1", "Maria", "Lopez")
		ref := d.ask("sMILE", "2", "Mary", "Roe")
		d.work()
		m := d.lastMail("mary@example.org")
		if !strings.Contains(m.Body, "> sMILE2\n") || !strings.Contains(m.Body, "is taken") || d.found(ref).Detail != detailOtherUsername {
			t.Errorf("detail %q, mail %s", d.found(ref).Detail, m.Body)
		}
		if strings.Contains(d.lastMail("maria@example.org").Body, "is taken") {
			t.Error("the first one is told that the username is taken")
		}
		// After a reset the username is the owner's for a year.
		d.change(`delete from account`)
		d.change(`insert into reserved_username (kind, username_key, contact_id, until) values ('parent', 'smile', $1, $2)`,
			maria.ContactID, d.time().Add(365*day).UnixMicro())
		d.wait(25 * time.Hour)
		d.ask("smile", "2", "Mary", "Roe")
		d.ask("smile", "1", "Maria", "Lopez")
		d.work()
		if got := d.lastMail("maria@example.org").Body; !strings.Contains(got, "> smile\n") {
			t.Errorf("the owner got %s", got)
		}
		if got := d.lastMail("mary@example.org").Body; !strings.Contains(got, "> smile2\n") {
			t.Errorf("the other got %s", got)
		}
		if n := d.count(`select count(*) from reserved_username`); n != 0 {
			t.Error("the reservation stays after the owner took the username")
		}
	})
}

func TestAMailServerThatIsDownChangesNothingElse(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.inbox.Fail(&mail.Refused{Code: 451, Text: "later"})
		ref := d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		d.inbox.Fail(nil)
		d.wait(time.Minute)
		d.work()
		if _, err := d.signIn("maria", passwordIn(d.lastMail("maria@example.org"))); err != nil || d.outcome(ref) != OutcomeSent {
			t.Errorf("sign-in %v, outcome %s", err, d.outcome(ref))
		}
	})
}
