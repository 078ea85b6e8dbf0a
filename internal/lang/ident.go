package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// identLimit is the greatest length of an ID Number or a mailbox, in bytes as given.
const identLimit = 512

// IDKey returns an ID Number as it is compared: compatibility forms and case folded; spaces, dashes of every kind and invisible
// characters dropped; leading zeros kept. It is "", which identifies nobody, for text with other control characters, broken UTF-8
// or more than 512 bytes.
func IDKey(s string) string {
	if !isClean(s) {
		return ""
	}
	if isASCII(s) {
		return strings.ToLower(strings.Map(dropSpaceAndDash, s))
	}
	s = foldCase(norm.NFKC.String(strings.Map(dropSpaceAndDash, s)))
	s = norm.NFC.String(strings.Map(dropSpaceAndDash, s))
	return ifShort(strings.Map(dropSpaceAndDash, s))
}

func dropSpaceAndDash(r rune) rune {
	switch {
	case unicode.IsSpace(r), isIgnorable(r), unicode.Is(unicode.Pd, r):
		return -1
	case r == 0x2212, r == 0x2043: // minus sign and hyphen bullet, which Unicode does not count among the dashes
		return -1
	}
	return r
}

// EmailKey returns a mailbox as it is compared: trimmed, NFC, lower case. Dots and "+" parts count: to another mail system they
// are another person's mailbox. It is "" for text with control characters, broken UTF-8 or more than 512 bytes.
func EmailKey(s string) string {
	if !isClean(s) {
		return ""
	}
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || isIgnorable(r) })
	if strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return ifShort(norm.NFC.String(strings.ToLower(norm.NFC.String(s))))
}

// ifShort returns "" for a key that folding made too long for an index.
func ifShort(key string) string {
	if len(key) > identLimit {
		return ""
	}
	return key
}

// isClean reports whether s is short, valid, and free of control characters other than white space.
func isClean(s string) bool {
	return len(s) <= identLimit && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !unicode.IsSpace(r)
	})
}
