package apptest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Flaws returns what is wrong with a page, whatever it is about: words missing from the catalogue, labels without fields and fields without
// labels, ids used twice or pointed at in vain, inline style and script, no language, no title, not exactly one heading.
func Flaws(page string) []string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	c := &checker{doc: doc, ids: map[string]int{}}
	if i := strings.Index(page, "[["); i >= 0 {
		c.flaw("words are missing from the catalogue: %s", page[i:min(i+60, len(page))])
	}
	for _, broken := range []string{"{{", "%!", "&lt;nil&gt;", "ZgotmplZ"} {
		if i := strings.Index(page, broken); i >= 0 {
			c.flaw("a template is broken: %s", page[i:min(i+60, len(page))])
		}
	}
	for _, n := range c.all("[id]") {
		c.ids[attr(n, "id")]++
	}
	for id, n := range c.ids {
		if n > 1 {
			c.flaw("id %q stands on %d elements", id, n)
		}
	}
	c.head()
	c.labels()
	c.pointers()
	c.inline()
	slices.Sort(c.flaws)
	return c.flaws
}

type checker struct {
	doc   *html.Node
	ids   map[string]int
	flaws []string
}

func (c *checker) flaw(format string, args ...any) {
	c.flaws = append(c.flaws, fmt.Sprintf(format, args...))
}

func (c *checker) all(sel string) []*html.Node { return cascadia.QueryAll(c.doc, selector(sel)) }

func (c *checker) head() {
	for _, n := range c.all("html") {
		if l := attr(n, "lang"); l != "en" && l != "es" {
			c.flaw("html has lang %q", l)
		}
	}
	titles := c.all("head title")
	if len(titles) != 1 || strings.Trim(textOf(titles[0]), " ·") == "" {
		c.flaw("the page has no title")
	}
	if n := len(c.all("h1")); n != 1 {
		c.flaw("the page has %d first headings", n)
	}
	if n := len(c.all("main")); n != 1 {
		c.flaw("the page has %d main parts", n)
	}
}

func (c *checker) labels() {
	for _, n := range c.all("input:not([type=hidden]), select, textarea, button, a[href]") {
		if nameIn(c.doc, n) == "" && attr(n, "type") != "submit" {
			c.flaw("%s has no words", source(n))
		}
	}
	for _, l := range c.all("label") {
		id := attr(l, "for")
		inside := cascadia.QueryAll(l, selector("input, select, textarea"))
		switch {
		case id == "" && len(inside) != 1:
			c.flaw("label %q belongs to %d fields", textOf(l), len(inside))
		case id != "":
			if found := c.byID(id); found == nil || !slices.Contains([]string{"input", "select", "textarea"}, found.Data) {
				c.flaw("label %q is for %q, which is no field", textOf(l), id)
			}
		}
	}
	for _, set := range c.all("fieldset") {
		if cascadia.Query(set, selector("legend")) == nil {
			c.flaw("a fieldset has no legend")
		}
	}
}

func (c *checker) byID(id string) *html.Node {
	for _, n := range c.all("[id]") {
		if attr(n, "id") == id {
			return n
		}
	}
	return nil
}

// pointers finds ids that are pointed at and do not exist.
func (c *checker) pointers() {
	for _, name := range []string{"aria-describedby", "aria-labelledby"} {
		for _, n := range c.all("[" + name + "]") {
			for _, id := range strings.Fields(attr(n, name)) {
				if c.ids[id] == 0 {
					c.flaw("%s of %s points at %q, which is not there", name, source(n), id)
				}
			}
		}
	}
	for _, n := range c.all("a[href]") {
		href := attr(n, "href")
		if id, ok := strings.CutPrefix(href, "#"); ok && c.ids[id] == 0 {
			c.flaw("link %q points at %q, which is not there", textOf(n), href)
		}
		if href == "" || strings.HasPrefix(href, "javascript:") {
			c.flaw("link %q leads nowhere", textOf(n))
		}
	}
}

// inline finds what the content security policy would keep from working.
func (c *checker) inline() {
	for _, n := range c.all("*") {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				c.flaw("%s has the attribute %s", source(n), a.Key)
			}
		}
	}
	for _, n := range c.all("style, script:not([src])") {
		c.flaw("%s stands in the page", source(n))
	}
	for _, f := range c.all("form") {
		if len(cascadia.QueryAll(f, selector("input[type=password]"))) > 0 && !strings.EqualFold(attr(f, "method"), "post") {
			c.flaw("a form sends a password in its address")
		}
	}
}

// source is an element's tag, to be shown.
func source(n *html.Node) string {
	var b strings.Builder
	b.WriteString("<" + n.Data)
	for _, a := range n.Attr {
		fmt.Fprintf(&b, " %s=%q", a.Key, a.Val)
	}
	return b.String() + ">"
}

func selector(s string) cascadia.Matcher {
	sel, err := cascadia.ParseGroup(s)
	if err != nil {
		panic("apptest: selector " + s + ": " + err.Error())
	}
	return sel
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func setAttr(n *html.Node, key, value string) {
	delAttr(n, key)
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}

func delAttr(n *html.Node, key string) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func enclosing(n *html.Node, tag string) *html.Node {
	for n = n.Parent; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && n.Data == tag {
			return n
		}
	}
	return nil
}

// textOf is the text that a reader sees, with single blanks.
func textOf(n *html.Node) string { return strings.Join(strings.Fields(rawText(n)), " ") }

func rawText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "style":
			b.WriteString(d.Data)
		case d.Type == html.ElementNode && !slices.Contains([]string{"a", "b", "i", "em", "strong", "small", "span", "button", "label", "output"}, d.Data):
			b.WriteString(" ")
		}
	}
	return b.String()
}
