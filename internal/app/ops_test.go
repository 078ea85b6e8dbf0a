package app_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// away is a database that can be taken out of reach: from the given statement on nothing is answered.
type away struct {
	gone  atomic.Bool
	after atomic.Int64 // statements that are still answered
}

func (w *away) option(c *app.Config) {
	c.SQL.Before = func(string) error {
		if w.gone.Load() && w.after.Add(-1) < 0 {
			return fault.Wrap(fault.Unavailable, errors.New("connection refused"), "cannot reach the database")
		}
		return nil
	}
}

// take takes the database away once it has answered so many statements.
func (w *away) take(after int64) { w.after.Store(after); w.gone.Store(true) }

func TestOPS3ADatabaseOutOfReachIsNeverAWrongPasswordAndCountsNothing(t *testing.T) {
	var w away
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		w.gone.Store(false)
		mother := a.MariaAtHome(t)
		before := a.Dump("throttle", "session", "account", "audit_event")
		for answered := range int64(4) { // the sign-in breaks at its first statement, its second, …
			for _, password := range []string{apptest.ParentPassword, "some wrong password"} {
				b := a.Browser(t).Get("/parent/login").Fill("Username", "maria").Fill("Password", password)
				w.take(answered)
				b.Press("Log in")
				w.gone.Store(false)
				if b.Status != http.StatusServiceUnavailable || b.Header.Get("Retry-After") == "" || strings.Contains(b.Text(), "do not match") {
					t.Errorf("after %d statements, %q: %d, Retry-After %q: %s", answered, password, b.Status, b.Header.Get("Retry-After"), b.Main())
				}
				if answered == 0 {
					if now := a.Dump("throttle", "session", "account", "audit_event"); now != before {
						t.Errorf("something was counted:\n%s\n%s", before, now)
					}
				}
			}
		}
		w.take(0)
		if mother.Get("/parent/"); mother.Status != http.StatusServiceUnavailable {
			t.Errorf("a page without the database: %d", mother.Status)
		}
		if b := a.Browser(t); b.Get("/healthz").Status != http.StatusOK || b.Get("/readyz").Status != http.StatusServiceUnavailable {
			t.Error("alive and not ready is what it should say")
		}
		w.gone.Store(false)
		mother.Get("/parent/").Want(http.StatusOK).See("Ana")
		a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusOK)
		a.Drain()
		unbroken(t, a.App)
	}, w.option)
}

func TestOPS4AClockThatJumpsAnHourNeitherExtendsNorSkipsAnEnd(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez")
		temporary := a.TemporaryPassword(apptest.MariaEmail)
		// Forth and back: what lives on is what lives by the clock, and nothing came of the jump.
		a.Clock.Advance(time.Hour)
		a.Sweep(t.Context())
		a.Clock.Advance(-time.Hour)
		a.Sweep(t.Context())
		unbroken(t, a.App)
		b.SignIn("parent", "maria", temporary).SetPassword(apptest.ParentPassword).Want(http.StatusOK)
		for range 8 { // a delay that began before the jump back ends an hour late at the most, and never is for ever
			a.Browser(t).SignIn("parent", "maria", "some wrong password")
		}
		a.Clock.Advance(-time.Hour)
		b.Get("/parent/").Want(http.StatusOK).See("Ana")
		a.Clock.Advance(2 * time.Hour)
		a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusOK)
		// Idle for an hour by the clock: ended, and it stays ended when the clock goes back and the sweep has run.
		if b.Get("/parent/"); b.Path() != "/parent/login" {
			t.Errorf("a session idle for an hour is at %s", b.Path())
		}
		a.Drain()
		unbroken(t, a.App)
	})
}

func TestOPS4ASchoolsDayOfTwentyFiveHoursMovesNoEnd(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		a.Clock.Advance(time.Date(2027, time.November, 6, 15, 0, 0, 0, time.UTC).Sub(apptest.Start)) // New York sets its clocks back that night
		b := a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez")
		temporary := a.TemporaryPassword(apptest.MariaEmail)
		a.Clock.Advance(24*time.Hour - time.Second)
		b.SignIn("parent", "maria", temporary).Want(http.StatusOK).See("Choose your permanent password")
		a.Clock.Advance(2 * time.Second)
		a.Browser(t).SignIn("parent", "maria", temporary).Want(http.StatusUnprocessableEntity)
	})
}

func TestOPS5ADatabaseOfANewerProgramIsRefusedInPlainWords(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		a, err := app.Open(t.Context(), configFor(t, url))
		if err != nil {
			t.Fatal(err)
		}
		err = a.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "insert into schema_checksum (version, sum) values (9999, 'x')")
			return err
		})
		if err = errors.Join(err, a.Close()); err != nil {
			t.Fatal(err)
		}
		_, err = app.Open(t.Context(), configFor(t, url))
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "newer Schoolgate") || !strings.Contains(err.Error(), "run the newer program") {
			t.Errorf("got %v", err)
		}
	})
}

func TestOPS5AMigrationThatWasInterruptedIsTakenUpAgain(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		// As a kill leaves it between a migration and the note of its checksum: the newest migrations have run and are not noted.
		a, err := app.Open(t.Context(), configFor(t, url))
		if err != nil {
			t.Fatal(err)
		}
		err = a.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "delete from schema_checksum where version > 1")
			return err
		})
		if err = errors.Join(err, a.Close()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			a, err := app.Open(context.Background(), configFor(t, url))
			if err != nil {
				t.Fatal(err)
			}
			ran, known, err := a.DB.SchemaVersion(t.Context())
			if ran != known || err != nil {
				t.Errorf("schema %d of %d: %v", ran, known, err)
			}
			unbroken(t, a)
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAKeyFileIsNeverMadeBesideADatabaseThatHasPasswords(t *testing.T) {
	url := sqldbtest.SQLite(t)
	c := configFor(t, url)
	c.KeyFile = ""
	if _, err := app.Open(t.Context(), c); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(strings.TrimPrefix(url, "sqlite:") + ".key"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key file was made: %v", err)
	}
}
