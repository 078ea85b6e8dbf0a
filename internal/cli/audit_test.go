package cli_test

import (
	"encoding/json"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// tamper does to the database file what whoever has it can do.
func tamper(t *testing.T, url, query string, args ...any) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url, sqldb.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), query, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAUD2TheCommandLineNamesTheFirstBadSequence(t *testing.T) {
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	for _, name := range []string{"ada", "bob", "cleo"} {
		code, _, errs := run("orchard lantern pebble sail\n", "staff", "create", "--database", db, "--username", name, "--name", name+" Office", "--email",
			name+"@school.example", "--role", "administrator", "--password-stdin")
		if code != 0 {
			t.Fatal(errs)
		}
	}
	code, out, errs := run("", "audit", "verify", "--database", db)
	if code != 0 || !strings.Contains(out, "The log is whole: 3 events sealed") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	_, head, _ := strings.Cut(out, "Head: ")
	anchors := filepath.Join(t.TempDir(), "anchors")
	if err := os.WriteFile(anchors, []byte(head), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := run("", "audit", "verify", "--database", db, "--anchor", anchors); code != 0 || !strings.Contains(out, "1 anchors compared") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	if code, _, _ := run("", "audit", "verify", "--database", db, "--anchor", anchors+".none"); code != 1 {
		t.Errorf("an anchor file that is not there: exit code %d", code)
	}
	tamper(t, db, "update audit_event set target_id = 99 where id = 2")
	code, out, errs = run("", "audit", "verify", "--database", db)
	if code != 1 || !strings.Contains(out, "sequence 2 (event 2): the row is not what was written") || !strings.Contains(errs, "from sequence 2 on") {
		t.Errorf("edited: %d %s %s", code, out, errs)
	}
	code, out, _ = run("", "audit", "verify", "--database", db, "--json")
	var report struct {
		OK       bool
		Findings []struct {
			Seq   int64
			Wrong string
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 1 || report.OK || len(report.Findings) != 1 || report.Findings[0].Seq != 2 {
		t.Errorf("%d %s %v", code, out, err)
	}
	tamper(t, db, "delete from audit_event where id = 3")
	tamper(t, db, "delete from audit_seal where seq = 3")
	code, out, _ = run("", "audit", "verify", "--database", db, "--anchor", anchors)
	if code != 1 || !strings.Contains(out, "sequence 3: the end that an anchor knows is gone") {
		t.Errorf("truncated: %d %s", code, out)
	}
}

func TestAUD1TheLogNamesWhoSatAtTheCommandLine(t *testing.T) {
	t.Setenv("SUDO_USER", "")
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	run("orchard lantern pebble sail\n", "staff", "create", "--database", db, "--username", "ada", "--name", "Ada Office", "--email", "ada@school.example",
		"--role", "administrator", "--password-stdin")
	_, out, _ := run("", "audit", "export", "--database", db)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, `"os_user":"`+me.Username+`"`) {
		t.Error(out)
	}
}

func TestAUD7TheCommandLineErasesDetails(t *testing.T) {
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	run("orchard lantern pebble sail\n", "staff", "create", "--database", db, "--username", "ada", "--name", "Ada Office", "--email", "ada@school.example",
		"--role", "administrator", "--password-stdin")
	if code, _, _ := run("", "audit", "erase", "--database", db); code != 2 {
		t.Errorf("without anything said: exit code %d", code)
	}
	if code, _, _ := run("", "audit", "erase", "--database", db, "--before", "yesterday"); code != 2 {
		t.Errorf("no day: exit code %d", code)
	}
	if code, out, errs := run("", "audit", "erase", "--database", db, "--account", "1"); code != 0 || !strings.Contains(out, "Details of 1 events erased") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	if code, out, errs := run("", "audit", "verify", "--database", db); code != 0 || !strings.Contains(out, "details of 1 erased") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	if _, out, _ := run("", "audit", "export", "--database", db); strings.Contains(out, "ada@school.example") {
		t.Errorf("the address is still there:\n%s", out)
	}
}

func TestAUD4NothingTheLogPrintsMovesTheCursor(t *testing.T) {
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	run("", "migrate", "--database", db)
	tamper(t, db, `insert into audit_event (at, actor_kind, action, area, outcome) values (1, 'staff', 'x.y', 'x', $1)`, "\x1b[2J\u009b31m\r\n\u202eok")
	for _, args := range [][]string{{"audit", "export"}, {"audit", "breach", "--from", "1970-01-01", "--to", "1970-01-02"}} {
		_, out, errs := run("", append(args, "--database", db)...)
		if strings.ContainsAny(out+errs, "\x1b\u009b\r\u202e") {
			t.Errorf("%v: %q", args, out+errs)
		}
	}
}

func TestPRV10TheBreachReportOnTheCommandLine(t *testing.T) {
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	run("", "migrate", "--database", db)
	code, out, errs := run("", "audit", "breach", "--database", db, "--from", "2026-11-20", "--to", "2026-11-23", "--address", "192.0.2.7")
	if code != 0 || !strings.Contains(out, "Families to tell: 0") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	if code, _, errs := run("", "audit", "breach", "--database", db, "--from", "2026-11-24", "--to", "2026-11-20"); code != 1 || !strings.Contains(errs, "the first must not be after") {
		t.Errorf("days the wrong way round: %d %s", code, errs)
	}
	if code, out, _ := run("", "audit", "breach", "--database", db, "--from", "2026-11-20", "--to", "2026-11-23", "--json"); code != 0 || !json.Valid([]byte(out)) {
		t.Errorf("%d %s", code, out)
	}
}
