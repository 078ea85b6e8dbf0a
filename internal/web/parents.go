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
	"github.com/schoolgate/schoolgate/internal/lang"
)

const parentsPath = "/admin/site/parent-accounts"

// parentsPage is Manage Parent Accounts.
type parentsPage struct {
	Page
	Query    parentsQuery
	Letters  []letterLink
	Schools  []bulkChoice
	States   []bulkChoice
	Rows     []parentLine
	Count    string
	Filtered bool
	FirstURL string
	NextURL  string
	Acts     []parentAct // for the ticked rows; none for whoever may not
	MatchAll string      // "Select all that match", "" where that is not offered
	AllActs  []bulkChoice
}

// parentAct is a button. Direct says that it is done without a question, because it can be taken back as easily.
type parentAct struct {
	Act, Text, Label string
	Direct           bool
}

// parentLine is a row as it is shown.
type parentLine struct {
	Contact                      int64
	Parent, Schools, Username    string
	State, StateText, Reason     string
	LastSignIn, Password, Select string
	Act                          parentAct // what the row's own button does; a link to the parent's page where it has no Act
}

// parentsQuery is the page's address.
type parentsQuery struct{ Letter, Last, School, State, Since, Password, After string }

func (q parentsQuery) url() string {
	v := url.Values{}
	for name, value := range q.fields() {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if len(v) == 0 {
		return parentsPath
	}
	return parentsPath + "?" + v.Encode()
}

// fields are the choice, by the names of the form.
func (q parentsQuery) fields() map[string]string {
	return map[string]string{
		"letter": q.Letter, "last": q.Last, "school": q.School, "state": q.State, "since": q.Since, "password": q.Password,
	}
}

func parentsQueryOf(values func(string) string) parentsQuery {
	v := func(name string) string { return cut(strings.TrimSpace(values(name)), 100) }
	q := parentsQuery{
		Letter: v("letter"), Last: v("last"), School: v("school"), State: v("state"), Since: v("since"), Password: v("password"),
		After: values("after"),
	}
	if q.Last != "" {
		q.Letter = ""
	}
	return q
}

// daysMost is the oldest password that can be asked for.
const daysMost = 36500

// whom reads the choice. It returns fault.Invalid with problems on "since" and "password".
func (s *Server) whom(q parentsQuery) (family.Whom, error) {
	w := family.Whom{Letter: q.Letter, Last: q.Last, State: family.LoginState(q.State)}
	w.School = number(q.School) // "": any
	var err error
	if w.NotSince, err = s.Family.MissingDay(q.Since); err != nil || q.Password == "" {
		return w, err
	}
	days, err := strconv.Atoi(q.Password)
	if err != nil || days < 1 || days > daysMost {
		return w, fault.InvalidFields(fault.Problem{Field: "password", Key: "problem.out_of_range", Args: []any{"Min", 1, "Max", daysMost}})
	}
	w.PasswordBefore = s.Now().Add(-time.Duration(days) * 24 * time.Hour)
	return w, nil
}

func (s *Server) parents(x *exchange) error {
	q := parentsQueryOf(x.r.URL.Query().Get)
	p := parentsPage{Page: s.page(x, "manage.title"), Query: q}
	status := http.StatusOK
	whom, err := s.whom(q)
	if err != nil {
		if err := s.parentsProblems(x, &p.Page, err); err != nil {
			return err
		}
		status = http.StatusUnprocessableEntity
	}
	found, err := s.Family.Parents(x.r.Context(), x.actor, family.ParentQuery{Whom: whom, After: q.After})
	if err != nil {
		return err
	}
	if err := s.parentChoices(x, &p); err != nil {
		return err
	}
	may := access.Can(x.actor, access.ResetLogins)
	for _, r := range found.Rows {
		p.Rows = append(p.Rows, s.parentLine(x.lang, r))
	}
	for _, l := range strings.Split("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z #", " ") {
		link := letterLink{Letter: l, Current: l == q.Letter}
		if found.Letters[l] {
			to := q
			to.Letter, to.Last, to.After = l, "", ""
			link.URL = to.url()
		}
		p.Letters = append(p.Letters, link)
	}
	base := q
	base.After = ""
	if q.After != "" {
		p.FirstURL = base.url()
	}
	if found.Next != "" {
		base.After = found.Next
		p.NextURL = base.url()
	}
	p.Filtered = whom != family.Whom{}
	p.Count = parentsCount(x.lang, found.Total)
	if may {
		p.Acts = parentActs(x.lang)
	}
	if found.Next != "" && access.Can(x.actor, access.BulkLogins) {
		p.MatchAll = x.lang.T("manage.match_all")
		if 0 < found.Total && found.Total <= 1000 {
			p.MatchAll = x.lang.T("manage.match_all_of", "Number", x.lang.Number(found.Total))
		}
		for _, a := range family.Acts()[1:] { // a reset is of lines
			p.AllActs = append(p.AllActs, bulkChoice{string(a), x.lang.T("bulk.act." + string(a)), false})
		}
	}
	return s.render(x, status, "admin/parents", p)
}

func parentsCount(l *lang.Language, total int) string {
	switch {
	case total < 0:
		return ""
	case total > 1000:
		return l.T("manage.over")
	}
	return l.T("manage.count", "Count", total)
}

func (s *Server) parentChoices(x *exchange, p *parentsPage) error {
	schools, err := s.schoolChoices(x, number(p.Query.School))
	p.Schools = schools
	for _, state := range family.ParentStates() {
		p.States = append(p.States, bulkChoice{string(state), x.lang.T("manage.state." + string(state)), p.Query.State == string(state)})
	}
	return err
}

// parentsProblems is problems with the labels of this page.
func (s *Server) parentsProblems(x *exchange, p *Page, err error) error {
	if err := s.problems(x, p, err); err != nil {
		return err
	}
	labels := map[string]string{"since": "manage.since", "password": "manage.password", "reason": "bulk.reason"}
	for i, q := range p.Problems {
		if key := labels[q.Field]; key != "" {
			p.Problems[i].Label = x.lang.T(key)
		}
	}
	return nil
}

func (s *Server) parentLine(l *lang.Language, r family.ParentRow) parentLine {
	name := l.FullName(r.First, "", r.Last)
	line := parentLine{
		Contact: r.ContactID, Parent: l.ListName(r.Last, r.First, ""), Schools: strings.Join(r.Schools, ", "), Username: r.Username, State: string(r.State),
		StateText: s.stateText(l, family.GridRow{State: r.State, LockedUntil: r.LockedUntil}), Reason: r.Reason, Select: l.T("manage.select", "Name", name),
	}
	switch act := rowAct(r.State); act {
	case "":
		line.Act = parentAct{Text: l.T("manage.look"), Label: l.T("manage.look") + ": " + name}
	case family.BulkSendPassword:
		line.Act = parentAct{Act: string(act), Text: l.T("manage.send"), Label: l.T("manage.send") + ": " + name}
	default:
		line.Act = parentActOf(l, act, name)
	}
	if !r.LastSignIn.IsZero() {
		line.LastSignIn = l.ShortWhen(r.LastSignIn, s.Now(), s.Settings.Location())
	}
	if !r.PasswordSet.IsZero() {
		line.Password = l.T("manage.days", "Count", int(s.Now().Sub(r.PasswordSet)/(24*time.Hour)))
	}
	return line
}

// rowAct is what most likely is wanted for a login in that state; "" where no act helps before the records say otherwise.
func rowAct(s family.LoginState) family.Act {
	switch s {
	case family.Locked:
		return family.BulkUnlock
	case family.Disabled:
		return family.BulkEnable
	case family.NoEmail, family.MayNot:
		return ""
	}
	return family.BulkSendPassword
}

func parentActOf(l *lang.Language, act family.Act, name string) parentAct {
	a := parentAct{Act: string(act), Text: l.T("bulk.act." + string(act)), Direct: act == family.BulkUnlock || act == family.BulkEnable}
	if name != "" {
		a.Label = a.Text + ": " + name
	}
	return a
}

func parentActs(l *lang.Language) []parentAct {
	var acts []parentAct
	for _, a := range family.Acts()[1:] {
		acts = append(acts, parentActOf(l, a, ""))
	}
	return acts
}

// orderOfParents is which act was pressed, for which contacts: a row's own button names both.
func orderOfParents(x *exchange) (family.Act, []int64) {
	if act, id, ok := strings.Cut(x.field("one"), ":"); ok {
		if contact, err := strconv.ParseInt(id, 10, 64); err == nil {
			return family.Act(act), []int64{contact}
		}
	}
	return family.Act(x.field("act")), x.ids("contact")
}

// parentsQuestionPage says what an act would do, and asks for the reason where one is needed.
type parentsQuestionPage struct {
	Page
	Act, Heading, Explain string
	Rows                  []parentLine
	Preview               []string
	Held                  bool // a password that is sent passes a hold
	Reason                bool
	Back                  string
}

func (s *Server) parentsQuestion(x *exchange) error {
	act, contacts := orderOfParents(x)
	if handed, err := s.bulkParents(x, act, contacts); handed || err != nil {
		return err
	}
	return s.askParents(x, act, contacts, nil)
}

func (s *Server) askParents(x *exchange, act family.Act, contacts []int64, problem error) error {
	if !slices.Contains(family.Acts()[1:], act) {
		return fault.Invalidf("no such act")
	}
	rows, preview, err := s.Family.ParentsQuestion(x.r.Context(), x.actor, act, contacts)
	if err != nil {
		return err
	}
	p := parentsQuestionPage{
		Page: s.page(x, "manage.title"), Act: string(act), Heading: x.lang.T("bulk.question." + string(act)), Explain: x.lang.T("bulk.explain." + string(act)),
		Preview: previewTexts(x.lang, act, preview), Held: preview.Held, Reason: act == family.BulkDisable, Back: backTo(x, parentsPath),
	}
	p.Path = parentsPath
	for _, r := range rows {
		p.Rows = append(p.Rows, s.parentLine(x.lang, r))
	}
	status := http.StatusOK
	if problem != nil {
		if err := s.parentsProblems(x, &p.Page, problem); err != nil {
			return err
		}
		p.Typed = map[string]string{"reason": x.field("reason")}
		status = http.StatusUnprocessableEntity
	}
	return s.render(x, status, "admin/parents-question", p)
}

// bulkParents hands a selection that is too big for one press over to a bulk act, and answers one without rows. It reports false for what can be
// done at once.
func (s *Server) bulkParents(x *exchange, act family.Act, contacts []int64) (bool, error) {
	to := backTo(x, parentsPath)
	switch {
	case len(contacts) == 0:
		s.setFlash(x, "flash.nothing_selected")
		return true, x.redirect(to)
	case !s.Family.IsBulk(len(contacts)):
		return false, nil
	case !access.Can(x.actor, access.BulkLogins):
		s.setFlash(x, "flash.bulk_too_many", "Count", strconv.Itoa(s.Settings.Values().BulkSize))
		return true, x.redirect(to)
	case act == family.BulkDisable && x.trimmed("reason") == "": // asked for first
		return false, nil
	}
	id, err := s.Family.AskBulk(x.r.Context(), x.actor, family.BulkOrder{Act: act, Contacts: contacts, Reason: x.field("reason"), Back: to})
	if err != nil {
		return true, err
	}
	return true, x.redirect(bulkURL(id))
}

// parentsResultPage says what an act did, row by row.
type parentsResultPage struct {
	Page
	Heading string
	Who     string // what the first column names
	Rows    []bulkLine
	Back    string
}

func (s *Server) actOnParents(x *exchange) error {
	act, contacts := orderOfParents(x)
	if handed, err := s.bulkParents(x, act, contacts); handed || err != nil {
		return err
	}
	results, err := s.Family.ManageLogins(x.r.Context(), x.actor, act, contacts, x.field("reason"))
	if fault.Is(err, fault.Invalid) && len(fault.ProblemsOf(err)) > 0 {
		return s.askParents(x, act, contacts, err)
	}
	if err != nil {
		return err
	}
	rows, err := s.Family.ParentsOf(x.r.Context(), x.actor, contacts)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, r := range rows {
		names[r.ContactID] = x.lang.ListName(r.Last, r.First, "")
	}
	p := parentsResultPage{Page: s.page(x, "manage.title"), Heading: x.lang.T("bulk.act." + string(act)), Who: x.lang.T("admin.reset.parent"),
		Back: backTo(x, parentsPath)}
	p.Path = parentsPath
	for _, r := range results {
		p.Rows = append(p.Rows, bulkLine{Parent: names[r.ContactID], Username: r.Username, What: outcomeText(x.lang, string(r.Outcome))})
	}
	return s.render(x, http.StatusOK, "admin/parents-result", p)
}
