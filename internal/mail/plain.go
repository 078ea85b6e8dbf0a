package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	plainLength  = 200 // characters of a person's value inside a sentence
	exactLength  = 400
	headerLength = 200
)

// Plain makes a value that came from a person safe to stand anywhere in the running text of a Body, at the start of a line too.
// Control characters, line breaks, bidirectional overrides and other invisible characters go, white space collapses, at most 200
// characters stay. Where the value would read as the mark of a list, heading or value line it keeps its looks, but not its
// meaning; a web address in it is broken by a space, so that a name cannot put a link into a letter from the school.
//
// The result is text, not HTML: HTML escapes it.
func Plain(s string) string {
	s = clean(s, plainLength)
	s = strings.ReplaceAll(s, "://", ": //")
	mark := markLength(s)
	if mark == 0 {
		return s
	}
	if mark == len(s) {
		return "“" + s + "”"
	}
	// A no-break space looks like a space and ends no mark.
	return s[:mark] + "\u00a0" + s[mark+1:]
}

// Exact cleans a value for a value line, "> " + mail.Exact(v): it drops what cannot be seen or typed and collapses white space,
// but changes nothing else, so that usernames and passwords read as they must be typed. It must not stand at the start of a
// line of its own.
func Exact(s string) string { return clean(s, exactLength) }

// markLength returns the length of the mark that s starts with ("-", "#", ">", "12."), without the space after it; 0 if none.
func markLength(s string) int {
	n := 1
	if !strings.HasPrefix(s, "-") && !strings.HasPrefix(s, "#") && !strings.HasPrefix(s, ">") {
		digits := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if digits <= 0 || digits > numberLength || s[digits] != '.' {
			return 0
		}
		n = digits + 1
	}
	if len(s) > n && s[n] != ' ' {
		return 0
	}
	return n
}

// headerText makes any text fit for one header: a single line without invisible characters. A look-alike of an encoded word
// (RFC 2047) is broken, because mail programs would decode it.
func headerText(s string) string {
	return strings.ReplaceAll(clean(s, headerLength), "=?", "= ?")
}

// clean returns s as one line of valid UTF-8 of at most limit characters, without control, bidirectional, private or invisible
// characters, each run of white space made one space. Joiners stay inside words, where some scripts need them.
func clean(s string, limit int) string {
	var b strings.Builder
	count, space, last := 0, false, rune(0)
	for i, r := range s {
		if r == utf8.RuneError {
			if _, width := utf8.DecodeRuneInString(s[i:]); width <= 1 {
				continue
			}
		}
		switch {
		case spacing(r):
			space = true
			continue
		case dropped(r):
			if !joiner(r) || space || !unicode.In(last, unicode.L, unicode.M, unicode.So) {
				continue
			}
		}
		if count >= limit {
			b.WriteRune('…')
			break
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
			count++
		}
		space, last = false, r
		b.WriteRune(r)
		count++
	}
	return b.String()
}

func spacing(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Z)
}

func dropped(r rune) bool {
	return unicode.In(r, unicode.C) || r == '\u3164' || r == '\uffa0' || r == '\u115f' || r == '\u1160'
}

// blank reports whether r shows no ink.
func blank(r rune) bool { return spacing(r) || dropped(r) }

func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }
