package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

const studentLoginsPath = "/admin/site/reset-student-login"

// studentLoginsPage is Reset Student Login.
type studentLoginsPage struct {
	Page
	Query    studentLoginsQuery
	Letters  []letterLink
	Rows     []studentLoginLine
	Acts     []studentAct // for the ticked rows; none for whoever may not
	FirstURL string
	NextURL  string
	Records  bool // may open the records
}

// studentAct is a button. Direct says that it is done without a question, because it can be taken back as easily.
type studentAct struct {
	Act, Text, Label string
	Direct           bool
}

// studentLoginLine is a row as it is shown.
type studentLoginLine struct {
	Student                           int64
	Child, IDNumber, School, Username string
	Maker, MakerURL, MakerLabel       string
	State, StateText, Reason          string
	LastUsed, Select                  string
	Act                               studentAct // what the row's own button does
}

// studentLoginsQuery is the page's address.
type studentLoginsQuery struct{ Letter, Last, After string }

func (q studentLoginsQuery) url() string {
	v := url.Values{}
	for _, p := range [][2]string{{"letter", q.Letter}, {"last", q.Last}, {"after", q.After}} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	if len(v) == 0 {
		return studentLoginsPath
	}
	return studentLoginsPath + "?" + v.Encode()
}

func (s *Server) studentLogins(x *exchange) error {
	in := x.r.URL.Query()
	q := studentLoginsQuery{Letter: in.Get("letter"), Last: cut(strings.TrimSpace(in.Get("last")), 100), After: in.Get("after")}
	if q.Last != "" {
		q.Letter = ""
	}
	rows, next, err := s.Family.StudentLogins(x.r.Context(), x.actor, family.StudentLoginQuery{Letter: q.Letter, Last: q.Last, After: q.After})
	if err != nil {
		return err
	}
	p := studentLoginsPage{Page: s.page(x, "studentlogins.title"), Query: q, Records: access.Can(x.actor, access.SeeRecords)}
	may := access.Can(x.actor, access.ResetLogins)
	if may {
		for _, a := range family.StudentActs() {
			p.Acts = append(p.Acts, studentActOf(x.lang, a, ""))
		}
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, s.studentLoginLine(x.lang, r, may))
	}
	for _, l := range strings.Split("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z #", " ") {
		p.Letters = append(p.Letters, letterLink{Letter: l, Current: l == q.Letter, URL: studentLoginsQuery{Letter: l}.url()})
	}
	base := studentLoginsQuery{Letter: q.Letter, Last: q.Last}
	if q.After != "" {
		p.FirstURL = base.url()
	}
	if next != "" {
		base.After = next
		p.NextURL = base.url()
	}
	return s.render(x, http.StatusOK, "admin/student-logins", p)
}

func studentActOf(l *lang.Language, act family.StudentAct, name string) studentAct {
	a := studentAct{Act: string(act), Text: l.T("studentlogins.act." + string(act)), Direct: act == family.StudentUnlock}
	if name != "" {
		a.Label = a.Text + ": " + name
	}
	return a
}

func (s *Server) studentLoginLine(l *lang.Language, r family.ListedStudentLogin, may bool) studentLoginLine {
	name := l.FullName(r.First, "", r.Last)
	line := studentLoginLine{
		Student: r.StudentID, Child: l.ListName(r.Last, r.First, ""), IDNumber: r.IDNumber, School: r.School, Username: r.Username, Maker: l.ListName(r.MakerLast, r.MakerFirst, ""),
		State: string(r.State), StateText: l.T("studentlogins.state." + string(r.State)), Reason: r.Reason, Select: l.T("manage.select", "Name", name),
	}
	if r.State == family.StudentOpen {
		line.State = "active" // as the stylesheet calls it
	}
	if r.Grade != "" {
		line.School += " · " + r.Grade
	}
	if may {
		line.MakerURL, line.MakerLabel = studentLoginURL(r.StudentID), l.T("studentlogins.pass_row", "Child", name)
	}
	if !r.LockedUntil.IsZero() {
		line.StateText = l.T("login_state.locked", "Clock", l.Clock(r.LockedUntil, s.Settings.Location()))
	}
	if !r.LastUsed.IsZero() {
		line.LastUsed = l.ShortWhen(r.LastUsed, s.Now(), s.Settings.Location())
	}
	act := family.StudentReset
	if r.State == family.StudentLocked || r.State == family.StudentThrottled {
		act = family.StudentUnlock
	}
	line.Act = studentActOf(l, act, name)
	return line
}

func studentLoginURL(id int64) string { return studentLoginsPath + "/" + strconv.FormatInt(id, 10) }

// orderOfStudents is which act was pressed, for which students: a row's own button names both.
func orderOfStudents(x *exchange) (family.StudentAct, []int64) {
	if act, id, ok := strings.Cut(x.field("one"), ":"); ok {
		if student, err := strconv.ParseInt(id, 10, 64); err == nil {
			return family.StudentAct(act), []int64{student}
		}
	}
	return family.StudentAct(x.field("act")), x.ids("student")
}

// studentsQuestionPage says what an act does, and asks for the reason where one is needed.
type studentsQuestionPage struct {
	Page
	Act, Heading, Explain string
	Rows                  []studentLoginLine
	Reason                bool
	Back                  string
}

// turnAway answers a selection that is empty or too big. It reports false for one that is neither.
func (s *Server) turnAway(x *exchange, students []int64) (bool, error) {
	switch {
	case len(students) == 0:
		s.setFlash(x, "flash.nothing_selected")
	case s.Family.IsBulk(len(students)):
		s.setFlash(x, "flash.students_too_many", "Count", strconv.Itoa(s.Settings.Values().BulkSize))
	default:
		return false, nil
	}
	return true, x.redirect(backTo(x, studentLoginsPath))
}

func (s *Server) studentsQuestion(x *exchange) error {
	act, students := orderOfStudents(x)
	if away, err := s.turnAway(x, students); away || err != nil {
		return err
	}
	return s.askStudents(x, act, students, nil)
}

func (s *Server) askStudents(x *exchange, act family.StudentAct, students []int64, problem error) error {
	if !slices.Contains(family.StudentActs(), act) {
		return fault.Invalidf("no such act")
	}
	rows, err := s.Family.StudentLoginsOf(x.r.Context(), x.actor, students)
	if err != nil {
		return err
	}
	p := studentsQuestionPage{
		Page: s.page(x, "studentlogins.title"), Act: string(act), Heading: x.lang.T("studentlogins.question." + string(act)),
		Explain: x.lang.T("studentlogins.explain." + string(act)), Reason: act == family.StudentLock, Back: backTo(x, studentLoginsPath),
	}
	p.Path = studentLoginsPath
	for _, r := range rows {
		p.Rows = append(p.Rows, s.studentLoginLine(x.lang, r, false))
	}
	status := http.StatusOK
	if problem != nil {
		if err := s.parentsProblems(x, &p.Page, problem); err != nil {
			return err
		}
		p.Typed = map[string]string{"reason": x.field("reason")}
		status = http.StatusUnprocessableEntity
	}
	return s.render(x, status, "admin/students-question", p)
}

func (s *Server) actOnStudents(x *exchange) error {
	act, students := orderOfStudents(x)
	if away, err := s.turnAway(x, students); away || err != nil {
		return err
	}
	results, err := s.Family.ManageStudentLogins(x.r.Context(), x.actor, act, students, x.field("reason"))
	if fault.Is(err, fault.Invalid) && len(fault.ProblemsOf(err)) > 0 {
		return s.askStudents(x, act, students, err)
	}
	if err != nil {
		return err
	}
	p := parentsResultPage{
		Page: s.page(x, "studentlogins.title"), Heading: x.lang.T("studentlogins.act." + string(act)), Who: x.lang.T("admin.reset.child"),
		Back: backTo(x, studentLoginsPath),
	}
	p.Path = studentLoginsPath
	for _, r := range results {
		what := x.lang.T("studentlogins.outcome." + string(r.Outcome))
		if r.Told {
			what += " " + x.lang.T("bulk.noticed")
		}
		p.Rows = append(p.Rows, bulkLine{Parent: x.lang.ListName(r.Last, r.First, ""), Username: r.Username, What: what})
	}
	return s.render(x, http.StatusOK, "admin/parents-result", p)
}

// passLoginPage passes a student's login to another parent.
type passLoginPage struct {
	Page
	Login  studentLoginLine
	Heirs  []bulkChoice
	Action string
}

func (s *Server) passLoginPage(x *exchange) error { return s.passLoginForm(x, nil) }

func (s *Server) passLoginForm(x *exchange, problem error) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	login, heirs, err := s.Family.Heirs(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	p := passLoginPage{Page: s.page(x, "studentlogins.pass"), Login: s.studentLoginLine(x.lang, login, false), Action: studentLoginURL(id)}
	p.Path = p.Action
	for _, h := range heirs {
		p.Heirs = append(p.Heirs, bulkChoice{strconv.FormatInt(h.ID, 10), x.lang.FullName(h.First, "", h.Last), false})
	}
	status := http.StatusOK
	if problem != nil {
		if err := s.problems(x, &p.Page, problem); err != nil {
			return err
		}
		for i := range p.Problems {
			p.Problems[i].Label = x.lang.T("studentlogins.pass_to")
		}
		status = http.StatusUnprocessableEntity
	}
	return s.render(x, status, "admin/student-login-pass", p)
}

func (s *Server) passLogin(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	contact := x.number("contact") // no number: nobody was chosen
	err = s.Family.PassStudentLogin(x.r.Context(), x.actor, id, contact)
	if fault.Is(err, fault.Invalid) {
		return s.passLoginForm(x, err)
	}
	if err != nil {
		return err
	}
	s.setFlash(x, "flash.login_passed")
	return x.redirect(studentLoginsPath)
}
