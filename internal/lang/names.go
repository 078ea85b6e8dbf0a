package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// NameKeyVersion is the version of the rule behind NameKeys. It grows when a stored key may differ from a newly computed one;
// whoever stores keys stores it too and computes them again when it has grown.
const NameKeyVersion = 1

// nameLimit is the greatest length of a first or last name, in characters as typed.
const nameLimit = 128

// nameKeyLimit is the greatest length of a key in bytes: twice what 128 letters of any script need. Only the few characters that
// stand for whole phrases unfold to more.
const nameKeyLimit = 2 * utf8.UTFMax * nameLimit

// NameKeys is a person's name as it is compared: letters and digits only, folded. Suffix is the generational suffix taken off the
// last name (jr, sr, ii, iii, iv), "" if there was none.
type NameKeys struct{ First, Last, Suffix string }

// Keys returns the keys of a first and last name that somebody typed. It reports false for what can never match: a name longer
// than 128 characters, one with control characters, symbols, emoji or code points that are no characters, or two empty names.
// A tab counts as a space: it is typed to leave the field.
func Keys(first, last string) (NameKeys, bool) {
	if !typeable(first) || !typeable(last) {
		return NameKeys{}, false
	}
	return nameKeys(first, last)
}

// RecordedKeys returns the keys of a name as a school recorded it. It is as Keys, but control characters and symbols that crept
// into the record merely separate words, since the parent will not type them. It still reports false where a letter is lost or
// unknown (U+FFFD, broken UTF-8, unassigned code points): guessing it would match another name.
func RecordedKeys(first, last string) (NameKeys, bool) {
	if !legible(first) || !legible(last) {
		return NameKeys{}, false
	}
	return nameKeys(strings.Map(blankSymbol, first), strings.Map(blankSymbol, last))
}

// Match reports whether both keys are the same name: first equal, last equal, not both empty, and no two different suffixes. A
// suffix that only one of them has does not matter. Match is symmetric but not transitive: "Hall" matches "Hall Jr" and
// "Hall Sr", which do not match each other.
func (k NameKeys) Match(o NameKeys) bool {
	if k.First == "" && k.Last == "" {
		return false
	}
	if k.Suffix != "" && o.Suffix != "" && k.Suffix != o.Suffix {
		return false
	}
	return k.First == o.First && k.Last == o.Last
}

func nameKeys(first, last string) (NameKeys, bool) {
	words, suffix := takeSuffix(split(fold(last), true))
	k := NameKeys{
		First:  joinName(split(fold(first), true)),
		Last:   joinName(words),
		Suffix: suffix,
	}
	if k.First == "" && k.Last == "" || len(k.First) > nameKeyLimit || len(k.Last) > nameKeyLimit {
		return NameKeys{}, false
	}
	return k, true
}

// joinName joins a name's words; a placeholder for "no such name" counts as empty.
func joinName(words []string) string {
	name := normal(norm.NFC, strings.Join(words, ""))
	switch name {
	case "fnu", "lnu", "nfn", "nln":
		return ""
	}
	return name
}

// takeSuffix takes one generational suffix off the end of a last name. A suffix follows a name: a last name that is nothing but
// "Sr" or "Ii" is a name.
func takeSuffix(words []string) (rest []string, suffix string) {
	if len(words) < 2 {
		return words, ""
	}
	switch w := words[len(words)-1]; w {
	case "jr", "sr", "ii", "iii", "iv":
		suffix = w
	case "junior":
		suffix = "jr"
	case "senior":
		suffix = "sr"
	case "2nd":
		suffix = "ii"
	case "3rd":
		suffix = "iii"
	case "4th":
		suffix = "iv"
	default:
		return words, ""
	}
	return words[:len(words)-1], suffix
}

// typeable reports whether a name could have been typed by a person who has that name.
func typeable(s string) bool {
	if !legible(s) {
		return false
	}
	for _, r := range s {
		if r != '\t' && blankSymbol(r) != r {
			return false
		}
	}
	return true
}

// legible reports whether a name is short enough and made of assigned characters only.
func legible(s string) bool {
	if len(s) > utf8.UTFMax*nameLimit || !utf8.ValidString(s) || utf8.RuneCountInString(s) > nameLimit {
		return false
	}
	for _, r := range s {
		if r == utf8.RuneError || !isAssigned(r) {
			return false
		}
	}
	return true
}

// isAssigned is false for unassigned and private-use code points: nobody can say which letter they stand for.
func isAssigned(r rune) bool {
	if r < utf8.RuneSelf {
		return true
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf)
}
