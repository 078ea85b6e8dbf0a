package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// bulkPage is one bulk act: its question, its progress or its result, and its rows.
type bulkPage struct {
	Page
	Heading  string
	Back     string   // the list that it was asked on, "" for none
	Facts    []string // who asked for it and when, the reason, how it ended
	Begin    string   // where the answer goes; "" where there is no question for the reader
	Stop     string   // where it is stopped or taken back; "" where it cannot be
	Question bool     // it is not begun
	Explain  string
	Preview  []string
	Held     bool   // a password that is sent passes a hold
	Count    string // label of the typed number
	Running  bool
	Done     int
	Size     int
	Progress []string
	Children bool // rows are lines
	Filters  []bulkFilter
	Rows     []bulkLine
	CSV      string
	NextURL  string
}

// bulkFilter shows the rows of one outcome.
type bulkFilter struct {
	URL, Label string
	Current    bool
}

// bulkLine is a row as it is shown.
type bulkLine struct {
	Parent, Child, Username, What string
	Contact                       int64
}

func (s *Server) bulk(x *exchange) error {
	id, err := x.id("bulk")
	if err != nil {
		return err
	}
	return s.bulkForm(x, id, nil)
}

// bulkForm shows a bulk act, with what was wrong with an answer.
func (s *Server) bulkForm(x *exchange, id int64, problem error) error {
	b, counts, err := s.Family.Bulk(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	p := bulkPage{Page: s.page(x, "bulk.title"), Size: b.Size, Done: b.Done, Children: b.Act == family.BulkReset, Facts: s.bulkFacts(x.lang, b)}
	p.Path, p.Back = bulkURL(id), b.Back
	p.Heading = x.lang.T("bulk.act."+string(b.Act)) + " · " + x.lang.T("bulk.rows", "Count", b.Size)
	switch b.State {
	case family.BulkAsked, family.BulkApproval:
		if err := s.bulkQuestion(x, &p, b); err != nil {
			return err
		}
	case family.BulkRunning:
		p.Running, p.Stop = true, bulkURL(id)+"/stop"
		p.Progress = s.bulkProgress(x.lang, b, counts[string(family.ManageEnded)])
	}
	if err := s.bulkResult(x, &p, b, counts); err != nil {
		return err
	}
	status := http.StatusOK
	if problem != nil {
		if err := s.bulkProblems(x, &p.Page, problem, "count"); err != nil {
			return err
		}
		status = http.StatusUnprocessableEntity
	}
	return s.render(x, status, "admin/bulk", p)
}

func (s *Server) bulkFacts(l *lang.Language, b family.Bulk) []string {
	facts := []string{l.T("bulk.asked_by", "Who", b.Owner, "When", l.ShortWhen(b.AskedAt, s.Now(), s.Settings.Location()))}
	if b.Approver != "" {
		facts = append(facts, l.T("bulk.approved_by", "Who", b.Approver))
	}
	if b.Reason != "" {
		facts = append(facts, l.T("bulk.reason_is", "Reason", b.Reason))
	}
	done, size := l.Number(b.Done), l.Number(b.Size)
	switch {
	case b.State == family.BulkDone:
		facts = append(facts, l.T("bulk.all_done", "Size", size))
	case b.State == family.BulkStopped && b.Why == "rights":
		facts = append(facts, l.T("bulk.stopped_rights", "Done", done, "Size", size))
	case b.State == family.BulkStopped:
		facts = append(facts, l.T("bulk.stopped_by", "Who", b.StoppedBy, "Done", done, "Size", size))
	}
	return facts
}

// bulkQuestion is what the reader decides on.
func (s *Server) bulkQuestion(x *exchange, p *bulkPage, b family.Bulk) error {
	l := x.lang
	v, err := s.Family.BulkPreview(x.r.Context(), x.actor, b.ID)
	if err != nil {
		return err
	}
	p.Question, p.Stop = true, bulkURL(b.ID)+"/stop"
	p.Heading = l.T("bulk.question." + string(b.Act))
	p.Explain = l.T("bulk.explain." + string(b.Act))
	p.Preview, p.Held = previewTexts(l, b.Act, v), v.Held
	p.Count = l.T("bulk.count", "Number", l.Number(b.Size))
	second := b.State == family.BulkApproval
	switch {
	case second && b.Mine:
		p.Facts = append(p.Facts, l.T("bulk.second_wait"))
		return nil
	case second:
		p.Facts = append(p.Facts, l.T("bulk.second", "Who", b.Owner))
	case !b.Mine:
		p.Facts = append(p.Facts, l.T("bulk.not_asked", "Who", b.Owner))
		p.Stop = ""
		return nil
	}
	p.Begin = bulkURL(b.ID) + "/begin"
	p.Facts = append(p.Facts, l.T("bulk.expires", "When", l.ShortWhen(b.AskedAt.Add(time.Hour), s.Now(), s.Settings.Location())))
	return nil
}

func previewTexts(l *lang.Language, act family.Act, v family.Preview) []string {
	var texts []string
	for _, t := range []struct {
		key   string
		count int
	}{
		{"logins." + string(act), v.Logins}, {"parts", v.Parts}, {"made", v.Made}, {"student_logins", v.StudentLogins}, {"mails", v.Mails},
		{"untold", v.Untold}, {"none", v.None}, {"refused", v.Refused}, {"gone", v.Gone}, {"elsewhere", v.Elsewhere},
	} {
		if t.count > 0 {
			texts = append(texts, l.T("bulk.preview."+t.key, "Count", t.count, "Left", minutes(l, v.MailsLast)))
		}
	}
	return texts
}

// bulkProgress says how far it has come and how long it takes.
func (s *Server) bulkProgress(l *lang.Language, b family.Bulk, toSend int) []string {
	texts := []string{l.T("bulk.progress", "Done", l.Number(b.Done), "Size", l.Number(b.Size))}
	took := s.Now().Sub(b.BegunAt)
	switch {
	case b.Done == b.Size && toSend > 0:
		texts = append(texts, l.T("bulk.sending", "Number", l.Number(toSend)))
	case b.Done > 0 && took >= time.Second:
		rate := float64(b.Done) / took.Minutes()
		left := time.Duration(float64(b.Size-b.Done) / rate * float64(time.Minute))
		texts = append(texts, l.T("bulk.rate", "Number", l.Number(int(rate+0.5)), "Left", minutes(l, left)))
	}
	return texts
}

// bulkResult puts a page of the rows on the page.
func (s *Server) bulkResult(x *exchange, p *bulkPage, b family.Bulk, counts map[string]int) error {
	q := x.r.URL.Query()
	outcome := q.Get("outcome")
	switch outcome {
	case "":
		outcome = family.AnyOutcome
	case toDo:
		outcome = ""
	}
	after, _ := strconv.Atoi(q.Get("after")) // no number: the start
	rows, err := s.Family.BulkRows(x.r.Context(), x.actor, b.ID, outcome, max(after, 0), listPage+1)
	if err != nil {
		return err
	}
	if len(rows) > listPage {
		rows = rows[:listPage]
		next := url.Values{"after": {strconv.Itoa(rows[listPage-1].Pos)}}
		if q.Get("outcome") != "" {
			next.Set("outcome", q.Get("outcome"))
		}
		p.NextURL = bulkURL(b.ID) + "?" + next.Encode()
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, bulkLineOf(x.lang, r))
	}
	p.Filters = bulkFilters(x.lang, b.ID, counts, outcome)
	if !p.Question {
		p.CSV = bulkURL(b.ID) + "/rows.csv"
	}
	return nil
}

func bulkLineOf(l *lang.Language, r family.BulkRow) bulkLine {
	line := bulkLine{Username: r.Username, What: whatWasDone(l, r)}
	if r.ParentFirst != "" || r.ParentLast != "" {
		line.Parent, line.Contact = l.ListName(r.ParentLast, r.ParentFirst, ""), r.ContactID
	}
	if r.ChildFirst != "" || r.ChildLast != "" {
		line.Child = l.ListName(r.ChildLast, r.ChildFirst, "")
	}
	return line
}

// whatWasDone is a row's outcome in a sentence or several.
func whatWasDone(l *lang.Language, r family.BulkRow) string {
	texts := []string{outcomeText(l, r.Outcome)}
	for _, child := range r.Stay {
		texts = append(texts, l.T("admin.result.stay", "Child", child))
	}
	for _, name := range r.StudentLogins {
		texts = append(texts, l.T("admin.result.student_login", "Username", name))
	}
	for _, name := range r.Kept {
		texts = append(texts, l.T("admin.result.kept", "Username", name))
	}
	if r.Noticed {
		texts = append(texts, l.T("bulk.noticed"))
	}
	return strings.Join(texts, " ")
}

// bulkCSV is the result as a table, row by row (RFC 4180).
func (s *Server) bulkCSV(x *exchange) error {
	id, err := x.id("bulk")
	if err != nil {
		return err
	}
	b, _, err := s.Family.Bulk(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	if b.State == family.BulkAsked || b.State == family.BulkApproval {
		return fault.NotFoundf("it is not begun")
	}
	l := x.lang
	row := x.table("bulk-" + strconv.FormatInt(id, 10))
	err = row(l.T("bulk.parent"), l.T("bulk.child"), l.T("login.username"), "code", l.T("bulk.outcome_label"))
	if err == nil {
		err = s.Family.ExportBulk(x.r.Context(), x.actor, id, func(r family.BulkRow) error {
			line := bulkLineOf(l, r)
			return row(line.Parent, line.Child, line.Username, nameOfOutcome(r.Outcome), line.What)
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
