package help_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestPeopleFindTheArticleByTheirOwnWords(t *testing.T) {
	l := open(t, database(t))
	for _, c := range []struct{ language, query, want string }{
		{"en", "create account", "create-an-account"},
		{"en", "creating accounts", "create-an-account"},
		{"en", "registering", "create-an-account"},
		{"en", "crate acount", "create-an-account"},
		{"en", "forgot pasword", "forgot-password-or-username"},
		{"en", "I forgot my username!", "forgot-password-or-username"},
		{"en", "PASSWROD forgotten", "forgot-password-or-username"},
		{"en", "locked out", "locked-out"},
		{"en", "reset parent login", "reset-parent-portal-login"},
		{"en", "restting a parent's login", "reset-parent-portal-login"},
		{"en", "import roster", "import-a-roster"},
		{"en", "student logins", "student-logins"},
		{"en", "custody", "custody-and-restrictions"},
		{"en", "backup server", "run-and-back-up-the-server"},
		{"en", "new school year", "new-school-year"},
		{"en", "contraseña olvidada", "forgot-password-or-username"}, // typed in the language of the home
		{"es", "crear cuenta", "create-an-account"},
		{"es", "olvidé mi contraseña", "forgot-password-or-username"},
		{"es", "contrasena olvidada", "forgot-password-or-username"},
		{"es", "contraseñas", "forgot-password-or-username"},
		{"es", "contrseña", "forgot-password-or-username"},
		{"es", "custodia", "custody-and-restrictions"},
		{"es", "year", "new-school-year"},
	} {
		r := l.Search(c.query, c.language)
		if len(r.Found) == 0 {
			t.Errorf("%s %q finds nothing; near: %s", c.language, c.query, slugs(r.Near))
			continue
		}
		if got := slugs(r.Found[:min(3, len(r.Found))]); !strings.Contains(got, c.want) {
			t.Errorf("%s %q finds %s first, want %s", c.language, c.query, got, c.want)
		}
	}
}

func TestKeyWordsWeighMostThenTitleSummaryAndText(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		l := open(t, db)
		inText, inSummary, inTitle, inKeys := article("a-text", "One"), article("b-summary", "Two"), article("c-title", "Three zeppelin"), article("d-keys", "Four")
		inText.Body = "A zeppelin, a zeppelin, a zeppelin and one more zeppelin."
		inSummary.Summary = "About a zeppelin."
		inKeys.Keywords = []string{"zeppelin"}
		for _, a := range []help.Article{inText, inSummary, inTitle, inKeys} {
			l.ok(l.Save(t.Context(), office, a, 0))
		}
		if got := slugs(l.Search("zeppelins", "en").Found); got != "[d-keys c-title b-summary a-text]" {
			t.Error(got)
		}
		both := article("e-both", "A zeppelin ticket")
		l.ok(l.Save(t.Context(), office, both, 0))
		if got := l.Search("ticket zeppelin", "en").Found[0].Slug; got != "e-both" {
			t.Errorf("%s comes before the article that has both words", got)
		}
		if got := slugs(l.Search("zeppelin", "es").Found); !strings.Contains(got, "c-title") {
			t.Errorf("a reader of Spanish does not find what is there in English alone: %s", got)
		}
	})
}

func TestThePassageShowsTheWordsThatMatch(t *testing.T) {
	l := open(t, database(t))
	a := article("long", "Long")
	a.Body = strings.Repeat("Nothing of interest stands in this sentence. ", 40) + "The zeppelins land **behind** the school & wait. " + strings.Repeat("More of nothing. ", 40)
	l.ok(l.Save(t.Context(), office, a, 0))
	r := l.Search("zeppelin behind", "en").Found[0]
	text, marked := "", ""
	for _, p := range r.Passage {
		text += p.Text
		if p.Hit {
			marked += p.Text + " "
		}
	}
	if marked != "zeppelins behind " || len(text) > 260 || !strings.Contains(text, "The zeppelins land behind the school & wait.") {
		t.Errorf("marked %q in %q", marked, text)
	}
}

func TestNothingFoundNamesWhatIsNear(t *testing.T) {
	l := open(t, database(t))
	for _, q := range []string{"xylophone", "ωμέγα", "🎺", "1234567", strings.Repeat("a", 5000), "x\xff\xfe", "xylophone trumpet violin password"} {
		r := l.Search(q, "en")
		if len(r.Found) > 0 || len(r.Near) < 3 {
			t.Errorf("%.20q: found %s, near %s", q, slugs(r.Found), slugs(r.Near))
		}
	}
	if near := slugs(l.Search("xylophone trumpet violin password", "en").Near); !strings.Contains(near, "password") {
		t.Errorf("the article with one of four words is not near: %s", near)
	}
	if r := l.Search("   ", "en"); r.Query != "" || len(r.Found)+len(r.Near) > 0 {
		t.Errorf("blanks find %v", r)
	}
}

func TestOneSlipOfTheFingerIsForgivenAndNoMore(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"password", "password", true}, {"password", "pasword", true}, {"password", "passsword", true}, {"password", "passwrod", true},
		{"password", "passw0rd", true}, {"password", "assword", true}, {"password", "passwor", true}, {"password", "apssword", true},
		{"password", "paswrod", false}, {"password", "passwordxy", false}, {"password", "drowssap", false}, {"abcd", "badc", false}, {"abcd", "acbd", true},
		{"ñandu", "nandu", true}, {"abca", "bca", true}, {"ab", "ba", true},
	} {
		if help.Nearby(c.a, c.b) != c.want || help.Nearby(c.b, c.a) != c.want {
			t.Errorf("%s and %s: want %t", c.a, c.b, c.want)
		}
	}
}

func TestEndingsOfWordsAreForgiven(t *testing.T) {
	for _, c := range []struct{ language, words string }{
		{"en", "reset resets resetting"}, {"en", "register registers registered registering"}, {"en", "password passwords"}, {"en", "login logins"},
		{"es", "contrasena contrasenas"}, {"es", "usuario usuarios"}, {"es", "sesion sesiones"}, {"es", "registrar registro registrado"},
	} {
		all := strings.Fields(c.words)
		for _, w := range all[1:] {
			if help.Stem(w, c.language) != help.Stem(all[0], c.language) {
				t.Errorf("%s: %s is %s, %s is %s", c.language, all[0], help.Stem(all[0], c.language), w, help.Stem(w, c.language))
			}
		}
	}
}

// generated writes articles such as nobody would, with a vocabulary as large as that of many.
func generated(n int) []help.Article {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same articles every time
	vocabulary := make([]string, 8000)
	for i := range vocabulary {
		for range 2 + r.IntN(3) {
			vocabulary[i] += string("bcdfglmnprst"[r.IntN(12)]) + string("aeiou"[r.IntN(5)])
		}
	}
	say := func(words int) string {
		var b strings.Builder
		for range words {
			at := int(float64(len(vocabulary)) * r.Float64() * r.Float64() * r.Float64()) // a few words come often
			b.WriteString(vocabulary[at] + " ")
		}
		return strings.TrimSpace(b.String())
	}
	all := make([]help.Article, n)
	for i := range all {
		all[i] = article(fmt.Sprintf("generated-%d", i), say(6))
		all[i].Language = []string{"en", "es"}[i%2]
		all[i].Summary, all[i].Keywords = say(15), help.List(strings.ReplaceAll(say(8), " ", ","))
		for range 12 {
			all[i].Body += "1. " + say(20) + "\n\n"
		}
	}
	return all
}

func BenchmarkSearch(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			db, err := sqldb.Open(b.Context(), url(b), sqldb.Options{Fast: true})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			l := open(b, db)
			articles := generated(1000)
			if err := l.Fill(b.Context(), articles); err != nil {
				b.Fatal(err)
			}
			l.ok(l.Refresh(b.Context()))
			r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same searches every time
			var took []time.Duration
			version := int64(1)
			for i := 0; b.Loop(); i++ {
				if i%50 == 0 { // a second passes: the version is asked for
					l.advance(time.Second)
				}
				if i%500 == 250 { // and now and then an article was changed
					l.ok(l.Save(b.Context(), office, articles[0], version))
					version++
				}
				words := strings.Fields(articles[r.IntN(len(articles))].Summary)
				at := r.IntN(len(words) - 3)
				query := strings.Join(words[at:at+3], " ")
				if i%3 == 0 {
					query = query[:2] + query[3:] // a letter is missing
				}
				began := time.Now()
				l.Search(query, articles[i%2].Language)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
		})
	}
}
