package web

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/letter"
)

const lettersPath = "/admin/site/letters"

// lettersPage asks for letters and says how many they are.
type lettersPage struct {
	Page
	choiceForm
	Languages   []bulkChoice
	Made        bool
	Count       int
	Unprintable int
	EditText    bool
	Most        int
}

// choiceForm is a form that chooses families.
type choiceForm struct {
	Schools, Letters, Standings []bulkChoice
	Grade, Homeroom, Since      string
	School, Letter, Standing    string
}

// choiceOf reads the choice from where the form put it: values is the query or the body.
func (s *Server) choiceOf(x *exchange, values func(string) string) (choiceForm, family.MissingQuery, error) {
	v := func(name string) string { return cut(strings.TrimSpace(values(name)), 100) }
	f := choiceForm{Grade: v("grade"), Homeroom: v("homeroom"), Since: v("since"), School: v("school"), Letter: v("letter"), Standing: v("standing")}
	q := family.MissingQuery{Choice: family.Choice{Grade: f.Grade, Homeroom: f.Homeroom, Letter: f.Letter}}
	q.School = number(f.School) // "": any
	schools, err := s.schoolChoices(x, q.School)
	f.Schools = schools
	for _, l := range strings.Split("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z #", " ") {
		f.Letters = append(f.Letters, bulkChoice{l, l, f.Letter == l})
	}
	for _, m := range family.Missing() {
		if string(m) == f.Standing {
			q.Standing = m
		}
		f.Standings = append(f.Standings, bulkChoice{string(m), x.lang.T("missing.standing." + string(m)), string(m) == f.Standing})
	}
	if err != nil {
		return f, q, err
	}
	q.Since, err = s.Family.MissingDay(f.Since)
	return f, q, err
}

func (s *Server) lettersForm(x *exchange, values func(string) string) (lettersPage, family.LetterOrder, error) {
	p := lettersPage{Page: s.page(x, "letter.page.title"), EditText: access.Can(x.actor, access.ChangeSetting), Most: family.LettersMost}
	p.Path = lettersPath
	form, q, err := s.choiceOf(x, values)
	p.choiceForm = form
	o := family.LetterOrder{Choice: q.Choice, Standing: q.Standing, Since: q.Since, Language: values("language"), All: form.Standing == "all"}
	if o.Language == "" {
		o.Language = x.lang.Tag()
	}
	for _, tag := range lang.Tags() {
		p.Languages = append(p.Languages, bulkChoice{tag, x.lang.T("common.language." + tag), o.Language == tag})
	}
	return p, o, err
}

// lettersPage is the form; a link may have filled it in.
func (s *Server) lettersPage(x *exchange) error {
	p, _, err := s.lettersForm(x, x.r.URL.Query().Get)
	if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	if !access.Can(x.actor, access.PrintLetters) {
		return access.Check(x.actor, access.PrintLetters)
	}
	return s.render(x, http.StatusOK, "admin/letters", p)
}

// letters counts the letters, and then hands them out as a PDF or as a page.
func (s *Server) letters(x *exchange) error {
	p, o, err := s.lettersForm(x, x.field)
	var run family.LetterRun
	as := x.field("as")
	if err == nil && as == "" {
		run, err = s.Family.Letters(x.r.Context(), x.actor, o)
	} else if err == nil {
		run, err = s.Family.PrintLetters(x.r.Context(), x.actor, o)
	}
	if err != nil {
		if err := s.lettersProblems(x, &p.Page, err); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "admin/letters", p)
	}
	switch as {
	case "pdf":
		return s.sendLetters(x, run.Letters)
	case "page":
		return s.printLetters(x, run.Letters, false)
	case "rest":
		return s.printLetters(x, s.unprintable(run.Letters), false)
	}
	p.Made, p.Count, p.Unprintable = true, len(run.Letters), len(s.unprintable(run.Letters))
	return s.render(x, http.StatusOK, "admin/letters", p)
}

func (s *Server) lettersProblems(x *exchange, p *Page, err error) error {
	if err := s.problems(x, p, err); err != nil {
		return err
	}
	labels := map[string]string{"whom": "letter.page.whom", "since": "missing.since", "subject": "letter.text.subject", "body": "letter.text.body", "checked": "code.checked"}
	for i, q := range p.Problems {
		if key := labels[q.Field]; key != "" {
			p.Problems[i].Label = x.lang.T(key)
		}
	}
	return nil
}

func (s *Server) unprintable(letters []letter.Letter) []letter.Letter {
	var rest []letter.Letter
	for _, l := range letters {
		if !s.Family.Printable(l) {
			rest = append(rest, l)
		}
	}
	return rest
}

// sendLetters answers with the PDF while it is made.
func (s *Server) sendLetters(x *exchange, letters []letter.Letter) error {
	h := x.w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="`+x.lang.T("letter.page.file")+`.pdf"`)
	h["Cache-Control"] = noStore
	if err := s.Family.WriteLetters(x.w, x.lang.T("letter.page.title"), letters); err != nil { // the head is on its way
		s.Log.Error("letters not finished", "req", x.client.RequestID, "err", err)
	}
	return nil
}

// oneLetter is the letter to one contact: a PDF, or a page where the PDF cannot have it.
func (s *Server) oneLetter(x *exchange) error {
	student, err := x.id("student")
	if err != nil {
		return err
	}
	line, err := x.id("line")
	if err != nil {
		return err
	}
	l, err := s.Family.OneLetter(x.r.Context(), x.actor, student, line)
	if err != nil {
		return err
	}
	if !s.Family.Printable(l) {
		return s.printLetters(x, []letter.Letter{l}, true)
	}
	return s.sendLetters(x, []letter.Letter{l})
}

// printPage is letters as a page that a browser prints.
type printPage struct {
	Page
	Letters []printedLetter
	Single  bool
	Preview bool
}

// printedLetter is a letter with its text in pieces.
type printedLetter struct {
	letter.Letter
	Parts []letterPart
	QR    template.URL // the same address always has the same one
}

// letterPart is a paragraph or a list of steps.
type letterPart struct {
	Lines []string
	Start int // of a list's first step; 0 for a paragraph
}

func (s *Server) printLetters(x *exchange, letters []letter.Letter, single bool) error {
	p := printPage{Page: s.page(x, "letter.page.title"), Single: single}
	codes := map[string]template.URL{}
	for _, l := range letters {
		printed, err := printed(l, codes)
		if err != nil {
			return err
		}
		p.Letters = append(p.Letters, printed)
	}
	return s.render(x, http.StatusOK, "admin/letters-print", p)
}

func printed(l letter.Letter, codes map[string]template.URL) (printedLetter, error) {
	if codes[l.Address] == "" {
		u, err := qrURL(l.Address)
		if err != nil {
			return printedLetter{}, err
		}
		codes[l.Address] = u
	}
	return printedLetter{l, letterParts(l.Body), codes[l.Address]}, nil
}

// qrURL is a QR code as a picture that stands in the page itself.
func qrURL(address string) (template.URL, error) {
	picture, err := letter.QR(address)
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)), err //nolint:gosec // a picture of ours
}

// letterParts takes a letter's text apart, as package letter does for the PDF.
func letterParts(body string) []letterPart {
	var parts []letterPart
	for paragraph := range strings.SplitSeq(body, "\n\n") {
		for i, line := range strings.Split(paragraph, "\n") {
			number, rest, found := strings.Cut(line, ". ")
			n, err := strconv.Atoi(number)
			step := found && err == nil && n > 0
			last := len(parts) - 1
			switch {
			case step && i > 0 && parts[last].Start > 0:
				parts[last].Lines = append(parts[last].Lines, rest)
			case step:
				parts = append(parts, letterPart{[]string{rest}, n})
			case i > 0 && parts[last].Start == 0:
				parts[last].Lines = append(parts[last].Lines, line)
			case line != "":
				parts = append(parts, letterPart{[]string{line}, 0})
			}
		}
	}
	return parts
}

// letterTextPage is where the school writes its own letter, one language at a time.
type letterTextPage struct {
	Page
	Text         family.LetterText
	Changed      string
	Languages    []bulkFilter
	Placeholders []string
	Sample       *printedLetter
}

func (s *Server) letterTextPage(x *exchange) error {
	return s.letterText(x, family.LetterText{Language: x.r.URL.Query().Get("language")}, nil, false)
}

func letterTextURL(tag string) string {
	return lettersPath + "/text?" + url.Values{"language": {tag}}.Encode()
}

// letterText is the form for one language, with what was typed if that has a problem or is to be seen as a letter.
func (s *Server) letterText(x *exchange, typed family.LetterText, problem error, sample bool) error {
	texts, err := s.Family.LetterTexts(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	p := letterTextPage{Page: s.page(x, "letter.text.title"), Placeholders: family.Placeholders()}
	tag := s.Catalog.Language(typed.Language).Tag()
	for _, t := range texts {
		p.Languages = append(p.Languages, bulkFilter{letterTextURL(t.Language), x.lang.T("common.language." + t.Language), t.Language == tag})
		if t.Language == tag {
			p.Text = t
		}
	}
	p.Path = letterTextURL(tag)
	if p.Text.Own {
		p.Changed = x.lang.T("letter.text.changed", "Who", p.Text.ChangedBy, "When", x.lang.ShortWhen(p.Text.ChangedAt, s.Now(), s.Settings.Location()))
	}
	status := http.StatusOK
	if problem != nil {
		status = http.StatusUnprocessableEntity
		if err := s.lettersProblems(x, &p.Page, problem); err != nil {
			return err
		}
	}
	if problem != nil || sample {
		p.Text.Subject, p.Text.Body = typed.Subject, typed.Body
	}
	if sample {
		if p.Sample, err = s.sampleLetter(x, p.Text); err != nil {
			return err
		}
	}
	return s.render(x, status, "admin/letter-text", p)
}

func (s *Server) sampleLetter(x *exchange, t family.LetterText) (*printedLetter, error) {
	l, err := s.Family.SampleLetter(x.r.Context(), t)
	if err != nil {
		return nil, err
	}
	p, err := printed(l, map[string]template.URL{})
	return &p, err
}

func (s *Server) saveLetterText(x *exchange) error {
	t := family.LetterText{Language: x.field("language"), Subject: x.field("subject"), Body: x.field("body")}
	t, err := s.Family.CheckLetterText(t)
	if err == nil && x.field("preview") == "" {
		if err = s.Family.SaveLetterText(x.r.Context(), x.actor, t); err == nil {
			s.setFlash(x, "flash.letter_saved")
			return x.redirect(letterTextURL(t.Language))
		}
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	return s.letterText(x, t, err, err == nil)
}
