package help

import (
	"bytes"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown makes pages of Markdown. It holds no state between calls.
type markdown struct {
	md       goldmark.Markdown
	pictures map[string]picture
}

func newMarkdown(pictures map[string]picture) *markdown {
	// Alignment would be an inline style, which the pages' security policy refuses.
	table := extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))
	return &markdown{goldmark.New(goldmark.WithExtensions(table)), pictures}
}

// parse reads Markdown and takes out of it whatever a page must not hold.
func (m *markdown) parse(source []byte, language string) ast.Node {
	doc := m.md.Parser().Parse(text.NewReader(source))
	var found []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function returns no error
		if entering {
			found = append(found, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range found {
		m.harden(n, source, language)
	}
	return doc
}

// harden changes one node so that it can do no harm.
func (m *markdown) harden(n ast.Node, source []byte, language string) {
	switch n := n.(type) {
	case *ast.Heading:
		n.Level = max(n.Level, 2) // the first heading is the title
	case *ast.Link:
		// The renderer resolves escapes; what is judged must be what is written.
		n.Destination, n.Title = util.URLEscape(n.Destination, true), nil
		if !mayLink(string(n.Destination)) {
			unwrap(n)
		}
	case *ast.AutoLink:
		if target := string(n.URL(source)); !mayLink(target) && n.AutoLinkType == ast.AutoLinkURL {
			replace(n, plainText(string(n.Label(source))))
		}
	case *ast.Image:
		m.hardenImage(n, language)
	case *ast.RawHTML:
		replace(n, plainText(string(n.Segments.Value(source))))
	case *ast.HTMLBlock:
		typed := string(n.Lines().Value(source))
		if n.HasClosure() {
			typed += string(n.ClosureLine.Value(source))
		}
		p := ast.NewParagraph()
		p.AppendChild(p, plainText(typed))
		replace(n, p)
	}
}

// hardenImage keeps the pictures that the program carries; of every other its alternative text stays.
func (m *markdown) hardenImage(n *ast.Image, language string) {
	name, ok := strings.CutPrefix(string(n.Destination), "picture:")
	size, known := m.pictures[name+"-"+language]
	if known {
		name += "-" + language
	} else {
		size, known = m.pictures[name]
	}
	if !ok || !known {
		unwrap(n)
		return
	}
	n.Destination, n.Title = []byte("/help/pictures/"+name+".png"), nil
	n.SetAttributeString("width", []byte(strconv.Itoa(size.width)))
	n.SetAttributeString("height", []byte(strconv.Itoa(size.height)))
	n.SetAttributeString("loading", []byte("lazy"))
}

// plainText is text that is shown as it is.
func plainText(s string) ast.Node {
	n := ast.NewString([]byte(strings.ToValidUTF8(s, "\uFFFD")))
	n.SetRaw(true)
	return n
}

func replace(n, by ast.Node) {
	if p := n.Parent(); p != nil {
		p.ReplaceChild(p, n, by)
	}
}

// unwrap leaves a node's children in its place.
func unwrap(n ast.Node) {
	p := n.Parent()
	if p == nil {
		return
	}
	for c := n.FirstChild(); c != nil; {
		next := c.NextSibling()
		p.InsertBefore(p, n, c)
		c = next
	}
	p.RemoveChild(p, n)
}

// mayLink reports whether an article may link there: to a web page, a mail address, a telephone, or a page of ours by its path.
func mayLink(to string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != "" && u.User == nil
	case "mailto", "tel":
		return u.Opaque != ""
	case "":
		return u.Host == "" && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(to, "\\")
	}
	return false
}

// render returns the page of a parsed text.
func (m *markdown) render(source []byte, doc ast.Node) (string, error) {
	var b bytes.Buffer
	if err := m.md.Renderer().Render(&b, source, doc); err != nil {
		return "", fmt.Errorf("rendering Markdown: %w", err)
	}
	return b.String(), nil
}

// plain returns the words of a parsed text: a block a line.
func plain(source []byte, doc ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function returns no error
		if !entering {
			if n.Type() == ast.TypeBlock && b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
				b.WriteString("\n")
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			b.Write(n.Lines().Value(source))
		default:
			b.WriteString(inlineText(source, n))
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}

// inlineText is what a node itself says, without its children.
func inlineText(source []byte, n ast.Node) string {
	switch n := n.(type) {
	case *ast.Text:
		s := string(n.Value(source))
		if !n.IsRaw() {
			s = html.UnescapeString(string(util.UnescapePunctuations([]byte(s))))
		}
		if n.SoftLineBreak() || n.HardLineBreak() {
			s += " "
		}
		return s
	case *ast.String:
		return string(n.Value)
	case *ast.AutoLink:
		return string(n.Label(source))
	}
	return ""
}

// links returns where a parsed text links to, in order.
func links(source []byte, doc ast.Node) []string {
	var to []string
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function returns no error
		if l, ok := n.(*ast.Link); ok && entering {
			to = append(to, string(l.Destination))
		}
		return ast.WalkContinue, nil
	})
	return to
}
