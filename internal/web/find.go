package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
)

const (
	findPath     = "/admin/find"
	familiesPath = "/admin/families/"
)

// familyPath is the address of a parent's page.
func familyPath(contact int64) string { return familiesPath + strconv.FormatInt(contact, 10) }

// isFamily reports whether an address is that of a parent's page.
func isFamily(to string) bool {
	id, ok := strings.CutPrefix(to, familiesPath)
	return ok && id != "" && strings.Trim(id, "0123456789") == ""
}

// findPage is "Find a family".
type findPage struct {
	Page
	Query    string
	Found    family.Found
	Rows     []foundRow
	Near     []foundRow
	Tried    string
	NearText string
	NextURL  string
	FirstURL string
	Records  bool // may open the records
}

// foundRow is a family in the reader's language.
type foundRow struct {
	URL, Parent, Why string
	Children         []foundChild
}

type foundChild struct{ Name, School string }

// findPage is for names, which may stand in an address.
func (s *Server) findPage(x *exchange) error {
	q := x.r.URL.Query()
	return s.showFound(x, family.FindQuery{Typed: strings.TrimSpace(q.Get("q")), Named: true, After: q.Get("after")})
}

// find takes what was typed into the box. A name goes into the address, so that the result can be kept; nothing else does.
func (s *Server) find(x *exchange) error {
	typed := x.trimmed("q")
	if typed == "" || family.OnlyName(typed) {
		return x.redirect(findURL(typed, ""))
	}
	after := x.field("after")
	found, err := s.Family.FindFamily(x.r.Context(), x.actor, family.FindQuery{Typed: typed, After: after})
	if err != nil {
		return err
	}
	if family.PerhapsName(typed) && !found.Request {
		return x.redirect(findURL(typed, ""))
	}
	return s.foundPage(x, typed, after, found)
}

func findURL(typed, after string) string {
	v := url.Values{}
	if typed != "" {
		v.Set("q", typed)
	}
	if after != "" {
		v.Set("after", after)
	}
	if len(v) == 0 {
		return findPath
	}
	return findPath + "?" + v.Encode()
}

func (s *Server) showFound(x *exchange, q family.FindQuery) error {
	found, err := s.Family.FindFamily(x.r.Context(), x.actor, q)
	if err != nil {
		return err
	}
	return s.foundPage(x, q.Typed, q.After, found)
}

// foundPage leads to the one family that was found, or lists them.
func (s *Server) foundPage(x *exchange, typed, after string, found family.Found) error {
	if found.CaseID != 0 && access.Can(x.actor, access.SeeRequests) {
		return x.redirect(casePath(found.CaseID))
	}
	if only := found.Only(); only != 0 && after == "" {
		return x.redirect(familyPath(only))
	}
	p := findPage{Page: s.page(x, "find.title"), Query: typed, Found: found, Records: access.Can(x.actor, access.SeeRecords)}
	p.Path = findPath
	if x.r.Method == http.MethodGet {
		p.Path = x.r.URL.RequestURI()
		if found.Next != "" {
			p.NextURL = findURL(typed, found.Next)
		}
		if after != "" {
			p.FirstURL = findURL(typed, "")
		}
	}
	p.Rows, p.Near = foundRows(x.lang, found.Families), foundRows(x.lang, found.Near)
	var tried []string
	for _, k := range found.Kinds {
		tried = append(tried, x.lang.T("find.kind."+string(k)))
	}
	p.Tried = x.lang.List(tried)
	if found.NearBy != "" {
		p.NearText = x.lang.T("find.near." + string(found.NearBy))
	}
	return s.render(x, http.StatusOK, "admin/find", p)
}

func foundRows(l *lang.Language, families []family.FoundFamily) []foundRow {
	var rows []foundRow
	for _, f := range families {
		row := foundRow{URL: familyPath(f.ContactID), Parent: l.ListName(f.Last, f.First, ""), Why: l.T("find.by."+string(f.By), "Child", f.Child)}
		for _, c := range f.Lines {
			row.Children = append(row.Children, foundChild{l.FullName(c.ChildFirst, "", c.ChildLast), c.School})
		}
		rows = append(rows, row)
	}
	return rows
}
