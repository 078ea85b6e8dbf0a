package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

const classesPath = "/admin/classes/"

// classesPage lists the classes of the reader's schools.
type classesPage struct {
	Page
	Query        string
	School, Term int64
	List         roster.ClassList
	Next         string
}

// Asked reports whether anything was asked for.
func (p classesPage) Asked() bool { return p.Query != "" || p.School != 0 || p.Term != 0 }

func (s *Server) classes(x *exchange) error {
	q := x.r.URL.Query()
	p := classesPage{Page: s.page(x, "classes.title"), Query: strings.TrimSpace(q.Get("q")), School: x.place("school"), Term: x.place("term")}
	after := roster.ClassCursor{Word: q.Get("word"), Sort: q.Get("sort"), ID: x.place("id")}
	list, err := s.Roster.FindClasses(x.r.Context(), x.actor, roster.ClassQuery{
		Typed: p.Query, School: p.School, Term: p.Term, Today: s.Settings.Today(), After: after, Limit: listPage,
	})
	if err != nil {
		return err
	}
	p.List = list
	if next := list.Next; next != nil {
		v := url.Values{"sort": {next.Sort}, "id": {strconv.FormatInt(next.ID, 10)}}
		for name, value := range map[string]string{"word": next.Word, "q": p.Query, "school": numberText(p.School), "term": numberText(p.Term)} {
			if value != "" {
				v.Set(name, value)
			}
		}
		p.Next = v.Encode()
	}
	return s.render(x, http.StatusOK, "admin/classes", p)
}

func numberText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// studentsShown is how many students of a class a page shows: all of any class that is taught in a room.
const studentsShown = 200

// classPage is one class with its students.
type classPage struct {
	Page
	Class   roster.ClassPage
	Count   int
	NextURL string
}

func (s *Server) class(x *exchange) error {
	id, err := x.id("class")
	if err != nil {
		return err
	}
	class, err := s.Roster.OneClass(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	p := classPage{Page: s.page(x, "classes.class"), Class: class, Count: len(class.Students)}
	p.Title = cmp.Or(class.Class.Title, class.Class.Code, p.Title)
	after := x.place("after") // no number, or nobody: the start
	rest := class.Students[1+slices.IndexFunc(class.Students, func(st roster.Student) bool { return st.ID == after }):]
	if len(rest) > studentsShown {
		rest = rest[:studentsShown]
		p.NextURL = classesPath + strconv.FormatInt(id, 10) + "?after=" + strconv.FormatInt(rest[studentsShown-1].ID, 10)
	}
	p.Class.Students = rest
	return s.render(x, http.StatusOK, "admin/class", p)
}

// studentClassesPage is the tab Classes of a student.
type studentClassesPage struct {
	Page
	Student roster.Student
	Classes []roster.StudentClass
}

// Tab is the tab of the student's pages this one is on.
func (studentClassesPage) Tab() string { return "classes" }

func (s *Server) studentClasses(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	found, err := s.Roster.ClassesOf(x.r.Context(), x.actor, id, s.Settings.Today())
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/student-classes", studentClassesPage{
		s.page(x, "classes.title"), found.Student, found.Classes,
	})
}
