package intake

import (
	"cmp"
	"slices"
	"strings"
)

// Like findings are listed one by one up to these numbers; what comes after is counted. Rows that were not taken matter most.
const (
	listed        = 20
	listedSkipped = 1000
	examples      = 3 // kept of a kind that is counted
	kindsKept     = 20_000
)

// findings collects what an import notices, in bounded memory. Nothing is put into words before it is listed: rows come by the million.
type findings struct{ folds map[kindOfFinding]*alike }

type kindOfFinding struct {
	level        Level
	code         Code
	file, column string
	as           string
}

func (f *Finding) kind() kindOfFinding { return kindOfFinding{f.Level, f.Code, f.File, f.Column, f.As} }

type alike struct {
	first []Finding
	count int
	whole bool // only how many matters, not where
}

func newFindings() *findings { return &findings{folds: map[kindOfFinding]*alike{}} }

// add notes a finding. Findings of one kind have the same level, file, column and code.
func (f *findings) add(level Level, file string, line int, column, was string, code Code) {
	f.say(Finding{Level: level, File: file, Line: line, Column: column, Was: was, Code: code})
}

// say notes a finding that says more than add can.
func (f *findings) say(x Finding) {
	x.Count = 1
	f.note(&x, false)
}

// count notes a finding of which only matters how often it occurs: x.Count times more.
func (f *findings) count(x Finding) { f.note(&x, true) }

func (f *findings) note(x *Finding, whole bool) {
	k := x.kind()
	if f.folds[k] == nil && len(f.folds) >= kindsKept { // names of columns and files may be anything
		k.file, k.column, k.as = "", "", ""
	}
	all := f.folds[k]
	if all == nil {
		all = &alike{whole: whole}
		f.folds[k] = all
	}
	all.count += x.Count
	if whole && len(all.first) > 0 || len(all.first) > limitOf(x.Level) {
		return
	}
	x.Was = shorten(x.Was)
	for _, text := range []*string{&x.File, &x.Column, &x.Was, &x.As} { // names of columns and files may be anything, and not every database keeps all
		*text = clean(*text)
	}
	all.first = append(all.first, *x)
}

// also takes what others noticed of a kind that these did not: a file that is read twice says the same of itself twice.
func (f *findings) also(others *findings) {
	for kind, all := range others.folds {
		if f.folds[kind] == nil {
			f.folds[kind] = all
		}
	}
}

// all takes all that others noticed; nil is nothing.
func (f *findings) all(others *findings) {
	if others == nil {
		return
	}
	for _, x := range others.list() {
		f.note(&x, false)
	}
}

func limitOf(level Level) int {
	if level == Skipped {
		return listedSkipped
	}
	return listed
}

// list returns the findings, the gravest first, and those alike by file and line, in English words. A kind found too often stands there with its first
// examples, and the number of the others at the line where they begin.
func (f *findings) list() []Finding {
	var out []Finding
	for _, all := range f.folds {
		switch {
		case all.whole:
			x := all.first[0]
			x.Count = all.count
			out = append(out, x)
		case len(all.first) <= limitOf(all.first[0].Level):
			out = append(out, all.first...)
		default:
			rest := all.first[examples]
			rest.Count, rest.Was, rest.More = all.count, "", true
			for _, x := range all.first[:examples] {
				rest.Count -= x.Count
				out = append(out, x)
			}
			out = append(out, rest)
		}
	}
	inEnglish(out)
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(a.Level.weight()-b.Level.weight(), strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Column, b.Column),
			strings.Compare(a.Text, b.Text), strings.Compare(a.Was, b.Was))
	})
	return out
}

// weight orders levels, the gravest first.
func (l Level) weight() int { return slices.Index([]Level{Refused, Skipped, Warning, Note}, l) }

func shorten(s string) string {
	const limit = 80
	if len(s) <= limit {
		return s
	}
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit]) + "…"
}
