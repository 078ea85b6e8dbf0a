package apptest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Browser is a visitor: it keeps cookies, follows redirects, says where its forms come from, and finds things on a page by their words.
// What cannot be found ends the test with the page's text. Every page it visits is checked (see Flaws).
type Browser struct {
	Status int         // of the page shown
	Header http.Header // of the page shown
	At     *url.URL    // its address
	HTML   string      // its source

	Send      http.Header // further headers of every request
	Trail     []Visit     // every request and its answer so far
	Unchecked bool        // whether pages are taken as they are, flaws and all

	t      testing.TB
	app    *App
	client *http.Client
	doc    *html.Node
}

// Visit is one request of a browser with the head of its answer.
type Visit struct {
	Method, URL string
	Status      int
	Location    string
	Header      http.Header
}

// Browser returns a browser without cookies.
func (a *App) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{
		t: t, app: a, At: at, Send: http.Header{}, client: &http.Client{
			Transport: a.transport, Jar: jar, Timeout: time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// SignIn signs in at a portal ("parent", "student", "admin") by its page and returns the browser.
func (b *Browser) SignIn(portal, username, password string) *Browser {
	b.t.Helper()
	b.Get("/" + portal + "/login")
	b.Fill("Username", username)
	b.Fill("Password", password)
	return b.Press("Log in")
}

// Staff returns a browser in which the administrator is signed in.
func (a *App) Staff(t testing.TB) *Browser {
	t.Helper()
	b := a.Browser(t).SignIn("admin", StaffUsername, StaffPassword)
	b.See("Reset Parent Login")
	return b
}

// Get opens a page.
func (b *Browser) Get(path string) *Browser {
	b.t.Helper()
	return b.open(http.MethodGet, b.resolve(path), nil)
}

// Post sends a form that no page offered.
func (b *Browser) Post(path string, form url.Values) *Browser {
	b.t.Helper()
	return b.open(http.MethodPost, b.resolve(path), form)
}

func (b *Browser) resolve(ref string) *url.URL {
	b.t.Helper()
	u, err := b.At.Parse(ref)
	if err != nil {
		b.t.Fatalf("address %q: %v", ref, err)
	}
	return u
}

// open makes a request and follows where its answers lead.
func (b *Browser) open(method string, to *url.URL, form url.Values) *Browser {
	b.t.Helper()
	for range 10 {
		var body io.Reader
		if method == http.MethodPost {
			body = strings.NewReader(form.Encode())
		}
		r, err := http.NewRequestWithContext(b.t.Context(), method, to.String(), body)
		if err != nil {
			b.t.Fatal(err)
		}
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", b.app.URL)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		answer, text := b.Do(r)
		location := answer.Header.Get("Location")
		if location == "" {
			b.show(to, answer, text)
			return b
		}
		next, err := to.Parse(location)
		if err != nil {
			b.t.Fatalf("%s %s leads to %q: %v", method, to, location, err)
		}
		method, to, form = http.MethodGet, next, nil
	}
	b.t.Fatalf("redirects without end at %s", to)
	return b
}

// Do makes one request with the browser's cookies and headers, as it is, and returns the answer and its text. The page shown stays.
func (b *Browser) Do(r *http.Request) (*http.Response, string) {
	b.t.Helper()
	for name, values := range b.Send {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		r.Header[name] = values
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	_ = answer.Body.Close()
	b.Trail = append(b.Trail, Visit{r.Method, r.URL.String(), answer.StatusCode, answer.Header.Get("Location"), answer.Header})
	return answer, string(data)
}

// show takes an answer as the page that is shown.
func (b *Browser) show(at *url.URL, answer *http.Response, text string) {
	b.t.Helper()
	b.At, b.Status, b.Header, b.HTML = at, answer.StatusCode, answer.Header, text
	var err error
	if b.doc, err = html.Parse(strings.NewReader(text)); err != nil {
		b.t.Fatalf("%s: %v", at, err)
	}
	if b.Unchecked || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		return
	}
	for _, flaw := range Flaws(text) {
		b.t.Errorf("%s: %s", at.Path, flaw)
	}
}

// Path is the address of the page shown, from the host on.
func (b *Browser) Path() string { return b.At.RequestURI() }

// Cookie returns the value of a cookie by the end of its name, "" for none: "parent-session" is found with and without __Host-.
func (b *Browser) Cookie(name string) string {
	for _, c := range b.client.Jar.Cookies(b.resolve("/")) {
		if strings.HasSuffix(c.Name, name) {
			return c.Value
		}
	}
	return ""
}

// SetCookie puts a cookie into the browser, under the name that the app gives it.
func (b *Browser) SetCookie(name, value string) {
	secure := b.At.Scheme == "https"
	if secure {
		name = "__Host-" + name
	}
	b.client.Jar.SetCookies(b.resolve("/"), []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: secure}})
}
