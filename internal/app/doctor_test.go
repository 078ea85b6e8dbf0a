package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// aDayOfLife leaves something of everything in the database: logins of each state, sessions of each stage, closed lines, student logins, mails and
// requests that wait, that are done and that failed.
func aDayOfLife(t *testing.T, a *apptest.App) {
	t.Helper()
	mother := a.MariaAtHome(t)
	a.StudentAtHome(t, mother, childPath(a.Ana.ID), "ana.lopez")
	a.AtHome(t, "jorge", a.David.IDNumber, "Jorge", "Lopez", apptest.JorgeEmail)
	olga := a.AtHome(t, "olga", a.Pyotr.IDNumber, "Ольга", "Иванова", apptest.OlgaEmail)
	olga.Get("/parent/account/password")
	staff := a.Staff(t)
	staff.Get(gridPath + "?letter=L").Press("Reset Maria Lopez for Carla Lopez").Press("Ok").See("1 row was reset.")
	staff.Get(gridPath).Tick("Select Ольга Иванова for Пётр Иванов").Press("Reset Selected").Press("Ok").See("1 row was reset.")
	a.Drain()
	a.Inbox.Fail(&mail.Refused{Code: 550, Text: "no such mailbox", Permanent: true})
	a.Browser(t).Get("/parent/forgot").Fill("Username", "jorge").Press("Send a temporary password")
	a.Drain()
	a.Inbox.Fail(nil)
	a.Clock.Advance(2 * time.Hour)
	wei := a.Browser(t).Register("wei", a.Lin.IDNumber, "Wei", "Chen")
	wei.SignIn("parent", "wei", a.TemporaryPassword(apptest.WeiEmail)).See("Choose your permanent password")
	a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusOK)
	a.Browser(t).SignIn("parent", "maria", "wrong password").Want(http.StatusUnprocessableEntity)
	a.Staff(t)
	a.Inbox.Fail(&mail.Refused{Code: 451, Text: "try again later"})
	a.Browser(t).Get("/parent/forgot").Fill("Username", "maria").Press("Send a temporary password")
	a.Drain()
	a.Browser(t).Register("nobody", "999999", "No", "Body")
}

// whatBreaks is how each invariant can be broken in a database after a day of life.
var whatBreaks = map[string]string{
	"waiting-without-password":            "update account set password_hash = '$argon2id$v=19$' where state = 'waiting'",
	"waiting-has-an-end":                  "update account set claim_by = null where state = 'waiting'",
	"claimed-has-no-end":                  "update account set claim_by = 1 where username = 'maria'",
	"active-has-a-way-in":                 "update account set password_hash = null, password_set_at = null where kind = 'staff'",
	"student-has-a-password":              "update account set password_hash = null, password_set_at = null where kind = 'student'",
	"password-is-a-hash":                  "update account set password_hash = 'hunter2' where username = 'maria'",
	"username-has-a-key":                  "update account set username_key = '' where username = 'maria'",
	"role-is-known":                       "update account set role = 'king' where kind = 'staff'",
	"an-administrator-is-left":            "update account set state = 'disabled' where kind = 'staff'",
	"session-fits-account":                "update account set credential_version = credential_version + 1 where username = 'maria'",
	"session-of-an-open-account":          "update account set state = 'disabled' where username = 'maria'",
	"limited-session-has-its-password":    "delete from temporary_password",
	"session-is-bounded":                  "update session set expires_at = created_at + 2678400000000",
	"temporary-is-bounded":                "update temporary_password set expires_at = issued_at + 259200000001",
	"disabled-without-temporary":          "update account set state = 'disabled' where id in (select account_id from temporary_password)",
	"factor-has-an-account":               "insert into recovery_code (account_id, hash) select 999999, device_hash from known_device limit 1",
	"recovery-has-a-factor":               "insert into recovery_code (account_id, hash) select account_id, device_hash from known_device",
	"line-is-listed":                      "delete from line_name where line_id = (select min(id) from student_contact)",
	"line-is-found":                       "delete from line_word where line_id = (select min(id) from student_contact)",
	"line-is-found-rightly":               "update line_word set parent_sort = 'zzz' where line_id = (select min(id) from student_contact)",
	"line-is-listed-rightly":              "update line_name set child_sort = 'zzz' where line_id = (select min(id) from student_contact)",
	"student-is-found-in-order":           "update student_word set sort_key = 'zzz' where student_id = (select min(id) from student)",
	"address-has-its-key":                 "update contact set email = '' where email <> ''",
	"number-has-its-key":                  "update student set id_number = '' where id = (select min(id) from student)",
	"name-keys-are-todays":                "update contact set key_version = 0 where id = (select min(id) from contact)",
	"restriction-is-a-restriction":        "update student_contact set restricted = 'no' where restricted = 'yes'",
	"decision-has-a-reason":               "update student set adult_mark = 'dependent' where id = (select min(id) from student)",
	"merged-record-has-no-lines":          "insert into contact_merge (kept_id, gone_id, before, after, merged_at) select max(id), min(id), '', '', 1 from contact",
	"alias-is-no-record":                  "update contact set source_id = 'c-1' where id = (select min(id) from contact); insert into contact_alias (source_id, contact_id) select 'c-1', max(id) from contact",
	"class-is-listed-rightly":             "insert into class_word (word, sort_key, class_id) values ('x', 'x', 999999)",
	"line-has-both-ends":                  "update student_contact set contact_id = 999999 where id = (select min(id) from student_contact)",
	"roster-restricts":                    "update student_contact set file_restricted = 'yes' where restricted <> 'yes'",
	"parent-holds-a-contact":              "delete from account_contact where contact_id = (select min(contact_id) from account_contact)",
	"contact-is-held-by-a-parent":         "update account_contact set account_id = (select min(id) from account where kind = 'staff')",
	"closed-line-has-a-login":             "insert into closed_line (line_id, closed_at) select id, 1 from student_contact where contact_id not in (select contact_id from account_contact)",
	"student-login-is-a-students":         "update account set kind = 'parent' where kind = 'student'",
	"student-login-rests-on-an-open-line": "update student_contact set restricted = 'yes', restricted_at = 1",
	"reserved-username-is-free":           "insert into reserved_username (kind, username_key, contact_id, until) select 'parent', 'maria', min(id), 9000000000000000000 from contact where last_name = 'Stone'",
	"request-has-an-end":                  "update registration_request set decided_at = null where outcome <> 'pending'",
	"held-request-names-its-school":       "update registration_request set held_school = 1",
	"case-is-open-while-a-request-is":     "insert into desk_case (case_key, state, reason, newest_at, newest_id) values ('i0', 'open', 'unknown_id', 1, 1)",
	"case-is-its-childs-schools":          "insert into desk_case (case_key, student_id, school_id, state, reason, newest_at, newest_id) select 's0', min(id), 999999, 'done', 'no_email', 1, 1 from student",
	"finding-is-read-once":                "insert into quality_finding (kind, subject_id, flaw, school_id, sort_key, main) values ('student', 1, 'no_birth_date', 1, 'x', false)",
	"closing-is-a-schools":                "insert into closing (school_id, what, at) values (999999, 'portal', 1)",
	"ended-import-has-an-end":             "insert into import (state, origin, started_at) values ('done', 'page', 1)",
	"import-counts-its-steps":             "insert into import (state, origin, started_at, finished_at, alone) values ('done', 'page', 1, 1, 2)",
	"uploaded-import-has-its-file":        "insert into import (state, origin, started_at) values ('waiting', 'page', 1)",
	"step-is-of-an-import":                "insert into import_step (import_id, phase, pos, data) values (999999, 1, 1, '')",
	"turn-has-an-end":                     "update import_turn set holder = 'x'",
	"pending-request-has-a-job":           "delete from job where kind = 'decide'",
	"temporary-mail-names-its-login":      "update job set account_id = null where state = 'ready' and with_secret",
	"ready-job-has-its-secret":            "update job set secret = null where state = 'ready' and with_secret",
	"ended-job-has-no-secret":             "update job set ended_at = null where state = 'done'",
	"ready-job-has-not-ended":             "update job set ended_at = 1 where state = 'ready'",
	"lease-has-an-end":                    "update job set lease = 'x' where lease_until = 0",
	"job-has-a-deadline":                  "update job set deadline = created_at where id = (select min(id) from job)",
}

func TestEachInvariantIsNamedWhenItIsBrokenAndHoldsAfterADayOfLife(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		aDayOfLife(t, a)
		unbroken(t, a.App)
		all := a.Invariants()
		for _, i := range all {
			if n := len(brokenBy(t, a, i, whatBreaks[i.Name])); n == 0 {
				t.Errorf("%s does not see %q", i.Name, whatBreaks[i.Name])
			}
		}
		for name := range whatBreaks {
			if !slices.ContainsFunc(all, func(i sqldb.Invariant) bool { return i.Name == name }) {
				t.Errorf("there is no invariant %s", name)
			}
		}
		unbroken(t, a.App)
	})
}

// unbroken ends the test unless every invariant holds.
func unbroken(t *testing.T, a *app.App) {
	t.Helper()
	broken, err := a.Broken(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Errorf("%s: %s %q", b.Name, b.Says, b.Rows)
	}
	if len(broken) > 0 {
		t.FailNow()
	}
}

var errUndo = errors.New("undo")

// brokenBy returns what an invariant finds after statements that are undone at once. Constraints of the database are lifted for it.
func brokenBy(t *testing.T, a *apptest.App, i sqldb.Invariant, statement string) []string {
	t.Helper()
	if statement == "" {
		t.Errorf("nothing here breaks %s", i.Name)
		return nil
	}
	lift := map[string]string{"sqlite": "pragma defer_foreign_keys = on", "postgres": "set local session_replication_role = replica"}
	var rows []string
	err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) (err error) {
		if _, err := tx.Exec(t.Context(), lift[a.DB.Dialect()]); err != nil {
			return err
		}
		for s := range strings.SplitSeq(statement, "; ") {
			if _, err := tx.Exec(t.Context(), s); err != nil {
				return err
			}
		}
		if rows, err = i.Rows(t.Context(), tx, 5); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Errorf("%s: %q: %v", i.Name, statement, err)
	}
	return rows
}

func TestTheSampleDistrictBreaksNoInvariant(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		a, err := app.Open(t.Context(), configFor(t, url))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		if _, err := a.Seed(t.Context(), 300, 50); err != nil {
			t.Fatal(err)
		}
		unbroken(t, a)
	})
}

func configFor(t *testing.T, url string) app.Config {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	return app.Config{
		Database: url, KeyFile: key, Log: slog.New(slog.DiscardHandler), HashParams: account.Params{MemoryKiB: 64, Time: 1}, HashSlots: 1,
		SQL: sqldb.Options{Fast: true}, Now: func() time.Time { return apptest.Start },
	}
}

// examined returns the verdicts of an examination by what was looked at; the worst where there are several.
func examined(c app.Config, e app.Examination) (map[string]app.Verdict, []app.Finding) {
	found := app.Examine(context.Background(), c, e)
	verdicts := map[string]app.Verdict{}
	for _, f := range found {
		if was := verdicts[f.Check]; was != app.Bad && (was != app.Warning || f.Verdict == app.Bad) {
			verdicts[f.Check] = f.Verdict
		}
	}
	return verdicts, found
}

func TestTheDoctorFindsNothingBadInASoundInstallationAndChangesNothing(t *testing.T) {
	server := mailtest.Start(t)
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		c := configFor(t, url)
		a := apptest.Open(t, url, func(o *app.Config) { o.KeyFile = c.KeyFile })
		aDayOfLife(t, a)
		c.Now = a.Clock.Now
		if _, err := a.Audit.Seal(t.Context(), a.DB); err != nil {
			t.Fatal(err)
		}
		before := a.Dump("account", "session", "job", "throttle", "setting", "registration_request")
		verdicts, found := examined(c, app.Examination{SMTP: mailConfig(t, server), Version: "1.0", Full: true})
		for _, f := range found {
			if f.Verdict == app.Bad || f.Verdict == app.Warning && f.Do == "" {
				t.Errorf("%+v", f)
			}
		}
		for _, check := range []string{"program", "key", "database", "schema", "clock", "mail", "key fits", "roster", "log", "invariants"} {
			if verdicts[check] != app.Fine {
				t.Errorf("%s: %q", check, verdicts[check])
			}
		}
		if verdicts["queue"] != app.Warning { // a mail of this day was given up
			t.Errorf("queue: %q", verdicts["queue"])
		}
		if d := cmp.Diff(before, a.Dump("account", "session", "job", "throttle", "setting", "registration_request")); d != "" {
			t.Errorf("the doctor changed something:\n%s", d)
		}
	})
}

func mailConfig(t *testing.T, s *mailtest.Server) *mail.Config {
	t.Helper()
	c, err := mail.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

func TestTheDoctorNamesWhatIsWrong(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		c := configFor(t, url)
		a := apptest.Open(t, url, func(o *app.Config) { o.KeyFile = c.KeyFile })
		aDayOfLife(t, a)
		c.Now = a.Clock.Now
		if _, err := a.Audit.Seal(t.Context(), a.DB); err != nil {
			t.Fatal(err)
		}
		otherKey := filepath.Join(t.TempDir(), "other")
		if err := os.WriteFile(otherKey, []byte(strings.Repeat("cd", 32)), 0o600); err != nil {
			t.Fatal(err)
		}
		openKey := filepath.Join(t.TempDir(), "open")
		if err := os.WriteFile(openKey, []byte(strings.Repeat("cd", 32)), 0o644); err != nil { //nolint:gosec // the doctor must see it
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name, check string
			want        app.Verdict
			change      func(c *app.Config, e *app.Examination)
			statement   string
		}{
			{"a database that is not there", "database", app.Bad, func(c *app.Config, _ *app.Examination) {
				c.Database = map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "none.db"), "postgres": "postgres:///none?host=/nowhere"}[a.DB.Dialect()]
			}, ""},
			{"a key file of another database", "key fits", app.Bad, func(c *app.Config, _ *app.Examination) { c.KeyFile = otherKey }, ""},
			{"a key file that others may read", "key", app.Bad, func(c *app.Config, _ *app.Examination) { c.KeyFile = openKey }, ""},
			{"a key file that is gone", "key", app.Bad, func(c *app.Config, _ *app.Examination) { c.KeyFile = openKey + ".gone" }, ""},
			{"a mail server that is not there", "mail", app.Bad, func(_ *app.Config, e *app.Examination) {
				e.SMTP = &mail.Config{Host: "127.0.0.1", Port: 1, TLS: mail.NoTLS}
			}, ""},
			{"no mail server", "mail", app.Warning, func(*app.Config, *app.Examination) {}, ""},
			{"a clock that was turned back", "clock", app.Bad, func(c *app.Config, _ *app.Examination) {
				c.Now = func() time.Time { return apptest.Start.Add(-time.Hour) }
			}, ""},
			{"mail that waits for a day", "queue", app.Bad, func(c *app.Config, _ *app.Examination) {
				c.Now = func() time.Time { return a.Clock.Now().Add(24 * time.Hour) }
			}, ""},
			{"a roster of last month", "roster", app.Warning, func(*app.Config, *app.Examination) {},
				"insert into import (started_at, state, origin, format) values (1760000000000000, 'done', 'command', 'oneroster')"},
			{"a broken invariant", "claimed-has-no-end", app.Bad, func(*app.Config, *app.Examination) {}, whatBreaks["claimed-has-no-end"]},
			{"a log that was changed", "log", app.Bad, func(*app.Config, *app.Examination) {},
				"update audit_event set actor_id = 4711 where id = (select min(id) from audit_event)"},
			{"a schema of a newer program", "schema", app.Bad, func(*app.Config, *app.Examination) {}, "insert into schema_checksum (version, sum) values (9999, 'x')"},
		} {
			cc, e := c, app.Examination{}
			tt.change(&cc, &e)
			if tt.statement != "" {
				exec(t, a, tt.statement)
			}
			verdicts, found := examined(cc, e)
			if verdicts[tt.check] != tt.want {
				t.Errorf("%s: %s is %q, want %q: %+v", tt.name, tt.check, verdicts[tt.check], tt.want, found)
			}
			for _, f := range found {
				if f.Verdict == app.Bad && f.Do == "" {
					t.Errorf("%s: %q says not what to do", tt.name, f.Says)
				}
			}
		}
	})
}

func exec(t *testing.T, a *apptest.App, statement string, args ...any) {
	t.Helper()
	err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), statement, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}
