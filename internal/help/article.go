// Package help is the knowledge base: articles that Schoolgate ships in its program, articles that a school writes itself or puts in place of
// ours, a search over all of them, and what readers say about them.
//
// Invariants: everything published is readable by everybody, signed in or not. An article's address is its kind and its slug, the same in
// every language, and old addresses lead to the new one. What Render makes of Markdown holds no script, no markup that was typed as such and
// no link but to web pages, mail addresses, telephones and our own pages. Of readers nothing is kept but what they typed.
package help

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// Kind is what sort of article it is; it is part of the address.
type Kind string

// The kinds of article.
const (
	HowTo       Kind = "how-to"
	FAQ         Kind = "faq"
	Information Kind = "information"
)

// Kinds lists the kinds in the order in which pages show them.
func Kinds() []Kind { return []Kind{HowTo, FAQ, Information} }

// Audience is whom an article is written for. Everybody may read all of them.
type Audience string

// The audiences.
const (
	ForParents  Audience = "parent"
	ForStudents Audience = "student"
	ForStaff    Audience = "staff"
)

// Audiences lists the audiences in the order in which pages show them.
func Audiences() []Audience { return []Audience{ForParents, ForStudents, ForStaff} }

// Article is one article in one language, as it is written. Prior, Body and Additional are Markdown; Title, Summary and Applies are plain
// text of one line.
type Article struct {
	Slug       string // a-z, 0-9 and single hyphens between them
	Language   string
	Kind       Kind
	Audience   Audience
	Title      string
	Summary    string
	Prior      string // Prior To Implementation
	Body       string // the steps, or Question and Answer
	Additional string // Additional Information
	Applies    string // Applies To Versions
	Keywords   []string
	Date       string   // 2026-11-23
	Related    []string // slugs
	MovedFrom  []string // old addresses without /help/: kind/slug
}

// Address is where the article is read.
func (a Article) Address() string { return address(a.Kind, a.Slug) }

func address(k Kind, slug string) string { return "/help/" + string(k) + "/" + slug }

// Limits of what is typed, in characters, and of the Markdown of one field, in bytes.
const (
	longestTitle    = 150
	longestSummary  = 400
	longestLine     = 100
	longestSlug     = 80
	longestMarkdown = 20_000 // what takes longest to render takes a fifth of a second
	mostKeywords    = 60
	mostLinks       = 12
)

// check returns what is wrong with an article, by the names of the editor's fields.
func check(a Article) []fault.Problem {
	var all []fault.Problem
	add := func(field, key string, args ...any) {
		all = append(all, fault.Problem{Field: field, Key: key, Args: args})
	}
	line := func(field, text string, required bool, longest int) {
		switch {
		case required && text == "":
			add(field, "problem.empty")
		case utf8.RuneCountInString(text) > longest:
			add(field, "problem.too_long", "Max", longest)
		case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			add(field, "problem.characters")
		}
	}
	line("title", a.Title, true, longestTitle)
	line("summary", a.Summary, true, longestSummary)
	line("applies", a.Applies, false, longestLine)
	for field, text := range map[string]string{"prior": a.Prior, "body": a.Body, "additional": a.Additional} {
		switch {
		case field == "body" && strings.TrimSpace(text) == "":
			add(field, "problem.empty")
		case len(text) > longestMarkdown:
			add(field, "problem.too_long", "Max", longestMarkdown)
		case !utf8.ValidString(text) || strings.ContainsFunc(text, isStray):
			add(field, "problem.characters")
		}
	}
	if !isSlug(a.Slug) {
		add("slug", "problem.slug")
	}
	if !slices.Contains(Kinds(), a.Kind) {
		add("kind", "problem.choose")
	}
	if !slices.Contains(Audiences(), a.Audience) {
		add("audience", "problem.choose")
	}
	if !slices.Contains(lang.Tags(), a.Language) {
		add("language", "problem.choose")
	}
	if _, err := time.Parse(time.DateOnly, a.Date); err != nil {
		add("date", "problem.date")
	}
	line("keywords", strings.Join(a.Keywords, ""), false, mostKeywords*longestLine)
	if len(a.Keywords) > mostKeywords {
		add("keywords", "problem.too_many", "Max", mostKeywords)
	}
	if len(a.Related) > mostLinks || slices.ContainsFunc(a.Related, func(s string) bool { return !isSlug(s) }) {
		add("related", "problem.related")
	}
	if len(a.MovedFrom) > mostLinks || slices.ContainsFunc(a.MovedFrom, func(s string) bool { return !isMoved(s) }) {
		add("moved_from", "problem.moved_from")
	}
	return all
}

// isStray reports whether r is a control character that no text file holds.
func isStray(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

func isSlug(s string) bool {
	return s != "" && len(s) <= longestSlug && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		s[0] != '-' && s[len(s)-1] != '-' && !strings.Contains(s, "--")
}

func isMoved(s string) bool {
	kind, slug, ok := strings.Cut(s, "/")
	return ok && isSlug(kind) && isSlug(slug)
}
