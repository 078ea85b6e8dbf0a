package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// importPage is one import: how far it is, what its plan means for people, and its lists.
type importPage struct {
	Page
	Heading  string
	Facts    string
	Trouble  string // why it failed
	Left     string // how many records were left alone
	Running  bool
	Done     int
	Steps    int
	Progress string
	Plan     bool     // waits for the reader
	Again    []string // why the rest of the import waits again
	Since    string   // what was applied since the plan was made
	Over     []string
	Grace    string // how long those keep access who leave
	Meaning  []string
	Apply    string
	Stop     string
	Undo     string
	Columns  string
	School   string // where to say which school the students are in
	Schools  []string
	Failed   bool
	Late     bool   // can no longer be taken back
	Kept     string // why it cannot be taken back, where it is done
	Takes    bool   // it takes another one back
	Other    string // that one, or the one that took this back
	Next     bool   // leads to what comes after an import
	Report   bool
	Base     string
	Tallies  []importTally
	Filters  []bulkFilter
	List     string
	Rows     []importRow
	Contacts bool // a row names a contact too
	NextURL  string
}

type importTally struct{ What, Come, Change, Leave, Same string }

// Noticed reports whether the list on the page is what was noticed in the file.
func (p importPage) Noticed() bool { return p.List == findingsList }

// importRow is one line of a list.
type importRow struct {
	URL, Name, ContactURL, Contact, What string

	Noticed          *intake.Finding // of the list of what was noticed in the file
	Level, Was, Said string
	Grave            bool
}

const findingsList = "findings"

func (s *Server) importOne(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	return s.importWith(x, http.StatusOK, id, nil)
}

// importWith shows an import, with what is wrong with a form of its page.
func (s *Server) importWith(x *exchange, status int, id int64, wrong error) error {
	m, err := s.Imports.One(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	l := x.lang
	p := importPage{Page: s.page(x, "imports.title"), Heading: s.importEntry(l, m).What, Done: m.Done, Steps: m.Steps, Base: importURL(id)}
	p.Title, p.Path = p.Heading, importURL(id)
	if wrong != nil {
		if err := s.problems(x, &p.Page, wrong, "school"); err != nil {
			return err
		}
	}
	s.importFacts(l, &p, m)
	if other := m.Undoes + m.UndoneBy; other != 0 {
		p.Takes, p.Other = m.Undoes != 0, importURL(other)
	}
	switch m.State {
	case intake.Uploading, intake.Waiting, intake.Planning, intake.Applying:
		p.Running, p.Progress = true, importProgress(l, m)
	case intake.Planned:
		err = s.importPlanned(x, &p, m)
	case intake.Failed:
		p.Failed = true
	case intake.Done:
		err = s.importDone(x, &p, m)
	}
	if err == nil {
		err = s.importPresses(x, &p, m)
	}
	if err != nil {
		return err
	}
	if m.Report.Format != "" {
		p.Report = true
		p.Meaning, p.Tallies = importMeaning(l, m), importTallies(l, m)
	}
	if p.Running && m.BegunAt.IsZero() { // what is there of a plan is not whole yet
		return s.render(x, status, "admin/import", p)
	}
	if err := s.importLists(x, &p, m); err != nil {
		return err
	}
	return s.render(x, status, "admin/import", p)
}

// importPlanned says what a plan that waits is about, and whether it can still be applied.
func (s *Server) importPlanned(x *exchange, p *importPage, m intake.Import) (err error) {
	p.Plan, p.Apply, p.Over = true, importURL(m.ID)+"/apply", importOver(x.lang, m.Plan().Over)
	p.Again = importAgain(x.lang, &m)
	p.Grace = x.lang.T("imports.guard_no_grace")
	if days := s.Settings.Values().GraceDays; days > 0 {
		p.Grace = x.lang.T("imports.guard_grace", "Count", days)
	}
	if m.Undoes != 0 {
		if p.Plan, err = s.Imports.MayUndo(x.r.Context(), x.actor, m.Undoes); err != nil {
			return err
		}
		p.Late = !p.Plan
	}
	p.Plan = p.Plan && (m.Undoes == 0 || m.Steps > 0)
	if m.Undoes == 0 || !p.Plan {
		p.Since, err = s.importsSince(x, &m)
	}
	return err
}

// importDone leads on from an import that is done, and back from it where that can still be.
func (s *Server) importDone(x *exchange, p *importPage, m intake.Import) error {
	p.Next = m.Undoes == 0 && access.Can(x.actor, access.SeeRecords)
	may, err := s.Imports.MayUndo(x.r.Context(), x.actor, m.ID)
	switch {
	case err != nil:
		return err
	case may:
		p.Undo = importURL(m.ID) + "/undo"
	case m.Undoes == 0 && m.UndoneBy == 0 && m.Steps > 0:
		p.Kept = x.lang.T("imports.not_undone")
	}
	return nil
}

// importPresses are what a person can answer whatever comes of the import: stop it, say what its columns are, or where its students are.
func (s *Server) importPresses(x *exchange, p *importPage, m intake.Import) error {
	if m.State == intake.Planned || m.Done == 0 && (m.State == intake.Waiting || m.State == intake.Uploading) {
		p.Stop = importURL(m.ID) + "/stop"
	}
	if m.AsksColumns() {
		p.Columns = importURL(m.ID) + "/columns"
	}
	if m.AsksSchool() {
		return s.asksSchool(x, p, m)
	}
	return nil
}

// importFacts says in a line how an import stands and who is behind it, and below what went wrong.
func (s *Server) importFacts(l *lang.Language, p *importPage, m intake.Import) {
	facts := []string{importState(l, m), l.T("imports.asked_by", "Who", importOwner(l, m), "When", l.ShortWhen(m.StartedAt, s.Now(), s.Settings.Location()))}
	if m.Format != "" && m.Undoes == 0 {
		facts = append(facts, l.T("imports.format_is", "Format", formatName(l, m.Format)))
	}
	if m.AllowedBy != "" {
		who := m.AllowedBy
		if who == m.Owner {
			who = importOwner(l, m)
		}
		facts = append(facts, l.T("imports.allowed_by", "Who", who))
	}
	p.Facts = strings.Join(facts, " · ")
	if m.Alone > 0 {
		p.Left = l.T("imports.alone", "Count", m.Alone)
	}
	switch {
	case m.Report.Refused != nil:
		p.Trouble = m.Report.Refused.In(l)
	case m.Problem != "":
		p.Trouble = l.T("imports.problem", "Problem", m.Problem)
	}
}

// importOver says what would go beyond the tenth: "12 of 100 students".
func importOver(l *lang.Language, over []string) []string {
	var texts []string
	for _, o := range over {
		f := strings.Fields(o)
		if len(f) == 4 {
			gone, _ := strconv.Atoi(f[0])
			all, _ := strconv.Atoi(f[2])
			texts = append(texts, l.T("imports.over."+f[3], "Gone", gone, "All", all))
		}
	}
	return texts
}

func importMeaning(l *lang.Language, m intake.Import) []string {
	r := m.Report
	if m.State == intake.Planned {
		r = *m.Plan()
	}
	var texts []string
	for _, t := range []struct {
		key   string
		count int
	}{
		{"loses_now", r.LosesAccess}, {"loses_later", r.LosesLater}, {"logins", r.Lists[intake.ListLogins]}, {"restriction", r.Lists[intake.ListRestriction]},
		{"shared", r.Lists[intake.ListShared]}, {"no_email", r.Lists[intake.ListNoEmail]}, {"local", r.Lists[intake.ListLocal]}, {"may_register", r.MayRegister},
	} {
		if t.count > 0 {
			texts = append(texts, l.T("imports.meaning."+t.key, "Count", t.count))
		}
	}
	switch {
	case m.Steps == 0 && m.Undoes != 0:
		texts = append(texts, l.T("imports.again.nothing_to_undo"))
	case m.Steps == 0:
		texts = append(texts, l.T("imports.nothing"))
	}
	return texts
}

func importTallies(l *lang.Language, m intake.Import) []importTally {
	var all []importTally
	r := m.Report
	if m.State == intake.Planned {
		r = *m.Plan()
	}
	for _, t := range []struct {
		key   string
		tally intake.Tally
	}{{"schools", r.Schools}, {"students", r.Students}, {"contacts", r.Contacts}, {"lines", r.Lines}, {"terms", r.Terms}, {"courses", r.Courses},
		{"classes", r.Classes}, {"enrolments", r.Enrolments}} {
		if len(all) >= 4 && t.tally == (intake.Tally{}) {
			continue // many files have no classes
		}
		all = append(all, importTally{l.T("imports." + t.key), l.Number(t.tally.Added), l.Number(t.tally.Changed), l.Number(t.tally.Removed), l.Number(t.tally.Same)})
	}
	return all
}

// importLists puts a page of the chosen list on the page, and leads to the others.
func (s *Server) importLists(x *exchange, p *importPage, m intake.Import) error {
	counts, err := s.Imports.Counts(x.r.Context(), x.actor, m.ID)
	if err != nil {
		return err
	}
	q := x.r.URL.Query()
	p.List = q.Get("list")
	after, _ := strconv.Atoi(q.Get("after")) // no number: the start
	filter := func(name string, count int) {
		if count > 0 {
			if p.List == "" {
				p.List = name
			}
			p.Filters = append(p.Filters, bulkFilter{importList(m.ID, name, 0), x.lang.T("imports.list."+name) + " (" + x.lang.Number(count) + ")", p.List == name})
		}
	}
	lists := m.Report.Lists
	if m.State == intake.Planned {
		lists = m.Plan().Lists
	}
	for _, on := range intake.Lists() {
		filter(string(on), lists[on])
	}
	for _, sort := range intake.Sorts() {
		filter(string(sort), counts[sort])
	}
	found, err := s.Imports.Findings(x.r.Context(), x.actor, m.ID, 0, 1)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		if p.List == "" {
			p.List = findingsList
		}
		p.Filters = append(p.Filters, bulkFilter{importList(m.ID, findingsList, 0), x.lang.T("imports.list.findings"), p.List == findingsList})
	}
	if p.List == "" {
		return nil
	}
	rows, last, err := s.importRows(x, m.ID, p.List, max(after, 0), listPage+1)
	if err != nil {
		return err
	}
	if len(rows) > listPage {
		rows = rows[:listPage]
		p.NextURL = importList(m.ID, p.List, last)
	}
	for i, r := range rows {
		if r.Name == "" && r.Noticed == nil { // it is about the contact alone
			rows[i] = importRow{URL: r.ContactURL, Name: r.Contact, What: r.What}
		}
		p.Contacts = p.Contacts || rows[i].Contact != ""
	}
	p.Rows = rows
	return nil
}
