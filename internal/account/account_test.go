package account

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var (
	cheap  = Params{MemoryKiB: 64, Time: 1}
	start  = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	master = []byte("an example key of thirty-two byt")
)

const (
	good  = "correct-horse-battery"
	other = "violet-ladder-museum"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

// people answers for persons that do not exist, and remembers what they would have been told.
type people struct {
	mu       sync.Mutex
	words    []string
	reserved map[string]bool
	told     []Notice
	mailed   []StaffMail
}

func (p *people) Words(context.Context, *sqldb.Tx, Account) ([]string, error) { return p.words, nil }

func (p *people) Notify(_ context.Context, tx *sqldb.Tx, _ Account, n Notice) error {
	tx.AfterCommit(func() { p.mu.Lock(); defer p.mu.Unlock(); p.told = append(p.told, n) })
	return nil
}

func (p *people) MailStaff(_ context.Context, tx *sqldb.Tx, m StaffMail) error {
	tx.AfterCommit(func() { p.mu.Lock(); defer p.mu.Unlock(); p.mailed = append(p.mailed, m) })
	return nil
}

func (p *people) Entered(context.Context, *sqldb.Tx, Account) error { return nil }

func (p *people) StudentMayEnter(context.Context, int64) (bool, error) { return true, nil }

func (p *people) UsernameReserved(_ context.Context, _ *sqldb.Tx, _ access.Kind, key string, _ int64) (bool, error) {
	return p.reserved[key], nil
}

func (p *people) heard() []Notice {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.told
	p.told = nil
	return told
}

// world is a database with accounts on it.
type world struct {
	*Accounts
	t      testing.TB
	db     *sqldb.DB
	clock  *clock
	people *people
	hasher *Hasher
}

func newWorld(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	c, p, h := &clock{t: start}, &people{}, NewHasher(cheap, 0)
	t.Cleanup(h.Close)
	return &world{Accounts: accountsOn(t, db, c, p, h), t: t, db: db, clock: c, people: p, hasher: h}
}

func accountsOn(t testing.TB, db *sqldb.DB, c *clock, p *people, h *Hasher) *Accounts {
	t.Helper()
	log := audit.New(audit.Key{}, c.now)
	set, err := settings.Open(t.Context(), db, log, c.now)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := NewKeys(master)
	if err != nil {
		t.Fatal(err)
	}
	return New(db, h, keys, set, log, c.now, p, Site{BaseURL: "http://localhost:8080", PasswordsSuffice: true})
}

func run(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) { test(t, newWorld(t, db)) })
}

func (w *world) write(fn func(tx *sqldb.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.write(func(tx *sqldb.Tx) error { _, err := tx.Exec(w.t.Context(), query, args...); return err })
}

func (w *world) count(query string, args ...any) (n int64) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *sqldb.Tx) (err error) {
		n, err = sqldb.Value[int64](w.t.Context(), tx, query, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// active makes an account with the password good.
func (w *world) active(kind access.Kind, username string) int64 {
	w.t.Helper()
	hash, err := w.Hash(w.t.Context(), "password", good, 15, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var id int64
	w.write(func(tx *sqldb.Tx) (err error) {
		n := NewAccount{Kind: kind, Username: username, State: Active, Hash: hash, Language: "en"}
		id, err = w.create(w.t.Context(), tx, n, username, NewStaff{Role: map[bool]access.Role{true: access.Administrator}[kind == access.Staff], Schools: access.Everywhere()})
		return err
	})
	return id
}

// waiting makes an account with a temporary password and returns that.
func (w *world) waiting(username string) (int64, string) {
	w.t.Helper()
	var id int64
	w.write(func(tx *sqldb.Tx) (err error) {
		id, err = w.Create(w.t.Context(), tx, NewAccount{Kind: access.Parent, Username: username, State: Waiting, ClaimBy: w.clock.now().Add(14 * 24 * time.Hour)})
		return err
	})
	return id, w.issue(id, false)
}

func (w *world) issue(id int64, drop bool) string {
	w.t.Helper()
	t, err := w.NewTemporary(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(func(tx *sqldb.Tx) error { return w.Issue(w.t.Context(), tx, id, t, 24*time.Hour, drop) })
	return w.TemporaryPassword(t.Seed)
}

func (w *world) signIn(username, password string) (SignedIn, error) {
	return w.from(Client{Address: "192.0.2.7", UserAgent: "test"}, username, password)
}

func (w *world) from(c Client, username, password string) (SignedIn, error) {
	return w.SignIn(w.t.Context(), Attempt{Kind: access.Parent, Username: username, Password: password, Client: c})
}

func (w *world) must(in SignedIn, err error) SignedIn {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

func (w *world) refused(_ SignedIn, err error) {
	w.t.Helper()
	if !fault.Is(err, fault.Unauthenticated) {
		w.t.Fatalf("got %v, want Unauthenticated", err)
	}
}

func (w *world) open(token string) bool {
	w.t.Helper()
	_, err := w.Session(w.t.Context(), access.Parent, token)
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		w.t.Fatal(err)
	}
	return err == nil
}

// problems returns the problems of an error as "field key", sorted.
func problems(err error) string {
	var all []string
	for _, p := range fault.ProblemsOf(err) {
		all = append(all, p.Field+" "+p.Key)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// events returns the actions and outcomes in the log, oldest first.
func (w *world) events() []string {
	w.t.Helper()
	var all []string
	err := w.db.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		return w.log.Export(w.t.Context(), tx, time.Time{}, func(e audit.Event) error {
			all = append(all, fmt.Sprintf("%s %s", e.Action, e.Outcome))
			return nil
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// dump returns the rows of a table as text.
func (w *world) dump(table string) []string {
	w.t.Helper()
	var all []string
	err := w.db.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		return sqldb.Each(w.t.Context(), tx, func(r *sql.Rows) error {
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
			line := ""
			for _, v := range row {
				if b, ok := (*v.(*any)).([]byte); ok {
					line += string(b) + "|"
					continue
				}
				line += fmt.Sprint(*v.(*any)) + "|"
			}
			all = append(all, line)
			return nil
		}, "select * from "+table)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}
