package app_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// recorded are the events of the log as "action target outcome", each once.
func recorded(t *testing.T, a *apptest.App) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := a.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		return a.Audit.Export(t.Context(), tx, time.Time{}, func(e audit.Event) error {
			all[strings.TrimSpace(e.Action+" "+e.TargetKind)+" "+e.Outcome] = true
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// everyEvent is what a day at the school leaves in the log (SECURITY.md AUD-1): authentication, credentials, sessions, throttles, children,
// resets, records, settings, exports.
var everyEvent = []string{
	"staff.created account ok", "staff.sign_in account ok",
	"request.register request ok", "parent.sign_in account ok", "password.set account ok",
	"parent.sign_in account failed", "throttle.locked account throttled", "parent.sign_in account throttled",
	"password.changed account ok", "username.changed account ok",
	"student_login.created student ok", "student.sign_in account ok", "student_login.password_changed student ok", "student_login.ended student ok",
	"session.signed_out account ok", "session.ended account ok",
	"student.searched ok", "parent.searched ok", "student.changed student ok", "contact.changed contact ok",
	"setting.change setting ok", "parent.reset contact part", "log.exported log ok", "log.breach_report log ok", "log.erased contact ok",
}

func TestAUD1EveryEventOfADayAtTheSchoolIsInTheLog(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		maria := a.MariaAtHome(t)
		child := fmt.Sprintf("/parent/children/%d", a.Ana.ID)
		a.StudentAtHome(t, maria, child, "ana.lopez").Press("Log out")
		maria.Get(child+"/login").Fill("New Password", "brown-kite-12").Fill("Confirm New Password", "brown-kite-12").Press("Change Student Password")
		maria.Post(child+"/login/remove", nil)
		maria.Get("/parent/account/username").Fill("Current Password", apptest.ParentPassword).Fill("New username", "maria.l").Press("Change Username")
		const changed = "other-river-copper-owl"
		maria.Get("/parent/account/password").Fill("Current Password", apptest.ParentPassword).Fill("New Password", changed).
			Fill("Confirm New Password", changed).Press("Change Password")
		maria.Post("/parent/account/sessions/end-all", nil)
		for range 7 {
			a.Browser(t).SignIn("parent", "maria.l", "wrong-wrong-wrong-wrong")
		}
		staff := a.Staff(t)
		staff.Get("/admin/students/?q=Lopez").Get(gridPath + "?last=Lopez")
		staff.Get(fmt.Sprintf("/admin/students/%d", a.Ana.ID)).Fill("Homeroom", "4C").Press("Save")
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts/%d", a.Ana.ID, a.MariaAna)).Fill("Mobile phone", "555-0999").Press("Save")
		staff.Get(gridPath + "?last=Lopez").Press("Reset Maria Lopez for Ana Lopez").Press("Ok")
		staff.Post("/admin/site/log/export", nil).Want(http.StatusOK)
		staff.Post("/admin/site/log/breach", url.Values{"from": {"2026-11-23"}, "to": {"2026-11-23"}, "as": {"csv"}}).Want(http.StatusOK)
		office := access.Actor{Kind: access.Staff, AccountID: a.District.Staff, Role: access.Administrator, Schools: access.Everywhere(), Fresh: true}
		v := *a.Settings.Values()
		v.OfficePhone = "555-0100"
		if err := a.Settings.Change(t.Context(), office, v); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Audit.Erase(t.Context(), a.DB, office, audit.Erase{TargetKind: "contact", TargetID: a.Maria.ID}); err != nil {
			t.Fatal(err)
		}
		a.Drain()
		a.Flush(t.Context())
		seen := recorded(t, a)
		for _, want := range everyEvent {
			if !seen[want] {
				t.Errorf("not in the log: %s", want)
			}
		}
		for got := range seen {
			action, _, _ := strings.Cut(got, " ")
			for _, l := range []string{"en", "es"} {
				if !a.Catalog.Language(l).Has("log.event." + action) {
					t.Errorf("%s: %s has no words", l, action)
				}
			}
		}
		if t.Failed() {
			t.Log(slices.Sorted(maps.Keys(seen)))
		}
		r, err := a.VerifyLog(t.Context(), "")
		if err != nil || !r.OK() || r.Head.Seq < 30 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// TestAUD3TheServingRoleAddsToTheLogAndCannotChangeIt serves with a role that the owner of the tables gave what serving needs.
func TestAUD3TheServingRoleAddsToTheLogAndCannotChangeIt(t *testing.T) {
	owner := sqldbtest.Postgres(t)
	name := "serve_" + strings.TrimPrefix(strings.Split(owner, "?")[0], "postgres:///")
	own, err := sqldb.Open(t.Context(), owner, sqldb.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	exec := func(db *sqldb.DB, query string) error {
		return db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), query); return err })
	}
	if err := exec(own, "create role "+name+" login"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // what it holds goes with the database
		_ = own.Write(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(context.Background(), "drop owned by "+name)
			if err == nil {
				_, err = tx.Exec(context.Background(), "drop role "+name)
			}
			return err
		})
	})
	if err := own.Grant(t.Context(), "nobody_there"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a role that is not there: %v", err)
	}
	if err := own.Grant(t.Context(), `x"; drop table account; --`); !fault.Is(err, fault.Invalid) {
		t.Errorf("a name that is none: %v", err)
	}
	if err := own.Grant(t.Context(), "schoolgate"); !fault.Is(err, fault.Invalid) {
		t.Errorf("the owner: %v", err)
	}
	if err := own.Grant(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	a := apptest.Open(t, strings.Replace(owner, "user=schoolgate", "user="+name, 1))
	a.MariaAtHome(t)
	a.Staff(t).Get(gridPath + "?last=Lopez").Press("Reset Maria Lopez for Ana Lopez").Press("Ok").See("1 row was reset.")
	a.Sweep(t.Context())
	a.Flush(t.Context())
	if r, err := a.VerifyLog(t.Context(), ""); err != nil || !r.OK() || r.Head.Seq < 10 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, query := range []string{
		"update audit_event set outcome = 'x'", "delete from audit_event", "update audit_seal set seq = -seq", "delete from audit_seal", "truncate audit_event",
		"truncate audit_seal", "update audit_detail set detail = 'x'", "drop table audit_seal", "alter table audit_event add column x bigint",
		"create table x (y bigint)", "update audit_pending set mac = null", "delete from schema_checksum",
	} {
		if err := exec(a.DB, query); err == nil {
			t.Errorf("the serving role may %q", query)
		}
	}
	for _, query := range []string{
		"delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)",
		"delete from schema_checksum where version = (select max(version) from schema_checksum)",
	} {
		if err := exec(own, query); err != nil {
			t.Fatal(err)
		}
	}
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = app.Open(t.Context(), app.Config{
		Database: strings.Replace(owner, "user=schoolgate", "user="+name, 1), KeyFile: key, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		HashParams: account.Params{MemoryKiB: 64, Time: 1},
	})
	if !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), "schoolgate migrate") {
		t.Errorf("a migration that only the owner may run: %v", err)
	}
}

func TestAUD5TheHeadIsAnchoredEveryHour(t *testing.T) {
	anchors := filepath.Join(t.TempDir(), "anchors")
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		hour := func(d time.Duration) {
			t.Helper()
			a.Clock.Advance(d)
			a.Browser(t).SignIn("admin", apptest.StaffUsername, apptest.StaffPassword)
			a.Flush(t.Context())
		}
		hour(0)
		hour(59 * time.Minute)
		hour(2 * time.Minute)
		hour(61 * time.Minute)
		heads, err := audit.Anchors(anchors)
		if err != nil || len(heads) != 3 || heads[2].Seq <= heads[1].Seq {
			t.Fatalf("%v, %v", heads, err)
		}
		if n := strings.Count(a.Logged(), "log anchored"); n != 3 {
			t.Errorf("%d lines in the program's log", n)
		}
		if r, err := a.VerifyLog(t.Context(), ""); err != nil || !r.OK() || r.Anchors != 3 {
			t.Errorf("%+v, %v", r, err)
		}
	}, func(c *app.Config) { c.AnchorFile = anchors })
}

func TestAUD8WhoOpensAChildsRecordIsOnRecord(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		maria := a.MariaAtHome(t)
		child := fmt.Sprintf("/parent/children/%d", a.Ana.ID)
		a.StudentAtHome(t, maria, child, "ana.lopez")
		maria.Get(fmt.Sprintf("/parent/children/%d", a.Ben.ID))
		staff := a.Staff(t)
		staff.Get(fmt.Sprintf("/admin/students/%d", a.Ana.ID)).Get(fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID))
		a.Flush(t.Context())
		page := staff.Get(fmt.Sprintf("/admin/students/%d", a.Ana.ID)).Follow("Who opened this record")
		page.See("Maria Lopez (maria)", "Ana Lopez (ana.lopez)", "Ada Office (office), Administrator")
		staff.Get(fmt.Sprintf("/admin/students/%d/views", a.Ben.ID)).See("Maria Lopez (maria)").NotSee("Ada Office (office), Administrator", "ana.lopez")
		staff.Get(fmt.Sprintf("/admin/students/%d/views", a.Lin.ID)).See("Nobody has opened this record yet.")
	})
}

func TestAUD6FamiliesReadWhoOpenedTheRecordWhereTheSchoolLetsThem(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		maria := a.MariaAtHome(t)
		jorge := a.AtHome(t, "jorge", a.Ana.IDNumber, "Jorge", "Lopez", apptest.JorgeEmail)
		a.Staff(t).Get(fmt.Sprintf("/admin/students/%d", a.Ana.ID))
		jorge.Get(fmt.Sprintf("/parent/children/%d", a.Ana.ID))
		child := fmt.Sprintf("/parent/children/%d", a.Ana.ID)
		maria.Get(child).NotSee("Who opened this record")
		maria.Get(child + "/views").Want(http.StatusForbidden)
		a.Flush(t.Context())
		v := *a.Settings.Values()
		v.FamiliesSeeViews = true
		if err := a.Settings.Change(t.Context(), access.Actor{Kind: access.System}, v); err != nil {
			t.Fatal(err)
		}
		maria.Get(child).Follow("Who opened this record").See("You", "School staff: Administrator", "Another parent or guardian").NotSee("Jorge", "Ada Office")
		maria.Get(fmt.Sprintf("/parent/children/%d/views", a.David.ID)).Want(http.StatusNotFound)
		maria.Get("/parent/account").See("Recent sign-ins", "signed in", "from 127.0.0.1")
	})
}

func TestAUD4HostileNamesForgeNothingInTheLogsPagesAndFiles(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		actor := access.Actor{Kind: access.Staff, AccountID: a.District.Staff, Role: access.Administrator, Schools: access.Everywhere()}
		const evil = "=HYPERLINK(\"http://evil.example\")\r\n<script>alert(1)</script>\x1b[2J\u202e\u2028"
		err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			return a.Audit.Record(t.Context(), tx, audit.Event{Actor: actor, Action: "student.searched", TargetKind: "student", Outcome: evil, Detail: map[string]any{"typed": evil}})
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Roster.AddStudent(t.Context(), access.Actor{Kind: access.System}, roster.Student{First: "=1+1", Last: "<b>Bold</b>", IDNumber: "9"})
		if err != nil {
			t.Fatal(err)
		}
		staff := a.Staff(t).Get("/admin/site/log").Want(http.StatusOK)
		for _, bad := range []string{"<script>alert", "<b>Bold", "\x1b", "\u202e"} {
			if strings.Contains(staff.HTML, bad) {
				t.Errorf("the page has %q", bad)
			}
		}
		staff.Unchecked = true
		staff.Post("/admin/site/log/export", nil).Want(http.StatusOK)
		if strings.ContainsAny(staff.HTML, "\r\x1b\u202e\u2028") {
			t.Error("the file has characters that move or turn the writing")
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(staff.HTML, "\ufeff"))).ReadAll()
		if err != nil || len(rows) < 5 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
					t.Errorf("a formula: %q", cell)
				}
			}
		}
	})
}

func TestTheLogIsFilteredByLinksAndFields(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		a.Browser(t).SignIn("parent", "maria", "wrong-wrong-wrong-wrong")
		staff := a.Staff(t)
		staff.Get(gridPath + "?last=Lopez").Press("Reset Maria Lopez for Ana Lopez").Press("Ok")
		a.Flush(t.Context())
		staff.Get("/admin/site/log").See("Ada Office (office) signed in", "reset the login of Maria Lopez", "The program added the student Ana Lopez")
		staff.Get("/admin/site/log?who=office").See("reset the login of Maria Lopez").NotSee("The program added")
		staff.Get("/admin/site/log?who=maria&what=password").See("set the permanent password").NotSee("reset the login")
		staff.Get("/admin/site/log?who=nobody.here").See("Nobody has the username")
		staff.Get("/admin/site/log?outcome=failed").See("failed").NotSee("reset the login of")
		staff.Get(fmt.Sprintf("/admin/site/log?about=contact:%d", a.Maria.ID)).See("reset the login of Maria Lopez").NotSee("signed in")
		staff.Get("/admin/site/log?from=2026-11-24").See("Nothing in the log fits.")
		staff.Get("/admin/site/log?to=2026-11-23").See("reset the login of")
		staff.Get("/admin/site/log?from=yesterday").Want(http.StatusUnprocessableEntity).See("Please choose a day")
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts/%d/history", a.Ana.ID, a.MariaAna)).See("History of the login of Maria Lopez", "reset the login of Maria Lopez")
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts/%d/history", a.Lin.ID, a.MariaAna)).Want(http.StatusNotFound)
	})
}

// TestPRV10TheBreachReportSaysWhoseDataWasSeen plays an incident: somebody has Maria's password and the office's, and comes from one address.
func TestPRV10TheBreachReportSaysWhoseDataWasSeen(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		a.Flush(t.Context())
		a.Clock.Advance(48 * time.Hour)
		from := a.Clock.Now()
		thief := a.Browser(t)
		thief.Send.Set("X-Forwarded-For", "203.0.113.66")
		thief.SignIn("parent", "maria", apptest.ParentPassword).Get(fmt.Sprintf("/parent/children/%d", a.Carla.ID))
		thief.SignIn("admin", apptest.StaffUsername, apptest.StaffPassword).Get(fmt.Sprintf("/admin/students/%d", a.Lin.ID))
		a.Clock.Advance(time.Hour)
		innocent := a.Browser(t).SignIn("admin", apptest.StaffUsername, apptest.StaffPassword)
		innocent.Get(fmt.Sprintf("/admin/students/%d", a.Pyotr.ID))
		a.Flush(t.Context())
		actor := access.Actor{Kind: access.Staff, AccountID: a.District.Staff, Role: access.Administrator, Schools: access.Everywhere(), Fresh: true}
		report, err := a.Family.Breach(t.Context(), actor, family.BreachQuery{From: from, To: from.Add(24 * time.Hour), Address: "203.0.113.66"})
		if err != nil {
			t.Fatal(err)
		}
		was := map[int64]bool{}
		for _, s := range report.Students {
			was[s.ID] = s.Was()
		}
		want := map[int64]bool{a.Ana.ID: true, a.Ben.ID: false, a.Carla.ID: true, a.Lin.ID: true} // the home shows Ana first
		if diff := cmp.Diff(want, was); diff != "" {
			t.Errorf("students (-want +got):\n%s", diff)
		}
		if report.Families != 2 || len(report.AllOf) != 1 || len(report.Acts) < 2 {
			t.Errorf("%d families, %d reach everything, %d acts", report.Families, len(report.AllOf), len(report.Acts))
		}
		all, err := a.Family.Breach(t.Context(), actor, family.BreachQuery{From: from, To: from.Add(24 * time.Hour)})
		if err != nil || len(all.Students) != 4 || all.Families != 3 {
			t.Errorf("without an address: %d students, %d families, %v", len(all.Students), all.Families, err)
		}
		page := a.Staff(t).Get("/admin/site/log/breach").Fill("From day", "2026-11-25").Fill("To day", "2026-11-25").Fill("Network address", "203.0.113.66")
		page.Press("Make the report").See("Families to tell", "Carla Lopez", "Lin Chen", "Ada Office (office) may open every record").NotSee("Пётр")
		page.Unchecked = true
		page.Post("/admin/site/log/breach", url.Values{"from": {"2026-11-25"}, "to": {"2026-11-25"}, "address": {"203.0.113.66"}, "as": {"csv"}}).Want(http.StatusOK)
		if !strings.Contains(page.HTML, "Carla Lopez") || !strings.Contains(page.HTML, "reachable") || strings.Contains(page.HTML, "Пётр") {
			t.Errorf("the file:\n%s", page.HTML)
		}
		auditor := access.Actor{Kind: access.Staff, AccountID: a.District.Staff, Role: access.HelpDesk, Schools: access.Everywhere()}
		if _, err := a.Family.Breach(t.Context(), auditor, family.BreachQuery{From: from, To: a.Clock.Now()}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the help desk: %v", err)
		}
	}, apptest.Proxy)
}
