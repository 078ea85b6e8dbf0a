package family

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// tellsParents lets the school tell parents, and gives the office an address.
func (d *desk) tellsParents() {
	d.t.Helper()
	v := *d.settings.Values()
	v.TellParents, v.OfficeEmail = true, "desk@school.example"
	d.ok(d.settings.Change(d.t.Context(), d.office, v))
}

// news returns the list as "contact child how", newest first.
func (d *desk) news(actor access.Actor) []string {
	d.t.Helper()
	page, err := d.Newcomers(d.t.Context(), actor, jobs.Cursor{}, 100)
	d.ok(err)
	var all []string
	for _, n := range page.Rows {
		text := n.First + " " + n.ChildFirst + " " + string(n.How)
		if n.Again {
			text += " again"
		}
		all = append(all, text)
	}
	return all
}

func (d *desk) wantNews(what string, want ...string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.news(d.office)); diff != "" {
		d.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// actor is the parent with the username.
func (d *desk) actor(username string) access.Actor {
	d.t.Helper()
	id := d.count(`select id from account where kind = 'parent' and username = $1`, username)
	return access.Actor{Kind: access.Parent, AccountID: int64(id), Username: username}
}

// subjects are those of the mails to an address.
func (d *desk) subjects(to string) []string {
	d.work()
	var all []string
	for _, m := range d.inbox.To(to) {
		all = append(all, m.Subject)
	}
	return all
}

const newAdultSubject = "Schoolgate: another adult can see your child's pages"

func TestTheSchoolIsToldWhenALoginOpensAChildForTheFirstTime(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, ben := d.student("41", "Ana", "Lopez"), d.student("42", "Ben", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.also(ben, maria.Contact)
		d.ask("maria", "41", "Maria", "Lopez")
		d.work()
		d.wantNews("a login that waits has opened nothing")
		d.begin("maria", maria)
		d.wantNews("the first password", "Maria Ben registered", "Maria Ana registered")

		// Forgotten, and set anew: nothing new.
		_, err := d.ForgotPassword(t.Context(), d.visitor, "", "maria", "en")
		d.ok(err)
		d.work()
		in, err := d.signIn("maria", passwordIn(d.lastMail("maria@example.org")))
		d.ok(err)
		_, err = d.accounts.FirstPassword(t.Context(), in, clientOf(d), permanent+" two", "")
		d.ok(err)
		d.wantNews("a new password", "Maria Ben registered", "Maria Ana registered")

		// A sibling on the existing login.
		d.wait(time.Hour)
		carla := d.student("43", "Carla", "Lopez")
		line := d.also(carla, maria.Contact)
		d.wantNews("a sibling", "Maria Carla roster", "Maria Ben registered", "Maria Ana registered")

		// A part reset, and back by "Add Additional Student".
		_, err = d.Reset(t.Context(), d.office, ResetOrder{Lines: []int64{line.ID}})
		d.ok(err)
		d.wait(time.Hour)
		added, err := d.AddStudent(t.Context(), d.actor("maria"), "43")
		d.ok(err)
		if !added.Opened {
			t.Fatal("not opened")
		}
		d.wantNews("back again", "Maria Carla added again", "Maria Carla roster", "Maria Ben registered", "Maria Ana registered")
	})
}

func TestWhoComesBackIsListedAgainAndTheParentsAreNotToldTwice(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.tellsParents()
		ana := d.student("41", "Ana", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		jorge := d.parent(ana, "Jorge", "Ruiz", "jorge@example.org")
		d.begin("maria", maria)
		d.wait(time.Hour)
		d.begin("jorge", jorge)
		if got := d.subjects("maria@example.org"); got[len(got)-1] != newAdultSubject {
			t.Fatalf("Maria was told %q", got)
		}
		told := len(d.subjects("maria@example.org"))
		_, err := d.Reset(t.Context(), d.office, ResetOrder{Lines: []int64{jorge.ID}})
		d.ok(err)
		d.wait(48 * time.Hour)
		d.begin("jorge", jorge)
		d.wantNews("back", "Jorge Ana registered again", "Jorge Ana registered", "Maria Ana registered")
		if got := len(d.subjects("maria@example.org")); got != told {
			t.Error("Maria was told twice")
		}
		adults, err := d.NewAdults(t.Context(), d.actor("maria"), ana)
		d.ok(err)
		if len(adults) != 0 {
			t.Errorf("her page says %+v of one who came back", adults)
		}

		// A restriction, and lifted.
		d.wait(time.Hour)
		l := d.line(jorge.ID)
		l.Line.Restricted = roster.Yes
		_, err = d.roster.SaveContact(t.Context(), d.office, roster.ContactEdit{Contact: l.Contact, Line: l.Line})
		d.ok(err)
		l = d.line(jorge.ID)
		l.Line.Restricted = roster.No
		_, err = d.roster.SaveContact(t.Context(), d.office, roster.ContactEdit{Contact: l.Contact, Line: l.Line})
		d.ok(err)
		d.ok(d.OpenAgain(t.Context(), d.office, jorge.ID))
		d.wantNews("lifted and opened", "Jorge Ana roster again", "Jorge Ana registered again", "Jorge Ana registered", "Maria Ana registered")
	})
}

func TestTheMailAboutANewAdultNamesNameAndRelationshipAndNothingElse(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.tellsParents()
		ana, ben := d.student("41", "Ana", "Lopez"), d.student("42", "Ben", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.also(ben, maria.Contact)
		jorge := d.parent(ana, "Jorge", "Ruiz", "jorge@example.org")
		d.also(ben, jorge.Contact)
		d.change(`update contact set home_phone = '555-0177' where id = $1`, jorge.ContactID)
		d.begin("maria", maria)
		before := len(d.subjects("maria@example.org"))
		d.wait(time.Hour)
		d.begin("jorge", jorge)
		if n := len(d.subjects("maria@example.org")) - before; n != 1 {
			t.Fatalf("%d mails for two children", n)
		}
		body := d.lastMail("maria@example.org").Body
		for _, w := range []string{"Jorge Ruiz (", "the pages of Ana Lopez", "the pages of Ben Lopez", "I do not know this person", "https://gate.example/parent/login", "/help/how-to/someone-you-do-not-know"} {
			if !strings.Contains(body, w) {
				t.Errorf("the mail lacks %q:\n%s", w, body)
			}
		}
		for _, w := range []string{"555-0177", "jorge@example.org", "41", "42"} {
			if strings.Contains(body, w) {
				t.Errorf("the mail says %q:\n%s", w, body)
			}
		}
		for _, s := range d.subjects("jorge@example.org") {
			if s == newAdultSubject {
				t.Error("the new adult was told of himself")
			}
		}
	})
}

func TestPRV1NobodyIsToldOfANewAdultWhereARestrictionStands(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		for i, tt := range []struct {
			name string
			tell bool
			bad  string // done to the line of a third contact
			want int
		}{
			{"the school does not tell parents", false, "", 0},
			{"no restriction", true, "", 1},
			{"a third contact is restricted", true, `update student_contact set restricted = 'yes' where id = $1`, 0},
			{"one whose line is over was restricted", true, `update student_contact set restricted = 'yes', ended_at = 1 where id = $1`, 0},
		} {
			if tt.tell {
				d.tellsParents()
			}
			n := string(rune('a' + i))
			ana := d.student("41"+n, "Ana", "Lopez")
			maria, jorge := d.parent(ana, "Maria", "Lopez", n+"maria@example.org"), d.parent(ana, "Jorge", "Ruiz", n+"jorge@example.org")
			rick := d.parent(ana, "Rick", "Stone", n+"rick@example.org")
			d.begin("maria"+n, maria)
			if tt.bad != "" {
				d.change(tt.bad, rick.ID)
			}
			before := len(d.subjects(n + "maria@example.org"))
			d.begin("jorge"+n, jorge)
			told := len(d.subjects(n+"maria@example.org")) - before
			adults, err := d.NewAdults(t.Context(), d.actor("maria"+n), ana)
			d.ok(err)
			if n := d.count(`select count(*) from newcomer where told and contact_id = $1`, jorge.ContactID); n != tt.want {
				t.Errorf("%s: %d entries say that the parents were told; want %d", tt.name, n, tt.want)
			}
			if told != tt.want || len(adults) != tt.want {
				t.Errorf("%s: %d mails, %d on the page; want %d", tt.name, told, len(adults), tt.want)
			}
			if got := d.news(d.office); len(got) != 2*(i+1) {
				t.Errorf("%s: the school reads %q", tt.name, got)
			}
		}
	})
}

func TestPRV1ARestrictionThatComesBeforeTheMailHoldsItBack(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.tellsParents()
		ana := d.student("41", "Ana", "Lopez")
		maria, jorge := d.parent(ana, "Maria", "Lopez", "maria@example.org"), d.parent(ana, "Jorge", "Ruiz", "jorge@example.org")
		d.begin("maria", maria)
		before := len(d.subjects("maria@example.org"))
		d.begin("jorge", jorge)
		// begin sends the mails of registration alone where the last one still waits: make it wait.
		d.change(`update job set state = 'ready', ended_at = null where payload like '%"newcomer"%'`)
		d.change(`update student_contact set restricted = 'yes' where id = $1`, maria.ID)
		sent := len(d.inbox.To("maria@example.org"))
		if got := len(d.subjects("maria@example.org")); got != sent || before == 0 {
			t.Errorf("%d mails after the restriction", got-sent)
		}
		if _, err := d.NewAdults(t.Context(), d.actor("maria"), ana); !fault.Is(err, fault.NotFound) {
			t.Errorf("a restricted contact asks who is new: %v", err)
		}
	})
}

func TestAParentDoubtsANewAdultOnce(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.tellsParents()
		ana := d.student("41", "Ana", "Lopez")
		maria, jorge := d.parent(ana, "Maria", "Lopez", "maria@example.org"), d.parent(ana, "Jorge", "Ruiz", "jorge@example.org")
		lin := d.parent(d.student("50", "Lin", "Chen"), "Wei", "Chen", "wei@example.org")
		d.begin("maria", maria)
		d.begin("wei", lin)
		d.wait(time.Hour)
		d.begin("jorge", jorge)
		adults, err := d.NewAdults(t.Context(), d.actor("maria"), ana)
		d.ok(err)
		if len(adults) != 1 || adults[0].First != "Jorge" || !adults[0].Since.Equal(d.time()) || !adults[0].Doubted.IsZero() {
			t.Fatalf("%+v", adults)
		}
		if own, err := d.NewAdults(t.Context(), d.actor("jorge"), ana); err != nil || len(own) != 0 {
			t.Errorf("the new adult is shown %+v, %v", own, err)
		}
		for who, actor := range map[string]access.Actor{"another family": d.actor("wei"), "himself": d.actor("jorge")} {
			if err := d.DoubtNewcomer(t.Context(), actor, ana, adults[0].ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s doubts: %v", who, err)
			}
		}
		if err := d.DoubtNewcomer(t.Context(), access.Actor{Kind: access.Student, AccountID: 1}, ana, adults[0].ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a student doubts: %v", err)
		}
		d.wait(time.Hour)
		for range 2 {
			d.ok(d.DoubtNewcomer(t.Context(), d.actor("maria"), ana, adults[0].ID))
		}
		d.wantNews("the urgent entry", "Jorge Ana doubt", "Jorge Ana registered", "Wei Lin registered", "Maria Ana registered")
		mails := d.subjects("desk@school.example")
		if len(mails) != 1 || !strings.Contains(mails[0], "URGENT") {
			t.Errorf("the office was mailed %q", mails)
		}
		if body := d.lastMail("desk@school.example").Body; strings.Contains(body, "Jorge") || strings.Contains(body, "Ana") {
			t.Errorf("the office's mail names somebody:\n%s", body)
		}
		if n := d.count(`select count(*) from audit_event where action = 'newcomer.doubted'`); n != 1 {
			t.Errorf("%d events", n)
		}
		if l := d.line(jorge.ID); d.rule().MayOpen(l) != roster.MayOpen {
			t.Error("the doubt shut him out")
		}
		adults, err = d.NewAdults(t.Context(), d.actor("maria"), ana)
		d.ok(err)
		if len(adults) != 1 || adults[0].Doubted.IsZero() {
			t.Errorf("after the doubt: %+v", adults)
		}
		d.wait(30 * day)
		if adults, err = d.NewAdults(t.Context(), d.actor("maria"), ana); err != nil || len(adults) != 0 {
			t.Errorf("after 30 days: %+v, %v", adults, err)
		}
	})
}

func TestWhoCameLaterIsNotToldOfWhoWasThere(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.tellsParents()
		ana := d.student("41", "Ana", "Lopez")
		one, two, three := d.parent(ana, "Maria", "Lopez", "maria@example.org"), d.parent(ana, "Jorge", "Ruiz", "jorge@example.org"), d.parent(ana, "Olga", "Novak", "olga@example.org")
		for i, l := range []roster.FullLine{one, two, three} {
			d.begin([]string{"maria", "jorge", "olga"}[i], l)
			d.wait(time.Hour)
		}
		for who, want := range map[string]int{"maria": 2, "jorge": 1, "olga": 0} {
			adults, err := d.NewAdults(t.Context(), d.actor(who), ana)
			d.ok(err)
			if len(adults) != want {
				t.Errorf("%s reads %+v, want %d", who, adults, want)
			}
		}
	})
}

func TestStaffSeeTheNewAdultsOfTheirSchoolsAlone(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.ok(d.roster.SaveSchool(t.Context(), d.office, roster.School{Name: "Oak"}))
		d.ok(d.roster.SaveSchool(t.Context(), d.office, roster.School{Name: "Cedar"}))
		oak, cedar := int64(d.count(`select id from school where name = 'Oak'`)), int64(d.count(`select id from school where name = 'Cedar'`))
		ana, ben := d.student("41", "Ana", "Lopez"), d.student("42", "Ben", "Ruiz")
		d.change(`update student set school_id = $1 where id = $2`, oak, ana)
		d.change(`update student set school_id = $1 where id = $2`, cedar, ben)
		d.begin("maria", d.parent(ana, "Maria", "Lopez", "maria@example.org"))
		d.begin("jorge", d.parent(ben, "Jorge", "Ruiz", "jorge@example.org"))
		at := func(schools ...int64) access.Actor {
			return access.Actor{Kind: access.Staff, Role: access.Office, AccountID: 2, Username: "clerk", Schools: access.Schools{IDs: schools}}
		}
		for _, tt := range []struct {
			actor access.Actor
			want  []string
		}{
			{at(oak), []string{"Maria Ana registered"}}, {at(cedar), []string{"Jorge Ben registered"}},
			{at(oak, cedar), []string{"Jorge Ben registered", "Maria Ana registered"}}, {at(), nil},
		} {
			if diff := cmp.Diff(tt.want, d.news(tt.actor)); diff != "" {
				t.Errorf("at %v:\n%s", tt.actor.Schools.IDs, diff)
			}
		}
		page, err := d.Newcomers(t.Context(), at(oak), jobs.Cursor{}, 10)
		d.ok(err)
		if page.Unseen != 1 || len(page.Rows) == 0 {
			t.Fatalf("%d unseen at one school", page.Unseen)
		}
		entry := page.Rows[0].ID
		if err := d.SeeNewcomers(t.Context(), at(cedar), []int64{entry}); !fault.Is(err, fault.NotFound) {
			t.Errorf("another school's entry seen: %v", err)
		}
		if _, err := d.Newcomers(t.Context(), access.Actor{Kind: access.Staff, Role: access.Auditor, Schools: access.Everywhere()}, jobs.Cursor{}, 10); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an auditor: %v", err)
		}
		for range 2 {
			d.ok(d.SeeNewcomers(t.Context(), at(oak), []int64{entry}))
		}
		page, err = d.Newcomers(t.Context(), at(oak), jobs.Cursor{}, 10)
		d.ok(err)
		if page.Unseen != 0 || page.Rows[0].SeenBy != "clerk" || page.Rows[0].Seen.IsZero() {
			t.Errorf("after it was seen: %+v", page)
		}
		if n := d.count(`select count(*) from audit_event where action = 'newcomer.seen'`); n != 1 {
			t.Errorf("%d events", n)
		}

		// The child moves: the entry follows.
		var s roster.Student
		d.ok(d.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) { s, err = d.roster.Student(t.Context(), tx, ana); return err }))
		s.SchoolID = cedar
		d.ok(d.roster.SaveStudent(t.Context(), d.office, s))
		if got := d.news(at(oak)); len(got) != 0 {
			t.Errorf("the old school still reads %q", got)
		}
		if got := d.news(at(cedar)); len(got) != 2 {
			t.Errorf("the new school reads %q", got)
		}
	})
}

func TestOnceADayTheOfficeIsToldHowManyWait(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.tellsParents()
		d.ok(d.Sweep(t.Context())) // ten in the morning, nobody new
		d.begin("maria", d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org"))
		d.ok(d.Sweep(t.Context()))
		if got := d.subjects("desk@school.example"); len(got) != 0 {
			t.Errorf("twice on one day: %q", got)
		}
		d.wait(15 * time.Hour) // one in the night
		d.ok(d.Sweep(t.Context()))
		if got := d.subjects("desk@school.example"); len(got) != 0 {
			t.Errorf("in the night: %q", got)
		}
		d.wait(6 * time.Hour)
		for range 3 {
			d.ok(d.Sweep(t.Context()))
		}
		if got := d.subjects("desk@school.example"); len(got) != 1 || got[0] != "Schoolgate: new adults to look at (1)" {
			t.Errorf("in the morning: %q", got)
		}
		if body := d.lastMail("desk@school.example").Body; strings.Contains(body, "Ana") || strings.Contains(body, "Lopez") || !strings.Contains(body, "/admin/login") {
			t.Errorf("the mail names somebody or leads nowhere:\n%s", body)
		}
	})
}

func TestWhatADateOrTheRuleOpensIsFoundTheSameDay(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, ben := d.student("41", "Ana", "Lopez"), d.student("42", "Ben", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		later := d.also(ben, maria.Contact)
		d.change(`update student_contact set begin_date = '2026-11-25' where id = $1`, later.ID)
		d.ok(d.Sweep(t.Context()))
		d.begin("maria", maria)
		for _, want := range [][]string{{"Maria Ana registered"}, {"Maria Ana registered"}, {"Maria Ben roster", "Maria Ana registered"}, {"Maria Ben roster", "Maria Ana registered"}} {
			d.ok(d.Sweep(t.Context()))
			d.wantNews(d.time().Format(time.DateOnly), want...)
			d.wait(24 * time.Hour)
		}
	})
}

func TestWhoSawAChildBeforeTheListBeganIsNewToNobody(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		maria := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org")
		d.begin("maria", maria)
		d.change(`delete from newcomer`)
		d.ok(d.Sweep(t.Context()))
		d.wantNews("the first look")
		_, err := d.Reset(t.Context(), d.office, ResetOrder{Lines: []int64{maria.ID}})
		d.ok(err)
		d.wait(48 * time.Hour)
		d.begin("maria", maria)
		d.wantNews("back", "Maria Ana registered again")
	})
}

func TestTwoRecordsOfOnePersonAreOneNewAdult(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("41", "Ana", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.begin("maria", maria)
		twin := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.ok(d.db.Write(t.Context(), func(tx *sqldb.Tx) error { return d.Hold(t.Context(), tx, d.actor("maria").AccountID, twin.ContactID) }))
		d.ok(d.db.Write(t.Context(), func(tx *sqldb.Tx) error {
			return d.LinesChanged(t.Context(), tx, d.office, roster.Change{LineIDs: []int64{twin.ID}, Opened: []int64{maria.ID}})
		}))
		d.wantNews("one person", "Maria Ana registered")
	})
}
