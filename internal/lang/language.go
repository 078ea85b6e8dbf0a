package lang

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Language speaks one language: its messages, and how it writes dates, numbers, lists and names.
type Language struct {
	tag      string
	locale   language.Tag
	plain    map[string]string   // messages without placeholders
	messages map[string]*message // all others
}

func newLanguage(locale language.Tag) *Language {
	return &Language{tag: locale.String(), locale: locale, plain: map[string]string{}, messages: map[string]*message{}}
}

// English is the language of command lines, logs and programs that read. It is read once; a catalogue that cannot be read has no messages.
func English() *Language { return english() }

var english = sync.OnceValue(func() *Language {
	c, err := Load()
	if err != nil {
		return newLanguage(language.English)
	}
	return c.languages["en"]
})

// Tag returns the language's BCP 47 tag, fit for an HTML lang attribute.
func (l *Language) Tag() string { return l.tag }

// Has reports whether there is a message under key.
func (l *Language) Has(key string) bool {
	if _, ok := l.plain[key]; ok {
		return true
	}
	_, ok := l.messages[key]
	return ok
}

// T returns the message under key, its placeholders filled from args, which are name, value pairs: T("mail.hello", "Name", "Ana").
// Whole numbers are written in the language's way; the one named "Count" also selects the plural form. The text is plain: a page
// must escape it. A key without message gives "[[key]]", a placeholder without value "[[Name]]", for tests to find.
func (l *Language) T(key string, args ...any) string {
	if s, ok := l.plain[key]; ok {
		return s
	}
	m, ok := l.messages[key]
	if !ok {
		return "[[" + key + "]]"
	}
	parts := m.forms[plural.Other]
	if n, ok := count(args); ok {
		parts = m.form(plural.Cardinal.MatchPlural(l.locale, n, 0, 0, 0, 0))
	}
	size := 0
	for _, p := range parts {
		size += len(p.literal)
	}
	var b strings.Builder
	b.Grow(size + 24*len(args)/2)
	for _, p := range parts {
		if p.name == "" {
			b.WriteString(p.literal)
		} else {
			l.writeValue(&b, p.name, args)
		}
	}
	return b.String()
}

// writeValue writes the argument of the given name.
func (l *Language) writeValue(b *strings.Builder, name string, args []any) {
	for i := 0; i+1 < len(args); i += 2 {
		if n, ok := args[i].(string); !ok || n != name {
			continue
		}
		switch v := args[i+1].(type) {
		case string:
			b.WriteString(v)
		case int:
			b.WriteString(l.Number(v))
		case int64:
			b.WriteString(l.Number(int(v)))
		default:
			fmt.Fprint(b, v)
		}
		return
	}
	b.WriteString("[[" + name + "]]")
}

// count returns the number that selects the plural form, as a distance from zero.
func count(args []any) (int, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != "Count" {
			continue
		}
		switch n := args[i+1].(type) {
		case int:
			return max(n, -n), true
		case int64:
			return int(max(n, -n)), true
		}
	}
	return 0, false
}

// Number writes a whole number as it is written in the United States, in both languages: 1,204.
func (l *Language) Number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	var b strings.Builder
	b.Grow(len(digits) * 4 / 3)
	b.WriteString(sign)
	for i, d := range []byte(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(d)
	}
	return b.String()
}

// List joins items in a sentence: "a", "a and b", "a, b and c". Spanish "y" gives way to "e" before the sound of i: "Ana e Inés".
func (l *Language) List(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := items[len(items)-1]
	key := "format.list_last"
	if beginsWithI(last) {
		key = "format.list_last_i"
	}
	return l.T(key, "Rest", strings.Join(items[:len(items)-1], ", "), "Last", last)
}

// beginsWithI reports whether Spanish speakers hear an i as the first sound: Inés, Hilda, but not Hielo or Ian.
func beginsWithI(s string) bool {
	word := strings.TrimPrefix(SearchKey(s), "h")
	if !strings.HasPrefix(word, "i") {
		return false
	}
	return len(word) < 2 || !strings.ContainsRune("aeou", rune(word[1]))
}

// FullName writes a person's name as one is addressed: first, middle, last, without the parts that are empty.
func (l *Language) FullName(first, middle, last string) string { return joinParts(first, middle, last) }

// ListName writes a person's name as it stands in a list: "Lopez, Maria". A person with one name has no comma.
func (l *Language) ListName(last, first, middle string) string {
	given := joinParts(first, middle)
	last = strings.TrimSpace(last)
	if last == "" || given == "" {
		return last + given
	}
	return last + ", " + given
}

func joinParts(parts ...string) string {
	kept := make([]string, 0, len(parts))
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}
