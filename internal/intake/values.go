package intake

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Lengths in characters that a record may have. A longer name could not be typed, a longer id not be kept.
const (
	nameLength   = 128
	idLength     = 255
	numberLength = 64
	mailLength   = 254
	phoneLength  = 40
	gradeLength  = 30
)

// clean brings a value to what a record may hold: valid UTF-8, no control characters, no blanks around it, and without the ="…" in
// which spreadsheets wrap numbers.
func clean(s string) string {
	if strings.HasPrefix(s, `="`) && strings.HasSuffix(s, `"`) && len(s) > 2 {
		s = s[2 : len(s)-1]
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7F {
			s = strings.ToValidUTF8(s, "\uFFFD")
			s = strings.Map(blankControl, s)
			break
		}
	}
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == 0xFEFF || r == 0x200B })
}

// blankControl takes out what is no letter and would change how what stands beside it is read: control characters, and those that turn the direction
// of the text round them.
func blankControl(r rune) rune {
	switch {
	case unicode.IsControl(r):
		return ' '
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return -1
	}
	return r
}

func tooLong(s string, limit int) bool { return len(s) > limit && utf8.RuneCountInString(s) > limit }

// garbled reports whether letters of a name were lost on the way: replacement characters, question marks, or UTF-8 read as Windows-1252.
func garbled(s string) bool {
	if strings.ContainsRune(s, utf8.RuneError) || strings.Contains(s, "??") {
		return true
	}
	last := rune(0)
	for _, r := range s {
		if (last == 'Ã' || last == 'Â') && (r >= 0x80 && r <= 0xBF || strings.ContainsRune("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ", r)) {
			return true
		}
		last = r
	}
	return false
}

// truth reads a boolean; ok is false for what is none. strict says whether it stands as the standard has it.
func truth(s string) (value, ok, strict bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true, s == "true"
	case "false":
		return false, true, s == "false"
	case "1", "yes", "y", "t":
		return true, true, false
	case "0", "no", "n", "f":
		return false, true, false
	}
	return false, false, false
}

// date reads a date as 2006-01-02. repaired says that it stood there in another shape; ok is false for what is no date, or may be two.
func date(s string) (value string, repaired, ok bool) {
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return plausible(s, false)
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return plausible(t.Format(time.DateOnly), true)
	}
	s, _, _ = strings.Cut(s, " ")
	s, _, _ = strings.Cut(s, "T") // a time of no zone
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '/' || r == '.' || r == '-' })
	if len(parts) != 3 {
		if t, err := time.Parse("20060102", s); err == nil {
			return plausible(t.Format(time.DateOnly), true)
		}
		return "", false, false
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || len(p) > 4 {
			return "", false, false
		}
		n[i] = v
	}
	y, m, d := n[0], n[1], n[2]
	if len(parts[0]) < 4 {
		if len(parts[2]) != 4 {
			return "", false, false // a year of two digits may be any of two centuries
		}
		// 4/17/2010 is the seventeenth of April and 17/4/2010 too; 4/5/2010 may be either, unless day and month are the same.
		y, m, d = n[2], n[0], n[1]
		if n[0] > 12 {
			m, d = n[1], n[0]
		} else if n[1] <= 12 && n[0] != n[1] {
			return "", false, false
		}
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if int(t.Month()) != m || t.Day() != d {
		return "", false, false
	}
	return plausible(t.Format(time.DateOnly), true)
}

// plausible ends date: a day of another age is none.
func plausible(day string, repaired bool) (string, bool, bool) {
	if day < "1900-01-01" || day >= "2200-01-01" || len(day) != len(time.DateOnly) {
		return "", repaired, false
	}
	return day, repaired, true
}

// rounded reports whether a spreadsheet has made a long number short, as 1.23457E+11: which it was nobody knows any more.
func rounded(s string) bool {
	digits, power, ok := strings.Cut(strings.ToUpper(s), "E+")
	return ok && power != "" && strings.Trim(power, "0123456789") == "" && strings.Contains(digits, ".") && strings.Trim(digits, ".0123456789") == ""
}

// grade shows a grade as people say it: 4 for 04 and "Fourth grade", K for KG. Others stay.
func grade(s string) string {
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= 13 && len(s) <= 2 {
		return strconv.Itoa(n)
	}
	switch s {
	case "0": // PowerSchool and Aeries count down from the first grade
		return "K"
	case "-1", "-2":
		return "PK"
	}
	word := strings.TrimSuffix(fold(s), "grade")
	switch word {
	case "k", "kg", "kindergarten":
		return "K"
	case "tk":
		return "TK"
	case "pk", "prekindergarden":
		return "PK"
	}
	if strings.HasPrefix(word, "prekindergarten") || strings.HasPrefix(word, "preschool") {
		return "PK"
	}
	if n := slices.Index([]string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"}, word); n >= 0 {
		return strconv.Itoa(n + 1)
	}
	return s
}

// gradeCode reports whether a grade stands as OneRoster has it, by CEDS (000100).
func gradeCode(s string) bool {
	if n, err := strconv.Atoi(s); err == nil {
		return n >= 1 && n <= 13 && len(s) == 2
	}
	return slices.Contains([]string{"IT", "PR", "PK", "TK", "KG", "PS", "UG"}, s)
}

// mailbox reports whether s is one e-mail address that mail can be sent to.
func mailbox(s string) bool {
	if len(s) > mailLength || strings.ContainsAny(s, " <>,;\"\\()") || !utf8.ValidString(s) {
		return false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	at := strings.LastIndexByte(s, '@')
	domain := s[at+1:]
	return at > 0 && at <= 64 && strings.Contains(strings.Trim(domain, "."), ".") && !strings.Contains(domain, "..") &&
		!strings.HasSuffix(domain, ".") && !strings.HasPrefix(domain, "[")
}

// nothing reports whether a program wrote a word for "no value".
func nothing(s string) bool {
	switch strings.ToLower(s) {
	case "null", "n/a", "na", "none", "nil", "-", "--", "#n/a", "undefined":
		return true
	}
	return false
}
