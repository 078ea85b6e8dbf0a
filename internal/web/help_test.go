package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestAParentWithoutAnAccountFindsTheWayIn(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Get("/").Follow("Help how to get in, questions and answers").Want(http.StatusOK).See("For parents and guardians", "Create a Parent Portal account")
		b.Fill("Search the help", "registring acount").Press("Search").See("Create a Parent Portal account")
		if marked := b.Find("mark"); len(marked) == 0 {
			t.Error("no word of the passages is marked")
		}
		results := b.Path()
		b.Follow("Create a Parent Portal account").Want(http.StatusOK).See("Prior To Implementation", "Steps", "Additional Information", "Applies To Versions", "Key Words", "Related articles")
		b.Follow("« Go Back")
		if b.Path() != results || b.Value("Search the help") != "registring acount" {
			t.Errorf("Go Back leads to %s, not to %s", b.Path(), results)
		}
		b.Press("Reset Search")
		if b.Path() != "/help/" || b.Value("Search the help") != "" {
			t.Errorf("Reset Search leads to %s", b.Path())
		}
	})
}

func TestASearchThatFindsNothingSaysWhatIsNearAndHowToReachTheOffice(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		a.Staff(t).Get("/admin/site/settings").Fill("Office telephone", "555-0100").Fill("Office hours", "8 to 4").Press("Save")
		b := a.Browser(t).Get("/help/?q=xylophone").Want(http.StatusOK).See("xylophone", "555-0100", "8 to 4", "These may be near")
		if len(b.Find("ol.found a")) == 0 {
			t.Error("nothing near is shown")
		}
		b.Get("/help/?q=" + url.QueryEscape(`"><script>alert(1)</script>`)).Want(http.StatusOK)
		if strings.Contains(b.HTML, "<script>alert") {
			t.Error("what was typed became markup")
		}
	})
}

func TestEveryArticleIsReadableInBothLanguagesAndOldAddressesLeadToIt(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		for _, language := range []string{"en", "es"} {
			b := a.Browser(t)
			b.Send.Set("Accept-Language", language)
			for _, p := range a.Help.Articles(language) {
				b.Get(p.Address()).Want(http.StatusOK).See(p.Title, p.Summary)
				if p.Language != language || len(b.Find("article[lang]")) > 0 {
					t.Errorf("%s is not in %s", p.Slug, language)
				}
				for _, to := range b.Links() {
					if path, _, _ := strings.Cut(to, "?"); strings.HasPrefix(path, "/help/") {
						answer, _ := b.Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+path, nil)))
						if answer.StatusCode != http.StatusOK {
							t.Errorf("%s links to %s, which answers %d", p.Slug, to, answer.StatusCode)
						}
					}
				}
			}
		}
		answer, _ := a.Browser(t).Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+"/help/faq/create-an-account?q=x", nil)))
		if answer.StatusCode != http.StatusMovedPermanently || answer.Header.Get("Location") != "/help/how-to/create-an-account?q=x" {
			t.Errorf("another kind answers %d to %q", answer.StatusCode, answer.Header.Get("Location"))
		}
		a.Browser(t).Get("/help/how-to/no-such-article").Want(http.StatusNotFound)
		a.Browser(t).Get("/help/nowhere").Want(http.StatusNotFound)
	})
}
