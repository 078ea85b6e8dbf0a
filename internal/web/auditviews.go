package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// viewsPage is who opened a child's record.
type viewsPage struct {
	Page
	Student  roster.Student // for staff
	Name     string
	Back     string
	Openings []openingLine
	NextURL  string
}

// Tab is the tab of the student's pages this one is on.
func (viewsPage) Tab() string { return "views" }

// openingLine is one viewer on one day.
type openingLine struct {
	Day         string
	Who, How    string
	First, Last time.Time
	Count       int
}

// studentViews shows staff who opened a student's record.
func (s *Server) studentViews(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	found, err := s.Family.WhoOpened(x.r.Context(), x.actor, id, x.r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	p := s.viewsOf(x, found, studentPath(id)+"/views")
	p.Back = studentPath(id)
	p.Student = roster.Student{ID: id, First: found.Student.First, Middle: found.Student.Middle, Last: found.Student.Last}
	for i, o := range found.All {
		p.Openings[i].Who = viewerWords(x.lang, o)
	}
	return s.render(x, http.StatusOK, "admin/log-views", p)
}

// childViews shows parents who opened their child's record, where the school lets them.
func (s *Server) childViews(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	found, err := s.Family.WhoOpenedMine(x.r.Context(), x.actor, id, x.r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	p := s.viewsOf(x, found, childPath(id)+"/views")
	p.Back = childPath(id)
	for i, o := range found.All {
		switch {
		case o.Who.Kind == string(access.Parent) && o.Who.ID == x.actor.AccountID:
			p.Openings[i].Who = x.lang.T("log.views.you")
		case o.Who.Kind == string(access.Parent):
			p.Openings[i].Who = x.lang.T("log.views.other_parent")
		case o.Who.Kind == string(access.Student):
			p.Openings[i].Who = x.lang.T("log.views.pupil_self")
		case o.Who.Kind == string(access.System):
			p.Openings[i].Who = x.lang.T("log.page.system")
		default:
			role := "–"
			if o.Who.Role != "" {
				role = wordOr(x.lang, "staff.role."+string(o.Who.Role), string(o.Who.Role))
			}
			p.Openings[i].Who = x.lang.T("log.views.school_staff", "Role", role)
		}
	}
	return s.render(x, http.StatusOK, "parent/views", p)
}

func viewerWords(l *lang.Language, o family.Opening) string {
	if o.Who.Kind == string(access.System) {
		return l.T("log.page.system")
	}
	words := personWords(l, o.Who)
	if o.Who.Role != "" {
		words += ", " + wordOr(l, "staff.role."+string(o.Who.Role), string(o.Who.Role))
	}
	return words
}

func (s *Server) viewsOf(x *exchange, found family.Openings, path string) viewsPage {
	p := viewsPage{Page: s.page(x, "log.views.title"), Name: x.lang.FullName(found.Student.First, found.Student.Middle, found.Student.Last)}
	for _, o := range found.All {
		p.Openings = append(p.Openings, openingLine{Day: o.Day, How: x.lang.T("log.views." + string(o.How)), First: o.First, Last: o.Last, Count: int(o.Count)})
	}
	if found.Next != "" {
		p.NextURL = path + "?" + url.Values{"before": {found.Next}}.Encode()
	}
	return p
}

// historyPage is what happened to a parent's login.
type historyPage struct {
	Page
	Student int64
	Name    string
	NoLogin bool
	Lines   []logLine
	NextURL string
}

func (s *Server) loginHistory(x *exchange) error {
	line, err := x.id("line")
	if err != nil {
		return err
	}
	c := cursor(x.r.URL.Query())
	h, err := s.Family.LoginHistory(x.r.Context(), x.actor, line, audit.Cursor{At: c.At, ID: c.ID})
	if err != nil {
		return err
	}
	if student, err := x.id("student"); err != nil || student != h.StudentID {
		return s.notFound(x)
	}
	p := historyPage{
		Page: s.page(x, "log.history.title"), Student: h.StudentID, Name: x.lang.FullName(h.Contact.First, h.Contact.Middle, h.Contact.Last), NoLogin: h.Login.Gone,
	}
	for _, e := range h.Entries {
		l := logWords(x.lang, e)
		l.ByURL, l.AboutURL = "", "" // the log itself is not open to everybody who may read this
		p.Lines = append(p.Lines, l)
	}
	if h.Next != nil {
		p.NextURL = studentPath(h.StudentID) + "/contacts/" + strconv.FormatInt(line, 10) + "/history?" +
			url.Values{"at": {strconv.FormatInt(h.Next.At, 10)}, "id": {strconv.FormatInt(h.Next.ID, 10)}}.Encode()
	}
	return s.render(x, http.StatusOK, "admin/log-history", p)
}
