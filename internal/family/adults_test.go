package family

import (
	"slices"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// born gives a student a birth date.
func (d *desk) born(student int64, date string) {
	d.t.Helper()
	d.change(`update student set birth_date = $1 where id = $2`, date, student)
}

func (d *desk) decideAdults(rule string, notice int) {
	d.t.Helper()
	v := *d.settings.Values()
	v.AdultStudents, v.AdultNotice, v.TimeZone = rule, notice, "America/Los_Angeles"
	d.ok(d.settings.Change(d.t.Context(), d.office, v))
}

// at sets the clock.
func (d *desk) at(when string) {
	d.t.Helper()
	t, err := time.Parse(time.RFC3339, when)
	d.ok(err)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock = t
}

func (d *desk) childrenOf(username string) (names []string) {
	d.t.Helper()
	home, err := d.Home(d.t.Context(), d.actor(username))
	d.ok(err)
	for _, c := range home.Children {
		names = append(names, c.First)
	}
	return names
}

func TestPRV2ParentsAccessEndsOnTheEighteenthBirthdayInTheSchoolsTimeZone(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.decideAdults("end", 30)
		ana := d.student("41", "Ana", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.begin("maria", maria)
		d.born(ana, "2009-01-02") // of age on 2027-01-02
		d.ok(d.CreateStudentLogin(t.Context(), d.actor("maria"), ana, "ana.l", "paper-kite-river"))

		sweep := func(when string) {
			d.at(when)
			d.ok(d.Sweep(t.Context()))
			d.work()
		}
		told := func() int {
			n := 0
			for _, s := range d.subjects("maria@example.org") {
				if s == "Schoolgate: your access ends when your child turns 18" {
					n++
				}
			}
			return n
		}
		sweep("2026-12-02T20:00:00Z")
		if told() != 0 {
			t.Error("told more than 30 days before")
		}
		sweep("2026-12-03T20:00:00Z")
		sweep("2026-12-04T20:00:00Z")
		if told() != 1 {
			t.Errorf("told %d times", told())
		}
		sweep("2027-01-02T07:59:00Z") // a minute before midnight in Los Angeles
		if got := d.childrenOf("maria"); !slices.Equal(got, []string{"Ana"}) {
			t.Errorf("the evening before she sees %v", got)
		}
		if n := d.count(`select count(*) from account where kind = 'student'`); n != 1 {
			t.Errorf("%d student logins the evening before", n)
		}
		d.at("2027-01-02T08:00:00Z")
		if got := d.childrenOf("maria"); len(got) != 0 {
			t.Errorf("on the birthday she sees %v", got)
		}
		sweep("2027-01-02T08:01:00Z")
		if n := d.count(`select count(*) from account where kind = 'student'`); n != 0 {
			t.Errorf("%d student logins on the birthday", n)
		}
		if n := d.count(`select count(*) from account where kind = 'parent'`); n != 1 {
			t.Errorf("%d logins of parents are left", n)
		}
		sweep("2027-01-03T20:00:00Z")
		for action, want := range map[string]int{"student.adult_told": 1, "student.of_age": 1} {
			if n := d.count(`select count(*) from audit_event where action = $1`, action); n != want {
				t.Errorf("%d events %s, want %d", n, action, want)
			}
		}
	})
}

func TestPRV2ADependentStudentStaysOpenAndADecisionIsByWhomAndWhy(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.decideAdults("end", 30)
		ana := d.student("41", "Ana", "Lopez")
		maria := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		d.begin("maria", maria)
		d.born(ana, "2008-02-29") // of age on 2026-03-01
		if got := d.childrenOf("maria"); len(got) != 0 {
			t.Errorf("she sees %v, who is of age", got)
		}
		page := func() roster.Student {
			p, err := d.roster.Page(t.Context(), d.office, ana)
			d.ok(err)
			return p.Student
		}
		if err := d.roster.MarkAdult(t.Context(), d.office, ana, page().Version, roster.Dependent, " "); err == nil {
			t.Error("a decision without a reason")
		}
		d.ok(d.roster.MarkAdult(t.Context(), d.office, ana, page().Version, roster.Dependent, "Tax form of 2025 seen."))
		if got := d.childrenOf("maria"); !slices.Equal(got, []string{"Ana"}) {
			t.Errorf("a dependent student: she sees %v", got)
		}
		note, err := d.roster.AdultNote(t.Context(), d.office, ana)
		d.ok(err)
		if note.Reason != "Tax form of 2025 seen." || note.By != "office" || note.At.IsZero() {
			t.Errorf("the decision: %+v", note)
		}
		d.decideAdults("ask", 30)
		d.ok(d.roster.MarkAdult(t.Context(), d.office, ana, page().Version, roster.ParentsGone, "Ana asked for it."))
		if got := d.childrenOf("maria"); len(got) != 0 {
			t.Errorf("ended by staff: she sees %v", got)
		}
		d.ok(d.roster.MarkAdult(t.Context(), d.office, ana, page().Version, "", ""))
		if got := d.childrenOf("maria"); !slices.Equal(got, []string{"Ana"}) {
			t.Errorf("where the school asks and nobody decided: she sees %v", got)
		}
		rows, _, err := d.roster.Adults(t.Context(), d.office, true, roster.AdultCursor{}, 10)
		d.ok(err)
		if len(rows) != 1 || rows[0].On != "2026-03-01" {
			t.Errorf("the list: %+v", rows)
		}
		elsewhere := d.office
		elsewhere.Role, elsewhere.Schools = access.Registrar, access.Schools{IDs: []int64{99}}
		if rows, _, err := d.roster.Adults(t.Context(), elsewhere, true, roster.AdultCursor{}, 10); err != nil || len(rows) != 0 {
			t.Errorf("another school's list: %v, %v", rows, err)
		}
	})
}
