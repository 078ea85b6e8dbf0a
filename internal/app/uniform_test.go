package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

var (
	reference = regexp.MustCompile(`[2-9A-HJKMNP-TV-Z]{3}-[2-9A-HJKMNP-TV-Z]{3}`)
	formKey   = regexp.MustCompile(`name="form_key" value="[^"]*"`)
)

// answer is what a stranger can compare: status, headers and body, without what differs by chance.
func answer(r *http.Response, body string) string {
	var lines []string
	for name, values := range r.Header {
		for _, v := range values {
			switch name {
			case "Date":
				v = "…"
			case "Set-Cookie":
				v = reference.ReplaceAllString(v, "K7M-4QD")
			}
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines)
	body = formKey.ReplaceAllString(reference.ReplaceAllString(body, "K7M-4QD"), "")
	return fmt.Sprintf("%d\n%s\n\n%s", r.StatusCode, strings.Join(lines, "\n"), body)
}

// post sends a form as a page of ours would, from an address of its own, and follows nothing.
func post(t *testing.T, a *apptest.App, b *apptest.Browser, path string, form url.Values) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", a.URL)
	return b.Do(r)
}

func get(t *testing.T, a *apptest.App, b *apptest.Browser, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Do(r)
}

// registration is one of the cases that nobody outside may tell apart.
type registration struct{ name, idNumber, first, last, from string }

func (r registration) form(username string) url.Values {
	return url.Values{"username": {username}, "id_number": {r.idNumber}, "first_name": {r.first}, "last_name": {r.last}}
}

func registrations(a *apptest.App) []registration {
	return []registration{
		{"a match", a.Lin.IDNumber, "Wei", "Chen", "192.0.2.10"},
		{"a wrong name", a.Lin.IDNumber, "Wim", "Chen", "192.0.2.11"},
		{"an unknown ID Number", "999999", "Wei", "Chen", "192.0.2.12"},
		{"a login that exists", a.Ana.IDNumber, "Maria", "Lopez", "192.0.2.13"},
		{"no e-mail on record", a.Ben.IDNumber, "Nora", "Blank", "192.0.2.14"},
		{"a throttled address", a.Pyotr.IDNumber, "Ольга", "Иванова", "192.0.2.99"},
		{"a graduated student", a.Tom.IDNumber, "Tina", "Gone", "192.0.2.16"},
		{"a restricted contact", a.Ana.IDNumber, "Rick", "Stone", "192.0.2.17"},
		{"a username that is taken", a.Lin.IDNumber, "Wei", "Chen", "192.0.2.18"},
	}
}

func TestREG1RegistrationAnswersTheSameWhateverIsOnRecord(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		guesser := a.Browser(t)
		guesser.Send.Set("X-Forwarded-For", "192.0.2.99")
		for i := range 80 { // the address is known for guessing from here on
			wrong := registration{idNumber: fmt.Sprint(700000 + i), first: "No", last: "Body"}
			post(t, a, guesser, "/parent/register", wrong.form("guesser"))
		}
		a.Drain()
		var want [2]string
		for round := range 4 {
			for _, c := range registrations(a) {
				b := a.Browser(t)
				b.Send.Set("X-Forwarded-For", c.from)
				username := fmt.Sprintf("somebody%d", round)
				if c.name == "a username that is taken" {
					username = "maria"
				}
				r, body := post(t, a, b, "/parent/register", c.form(username))
				got := [2]string{answer(r, body)}
				r, body = get(t, a, b, "/parent/register/sent")
				got[1] = answer(r, body)
				if want[0] == "" {
					want = got
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("round %d, %s: the answer differs (-match +got):\n%s", round, c.name, d)
				}
			}
			if round%2 == 0 {
				a.Drain()
			}
		}
		if !strings.HasPrefix(want[0], "303") || !strings.Contains(want[1], "Thank you") {
			t.Errorf("the answer is not the page with the reference:\n%s\n%s", want[0], want[1])
		}
		for _, address := range []string{apptest.RickEmail, apptest.TinaEmail, "nora.blank@example.org"} {
			if n := a.Mailed(address); n != 0 {
				t.Errorf("%d mails to %s", n, address)
			}
		}
		if n := a.Mailed(apptest.WeiEmail); n == 0 {
			t.Error("the match had no mail")
		}
	}, apptest.Proxy)
}

func TestForgottenPasswordAndUsernameAnswerTheSameForEverybody(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		a.Clock.Advance(2 * time.Hour) // mails to one person are counted by the hour
		before := a.Mailed(apptest.MariaEmail)
		for _, c := range []struct {
			path, field string
			typed       []string
		}{
			{"/parent/forgot/password", "username", []string{"maria", "nobody-of-that-name", "office", "x"}},
			{"/parent/forgot/username", "email", []string{apptest.MariaEmail, "nobody@example.org", apptest.WeiEmail, "no address"}},
		} {
			var want [2]string
			for _, v := range c.typed {
				b := a.Browser(t)
				r, body := post(t, a, b, c.path, url.Values{c.field: {v}})
				got := [2]string{answer(r, body)}
				r, body = get(t, a, b, "/parent/forgot/sent")
				got[1] = answer(r, body)
				if want[0] == "" {
					want = got
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s %q: the answer differs:\n%s", c.field, v, d)
				}
			}
		}
		if n := a.Mailed(apptest.MariaEmail) - before; n != 2 {
			t.Errorf("%d mails to the owner, want 2", n)
		}
	})
}

func TestLGN1ASignInThatFailsLooksTheSameWhateverFailed(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		expired := prepareLogins(t, a)
		for _, portal := range []string{"parent", "student", "admin"} {
			want := ""
			for _, c := range []struct{ name, username, password string }{
				{"unknown username", "nobody", "some-password-or-other"},
				{"wrong password", "maria", "some-password-or-other"},
				{"locked", "locked", apptest.ParentPassword},
				{"disabled", "turned", apptest.ParentPassword},
				{"waiting, temporary password expired", "late", expired},
				{"right name at the wrong portal", "ana.lopez", "some-password-or-other"},
				{"staff", apptest.StaffUsername, "some-password-or-other"},
				{"empty password", "maria", ""},
				{"a megabyte of password", "maria", strings.Repeat("x", 1<<20)},
				{"no text", "maria", "\xff\xfe\x00"},
			} {
				b := a.Browser(t)
				r, body := post(t, a, b, "/"+portal+"/login", url.Values{"username": {c.username}, "password": {c.password}})
				got := strings.ReplaceAll(answer(r, body), `value="`+c.username+`"`, `value="…"`)
				got = regexp.MustCompile(`Content-Length: \d+`).ReplaceAllString(got, fmt.Sprintf("Content-Length: %d", len(body)-len(c.username)))
				if want == "" {
					want = got
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s, %s: the answer differs:\n%s", portal, c.name, d)
				}
			}
			if !strings.HasPrefix(want, "422") {
				t.Errorf("%s: %s", portal, want)
			}
		}
	})
}

// prepareLogins makes one login of each state that cannot sign in, and returns a temporary password that has run out.
func prepareLogins(t *testing.T, a *apptest.App) (expired string) {
	t.Helper()
	for username, id := range map[string]string{"locked": "600001", "turned": "600002"} {
		s := a.AddStudent(roster.Student{SchoolID: a.Oak.ID, IDNumber: id, First: "Kim", Last: "Doe"})
		address := username + "@example.org"
		a.AddContact(s, roster.Contact{First: "Sam", Last: "Doe", Email: address}, roster.Line{Relationship: "parent"})
		a.AtHome(t, username, id, "Sam", "Doe", address)
	}
	err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), "update account set state = 'disabled' where username = 'turned'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	a.Browser(t).Register("late", a.Lin.IDNumber, "Wei", "Chen")
	expired = a.TemporaryPassword(apptest.WeiEmail)
	a.Clock.Advance(25 * time.Hour)
	mother := a.MariaAtHome(t)
	a.StudentAtHome(t, mother, childPath(a.Ana.ID), "ana.lopez")
	for range 15 {
		a.Browser(t).SignIn("parent", "locked", "wrong-password-again").Want(http.StatusUnprocessableEntity)
	}
	return expired
}
