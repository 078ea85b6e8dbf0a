package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
)

const maxBody = 2 << 20 // bytes; a selection of 10,000 rows needs a tenth of it

type requestIDKey struct{}

func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// protect is what every request passes: an id, security headers, the limit of the body, the check that a state change comes from our own
// pages, and an answer even when a handler panics.
func (s *Server) protect(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(origin(s.BaseURL)); err != nil {
		s.Log.Error("base URL is no origin", "err", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var raw [8]byte
		_, _ = rand.Read(raw[:]) // crypto/rand.Read does not fail
		id := hex.EncodeToString(raw[:])
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		s.headers(w)
		defer func() {
			if p := recover(); p != nil {
				s.Log.Error("handler panicked", "req", id, "panic", p, "stack", string(debug.Stack()))
				s.internalError(w, r)
			}
		}()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			// A browser always says where a form comes from; whoever does not is no browser with our page open.
			if r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
				s.refuse(w, r)
				return
			}
			if err := cross.Check(r); err != nil {
				s.refuse(w, r)
				return
			}
			most := int64(maxBody)
			// The one large form. Any other kind of body is read whole into memory, before anybody asks who sends it.
			if r.URL.Path == importsPath && isMultipart(r) {
				most += s.Imports.UploadLimit()
			}
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		next.ServeHTTP(w, r)
	})
}

// isMultipart reports whether a form may carry files, which its handler reads as they arrive.
func isMultipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

func origin(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Scheme + "://" + u.Host
}

func (s *Server) headers(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Security-Policy"] = contentPolicy
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = sameOrigin
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Permissions-Policy"] = permissions
	if s.secure {
		h["Strict-Transport-Security"] = transport
	}
}

// Header values as slices made once: they are set on every answer.
var (
	contentPolicy = []string{"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"}
	noSniff     = []string{"nosniff"}
	sameOrigin  = []string{"same-origin"}
	permissions = []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=(), " +
		"publickey-credentials-create=(self), publickey-credentials-get=(self)"}
	transport = []string{"max-age=31536000; includeSubDomains"}
	noStore   = []string{"no-store"}
)

// serve turns a route into a handler: who is it, may they, what does the handler say, and if it fails, which page tells them.
func (s *Server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		if s.Answered != nil {
			c := &counted{ResponseWriter: w, status: http.StatusOK}
			defer func() { s.Answered(rt.pattern, c.status, s.Now().Sub(start)) }()
			w = c
		}
		x := s.newExchange(w, r, rt)
		err := s.admit(x)
		if err == nil {
			err = rt.handle(s, x)
		}
		if err != nil {
			s.fail(x, err)
		}
		if s.Log.Enabled(r.Context(), slog.LevelDebug) {
			// The pattern, never the path or the query: those may name a person.
			s.Log.Debug("request", "req", x.client.RequestID, "route", rt.pattern, "took", s.Now().Sub(start).Round(time.Microsecond))
		}
	})
}

// errElsewhere ends an exchange that was already answered with a redirect.
var errElsewhere = fault.Unauthenticatedf("answered elsewhere")

// admit finds the session and decides whether the handler may run.
func (s *Server) admit(x *exchange) error {
	if x.r.Method == http.MethodPost {
		if err := x.r.ParseForm(); err != nil {
			return fault.Wrap(fault.Invalid, err, "the form cannot be read")
		}
	}
	if closed, err := s.closedPortal(x); err != nil || closed {
		return cmp.Or(err, errElsewhere)
	}
	if kind := x.route.portal.kind(); kind != "" {
		if err := s.findSession(x, kind); err != nil {
			return err
		}
	}
	if x.session != nil || x.route.need != "" {
		x.w.Header()["Cache-Control"] = noStore
	}
	if x.session != nil && x.session.Stage != account.Full && !x.route.admits(x.session.Stage) {
		_ = x.redirect(x.route.portal.home() + stagePages[x.session.Stage])
		return errElsewhere
	}
	if x.route.need == "" {
		return nil
	}
	if x.session == nil {
		return s.toLogin(x)
	}
	return access.Check(x.actor, x.route.need)
}

func (s *Server) findSession(x *exchange, kind access.Kind) error {
	token := s.cookie(x.r, x.route.portal, "session")
	if token == "" {
		return nil
	}
	session, err := s.Accounts.Session(x.r.Context(), kind, token)
	switch {
	case fault.Is(err, fault.Unauthenticated):
		return nil
	case err != nil:
		return err
	}
	x.session, x.actor = &session, session.Actor(x.client, s.Now())
	return nil
}

// toLogin sends a visitor to the sign-in page, and remembers where a GET wanted to go.
func (s *Server) toLogin(x *exchange) error {
	to := x.route.portal.home() + "login"
	if x.r.Method == http.MethodGet && x.r.URL.Path != x.route.portal.home() {
		s.setCookie(x.w, x.route.portal, "next", x.r.URL.RequestURI(), 600)
	}
	_ = x.redirect(to)
	return errElsewhere
}

// counted remembers the status of an answer.
type counted struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and passes it on.
func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }
