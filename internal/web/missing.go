package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

const missingPath = "/admin/site/not-come"

// missingPage is who has not come yet: how many at each school, and who.
type missingPage struct {
	Page
	choiceForm
	AsOf       string
	Day        bool // asks since a day
	Counts     []missingCount
	Rows       []missingRow
	NextURL    string
	LettersURL string // where the letters to these are made; "" for whoever may not
	Remind     bool
	Waves      []waveLine
}

// waveLine is a wave of reminders. Stop is the label of its button, "" where it has ended.
type waveLine struct {
	ID         int64
	Text, Stop string
}

func (s *Server) waves(x *exchange) ([]waveLine, error) {
	waves, err := s.Family.Waves(x.r.Context(), x.actor)
	var lines []waveLine
	for _, w := range waves {
		when := x.lang.ShortWhen(w.BegunAt, s.Now(), s.Settings.Location())
		line := waveLine{ID: w.ID, Text: x.lang.T("wave."+w.State, "Who", w.Owner, "When", when, "Looked", x.lang.Number(w.Looked), "Mailed", x.lang.Number(w.Mailed))}
		if w.Running() {
			line.Stop = x.lang.T("wave.stop") + ": " + when
		}
		lines = append(lines, line)
	}
	return lines, err
}

// missingCount is one school.
type missingCount struct {
	Name, URL, Bar                                    string
	All, Come                                         int
	AllText, ComeText, Since, Waiting, Never, Refused string
}

// missingRow is one line as it is shown.
type missingRow struct {
	Parent, Child, School, Standing string
	StudentID, ContactID            int64
	Contacts                        bool // the reader may open the Contacts page
	Last                            time.Time
	Address                         bool
}

func (s *Server) missing(x *exchange) error { return s.missingList(x, x.r.URL.Query().Get) }

func (s *Server) missingList(x *exchange, values func(string) string) error {
	p := missingPage{Page: s.page(x, "missing.title")}
	form, q, err := s.choiceOf(x, values)
	p.choiceForm = form
	status := http.StatusOK
	if err != nil {
		if err := s.lettersProblems(x, &p.Page, err); err != nil {
			return err
		}
		status = http.StatusUnprocessableEntity
	}
	if err := s.missingCounts(x, &p, q.Since); err != nil {
		return err
	}
	q.After = values("after")
	rows, next, err := s.Family.Missing(x.r.Context(), x.actor, q)
	if err != nil {
		return err
	}
	records := access.Can(x.actor, access.SeeRecords)
	for _, r := range rows {
		row := missingLine(x.lang, r)
		row.Contacts = records
		p.Rows = append(p.Rows, row)
	}
	query := form.query()
	if access.Can(x.actor, access.PrintLetters) {
		p.LettersURL = lettersPath + "?" + query.Encode()
	}
	if p.Remind = access.Can(x.actor, access.BulkLogins); p.Remind {
		if p.Waves, err = s.waves(x); err != nil {
			return err
		}
	}
	if next != "" {
		query.Set("after", next)
		p.NextURL = missingPath + "?" + query.Encode()
	}
	return s.render(x, status, "admin/missing", p)
}

// query is the choice as it stands in an address.
func (f choiceForm) query() url.Values {
	q := url.Values{}
	for name, v := range map[string]string{
		"school": f.School, "grade": f.Grade, "homeroom": f.Homeroom, "letter": f.Letter, "standing": f.Standing, "since": f.Since,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

func (s *Server) missingCounts(x *exchange, p *missingPage, since time.Time) error {
	counts, at, err := s.Family.MissingCounts(x.r.Context(), x.actor, since)
	if err != nil {
		return err
	}
	l := x.lang
	p.AsOf, p.Day = l.T("missing.as_of", "When", l.Clock(at, s.Settings.Location())), !since.IsZero()
	for _, c := range counts {
		m := missingCount{
			Name: c.Name, All: c.All, Come: c.Come, AllText: l.Number(c.All), ComeText: l.Number(c.Come), Since: l.Number(c.Since),
			Waiting: l.Number(c.Waiting), Never: l.Number(c.Never), Refused: l.Number(c.Refused),
		}
		if c.School == 0 {
			m.Name = l.T("missing.no_school")
		} else {
			form := p.choiceForm
			form.School = strconv.FormatInt(c.School, 10)
			m.URL = missingPath + "?" + form.query().Encode()
		}
		m.Bar = l.T("missing.bar", "Come", m.ComeText, "All", m.AllText)
		p.Counts = append(p.Counts, m)
	}
	return nil
}

func missingLine(l *lang.Language, r family.MissingRow) missingRow {
	school := r.School
	if r.Grade != "" {
		school += " · " + l.T("parent.children.grade", "Grade", r.Grade)
	}
	return missingRow{
		Parent: l.ListName(r.ParentLast, r.ParentFirst, ""), Child: l.ListName(r.ChildLast, r.ChildFirst, ""), School: school,
		Standing: l.T("missing.standing." + string(r.Standing)), StudentID: r.StudentID, ContactID: r.ContactID, Last: r.LastSignIn, Address: r.Address,
	}
}

// actOnMissing takes the list out as a table, or reminds those who are on it.
func (s *Server) actOnMissing(x *exchange) error {
	_, q, err := s.choiceOf(x, x.field)
	if err != nil {
		if fault.Is(err, fault.Invalid) {
			return s.missingList(x, x.field)
		}
		return err
	}
	switch x.field("as") {
	case "stop":
		id := x.number("wave") // no number: no such wave
		if err := s.Family.StopWave(x.r.Context(), x.actor, id); err != nil {
			return err
		}
		s.setFlash(x, "flash.reminders_stopped")
		return x.redirect(missingPath)
	case "csv":
		return s.missingCSV(x, q)
	case "mail":
		if err := s.Family.Remind(x.r.Context(), x.actor, q); err != nil {
			return err
		}
		s.setFlash(x, "flash.reminders_begun")
		return x.redirect(missingPath)
	}
	return s.missingList(x, x.field)
}

// missingCSV is the list as a table, row by row (RFC 4180).
func (s *Server) missingCSV(x *exchange, q family.MissingQuery) error {
	// Before the head is sent: whoever may not, or must show first that it is them, is told on a page.
	if err := access.Check(x.actor, access.PrintLetters); err != nil {
		return err
	}
	l, row := x.lang, x.table("not-come")
	err := row(l.T("missing.parent"), l.T("missing.child"), l.T("record.id_number"), l.T("missing.school"), l.T("letter.page.grade"), "code", l.T("missing.how_far"),
		l.T("missing.last"))
	if err == nil {
		err = s.Family.ExportMissing(x.r.Context(), x.actor, q, func(r family.MissingRow) error {
			line, last := missingLine(l, r), ""
			if !r.LastSignIn.IsZero() {
				last = r.LastSignIn.In(s.Settings.Location()).Format(time.DateOnly)
			}
			return row(line.Parent, line.Child, r.IDNumber, r.School, r.Grade, string(r.Standing), line.Standing, last)
		})
	}
	if err == nil {
		err = row()
	}
	if err != nil { // the head is on its way: the reader sees that the file breaks off
		s.Log.Warn("table not taken", "req", x.client.RequestID, "err", err)
	}
	return nil
}
