package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var table = [][]string{
	{"Name", "Note"},
	{"=cmd|'/c calc'!A0", "+1"},
	{"-2", "@SUM(A1)"},
	{"\t=1", "\r=1"},
	{"Núñez <b> & \"co\"", "two\nlines"},
	{"＝1", " leading"},
	{"broken \xff", "\u0001"},
	{"", "it's"},
}

var written = [][]string{
	{"Name", "Note"},
	{"'=cmd|'/c calc'!A0", "'+1"},
	{"'-2", "'@SUM(A1)"},
	{"' =1", "' =1"},
	{"Núñez <b> & \"co\"", "two lines"},
	{"'＝1", " leading"},
	{"broken \ufffd", " "},
	{"", "it's"},
}

func TestACellIsNeverAFormula(t *testing.T) {
	for _, format := range Formats() {
		var b bytes.Buffer
		write(t, &b, format, table)
		if diff := cmp.Diff(written, read(t, format, b.Bytes(), 1)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

func TestAnEmptyTableIsAFileToo(t *testing.T) {
	for _, format := range Formats() {
		var b bytes.Buffer
		write(t, &b, format, nil)
		if got := read(t, format, b.Bytes(), 1); len(got) != 0 {
			t.Errorf("%s: %v", format, got)
		}
	}
}

func TestMoreRowsThanASheetTakesGoOnInAnotherUnderTheSameHead(t *testing.T) {
	var b bytes.Buffer
	x := newXLSX(&b)
	x.most = 3
	for _, row := range [][]string{{"Head"}, {"1"}, {"2"}, {"3"}} {
		if err := x.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"Head"}, {"3"}}, read(t, XLSX, b.Bytes(), 2)); diff != "" {
		t.Error(diff)
	}
}

func write(t *testing.T, to io.Writer, format Format, rows [][]string) {
	t.Helper()
	w, err := New(to, format)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// read returns the rows of the n-th sheet.
func read(t *testing.T, format Format, data []byte, n int) [][]string {
	t.Helper()
	if format == CSV {
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	part := func(name string, into any) {
		t.Helper()
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.NewDecoder(f).Decode(into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	// Along the way on which a spreadsheet program finds it.
	var start, book struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:",attr"`
		}
	}
	part("_rels/.rels", &start)
	part("xl/_rels/workbook.xml.rels", &book)
	var types struct {
		Override []struct {
			PartName string `xml:",attr"`
		}
	}
	part("[Content_Types].xml", &types)
	if len(types.Override) != len(book.Relationship)+1 || start.Relationship[0].Target != "xl/workbook.xml" {
		t.Errorf("parts %v of %v", types, book)
	}
	var sheet struct {
		Row []struct {
			C []struct {
				T string `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	part("xl/"+book.Relationship[n-1].Target, &sheet)
	var rows [][]string
	for _, r := range sheet.Row {
		var row []string
		for _, c := range r.C {
			row = append(row, c.T)
		}
		rows = append(rows, row)
	}
	return rows
}
