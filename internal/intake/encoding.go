package intake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// openText opens a file as UTF-8 without a byte order mark, whatever it was written in. Files with broken UTF-8 are read as Windows-1252
// unless they are plainly UTF-8 with damage; that takes a first pass over the file. It returns fault.Invalid for what is no text.
func openText(e entry, f *findings) (io.ReadCloser, error) {
	enc, err := detect(e, f)
	if err != nil {
		return nil, err
	}
	r, err := e.open()
	if err != nil {
		return nil, unreadable(e.name, err)
	}
	if enc == nil {
		b := bufio.NewReader(r)
		if start, _ := b.Peek(3); bytes.Equal(start, utf8Mark) {
			f.add(Note, e.name, 0, "", "", sayBOM)
			_, _ = b.Discard(3)
		}
		return readCloser{b, r}, nil
	}
	return readCloser{enc.NewDecoder().Reader(r), r}, nil
}

var utf8Mark = []byte{0xEF, 0xBB, 0xBF}

// detect returns the encoding to decode, nil for UTF-8.
func detect(e entry, f *findings) (encoding.Encoding, error) {
	file, err := e.open()
	if err != nil {
		return nil, unreadable(e.name, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	r := bufio.NewReaderSize(file, 64<<10)
	start, _ := r.Peek(256)
	if enc := utf16(start); enc != nil {
		f.add(Note, e.name, 0, "", "", sayUTF16)
		return enc, nil
	}
	s, err := survey(r)
	switch {
	case err != nil:
		return nil, unreadable(e.name, err)
	case s.broken == 0:
		return nil, nil
	case s.nulls > 0:
		return nil, cannot(Finding{Code: cannotText, File: e.name})
	case s.letters > s.broken:
		f.count(Finding{Level: Warning, File: e.name, Code: sayDamaged, Count: s.broken})
		return unicode.UTF8BOM, nil // which puts U+FFFD for each: XML is read no further than to what is no UTF-8
	case s.undefined > 0:
		return nil, cannot(Finding{Code: cannotLetters, File: e.name})
	}
	f.count(Finding{Level: Note, File: e.name, Code: sayWindows, Count: 1})
	return charmap.Windows1252, nil
}

// utf16 recognises UTF-16 by its byte order mark, or by the null bytes that plain letters have in it.
func utf16(start []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(start, []byte{0xFF, 0xFE}), bytes.HasPrefix(start, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case len(start) < 8 || bytes.IndexByte(start, 0) < 0:
		return nil
	}
	var at [2]int
	for i, c := range start[:len(start)&^1] {
		if c == 0 {
			at[i%2]++
		}
	}
	half := len(start) / 2
	switch {
	case at[1] > half*3/4 && at[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case at[0] > half*3/4 && at[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// bytesSeen counts what tells encodings apart.
type bytesSeen struct{ letters, broken, undefined, nulls int }

func survey(r *bufio.Reader) (bytesSeen, error) {
	var s bytesSeen
	for {
		c, size, err := r.ReadRune()
		switch {
		case errors.Is(err, io.EOF):
			return s, nil
		case err != nil:
			return s, err
		case c == utf8.RuneError && size == 1:
			s.broken++
			if err := r.UnreadRune(); err != nil {
				return s, err
			}
			b, _ := r.ReadByte()
			switch b {
			case 0x81, 0x8D, 0x8F, 0x90, 0x9D:
				s.undefined++
			}
		case c == 0:
			s.nulls++
		case size > 1:
			s.letters++
		}
	}
}
