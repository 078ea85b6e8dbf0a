// Package apptest starts a whole Schoolgate for a test: on a temporary database of either kind, with a clock that the test moves, a
// mailbox instead of a mail server, cheap hashes and a small district of invented people; and it is a browser that reads pages
// as people do, by the words on labels, buttons and links.
package apptest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// Start is where every clock begins: a Monday, ten in the morning in New York.
var Start = time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC)

// App is a Schoolgate at work, with everything a test needs to see of it.
type App struct {
	*app.App
	District
	Clock *Clock
	Inbox *mail.Capture
	URL   string // where browsers find it, without a slash at the end
	// KeyFile is where the app's keys are.
	KeyFile string

	t         testing.TB
	log       *lockedBuffer
	transport *http.Transport
}

// Option changes how the app is built.
type Option func(*app.Config)

// HTTPS serves under an https address, as a school does.
func HTTPS(c *app.Config) { c.BaseURL = "https://example.com" }

// Demo shows the mailbox page.
func Demo(c *app.Config) { c.Demo = c.Mail.(*mail.Capture) }

// Proxy trusts one proxy: the last X-Forwarded-For that a browser sends is its address.
func Proxy(c *app.Config) { c.Proxies = 1 }

// Run runs test once on SQLite and once on PostgreSQL, each with an app of its own.
func Run(t *testing.T, test func(t *testing.T, a *App), options ...Option) {
	t.Helper()
	sqldbtest.RunURL(t, func(t *testing.T, url string) { test(t, Open(t, url, options...)) })
}

// RunSQLite runs test on SQLite alone: for what cannot depend on the database.
func RunSQLite(t *testing.T, test func(t *testing.T, a *App), options ...Option) {
	t.Helper()
	test(t, Open(t, sqldbtest.SQLite(t), options...))
}

// Open starts an app on the database with the district in it. It ends with the test.
func Open(t testing.TB, database string, options ...Option) *App {
	t.Helper()
	a := &App{t: t, Clock: &Clock{now: Start}, Inbox: &mail.Capture{}, log: &lockedBuffer{}}
	listener := httptest.NewUnstartedServer(nil)
	c := app.Config{
		Database: database, KeyFile: keyFile(t), BaseURL: "http://" + listener.Listener.Addr().String(), Now: a.Clock.Now, Mail: a.Inbox,
		Log:        slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		HashParams: account.Params{MemoryKiB: 64, Time: 1}, HashSlots: 2, PasswordsSuffice: true, SQL: sqldb.Options{Fast: true},
	}
	for _, o := range options {
		o(&c)
	}
	var err error
	if a.App, err = app.Open(context.Background(), c); err != nil {
		t.Fatalf("opening the app: %v", err)
	}
	t.Cleanup(func() { _ = a.Close() })
	a.URL, a.KeyFile = c.BaseURL, c.KeyFile
	a.serve(listener)
	a.District = seed(a)
	return a
}

func keyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand.Read does not fail
	if err := os.WriteFile(path, []byte(hex.EncodeToString(key)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve answers at a port of this machine; whatever host the base URL names leads there.
func (a *App) serve(server *httptest.Server) {
	server.Config.Handler = a.Web.Handler()
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(a.log, nil), slog.LevelError)
	if a.URL[:len("https")] == "https" {
		server.StartTLS()
	} else {
		server.Start()
	}
	a.t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	a.transport = &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a server of this test
	}
	a.t.Cleanup(a.transport.CloseIdleConnections)
}

// Drain runs the jobs that are ready: decisions and mail.
func (a *App) Drain() {
	a.t.Helper()
	if _, err := a.Jobs.Drain(context.Background()); err != nil {
		a.t.Fatalf("running jobs: %v", err)
	}
}

// Logged returns everything logged so far, at debug level.
func (a *App) Logged() string { return a.log.String() }

var temporary = regexp.MustCompile(`\b[2-9A-HJKMNP-TV-Z]{4}(?:-[2-9A-HJKMNP-TV-Z]{4}){3}\b`)

// TemporaryPassword runs the jobs that are ready and returns the temporary password in the newest mail to the address.
func (a *App) TemporaryPassword(address string) string {
	a.t.Helper()
	text := a.LastMail(address)
	found := temporary.FindString(text)
	if found == "" {
		a.t.Fatalf("no temporary password in the last mail to %s:\n%s", address, text)
	}
	return found
}

// LastMail runs the jobs that are ready and returns the newest mail to the address as text, subject first.
func (a *App) LastMail(address string) string {
	a.t.Helper()
	a.Drain()
	mails := a.Inbox.To(address)
	if len(mails) == 0 {
		a.t.Fatalf("no mail to %s", address)
	}
	m := mails[len(mails)-1]
	return m.Subject + "\n\n" + mail.Text(m.Body)
}

// Mailed runs the jobs that are ready and returns how many mails went to the address so far.
func (a *App) Mailed(address string) int {
	a.t.Helper()
	a.Drain()
	return len(a.Inbox.To(address))
}

// Clock is the time in the app. It stands still until a test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lockedBuffer takes what several goroutines log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends to the buffer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
