package mail_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/schoolgate/schoolgate/internal/mail"
	"golang.org/x/net/html"
)

func TestPlainKeepsWhatPeopleAreCalled(t *testing.T) {
	for _, name := range []string{
		"María José Núñez-O’Brien", "José", "李小龍", "محمد", "Ng", "Jean-Luc", "D'Angelo, Jr.", "ना\u200dम", "-ana", "#1mom", "1.5",
	} {
		if got := mail.Plain(name); got != name {
			t.Errorf("Plain(%q) = %q, want it unchanged", name, got)
		}
	}
}

func TestPlainNeutralisesMarksAndInvisibleCharacters(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a bullet keeps its looks only", "- Ana", "-\u00a0Ana"},
		{"a number keeps its looks only", "3. Ana", "3.\u00a0Ana"},
		{"a heading keeps its looks only", "# Ana", "#\u00a0Ana"},
		{"a value line keeps its looks only", " \t> Ana", ">\u00a0Ana"},
		{"a mark alone is quoted", "12.", "“12.”"},
		{"a dash alone is quoted", "-", "“-”"},
		{"line breaks of every kind become one space", "Ana\r\n\u2028\u0085\v Ruiz\n", "Ana Ruiz"},
		{"control characters go", "A\x00n\x1ba\x7f", "Ana"},
		{"bidirectional overrides go", "Ana\u202e ziuR\u2066", "Ana ziuR"},
		{"zero width characters go", "\u200bA\ufeffna\u00ad", "Ana"},
		{"a joiner outside a word goes", "\u200d Ana \u200dRuiz", "Ana Ruiz"},
		{"invalid UTF-8 goes", "An\xff\xfea", "Ana"},
		{"a web address is no address any more", "http://evil.example", "http: //evil.example"},
		{"an invisible character does not save the address", "http:/\u200b/evil.example", "http: //evil.example"},
		{"a novel is cut", strings.Repeat("a", 300), strings.Repeat("a", 200) + "…"},
		{"nothing stays nothing", " \n\t", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, mail.Plain(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExactChangesNothingThatIsTyped(t *testing.T) {
	for _, v := range []string{"-ana", "12.", "ana@example.org", "http://x", "K7MP-4QDX-9TRW-2VHB", "a_b.c"} {
		if got := mail.Exact(v); got != v {
			t.Errorf("Exact(%q) = %q, want it unchanged", v, got)
		}
	}
	if got := mail.Exact("a\nb\u202e"); got != "a b" {
		t.Errorf("Exact = %q, want one visible line", got)
	}
}

var hostileNames = []string{
	"", "-", "- x", "# x", "> x", "1. x", "999. x", "\n\n# x", "x\n\n> K7MP", "\r\nBcc: a@b.example", "x\r\n\r\n<html>",
	"<script>alert(1)</script>", `" onmouseover="x`, "</p></div><h1>", "&lt;b&gt;", "<!--", "]]>", "{{.}}", "%s%n",
	"https://evil.example/login", "HTTPS://evil.example", "a https://evil.example b", "http:/\u200b/e.example", "http:\u00a0//e",
	"\u202ehttp://e", "=?utf-8?q?=0D=0ABcc:_x?=", "\x00", "\xff\xfe", "\u2028# x", "\u2029> x", "\v- x", "\u0085- x", "\u00a0- x",
	".\r\n.\r\nMAIL FROM:<x>", "--boundary", strings.Repeat("# ", 500), strings.Repeat("𝔘", 400), "\u200d- x", "-\u200b x", "\u3000# x",
}

// letter is a body with a person's value at every place where one may stand.
func letter(name, exact string) string {
	return "Dear " + name + ",\n\n" + name + " is here.\n" + name + "\n\n# For " + name + "\n\n1. See " + name + "\n2. Go\n\n- " + name +
		".\n\n> " + exact + "\n\nhttps://school.example/parent\n"
}

// skeleton lists the tags of a page with their attributes, aside from texts.
func skeleton(t *testing.T, page string) (tags []string, text string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return tags, text
		case html.TextToken:
			text += string(z.Text())
		default:
			token := z.Token()
			tags = append(tags, token.String())
			if kind == html.CommentToken {
				t.Errorf("the page holds a comment: %s", token)
			}
		}
	}
}

// requireHarmless fails unless a letter with name in it has the structure of a letter with an everyday name.
func requireHarmless(t *testing.T, name string) {
	t.Helper()
	plain, exact := mail.Plain(name), mail.Exact(name)
	for _, s := range []string{plain, exact} {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsAny(s, "\u2028\u2029\u202d\u202e\u2066") {
			t.Fatalf("%q is not plain: %q", name, s)
		}
	}
	if plain == "" || exact == "" {
		return // the caller prints no empty names
	}
	want, _ := skeleton(t, mail.HTML("Hello", "en", letter("Ana", "ana"), "School"))
	got, _ := skeleton(t, mail.HTML("Hello", "en", letter(plain, exact), "School"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q changes the page:\n%s", name, diff)
	}
	if got, want := strings.Count(mail.Text(letter(plain, exact)), "\n"), strings.Count(mail.Text(letter("Ana", "ana")), "\n"); got != want {
		t.Fatalf("%q makes %d lines of %d", name, got, want)
	}
}

func TestEML6HostileNamesCannotChangeTheLetter(t *testing.T) {
	for _, name := range hostileNames {
		requireHarmless(t, name)
	}
}

func FuzzEML6Names(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) { requireHarmless(t, name) })
}
