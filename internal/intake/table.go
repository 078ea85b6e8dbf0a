package intake

import (
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
)

// layout says what a file of a format may hold.
type layout struct {
	columns  []string          // as the format spells them
	aliases  map[string]string // other spellings, folded, that are used in the field
	required []string          // without these the file cannot be taken
	standard []string          // that the format's standard wants to be there
	free     bool              // columns stand in any order, and names are taken in any case
}

// table reads a CSV file with a header, row by row. A column of passwords cannot be read.
type table struct {
	file    string
	again   entry // the file, to look through it once more; nothing for a sheet
	text    io.Closer
	source  source
	columns map[string]int
	secret  map[int]bool // columns of passwords, by their place
	names   []string     // in the header, as they stand
	folded  []string
	kind    int   // of a plain table
	dates   order // of the parts of dates
	looked  bool  // for it
	width   int
	wide    *bool           // rows end with empty fields beyond the last column; nil while nobody has looked
	rows    int             // that were read
	lost    int             // that could not be read
	cut     bool            // the file ends within a row
	unread  func(row) error // is told of rows that stand there and cannot be read; nil: nobody
	f       *findings
}

// source is where rows come from: a CSV file, or a sheet.
type source interface {
	next(width int) (record, error)
}

// row is one row of a table.
type row struct {
	t      *table
	line   int
	fields []string
}

// openTable opens a file and reads its header. It returns fault.Invalid when a required column is missing or the file is no CSV.
func openTable(e entry, l layout, f *findings) (*table, error) {
	text, err := openText(e, f)
	if err != nil {
		return nil, err
	}
	c := newCSV(text)
	t := &table{file: e.name, again: e, text: text, source: c, f: f}
	err = t.delimiter(c)
	if err == nil {
		err = t.header(l)
	}
	if err != nil {
		_ = text.Close()
		return nil, err
	}
	return t, nil
}

// Close gives the file back.
func (t *table) Close() error { return t.text.Close() }

func (t *table) header(l layout) error {
	rec, err := t.source.next(0)
	if errors.Is(err, io.EOF) || err == nil && rec.broken {
		return cannot(Finding{Code: cannotHeader, File: t.file})
	}
	if err != nil {
		return unreadable(t.file, err)
	}
	names := rec.fields
	for len(names) > 0 && strings.TrimSpace(names[len(names)-1]) == "" {
		names = names[:len(names)-1]
	}
	if len(names) > columnsLimit {
		return cannot(Finding{Code: cannotSheetWide, Number: columnsLimit})
	}
	t.width = len(names)
	t.columns, t.secret = map[string]int{}, secretColumns(names)
	last := -1
	for i, name := range names {
		t.folded = append(t.folded, fold(name))
		t.column(l, i, name, &last)
	}
	for _, want := range l.standard {
		if !t.has(want) {
			t.f.add(Warning, t.file, 1, want, "", sayColumnMissing)
		}
	}
	for _, need := range l.required {
		if !t.has(need) {
			return cannot(Finding{Code: cannotColumn, File: t.file, As: need, Was: shorten(strings.Join(names, ", "))})
		}
	}
	return nil
}

// delimiter notices files that a spreadsheet saved with semicolons or tabs.
func (t *table) delimiter(c *csvReader) error {
	head, err := c.firstLine()
	if err != nil {
		return unreadable(t.file, err)
	}
	// A spreadsheet's own first line, "sep=;".
	if rest, says := strings.CutPrefix(strings.ToLower(strings.Trim(head, `"`)), "sep="); says && len(rest) == 1 {
		c.comma = rest[0]
		if _, err := c.next(0); err != nil && !errors.Is(err, io.EOF) {
			return unreadable(t.file, err)
		}
		c.comma = ','
		if head, err = c.firstLine(); err != nil {
			return unreadable(t.file, err)
		}
	}
	most := separators(head, ',')
	for _, d := range []byte{';', '\t'} {
		if n := separators(head, d); n > most {
			c.comma, most = d, n
		}
	}
	if code := map[byte]Code{';': saySemicolons, '\t': sayTabs}[c.comma]; code != "" {
		t.f.add(Note, t.file, 1, "", "", code)
	}
	return nil
}

// separators counts how often a byte stands outside quotes.
func separators(line string, d byte) (n int) {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == d && !quoted:
			n++
		}
	}
	return n
}

func (t *table) column(l layout, i int, name string, last *int) {
	if t.secret[i] {
		return // no column of ours: nobody can ask a row for it
	}
	known := knownColumn(l, name)
	if known == "" {
		if clean := strings.TrimSpace(name); clean != "" && !strings.HasPrefix(clean, "metadata.") && (!l.free || !strings.HasPrefix(clean, "ext.")) {
			t.f.add(Warning, t.file, 1, clean, "", sayColumnUnknown)
		}
		return
	}
	if _, twice := t.columns[known]; twice {
		t.f.add(Warning, t.file, 1, known, name, sayColumnTwice)
		return
	}
	if known != name && (!l.free || fold(known) != fold(name)) {
		t.f.say(Finding{Level: Note, File: t.file, Line: 1, Column: name, Code: sayColumnNamed, As: known})
	}
	if at := slices.Index(l.columns, known); at < *last && !l.free {
		t.f.add(Note, t.file, 1, "", "", sayColumnOrder)
	} else {
		*last = at
	}
	t.columns[known] = i
}

func knownColumn(l layout, name string) string {
	folded := fold(name)
	for _, c := range l.columns {
		if fold(c) == folded {
			return c
		}
	}
	return l.aliases[folded]
}

// fold brings a name from a file to the letters and digits that count.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func (t *table) has(column string) bool {
	_, ok := t.columns[column]
	return ok
}

// next returns the next row that can be read; io.EOF after the last one, and fault.Invalid when the file is damaged or most of it makes
// no sense.
func (t *table) next() (row, error) {
	for {
		rec, err := t.source.next(t.width)
		if errors.Is(err, io.EOF) {
			if t.lost > 10 && t.lost > t.rows {
				return row{}, cannot(Finding{Code: cannotRows, File: t.file})
			}
			if t.rows == 0 {
				t.f.add(Note, t.file, 0, "", "", sayNoRows)
			}
			return row{}, io.EOF
		}
		if err != nil {
			return row{}, unreadable(t.file, err)
		}
		if !rec.broken && blank(rec.fields) {
			continue // a spreadsheet's, below its last row
		}
		r, ok := t.row(rec)
		if ok {
			t.rows++
			return r, nil
		}
		if t.lost++; t.unread != nil {
			if err := t.unread(row{t, rec.line, rec.fields}); err != nil {
				return row{}, err
			}
		}
	}
}

func blank(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool { return strings.TrimSpace(f) != "" })
}

func (t *table) row(rec record) (row, bool) {
	fields := t.within(rec.fields)
	switch {
	case rec.cut && (rec.broken || len(fields) < t.width):
		t.cut = true
		t.f.add(Skipped, t.file, rec.line, "", "", sayRowCut)
		return row{}, false
	case rec.broken:
		t.f.add(Skipped, t.file, rec.line, "", "", sayQuoteOpen)
		return row{}, false
	case len(fields) > t.width:
		t.f.add(Skipped, t.file, rec.line, "", "", sayRowLong)
		return row{}, false
	case len(fields) < t.width:
		t.f.add(Note, t.file, rec.line, "", "", sayRowShort)
	}
	if rec.multi {
		t.f.add(Note, t.file, rec.line, "", "", sayLineBreak)
	}
	t.formulas(rec)
	if rec.stray {
		t.f.add(Note, t.file, rec.line, "", "", sayQuoteWithin)
	}
	return row{t, rec.line, fields}, true
}

// within takes off the empty fields beyond the last column, which some programs write in every row. In a few rows they are what a comma without
// quotes has pushed out: everything behind that comma would stand in the wrong column.
func (t *table) within(fields []string) []string {
	n := len(fields)
	for n > t.width && strings.TrimSpace(fields[n-1]) == "" {
		n--
	}
	if n == len(fields) {
		return fields
	}
	if t.wide == nil {
		wide := t.isWide()
		t.wide = &wide
	}
	if !*t.wide {
		return fields
	}
	return fields[:n]
}

// isWide looks through the file: whether most rows have more fields than the header.
func (t *table) isWide() bool {
	wide, all := 0, 0
	looked := t.lookThrough(func(r row) {
		if all++; len(r.fields) > t.width {
			wide++
		}
	})
	return !looked || 2*wide > all
}

// looks is how many rows are looked at to tell how a file is written.
const looks = 5000

// lookThrough calls fn for the first rows of the file, which is opened once more. It reports false where it cannot be.
func (t *table) lookThrough(fn func(row)) bool {
	if t.again.open == nil {
		return false
	}
	text, err := openText(t.again, newFindings())
	if err != nil {
		return false
	}
	defer func() { _ = text.Close() }() // it was only read
	c := newCSV(text)
	o := &table{file: t.file, source: c, f: newFindings(), columns: t.columns, width: t.width}
	if err := o.delimiter(c); err != nil {
		return false
	}
	_, err = c.next(0) // the header
	for n := 0; n < looks && err == nil; n++ {
		var rec record
		if rec, err = c.next(t.width); err == nil {
			fn(row{o, rec.line, rec.fields})
		}
	}
	return true
}

// formulas notes what a spreadsheet would calculate.
func (t *table) formulas(rec record) {
	for i, v := range rec.fields {
		if len(v) > 1 && v[0] == '=' && !strings.HasPrefix(v, `="`) && !t.secret[i] {
			t.f.add(Note, t.file, rec.line, "", v, sayFormula)
			return
		}
	}
}

// value returns the row's value in a column, cleaned; "" where there is none.
func (r row) value(column string) string {
	i, ok := r.t.columns[column]
	if !ok || i >= len(r.fields) {
		return ""
	}
	return clean(r.fields[i])
}

// list returns the members of a comma-separated list.
func (r row) list(column string) []string {
	v := r.value(column)
	if v == "" {
		return nil
	}
	var all []string
	for part := range strings.FieldsFuncSeq(v, func(c rune) bool { return c == ',' || c == ';' || c == '|' }) {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return distinct(all)
}

// distinct leaves the first of each in their order, in the same slice.
func distinct(all []string) []string {
	var seen map[string]bool // of a long list: most have one or two
	if len(all) > 16 {
		seen = make(map[string]bool, len(all))
	}
	rest := all[:0]
	for _, v := range all {
		if seen[v] || seen == nil && slices.Contains(rest, v) {
			continue
		}
		if seen != nil {
			seen[v] = true
		}
		rest = append(rest, v)
	}
	return rest
}

// note adds a finding about this row.
func (r row) note(level Level, column, was string, code Code) {
	r.say(Finding{Level: level, Column: column, Was: was, Code: code})
}

// say adds a finding about this row. A column of a school's own table goes by the name that it has there.
func (r row) say(x Finding) {
	x.File, x.Line = r.t.file, r.line
	if i, ok := r.t.columns[x.Column]; ok && r.t.kind != 0 {
		x.Column = strings.TrimSpace(r.t.names[i])
	}
	r.t.f.say(x)
}

// twice says that an id stood in an earlier line.
func (r row) twice(column, id string, first int) {
	r.say(Finding{Level: Skipped, Column: column, Was: id, Code: sayIDTwice, Number: first})
}
