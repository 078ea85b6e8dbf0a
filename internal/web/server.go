// Package web is the three portals in a browser: it translates requests into calls of the domain and answers into pages, and
// decides nothing itself.
//
// Every page is a typed struct and a template, parsed at start for each language. No page needs JavaScript. State changes are POSTs
// from our own pages; a GET changes nothing. The whole site stands in one table: routes.go.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
)

// Parts are what the pages stand on.
type Parts struct {
	Accounts *account.Accounts
	Family   *family.Family
	Roster   *roster.Roster
	Settings *settings.Settings
	Help     *help.Library
	Imports  *intake.Intake
	Jobs     *jobs.Queue
	Catalog  *lang.Catalog
	Log      *slog.Logger
	Now      func() time.Time
	Ready    func(context.Context) error // whether the database answers

	Answered func(route string, status int, took time.Duration) // counts requests; nil for nobody

	BaseURL        string        // scheme and host under which browsers reach us
	TrustedProxies int           // how many proxies in front of us append to X-Forwarded-For
	MailLeaves     bool          // false when no mail server is configured
	Demo           *mail.Capture // the demo's mailbox; nil outside the demo
}

// Server answers the portals' requests.
type Server struct {
	Parts
	secure bool
	pages  *pages
	assets *assets
	mux    *http.ServeMux
	cache  pageCache
	sheets sheets
}

// New parses the templates and prepares the static files. It fails when a template or the base URL is broken.
func New(p Parts) (*Server, error) {
	base, err := url.Parse(p.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("web: base URL %q must be http://HOST or https://HOST", p.BaseURL)
	}
	p.BaseURL = strings.TrimSuffix(p.BaseURL, "/")
	s := &Server{Parts: p, secure: base.Scheme == "https"}
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = parsePages(p.Catalog, s.assets, clock{p.Now, p.Settings.Location}); err != nil {
		return nil, err
	}
	s.mux = s.site()
	return s, nil
}

// Handler returns the whole site.
func (s *Server) Handler() http.Handler { return s.protect(s.mux) }

func (s *Server) site() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.pattern, s.serve(r))
	}
	if s.Demo != nil {
		for _, r := range demoRoutes {
			mux.Handle(r.pattern, s.serve(r))
		}
	}
	mux.HandleFunc("GET /static/", s.static)
	mux.HandleFunc("GET "+brandStart[:len("/brand/")], s.brand)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("/", s.serve(route{pattern: "/", portal: front, handle: (*Server).notFound}))
	return mux
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.Ready(ctx); err != nil {
		s.Log.Warn("not ready", "err", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the database does not answer\n"))
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}
