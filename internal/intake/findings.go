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
)

// findings collects what an import notices, in bounded memory.
type findings struct{ folds map[kindOfFinding]*alike }

type kindOfFinding struct {
	level              Level
	file, column, text string
}

type alike struct {
	first []Finding
	count int
	whole bool // only how many matters, not where
}

func newFindings() *findings { return &findings{folds: map[kindOfFinding]*alike{}} }

// add notes a finding. Findings of one kind have the same level, file, column and text.
func (f *findings) add(level Level, file string, line int, column, was, text string) {
	f.note(Finding{Level: level, File: file, Line: line, Column: column, Was: shorten(was), Text: text, Count: 1}, false)
}

// count notes a finding of which only matters how often it occurs: x.Count times more.
func (f *findings) count(x Finding) { f.note(x, true) }

func (f *findings) note(x Finding, whole bool) {
	k := kindOfFinding{x.Level, x.File, x.Column, x.Text}
	all := f.folds[k]
	if all == nil {
		all = &alike{whole: whole}
		f.folds[k] = all
	}
	all.count += x.Count
	limit := listed
	if x.Level == Skipped {
		limit = listedSkipped
	}
	if len(all.first) <= limit {
		all.first = append(all.first, x)
	}
}

// list returns the findings by file and line. A kind found too often stands there with its first examples, and the number of the
// others at the line where they begin.
func (f *findings) list() []Finding {
	var out []Finding
	for _, all := range f.folds {
		limit := listed
		if all.first[0].Level == Skipped {
			limit = listedSkipped
		}
		if all.whole {
			x := all.first[0]
			x.Count = all.count
			out = append(out, x)
			continue
		}
		if len(all.first) <= limit {
			out = append(out, all.first...)
			continue
		}
		rest := all.first[examples]
		rest.Count, rest.Was = all.count, ""
		for _, x := range all.first[:examples] {
			rest.Count -= x.Count
			out = append(out, x)
		}
		rest.Text += ": further rows"
		out = append(out, rest)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Column, b.Column),
			strings.Compare(string(a.Level), string(b.Level)), strings.Compare(a.Text, b.Text), strings.Compare(a.Was, b.Was))
	})
	return out
}

func shorten(s string) string {
	const limit = 80
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit]) + "…"
}
