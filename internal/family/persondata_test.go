package family

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// registrar may take out data, and has just shown that it is them.
func registrar(schools access.Schools) access.Actor {
	return access.Actor{Kind: access.Staff, Role: access.Registrar, AccountID: 3, Username: "records", Schools: schools, Fresh: true}
}

func dataText(p PersonData) string { return fmt.Sprintf("%+v", p.Sections) }

func TestPRV7AStudentsDataHasTheContactsNamesAndNothingElseOfThem(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("41", "Ana", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org", func(e *roster.ContactEdit) { e.Contact.HomePhone = "555-0177" })
		parent := d.begin("maria", maria)
		d.ok(d.CreateStudentLogin(t.Context(), parent, ana, "ana.lopez", "a password of hers alone"))
		_, err := d.signIn("maria", permanent)
		d.ok(err)
		data, err := d.StudentData(t.Context(), registrar(access.Everywhere()), ana)
		d.ok(err)
		text := dataText(data)
		for _, want := range []string{"Ana", "41", "Maria Lopez", "mother", "ana.lopez", "student_login.created"} {
			if !strings.Contains(text, want) {
				t.Errorf("the data lack %q:\n%s", want, text)
			}
		}
		for _, not := range []string{"maria@example.org", "555-0177", "203.0.113.9", "password of hers"} {
			if strings.Contains(text, not) {
				t.Errorf("the data say %q", not)
			}
		}
		if n := d.count(`select count(*) from audit_event where action = 'record.exported' and target_kind = 'student' and target_id = $1`, ana); n != 1 {
			t.Errorf("%d events of the export", n)
		}
		d.ok(d.audit.Views.Flush(t.Context(), d.db))
		if n := d.count(`select count(*) from record_view where student_id = $1 and how = 'exported'`, ana); n != 1 {
			t.Errorf("%d notes that the record was given out", n)
		}
	})
}

func TestPRV7AContactsDataHasTheOwnChildrenAndNoOtherAdult(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, ben, carla := d.student("41", "Ana", "Lopez"), d.student("42", "Ben", "Lopez"), d.student("43", "Carla", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.also(ben, maria.Contact)
		d.also(carla, maria.Contact, restricted)
		d.parent(ana, "Jorge", "Ruiz", "jorge@example.org", func(e *roster.ContactEdit) { e.Contact.HomePhone = "555-0177" })
		lin := d.student("50", "Lin", "Chen")
		d.begin("maria", maria)
		data, err := d.ContactData(t.Context(), registrar(access.Everywhere()), ana, maria.ID)
		d.ok(err)
		text := dataText(data)
		for _, want := range []string{"Maria", "maria@example.org", "Ana Lopez", "Ben Lopez", "temporary", "register", "password.set", "203.0.113.9"} {
			if !strings.Contains(text, want) {
				t.Errorf("the data lack %q:\n%s", want, text)
			}
		}
		for _, not := range []string{"Jorge", "jorge@example.org", "555-0177", "Carla", "Lin"} {
			if strings.Contains(text, not) {
				t.Errorf("the data say %q:\n%s", not, text)
			}
		}
		if data.ID != maria.ContactID {
			t.Errorf("the data are of %d", data.ID)
		}
		if _, err := d.ContactData(t.Context(), registrar(access.Everywhere()), lin, maria.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a line of another student: %v", err)
		}
	})
}

func TestPRV7WhoMayTakeOutData(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.ok(d.roster.SaveSchool(t.Context(), d.office, roster.School{Name: "Oak"}))
		oak := int64(d.count(`select id from school where name = 'Oak'`))
		ana, ben := d.student("41", "Ana", "Lopez"), d.student("42", "Ben", "Lopez")
		d.change(`update student set school_id = $1 where id = $2`, oak, ana)
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.also(ben, maria.Contact)
		stale := registrar(access.Everywhere())
		stale.Fresh = false
		for _, tt := range []struct {
			name  string
			actor access.Actor
			want  fault.Kind
		}{
			{"a clerk of the office", access.Actor{Kind: access.Staff, Role: access.Office, Schools: access.Everywhere(), Fresh: true}, fault.Forbidden},
			{"a parent", access.Actor{Kind: access.Parent, AccountID: 1, Fresh: true}, fault.Forbidden},
			{"a registrar who signed in an hour ago", stale, fault.Stale},
			{"a registrar of another school", registrar(access.Schools{IDs: []int64{oak + 1}}), fault.NotFound},
		} {
			_, one := d.StudentData(t.Context(), tt.actor, ana)
			_, two := d.ContactData(t.Context(), tt.actor, ana, maria.ID)
			if !fault.Is(one, tt.want) || !fault.Is(two, tt.want) {
				t.Errorf("%s: %v, %v", tt.name, one, two)
			}
		}
		if n := d.count(`select count(*) from audit_event where action = 'record.exported'`); n != 0 {
			t.Errorf("%d exports", n)
		}
		data, err := d.ContactData(t.Context(), registrar(access.Schools{IDs: []int64{oak}}), ana, maria.ID)
		d.ok(err)
		if text := dataText(data); !strings.Contains(text, "Ana") || strings.Contains(text, "Ben") {
			t.Errorf("a registrar of one school reads %s", text)
		}
	})
}

func TestPRV8RecordsThatLeftAreErasedWithTheirWords(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		leaver, stays := d.student("41", "Xenia", "Quimby"), d.student("42", "Ben", "Lopez")
		both := d.parent(leaver, "Maria", "Lopez", "maria@example.org")
		d.also(stays, both.Contact)
		alone := d.parent(leaver, "Zacharias", "Quimby", "zach@example.org")
		parent := d.begin("zach", alone)
		d.ok(d.CreateStudentLogin(t.Context(), parent, leaver, "xenia.q", "a password of hers alone"))
		d.begin("maria", both)
		s := d.studentOf(leaver)
		s.Status = roster.Withdrawn
		d.ok(d.roster.SaveStudent(t.Context(), d.office, s))
		for range 3 {
			d.ok(d.Sweep(t.Context()))
			d.wait(120 * day)
		}
		if n := d.count(`select count(*) from student where id = $1`, leaver); n != 1 {
			t.Fatal("erased before its time")
		}
		for range 2 {
			d.wait(24 * time.Hour)
			d.ok(d.Sweep(t.Context()))
		}
		d.wait(10 * day)
		d.ok(d.Sweep(t.Context()))
		for what, query := range map[string]string{
			"the student":          `select count(*) from student where last_name = 'Quimby'`,
			"its words":            `select count(*) from student_word where word like 'quim%' or word like 'xen%'`,
			"its lines":            `select count(*) from student_contact l where not exists (select 1 from student s where s.id = l.student_id)`,
			"names in lists":       `select count(*) from line_name n where not exists (select 1 from student_contact l where l.id = n.line_id)`,
			"the lone contact":     `select count(*) from contact where last_name = 'Quimby'`,
			"the student login":    `select count(*) from account where kind = 'student'`,
			"the lone parent's":    `select count(*) from account where username = 'zach'`,
			"entries of the list":  `select count(*) from newcomer n where not exists (select 1 from student s where s.id = n.student_id)`,
			"requests":             `select count(*) from registration_request where first_name = 'Zacharias'`,
			"names in erasure log": `select count(*) from audit_event e join audit_detail t on t.event_id = e.id where e.action = 'records.erased' and t.detail like '%uimby%'`,
		} {
			if n := d.count(query); n != 0 {
				t.Errorf("%s: %d are left", what, n)
			}
		}
		for what, query := range map[string]string{
			"the other child":        `select count(*) from student where id_number = '42'`,
			"the other parent":       `select count(*) from contact where last_name = 'Lopez'`,
			"the other's login":      `select count(*) from account where username = 'maria'`,
			"the event with numbers": `select count(*) from audit_event where action = 'records.erased'`,
		} {
			if n := d.count(query); n != 1 {
				t.Errorf("%s: %d", what, n)
			}
		}
	})
}

func (d *desk) studentOf(id int64) (s roster.Student) {
	d.t.Helper()
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) (err error) { s, err = d.roster.Student(d.t.Context(), tx, id); return err }))
	return s
}

func TestPRV8WhoComesBackIsNotErased(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("41", "Ana", "Lopez")
		for _, status := range []roster.Status{roster.Left, roster.Enrolled} {
			s := d.studentOf(ana)
			s.Status = status
			d.ok(d.roster.SaveStudent(t.Context(), d.office, s))
			d.ok(d.roster.EraseLeft(t.Context(), d.time()))
			d.wait(time.Hour)
		}
		d.ok(d.roster.EraseLeft(t.Context(), d.time().Add(day)))
		if n := d.count(`select count(*) from student where left_at is null`); n != 1 {
			t.Error("a student who came back is gone")
		}
	})
}

func TestPRV1ARestrictionAndARemovalOutliveTheTerm(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("41", "Ana", "Lopez")
		keep := d.parent(ana, "Rick", "Stone", "rick@example.org", restricted)
		mark := d.parent(ana, "Olga", "Novak", "olga@example.org")
		over := d.parent(ana, "Wei", "Chen", "wei@example.org")
		left := d.parent(ana, "Tina", "Gone", "tina@example.org")
		d.change(`update student_contact set ended_at = 1 where id in ($1, $2, $3)`, keep.ID, mark.ID, over.ID)
		d.change(`update student_contact set local_fields = 'ended' where id = $1`, mark.ID)
		d.change(`update contact set left_at = 1 where id in ($1, $2, $3)`, keep.ContactID, mark.ContactID, left.ContactID)
		d.ok(d.roster.EraseLeft(t.Context(), d.time()))
		for _, tt := range []struct {
			name string
			line roster.FullLine
			want int
		}{{"restricted", keep, 1}, {"removed by staff", mark, 1}, {"over", over, 0}, {"left", left, 0}} {
			if n := d.count(`select count(*) from student_contact where id = $1`, tt.line.ID); n != tt.want {
				t.Errorf("the line that is %s: %d", tt.name, n)
			}
			if n := d.count(`select count(*) from contact where id = $1`, tt.line.ContactID); n != tt.want {
				t.Errorf("the contact of the line that is %s: %d", tt.name, n)
			}
		}
	})
}
