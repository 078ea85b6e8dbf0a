package lang

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/feature/plural"
)

func loaded(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (l *Language) keys() []string {
	return slices.Sorted(maps.Keys(l.compiled()))
}

// compiled is all messages of the language in one form.
func (l *Language) compiled() map[string]*message {
	all := maps.Clone(l.messages)
	for key, s := range l.plain {
		m := &message{}
		m.forms[plural.Other] = text{{literal: s}}
		all[key] = m
	}
	return all
}

func placeholders(t text) []string {
	var names []string
	for _, p := range t {
		if p.name != "" && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	slices.Sort(names)
	return names
}

func TestEveryLanguageHasEveryKey(t *testing.T) {
	c := loaded(t)
	want := c.Language(Tags()[0]).keys()
	for _, tag := range Tags()[1:] {
		if diff := cmp.Diff(want, c.Language(tag).keys()); diff != "" {
			t.Errorf("keys of %s (-) against %s (+):\n%s", Tags()[0], tag, diff)
		}
	}
}

func TestEveryLanguageHasTheSamePlaceholders(t *testing.T) {
	c := loaded(t)
	first := c.Language(Tags()[0]).compiled()
	for _, tag := range Tags()[1:] {
		for key, m := range c.Language(tag).compiled() {
			original, ok := first[key]
			if !ok {
				continue // TestEveryLanguageHasEveryKey tells
			}
			if diff := cmp.Diff(placeholders(original.forms[plural.Other]), placeholders(m.forms[plural.Other])); diff != "" {
				t.Errorf("%s, %s (-) against %s (+): %s", key, Tags()[0], tag, diff)
			}
			if original.isPlural() != m.isPlural() {
				t.Errorf("%s has plural forms in one of %s and %s only", key, Tags()[0], tag)
			}
		}
	}
}

func TestPluralFormsAreThoseOfTheLanguage(t *testing.T) {
	c := loaded(t)
	for _, tag := range Tags() {
		for key, m := range c.Language(tag).messages {
			if !m.isPlural() {
				continue
			}
			if m.forms[plural.One] == nil {
				t.Errorf("%s in %s has no form one", key, tag)
			}
			if !slices.Contains(placeholders(m.forms[plural.Other]), "Count") {
				t.Errorf("%s in %s has plural forms but does not say how many", key, tag)
			}
			for form, parts := range m.forms {
				switch plural.Form(form) {
				case plural.Other, plural.One:
				default:
					if parts != nil {
						t.Errorf("%s in %s has a form that the language lacks", key, tag)
					}
				}
				for _, name := range placeholders(parts) {
					if !slices.Contains(placeholders(m.forms[plural.Other]), name) {
						t.Errorf("%s in %s: %s stands in one form only", key, tag, name)
					}
				}
			}
		}
	}
}

func TestNoMessageIsEmptyOrPaddedOrUnfinished(t *testing.T) {
	c := loaded(t)
	for _, tag := range Tags() {
		for key, m := range c.Language(tag).compiled() {
			for _, parts := range m.forms {
				var b strings.Builder
				for _, p := range parts {
					b.WriteString(p.literal + p.name)
				}
				s := b.String()
				if parts != nil && (s == "" || strings.TrimSpace(s) != s) {
					t.Errorf("%s in %s is empty or has blanks around it: %q", key, tag, s)
				}
				if strings.Contains(s, "TODO") || strings.Contains(s, "\ufffd") || strings.Contains(s, "[[") {
					t.Errorf("%s in %s is unfinished: %q", key, tag, s)
				}
			}
		}
	}
}

func TestMessagesOfBothLanguages(t *testing.T) {
	c := loaded(t)
	tests := []struct {
		tag, key string
		args     []any
		want     string
	}{
		{"en", "parent.register.button", nil, "Create Account"},
		{"es", "parent.register.button", nil, "Crear cuenta"},
		{"es", "mail.greeting", []any{"Name", "María <b>"}, "Hola, María <b>:"},
		{"en", "common.children", []any{"Count", 1}, "1 child"},
		{"en", "common.children", []any{"Count", 0}, "0 children"},
		{"en", "common.children", []any{"Count", int64(1204)}, "1,204 children"},
		{"es", "common.children", []any{"Count", 1}, "1 niño"},
		{"es", "common.children", []any{"Count", 1000000}, "1,000,000 niños"},
		{"en", "common.children", nil, "[[Count]] children"},
		{"en", "mail.greeting", []any{"Nome", "x"}, "Dear [[Name]],"},
		{"en", "mail.greeting", []any{"Name"}, "Dear [[Name]],"},
		{"en", "no.such.key", []any{"Name", "x"}, "[[no.such.key]]"},
		{"xx", "common.yes", nil, "Yes"},
		{"es-MX", "common.yes", nil, "Sí"},
	}
	for _, tt := range tests {
		if got := c.Language(tt.tag).T(tt.key, tt.args...); got != tt.want {
			t.Errorf("%s in %s: %q, want %q", tt.key, tt.tag, got, tt.want)
		}
	}
	if l := c.Language("es"); !l.Has("mail.greeting") || !l.Has("common.yes") || l.Has("no.such.key") || l.Tag() != "es" {
		t.Error("Has or Tag is wrong")
	}
}

func TestNegotiateChoosesTheReadersLanguage(t *testing.T) {
	c := loaded(t)
	tests := map[string]string{
		"": "en", "es": "es", "es-MX,es;q=0.9,en;q=0.8": "es", "en-US,en;q=0.9,es;q=0.8": "en", "ES": "es",
		"fr-FR,es;q=0.5": "es", "en;q=0.1, es;q=0.9": "es", "en-US;q=0.1,es;q=0.9": "es", "zh": "en", "*": "en", "es;q=x": "en", "\x00": "en",
		"ca,es-419;q=0.8,en;q=0.1": "es", strings.Repeat("fr,", 5000) + "es": "en",
	}
	for header, want := range tests {
		if got := c.Negotiate(header); got != want {
			t.Errorf("%.60q: %s, want %s", header, got, want)
		}
	}
}

func TestFaultyCataloguesDoNotLoad(t *testing.T) {
	const good = "[a]\nb = \"x\"\n"
	tests := []struct{ name, file, want string }{
		{"a key that another file has", good, `stands in another file too`},
		{"a key twice in one file", "[c]\nd = \"1\"\nd = \"2\"\n", "d"},
		{"a key twice, flat and in a table", "[c.d]\ne = \"1\"\n[c]\n\"d.e\" = \"2\"\n", `key "c.d.e" stands there twice`},
		{"an upper-case key", "[C]\nd = \"1\"\n", "not a dotted lower-case key"},
		{"a key without a dot", "c = \"1\"\n", "not a dotted lower-case key"},
		{"an empty text", "[c]\nd = \"\"\n", "no text"},
		{"a plural without other", "[c.d]\none = \"1\"\n", "no text"},
		{"a reserved name among keys", "[c]\nid = \"1\"\nd = \"2\"\n", "no part of a key"},
		{"a reserved name as a key", "[c.field]\nid = \"ID Number\"\n", "not a dotted lower-case key"},
		{"a template function", "[c]\nd = \"{{printf .Name}}\"\n", "no placeholder such as"},
		{"a placeholder with blanks", "[c]\nd = \"{{ .Name }}\"\n", "no placeholder such as"},
		{"a brace left open", "[c]\nd = \"{{.Name\"\n", "no placeholder such as"},
		{"no TOML", "<html>", "toml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(fstest.MapFS{
				"catalog/en/first.toml": {Data: []byte(good)}, "catalog/es/first.toml": {Data: []byte(good)},
				"catalog/es/second.toml": {Data: []byte(tt.file)},
			})
			if err == nil || !strings.Contains(err.Error(), "catalog/es/second.toml") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
		})
	}
	if _, err := load(fstest.MapFS{"catalog/en/first.toml": {Data: []byte(good)}}); err == nil {
		t.Error("a language without files loads")
	}
}

func BenchmarkPlainMessage(b *testing.B) {
	l := loaded(b).Language("es")
	b.ReportAllocs()
	for b.Loop() {
		l.T("parent.register.button")
	}
}

func BenchmarkMessageWithPlaceholder(b *testing.B) {
	l := loaded(b).Language("es")
	b.ReportAllocs()
	for b.Loop() {
		l.T("mail.greeting", "Name", "María")
	}
}

func BenchmarkPlural(b *testing.B) {
	l := loaded(b).Language("es")
	b.ReportAllocs()
	for b.Loop() {
		l.T("common.children", "Count", 1204)
	}
}

func BenchmarkNegotiate(b *testing.B) {
	c := loaded(b)
	for name, header := range map[string]string{"first": "es-MX,es;q=0.9,en;q=0.8", "full": "fr-FR,fr;q=0.9,es;q=0.8"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c.Negotiate(header)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		loaded(b)
	}
}

func BenchmarkKeys(b *testing.B) {
	for b.Loop() {
		Keys("José María", "Núñez-Ruiz")
	}
}
