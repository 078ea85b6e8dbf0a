package family

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// grades returns "First school grade homeroom gone_on status" of every student.
func (d *desk) grades() string {
	d.t.Helper()
	return strings.Join(d.texts(`select first_name || ' ' || coalesce(school_id, 0) || ' ' || grade || ' ' || homeroom || ' ' || gone_on || ' ' || status
from student order by id`), "\n")
}

// logins returns everything that a login is made of.
func (d *desk) logins() string {
	d.t.Helper()
	var all []string
	for _, query := range []string{
		`select id || '/' || username || '/' || state || '/' || coalesce(password_hash, '') || '/' || credential_version from account order by id`,
		`select number || '/' || account_id || '/' || stage from session order by number`,
		`select contact_id || '/' || account_id || '/' || held_at from account_contact order by contact_id`,
		`select student_id || '/' || account_id || '/' || maker_contact_id from student_login order by student_id`,
		`select id || '/' || version || '/' || portal_access || '/' || restricted from student_contact order by id`,
		`select cast(line_id as text) from closed_line order by line_id`,
	} {
		all = append(all, d.texts(query)...)
	}
	return strings.Join(all, "\n")
}

func TestANewSchoolYearMovesGradesAndTouchesNoLogin(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		d.ok(d.roster.SaveSchool(ctx, d.office, roster.School{Name: "Lower"}))
		d.ok(d.roster.SaveSchool(ctx, d.office, roster.School{Name: "Upper"}))
		schools, err := d.roster.Schools(ctx)
		d.ok(err)
		lower, upper := schools[0].ID, schools[1].ID
		ids := map[string]int64{}
		for i, c := range []struct {
			first, grade string
			school       int64
		}{{"Kim", "K", lower}, {"Ana", "04", lower}, {"Leo", "5", lower}, {"Mia", "11", upper}, {"Sam", "12", upper}, {"Zoe", "", upper}, {"Ben", "Ungraded", upper}} {
			ids[c.first] = d.student(fmt.Sprint(41+i), c.first, "Lopez")
			d.change(`update student set school_id = $1, grade = $2, homeroom = '9B' where id = $3`, c.school, c.grade, ids[c.first])
		}
		maria := d.parent(ids["Ana"], "Maria", "Lopez", "maria@example.org")
		d.begin("maria", maria)
		d.ok(d.CreateStudentLogin(ctx, d.actor("maria"), ids["Ana"], "ana.l", "paper-kite-river"))
		before, logins := d.grades(), d.logins()

		page, err := d.roster.NewYear(ctx, d.office)
		d.ok(err)
		plan := roster.RolloverPlan{Day: "2027-06-20", Homerooms: true, Schools: []roster.RolloverSchool{
			{ID: lower, Take: true, Top: "5", Next: upper}, {ID: upper, Take: true, Top: "12"}}}
		moving := page.Count(plan)
		if moving != 5 {
			t.Errorf("%d would move", moving)
		}
		if d.grades() != before {
			t.Error("counting moved somebody")
		}
		stale := d.office
		if err := d.BeginNewYear(ctx, stale, plan, moving); !fault.Is(err, fault.Stale) {
			t.Errorf("without a fresh proof: %v", err)
		}
		fresh := d.office
		fresh.Fresh = true
		registrar := fresh
		registrar.Role = access.Registrar
		if err := d.BeginNewYear(ctx, registrar, plan, moving); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a registrar: %v", err)
		}
		if err := d.BeginNewYear(ctx, fresh, roster.RolloverPlan{Day: "soon"}, 0); !fault.Is(err, fault.Invalid) {
			t.Errorf("no plan: %v", err)
		}
		d.ok(d.BeginNewYear(ctx, fresh, plan, moving))
		if err := d.BeginNewYear(ctx, fresh, plan, moving); !fault.Is(err, fault.Conflict) {
			t.Errorf("two at once: %v", err)
		}
		d.work()
		want := strings.Join([]string{
			fmt.Sprintf("Kim %d 1   enrolled", lower), fmt.Sprintf("Ana %d 05   enrolled", lower), fmt.Sprintf("Leo %d 6   enrolled", upper),
			fmt.Sprintf("Mia %d 12   enrolled", upper), fmt.Sprintf("Sam %d 12 9B 2027-06-20 enrolled", upper), fmt.Sprintf("Zoe %d  9B  enrolled", upper),
			fmt.Sprintf("Ben %d Ungraded 9B  enrolled", upper)}, "\n")
		if got := d.grades(); got != want {
			t.Errorf("after it:\n%s\nwant\n%s", got, want)
		}
		if got := d.logins(); got != logins {
			t.Errorf("logins changed:\n%s\nwere\n%s", got, logins)
		}
		h, err := d.roster.History(ctx, d.office, ids["Ana"], 0, 0)
		d.ok(err)
		if e := h.Entries[0]; e.Field != "homeroom" || h.Entries[1].Field != "grade" || h.Entries[1].New != "05" || e.By != "office" {
			t.Errorf("the history: %+v", h.Entries[:2])
		}

		// Somebody changes Mia's record; everything else is taken back.
		s, err := d.roster.Page(ctx, d.office, ids["Mia"])
		d.ok(err)
		s.Student.Homeroom = "12A"
		d.ok(d.roster.SaveStudent(ctx, d.office, s.Student))
		page, err = d.roster.NewYear(ctx, d.office)
		d.ok(err)
		if page.Last.State != "done" || page.Last.Done != 5 || page.Last.Size != 5 {
			t.Errorf("the last step: %+v", page.Last)
		}
		d.ok(d.UndoNewYear(ctx, fresh, page.Last.ID))
		d.work()
		want = strings.Replace(before, fmt.Sprintf("Mia %d 11 9B", upper), fmt.Sprintf("Mia %d 12 12A", upper), 1)
		if got := d.grades(); got != want {
			t.Errorf("taken back:\n%s\nwant\n%s", got, want)
		}
		if got := d.logins(); got != logins {
			t.Errorf("logins changed:\n%s\nwere\n%s", got, logins)
		}
		if err := d.UndoNewYear(ctx, fresh, page.Last.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("taken back twice: %v", err)
		}
	})
}

func TestAStepIntoANewYearThatIsInterruptedGoesOnWhereItWas(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		d.ok(d.roster.SaveSchool(ctx, d.office, roster.School{Name: "Lower"}))
		schools, err := d.roster.Schools(ctx)
		d.ok(err)
		for i := range 45 {
			d.change(`update student set school_id = $1, grade = '3' where id = $2`, schools[0].ID, d.student(fmt.Sprint(100+i), "Kid", "Lopez"))
		}
		fresh := d.office
		fresh.Fresh = true
		d.ok(d.BeginNewYear(ctx, fresh, roster.RolloverPlan{Day: "2027-06-20", Schools: []roster.RolloverSchool{{ID: schools[0].ID, Take: true}}}, 45))
		page, err := d.roster.NewYear(ctx, d.office)
		d.ok(err)
		more, err := d.roster.StepRollover(ctx, page.Last.ID) // a worker that dies after one step
		d.ok(err)
		if n := d.count(`select count(*) from student where grade = '4'`); !more || n != 20 {
			t.Errorf("after one step %d moved, more %v", n, more)
		}
		d.work()
		if n := d.count(`select count(*) from student where grade = '4'`); n != 45 {
			t.Errorf("at the end %d moved once", n)
		}
	})
}

func (d *desk) texts(query string) (rows []string) {
	d.t.Helper()
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		rows, err = sqldb.All(d.t.Context(), tx, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }, query)
		return err
	}))
	return rows
}
