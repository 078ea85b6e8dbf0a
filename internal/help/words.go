package help

import (
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/spanish"

	"github.com/schoolgate/schoolgate/internal/lang"
)

// longestWord bounds what is taken for a word, in bytes; what is longer is cut.
const longestWord = 60

// word is one word of a text: where it stands, in bytes, and the letters that count in it.
type word struct {
	start, end int
	form       string
}

// foldWord returns the letters of a word that count, "" if there are none.
func foldWord(typed string) string { return strings.Join(lang.Words(typed), "") }

// words returns the words of a text that can be searched for, stop words included; fold is foldWord, or remembers its answers.
func words(text string, fold func(string) string) []word {
	var all []word
	start := -1
	flush := func(end int) {
		if start < 0 {
			return
		}
		typed := text[start:min(end, start+longestWord)]
		if form := fold(typed); form != "" {
			all = append(all, word{start, end, form})
		}
		start = -1
	}
	for i, r := range text {
		inside := r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || start >= 0 && (r == '\'' || r == '’') ||
			r > unicode.MaxASCII && unicode.In(r, unicode.L, unicode.M, unicode.N)
		switch {
		case inside && start < 0:
			start = i
		case !inside:
			flush(i)
		}
	}
	flush(len(text))
	return all
}

// stem takes the ending off a folded word, so that "resetting" finds "reset" and "contraseñas" finds "contraseña".
func stem(form, language string) string {
	if len(form) < 3 || strings.Trim(form, "0123456789") == "" {
		return form
	}
	if language != "es" {
		return english.Stem(form, false)
	}
	// The stemmer knows this ending with its accent, which folding took away.
	for _, bare := range []string{"cion", "sion"} {
		if s, ok := strings.CutSuffix(form, bare); ok {
			form = s + bare[:2] + "ón"
		}
	}
	return strings.Join(lang.Words(spanish.Stem(form, false)), "")
}

// isStop reports whether a folded word is too common to tell articles apart.
func isStop(form, language string) bool {
	list := englishStops
	if language == "es" {
		list = spanishStops
	}
	return len(form) == 1 && form[0] > '9' || strings.Contains(list, " "+form+" ")
}

const (
	englishStops = " a about after all am an and any are as at be been but by can cannot cant could did do does doesnt dont for from get got had has have " +
		"he her him his how i if im in into is isnt it its ive may me my no not of on or our out please she should so than that the their them " +
		"then there they this to up was we were what when where which who why will with would you your "
	spanishStops = " a al algo ante aqui asi aun como con cual cuando de del desde donde e el ella ellos en entre era es esa ese eso esta estaba " +
		"este esto estoy fue ha hace hacer hacia han has hasta hay he la las le les lo los mas me mi mis muy nada ni no nos o para pero por porque " +
		"puede puedo que quien se ser si sin sobre son su sus tambien te tengo tiene tu tus un una unas uno unos y ya yo "
)

// nearby reports whether one slip of the finger lies between two words: a letter too many, too few, a wrong one, or two that changed places.
func nearby(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	for len(a) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(b) <= 1:
		return true
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0]
	}
	return false
}
