package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// childrenPage is My children: one child at a time, the others as tabs.
type childrenPage struct {
	Page
	Greeting string
	First    string
	Children []family.Child
	Child    *family.Child // nil when no child is open
	News     []family.NewAdult
	Closed   []family.ClosedSchool

	Classes   []roster.ClassNow
	SeesViews bool // the school shows parents who opened the record
}

func (s *Server) children(x *exchange) error {
	home, err := s.Family.Home(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	p := childrenPage{
		Page: s.page(x, "parent.children.title"), First: home.First, Children: home.Children, Closed: home.Closed,
	}
	p.Greeting = x.lang.T(greeting(s.Now().In(s.Settings.Location())), "Name", home.First)
	if x.r.PathValue("student") == "" {
		if len(p.Children) > 0 {
			p.Child = &p.Children[0]
		}
	} else if p.Child, err = s.child(x, home); err != nil {
		return err
	}
	p.SeesViews = s.Settings.Values().FamiliesSeeViews
	if p.Child != nil {
		s.Family.Opened(x.actor, p.Child.StudentID)
		if p.Classes, err = s.Family.Classes(x.r.Context(), p.Child); err != nil {
			return err
		}
		if p.News, err = s.Family.NewAdults(x.r.Context(), x.actor, p.Child.StudentID); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return s.render(x, http.StatusOK, "parent/children", p)
}

// child is the one of the actor's children that the path names.
func (s *Server) child(x *exchange, home family.Home) (*family.Child, error) {
	id, err := x.id("student")
	if err != nil {
		return nil, err
	}
	for i := range home.Children {
		if home.Children[i].StudentID == id {
			return &home.Children[i], nil
		}
	}
	return nil, fault.NotFoundf("no such child")
}

func greeting(t time.Time) string {
	switch h := t.Hour(); {
	case h < 12:
		return "parent.children.good_morning"
	case h < 18:
		return "parent.children.good_afternoon"
	}
	return "parent.children.good_evening"
}

// studentLoginForm is "Create Student Login", or "Change Student Password" where there is one.
type studentLoginForm struct {
	Page
	Child      family.Child
	Min        int
	Suggestion string
}

func (s *Server) studentLoginForm(x *exchange) (studentLoginForm, error) {
	home, err := s.Family.Home(x.r.Context(), x.actor)
	if err != nil {
		return studentLoginForm{}, err
	}
	c, err := s.child(x, home)
	if err != nil {
		return studentLoginForm{}, err
	}
	title := "parent.student_login.create"
	if c.Login != nil {
		title = "parent.student_login.change"
	}
	p := studentLoginForm{Page: s.page(x, title), Child: *c, Min: s.Settings.Values().MinStudentPassword}
	p.Suggestion, err = account.Passphrase(x.lang.Tag())
	return p, err
}

func (s *Server) studentLoginPage(x *exchange) error {
	p, err := s.studentLoginForm(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "parent/student-login", p)
}

func (s *Server) saveStudentLogin(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	flash := "flash.student_login_created"
	err = s.twice(x)
	switch {
	case err != nil:
	case x.field("change") != "":
		flash = "flash.student_password_changed"
		err = s.Family.ChangeStudentPassword(x.r.Context(), x.actor, id, x.field("new_password"))
	default:
		err = s.Family.CreateStudentLogin(x.r.Context(), x.actor, id, x.trimmed("username"), x.field("new_password"))
	}
	if err != nil {
		p, formErr := s.studentLoginForm(x)
		if formErr != nil {
			return formErr
		}
		p.Path = childPath(id) + "/login"
		if err := s.problems(x, &p.Page, err, "username"); err != nil {
			return err
		}
		for i := range p.Problems {
			if p.Problems[i].Field == "password" { // which the form calls by the name that browsers' password managers know
				p.Problems[i].Field = "new_password"
			}
		}
		return s.render(x, http.StatusUnprocessableEntity, "parent/student-login", p)
	}
	s.setFlash(x, flash)
	return x.redirect(childPath(id))
}

func childPath(id int64) string { return parent.home() + "children/" + strconv.FormatInt(id, 10) }

func (s *Server) removeStudentLoginPage(x *exchange) error {
	p, err := s.studentLoginForm(x)
	if err != nil {
		return err
	}
	if p.Child.Login == nil {
		return x.redirect(childPath(p.Child.StudentID))
	}
	p.Title = x.lang.T("parent.student_login.remove")
	return s.render(x, http.StatusOK, "parent/student-login-remove", p)
}

func (s *Server) removeStudentLogin(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	// Someone else may have removed it meanwhile; the end is the same.
	if err := s.Family.RemoveStudentLogin(x.r.Context(), x.actor, id); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	s.setFlash(x, "flash.student_login_removed")
	return x.redirect(childPath(id))
}

// addStudentPage is "Add Additional Student".
type addStudentPage struct {
	Page
	Hint      string
	Reference string // set when the child could not be added
}

func (s *Server) addStudentForm(x *exchange) addStudentPage {
	return addStudentPage{Page: s.page(x, "parent.add.title"), Hint: s.Settings.Values().IDNumberHint}
}

func (s *Server) addStudentPage(x *exchange) error {
	return s.render(x, http.StatusOK, "parent/add-student", s.addStudentForm(x))
}

func (s *Server) addStudent(x *exchange) error {
	added, err := s.Family.AddStudent(x.r.Context(), x.actor, x.trimmed("id_number"))
	p := s.addStudentForm(x)
	p.Path = parent.home() + "add-student"
	if err != nil {
		if err := s.problems(x, &p.Page, err, "id_number"); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "parent/add-student", p)
	}
	if !added.Opened {
		p.Reference = added.Reference
		p.Typed = map[string]string{"id_number": x.trimmed("id_number")}
		return s.render(x, http.StatusUnprocessableEntity, "parent/add-student", p)
	}
	s.setFlash(x, "flash.student_added", "Name", added.Child)
	return x.redirect(childPath(added.StudentID))
}

// studentPage is the Student Portal.
type studentHomePage struct {
	Page
	Student family.StudentHome
}

func (s *Server) studentHome(x *exchange) error {
	home, err := s.Family.StudentHome(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "student/home", studentHomePage{s.page(x, "student.home.title"), home})
}
