package family

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
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

// town is a school with families, a clerk and a clock of its own.
type town struct {
	*Family
	t      testing.TB
	ctx    context.Context
	clerk  access.Actor
	clock  *atomic.Int64
	hasher *account.Hasher
	breaks *breaker
}

// breaker fails the n-th statement from now on; zero is off.
type breaker struct {
	left atomic.Int64
	act  atomic.Pointer[func() error] // what happens instead of failing
}

var errBroken = errors.New("statement broken for the test")

func (b *breaker) before(string) error {
	if b.left.Load() > 0 && b.left.Add(-1) == 0 {
		if act := b.act.Load(); act != nil {
			return (*act)()
		}
		return errBroken
	}
	return nil
}

const townPassword = "correct horse lantern river"

// inTown runs a test in a town on each database.
func inTown(t *testing.T, test func(w *town)) {
	t.Helper()
	b := &breaker{}
	sqldbtest.RunWith(t, sqldb.Options{Before: b.before}, func(t *testing.T, db *sqldb.DB) {
		b.left.Store(0)
		w := newTown(t, db)
		w.breaks = b
		test(w)
	})
}

// lazyPeople lets account ask a family that is built after it.
type lazyPeople struct{ *Family }

func newTown(t testing.TB, db *sqldb.DB) *town {
	t.Helper()
	w := &town{t: t, ctx: context.Background(), clock: &atomic.Int64{}}
	w.clock.Store(time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC).UnixMicro())
	now := func() time.Time { return time.UnixMicro(w.clock.Load()).UTC() }
	w.clerk = access.Actor{Kind: access.Staff, AccountID: 9_000_000, Role: access.Administrator, Schools: access.Everywhere(), Username: "office"}
	log := audit.New(audit.Key{}, now)
	set, err := settings.Open(w.ctx, db, log, now)
	w.ok(err)
	master := sha256.Sum256([]byte("a key for tests"))
	keys, err := account.NewKeys(master[:])
	w.ok(err)
	w.hasher = account.NewHasher(account.Params{MemoryKiB: 64, Time: 1}, 2)
	t.Cleanup(w.hasher.Close)
	people := &lazyPeople{}
	accounts := account.New(db, w.hasher, keys, set, log, now, people, account.Site{BaseURL: "https://gate.example", PasswordsSuffice: true})
	records := roster.New(db, log, now, func(ctx context.Context, tx *sqldb.Tx, a access.Actor, c roster.Change) error {
		return people.LinesChanged(ctx, tx, a, c)
	})
	catalog, err := lang.Load()
	w.ok(err)
	quiet := slog.New(slog.DiscardHandler)
	w.Family = New(Parts{
		DB: db, Accounts: accounts, Roster: records, Settings: set, Jobs: jobs.New(db, quiet, now), Audit: log, Log: quiet, Now: now,
		Catalog: catalog, Sender: brokenSender{}, BaseURL: "http://127.0.0.1",
	})
	people.Family = w.Family
	return w
}

// brokenSender is a mail server that is down.
type brokenSender struct{}

func (brokenSender) Send(context.Context, mail.Message) error {
	return errors.New("the mail server is down")
}

func (w *town) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) pass(d time.Duration) { w.clock.Add(d.Microseconds()) }

func (w *town) write(fn func(tx *sqldb.Tx) error) {
	w.t.Helper()
	w.ok(w.db.Write(w.ctx, fn))
}

// count returns the number that a query answers.
func (w *town) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	w.ok(w.db.Read(w.ctx, func(tx *sqldb.Tx) error {
		var err error
		n, err = sqldb.Value[int](w.ctx, tx, query, args...)
		return err
	}))
	return n
}

// texts returns the single column of a query.
func (w *town) texts(query string, args ...any) []string {
	w.t.Helper()
	var all []string
	w.ok(w.db.Read(w.ctx, func(tx *sqldb.Tx) error {
		var err error
		all, err = sqldb.All(w.ctx, tx, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }, query, args...)
		return err
	}))
	return all
}

// pupil adds a student.
func (w *town) pupil(first, last, idNumber string) int64 {
	w.t.Helper()
	id, err := w.roster.AddStudent(w.ctx, w.clerk, roster.Student{First: first, Last: last, IDNumber: idNumber, Grade: "4", Status: roster.Enrolled})
	w.ok(err)
	return id
}

// blankLine is a line about which nothing is known.
func blankLine(student int64, relationship string) roster.Line {
	return roster.Line{
		StudentID: student, Relationship: relationship, LegalGuardian: roster.Unknown, LivesWith: roster.Unknown, Emergency: roster.Unknown,
		Pickup: roster.Unknown, Mailing: roster.Unknown, PortalAccess: roster.Unknown, FilePortalAccess: roster.Unknown,
		Restricted: roster.Unknown,
	}
}

// contact adds a contact to students and returns it with its lines.
func (w *town) contact(first, last, email, relationship string, students ...int64) (contact int64, lines []int64) {
	w.t.Helper()
	for _, s := range students {
		e := roster.ContactEdit{Contact: roster.Contact{First: first, Last: last, Email: email}, Line: blankLine(s, relationship)}
		if contact != 0 {
			w.ok(w.db.Read(w.ctx, func(tx *sqldb.Tx) error {
				var err error
				e.Contact, err = w.roster.Contact(w.ctx, tx, contact)
				return err
			}))
		}
		line, err := w.roster.SaveContact(w.ctx, w.clerk, e)
		w.ok(err)
		lines = append(lines, line)
		contact = w.line(line).ContactID
	}
	return contact, lines
}

func (w *town) line(id int64) roster.FullLine {
	w.t.Helper()
	var lines []roster.FullLine
	w.ok(w.db.Read(w.ctx, func(tx *sqldb.Tx) error {
		var err error
		lines, err = w.roster.Lines(w.ctx, tx, []int64{id})
		return err
	}))
	if len(lines) != 1 {
		w.t.Fatalf("line %d: found %d", id, len(lines))
	}
	return lines[0]
}

// edit changes a line at the office's desk.
func (w *town) edit(line int64, change func(e *roster.ContactEdit)) {
	w.t.Helper()
	l := w.line(line)
	e := roster.ContactEdit{Contact: l.Contact, Line: l.Line, Checked: "photo_id"}
	change(&e)
	_, err := w.roster.SaveContact(w.ctx, w.clerk, e)
	w.ok(err)
}

// login makes a parent's active login that holds the contacts.
func (w *town) login(username string, contacts ...int64) access.Actor {
	w.t.Helper()
	hash, err := w.accounts.Hash(w.ctx, "password", townPassword, 15, nil)
	w.ok(err)
	var id int64
	w.write(func(tx *sqldb.Tx) error {
		var err error
		id, err = w.accounts.Create(w.ctx, tx, account.NewAccount{Kind: access.Parent, Username: username, State: account.Active, Hash: hash})
		for _, c := range contacts {
			if err == nil {
				err = hold(w.ctx, tx, id, c, w.now())
			}
		}
		return err
	})
	return access.Actor{Kind: access.Parent, AccountID: id, Username: username}
}

// signIn opens a session with the password of every login in town.
func (w *town) signIn(kind access.Kind, username, password string) (string, error) {
	in, err := w.accounts.SignIn(w.ctx, account.Attempt{Kind: kind, Username: username, Password: password})
	return in.Token, err
}

func (w *town) mustSignIn(kind access.Kind, username, password string) string {
	w.t.Helper()
	token, err := w.signIn(kind, username, password)
	w.ok(err)
	return token
}

func (w *town) reset(lines ...int64) []ResetResult {
	w.t.Helper()
	results, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: lines})
	w.ok(err)
	return results
}

func (w *town) outcomes(results []ResetResult) []ResetOutcome {
	all := make([]ResetOutcome, len(results))
	for i, r := range results {
		all[i] = r.Outcome
	}
	return all
}

func (w *town) home(parent access.Actor) []string {
	w.t.Helper()
	home, err := w.Home(w.ctx, parent)
	w.ok(err)
	var names []string
	for _, c := range home.Children {
		names = append(names, c.First)
	}
	return names
}

// states returns the states of lines in the grid of all.
func (w *town) states(lines ...int64) []LoginState {
	w.t.Helper()
	grid, err := w.Grid(w.ctx, w.clerk, GridQuery{Limit: gridLimitMax})
	w.ok(err)
	states := make([]LoginState, len(lines))
	for _, row := range grid.Rows {
		if i := slices.Index(lines, row.LineID); i >= 0 {
			states[i] = row.State
		}
	}
	return states
}

// mails returns the outbox as "template to contact".
func (w *town) mails() int { return w.count("select count(*) from job where kind = 'mail'") }

// whole fails the test when anything in the database is half done.
func (w *town) whole() {
	w.t.Helper()
	for what, query := range map[string]string{
		"a student login without account or account without login": `select count(*) from account a where a.kind = 'student'
			and not exists (select 1 from student_login t where t.account_id = a.id)`,
		"a parent's account that holds nobody": `select count(*) from account a where a.kind = 'parent'
			and not exists (select 1 from account_contact h where h.account_id = a.id)`,
		"a student login whose maker has no login": `select count(*) from student_login t
			where not exists (select 1 from account_contact h where h.contact_id = t.maker_contact_id)`,
		"a student login whose maker's line is closed": `select count(*) from student_login t
			join student_contact l on l.student_id = t.student_id and l.contact_id = t.maker_contact_id
			join closed_line x on x.line_id = l.id`,
		"a closed line without login": `select count(*) from closed_line x join student_contact l on l.id = x.line_id
			where not exists (select 1 from account_contact h where h.contact_id = l.contact_id)`,
		"a session of nobody": `select count(*) from session n where not exists (select 1 from account a where a.id = n.account_id)`,
		"resets of logins without their notice": `select abs(
			(select count(*) from audit_event where action = 'parent.reset' and outcome in ('whole', 'part'))
			- (select count(*) from job where kind = 'mail' and payload like '%"reset%'))`,
	} {
		if n := w.count(query); n != 0 {
			w.t.Errorf("%s: %d", what, n)
		}
	}
}
