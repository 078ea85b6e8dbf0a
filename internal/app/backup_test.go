package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// ada sits at the command line.
var ada = access.Actor{Kind: access.System, Username: "ada"}

func TestOPS6ARestoredBackupHasEverythingButSessionsTemporaryPasswordsAndWaitingMail(t *testing.T) {
	for _, to := range []struct {
		name string
		url  func(*testing.T) string
	}{
		{"into a file", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "new.db") }},
		{"into PostgreSQL", func(t *testing.T) string { return sqldbtest.Postgres(t) }},
	} {
		t.Run(to.name, func(t *testing.T) {
			apptest.Run(t, func(t *testing.T, a *apptest.App) {
				maria := a.MariaAtHome(t)
				a.Browser(t).Register("jorge", "204117", "Jorge", "Lopez")
				jorge := a.TemporaryPassword(apptest.JorgeEmail)
				a.Browser(t).Post("/parent/forgot/password", map[string][]string{"username": {"maria"}}) // decided later: mail waits
				path := filepath.Join(t.TempDir(), "backup.db")
				if err := a.Backup(t.Context(), ada, path); err != nil {
					t.Fatal(err)
				}
				c := app.Config{Database: to.url(t), KeyFile: a.KeyFile, Now: a.Clock.Now, Mail: a.Inbox,
					Log: slog.New(slog.NewTextHandler(io.Discard, nil)), HashParams: account.Params{MemoryKiB: 64, Time: 1}, SQL: sqldb.Options{Fast: true}}
				wrong := c
				wrong.KeyFile = otherKey(t)
				if _, err := app.Restore(t.Context(), ada, wrong, path); !fault.Is(err, fault.Invalid) {
					t.Errorf("with another key: %v", err)
				}
				if to.name == "into PostgreSQL" {
					c.Database = to.url(t) // the rows are there, and the operator is told
				}
				r, err := app.Restore(t.Context(), ada, c, path)
				if err != nil || r.Sessions == 0 || r.TemporaryPasswords != 1 {
					t.Fatalf("%+v, %v", r, err)
				}
				if _, err := app.Restore(t.Context(), ada, c, path); !fault.Is(err, fault.Conflict) {
					t.Errorf("over what is there: %v", err)
				}
				restored, err := app.Open(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = restored.Close() })
				signIn := func(username, password string) error {
					_, err := restored.Accounts.SignIn(context.Background(), account.Attempt{Kind: "parent", Username: username, Password: password})
					return err
				}
				if err := signIn("maria", apptest.ParentPassword); err != nil {
					t.Errorf("the permanent password: %v", err)
				}
				if err := signIn("jorge", jorge); !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("a temporary password from before the restore: %v", err)
				}
				if _, err := restored.Accounts.Session(t.Context(), "parent", maria.Cookie("parent-session")); !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("a session from before the restore: %v", err)
				}
			})
		})
	}
}

func otherKey(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMetricsNameRoutesAndNobody(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		w := &scrape{header: http.Header{}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		a.Metrics().ServeHTTP(w, r)
		for _, want := range []string{`schoolgate_http_requests_total{route="POST /parent/login",status="303"}`, "schoolgate_database_up 1",
			`schoolgate_jobs{kind="mail",state="done"}`, "schoolgate_sign_ins_waiting 0", "go_goroutines"} {
			if !strings.Contains(w.body, want) {
				t.Errorf("%s is missing", want)
			}
		}
		for _, person := range []string{"maria", "204117", "@example.org"} {
			if strings.Contains(w.body, person) {
				t.Errorf("%s stands in the metrics", person)
			}
		}
	})
}

// scrape keeps what a handler writes.
type scrape struct {
	header http.Header
	body   string
}

func (w *scrape) Header() http.Header { return w.header }

func (w *scrape) Write(b []byte) (int, error) { w.body += string(b); return len(b), nil }

func (w *scrape) WriteHeader(int) {}
