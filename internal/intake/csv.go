package intake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// recordLimit bounds one CSV record in bytes. What is longer has a quote that was never closed.
const recordLimit = 64 << 10

// csvReader reads RFC 4180 and what is sold as such: records end with CR, LF or both, quotes within a field stand for themselves. A quote
// that was never closed costs its own line and not the rest of the file.
type csvReader struct {
	r     *bufio.Reader
	back  []byte // read before, to be read again
	comma byte
	line  int // of the next record
	raw   []byte
}

// record is one CSV record as it stands in the file.
type record struct {
	line   int
	fields []string
	multi  bool // a field holds a line break
	stray  bool // a quote stands where none may stand
	broken bool // the record could not be told from what follows: only its first line was passed over; fields are that line as if it had no quotes
	cut    bool // the file ends within it, without a line end
}

func newCSV(r io.Reader) *csvReader {
	return &csvReader{r: bufio.NewReaderSize(r, 64<<10), comma: ',', line: 1}
}

// firstLine is what the next line that is not empty holds, as far as it can be looked at without being read.
func (c *csvReader) firstLine() (string, error) {
	for {
		first, err := c.r.Peek(4 << 10)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		i := bytes.IndexAny(first, "\r\n")
		if i != 0 {
			if i > 0 {
				first = first[:i]
			}
			return string(first), nil
		}
		_, _ = c.r.Discard(len(first) - len(bytes.TrimPrefix(bytes.TrimPrefix(first, []byte("\r")), []byte("\n"))))
		c.line++
	}
}

func (c *csvReader) readByte() (byte, error) {
	if len(c.back) > 0 {
		b := c.back[0]
		c.back = c.back[1:]
		return b, nil
	}
	return c.r.ReadByte()
}

// skipLF reads the second half of a CR LF, if that is what comes.
func (c *csvReader) skipLF() {
	if len(c.back) > 0 {
		if c.back[0] == '\n' {
			c.raw, c.back = append(c.raw, '\n'), c.back[1:]
		}
		return
	}
	if b, err := c.r.Peek(1); err == nil && b[0] == '\n' {
		_, _ = c.r.Discard(1)
		c.raw = append(c.raw, '\n')
	}
}

// next returns the next record that is not an empty line; io.EOF when there is none. width is how many fields a record should have, 0 for
// any: it tells a stray quote from a line break within a field.
func (c *csvReader) next(width int) (record, error) {
	for {
		rec, err := c.read(width)
		if err != nil || len(rec.fields) > 1 || rec.broken || rec.cut || rec.fields[0] != "" {
			return rec, err
		}
	}
}

func (c *csvReader) read(width int) (record, error) {
	rec := record{line: c.line}
	p := parser{comma: c.comma}
	c.raw = c.raw[:0]
	lines := 0
	for {
		b, err := c.readByte()
		if errors.Is(err, io.EOF) {
			if len(c.raw) == 0 {
				return rec, io.EOF
			}
			if p.state == quoted {
				return c.giveUp(rec), nil
			}
			rec.cut = true
			break
		}
		if err != nil {
			return rec, err
		}
		c.raw = append(c.raw, b)
		if b == '\r' {
			c.skipLF()
			b = '\n'
		}
		if b == '\n' {
			lines++
		}
		if p.take(b) {
			break
		}
		if len(c.raw) > recordLimit {
			return c.giveUp(rec), nil
		}
	}
	p.end()
	rec.fields, rec.multi, rec.stray = p.fields, lines > 1, p.stray
	if rec.multi && (p.stray || width > 0 && len(rec.fields) != width) {
		return c.giveUp(rec), nil
	}
	c.line += lines
	return rec, nil
}

// giveUp passes over the first line of the record alone and hands the rest back.
func (c *csvReader) giveUp(rec record) record {
	n := bytes.IndexAny(c.raw, "\r\n")
	switch {
	case n < 0:
		c.skipLine()
		n = len(c.raw)
	case c.raw[n] == '\r' && n+1 < len(c.raw) && c.raw[n+1] == '\n':
		n += 2
	default:
		n++
	}
	line := strings.ReplaceAll(string(c.raw[:min(n, recordLimit)]), `"`, "")
	c.back = append(bytes.Clone(c.raw[n:]), c.back...)
	c.line++
	rec.broken, rec.cut, rec.fields = true, len(c.back) == 0 && c.atEnd(), strings.Split(strings.TrimRight(line, "\r\n"), string(rune(c.comma)))
	return rec
}

// skipLine passes over the rest of a line that is longer than a record may be.
func (c *csvReader) skipLine() {
	for {
		switch b, err := c.readByte(); {
		case err != nil || b == '\n':
			return
		case b == '\r':
			c.skipLF()
			return
		}
	}
}

func (c *csvReader) atEnd() bool {
	_, err := c.r.Peek(1)
	return err != nil
}

// parser splits one record into fields.
type parser struct {
	comma  byte
	state  int
	field  []byte
	fields []string
	stray  bool
}

const (
	start = iota
	plain
	quoted
	closed // after the closing quote, or between two quotes that mean one
)

// take takes a byte, '\n' for every line end, and reports whether it ends the record.
func (p *parser) take(b byte) bool {
	switch {
	case p.state == quoted:
		if b == '"' {
			p.state = closed
		} else {
			p.field = append(p.field, b)
		}
		return false
	case p.state == closed && b == '"':
		p.field = append(p.field, '"')
		p.state = quoted
		return false
	case b == '\n':
		return true
	case b == p.comma:
		p.end()
		p.state = start
		return false
	case p.state == start && b == '"':
		p.state = quoted
		return false
	case b == '"' || p.state == closed && b != ' ':
		p.stray = true
	}
	if p.state != closed || b != ' ' {
		p.field = append(p.field, b)
		p.state = plain
	}
	return false
}

func (p *parser) end() {
	p.fields = append(p.fields, string(p.field))
	p.field = p.field[:0]
}
