package web

import (
	"html/template"
	"net/http"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// giveCodePage asks how identity was checked, and shows a one-time code once.
type giveCodePage struct {
	Page
	Student  roster.Student
	Contact  roster.Contact
	Line     roster.Line
	Username string // of the login that there is
	Trouble  family.CodeTrouble
	Given    *family.CounterCode
	Until    string
	QR       template.URL
}

// Tab is the tab of the student's pages this one is on.
func (giveCodePage) Tab() string { return "contacts" }

// Checks are the ways in which identity can have been checked.
func (giveCodePage) Checks() []string { return roster.Checks() }

func (s *Server) codeForm(x *exchange) (giveCodePage, error) {
	p := giveCodePage{Page: s.page(x, "code.title")}
	student, err := x.id("student")
	if err != nil {
		return p, err
	}
	line, err := x.id("line")
	if err != nil {
		return p, err
	}
	l, username, trouble, err := s.Family.MayGiveCode(x.r.Context(), x.actor, student, line)
	if err != nil {
		return p, err
	}
	p.Student, p.Contact, p.Line, p.Username, p.Trouble = l.Student, l.Contact, l.Line, username, trouble
	p.Path = studentPath(student) + "/contacts"
	return p, nil
}

func (s *Server) giveCodePage(x *exchange) error {
	p, err := s.codeForm(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/code", p)
}

// giveCode answers with the code itself: it stands on this page alone, and in no address, log or cache.
func (s *Server) giveCode(x *exchange) error {
	p, err := s.codeForm(x)
	if err != nil {
		return err
	}
	code, err := s.Family.GiveCode(x.r.Context(), x.actor, p.Student.ID, p.Line.ID, x.field("checked"))
	switch {
	case fault.Is(err, fault.Invalid):
		if err := s.lettersProblems(x, &p.Page, err); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "admin/code", p)
	case err != nil:
		return err
	}
	p.Given, p.Until = &code, x.lang.DateTime(code.Until, s.Settings.Location())
	if p.QR, err = qrURL(code.Link); err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/code", p)
}

// enterCodePage is where a parent enters a one-time code.
type enterCodePage struct {
	Page
	Failed bool
}

func (s *Server) enterCodePage(x *exchange) error {
	return s.render(x, http.StatusOK, "parent/code", enterCodePage{Page: s.page(x, "code.parent.title")})
}

// enterCode signs in with a one-time code alone, to the page that sets username and password.
func (s *Server) enterCode(x *exchange) error {
	in, err := s.Accounts.SignInByCode(x.r.Context(), x.trimmed("code"), x.client)
	x.session = nil
	if fault.Is(err, fault.Unauthenticated) {
		p := enterCodePage{Page: s.page(x, "code.parent.title"), Failed: true}
		p.Path = x.r.URL.Path
		p.Problems = []Problem{{Field: "code", Label: x.lang.T("code.parent.field"), Text: x.lang.T("code.parent.failed")}}
		return s.render(x, http.StatusUnprocessableEntity, "parent/code", p)
	}
	if err != nil {
		return err
	}
	return s.enter(x, in)
}
