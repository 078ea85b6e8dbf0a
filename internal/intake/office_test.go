package intake

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var (
	clerk = access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), AccountID: 7, Username: "office"}
	robot = access.Actor{Kind: access.System}
)

// office is a school with its records, at which rosters arrive.
type office struct {
	t      testing.TB
	ctx    context.Context
	db     *sqldb.DB
	roster *roster.Roster
	intake *Intake
	jobs   *jobs.Queue
	logins *standing
	clock  time.Time
	ticks  sync.Mutex
	heard  []roster.Change
	before func(query string) error // sees every statement
}

// standing are the logins at the office.
type standing struct {
	held  map[int64]bool // contacts with a login that was made lately
	made  []StudentLogin
	staff []string
}

func (l *standing) StudentLogins(context.Context, *sqldb.Tx, []int64) ([]StudentLogin, error) {
	return l.made, nil
}

func (l *standing) StaffAddresses(context.Context, *sqldb.Tx) ([]string, error) { return l.staff, nil }

func (l *standing) StaffAt(context.Context, *sqldb.Tx, int64) (bool, error) { return false, nil }

func (l *standing) HeldSince(context.Context, *sqldb.Tx, []int64, time.Time) (map[int64]bool, error) {
	return l.held, nil
}

// atOffice runs a test on both databases.
func atOffice(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	sqldbtest.RunURL(t, func(t *testing.T, url string) { test(t, newOffice(t, url)) })
}

// onSQLite runs a test of what parse and plan decide, of which the database has no part.
func onSQLite(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	test(t, newOffice(t, sqldbtest.SQLite(t)))
}

func newOffice(t testing.TB, url string) *office {
	t.Helper()
	o := &office{t: t, ctx: context.Background(), clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	db, err := sqldb.Open(o.ctx, url, sqldb.Options{Fast: true, Before: func(q string) error {
		if o.before == nil {
			return nil
		}
		return o.before(q)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	// Every look at the clock is a second later, so that a record written twice shows.
	now := func() time.Time {
		o.ticks.Lock()
		defer o.ticks.Unlock()
		o.clock = o.clock.Add(time.Second)
		return o.clock
	}
	log := audit.New(audit.Key{}, now)
	o.db = db
	o.roster = roster.New(db, log, now, func(_ context.Context, _ *sqldb.Tx, _ access.Actor, c roster.Change) error {
		o.heard = append(o.heard, c)
		return nil
	})
	set, err := settings.Open(o.ctx, db, log, now)
	if err != nil {
		t.Fatal(err)
	}
	o.jobs = jobs.New(db, slog.New(slog.DiscardHandler), now)
	o.logins = &standing{held: map[int64]bool{}}
	o.intake = New(db, o.roster, set, log, o.logins, o.jobs, now)
	return o
}

// take imports a package that must be taken.
func (o *office) take(path string, opts Options) Report {
	o.t.Helper()
	rep, err := o.intake.Import(o.ctx, robot, path, opts)
	if err != nil {
		o.t.Fatalf("%v\n%v", err, rep.Findings)
	}
	return rep
}

// refuse imports a package that must be refused, and sees that nothing is written.
func (o *office) refuse(path string, opts Options, kind fault.Kind) (Report, error) {
	o.t.Helper()
	was := o.dump(everything...)
	rep, err := o.intake.Import(o.ctx, robot, path, opts)
	if !fault.Is(err, kind) {
		o.t.Fatalf("got %v", err)
	}
	o.same("written", was, o.dump(everything...))
	return rep, err
}

func (o *office) same(what string, want, got any) {
	o.t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		o.t.Errorf("%s: %s", what, d)
	}
}

var everything = []string{"school", "student", "student_word", "contact", "student_contact", "line_name", "audit_event", "audit_detail", "import", "import_step",
	"import_note", "import_finding", "import_chunk"}
var recordTables = everything[:6]

// dump returns whole tables, every column.
func (o *office) dump(tables ...string) map[string][]string {
	o.t.Helper()
	all := map[string][]string{}
	for _, name := range tables {
		if rows := o.rows("select * from " + name); len(rows) > 0 {
			all[name] = rows
		}
	}
	return all
}

// rows returns what a query finds, sorted.
func (o *office) rows(query string) (all []string) {
	o.t.Helper()
	o.read(func(tx *sqldb.Tx) error {
		return sqldb.Each(o.ctx, tx, func(r *sql.Rows) error {
			columns, err := r.Columns()
			if err != nil {
				return err
			}
			values, targets := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				targets[i] = &values[i]
			}
			err = r.Scan(targets...)
			if at := slices.Index(columns, "file_print"); at >= 0 { // says nothing of the record
				values = slices.Delete(values, at, at+1)
			}
			all = append(all, fmt.Sprint(values...))
			return err
		}, query)
	})
	slices.Sort(all)
	return all
}

func (o *office) read(fn func(tx *sqldb.Tx) error) {
	o.t.Helper()
	if err := o.db.Read(o.ctx, fn); err != nil {
		o.t.Fatal(err)
	}
}

// snapshot is all records that came with a roster, and their lines, each kind in the order of its ids.
type snapshot struct {
	Students []roster.Student
	Contacts []roster.Contact
	Lines    []roster.Line
}

func (o *office) snapshot() (s snapshot) {
	o.t.Helper()
	students, contacts, lines := map[int64]roster.Student{}, map[int64]roster.Contact{}, map[int64]roster.Line{}
	var marked [3][]int64
	mark := func(kind int, id int64) error { marked[kind] = append(marked[kind], id); return nil }
	to := roster.Marks{
		Student: func(st roster.StudentMark) error { return mark(0, st.ID) },
		Contact: func(c roster.ContactMark) error { return mark(1, c.ID) },
		Line:    func(l roster.LineMark) error { return mark(2, l.ID) },
	}
	o.read(func(tx *sqldb.Tx) error {
		schools, _, err := o.roster.AllSchools(o.ctx, tx)
		if err != nil {
			return err
		}
		for _, school := range schools {
			if err := o.roster.EachOfSchool(o.ctx, tx, school.ID, to); err != nil {
				return err
			}
		}
		if err := o.roster.EachLoose(o.ctx, tx, to); err != nil {
			return err
		}
		return o.roster.Current(o.ctx, tx, marked[0], marked[1], marked[2], nil, roster.Seen{
			Student: func(st roster.Student) error { students[st.ID] = st; return nil },
			Contact: func(c roster.Contact) error { contacts[c.ID] = c; return nil },
			Line:    func(l roster.Line) error { lines[l.ID] = l; return nil },
		})
	})
	return snapshot{inOrder(students), inOrder(contacts), inOrder(lines)}
}

func inOrder[T any](m map[int64]T) (all []T) {
	for _, id := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[id])
	}
	return all
}

func (o *office) student(source string) roster.Student {
	o.t.Helper()
	all := o.snapshot().Students
	i := slices.IndexFunc(all, func(s roster.Student) bool { return s.SourceID == source })
	if i < 0 {
		o.t.Fatalf("no student %s", source)
	}
	return all[i]
}

func (o *office) contact(source string) roster.Contact {
	o.t.Helper()
	all := o.snapshot().Contacts
	i := slices.IndexFunc(all, func(c roster.Contact) bool { return c.SourceID == source })
	if i < 0 {
		o.t.Fatalf("no contact %s", source)
	}
	return all[i]
}

func (o *office) line(student, contact string) roster.Line {
	o.t.Helper()
	s, c := o.student(student).ID, o.contact(contact).ID
	all := o.snapshot().Lines
	i := slices.IndexFunc(all, func(l roster.Line) bool { return l.StudentID == s && l.ContactID == c })
	if i < 0 {
		o.t.Fatalf("no line of %s to %s", contact, student)
	}
	return all[i]
}

// lines lists the lines that have not ended, as "student-contact", in the order of the student's page.
func (o *office) lines() []string {
	o.t.Helper()
	snap := o.snapshot()
	names := map[int64]string{}
	for _, s := range snap.Students {
		names[s.ID] = s.SourceID
	}
	contacts := map[int64]string{}
	for _, c := range snap.Contacts {
		contacts[c.ID] = c.SourceID
	}
	slices.SortFunc(snap.Lines, func(a, b roster.Line) int { return a.Position - b.Position })
	slices.SortStableFunc(snap.Lines, func(a, b roster.Line) int { return strings.Compare(names[a.StudentID], names[b.StudentID]) })
	var all []string
	for _, l := range snap.Lines {
		if !l.Ended {
			all = append(all, names[l.StudentID]+"-"+contacts[l.ContactID])
		}
	}
	return all
}

// heardOf returns the lines and addresses the hook heard of since it was asked last.
func (o *office) heardOf() (lines []int64, addresses []roster.AddressChange) {
	for _, c := range o.heard {
		lines, addresses = append(lines, c.LineIDs...), append(addresses, c.Addresses...)
	}
	o.heard = nil
	slices.Sort(lines)
	return slices.Compact(lines), addresses
}

const (
	usersHeader = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName," +
		"identifier,email,sms,phone,agentSourcedIds,grades,password\n"
	orgsFile = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n" +
		"d,,,River District,district,,\nhigh,,,River High,school,,d\nmid,,,River Middle,school,,d\n"
)

// kid and adult write rows of users.csv.
func kid(id, first, last, number, grade, school, agents string) string {
	return fmt.Sprintf("%s,,,true,%s,student,,,%s,%s,,%s,,,,\"%s\",%s,hush\n", id, school, first, last, number, agents, grade)
}

func adult(id, role, first, last, email string) string {
	return fmt.Sprintf("%s,,,true,mid,%s,,,%s,%s,,,%s,,,,,hush\n", id, role, first, last, email)
}

// bundleOf writes a package as a folder: name, text, name, text.
func bundleOf(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// twenty are the rows of twenty students with a mother each, so that one of them is less than a tenth.
func twenty() map[string]string {
	rows := map[string]string{}
	for i := range 20 {
		s, m := fmt.Sprintf("s%02d", i), fmt.Sprintf("m%02d", i)
		rows[s] = kid(s, "Kid"+s, "Last"+s, "10"+s[1:], "04", "mid", m)
		rows[m] = adult(m, "parent", "Mum"+m, "Last"+s, m+"@home.example")
	}
	return rows
}

func rowsOf(rows map[string]string) string {
	var b strings.Builder
	b.WriteString(usersHeader)
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		b.WriteString(rows[id])
	}
	return b.String()
}

// bundle writes rows as a package that holds everything.
func (o *office) bundle(rows map[string]string) string {
	return bundleOf(o.t, "orgs.csv", orgsFile, "users.csv", rowsOf(rows))
}

// delta writes rows as a package of changes.
func (o *office) delta(rows ...string) string {
	return bundleOf(o.t, "manifest.csv", "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,delta\nfile.orgs,absent\n",
		"users.csv", usersHeader+strings.Join(rows, ""))
}
