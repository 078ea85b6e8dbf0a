package web

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// breachPage is the breach report.
type breachPage struct {
	Page
	From, To, Account, Address string
	Made                       bool
	Families                   int
	Seen, Reachable            []breachLine
	AllOf                      []string
	Accounts                   []string
	Acts                       []logLine
	More                       bool
	MayExport                  bool
}

// breachLine is one student of the report.
type breachLine struct {
	ID           int64
	Name, School string
	By           []string
}

const breachPath = logPath + "/breach"

// breachReport asks for the span; the report itself is the answer to a form, because an address or an account stands in no address bar.
func (s *Server) breachReport(x *exchange) error {
	p := breachPage{Page: s.page(x, "log.breach.title"), MayExport: access.Can(x.actor, access.ExportAudit)}
	return s.render(x, http.StatusOK, "admin/log-breach", p)
}

func (s *Server) makeBreachReport(x *exchange) error {
	p := breachPage{
		Page: s.page(x, "log.breach.title"), From: x.trimmed("from"), To: x.trimmed("to"), Account: x.trimmed("account"), Address: x.trimmed("address"),
		MayExport: access.Can(x.actor, access.ExportAudit),
	}
	p.Path = breachPath
	q := family.BreachQuery{Address: p.Address}
	q.From, q.To, p.Problems = s.days(x, p.From, p.To)
	if p.Account != "" {
		n, err := strconv.ParseInt(p.Account, 10, 64)
		if err != nil || n <= 0 {
			p.Problems = append(p.Problems, Problem{Field: "account", Label: x.lang.T("log.breach.account"), Text: x.lang.T("problem.choose")})
		}
		q.AccountID = n
	}
	if len(p.Problems) > 0 {
		return s.render(x, http.StatusUnprocessableEntity, "admin/log-breach", p)
	}
	report, export := s.Family.Breach, x.field("as") == "csv"
	if export {
		report = s.Family.ExportBreach
	}
	b, err := report(x.r.Context(), x.actor, q)
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			return err
		}
		if err := s.problems(x, &p.Page, err, "from"); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "admin/log-breach", p)
	}
	if export {
		return s.breachCSV(x, b)
	}
	s.fillBreach(x, &p, b)
	return s.render(x, http.StatusOK, "admin/log-breach", p)
}

func (s *Server) fillBreach(x *exchange, p *breachPage, b family.Breach) {
	p.Made, p.Families, p.More = true, b.Families, b.More
	for _, a := range b.AllOf {
		p.AllOf = append(p.AllOf, x.lang.T("log.breach.all_of", "Name", personWords(x.lang, a)))
	}
	for _, a := range b.Accounts {
		p.Accounts = append(p.Accounts, personWords(x.lang, a))
	}
	for _, e := range b.Acts {
		p.Acts = append(p.Acts, logWords(x.lang, e))
	}
	for _, st := range b.Students {
		line := breachLine{ID: st.ID, Name: personWords(x.lang, st.Person), School: st.School}
		if !st.Was() {
			for _, a := range st.By {
				line.By = append(line.By, personWords(x.lang, a))
			}
			p.Reachable = append(p.Reachable, line)
			continue
		}
		for _, o := range st.Seen {
			line.By = append(line.By, x.lang.T("log.breach.detail", "Who", viewerWords(x.lang, o), "First", s.moment(x.lang, o.First), "Last", s.moment(x.lang, o.Last),
				"Times", o.Count, "From", ""))
		}
		p.Seen = append(p.Seen, line)
	}
}

func (s *Server) moment(l *lang.Language, t time.Time) string {
	return l.ShortWhen(t, s.Now(), s.Settings.Location())
}

// table begins a CSV file that the browser keeps under the name. Every cell is made harmless for spreadsheets.
func (x *exchange) table(name string) func(cells ...string) error {
	h := x.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	h["Cache-Control"] = noStore
	_, _ = x.w.Write([]byte("\ufeff")) // spreadsheets take it for Latin-1 otherwise
	w := csv.NewWriter(x.w)
	return func(cells ...string) error {
		if cells == nil {
			w.Flush()
			return w.Error()
		}
		for i, c := range cells {
			cells[i] = audit.Cell(c)
		}
		return w.Write(cells)
	}
}

func (s *Server) breachCSV(x *exchange, b family.Breach) error {
	l, row := x.lang, x.table("breach")
	column := func(keys ...string) []string {
		for i, k := range keys {
			keys[i] = l.T("log.column." + k)
		}
		return keys
	}
	if err := row(column("record", "student", "school", "state", "viewer", "how", "first", "last", "times")...); err != nil {
		return err
	}
	for _, st := range b.Students {
		id, name := strconv.FormatInt(st.ID, 10), personWords(l, st.Person)
		for _, o := range st.Seen {
			if err := row(id, name, st.School, "seen", viewerWords(l, o), string(o.How), stamp(o.First), stamp(o.Last), strconv.FormatInt(o.Count, 10)); err != nil {
				return err
			}
		}
		if st.Was() {
			continue
		}
		var open []string
		for _, a := range st.By {
			open = append(open, personWords(l, a))
		}
		if err := row(id, name, st.School, "reachable", strings.Join(open, "; "), "", "", "", ""); err != nil {
			return err
		}
	}
	return row()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// exportLog answers with the log as a CSV file, filtered as the page was.
func (s *Server) exportLog(x *exchange) error {
	if err := x.r.ParseForm(); err != nil {
		return fault.Invalidf("the form cannot be read")
	}
	q, problems := s.logQuery(x, filterOf(x.r.PostForm))
	if len(problems) > 0 {
		return fault.Invalidf("no such day")
	}
	var row func(cells ...string) error
	begin := func() error {
		row = x.table("log")
		var head []string
		for _, k := range []string{"number", "at", "who", "what", "whom", "outcome", "address", "request", "words", "detail"} {
			head = append(head, x.lang.T("log.column."+k))
		}
		return row(head...)
	}
	err := s.Family.ExportLog(x.r.Context(), x.actor, q, func(e family.LogEntry) error {
		if row == nil {
			if err := begin(); err != nil {
				return err
			}
		}
		l := logWords(x.lang, e)
		var detail []string
		for _, f := range l.Facts {
			detail = append(detail, f.Name+": "+f.Value)
		}
		return row(strconv.FormatInt(l.ID, 10), stamp(l.At), l.Who, l.Action, l.Whom, e.Outcome, l.Address, l.Request, l.Words, strings.Join(detail, "; "))
	})
	if err != nil {
		if row != nil { // the answer has begun: it ends short, and the log of the program says why
			s.Log.Error("export broke off", "req", x.client.RequestID, "err", err)
			return row()
		}
		return err
	}
	if row == nil {
		if err := begin(); err != nil {
			return err
		}
	}
	return row()
}
