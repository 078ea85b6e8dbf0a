package intake

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// openFile opens a roster that is one file: a zip of files, or a table or an XML document by itself. What it is shows in its first bytes,
// not in its name.
func openFile(name string, lim limits, f *findings) (*bundle, error) {
	head, err := firstBytes(name)
	if err != nil {
		return nil, unreadable(filepath.Base(name), err)
	}
	if len(head) == 0 {
		return nil, cannot(Finding{Code: cannotEmpty, File: filepath.Base(name)})
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		if isWorkbook(name) {
			return single(name, ".xlsx", lim)
		}
		return openZip(name, lim, f)
	}
	switch kindOfText(head) {
	case xmlText:
		return single(name, ".xml", lim)
	case tableText:
		return single(name, ".csv", lim)
	}
	return openZip(name, lim, f) // which says what is wrong
}

func firstBytes(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the caller chose it
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	head := make([]byte, 4<<10)
	n, err := io.ReadFull(file, head)
	if err != nil && n == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head[:n], nil
}

// isWorkbook reports whether a zip is a spreadsheet.
func isWorkbook(name string) bool {
	z, err := zip.OpenReader(name)
	if err != nil {
		return false
	}
	defer func() { _ = z.Close() }() // it was only read
	for _, f := range z.File {
		if f.Name == workbookPart {
			return true
		}
	}
	return false
}

type textKind int

const (
	noText textKind = iota
	tableText
	xmlText
)

// kindOfText tells a table from an XML document by its beginning.
func kindOfText(head []byte) textKind {
	if utf16(head) != nil {
		head = bytes.ReplaceAll(head, []byte{0}, nil)
		head = bytes.TrimLeft(head, "\xFF\xFE")
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(head, utf8Mark))
	if bytes.HasPrefix(text, []byte("<")) {
		return xmlText
	}
	line := text
	if i := bytes.IndexAny(text, "\r\n"); i >= 0 {
		line = text[:i]
	}
	if bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(line) && bytes.ContainsAny(line, "\x01\x02\x03\x04\x05\x06\x07\x08") ||
		!bytes.ContainsAny(line, ",;\t") {
		return noText
	}
	return tableText
}

// single is a bundle of one file, under its own name or one with the ending of what it is.
func single(path, ending string, lim limits) (*bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(filepath.Base(path), err)
	}
	if info.Size() > lim.total {
		return nil, cannot(Finding{Code: cannotBig, File: filepath.Base(path), Number: int(lim.total >> 20)})
	}
	name := filepath.Base(path)
	if !hasEnding(name) {
		name = strings.TrimSuffix(name, filepath.Ext(name)) + ending
	}
	open := func() (io.ReadCloser, error) { return os.Open(path) } //nolint:gosec // the caller chose it
	return &bundle{files: map[string]entry{strings.ToLower(name): {name: name, open: open}}, size: info.Size(), close: func() error { return nil }}, nil
}

// hasEnding reports whether a name ends like the files that rosters come in.
func hasEnding(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv", ".xml", ".xlsx", ".txt":
		return true
	}
	return false
}
