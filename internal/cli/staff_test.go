package cli_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const staffPassword = "orchard lantern pebble sail\n"

// school is a database with a roster and an administrator.
func school(t *testing.T) string {
	t.Helper()
	db := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	for _, args := range [][]string{
		{"roster", "import", "--database", db, nicelion},
		{"staff", "create", "--database", db, "--username", "root", "--name", "Ada Root", "--email", "ada@school.example", "--password-stdin"},
	} {
		if code, out, errs := run(staffPassword, args...); code != 0 {
			t.Fatalf("%v: %s%s", args, out, errs)
		}
	}
	return db
}

type listed struct {
	Username, Role, State, LastDay string
	Schools                        []string
	Unused, SecondFactor           bool
}

func list(t *testing.T, db string, more ...string) map[string]listed {
	t.Helper()
	code, out, errs := run("", append([]string{"staff", "list", "--database", db, "--json"}, more...)...)
	var all []listed
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil {
		t.Fatalf("%d %v %s%s", code, err, out, errs)
	}
	by := map[string]listed{}
	for _, m := range all {
		by[m.Username] = m
	}
	return by
}

func TestStaffAreMadeForSchoolsAndForAWhile(t *testing.T) {
	db := school(t)
	_, out, _ := run("", "staff", "list", "--database", db)
	if !strings.Contains(out, "USERNAME") || !strings.Contains(out, "root") || !strings.Contains(out, "never") {
		t.Errorf("the list:\n%s", out)
	}
	create := func(username string, more ...string) (int, string) {
		code, out, errs := run(staffPassword, append([]string{
			"staff", "create", "--database", db, "--username", username, "--name", "Name", "--email", "n@school.example", "--password-stdin"}, more...)...)
		return code, out + errs
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a help desk of one school until a day", []string{"--role", "help_desk", "--school", strings.ToUpper(academy), "--ends", "2199-06-30"}, 0, "second factor"},
		{"a school that does not exist", []string{"--school", "Nowhere High"}, 1, "Nowhere High"},
		{"an end that is no day", []string{"--ends", "soon"}, 1, "year-month-day"},
		{"a role that does not exist", []string{"--role", "king"}, 2, "help_desk"},
	} {
		if code, says := create("clerk", c.args...); code != c.code || !strings.Contains(says, c.says) {
			t.Errorf("%s: %d %s", c.name, code, says)
		}
	}
	all := list(t, db)
	clerk := all["clerk"]
	if clerk.Role != "help_desk" || clerk.LastDay != "2199-06-30" || len(clerk.Schools) != 1 || clerk.Schools[0] != academy || !clerk.Unused {
		t.Errorf("clerk %+v", clerk)
	}
	if root := all["root"]; root.Role != "administrator" || len(root.Schools) != 1 || root.Schools[0] != "*" {
		t.Errorf("root %+v", root)
	}
	if len(list(t, db, "--unused")) != 2 {
		t.Error("nobody has signed in, and not everybody is unused")
	}
}

// academy is a school of the roster.
const academy = "Fredy VonRueden Academy of Arts and Sciences"

var temporary = regexp.MustCompile(`\b[2-9A-HJKMNP-TV-Z]{4}(?:-[2-9A-HJKMNP-TV-Z]{4}){3}\b`)

func TestADM7RecoverWritesItsSecretForTheOwnerAlone(t *testing.T) {
	db := school(t)
	command := []string{"staff", "recover", "--database", db, "--username", "root"}
	code, out, errs := run("", command...)
	if code != 2 || temporary.MatchString(out+errs) || !strings.Contains(errs, "--out") {
		t.Errorf("without a terminal: %d %s%s", code, out, errs)
	}
	if log := auditLog(t, db); strings.Contains(log, "staff.recovered") {
		t.Error("something was done although the secret could not be shown")
	}
	file := filepath.Join(t.TempDir(), "secret")
	code, out, errs = run("", append(command, "--out", file)...)
	if code != 0 || temporary.MatchString(out+errs) {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	secret, err := os.ReadFile(file)
	info, statErr := os.Stat(file)
	if err != nil || statErr != nil || !temporary.Match(secret) || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v %v", err, statErr, info)
	}
	if code, _, errs := run("", append(command, "--out", file)...); code != 1 || !strings.Contains(errs, "cannot be made") {
		t.Errorf("a file that is there already: %d %s", code, errs)
	}
	log := auditLog(t, db)
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log, "staff.recovered") || !strings.Contains(log, `"os_user":"`+u.Username+`"`) || strings.Contains(log, strings.TrimSpace(string(secret))) {
		t.Errorf("the log: %s", log)
	}
	gone := filepath.Join(t.TempDir(), "gone")
	code, _, errs = run("", "staff", "recover", "--database", db, "--username", "nobody", "--out", gone)
	if _, err := os.Stat(gone); code != 1 || !strings.Contains(errs, "nobody") || err == nil {
		t.Errorf("somebody unknown: %d %s, file %v", code, errs, err)
	}
}

func auditLog(t *testing.T, db string) string {
	t.Helper()
	code, out, errs := run("", "audit", "export", "--database", db)
	if code != 0 {
		t.Fatal(errs)
	}
	return out
}

// TestADM7RecoverShowsItsSecretOnATerminalWhileTheServerRuns runs the program on a terminal made by script(1), beside a server on the same database,
// looks at the list of processes meanwhile, and signs in with what was shown.
func TestADM7RecoverShowsItsSecretOnATerminalWhileTheServerRuns(t *testing.T) {
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skip("no script(1)")
	}
	db := school(t)
	program := filepath.Join(t.TempDir(), "schoolgate")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/schoolgate").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	site := serve(t, program, db)
	c := exec.CommandContext(t.Context(), script, "-qec", program+" staff recover --database "+db+" --username root", "/dev/null")
	var shown bytes.Buffer
	c.Stdout, c.Stderr = &shown, &shown
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	processes := ""
	for done := false; !done; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %s", err, shown.String())
			}
			done = true
		case <-time.After(5 * time.Millisecond):
			processes += commandLines()
		}
	}
	secret := temporary.FindString(shown.String())
	if secret == "" {
		t.Fatalf("no secret on the terminal: %s", shown.String())
	}
	if !strings.Contains(processes, "recover") || strings.Contains(processes, secret) {
		t.Error("the list of processes has the secret, or was not looked at")
	}
	for _, attempt := range []struct{ password, leads string }{{strings.TrimSpace(staffPassword), ""}, {secret, "/admin/new-password"}} {
		if got := signIn(t, site, attempt.password); got != attempt.leads {
			t.Errorf("the sign-in leads to %q, want %q", got, attempt.leads)
		}
	}
}

// commandLines are those of all processes.
func commandLines() string {
	var b strings.Builder
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is a good one
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil { // else the process has ended
			b.Write(text)
		}
	}
	return b.String()
}

// serve runs the server until the test ends and returns its address.
func serve(t *testing.T, program, db string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, "serve", "--database", db, "--listen", address, "--base-url", "http://"+address)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for range 600 {
		if answer, err := http.Get("http://" + address + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return "http://" + address
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server does not come up")
	return ""
}

// signIn signs root in at the Administrator Portal and returns where that leads, "" for nowhere.
func signIn(t *testing.T, site, password string) string {
	t.Helper()
	form := url.Values{"username": {"root"}, "password": {password}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site+"/admin/login", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", site)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.Header.Get("Location")
}
