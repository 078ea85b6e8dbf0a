package web

import (
	"fmt"
	"net/http"
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

const duplicatesPath = "/admin/records/duplicates"

// mergesShown is how many merges the page of duplicates shows at once.
const mergesShown = 20

// duplicatesPage lists contacts that seem one person, and the merges of late; further back, merges alone.
type duplicatesPage struct {
	Page
	Pairs    bool
	Rows     []flawRow
	Count    string
	NextURL  string
	Merges   []mergeRow
	OlderURL string // further merges
}

// mergeRow is a merge that was made.
type mergeRow struct {
	family.MergeRecord
	Name string
	Undo bool
}

// pairPath is where two records stand side by side, the first being the one to keep.
func pairPath(kept, gone int64) string { return fmt.Sprintf("%s/%d/%d", duplicatesPath, kept, gone) }

func (s *Server) duplicates(x *exchange) error {
	before := cursor(x.r.URL.Query())
	p := duplicatesPage{Page: s.page(x, "duplicates.title"), Pairs: before == jobs.Cursor{}}
	if p.Pairs {
		if err := s.pairs(x, &p); err != nil {
			return err
		}
	}
	merges, err := s.Family.Merges(x.r.Context(), x.actor, before, mergesShown+1)
	if err != nil {
		return err
	}
	if len(merges) > mergesShown {
		merges = merges[:mergesShown]
		last := merges[mergesShown-1]
		p.OlderURL = duplicatesPath + "?" + cursorQuery(last.At, last.ID)
	}
	for _, m := range merges {
		p.Merges = append(p.Merges, mergeRow{m, x.lang.FullName(m.First, "", m.Last), m.Undone.IsZero() && m.Undoable && access.Can(x.actor, access.EditRecords)})
	}
	return s.render(x, http.StatusOK, "admin/duplicates", p)
}

// pairs puts a page of contacts that seem one person on the page.
func (s *Server) pairs(x *exchange, p *duplicatesPage) error {
	q := family.QualityQuery{Flaw: family.FlawSamePerson}
	q.After = x.place("after") // a broken place is the start
	found, err := s.Family.QualityList(x.r.Context(), x.actor, q)
	if err != nil {
		return err
	}
	p.Count = qualityFound(x.lang, q, found)
	for _, r := range found.Rows {
		p.Rows = append(p.Rows, s.flawRow(x, q.Flaw, r))
	}
	if found.Next != 0 {
		p.NextURL = duplicatesPath + "?after=" + strconv.FormatInt(found.Next, 10)
	}
	return nil
}

// mergePage shows two records side by side, and what would be.
type mergePage struct {
	Page
	Kept, Gone               int64
	KeptVersion, GoneVersion int64
	Facts                    []mergeFact
	SwapURL                  string
	Block                    string // why they cannot be put together now
	May, Check, Strangers    bool
	Choices                  []bulkChoice // usernames, where one must be chosen
	Ends                     string       // the username that ends, where that is clear
}

// Checks are the ways in which identity can have been checked.
func (mergePage) Checks() []string { return roster.Checks() }

// mergeFact is one field of both records and of the one that would be.
type mergeFact struct{ Label, Kept, Gone, Will string }

func (s *Server) pair(x *exchange) (kept, gone int64, err error) {
	if kept, err = x.id("contact"); err != nil {
		return 0, 0, err
	}
	gone, err = x.id("other")
	return kept, gone, err
}

func (s *Server) mergePage(x *exchange) error { return s.mergeForm(x, http.StatusOK, nil) }

func (s *Server) mergeForm(x *exchange, status int, failed error) error {
	kept, gone, err := s.pair(x)
	if err != nil {
		return err
	}
	pair, err := s.Family.MergePair(x.r.Context(), x.actor, kept, gone)
	if err != nil {
		return err
	}
	p := mergePage{Page: s.page(x, "duplicates.pair"), Kept: kept, Gone: gone, KeptVersion: pair.Kept.Contact.Version, GoneVersion: pair.Gone.Contact.Version,
		SwapURL: pairPath(gone, kept), May: access.Can(x.actor, access.EditRecords), Check: pair.Check, Strangers: pair.Strangers}
	p.Path = pairPath(kept, gone)
	if failed != nil {
		if err := s.problems(x, &p.Page, failed, "checked", "account"); err != nil {
			return err
		}
	}
	if pair.Block != "" {
		p.Block = x.lang.T("duplicates.block." + string(pair.Block))
	}
	for _, a := range []account.Account{pair.Kept.Account, pair.Gone.Account} {
		if slices.Contains(pair.Choices, a.ID) {
			id := strconv.FormatInt(a.ID, 10)
			p.Choices = append(p.Choices, bulkChoice{id, a.Username, x.field("account") == id})
		}
	}
	p.Facts, p.Ends = s.mergeFacts(x.lang, pair)
	return s.render(x, status, "admin/merge", p)
}

// mergeFacts are the fields of both records, their logins and their lines.
func (s *Server) mergeFacts(l *lang.Language, p family.MergePair) (facts []mergeFact, ends string) {
	add := func(key string, of func(roster.Contact) string) {
		f := mergeFact{l.T(key), of(p.Kept.Contact), of(p.Gone.Contact), of(p.Will.Contact)}
		if f.Kept+f.Gone != "" {
			facts = append(facts, f)
		}
	}
	add("record.name", func(c roster.Contact) string { return l.FullName(c.First, c.Middle, c.Last) })
	add("record.email", func(c roster.Contact) string { return c.Email })
	add("record.mobile_phone", func(c roster.Contact) string { return c.MobilePhone })
	add("record.home_phone", func(c roster.Contact) string { return c.HomePhone })
	add("record.work_phone", func(c roster.Contact) string { return c.WorkPhone })
	login, ends := s.loginFact(l, p)
	facts = append(facts, login)
	for _, line := range p.Will.Lines {
		f := mergeFact{Label: l.FullName(line.Student.First, "", line.Student.Last), Will: lineWords(l, line.Line)}
		if line.School.Name != "" {
			f.Label += ", " + line.School.Name
		}
		if line.OfKept.ID != 0 {
			f.Kept = lineWords(l, line.OfKept)
		}
		if line.OfGone.ID != 0 {
			f.Gone = lineWords(l, line.OfGone)
		}
		facts = append(facts, f)
	}
	return facts, ends
}

func (s *Server) loginFact(l *lang.Language, p family.MergePair) (f mergeFact, ends string) {
	words := func(a account.Account) string {
		if a.ID == 0 {
			return l.T("duplicates.no_login")
		}
		text := a.Username + ", " + l.T("login_state."+string(a.State))
		if !a.LastSignIn.IsZero() {
			text += ", " + l.T("missing.last") + " " + l.DateTime(a.LastSignIn, s.Settings.Location())
		}
		return text
	}
	f = mergeFact{l.T("duplicates.login"), words(p.Kept.Account), words(p.Gone.Account), l.T("duplicates.choose_below")}
	if len(p.Choices) > 0 || p.Block == family.MergeDisabled {
		return f, ""
	}
	stays, other := p.Kept.Account, p.Gone.Account
	if stays.ID == 0 || stays.State == account.Waiting && other.ID != 0 {
		stays, other = other, stays
	}
	f.Will = words(stays)
	if other.ID != 0 && other.ID != stays.ID {
		ends = other.Username
	}
	return f, ends
}

// lineWords is what a line says, in words. What nobody knows is left out.
func lineWords(l *lang.Language, line roster.Line) string {
	words := []string{l.T(relationKey(line.Relationship))}
	if line.Ended {
		words = append(words, l.T("duplicates.ended"))
	}
	for _, f := range flags(&line) {
		if *f.flag != roster.Unknown && *f.flag != "" {
			words = append(words, l.T("record."+f.name)+": "+l.T("flag."+string(*f.flag)))
		}
	}
	if line.BeginDate != "" {
		words = append(words, l.T("record.begin_date")+": "+l.Date(line.BeginDate))
	}
	if line.EndDate != "" {
		words = append(words, l.T("record.end_date")+": "+l.Date(line.EndDate))
	}
	return strings.Join(words, " · ")
}

// decidePair puts two records together, or notes that they are two people.
func (s *Server) decidePair(x *exchange) error {
	kept, gone, err := s.pair(x)
	if err != nil {
		return err
	}
	if x.field("as") == "strangers" {
		if err := s.Family.NotOnePerson(x.r.Context(), x.actor, kept, gone); err != nil {
			return err
		}
		s.setFlash(x, "flash.not_one_person")
		return x.redirect(duplicatesPath)
	}
	o := family.MergeOrder{MergeOrder: roster.MergeOrder{Kept: kept, Gone: gone, Checked: x.field("checked")}}
	o.KeptVersion = x.number("kept_version") // none: a conflict, as it should be
	o.GoneVersion = x.number("gone_version")
	o.Account = x.number("account")
	if err := s.Family.Merge(x.r.Context(), x.actor, o); err != nil {
		if fault.Is(err, fault.Invalid) {
			return s.mergeForm(x, http.StatusUnprocessableEntity, err)
		}
		return s.overtaken(x, err, "flash.pair_changed", pairPath(kept, gone))
	}
	s.setFlash(x, "flash.merged")
	return x.redirect(duplicatesPath)
}

func (s *Server) undoMerge(x *exchange) error {
	id := x.number("merge") // none: not found
	if err := s.Family.UndoMerge(x.r.Context(), x.actor, id); err != nil {
		return s.overtaken(x, err, "flash.not_unmerged", duplicatesPath)
	}
	s.setFlash(x, "flash.unmerged")
	return x.redirect(duplicatesPath)
}
