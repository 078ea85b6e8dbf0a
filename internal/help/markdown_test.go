package help_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var hostile = []string{
	`<script>alert(1)</script>`,
	"text <script>alert(1)</script> text",
	`<img src=x onerror=alert(1)>`,
	`<svg onload=alert(1)>`,
	`<iframe src="https://evil.example"></iframe>`,
	`<style>body{display:none}</style>`,
	`<a href="javascript:alert(1)">x</a>`,
	`<!-- comment --> <?php ?> <!DOCTYPE x> <![CDATA[ x ]]>`,
	`[x](javascript:alert(1))`,
	`[x](JaVaScRiPt:alert(1))`,
	`[x]( javascript:alert(1))`,
	`[x](<javascript:alert(1)>)`,
	`[x](java&#115;cript:alert(1))`,
	`[x](java&amp;#115;cript:alert(1))`,
	`[x](javascript&colon;alert(1))`,
	`[x](java\script:alert(1))`,
	`[x](&#x6A;avascript:alert(1))`,
	"[x](java\tscript:alert(1))",
	"[x](\x01javascript:alert(1))",
	`[x](vbscript:msgbox(1))`,
	`[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)`,
	`[x](data:image/png;base64,AAAA)`,
	`[x](file:///etc/passwd)`,
	`[x](//evil.example/)`,
	`[x](/\evil.example/)`,
	`[x](\\evil.example)`,
	`[x](https://user:password@evil.example/)`,
	`<javascript:alert(1)>`,
	`<data:text/html,x>`,
	"[x][1]\n\n[1]: javascript:alert(1)",
	`![x](javascript:alert(1))`,
	`![x](https://evil.example/pixel.png)`,
	`![x](data:image/svg+xml,<svg onload=alert(1)>)`,
	`![x" onerror="alert(1)](picture:nothing)`,
	`![x](picture:../../go)`,
	`[x](/help/ "title\" onmouseover=\"alert(1)")`,
	"```\"><script>alert(1)</script>\n<script>alert(1)</script>\n```",
	"`<script>alert(1)</script>`",
	"# First heading\n\nSetext\n===",
	"| a | b |\n|:--|--:|\n| <b>x</b> | [y](javascript:alert(1)) |",
	"<div\n\nonclick=alert(1)>",
	"<b>[x](https://example.org/\"onclick=\"alert(1))</b>",
	`[<img src=x onerror=alert(1)>](https://example.org/)`,
	strings.Repeat("> ", 3000) + "deep",
	strings.Repeat("[", 5000) + "x" + strings.Repeat("](y)", 5000),
}

var (
	tag       = regexp.MustCompile(`<[^>]*>`)
	harmless  = regexp.MustCompile(`^</?(p|h[2-6]|ul|ol|li|strong|em|code|pre|blockquote|table|thead|tbody|tr|th|td|br|hr|a|img)( [a-z]+="[^"<>]*")*( /)?>$`)
	attribute = regexp.MustCompile(` ([a-z]+)="([^"]*)"`)
)

// flaws is what stands in a page that hostile Markdown must not bring there.
func flaws(page string) []string {
	var found []string
	for _, t := range tag.FindAllString(page, -1) {
		if !harmless.MatchString(t) {
			found = append(found, "tag "+t)
		}
		for _, a := range attribute.FindAllStringSubmatch(t, -1) {
			ok := false
			switch a[1] {
			case "href":
				ok = regexp.MustCompile(`^(https?://[^@]+|mailto:.+|tel:.+|/([^/\\].*)?)$`).MatchString(a[2])
			case "src":
				ok = regexp.MustCompile(`^/help/pictures/[a-z0-9-]+\.png$`).MatchString(a[2])
			case "alt", "width", "height", "loading", "start", "class":
				ok = true
			}
			if !ok {
				found = append(found, "attribute "+a[0])
			}
		}
	}
	return found
}

func TestHostileMarkdownBringsNoScriptOntoThePage(t *testing.T) {
	l := open(t, database(t))
	for _, markdown := range hostile {
		page, err := l.Render(markdown)
		if err != nil {
			t.Fatal(err)
		}
		for _, flaw := range flaws(page) {
			t.Errorf("%.80q: %s in %.300s", markdown, flaw, page)
		}
	}
	if page, _ := l.Render("a <b>bold</b> word"); page != "<p>a &lt;b&gt;bold&lt;/b&gt; word</p>\n" {
		t.Errorf("typed markup is not shown as it was typed: %s", page)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, markdown := range hostile {
		f.Add(markdown[:min(len(markdown), 5000)])
	}
	l := open(f, database(f))
	f.Fuzz(func(t *testing.T, markdown string) {
		if len(markdown) > 5000 {
			return // deep nesting takes long
		}
		page, err := l.Render(markdown)
		if err != nil {
			t.Fatal(err)
		}
		if found := flaws(page); len(found) > 0 {
			t.Errorf("%s", found)
		}
	})
}

func TestMarkdownKeepsWhatAnArticleNeeds(t *testing.T) {
	l := open(t, database(t))
	for markdown, want := range map[string]string{
		"# Title":                         "<h2>Title</h2>\n",
		"## Steps\n\n1. One\n2. **Two**":  "<h2>Steps</h2>\n<ol>\n<li>One</li>\n<li><strong>Two</strong></li>\n</ol>\n",
		"[first](/help/how-to/x?a=1&b=2)": `<p><a href="/help/how-to/x?a=1&amp;b=2">first</a></p>` + "\n",
		"<https://example.org/a>":         `<p><a href="https://example.org/a">https://example.org/a</a></p>` + "\n",
		"<office@example.org>":            `<p><a href="mailto:office@example.org">office@example.org</a></p>` + "\n",
		"[call](tel:555-0100)":            `<p><a href="tel:555-0100">call</a></p>` + "\n",
		"[*no*](javascript:x) way":        "<p><em>no</em> way</p>\n",
		"![The page](picture:not-there)":  "<p>The page</p>\n",
		"AT&T & more, 1 < 2":              "<p>AT&amp;T &amp; more, 1 &lt; 2</p>\n",
		"| a |\n|:-:|\n| b |":             "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>\n",
	} {
		got, err := l.Render(markdown)
		if err != nil || got != want {
			t.Errorf("%q:\n got %q\nwant %q (%v)", markdown, got, want, err)
		}
	}
}

func database(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldbtest.SQLite(t), sqldb.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestEveryShippedArticleIsWholeInBothLanguagesAndLeadsNowhereDead(t *testing.T) {
	all, _, err := help.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, database(t))
	if len(all) < 30 {
		t.Errorf("only %d articles", len(all))
	}
	for _, a := range all {
		name := a.Language + "/" + a.Slug
		other := map[string]string{"en": "es", "es": "en"}[a.Language]
		if !l.Has(a.Slug, other) {
			t.Errorf("%s has no %s", name, other)
		}
		p, err := l.Article(string(a.Kind), a.Slug, a.Language)
		if err != nil || p.Kind != a.Kind {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if q, err := l.Article(string(a.Kind), a.Slug, other); err == nil && q.Kind != a.Kind {
			t.Errorf("%s has another address in %s", name, other)
		}
		for _, flaw := range flaws(p.PriorHTML + p.BodyHTML + p.AdditionalHTML) {
			t.Errorf("%s: %s", name, flaw)
		}
		if !p.Printable {
			t.Errorf("%s has characters that its PDF cannot show", name)
		}
		if a.Kind == help.HowTo && !strings.Contains(p.BodyHTML, "<ol>") {
			t.Errorf("%s has no steps", name)
		}
		for _, slug := range a.Related {
			if !l.Has(slug, a.Language) {
				t.Errorf("%s: related %s is no article", name, slug)
			}
		}
		for _, to := range l.Links(a) {
			rest, ours := strings.CutPrefix(to, "/help/")
			kind, slug, _ := strings.Cut(rest, "/")
			if q, err := l.Article(kind, slug, a.Language); ours && (err != nil || q.Address() != to) {
				t.Errorf("%s links to %s, which is no article", name, to)
			}
		}
	}
}

var pictured = regexp.MustCompile(`\]\(picture:([^)]*)\)`)

func TestEveryPictureOfAnArticleIsThere(t *testing.T) {
	all, has, err := help.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		for _, m := range pictured.FindAllStringSubmatch(a.Prior+a.Body+a.Additional, -1) {
			if !has(m[1]) && !has(m[1]+"-"+a.Language) {
				t.Errorf("%s/%s shows picture:%s, which is not there", a.Language, a.Slug, m[1])
			}
		}
	}
}
