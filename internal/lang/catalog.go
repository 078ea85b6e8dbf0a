package lang

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalog
var catalogFiles embed.FS

// acceptLimit is the longest Accept-Language header, in bytes, that is looked at.
const acceptLimit = 1000

// Catalog holds the messages of every language. It does not change after Load and may be used by many goroutines at once.
type Catalog struct {
	languages map[string]*Language
	matcher   language.Matcher
	otherwise func() string // nil for English
}

// Tags returns the languages that Schoolgate speaks as BCP 47 tags, the default first.
func Tags() []string { return []string{"en", "es"} }

// Load reads the embedded catalogues. It fails where a file cannot be read, a key stands twice in one language or is no dotted
// lower-case key, or a message is empty or holds anything but plain placeholders such as {{.Name}}.
func Load() (*Catalog, error) { return load(catalogFiles) }

// load reads catalog/<tag>/*.toml. All files of a language become one; which file a key stands in does not matter.
func load(files fs.FS) (*Catalog, error) {
	c := &Catalog{languages: map[string]*Language{}}
	var tags []language.Tag
	for _, tag := range Tags() {
		parsed, err := language.Parse(tag)
		if err != nil {
			return nil, fmt.Errorf("language %s: %w", tag, err)
		}
		l := newLanguage(parsed)
		names, err := fs.Glob(files, path.Join("catalog", tag, "*.toml"))
		if err != nil {
			return nil, fmt.Errorf("catalog %s: %w", tag, err)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("catalog %s: no files", tag)
		}
		for _, name := range names {
			if err := l.addFile(files, name); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		c.languages[tag] = l
		tags = append(tags, parsed)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// Otherwise has the language of that tag stand in wherever nobody says which one, or one that Schoolgate does not speak; without it that is
// English. It is asked each time, and must be given before the catalogue is used.
func (c *Catalog) Otherwise(tag func() string) { c.otherwise = tag }

// standIn is the language for whoever names none.
func (c *Catalog) standIn() *Language {
	if c.otherwise != nil {
		if l, ok := c.languages[c.otherwise()]; ok {
			return l
		}
	}
	return c.languages[Tags()[0]]
}

// Language returns the language of a tag, also of one with a region ("es-MX"); the one that stands in otherwise for one that Schoolgate does
// not speak.
func (c *Catalog) Language(tag string) *Language {
	if l, ok := c.languages[tag]; ok {
		return l
	}
	if l, ok := c.languages[base(tag)]; ok {
		return l
	}
	return c.standIn()
}

// Negotiate returns the tag of the language that suits an Accept-Language header best (RFC 9110 §12.5.4); that of the one that stands in
// where none does.
func (c *Catalog) Negotiate(acceptLanguage string) string {
	// Nearly every browser names its reader's language first and without a weight: nothing can rank before it.
	first, _, _ := strings.Cut(acceptLanguage, ",")
	if l, ok := c.languages[base(first)]; ok && !strings.Contains(first, ";") {
		return l.tag
	}
	if len(acceptLanguage) > acceptLimit {
		return c.standIn().tag
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return c.standIn().tag
	}
	_, i, sure := c.matcher.Match(wanted...)
	if sure == language.No {
		return c.standIn().tag
	}
	return Tags()[i]
}

func base(tag string) string {
	b, _, _ := strings.Cut(tag, "-")
	return strings.ToLower(strings.TrimSpace(b))
}

// addFile adds one file's messages to the language.
func (l *Language) addFile(files fs.FS, name string) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	parsed, err := i18n.ParseMessageBytes(text, toml.Unmarshal)
	if err != nil {
		return fmt.Errorf("%w (no part of a key may be one of id, description, hash, translation, zero, one, two, few, many, other)", err)
	}
	// In the order of their keys, so that the same mistake always gives the same error.
	byKey := map[string]*i18n.Message{}
	for _, m := range parsed {
		if _, ok := byKey[m.ID]; ok {
			return fmt.Errorf("key %q stands there twice", m.ID)
		}
		byKey[m.ID] = m
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		if err := l.add(byKey[key]); err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
	}
	return nil
}

func (l *Language) add(m *i18n.Message) error {
	if !isKey(m.ID) {
		return errors.New("not a dotted lower-case key")
	}
	if l.Has(m.ID) {
		return errors.New("stands in another file too")
	}
	compiled, err := compile(m)
	if err != nil {
		return err
	}
	if literal, ok := compiled.literal(); ok {
		l.plain[m.ID] = literal
		return nil
	}
	l.messages[m.ID] = compiled
	return nil
}

// isKey reports whether s is made of two or more parts of lower-case letters, digits, "_" and "-" with dots between them.
func isKey(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return false
		}
	}
	return len(parts) > 1
}
