package family

import (
	"strings"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// These say how far a name typed is from one on record. They decide nothing: they choose what a clerk sees first.
const (
	farName  = 4 // a part that is another name
	nearName = 4 // both parts together, for a near miss
)

// nearestLine is the line of the one contact whose name is nearest to the one typed, nil where none is near or two are.
func nearestLine(lines []roster.FullLine, first, last string) *roster.FullLine {
	typed, ok := lang.Keys(first, last)
	if !ok {
		return nil
	}
	var best *roster.FullLine
	least, tie := nearName+1, false
	for i := range lines {
		l := &lines[i]
		if l.Removed() {
			continue
		}
		far := nameDistance(l.Contact, typed)
		switch {
		case far < least:
			best, least, tie = l, far, false
		case far == least && best != nil && l.ContactID != best.ContactID:
			tie = true
		}
	}
	if tie {
		return nil
	}
	return best
}

// nameDistance is how far the name typed is from the nearest form of the contact's name; 0 is the same name.
func nameDistance(c roster.Contact, typed lang.NameKeys) int {
	least := 2 * farName
	for _, k := range recordedNames(c) {
		switch {
		case k.Match(typed):
			return 0
		case k.First == typed.Last && k.Last == typed.First:
			least = min(least, 1)
		default:
			least = min(least, max(1, partDistance(k.First, typed.First)+partDistance(k.Last, typed.Last)))
		}
	}
	return least
}

// partDistance compares one part of a name: a short form, an initial or one of two last names is nearest.
func partDistance(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "" || b == "":
		return 2
	case strings.HasPrefix(a, b), strings.HasPrefix(b, a):
		return 1
	case len(a) >= 3 && strings.Contains(b, a), len(b) >= 3 && strings.Contains(a, b):
		return 1
	}
	if d := slips(a, b); d <= max(1, min(utf8.RuneCountInString(a), utf8.RuneCountInString(b))/2) {
		return d
	}
	return farName
}

// slips is the number of letters to insert, leave out, replace or swap with the next to make one word of the other (optimal string alignment).
func slips(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// slipLimit is the longest ID Number for which those one slip away are listed, in bytes.
const slipLimit = 16

// oneSlip lists the ID Numbers, as they are compared, that are one digit replaced, left out or too many, or two neighbours swapped away. It is
// nil for a number that is empty or too long for a look.
func oneSlip(key string) []string {
	if key == "" || len(key) > slipLimit || strings.ContainsFunc(key, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return nil
	}
	const digits = "0123456789"
	seen := map[string]bool{key: true}
	var all []string
	add := func(s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	for i := range len(key) {
		add(key[:i] + key[i+1:])
		for _, d := range digits {
			add(key[:i] + string(d) + key[i+1:])
		}
		if i+1 < len(key) {
			add(key[:i] + key[i+1:i+2] + key[i:i+1] + key[i+2:])
		}
	}
	for i := range len(key) + 1 {
		for _, d := range digits {
			add(key[:i] + string(d) + key[i:])
		}
	}
	return all
}

// Part is a piece of a name, and whether it stands on one side alone.
type Part struct {
	Text    string
	Differs bool
}

// Apart shows where two spellings differ: what they begin and end with together, and what stands between. Spellings that registration takes
// for the same are one piece.
func Apart(typed, recorded string) (a, b []Part) {
	x, y := []rune(typed), []rune(recorded)
	from := 0
	for from < len(x) && from < len(y) && x[from] == y[from] {
		from++
	}
	end := 0
	for end < len(x)-from && end < len(y)-from && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	pieces := func(r []rune) []Part {
		var all []Part
		for _, p := range []Part{{string(r[:from]), false}, {string(r[from : len(r)-end]), true}, {string(r[len(r)-end:]), false}} {
			if p.Text != "" {
				all = append(all, p)
			}
		}
		return all
	}
	return pieces(x), pieces(y)
}

// SameField reports whether one field of a name counts as the same: case, accents, spaces and hyphens do not matter.
func SameField(typed, recorded string) bool {
	if typed == recorded {
		return true
	}
	a, okA := lang.Keys(typed, "")
	b, okB := lang.RecordedKeys(recorded, "")
	return okA && okB && a.First == b.First
}
