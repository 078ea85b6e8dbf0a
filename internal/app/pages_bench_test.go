package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/mail"
)

// BenchmarkPages is what a page costs the server without the network: session, records, template.
func BenchmarkPages(b *testing.B) {
	ctx := context.Background()
	box := &mail.Capture{}
	a, err := Open(ctx, Config{Database: "sqlite:" + filepath.Join(b.TempDir(), "x.db"), Log: slog.New(slog.DiscardHandler), Mail: box, Temporary: true, HashParams: account.Params{MemoryKiB: 64, Time: 1}})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := a.Seed(ctx, 5000, 10); err != nil {
		b.Fatal(err)
	}
	v := *a.Settings.Values()
	v.StaffSearches = 1_000_000
	if err := a.Settings.Change(ctx, access.Actor{Kind: access.System}, v); err != nil {
		b.Fatal(err)
	}
	h := a.Web.Handler()
	sign := func(path, user string) string {
		r := httptest.NewRequest("POST", path, strings.NewReader(url.Values{"username": {user}, "password": {SamplePassword}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://example.com")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			if strings.HasSuffix(c.Name, "session") {
				return c.Name + "=" + c.Value
			}
		}
		b.Fatal(w.Code, w.Body.String())
		return ""
	}
	pc, ac := sign("/parent/login", "parent000005"), sign("/admin/login", "office")
	for _, c := range []struct{ name, path, cookie string }{{"home", "/parent/", pc}, {"grid", "/admin/site/reset-parent-login?letter=S", ac}, {"search", "/admin/site/reset-parent-login?last=smith", ac}, {"login", "/parent/login", ""}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, c.path, nil)
				r.Header.Set("Cookie", c.cookie)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
