package help

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/yuin/goldmark/ast"
	tables "github.com/yuin/goldmark/extension/ast"
	"golang.org/x/text/encoding/charmap"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Paper is what a printed article says besides its own words.
type Paper struct {
	Prior, Additional, Applies string // headings
	Foot, Date                 string
	Base                       string // address of this Schoolgate, for links
}

// printed is an article on paper as it was asked for last.
type printed struct {
	paper Paper
	data  []byte
}

// printable reports whether the PDF's typeface has every character of an article.
func printable(a Article) bool {
	for _, s := range []string{a.Title, a.Summary, a.Prior, a.Body, a.Additional, a.Applies, joinList(a.Keywords)} {
		for _, r := range s {
			if _, ok := charmap.Windows1252.EncodeRune(r); !ok {
				return false
			}
		}
	}
	return true
}

// Sizes on paper: millimetres, but for type, which is in points.
const (
	margin    = 20.0
	bodySize  = 11.0
	leading   = 5.6
	gap       = 2.4
	indent    = 7.0
	pixel     = 0.19 // of a picture
	pageWidth = 215.9
)

// PDF returns an article on paper. It returns fault.NotFound for one with characters that the typeface lacks.
func (l *Library) PDF(a *Published, p Paper) ([]byte, error) {
	if !a.Printable {
		return nil, fault.NotFoundf("this article has no PDF")
	}
	if last := a.pdf.Load(); last != nil && last.paper == p {
		return last.data, nil
	}
	w := &writer{Fpdf: fpdf.New("P", "mm", "Letter", ""), md: l.md, base: p.Base, language: a.Language}
	w.begin(a, p)
	w.heading(1, a.Title)
	w.paragraph([]run{{text: a.Summary, style: "I"}})
	for _, part := range []struct{ title, markdown string }{{p.Prior, a.Prior}, {"", a.Body}, {p.Additional, a.Additional}} {
		if part.markdown == "" {
			continue
		}
		if part.title != "" {
			w.heading(2, part.title)
		}
		w.source = []byte(part.markdown)
		w.blocks(l.md.parse(w.source, a.Language))
	}
	if a.Applies != "" {
		w.paragraph([]run{{text: p.Applies + ": ", style: "B"}, {text: a.Applies}})
	}
	var b bytes.Buffer
	if err := w.Output(&b); err != nil {
		return nil, fmt.Errorf("PDF of %s: %w", a.Slug, err)
	}
	a.pdf.Store(&printed{p, b.Bytes()})
	return b.Bytes(), nil
}

// writer writes an article's blocks onto pages.
type writer struct {
	*fpdf.Fpdf
	md       *markdown
	source   []byte
	base     string
	language string
	depth    int
}

// run is a piece of text in one style: "", "B", "I", "BI"; "C" is typewriter.
type run struct{ text, style, link string }

// latin brings text to the encoding of the typeface.
func latin(s string) string {
	var b strings.Builder
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			c = '?'
		}
		b.WriteByte(c)
	}
	return b.String()
}

func (w *writer) begin(a *Published, p Paper) {
	made, err := time.Parse(time.DateOnly, a.Date)
	if err == nil { // the same article makes the same file
		w.SetCreationDate(made)
		w.SetModificationDate(made)
	}
	w.SetCatalogSort(true)
	w.SetTitle(a.Title, true)
	w.SetSubject(a.Summary, true)
	w.SetLang(a.Language)
	w.SetMargins(margin, margin, margin)
	w.SetAutoPageBreak(true, margin+6)
	w.AliasNbPages("{pages}")
	w.SetFooterFunc(func() {
		w.SetLeftMargin(margin)
		w.SetXY(margin, -margin+2)
		w.SetFont("Helvetica", "", 8)
		w.CellFormat(0, 4, latin(p.Foot), "", 1, "L", false, 0, "")
		w.CellFormat(0, 4, latin(p.Base+a.Address()+" · "+p.Date+" · ")+strconv.Itoa(w.PageNo())+"/{pages}", "", 0, "L", false, 0, "")
		w.SetLeftMargin(margin + float64(w.depth)*indent)
	})
	w.AddPage()
}

func (w *writer) heading(level int, text string) {
	size := map[int]float64{1: 18, 2: 13}[level]
	if size == 0 {
		size = bodySize
	}
	w.Ln(gap)
	if _, height := w.GetPageSize(); w.GetY() > height-3*margin { // not alone at the foot of a page
		w.AddPage()
	}
	w.SetFont("Helvetica", "B", size)
	w.MultiCell(0, size/2, latin(text), "", "L", false)
	w.Ln(gap)
}

func (w *writer) paragraph(runs []run) {
	w.write(runs)
	w.Ln(leading + gap)
}

func (w *writer) write(runs []run) {
	for _, r := range runs {
		if r.style == "C" {
			w.SetFont("Courier", "", bodySize)
		} else {
			w.SetFont("Helvetica", r.style, bodySize)
		}
		if r.link != "" {
			w.WriteLinkString(leading, latin(r.text), r.link)
			continue
		}
		w.Write(leading, latin(r.text))
	}
}

// blocks writes the blocks in a node.
func (w *writer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			w.heading(n.Level, joinRuns(w.runs(n, "")))
		case *ast.List:
			w.list(n)
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			w.paragraph([]run{{text: strings.TrimRight(string(n.Lines().Value(w.source)), "\n"), style: "C"}})
		case *ast.Blockquote:
			w.indented(func() { w.blocks(n) })
		case *ast.ThematicBreak:
			w.Ln(gap)
		case *tables.Table:
			for row := n.FirstChild(); row != nil; row = row.NextSibling() {
				w.row(row)
			}
		default:
			w.text(n)
		}
	}
}

// text writes a paragraph; its pictures stand below it.
func (w *writer) text(n ast.Node) {
	if runs := w.runs(n, ""); len(runs) > 0 {
		w.paragraph(runs)
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if img, ok := c.(*ast.Image); ok {
			w.picture(img)
		}
	}
}

func (w *writer) list(n *ast.List) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "•"
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + "."
			number++
		}
		w.SetFont("Helvetica", "", bodySize)
		w.CellFormat(indent, leading, latin(mark), "", 0, "L", false, 0, "")
		w.indented(func() { w.blocks(item) })
	}
}

// row writes a row of a table as a line.
func (w *writer) row(n ast.Node) {
	var runs []run
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if len(runs) > 0 {
			runs = append(runs, run{text: " – "})
		}
		style := ""
		if n.Kind() == tables.KindTableHeader {
			style = "B"
		}
		runs = append(runs, w.runs(c, style)...)
	}
	w.paragraph(runs)
}

// indented lets write begin further in. What stands on the line already, a list's mark, stays before it.
func (w *writer) indented(write func()) {
	w.depth++
	w.SetLeftMargin(margin + float64(w.depth)*indent)
	if w.GetX() < margin+float64(w.depth)*indent {
		w.SetX(margin + float64(w.depth)*indent)
	}
	write()
	w.depth--
	w.SetLeftMargin(margin + float64(w.depth)*indent)
	w.SetX(margin + float64(w.depth)*indent)
}

func (w *writer) picture(n *ast.Image) {
	name := strings.TrimSuffix(strings.TrimPrefix(string(n.Destination), "/help/pictures/"), ".png")
	data, ok := Picture(name)
	if !ok {
		return
	}
	size := w.md.pictures[name]
	options := fpdf.ImageOptions{ImageType: "PNG"}
	w.RegisterImageOptionsReader(name, options, bytes.NewReader(data))
	width := min(float64(size.width)*pixel, pageWidth-2*margin-float64(w.depth)*indent)
	w.ImageOptions(name, w.GetX(), 0, width, 0, true, options, 0, "")
	w.Ln(gap)
}

// runs returns the text in a node, in its styles. Pictures are left out.
func (w *writer) runs(n ast.Node, style string) []run {
	var all []run
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Image:
		case *ast.Emphasis:
			inner := "I"
			if c.Level > 1 {
				inner = "B"
			}
			if strings.Contains(style, inner) || style == "C" {
				inner = ""
			}
			both := style + inner
			if both == "IB" {
				both = "BI"
			}
			all = append(all, w.runs(c, both)...)
		case *ast.CodeSpan:
			all = append(all, w.runs(c, "C")...)
		case *ast.Link:
			to := string(c.Destination)
			if strings.HasPrefix(to, "/") {
				to = w.base + to
			}
			for _, r := range w.runs(c, style) {
				r.link = to
				all = append(all, r)
			}
		default:
			if s := inlineText(w.source, c); s != "" {
				all = append(all, run{text: s, style: style})
			}
			all = append(all, w.runs(c, style)...)
		}
	}
	return all
}

func joinRuns(runs []run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.text)
	}
	return b.String()
}
