package roster

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/lang"
)

const (
	// wordLimit bounds one search word, in bytes, so that index rows stay small. What is typed is cut the same way.
	wordLimit = 120
	// wordsLimit bounds how many words one student is found by.
	wordsLimit = 24
)

// studentNames is what a student's sort key and search words are made of.
type studentNames struct{ first, middle, last, preferredFirst, preferredLast string }

func namesOfStudent(s *Student) studentNames {
	return studentNames{s.First, s.Middle, s.Last, s.PreferredFirst, s.PreferredLast}
}

func (n studentNames) sortKey() string { return lang.SortKey(n.last, n.first, n.middle) }

// words are the search words of all names, without repetitions.
func (n studentNames) words() []string {
	return searchWords(n.last, n.first, n.middle, n.preferredLast, n.preferredFirst)
}

func searchWords(names ...string) []string {
	var words []string
	for _, name := range names {
		for _, w := range lang.Words(name) {
			w = cutWord(w)
			if len(words) < wordsLimit && !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return words
}

func cutWord(w string) string {
	if len(w) <= wordLimit {
		return w
	}
	n := wordLimit
	for !utf8.RuneStart(w[n]) {
		n--
	}
	return w[:n]
}

// contactNames is what a contact's derived keys are made of.
type contactNames struct{ first, middle, last string }

func namesOfContact(c *Contact) contactNames { return contactNames{c.First, c.Middle, c.Last} }

func (n contactNames) sortKey() string { return lang.SortKey(n.last, n.first, n.middle) }

// lastKey is the last name as registration compares it, "" where nothing typed can match the record.
func (n contactNames) lastKey() string {
	keys, ok := lang.RecordedKeys(n.first, n.last)
	if !ok {
		return ""
	}
	return keys.Last
}

// entries are the rows of line_name for a contact's last name: always one at least, so that a contact without a last name is
// listed too.
func (n contactNames) entries() []string {
	if e := lang.SearchEntries(n.last); len(e) > 0 {
		return e
	}
	return []string{""}
}

// joinLocal and splitLocal turn the names of fields set by hand into a column and back.
func joinLocal(fields []string) string {
	fields = slices.Clone(fields)
	slices.Sort(fields)
	return strings.Join(slices.Compact(fields), ",")
}

func splitLocal(column string) []string {
	if column == "" {
		return nil
	}
	return strings.Split(column, ",")
}
