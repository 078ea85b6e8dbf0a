package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// gridPage is Reset Parent Login.
type gridPage struct {
	Page
	Query    gridQuery
	Letters  []letterLink
	Rows     []gridRow
	Grid     family.Grid
	FirstURL string // the first page of the same list
	NextURL  string
	Notices  int    // parents of whose reset by other schools nobody here has read
	ByParent string // the same list in the other order
	ByChild  string
	Resets   bool // may reset rows
	Records  bool // may open the records
	MatchAll bool // all that match can be reset as a bulk act
}

// gridRow is a row as it is shown. Its texts are made here: a template that calls functions for every cell costs ten times the query.
type gridRow struct {
	Line, Student, Contact  int64
	Again                   bool // continues the parent above
	Parent, Relation, Child string
	IDNumber, School        string
	Username                string
	State, StateText        string
	LastSignIn              string
	SelectLabel, ResetLabel string
}

func (s *Server) gridRow(l *lang.Language, r family.GridRow, again bool) gridRow {
	school := r.School
	if r.Grade != "" {
		school += " · " + r.Grade
	}
	who := l.T("admin.reset.row", "Parent", l.FullName(r.ParentFirst, "", r.ParentLast), "Child", l.FullName(r.ChildFirst, "", r.ChildLast))
	g := gridRow{
		Line: r.LineID, Student: r.StudentID, Contact: r.ContactID, Again: again, Parent: l.ListName(r.ParentLast, r.ParentFirst, ""), Relation: l.T(relationKey(r.Relationship)),
		Child: l.ListName(r.ChildLast, r.ChildFirst, ""), IDNumber: r.IDNumber, School: school, Username: r.Username, State: string(r.State),
		StateText: s.stateText(l, r), SelectLabel: l.T("admin.reset.select", "Row", who), ResetLabel: l.T("admin.reset.reset_row", "Row", who),
	}
	if !r.LastSignIn.IsZero() {
		g.LastSignIn = l.ShortWhen(r.LastSignIn, s.Now(), s.Settings.Location())
	}
	return g
}

func (s *Server) stateText(l *lang.Language, r family.GridRow) string {
	if r.State == family.Locked && r.LockedUntil.Equal(account.Never()) {
		return l.T("login_state.off")
	}
	if r.State == family.Locked {
		return l.T("login_state.locked", "Clock", l.Clock(r.LockedUntil, s.Settings.Location()))
	}
	return l.T("login_state." + string(r.State))
}

// letterLink is a letter above the grid; without a URL no parent's name begins with it.
type letterLink struct {
	Letter  string
	URL     string
	Current bool
}

// gridQuery is the grid's address.
type gridQuery struct{ Letter, Last, Sort, After string }

const gridPath = "/admin/site/reset-parent-login"

func (q gridQuery) url() string {
	v := url.Values{}
	for _, p := range [][2]string{{"letter", q.Letter}, {"last", q.Last}, {"sort", q.Sort}, {"after", q.After}} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	if len(v) == 0 {
		return gridPath
	}
	return gridPath + "?" + v.Encode()
}

func (s *Server) grid(x *exchange) error {
	in := x.r.URL.Query()
	q := gridQuery{Letter: in.Get("letter"), Last: strings.TrimSpace(in.Get("last")), Sort: in.Get("sort"), After: in.Get("after")}
	if q.Sort != "child" {
		q.Sort = ""
	}
	if q.Last != "" {
		q.Letter = ""
	}
	g, err := s.Family.Grid(x.r.Context(), x.actor, family.GridQuery{Letter: q.Letter, Last: q.Last, ByChild: q.Sort == "child", After: q.After})
	if err != nil {
		return err
	}
	p := gridPage{Page: s.page(x, "admin.reset.title"), Query: q, Grid: g}
	for i, r := range g.Rows {
		p.Rows = append(p.Rows, s.gridRow(x.lang, r, !g.ByChild && i > 0 && g.Rows[i-1].ContactID == r.ContactID))
	}
	for _, l := range strings.Split("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z #", " ") {
		link := letterLink{Letter: l, Current: l == q.Letter}
		if g.Letters[l] {
			link.URL = gridQuery{Letter: l, Sort: q.Sort}.url()
		}
		p.Letters = append(p.Letters, link)
	}
	base := gridQuery{Letter: q.Letter, Last: q.Last}
	p.ByParent = base.url()
	base.Sort = "child"
	p.ByChild = base.url()
	if q.After != "" {
		p.FirstURL = gridQuery{Letter: q.Letter, Last: q.Last, Sort: q.Sort}.url()
	}
	if g.Next != "" {
		p.NextURL = gridQuery{Letter: q.Letter, Last: q.Last, Sort: q.Sort, After: g.Next}.url()
	}
	if q == (gridQuery{}) {
		notices, err := s.Family.SchoolNotices(x.r.Context(), x.actor)
		if err != nil {
			return err
		}
		p.Notices = len(notices)
	}
	p.Resets, p.Records = access.Can(x.actor, access.ResetLogins), access.Can(x.actor, access.SeeRecords)
	p.MatchAll = (q.Last != "" || q.Letter != "") && g.Next != "" && access.Can(x.actor, access.BulkLogins)
	return s.render(x, http.StatusOK, "admin/grid", p)
}

// questionPage is "Are you sure you want to Reset the selected accounts?".
type questionPage struct {
	Page
	Question family.Question
	Lines    []int64
	Back     string
	Rows     int
}

// selection is the ticked rows, the row whose own "Reset" was pressed, or the rows of the question with those taken along.
func selection(x *exchange) []int64 {
	if only := x.ids("only"); len(only) > 0 {
		return only[:1]
	}
	seen := map[int64]bool{}
	var lines []int64
	for _, id := range append(x.ids("line"), x.ids("along")...) {
		if !seen[id] {
			seen[id] = true
			lines = append(lines, id)
		}
	}
	return lines
}

// back is the list, or the parent's page, that the selection was made on.
func back(x *exchange) string {
	if b := x.field("back"); isFamily(b) {
		return b
	}
	return backTo(x, gridPath)
}

// backTo is the page that the form was sent from, if that is the one at the path, with whatever it was asked.
func backTo(x *exchange, path string) string {
	if b := x.field("back"); strings.HasPrefix(b, path+"?") && len(b) < longestBack {
		return b
	}
	return path
}

// longestBack bounds an address that is kept.
const longestBack = 2000

func (s *Server) resetQuestion(x *exchange) error {
	lines := selection(x)
	if len(lines) == 0 {
		s.setFlash(x, "flash.nothing_selected")
		return x.redirect(back(x))
	}
	if handed, err := s.bulkReset(x, family.ResetOrder{Lines: lines}); handed || err != nil {
		return err
	}
	q, err := s.Family.ResetQuestion(x.r.Context(), x.actor, lines)
	if err != nil {
		return err
	}
	p := questionPage{Page: s.page(x, "admin.question.title"), Question: q, Lines: lines, Back: back(x), Rows: len(lines)}
	p.Path = gridPath
	return s.render(x, http.StatusOK, "admin/question", p)
}

// resultPage says what a reset did, row by row.
type resultPage struct {
	Page
	Results []family.ResetResult
	Back    string
	Done    int // rows whose line was closed
}

func (s *Server) postReset(x *exchange) error {
	order := family.ResetOrder{Lines: selection(x), Keep: map[int64]int64{}, Along: x.ids("elsewhere")}
	if len(order.Lines) == 0 {
		s.setFlash(x, "flash.nothing_selected")
		return x.redirect(back(x))
	}
	for _, keep := range x.r.PostForm["keep"] { // STUDENT:CONTACT
		student, contact, _ := strings.Cut(keep, ":")
		sid, err1 := strconv.ParseInt(student, 10, 64)
		cid, err2 := strconv.ParseInt(contact, 10, 64)
		if err1 == nil && err2 == nil {
			order.Keep[sid] = cid
		}
	}
	if handed, err := s.bulkReset(x, order); handed || err != nil { // rows taken along can make it too big
		return err
	}
	results, err := s.Family.Reset(x.r.Context(), x.actor, order)
	if err != nil {
		return err
	}
	p := resultPage{Page: s.page(x, "admin.result.title"), Results: results, Back: back(x)}
	p.Path = gridPath
	for _, r := range results {
		if r.Outcome == family.ResetWhole || r.Outcome == family.ResetPart {
			p.Done++
		}
	}
	return s.render(x, http.StatusOK, "admin/result", p)
}
