package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
)

const mailPath = "/admin/site/mail"

// mailPage is the mail queue and its history.
type mailPage struct {
	Page
	Warnings  []string
	Facts     []string
	Tabs      []bulkFilter
	Templates []bulkChoice
	Query     mailQuery
	Person    string // whose mails these are; "" for everybody's
	Mails     []mailLine
	NextURL   string
	All       bool // may stop, resume and repeat all at once
	Stopped   bool
	Waiting   bool
	RetryAll  string // "Send all 12 again", "" for none
}

// mailLine is a mail as it is shown.
type mailLine struct {
	ID                           int64
	To, ToURL, What, State, Note string
	At                           time.Time
	Retry, Stop                  string // labels of the buttons, "" for none
}

// mailQuery is the page's address.
type mailQuery struct{ State, Template, Contact string }

func (q mailQuery) url(more url.Values) string {
	v := url.Values{}
	for name, value := range map[string]string{"state": q.State, "template": q.Template, "contact": q.Contact} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, values := range more {
		v[name] = values
	}
	if len(v) == 0 {
		return mailPath
	}
	return mailPath + "?" + v.Encode()
}

func (s *Server) mailQueue(x *exchange) error {
	return s.mailList(x, x.r.URL.Query(), nil)
}

// mailList shows the page, with what was wrong with an order for a test mail.
func (s *Server) mailList(x *exchange, q url.Values, problem error) error {
	p := mailPage{Page: s.page(x, "admin.mail.title"), Query: mailQuery{q.Get("state"), q.Get("template"), q.Get("contact")}}
	contact := number(p.Query.Contact) // "": everybody
	if !slices.Contains(family.MailTemplates(), p.Query.Template) {
		p.Query.Template = ""
	}
	ctx := x.r.Context()
	room, err := s.Family.MailRoom(ctx, x.actor)
	if err != nil {
		return err
	}
	mails, err := s.Family.Mails(ctx, x.actor, family.MailQuery{Standing: jobs.Standing(p.Query.State), Template: p.Query.Template, ContactID: contact}, cursor(q), listPage+1)
	if err != nil {
		return err
	}
	if len(mails) > listPage {
		mails = mails[:listPage]
		last := mails[listPage-1]
		more, _ := url.ParseQuery(cursorQuery(last.At, last.ID)) // of our own making
		p.NextURL = p.Query.url(more)
	}
	for _, m := range mails {
		p.Mails = append(p.Mails, s.mailLine(x.lang, m))
	}
	if contact != 0 && len(mails) > 0 {
		p.Person = mails[0].To
	}
	s.showRoom(x, &p, room)
	status := http.StatusOK
	if problem != nil {
		p.Path = mailPath
		if err := s.problems(x, &p.Page, problem, "address"); err != nil {
			return err
		}
		status = http.StatusUnprocessableEntity
	}
	return s.render(x, status, "admin/mail", p)
}

func (s *Server) mailLine(l *lang.Language, m family.Mail) mailLine {
	line := mailLine{
		ID: m.ID, To: m.To, What: l.T("admin.mail.template." + m.Template), At: m.At, Note: m.Error, State: l.T("admin.mail." + string(m.Standing)),
	}
	who := line.What + " · " + l.ShortWhen(m.At, s.Now(), s.Settings.Location())
	if m.To != "" {
		line.ToURL = mailQuery{Contact: strconv.FormatInt(m.ContactID, 10)}.url(nil)
	}
	if m.Attempts > 1 {
		line.State += " · " + l.T("admin.mail.attempts", "Count", m.Attempts)
	}
	if m.Standing == jobs.StandsReady {
		line.Stop = l.T("mailroom.stop") + ": " + who
		if m.RunAt.After(s.Now()) {
			line.State += " · " + l.T("admin.mail.next", "When", l.ShortWhen(m.RunAt, s.Now(), s.Settings.Location()))
		}
	}
	if m.MayRetry {
		line.Retry = l.T("admin.mail.again") + ": " + who
	}
	return line
}

// waitTooLong is from when on a mail that waits is worth a warning.
const waitTooLong = 15 * time.Minute

// showRoom says how mail stands as a whole, and what keeps it.
func (s *Server) showRoom(x *exchange, p *mailPage, m family.MailRoom) {
	l := x.lang
	when := func(t time.Time) string { return l.ShortWhen(t, s.Now(), s.Settings.Location()) }
	warn := func(key string, args ...any) { p.Warnings = append(p.Warnings, l.T(key, args...)) }
	if !s.MailLeaves {
		warn("admin.mail.leaves_not")
	}
	switch {
	case !m.Stopped.IsZero():
		warn("mailroom.stopped", "Who", m.StoppedBy, "When", when(m.Stopped))
	case !m.Down.IsZero():
		warn("mailroom.down", "When", when(m.Down), "Words", m.Words)
	case m.Full:
		warn("mailroom.full", "Number", l.Number(m.ADay))
	case m.LaterFull:
		warn("mailroom.later_full")
	case m.OldestWait >= waitTooLong:
		warn("mailroom.waiting_long", "Count", int(m.OldestWait/time.Minute))
	}
	if m.Refused > 1 {
		warn("mailroom.refused", "Count", m.Refused)
	}
	p.Facts = []string{l.T("mailroom.minute", "Number", l.Number(m.AMinute))}
	if m.ADay > 0 {
		p.Facts = append(p.Facts, l.T("mailroom.day", "Number", l.Number(m.Today), "Most", l.Number(m.ADay)))
	} else {
		p.Facts = append(p.Facts, l.T("mailroom.today", "Number", l.Number(m.Today)))
	}
	tab := func(state, text string) {
		q := mailQuery{State: state, Template: p.Query.Template}
		p.Tabs = append(p.Tabs, bulkFilter{q.url(nil), text, p.Query.State == state && p.Query.Contact == ""})
	}
	tab("", l.T("admin.mail.all"))
	for _, standing := range jobs.Standings() {
		tab(string(standing), l.T("admin.mail."+string(standing))+" ("+countTo(l, m.Counts[standing])+")")
	}
	for _, t := range family.MailTemplates() {
		p.Templates = append(p.Templates, bulkChoice{t, l.T("admin.mail.template." + t), t == p.Query.Template})
	}
	slices.SortFunc(p.Templates, func(a, b bulkChoice) int { return strings.Compare(a.Label, b.Label) })
	p.All = access.Can(x.actor, access.BulkLogins)
	p.Stopped, p.Waiting = !m.Stopped.IsZero(), m.Counts[jobs.StandsReady] > 0
	if n := m.Counts[jobs.StandsRefused] - m.Secrets; n > 0 {
		p.RetryAll = l.T("mailroom.retry_all", "Number", countTo(l, n))
	}
}

// countTo is a count that stops at a thousand.
func countTo(l *lang.Language, n int) string {
	if n >= jobs.CountLimit {
		return l.Number(jobs.CountLimit-1) + "+"
	}
	return l.Number(n)
}

func (s *Server) retryMail(x *exchange) error {
	id := x.number("mail") // no number: no such mail
	err := s.Family.RetryMail(x.r.Context(), x.actor, id)
	switch {
	case fault.Is(err, fault.Conflict): // its temporary password is gone
		s.setFlash(x, "flash.mail_gone")
	case err != nil:
		return err
	default:
		s.setFlash(x, "flash.mail_again")
	}
	return x.redirect(backTo(x, mailPath))
}

func (s *Server) stopMail(x *exchange) error {
	id := x.number("mail") // no number: no such mail
	if err := s.Family.StopMail(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	s.setFlash(x, "flash.mail_stopped")
	return x.redirect(backTo(x, mailPath))
}

// allMail stops, resumes or repeats all mail at once.
func (s *Server) allMail(x *exchange) error {
	ctx := x.r.Context()
	switch act := x.field("act"); act {
	case "stop":
		if err := s.Family.StopAllMail(ctx, x.actor); err != nil {
			return err
		}
		s.setFlash(x, "flash.mail_all_stopped")
	case "resume":
		if err := s.Family.ResumeMail(ctx, x.actor); err != nil {
			return err
		}
		s.setFlash(x, "flash.mail_resumed")
	case "retry":
		n, err := s.Family.RetryRefused(ctx, x.actor)
		if err != nil {
			return err
		}
		s.setFlash(x, "flash.mail_all_again", "Count", strconv.Itoa(n))
	default:
		return fault.Invalidf("no such act")
	}
	return x.redirect(mailPath)
}

func (s *Server) testMail(x *exchange) error {
	id, err := s.Family.TestMail(x.r.Context(), x.actor, x.trimmed("address"))
	if fault.Is(err, fault.Invalid) {
		return s.mailList(x, url.Values{}, err)
	}
	if err != nil {
		return err
	}
	return x.redirect(mailPath + "/test/" + strconv.FormatInt(id, 10))
}

// testMailPage is what becomes of a test mail.
type testMailPage struct {
	Page
	State, Note string
	Waits       bool
	Warnings    []string
}

func (s *Server) testedMail(x *exchange) error {
	id, err := x.id("mail")
	if err != nil {
		return err
	}
	m, err := s.Family.TestedMail(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	room, err := s.Family.MailRoom(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	p := testMailPage{Page: s.page(x, "mailroom.test"), State: x.lang.T("mailroom.test_" + string(m.Standing)), Note: m.Error, Waits: m.Standing == jobs.StandsReady}
	if p.Waits {
		var list mailPage
		s.showRoom(x, &list, room)
		p.Warnings = list.Warnings
	}
	return s.render(x, http.StatusOK, "admin/mail-test", p)
}
