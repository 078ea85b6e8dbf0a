package roster

import (
	"encoding/json"
	"slices"
	"strconv"
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

// joinValues and splitValues turn what the roster says into a column and back.
func joinValues(values map[string]string) string {
	if len(values) == 0 {
		return ""
	}
	text, _ := json.Marshal(values) // strings always marshal
	return string(text)
}

func splitValues(column string) map[string]string {
	var values map[string]string
	if column != "" {
		_ = json.Unmarshal([]byte(column), &values) // joinValues made it
	}
	return values
}

// joinIDs and splitIDs turn ids into a column and back: ",3,7,".
func joinIDs(ids []int64) string {
	if len(ids) == 0 {
		return ""
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	var b strings.Builder
	b.WriteByte(',')
	for _, id := range slices.Compact(ids) {
		b.WriteString(strconv.FormatInt(id, 10))
		b.WriteByte(',')
	}
	return b.String()
}

func splitIDs(column string) []int64 {
	var ids []int64
	for part := range strings.SplitSeq(strings.Trim(column, ","), ",") {
		if id, err := strconv.ParseInt(part, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
