package roster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var deskTime = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// desk is an office at work: the records, what the hook heard, and a hook that can fail.
type desk struct {
	*Roster
	t     *testing.T
	db    *sqldb.DB
	clerk access.Actor
	heard []Change
	hook  func(ctx context.Context, tx *sqldb.Tx, c Change) error
}

// atDesk runs a test on both databases.
func atDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		d := &desk{t: t, db: db, clerk: access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), AccountID: 7, Username: "office"}}
		now := func() time.Time { return deskTime }
		d.Roster = New(db, audit.New(audit.Key{}, now), now, func(ctx context.Context, tx *sqldb.Tx, a access.Actor, c Change) error {
			if a.AccountID != d.clerk.AccountID {
				t.Errorf("the hook heard of actor %v", a)
			}
			d.heard = append(d.heard, c)
			if d.hook != nil {
				return d.hook(ctx, tx, c)
			}
			return nil
		})
		test(t, d)
	})
}

func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) write(fn func(ctx context.Context, tx *sqldb.Tx) error) {
	d.t.Helper()
	d.ok(d.db.Write(d.t.Context(), func(tx *sqldb.Tx) error { return fn(d.t.Context(), tx) }))
}

func (d *desk) read(fn func(ctx context.Context, tx *sqldb.Tx) error) {
	d.t.Helper()
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) error { return fn(d.t.Context(), tx) }))
}

// fromRoster puts a student, a contact and their line on record as an import would.
func (d *desk) fromRoster(source string, s Student, c Contact, l Line) (Student, Contact, Line) {
	d.t.Helper()
	d.write(func(ctx context.Context, tx *sqldb.Tx) error {
		if s.ID == 0 {
			s.SourceID, s.Status = "s"+source, Enrolled
			if err := d.putStudent(ctx, tx, &s); err != nil {
				return err
			}
		}
		if c.ID == 0 {
			c.SourceID = "c" + source
			if err := d.putContact(ctx, tx, &c); err != nil {
				return err
			}
		}
		l.StudentID, l.ContactID, l.FromFile = s.ID, c.ID, true
		return d.putLine(ctx, tx, &l)
	})
	return s, c, l
}

func (d *desk) page(student int64) StudentPage {
	d.t.Helper()
	p, err := d.Page(d.t.Context(), d.clerk, student)
	d.ok(err)
	return p
}

// sheet returns what the Contacts page would send back for one line, unchanged.
func (d *desk) sheet(student int64, line int) ContactEdit {
	d.t.Helper()
	l := d.page(student).Lines[line]
	return ContactEdit{Contact: l.Contact, Line: l.Line}
}

func (d *desk) save(e ContactEdit) int64 {
	d.t.Helper()
	id, err := d.SaveContact(d.t.Context(), d.clerk, e)
	d.ok(err)
	return id
}

// listed returns the rows of line_name: "entry/pos/letter/parent/child".
func (d *desk) listed() []string {
	d.t.Helper()
	return d.column(`select entry || '/' || pos || '/' || coalesce(letter, '-') || '/' || parent_sort || '/' || child_sort
from line_name order by line_id, pos`)
}

func (d *desk) column(query string, args ...any) (rows []string) {
	d.t.Helper()
	d.read(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		rows, err = sqldb.All(ctx, tx, scanText, query, args...)
		return err
	})
	return rows
}

// events returns the actions in the log, oldest first, and the detail of the last one.
func (d *desk) events() (actions []string, last string) {
	d.t.Helper()
	d.read(func(ctx context.Context, tx *sqldb.Tx) error {
		actions = nil
		return d.log.Export(ctx, tx, time.Time{}, func(e audit.Event) error {
			actions = append(actions, e.Action)
			b, err := json.Marshal(e.Detail)
			last = string(b)
			return err
		})
	})
	return actions, last
}

func (d *desk) same(what string, got, want any) {
	d.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// problemsOf returns "field key" of every problem an error carries.
func problemsOf(err error) (ps []string) {
	for _, p := range fault.ProblemsOf(err) {
		ps = append(ps, p.Field+" "+p.Key)
	}
	slices.Sort(ps)
	return ps
}

var errHook = errors.New("the hook failed")
