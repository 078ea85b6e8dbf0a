package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
	"github.com/schoolgate/schoolgate/internal/web"
)

// open is a site with people signed in, asked without a wire: a fuzzed answer takes microseconds.
type open struct {
	*apptest.App
	site     http.Handler
	sessions []string // cookies of a visitor, a parent, a parent who has still to choose a password, a student, an administrator
}

func openSite(f *testing.F) *open {
	f.Helper()
	s := &open{App: apptest.Open(f, sqldbtest.SQLite(f), apptest.Demo, apptest.Proxy)}
	s.site = s.Web.Handler()
	mother := s.MariaAtHome(f)
	student := s.StudentAtHome(f, mother, fmt.Sprintf("/parent/children/%d", s.Ana.ID), "ana.lopez")
	limited := s.Browser(f).Register("jorge", s.David.IDNumber, "Jorge", "Lopez")
	limited.SignIn("parent", "jorge", s.TemporaryPassword(apptest.JorgeEmail))
	s.sessions = []string{"", "sg-parent-session=" + mother.Cookie("parent-session"), "sg-parent-session=" + limited.Cookie("parent-session"),
		"sg-student-session=" + student.Cookie("student-session"), "sg-admin-session=" + s.Staff(f).Cookie("admin-session")}
	return s
}

// ask sends a request through the whole site and fails the test for an answer that says that the program was at a loss.
func (s *open) ask(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.site.ServeHTTP(w, r)
	if w.Code == http.StatusInternalServerError || w.Code < 200 {
		t.Fatalf("%s %s: %d\n%s", r.Method, r.URL, w.Code, tail(s.Logged()))
	}
	return w
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// request is one as a browser sends it from our own page.
func (s *open) request(method, target, body string) *http.Request {
	u, err := url.Parse(s.URL)
	if err != nil {
		panic(err) // the test's own address
	}
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.Host, r.URL.Path = u.Host, target
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// endsSessions are forms that would leave the fuzzing without anybody signed in: they are sent by visitors alone.
func endsSessions(pattern string) bool {
	return strings.HasSuffix(pattern, "/logout") || strings.HasSuffix(pattern, "/end-all") || strings.HasSuffix(pattern, "/new-password")
}

// FuzzForms sends any form to any route as anybody: whatever stands in it, the answer is a page that means it.
func FuzzForms(f *testing.F) {
	s := openSite(f)
	routes := web.Routes()
	for i, r := range routes {
		if strings.HasPrefix(r.Pattern, "POST") {
			f.Add(i, 4, "1", "username=maria&password=x&id_number=1&first_name=A&last_name=B")
			f.Add(i, 1, "", "line=1&line=2&contact=9999999999999999999&student=-1&version=x&version=1")
		}
	}
	f.Add(0, 0, "%00", "a=%zz&b;c&=&\x00=\xff")
	f.Add(3, 1, "\xff", strings.Repeat("line=1&", 2000))
	f.Add(5, 4, "9223372036854775808", "keep=%F0%9F%91%A9&take=&page=../../etc/passwd&after=,,,&letter=%E2%80%AE")
	f.Fuzz(func(t *testing.T, route, role int, wildcard, form string) {
		rt := routes[index(route, len(routes))]
		method, path, _ := strings.Cut(rt.Pattern, " ")
		path = strings.NewReplacer("{$}", "", "{student}", or(wildcard, s.Ana.ID), "{line}", or(wildcard, s.MariaAna), "{language}", "en",
			"{kind}", "how-to", "{article}", "create-an-account").Replace(path)
		if i := strings.IndexByte(path, '{'); i >= 0 {
			path = path[:i] + url.PathEscape(wildcard)
		}
		r := s.request(method, path, form)
		if method == http.MethodGet {
			r.URL.RawQuery = form
		}
		if session := s.sessions[index(role, len(s.sessions))]; session != "" && !endsSessions(rt.Pattern) {
			r.Header.Set("Cookie", session)
		}
		s.ask(t, r)
	})
}

func index(n, of int) int { return int(uint(n) % uint(of)) } //nolint:gosec // any number will do

// or is the number, unless the fuzzer has something else to put there.
func or(wildcard string, id int64) string {
	if wildcard == "" {
		return fmt.Sprint(id)
	}
	return url.PathEscape(wildcard)
}

// FuzzCookies sends any cookies: who made one up is a visitor like any other.
func FuzzCookies(f *testing.F) {
	s := openSite(f)
	for _, c := range []string{
		"sg-parent-session=", "sg-parent-session=x; sg-admin-session=y; sg-student-session=z", s.sessions[1] + "A", strings.ToUpper(s.sessions[4]),
		"sg-parent-flash=eyJLZXkiOiJmbGFzaC5zYXZlZCJ9", "sg-parent-flash=////", "sg-parent-next=//evil.example/", "sg-parent-device=\x00", "sg-lang=xx; sg-front-language=%ff",
		"=; ;;; a", "sg-parent-reference=K7M-4QD", "__Host-sg-parent-session=x", strings.Repeat("a=b; ", 500), "sg-parent-next=/parent/../admin/",
	} {
		f.Add(c)
	}
	paths := []string{"/", "/parent/", "/parent/login", "/parent/register", "/parent/register/sent", "/parent/forgot/sent", "/student/", "/admin/", "/admin/login", "/help/"}
	f.Fuzz(func(t *testing.T, cookie string) {
		for _, path := range paths {
			r := s.request(http.MethodGet, path, "")
			r.Header.Set("Cookie", cookie)
			w := s.ask(t, r)
			for _, name := range []string{"Ana", "Log out"} {
				if strings.Contains(w.Body.String(), name) && !known(s, cookie) {
					t.Fatalf("%s says %q to the cookie %q", path, name, cookie)
				}
			}
			if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
				t.Fatalf("%s leads to %q", path, to)
			}
		}
	})
}

// known says that the fuzzer hit upon a real session.
func known(s *open, cookie string) bool {
	for _, session := range s.sessions[1:] {
		if strings.Contains(cookie, session) {
			return true
		}
	}
	return false
}

// FuzzHeaders sends whatever headers a client or a proxy may send: none leads elsewhere, and none breaks a page.
func FuzzHeaders(f *testing.F) {
	s := openSite(f)
	f.Add("203.0.113.7, 198.51.100.1", "es-MX,es;q=0.9,en;q=0.8", "evil.example", "text/html")
	f.Add(", ,,", "*;q=0", "evil.example:99999", "application/x-www-form-urlencoded; charset=\xff")
	f.Add("[::1]:80, fe80::1%eth0", strings.Repeat("en,", 500), "", "multipart/form-data; boundary=")
	f.Add("\x00", "x-klingon, ;;q=1.5", "a b", "multipart/form-data; boundary=x")
	f.Add(strings.Repeat("1.2.3.4,", 500), "es;q=nan", "[::1", "application/json")
	f.Fuzz(func(t *testing.T, forwarded, language, host, content string) {
		for _, path := range []string{"/", "/parent/login", "/parent/register", "/help/"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r := s.request(method, path, "username=maria&password=wrong&id_number=1&first_name=A&last_name=B")
				r.Host = host
				r.Header.Set("Origin", s.URL)
				r.Header.Set("X-Forwarded-For", forwarded)
				r.Header.Set("X-Forwarded-Host", host)
				r.Header.Set("Forwarded", "for="+forwarded+";host="+host)
				r.Header.Set("Accept-Language", language)
				r.Header.Set("Content-Type", content)
				w := s.ask(t, r)
				if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
					t.Fatalf("%s leads to %q", path, to)
				}
				if len(host) > 8 && strings.Contains(w.Body.String(), `="http://`+host) {
					t.Fatalf("%s links the host that was sent: %q", path, host)
				}
			}
		}
	})
}
