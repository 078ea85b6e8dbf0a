package roster

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

var (
	ana   = Student{First: "Ana", Last: "Lopez", IDNumber: "204117", Grade: "4"}
	maria = Contact{First: "Maria", Last: "Lopez", Email: "maria@example.org", HomePhone: " 555-0101"}
)

func TestASavedStudentIsLocalWhereItChangedAndOnRecord(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, l := d.fromRoster("1", ana, maria, Line{})
		edit := d.page(s.ID).Student
		edit.Grade, edit.Homeroom, edit.First = " 5\t", "5b", "Ana\x00"
		edit.SourceID, edit.Local, edit.SchoolName = "forged", nil, "forged"
		d.ok(d.SaveStudent(t.Context(), d.clerk, edit))
		want := s
		want.Grade, want.Homeroom, want.Local, want.Version = "5", "5b", []string{"grade", "homeroom"}, 2
		want.FileValues = map[string]string{"grade": "4"} // that there is no homeroom may be all that the roster does not say
		d.same("student", d.page(s.ID).Student, want)
		actions, detail := d.events()
		d.same("events", actions, []string{"student.changed"})
		d.same("detail", detail, `{"grade":{"new":"5","old":"4"},"homeroom":{"new":"5b","old":""}}`)
		d.same("the hook", d.heard, []Change(nil))

		edit = want
		edit.Status = Withdrawn
		d.ok(d.SaveStudent(t.Context(), d.clerk, edit))
		d.same("the hook, for a student who leaves", d.heard, []Change{{LineIDs: []int64{l.ID}}})

		edit = d.page(s.ID).Student
		d.ok(d.SaveStudent(t.Context(), d.clerk, edit))
		d.same("version after saving nothing", d.page(s.ID).Student.Version, int64(3))
		edit.ID = 999
		if err := d.SaveStudent(t.Context(), d.clerk, edit); !fault.Is(err, fault.NotFound) {
			t.Errorf("no student: got %v", err)
		}
	})
}

func TestProblemsOfAStudentStandBesideTheFields(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", Email: "broken at school", BirthDate: "13/40/2015"}, maria, Line{})
		for _, c := range []struct {
			name string
			edit func(*Student)
			want []string
		}{
			{"old flaws do not stand in the way", func(s *Student) { s.Grade = "6" }, nil},
			{"no name", func(s *Student) { s.First, s.Last = " ", "" }, []string{"last_name problem.empty"}},
			{"one name is enough", func(s *Student) { s.First = "" }, nil},
			{"a name of 128 characters", func(s *Student) { s.First = strings.Repeat("é", 128) }, nil},
			{"a longer one", func(s *Student) { s.First = strings.Repeat("é", 129) }, []string{"first_name problem.too_long"}},
			{"an ID Number of 201", func(s *Student) { s.IDNumber = strings.Repeat("1", 201) }, []string{"id_number problem.too_long"}},
			{"a day that does not exist", func(s *Student) { s.BirthDate = "2015-02-30" }, []string{"birth_date problem.birth_date"}},
			{"a day to come", func(s *Student) { s.BirthDate = "2026-11-25" }, []string{"birth_date problem.birth_date"}},
			{"no birth date", func(s *Student) { s.BirthDate = "" }, nil},
			{"no address", func(s *Student) { s.Email = "Ana <ana@kids.example>" }, []string{"email problem.email_invalid"}},
			{"a status nobody knows", func(s *Student) { s.Status = "asleep" }, []string{"status problem.choose"}},
			{"a school nobody knows", func(s *Student) { s.SchoolID = 99 }, []string{"school_id problem.choose"}},
			{"several", func(s *Student) { s.Status, s.Email = "", "@" }, []string{"email problem.email_invalid", "status problem.choose"}},
		} {
			edit := d.page(s.ID).Student
			c.edit(&edit)
			err := d.SaveStudent(t.Context(), d.clerk, edit)
			d.same(c.name, problemsOf(err), c.want)
			if (err == nil) != (c.want == nil) {
				t.Errorf("%s: got %v", c.name, err)
			}
		}
		_, err := d.AddStudent(t.Context(), d.clerk, Student{BirthDate: "1899-12-31"})
		d.same("adding", problemsOf(err), []string{"birth_date problem.birth_date", "last_name problem.empty"})
	})
}

func TestAnAddedStudentIsEnrolledAndFound(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.ok(d.SaveSchool(t.Context(), d.clerk, School{Name: "Morgan High"}))
		schools, err := d.Schools(t.Context())
		d.ok(err)
		id, err := d.AddStudent(t.Context(), d.clerk, Student{ID: 55, SourceID: "forged", SchoolID: schools[0].ID, First: "Zoë", Last: "Kim", Version: 9})
		d.ok(err)
		want := Student{ID: id, SchoolID: schools[0].ID, SchoolName: "Morgan High", First: "Zoë", Last: "Kim", Status: Enrolled, Version: 1}
		d.same("student", d.page(id), StudentPage{Student: want, Schools: schools, Texts: true})
		names, _ := d.find("kim", 5)
		d.same("found", names, []string{"Zoë Kim"})
		actions, _ := d.events()
		d.same("events", actions, []string{"school.added", "student.added"})
	})
}

func TestTheSecondOfTwoEditorsOverwritesNothing(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, _ := d.fromRoster("1", ana, maria, Line{Relationship: "mother"})
		first, second := d.page(s.ID).Student, d.page(s.ID).Student
		first.Grade, second.Homeroom = "5", "4c"
		d.ok(d.SaveStudent(t.Context(), d.clerk, first))
		if err := d.SaveStudent(t.Context(), d.clerk, second); !fault.Is(err, fault.Conflict) {
			t.Errorf("student: got %v", err)
		}
		got := d.page(s.ID).Student
		d.same("student", []string{got.Grade, got.Homeroom}, []string{"5", ""})

		one, two, three := d.sheet(s.ID, 0), d.sheet(s.ID, 0), d.sheet(s.ID, 0)
		one.Contact.WorkPhone, two.Line.Pickup, three.Line.Mailing = "555-9", Yes, Yes
		d.save(one)
		if _, err := d.SaveContact(t.Context(), d.clerk, two); !fault.Is(err, fault.Conflict) {
			t.Errorf("the line of a contact that changed: got %v", err)
		}
		two = d.sheet(s.ID, 0)
		two.Line.Pickup = Yes
		d.save(two)
		three.Contact = two.Contact
		if _, err := d.SaveContact(t.Context(), d.clerk, three); !fault.Is(err, fault.Conflict) {
			t.Errorf("a line that changed: got %v", err)
		}
		l := d.page(s.ID).Lines[0]
		d.same("contact and line", []string{l.Contact.WorkPhone, string(l.Pickup), string(l.Mailing)}, []string{"555-9", "yes", "unknown"})
		if err := d.RemoveLine(t.Context(), d.clerk, l.ID, l.Version-1); !fault.Is(err, fault.Conflict) {
			t.Errorf("removing a line that changed: got %v", err)
		}
	})
}

func TestTwoAtTheSameInstantOneIsTold(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, _ := d.fromRoster("1", ana, maria, Line{})
		edit := d.page(s.ID).Student
		errs := make(chan error, 8)
		for i := range 8 {
			go func() {
				mine := edit
				mine.Grade = string(rune('a' + i))
				errs <- d.SaveStudent(context.Background(), d.clerk, mine)
			}()
		}
		saved := 0
		for range 8 {
			switch err := <-errs; {
			case err == nil:
				saved++
			case !fault.Is(err, fault.Conflict):
				t.Error(err)
			}
		}
		actions, _ := d.events()
		if saved != 1 || len(actions) != 1 || d.page(s.ID).Student.Version != 2 {
			t.Errorf("%d saved, events %v", saved, actions)
		}
	})
}

func TestOnlyStaffSeeAndEditRecords(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, l := d.fromRoster("1", ana, maria, Line{})
		for _, a := range []access.Actor{{Kind: access.Visitor}, {Kind: access.Parent, AccountID: 1}, {Kind: access.Student, AccountID: 2}, {Kind: access.Staff}} {
			_, page := d.Page(t.Context(), a, s.ID)
			_, add := d.AddStudent(t.Context(), a, ana)
			_, save := d.SaveContact(t.Context(), a, d.sheet(s.ID, 0))
			for what, err := range map[string]error{
				"page": page, "add": add, "contact": save, "student": d.SaveStudent(t.Context(), a, s),
				"remove": d.RemoveLine(t.Context(), a, l.ID, 1), "move": d.MoveLine(t.Context(), a, l.ID, 1),
				"school": d.SaveSchool(t.Context(), a, School{Name: "x"}),
			} {
				if !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s as %s: got %v", what, a.Kind, err)
				}
			}
		}
	})
}

func TestNothingIsSavedWhenTheHookFails(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, l := d.fromRoster("1", ana, maria, Line{})
		d.hook = func(context.Context, *sqldb.Tx, Change) error { return errHook }
		e := d.sheet(s.ID, 0)
		e.Line.Restricted = Yes
		if _, err := d.SaveContact(t.Context(), d.clerk, e); !errors.Is(err, errHook) {
			t.Errorf("got %v", err)
		}
		if err := d.RemoveLine(t.Context(), d.clerk, l.ID, 1); !errors.Is(err, errHook) {
			t.Errorf("got %v", err)
		}
		actions, _ := d.events()
		d.same("events", actions, []string(nil))
		d.same("lines", len(d.page(s.ID).Lines), 1)
	})
}

func TestSchoolsAreSavedByName(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.ok(d.SaveSchool(t.Context(), d.clerk, School{Name: "Zeta"}))
		d.ok(d.SaveSchool(t.Context(), d.clerk, School{Name: "Ábaco", Phone: "1", Kind: "forged"}))
		schools, err := d.Schools(t.Context())
		d.ok(err)
		d.same("schools", schools, []School{{ID: 2, Kind: "school", Name: "Ábaco", Phone: "1"}, {ID: 1, Kind: "school", Name: "Zeta"}})
		schools[1].Name, schools[1].Hours = "Alpha", "8 to 4"
		d.ok(d.SaveSchool(t.Context(), d.clerk, schools[1]))
		got, err := d.Schools(t.Context())
		d.ok(err)
		d.same("renamed", got, []School{schools[0], schools[1]})
		d.same("no name", problemsOf(d.SaveSchool(t.Context(), d.clerk, School{ID: 1})), []string{"name problem.empty"})
		if err := d.SaveSchool(t.Context(), d.clerk, School{ID: 9, Name: "x"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("got %v", err)
		}
	})
}
