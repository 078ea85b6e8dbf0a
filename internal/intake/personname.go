package intake

import (
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
)

// fullName is a name that stands in one field, told apart.
type fullName struct {
	first, middle, last string
	// Where three words leave open whether the middle one is a given name or a surname, the other way to tell them apart.
	otherFirst, otherLast string
}

// splitName tells a name in one field apart: "Last, First"; else the last word is the last name, with the particles before it and a suffix
// behind it, and one word alone is a last name. A single letter behind the first name is a middle name.
func splitName(s string) fullName {
	if last, first, ok := strings.Cut(s, ","); ok && !isSuffix(strings.TrimSpace(first)) {
		return lastFirst(last, first)
	}
	words := strings.Fields(strings.ReplaceAll(s, ",", " "))
	for len(words) > 1 && isTitle(words[0]) {
		words = words[1:]
	}
	if len(words) == 0 {
		return fullName{}
	}
	end := len(words) - 1
	for end > 1 && isSuffix(words[end]) {
		end--
	}
	for end > 1 && isParticle(words[end-1]) {
		end--
	}
	n := fullName{first: strings.Join(words[:end], " "), last: strings.Join(words[end:], " ")}
	if end == 2 {
		switch middle := strings.Trim(words[1], "."); {
		case len([]rune(middle)) == 1:
			n.first, n.middle = words[0], words[1]
		default:
			n.otherFirst, n.otherLast = words[0], strings.Join(words[1:], " ")
		}
	}
	return n
}

// lastFirst reads what stands before and behind a comma. A suffix may stand behind the first name, with or without a comma of its own.
func lastFirst(last, rest string) fullName {
	words := strings.Fields(strings.ReplaceAll(rest, ",", " "))
	n := fullName{last: strings.TrimSpace(last)}
	if len(words) > 1 && isSuffix(words[0]) {
		n.last, words = n.last+" "+words[0], words[1:]
	}
	if end := len(words) - 1; end > 0 && isSuffix(words[end]) {
		n.last, words = n.last+" "+words[end], words[:end]
	}
	if end := len(words) - 1; end > 0 && len([]rune(strings.Trim(words[end], "."))) == 1 {
		n.middle, words = words[end], words[:end]
	}
	n.first = strings.Join(words, " ")
	return n
}

func isSuffix(word string) bool {
	return slices.Contains([]string{"jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "4th", "junior", "senior"}, fold(word))
}

func isTitle(word string) bool {
	return slices.Contains([]string{"mr", "mrs", "ms", "miss", "dr", "sr", "sra"}, fold(word)) && strings.HasSuffix(word, ".")
}

func isParticle(word string) bool {
	return slices.Contains([]string{"de", "del", "la", "las", "los", "da", "das", "do", "dos", "di", "du", "van", "von", "der", "den", "ter", "ten",
		"bin", "ibn", "al", "el", "le", "st", "san", "santa", "mac", "mc"}, fold(word))
}

// nameKey is what counts of a name when a person is known again.
func nameKey(first, last string) string { return lang.SortKey(last, first, "") }
