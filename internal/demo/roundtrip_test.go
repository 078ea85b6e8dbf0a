package demo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// setLines sets dates and rights on lines, as staff do, on a student's lines in order.
func setLines(t *testing.T, db *sqldb.DB, where string, set string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), "update student_contact set "+set+" where "+where, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// openLines are the lines that a rule lets a parent open, by the names of both, with dates and the student's other schools.
func openLines(t *testing.T, db *sqldb.DB, r *roster.Roster, today string) (all []string) {
	t.Helper()
	rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: today}
	schools := map[int64]string{}
	known, err := r.Schools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range known {
		schools[o.ID] = o.Name
	}
	err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
		students, err := r.StudentsAfter(t.Context(), tx, 0, 1<<20)
		if err != nil {
			return err
		}
		for _, s := range students {
			lines, err := r.LinesOfStudent(t.Context(), tx, s.ID)
			if err != nil {
				return err
			}
			var others []string
			for _, id := range s.OtherSchools {
				others = append(others, schools[id])
			}
			slices.Sort(others)
			for _, l := range lines {
				if rule.MayOpen(l) == roster.MayOpen {
					all = append(all, strings.Join([]string{s.IDNumber, s.First, s.Last, s.SchoolName, strings.Join(others, "+"), l.Contact.First, l.Contact.Last, l.Contact.Email,
						l.BeginDate, l.EndDate}, "|"))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// exact are the rows of a file without its header, sorted.
func exact(rows [][]string) (all []string) {
	for _, r := range rows[min(1, len(rows)):] {
		all = append(all, strings.Join(r, "|"))
	}
	slices.Sort(all)
	return all
}

// TestWhatGoesOutAndInAgainHasItsClassesTermsDatesAndOtherSchools compares all that a bundle can say, and that nothing opens behind it that was shut.
func TestWhatGoesOutAndInAgainHasItsClassesTermsDatesAndOtherSchools(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		const today = "2026-11-23"
		system := access.Actor{Kind: access.System}
		r := newRoster(db)
		if _, err := demo.Load(t.Context(), db, r, demo.Generate(6, 200)); err != nil {
			t.Fatal(err)
		}
		// Of the adults with one child some have dates; of those with two, some have less of one of them.
		const one = "contact_id in (select contact_id from student_contact group by contact_id having count(*) = 1)"
		const two = "id in (select min(id) from student_contact group by contact_id having count(*) > 1)"
		setLines(t, db, one+" and contact_id % 5 = 0", "begin_date = '2026-08-01', end_date = '2027-07-01'")
		setLines(t, db, one+" and contact_id % 5 = 1", "end_date = '2026-10-01'")
		setLines(t, db, one+" and contact_id % 5 = 2", "begin_date = '2027-01-01'")
		setLines(t, db, two+" and contact_id % 4 = 0", "end_date = '2026-10-01'")
		setLines(t, db, two+" and contact_id % 4 = 1", "portal_access = 'no'")
		setLines(t, db, two+" and contact_id % 4 = 2 and relationship in ('mother', 'father', 'parent')", "relationship = 'neighbor'")
		setLines(t, db, two+" and contact_id % 4 = 3", "restricted = 'yes'")
		students, schools := studentsOf(t, db, r), schoolsOf(t, r)
		for n, s := range students[:40] {
			if other := schools[n%len(schools)].ID; other != s.SchoolID {
				s.OtherSchools = []int64{other}
				if err := r.SaveStudent(t.Context(), system, s); err != nil {
					t.Fatal(err)
				}
			}
		}
		order := roster.ExportOrder{Today: today}
		files, zipped := bundle(t, r, system, order)
		to := another(t, db)
		path := filepath.Join(t.TempDir(), "out.zip")
		if err := os.WriteFile(path, zipped, 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := settings.Open(t.Context(), to, audit.New(audit.Key{}, now), now)
		if err != nil {
			t.Fatal(err)
		}
		back := newRoster(to)
		if _, err := intake.New(to, back, set, audit.New(audit.Key{}, now), nil, nil, now).Import(t.Context(), system, path, intake.Options{}); err != nil {
			t.Fatal(err)
		}
		was, is := openLines(t, db, r, today), openLines(t, to, back, today)
		missing := 0
		for _, l := range is {
			if !slices.Contains(was, l) {
				t.Errorf("opens, and did not: %s", l)
			}
		}
		for _, l := range was {
			if !slices.Contains(is, l) {
				missing++
			}
		}
		// An adult whose access rests on portal access yes alone has no role in the standard that says so.
		if missing*20 > len(was) {
			t.Errorf("%d of %d lines do not open any more", missing, len(was))
		}
		again, _ := bundle(t, back, system, order)
		for _, name := range []string{"orgs.csv", "users.csv", "roles.csv", "demographics.csv", "academicSessions.csv", "classes.csv", "enrollments.csv"} {
			if diff := cmp.Diff(exact(files[name]), exact(again[name])); diff != "" || len(files[name]) < 2 {
				t.Errorf("%s is another (-first +second):\n%s", name, diff)
			}
		}
	})
}

func studentsOf(t *testing.T, db *sqldb.DB, r *roster.Roster) (all []roster.Student) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = r.StudentsAfter(t.Context(), tx, 0, 1<<20)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(s roster.Student) bool { return s.Status != roster.Enrolled })
}

func schoolsOf(t *testing.T, r *roster.Roster) []roster.School {
	t.Helper()
	all, err := r.Schools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(o roster.School) bool { return o.Kind != "school" })
}
