package intake

import (
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// plainTables reads tables of students and of contacts, CSV or XLSX, by the names of their columns: one file of each, or students with their
// contacts in the row, or a row for each contact with the student in it.
type plainTables struct {
	*reader
	given    Mapping
	numbers  map[string][]string // source ids of students by ID Number
	shared   map[string]bool     // ids that several students have
	schools  map[string]string   // source ids by what the file calls the school
	contacts map[string]*contact
	order    []string
	lines    map[pairOfIDs]*line
	pairs    []pairOfIDs
	next     map[string]int
	partial  map[string]bool
	above    *contact // the contact of the row before, which rows without a person go on with
	hasKids  bool
	hasAdult bool
	split    bool
}

func isTable(name string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".txt", ".xlsx"}, strings.ToLower(filepath.Ext(name)))
}

func knowsPlain(b *bundle) bool {
	for _, name := range b.names() {
		for _, t := range peekTables(b, name) {
			if kind, _ := plainHeader(t.Names, b.mapping); kind != otherTable {
				return true
			}
		}
	}
	return false
}

func readPlain(b *bundle, today string, f *findings, to *records) error {
	d := &plainTables{reader: newReader(b, today, f, to), given: b.mapping, numbers: map[string][]string{}, shared: map[string]bool{}, schools: map[string]string{},
		contacts: map[string]*contact{}, lines: map[pairOfIDs]*line{}, next: map[string]int{}, partial: map[string]bool{}}
	to.format = "tables"
	for _, want := range []plainKind{studentFile, pairFile, contactFile} { // contacts name students
		for _, name := range b.names() {
			if err := d.file(name, want); err != nil {
				return err
			}
		}
	}
	switch {
	case !d.hasKids && !d.hasAdult:
		return errNoStudents
	case !d.hasKids:
		to.only = onlyContacts
	case !d.hasAdult:
		to.only = onlyStudents
	}
	to.saysLines = d.hasAdult
	for _, id := range d.order {
		if err := to.addContact(*d.contacts[id]); err != nil {
			return err
		}
	}
	for _, p := range d.pairs {
		if err := d.hand(*d.lines[p]); err != nil {
			return err
		}
	}
	d.whole()
	return nil
}

// hand hands a line over, with its student where no file holds students.
func (d *plainTables) hand(l line) error {
	if !d.hasKids && !d.partial[l.student] {
		d.partial[l.student] = true
		if err := d.out.addStudent(partialStudent(l.student, l.from)); err != nil {
			return err
		}
	}
	return d.out.addLine(l)
}

// file reads the tables of a file that are of the kind.
func (d *plainTables) file(name string, want plainKind) error {
	e, _ := d.b.file(name)
	if !isTable(name) {
		if want == studentFile {
			d.f.add(Warning, name, 0, "", "", sayNoTable)
		}
		return nil
	}
	if !strings.EqualFold(filepath.Ext(name), ".xlsx") {
		text, err := openText(e, d.once(want))
		if err != nil {
			return err
		}
		c := newCSV(text)
		t := &table{file: e.name, again: e, text: text, source: c, f: d.once(want)}
		defer func() { _ = text.Close() }() // it was only read
		if err := t.delimiter(c); err != nil {
			return err
		}
		return d.table(t, want)
	}
	w, sheets, err := openWorkbook(e)
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }() // it was only read
	for _, s := range sheets {
		if err := w.open(s); err != nil {
			return err
		}
		t := &table{file: e.name, f: d.once(want), source: w}
		if len(sheets) > 1 {
			t.file += "/" + s.name
		}
		w.formula = func(line int, cell string) {
			if t.kind == int(want) {
				t.f.add(Note, t.file, line, cell, "", sayFormulaValue)
			}
		}
		err := d.table(t, want)
		_ = w.Close() // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

// once is where the findings of a file's opening go: each file is opened for every kind of table, and says what it is the first time.
func (d *plainTables) once(want plainKind) *findings {
	if want == studentFile {
		return d.f
	}
	return newFindings()
}

// headerWithin is how many rows of a sheet may stand above its header.
const headerWithin = 10

// table reads a table if it is of the kind.
func (d *plainTables) table(t *table, want plainKind) error {
	kind, columns, err := plainTable(t, d.given)
	if err != nil {
		return err
	}
	if kind == otherTable && want == studentFile {
		d.f.add(Warning, t.file, 1, "", shorten(strings.Join(t.names, ", ")), sayNoList)
	}
	if kind != want {
		return nil
	}
	t.kind = int(kind)
	t.f = d.f
	d.columns(t, columns)
	for key := range t.columns {
		d.out.saysRestrictions = d.out.saysRestrictions || strings.HasSuffix(key, ".restriction") || strings.HasSuffix(key, ".record_type")
	}
	take := d.studentRow
	switch kind {
	case studentFile:
		d.hasKids = true
		d.hasAdult = d.hasAdult || slices.ContainsFunc(columns, func(c plainColumn) bool { return c.group != "" })
	case contactFile:
		d.hasAdult, take = true, d.contactRow
	case pairFile:
		d.hasKids, d.hasAdult, take = true, true, d.pairRow
	}
	d.above = nil
	d.out.keepUnread(t, "student.id", "student.id_number", "contact.student_id", "contact.student_number", "contact.contact_id")
	err = each(t, func(r row) error { return take(r, columns) })
	d.cut = d.cut || t.cut
	return err
}

// plainTable reads the header of a table.
func plainTable(t *table, given Mapping) (plainKind, []plainColumn, error) {
	_, sheet := t.source.(*workbook)
	for range headerWithin {
		rec, err := t.source.next(0)
		if errors.Is(err, io.EOF) {
			return otherTable, nil, nil
		}
		if err != nil {
			return otherTable, nil, unreadable(t.file, err)
		}
		if t.names == nil {
			t.names = rec.fields
		}
		if len(rec.fields) > columnsLimit {
			return otherTable, nil, nil
		}
		kind, columns := plainHeader(rec.fields, given)
		if kind != otherTable {
			t.names, t.width = rec.fields, len(rec.fields)
			return kind, columns, nil
		}
		if !sheet {
			break
		}
	}
	return otherTable, nil, nil
}

// columns settles which column holds what, and says so.
func (d *plainTables) columns(t *table, columns []plainColumn) {
	t.columns, t.secret = map[string]int{}, secretColumns(t.names)
	for i, c := range columns {
		name := strings.TrimSpace(t.names[i])
		switch {
		case c.key == "" && (name == "" || c.field == isNone || isSecret(fold(name))):
		case c.key == "":
			d.f.add(Note, t.file, 1, name, "", sayColumnUnread)
		default:
			if _, again := t.columns[c.key]; again {
				d.f.say(Finding{Level: Warning, File: t.file, Line: 1, Column: name, Code: sayColumnSecond, As: c.key})
				continue
			}
			t.columns[c.key] = i
			if fold(c.field) != fold(name) {
				d.f.say(Finding{Level: Note, File: t.file, Line: 1, Column: name, Code: sayColumnAs, As: c.key})
			}
		}
	}
}

// tableHead is what the top of a table says.
type tableHead struct {
	File   string
	Names  []string
	Sample []string // the first row
}

// peekTables reads the headers of a file's tables. What cannot be read has none.
func peekTables(b *bundle, name string) []tableHead {
	e, ok := b.file(name)
	if !ok || !isTable(name) {
		return nil
	}
	head := func(t *table) tableHead {
		_, _, err := plainTable(t, b.mapping)
		if err != nil {
			return tableHead{}
		}
		h := tableHead{File: t.file, Names: t.names}
		if rec, err := t.source.next(0); err == nil {
			h.Sample = rec.fields
		}
		return h
	}
	if !strings.EqualFold(filepath.Ext(name), ".xlsx") {
		text, err := openText(e, newFindings())
		if err != nil {
			return nil
		}
		defer func() { _ = text.Close() }() // it was only read
		c := newCSV(text)
		t := &table{file: e.name, source: c, f: newFindings()}
		if err := t.delimiter(c); err != nil {
			return nil
		}
		return []tableHead{head(t)}
	}
	w, sheets, err := openWorkbook(e)
	if err != nil {
		return nil
	}
	var all []tableHead
	for _, s := range sheets {
		if w.open(s) == nil {
			all = append(all, head(&table{file: e.name + "/" + s.name, source: w, f: newFindings()}))
			_ = w.Close() // it was only read
		}
	}
	return all
}

// byName begins the source id of a school that a file knows by its name alone.
const byName = "name:"

// schoolOf is the source id of the school that a row names, "" for none; a school that no other row named is handed over.
func (d *plainTables) schoolOf(r row) (string, error) {
	code, name := r.value("student.school_id"), r.value("student.school")
	key := cmp.Or(code, byName+lang.SortKey(name, "", ""))
	if code == "" && name == "" || nothing(cmp.Or(name, code)) || tooLong(code, idLength) || tooLong(name, idLength) {
		return "", nil
	}
	if id, known := d.schools[key]; known {
		return id, nil
	}
	d.schools[key] = key
	return key, d.out.addSchool(roster.School{SourceID: key, Kind: "school", Name: cmp.Or(name, "School "+code)})
}

// studentRow reads a student with the contacts of the same row.
func (d *plainTables) studentRow(r row, columns []plainColumn) error {
	id, ok, err := d.student(r)
	if err != nil || !ok {
		return err
	}
	var groups []string
	for _, c := range columns {
		if c.group != "" && !slices.Contains(groups, c.group) {
			groups = append(groups, c.group)
		}
	}
	for _, g := range groups {
		if err := d.contactIn(r, g, id); err != nil {
			return err
		}
	}
	return nil
}

// pairRow reads a row of a contact that says who the student is.
func (d *plainTables) pairRow(r row, columns []plainColumn) error {
	id := cmp.Or(r.value("contact.student_id"), r.value("contact.student_number"))
	if d.another(r, "contact.student_id", id, rowName(r)) {
		return errors.Join(d.out.keep(id), d.out.keep(r.value("contact.contact_id")))
	}
	if _, known := d.students[id]; !known && id != "" {
		s, ok, err := d.studentOf(r, id, cmp.Or(r.value("contact.student_number"), id))
		if err != nil {
			return err
		}
		if ok {
			if err := d.out.addStudent(s); err != nil {
				return err
			}
		}
	}
	return d.contactRow(r, columns)
}

// student reads the student of a row and hands it over.
func (d *plainTables) student(r row) (id string, ok bool, err error) {
	number := r.value("student.id_number")
	id = cmp.Or(r.value("student.id"), number)
	if id == "" || tooLong(id, idLength) {
		r.note(Skipped, "", id, sayNumberMissing)
		return "", false, nil
	}
	column := "student.id_number"
	if r.value("student.id") != "" {
		column = "student.id"
	}
	if d.another(r, column, id, rowName(r)) {
		d.shared[id] = true
		return id, false, nil
	}
	if twice(d.students, r, column, id) {
		return id, false, nil
	}
	delete(d.students, id) // studentOf notes it
	s, ok, err := d.studentOf(r, id, cmp.Or(number, id))
	if err == nil && !ok {
		err = d.out.keep(id)
	}
	if err != nil || !ok {
		return id, false, err
	}
	return id, true, d.out.addStudent(s)
}

// rowName is what a row has as the student's name.
func rowName(r row) string {
	return nameKey(r.value("student.name")+r.value("student.first_name"), r.value("student.last_name"))
}

func (d *plainTables) studentOf(r row, id, number string) (s student, ok bool, err error) {
	name, ok := d.name(r, "student")
	if !ok {
		return s, false, nil
	}
	d.students[id] = r.line
	s = student{from: place{r.t.file, r.line}, carried: []string{"first_name", "last_name", "id_number", "status"}}
	s.Student = roster.Student{SourceID: id, First: name.first, Middle: name.middle, Last: name.last, IDNumber: numberIn(r, "id_number", number),
		Status: statusOf(r)}
	if key := lang.IDKey(s.IDNumber); key != "" {
		d.numbers[key] = append(d.numbers[key], id)
	}
	carry := func(field string) bool {
		has := r.t.has("student." + field)
		if has {
			s.carried = append(s.carried, field)
		}
		return has
	}
	if carry("middle_name") {
		s.Middle = extra(r, "student.middle_name")
	}
	if carry("preferred_first") {
		s.PreferredFirst = extra(r, "student.preferred_first")
	}
	if carry("preferred_last") {
		s.PreferredLast = extra(r, "student.preferred_last")
	}
	if carry("birth_date") {
		s.BirthDate = dayBy(r, "student.birth_date")
	}
	if carry("language") {
		s.Language = languageWord(r, "student.language")
	}
	if carry("grade") {
		s.Grade = gradeIn(r, "student.grade")
	}
	if carry("homeroom") {
		s.Homeroom = short(r, "student.homeroom", gradeLength)
	}
	if carry("email") {
		s.Email = emailIn(r, "student.email")
	}
	if s.school, err = d.schoolOf(r); s.school != "" {
		s.carried = append(s.carried, "school_id")
	}
	return s, true, err
}

// statusOf reads whether a student is at the school: words, or PowerSchool's numbers.
func statusOf(r row) roster.Status {
	v := r.value("student.status")
	switch fold(v) {
	case "", "active", "enrolled", "a", "0", "current", "e", "activo":
		return roster.Enrolled
	case "graduated", "3", "g", "graduate":
		return roster.Graduated
	case "inactive", "withdrawn", "transferred", "transferredout", "2", "i", "w", "t", "exited", "left", "inactivo", "1", "4":
		return roster.Withdrawn
	}
	if strings.TrimSpace(v) == "-1" || strings.TrimSpace(v) == "-2" {
		return roster.Enrolled // registered for what comes
	}
	r.note(Warning, "status", v, sayStatusEnrolled)
	return roster.Enrolled
}

// name reads the name of the student or contact of a row, told apart where it stands in one field.
func (d *plainTables) name(r row, of string) (n fullName, ok bool) {
	whole := r.value(of + ".name")
	if whole == "" || r.t.has(of+".last_name") {
		first, middle, last, ok := names(r, of+".first_name", of+".middle_name", of+".last_name")
		return fullName{first: first, middle: middle, last: last}, ok
	}
	if n = splitName(whole); tooLong(n.first, nameLength) || tooLong(n.last, nameLength) {
		r.note(Skipped, of+".name", whole, sayNameLong)
		return n, false
	}
	if garbled(whole) {
		r.note(Warning, of+".name", whole, sayLetters)
	}
	if !d.split {
		d.split = true
		r.note(Note, of+".name", whole, sayWholeName)
	}
	return n, true
}

// positionIn reads a contact's place among the student's contacts: its number, or that it is the first one.
func (d *plainTables) positionIn(r row, of, student string) (at int, said bool) {
	d.next[student]++
	if n, err := strconv.Atoi(r.value(of + ".position")); err == nil && n >= 0 && n < 1000 {
		return max(n-1, 0), true
	}
	if r.t.has(of + ".primary") {
		if flagIn(r, of+".primary") == roster.Yes {
			return 0, true
		}
		return d.next[student], true
	}
	return d.next[student] - 1, r.t.has(of + ".position")
}
