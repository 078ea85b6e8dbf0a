package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

const adultsPath = "/admin/students/adults"

// adultsPage lists the students who come of age, or are.
type adultsPage struct {
	Page
	Rows    []roster.AdultRow
	Already bool
	Next    string
	Rule    string // what the school decided
	Set     bool   // the reader may change that
}

func (s *Server) adults(x *exchange) error {
	q := x.r.URL.Query()
	after := roster.AdultCursor{Birth: q.Get("birth")}
	after.ID = number(q.Get("id")) // a broken cursor is the start
	p := adultsPage{Page: s.page(x, "adults.title"), Already: q.Get("list") == "already", Rule: s.Settings.Values().AdultStudents,
		Set: access.Can(x.actor, access.ChangeSetting)}
	rows, next, err := s.Roster.Adults(x.r.Context(), x.actor, p.Already, after, listPage)
	if err != nil {
		return err
	}
	p.Rows = rows
	if next != nil {
		v := url.Values{"birth": {next.Birth}, "id": {strconv.FormatInt(next.ID, 10)}}
		if p.Already {
			v.Set("list", "already")
		}
		p.Next = v.Encode()
	}
	return s.render(x, http.StatusOK, "admin/adults", p)
}

// adultPage is what staff decide about one student of age.
type adultPage struct {
	Page
	Student roster.Student
	On      string
	Mark    roster.AdultMark
	Note    roster.AdultNote
	Rule    string
	Edit    bool
	Fresh   *roster.AdultNote // what somebody else saved first
}

// Tab is the tab of the student's pages this one is on.
func (adultPage) Tab() string { return "biographical" }

// Now says what is on record for the reason when someone else saved first.
func (p adultPage) Now(string) nowValue {
	if p.Fresh == nil {
		return nowValue{}
	}
	return compare(p.Note.Reason, p.Fresh.Reason)
}

// Marks are the choices.
func (adultPage) Marks() []roster.AdultMark {
	return []roster.AdultMark{"", roster.Dependent, roster.ParentsGone}
}

func (s *Server) adultForm(x *exchange) (adultPage, error) {
	id, err := x.id("student")
	if err != nil {
		return adultPage{}, err
	}
	rec, err := s.Roster.Page(x.r.Context(), x.actor, id)
	if err != nil {
		return adultPage{}, err
	}
	note, err := s.Roster.AdultNote(x.r.Context(), x.actor, id)
	return adultPage{
		Page: s.page(x, "adults.birthday_of"), Student: rec.Student, On: roster.AdultOn(rec.Student.BirthDate), Mark: note.Mark, Note: note,
		Rule: s.Settings.Values().AdultStudents, Edit: access.Can(x.actor, access.EditRecords) && !rec.Visits,
	}, err
}

func (s *Server) adult(x *exchange) error {
	p, err := s.adultForm(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/adult", p)
}

func (s *Server) markAdult(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	version := x.number("version") // none: a conflict, as it should be
	mark := roster.AdultMark(x.field("adult_mark"))
	err = s.Roster.MarkAdult(x.r.Context(), x.actor, id, version, mark, x.trimmed("adult_reason"))
	if err == nil {
		s.setFlash(x, "flash.saved")
		return x.redirect(studentPath(id) + "/adult")
	}
	if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
		return err
	}
	p, formErr := s.adultForm(x)
	if formErr != nil {
		return formErr
	}
	status := http.StatusUnprocessableEntity
	if fault.Is(err, fault.Conflict) {
		now := p.Note
		status, p.Fresh = http.StatusConflict, &now
	} else if err := s.problems(x, &p.Page, err); err != nil {
		return err
	}
	p.Path, p.Mark, p.Note.Reason = studentPath(id)+"/adult", mark, x.trimmed("adult_reason")
	return s.render(x, status, "admin/adult", p)
}
