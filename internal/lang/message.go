package lang

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/feature/plural"
)

// text is a message text taken apart: literals and placeholders in turn.
type text []part

// part is a literal, or a placeholder if name is set.
type part struct{ literal, name string }

// message holds a text for each plural form of its language; those that the catalogue leaves out are nil.
type message struct {
	forms [plural.Many + 1]text
}

// compile takes a message apart. Every message has at least the form "other".
func compile(m *i18n.Message) (*message, error) {
	sources := map[plural.Form]string{
		plural.Other: m.Other, plural.Zero: m.Zero, plural.One: m.One, plural.Two: m.Two, plural.Few: m.Few, plural.Many: m.Many,
	}
	if strings.TrimSpace(m.Other) == "" {
		return nil, errors.New("no text")
	}
	if m.LeftDelim != "" || m.RightDelim != "" {
		return nil, errors.New("other delimiters than {{ }} are not supported")
	}
	c := &message{}
	for form, source := range sources {
		if source == "" {
			continue
		}
		parts, err := parseText(strings.Trim(source, "\n"))
		if err != nil {
			return nil, err
		}
		c.forms[form] = parts
	}
	return c, nil
}

// parseText splits a text at its placeholders, which are written {{.Name}} and nothing else.
func parseText(source string) (text, error) {
	var parts text
	for rest := source; rest != ""; {
		literal, after, found := strings.Cut(rest, "{{")
		if strings.Contains(literal, "}}") {
			return nil, badBraces(source)
		}
		if literal != "" {
			parts = append(parts, part{literal: literal})
		}
		if !found {
			break
		}
		name, following, closed := strings.Cut(after, "}}")
		if !closed || !isPlaceholder(name) {
			return nil, badBraces(source)
		}
		parts = append(parts, part{name: name[1:]})
		rest = following
	}
	return parts, nil
}

func badBraces(source string) error {
	return fmt.Errorf("%q holds braces that are no placeholder such as {{.Name}}", source)
}

// isPlaceholder reports whether s is a dot, a capital letter and further letters or digits.
func isPlaceholder(s string) bool {
	if len(s) < 2 || s[0] != '.' || s[1] < 'A' || s[1] > 'Z' {
		return false
	}
	return strings.IndexFunc(s[2:], func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0
}

// literal returns the text of a message that needs no arguments.
func (m *message) literal() (string, bool) {
	if m.isPlural() {
		return "", false
	}
	other := m.forms[plural.Other]
	if len(other) != 1 || other[0].name != "" {
		return "", false
	}
	return other[0].literal, true
}

func (m *message) isPlural() bool {
	for _, t := range m.forms[plural.Other+1:] {
		if t != nil {
			return true
		}
	}
	return false
}

// form returns the text for a plural form, that of "other" where the message makes no difference.
func (m *message) form(f plural.Form) text {
	if t := m.forms[f]; t != nil {
		return t
	}
	return m.forms[plural.Other]
}
