package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

const (
	deskPath = "/admin/site/requests"
	allPath  = deskPath + "/all"
)

func casePath(id int64) string { return deskPath + "/cases/" + strconv.FormatInt(id, 10) }

// deskPage is the registration desk: cases that wait for somebody.
type deskPage struct {
	Page
	Tab       string // open, done
	Notices   []family.SchoolNotice
	Reasons   []bulkChoice
	Schools   []bulkChoice
	Count     string
	Filtered  bool
	Rows      []deskRow
	NextURL   string
	UndoURL   string // of the act just done
	UndoLabel string
	Version   int64 // of the case to undo
}

// deskRow is a case in the reader's language.
type deskRow struct {
	URL             string
	Version         int64
	Child, IDNumber string
	School          string
	Typed, Recorded string
	Reason          string
	Details         []string
	Many            string
	When            string
	Claim           string
	Press, Label    string // of the button, and its name for who does not see the row
	Open            bool
	Acted           string
}

func (s *Server) desk(x *exchange) error {
	q := x.r.URL.Query()
	p := deskPage{Page: s.page(x, "desk.title"), Tab: "open"}
	school := number(q.Get("school")) // "": all of them
	query := family.CaseQuery{School: school, Done: q.Get("state") == "done", After: cursor(q), Limit: listPage}
	if reason := family.Outcome(q.Get("reason")); slices.Contains(family.DeskReasons(), reason) {
		query.Reason = reason
	}
	if query.Done {
		p.Tab = "done"
	}
	list, err := s.Family.Cases(x.r.Context(), x.actor, query)
	if err != nil {
		return err
	}
	for _, c := range list.Rows {
		p.Rows = append(p.Rows, s.deskRow(x, c))
	}
	p.Count = upTo(x.lang, "desk.count_"+p.Tab, list.Count)
	p.Filtered = query.Reason != "" || school != 0
	if p.Reasons, p.Schools, err = s.deskChoices(x, query); err != nil {
		return err
	}
	if list.Next != nil {
		next := url.Values{"at": {strconv.FormatInt(list.Next.At, 10)}, "id": {strconv.FormatInt(list.Next.ID, 10)}}
		for _, name := range []string{"reason", "school", "state"} {
			if v := q.Get(name); v != "" {
				next.Set(name, v)
			}
		}
		p.NextURL = deskPath + "?" + next.Encode()
	}
	if err := s.deskUndo(x, &p); err != nil {
		return err
	}
	if query.After == (jobs.Cursor{}) && !query.Done {
		if p.Notices, err = s.Family.SchoolNotices(x.r.Context(), x.actor); err != nil {
			return err
		}
	}
	return s.render(x, http.StatusOK, "admin/desk", p)
}

// deskUndo offers to take back what was just done, where that can be.
func (s *Server) deskUndo(x *exchange, p *deskPage) error {
	id, err := strconv.ParseInt(x.r.URL.Query().Get("settled"), 10, 64)
	if err != nil {
		return nil // nothing was done
	}
	c, err := s.Family.Case(x.r.Context(), x.actor, id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && !c.Open() && c.Undoable() {
		p.UndoURL, p.Version = casePath(id), c.Version
		p.UndoLabel = x.lang.T("desk.undo_of", "Name", s.caseName(x.lang, c.CaseRow))
	}
	return nil
}

func (s *Server) deskChoices(x *exchange, q family.CaseQuery) (reasons, schools []bulkChoice, err error) {
	for _, o := range family.DeskReasons() {
		reasons = append(reasons, bulkChoice{string(o), x.lang.T("desk.reason." + string(o)), o == q.Reason})
	}
	schools, err = s.schoolChoices(x, q.School)
	return reasons, schools, err
}

// caseName is the child, or the ID Number that is no child's.
func (s *Server) caseName(l *lang.Language, c family.CaseRow) string {
	if c.StudentID != 0 {
		return l.FullName(c.ChildFirst, "", c.ChildLast)
	}
	return l.T("desk.no_child", "Number", c.TypedID)
}

func (s *Server) deskRow(x *exchange, c family.CaseRow) deskRow {
	l := x.lang
	r := deskRow{
		URL: casePath(c.ID), Version: c.Version, Child: s.caseName(l, c), School: c.School, Typed: l.FullName(c.First, "", c.Last),
		Recorded: l.FullName(c.RecordFirst, "", c.RecordLast), Reason: l.T("desk.reason." + string(c.Reason)), Open: c.Open(),
		When: l.ShortWhen(c.At, s.Now(), s.Settings.Location()), Press: l.T("desk.press.take"),
	}
	for _, d := range c.Details {
		r.Details = append(r.Details, l.T("request.detail."+d))
	}
	if c.StudentID != 0 {
		r.IDNumber = c.IDNumber
	}
	if c.OtherID() {
		r.Details = append(r.Details, l.T("desk.other_id", "Number", c.TypedID))
	}
	if c.Many() {
		r.Many = s.attempts(l, c)
	}
	if m, taken := c.ClaimedBy(x.actor, s.Now()); taken {
		r.Claim = s.atIt(l, m)
		r.Press = l.T("desk.press.take_over")
	}
	r.Label = r.Press + ": " + r.Child
	if !c.Open() {
		r.Acted = s.acted(l, c.Acted)
	}
	return r
}

func (s *Server) attempts(l *lang.Language, c family.CaseRow) string {
	return l.T("desk.attempts", "Count", c.Attempts, "Addresses", l.T("desk.addresses", "Count", c.Addresses))
}

// atIt says who is at a case.
func (s *Server) atIt(l *lang.Language, m family.Mark) string {
	return l.T("desk.at_it", "Who", m.By, "When", l.Clock(m.At, s.Settings.Location()))
}

// acted says who did what, and when.
func (s *Server) acted(l *lang.Language, m family.Mark) string {
	how := l.T("desk.how." + m.How)
	if m.How == "" || m.By == "" {
		return how
	}
	return l.T("desk.acted", "How", how, "Who", m.By, "When", l.ShortWhen(m.At, s.Now(), s.Settings.Location()))
}

// casePage is one case, with the presses that settle it.
type casePage struct {
	Page
	URL                     string
	Version                 int64
	Heading                 string
	StudentID               int64 // 0 where the reader may not open the record
	IDNumber, School, Grade string
	Open                    bool
	Acted                   string
	Undoable                bool
	Claim                   string // of somebody else
	Mine                    bool
	Many                    string
	Held                    bool
	NoContacts              bool
	People                  []casePerson
	More                    bool
	Checks                  []string
	Form                    string // the form that has a problem
	Refused                 string // why no temporary password may go out
}

// casePerson is what one person asked.
type casePerson struct {
	ID, Key   string
	Name      string
	Reason    string
	Details   []string
	Wanted    string
	Times     string
	When      string
	Reference string
	Near      *caseContact // who may be meant
	Others    []caseContact
}

// caseContact is a contact of the child beside what was typed.
type caseContact struct {
	ID              string
	Contact         int64
	Version         int64
	Name            string
	Relationship    string
	Whose           string // the name, with what tells two of one name apart
	Rows            []caseField
	Says            []string
	First, Last     string
	Email           string
	Correct, Change bool
	OpenCorrect     bool // the form that is likely to be the right one
	OpenAddress     bool
	Send            bool
	HasAddress      bool
	Adds            bool // the person has a login already, and asked for one more child
	Ask             bool // somebody else has to correct the record
}

// caseField is a field as typed beside the record.
type caseField struct {
	Label           string
	Typed, Recorded []family.Part
	Same            bool
}

func (s *Server) deskCase(x *exchange) error {
	id, err := x.id("case")
	if err != nil {
		return err
	}
	p, err := s.caseForm(x, id)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/case", p)
}

func (s *Server) caseForm(x *exchange, id int64) (casePage, error) {
	c, err := s.Family.Case(x.r.Context(), x.actor, id)
	if err != nil {
		return casePage{}, err
	}
	l := x.lang
	p := casePage{
		Page: s.page(x, "desk.title"), URL: casePath(id), Version: c.Version, Heading: s.caseName(l, c.CaseRow), School: c.School, Open: c.Open(),
		Held: c.Held, More: c.More, Checks: roster.Checks(), Undoable: c.Undoable() && !c.Open(), NoContacts: len(c.Contacts) == 0,
	}
	p.Path = p.URL
	if c.StudentID != 0 {
		p.IDNumber, p.Grade = c.IDNumber, c.Grade
		if access.Can(x.actor, access.SeeRecords) {
			p.StudentID = c.StudentID
		}
	}
	if !c.Open() {
		p.Acted = s.acted(l, c.Acted)
	}
	if c.Many() {
		p.Many = s.attempts(l, c.CaseRow)
	}
	if m, taken := c.ClaimedBy(x.actor, s.Now()); taken {
		p.Claim = s.atIt(l, m)
	}
	p.Mine = c.Claim.AccountID == x.actor.AccountID
	for i, q := range c.People {
		p.People = append(p.People, s.casePerson(x, c, q, "p"+strconv.Itoa(i)))
	}
	return p, nil
}

func (s *Server) casePerson(x *exchange, c family.DeskCase, q family.DeskPerson, id string) casePerson {
	l := x.lang
	p := casePerson{
		ID: id, Key: q.Key, Name: l.FullName(q.First, "", q.Last), Reason: l.T("request.outcome." + string(q.Reason)),
		Wanted: l.T("request.purpose." + q.Purpose), When: l.ShortWhen(q.At, s.Now(), s.Settings.Location()), Reference: q.Reference,
	}
	if p.Name == "" {
		p.Name = q.Username
	}
	if q.Times > 1 {
		p.Times = l.T("desk.times", "Count", q.Times)
	}
	for _, d := range q.Details {
		p.Details = append(p.Details, l.T("request.detail."+d))
	}
	for i, k := range c.Contacts {
		row := s.caseContact(x, c, q, k, id+"c"+strconv.Itoa(i))
		if slices.ContainsFunc(c.Contacts, func(o family.DeskContact) bool { return o.ID != k.ID && o.First == k.First && o.Last == k.Last }) {
			row.Whose += ", " + row.Relationship + ", " + strconv.Itoa(i+1)
		}
		if k.ID == q.Near {
			row.OpenAddress = k.Email == "" || k.Trouble != ""
			row.OpenCorrect = !row.OpenAddress
			p.Near = &row
		} else {
			row.Correct = row.Correct && q.Near == 0 // where one is near, nobody else takes the name
			p.Others = append(p.Others, row)
		}
	}
	return p
}

func (s *Server) caseContact(x *exchange, c family.DeskCase, q family.DeskPerson, k family.DeskContact, id string) caseContact {
	l := x.lang
	corrects := access.Can(x.actor, access.CorrectContact)
	row := caseContact{
		ID: id, Contact: k.ID, Version: k.Version, Name: l.FullName(k.First, "", k.Last), Relationship: l.T(relationKey(k.Relationship)),
		First: q.First, Last: q.Last, HasAddress: k.Email != "", Adds: q.Purpose == "add_student",
	}
	row.Whose = row.Name
	field := func(label, typed, recorded string, same bool) {
		f := caseField{Label: l.T(label), Same: same}
		if f.Typed, f.Recorded = []family.Part{{Text: typed}}, []family.Part{{Text: recorded}}; !same {
			f.Typed, f.Recorded = family.Apart(typed, recorded)
		}
		row.Rows = append(row.Rows, f)
	}
	names := q.First + q.Last
	if c.IDNumber != "" && q.IDNumber != "" {
		field("record.id_number", q.IDNumber, c.IDNumber, lang.IDKey(q.IDNumber) == lang.IDKey(c.IDNumber))
	}
	if names != "" {
		field("record.first_name", q.First, k.First, family.SameField(q.First, k.First))
		field("record.last_name", q.Last, k.Last, family.SameField(q.Last, k.Last))
	}
	email := k.Email
	if !corrects {
		email = masked(email)
	}
	switch {
	case email == "":
		row.Says = append(row.Says, l.T("desk.says.no_email"))
	default:
		row.Says = append(row.Says, l.T("desk.says.email", "Email", email))
		row.Email = email
	}
	if k.Why != roster.MayOpen {
		row.Says = append(row.Says, l.T("desk.why."+string(k.Why)))
	}
	if k.Trouble == family.OutcomeStudentAddress || k.Trouble == family.OutcomeRestrictedAddress || k.Trouble == family.OutcomeRestrictionText {
		row.Says = append(row.Says, l.T("request.outcome."+string(k.Trouble)))
	}
	switch k.Login {
	case account.Active, account.Waiting, account.Disabled:
		row.Says = append(row.Says, l.T("desk.login."+string(k.Login)))
	}
	differs := names != "" && !(family.SameField(q.First, k.First) && family.SameField(q.Last, k.Last))
	row.Correct = corrects && k.MayCorrect() && differs
	row.Change = corrects && k.MayCorrect()
	row.Ask = !corrects && k.MayCorrect()
	row.Send = k.MaySend() && !row.Adds
	return row
}

// masked is an address of which its owner alone knows the rest.
func masked(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" {
		return ""
	}
	return string([]rune(local)[:1]) + "…@" + domain
}

// actOnCase does what was pressed on a case.
func (s *Server) actOnCase(x *exchange) error {
	id, err := x.id("case")
	if err != nil {
		return err
	}
	version := x.number("version") // none: somebody was faster
	if x.field("act") == "take" {
		err := s.Family.TakeCase(x.r.Context(), x.actor, id, version)
		if changed := (family.CaseChanged{}); errors.As(err, &changed) {
			return s.tellChanged(x, id, changed)
		}
		if err != nil {
			return err
		}
		return x.redirect(casePath(id))
	}
	o := family.DeskOrder{
		Case: id, Version: version, Person: x.field("person"), Act: family.DeskAct(x.field("act")), First: x.trimmed("first_name"),
		Last: x.trimmed("last_name"), Email: x.trimmed("email"), Checked: x.field("checked"), Reason: x.trimmed("reason"), Tell: x.field("tell") != "",
	}
	o.Contact = x.number("contact") // none: not found
	o.ContactVersion = x.number("contact_version")
	result, err := s.Family.Act(x.r.Context(), x.actor, o)
	if err != nil {
		return s.actFailed(x, id, o, err)
	}
	s.setFlash(x, deskFlash(o.Act, result), "Name", result.Contact)
	if result.Left || o.Act == family.DeskReopen {
		return x.redirect(casePath(id))
	}
	return x.redirect(deskPath + "?settled=" + strconv.FormatInt(id, 10))
}

// deskFlash says what happened.
func deskFlash(act family.DeskAct, r family.DeskResult) string {
	switch {
	case r.Opened:
		return "flash.desk.opened"
	case r.Made:
		return "flash.desk.made"
	case r.Told:
		return "flash.desk.refuse_told"
	}
	return "flash.desk." + string(act)
}

func (s *Server) tellChanged(x *exchange, id int64, c family.CaseChanged) error {
	key := "flash.desk.already"
	if c.Claimed {
		key = "flash.desk.taken"
	}
	if c.By == "" {
		key = "flash.desk.changed"
	}
	s.setFlash(x, key, "Who", c.By, "When", x.lang.ShortWhen(c.At, s.Now(), s.Settings.Location()))
	return x.redirect(casePath(id))
}

// actFailed shows the case again with what is wrong, or says who was faster.
func (s *Server) actFailed(x *exchange, id int64, o family.DeskOrder, err error) error {
	var changed family.CaseChanged
	var refused family.DeskRefused
	switch {
	case errors.As(err, &changed):
		return s.tellChanged(x, id, changed)
	case errors.As(err, &refused):
	case fault.Is(err, fault.Conflict):
		s.setFlash(x, "flash.desk.record_changed")
		return x.redirect(casePath(id))
	case !fault.Is(err, fault.Invalid) || len(fault.ProblemsOf(err)) == 0:
		return err
	}
	p, formErr := s.caseForm(x, id)
	if formErr != nil {
		return formErr
	}
	if refused.Outcome != "" {
		p.Refused = wordOr(x.lang, "bulk.outcome."+string(refused.Outcome), wordOr(x.lang, "request.outcome."+string(refused.Outcome), ""))
	} else if err := s.problems(x, &p.Page, err, "first_name", "last_name", "email", "checked", "reason"); err != nil {
		return err
	}
	p.Form = x.field("form")
	for i, q := range p.Problems {
		if q.Label == "" {
			p.Problems[i].Label = x.lang.T("desk.field." + q.Field)
		}
		p.Problems[i].Field = p.Form + "-" + q.Field
	}
	return s.render(x, http.StatusUnprocessableEntity, "admin/case", p)
}

// In is the value typed into a field of the form with the problem, else what the form begins with.
func (p casePage) In(form, field, otherwise string) string {
	if form != p.Form {
		return otherwise
	}
	return p.Value(field, otherwise)
}

// caseBlock is a contact on the page, for the template of that name.
type caseBlock struct {
	Page    casePage
	Person  casePerson
	Contact caseContact
}

func newCaseBlock(p casePage, q casePerson, c any) caseBlock {
	switch c := c.(type) {
	case *caseContact:
		return caseBlock{p, q, *c}
	case caseContact:
		return caseBlock{p, q, c}
	}
	return caseBlock{Page: p, Person: q}
}

// caseInput is a field of one of the page's forms.
type caseInput struct {
	ID, Name, Label, Value, Problem string
	Whose                           string // for who does not see beside whom it stands
	Checks                          []string
}

func newCaseInput(p casePage, form, name, label, otherwise, whose string) caseInput {
	id := form + "-" + name
	return caseInput{id, name, label, p.In(form, name, otherwise), p.Problem(id), whose, p.Checks}
}
