package help

import (
	"math"
	"slices"
	"unicode/utf8"
)

// What a word is worth by where it stands in an article.
const (
	inKeywords = 12
	inTitle    = 6
	inSummary  = 3
	inBody     = 1.5 // approached, never reached, by a word that comes again and again
)

// document is an article as the search sees it. It does not change.
type document struct {
	article *Published
	text    string // what passages are taken from: the summary, then the rest, a block a line
	at      []token
	weight  map[string]float32 // by stem
	forms   map[string]string  // folded word -> stem
}

// token is a word of the text.
type token struct {
	start, end int32
	stem       string
}

// memory remembers what words fold to and what they stem to while an index is built.
type memory struct {
	language      string
	folded, stems map[string]string
}

func newMemory(language string) *memory {
	return &memory{language, map[string]string{}, map[string]string{}}
}

func (m *memory) fold(typed string) string {
	f, ok := m.folded[typed]
	if !ok {
		f = foldWord(typed)
		m.folded[typed] = f
	}
	return f
}

func (m *memory) stem(form string) string {
	s, ok := m.stems[form]
	if !ok {
		s = stem(form, m.language)
		m.stems[form] = s
	}
	return s
}

// read makes the document of an article, whose words are read once, when it is published.
func (m *memory) read(a *Published, body string) *document {
	d := &document{article: a, text: a.Summary + "\n" + body, weight: map[string]float32{}, forms: map[string]string{}}
	field := func(text string, worth float32) {
		seen := map[string]bool{}
		for _, w := range words(text, m.fold) {
			s := m.stem(w.form)
			d.forms[w.form] = s
			if !seen[s] {
				seen[s] = true
				d.weight[s] += worth
			}
		}
	}
	for _, k := range a.Keywords {
		for _, w := range words(k, m.fold) {
			s := m.stem(w.form)
			d.forms[w.form] = s
			d.weight[s] = inKeywords
		}
	}
	field(a.Title, inTitle)
	field(a.Summary, inSummary)
	often := map[string]float32{}
	for _, w := range words(d.text, m.fold) {
		s := m.stem(w.form)
		d.forms[w.form] = s
		d.at = append(d.at, token{int32(w.start), int32(w.end), s})
		often[s]++
	}
	for s, n := range often {
		d.weight[s] += inBody * n / (n + 2)
	}
	return d
}

// index finds documents of one language by their words. It does not change once it is built.
type index struct {
	language string
	docs     []*document
	terms    map[string][]posting // by stem
	byLength map[int][]form       // every form of a word that stands anywhere, by its number of letters
}

type posting struct {
	doc    int32
	weight float32
}

type form struct {
	letters []rune
	stem    string
}

func newIndex(language string, docs []*document) *index {
	x := &index{language: language, docs: docs, terms: map[string][]posting{}, byLength: map[int][]form{}}
	seen := map[string]bool{}
	for i, d := range docs {
		for s, w := range d.weight {
			x.terms[s] = append(x.terms[s], posting{int32(i), w})
		}
		for f, s := range d.forms {
			if !seen[f] {
				seen[f] = true
				n := utf8.RuneCountInString(f)
				x.byLength[n] = append(x.byLength[n], form{[]rune(f), s})
			}
		}
	}
	return x
}

// The shortest words in which a slip is forgiven, and that stand for longer ones that begin so, in letters.
const (
	shortestSlip   = 4
	shortestPrefix = 3
)

// What a word counts that is not quite the one typed.
const (
	slipCounts   = 0.6
	prefixCounts = 0.5
)

// meant returns the stems that a typed word may stand for with what each counts.
func (x *index) meant(typed string) map[string]float32 {
	s := stem(typed, x.language)
	if _, ok := x.terms[s]; ok {
		return map[string]float32{s: 1}
	}
	found := map[string]float32{}
	letters := []rune(typed)
	n := len(letters)
	if n >= shortestSlip {
		for length := n - 1; length <= n+1; length++ {
			for _, f := range x.byLength[length] {
				if nearby(letters, f.letters) {
					found[f.stem] = slipCounts
				}
			}
		}
	}
	if len(found) > 0 || n < shortestPrefix {
		return found
	}
	for length, forms := range x.byLength {
		if length <= n {
			continue
		}
		for _, f := range forms {
			if slices.Equal(f.letters[:n], letters) {
				found[f.stem] = prefixCounts
			}
		}
	}
	return found
}

// hit is a document that was found.
type hit struct {
	doc   *document
	score float32
	words int // how many of the words typed it has
	stems map[string]bool
}

// find returns the documents that have any of the words, the best first. An article that has all the words comes before one that has some.
func (x *index) find(query []string) []hit {
	scores, counts := make([]float32, len(x.docs)), make([]int, len(x.docs))
	stems := map[string]bool{}
	best := make([]float32, len(x.docs))
	for _, q := range query {
		clear(best)
		for s, counting := range x.meant(q) {
			stems[s] = true
			list := x.terms[s]
			rare := float32(math.Log(1 + float64(len(x.docs))/float64(len(list))))
			for _, p := range list {
				best[p.doc] = max(best[p.doc], p.weight*rare*counting)
			}
		}
		for i, b := range best {
			if b > 0 {
				scores[i] += b
				counts[i]++
			}
		}
	}
	var hits []hit
	for i, n := range counts {
		if n > 0 {
			share := float32(n) / float32(len(query))
			hits = append(hits, hit{x.docs[i], scores[i] * share * share, n, stems})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		switch {
		case a.score != b.score:
			return cmpFloat(b.score, a.score)
		case a.doc.article.Slug < b.doc.article.Slug:
			return -1
		}
		return 1
	})
	return hits
}

func cmpFloat(a, b float32) int {
	if a < b {
		return -1
	}
	return 1
}
