package intake

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// rounds is how many pairs of rosters are tried; PROVE_ROUNDS asks for more.
func rounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("PROVE_ROUNDS")); err == nil {
		return n
	}
	return few
}

// emptyOffices makes offices on empty SQLite databases.
func emptyOffices(t *testing.T) func() *office {
	template, err := os.ReadFile(strings.TrimPrefix(sqldbtest.SQLite(t), "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	dir, n := t.TempDir(), 0
	return func() *office {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		if err := os.WriteFile(path, template, 0o600); err != nil {
			t.Fatal(err)
		}
		return newOffice(t, "sqlite:"+path)
	}
}

// of draws one of some words.
func of(r *rand.Rand, words ...string) string { return words[r.IntN(len(words))] }

// tablesOf are a table of students and one of contacts with every column that they may have.
func tablesOf(r *rand.Rand) map[string]string {
	var students, contacts strings.Builder
	students.WriteString("id,id_number,first_name,middle_name,last_name,preferred_first,birth_date,grade,homeroom,school,email,status,language\n" +
		"z1,1,Zoe,,Zed,,,,,River High,,,\nz2,2,Zac,,Zed,,,,,River Middle,,,\n") // so that the file always speaks of both schools
	contacts.WriteString("student_id,contact_id,first_name,middle_name,last_name,email,mobile_phone,home_phone,work_phone,language,relationship,position," +
		"legal_guardian,lives_with,emergency,pickup,mailing,portal_access,restriction,begin_date,end_date\n")
	for i := range 6 {
		if r.IntN(4) == 0 {
			continue
		}
		s := fmt.Sprintf("s%d", i)
		fmt.Fprintf(&students, "%s,%d,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", s, 100+r.IntN(3)*10+i, of(r, "Ana", "José", "O'Neil"), of(r, "", "Q"), of(r, "Roe", "de la Cruz"),
			of(r, "", "Annie"), of(r, "", "2015-04-05", "2010-12-31"), of(r, "", "K", "4"), of(r, "", "4b"), of(r, "River High", "River Middle"),
			of(r, "", s+"@school.example"), of(r, "active", "active", "active", "withdrawn", "graduated"), of(r, "", "Spanish"))
		for j := range 4 {
			if r.IntN(2) == 0 {
				continue
			}
			// What a person is called is the same in each row of theirs.
			p := rand.New(rand.NewPCG(uint64(j), r.Uint64()%3)) //nolint:gosec // a test's
			flag := func() string { return of(r, "yes", "no", "", "unknown") }
			fmt.Fprintf(&contacts, "%s,p%d,%s,,%s,%s,%s,,,%s,%s,%d,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", s, j, "Pat"+fmt.Sprint(j), of(p, "Roe", "Stone"), fmt.Sprintf("p%d@home.example", j),
				fmt.Sprintf("555-010%d", j), of(r, "", "es"), of(r, "mother", "father", "neighbor", "guardian"), j+1, flag(), flag(), flag(), flag(), flag(), flag(),
				of(r, "yes", "no", "no"), of(r, "", "2026-08-01"), of(r, "", "2027-07-01"))
		}
	}
	return map[string]string{"students.csv": students.String(), "contacts.csv": contacts.String()}
}

// classesOf is a OneRoster package with terms, courses, classes and who is in them; people stay.
func classesOf(r *rand.Rand) map[string]string {
	people := []string{`s0,,,true,high,student,,,Ana,Roe,,1,,,,,09,`, `s1,,,true,"high,mid",student,,,Ben,Roe,,2,,,,,09,`, `s2,,,true,mid,student,,,Cleo,Roe,,3,,,,,09,`,
		`t0,,,true,high,teacher,,,Tom,Stone,,,,,,,,`, `t1,,,true,mid,teacher,,,Uma,Stone,,,,,,,,`}
	var terms, courses, classes, enrols []string
	some := func(n int, row func(i int) string) (rows []string) {
		for i := range n {
			if r.IntN(4) > 0 {
				rows = append(rows, row(i))
			}
		}
		return rows
	}
	status := func() string { return of(r, "", "", "", "", "tobedeleted") }
	terms = some(3, func(i int) string {
		return fmt.Sprintf("y%d,%s,,Term %s,%s,2026-08-0%d,2027-0%d-01,%s,2027", i, status(), of(r, "A", "B"), of(r, "term", "semester"), 1+r.IntN(3), 1+r.IntN(5), of(r, "", "y0"))
	})
	courses = some(3, func(i int) string {
		return fmt.Sprintf("c%d,%s,,y0,Course %s,C%d,09,%s,,", i, status(), of(r, "A", "B"), i, of(r, "high", "mid"))
	})
	classes = some(4, func(i int) string {
		return fmt.Sprintf("k%d,%s,,Class %s,09,c%d,K%d,%s,R%d,%s,\"%s\",,,%d", i, status(), of(r, "A", "B"), r.IntN(3), i, of(r, "scheduled", "homeroom"), r.IntN(3),
			of(r, "high", "mid"), of(r, "y0", "y1", "y0,y2"), r.IntN(8))
	})
	enrols = some(10, func(i int) string {
		user, role, primary := of(r, "s0", "s1", "s2"), "student", ""
		if r.IntN(4) == 0 {
			user, role, primary = of(r, "t0", "t1"), "teacher", of(r, "true", "false")
		}
		return fmt.Sprintf("e%d,%s,,k%d,%s,%s,%s,%s,%s,%s", i, status(), r.IntN(4), of(r, "high", "mid"), user, role, primary, of(r, "", "2026-08-05"), of(r, "", "2027-01-01"))
	})
	return map[string]string{"orgs.csv": orgsFile, "users.csv": file(users11, people...), "academicSessions.csv": file(terms11, terms...), "courses.csv": file(courses11, courses...),
		"classes.csv": file(classes11, classes...), "enrollments.csv": file(enrols11, enrols...)}
}

// stands is all that is on record of the people of a file ("" of all) and of classes, without what only this database knows.
func (o *office) stands(people string) (all []string) {
	snap := o.snapshot()
	students, contacts := map[int64]string{}, map[int64]string{}
	for _, s := range snap.Students {
		if people != "" && !strings.Contains(people, "\n"+s.SourceID+",") {
			continue
		}
		students[s.ID] = s.SourceID
		s.ID, s.Version, s.SchoolID, s.OtherSchools, s.FileValues = 0, 0, 0, nil, nil
		all = append(all, fmt.Sprintf("student %+v", s))
	}
	for _, c := range snap.Contacts {
		if c.Left {
			continue
		}
		contacts[c.ID] = c.SourceID
		c.ID, c.Version = 0, 0
		all = append(all, fmt.Sprintf("contact %+v", c))
	}
	for _, l := range snap.Lines {
		if l.Ended || students[l.StudentID] == "" || contacts[l.ContactID] == "" {
			continue
		}
		ends := students[l.StudentID] + "-" + contacts[l.ContactID]
		l.ID, l.StudentID, l.ContactID, l.Version, l.RestrictedBy = 0, 0, 0, 0, ""
		l.RestrictedAt = l.FileRestrictionReadAt // never read: zero
		if l.Restricted != roster.Yes {          // lifted, or never set
			l.Restricted = roster.Unknown
		}
		all = append(all, fmt.Sprintf("line %s %+v", ends, l))
	}
	slices.Sort(all)
	return append(all, o.taught()...)
}

// taught is what is taught, by source ids.
func (o *office) taught() (all []string) {
	for _, query := range []string{
		`select 'term', source_id, title, kind, begin_date, end_date, parent, school_year from term where ended_at is null`,
		`select 'course', k.source_id, k.title, k.code, k.grades, k.subjects, k.school_year, coalesce(o.source_id, '') from course k left join school o on o.id = k.school_id where k.ended_at is null`,
		`select 'class', k.source_id, k.title, k.code, k.kind, k.location, k.periods, k.terms, coalesce(o.source_id, ''), coalesce(c.source_id, '') from class k
left join school o on o.id = k.school_id left join course c on c.id = k.course_id and c.ended_at is null where k.ended_at is null`,
		`select 'in term', k.source_id, t.source_id from class_term x join class k on k.id = x.class_id join term t on t.id = x.term_id where k.ended_at is null and t.ended_at is null`,
		`select 'enrolment', e.source_id, k.source_id, coalesce(s.source_id, ''), coalesce(t.source_id, ''), e.main, e.begin_date, e.end_date from enrolment e
join class k on k.id = e.class_id left join student s on s.id = e.student_id left join teacher t on t.id = e.teacher_id where e.ended_at is null and k.ended_at is null`,
	} {
		all = append(all, o.rows(query)...)
	}
	return all
}

func TestWhateverASecondRosterHasOfPeopleFlagsAndClassesIsAsIfItHadBeenTheFirst(t *testing.T) {
	open := emptyOffices(t)
	for n := range rounds(8) {
		for what, draw := range map[string]func(*rand.Rand) map[string]string{"tables": tablesOf, "classes": classesOf} {
			r := rand.New(rand.NewPCG(uint64(n), 7)) //nolint:gosec // a test's
			a, b := draw(r), draw(r)
			first, second := bundleFrom(t, a), bundleFrom(t, b)
			one, two := open(), open()
			opts := Options{AllowRemovals: true}
			one.take(first, opts)
			one.take(second, opts)
			two.take(second, opts)
			people := b["students.csv"] + b["users.csv"]
			if d := cmp.Diff(two.stands(people), one.stands(people)); d != "" {
				t.Fatalf("%s, round %d: (-alone +after another)\n%s\n%v\n%v", what, n, d, a, b)
			}
			if again := one.take(second, opts); again.Steps != 0 {
				t.Fatalf("%s, round %d: %d steps of the same again: %v\n%v\n%v", what, n, again.Steps, again.Changes, a, b)
			}
			_ = one.db.Close()
			_ = two.db.Close()
		}
	}
}

func bundleFrom(t testing.TB, files map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = append(list, name, files[name])
	}
	return bundleOf(t, list...)
}
