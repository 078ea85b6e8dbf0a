package family

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	paper "github.com/schoolgate/schoolgate/internal/letter"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// LetterOrder asks for a letter to each parent who fits: how to get into the Parent Portal.
type LetterOrder struct {
	Choice
	Language string    // for parents whose record names none
	Standing Standing  // one of Missing; "" for all who never signed in
	Since    time.Time // of StandingSince
	All      bool      // also to those who have signed in
}

// LettersMost is how many letters are made at once.
const LettersMost = 5000

// LetterRun is what an order comes to. None of the letters holds anything secret.
type LetterRun struct {
	Letters  []paper.Letter
	students []int64
}

// Letters makes the letters, by the parents' last names. Lines that may not be opened are left out, and so are the children of schools that are
// not the actor's and those that the order does not choose. It returns fault.Forbidden for whoever may not print letters and fault.Invalid,
// with a problem on "whom", for nobody or too many. Nothing is noted: see PrintLetters.
func (f *Family) Letters(ctx context.Context, actor access.Actor, o LetterOrder) (LetterRun, error) {
	if !access.Can(actor, access.PrintLetters) {
		return LetterRun{}, access.Check(actor, access.PrintLetters)
	}
	w, err := f.newLetterWriter(ctx)
	if err != nil {
		return LetterRun{}, err
	}
	var run LetterRun
	var batch []*grown
	flush := func() error {
		letters, err := w.letters(ctx, batch, o.Language)
		run.Letters = append(run.Letters, letters...)
		batch = batch[:0]
		return err
	}
	_, err = f.walk(ctx, actor, o.Choice, "", 1<<30, func(g *grown) error {
		if !o.wants(g) {
			return nil
		}
		if len(run.Letters)+len(batch) == LettersMost {
			return errEnough
		}
		batch = append(batch, g)
		for _, l := range g.lines {
			run.students = append(run.students, l.StudentID)
		}
		if len(batch) == walkPage {
			return flush()
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return run, fault.InvalidFields(fault.Problem{Field: "whom", Key: "problem.letters_many", Args: []any{"Max", LettersMost}})
	}
	if err == nil {
		err = flush()
	}
	if err == nil && len(run.Letters) == 0 {
		err = fault.InvalidFields(fault.Problem{Field: "whom", Key: "problem.letters_nobody"})
	}
	return run, err
}

func (o LetterOrder) wants(g *grown) bool {
	s := g.standing(o.Since)
	switch {
	case s == StandingOff:
		return false
	case o.Standing != "":
		return s == o.Standing
	}
	return o.All || s != StandingCome && s != StandingSince
}

// PrintLetters is Letters for whoever takes them out of the program: the log says who, how many and of whom, and each child's record that it was
// taken out. The actor must have shown lately that it is them (fault.Stale).
func (f *Family) PrintLetters(ctx context.Context, actor access.Actor, o LetterOrder) (LetterRun, error) {
	if err := access.Check(actor, access.PrintLetters); err != nil {
		return LetterRun{}, err
	}
	run, err := f.Letters(ctx, actor, o)
	if err != nil {
		return run, err
	}
	detail := o.detail()
	detail["letters"], detail["all"] = len(run.Letters), o.All
	if o.Standing != "" {
		detail["standing"] = string(o.Standing)
	}
	err = f.db.Write(ctx, func(tx *sqldb.Tx) error {
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "letter.exported", Detail: detail})
	})
	if err == nil {
		f.audit.Views.NoteExport(actor, run.students...)
	}
	return run, err
}

// detail is what the log says of a choice.
func (c Choice) detail() map[string]any {
	d := map[string]any{}
	if c.School != 0 {
		d["school"] = c.School
	}
	for name, v := range map[string]string{"grade": c.Grade, "homeroom": c.Homeroom, "letter": c.Letter} {
		if v != "" {
			d[name] = cutTyped(v)
		}
	}
	return d
}

// OneLetter makes the letter to the contact of a student's line about this child, noted in the log. It returns fault.NotFound for no such line, also
// for one at a school that is not the actor's, and fault.Conflict for one that may not be opened.
func (f *Family) OneLetter(ctx context.Context, actor access.Actor, student, line int64) (paper.Letter, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return paper.Letter{}, err
	}
	w, err := f.newLetterWriter(ctx)
	if err != nil {
		return paper.Letter{}, err
	}
	var made paper.Letter
	err = f.db.Write(ctx, func(tx *sqldb.Tx) error {
		lines, err := f.roster.Lines(ctx, tx, []int64{line})
		if err != nil {
			return err
		}
		if len(lines) == 0 || lines[0].StudentID != student || lines[0].Removed() {
			return fault.NotFoundf("no such contact")
		}
		l := lines[0]
		if err := access.CheckAt(actor, access.SeeLogins, l.Student.SchoolID); err != nil {
			return err
		}
		if f.rule().MayOpen(l) != roster.MayOpen {
			return fault.Conflictf("the child may not be opened to the contact")
		}
		made = w.letter(l.Contact, l.Contact.Language, []letterChild{{fullName(l.Student.First, l.Student.Last), l.Student.IDNumber, l.School}})
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "letter.printed", TargetKind: "contact", TargetID: l.ContactID, Detail: map[string]any{"student": student},
		})
	})
	if err == nil {
		f.audit.Views.NoteExport(actor, student)
	}
	return made, err
}

// Printable reports whether the letter can be a PDF. What cannot is printed by a browser.
func (f *Family) Printable(l paper.Letter) bool {
	press, err := f.press()
	return err == nil && press.Printable(l)
}

// WriteLetters writes the letters as one PDF, each on a page of its own; those that are not Printable are left out.
func (f *Family) WriteLetters(to io.Writer, title string, letters []paper.Letter) error {
	press, err := f.press()
	if err != nil {
		return err
	}
	_, err = press.Write(to, title, f.now(), func(yield func(paper.Letter, error) bool) {
		for _, l := range letters {
			if press.Printable(l) && !yield(l, nil) {
				return
			}
		}
	})
	return err
}

// letterChild is a child in a letter.
type letterChild struct {
	name, idNumber string
	school         roster.School
}

// letterWriter words letters.
type letterWriter struct {
	*Family
	texts   map[string]LetterText // by language
	schools map[int64]roster.School
	today   string
}

func (f *Family) newLetterWriter(ctx context.Context) (*letterWriter, error) {
	w := &letterWriter{Family: f, texts: map[string]LetterText{}, schools: map[int64]roster.School{}, today: f.settings.Today()}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		texts, err := f.letterTexts(ctx, tx)
		for _, t := range texts {
			w.texts[t.Language] = t
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	schools, err := f.roster.Schools(ctx)
	for _, s := range schools {
		w.schools[s.ID] = s
	}
	return w, err
}

// letters words one letter for each adult.
func (w *letterWriter) letters(ctx context.Context, adults []*grown, otherwise string) ([]paper.Letter, error) {
	contacts := map[int64]roster.Contact{}
	ids := make([]int64, len(adults))
	for i, g := range adults {
		ids[i] = g.lines[0].ContactID
	}
	err := w.db.Read(ctx, func(tx *sqldb.Tx) error {
		found, err := w.roster.Contacts(ctx, tx, ids)
		for _, c := range found {
			contacts[c.ID] = c
		}
		return err
	})
	letters := make([]paper.Letter, 0, len(adults))
	for i, g := range adults {
		c, ok := contacts[ids[i]]
		if !ok {
			continue // gone meanwhile
		}
		children := make([]letterChild, len(g.lines))
		for i, l := range g.lines {
			children[i] = letterChild{fullName(l.ChildFirst, l.ChildLast), l.IDNumber, w.schools[l.school]}
		}
		language := c.Language
		if language == "" {
			language = otherwise
		}
		letters = append(letters, w.letter(c, language, children))
	}
	return letters, err
}

// letter words one letter.
func (w *letterWriter) letter(c roster.Contact, language string, children []letterChild) paper.Letter {
	in := w.catalog.Language(language)
	t := w.texts[in.Tag()]
	sender, phone, hours := w.sender(children)
	var names, numbers []string
	facts := []paper.Fact{{Label: in.T("letter.first_name"), Value: c.First}, {Label: in.T("letter.last_name"), Value: c.Last}}
	for _, child := range children {
		names, numbers = append(names, child.name), append(numbers, child.idNumber)
		facts = append(facts, paper.Fact{Label: in.T("letter.id_number", "Child", child.name), Value: child.idNumber})
	}
	facts = slices.DeleteFunc(facts, func(x paper.Fact) bool { return x.Value == "" })
	fill := strings.NewReplacer("{parent}", fullName(c.First, c.Last), "{child}", in.List(names), "{id_number}", in.List(numbers), "{school}", sender,
		"{portal}", w.portal(), "{phone}", phone, "{hours}", hours)
	head := slices.DeleteFunc([]string{sender, phone, hours}, func(s string) bool { return s == "" })
	return paper.Letter{
		Language: in.Tag(), Sender: head, Date: in.Date(w.today), To: []string{fullName(c.First, c.Last)}, Subject: fill.Replace(t.Subject),
		Body: filled(t.Body, fill, phone), Facts: facts, Address: w.portal(),
	}
}

// filled is a text with its placeholders filled in. Without a telephone a line that would name it says nothing, and is left out.
func filled(text string, fill *strings.Replacer, phone string) string {
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if phone != "" || !strings.Contains(line, "{phone}") {
			kept = append(kept, strings.TrimSpace(fill.Replace(line)))
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// portal is the address that a letter sends people to.
func (f *Family) portal() string { return f.baseURL + "/parent/" }

// sender is the children's school, or the district where they are at several, with whom to call.
func (w *letterWriter) sender(children []letterChild) (name, phone, hours string) {
	v := w.settings.Values()
	name, phone, hours = v.DistrictName, v.OfficePhone, v.OfficeHours
	school := children[0].school
	for _, c := range children {
		if c.school.ID != school.ID {
			return name, phone, hours
		}
	}
	if school.Name != "" {
		name = school.Name
	}
	if school.Phone != "" {
		phone, hours = school.Phone, school.Hours
	}
	return name, phone, hours
}

// isLanguage reports whether it is a language that letters are written in.
func isLanguage(tag string) bool { return slices.Contains(lang.Tags(), tag) }

// MayOpen reports whether the line may be opened today: what a letter and a one-time code are for.
func (f *Family) MayOpen(l roster.FullLine) bool { return f.rule().MayOpen(l) == roster.MayOpen }
