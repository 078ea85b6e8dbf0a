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

const bulkPath = "/admin/site/bulk"

// bulksPage lists bulk acts and asks for a new one.
type bulksPage struct {
	Page
	Acts, Letters, Schools []bulkChoice
	Bulks                  []bulkEntry
	Next                   string // query of the next page
	Narrow                 string // what else was chosen on Manage Parent Accounts, in words
	Query                  parentsQuery
}

// bulkChoice is one of a list.
type bulkChoice struct {
	Choice, Label string
	Chosen        bool
}

// bulkEntry is a bulk act in the list.
type bulkEntry struct {
	URL, What, Who, When, Size, Progress string
	Label                                string // of the link
}

func (s *Server) bulks(x *exchange) error {
	p, err := s.bulksForm(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/bulks", p)
}

func (s *Server) bulksForm(x *exchange) (bulksPage, error) {
	p := bulksPage{Page: s.page(x, "bulk.title")}
	p.Path = bulkPath
	list, err := s.Family.Bulks(x.r.Context(), x.actor, cursor(x.r.URL.Query()), listPage+1)
	if err != nil {
		return p, err
	}
	if len(list) > listPage {
		list = list[:listPage]
		last := list[listPage-1]
		p.Next = cursorQuery(last.AskedAt, last.ID)
	}
	for _, b := range list {
		p.Bulks = append(p.Bulks, s.bulkEntry(x.lang, b))
	}
	for _, a := range family.Acts() {
		p.Acts = append(p.Acts, bulkChoice{string(a), x.lang.T("bulk.act." + string(a)), x.field("act") == string(a)})
	}
	for _, l := range strings.Split("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z #", " ") {
		p.Letters = append(p.Letters, bulkChoice{l, l, x.field("letter") == l})
	}
	p.Query = parentsQueryOf(x.field)
	p.Narrow = narrowWords(x.lang, p.Query)
	p.Schools, err = s.schoolChoices(x, x.number("school"))
	return p, err
}

// schoolChoices are the reader's schools for a form, with the one that is chosen.
func (s *Server) schoolChoices(x *exchange, chosen int64) (all []bulkChoice, err error) {
	schools, err := s.Roster.SchoolsOf(x.r.Context(), x.actor)
	for _, o := range schools {
		all = append(all, bulkChoice{strconv.FormatInt(o.ID, 10), o.Name, o.ID == chosen})
	}
	return all, err
}

// narrowWords says what of the choice is not on the form of a bulk act: a form that is sent again must not mean more people.
func narrowWords(l *lang.Language, q parentsQuery) string {
	var words []string
	if q.State != "" {
		words = append(words, l.T("admin.reset.login")+": "+l.T("manage.state."+q.State))
	}
	if q.Since != "" {
		words = append(words, l.T("manage.since")+": "+q.Since)
	}
	if q.Password != "" {
		words = append(words, l.T("manage.password")+": "+q.Password)
	}
	return strings.Join(words, " · ")
}

func (s *Server) bulkEntry(l *lang.Language, b family.Bulk) bulkEntry {
	e := bulkEntry{
		URL: bulkURL(b.ID), What: l.T("bulk.act." + string(b.Act)), Who: b.Owner, When: l.ShortWhen(b.AskedAt, s.Now(), s.Settings.Location()),
		Size: l.Number(b.Size), Progress: l.T("bulk.state." + string(b.State)),
	}
	if b.State == family.BulkRunning || b.State == family.BulkStopped {
		e.Progress += " · " + l.Number(b.Done) + " / " + e.Size
	}
	e.Label = l.T("bulk.open_row", "What", e.What, "When", e.When)
	return e
}

func bulkURL(id int64) string { return bulkPath + "/" + strconv.FormatInt(id, 10) }

// askBulk fixes the list: the lines or contacts that were ticked, else all who fit what was chosen.
func (s *Server) askBulk(x *exchange) error {
	order := family.BulkOrder{Act: family.Act(x.field("act")), Reason: x.field("reason"), Lines: x.ids("line"), Contacts: x.ids("contact")}
	if len(order.Lines)+len(order.Contacts) == 0 {
		whom, err := s.whom(parentsQueryOf(x.field))
		if err != nil {
			return err
		}
		order.Whom = &whom
	}
	for _, path := range []string{gridPath, parentsPath} {
		if b := x.field("back"); b == path || strings.HasPrefix(b, path+"?") {
			order.Back = backTo(x, path)
		}
	}
	id, err := s.Family.AskBulk(x.r.Context(), x.actor, order)
	if err == nil {
		return x.redirect(bulkURL(id))
	}
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	p, formErr := s.bulksForm(x)
	if formErr != nil {
		return formErr
	}
	if err := s.bulkProblems(x, &p.Page, err, "last", "reason", "back"); err != nil {
		return err
	}
	return s.render(x, http.StatusUnprocessableEntity, "admin/bulks", p)
}

// bulkProblems is problems with the labels of these forms.
func (s *Server) bulkProblems(x *exchange, p *Page, err error, fields ...string) error {
	if err := s.problems(x, p, err, fields...); err != nil {
		return err
	}
	labels := map[string]string{"act": "bulk.act_label", "whom": "bulk.whom", "reason": "bulk.reason", "count": "bulk.count_label"}
	for i, q := range p.Problems {
		if key := labels[q.Field]; key != "" {
			p.Problems[i].Label = x.lang.T(key)
		}
	}
	return nil
}

// bulkReset hands a selection of the grid that is too big for one press over to a bulk act. It reports false for one that is not.
func (s *Server) bulkReset(x *exchange, order family.ResetOrder) (bool, error) {
	if !s.Family.IsBulk(len(order.Lines)) {
		return false, nil
	}
	if !access.Can(x.actor, access.BulkLogins) {
		s.setFlash(x, "flash.bulk_too_many", "Count", strconv.Itoa(s.Settings.Values().BulkSize))
		return true, x.redirect(back(x))
	}
	id, err := s.Family.AskBulk(x.r.Context(), x.actor, family.BulkOrder{Act: family.BulkReset, Lines: order.Lines, Keep: order.Keep, Along: order.Along,
		Back: back(x)})
	if err != nil {
		return true, err
	}
	return true, x.redirect(bulkURL(id))
}

func (s *Server) beginBulk(x *exchange) error {
	id, err := x.id("bulk")
	if err != nil {
		return err
	}
	typed := strings.Map(func(r rune) rune { // "1,204" as the page shows it
		if strings.ContainsRune("., \u00a0\u202f", r) {
			return -1
		}
		return r
	}, x.trimmed("count"))
	count, err := strconv.Atoi(typed)
	if err != nil {
		count = -1
	}
	if err := s.Family.BeginBulk(x.r.Context(), x.actor, id, count); err != nil {
		if !fault.Is(err, fault.Invalid) {
			return err
		}
		return s.bulkForm(x, id, err)
	}
	b, _, err := s.Family.Bulk(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	key := "flash.bulk_begun"
	if b.State == family.BulkApproval {
		key = "flash.bulk_second"
	}
	s.setFlash(x, key)
	return x.redirect(bulkURL(id))
}

func (s *Server) stopBulk(x *exchange) error {
	id, err := x.id("bulk")
	if err != nil {
		return err
	}
	b, _, err := s.Family.Bulk(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	if err := s.Family.StopBulk(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	if b.State == family.BulkRunning {
		s.setFlash(x, "flash.bulk_stopped")
		return x.redirect(bulkURL(id))
	}
	s.setFlash(x, "flash.bulk_taken_back")
	return x.redirect(bulkPath)
}

// minutes says how long something takes.
func minutes(l *lang.Language, d time.Duration) string {
	if d < time.Minute {
		return l.T("bulk.seconds")
	}
	return l.T("bulk.minutes", "Count", int((d+time.Minute/2)/time.Minute))
}

// bulkFilters are the outcomes that there are, most first.
func bulkFilters(l *lang.Language, id int64, counts map[string]int, chosen string) []bulkFilter {
	total := 0
	var outcomes []string
	for o, n := range counts {
		total += n
		outcomes = append(outcomes, o)
	}
	slices.SortFunc(outcomes, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	filters := []bulkFilter{{bulkURL(id), l.T("bulk.all_rows") + " (" + l.Number(total) + ")", chosen == family.AnyOutcome}}
	for _, o := range outcomes {
		filters = append(filters, bulkFilter{
			bulkURL(id) + "?" + url.Values{"outcome": {nameOfOutcome(o)}}.Encode(),
			outcomeText(l, o) + " (" + l.Number(counts[o]) + ")", chosen == o,
		})
	}
	return filters
}

// toDo is how a row that is still to be done is called in addresses and catalogues.
const toDo = "todo"

func nameOfOutcome(outcome string) string {
	if outcome == "" {
		return toDo
	}
	return outcome
}

func outcomeText(l *lang.Language, outcome string) string {
	return l.T("bulk.outcome." + nameOfOutcome(outcome))
}
