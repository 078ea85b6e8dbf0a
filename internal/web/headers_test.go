package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/web"
)

// headerFlaws is what is wrong with the head of an answer, whatever it answers.
func headerFlaws(h http.Header, secure bool) []string {
	var flaws []string
	policy := h.Get("Content-Security-Policy")
	for _, must := range []string{"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, must) {
			flaws = append(flaws, "no "+must)
		}
	}
	for _, never := range []string{"unsafe-inline", "unsafe-eval", "*", "http:"} {
		if strings.Contains(policy, never) {
			flaws = append(flaws, "policy has "+never)
		}
	}
	if h.Get("X-Content-Type-Options") != "nosniff" {
		flaws = append(flaws, "no nosniff")
	}
	if !slices.Contains([]string{"same-origin", "no-referrer", "strict-origin"}, h.Get("Referrer-Policy")) {
		flaws = append(flaws, "Referrer-Policy: "+h.Get("Referrer-Policy"))
	}
	if h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
		flaws = append(flaws, "no Cross-Origin-Opener-Policy")
	}
	if hsts := h.Get("Strict-Transport-Security"); secure != strings.HasPrefix(hsts, "max-age=31536000") {
		flaws = append(flaws, "Strict-Transport-Security: "+hsts)
	}
	if h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
		flaws = append(flaws, "the answer says what runs here")
	}
	return flaws
}

func TestSES6EveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	for name, secure := range map[string]bool{"https": true, "http": false} {
		t.Run(name, func(t *testing.T) {
			options := []apptest.Option{apptest.Demo}
			if secure {
				options = append(options, apptest.HTTPS)
			}
			apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
				s := newSite(t, a)
				patterns := []string{"GET /healthz", "GET /readyz", "GET /nowhere", "GET /static/nothing", "GET /static/", "PUT /parent/login", "POST /nowhere", "GET /admin/../x"}
				for _, r := range web.Routes() {
					patterns = append(patterns, r.Pattern)
				}
				for _, role := range roles {
					for _, pattern := range patterns {
						answer, _ := s.visit(s.browser(role), pattern)
						for _, flaw := range headerFlaws(answer.Header, secure) {
							t.Errorf("%s as %s: %s", pattern, role, flaw)
						}
						page := strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html")
						if page && answer.Header.Get("Location") == "" && answer.Header.Get("Cache-Control") != "no-store" {
							t.Errorf("%s as %s: Cache-Control: %q", pattern, role, answer.Header.Get("Cache-Control"))
						}
						if strings.HasSuffix(pattern, "/logout") && !strings.Contains(answer.Header.Get("Clear-Site-Data"), `"cache"`) {
							t.Errorf("%s as %s: Clear-Site-Data: %q", pattern, role, answer.Header.Get("Clear-Site-Data"))
						}
					}
				}
			}, options...)
		})
	}
}

// records are the tables in which a page that is only looked at must leave no trace; the log of searches is kept elsewhere.
var records = []string{"setting", "school", "student", "student_word", "contact", "student_contact", "line_name", "account", "temporary_password", "session",
	"known_device", "throttle", "account_contact", "closed_line", "student_login", "reserved_username", "registration_request", "job"}

func TestSES5LookingAtAPageChangesNothing(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		s := newSite(t, a)
		as := map[string]*apptest.Browser{}
		for _, role := range roles {
			as[role] = s.browser(role)
		}
		before := a.Dump(records...)
		if len(before) < 5000 {
			t.Fatalf("the dump is too small to be true: %d bytes", len(before))
		}
		for _, r := range web.Routes() {
			method, path := s.path(r.Pattern)
			if method != http.MethodGet {
				continue
			}
			for _, role := range roles {
				for _, query := range []string{"", "?" + url.Values{"line": {"1"}, "username": {"x"}, "form_key": {"0123456789abcdef"}, "by": {"up"}, "letter": {"L"}}.Encode()} {
					as[role].Do(s.request(http.MethodGet, path+query, nil))
					as[role].Do(s.request(http.MethodHead, path+query, nil))
				}
			}
		}
		if d := cmp.Diff(before, a.Dump(records...)); d != "" {
			t.Errorf("looking at pages changed what is on record:\n%s", d)
		}
	}, apptest.Demo)
}

// TestEveryLinkLeadsToAPage follows every link from the homes of all roles, in both languages; the browser checks each page.
func TestEveryLinkLeadsToAPage(t *testing.T) {
	for _, language := range []string{"en", "es"} {
		t.Run(language, func(t *testing.T) {
			apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
				s := newSite(t, a)
				for _, home := range []struct{ role, path string }{
					{"visitor", "/"}, {"visitor", "/demo/mailbox"}, {"limited", "/parent/"}, {"parent", "/parent/"}, {"student", "/student/"},
					{"administrator", "/admin/"}, {"administrator", "/admin/students/?q=Lopez"}, {"administrator", "/admin/site/reset-parent-login?letter=L"},
				} {
					b := s.browser(home.role)
					b.Send.Set("Accept-Language", language)
					seen, waiting := map[string]bool{}, []string{home.path}
					for len(waiting) > 0 && len(seen) < 150 {
						path := waiting[0]
						waiting = waiting[1:]
						if seen[path] {
							continue
						}
						seen[path] = true
						if b.Get(path); b.Status != http.StatusOK {
							t.Errorf("as %s the link to %s answers %d", home.role, path, b.Status)
						}
						if !strings.Contains(b.HTML, `<html lang="`+language+`"`) && strings.HasPrefix(b.Header.Get("Content-Type"), "text/html") {
							t.Errorf("as %s %s is not in %s", home.role, path, language)
						}
						for _, l := range b.Links() {
							if strings.HasPrefix(l, "/") {
								waiting = append(waiting, l)
							}
						}
					}
					if len(seen) < 2 {
						t.Errorf("as %s nothing but %s was visited", home.role, home.path)
					}
				}
			}, apptest.Demo)
		})
	}
}

func TestAVisitCostsFewBytesAndRequests(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t)
		b.Send.Set("Accept-Encoding", "gzip")
		answer, page := b.Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+"/parent/login", nil)))
		if answer.Header.Get("Content-Encoding") != "gzip" {
			t.Error("the sign-in page is not compressed")
		}
		total, requests := len(page), 1
		plain := a.Browser(t).Get("/parent/login")
		for _, part := range []string{`href="/static/`, `src="/static/`} {
			for _, rest := range strings.Split(plain.HTML, part)[1:] {
				name, _, _ := strings.Cut(rest, `"`)
				answer, body := b.Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+"/static/"+name, nil)))
				if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
					t.Errorf("%s answers %d, %s", name, answer.StatusCode, answer.Header.Get("Cache-Control"))
				}
				total, requests = total+len(body), requests+1
			}
		}
		if total > 14<<10 || requests > 3 {
			t.Errorf("a first visit costs %d bytes in %d requests, want at most 14 KiB in 3", total, requests)
		}
	})
}

func must(r *http.Request, err error) *http.Request {
	if err != nil {
		panic(err)
	}
	return r
}
