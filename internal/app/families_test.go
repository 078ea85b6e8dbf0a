package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestADM2AParentReachesNothingOfAnotherFamily(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		other := a.AtHome(t, "wei", a.Lin.IDNumber, "Wei", "Chen", apptest.WeiEmail)
		a.StudentAtHome(t, other, childPath(a.Lin.ID), "lin.chen")
		leaks := []string{"Lin", "Chen", "lin.chen", apptest.WeiEmail, a.Lin.IDNumber, "555-0199"}
		theirs, none := childPath(a.Lin.ID), childPath(999999)
		change := url.Values{"username": {"taken.over"}, "new_password": {apptest.StudentPassword}, "confirm_password": {apptest.StudentPassword}, "change": {"1"}}
		create := maps.Clone(change)
		create.Del("change")
		for _, c := range []struct {
			name string
			do   func(path string) (*http.Response, string)
		}{
			{"page", func(p string) (*http.Response, string) { return get(t, a, mother, p) }},
			{"login page", func(p string) (*http.Response, string) { return get(t, a, mother, p+"/login") }},
			{"remove page", func(p string) (*http.Response, string) { return get(t, a, mother, p+"/login/remove") }},
			{"change password", func(p string) (*http.Response, string) { return post(t, a, mother, p+"/login", change) }},
			{"create login", func(p string) (*http.Response, string) { return post(t, a, mother, p+"/login", create) }},
			{"remove login", func(p string) (*http.Response, string) { return post(t, a, mother, p+"/login/remove", nil) }},
		} {
			r, body := c.do(theirs)
			if c.name != "remove login" && r.StatusCode != http.StatusNotFound {
				t.Errorf("%s of another family's child answers %d", c.name, r.StatusCode)
			}
			for _, leak := range leaks {
				if strings.Contains(body, leak) {
					t.Errorf("%s of another family's child says %q", c.name, leak)
				}
			}
			absent, nothing := c.do(none)
			mask := strings.NewReplacer(fmt.Sprint(a.Lin.ID), "N", "999999", "N")
			if d := cmp.Diff(lengthless(mask.Replace(answer(absent, nothing))), lengthless(mask.Replace(answer(r, body)))); d != "" {
				t.Errorf("%s: another family's child and none at all answer differently (-none +theirs):\n%s", c.name, d)
			}
		}
		a.Browser(t).SignIn("student", "lin.chen", apptest.StudentPassword).Want(http.StatusOK).See("Lin Chen")
		a.Browser(t).SignIn("student", "taken.over", apptest.StudentPassword).Want(http.StatusUnprocessableEntity)

		numbers := other.Get("/parent/account").Find("title")
		a.AtHome(t, "olga", a.Pyotr.IDNumber, "Ольга", "Иванова", apptest.OlgaEmail)
		second := a.Browser(t).SignIn("parent", "wei", apptest.ParentPassword)
		for _, n := range sessionNumbers(t, other) {
			post(t, a, mother, "/parent/account/sessions/end", url.Values{"session": {n}})
		}
		if second.Get("/parent/"); second.Path() != "/parent/" || len(numbers) == 0 {
			t.Error("a parent ended another parent's session")
		}
		mother.Get("/parent/add-student").Fill("Child's ID Number", a.Lin.IDNumber).Press("Add Student").Want(http.StatusUnprocessableEntity)
		wrong := mother.Main()
		mother.Get("/parent/add-student").Fill("Child's ID Number", "999999").Press("Add Student").Want(http.StatusUnprocessableEntity)
		if d := cmp.Diff(reference.ReplaceAllString(mother.Main(), "R"), reference.ReplaceAllString(wrong, "R")); d != "" {
			t.Errorf("Add Additional Student tells whether an ID Number exists:\n%s", d)
		}
		mother.Get("/parent/").NotSee(leaks...)
	})
}

// lengthless leaves out the length of an answer, which the length of a number in a path changes.
func lengthless(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Content-Length: ") }), "\n")
}

// sessionNumbers are the numbers by which a person's own pages end a session.
func sessionNumbers(t *testing.T, b *apptest.Browser) []string {
	t.Helper()
	b.Get("/parent/account").Want(http.StatusOK)
	var numbers []string
	for _, part := range strings.Split(b.HTML, `name="session" value="`)[1:] {
		n, _, _ := strings.Cut(part, `"`)
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		t.Fatal("no other session to end")
	}
	return numbers
}

func TestSES4AParentSeesAndEndsTheOwnSessions(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		phone := a.Browser(t)
		phone.Send.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1")
		phone.SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusOK)
		mother.Get("/parent/account").See("Safari, iPhone", "this device").Press("Sign out there").See("That device was signed out.")
		if phone.Get("/parent/"); phone.Path() != "/parent/login" {
			t.Error("the telephone is still signed in")
		}
		phone.SignIn("parent", "maria", apptest.ParentPassword)
		mother.Get("/parent/account").Press("Sign out everywhere").See("You are signed out on all devices.")
		if phone.Get("/parent/"); phone.Path() != "/parent/login" {
			t.Error("the telephone is still signed in")
		}
		phone.SignIn("parent", "maria", apptest.ParentPassword)
		token := phone.Cookie("parent-session")
		phone.Press("Log out").See("You are signed out.")
		if got := phone.Trail[len(phone.Trail)-2].Header.Get("Clear-Site-Data"); got == "" {
			t.Error("logging out leaves what the browser has stored")
		}
		phone.SetCookie("sg-parent-session", token)
		if phone.Get("/parent/"); phone.Path() != "/parent/login" {
			t.Error("the session of who logged out still opens the portal")
		}
	})
}

// extra are fields that no page has: whoever sends them must gain nothing.
func extra(a *apptest.App, own url.Values) url.Values {
	form := url.Values{
		"email": {"thief@example.net"}, "to": {"thief@example.net"}, "address": {"thief@example.net"}, "contact_email": {"thief@example.net"},
		"role": {"administrator"}, "kind": {"staff"}, "state": {"active"}, "limited": {"false"}, "account": {"1"}, "account_id": {"1"},
		"actor": {"1"}, "contact": {fmt.Sprint(a.Wei.ID)}, "contact_id": {fmt.Sprint(a.Wei.ID)}, "student": {fmt.Sprint(a.Lin.ID)},
		"student_id": {fmt.Sprint(a.Lin.ID)}, "line": {fmt.Sprint(a.WeiLin)}, "outcome": {"sent"}, "language": {"xx"}, "portal_access": {"yes"},
	}
	for name, values := range own {
		form[name] = append(slices.Clone(values), "second-value")
	}
	return form
}

func TestADM3FieldsThatNoPageHasDoNothing(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t)
		b.Post("/parent/register", extra(a, url.Values{"username": {"maria"}, "id_number": {"204117"}, "first_name": {"Maria"}, "last_name": {"Lopez"}}))
		b.See("Thank you")
		b.SignIn("parent", "maria", a.TemporaryPassword(apptest.MariaEmail))
		password := url.Values{"username": {"maria"}, "new_password": {apptest.ParentPassword}, "confirm_password": {apptest.ParentPassword}}
		b.Post("/parent/new-password", extra(a, password)).Want(http.StatusOK).See("Ana", "Ben", "Carla").NotSee("Lin")
		b.Post("/parent/add-student", extra(a, url.Values{"id_number": {"999999"}})).Want(http.StatusUnprocessableEntity)
		b.Post("/parent/account/username", extra(a, url.Values{"username": {"maria2"}, "current_password": {apptest.ParentPassword}})).Want(http.StatusOK)
		b.Post("/parent/forgot/password", extra(a, url.Values{"username": {"maria2"}}))
		a.Drain()
		for _, m := range a.Inbox.Messages() {
			if m.To != apptest.MariaEmail && m.To != apptest.OfficeEmail {
				t.Errorf("%q went to %s", m.Subject, m.To)
			}
		}
		if n := a.Count("select count(*) from account where kind = 'staff'"); n != 1 {
			t.Errorf("%d staff accounts", n)
		}
		if n := a.Count("select count(*) from account_contact where contact_id <> $1", a.Maria.ID); n != 0 {
			t.Errorf("%d contacts of others are held", n)
		}
		if n := a.Count("select count(*) from contact where email = 'thief@example.net'"); n != 0 {
			t.Error("an address on record was changed")
		}
		a.Browser(t).SignIn("admin", "maria2", apptest.ParentPassword).Want(http.StatusUnprocessableEntity)
	})
}
