package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// sheetRows is how many rows a sheet takes; what is more goes on in another one, under the same head.
const sheetRows = 1_048_576

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relSpace  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packages  = "http://schemas.openxmlformats.org/package/2006/"
	sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
	bookType  = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
	partsType = "application/vnd.openxmlformats-package.relationships+xml"
)

// xlsx writes text cells (inline strings, ECMA-376 part 1, 18.3.1.53) and nothing else: no styles, no shared strings to keep in memory.
type xlsx struct {
	z      *zip.Writer
	b      *bufio.Writer // of the sheet being written
	head   []string
	rows   int // in this sheet
	sheets int
	most   int
}

func newXLSX(w io.Writer) *xlsx { return &xlsx{z: zip.NewWriter(w), most: sheetRows} }

func (x *xlsx) Row(cells ...string) error {
	if x.b == nil || x.rows == x.most {
		if err := x.begin(); err != nil {
			return err
		}
		if x.head == nil {
			x.head = append([]string{}, cells...)
		} else if err := x.write(x.head); err != nil {
			return err
		}
	}
	return x.write(cells)
}

func (x *xlsx) write(cells []string) error {
	x.rows++
	x.text("<row>")
	for _, text := range cells {
		x.text(`<c t="inlineStr"><is><t xml:space="preserve">`)
		if err := xml.EscapeText(x.b, []byte(Cell(text))); err != nil {
			return err
		}
		x.text("</t></is></c>")
	}
	x.text("</row>\n")
	_, err := x.b.Write(nil) // says whether an earlier write failed
	return err
}

// text writes a constant; its error shows at the end of the row.
func (x *xlsx) text(s string) { _, _ = x.b.WriteString(s) }

// begin ends the sheet before and begins the next one.
func (x *xlsx) begin() error {
	if err := x.end(); err != nil {
		return err
	}
	x.sheets++
	x.rows = 0
	w, err := x.z.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.sheets))
	if err != nil {
		return err
	}
	x.b = bufio.NewWriterSize(w, 32<<10)
	x.text(xmlHead + `<worksheet xmlns="` + mainSpace + `"><sheetData>` + "\n")
	return nil
}

func (x *xlsx) end() error {
	if x.b == nil {
		return nil
	}
	x.text("</sheetData></worksheet>\n")
	return x.b.Flush()
}

func (x *xlsx) Close() error {
	if x.sheets == 0 { // a book without a sheet is none
		if err := x.begin(); err != nil {
			return err
		}
	}
	if err := x.end(); err != nil {
		return err
	}
	var types, sheets, parts strings.Builder
	for n := 1; n <= x.sheets; n++ {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%s"/>`, n, sheetType)
		fmt.Fprintf(&sheets, `<sheet name="Sheet%d" sheetId="%d" r:id="rId%d"/>`, n, n, n)
		fmt.Fprintf(&parts, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, relSpace, n)
	}
	for _, part := range []struct{ name, text string }{
		{"xl/workbook.xml", `<workbook xmlns="` + mainSpace + `" xmlns:r="` + relSpace + `"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packages + `relationships">` + parts.String() + `</Relationships>`},
		{"_rels/.rels", `<Relationships xmlns="` + packages + `relationships"><Relationship Id="rId1" Type="` + relSpace +
			`/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", `<Types xmlns="` + packages + `content-types"><Default Extension="rels" ContentType="` + partsType +
			`"/><Override PartName="/xl/workbook.xml" ContentType="` + bookType + `"/>` + types.String() + `</Types>`},
	} {
		w, err := x.z.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, xmlHead+part.text); err != nil {
			return err
		}
	}
	return x.z.Close()
}
