package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// logFilter is what one asks of the log, as it stands in the address: no name of a parent or child, only usernames and numbers.
type logFilter struct {
	Who, What, Outcome, From, To string
	About, By                    string // KIND:NUMBER, reached by links
}

// logPage is the log with its filters.
type logPage struct {
	Page
	Filter    logFilter
	Areas     []logArea
	Outcomes  []string
	Lines     []logLine
	Next      string // query of the next page
	Unknown   bool   // nobody has the username asked for
	MayExport bool
	OnlyAbout string // whom the filter About is about, in words
	OnlyBy    string
}

type logArea struct{ Key, Name string }

// logLine is one event in words.
type logLine struct {
	ID              int64
	At              time.Time
	Words           string
	Outcome         string // in words, "" where it was done
	Address         string
	Request         string
	Action          string
	Who, Whom       string // in words; "" for nobody
	ByURL, AboutURL string
	Facts           []logFact
	Erased          bool
}

// logFact is a value of an event's detail.
type logFact struct{ Name, Value string }

const logPath = "/admin/site/log"

func (s *Server) auditLog(x *exchange) error {
	q := x.r.URL.Query()
	f := filterOf(q)
	p := logPage{Page: s.page(x, "log.page.title"), Filter: f, Areas: logAreas(x.lang), Outcomes: []string{"ok", audit.Failed}, MayExport: access.Can(x.actor, access.ExportAudit)}
	query, problems := s.logQuery(x, f)
	p.Problems = problems
	if len(problems) > 0 {
		return s.render(x, http.StatusUnprocessableEntity, "admin/log", p)
	}
	c := cursor(q)
	query.Before = audit.Cursor{At: c.At, ID: c.ID}
	found, err := s.Family.Log(x.r.Context(), x.actor, query)
	if err != nil {
		return err
	}
	p.Unknown = found.Unknown
	for _, e := range found.Entries {
		p.Lines = append(p.Lines, logWords(x.lang, e))
	}
	if found.Next != nil {
		p.Next = f.query(url.Values{"at": {strconv.FormatInt(found.Next.At, 10)}, "id": {strconv.FormatInt(found.Next.ID, 10)}})
	}
	if f.About != "" {
		p.OnlyAbout = f.About
		if len(found.Entries) > 0 {
			p.OnlyAbout = personWords(x.lang, found.Entries[0].Whom)
		}
	}
	if f.By != "" {
		p.OnlyBy = f.By
		if len(found.Entries) > 0 {
			p.OnlyBy = personWords(x.lang, found.Entries[0].Who)
		}
	}
	return s.render(x, http.StatusOK, "admin/log", p)
}

func filterOf(q url.Values) logFilter {
	return logFilter{
		Who: strings.TrimSpace(q.Get("who")), What: q.Get("what"), Outcome: q.Get("outcome"), From: strings.TrimSpace(q.Get("from")),
		To: strings.TrimSpace(q.Get("to")), About: q.Get("about"), By: q.Get("by"),
	}
}

// query is the filter in an address, with more values.
func (f logFilter) query(more url.Values) string {
	for k, v := range map[string]string{"who": f.Who, "what": f.What, "outcome": f.Outcome, "from": f.From, "to": f.To, "about": f.About, "by": f.By} {
		if v != "" {
			more.Set(k, v)
		}
	}
	return more.Encode()
}

// logQuery is what the filter asks of the log; the days are those of the school's time zone.
func (s *Server) logQuery(x *exchange, f logFilter) (family.LogQuery, []Problem) {
	q := family.LogQuery{Username: f.Who}
	var problems []Problem
	q.From, q.To, problems = s.days(x, f.From, f.To)
	q.Area, q.Outcome = f.What, f.Outcome
	q.TargetKind, q.TargetID = kindAndNumber(f.About)
	kind, id := kindAndNumber(f.By)
	q.ActorKind, q.ActorID = access.Kind(kind), id
	return q, problems
}

// days are the instants at which the first day begins and the last one ends; zero for none.
func (s *Server) days(x *exchange, first, last string) (from, to time.Time, problems []Problem) {
	read := func(field, day string, plus int) time.Time {
		if day == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, day, s.Settings.Location())
		if err != nil {
			problems = append(problems, Problem{Field: field, Label: x.lang.T("log.page." + field), Text: x.lang.T("log.page.day_wrong")})
		}
		return t.AddDate(0, 0, plus)
	}
	return read("from", first, 0), read("to", last, 1), problems
}

// kindAndNumber reads "contact:12"; anything else asks for nothing that is there.
func kindAndNumber(s string) (kind string, id int64) {
	kind, text, _ := strings.Cut(s, ":")
	return kind, number(text)
}

// logAreas are the choices of the filter, by name.
func logAreas(l *lang.Language) []logArea {
	var all []logArea
	for _, a := range []string{"access", "authenticator", "bulk", "contact", "database", "desk", "help", "letter", "line", "log", "mail", "missing", "newcomer", "parent", "passkey", "password",
		"record", "records", "recovery_code", "recovery_codes", "request", "roster", "school", "search", "session", "setting", "staff", "student", "student_login", "throttle", "username"} {
		all = append(all, logArea{a, l.T("log.area." + a)})
	}
	slices.SortFunc(all, func(a, b logArea) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// logWords says an event in words.
func logWords(l *lang.Language, e family.LogEntry) logLine {
	line := logLine{
		ID: e.ID, At: e.At, Address: e.Actor.Address, Request: e.Actor.RequestID, Action: e.Action, Who: actorWords(l, e), Whom: personWords(l, e.Whom),
		Facts: facts("", e.Detail), Erased: e.Erased,
	}
	if e.Outcome != "ok" {
		line.Outcome = wordOr(l, "log.outcome."+e.Outcome, audit.Line(strings.ReplaceAll(e.Outcome, "_", " ")))
	}
	whom := cmp.Or(line.Whom, l.T("log.page.nobody_there"))
	if key := "log.event." + e.Action; strings.HasSuffix(e.Action, ".sign_in") && !audit.Done(e.Outcome) {
		line.Words = l.T("log.page.sign_in_failed", "Whom", cmp.Or(line.Whom, l.T("log.page.unknown_name")))
	} else if l.Has(key) {
		line.Words = l.T(key, "Who", line.Who, "Whom", whom)
	} else {
		line.Words = l.T("log.page.something", "Who", line.Who, "Whom", whom, "Action", e.Action)
	}
	line.Words = upperFirst(line.Words)
	if e.Actor.AccountID != 0 {
		line.ByURL = logPath + "?" + url.Values{"by": {fmt.Sprintf("%s:%d", e.Actor.Kind, e.Actor.AccountID)}}.Encode()
	}
	if e.TargetID != 0 {
		line.AboutURL = logPath + "?" + url.Values{"about": {fmt.Sprintf("%s:%d", e.TargetKind, e.TargetID)}}.Encode()
	}
	return line
}

func upperFirst(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

func wordOr(l *lang.Language, key, otherwise string) string {
	if l.Has(key) {
		return l.T(key)
	}
	return otherwise
}

func actorWords(l *lang.Language, e family.LogEntry) string {
	switch {
	case e.Who.Kind == string(access.Visitor):
		return l.T("log.page.visitor")
	case e.Who.Kind == string(access.System):
		if name, ok := e.Detail["os_user"].(string); ok {
			return l.T("log.page.command_line", "Name", name)
		}
		return l.T("log.page.system")
	}
	return personWords(l, e.Who)
}

// personWords names somebody: by name, with the username behind it; "" for nobody.
func personWords(l *lang.Language, p family.Person) string {
	name := audit.Line(l.FullName(p.First, p.Middle, p.Last))
	switch {
	case p.Gone:
		return l.T("log.page.gone", "Number", p.ID)
	case name != "" && p.Username != "":
		return name + " (" + p.Username + ")"
	case name != "" || p.Username != "":
		return name + p.Username
	case p.ID != 0:
		return l.T("log.page.thing", "Kind", strings.ReplaceAll(p.Kind, "_", " "), "Number", p.ID)
	}
	return ""
}

// facts are the values of a detail, one level deep, by their names.
func facts(prefix string, detail map[string]any) []logFact {
	var all []logFact
	for name, v := range detail {
		label := prefix + strings.ReplaceAll(name, "_", " ")
		if inner, ok := v.(map[string]any); ok && prefix == "" {
			all = append(all, facts(label+": ", inner)...)
			continue
		}
		all = append(all, logFact{label, valueText(v)})
	}
	slices.SortFunc(all, func(a, b logFact) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// valueText is a value of a detail as text on one line, without control characters.
func valueText(v any) string {
	text, ok := v.(string)
	if !ok {
		text = fmt.Sprint(v)
		if n, isNumber := v.(float64); isNumber {
			text = strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	return audit.Line(text)
}
