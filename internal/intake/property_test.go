package intake

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// drawRoster makes a users.csv of a few people, linked on either side or both.
func drawRoster(t *rapid.T, label string) string {
	names := rapid.SampledFrom([]string{"Ana", "Ben", "José", "O'Neil", "de la Cruz", `Q "Quo" R`, "Smith, Jr"})
	ids := func(kind string, n int) *rapid.Generator[[]string] {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf("%s%d", kind, i)
		}
		return rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, n, rapid.ID)
	}
	students, adults := ids("s", 5).Draw(t, label+" students"), ids("p", 5).Draw(t, label+" adults")
	var b strings.Builder
	b.WriteString(usersHeader)
	quoted := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	row := func(id, role string, others []string) {
		agents := rapid.SliceOfDistinct(rapid.SampledFrom(append(slices.Clone(others), "nobody", id)), rapid.ID).Draw(t, id+" agents")
		status := rapid.SampledFrom([]string{"", "", "", "", "active", "tobedeleted"}).Draw(t, id+" status")
		fmt.Fprintf(&b, "%s,%s,,%v,%s,%s,,,%s,%s,,%s,%s,,%s,%s,%s,\n", id, status, rapid.Bool().Draw(t, id+" enabled"),
			rapid.SampledFrom([]string{"high", "mid"}).Draw(t, id+" school"), role, quoted(names.Draw(t, id+" first")),
			quoted(names.Draw(t, id+" last")), rapid.SampledFrom([]string{"", "0042", "17"}).Draw(t, id+" number"),
			rapid.SampledFrom([]string{"", "x@home.example", "y@home.example"}).Draw(t, id+" address"),
			rapid.SampledFrom([]string{"", "555"}).Draw(t, id+" phone"), quoted(strings.Join(agents, ",")),
			rapid.SampledFrom([]string{"", "KG", "04"}).Draw(t, id+" grade"))
	}
	for _, id := range students {
		row(id, "student", adults)
	}
	for _, id := range adults {
		row(id, rapid.SampledFrom([]string{"parent", "guardian", "relative", "aide", "teacher"}).Draw(t, id+" role"), students)
	}
	return b.String()
}

// state is what a roster brought, without what only this database knows.
func (o *office) state() []string {
	snap := o.snapshot()
	var all []string
	students, contacts := map[int64]string{}, map[int64]string{}
	for _, s := range snap.Students {
		students[s.ID] = s.SourceID
		if s.Status == roster.Enrolled {
			all = append(all, fmt.Sprintln("student", s.SourceID, s.SchoolName, s.IDNumber, s.First, s.Last, s.Grade, s.Email, s.Local))
		}
	}
	for _, c := range snap.Contacts {
		contacts[c.ID] = c.SourceID
		if !c.Left {
			all = append(all, fmt.Sprintln("contact", c.SourceID, c.First, c.Last, c.Email, c.HomePhone, c.Local))
		}
	}
	here := map[string]bool{}
	for _, s := range snap.Students {
		here[s.SourceID] = s.Status == roster.Enrolled
	}
	for _, c := range snap.Contacts {
		here[c.SourceID] = !c.Left
	}
	for _, l := range snap.Lines { // those of people who are missing stay as they were
		if !l.Ended && here[students[l.StudentID]] && here[contacts[l.ContactID]] {
			all = append(all, fmt.Sprintln("line", students[l.StudentID], contacts[l.ContactID], l.Relationship, l.PortalAccess, l.FilePortalAccess, l.GraceUntil))
		}
	}
	slices.Sort(all)
	return all
}

func TestAfterASecondRosterTheRecordsAreAsIfItHadBeenTheFirst(t *testing.T) {
	template, err := os.ReadFile(strings.TrimPrefix(sqldbtest.SQLite(t), "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	dir, n := t.TempDir(), 0
	fresh := func() *office {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		if err := os.WriteFile(path, template, 0o600); err != nil {
			t.Fatal(err)
		}
		return newOffice(t, "sqlite:"+path)
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawRoster(rt, "a"), drawRoster(rt, "b")
		first := bundleOf(t, "users.csv", a, "orgs.csv", orgsFile)
		second := bundleOf(t, "users.csv", b, "orgs.csv", orgsFile)
		one, two := fresh(), fresh()
		defer one.db.Close()
		defer two.db.Close()
		one.take(first, Options{AllowRemovals: true})
		one.take(second, Options{AllowRemovals: true})
		two.take(second, Options{AllowRemovals: true})
		if d := cmp.Diff(two.state(), one.state()); d != "" {
			rt.Fatal(d)
		}
		was := one.dump(recordTables...)
		one.take(second, Options{})
		if d := cmp.Diff(was, one.dump(recordTables...)); d != "" {
			rt.Fatalf("the same again: %s", d)
		}
	})
}

// parseUsers parses a users.csv beside a good orgs.csv and roles.csv.
func parseUsers(users, roles string) (*records, error) {
	b := &bundle{files: map[string]entry{"users.csv": asEntry("users.csv", users), "orgs.csv": asEntry("orgs.csv", orgsFile)}}
	if roles != "" {
		b.files["roles.csv"] = asEntry("roles.csv", roles)
	}
	rec := newRecords()
	return rec, readOneRoster(b, "2026-11-23", newFindings(), rec)
}

func checkRecords(t *testing.T, rec *records) {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range rec.students {
		if s.SourceID == "" || seen[s.SourceID] || !s.roleOf && !s.partial && s.First+s.Last == "" || strings.Contains(s.First+s.Last+s.Email+s.IDNumber, "\x00") {
			t.Errorf("student %+v", s)
		}
		seen[s.SourceID] = true
	}
	for _, c := range rec.contacts {
		if c.SourceID == "" || c.First+c.Last == "" && !c.partial || c.Email != "" && !mailbox(c.Email) {
			t.Errorf("contact %+v", c)
		}
	}
	for _, l := range rec.lines {
		if l.student == l.contact && strings.HasPrefix(rec.format, "OneRoster") { // one kind of ids for all people
			t.Errorf("line %+v", l)
		}
	}
}

func TestFlippedBytesNeverPanic(t *testing.T) {
	whole := rowsOf(twenty())
	rapid.Check(t, func(rt *rapid.T) {
		data := []byte(whole)
		for range rapid.IntRange(1, 12).Draw(rt, "flips") {
			data[rapid.IntRange(0, len(data)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
		}
		data = data[:rapid.IntRange(0, len(data)).Draw(rt, "length")]
		if rec, err := parseUsers(string(data), ""); err == nil {
			checkRecords(t, rec)
		}
	})
}

func FuzzOneRoster(f *testing.F) {
	f.Add([]byte(rowsOf(twenty())), []byte(""))
	f.Add([]byte("sourcedId,givenName,familyName,agentSourcedIds\n1,a,b,2\n2,c,d,1\n"), []byte("userSourcedId,role,endDate\n1,student,\n2,ext:mother,1/2/03\n"))
	f.Fuzz(func(t *testing.T, users, roles []byte) {
		if rec, err := parseUsers(string(users), string(roles)); err == nil {
			checkRecords(t, rec)
		}
	})
}

func FuzzZip(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := written(t, data)
		b, err := openBundle(path, limits{entries: 20, total: 1 << 20, memory: 1 << 20, ratio: 300}, newFindings())
		if err != nil {
			return
		}
		defer b.Close()
		rec := newRecords()
		if err := readOneRoster(b, "2026-11-23", newFindings(), rec); err == nil {
			checkRecords(t, rec)
		}
	})
}
