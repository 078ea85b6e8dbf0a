package intake

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
)

// The parts of a workbook (ECMA-376 part 1, 18) that hold a table. Everything else in it is never opened: no macros, links or pictures.
const (
	workbookPart = "xl/workbook.xml"
	stringsPart  = "xl/sharedStrings.xml"
	stylesPart   = "xl/styles.xml"
	relsPart     = "xl/_rels/workbook.xml.rels"
)

// What a workbook may take of memory and how far it may be nested.
const (
	workbookLimit = 64 << 20 // bytes, packed
	partLimit     = 256 << 20
	stringsLimit  = 64 << 20 // all texts together
	columnsLimit  = 1024
	xmlDepth      = 64
)

// workbook reads the rows of one sheet.
type workbook struct {
	zip     *zip.Reader
	name    string // of the sheet that is open
	texts   []string
	shapes  []shape // of cells, by style
	date04  bool
	rows    *xmlReader
	close   io.Closer
	line    int
	formula func(line int, cell string)
}

// sheet is a sheet by its name and where it stands.
type sheet struct{ name, part string }

// openWorkbook reads what all sheets share. It returns fault.Invalid for what is no workbook or too big a one.
func openWorkbook(e entry) (*workbook, []sheet, error) {
	r, err := e.open()
	if err != nil {
		return nil, nil, unreadable(e.name, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, workbookLimit+1))
	err = errors.Join(err, r.Close())
	if err != nil {
		return nil, nil, unreadable(e.name, err)
	}
	if len(data) > workbookLimit {
		return nil, nil, cannot(Finding{Code: cannotBigSheet, File: e.name, Number: workbookLimit >> 20})
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, nil, because(err, Finding{Code: cannotSheet, File: e.name})
	}
	w := &workbook{zip: z}
	sheets, err := w.sheets()
	if err == nil {
		err = w.readTexts()
	}
	if err == nil {
		err = w.readStyles()
	}
	if err != nil {
		return nil, nil, because(err, Finding{Code: cannotSheet, File: e.name})
	}
	return w, sheets, nil
}

// part opens a part of the workbook, no further than its limit.
func (w *workbook) part(name string) (*xmlReader, io.Closer, error) {
	for _, f := range w.zip.File {
		if f.Name != name {
			continue
		}
		if f.UncompressedSize64 > partLimit || f.UncompressedSize64 > ratioFrom && f.UncompressedSize64/max(f.CompressedSize64, 1) > 300 {
			return nil, nil, cannot(Finding{Code: cannotSheetUnpack})
		}
		r, err := f.Open()
		if err != nil {
			return nil, nil, err
		}
		return newXML(io.LimitReader(r, partLimit)), r, nil
	}
	return nil, nil, errNoPart
}

var errNoPart = errors.New("the workbook lacks a part")

// eachElement calls fn for the elements of a part that have one of the names.
func (w *workbook) eachElement(part string, fn func(x *xmlReader, e xml.StartElement) error) error {
	x, c, err := w.part(part)
	if errors.Is(err, errNoPart) && part != workbookPart {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // it was only read
	for {
		e, err := x.start()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = fn(x, e)
		}
		if err != nil {
			return err
		}
	}
}

func (w *workbook) sheets() ([]sheet, error) {
	targets := map[string]string{}
	err := w.eachElement(relsPart, func(_ *xmlReader, e xml.StartElement) error {
		if e.Name.Local == "Relationship" {
			targets[attr(e, "Id")] = attr(e, "Target")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []sheet
	err = w.eachElement(workbookPart, func(_ *xmlReader, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			v, _, _ := truth(attr(e, "date1904"))
			w.date04 = v
		case "sheet":
			target, id := "", ""
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					id = a.Value
				}
			}
			if target = targets[id]; target == "" {
				target = "worksheets/sheet" + strconv.Itoa(len(all)+1) + ".xml"
			}
			if attr(e, "state") == "" || attr(e, "state") == "visible" {
				all = append(all, sheet{attr(e, "name"), strings.TrimPrefix(path.Join("/xl", target), "/")})
				if strings.HasPrefix(target, "/") {
					all[len(all)-1].part = strings.TrimPrefix(path.Clean(target), "/")
				}
			}
		}
		return nil
	})
	return all, err
}

func (w *workbook) readTexts() error {
	total := 0
	return w.eachElement(stringsPart, func(x *xmlReader, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := x.richText()
		if total += len(text) + 16; total > stringsLimit {
			return cannot(Finding{Code: cannotSheetUnpack})
		}
		w.texts = append(w.texts, text)
		return err
	})
}

// shape says how a number is shown: as a date, or with so many digits at least.
type shape struct {
	date   bool
	digits int
}

func (w *workbook) readStyles() error {
	custom, cells := map[string]string{}, false
	return w.eachElement(stylesPart, func(_ *xmlReader, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			custom[attr(e, "numFmtId")] = attr(e, "formatCode")
		case "cellXfs":
			cells = true
		case "cellStyles", "dxfs", "cellStyleXfs":
			cells = false
		case "xf":
			if cells {
				id := attr(e, "numFmtId")
				w.shapes = append(w.shapes, shapeOf(id, custom[id]))
			}
		}
		return nil
	})
}

func shapeOf(id, code string) shape {
	n, _ := strconv.Atoi(id) // 0, which is "General", for what is no number
	switch {
	case n >= 14 && n <= 17 || n == 22:
		return shape{date: true}
	case code == "":
		return shape{}
	case strings.Trim(code, "0") == "":
		return shape{digits: len(code)}
	}
	plain := strings.Builder{}
	quoted := false
	for _, r := range strings.ToLower(code) {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted:
			plain.WriteRune(r)
		}
	}
	code = plain.String()
	return shape{date: strings.Contains(code, "yy") && strings.Contains(code, "d") && !strings.Contains(code, "general")}
}

// open begins to read a sheet.
func (w *workbook) open(s sheet) error {
	x, c, err := w.part(s.part)
	if err != nil {
		return because(err, Finding{Code: cannotSheet, File: s.name})
	}
	w.rows, w.close, w.line, w.name = x, c, 0, s.name
	return nil
}

// Close gives the sheet back.
func (w *workbook) Close() error {
	if w.close == nil {
		return nil
	}
	err := w.close.Close()
	w.close = nil
	return err
}

// next returns the next row that is not empty; io.EOF when there is none. A row has as many fields as width says, if it says so: empty cells
// at its end are not in the file.
func (w *workbook) next(width int) (record, error) {
	for {
		e, err := w.rows.start()
		if errors.Is(err, io.EOF) {
			return record{}, io.EOF
		}
		if err != nil {
			return record{}, because(err, Finding{Code: cannotSheet, File: w.name})
		}
		if e.Name.Local != "row" {
			continue
		}
		w.line++
		if n, err := strconv.Atoi(attr(e, "r")); err == nil && n > 0 {
			w.line = n
		}
		fields, err := w.cells()
		if err != nil {
			return record{}, because(err, Finding{Code: cannotSheet, File: w.name})
		}
		for width > 0 && len(fields) < width {
			fields = append(fields, "")
		}
		if !blank(fields) {
			return record{line: w.line, fields: fields}, nil
		}
	}
}

// cells reads the cells of a row up to its end.
func (w *workbook) cells() ([]string, error) {
	var fields []string
	at := 0
	for {
		e, end, err := w.rows.step()
		switch {
		case err != nil:
			return nil, err
		case end == "row":
			return fields, nil
		case end != "" || e.Name.Local != "c":
			continue
		}
		if column, ok := columnOf(attr(e, "r")); ok {
			at = column
		}
		if at >= columnsLimit {
			return nil, cannot(Finding{Code: cannotSheetWide, Number: columnsLimit})
		}
		value, err := w.cell(e)
		if err != nil {
			return nil, err
		}
		for len(fields) <= at {
			fields = append(fields, "")
		}
		fields[at] = value
		at++
	}
}

// cell reads one cell up to its end.
func (w *workbook) cell(c xml.StartElement) (string, error) {
	value, kind := "", attr(c, "t")
	for {
		e, end, err := w.rows.step()
		switch {
		case err != nil:
			return "", err
		case end == "c":
			return w.shown(kind, attr(c, "s"), value), nil
		case end != "":
			continue
		}
		switch e.Name.Local {
		case "v":
			value, err = w.rows.text()
		case "is":
			value, err = w.rows.richText()
		case "f":
			if w.formula != nil {
				w.formula(w.line, attr(c, "r"))
			}
			err = w.rows.skip()
		default:
			err = w.rows.skip()
		}
		if err != nil {
			return "", err
		}
	}
}

// shown is a cell's value as a person sees it.
func (w *workbook) shown(kind, style, value string) string {
	switch kind {
	case "s":
		if i, err := strconv.Atoi(value); err == nil && i >= 0 && i < len(w.texts) {
			return w.texts[i]
		}
		return ""
	case "b":
		return map[string]string{"1": "true", "0": "false"}[value]
	case "e":
		return ""
	case "str", "inlineStr", "d":
		return value
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	var how shape
	if i, err := strconv.Atoi(style); err == nil && i >= 0 && i < len(w.shapes) {
		how = w.shapes[i]
	}
	switch {
	case how.date && n >= 1 && n < 110000:
		first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		if w.date04 {
			first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		return first.AddDate(0, 0, int(n)).Format(time.DateOnly)
	case how.digits > 0 && n >= 0 && n == float64(int64(n)):
		digits := strconv.FormatInt(int64(n), 10)
		return strings.Repeat("0", max(0, min(how.digits, 64)-len(digits))) + digits
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// columnOf reads the column of a cell's address: 0 for A7, 27 for AB7.
func columnOf(address string) (int, bool) {
	n := 0
	for i, r := range address {
		switch {
		case r >= 'A' && r <= 'Z' && i < 3:
			n = n*26 + int(r-'A') + 1
		case r >= '0' && r <= '9' && n > 0:
			return n - 1, true
		default:
			return 0, false
		}
	}
	return 0, false
}
