package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

const staffPath = "/admin/site/staff"

func memberPath(id int64) string { return staffPath + "/" + strconv.FormatInt(id, 10) }

// staffListPage lists staff.
type staffListPage struct {
	Page
	Query    string
	Unused   bool
	Rows     []staffRow
	FirstURL string
	NextURL  string
	MayAdd   bool
}

// staffRow is a member of staff as the list shows them.
type staffRow struct {
	ID                              int64
	Name, Username, Role, Schools   string
	State                           string // for the sign before it
	StateText                       string
	LastSignIn                      time.Time
	Unused, EndsSoon, Ended, Factor bool
	LastDay                         string
}

func (s *Server) staffList(x *exchange) error {
	in := x.r.URL.Query()
	after := number(in.Get("after")) // a broken cursor is the start
	q := account.StaffQuery{Text: strings.TrimSpace(in.Get("q")), Unused: in.Get("unused") != "", After: after, Limit: listPage}
	list, err := s.Accounts.StaffList(x.r.Context(), x.actor, q)
	if err != nil {
		return err
	}
	names, err := s.schoolNames(x)
	if err != nil {
		return err
	}
	p := staffListPage{Page: s.page(x, "staff.title"), Query: q.Text, Unused: q.Unused, MayAdd: access.Can(x.actor, access.ManageStaff)}
	for _, m := range list.Members {
		p.Rows = append(p.Rows, s.staffRow(x.lang, m, names))
	}
	if q.After != 0 {
		p.FirstURL = staffURL(q, 0)
	}
	if list.Next != 0 {
		p.NextURL = staffURL(q, list.Next)
	}
	return s.render(x, http.StatusOK, "admin/staff", p)
}

// staffURL is a page of a list. It names an account by its number, because addresses carry no usernames.
func staffURL(q account.StaffQuery, after int64) string {
	v := url.Values{}
	if q.Text != "" {
		v.Set("q", q.Text)
	}
	if q.Unused {
		v.Set("unused", "1")
	}
	if after != 0 {
		v.Set("after", strconv.FormatInt(after, 10))
	}
	if len(v) == 0 {
		return staffPath
	}
	return staffPath + "?" + v.Encode()
}

func (s *Server) staffRow(l *lang.Language, m account.StaffMember, names map[int64]string) staffRow {
	state, text := s.staffState(l, m)
	return staffRow{
		ID: m.ID, Name: m.Name, Username: m.Username, Role: roleName(l, m.Role), Schools: schoolsText(l, m.Schools, names), State: state, StateText: text,
		LastSignIn: m.LastSignIn, Unused: m.Unused, EndsSoon: m.EndsSoon, Ended: m.Ended, Factor: m.HasFactor, LastDay: m.LastDay,
	}
}

// staffState is where a login stands, in a word for its sign and in words.
func (s *Server) staffState(l *lang.Language, m account.StaffMember) (state, text string) {
	until := func(key string) string {
		return l.T(key, "Until", l.DateTime(m.TemporaryUntil, s.Settings.Location()))
	}
	switch {
	case m.State == account.Disabled:
		return "disabled", l.T("staff.state.disabled")
	case m.Ended:
		return "disabled", l.T("staff.state.ended")
	case m.State == account.Waiting && m.TemporaryUntil.IsZero():
		return "waiting", l.T("staff.state.waiting_expired")
	case m.State == account.Waiting:
		return "waiting", until("staff.state.waiting")
	case !m.TemporaryUntil.IsZero():
		return "active", until("staff.state.active_temporary")
	case !m.HasPassword && !m.HasFactor:
		return "waiting", l.T("staff.state.active_nothing")
	}
	return "active", l.T("staff.state.active")
}

func roleName(l *lang.Language, r access.Role) string {
	if key := "staff.role." + string(r); l.Has(key) {
		return l.T(key)
	}
	return string(r)
}

func (s *Server) schoolNames(x *exchange) (map[int64]string, error) {
	all, err := s.Roster.Schools(x.r.Context())
	names := make(map[int64]string, len(all))
	for _, c := range all {
		names[c.ID] = c.Name
	}
	return names, err
}

func schoolsText(l *lang.Language, at access.Schools, names map[int64]string) string {
	if at.All {
		return l.T("staff.all_schools")
	}
	text := make([]string, len(at.IDs))
	for i, id := range at.IDs {
		text[i] = schoolName(l, id, names)
	}
	slices.Sort(text)
	return l.List(text)
}

func schoolName(l *lang.Language, id int64, names map[int64]string) string {
	if name, ok := names[id]; ok {
		return name
	}
	return l.T("staff.school_gone", "Number", strconv.FormatInt(id, 10))
}

// staffForm is what can be typed about a member of staff.
type staffForm struct {
	Version, Username, Name, Email, LastDay, Language string
	Roles                                             []roleChoice
	All, MayAll                                       bool // every school is chosen; may be chosen
	Schools                                           []schoolChoice
	Rights                                            bool // role, schools and last day are part of the form
}

// roleChoice is a role that the actor may grant.
type roleChoice struct {
	Role, Name, Says string
	Checked          bool
}

// schoolChoice is a school at which the actor may let somebody work.
type schoolChoice struct {
	ID      int64
	Name    string
	Checked bool
}

// choices fills in the roles and schools that the actor may grant, as chosen.
func (f *staffForm) choices(x *exchange, role access.Role, at access.Schools, schools []roster.School) {
	for _, r := range access.Roles() {
		if access.MayGrant(x.actor, r, x.actor.Schools) {
			f.Roles = append(f.Roles, roleChoice{string(r), roleName(x.lang, r), x.lang.T("staff.role_says." + string(r)), r == role})
		}
	}
	f.MayAll, f.All = x.actor.Schools.All, at.All && x.actor.Schools.All
	names := map[int64]string{}
	for _, c := range schools {
		names[c.ID] = c.Name
		if x.actor.Schools.Has(c.ID) && (c.Kind != "district" || slices.Contains(at.IDs, c.ID)) {
			f.Schools = append(f.Schools, schoolChoice{c.ID, c.Name, slices.Contains(at.IDs, c.ID)})
		}
	}
	for _, id := range at.IDs {
		if names[id] == "" && x.actor.Schools.Has(id) {
			f.Schools = append(f.Schools, schoolChoice{id, schoolName(x.lang, id, names), true})
		}
	}
}

// typedTerms are role, schools and last day as the form has them; a school that is not on record cannot be chosen anew.
func typedTerms(x *exchange, schools []roster.School, before access.Schools) account.Terms {
	t := account.Terms{Role: access.Role(x.field("role")), LastDay: x.trimmed("last_day")}
	if x.field("everywhere") == "yes" {
		t.Schools = access.Everywhere()
		return t
	}
	for _, id := range x.ids("school") {
		known := slices.ContainsFunc(schools, func(c roster.School) bool { return c.ID == id })
		if known || slices.Contains(before.IDs, id) {
			t.Schools.IDs = append(t.Schools.IDs, id)
		}
	}
	return t
}

// newStaffForm asks for somebody new.
type newStaffForm struct {
	Page
	Form      staffForm
	Languages []string
}

func (s *Server) staffNew(x *exchange, in account.StaffInvitation, schools []roster.School) newStaffForm {
	p := newStaffForm{Page: s.page(x, "staff.add"), Languages: lang.Tags(), Form: staffForm{
		Username: in.Username, Name: in.Name, Email: in.Email, LastDay: in.LastDay, Language: in.Language, Rights: true,
	}}
	p.Path = staffPath + "/new"
	p.Form.choices(x, in.Role, in.Schools, schools)
	return p
}

func (s *Server) newStaffPage(x *exchange) error {
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return err
	}
	start := account.StaffInvitation{Language: x.lang.Tag(), Terms: account.Terms{Schools: access.Schools{IDs: x.actor.Schools.IDs}}} // all are chosen by hand alone
	return s.render(x, http.StatusOK, "admin/staff-new", s.staffNew(x, start, schools))
}

func (s *Server) inviteStaff(x *exchange) error {
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return err
	}
	in := account.StaffInvitation{
		Username: x.trimmed("username"), Name: x.trimmed("name"), Email: x.trimmed("email"), Terms: typedTerms(x, schools, access.Schools{}),
	}
	if slices.Contains(lang.Tags(), x.field("language")) {
		in.Language = x.field("language")
	}
	id, err := s.Accounts.InviteStaff(x.r.Context(), x.actor, in)
	if err != nil {
		p := s.staffNew(x, in, schools)
		if err := s.problems(x, &p.Page, err); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "admin/staff-new", p)
	}
	s.setFlash(x, "flash.staff.invited")
	return x.redirect(memberPath(id))
}

// staffMemberPage is one member of staff with everything that can be done.
type staffMemberPage struct {
	Page
	Member  account.StaffMember
	Row     staffRow
	Role    string
	Form    staffForm
	Acts    []string
	Changed bool // someone else saved first: Row and Role say what is on record now
	Sees    bool // the actor sees staff and changes none
}

func (s *Server) staffMember(x *exchange) (account.StaffMember, error) {
	id, err := x.id("staff")
	if err != nil {
		return account.StaffMember{}, err
	}
	return s.Accounts.StaffMember(x.r.Context(), x.actor, id)
}

func (s *Server) memberPage(x *exchange, m account.StaffMember, e account.StaffEdit, schools []roster.School) (staffMemberPage, error) {
	names, err := s.schoolNames(x)
	p := staffMemberPage{
		Page: s.page(x, "staff.title"), Member: m, Row: s.staffRow(x.lang, m, names), Role: string(m.Role), Acts: acts(m),
		Sees: !access.Can(x.actor, access.ManageStaff),
	}
	p.Title, p.Path = m.Name, memberPath(m.ID)
	p.Form = staffForm{Version: m.Version, Username: m.Username, Name: e.Name, Email: e.Email, LastDay: e.LastDay, Rights: !m.Own}
	p.Form.choices(x, e.Role, e.Schools, schools)
	return p, err
}

func (s *Server) staffPage(x *exchange) error {
	m, err := s.staffMember(x)
	if err != nil {
		return err
	}
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return err
	}
	p, err := s.memberPage(x, m, onRecord(m), schools)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/staff-member", p)
}

// onRecord is a member of staff as a form without changes.
func onRecord(m account.StaffMember) account.StaffEdit {
	return account.StaffEdit{Version: m.Version, Name: m.Name, Email: m.Email, Terms: account.Terms{Role: m.Role, Schools: m.Schools, LastDay: m.LastDay}}
}

func (s *Server) saveStaff(x *exchange) error {
	m, err := s.staffMember(x)
	if err != nil {
		return err
	}
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return err
	}
	e := onRecord(m)
	e.Version, e.Name, e.Email = x.field("version"), x.trimmed("name"), x.trimmed("email")
	if !m.Own {
		e.Terms = typedTerms(x, schools, m.Schools)
	}
	if err = s.Accounts.ChangeStaff(x.r.Context(), x.actor, m.ID, e); err == nil {
		s.setFlash(x, "flash.staff.saved")
		return x.redirect(memberPath(m.ID))
	}
	p, formErr := s.memberPage(x, m, e, schools)
	if formErr != nil {
		return formErr
	}
	status := http.StatusUnprocessableEntity
	if fault.Is(err, fault.Conflict) {
		status, p.Changed = http.StatusConflict, true
	} else if err := s.problems(x, &p.Page, err); err != nil {
		return err
	}
	return s.render(x, status, "admin/staff-member", p)
}
