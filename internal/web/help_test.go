package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/web"
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

func TestAReaderSaysWhatWouldMakeAnArticleMoreUsefulAndStaffReadIt(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Get("/help/?q=locked").Follow("Am I locked out?").See("Was this article helpful?")
		b.Press("No").Want(http.StatusOK).See("Please tell us how we can make this article more useful.", "Characters Remaining: 255")
		b.Fill("Please tell us how we can make this article more useful.", strings.Repeat("é", 256)).Press("Send").Want(http.StatusUnprocessableEntity).See("Characters Remaining: -1", "255")
		b.Fill("Please tell us how we can make this article more useful.", "Say <b>how long</b> it takes").Press("Send").Want(http.StatusOK).See("The school reads what you wrote.")
		b.Follow("« Go Back")
		if b.Path() != "/help/?q=locked" {
			t.Errorf("Go Back leads to %s", b.Path())
		}
		b.Get("/help/?q=xylophone")
		staff := a.Staff(t).Follow("Help articles").See("Am I locked out?", "0 yes, 1 no")
		staff.Follow("Comments").See("Say <b>how long</b> it takes").Press("Done: today 10:00").See("There are no comments here.")
		staff.Follow("Comments that were seen to").See("how long", "office")
		staff.Get("/admin/site/help/searches").See("xylophone").Press("Take off the list: xylophone").NotSee("xylophone")
		staff.Get("/admin/site/help/en/locked-out").See("What readers said", "2026-11")
		if strings.Contains(a.Logged(), "how long") {
			t.Error("what was typed is in the log")
		}
	})
}

func TestAnAdministratorWritesAnArticleWithHostileMarkdown(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t).Get("/admin/site/help").Follow("New article")
		staff.Press("Publish").Want(http.StatusUnprocessableEntity)
		staff.Fill("Last part of the address", "bus-schedule").Fill("Title", `When the "bus" <i>comes</i>`).Fill("Summary", "When it comes.").Fill("Key Words", "bus, omnibus")
		staff.Fill("Text", "## Steps\n\n1. Wait <script>alert(1)</script>\n2. [Press](javascript:alert(1)) [here](/help/how-to/create-an-account)\n\n<img src=x onerror=alert(1)>")
		staff.Press("Preview").Want(http.StatusOK).See("Wait <script>alert(1)</script>")
		if strings.Contains(staff.HTML, "<script>alert") || strings.Contains(staff.HTML, `href="javascript`) || strings.Contains(staff.HTML, "<img src=x") {
			t.Errorf("the preview is not safe:\n%s", staff.HTML)
		}
		if a.Browser(t).Get("/help/how-to/bus-schedule").Status != http.StatusNotFound {
			t.Error("a preview is published")
		}
		staff.Press("Publish").Want(http.StatusOK).See("the school's version 1")
		reader := a.Browser(t).Get("/help/?q=omnibus").Follow(`When the "bus" <i>comes</i>`).Want(http.StatusOK).See("Wait <script>alert(1)</script>")
		if strings.Contains(reader.HTML, "<script>alert") || strings.Contains(reader.HTML, "javascript:") {
			t.Errorf("the page is not safe:\n%s", reader.HTML)
		}
		staff.Fill("Title", "When it comes").Press("Publish").Want(http.StatusOK)
		staff.Follow("History").See("office").Follow("1").See("Version 1").Press("Put back: 1").See("The version is published again.", "the school's version 3")
		staff.Press("Unpublish").Want(http.StatusOK).See("not published")
		reader.Get("/help/how-to/bus-schedule").Want(http.StatusNotFound)
		staff.Get("/admin/site/help/new").Fill("Last part of the address", "create-an-account").Fill("Title", "x").Fill("Summary", "x").Fill("Text", "x").
			Press("Publish").Want(http.StatusUnprocessableEntity).See("There is an article at this address")
	})
}

func TestTwoAdministratorsEditAtOnce(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		const path = "/admin/site/help/en/create-an-account"
		first, second := a.Staff(t).Get(path), a.Staff(t).Get(path)
		first.Fill("Title", "The first way").Press("Publish").Want(http.StatusOK)
		second.Fill("Title", "The second way").Press("Publish").Want(http.StatusConflict).See("Someone else changed this article meanwhile")
		a.Browser(t).Get("/help/how-to/create-an-account").See("The first way")
		second.Press("Publish").Want(http.StatusOK)
		a.Browser(t).Get("/help/how-to/create-an-account").See("The second way")
	})
}

func TestAnArticleComesAsPDF(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		for _, language := range []string{"en", "es"} {
			b := a.Browser(t)
			b.Send.Set("Accept-Language", language)
			for _, p := range a.Help.Articles(language) {
				answer, body := b.Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+p.Address()+".pdf", nil)))
				if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(body, "%PDF-1.") || len(body) < 1500 {
					t.Errorf("%s answers %d with %d bytes of %s", p.Slug, answer.StatusCode, len(body), answer.Header.Get("Content-Type"))
				}
			}
		}
		staff := a.Staff(t).Get("/admin/site/help/new")
		staff.Fill("Last part of the address", "arabic").Fill("Title", "مرحبا").Fill("Summary", "x").Fill("Text", "x").Press("Publish").Want(http.StatusOK)
		a.Browser(t).Get("/help/how-to/arabic").Want(http.StatusOK).NotSee(".pdf")
		a.Browser(t).Get("/help/how-to/arabic.pdf").Want(http.StatusNotFound)
	})
}

// TestEveryPageLeadsToTheArticleAboutIt holds the table of articles against the site and the articles.
func TestEveryPageLeadsToTheArticleAboutIt(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		patterns := map[string]bool{}
		for _, r := range web.Routes() {
			_, path, _ := strings.Cut(r.Pattern, " ")
			patterns[path] = true
		}
		for path, slug := range web.HelpFor() {
			if !patterns[path] {
				t.Errorf("%s is on no page", path)
			}
			for _, language := range []string{"en", "es"} {
				if !a.Help.Has(slug, language) {
					t.Errorf("%s leads to %s, which is no article in %s", path, slug, language)
				}
			}
		}
		for _, to := range family.HelpOfMails() {
			kind, slug, _ := strings.Cut(strings.TrimPrefix(to, "/help/"), "/")
			if p, err := a.Help.Article(kind, slug, "en"); err != nil || p.Address() != to {
				t.Errorf("a mail leads to %s, which is no article", to)
			}
		}
		a.Browser(t).Get("/parent/register").Follow("Help: Create a Parent Portal account").Want(http.StatusOK).See("Steps")
		a.Browser(t).Get("/parent/login").Follow("I cannot get in").Want(http.StatusOK)
		a.Browser(t).Get("/student/login").Follow("I cannot get in").Want(http.StatusOK)
		a.Staff(t).Follow("Help: Reset a parent's Parent Portal login").Want(http.StatusOK)
	})
}
