package family

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// school adds a school and moves the students there.
func (d *desk) school(name string, students ...int64) int64 {
	d.t.Helper()
	d.ok(d.roster.SaveSchool(d.t.Context(), d.office, roster.School{Name: name}))
	all, err := d.roster.Schools(d.t.Context())
	d.ok(err)
	var id int64
	for _, s := range all {
		if s.Name == name {
			id = s.ID
		}
	}
	for _, student := range students {
		d.ok(d.db.Write(d.t.Context(), func(tx *sqldb.Tx) error {
			s, err := d.roster.Student(d.t.Context(), tx, student)
			s.SchoolID = id
			if err != nil {
				return err
			}
			_, err = tx.Exec(d.t.Context(), `update student set school_id = $1 where id = $2`, id, student)
			return err
		}))
	}
	return id
}

func (d *desk) hold(schools ...int64) {
	d.t.Helper()
	d.ok(d.Close(d.t.Context(), d.office, CloseOrder{Schools: schools, Registration: true, Why: "papers first"}))
}

func (d *desk) release(schools ...int64) {
	d.t.Helper()
	_, err := d.Open(d.t.Context(), d.office, CloseOrder{Schools: schools, Registration: true})
	d.ok(err)
}

func TestOnHoldNothingIsMailedAndTheRequestWaitsUntilTheSchoolOpens(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, lin := d.student("1", "Ana", "Lopez"), d.student("2", "Lin", "Chen")
		north := d.school("North", ana)
		d.school("South", lin)
		d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.parent(lin, "Wei", "Chen", "wei@example.org")
		d.hold(north)
		held, near, open := d.ask("maria", "1", "Maria", "Lopez"), d.ask("marie", "1", "Marie", "Lopez"), d.ask("wei", "2", "Wei", "Chen")
		d.work()
		want := []Outcome{OutcomeHeld, OutcomeHeld, OutcomeSent}
		if diff := cmp.Diff(want, []Outcome{d.outcome(held), d.outcome(near), d.outcome(open)}); diff != "" || len(d.inbox.To("maria@example.org")) != 0 {
			t.Fatalf("mails %d, outcomes:\n%s", len(d.inbox.To("maria@example.org")), diff)
		}
		if d.count(`select count(*) from account`) != 1 {
			t.Error("a login was made for a parent of a school on hold")
		}
		d.wait(13 * 24 * time.Hour)
		d.release(north)
		d.work()
		if d.outcome(held) != OutcomeSent || d.outcome(near) != OutcomeAskedAgain || len(d.inbox.To("maria@example.org")) != 1 {
			t.Errorf("after opening: %s, %s, %d mails", d.outcome(held), d.outcome(near), len(d.inbox.To("maria@example.org")))
		}
	})
}

func TestOfSeveralHeldRequestsOfAParentTheNewestIsDecidedAndOldOnesStay(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, ben := d.student("1", "Ana", "Lopez"), d.student("2", "Ben", "Stone")
		north := d.school("North", ana, ben)
		d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.parent(ben, "Sol", "Stone", "sol@example.org")
		d.hold(north)
		old := d.ask("sol", "2", "Sol", "Stone")
		d.work()
		d.wait(15 * 24 * time.Hour)
		first, second := d.ask("first", "1", "Maria", "Lopez"), ""
		d.wait(time.Minute)
		second = d.ask("second", "1", "Maria", "Lopez")
		d.work()
		d.release(north)
		d.work()
		want := []Outcome{OutcomeHeld, OutcomeAskedAgain, OutcomeSent}
		if diff := cmp.Diff(want, []Outcome{d.outcome(old), d.outcome(first), d.outcome(second)}); diff != "" {
			t.Errorf("outcomes:\n%s", diff)
		}
		if got := d.value(`select username from account`); got != "second" || len(d.inbox.Messages()) != 1 {
			t.Errorf("username %s, %d mails", got, len(d.inbox.Messages()))
		}
	})
}

func TestALoginThatWouldOpenAChildOfASchoolOnHoldWaitsToo(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, leo := d.student("1", "Ana", "Lopez"), d.student("2", "Leo", "Lopez")
		d.school("North", ana)
		south := d.school("South", leo)
		l := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.also(leo, l.Contact)
		d.hold(south)
		ref := d.ask("maria", "1", "Maria", "Lopez")
		d.work()
		if d.outcome(ref) != OutcomeHeld {
			t.Fatalf("a login that opens Leo was %s", d.outcome(ref))
		}
		d.release(south)
		d.work()
		if d.outcome(ref) != OutcomeSent {
			t.Errorf("after opening: %s", d.outcome(ref))
		}
	})
}

func TestWhoHasALoginKeepsItWhileRegistrationIsOnHold(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("1", "Ana", "Lopez")
		north := d.school("North", ana)
		mother := d.begin("maria", d.parent(ana, "Maria", "Lopez", "maria@example.org"))
		d.hold(north)
		home, err := d.Home(t.Context(), mother)
		d.ok(err)
		if len(home.Children) != 1 {
			t.Error("a hold took a child away")
		}
		ref, err := d.ForgotPassword(t.Context(), d.visitor, "", "maria", "en")
		d.ok(err)
		d.work()
		if d.outcome(ref) != OutcomeSent {
			t.Errorf("a forgotten password while on hold: %s", d.outcome(ref))
		}
		again := d.ask("maria", "1", "Maria", "Lopez")
		d.work()
		if d.outcome(again) != OutcomeHeld {
			t.Errorf("registering again while on hold: %s", d.outcome(again))
		}
		if _, err := d.SendPassword(t.Context(), d.office, []int64{d.line(1).ContactID}, false); err != nil {
			t.Errorf("staff send a temporary password: %v", err)
		}
	})
}

func TestAWaitingLoginGetsNoNewTemporaryPasswordWhileOnHold(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("1", "Ana", "Lopez")
		north := d.school("North", ana)
		d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.ask("maria", "1", "Maria", "Lopez")
		d.work()
		d.hold(north)
		ref, err := d.ForgotPassword(t.Context(), d.visitor, "", "maria", "en")
		d.ok(err)
		d.work()
		if d.outcome(ref) != OutcomeHeld {
			t.Fatalf("a waiting login asked again: %s", d.outcome(ref))
		}
		d.release(north)
		d.work()
		if d.outcome(ref) != OutcomeSent {
			t.Errorf("after opening: %s", d.outcome(ref))
		}
	})
}

func TestAddAdditionalStudentWaitsAndOpensByItself(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, leo := d.student("1", "Ana", "Lopez"), d.student("2", "Leo", "Lopez")
		north := d.school("North", leo)
		mother := d.begin("maria", d.parent(ana, "Maria", "Lopez", "maria@example.org"))
		d.parent(leo, "Maria", "Lopez", "maria@example.org") // the school keeps her twice
		d.hold(north)
		added, err := d.AddStudent(t.Context(), mother, "2")
		d.ok(err)
		if added.Opened || added.Reference == "" || d.outcome(added.Reference) != OutcomeHeld {
			t.Fatalf("adding while on hold: %+v", added)
		}
		d.release(north)
		d.work()
		home, err := d.Home(t.Context(), mother)
		d.ok(err)
		if len(home.Children) != 2 || d.outcome(added.Reference) != OutcomeOpened {
			t.Errorf("%d children after opening, %s", len(home.Children), d.outcome(added.Reference))
		}
	})
}

func TestAClosedPortalHidesItsChildrenAndTheOthersStay(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, leo := d.student("1", "Ana", "Lopez"), d.student("2", "Leo", "Lopez")
		north := d.school("North", ana)
		d.school("South", leo)
		l := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.also(leo, l.Contact)
		mother := d.begin("maria", l)
		d.ok(d.CreateStudentLogin(t.Context(), mother, ana, "kid", permanent))
		kid := access.Actor{Kind: access.Student, AccountID: int64(d.count(`select account_id from student_login`))}
		d.ok(d.Close(t.Context(), d.office, CloseOrder{Schools: []int64{north}, Portal: true, Why: "a leak", Message: "Back on Monday."}))
		home, err := d.Home(t.Context(), mother)
		d.ok(err)
		if len(home.Children) != 1 || home.Children[0].StudentID != leo || len(home.Closed) != 1 || home.Closed[0].Message != "Back on Monday." {
			t.Errorf("children %d, closed %+v", len(home.Children), home.Closed)
		}
		page, err := d.StudentHome(t.Context(), kid)
		d.ok(err)
		if !page.Closed || page.First != "" || page.IDNumber != "" || page.Message != "Back on Monday." {
			t.Errorf("the student reads %+v", page)
		}
		if err := d.ChangeStudentPassword(t.Context(), mother, ana, permanent); !fault.Is(err, fault.NotFound) {
			t.Errorf("a student login of a closed school: %v", err)
		}
		ref := d.ask("again", "1", "Maria", "Lopez")
		d.work()
		if d.outcome(ref) != OutcomeHeld {
			t.Errorf("registering at a closed portal: %s", d.outcome(ref))
		}
		d.ok(d.Sweep(t.Context()))
		if d.count(`select count(*) from student_login`) != 1 {
			t.Error("closing ended the student login")
		}
		_, err = d.Open(t.Context(), d.office, CloseOrder{Schools: []int64{north}, Portal: true})
		d.ok(err)
		if home, err = d.Home(t.Context(), mother); err != nil || len(home.Children) != 2 || len(home.Closed) != 0 {
			t.Errorf("after opening: %d children, %v", len(home.Children), err)
		}
	})
}

func TestClosingIsForThoseWhoMayAtTheirSchoolsAndIsInTheLog(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		north, south := d.school("North"), d.school("South")
		head := with(d.office, func(a *access.Actor) { a.Schools = access.Schools{IDs: []int64{north}} })
		clerk := with(d.office, func(a *access.Actor) { a.Role = access.Office })
		order := func(o CloseOrder) CloseOrder { o.Registration, o.Why = true, "x"; return o }
		for _, tt := range []struct {
			name string
			who  access.Actor
			o    CloseOrder
			want fault.Kind
		}{
			{"an office clerk", clerk, order(CloseOrder{Schools: []int64{north}}), fault.Forbidden},
			{"another school", head, order(CloseOrder{Schools: []int64{north, south}}), fault.NotFound},
			{"all schools by who works at one", head, order(CloseOrder{All: true}), fault.Forbidden},
			{"school 0, which is all of them", head, order(CloseOrder{Schools: []int64{0}}), fault.Invalid},
			{"no school", head, order(CloseOrder{}), fault.Invalid},
			{"a school that is not there", d.office, order(CloseOrder{Schools: []int64{99}}), fault.NotFound},
			{"no reason", head, CloseOrder{Schools: []int64{north}, Registration: true, Why: " "}, fault.Invalid},
			{"no message", head, CloseOrder{Schools: []int64{north}, Portal: true, Why: "x"}, fault.Invalid},
			{"too long a message", head, CloseOrder{Schools: []int64{north}, Portal: true, Why: "x", Message: strings.Repeat("é", 501)}, fault.Invalid},
		} {
			if err := d.Close(t.Context(), tt.who, tt.o); !fault.Is(err, tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if n := d.count(`select count(*) from closing`); n != 0 {
			t.Fatalf("%d closings were written by what was refused", n)
		}
		d.ok(d.Close(t.Context(), head, CloseOrder{Schools: []int64{north}, Registration: true, Portal: true, Why: "a leak", Message: "Later"}))
		d.ok(d.Close(t.Context(), head, CloseOrder{Schools: []int64{north}, Registration: true, Why: "a leak at the bus firm"}))
		p, err := d.Closures(t.Context(), head)
		d.ok(err)
		if len(p.Schools) != 1 || p.Schools[0].Registration.Why != "a leak at the bus firm" || p.Schools[0].Portal.By != "office" {
			t.Errorf("the page: %+v", p)
		}
		n, err := d.Open(t.Context(), head, CloseOrder{Schools: []int64{north}, Registration: true, Portal: true})
		d.ok(err)
		again, err := d.Open(t.Context(), head, CloseOrder{Schools: []int64{north}, Registration: true, Portal: true})
		d.ok(err)
		if n != 2 || again != 0 {
			t.Errorf("opened %d, then %d", n, again)
		}
		want := "school.registration_closed school.portal_closed school.registration_closed school.registration_opened school.portal_opened"
		var got []string
		for _, a := range []string{"school.registration_closed", "school.portal_closed", "school.registration_opened", "school.portal_opened"} {
			if d.count(`select count(*) from audit_event where action = $1 and target_id = $2`, a, north) > 0 {
				got = append(got, a)
			}
		}
		if len(got) != 4 {
			t.Errorf("the log has %v, want %s", got, want)
		}
	})
}

func TestTheOfficeIsAskedForCustodyPapersAfterAFirstRosterUntilItAnswers(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, leo := d.student("1", "Ana", "Lopez"), d.student("2", "Leo", "Lopez")
		north, south := d.school("North", ana, leo), d.school("South")
		l := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.also(leo, l.Contact)
		d.parent(ana, "Rick", "Stone", "rick@example.org", restricted)
		d.parent(ana, "Nora", "Blank", "")
		d.parent(ana, "Uma", "Aunt", "uma@example.org", func(e *roster.ContactEdit) { e.Line.Relationship = "aunt" })
		d.begin("jorge", d.parent(ana, "Jorge", "Lopez", "jorge@example.org"))
		ask := func(hold bool, schools ...int64) {
			d.ok(d.db.Write(t.Context(), func(tx *sqldb.Tx) error { return d.roster.FirstRoster(t.Context(), tx, d.office, schools, hold) }))
		}
		ask(false, north)
		ask(true, north, south) // North was asked before
		p, err := d.Closures(t.Context(), d.office)
		d.ok(err)
		if len(p.Questions) != 2 || p.Questions[0].Adults != 1 || p.Questions[0].Held || !p.Questions[1].Held {
			t.Fatalf("questions %+v: Maria alone may register, and South alone is on hold", p.Questions)
		}
		shut, err := d.Shut(t.Context(), d.office)
		d.ok(err)
		if shut.Questions != 2 || shut.Schools != 1 || shut.Portal {
			t.Errorf("the notice: %+v", shut)
		}
		elsewhere := with(d.office, func(a *access.Actor) { a.Schools = access.Schools{IDs: []int64{south}} })
		if err := d.AnswerCustody(t.Context(), elsewhere, north); !fault.Is(err, fault.NotFound) {
			t.Errorf("answering for another school: %v", err)
		}
		d.ok(d.AnswerCustody(t.Context(), d.office, north))
		d.ok(d.AnswerCustody(t.Context(), d.office, north))
		ask(false, north)
		if p, err = d.Closures(t.Context(), d.office); err != nil || len(p.Questions) != 1 || p.Questions[0].ID != south {
			t.Errorf("after the answer: %+v, %v", p.Questions, err)
		}
	})
}

func TestTheQueriesOfClosingReadAlongIndexes(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.change(`insert into registration_request (reference, purpose, outcome, created_at, decided_at)
with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000) select 'R' || i, 'register', 'sent', i, i from n`)
		d.change(`analyze`)
		for name, q := range map[string]struct {
			query string
			args  []any
			index string
		}{
			"who waits":       {selectHeldRequests, []any{1, 1, 100}, "registration_request_held"},
			"for whom":        {selectHeldSchools, []any{1}, "registration_request_held"},
			"to give it back": {updateHeldRequest, []any{1, "pending", nil}, ""},
		} {
			plan, err := d.db.Plan(t.Context(), q.query, q.args...)
			d.ok(err)
			for line := range strings.Lines(plan) {
				if isTableScan(line) && !strings.Contains(line, q.index) {
					t.Errorf("%s scans a table:\n%s", name, plan)
				}
			}
		}
	})
}
