package demo_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func newRoster(db *sqldb.DB) *roster.Roster {
	return roster.New(db, audit.New(audit.Key{}, now), now, func(context.Context, *sqldb.Tx, access.Actor, roster.Change) error { return nil })
}

func TestTheSameSeedGivesTheSameDistrict(t *testing.T) {
	one, same, other := demo.Generate(7, 300), demo.Generate(7, 300), demo.Generate(8, 300)
	if diff := cmp.Diff(one, same); diff != "" {
		t.Errorf("two districts of one seed differ:\n%s", diff)
	}
	if cmp.Equal(one.Students, other.Students) {
		t.Error("another seed gave the same students")
	}
	if len(one.Students) != 300 {
		t.Errorf("%d students, want 300", len(one.Students))
	}
}

func TestEveryRecordIsWellFormed(t *testing.T) {
	d := demo.Generate(1, 5000)
	phone := regexp.MustCompile(`^(\d{3}-555-01\d\d)?$`)
	address := regexp.MustCompile(`^([a-z0-9.]+@example\.(org|com))?$`)
	name := func(what, first, last string) {
		t.Helper()
		if _, ok := lang.Keys(first, last); !ok {
			t.Errorf("%s %q %q could not be typed", what, first, last)
		}
	}
	sources := map[string]bool{}
	for _, s := range d.Students {
		name(s.SourceID, s.First, s.Last)
		school := d.Schools[s.School].Name
		want := "High School"
		if slices.Contains([]string{"K", "1", "2", "3", "4", "5"}, s.Grade) {
			want = "Elementary School"
		} else if slices.Contains([]string{"6", "7", "8"}, s.Grade) {
			want = "Middle School"
		}
		if !strings.HasSuffix(school, want) {
			t.Errorf("%s is in grade %s of %s", s.SourceID, s.Grade, school)
		}
		if _, err := time.Parse(time.DateOnly, s.BirthDate); err != nil || s.Homeroom == "" || !address.MatchString(s.Email) || sources[s.SourceID] {
			t.Errorf("%+v", s)
		}
		sources[s.SourceID] = true
	}
	for _, c := range d.Contacts {
		name(c.SourceID, c.First, c.Last)
		if !phone.MatchString(c.MobilePhone) || !phone.MatchString(c.HomePhone) || !phone.MatchString(c.WorkPhone) || !address.MatchString(c.Email) || sources[c.SourceID] {
			t.Errorf("%+v", c)
		}
		sources[c.SourceID] = true
	}
	pairs, known := map[[2]int]bool{}, roster.Relationships()
	position, student := 0, -1
	for _, l := range d.Lines {
		if position++; l.Student != student {
			position, student = 1, l.Student
		}
		if l.Position != position || pairs[[2]int{l.Student, l.Contact}] || !slices.Contains(known, l.Relationship) {
			t.Errorf("line %+v at position %d", l, position)
		}
		pairs[[2]int{l.Student, l.Contact}] = true
	}
}

func TestADistrictLooksLikeADistrict(t *testing.T) {
	d := demo.Generate(3, 20000)
	if n := len(d.Contacts); n < 39000 || n > 41000 {
		t.Errorf("%d contacts for 20,000 students", n)
	}
	if n := len(d.Lines); n < 45000 || n > 90000 {
		t.Errorf("%d lines", n)
	}
	surnames, ids := map[string]int{}, map[string]int{}
	zeros, withoutMail, twoNames, scripts, mailbox, childsOwn := 0, 0, 0, 0, map[string]int{}, 0
	students := map[string]bool{}
	for _, s := range d.Students {
		ids[s.IDNumber]++
		if strings.HasPrefix(s.IDNumber, "0") {
			zeros++
		}
		if s.Email != "" {
			students[s.Email] = true
		}
	}
	for _, c := range d.Contacts {
		surnames[c.Last]++
		mailbox[c.Email]++
		switch {
		case c.Email == "":
			withoutMail++
		case students[c.Email]:
			childsOwn++
		}
		if strings.Contains(c.Last, " ") {
			twoNames++
		}
		if strings.ContainsFunc(c.Last, func(r rune) bool { return r > 0x370 && r < 0x1E00 || r > 0x2E00 }) {
			scripts++
		}
	}
	shared := 0
	for address, n := range mailbox {
		if address != "" && n > 1 {
			shared++
		}
	}
	for id, n := range ids {
		if n > 1 && id != "100200" {
			t.Errorf("ID Number %q of %d students", id, n)
		}
	}
	between := func(what string, got, low, high int) {
		t.Helper()
		if got < low || got > high {
			t.Errorf("%s: %d, want %d to %d", what, got, low, high)
		}
	}
	between("contacts called Smith", surnames["Smith"], len(d.Contacts)/200, len(d.Contacts)/60)
	between("last names", len(surnames), 1000, len(d.Contacts))
	between("ID Numbers with a leading zero", zeros, 1000, 3000)
	between("contacts without an address", withoutMail, 2000, 4000)
	between("contacts with two last names", twoNames, 2000, 8000)
	between("contacts in another script", scripts, 50, 800)
	between("shared mailboxes", shared, 300, 2500)
	between("contacts with a student's address", childsOwn, 20, 400)
}

func TestTheFixedFamiliesShowWhatTheyAreFor(t *testing.T) {
	for _, size := range []int{0, 5000} {
		d := demo.Generate(11, size)
		lines := map[string][]demo.Line{}
		for _, l := range d.Lines {
			s := d.Students[l.Student]
			lines[s.First+" "+s.Last] = append(lines[s.First+" "+s.Last], l)
		}
		contact := func(l demo.Line) roster.Contact { return d.Contacts[l.Contact] }
		for i, c := range demo.Cast() {
			if at := slices.IndexFunc(d.Students, func(s demo.Student) bool { return s.First+" "+s.Last == c.Child && s.IDNumber == c.IDNumber }); at < 0 || at > 40 {
				t.Errorf("%d: %s is not among the first students", i, c.Child)
			}
		}
		rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: "2026-11-23"}
		may := func(child string) (all []string) {
			for _, l := range lines[child][:min(3, len(lines[child]))] {
				all = append(all, string(rule.May(l.Line, d.Students[l.Student].Status, false)))
			}
			return all
		}
		for child, want := range map[string][]string{
			"Chloe Whitfield": {"", "restricted", ""}, "Ben Whitfield": {"", "", ""}, "Leo Begay": {"", "no_access"},
			"Jordan Reed": {"", "ended", "not_yet"}, "Ethan Vance": {"student_gone"}, "Ana Lopez": {"", "", "no_access"},
		} {
			if diff := cmp.Diff(want, may(child)); diff != "" {
				t.Errorf("%s:\n%s", child, diff)
			}
		}
		hall := lines["Grace Hall"]
		if a, b := contact(hall[0]), contact(hall[1]); a.Email != b.Email || a.First != b.First || a.Last == b.Last {
			t.Errorf("the two Robert Halls are %+v and %+v", a, b)
		}
		if s := d.Students[lines["Kevin Chen"][0].Student]; contact(lines["Kevin Chen"][0]).Email != s.Email || s.Email == "" {
			t.Error("Kevin Chen's mother has an address of her own")
		}
	}
}

func TestADistrictIsLoadedAsItWasMade(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		r := newRoster(db)
		d := demo.Generate(5, 400)
		ids, err := demo.Load(ctx, db, r, d)
		if err != nil {
			t.Fatal(err)
		}
		if len(ids.Schools) != len(d.Schools) || len(ids.Students) != len(d.Students) || len(ids.Contacts) != len(d.Contacts) || len(ids.Lines) != len(d.Lines) {
			t.Fatalf("loaded %d schools, %d students, %d contacts, %d lines", len(ids.Schools), len(ids.Students), len(ids.Contacts), len(ids.Lines))
		}
		var got []roster.FullLine
		err = db.Read(ctx, func(tx *sqldb.Tx) error {
			got, err = r.Lines(ctx, tx, ids.Lines)
			return err
		})
		if err != nil || len(got) != len(d.Lines) {
			t.Fatalf("read %d lines, %v", len(got), err)
		}
		slices.SortFunc(got, func(a, b roster.FullLine) int { return slices.Index(ids.Lines, a.ID) - slices.Index(ids.Lines, b.ID) })
		for i, in := range d.Lines {
			want := roster.FullLine{Line: in.Line, Student: d.Students[in.Student].Student, Contact: d.Contacts[in.Contact]}
			want.ID, want.StudentID, want.ContactID, want.Version = ids.Lines[i], ids.Students[in.Student], ids.Contacts[in.Contact], 1
			want.Student.ID, want.Student.Version, want.Student.SchoolID = want.StudentID, 1, ids.Schools[d.Students[in.Student].School]
			want.School = d.Schools[d.Students[in.Student].School]
			want.School.ID = want.Student.SchoolID
			want.Student.SchoolName = want.School.Name
			if want.Restricted == roster.Yes {
				want.Local, want.Version = []string{"restricted", "restriction_note"}, 2
			}
			want.Contact.ID, want.Contact.Version = want.ContactID, 1
			if diff := cmp.Diff(want, got[i]); diff != "" {
				t.Fatalf("line %d (-made +read):\n%s", i, diff)
			}
		}
		if _, err := demo.Load(ctx, db, r, d); !fault.Is(err, fault.Conflict) {
			t.Errorf("loading again: %v, want Conflict", err)
		}
	})
}

func BenchmarkLoad20000(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		db, err := sqldb.Open(b.Context(), sqldbtest.SQLite(b), sqldb.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := demo.Load(b.Context(), db, newRoster(db), demo.Generate(1, 20000)); err != nil {
			b.Fatal(err)
		}
		_ = db.Close()
	}
}
