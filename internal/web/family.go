package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// familyPage is the page about one parent: on top why this parent cannot get in.
type familyPage struct {
	Page
	Parent   family.ParentPage
	Name     string
	Sentence string
	Fine     bool
	Presses  []press // what mends it first, then what else can be done
	Held     bool    // a password that is sent from here passes a hold
	Mended   bool    // the first press mends what the sentence says
	Ask      string  // who else could mend it, where the reader may not
	Lines    []familyLine
	Adults   []familyLine
	Login    string // the state of the login in words
	Temp     string
	Locked   string
	Factors  string
	Mails    []familyMail
	Bulk     []bulkNote
	Resets   []int64 // the lines that can be reset from here
	Records  bool    // may open the records
	History  string  // the login's history
	AllMails string  // all mails to the parent, for those who may see mail
}

// harmless are the reasons that are no trouble: the parent can get in, could, or will soon.
var harmless = []family.Reason{family.ReasonFine, family.ReasonNever, family.ReasonWaiting, family.ReasonQueued, family.ReasonSlowed}

// press is a button or a link.
type press struct {
	URL, Text string
	Post      bool // a button that does it at once
	Ask       bool // a page that asks first
}

// familyLine is a line in the reader's language.
type familyLine struct {
	Child, School, Parent, Relation string
	ChildURL, ParentURL             string
	State, StateText, Why           string
	Username                        string
}

// familyMail is a mail in the reader's language.
type familyMail struct {
	family.Mail
	What, How string
}

type bulkNote struct {
	family.BulkNote
	What string
	URL  string
}

// About names the login in forms, so that an act that meets another one does nothing.
func (p familyPage) About() string { return p.Parent.Mark }

func (s *Server) family(x *exchange) error {
	id, err := x.id("contact")
	if err != nil {
		return err
	}
	parent, err := s.Family.ParentPage(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	l := x.lang
	p := familyPage{
		Page: s.page(x, "family.title"), Parent: parent, Name: l.FullName(parent.Contact.First, parent.Contact.Middle, parent.Contact.Last),
		Fine: slices.Contains(harmless, parent.Verdict.Reason), Records: access.Can(x.actor, access.SeeRecords),
	}
	p.Title = l.T("family.title_of", "Name", p.Name)
	p.Sentence = s.sentence(l, parent, p.Name)
	p.Presses, p.Mended = presses(l, x.actor, parent)
	p.Held = parent.PassesHold && slices.Contains(parent.Acts, family.LoginSend)
	if mends := family.MendsOf(parent.Verdict.Reason); !p.Mended && len(mends) > 0 {
		p.Ask = l.T("door.ask." + string(mends[0]))
	}
	for _, r := range parent.Lines {
		line := s.familyLine(l, r.GridRow, p.Records)
		if r.Why != "" {
			line.Why = l.T("door.line." + string(r.Why))
		}
		p.Lines = append(p.Lines, line)
		if p.History == "" {
			p.History = studentPath(r.StudentID) + "/contacts/" + strconv.FormatInt(r.LineID, 10) + "/history"
		}
		if parent.Login != nil && access.Can(x.actor, access.ResetLogins) {
			p.Resets = append(p.Resets, r.LineID)
		}
	}
	for _, r := range parent.Adults {
		p.Adults = append(p.Adults, s.familyLine(l, r, p.Records))
	}
	s.describeLogin(l, &p)
	for _, m := range parent.Mails {
		p.Mails = append(p.Mails, familyMail{m, l.T("admin.mail.template." + m.Template), s.mailWords(l, m)})
	}
	if len(parent.Mails) > 0 && access.Can(x.actor, access.SeeMail) {
		p.AllMails = mailQuery{Contact: strconv.FormatInt(id, 10)}.url(nil)
	}
	for _, n := range parent.Bulk {
		note := bulkNote{BulkNote: n, What: l.T("bulk.act."+string(n.Act)) + ": " + l.T("bulk.outcome."+n.Outcome)}
		if access.Can(x.actor, access.BulkLogins) {
			note.URL = bulkPath + "/" + strconv.FormatInt(n.BulkID, 10)
		}
		p.Bulk = append(p.Bulk, note)
	}
	return s.render(x, http.StatusOK, "admin/family", p)
}

func (s *Server) familyLine(l *lang.Language, r family.GridRow, records bool) familyLine {
	line := familyLine{
		Child: l.ListName(r.ChildLast, r.ChildFirst, ""), School: r.School, Parent: l.ListName(r.ParentLast, r.ParentFirst, ""), Relation: l.T(relationKey(r.Relationship)),
		ParentURL: familyPath(r.ContactID), State: string(r.State), StateText: s.stateText(l, r), Username: r.Username,
	}
	if r.Grade != "" {
		line.School += " · " + r.Grade
	}
	if records {
		line.ChildURL = studentPath(r.StudentID) + "/contacts"
	}
	return line
}

// sentence says why the parent cannot get in.
func (s *Server) sentence(l *lang.Language, p family.ParentPage, name string) string {
	v := p.Verdict
	key, when, relation := "door."+string(v.Reason), "", ""
	switch {
	case v.When.IsZero() && v.Reason == family.ReasonFine:
		key = "door.fine_never"
	case v.Reason == family.ReasonNotYet:
		when = l.Date(v.When.Format("2006-01-02"))
	case !v.When.IsZero():
		when = l.ShortWhen(v.When, s.Now(), s.Settings.Location())
	}
	child := v.Child
	if child == "" {
		child = l.T("family.child_elsewhere")
	}
	for _, line := range p.Lines {
		if line.LineID == v.LineID {
			relation = l.T(relationKey(line.Relationship))
		}
	}
	return l.T(key, "Name", name, "Child", child, "When", when, "Words", v.Words, "Typed", v.Typed, "Relationship", relation)
}

// presses are the ways to mend what is wrong, the best first, and then everything else that can be done.
func presses(l *lang.Language, actor access.Actor, p family.ParentPage) (all []press, mended bool) {
	v := p.Verdict
	add := func(b press) {
		if !slices.ContainsFunc(all, func(o press) bool { return o.URL == b.URL }) {
			all = append(all, b)
		}
	}
	act := func(a family.LoginAct) {
		ask := p.Asks(a)
		add(press{URL: familyPath(p.Contact.ID) + "/" + string(a), Text: l.T("door.mend." + string(a)), Post: !ask, Ask: ask})
	}
	line := studentPath(v.StudentID) + "/contacts/" + strconv.FormatInt(v.LineID, 10)
	for _, m := range v.Mends {
		switch m {
		case family.MendAddress:
			add(press{URL: line, Text: l.T("door.mend.address")})
		case family.MendCode:
			add(press{URL: line + "/code", Text: l.T("door.mend.code")})
		case family.MendContacts:
			add(press{URL: studentPath(v.StudentID) + "/contacts", Text: l.T("door.mend.contacts")})
		case family.MendStudent:
			add(press{URL: studentPath(v.StudentID), Text: l.T("door.mend.student")})
		case family.MendHold:
			add(press{URL: holdPath, Text: l.T("door.mend.hold")})
		default:
			act(family.LoginAct(m))
		}
	}
	mended = len(all) > 0
	for _, a := range p.Acts {
		act(a)
	}
	if v.LineID != 0 && access.Can(actor, access.EditRecords) {
		add(press{URL: line, Text: l.T("family.edit")})
	}
	return all, mended
}

// describeLogin puts the login into words.
func (s *Server) describeLogin(l *lang.Language, p *familyPage) {
	in := p.Parent.Login
	if in == nil {
		return
	}
	zone := s.Settings.Location()
	p.Login = l.T("login_state." + string(in.State))
	if in.TemporaryTo.After(s.Now()) {
		p.Temp = l.T("family.temporary_until", "Until", l.DateTime(in.TemporaryTo, zone))
	} else if !in.TemporaryTo.IsZero() {
		p.Temp = l.T("family.temporary_over", "Until", l.DateTime(in.TemporaryTo, zone))
	}
	switch {
	case in.LockedUntil.Equal(account.Never()):
		p.Locked = l.T("login_state.off")
	case !in.LockedUntil.IsZero():
		p.Locked = l.T("login_state.locked", "Clock", l.Clock(in.LockedUntil, zone))
	}
	var factors []string
	if in.Authenticator {
		factors = append(factors, l.T("family.authenticator"))
	}
	if in.Passkeys > 0 {
		factors = append(factors, l.T("family.passkeys", "Count", in.Passkeys))
	}
	if p.Factors = l.List(factors); len(factors) == 0 {
		p.Factors = l.T("common.none")
	}
}

// mailWords says what became of a mail: never more than that the mail server has it.
func (s *Server) mailWords(l *lang.Language, m family.Mail) string {
	words := l.T("admin.mail." + string(m.Standing))
	if !m.Ended.IsZero() {
		words += ", " + l.ShortWhen(m.Ended, s.Now(), s.Settings.Location())
	}
	if m.Error != "" {
		words += " · " + m.Error
	}
	return words
}

// familyAskPage asks before something is done to a login.
type familyAskPage struct {
	Page
	Parent family.ParentPage
	Name   string
	Act    family.LoginAct
	Mark   string
	Loss   bool
}

func (s *Server) familyQuestion(x *exchange) (familyAskPage, error) {
	act := family.LoginAct(x.r.PathValue("act"))
	if !slices.Contains(family.LoginActs(), act) {
		return familyAskPage{}, fault.NotFoundf("no such page")
	}
	id, err := x.id("contact")
	if err != nil {
		return familyAskPage{}, err
	}
	parent, err := s.Family.ParentPage(x.r.Context(), x.actor, id)
	if err != nil {
		return familyAskPage{}, err
	}
	p := familyAskPage{
		Page: s.page(x, "door.mend."+string(act)), Parent: parent, Act: act, Mark: parent.Mark, Loss: act == family.LoginDisable,
		Name: x.lang.FullName(parent.Contact.First, parent.Contact.Middle, parent.Contact.Last),
	}
	p.Path = familyPath(id)
	return p, nil
}

// askFamily shows the question. An act that makes no sense any more leads back to the page, which says how things are.
func (s *Server) askFamily(x *exchange) error {
	p, err := s.familyQuestion(x)
	if err != nil {
		return err
	}
	if !slices.Contains(p.Parent.Acts, p.Act) {
		s.setFlash(x, "flash.family.overtaken")
		return x.redirect(familyPath(p.Parent.Contact.ID))
	}
	return s.render(x, http.StatusOK, "admin/family-ask", p)
}

func (s *Server) actOnFamily(x *exchange) error {
	p, err := s.familyQuestion(x)
	if err != nil {
		return err
	}
	id := p.Parent.Contact.ID
	done, err := s.Family.ActOnLogin(x.r.Context(), x.actor, family.LoginOrder{
		ContactID: id, Act: p.Act, Mark: x.field("mark"), Reason: x.trimmed("reason"), AnyAddress: x.field("any_address") == "1",
	})
	if err != nil {
		if err := s.problems(x, &p.Page, err, "reason"); err != nil {
			return err
		}
		p.Mark = x.field("mark")
		return s.render(x, http.StatusUnprocessableEntity, "admin/family-ask", p)
	}
	s.setFlash(x, "flash.family."+string(done.Outcome))
	return x.redirect(familyPath(id))
}
