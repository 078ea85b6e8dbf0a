package family

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// gridKey is a place in the grid: a parent's, or a row's when sorted by child. Entry is the name that a search matched.
type gridKey struct {
	Entry, Sort string
	ID          int64
	child       string
}

// gridPage is a checked GridQuery.
type gridPage struct {
	letter, search string // at most one of them
	at             access.Schools
	nothing        bool // searched for something that no name begins with
	byChild        bool
	after          gridKey
	limit          int
}

func newGridPage(q GridQuery) (*gridPage, error) {
	p := &gridPage{byChild: q.ByChild, limit: q.Limit}
	if p.limit <= 0 || p.limit > gridLimitMax {
		p.limit = gridLimit
	}
	switch {
	case strings.TrimSpace(q.Last) != "":
		p.search = lang.SearchKey(q.Last)
		p.nothing = p.search == ""
	case q.Letter != "":
		if len(q.Letter) != 1 || !strings.Contains(letterNames, q.Letter) {
			return nil, fault.Invalidf("no such letter")
		}
		p.letter = q.Letter
	}
	p.after.Entry = p.search
	if q.After == "" {
		return p, nil
	}
	after, ok := readGridKey(q.After)
	if !ok || !strings.HasPrefix(after.Entry, p.search) {
		return nil, fault.Invalidf("the address of this page is broken: search again")
	}
	p.after = after
	return p, nil
}

// text returns the key as it stands in an address.
func (k gridKey) text() string {
	data, err := json.Marshal(k)
	if err != nil {
		return "" // two strings and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// readGridKey reads what text wrote, and reports false for anything that it cannot have written.
func readGridKey(text string) (gridKey, bool) {
	var k gridKey
	if len(text) > 4096 {
		return k, false
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &k) != nil {
		return k, false
	}
	whole := k.Entry + k.Sort
	return k, utf8.ValidString(whole) && !strings.ContainsRune(whole, 0)
}

// total counts the lines that match, up to countTo.
func (p *gridPage) total(ctx context.Context, tx *sqldb.Tx) (int, error) {
	query, args := p.count()
	return sqldb.Value[int](ctx, tx, query, args...)
}

func (p *gridPage) count() (string, []any) {
	switch {
	case p.letter != "":
		return countOf(rowsOfLetter, p.at, p.letter)
	case p.search == "":
		return countOf(rowsOfAll, p.at)
	}
	return countOf(rowsOfSearch, p.at, p.search, lang.PrefixEnd(p.search))
}

// lines reads one parent, or one row, more than the page has.
func (p *gridPage) lines(ctx context.Context, tx *sqldb.Tx, rule roster.Rule) ([]*loginLine, error) {
	query, args := p.query()
	lines, err := sqldb.All(ctx, tx, scanLoginLine(rule), query, args...)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		l.key.ID = l.ContactID
		if p.byChild {
			l.key.Entry, l.key.Sort, l.key.ID = p.search, l.key.child, l.LineID
		}
	}
	slices.SortFunc(lines, func(a, b *loginLine) int {
		return cmp.Or(cmp.Compare(a.key.Entry, b.key.Entry), cmp.Compare(a.key.Sort, b.key.Sort), cmp.Compare(a.key.ID, b.key.ID),
			cmp.Compare(a.key.child, b.key.child), cmp.Compare(a.LineID, b.LineID))
	})
	return lines, nil
}

func (p *gridPage) query() (string, []any) {
	more := p.limit + 1
	switch {
	case p.byChild && p.search != "":
		return byChild(childrenOfSearch, p.at, p.search, lang.PrefixEnd(p.search), p.after.Sort, p.after.ID, more)
	case p.byChild && p.letter != "":
		return byChild(childrenOfLetter, p.at, p.letter, p.after.Sort, p.after.ID, more)
	case p.byChild:
		return byChild(childrenOfAll, p.at, p.after.Sort, p.after.ID, more)
	case p.search != "":
		return byParent(parentsOfSearch, p.at, p.search, lang.PrefixEnd(p.search), p.after.Entry, p.after.Sort, p.after.ID, more)
	case p.letter != "":
		return byParent(parentsOfLetter, p.at, p.letter, p.after.Sort, p.after.ID, more)
	}
	return byParent(parentsOfAll, p.at, p.after.Sort, p.after.ID, more)
}

// cut drops what is too much for the page and returns the place where the next one begins, "" at the end.
func (p *gridPage) cut(lines []*loginLine) ([]*loginLine, string) {
	n := 0 // parents, or rows
	for i, l := range lines {
		if p.byChild || i == 0 || l.ContactID != lines[i-1].ContactID {
			n++
		}
		if n > p.limit {
			return lines[:i], lines[i-1].key.text()
		}
	}
	return lines, ""
}
