package demo_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestThePackageIsImportedWholeAndASecondTimeChangesNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := demo.Generate(6, 300)
		enrolled, lines := 0, 0
		for _, s := range d.Students {
			if s.Status == roster.Enrolled {
				enrolled++
			}
		}
		contacts := map[int]bool{}
		for _, l := range d.Lines {
			if d.Students[l.Student].Status == roster.Enrolled {
				contacts[l.Contact] = true
				lines++
			}
		}
		path := filepath.Join(t.TempDir(), "district.zip")
		if err := os.WriteFile(path, packed(t, d), 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := settings.Open(t.Context(), db, audit.New(audit.Key{}, now), now)
		if err != nil {
			t.Fatal(err)
		}
		in := intake.New(db, newRoster(db), set, audit.New(audit.Key{}, now), nil, nil, now)
		run := func() intake.Report {
			t.Helper()
			rep, err := in.Import(t.Context(), access.Actor{Kind: access.System}, path, intake.Options{})
			if err != nil {
				t.Fatalf("%v\n%+v", err, rep.Findings)
			}
			return rep
		}
		rep := run()
		if rep.Students.Added != enrolled || rep.Contacts.Added != len(contacts) || rep.Lines.Added != lines || rep.Schools.Added != len(d.Schools) {
			t.Errorf("added %+v %+v %+v %+v; want %d, %d, %d, %d", rep.Schools, rep.Students, rep.Contacts, rep.Lines, len(d.Schools), enrolled, len(contacts), lines)
		}
		for _, f := range rep.Findings {
			if f.Level == intake.Skipped || f.File == "manifest.csv" || f.File == "orgs.csv" || f.File == "roles.csv" || f.File == "demographics.csv" {
				t.Errorf("found %+v", f)
			}
		}
		again := run()
		if n := again.Students.Added + again.Students.Changed + again.Students.Removed + again.Contacts.Added + again.Contacts.Changed + again.Contacts.Removed +
			again.Lines.Added + again.Lines.Changed + again.Lines.Removed + again.Schools.Added + again.Schools.Changed; n != 0 {
			t.Errorf("the second import changed %+v %+v %+v %+v", again.Schools, again.Students, again.Contacts, again.Lines)
		}
	})
}

func TestClassesAndEnrolmentsAreImportedAndASecondTimeWritesNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		path := filepath.Join(t.TempDir(), "district.zip")
		f, err := os.Create(path)
		if err == nil {
			err = errors.Join(demo.WriteOneRosterWithClasses(f, demo.Generate(6, 120)), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		set, err := settings.Open(t.Context(), db, audit.New(audit.Key{}, now), now)
		if err != nil {
			t.Fatal(err)
		}
		in := intake.New(db, newRoster(db), set, audit.New(audit.Key{}, now), nil, nil, now)
		run := func() intake.Report {
			t.Helper()
			rep, err := in.Import(t.Context(), access.Actor{Kind: access.System}, path, intake.Options{})
			if err != nil {
				t.Fatalf("%v\n%+v", err, rep.Findings)
			}
			return rep
		}
		rep := run()
		count := func(table string) (n int) {
			t.Helper()
			if err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
				n, err = sqldb.Value[int](t.Context(), tx, "select count(*) from "+table+" where ended_at is null")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if rep.Terms.Added != 3 || rep.Enrolments.Added != 7*rep.Students.Added || count("enrolment") != rep.Enrolments.Added || count("class") != rep.Classes.Added ||
			rep.Classes.Added == 0 || count("course") != rep.Courses.Added {
			t.Errorf("added %+v, %+v, %+v, %+v: on record %d classes, %d enrolments", rep.Terms, rep.Courses, rep.Classes, rep.Enrolments, count("class"), count("enrolment"))
		}
		if again := run(); again.Steps != 0 || again.Enrolments.Same != rep.Enrolments.Added {
			t.Errorf("the second time: %d steps, %+v", again.Steps, again.Enrolments)
		}
	})
}
