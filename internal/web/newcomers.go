package web

import (
	"net/http"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// newcomersPage is "New adults": who can see a child since lately.
type newcomersPage struct {
	Page
	Rows   []newcomerRow
	Count  int  // not seen yet
	More   bool // more than 1,000 of them
	Next   string
	Unseen []int64 // on this page
}

// newcomerRow is an entry in the reader's language.
type newcomerRow struct {
	family.Newcomer
	HowText string
	Contact bool // the reader may open the child's Contacts page
}

func (s *Server) newcomers(x *exchange) error {
	list, err := s.Family.Newcomers(x.r.Context(), x.actor, cursor(x.r.URL.Query()), listPage+1)
	if err != nil {
		return err
	}
	p := newcomersPage{Page: s.page(x, "admin.newcomers.title"), Count: list.Unseen, More: list.Unseen > 1000}
	if len(list.Rows) > listPage {
		list.Rows = list.Rows[:listPage]
		last := list.Rows[listPage-1]
		p.Next = cursorQuery(last.At, last.ID)
	}
	for _, n := range list.Rows {
		p.Rows = append(p.Rows, newcomerRow{n, x.lang.T("newcomer.how." + string(n.How)), access.Can(x.actor, access.SeeRecords)})
		if n.Seen.IsZero() {
			p.Unseen = append(p.Unseen, n.ID)
		}
	}
	return s.render(x, http.StatusOK, "admin/newcomers", p)
}

func (s *Server) seeNewcomers(x *exchange) error {
	if err := s.Family.SeeNewcomers(x.r.Context(), x.actor, x.ids("entry")); err != nil {
		return err
	}
	s.setFlash(x, "flash.newcomers_seen")
	return x.redirect("/admin/site/new-adults")
}

// doubtPage asks a parent who does not know a new adult.
type doubtPage struct {
	Page
	Child       family.Child
	Adult       family.NewAdult
	SchoolPhone string
}

// doubtForm finds the adult that the path names among those whom the actor is shown.
func (s *Server) doubtForm(x *exchange) (doubtPage, error) {
	home, err := s.Family.Home(x.r.Context(), x.actor)
	if err != nil {
		return doubtPage{}, err
	}
	c, err := s.child(x, home)
	if err != nil {
		return doubtPage{}, err
	}
	entry, err := x.id("entry")
	if err != nil {
		return doubtPage{}, err
	}
	adults, err := s.Family.NewAdults(x.r.Context(), x.actor, c.StudentID)
	if err != nil {
		return doubtPage{}, err
	}
	for _, a := range adults {
		if a.ID == entry {
			p := doubtPage{Page: s.page(x, "parent.newcomer.title"), Child: *c, Adult: a, SchoolPhone: c.SchoolPhone}
			if p.SchoolPhone == "" {
				p.SchoolPhone = p.OfficePhone
			}
			return p, nil
		}
	}
	return doubtPage{}, fault.NotFoundf("no such person")
}

func (s *Server) doubtPage(x *exchange) error {
	p, err := s.doubtForm(x)
	if err != nil {
		return err
	}
	if !p.Adult.Doubted.IsZero() {
		return x.redirect(childPath(p.Child.StudentID))
	}
	return s.render(x, http.StatusOK, "parent/new-adult", p)
}

func (s *Server) doubt(x *exchange) error {
	p, err := s.doubtForm(x)
	if err != nil {
		return err
	}
	if err := s.Family.DoubtNewcomer(x.r.Context(), x.actor, p.Child.StudentID, p.Adult.ID); err != nil {
		return err
	}
	if p.SchoolPhone == "" {
		s.setFlash(x, "flash.doubted")
	} else {
		s.setFlash(x, "flash.doubted_phone", "Phone", p.SchoolPhone)
	}
	return x.redirect(childPath(p.Child.StudentID))
}

// Question is the address of the page that asks about a new adult.
func (p childrenPage) Question(entry int64) string {
	return childPath(p.Child.StudentID) + "/new-adult/" + strconv.FormatInt(entry, 10)
}
