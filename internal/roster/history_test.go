package roster

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// happened returns the history of a student, or of one line, newest first: "KIND FIELD OLD>NEW by BY/IMPORT".
func (d *desk) happened(actor access.Actor, student, line int64) (lines []string) {
	d.t.Helper()
	before := int64(0)
	for {
		h, err := d.History(d.t.Context(), actor, student, line, before)
		d.ok(err)
		for _, e := range h.Entries {
			s := fmt.Sprintf("%s %s %s>%s by %s/%d", e.Kind, e.Field, e.Old, e.New, e.By, e.Import)
			if e.Hidden {
				s = fmt.Sprintf("%s %s hidden", e.Kind, e.Field)
			}
			lines = append(lines, s)
		}
		if h.Next == 0 {
			return lines
		}
		before = h.Next
	}
}

func TestTheHistoryOfARecordHasEveryFieldByHandAndByImport(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		var done Applied
		d.write(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			done, err = d.Apply(ctx, tx, d.clerk, Batch{Import: 7,
				Students: []StudentChange{{New: Student{SourceID: "s1", First: "Ana", Last: "Lopez", Grade: "4", Status: Enrolled}}},
				Contacts: []ContactChange{{New: Contact{SourceID: "c1", First: "Maria", Last: "Lopez"}}}})
			return err
		})
		ana, maria := done.Students[0], done.Contacts[0]
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := d.Apply(ctx, tx, d.clerk, Batch{Import: 7, Lines: []LineChange{{New: Line{StudentID: ana, ContactID: maria, Relationship: "mother", FromFile: true}}}})
			return err
		})
		d.same("the first import", d.happened(d.clerk, ana, 0), []string{"line added > by office/7", "student added > by office/7"})

		s := d.page(ana).Student
		s.Grade, s.Homeroom = "5", "12B"
		d.ok(d.SaveStudent(t.Context(), d.clerk, s))
		e := d.sheet(ana, 0)
		e.Contact.MobilePhone, e.Line.Pickup = "555-0111", No
		d.save(e)
		old := d.page(ana).Student
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			next := old
			next.Last = "Lopez Ruiz"
			_, err := d.Apply(ctx, tx, d.clerk, Batch{Import: 8, Students: []StudentChange{{Old: old, New: next}}})
			return err
		})
		d.same("the student", d.happened(d.clerk, ana, 0), []string{
			"student last_name Lopez>Lopez Ruiz by office/8", "line pickup unknown>no by office/0", "student homeroom >12B by office/0", "student grade 4>5 by office/0",
			"line added > by office/7", "student added > by office/7"})
		line := d.page(ana).Lines[0].Line.ID
		d.same("the contact", d.happened(d.clerk, ana, line), []string{
			"line pickup unknown>no by office/0", "contact mobile_phone >555-0111 by office/0", "line added > by office/7", "contact added > by office/7"})

		d.ok(d.ForgetHistory(t.Context(), deskTime))
		d.same("kept", len(d.happened(d.clerk, ana, 0)), 6)
		d.ok(d.ForgetHistory(t.Context(), deskTime.Add(time.Hour)))
		d.same("erased in time", len(d.happened(d.clerk, ana, 0)), 0)
	})
}

func TestPRV1WhatARestrictionSaysIsShownWithTheRightAlone(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		registrar, north, south := d.twoSchools()
		ana, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Ben", Last: "Ruiz"}, Line{})
		e := d.sheet(ana.ID, 0)
		e.Line.Restricted, e.Line.RestrictionNote, e.Line.CourtNumber = Yes, "No contact at all.", "26-118"
		e.Line.CourtDate, e.Line.RestrictedFrom, e.Line.RestrictedUntil = "2026-02-11", "2026-02-12", "2026-08-01"
		line := d.save(e)
		office := d.clerk
		office.Role = access.Office

		seen := func(actor access.Actor) Line {
			p, err := d.Page(t.Context(), actor, ana.ID)
			d.ok(err)
			return p.Lines[0].Line
		}
		for _, a := range []access.Actor{d.clerk, registrar} {
			if l := seen(a); l.RestrictionNote != "No contact at all." || l.CourtNumber != "26-118" || l.RestrictedUntil != "2026-08-01" {
				t.Errorf("%s reads %+v", a.Role, l)
			}
		}
		if l := seen(office); l.Restricted != Yes || l.RestrictionNote != HiddenText || l.CourtNumber != HiddenText || l.CourtDate != HiddenText || l.RestrictedUntil != HiddenText {
			t.Errorf("the office reads %+v", l)
		}
		d.same("the office's history", d.happened(office, ana.ID, line)[:6], []string{"line restricted_until hidden", "line restricted_from hidden", "line court_date hidden",
			"line court_number hidden", "line restriction_note hidden", "line restricted unknown>yes by office/0"})
		if _, detail := d.events(); len(detail) == 0 || strings.Contains(detail, "26-118") || strings.Contains(detail, "No contact") {
			t.Errorf("the log's detail: %s", detail)
		}

		elsewhere := registrar
		elsewhere.Schools = access.Schools{IDs: []int64{south}}
		for what, err := range map[string]error{
			"history": func() error { _, err := d.History(t.Context(), elsewhere, ana.ID, 0, 0); return err }(),
			"line":    func() error { _, err := d.History(t.Context(), elsewhere, ana.ID, line, 0); return err }(),
			"none":    func() error { _, err := d.History(t.Context(), registrar, ana.ID, line+99, 0); return err }(),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s of another school: %v", what, err)
			}
		}
	})
}

func TestAFieldSetByHandShowsWhatTheRosterSaysAndIsReleased(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", Grade: "4"}, Contact{First: "Maria", Last: "Lopez", Email: "maria@example.org"}, Line{Relationship: "mother"})
		s := d.page(ana.ID).Student
		s.Grade = "5"
		d.ok(d.SaveStudent(t.Context(), d.clerk, s))

		take := func(grade string) []Difference {
			old := d.page(ana.ID).Student
			next, changed, _ := TakeStudent(old, Student{Grade: grade}, []string{"grade"}, "2026-11-23")
			d.write(func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := d.Apply(ctx, tx, d.clerk, Batch{Students: []StudentChange{{Old: old, New: next}}})
				return err
			})
			return changed
		}
		d.same("what the roster said is known at once", d.page(ana.ID).Student.FileValues["grade"], "4")
		d.same("the same says nothing new", len(take("4")), 0)
		d.same("what the roster says is new", len(take("3")), 1)
		d.same("and then it is known", len(take("3")), 0)
		s = d.page(ana.ID).Student
		d.same("kept", []string{s.Grade, s.FileValues["grade"]}, []string{"5", "3"})
		if err := d.ReleaseStudent(t.Context(), d.clerk, ana.ID, s.Version-1, "grade"); !fault.Is(err, fault.Conflict) {
			t.Errorf("a stale version: %v", err)
		}
		if err := d.ReleaseStudent(t.Context(), d.clerk, ana.ID, s.Version, "homeroom"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a field that is not local: %v", err)
		}
		d.ok(d.ReleaseStudent(t.Context(), d.clerk, ana.ID, s.Version, "grade"))
		s = d.page(ana.ID).Student
		d.same("released", fmt.Sprint(s.Grade, s.Local, s.FileValues), "3[] map[]")
		d.same("the roster decides again", len(take("6")), 1)
		d.same("taken", d.page(ana.ID).Student.Grade, "6")

		e := d.sheet(ana.ID, 0)
		e.Line.Restricted, e.Line.PortalAccess = Yes, No
		line := d.save(e)
		l := d.page(ana.ID).Lines[0].Line
		if err := d.ReleaseContact(t.Context(), d.clerk, line, 0, l.Version, "restricted"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a restriction was released: %v", err)
		}
		d.ok(d.ReleaseContact(t.Context(), d.clerk, line, 0, l.Version, "portal_access"))
		d.same("portal access as the roster has it", d.page(ana.ID).Lines[0].PortalAccess, Unknown)
	})
}

func TestALiftedRestrictionIsToldToTheHook(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez"}, Contact{First: "Ben", Last: "Ruiz"}, Line{})
		e := d.sheet(ana.ID, 0)
		e.Line.Restricted = Yes
		line := d.save(e)
		e = d.sheet(ana.ID, 0)
		e.Line.Restricted = No
		d.save(e)
		last := d.heard[len(d.heard)-1]
		d.same("lifted", last.Lifted, []int64{line})
	})
}

func TestAStatusTakesEffectOnItsDay(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		today := "2026-11-23"
		d.Calendar(func() string { return today })
		ana, _, line := d.fromRoster("1", Student{First: "Ana", Last: "Lopez"}, Contact{First: "Maria", Last: "Lopez"}, Line{PortalAccess: Yes, FilePortalAccess: Yes})
		save := func(change func(*Student)) error {
			s := d.page(ana.ID).Student
			change(&s)
			return d.SaveStudent(t.Context(), d.clerk, s)
		}
		if got := problemsOf(save(func(s *Student) { s.GoneOn = "2026-12-01" })); len(got) != 1 {
			t.Errorf("a day without what it brings: %v", got)
		}
		d.ok(save(func(s *Student) { s.EnrolledFrom, s.GoneOn, s.GoneAs = "2026-11-20", "2026-12-01", Graduated }))
		may := func(day string) Why {
			l := d.page(ana.ID).Lines[0].FullLine
			return Rule{Today: day}.MayOpen(l)
		}
		d.same("before", may("2026-11-19"), WhyNotYet)
		d.same("from the first day", may("2026-11-20"), MayOpen)
		d.same("to the last", may("2026-11-30"), MayOpen)
		d.same("not on the day of leaving", may("2026-12-01"), WhyStudentGone)
		d.ok(d.SettleStatuses(t.Context()))
		d.same("the status stays until then", d.page(ana.ID).Student.Status, Enrolled)
		today, d.clerk.AccountID = "2026-12-01", 0
		d.ok(d.SettleStatuses(t.Context()))
		d.clerk.AccountID = 7
		d.same("and changes on it", d.page(ana.ID).Student.Status, Graduated)
		d.same("the hook", d.heard[len(d.heard)-1].LineIDs, []int64{line.ID})

		d.ok(save(func(s *Student) { s.Status = Enrolled }))
		if s := d.page(ana.ID).Student; s.GoneOn != "" || s.Status != Enrolled {
			t.Errorf("enrolled again: %+v", s)
		}
		d.ok(save(func(s *Student) { s.Status = Withdrawn }))
		if s := d.page(ana.ID).Student; s.GoneOn != today || s.GoneAs != Withdrawn {
			t.Errorf("withdrawn by hand: %+v", s)
		}
	})
}

func TestPRV2TheRuleKnowsTheEighteenthBirthday(t *testing.T) {
	open := Line{PortalAccess: Yes}
	for _, c := range []struct {
		name   string
		adults Adults
		today  string
		born   string
		mark   AdultMark
		want   Why
	}{
		{"the day before", AdultsEnd, "2026-11-22", "2008-11-23", "", MayOpen},
		{"the birthday", AdultsEnd, "2026-11-23", "2008-11-23", "", WhyAdult},
		{"a 29th of February, before", AdultsEnd, "2026-02-28", "2008-02-29", "", MayOpen},
		{"a 29th of February, the 1st of March", AdultsEnd, "2026-03-01", "2008-02-29", "", WhyAdult},
		{"a 29th of February that comes again", AdultsEnd, "2104-02-29", "2086-02-28", "", WhyAdult},
		{"marked as dependent", AdultsEnd, "2030-01-01", "2008-11-23", Dependent, MayOpen},
		{"the school asks and nobody has decided", AdultsAsk, "2030-01-01", "2008-11-23", "", MayOpen},
		{"the school asks and staff ended it", AdultsAsk, "2026-11-23", "2008-11-23", ParentsGone, WhyAdult},
		{"ended, but not yet of age", AdultsAsk, "2026-11-22", "2008-11-23", ParentsGone, MayOpen},
		{"the school does nothing", AdultsNothing, "2030-01-01", "2008-11-23", "", MayOpen},
		{"no birth date", AdultsEnd, "2030-01-01", "", "", MayOpen},
		{"a date that is none", AdultsEnd, "2030-01-01", "0000x11-23", "", MayOpen},
	} {
		l := open
		l.Of = StudentDates{BirthDate: c.born, AdultMark: c.mark}
		if got := (Rule{Today: c.today, Adults: c.adults}).May(l, Enrolled, false); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStaffOfAnotherSchoolThatTheStudentAttendsSeeTheRecordAndLeaveIt(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		registrar, north, south := d.twoSchools()
		ana, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: south}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		if _, err := d.Page(t.Context(), registrar, ana.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("before: %v", err)
		}
		s := d.page(ana.ID).Student
		s.OtherSchools = []int64{north}
		d.ok(d.SaveStudent(t.Context(), d.clerk, s))
		p, err := d.Page(t.Context(), registrar, ana.ID)
		d.ok(err)
		if !p.Visits || len(p.Others) != 1 || p.Others[0].ID != north {
			t.Errorf("the page: %+v", p)
		}
		s = p.Student
		s.Grade = "9"
		if err := d.SaveStudent(t.Context(), registrar, s); !fault.Is(err, fault.NotFound) {
			t.Errorf("an edit: %v", err)
		}
		s.OtherSchools = []int64{south}
		s.Grade = ""
		if got := problemsOf(d.SaveStudent(t.Context(), d.clerk, s)); len(got) != 1 {
			t.Errorf("the own school again: %v", got)
		}
	})
}

func TestPRV8TheHistoryOfARecordEndsWithTheRecord(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, _, taken := d.fromRoster("1", Student{First: "Ana", Last: "Lopez"}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		line := d.save(ContactEdit{Contact: Contact{First: "Rick", Last: "Lopez"}, Line: Line{StudentID: ana.ID, Relationship: "uncle"}})
		e := d.sheet(ana.ID, 1)
		e.Contact.HomePhone, e.Line.Pickup = "555-0101", Yes
		d.save(e)
		d.ok(d.RemoveLine(t.Context(), d.clerk, line, d.sheet(ana.ID, 1).Line.Version))
		d.same("the student's tells who was taken off", d.column("select kind || ' ' || field || ' ' || old from record_change where kind <> 'line' or record_id <> $1", taken.ID),
			[]string{"student contact_removed Rick Lopez"})
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			b := Batch{Contacts: []ContactChange{{New: Contact{SourceID: "c9", First: "Wrong", Last: "Person"}}}}
			done, err := d.Apply(ctx, tx, d.clerk, b)
			if err != nil {
				return err
			}
			_, err = d.RemoveAdded(ctx, tx, d.clerk, "contact", []Added{{ID: done.Contacts[0], Version: 1}})
			return err
		})
		d.same("what an import added and took back has none", d.column("select field from record_change where kind = 'contact'"), []string(nil))
	})
}
