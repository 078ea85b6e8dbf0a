package family

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// desk is a school at work: everything real but the clock, the mail server and the cost of a hash.
type desk struct {
	*Family
	t       *testing.T
	office  access.Actor
	visitor access.Actor
	inbox   *mail.Capture
	logged  *lockedBuffer

	mu    sync.Mutex
	clock time.Time
}

// lockedBuffer takes what several goroutines log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// latePeople closes the circle between accounts and family, as package app does.
type latePeople struct{ *Family }

func atDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) { test(t, newDesk(t, db)) })
}

func newDesk(t *testing.T, db *sqldb.DB) *desk {
	t.Helper()
	d := &desk{
		t: t, clock: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), inbox: &mail.Capture{}, logged: &lockedBuffer{},
		office:  access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), AccountID: 1, Username: "office", Address: "192.0.2.1"},
		visitor: access.Actor{Kind: access.Visitor, Address: "198.51.100.7", RequestID: "r"},
	}
	log := audit.New(audit.Key{}, d.time)
	set, err := settings.Open(t.Context(), db, log, d.time)
	d.ok(err)
	keys, err := account.NewKeys(bytes.Repeat([]byte{7}, 32))
	d.ok(err)
	hasher := account.NewHasher(account.Params{MemoryKiB: 64, Time: 1}, 2)
	t.Cleanup(hasher.Close)
	catalog, err := lang.Load()
	d.ok(err)
	people := &latePeople{}
	accounts := account.New(db, hasher, keys, set, log, d.time, people, account.Site{BaseURL: "https://gate.example", PasswordsSuffice: true})
	records := roster.New(db, log, d.time, func(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c roster.Change) error {
		return people.LinesChanged(ctx, tx, actor, c)
	})
	records.Calendar(func() string { return set.Today() })
	logger := slog.New(slog.NewTextHandler(d.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	people.Family = New(Parts{
		DB: db, Accounts: accounts, Roster: records, Settings: set, Jobs: jobs.New(db, logger, d.time), Audit: log, Log: logger, Now: d.time,
		Catalog: catalog, Sender: d.inbox, BaseURL: "https://gate.example",
	})
	d.Family = people.Family
	return d
}

func (d *desk) time() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.clock
}

func (d *desk) wait(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock = d.clock.Add(by)
}

func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("%+v", err)
	}
}

func (d *desk) work() {
	d.t.Helper()
	_, err := d.jobs.Drain(d.t.Context())
	d.ok(err)
}

func (d *desk) change(query string, args ...any) {
	d.t.Helper()
	d.ok(d.db.Write(d.t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(d.t.Context(), query, args...); return err }))
}

func (d *desk) value(query string, args ...any) (v string) {
	d.t.Helper()
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		v, err = sqldb.Value[string](d.t.Context(), tx, query, args...)
		return err
	}))
	return v
}

func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		n, err = sqldb.Value[int](d.t.Context(), tx, query, args...)
		return err
	}))
	return n
}

func (d *desk) student(idNumber, first, last string) int64 {
	d.t.Helper()
	id, err := d.roster.AddStudent(d.t.Context(), d.office, roster.Student{IDNumber: idNumber, First: first, Last: last, Status: roster.Enrolled})
	d.ok(err)
	return id
}

// parent puts a mother on a student's Contacts page.
func (d *desk) parent(student int64, first, last, email string, change ...func(*roster.ContactEdit)) roster.FullLine {
	d.t.Helper()
	e := roster.ContactEdit{
		Contact: roster.Contact{First: first, Last: last, Email: email},
		Line:    roster.Line{StudentID: student, Relationship: "mother"},
	}
	return d.saveContact(e, change...)
}

// also links a contact that is on record to another student.
func (d *desk) also(student int64, c roster.Contact, change ...func(*roster.ContactEdit)) roster.FullLine {
	d.t.Helper()
	return d.saveContact(roster.ContactEdit{Contact: c, Line: roster.Line{StudentID: student, Relationship: "mother"}}, change...)
}

func (d *desk) saveContact(e roster.ContactEdit, change ...func(*roster.ContactEdit)) roster.FullLine {
	d.t.Helper()
	for _, f := range []*roster.Flag{
		&e.Line.LegalGuardian, &e.Line.LivesWith, &e.Line.Emergency, &e.Line.Pickup, &e.Line.Mailing, &e.Line.PortalAccess,
		&e.Line.FilePortalAccess, &e.Line.Restricted,
	} {
		*f = roster.Unknown
	}
	for _, c := range change {
		c(&e)
	}
	id, err := d.roster.SaveContact(d.t.Context(), d.office, e)
	d.ok(err)
	return d.line(id)
}

func restricted(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes }

func noAccess(e *roster.ContactEdit) { e.Line.PortalAccess = roster.No }

func (d *desk) line(id int64) (l roster.FullLine) {
	d.t.Helper()
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) error {
		lines, err := d.roster.Lines(d.t.Context(), tx, []int64{id})
		if err == nil && len(lines) == 1 {
			l = lines[0]
		}
		return err
	}))
	return l
}

// ask presses "Create Account".
func (d *desk) ask(username, idNumber, first, last string) string {
	d.t.Helper()
	ref, err := d.Register(d.t.Context(), d.visitor, Registration{Username: username, IDNumber: idNumber, First: first, Last: last})
	d.ok(err)
	return ref
}

// outcome is what staff read under a reference.
func (d *desk) outcome(reference string) Outcome {
	d.t.Helper()
	return Outcome(d.found(reference).Outcome)
}

func (d *desk) found(reference string) Request {
	d.t.Helper()
	found, err := d.Requests(d.t.Context(), d.office, reference, jobs.Cursor{}, 10)
	d.ok(err)
	if len(found) != 1 {
		d.t.Fatalf("%d requests under %s", len(found), reference)
	}
	return found[0]
}

func (d *desk) lastMail(address string) mail.Message {
	d.t.Helper()
	all := d.inbox.To(address)
	if len(all) == 0 {
		d.t.Fatalf("no mail to %s; outcomes %v", address, d.outcomes())
	}
	return all[len(all)-1]
}

func (d *desk) outcomes() (list []string) {
	found, err := d.Requests(d.t.Context(), d.office, "", jobs.Cursor{}, 100)
	d.ok(err)
	for _, r := range found {
		list = append(list, r.Outcome)
	}
	return list
}

var mailedPassword = regexp.MustCompile(`(?m)^> ([2-9A-HJ-NP-Z]{4}(?:-[2-9A-HJ-NP-Z]{4}){3})$`)

// passwordIn reads the temporary password in a mail, "" for none.
func passwordIn(m mail.Message) string {
	found := mailedPassword.FindStringSubmatch(m.Body)
	if found == nil {
		return ""
	}
	return found[1]
}

const permanent = "my very own long password"

func (d *desk) signIn(username, password string) (account.Session, error) {
	in, err := d.accounts.SignIn(d.t.Context(), account.Attempt{
		Kind: access.Parent, Username: username, Password: password, Client: account.Client{Address: "203.0.113.9"},
	})
	return in.Session, err
}

// begin walks from the registration to the permanent password and returns the parent.
func (d *desk) begin(username string, l roster.FullLine) access.Actor {
	d.t.Helper()
	d.ask(username, l.Student.IDNumber, l.Contact.First, l.Contact.Last)
	d.work()
	temporary := passwordIn(d.lastMail(l.Contact.Email))
	s, err := d.signIn(username, temporary)
	d.ok(err)
	if s.Stage != account.SetPassword {
		d.t.Fatal("a temporary password opened a full session")
	}
	in, err := d.accounts.FirstPassword(d.t.Context(), s, account.Client{Address: "203.0.113.9"}, permanent, "")
	d.ok(err)
	return in.Session.Actor(account.Client{Address: "203.0.113.9"}, d.time())
}

// dump is everything that stands in the database, as text.
func (d *desk) dump() string {
	d.t.Helper()
	tables := `select name from sqlite_master where type = 'table'`
	if d.db.Dialect() == "postgres" {
		tables = `select table_name from information_schema.tables where table_schema = 'public'`
	}
	var b strings.Builder
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) error {
		names, err := sqldb.All(d.t.Context(), tx, func(r *sql.Rows) (string, error) { var s string; return s, r.Scan(&s) }, tables)
		if err != nil {
			return err
		}
		for _, name := range names {
			err := sqldb.Each(d.t.Context(), tx, func(r *sql.Rows) error {
				columns, err := r.Columns()
				if err != nil {
					return err
				}
				row := make([]any, len(columns))
				for i := range row {
					row[i] = new(any)
				}
				if err := r.Scan(row...); err != nil {
					return err
				}
				for i, v := range row {
					fmt.Fprintf(&b, "%s.%s=%s\n", name, columns[i], plainValue(*v.(*any)))
				}
				return nil
			}, `select * from `+name)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return b.String()
}

func plainValue(v any) string {
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("%s|%x", b, b)
	}
	return fmt.Sprint(v)
}
