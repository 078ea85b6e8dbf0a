package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const apostrophe = '\''

// fold brings text to the letters that count: invisible characters gone, apostrophes alike, compatibility forms and case folded,
// marks taken off Latin letters, NFC. Punctuation, spaces and everything else stay for the caller to judge.
func fold(s string) string {
	if isASCII(s) {
		return strings.ReplaceAll(strings.ToLower(s), "`", "'")
	}
	s = strings.Map(prepare, strings.ToValidUTF8(s, "\uFFFD"))
	s = foldCase(normal(norm.NFKC, s))
	return normal(norm.NFC, plainLatin(normal(norm.NFD, s)))
}

// normal brings s to a normal form, and prepares again what that brought forth: Greek and other apostrophes, and the invisible
// joiners with which norm breaks up endless runs of marks.
func normal(form norm.Form, s string) string { return strings.Map(prepare, form.String(s)) }

// foldCase is full case folding, independent of the locale. Unicode folds Cherokee to its capital letters; x/text exchanges small
// and capital ones there, so that they are brought together here.
func foldCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xAB70 && r <= 0xABBF:
			return r - 0xAB70 + 0x13A0
		case r >= 0x13F8 && r <= 0x13FD:
			return r - 8
		}
		return r
	}, cases.Fold().String(s))
}

// prepare drops invisible characters and makes apostrophes alike. It must run before NFKC, which would turn an acute accent used
// as an apostrophe into a space and a combining mark.
func prepare(r rune) rune {
	switch {
	case isIgnorable(r):
		return -1
	case isApostrophe(r):
		return apostrophe
	}
	return r
}

func isIgnorable(r rune) bool {
	switch {
	case r == 0x00AD, r == 0x034F, r == 0x061C, r == 0x180E, r == 0xFEFF:
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069:
		return true
	}
	return false
}

func isApostrophe(r rune) bool {
	switch r {
	case 0x0027, 0x2018, 0x2019, 0x201B, 0x02B9, 0x02BB, 0x02BC, 0x02BE, 0x02BF, 0x0060, 0x00B4, 0x2032, 0xFF07, 0xA78C, 0x055A:
		return true
	}
	return false
}

// plainLatin takes the marks off Latin letters and writes the few Latin letters that have no decomposition with plain ones. The
// marks of other scripts tell letters apart and stay; marks on no letter at all (an accented apostrophe) go. It wants folded text
// in NFD.
func plainLatin(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	marked := false // whether marks that follow belong to a letter and stay
	for _, r := range s {
		if unicode.Is(unicode.Mn, r) {
			if marked {
				b.WriteRune(r)
			}
			continue
		}
		marked = isWordRune(r) && !unicode.Is(unicode.Latin, r)
		if plain := latinBase(r); plain != "" {
			b.WriteString(plain)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// latinBase returns the plain letters for a Latin letter that Unicode does not decompose, "" for every other one.
func latinBase(r rune) string {
	switch r {
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	case 'ħ':
		return "h"
	case 'ŧ':
		return "t"
	case 'ŋ':
		return "n"
	}
	return ""
}

// blankSymbol makes a blank of what no name contains: control characters, symbols and lost letters. Without it NFKC would make
// stray marks of spacing accents.
func blankSymbol(r rune) rune {
	if !isIgnorable(r) && !isApostrophe(r) && unicode.In(r, unicode.Cc, unicode.Cf, unicode.S) {
		return ' '
	}
	return r
}

// isWordRune reports whether r belongs to a word: letters, digits, and the marks that fold leaves on other scripts.
func isWordRune(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) }

// split cuts folded text into words: at everything that is no word rune, or at that and apostrophes. Without splitting at
// apostrophes they vanish: "o'brien" is one word.
func split(folded string, atApostrophes bool) []string {
	if !atApostrophes {
		folded = normal(norm.NFC, strings.Map(dropApostrophe, folded))
	}
	return strings.FieldsFunc(folded, func(r rune) bool { return !isWordRune(r) })
}

func dropApostrophe(r rune) rune {
	if r == apostrophe {
		return -1
	}
	return r
}

// cut shortens s to at most limit bytes, at a rune's start and without a separator at its end.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimRight(s[:limit], " -")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
