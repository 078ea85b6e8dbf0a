package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/cli"
)

// run calls the command line as a shell would.
func run(input string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = cli.Main(args, strings.NewReader(input), &o, &e)
	return code, o.String(), e.String()
}

const nicelion = "../intake/testdata/nicelion"

func TestTheExitCodeTellsDoneFromFailedFromMisused(t *testing.T) {
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	out := filepath.Join(t.TempDir(), "out.zip")
	staff := []string{
		"staff", "create", "--database", db, "--username", "office", "--name", "Ada Office", "--email", "ada@school.example", "--role", "administrator",
	}
	for _, c := range []struct {
		name  string
		input string
		args  []string
		code  int
		says  string
	}{
		{"the version", "", []string{"version"}, 0, "schoolgate"},
		{"help is an answer", "", []string{"roster", "import", "--help"}, 0, "Examples:"},
		{"no command", "", nil, 2, "--help"},
		{"an unknown command", "", []string{"dance"}, 2, "dance"},
		{"an unknown flag", "", []string{"migrate", "--database", db, "--fast"}, 2, "--fast"},
		{"no database", "", []string{"migrate"}, 2, "--database"},
		{"a database of another kind", "", []string{"migrate", "--database", "mysql://x"}, 1, "sqlite:PATH or postgres://"},
		{"PostgreSQL without a key file", "", []string{"migrate", "--database", "postgres:///x"}, 1, "--key-file"},
		{"a new database is made", "", []string{"migrate", "--database", db}, 0, "up to date"},
		{"a password that is too short", "short\n", append(staff, "--password-stdin"), 1, "at least 8"},
		{"a role that does not exist", "", []string{"staff", "create", "--database", db, "--role", "king"}, 2, "role"},
		{"no password at all", "", staff, 2, "--password-stdin"},
		{"the first administrator", "orchard lantern pebble sail\n", append(staff, "--password-stdin"), 0, "Staff account office made"},
		{"the same again", "orchard lantern pebble sail\n", append(staff, "--password-stdin"), 1, "taken"},
		{"a roster that is not there", "", []string{"roster", "import", "--database", db, "nowhere.zip"}, 1, "nowhere.zip"},
		{"a roster", "", []string{"roster", "import", "--database", db, nicelion}, 0, "Imported"},
		{"the records out again", "", []string{"roster", "export", "--database", db, "--out", out}, 0, "readable by its owner alone"},
		{"over a file that exists", "", []string{"roster", "export", "--database", db, "--out", out}, 1, "overwrites nothing"},
		{"a list", "", []string{"roster", "export", "--database", db, "--format", "xlsx", "--list", "contacts", "--out", out + ".xlsx"}, 0, "Written"},
		{"the list of a school that is not there", "", []string{"roster", "export", "--database", db, "--school", "Nowhere", "--out", out + "2"}, 1, "Nowhere"},
		{"a format that is none", "", []string{"roster", "export", "--database", db, "--format", "pdf", "--out", out + "3"}, 2, "format"},
		{"plain http on a public address", "", []string{"serve", "--database", db, "--base-url", "http://portal.school.example"}, 1, "https"},
		{"a certificate without its key", "", []string{"serve", "--database", db, "--tls-cert", "x"}, 1, "go together"},
		{"a demo for everybody", "", []string{"demo", "--listen", "0.0.0.0:0"}, 1, "loopback"},
		{"the mail queue", "", []string{"mail", "list", "--database", db, "--json"}, 0, "[]"},
		{"the log", "", []string{"audit", "export", "--database", db}, 0, `"staff.created"`},
	} {
		code, out, errs := run(c.input, c.args...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: exit code %d, want %d, and %q in:\n%s%s", c.name, code, c.code, c.says, out, errs)
		}
		if strings.Contains(out+errs, "orchard lantern") {
			t.Errorf("%s: the password is printed", c.name)
		}
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the records are there for everybody: %v, %v", info, err)
	}
}

func TestADryRunChangesNothingAndTheReportIsJSONForPrograms(t *testing.T) {
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	for i, args := range [][]string{{"--dry-run"}, {"--dry-run"}, {}, {}} {
		code, out, errs := run("", append([]string{"roster", "import", "--database", db, "--school", "Morgan High", "--json", nicelion}, args...)...)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		var report struct{ Students struct{ Added, Same int } }
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatal(err)
		}
		if want := i < 3; (report.Students.Added == 1187) != want || (report.Students.Same == 1187) == want {
			t.Errorf("run %d: %+v", i+1, report.Students)
		}
	}
}

func TestFlagsWinOverVariablesAndThoseOverTheFile(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return "sqlite:" + filepath.Join(dir, name) }
	config := filepath.Join(dir, "config.json")
	if err := os.WriteFile(config, []byte(`{"database": "`+in("file.db")+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	made := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	if code, _, errs := run("", "migrate", "--config", config); code != 0 || !made("file.db") {
		t.Fatalf("the file: %d %s", code, errs)
	}
	t.Setenv("SCHOOLGATE_DATABASE", in("variable.db"))
	if code, _, errs := run("", "migrate", "--config", config); code != 0 || !made("variable.db") {
		t.Fatalf("the variable: %d %s", code, errs)
	}
	if code, _, errs := run("", "migrate", "--config", config, "--database", in("flag.db")); code != 0 || !made("flag.db") {
		t.Fatalf("the flag: %d %s", code, errs)
	}
	if info, err := os.Stat(filepath.Join(dir, "flag.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database file: %v %v", info.Mode(), err)
	}
}
