package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// errorPage says what happened and what to do next.
type errorPage struct {
	Page
	Heading, Text string
	Reference     string // for unexpected failures: the request id under which the log has it
}

// fail is the one place that turns an error into an answer.
func (s *Server) fail(x *exchange, err error) {
	if errors.Is(err, errElsewhere) {
		return
	}
	kind := fault.KindOf(err)
	if kind == fault.Unauthenticated {
		_ = s.toLogin(x)
		return
	}
	if kind == fault.Stale {
		asked, failure := s.interrupt(x)
		if asked {
			return
		}
		if failure != nil {
			s.fail(x, failure) // never stale again: keeping a form asks for no proof
			return
		}
	}
	status, key := http.StatusInternalServerError, "internal"
	switch kind {
	case fault.NotFound:
		status, key = http.StatusNotFound, "not_found"
	case fault.Forbidden:
		status, key = http.StatusForbidden, "forbidden"
	case fault.Stale:
		status, key = http.StatusForbidden, "stale"
	case fault.Conflict:
		status, key = http.StatusConflict, "conflict"
	case fault.Invalid:
		status, key = http.StatusBadRequest, "invalid"
	case fault.Unavailable:
		status, key = http.StatusServiceUnavailable, "unavailable"
		after := max(1, int(fault.RetryAfter(err).Seconds()))
		x.w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	p := errorPage{Page: s.page(x, "error."+key+".heading")}
	p.Heading, p.Text = p.Title, x.lang.T("error."+key+".text")
	if status >= http.StatusInternalServerError {
		s.Log.Error("request failed", "req", x.client.RequestID, "route", x.route.pattern, "err", err)
		if kind == fault.Internal {
			p.Reference = x.client.RequestID
		}
	}
	if action, ok := access.Refused(err); ok {
		if err := s.Family.NoteRefusal(x.r.Context(), x.actor, action); err != nil {
			s.Log.Error("a refusal is not in the log", "req", x.client.RequestID, "err", err)
		}
	}
	if err := s.render(x, status, "shared/error", p); err != nil {
		s.Log.Error("error page failed", "req", x.client.RequestID, "err", err)
		http.Error(x.w, "Something went wrong.", http.StatusInternalServerError)
	}
}

// overtaken leads to the page that shows how things are now, where somebody else was faster; any other failure is returned. What is said there
// is the message key.
func (s *Server) overtaken(x *exchange, err error, key, to string) error {
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	s.setFlash(x, key)
	return x.redirect(to)
}

func (s *Server) notFound(*exchange) error { return fault.NotFoundf("no such page") }

func (s *Server) internalError(w http.ResponseWriter, r *http.Request) {
	s.fail(s.newExchange(w, r, route{portal: front}), errors.New("panic"))
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request) {
	s.fail(s.newExchange(w, r, route{pattern: "cross-site", portal: front}), fault.Forbiddenf("not from our own pages"))
}
