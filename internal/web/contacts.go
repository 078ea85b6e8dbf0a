package web

import (
	"net/http"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// contactsPage is a student's Contacts page.
type contactsPage struct {
	Page
	Student roster.Student
	Lines   []contactLine
	Removed []roster.FullLine // can be put back
	Export  bool              // the reader may take out a contact's data
	Edit    bool              // the reader may change this record
	Codes   bool              // the reader may give one-time codes
	Paper   bool              // the reader may print a letter

	Texts     bool // the reader may read what restrictions say
	OpenAgain bool // the reader may open a child again
	Visits    bool // the student's own school is none of the reader's
}

// Tab is the tab of the student's pages this one is on.
func (contactsPage) Tab() string { return "contacts" }

// contactLine is a line with the state of its login.
type contactLine struct {
	roster.FullLine
	Login       family.GridRow
	StateText   string
	First, Last bool // cannot move further
	Lifted      bool // closed since a restriction was lifted
	RunOut      bool // the order of court is over
	MayOpen     bool
}

// Flags are the line's flags as the card shows them; a restriction has a place of its own.
func (l contactLine) Flags() (all []flagField) {
	for _, f := range flags(&l.Line) {
		if f.name != "restricted" {
			all = append(all, flagField{Name: f.name, Value: *f.flag})
		}
	}
	return all
}

func (s *Server) contacts(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	rec, err := s.Roster.Page(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	states, err := s.Family.LineStates(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	p := contactsPage{Page: s.page(x, "admin.contacts.title"), Student: rec.Student, Removed: rec.Removed}
	p.Export, p.Edit = access.Can(x.actor, access.ExportRecords), access.Can(x.actor, access.EditRecords) && !rec.Visits
	p.Codes, p.Paper = access.Can(x.actor, access.GiveCodes), access.Can(x.actor, access.SeeLogins)
	p.Texts, p.OpenAgain, p.Visits = rec.Texts, family.MayOpenAgain(x.actor), rec.Visits
	lifted, err := s.Family.Lifted(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	today := s.Settings.Today()
	for i, l := range rec.Lines {
		p.Lines = append(p.Lines, contactLine{
			FullLine: l.FullLine, Login: states[l.Line.ID], StateText: s.stateText(x.lang, states[l.Line.ID]), First: i == 0, Last: i == len(rec.Lines)-1,
			MayOpen: s.Family.MayOpen(l.FullLine), Lifted: lifted[l.Line.ID], RunOut: l.RestrictedUntil != "" && l.RestrictedUntil <= today,
		})
	}
	return s.render(x, http.StatusOK, "admin/contacts", p)
}

// contactPage is the form of one contact with its line.
type contactPage struct {
	Page
	Student       roster.Student
	Contact       roster.Contact
	Line          roster.Line
	Relationships []string
	Fresh         *roster.FullLine
	OtherChildren int  // whoever changes the contact changes it for them too
	Elsewhere     bool // there are children at schools that are not the reader's
	say           func(field string) *said
}

// Said is what stands beside a field that was set by hand.
func (p contactPage) Said(field string) *said {
	if p.say == nil {
		return nil
	}
	return p.say(field)
}

// Tab is the tab of the student's pages this one is on.
func (contactPage) Tab() string { return "contacts" }

// Checks are the ways in which identity can have been checked.
func (contactPage) Checks() []string { return roster.Checks() }

// Languages are the choices of the language field; "" is unknown.
func (contactPage) Languages() []string { return append([]string{""}, lang.Tags()...) }

// Now says what is on record for a field when someone else saved first.
func (p contactPage) Now(field string) nowValue {
	if p.Fresh == nil {
		return nowValue{}
	}
	return compare(contactField(p.Contact, p.Line, field), contactField(p.Fresh.Contact, p.Fresh.Line, field))
}

func contactField(c roster.Contact, l roster.Line, field string) string {
	return map[string]string{
		"first_name": c.First, "middle_name": c.Middle, "last_name": c.Last, "preferred_first": c.PreferredFirst, "preferred_last": c.PreferredLast,
		"email": c.Email, "mobile_phone": c.MobilePhone, "home_phone": c.HomePhone, "work_phone": c.WorkPhone, "relationship": l.Relationship,
		"begin_date": l.BeginDate, "end_date": l.EndDate, "restriction_note": l.RestrictionNote, "court_number": l.CourtNumber, "court_date": l.CourtDate,
		"restricted_from": l.RestrictedFrom, "restricted_until": l.RestrictedUntil,
	}[field]
}

// flagField is one yes / no / unknown choice. Fresh is what someone else saved, if it differs.
type flagField struct {
	Name         string
	Value, Fresh roster.Flag
}

// Choices are the values of a flag.
func (flagField) Choices() []roster.Flag { return []roster.Flag{roster.Yes, roster.No, roster.Unknown} }

// Flags are the line's flags in the order of the form.
func (p contactPage) Flags() []flagField {
	now := flags(&p.Line)
	var fresh []flagOf
	if p.Fresh != nil {
		fresh = flags(&p.Fresh.Line)
	}
	var all []flagField
	for i, f := range now {
		field := flagField{Name: f.name, Value: *f.flag}
		if fresh != nil && *fresh[i].flag != *f.flag {
			field.Fresh = *fresh[i].flag
		}
		all = append(all, field)
	}
	return all
}

type flagOf struct {
	name string
	flag *roster.Flag
}

func flags(l *roster.Line) []flagOf {
	return []flagOf{
		{"portal_access", &l.PortalAccess}, {"legal_guardian", &l.LegalGuardian}, {"lives_with", &l.LivesWith}, {"emergency", &l.Emergency},
		{"pickup", &l.Pickup}, {"mailing", &l.Mailing}, {"restricted", &l.Restricted},
	}
}

// findLine is a student's line by its number in the path; a zero line for the form of a new one.
func (s *Server) findLine(x *exchange) (roster.StudentPage, roster.FullLine, error) {
	id, err := x.id("student")
	if err != nil {
		return roster.StudentPage{}, roster.FullLine{}, err
	}
	rec, err := s.Roster.Page(x.r.Context(), x.actor, id)
	if err != nil {
		return rec, roster.FullLine{}, err
	}
	if x.r.PathValue("line") == "" {
		return rec, newLine(id), nil
	}
	line, err := x.id("line")
	if err != nil {
		return rec, roster.FullLine{}, err
	}
	for _, l := range rec.Lines {
		if l.Line.ID == line {
			return rec, l.FullLine, nil
		}
	}
	return rec, roster.FullLine{}, fault.NotFoundf("no such contact")
}

func newLine(student int64) roster.FullLine {
	return roster.FullLine{Line: roster.Line{
		StudentID: student, Relationship: "mother", LegalGuardian: roster.Unknown, LivesWith: roster.Unknown, Emergency: roster.Unknown,
		Pickup: roster.Unknown, Mailing: roster.Unknown, PortalAccess: roster.Unknown, FilePortalAccess: roster.Unknown, Restricted: roster.Unknown,
	}}
}

func (s *Server) contactPage(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	p := s.contactForm(x, rec.Student, l)
	for _, line := range rec.Lines {
		if line.Line.ID == l.Line.ID {
			p.OtherChildren, p.Elsewhere = line.OtherChildren, line.Elsewhere
		}
	}
	return s.render(x, http.StatusOK, "admin/contact", p)
}

func (s *Server) contactForm(x *exchange, st roster.Student, l roster.FullLine) contactPage {
	title := "admin.contact.title"
	if l.Line.ID == 0 {
		title = "admin.contact.new"
	}
	p := contactPage{Page: s.page(x, title), Student: st, Contact: l.Contact, Line: l.Line, Relationships: roster.Relationships()}
	c, n := l.Contact, l.Line
	p.say = func(field string) *said {
		if q := saidOf(x.lang, field, c.Local, c.FileValues, nil); q != nil {
			return q
		}
		return saidOf(x.lang, field, n.Local, n.FileValues, nil)
	}
	return p
}

// typedContact is the contact and line as the form has them, over what is on record.
func typedContact(x *exchange, l roster.FullLine) roster.ContactEdit {
	c, n := l.Contact, l.Line
	c.Version = x.number("contact_version") // none: a conflict, as it should be
	n.Version = x.number("line_version")
	c.First, c.Middle, c.Last = x.trimmed("first_name"), x.trimmed("middle_name"), x.trimmed("last_name")
	c.PreferredFirst, c.PreferredLast = x.trimmed("preferred_first"), x.trimmed("preferred_last")
	c.Email, c.MobilePhone, c.HomePhone, c.WorkPhone = x.trimmed("email"), x.trimmed("mobile_phone"), x.trimmed("home_phone"), x.trimmed("work_phone")
	c.Language = x.field("language")
	n.Relationship, n.RestrictionNote = x.field("relationship"), x.trimmed("restriction_note")
	n.CourtNumber, n.CourtDate = x.trimmed("court_number"), x.trimmed("court_date")
	n.RestrictedFrom, n.RestrictedUntil = x.trimmed("restricted_from"), x.trimmed("restricted_until")
	n.BeginDate, n.EndDate = x.trimmed("begin_date"), x.trimmed("end_date")
	for _, f := range flags(&n) {
		*f.flag = roster.Flag(x.field(f.name))
	}
	return roster.ContactEdit{Contact: c, Line: n, Checked: x.field("checked")}
}

func (s *Server) saveContact(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	edit := typedContact(x, l)
	_, err = s.Roster.SaveContact(x.r.Context(), x.actor, edit)
	if err == nil {
		s.setFlash(x, "flash.saved")
		return x.redirect(studentPath(rec.Student.ID) + "/contacts")
	}
	p := s.contactForm(x, rec.Student, roster.FullLine{Line: edit.Line, Contact: edit.Contact})
	p.Path = studentPath(rec.Student.ID) + "/contacts"
	status := http.StatusUnprocessableEntity
	if fault.Is(err, fault.Conflict) && l.Line.ID != 0 {
		status = http.StatusConflict
		p.Fresh, p.Contact.Version, p.Line.Version, p.Typed = &l, l.Contact.Version, l.Line.Version, map[string]string{"checked": edit.Checked}
	} else if err := s.problems(x, &p.Page, err, "checked"); err != nil {
		return err
	}
	return s.render(x, status, "admin/contact", p)
}

func (s *Server) moveContact(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	by := 1
	if x.field("by") == "up" {
		by = -1
	}
	if err := s.Roster.MoveLine(x.r.Context(), x.actor, l.Line.ID, by); err != nil {
		return err
	}
	return x.redirect(studentPath(rec.Student.ID) + "/contacts")
}

// removePage asks before a contact is taken off a student.
type removePage struct {
	Page
	Student roster.Student
	Contact roster.Contact
	Line    roster.Line
}

// Tab is the tab of the student's pages this one is on.
func (removePage) Tab() string { return "contacts" }

func (s *Server) removeContactPage(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/contact-remove", removePage{s.page(x, "admin.contact.remove"), rec.Student, l.Contact, l.Line})
}

func (s *Server) removeContact(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	version := x.number("line_version") // none: a conflict, as it should be
	to := studentPath(rec.Student.ID) + "/contacts"
	if err := s.Roster.RemoveLine(x.r.Context(), x.actor, l.Line.ID, version); err != nil {
		return s.overtaken(x, err, "flash.changed_meanwhile", to)
	}
	s.setFlash(x, "flash.contact_removed")
	return x.redirect(to)
}

// restoreContact puts back a contact of the roster that staff took off.
func (s *Server) restoreContact(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	line, err := x.id("line")
	if err != nil {
		return err
	}
	rec, err := s.Roster.Page(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	for _, l := range rec.Removed {
		if l.Line.ID != line {
			continue
		}
		l.Line.ID = 0
		if _, err := s.Roster.SaveContact(x.r.Context(), x.actor, roster.ContactEdit{Contact: l.Contact, Line: l.Line}); err != nil {
			return s.overtaken(x, err, "flash.changed_meanwhile", studentPath(id)+"/contacts")
		}
		s.setFlash(x, "flash.contact_restored")
		return x.redirect(studentPath(id) + "/contacts")
	}
	return fault.NotFoundf("no such contact")
}
