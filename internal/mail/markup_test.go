package mail_test

import (
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"github.com/google/go-cmp/cmp"
	"github.com/schoolgate/schoolgate/internal/mail"
	"golang.org/x/net/html"
)

const sample = `Hello María,
this is the second line.

# What to do now

1. Go to https://school.example/parent.
2. Type your username:

> María.López
3. Choose a password (see https://school.example/help?a=1&b=2).
4. Done

- no <b>bold</b>
- no *stars*

12.
2026. was a good year
-dash`

func TestTextReadsLikeALetter(t *testing.T) {
	want := `Hello María,
this is the second line.

What to do now

1. Go to https://school.example/parent.
2. Type your username:

    María.López

3. Choose a password (see https://school.example/help?a=1&b=2).
4. Done

- no <b>bold</b>
- no *stars*

12.
2026. was a good year
-dash
`
	if diff := cmp.Diff(want, mail.Text(sample)); diff != "" {
		t.Error(diff)
	}
	if got := mail.Text(strings.ReplaceAll(sample, "\n", "\r\n")); got != want {
		t.Errorf("with CRLF: %q", got)
	}
	if got := mail.Text(" \n\n"); got != "" {
		t.Errorf("an empty body gives %q", got)
	}
}

func query(t *testing.T, page, selector string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return cascadia.QueryAll(root, cascadia.MustCompile(selector))
}

func texts(nodes []*html.Node) []string {
	var out []string
	for _, n := range nodes {
		var b strings.Builder
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data)
			}
		}
		out = append(out, b.String())
	}
	return out
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestHTMLHasTheStructureOfTheMarkup(t *testing.T) {
	page := mail.HTML("Tu contraseña", "es", sample, "Morgan <County>")
	for _, c := range []struct {
		selector string
		want     []string
	}{
		{"title", []string{"Tu contraseña"}},
		{"p.brand", []string{"Morgan <County>"}},
		{"h1", []string{"Tu contraseña"}},
		{"h2", []string{"What to do now"}},
		{"ol:not([start]) li", []string{"Go to https://school.example/parent.", "Type your username:"}},
		{"ol[start='3'] li", []string{"Choose a password (see https://school.example/help?a=1&b=2).", "Done"}},
		{"ul li", []string{"no <b>bold</b>", "no *stars*"}},
		{"p.value", []string{"María.López"}},
		{"a", []string{"https://school.example/parent", "https://school.example/help?a=1&b=2"}},
		{"b, script, img, link, iframe", nil},
	} {
		if diff := cmp.Diff(c.want, texts(query(t, page, c.selector))); diff != "" {
			t.Errorf("%s:\n%s", c.selector, diff)
		}
	}
	for _, a := range query(t, page, "a") {
		if got, want := attribute(a, "href"), texts([]*html.Node{a})[0]; got != want {
			t.Errorf("a link to %q reads %q", got, want)
		}
	}
}

func TestHTMLIsReadableAloudAndInTheDarkAndFetchesNothing(t *testing.T) {
	page := mail.HTML("Tu contraseña", "es", sample, "")
	for _, selector := range []string{
		"html[lang=es][dir=ltr]", "div[role=article][lang=es][aria-label='Tu contraseña']", "meta[name=color-scheme]", "meta[charset]",
		"meta[name=viewport]", "p.value[style*=monospace]",
	} {
		if len(query(t, page, selector)) != 1 {
			t.Errorf("the page has no %s, or several", selector)
		}
	}
	if !strings.Contains(page, "prefers-color-scheme:dark") {
		t.Error("there is no dark palette")
	}
	for _, fetch := range []string{"src=", "url(", "@import", "<link", "<img"} {
		if strings.Contains(page, fetch) {
			t.Errorf("the page holds %s", fetch)
		}
	}
	if n := len(query(t, mail.HTML("x", "ar", "x", ""), "html[dir=rtl]")); n != 1 {
		t.Error("Arabic does not read from right to left")
	}
	if n := len(query(t, mail.HTML("x", `"><script>`, "x", ""), "script, html[lang]")); n != 0 {
		t.Error("a malformed language got into the page")
	}
}

func TestHTMLLinks(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"the end of a sentence is not part of the address", "See http://a.example/x?y=1, or (https://b.example).", []string{"http://a.example/x?y=1", "https://b.example"}},
		{"a value is never a link", "> https://a.example", nil},
		{"a bare scheme is no link", "https:// and http://.", nil},
		{"other schemes are no links", "javascript:alert(1) ftp://a.example mailto:a@b.example", nil},
		{"quotes end an address", `"https://a.example/"x"`, []string{"https://a.example/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, texts(query(t, mail.HTML("s", "en", c.body, ""), "a"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzHTML says that no body at all, cleaned or not, brings in an element that the markup does not have.
func FuzzHTML(f *testing.F) {
	f.Add(sample, "s", "en", "b")
	for _, name := range hostileNames {
		f.Add(name, name, name, name)
	}
	known := map[string]bool{"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true, "div": true, "p": true,
		"h1": true, "h2": true, "ol": true, "ul": true, "li": true, "br": true, "a": true}
	f.Fuzz(func(t *testing.T, body, subject, lang, brand string) {
		page := mail.HTML(subject, lang, body, brand)
		for _, n := range query(t, page, "*") {
			if !known[n.Data] {
				t.Fatalf("element %s", n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "http") {
					t.Fatalf("attribute %s=%q", a.Key, a.Val)
				}
			}
		}
		if n := len(query(t, page, "body > *")); n != 1 {
			t.Fatalf("the body has %d children", n)
		}
		mail.Text(body)
	})
}
