package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestSES1SessionCookiesAreKeptFromScriptsAndOtherSites(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		student := a.StudentAtHome(t, mother, childPath(a.Ana.ID), "ana.lopez")
		seen := map[string]bool{}
		for _, b := range []*apptest.Browser{mother, student, a.Staff(t)} {
			b.Get("/").Press("Español")
			for _, v := range b.Trail {
				for _, c := range (&http.Response{Header: v.Header}).Cookies() {
					seen[c.Name] = true
					if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
						t.Errorf("%s %s sets %s", v.Method, v.URL, c)
					}
					if strings.HasSuffix(c.Name, "-session") && c.MaxAge > 0 {
						t.Errorf("%s stays after the browser is closed: %d s", c.Name, c.MaxAge)
					}
					if strings.HasSuffix(c.Name, "-session") && c.MaxAge == 0 && len(c.Value) < 22 {
						t.Errorf("%s has %d characters: less than 128 bits", c.Name, len(c.Value))
					}
				}
			}
		}
		for _, name := range []string{"__Host-sg-parent-session", "__Host-sg-student-session", "__Host-sg-admin-session"} {
			if !seen[name] {
				t.Errorf("no cookie %s was set", name)
			}
		}
	}, apptest.HTTPS)
}

func TestSES1KeepMeSignedInIsForParentsAlone(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		b := a.Browser(t).Get("/parent/login").Fill("Username", "maria").Fill("Password", apptest.ParentPassword)
		b.Tick("Keep me signed in on this device").Press("Log in").Want(http.StatusOK)
		a.Clock.Advance(29 * 24 * time.Hour)
		if b.Get("/parent/"); b.Path() != "/parent/" {
			t.Errorf("after 29 days the parent is at %s", b.Path())
		}
		a.Clock.Advance(2 * 24 * time.Hour)
		if b.Get("/parent/"); b.Path() != "/parent/login" {
			t.Errorf("after 31 days the parent is still at %s", b.Path())
		}
		office := a.Browser(t)
		post(t, a, office, "/admin/login", url.Values{"username": {apptest.StaffUsername}, "password": {apptest.StaffPassword}, "keep": {"1"}})
		a.Clock.Advance(16 * time.Minute)
		if office.Get("/admin/"); office.Path() != "/admin/login" {
			t.Errorf("after 16 idle minutes staff are still at %s", office.Path())
		}
	})
}

func TestLGN10SigningInGivesANewSession(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		first := mother.Cookie("parent-session")
		fixed := a.Browser(t)
		fixed.SetCookie("sg-parent-session", "chosen-by-somebody-else-0123456789")
		fixed.SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusOK)
		if now := fixed.Cookie("parent-session"); now == first || strings.HasPrefix(now, "chosen") {
			t.Errorf("the session is the one from before: %s", now)
		}
		before := mother.Cookie("parent-session")
		mother.Get("/parent/account/password").Fill("Current Password", apptest.ParentPassword).SetPassword("brand-new-" + apptest.ParentPassword)
		mother.Want(http.StatusOK).See("Your password was changed.")
		if mother.Cookie("parent-session") == before {
			t.Error("a changed password leaves the session as it was")
		}
		if fixed.Get("/parent/"); fixed.Path() != "/parent/login" {
			t.Error("a changed password leaves other devices signed in")
		}
		stale := a.Browser(t)
		stale.SetCookie("sg-parent-session", before)
		if stale.Get("/parent/"); stale.Path() != "/parent/login" {
			t.Error("the session from before the change still opens the portal")
		}
	})
}

func TestSES5StateChangesComeFromOurOwnPages(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t)
		form := url.Values{"line": {fmt.Sprint(a.MariaAna)}}
		a.MariaAtHome(t)
		for _, c := range []struct {
			name    string
			headers http.Header
		}{
			{"neither Origin nor Sec-Fetch-Site", http.Header{}},
			{"another site's origin", http.Header{"Origin": {"https://evil.example"}}},
			{"no origin to tell", http.Header{"Origin": {"null"}}},
			{"cross-site", http.Header{"Sec-Fetch-Site": {"cross-site"}}},
			{"another host of the same site", http.Header{"Sec-Fetch-Site": {"same-site"}}},
			{"cross-site with our own origin claimed", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}},
			{"the same host by another port", http.Header{"Origin": {"http://127.0.0.1:1"}}},
		} {
			for _, path := range []string{gridPath, "/parent/login", "/parent/register", "/admin/login", "/language", "/admin/logout", "/nowhere"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL+path, strings.NewReader(form.Encode()))
				if err != nil {
					t.Fatal(err)
				}
				r.Header = c.headers.Clone()
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if answer, _ := staff.Do(r); answer.StatusCode != http.StatusForbidden {
					t.Errorf("%s: POST %s answers %d, want 403", c.name, path, answer.StatusCode)
				}
			}
		}
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
			r, _ := http.NewRequestWithContext(t.Context(), method, a.URL+gridPath, nil)
			r.Header.Set("Origin", a.URL)
			if answer, _ := staff.Do(r); answer.StatusCode != http.StatusMethodNotAllowed && answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s answers %d", method, answer.StatusCode)
			}
		}
		for _, kind := range []string{"text/plain", "application/json", ""} {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL+gridPath, strings.NewReader(form.Encode()))
			r.Header = http.Header{"Content-Type": {kind}, "Origin": {a.URL}}
			if answer, body := staff.Do(r); answer.StatusCode == http.StatusOK || strings.Contains(body, "reset") && answer.StatusCode < 300 {
				t.Errorf("a body of %q is taken for a form: %d", kind, answer.StatusCode)
			}
		}
		if n := a.Count("select count(*) from closed_line"); n != 0 {
			t.Errorf("%d lines were closed", n)
		}
		post(t, a, staff, gridPath, form)
		if n := a.Count("select count(*) from closed_line"); n != 1 {
			t.Errorf("our own page closed %d lines, want 1", n)
		}
	})
}

func TestSES7NoSecretStandsInAddressesAndLogs(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.Browser(t).Register("maria", "204 117", "Maria", "Lopez")
		ref := reference.FindString(mother.Main())
		temporary := a.TemporaryPassword(apptest.MariaEmail)
		mother.SignIn("parent", "maria", temporary).SetPassword(apptest.ParentPassword).Want(http.StatusOK)
		student := a.StudentAtHome(t, mother, childPath(a.Ben.ID), "ben.lopez")
		mother.Get("/parent/add-student").Fill("Child's ID Number", "300 200").Press("Add Student").Want(http.StatusUnprocessableEntity)
		mother.Get("/parent/forgot").Fill("Username", "maria").Press("Send a temporary password")
		a.Clock.Advance(time.Hour + time.Minute) // mails to one person are counted by the hour
		mother.Get("/parent/forgot").Fill("Username", "maria").Press("Send a temporary password")
		second := a.TemporaryPassword(apptest.MariaEmail)
		mother.Get("/parent/forgot").Fill("E-mail address", apptest.MariaEmail).Press("Send my username")
		a.Browser(t).SignIn("parent", "maria", "a-wrong-password").Want(http.StatusUnprocessableEntity)
		staff := a.Staff(t)
		staff.Get(gridPath + "?last=Lopez").Press("Reset Maria Lopez for Ana Lopez").Press("Ok")
		staff.Get("/admin/site/requests/all").See(ref)
		a.Drain()

		secrets := []string{temporary, second, strings.ReplaceAll(temporary, "-", ""), ref, "204117", "204 117", "300200", "300 200",
			apptest.ParentPassword, apptest.StudentPassword, apptest.StaffPassword, "a-wrong-password",
			mother.Cookie("parent-session"), student.Cookie("student-session"), staff.Cookie("admin-session")}
		logged := a.Logged()
		for _, secret := range secrets {
			if secret == "" {
				continue
			}
			for _, b := range []*apptest.Browser{mother, student, staff} {
				for _, v := range b.Trail {
					for _, address := range []string{v.URL, v.Location} {
						if plain, _ := url.QueryUnescape(address); strings.Contains(plain, secret) || strings.Contains(address, secret) {
							t.Errorf("%s %s -> %s shows %q", v.Method, v.URL, v.Location, secret)
						}
					}
				}
			}
			if strings.Contains(logged, secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
		for _, person := range []string{"Maria", "Lopez", apptest.MariaEmail, "maria", "Ana", "?last="} {
			if i := strings.Index(logged, person); i >= 0 {
				t.Errorf("the log names %q: %s", person, logged[max(0, i-100):min(len(logged), i+100)])
			}
		}
		if !strings.Contains(logged, "level=DEBUG") {
			t.Error("nothing was logged at debug level: the test looks at nothing")
		}
	})
}

var link = regexp.MustCompile(`https?://[^\s>]+`)

func TestSES8ForgedHostsChangeNoMail(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t)
		b.Send = http.Header{
			"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"}, "Forwarded": {"host=evil.example"},
			"X-Original-Host": {"evil.example"}, "Sec-Fetch-Site": {"same-origin"},
		}
		b.Register("maria", a.Ana.IDNumber, "Maria", "Lopez").See("Thank you").NotSee("evil.example")
		b.Get("/parent/forgot").Fill("E-mail address", apptest.MariaEmail).Press("Send my username")
		a.Drain()
		for _, m := range a.Inbox.Messages() {
			for _, l := range link.FindAllString(m.Body, -1) {
				if !strings.HasPrefix(l, a.URL) {
					t.Errorf("%q links to %s", m.Subject, l)
				}
			}
			if strings.Contains(m.Body+m.Subject, "evil.example") {
				t.Errorf("a mail names the forged host:\n%s", m.Body)
			}
		}
		for _, v := range b.Trail {
			if strings.Contains(v.Location, "evil") {
				t.Errorf("%s leads to %s", v.URL, v.Location)
			}
		}
	})
}

func TestLGN7ForgedAddressesAreNotBelieved(t *testing.T) {
	forge := func(b *apptest.Browser, i int) {
		address := fmt.Sprintf("203.0.113.%d", i%250+1)
		b.Send.Set("X-Forwarded-For", address+", 198.51.100.1")
		b.Send.Set("X-Real-Ip", address)
		b.Send.Set("Forwarded", "for="+address)
	}
	addresses := func(a *apptest.App) int64 {
		return a.Count("select count(distinct address) from registration_request")
	}
	t.Run("without a proxy nothing that a client sends counts", func(t *testing.T) {
		apptest.Run(t, func(t *testing.T, a *apptest.App) {
			b := a.Browser(t)
			for i := range 30 {
				forge(b, i)
				post(t, a, b, "/parent/register", registration{idNumber: "1", first: "A", last: "B"}.form("forger"))
			}
			if n := addresses(a); n != 1 {
				t.Errorf("%d addresses were believed", n)
			}
		})
	})
	t.Run("behind one proxy its word counts and no other", func(t *testing.T) {
		apptest.Run(t, func(t *testing.T, a *apptest.App) {
			b := a.Browser(t)
			for i := range 30 {
				forge(b, i)
				post(t, a, b, "/parent/register", registration{idNumber: "1", first: "A", last: "B"}.form("forger"))
			}
			if n := addresses(a); n != 1 {
				t.Errorf("%d addresses were believed", n)
			}
			if n := a.Count("select count(*) from registration_request where address = '198.51.100.1'"); n != 30 {
				t.Errorf("the proxy's word counted %d times of 30", n)
			}
		}, apptest.Proxy)
	})
}
