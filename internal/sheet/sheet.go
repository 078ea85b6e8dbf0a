// Package sheet writes a table for spreadsheets, row by row and in bounded memory: as CSV (RFC 4180) or as XLSX (ECMA-376).
//
// What is in a cell is text and stays text: a value that a spreadsheet would take for a formula gets an apostrophe before it, in both formats,
// because an XLSX file is saved as CSV by the next person.
package sheet

import (
	"encoding/csv"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Format is a kind of file.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Formats lists the formats.
func Formats() []Format { return []Format{CSV, XLSX} }

// Type is the media type of the format.
func (f Format) Type() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Writer takes a table. The first row is its head. Without Close the file breaks off.
type Writer interface {
	Row(cells ...string) error
	Close() error
}

// New begins a file of the format; every format but XLSX is CSV.
func New(w io.Writer, f Format) (Writer, error) {
	if f == XLSX {
		return newXLSX(w), nil
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // spreadsheets take it for Latin-1 otherwise
		return nil, err
	}
	return &csvWriter{csv.NewWriter(w)}, nil
}

// limit is how many characters a spreadsheet takes in one cell.
const limit = 32_767

// Cell returns what is written for a value: one line, no control characters, and nothing that begins like a formula.
func Cell(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufffe' || r == '\uffff' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if first, _ := utf8.DecodeRuneInString(strings.TrimSpace(text)); strings.ContainsRune("=+-@\uFF1D\uFF0B\uFF0D\uFF20", first) {
		text = "'" + text
	}
	if utf8.RuneCountInString(text) > limit {
		text = string([]rune(text)[:limit])
	}
	return text
}

type csvWriter struct{ w *csv.Writer }

func (c *csvWriter) Row(cells ...string) error {
	row := make([]string, len(cells))
	for i, text := range cells {
		row[i] = Cell(text)
	}
	return c.w.Write(row)
}

func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}
