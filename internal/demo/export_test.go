package demo_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// bundle exports what the actor may and returns the rows of each file.
func bundle(t *testing.T, r *roster.Roster, actor access.Actor, o roster.ExportOrder) (map[string][][]string, []byte) {
	t.Helper()
	var b bytes.Buffer
	o.District = "Somewhere"
	if err := r.ExportOneRoster(t.Context(), actor, o, &b); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][][]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = csv.NewReader(in).ReadAll(); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return files, b.Bytes()
}

// another opens an empty database of the same kind.
func another(t *testing.T, db *sqldb.DB) *sqldb.DB {
	t.Helper()
	url := ""
	if db.Dialect() == "sqlite" {
		url = sqldbtest.SQLite(t)
	} else {
		url = sqldbtest.Postgres(t)
	}
	other, err := sqldb.Open(t.Context(), url, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return other
}

// lines are all lines on record as a bundle can say them.
func lines(t *testing.T, db *sqldb.DB, r *roster.Roster) (all []string) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		students, err := r.StudentsAfter(t.Context(), tx, 0, 1<<20)
		if err != nil {
			return err
		}
		for _, s := range students {
			if s.Status != roster.Enrolled {
				continue
			}
			found, err := r.LinesOfStudent(t.Context(), tx, s.ID)
			if err != nil {
				return err
			}
			one := s.First + " " + s.Middle + " " + s.Last + " (" + s.PreferredFirst + " " + s.PreferredLast + ") " + s.IDNumber + " " + s.BirthDate + " " + s.Grade + " " + s.Email + " " + s.SchoolName
			if len(found) == 0 {
				all = append(all, one)
			}
			for _, l := range found {
				if l.Restricted == roster.Yes || l.Ended {
					continue
				}
				c := l.Contact
				all = append(all, one+": "+strings.Join([]string{c.First, c.Middle, c.Last, c.PreferredFirst, c.PreferredLast, c.Email, c.MobilePhone, c.HomePhone}, " "))
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

func TestADistrictThatIsTakenOutAndInAgainIsTheSame(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		system := access.Actor{Kind: access.System}
		r := newRoster(db)
		if _, err := demo.Load(t.Context(), db, r, demo.Generate(6, 300)); err != nil {
			t.Fatal(err)
		}
		files, zipped := bundle(t, r, system, roster.ExportOrder{})
		for _, name := range []string{"manifest.csv", "orgs.csv", "users.csv", "roles.csv", "demographics.csv", "academicSessions.csv", "classes.csv", "enrollments.csv"} {
			if len(files[name]) < 2 {
				t.Errorf("%s has %d rows", name, len(files[name]))
			}
		}
		users := files["users.csv"]
		password := slices.Index(users[0], "password")
		for _, row := range users[1:] {
			if row[password] != "" || row[1] != "" || row[2] != "" {
				t.Fatalf("a row says too much: %v", row)
			}
		}

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
		rep, err := intake.New(to, back, set, audit.New(audit.Key{}, now), nil, nil, now).Import(t.Context(), system, path, intake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range rep.Findings {
			if f.Level == intake.Skipped {
				t.Errorf("not taken: %+v", f)
			}
		}
		if diff := cmp.Diff(lines(t, db, r), lines(t, to, back)); diff != "" {
			t.Errorf("the records differ (-out +in):\n%s", diff)
		}
		again, _ := bundle(t, back, system, roster.ExportOrder{})
		for _, name := range []string{"orgs.csv", "users.csv", "roles.csv", "demographics.csv"} {
			if diff := cmp.Diff(sorted(files[name]), sorted(again[name])); diff != "" {
				t.Errorf("%s is another (-first +second):\n%s", name, diff)
			}
		}
	})
}

// sorted are rows without regard to order, save those of teachers.
func sorted(rows [][]string) []string {
	var all []string
	for _, r := range rows {
		if row := strings.Join(r, "|"); !strings.HasPrefix(row, "demo-school") || len(r) < 10 && !strings.Contains(row, "|teacher|") {
			all = append(all, row)
		}
	}
	slices.Sort(all)
	return all
}

func TestAnExportEndsAtTheSchoolsOfTheActor(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		r := newRoster(db)
		if _, err := demo.Load(t.Context(), db, r, demo.Generate(6, 120)); err != nil {
			t.Fatal(err)
		}
		schools, err := r.Schools(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := schools[slices.IndexFunc(schools, func(o roster.School) bool { return o.Kind == "school" })]
		local := access.Actor{Kind: access.Staff, Role: access.Registrar, Schools: access.Schools{IDs: []int64{at.ID}}, AccountID: 5, Fresh: true}
		files, _ := bundle(t, r, local, roster.ExportOrder{})
		mine, _ := bundle(t, r, access.Actor{Kind: access.System}, roster.ExportOrder{School: at.ID})
		if diff := cmp.Diff(mine["users.csv"], files["users.csv"]); diff != "" || len(files["users.csv"]) < 10 {
			t.Errorf("one school and all of one's schools:\n%s", diff)
		}
		ids := map[string]bool{}
		for _, row := range files["users.csv"][1:] {
			ids[row[0]] = true
		}
		for _, row := range files["users.csv"][1:] {
			for agent := range strings.SplitSeq(row[slices.Index(files["users.csv"][0], "agentSourcedIds")], ",") {
				if agent != "" && !ids[agent] {
					t.Errorf("%s names %s, who is not in the bundle", row[0], agent)
				}
			}
		}
		for _, row := range files["enrollments.csv"][1:] {
			if !ids[row[5]] {
				t.Errorf("an enrolment of %s, who is not in the bundle", row[5])
			}
		}
		rows := 0
		count := func(...string) error { rows++; return nil }
		if err := r.ExportStudents(t.Context(), local, roster.ExportOrder{}, count); err != nil {
			t.Fatal(err)
		}
		students := rows - 1
		rows = 0
		if err := r.ExportStudents(t.Context(), access.Actor{Kind: access.System}, roster.ExportOrder{}, count); err != nil {
			t.Fatal(err)
		}
		if students < 5 || rows-1 <= students {
			t.Errorf("%d students of one school, %d of all", students, rows-1)
		}
		elsewhere := schools[slices.IndexFunc(schools, func(o roster.School) bool { return o.ID != at.ID && o.Kind == "school" })]
		if err := r.ExportContacts(t.Context(), local, roster.ExportOrder{School: elsewhere.ID}, count); !fault.Is(err, fault.NotFound) {
			t.Errorf("another school: %v", err)
		}
		local.Fresh = false
		if err := r.ExportContacts(t.Context(), local, roster.ExportOrder{}, count); !fault.Is(err, fault.Stale) {
			t.Errorf("without having shown lately that it is them: %v", err)
		}
		local.Role, local.Fresh = access.Office, true
		if err := r.ExportContacts(t.Context(), local, roster.ExportOrder{}, count); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an office: %v", err)
		}
	})
}
