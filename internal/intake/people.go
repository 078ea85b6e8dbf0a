package intake

import (
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// reader is what the readers of tables share.
type reader struct {
	b        *bundle
	f        *findings
	out      *records
	today    string
	kinds    map[string]string // relationships by word
	students map[string]int    // lines by id, for duplicates
	named    map[string]string // students' names by id, where two of one id would get each other's contacts
	cut      bool              // a file that lists people ends too early
}

func newReader(b *bundle, today string, f *findings, to *records) *reader {
	return &reader{b: b, f: f, out: to, today: today, kinds: relationships(), students: map[string]int{}, named: map[string]string{}}
}

// each opens a file of the package, if it is there, and calls fn for every row; before is told once the header is read.
func (d *reader) each(name string, l layout, before func(t *table), fn func(row) error) (there bool, err error) {
	e, ok := d.b.file(name)
	if !ok {
		return false, nil
	}
	t, err := openTable(e, l, d.f)
	if err != nil {
		return true, err
	}
	defer func() { _ = t.Close() }() // it was only read
	if before != nil {
		before(t)
	}
	err = each(t, fn)
	d.cut = d.cut || t.cut
	return true, err
}

// keeps is what each is told before the rows of people: whoever stands in one that cannot be read is not gone.
func (d *reader) keeps(columns ...string) func(*table) {
	return func(t *table) { d.out.keepUnread(t, columns...) }
}

// only says which files of the package are not read.
func (d *reader) only(names ...string) {
	read := map[string]bool{}
	for _, n := range names {
		read[strings.ToLower(n)] = true
	}
	for _, n := range d.b.names() {
		if !read[strings.ToLower(n)] {
			d.f.add(Warning, n, 0, "", "", sayNotOfFormat)
		}
	}
}

// whole settles at the end whether who is not in the files is gone.
func (d *reader) whole() {
	d.out.whole = !d.cut
	if d.cut {
		d.f.add(Warning, "", 0, "", "", sayCutPeople)
	}
}

// twice reports, with a finding, whether an id stood there before.
func twice(seen map[string]int, r row, column, id string) bool {
	first, again := seen[id]
	if again {
		r.twice(column, id, first)
		return true
	}
	seen[id] = r.line
	return false
}

// another reports, with a finding, whether a row is of another student than the one who has the id: their contacts are not the first one's.
func (d *reader) another(r row, column, id, name string) bool {
	name = strings.TrimSpace(name)
	was := d.named[id]
	if was == "" {
		d.named[id] = name
	}
	if was == "" || name == "" || name == was {
		return false
	}
	r.twice(column, id, d.students[id])
	return true
}

// names reads a person's names; ok is false, with a finding, for a row that cannot be taken.
func names(r row, first, middle, last string) (f, m, l string, ok bool) {
	f, l = r.value(first), r.value(last)
	switch {
	case f == "" && l == "":
		r.note(Skipped, first, "", sayNoName)
		return f, m, l, false
	case tooLong(f, nameLength) || tooLong(l, nameLength):
		r.note(Skipped, last, f+" "+l, sayNameLong)
		return f, m, l, false
	}
	for _, n := range []struct{ column, name string }{{first, f}, {last, l}} {
		if n.name == "" {
			r.note(Warning, n.column, "", sayOneName)
		} else if garbled(n.name) {
			r.note(Warning, n.column, n.name, sayLetters)
		}
	}
	return f, extra(r, middle), l, true
}

// extra reads a name that may be missing.
func extra(r row, column string) string {
	v := atMost(r, column, nameLength, sayNameLeft)
	if garbled(v) {
		r.note(Warning, column, v, sayLetters)
	}
	return v
}

// short reads what is kept up to a length.
func short(r row, column string, limit int) string { return atMost(r, column, limit, sayLong) }

func atMost(r row, column string, limit int, otherwise Code) string {
	v := r.value(column)
	switch {
	case nothing(v):
		return ""
	case tooLong(v, limit):
		r.note(Warning, column, v, otherwise)
		return ""
	}
	return v
}

// emailIn reads an e-mail address; what mail cannot be sent to is left out.
func emailIn(r row, column string) string {
	v := strings.TrimPrefix(r.value(column), "mailto:")
	switch {
	case v == "" || nothing(v):
		return ""
	case !mailbox(v):
		if first, _, several := strings.Cut(v, ";"); several && mailbox(strings.TrimSpace(first)) {
			r.note(Warning, column, v, sayMails)
			return strings.TrimSpace(first)
		}
		r.note(Warning, column, v, sayNoMail)
		return ""
	}
	return v
}

func phoneIn(r row, column string) string { return short(r, column, phoneLength) }

// gradeIn reads a grade as people say it.
func gradeIn(r row, column string) string {
	v := r.value(column)
	if nothing(v) || tooLong(v, gradeLength) {
		r.note(Warning, column, v, sayNoGrade)
		return ""
	}
	return grade(v)
}

// numberIn reads an ID Number; what can be none is left out.
func numberIn(r row, column, v string) string {
	number, ok := idNumber(v)
	if !ok {
		r.note(Warning, column, v, sayNoNumber)
	}
	return number
}

// idNumber is an ID Number as it is kept; ok is false for what can be none.
func idNumber(v string) (number string, ok bool) {
	switch {
	case v == "" || nothing(v):
		return "", true
	case strings.Contains(v, "@") || tooLong(v, numberLength) || lang.IDKey(v) == "" || rounded(v):
		return "", false
	}
	return v, true
}

// flagIn reads a flag: yes, no, or unknown where the cell is empty or says neither.
func flagIn(r row, column string) roster.Flag {
	flag, known := flagOf(r.value(column))
	if !known {
		r.note(Warning, column, r.value(column), sayNoFlag)
	}
	return flag
}

// flagOf reads the word for a flag. known is false for a word that nobody knows.
func flagOf(v string) (flag roster.Flag, known bool) {
	yes, ok, _ := truth(v)
	switch word := strings.ToLower(v); {
	case ok && yes, word == "x", word == "si", word == "sí":
		return roster.Yes, true
	case ok:
		return roster.No, true
	default:
		return roster.Unknown, word == "" || word == "unknown" || word == "u" || nothing(v)
	}
}

// relationshipIn reads a relationship; a word that nobody knows is other.
func (d *reader) relationshipIn(r row, column string) string {
	v := r.value(column)
	code, known := relationshipOf(d.kinds, v)
	if !known {
		r.note(Warning, column, v, sayRelation)
	}
	return code
}

// languageIn reads the language in which a contact is written to; what the program does not speak is left out.
func languageIn(v string) (code string, known bool) {
	if _, after, uri := strings.Cut(v, "#"); uri {
		v = after
	}
	switch fold(v) {
	case "":
		return "", true
	case "en", "eng", "english", "enus", "ingles", "inglés":
		return "en", true
	case "es", "spa", "spanish", "espanol", "español", "esus", "esmx", "castilian":
		return "es", true
	}
	return "", false
}

// languageWord reads the language spoken at a student's home, in the file's own word.
func languageWord(r row, column string) string { return short(r, column, gradeLength) }

// schoolsIn hands over the schools of a file of them, whose columns have their id, name and telephone, and adds their ids to the ones known.
func (d *reader) schoolsIn(file, kind string, l layout, id, name, phone string, known map[string]bool) error {
	seen := map[string]int{}
	l.free, l.required = true, []string{id, name}
	_, err := d.each(file, l, nil, func(r row) error {
		source := sourcedID(r, id)
		if source == "" || twice(seen, r, id, source) {
			return nil
		}
		known[source] = true
		return d.schoolRow(r, name, source, kind, r.value(name), phoneIn(r, phone))
	})
	return err
}

// saysLines settles whether the files have a place for contacts and their lines.
func (d *reader) saysLines(there bool, file string) {
	if d.out.saysLines = there; !there {
		d.out.only = onlyStudents
		d.f.add(Note, file, 0, "", "", sayNoContacts)
	}
}

// primaryFirst compares for a sort that puts first what is primary.
func primaryFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// schoolRow hands a school over.
func (d *reader) schoolRow(r row, column, id, kind, name, phone string) error {
	if name == "" || tooLong(name, idLength) {
		r.note(Skipped, column, name, sayOrgUnfit)
		return nil
	}
	if garbled(name) {
		r.note(Warning, column, name, sayOrgLetters)
	}
	if kind == "district" && d.out.district == "" {
		d.out.district = name
	}
	return d.out.addSchool(roster.School{SourceID: id, Kind: kind, Name: name, Phone: phone})
}
