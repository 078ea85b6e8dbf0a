package family

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	paper "github.com/schoolgate/schoolgate/internal/letter"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// LetterText is what a letter says in one language: the school's words, or those that come with the program. Paragraphs have an empty line
// between them, and a line that begins with "1. " is a step.
type LetterText struct {
	Language, Subject, Body string
	Own                     bool // the school's words
	ChangedAt               time.Time
	ChangedBy               string
}

// Placeholders are all that may stand in braces in a letter.
func Placeholders() []string {
	return []string{"{parent}", "{child}", "{id_number}", "{school}", "{portal}", "{phone}", "{hours}"}
}

// How long a letter may be, in characters: more than fits on a page is nobody's letter.
const (
	letterSubjectMost = 120
	letterBodyMost    = 3000
)

var inBraces = regexp.MustCompile(`\{[^{}\n]*\}`)

// LetterTexts returns the words of the letters in every language. It returns fault.Forbidden for whoever may neither print letters nor change
// settings.
func (f *Family) LetterTexts(ctx context.Context, actor access.Actor) ([]LetterText, error) {
	if !access.Can(actor, access.PrintLetters) {
		if err := access.Check(actor, access.ChangeSetting); err != nil {
			return nil, err
		}
	}
	var all []LetterText
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = f.letterTexts(ctx, tx)
		return err
	})
	return all, err
}

func (f *Family) letterTexts(ctx context.Context, tx *sqldb.Tx) ([]LetterText, error) {
	own, err := ownLetterTexts(ctx, tx)
	var all []LetterText
	for _, tag := range lang.Tags() {
		t, ok := own[tag]
		if !ok {
			t = f.ourLetter(tag)
		}
		all = append(all, t)
	}
	return all, err
}

// ourLetter is the letter that comes with the program.
func (f *Family) ourLetter(tag string) LetterText {
	in := f.catalog.Language(tag)
	return LetterText{Language: in.Tag(), Subject: in.T("letter.subject"), Body: strings.TrimSpace(in.T("letter.body"))}
}

// CheckLetterText returns the text as it is kept. It returns fault.Invalid with problems on "subject" and "body": empty, too long, or with
// something in braces that is no placeholder.
func (f *Family) CheckLetterText(t LetterText) (LetterText, error) {
	t.Subject = strings.TrimSpace(t.Subject)
	t.Body = strings.TrimSpace(strings.ReplaceAll(t.Body, "\r\n", "\n"))
	if !isLanguage(t.Language) {
		return t, fault.NotFoundf("no such language")
	}
	var problems []fault.Problem
	for _, field := range []struct {
		name, text string
		most       int
	}{{"subject", t.Subject, letterSubjectMost}, {"body", t.Body, letterBodyMost}} {
		switch unknown := unknownPlaceholder(field.text); {
		case field.text == "":
			problems = append(problems, fault.Problem{Field: field.name, Key: "problem.empty"})
		case utf8.RuneCountInString(field.text) > field.most:
			problems = append(problems, fault.Problem{Field: field.name, Key: "problem.too_long", Args: []any{"Max", field.most}})
		case !isPlain(strings.ReplaceAll(field.text, "\n", "")):
			problems = append(problems, fault.Problem{Field: field.name, Key: "problem.characters"})
		case unknown != "":
			problems = append(problems, fault.Problem{Field: field.name, Key: "problem.letter_placeholder", Args: []any{"Name", unknown}})
		}
	}
	return t, fault.InvalidFields(problems...)
}

func unknownPlaceholder(text string) string {
	for _, p := range inBraces.FindAllString(text, -1) {
		if !slices.Contains(Placeholders(), p) {
			return p
		}
	}
	return ""
}

// SaveLetterText makes the text the school's letter in its language; one that is the program's own again leaves nothing behind. It returns
// fault.Invalid as CheckLetterText does.
func (f *Family) SaveLetterText(ctx context.Context, actor access.Actor, t LetterText) error {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return err
	}
	t, err := f.CheckLetterText(t)
	if err != nil {
		return err
	}
	ours := f.ourLetter(t.Language)
	err = f.db.Write(ctx, func(tx *sqldb.Tx) error {
		t.ChangedAt, t.ChangedBy = f.now(), actor.Username
		if err := putLetterText(ctx, tx, t, ours.Subject == t.Subject && ours.Body == t.Body); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "letter.changed", TargetKind: "setting", Detail: map[string]any{"language": t.Language, "subject": t.Subject, "body": t.Body},
		})
	})
	if err != nil {
		return fmt.Errorf("the text of letters: %w", err)
	}
	return nil
}

// SampleLetter is the text as a letter to an invented parent.
func (f *Family) SampleLetter(ctx context.Context, t LetterText) (paper.Letter, error) {
	w, err := f.newLetterWriter(ctx)
	if err != nil {
		return paper.Letter{}, err
	}
	w.texts[t.Language] = t
	in := f.catalog.Language(t.Language)
	who := roster.Contact{First: in.T("letter.sample.first"), Last: in.T("letter.sample.last")}
	return w.letter(who, t.Language, []letterChild{{name: in.T("letter.sample.child"), idNumber: "204117"}}), nil
}
