package account

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// MaxPassword is how many code points a password may have (NIST SP 800-63B-4 §3.1.1.2 asks for 64 at least).
const MaxPassword = 128

// ownWords are what a password about a school's portal consists of before any other.
const ownWords = `schoolgate school schools parent parents portal guardian family student students teacher staff admin administrator office
password passphrase passwort secret login signin welcome letmein qwerty username account children child
escuela colegio padre padres madre madres portal tutor familia estudiante estudiantes alumno alumnos maestro oficina
contraseña clave secreto bienvenido bienvenidos usuario cuenta hijo hijos hija hijas`

// policy is what a new password must hold to: length, and not to be one that others would try first. No composition rules.
type policy struct {
	min    int
	words  []string
	common commonList
}

// check returns the first problem of a password in NFC, or nil. Key and arguments name the reason for the person who chose it.
func (p policy) check(password string) *fault.Problem {
	n := utf8.RuneCountInString(password)
	switch _, temporary := temporaryShape(password); {
	case n == 0:
		return &fault.Problem{Key: "problem.empty"}
	case n > MaxPassword:
		return &fault.Problem{Key: "problem.password_long", Args: []any{"Max", MaxPassword}}
	case temporary:
		return &fault.Problem{Key: "problem.password_temporary_shape"}
	case n < p.min:
		return &fault.Problem{Key: "problem.password_short", Args: []any{"Min", p.min}}
	case p.ofWords(password):
		return &fault.Problem{Key: "problem.password_words"}
	case p.isCommon(password):
		return &fault.Problem{Key: "problem.password_common"}
	}
	return nil
}

// ofWords reports whether nothing but context words stands between the digits and signs at the ends of the password.
func (p policy) ofWords(password string) bool {
	whole := letters(password)
	core := strings.TrimFunc(whole, unicode.IsDigit)
	known := map[string]bool{}
	add := func(text string) {
		if w := letters(text); utf8.RuneCountInString(w) >= 3 {
			known[w] = true
		}
	}
	for _, text := range append(strings.Fields(ownWords), p.words...) {
		add(text)
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }) {
			add(word)
		}
	}
	return consistsOf(whole, known) || consistsOf(core, known)
}

// consistsOf reports whether text is one of the words, or several of them without anything between.
func consistsOf(text string, words map[string]bool) bool {
	if text == "" {
		return false
	}
	reached := make([]bool, len(text)+1) // by bytes
	reached[0] = true
	for at := range text {
		if !reached[at] {
			continue
		}
		for end := at + 1; end <= len(text); end++ {
			reached[end] = reached[end] || words[text[at:end]]
		}
	}
	return reached[len(text)]
}

// letters folds case and keeps letters and digits alone.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, fold(s))
}

// isCommon reports whether the password is a common one as a whole, with something at its ends, or repeated; or a run.
func (p policy) isCommon(password string) bool {
	whole := fold(password)
	core := strings.TrimFunc(whole, func(r rune) bool { return !unicode.IsLetter(r) })
	if p.common.has(whole) || p.common.has(core) {
		return true
	}
	runes := []rune(whole)
	if unit := period(runes); len(unit) < len(runes) && (len(unit) <= 4 || isRun(unit) || p.common.has(string(unit))) {
		return true
	}
	return isRun(runes)
}

// period returns the shortest part which the text is a repetition of: all of it if it repeats nothing.
func period(text []rune) []rune {
	for n := 1; n <= len(text)/2; n++ {
		if len(text)%n == 0 && slices.Equal(text[n:], text[:len(text)-n]) {
			return text[:n]
		}
	}
	return text
}

// isRun reports whether the text walks along the digits, the alphabet or the keyboard, up or down, from wherever it begins.
func isRun(text []rune) bool {
	for _, row := range []string{"0123456789", "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"} {
		for _, step := range []int{1, len(row) - 1} {
			if walks(text, row, step) {
				return true
			}
		}
	}
	return false
}

func walks(text []rune, row string, step int) bool {
	for i, r := range text[1:] {
		at := strings.IndexRune(row, text[i])
		if at < 0 || rune(row[(at+step)%len(row)]) != r {
			return false
		}
	}
	return true
}

func fold(s string) string { return norm.NFC.String(cases.Fold().String(s)) }
