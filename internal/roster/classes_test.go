package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// apply takes a part of a roster and returns "added/changed/same/unknown" of each kind that it has.
func (d *desk) apply(w Classwork) map[ClassworkKind]string {
	d.t.Helper()
	var got map[ClassworkKind]string
	d.write(func(ctx context.Context, tx *sqldb.Tx) error {
		got = map[ClassworkKind]string{}
		tallies, err := d.ApplyClasswork(ctx, tx, d.clerk, w)
		for kind, t := range tallies {
			got[kind] = fmt.Sprintf("%d/%d/%d/%v", t.Added, t.Changed, t.Same, t.Unknown)
		}
		return err
	})
	return got
}

// lessons is a roster of one school with two terms and two classes; Ana is in both, the second comes in spring.
func (d *desk) lessons(school int64) Classwork {
	return Classwork{
		Terms: []Term{
			{SourceID: "y", Title: "2026-27", Kind: SchoolYear, Begin: "2026-08-20", End: "2027-06-10"},
			{SourceID: "f", Title: "Fall", Kind: Semester, Begin: "2026-08-20", End: "2027-01-15", Parent: "y"},
			{SourceID: "s", Title: "Spring", Kind: Semester, Begin: "2027-01-15", End: "2027-06-10", Parent: "y"},
		},
		Courses:  []Course{{SourceID: "m4", SchoolID: school, Title: "Mathematics 4"}},
		Teachers: []Teacher{{SourceID: "t1", First: "Rosa", Last: "Vega"}, {SourceID: "t2", First: "Lee", Last: "Park"}},
		Classes: []Class{
			{SourceID: "k1", SchoolID: school, Course: "m4", Title: "Math 4", Periods: "2", Terms: []string{"f", "y"}},
			{SourceID: "k2", SchoolID: school, Title: "Art", Periods: "10", Terms: []string{"s"}},
		},
		Enrolments: []Enrolment{
			{SourceID: "e1", Class: "k1", Student: "s1", SchoolID: school},
			{SourceID: "e2", Class: "k2", Student: "s1", SchoolID: school},
			{SourceID: "e3", Class: "k1", Teacher: "t2", SchoolID: school},
			{SourceID: "e4", Class: "k1", Teacher: "t1", SchoolID: school, Main: true},
		},
	}
}

func (d *desk) classesNow(student int64, day string) (lines []string) {
	d.t.Helper()
	d.read(func(ctx context.Context, tx *sqldb.Tx) error {
		lines = nil
		found, err := d.ClassesNow(ctx, tx, []int64{student}, day)
		for _, c := range found[student] {
			lines = append(lines, strings.Join([]string{c.Title, strings.Join(c.Teachers, "+"), c.Periods, c.Term}, "/"))
		}
		return err
	})
	return lines
}

func (d *desk) findClasses(actor access.Actor, q ClassQuery) (titles []string) {
	d.t.Helper()
	q.Today, q.Limit = "2026-11-23", 1
	for {
		list, err := d.FindClasses(d.t.Context(), actor, q)
		d.ok(err)
		for _, k := range list.Found {
			titles = append(titles, k.Title)
		}
		if list.Next == nil {
			return titles
		}
		q.After = *list.Next
	}
}

func TestARosterOfClassesIsTakenOnceAndNotAgain(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, _ := d.twoSchools()
		ana, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		w := d.lessons(north)
		d.same("the first time", d.apply(w), map[ClassworkKind]string{Terms: "3/0/0/[]", Courses: "1/0/0/[]", Teachers: "2/0/0/[]", Classes: "2/0/0/[]", Enrolments: "4/0/0/[]"})
		stamps := d.column("select cast(updated_at as text) || '/' || id from enrolment order by id")
		d.same("the second time", d.apply(w), map[ClassworkKind]string{Terms: "0/0/3/[]", Courses: "0/0/1/[]", Teachers: "0/0/2/[]", Classes: "0/0/2/[]", Enrolments: "0/0/4/[]"})
		d.same("rows untouched", d.column("select cast(updated_at as text) || '/' || id from enrolment order by id"), stamps)

		w.Classes[0].Title, w.Teachers[0].Last, w.Enrolments[1].End = "Maths 4", "Vega-Ruiz", "2027-03-01"
		w.Enrolments = append(w.Enrolments, Enrolment{SourceID: "e9", Class: "k9", Student: "s1"}, Enrolment{SourceID: "e8", Class: "k1", Student: "nobody"}, w.Enrolments[0])
		var compared map[ClassworkKind]Tally
		d.read(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			compared, err = d.CompareClasswork(ctx, tx, d.clerk, w)
			return err
		})
		d.same("compared", fmt.Sprint(compared[Enrolments], compared[Classes]), "{2 1 4 []} {0 1 1 []}")
		d.same("with changes", d.apply(w), map[ClassworkKind]string{Terms: "0/0/3/[]", Courses: "0/0/1/[]", Teachers: "0/1/1/[]", Classes: "0/1/1/[]", Enrolments: "0/1/4/[4 5]"})
		d.same("found by the new words", d.findClasses(d.clerk, ClassQuery{Typed: "maths ruiz"}), []string{"Maths 4"})
		d.same("and not by the old ones", len(d.findClasses(d.clerk, ClassQuery{Typed: "math 4 lopez"})), 0)
		d.same("now", d.classesNow(ana.ID, "2026-11-23"), []string{"Maths 4/Rosa Vega-Ruiz+Lee Park/2/Fall"})
	})
}

func TestWhatARosterHasNoMoreEndsAndComesBack(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, south := d.twoSchools()
		ana, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		w := d.lessons(north)
		d.apply(w)
		live := func(kind ClassworkKind, school int64) (ids []string) {
			d.read(func(ctx context.Context, tx *sqldb.Tx) (err error) {
				rows, err := d.LiveClasswork(ctx, tx, kind, school, "", 10)
				for _, l := range rows {
					ids = append(ids, l.SourceID)
				}
				return err
			})
			return ids
		}
		end := func(kind ClassworkKind, ids ...string) (n int) {
			d.write(func(ctx context.Context, tx *sqldb.Tx) (err error) {
				n, err = d.EndClasswork(ctx, tx, d.clerk, kind, ids)
				return err
			})
			return n
		}
		d.same("of north", live(Enrolments, north), []string{"e1", "e2", "e3", "e4"})
		d.same("of south", len(live(Enrolments, south)), 0)
		d.same("terms", live(Terms, 0), []string{"f", "s", "y"})
		d.same("ended", end(Enrolments, "e3", "e1", "e77"), 2)
		d.same("ended again", end(Enrolments, "e3"), 0)
		d.same("of north then", live(Enrolments, north), []string{"e2", "e4"})
		d.same("no class now", len(d.classesNow(ana.ID, "2026-11-23")), 0)
		d.same("not found by a teacher who left", len(d.findClasses(d.clerk, ClassQuery{Typed: "park"})), 0)
		d.same("a class", end(Classes, "k2"), 1)
		d.same("not in the list", d.findClasses(d.clerk, ClassQuery{}), []string{"Math 4"})
		d.same("back", d.apply(w)[Enrolments], "0/2/2/[]")
		d.same("a class again", d.classesNow(ana.ID, "2026-11-23"), []string{"Math 4/Rosa Vega+Lee Park/2/Fall"})
		d.same("in the list again", d.findClasses(d.clerk, ClassQuery{}), []string{"Art", "Math 4"})
	})
}

func TestAClassIsShownWhileATermOfItRuns(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, _ := d.twoSchools()
		ana, _, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		w := d.lessons(north)
		w.Classes = append(w.Classes, Class{SourceID: "k3", SchoolID: north, Title: "Homeroom 12", Kind: HomeroomClass})
		w.Enrolments = append(w.Enrolments, Enrolment{SourceID: "e5", Class: "k3", Student: "s1", SchoolID: north, Begin: "2026-09-01"})
		d.apply(w)
		for day, want := range map[string][]string{
			"2026-08-19": nil,
			"2026-08-20": {"Math 4/Rosa Vega+Lee Park/2/Fall"},
			"2026-09-01": {"Homeroom 12///", "Math 4/Rosa Vega+Lee Park/2/Fall"},
			"2027-01-14": {"Homeroom 12///", "Math 4/Rosa Vega+Lee Park/2/Fall"},
			"2027-01-15": {"Homeroom 12///", "Math 4/Rosa Vega+Lee Park/2/2026-27", "Art//10/Spring"},
			"2027-06-10": {"Homeroom 12///"},
		} {
			d.same(day, d.classesNow(ana.ID, day), want)
		}
		p, err := d.ClassesOf(t.Context(), d.clerk, ana.ID, "2026-11-23")
		d.ok(err)
		var when []string
		for _, c := range p.Classes {
			when = append(when, c.Title+" "+string(c.When)+" "+c.Begin+" "+c.End)
		}
		d.same("for staff", when, []string{"Homeroom 12 now 2026-09-01 ", "Math 4 now 2026-08-20 2027-06-10", "Art coming 2027-01-15 2027-06-10"})
	})
}

func TestPRV5ClassesOfOtherSchoolsAreNotFound(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		registrar, north, south := d.twoSchools()
		ana, m, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		sam, _, _ := d.fromRoster("2", Student{First: "Sam", Last: "Stone", SchoolID: south}, m, Line{})
		d.apply(d.lessons(north))
		d.apply(Classwork{
			Classes: []Class{{SourceID: "k7", SchoolID: south, Title: "Math 7", Terms: []string{"f"}}},
			Enrolments: []Enrolment{{SourceID: "e7", Class: "k7", Student: "s2", SchoolID: south}, {SourceID: "e8", Class: "k1", Student: "s2", SchoolID: north},
				{SourceID: "e6", Class: "k7", Teacher: "t1", SchoolID: south}},
		})
		ids := d.column("select cast(id as text) from class order by source_id")
		id := func(i int) (n int64) { _, _ = fmt.Sscan(ids[i], &n); return n }
		fall := d.column("select cast(id as text) from term where source_id = 'f'")
		var term int64
		_, _ = fmt.Sscan(fall[0], &term)

		d.same("all for everywhere", d.findClasses(d.clerk, ClassQuery{Typed: "vega"}), []string{"Math 4", "Math 7"})
		d.same("in a term", d.findClasses(d.clerk, ClassQuery{Term: term}), []string{"Math 4", "Math 7"})
		d.same("in a term, by word", d.findClasses(d.clerk, ClassQuery{Typed: "math", Term: term}), []string{"Math 4", "Math 7"})
		d.same("at a school", d.findClasses(d.clerk, ClassQuery{School: south}), []string{"Math 7"})
		for _, q := range []ClassQuery{{}, {Typed: "vega"}, {Term: term}, {Typed: "math", Term: term}} {
			for _, title := range d.findClasses(registrar, q) {
				if title == "Math 7" {
					t.Errorf("%+v found a class of another school", q)
				}
			}
		}
		ctx := t.Context()
		_, err := d.FindClasses(ctx, registrar, ClassQuery{School: south})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("another school's list: %v", err)
		}
		if _, err := d.OneClass(ctx, registrar, id(2)); !fault.Is(err, fault.NotFound) {
			t.Errorf("another school's class: %v", err)
		}
		if _, err := d.ClassesOf(ctx, registrar, sam.ID, "2026-11-23"); !fault.Is(err, fault.NotFound) {
			t.Errorf("another school's student: %v", err)
		}
		p, err := d.OneClass(ctx, registrar, id(0))
		d.ok(err)
		if len(p.Students) != 1 || p.Students[0].ID != ana.ID || p.Elsewhere != 1 {
			t.Errorf("a class with a student of another school: %+v", p)
		}
		for _, a := range []access.Actor{{Kind: access.Parent}, {Kind: access.Staff, Role: access.HelpDesk, Schools: access.Everywhere()}} {
			if _, err := d.OneClass(ctx, a, id(0)); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%v: %v", a, err)
			}
		}
	})
}

func TestNoListOfClassesScansATable(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, _ := d.twoSchools()
		d.many(3000)
		lessons := d.lessons(north)
		d.apply(Classwork{Terms: lessons.Terms, Courses: lessons.Courses, Teachers: lessons.Teachers, Classes: lessons.Classes})
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			for i := range 40 {
				if err := d.putSchool(ctx, tx, &School{Name: fmt.Sprint("School ", i)}); err != nil {
					return err
				}
			}
			// Rows are made of the students' ids: their number is what matters.
			for _, query := range []string{
				"insert into course (source_id, school_id, created_at, updated_at) select 'x' || id, 1 + id % 40, 0, 0 from student",
				"insert into teacher (source_id, last_name, created_at, updated_at) select 'x' || id, 'Name' || id, 0, 0 from student",
				"insert into class (source_id, school_id, title, sort_key, created_at, updated_at) select 'x' || id, 1 + id % 40, 'Math ' || id, 'math' || id, 0, 0 from student",
				"insert into class_word (word, sort_key, class_id, school_id) select 'math', sort_key, id, school_id from class where source_id like 'x%'",
				"insert into class_word (word, sort_key, class_id, school_id) select sort_key, sort_key, id, school_id from class where source_id like 'x%'",
				"insert into class_term (class_id, term_id, sort_key, school_id) select id, 1 + id % 3, sort_key, school_id from class where source_id like 'x%'",
				"insert into enrolment (source_id, class_id, school_id, student_id, created_at, updated_at) select 's' || id, id, 1 + id % 40, id, 0, 0 from student",
				"insert into enrolment (source_id, class_id, school_id, teacher_id, created_at, updated_at) select 't' || id, id, 1 + id % 40, id, 0, 0 from student",
				"analyze",
			} {
				if _, err := tx.Exec(ctx, query); err != nil {
					return err
				}
			}
			return nil
		})
		some := access.Schools{IDs: []int64{north}}
		for _, at := range []access.Schools{access.Everywhere(), some} {
			for _, q := range []ClassQuery{{}, {Typed: "math 29"}, {Term: 1}, {Typed: "math", Term: 1}} {
				words := TypedWords(q.Typed)
				hits, args := classHitsQuery(q, words, at, 20)
				d.noScan(hits, args...)
				if at.All {
					count, args := countClassesQuery(q, words, some)
					d.noScan(count, args...)
				}
			}
		}
		for _, query := range []string{selectTaughtNow + "$1" + byTeacher, selectTaught + "$1" + byTeacher, selectTermsOfClass, selectStudentsOfClass, selectTeachersOfIn + "$1" + orderTeachers,
			countStudentsIn + "$1" + byClass} {
			d.noScan(query, 5)
		}
		for _, kind := range []ClassworkKind{Courses, Classes, Enrolments} {
			d.noScan(selectLive(kind), "", 10, north)
			d.noScan(liveAmong[kind]+"($1, $2)", "x7", "x8")
		}
		d.noScan(selectLiveClassSources+"($1, $2)", "x7", "x8")
	})
}

// noScan fails when a query reads a table from end to end.
func (d *desk) noScan(query string, args ...any) {
	d.t.Helper()
	plan, err := d.db.Plan(d.t.Context(), query, args...)
	d.ok(err)
	for line := range strings.Lines(plan) {
		line = strings.TrimSpace(line)
		// These are the rows of an inner select with a limit; a district has few schools and terms.
		inner := slices.Contains([]string{"SCAN h", "SCAN m", "SCAN q", "SCAN counted", "SCAN along"}, line)
		if strings.Contains(line, "Seq Scan on") && !strings.Contains(line, "Seq Scan on school") && !strings.Contains(line, "Seq Scan on term") ||
			strings.HasPrefix(line, "SCAN ") && !inner && !strings.Contains(line, "INDEX") && !strings.Contains(line, "CONSTANT") {
			d.t.Errorf("%s\nin the plan of\n%s\n%s", line, query, plan)
		}
	}
}

// TestEnrolmentsAreTakenByTheThousandASecond is slow only where something is wrong: it asks for a tenth of what a quiet machine does.
func TestEnrolmentsAreTakenByTheThousandASecond(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, _ := d.twoSchools()
		const n = 10
		for i := range n {
			d.fromRoster(fmt.Sprint(i), Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		}
		w := d.lessons(north)
		for i := range 400 {
			w.Classes = append(w.Classes, Class{SourceID: fmt.Sprint("c", i), SchoolID: north, Title: "Class", Terms: []string{"f"}})
		}
		w.Enrolments = nil
		d.apply(w)
		var all []Enrolment
		for i := range 4000 {
			all = append(all, Enrolment{SourceID: fmt.Sprint("e", i), Class: fmt.Sprint("c", i%400), Student: fmt.Sprint("s", i%n), SchoolID: north})
		}
		for _, what := range []string{"first", "again"} {
			began := time.Now()
			for at := 0; at < len(all); at += 250 {
				d.apply(Classwork{Enrolments: all[at : at+250]})
			}
			rate := float64(len(all)) / time.Since(began).Seconds()
			t.Logf("%s: %.0f rows a second", what, rate)
			if rate < 500 {
				t.Errorf("%s: %.0f rows a second", what, rate)
			}
		}
	})
}

func TestClassesThatEndedAreErasedInTime(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, _ := d.twoSchools()
		d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		d.apply(d.lessons(north))
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			for kind, ids := range map[ClassworkKind][]string{Enrolments: {"e3"}, Classes: {"k2"}, Courses: {"m4"}} {
				if _, err := d.EndClasswork(ctx, tx, d.clerk, kind, ids); err != nil {
					return err
				}
			}
			return nil
		})
		left := func() []string {
			return d.column(`select source_id from enrolment union all select source_id from class union all select source_id from course
union all select source_id from teacher union all select source_id from term order by 1`)
		}
		before := left()
		d.ok(d.eraseClasswork(t.Context(), deskTime))
		d.same("nothing yet", left(), before)
		d.ok(d.eraseClasswork(t.Context(), deskTime.Add(time.Hour)))
		d.same("what is left", left(), []string{"e1", "e4", "f", "k1", "m4", "s", "t1", "y"})
	})
}
