package help

import (
	"fmt"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// fence stands above and below the fields at the top of an article's text.
const fence = "---"

// front is the table of the fields at the top: the name, and how a value is read and written. A value of several lines goes on in lines
// that begin with two blanks.
var front = []struct {
	name string
	get  func(*Article) string
	set  func(*Article, string)
}{
	{"title", func(a *Article) string { return a.Title }, func(a *Article, s string) { a.Title = s }},
	{"kind", func(a *Article) string { return string(a.Kind) }, func(a *Article, s string) { a.Kind = Kind(s) }},
	{"summary", func(a *Article) string { return a.Summary }, func(a *Article, s string) { a.Summary = s }},
	{"prior", func(a *Article) string { return a.Prior }, func(a *Article, s string) { a.Prior = s }},
	{"additional", func(a *Article) string { return a.Additional }, func(a *Article, s string) { a.Additional = s }},
	{"applies", func(a *Article) string { return a.Applies }, func(a *Article, s string) { a.Applies = s }},
	{"keywords", func(a *Article) string { return joinList(a.Keywords) }, func(a *Article, s string) { a.Keywords = List(s) }},
	{"date", func(a *Article) string { return a.Date }, func(a *Article, s string) { a.Date = s }},
	{"audience", func(a *Article) string { return string(a.Audience) }, func(a *Article, s string) { a.Audience = Audience(s) }},
	{"related", func(a *Article) string { return joinList(a.Related) }, func(a *Article, s string) { a.Related = List(s) }},
	{"moved-from", func(a *Article) string { return joinList(a.MovedFrom) }, func(a *Article, s string) { a.MovedFrom = moved(List(s)) }},
}

func joinList(items []string) string { return strings.Join(items, ", ") }

// List reads what stands between commas, without blanks around it and without empty items.
func List(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.Join(strings.Fields(item), " "); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// moved brings old addresses to the form kind/slug, however they were written.
func moved(items []string) []string {
	for i, s := range items {
		items[i] = strings.TrimPrefix(strings.TrimPrefix(s, "/"), "help/")
	}
	return items
}

// tidy brings what was typed to the form that Parse reads back as the same article.
func tidy(a Article) Article {
	for _, s := range []*string{&a.Slug, &a.Title, &a.Summary, &a.Applies, &a.Date} {
		*s = strings.TrimSpace(*s)
	}
	for _, s := range []*string{&a.Prior, &a.Body, &a.Additional} {
		lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(*s, "\r\n", "\n"), "\r", "\n"), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " \t")
		}
		*s = strings.Trim(strings.Join(lines, "\n"), "\n")
	}
	// The first line of a field stands behind its name, where indentation would be lost.
	a.Prior, a.Additional = strings.TrimLeft(a.Prior, " \t\n"), strings.TrimLeft(a.Additional, " \t\n")
	a.Keywords, a.Related, a.MovedFrom = List(joinList(a.Keywords)), List(joinList(a.Related)), moved(List(joinList(a.MovedFrom)))
	return a
}

// Format writes an article as a text with its fields at the top, the form in which articles are shipped and kept.
func Format(a Article) string {
	a = tidy(a)
	var b strings.Builder
	b.WriteString(fence + "\n")
	for _, f := range front {
		b.WriteString(strings.TrimRight(f.name+": "+strings.ReplaceAll(f.get(&a), "\n", "\n  "), " ") + "\n")
	}
	b.WriteString(fence + "\n\n" + a.Body + "\n")
	return b.String()
}

// Parse reads an article from the form that Format writes. It returns fault.Invalid for a text without the fields at the top, with one
// twice or unknown, and for an article that may not be published.
func Parse(slug, language, text string) (Article, error) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	top, found := strings.CutPrefix(text, fence+"\n")
	top, body, closed := strings.Cut(top, "\n"+fence+"\n")
	if !found || !closed {
		return Article{}, fault.Invalidf("the fields at the top must stand between two lines of %s", fence)
	}
	values := map[string]string{}
	last := ""
	for line := range strings.SplitSeq(top, "\n") {
		if more, ok := strings.CutPrefix(line, "  "); last != "" && (ok || line == "") {
			values[last] += "\n" + more
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if _, twice := values[name]; twice || !ok {
			return Article{}, fault.Invalidf("%q is no field, or stands there twice", line)
		}
		values[name], last = strings.TrimSpace(value), name
	}
	a := Article{Slug: slug, Language: language, Body: body}
	for _, f := range front {
		f.set(&a, strings.TrimRight(values[f.name], "\n"))
		delete(values, f.name)
	}
	for name := range values {
		return Article{}, fault.Invalidf("there is no field %q", name)
	}
	a = tidy(a)
	if err := fault.InvalidFields(check(a)...); err != nil {
		return Article{}, fmt.Errorf("article %s/%s: %w", language, slug, err)
	}
	return a, nil
}
