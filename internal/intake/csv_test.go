package intake

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// asEntry makes a file of a text.
func asEntry(name, text string) entry {
	return entry{name, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

func letters() layout {
	return layout{columns: []string{"a", "b", "c"}, aliases: map[string]string{"bee": "b"}, required: []string{"a"}}
}

// readAll reads a table's rows as text, with line numbers.
func readAll(text string) (rows []string, found []Finding, cut bool, err error) {
	f := newFindings()
	t, err := openTable(asEntry("x.csv", text), letters(), f)
	if err != nil {
		return nil, f.list(), false, err
	}
	err = each(t, func(r row) error {
		rows = append(rows, strings.Join([]string{r.value("a"), r.value("b"), r.value("c")}, "|"))
		return nil
	})
	return rows, f.list(), t.cut, errors.Join(err, t.Close())
}

func TestTablesAreReadWhateverTheProgramThatWroteThem(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
		cut  bool
		says string // must stand in a finding
	}{
		"plain":                               {text: "a,b,c\n1,2,3\n4,5,6\n", want: []string{"1|2|3", "4|5|6"}},
		"no line end at the end":              {text: "a,b,c\n1,2,3", want: []string{"1|2|3"}},
		"CR LF":                               {text: "a,b,c\r\n1,2,3\r\n", want: []string{"1|2|3"}},
		"CR alone":                            {text: "a,b,c\r1,2,3\r4,5,6\r", want: []string{"1|2|3", "4|5|6"}},
		"byte order mark":                     {text: "\xEF\xBB\xBFa,b,c\n1,2,3\n", want: []string{"1|2|3"}, says: "byte_order_mark"},
		"UTF-16, little end first":            {text: "\xFF\xFEa\x00,\x00b\x00\n\x001\x00,\x00\xF3\x00\n\x00", want: []string{"1|ó|"}, says: "utf_16"},
		"UTF-16 without a mark":               {text: "a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", want: []string{"1|2|"}, says: "utf_16"},
		"Windows-1252":                        {text: "a,b,c\nL\xF3pez,\x80,3\n", want: []string{"López|€|3"}, says: "windows_1252"},
		"UTF-8 with one damaged letter":       {text: "a,b,c\nLópez,Pérez,Mu\xF1oz\n", want: []string{"López|Pérez|Mu\uFFFDoz"}, says: "letters_damaged"},
		"quotes, commas and quotes in quotes": {text: "a,b,c\n\"1,1\",\"say \"\"hi\"\"\",3\n", want: []string{`1,1|say "hi"|3`}},
		"line break in a field":               {text: "a,b,c\n1,\"2\r\n2\",3\n4,5,6\n", want: []string{"1|2 2|3", "4|5|6"}, says: "line_break"},
		"a quote within a field":              {text: "a,b,c\n1,5\" pipe,3\n", want: []string{`1|5" pipe|3`}, says: "quote_within"},
		"letters after a closing quote":       {text: "a,b,c\n1,\"2\"x,3\n", want: []string{"1|2x|3"}, says: "quote_within"},
		"a quote that is never closed":        {text: "a,b,c\n1,\"2,3\n4,5,6\n7,8,9\n", want: []string{"4|5|6", "7|8|9"}, says: "quote_open"},
		"a quote closed rows later":           {text: "a,b,c\n1,\"2,3\n4,5,6\n7,\"8\",9\n", want: []string{"4|5|6", "7|8|9"}, says: "quote_open"},
		"short row":                           {text: "a,b,c\n1,2\n4,5,6\n", want: []string{"1|2|", "4|5|6"}, says: "row_short"},
		"long row with empty fields":          {text: "a,b,c\n1,2,3,,\n", want: []string{"1|2|3"}},
		"long row":                            {text: "a,b,c\n1,2,3,4\n5,6,7\n", want: []string{"5|6|7"}, says: "row_long"},
		"empty names at the header's end":     {text: "a,b,,\n1,2\n", want: []string{"1|2|"}},
		"cut within a row":                    {text: "a,b,c\n1,2,3\n4,5", want: []string{"1|2|3"}, cut: true, says: "row_cut"},
		"cut within a quoted field":           {text: "a,b,c\n1,2,3\n4,5,\"6", want: []string{"1|2|3"}, cut: true, says: "row_cut"},
		"empty lines":                         {text: "\n\na,b,c\n\n1,2,3\n\n\n", want: []string{"1|2|3"}},
		"header alone":                        {text: "a,b,c\n", says: "no_rows"},
		"blanks and case in the header":       {text: " A , Bee,C\n1,2,3\n", want: []string{"1|2|3"}, says: "column_named"},
		"unknown column, and a secret one":    {text: "a,x,Password,metadata.y\n1,2,hush,4\n", want: []string{"1||"}, says: "column_unknown"},
		"a column twice":                      {text: "a,b,b\n1,2,3\n", want: []string{"1|2|"}, says: "column_twice"},
		"semicolons, and a comma in a name":   {text: "a;b;c;Name (Last, First)\n1;\"2,2\";3;x\n", want: []string{"1|2,2|3"}, says: "semicolons"},
		"a separator in a name in quotes":     {text: "a,b,c,\"x;y;z;u;v\"\n1,2,3,4\n", want: []string{"1|2|3"}},
		"what a spreadsheet says of itself":   {text: "sep=;\r\na;b;c\r\n1;2;3\r\n", want: []string{"1|2|3"}, says: "semicolons"},
		"that there are commas":               {text: "sep=,\na,b,c\n1,2,3\n", want: []string{"1|2|3"}},
		"semicolons":                          {text: "a;b;c\n1;\"2,2\";3\n", want: []string{"1|2,2|3"}, says: "semicolons"},
		"another order":                       {text: "c,b,a\n1,2,3\n", want: []string{"3|2|1"}, says: "column_order"},
		"blanks around values":                {text: "a,b,c\n 1\t,\u00a02 ,\"  3  \"\n", want: []string{"1|2|3"}},
		"a spreadsheet's number":              {text: "a,b,c\n=\"0012\",2,3\n", want: []string{"0012|2|3"}},
		"null characters":                     {text: "a,b,c\n1\x00,2,3\n", want: []string{"1|2|3"}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, found, cut, err := readAll(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, rows); d != "" {
				t.Error(d)
			}
			if cut != tt.cut {
				t.Errorf("cut: %v", cut)
			}
			if tt.says != "" && !mentions(found, tt.says) {
				t.Errorf("nothing said of %q: %v", tt.says, found)
			}
			for _, x := range found {
				if strings.Contains(x.Was+x.Text, "hush") {
					t.Errorf("a password in %v", x)
				}
			}
		})
	}
}

func mentions(found []Finding, text string) bool {
	for _, x := range found {
		if strings.HasPrefix(string(x.Code), text) || strings.Contains(x.Text, text) {
			return true
		}
	}
	return false
}

func TestWhatIsNoTableIsInvalid(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                   "",
		"blank lines alone":       "\n\n\n",
		"a column missing":        "b,c\n1,2\n",
		"bytes":                   "a,b,c\n\x00\x01\x02\xFF\xFE\x81\x00\x00\n",
		"neither UTF-8 nor 1252":  "a,b,c\n\x81\x8D\x8F,2,3\n",
		"rows that make no sense": "a,b,c\n" + strings.Repeat("1,2,3,4,5\n", 30),
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, _, err := readAll(text); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFindingsOfOneKindAreCountedBeyondTwenty(t *testing.T) {
	_, found, _, err := readAll("a,b,c\n" + strings.Repeat("1,2\n", 500))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, x := range found {
		sum += x.Count
	}
	if len(found) != 4 || sum != 500 || found[3].Count != 497 || found[0].Line != 2 {
		t.Errorf("got %v", found)
	}
}

func TestAnUnclosedQuoteCostsNoMoreThanItsLine(t *testing.T) {
	text := "a,b,c\n1,\"2,3\n" + strings.Repeat("4,5,6\n", 40_000)
	rows, _, _, err := readAll(text)
	if err != nil || len(rows) != 40_000 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("a,b,c\n1,\"2\n2\",3\r4,5"))
	f.Add([]byte("\xFF\xFEa\x00\n\x00"))
	f.Add([]byte("a;b\r\n\"\"\"\"\"\n\"x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, _, _, err := readAll(string(data))
		if err == nil && len(rows) > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+1 {
			t.Errorf("%d rows of %q", len(rows), data)
		}
	})
}
