package apptest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Text is the page as it is read: no tags, single blanks.
func (b *Browser) Text() string { return textOf(b.doc) }

// Main is the text of the page without head, menu and foot.
func (b *Browser) Main() string {
	if m := b.first("main"); m != nil {
		return textOf(m)
	}
	return b.Text()
}

// See ends the test unless each of the words stands on the page.
func (b *Browser) See(words ...string) *Browser {
	b.t.Helper()
	for _, w := range words {
		if !strings.Contains(b.Text(), w) {
			b.fatalf("the page does not say %q", w)
		}
	}
	return b
}

// NotSee ends the test if one of the words stands anywhere in the page's source.
func (b *Browser) NotSee(words ...string) *Browser {
	b.t.Helper()
	for _, w := range words {
		if strings.Contains(b.HTML, w) || strings.Contains(b.Text(), w) {
			b.fatalf("the page says %q", w)
		}
	}
	return b
}

// Want ends the test unless the page has the status.
func (b *Browser) Want(status int) *Browser {
	b.t.Helper()
	if b.Status != status {
		b.fatalf("status %d, want %d", b.Status, status)
	}
	return b
}

func (b *Browser) fatalf(format string, args ...any) {
	b.t.Helper()
	b.t.Fatalf(format+"\n--- %d %s\n%s", append(args, b.Status, b.Path(), b.Text())...)
}

// Find returns the text of every element that a CSS selector finds.
func (b *Browser) Find(selector string) []string {
	b.t.Helper()
	var texts []string
	for _, n := range b.all(selector) {
		texts = append(texts, textOf(n))
	}
	return texts
}

// Value returns what stands in the field with the label.
func (b *Browser) Value(label string) string {
	b.t.Helper()
	f := b.field(label)
	if f.Data == "select" {
		v, _ := selected(f)
		return v
	}
	return attr(f, "value")
}

// Fill types into the field with the label, in place of what stands there.
func (b *Browser) Fill(label, text string) *Browser {
	b.t.Helper()
	f := b.field(label)
	if f.Data == "textarea" {
		f.FirstChild, f.LastChild = nil, nil
		f.AppendChild(&html.Node{Type: html.TextNode, Data: text})
		return b
	}
	setAttr(f, "value", text)
	return b
}

// Tick ticks the box with the label.
func (b *Browser) Tick(label string) *Browser {
	b.t.Helper()
	f := b.field(label)
	if attr(f, "type") != "checkbox" {
		b.fatalf("%q is no tick box", label)
	}
	setAttr(f, "checked", "")
	return b
}

// Choose takes one of a list ("Relationship", "Father"), or one of several round buttons by the question above them ("Restricted", "yes").
func (b *Browser) Choose(label, choice string) *Browser {
	b.t.Helper()
	for _, set := range b.all("fieldset") {
		if legend := cascadia.Query(set, selector("legend")); legend == nil || textOf(legend) != label {
			continue
		}
		var taken *html.Node
		for _, r := range cascadia.QueryAll(set, selector("input[type=radio]")) {
			delAttr(r, "checked")
			if b.nameOf(r) == choice {
				taken = r
			}
		}
		if taken == nil {
			b.fatalf("%q offers no %q", label, choice)
		}
		setAttr(taken, "checked", "")
		return b
	}
	list, found := b.field(label), false
	for _, o := range cascadia.QueryAll(list, selector("option")) {
		delAttr(o, "selected")
		if !found && textOf(o) == choice {
			setAttr(o, "selected", "")
			found = true
		}
	}
	if !found {
		b.fatalf("%q offers no %q", label, choice)
	}
	return b
}

// Follow follows the link with the words.
func (b *Browser) Follow(words string) *Browser {
	b.t.Helper()
	return b.open(http.MethodGet, b.resolve(attr(b.one("link", "a[href]", words), "href")), nil)
}

// Press presses the button with the words and sends its form.
func (b *Browser) Press(words string) *Browser {
	b.t.Helper()
	button := b.one("button", "button:not([type=button]), input[type=submit]", words)
	form := enclosing(button, "form")
	if id := attr(button, "form"); id != "" {
		form = b.first("form#" + id)
	}
	if form == nil {
		b.fatalf("the button %q stands in no form", words)
	}
	return b.send(form, button)
}

func (b *Browser) send(form, button *html.Node) *Browser {
	b.t.Helper()
	data := Controls(form)
	if name := attr(button, "name"); name != "" {
		data.Add(name, attr(button, "value"))
	}
	to := b.resolve(cmp.Or(attr(button, "formaction"), attr(form, "action")))
	if strings.EqualFold(attr(form, "method"), "post") {
		return b.open(http.MethodPost, to, data)
	}
	to.RawQuery = data.Encode()
	return b.open(http.MethodGet, to, nil)
}

// Form returns what the form with the button would send, and where to.
func (b *Browser) Form(words string) (path string, data url.Values) {
	b.t.Helper()
	form := enclosing(b.one("button", "button:not([type=button])", words), "form")
	return attr(form, "action"), Controls(form)
}

// Links are the addresses of all links on the page, each once.
func (b *Browser) Links() []string {
	var all []string
	for _, a := range b.all("a[href]") {
		if h := attr(a, "href"); !slices.Contains(all, h) {
			all = append(all, h)
		}
	}
	return all
}

// one returns the one element whose words are those given; among several with the same words the choice must not matter.
func (b *Browser) one(what, sel, words string) *html.Node {
	b.t.Helper()
	var found []*html.Node
	var names []string
	for _, n := range b.all(sel) {
		name := b.nameOf(n)
		names = append(names, name)
		if name == words {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		b.fatalf("no %s %q; there are %q", what, words, names)
	}
	for _, n := range found[1:] {
		if attr(n, "href") == "" || attr(n, "href") != attr(found[0], "href") {
			b.fatalf("%d times the %s %q: which?", len(found), what, words)
		}
	}
	return found[0]
}

// field returns the one field with the label.
func (b *Browser) field(label string) *html.Node {
	b.t.Helper()
	return b.one("field", "input:not([type=hidden]):not([type=submit]):not([type=radio]), select, textarea", label)
}

func (b *Browser) all(sel string) []*html.Node {
	if b.doc == nil {
		b.t.Fatal("no page is open")
	}
	return cascadia.QueryAll(b.doc, selector(sel))
}

func (b *Browser) first(sel string) *html.Node {
	if all := b.all(sel); len(all) > 0 {
		return all[0]
	}
	return nil
}

// nameOf is what a screen reader would say: aria-label, else the label, else the text.
func (b *Browser) nameOf(n *html.Node) string { return nameIn(b.doc, n) }

func nameIn(doc, n *html.Node) string {
	if l := attr(n, "aria-label"); l != "" {
		return l
	}
	if n.Data == "a" || n.Data == "button" {
		return textOf(n)
	}
	if id := attr(n, "id"); id != "" {
		for _, l := range cascadia.QueryAll(doc, selector("label[for]")) {
			if attr(l, "for") == id {
				return textOf(l)
			}
		}
	}
	if l := enclosing(n, "label"); l != nil {
		return textOf(l)
	}
	return ""
}

// Controls returns what a form sends, the button aside (HTML, 4.10.22.4).
func Controls(form *html.Node) url.Values {
	data := url.Values{}
	for _, c := range cascadia.QueryAll(form, selector("input, select, textarea")) {
		name, kind := attr(c, "name"), attr(c, "type")
		if name == "" || hasAttr(c, "disabled") {
			continue
		}
		switch {
		case c.Data == "select":
			if v, ok := selected(c); ok {
				data.Add(name, v)
			}
		case c.Data == "textarea":
			data.Add(name, rawText(c))
		case kind == "checkbox" || kind == "radio":
			if hasAttr(c, "checked") {
				v := attr(c, "value")
				if !hasAttr(c, "value") {
					v = "on"
				}
				data.Add(name, v)
			}
		case kind == "submit" || kind == "button":
		default:
			data.Add(name, attr(c, "value"))
		}
	}
	return data
}

// selected is the value of a list: the chosen one, or the first.
func selected(list *html.Node) (string, bool) {
	options := cascadia.QueryAll(list, selector("option"))
	if len(options) == 0 {
		return "", false
	}
	chosen := options[0]
	for _, o := range options {
		if hasAttr(o, "selected") {
			chosen = o
		}
	}
	if hasAttr(chosen, "value") {
		return attr(chosen, "value"), true
	}
	return textOf(chosen), true
}
