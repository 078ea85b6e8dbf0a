package intake

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// textLimit bounds the text of one element.
const textLimit = 64 << 10

// tokenLimit bounds what of the XML is in memory at once, in bytes.
const tokenLimit = 1 << 20

// errXML refuses XML that is nested too deep, has too long a piece, too many elements in a record, or a document type.
var errXML = cannot(Finding{Code: cannotXML})

// xmlReader reads XML as a stream. It takes no document type and no entities but those of XML itself, so that nothing in a file can grow or
// reach outside, and nothing nested deeper than xmlDepth.
type xmlReader struct {
	d     *xml.Decoder
	depth int
}

func newXML(r io.Reader) *xmlReader {
	d := xml.NewDecoder(&calmReader{r: r})
	d.Entity = nil
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // openText has decoded it
	return &xmlReader{d: d}
}

// calmReader refuses XML whose single tokens are so long that they would fill the memory: one text, tag, comment or CDATA section.
type calmReader struct {
	r       io.Reader
	run     int     // bytes since the token began
	last    [3]byte // that were read
	special byte    // '-', '[' or '!' within a comment, a CDATA section or a directive
	begin   int     // bytes of "<!x" that were seen
}

func (c *calmReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for _, b := range p[:n] {
		if c.run++; c.run > tokenLimit {
			return 0, errXML
		}
		c.take(b)
	}
	return n, err
}

func (c *calmReader) take(b byte) {
	c.last = [3]byte{c.last[1], c.last[2], b}
	switch {
	case c.special == 0 && b == '<':
		c.run, c.begin = 0, 1
	case c.begin == 1:
		c.begin = 0
		if b == '!' {
			c.begin = 2
		}
	case c.begin == 2:
		c.begin, c.special = 0, '!'
		if b == '-' || b == '[' {
			c.special = b
		}
	case c.special == '-' && string(c.last[:]) == "-->", c.special == '[' && string(c.last[:]) == "]]>", c.special == '!' && b == '>':
		c.special, c.run = 0, 0
	}
}

// step returns the next start of an element, or the name of the element that ends.
func (x *xmlReader) step() (e xml.StartElement, end string, err error) {
	for {
		t, err := x.d.Token()
		if err != nil {
			return e, "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > xmlDepth {
				return e, "", errXML
			}
			return t, "", nil
		case xml.EndElement:
			x.depth--
			return e, t.Name.Local, nil
		case xml.Directive:
			if strings.HasPrefix(strings.ToUpper(string(t)), "DOCTYPE") {
				return e, "", errXML
			}
		}
	}
}

// start returns the next start of an element, at any depth; io.EOF at the end.
func (x *xmlReader) start() (xml.StartElement, error) {
	for {
		e, end, err := x.step()
		if err != nil || end == "" {
			return e, err
		}
	}
}

// skip passes over the rest of the element that has just begun.
func (x *xmlReader) skip() error {
	for depth := x.depth; x.depth >= depth; {
		if _, _, err := x.step(); err != nil {
			return cutXML(err)
		}
	}
	return nil
}

// text returns the text of the element that has just begun, up to its end. What is too long is cut.
func (x *xmlReader) text() (string, error) {
	return x.collect(func(string) bool { return true }, false)
}

// richText is text for an element whose text stands in t elements below it, save those of rPh, which say how it is pronounced.
func (x *xmlReader) richText() (string, error) {
	return x.collect(func(name string) bool { return name != "rPh" }, true)
}

func (x *xmlReader) collect(into func(name string) bool, onlyT bool) (string, error) {
	var b strings.Builder
	depth := x.depth
	inT := !onlyT
	for x.depth >= depth {
		t, err := x.d.Token()
		if err != nil {
			return "", cutXML(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > xmlDepth {
				return "", errXML
			}
			if !into(t.Name.Local) {
				if err := x.skip(); err != nil {
					return "", err
				}
				continue
			}
			inT = !onlyT || t.Name.Local == "t"
		case xml.EndElement:
			x.depth--
			inT = !onlyT
		case xml.CharData:
			if inT && b.Len()+len(t) <= textLimit {
				b.Write(t)
			}
		}
	}
	return b.String(), nil
}

// cutXML says that an end within an element is no end.
func cutXML(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
