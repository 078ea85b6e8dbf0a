package audit

import (
	"strings"
	"unicode"
)

// Line makes a text of others fit for one line of a terminal, a file or a page: what would move the cursor, begin a new line or turn the direction
// of writing is replaced.
func Line(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u200c' || r == '\u200d' { // joiners, which names in some scripts need
			return r
		}
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// Cell is Line for a cell of a CSV file that somebody opens in a spreadsheet: what would be taken for a formula gets an apostrophe before it.
func Cell(text string) string {
	text = Line(text)
	if text != "" && strings.ContainsRune("=+-@\uFF1D\uFF0B\uFF0D\uFF20", []rune(text)[0]) {
		return "'" + text
	}
	return text
}
