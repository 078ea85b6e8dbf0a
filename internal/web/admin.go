package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/jobs"
)

// requestsPage lists registration requests.
type requestsPage struct {
	Page
	Tab       string
	Reference string
	Requests  []family.Request
	Next      string // query of the next page
}

const listPage = 50

// requests lists all of them, or the one whose reference was sent: in a form, because a reference stands in no address.
func (s *Server) requests(x *exchange) error {
	q := x.r.URL.Query()
	p := requestsPage{
		Page: s.page(x, "admin.requests.title"), Tab: "all", Reference: x.trimmed("reference"),
	}
	var err error
	p.Requests, err = s.Family.Requests(x.r.Context(), x.actor, p.Reference, cursor(q), listPage+1)
	if err != nil {
		return err
	}
	if len(p.Requests) > listPage {
		p.Requests = p.Requests[:listPage]
		last := p.Requests[listPage-1]
		p.Next = cursorQuery(last.At, last.ID)
	}
	return s.render(x, http.StatusOK, "admin/requests", p)
}

// noticeSeen puts away what a school was told.
func (s *Server) noticeSeen(x *exchange) error {
	id := x.number("notice") // no number: no such notice
	if err := s.Family.SeeNotice(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	s.setFlash(x, "flash.notice_seen")
	return x.redirect("/admin/site/requests")
}

func cursor(q url.Values) jobs.Cursor {
	at := number(q.Get("at")) // a broken cursor is the start
	id := number(q.Get("id"))
	return jobs.Cursor{At: at, ID: id}
}

func cursorQuery(at time.Time, id int64) string {
	return url.Values{"at": {strconv.FormatInt(at.UnixMicro(), 10)}, "id": {strconv.FormatInt(id, 10)}}.Encode()
}
