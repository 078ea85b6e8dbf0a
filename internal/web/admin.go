package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/settings"
)

// adminHome is where staff begin: the one page they come for.
func (s *Server) adminHome(x *exchange) error {
	return x.redirect("/admin/site/reset-parent-login")
}

// requestsPage lists registration requests.
type requestsPage struct {
	Page
	Reference string
	Requests  []family.Request
	Next      string // query of the next page
}

const listPage = 50

// requests lists all of them, or the one whose reference was sent: in a form, because a reference stands in no address.
func (s *Server) requests(x *exchange) error {
	q := x.r.URL.Query()
	p := requestsPage{
		Page: s.page(x, "admin.requests.title"), Reference: x.trimmed("reference"),
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

func cursor(q url.Values) jobs.Cursor {
	at, _ := strconv.ParseInt(q.Get("at"), 10, 64) // a broken cursor is the start
	id, _ := strconv.ParseInt(q.Get("id"), 10, 64)
	return jobs.Cursor{At: at, ID: id}
}

func cursorQuery(at time.Time, id int64) string {
	return url.Values{"at": {strconv.FormatInt(at.UnixMicro(), 10)}, "id": {strconv.FormatInt(id, 10)}}.Encode()
}

// mailPage is the mail queue and its history.
type mailPage struct {
	Page
	State  string
	Mails  []family.Mail
	Next   string
	Leaves bool
}

func (s *Server) mailQueue(x *exchange) error {
	q := x.r.URL.Query()
	p := mailPage{
		Page: s.page(x, "admin.mail.title"), State: q.Get("state"), Leaves: s.MailLeaves,
	}
	var err error
	p.Mails, err = s.Family.Mails(x.r.Context(), x.actor, jobs.State(p.State), cursor(q), listPage+1)
	if err != nil {
		return err
	}
	if len(p.Mails) > listPage {
		p.Mails = p.Mails[:listPage]
		last := p.Mails[listPage-1]
		p.Next = cursorQuery(last.At, last.ID)
	}
	return s.render(x, http.StatusOK, "admin/mail", p)
}

func (s *Server) retryMail(x *exchange) error {
	id, _ := strconv.ParseInt(x.field("mail"), 10, 64) // no number: no such mail
	if err := s.Family.RetryMail(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	s.setFlash(x, "flash.mail_again")
	return x.redirect("/admin/site/mail")
}

// settingsPage is what the school decides.
type settingsPage struct {
	Page
	Values  settings.Values
	Schools []schoolField
}

// schoolField is a school's telephone and hours.
type schoolField struct {
	ID                 int64
	Name, Phone, Hours string
}

func (s *Server) settingsForm(x *exchange) (settingsPage, error) {
	p := settingsPage{Page: s.page(x, "admin.settings.title"), Values: *s.Settings.Values()}
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return p, err
	}
	for _, c := range schools {
		p.Schools = append(p.Schools, schoolField{c.ID, c.Name, c.Phone, c.Hours})
	}
	return p, nil
}

func (s *Server) settingsPage(x *exchange) error {
	p, err := s.settingsForm(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/settings", p)
}

func (s *Server) saveSettings(x *exchange) error {
	v := *s.Settings.Values()
	v.DistrictName, v.OfficePhone, v.OfficeHours = x.trimmed("district_name"), x.trimmed("office_phone"), x.trimmed("office_hours")
	v.TimeZone, v.IDNumberHint = x.trimmed("time_zone"), x.trimmed("id_number_hint")
	v.StudentLogins = x.field("student_logins") != ""
	if err := s.Settings.Change(x.r.Context(), x.actor, v); err != nil {
		p, formErr := s.settingsForm(x)
		if formErr != nil {
			return formErr
		}
		p.Path, p.Values = "/admin/site/settings", v
		err := s.problems(x, &p.Page, err, "district_name", "office_phone", "office_hours", "time_zone", "id_number_hint")
		if err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "admin/settings", p)
	}
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return err
	}
	for _, c := range schools {
		n := strconv.FormatInt(c.ID, 10)
		phone, hours := x.trimmed("phone_"+n), x.trimmed("hours_"+n)
		if !x.r.PostForm.Has("phone_"+n) || (phone == c.Phone && hours == c.Hours) {
			continue
		}
		c.Phone, c.Hours = phone, hours
		if err := s.Roster.SaveSchool(x.r.Context(), x.actor, c); err != nil {
			return err
		}
	}
	s.setFlash(x, "flash.saved")
	return x.redirect("/admin/site/settings")
}
