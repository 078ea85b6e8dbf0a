package help

import (
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
)

const (
	mostResults  = 20
	mostNear     = 5
	mostWords    = 12  // of a query
	longestQuery = 200 // bytes
)

// Results are what a search found, the best first.
type Results struct {
	Query string
	Total int      // how many were found
	Found []Result // at most 20 of them
	Near  []Result // when nothing was found: what is near
}

// Result is an article with the passage that matches.
type Result struct {
	Link
	Summary string
	Passage []Piece
}

// Search finds articles by words: key words weigh most, then title, summary and text; endings of words and one slip of the finger in a word
// of four letters or more are forgiven. It looks at articles in the reader's language, and at those of another where that finds nothing or
// where an article exists in no other. A search that finds nothing is noted for staff without saying who searched.
func (l *Library) Search(query, language string) Results {
	query = strings.TrimSpace(strings.ToValidUTF8(cut(query, longestQuery), ""))
	r := Results{Query: query}
	if query == "" {
		return r
	}
	s := l.fresh()
	near, own := []hit{}, 0
	for _, tag := range languagesFrom(language) {
		typed := queryWords(query, tag)
		for _, h := range s.indexes[tag].find(typed) {
			switch {
			case 2*h.words < len(typed):
				near = append(near, h)
			case tag != language && own > 0 && s.articles[language][h.doc.article.Slug] != nil:
				// The reader's own language has the article too, and others that fit better.
			default:
				r.Total++
				if len(r.Found) < mostResults {
					r.Found = append(r.Found, result(h))
				}
			}
		}
		if tag == language {
			own = r.Total
		}
	}
	if r.Total > 0 {
		return r
	}
	l.missed.note(query, language)
	for _, h := range near {
		if len(r.Near) < mostNear && !r.shows(h.doc.article.Slug) {
			r.Near = append(r.Near, result(h))
		}
	}
	for _, a := range s.sorted[language] {
		if len(r.Near) >= mostNear {
			break
		}
		if a.Audience == ForParents && !r.shows(a.Slug) {
			r.Near = append(r.Near, Result{Link: a.Link(), Summary: a.Summary})
		}
	}
	return r
}

func (r Results) shows(slug string) bool {
	for _, n := range r.Near {
		if n.Slug == slug {
			return true
		}
	}
	return false
}

func result(h hit) Result {
	return Result{Link: h.doc.article.Link(), Summary: h.doc.article.Summary, Passage: h.doc.passage(h.stems)}
}

// languagesFrom lists all languages, the reader's first.
func languagesFrom(first string) []string {
	all := []string{first}
	for _, tag := range lang.Tags() {
		if tag != first {
			all = append(all, tag)
		}
	}
	return all
}

// queryWords returns the words that are searched for: those that tell articles apart, all of them if none does.
func queryWords(query, language string) []string {
	var telling, all []string
	seen := map[string]bool{}
	for _, w := range words(query, foldWord) {
		if seen[w.form] {
			continue
		}
		seen[w.form] = true
		all = append(all, w.form)
		if !isStop(w.form, language) {
			telling = append(telling, w.form)
		}
	}
	if len(telling) > 0 {
		all = telling
	}
	return all[:min(len(all), mostWords)]
}

// cut shortens s to at most n bytes, at a rune's start.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
