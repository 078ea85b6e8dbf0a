// Package letter puts letters on paper: a PDF of one letter or of thousands, each on a page of its own, with the facts that a parent has to
// type in a box and the address to open as a QR code.
//
// Type is set from left to right, a letter at a time: what needs shaping (Arabic, Devanagari) or characters that the typeface lacks is not
// printable, and belongs on a page that a browser prints.
package letter

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"iter"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"rsc.io/qr"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Letter is one letter, in words that are ready to print.
type Letter struct {
	Language string   // BCP 47
	Sender   []string // the school's name, telephone, hours: a line each, the first in bold
	Date     string
	To       []string // the addressee, a line each
	Subject  string
	Body     string // paragraphs with an empty line between; a line that begins with "1. " is a step
	Facts    []Fact // in a box under the body
	Address  string // what the QR code opens; printed below it
}

// Fact is something that the reader has to type exactly so.
type Fact struct{ Label, Value string }

// Paper is the size of a page.
type Paper string

// The sizes: Letter in North America, A4 elsewhere.
const (
	USLetter Paper = "Letter"
	A4       Paper = "A4"
)

// Press makes letters. It is safe for concurrent use.
type Press struct {
	paper Paper
	has   *sfnt.Font
}

// New returns a press for paper of that size.
func New(p Paper) (*Press, error) {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("letter: the typeface: %w", err)
	}
	return &Press{paper: p, has: f}, nil
}

// Printable reports whether the typeface has every character of the letter.
func (p *Press) Printable(l Letter) bool {
	texts := append([]string{l.Date, l.Subject, l.Body, l.Address}, append(l.Sender, l.To...)...)
	for _, f := range l.Facts {
		texts = append(texts, f.Label, f.Value)
	}
	var b sfnt.Buffer
	for _, r := range strings.Join(texts, "") {
		if r == '\n' {
			continue
		}
		if i, err := p.has.GlyphIndex(&b, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// Millimetres, but for type, which is in points.
const (
	margin  = 25.0
	size    = 11.0
	leading = 5.8
	code    = 32.0 // the QR code's side
	sans    = "go"
)

// Write makes one PDF of all the letters, each beginning on a page of its own, and returns how many there were. An error of the sequence ends
// it. It returns fault.Invalid for a letter that is not printable: ask Printable first.
func (p *Press) Write(to io.Writer, title string, at time.Time, letters iter.Seq2[Letter, error]) (int, error) {
	w := &writer{Fpdf: fpdf.New("P", "mm", string(p.paper), ""), codes: map[string]string{}}
	w.SetCreationDate(at)
	w.SetModificationDate(at)
	w.SetCatalogSort(true)
	w.SetTitle(title, true)
	w.SetMargins(margin, margin, margin)
	w.SetAutoPageBreak(true, margin)
	w.AddUTF8FontFromBytes(sans, "", goregular.TTF)
	w.AddUTF8FontFromBytes(sans, "B", gobold.TTF)
	n := 0
	for l, err := range letters {
		if err != nil {
			return n, err
		}
		if !p.Printable(l) {
			return n, fault.Invalidf("letter %d has characters that the typeface lacks", n+1)
		}
		if err := w.letter(l); err != nil {
			return n, err
		}
		n++
	}
	if err := w.Output(to); err != nil {
		return n, fmt.Errorf("letter: writing the PDF: %w", err)
	}
	return n, nil
}

// writer is a PDF being written. The QR code of an address stands in it once, however many letters show it.
type writer struct {
	*fpdf.Fpdf
	codes map[string]string
}

func (w *writer) letter(l Letter) error {
	w.AddPage()
	w.lines(l.Sender, true)
	w.Ln(leading)
	w.text(l.Date)
	w.Ln(leading)
	w.lines(l.To, false)
	w.Ln(leading)
	if l.Subject != "" {
		w.SetFont(sans, "B", size+2)
		w.MultiCell(0, leading+1, l.Subject, "", "L", false)
		w.Ln(leading / 2)
	}
	for part := range strings.SplitSeq(l.Body, "\n\n") {
		w.paragraph(part)
	}
	w.facts(l.Facts)
	if l.Address != "" {
		if err := w.code(l.Address); err != nil {
			return err
		}
	}
	return w.Error()
}

func (w *writer) text(s string) {
	w.SetFont(sans, "", size)
	w.MultiCell(0, leading, s, "", "L", false)
}

func (w *writer) lines(all []string, bold bool) {
	for i, line := range all {
		w.SetFont(sans, map[bool]string{true: "B"}[bold && i == 0], size)
		w.MultiCell(0, leading, line, "", "L", false)
	}
}

// paragraph writes lines; the number of a step stands out to the left of its text.
func (w *writer) paragraph(text string) {
	const indent = 8.0
	w.SetFont(sans, "", size)
	for line := range strings.SplitSeq(text, "\n") {
		number, rest, found := strings.Cut(line, ". ")
		if !found || number == "" || strings.Trim(number, "0123456789") != "" {
			w.MultiCell(0, leading, line, "", "L", false)
			continue
		}
		w.CellFormat(indent, leading, number+".", "", 0, "L", false, 0, "")
		w.SetLeftMargin(margin + indent)
		w.MultiCell(0, leading, rest, "", "L", false)
		w.SetLeftMargin(margin)
		w.SetX(margin)
	}
	w.Ln(leading / 2)
}

// facts stand in a box, label above value, never broken over two pages.
func (w *writer) facts(all []Fact) {
	if len(all) == 0 {
		return
	}
	const pad = 4.0
	width, height := w.GetPageSize()
	tall := float64(len(all))*(2*leading+1) + 2*pad
	if w.GetY()+tall > height-margin {
		w.AddPage()
	}
	top := w.GetY()
	w.SetDrawColor(120, 120, 120)
	w.Rect(margin, top, width-2*margin, tall, "D")
	w.SetY(top + pad)
	for _, f := range all {
		w.SetX(margin + pad)
		w.SetFont(sans, "", size-2)
		w.CellFormat(0, leading, f.Label, "", 1, "L", false, 0, "")
		w.SetX(margin + pad)
		w.SetFont(sans, "B", size+1)
		w.CellFormat(0, leading, f.Value, "", 1, "L", false, 0, "")
		w.Ln(1)
	}
	w.SetY(top + tall + leading)
}

// code prints an address as a QR code with its letters beside it.
func (w *writer) code(address string) error {
	name, err := w.image(address)
	if err != nil {
		return err
	}
	_, height := w.GetPageSize()
	if w.GetY()+code > height-margin {
		w.AddPage()
	}
	top := w.GetY()
	w.ImageOptions(name, margin, top, code, code, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	w.SetXY(margin+code+6, top+code/2-leading/2)
	w.SetFont(sans, "B", size+1)
	shown, _, _ := strings.Cut(address, "#") // what follows is for the machine
	w.MultiCell(0, leading, shown, "", "L", false)
	w.SetY(top + code)
	return nil
}

func (w *writer) image(address string) (string, error) {
	if name, ok := w.codes[address]; ok {
		return name, nil
	}
	picture, err := QR(address)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("code-%d", len(w.codes))
	w.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(picture))
	w.codes[address] = name
	return name, w.Error()
}

// QR returns an address as a QR code (ISO/IEC 18004, error correction M), a PNG. It returns fault.Invalid for one that is too long.
func QR(address string) ([]byte, error) {
	c, err := qr.Encode(address, qr.M)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "no QR code can hold this")
	}
	c.Scale = 6
	picture := c.PNG()
	// Decoded and written once more: the encoder's own PNG has one bit a pixel in a form that PDF readers know, which this proves.
	if _, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil {
		return nil, fmt.Errorf("letter: the QR code: %w", err)
	}
	return picture, nil
}
