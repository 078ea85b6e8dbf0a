package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheDoctorSaysWhatIsRightAndWhatIsNotAndTheExitCodeTells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "school.db")
	db := "sqlite:" + path
	if code, _, errs := run("", "migrate", "--database", db); code != 0 {
		t.Fatal(errs)
	}
	code, out, errs := run("", "doctor", "--database", db)
	if code != 0 || errs != "" {
		t.Errorf("a sound installation: %d %s", code, errs)
	}
	for line := range strings.Lines(out) {
		verdict, _, _ := strings.Cut(line, " ")
		if verdict != "ok" && verdict != "warning" {
			t.Errorf("this line begins with no verdict: %s", line)
		}
		if verdict == "warning" && !strings.Contains(line, " -> ") {
			t.Errorf("this warning says not what to do: %s", line)
		}
	}
	if err := os.Chmod(path+".key", 0o644); err != nil { //nolint:gosec // the doctor must see it
		t.Fatal(err)
	}
	code, out, _ = run("", "doctor", "--database", db, "--json")
	var report struct {
		OK       bool
		Findings []struct{ Check, Verdict, Says, Do string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	bad := ""
	for _, f := range report.Findings {
		if f.Verdict == "bad" {
			bad += f.Check + " "
			if !strings.Contains(f.Do, "chmod 600") {
				t.Errorf("%+v says not what to do", f)
			}
		}
	}
	if code != 1 || report.OK || bad != "key " {
		t.Errorf("a key that others may read: exit code %d, bad: %s", code, bad)
	}
	none := filepath.Join(t.TempDir(), "none.db")
	if code, _, _ := run("", "doctor", "--database", "sqlite:"+none); code != 1 {
		t.Errorf("no database: exit code %d", code)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("the doctor made a database")
	}
}
