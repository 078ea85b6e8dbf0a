package web

import (
	"fmt"
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
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sheet"
)

const qualityPath = "/admin/records/quality"

// qualityPage is the overview "Data quality".
type qualityPage struct {
	Page
	At      time.Time
	Running bool
	Rows    []qualityCount
}

// qualityCount is one flaw in the overview.
type qualityCount struct {
	URL, Title, Text, Found string
	Chart                   chart
}

func (s *Server) quality(x *exchange) error {
	o, err := s.Family.Quality(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	p := qualityPage{Page: s.page(x, "quality.title"), At: o.At, Running: o.Running}
	for _, c := range o.Counts {
		key := "quality.flaw." + string(c.Flaw)
		p.Rows = append(p.Rows, qualityCount{
			qualityPath + "/" + string(c.Flaw), x.lang.T(key + ".title"), x.lang.T(key + ".text"), x.lang.Number(c.Found), s.chart(x.lang, c.Trend, 120, 24),
		})
	}
	return s.render(x, http.StatusOK, "admin/quality", p)
}

// countQuality has the records looked over now.
func (s *Server) countQuality(x *exchange) error {
	err := s.Family.Look(x.r.Context(), x.actor)
	if err != nil && !fault.Is(err, fault.Conflict) { // one under way is what was asked for
		return err
	}
	s.setFlash(x, "flash.quality_counting")
	return x.redirect(qualityPath)
}

// chart is a line of counts by day, drawn on the server.
type chart struct {
	Width, Height int
	Points        string // of the line; "" where two days are not yet there
	Label         string // what the line says, for those who read
	Days          []chartDay
}

type chartDay struct{ Date, Found string }

func (s *Server) chart(l *lang.Language, days []family.QualityDay, width, height int) chart {
	c := chart{Width: width, Height: height}
	if len(days) == 0 {
		return c
	}
	first, last := days[0], days[len(days)-1]
	c.Label = l.T("quality.trend_says", "From", l.Number(first.Found), "To", l.Number(last.Found), "Day", l.Date(first.Day))
	for i := len(days) - 1; i >= 0; i-- {
		c.Days = append(c.Days, chartDay{l.Date(days[i].Day), l.Number(days[i].Found)})
	}
	if len(days) < 2 {
		return c
	}
	most := 1
	for _, d := range days {
		most = max(most, d.Found)
	}
	span := float64(dayNumber(last.Day) - dayNumber(first.Day))
	var b strings.Builder
	for _, d := range days {
		at := float64(dayNumber(d.Day)-dayNumber(first.Day)) / span
		fmt.Fprintf(&b, "%.1f,%.1f ", 1+at*float64(width-2), float64(height-1)-float64(d.Found)/float64(most)*float64(height-2))
	}
	c.Points = strings.TrimSpace(b.String())
	return c
}

// dayNumber counts days.
func dayNumber(day string) int64 {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil { // no day of ours
		return 0
	}
	return t.Unix() / (24 * 60 * 60)
}

// flawPage lists the records with one flaw, with the fix beside each.
type flawPage struct {
	Page
	Flaw                  family.Flaw
	Text, Count           string
	School                int64
	Schools               []bulkChoice
	Chart                 chart
	Rows                  []flawRow
	NextURL               string
	Export, Students, One bool // One: a single record, whose correction was not taken
	Together              bool // somebody has the same number or mailbox
	Fresh                 bool // somebody else saved the one record first
	At                    time.Time
}

// Checks are the ways in which identity can have been checked.
func (flawPage) Checks() []string { return roster.Checks() }

// flawRow is a record as it is shown.
type flawRow struct {
	Name, About, What string
	RecordURL         string // of the student, or the first child's Contacts page
	EditURL, EditText string // the editor at the field that is wrong, or the contacts; "" for whoever may not edit
	With              []flawOther
	Children          []flawChild
	Address           bool // may be put right here
	Contact, Version  int64
	Email             string
}

// Mends reports whether the reader can put something right here.
func (p flawPage) Mends() bool {
	return slices.ContainsFunc(p.Rows, func(r flawRow) bool {
		return r.EditURL != "" || r.Address || slices.ContainsFunc(r.Children, func(c flawChild) bool { return c.Access })
	})
}

// flawOther is who has the same number or mailbox.
type flawOther struct{ Name, URL, What string }

// flawChild is a child of the contact.
type flawChild struct {
	Name, URL, Relation string
	Line, Version       int64
	Access              bool // portal access is settled here
}

// flawQuery reads what a list is asked for: values is the query or the body.
func flawQuery(x *exchange, values func(string) string) family.QualityQuery {
	q := family.QualityQuery{Flaw: family.Flaw(x.r.PathValue("flaw"))}
	q.School = number(values("school")) // "": any
	q.After = number(values("after"))   // a broken place is the start
	return q
}

func (s *Server) flawed(x *exchange) error {
	q := flawQuery(x, x.r.URL.Query().Get)
	found, err := s.Family.QualityList(x.r.Context(), x.actor, q)
	if err != nil {
		return err
	}
	p, err := s.flawPage(x, q)
	if err != nil {
		return err
	}
	p.Count = qualityFound(x.lang, q, found)
	for _, r := range found.Rows {
		p.Rows = append(p.Rows, s.flawRow(x, q.Flaw, r))
	}
	if found.Next != 0 {
		v := url.Values{"after": {strconv.FormatInt(found.Next, 10)}}
		if q.School != 0 {
			v.Set("school", strconv.FormatInt(q.School, 10))
		}
		p.NextURL = qualityPath + "/" + string(q.Flaw) + "?" + v.Encode()
	}
	return s.render(x, http.StatusOK, "admin/quality-list", p)
}

// qualityFound says how many there are; a later page does not know.
func qualityFound(l *lang.Language, q family.QualityQuery, found family.QualityPage) string {
	switch {
	case q.After != 0:
		return ""
	case found.Total > 1000:
		return l.T("quality.found_more")
	}
	return l.T("quality.found", "Count", found.Total)
}

// flawPage is the page without its rows.
func (s *Server) flawPage(x *exchange, q family.QualityQuery) (flawPage, error) {
	key := "quality.flaw." + string(q.Flaw)
	p := flawPage{Page: s.page(x, key+".title"), Flaw: q.Flaw, Text: x.lang.T(key + ".text"), School: q.School, Students: q.Flaw.OfStudents()}
	p.Path = qualityPath + "/" + string(q.Flaw)
	p.Export = access.Can(x.actor, access.ExportRecords)
	switch q.Flaw {
	case family.FlawSameNumber, family.FlawSamePerson, family.FlawSharedMailbox, family.FlawStudentMailbox, family.FlawStaffMailbox:
		p.Together = true
	}
	days, err := s.Family.QualityTrend(x.r.Context(), x.actor, q.Flaw)
	if err != nil {
		return p, err
	}
	p.Chart = s.chart(x.lang, days, 640, 120)
	p.Schools, err = s.schoolChoices(x, q.School)
	return p, err
}

func (s *Server) flawRow(x *exchange, w family.Flaw, r family.QualityRow) flawRow {
	edits := access.Can(x.actor, access.EditRecords)
	row := flawRow{With: s.flawOthers(x.lang, r.With)}
	if w == family.FlawSamePerson {
		for i, o := range r.With {
			if o.ID != 0 {
				row.With[i].URL = pairPath(r.Contact.ID, o.ID)
			}
		}
	}
	if w.OfStudents() {
		st := r.Student
		row.Name, row.About, row.RecordURL = x.lang.ListName(st.Last, st.First, st.Middle), schoolAndGrade(x.lang, st), studentPath(st.ID)+"/contacts"
		row.What = s.studentFlaw(x.lang, w, r)
		field := map[family.Flaw]string{family.FlawNoNumber: "id_number", family.FlawSameNumber: "id_number", family.FlawNoBirthDate: "birth_date"}[w]
		switch {
		case edits && field != "":
			row.EditURL, row.EditText = studentPath(st.ID)+"#f-"+field, x.lang.T("quality.edit")
		case edits:
			row.EditURL, row.EditText = row.RecordURL, x.lang.T("admin.contacts.title")
		}
		return row
	}
	c := r.Contact
	row.Name, row.Contact, row.Version, row.Email = x.lang.ListName(c.Last, c.First, c.Middle), c.ID, c.Version, c.Email
	row.About = c.Email
	for _, l := range r.Lines {
		to := fmt.Sprintf("%s/contacts", studentPath(l.StudentID))
		row.Children = append(row.Children, flawChild{
			x.lang.FullName(l.Student.First, "", l.Student.Last), to, x.lang.T(relationKey(l.Relationship)), l.Line.ID, l.Line.Version, edits && w == family.FlawAccess,
		})
		if row.EditURL == "" && edits && w == family.FlawName {
			row.EditURL, row.EditText = fmt.Sprintf("%s/%d#f-last_name", to, l.Line.ID), x.lang.T("quality.edit")
		}
	}
	switch w {
	case family.FlawNoEmail, family.FlawBounced, family.FlawSharedMailbox, family.FlawStudentMailbox, family.FlawStaffMailbox:
		row.Address = edits && len(r.Lines) > 0
	}
	return row
}

func schoolAndGrade(l *lang.Language, st roster.Student) string {
	if st.Grade == "" {
		return st.SchoolName
	}
	return strings.TrimPrefix(st.SchoolName+" · "+l.T("parent.children.grade", "Grade", st.Grade), " · ")
}

// studentFlaw says more than the title of the list does.
func (s *Server) studentFlaw(l *lang.Language, w family.Flaw, r family.QualityRow) string {
	switch {
	case w == family.FlawUnreachable && r.NoLine:
		return l.T("quality.nobody_may")
	case w == family.FlawUnreachable:
		return l.T("quality.nobody_has_address")
	case w == family.FlawSameNumber:
		return r.Student.IDNumber
	}
	return ""
}

func (s *Server) flawOthers(l *lang.Language, all []family.QualityOther) []flawOther {
	var out []flawOther
	for _, o := range all {
		f := flawOther{Name: l.FullName(o.First, "", o.Last)}
		switch {
		case o.Kind == access.Staff:
			f.Name = l.T("quality.with_staff")
		case o.Elsewhere:
			f.Name = l.T("quality.with_elsewhere")
		case o.Kind == access.Student:
			f.URL, f.What = studentPath(o.ID), o.School
		case o.Kind == access.Parent:
			f.URL = "/admin/families/" + strconv.FormatInt(o.ID, 10)
		}
		out = append(out, f)
	}
	return out
}

// fixAddress puts an address right from a list. What is not taken is asked again, beside the one record.
func (s *Server) fixAddress(x *exchange) error {
	q := flawQuery(x, x.field)
	fix := family.AddressFix{Email: x.trimmed("email"), Checked: x.field("checked")}
	fix.Contact = x.number("contact") // none: not found
	fix.Version = x.number("version") // none: a conflict, as it should be
	err := s.Family.FixAddress(x.r.Context(), x.actor, fix)
	return s.fixed(x, q, fix.Contact, err)
}

func (s *Server) fixAccess(x *exchange) error {
	q := flawQuery(x, x.field)
	fix := family.AccessFix{Guardian: x.field("as") == "guardian"}
	fix.Line = x.number("line")       // none: not found
	fix.Version = x.number("version") // none: a conflict, as it should be
	err := s.Family.FixAccess(x.r.Context(), x.actor, fix)
	return s.fixed(x, q, 0, err)
}

// fixed leads back to the list, or asks again: beside the one record, with what was typed, and with what somebody else saved first.
func (s *Server) fixed(x *exchange, q family.QualityQuery, contact int64, failed error) error {
	back := qualityPath + "/" + string(q.Flaw)
	if q.School != 0 {
		back += "?school=" + strconv.FormatInt(q.School, 10)
	}
	if failed == nil {
		s.setFlash(x, "flash.quality_fixed")
		return x.redirect(back)
	}
	changed := fault.Is(failed, fault.Conflict)
	if !changed && !fault.Is(failed, fault.Invalid) {
		return failed
	}
	row, err := s.Family.QualityRecord(x.r.Context(), x.actor, q.Flaw, contact)
	if changed && fault.Is(err, fault.NotFound) { // no longer to be put right, or nothing was typed
		return s.overtaken(x, failed, "flash.changed_meanwhile", back)
	}
	if err != nil {
		return err
	}
	p, err := s.flawPage(x, q)
	if err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	if changed {
		status, p.Typed = http.StatusConflict, map[string]string{"checked": x.field("checked")}
	} else if err := s.problems(x, &p.Page, failed, "email", "checked"); err != nil {
		return err
	}
	p.One, p.Fresh = true, changed
	p.Rows = []flawRow{s.flawRow(x, q.Flaw, row)}
	p.Rows[0].Email = x.trimmed("email")
	return s.render(x, status, "admin/quality-list", p)
}

// exportFlawed hands a list out as a file.
func (s *Server) exportFlawed(x *exchange) error {
	q := flawQuery(x, x.field)
	q.After = 0
	return s.sendSheet(x, "quality-"+string(q.Flaw), func(w sheet.Writer) error { return s.flawSheet(x, q, w) })
}

func (s *Server) flawSheet(x *exchange, q family.QualityQuery, w sheet.Writer) error {
	l := x.lang
	head := []string{l.T("record.last_name"), l.T("record.first_name")}
	if q.Flaw.OfStudents() {
		head = append(head, l.T("record.id_number"), l.T("record.school"), l.T("record.grade"), l.T("quality.column.what"))
	} else {
		head = append(head, l.T("record.email"), l.T("record.mobile_phone"), l.T("record.home_phone"), l.T("quality.column.children"))
	}
	if err := w.Row(append(head, l.T("quality.column.with"))...); err != nil {
		return err
	}
	return s.Family.ExportQuality(x.r.Context(), x.actor, q, func(r family.QualityRow) error {
		var with, children []string
		for _, o := range s.flawOthers(l, r.With) {
			with = append(with, o.Name)
		}
		for _, c := range r.Lines {
			children = append(children, l.FullName(c.Student.First, "", c.Student.Last)+" ("+l.T(relationKey(c.Relationship))+")")
		}
		if st := r.Student; st.ID != 0 {
			return w.Row(st.Last, st.First, st.IDNumber, st.SchoolName, st.Grade, s.studentFlaw(l, q.Flaw, r), strings.Join(with, "; "))
		}
		c := r.Contact
		return w.Row(c.Last, c.First, c.Email, c.MobilePhone, c.HomePhone, strings.Join(children, "; "), strings.Join(with, "; "))
	})
}

// sendSheet answers with a file of the format that was asked for. Whoever may not take records out, or must show first that it is them, is told on
// a page, before the head of a file is sent.
func (s *Server) sendSheet(x *exchange, name string, fill func(sheet.Writer) error) error {
	if err := access.Check(x.actor, access.ExportRecords); err != nil {
		return err
	}
	format := sheet.CSV
	if x.field("as") == string(sheet.XLSX) {
		format = sheet.XLSX
	}
	h := x.w.Header()
	h.Set("Content-Type", format.Type())
	h.Set("Content-Disposition", `attachment; filename="`+name+"."+string(format)+`"`)
	h["Cache-Control"] = noStore
	w, err := sheet.New(x.w, format)
	if err == nil {
		err = fill(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil { // the head is on its way: the reader sees that the file breaks off
		s.Log.Warn("table not taken", "req", x.client.RequestID, "err", err)
	}
	return nil
}
