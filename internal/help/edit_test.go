package help_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func (d *desk) draft(slug, language string) help.Draft {
	d.t.Helper()
	draft, err := d.Draft(d.t.Context(), office, slug, language)
	d.ok(err)
	return draft
}

func (d *desk) title(slug, language string) string {
	d.t.Helper()
	p, err := d.Article("how-to", slug, language)
	if fault.Is(err, fault.NotFound) {
		return "not found"
	}
	d.ok(err)
	return p.Title
}

func TestASchoolReplacesOneOfOurArticlesAndPutsItBack(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx, slug := t.Context(), "create-an-account"
		before := d.Version()
		ours := d.draft(slug, "en")
		if ours.Version != 0 || !ours.Shipped || ours.Published {
			t.Errorf("the draft of a shipped article is %+v", ours)
		}
		a := ours.Article
		a.Title = "Our way to an account"
		d.ok(d.Save(ctx, office, a, 0))
		if d.Version() <= before || d.title(slug, "en") != "Our way to an account" || d.title(slug, "es") == "Our way to an account" {
			t.Errorf("after the first: %s, %s", d.title(slug, "en"), d.title(slug, "es"))
		}
		a.Title = "Our second way"
		d.ok(d.Save(ctx, office, a, 1))
		d.ok(d.Unpublish(ctx, office, slug, "en", 2))
		if d.title(slug, "en") != ours.Title {
			t.Errorf("unpublished, readers see %q", d.title(slug, "en"))
		}
		d.ok(d.PutBack(ctx, office, slug, "en", 3, 1))
		if got := d.draft(slug, "en"); got.Version != 4 || !got.Published || got.Title != "Our way to an account" || d.title(slug, "en") != got.Title {
			t.Errorf("put back: %+v", got)
		}
		history, err := d.History(ctx, office, slug, "en")
		d.ok(err)
		said := ""
		for _, v := range history {
			said += fmt.Sprintf("%d %t %s by %s\n", v.Version, v.Published, v.Article.Title, v.By)
		}
		if d := cmp.Diff("4 true Our way to an account by office\n3 false Our second way by office\n2 true Our second way by office\n1 true Our way to an account by office\n", said); d != "" {
			t.Error(d)
		}
		if n := d.events("help."); n != 4 {
			t.Errorf("%d events in the log, want 4", n)
		}
	})
}

// events counts what the log says of an area.
func (d *desk) events(prefix string) int {
	d.t.Helper()
	var n int
	d.ok(d.db.Read(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		n, err = sqldb.Value[int](d.t.Context(), tx, "select count(*) from audit_event where substr(action, 1, $2) = $1", prefix, len(prefix))
		return err
	}))
	return n
}

func TestASchoolsOwnArticleComesAndGoes(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		a := article("bus-schedule", "When the bus comes")
		a.MovedFrom = []string{"/help/faq/old-bus", "how-to/older-bus"}
		d.ok(d.Save(ctx, office, a, 0))
		for _, old := range []string{"faq/old-bus", "how-to/older-bus", "faq/bus-schedule"} {
			kind, slug, _ := strings.Cut(old, "/")
			p, err := d.Article(kind, slug, "es")
			if err != nil || p.Address() != "/help/how-to/bus-schedule" || p.Language != "en" {
				t.Errorf("%s leads to %v, %v", old, p, err)
			}
		}
		if got := d.draft("bus-schedule", "es"); got.Version != 0 || got.Language != "es" || got.Title != a.Title {
			t.Errorf("the beginning of a translation is %+v", got)
		}
		d.ok(d.Unpublish(ctx, office, "bus-schedule", "en", 1))
		if d.title("bus-schedule", "en") != "not found" || strings.Contains(slugs(d.Search("bus schedule", "en").Found), "bus-schedule") {
			t.Error("it is still there")
		}
		all, err := d.Overviews(ctx, office, "en")
		d.ok(err)
		last := all[len(all)-1]
		if last.Slug != "bus-schedule" || !last.Versions[0].Hidden {
			t.Errorf("staff see %+v", last)
		}
	})
}

func TestOfTwoWhoEditAtOnceOneIsTold(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		d.ok(d.Save(ctx, office, article("bus", "Bus"), 0))
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = d.Save(ctx, office, article("bus", fmt.Sprint("Bus ", i)), 1) })
		}
		wg.Wait()
		saved := 0
		for _, err := range errs {
			switch {
			case err == nil:
				saved++
			case !fault.Is(err, fault.Conflict):
				t.Error(err)
			}
		}
		if saved != 1 || d.draft("bus", "en").Version != 2 {
			t.Errorf("%d were saved, version %d", saved, d.draft("bus", "en").Version)
		}
		if err := d.Save(ctx, office, article("bus", "Again new"), 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second new article at the address: %v", err)
		}
	})
}

func TestADM1OnlyThoseWhoMayWriteHelp(t *testing.T) {
	d := open(t, database(t))
	ctx := t.Context()
	for _, who := range []access.Actor{visitor, {Kind: access.Parent, AccountID: 2}, {Kind: access.Student, AccountID: 3}, {Kind: access.Staff, AccountID: 4, Role: "clerk"}} {
		_, preview := d.Preview(who, article("x", "X"))
		_, draft := d.Draft(ctx, who, "create-an-account", "en")
		_, history := d.History(ctx, who, "create-an-account", "en")
		_, overviews := d.Overviews(ctx, who, "en")
		_, said := d.Said(ctx, who, "create-an-account")
		_, remarks := d.Remarks(ctx, who, false, 0, 1)
		_, missed := d.MissedSearches(ctx, who)
		for what, err := range map[string]error{
			"save": d.Save(ctx, who, article("x", "X"), 0), "put back": d.PutBack(ctx, who, "x", "en", 1, 1), "unpublish": d.Unpublish(ctx, who, "x", "en", 1),
			"done": d.MarkDone(ctx, who, 1), "forget": d.ForgetMissed(ctx, who, "en", "x"), "preview": preview, "draft": draft, "history": history,
			"overviews": overviews, "said": said, "remarks": remarks, "missed": missed,
		} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s as %s: %v", what, who.Kind, err)
			}
		}
	}
}

func TestWhatMayNotBePublishedIsSaidFieldByField(t *testing.T) {
	d := open(t, database(t))
	a := help.Article{Slug: "No Slug", Language: "fr", Kind: "novel", Audience: "dogs", Title: "two\nlines", Date: "tomorrow", Related: []string{"a b"}, MovedFrom: []string{"x"}, Prior: "\x00"}
	err := d.Save(t.Context(), office, a, 0)
	fields := map[string]bool{}
	for _, p := range fault.ProblemsOf(err) {
		fields[p.Field] = true
	}
	for _, f := range []string{"slug", "language", "kind", "audience", "title", "summary", "body", "date", "related", "moved_from", "prior"} {
		if !fields[f] {
			t.Errorf("no problem with %s", f)
		}
	}
}

func TestAnotherNodesChangeIsNoticed(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		here, there := open(t, db), open(t, db)
		here.ok(here.Save(t.Context(), office, article("bus", "Bus"), 0))
		if there.title("bus", "en") != "not found" {
			t.Error("known before it was looked at")
		}
		there.advance(2 * time.Second)
		for deadline := time.Now().Add(10 * time.Second); there.title("bus", "en") != "Bus"; {
			if time.Now().After(deadline) {
				t.Fatal("never noticed")
			}
		}
	})
}

func TestAnArticleIsReadBackAsItWasWritten(t *testing.T) {
	line := rapid.StringMatching(`[A-Za-z0-9ñ:#"',&<>-]([ -~ñ€]{0,30}[A-Za-z0-9:"ñ])?`)
	text := rapid.StringMatching("[ -~ñ\n]{0,80}")
	rapid.Check(t, func(t *rapid.T) {
		a := help.Article{
			Slug: "x", Language: "es", Kind: rapid.SampledFrom(help.Kinds()).Draw(t, "kind"), Audience: rapid.SampledFrom(help.Audiences()).Draw(t, "audience"),
			Title: line.Draw(t, "title"), Summary: line.Draw(t, "summary"), Prior: text.Draw(t, "prior"), Body: "x" + text.Draw(t, "body"),
			Additional: text.Draw(t, "additional"), Applies: "1.0", Date: "2026-11-23", Keywords: []string{"a b", "c"}, Related: []string{"y"},
		}
		once, err := help.Parse("x", "es", help.Format(a))
		if err != nil {
			t.Fatal(err)
		}
		if once.Title != a.Title || once.Summary != a.Summary {
			t.Errorf("%q became %q", a.Title, once.Title)
		}
		twice, err := help.Parse("x", "es", help.Format(once))
		if d := cmp.Diff(once, twice); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		if got, want := strings.Fields(once.Prior+" "+once.Body), strings.Fields(a.Prior+" "+a.Body); !cmp.Equal(got, want) {
			t.Errorf("words %q became %q", want, got)
		}
	})
}
