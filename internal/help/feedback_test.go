package help_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func from(address string) access.Actor { return access.Actor{Kind: access.Visitor, Address: address} }

func TestVotesAreCountedByMonthAndOneAddressCountsForAFew(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		for i := range 5 {
			d.ok(d.Vote(ctx, from(fmt.Sprintf("192.0.2.%d", i)), "locked-out", "en", i > 0))
		}
		d.advance(-31 * 24 * time.Hour)
		d.ok(d.Vote(ctx, from("192.0.2.9"), "locked-out", "es", true))
		d.advance(31 * 24 * time.Hour)
		for range 10 {
			d.ok(d.Vote(ctx, from("2001:db8::1"), "locked-out", "en", false))
			d.ok(d.Vote(ctx, from("2001:db8::2"), "locked-out", "en", false))
		}
		said, err := d.Said(ctx, office, "locked-out")
		d.ok(err)
		if d := cmp.Diff([]help.Votes{{Month: "2026-11", Yes: 4, No: 4}, {Month: "2026-10", Yes: 1}}, said.Months); d != "" {
			t.Error(d)
		}
		all, err := d.Overviews(ctx, office, "en")
		d.ok(err)
		for _, o := range all {
			if o.Slug == "locked-out" && (o.Recent != help.Votes{Yes: 5, No: 4} || o.Year != o.Recent) {
				t.Errorf("%+v", o)
			}
		}
		if err := d.Vote(ctx, visitor, "no-such", "en", true); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestACommentHas255CharactersAsAPersonCountsThem(t *testing.T) {
	d := open(t, database(t))
	family := "👨‍👩‍👧" // one to the eye, five code points, eighteen bytes
	for name, c := range map[string]struct {
		typed string
		key   string
	}{
		"255 letters":                    {strings.Repeat("a", 255), ""},
		"256 letters":                    {strings.Repeat("a", 256), "problem.too_long"},
		"100 families":                   {strings.Repeat(family, 100), ""},
		"255 letters with accents apart": {strings.Repeat("n\u0303", 255), ""},
		"256 letters with accents apart": {strings.Repeat("n\u0303", 256), "problem.too_long"},
		"line ends count once":           {strings.Repeat("a\r\n", 127) + "a", ""},
		"a tower of marks":               {"a" + strings.Repeat("\u0301", 5000), "problem.too_long"},
		"blanks":                         {" \r\n ", "problem.empty"},
		"a broken letter":                {"\xff", "problem.characters"},
		"a control character":            {"a\x00b", "problem.characters"},
	} {
		who := from(fmt.Sprintf("192.0.2.%d", len(d.count)))
		err := d.Comment(t.Context(), who, "locked-out", "en", false, c.typed)
		got := ""
		if problems := fault.ProblemsOf(err); len(problems) > 0 {
			got = problems[0].Key
		}
		if got != c.key || (c.key == "") != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStaffReadCommentsAndMarkThemDone(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		d.ok(d.Comment(ctx, visitor, "locked-out", "es", false, "<b>Más</b> claro\r\npor favor"))
		d.ok(d.Comment(ctx, visitor, "create-an-account", "en", true, "Fine"))
		open, err := d.Remarks(ctx, office, false, 0, 10)
		d.ok(err)
		if len(open) != 2 || open[1].Words != "<b>Más</b> claro\npor favor" || open[1].Helpful || open[1].Language != "es" || open[1].Title == "" {
			t.Fatalf("%+v", open)
		}
		d.ok(d.MarkDone(ctx, office, open[1].ID))
		if err := d.MarkDone(ctx, office, open[1].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("done twice: %v", err)
		}
		done, err := d.Remarks(ctx, office, true, 0, 10)
		d.ok(err)
		rest, err := d.Remarks(ctx, office, false, 0, 10)
		d.ok(err)
		if len(done) != 1 || done[0].DoneBy != "office" || done[0].Done.IsZero() || len(rest) != 1 {
			t.Errorf("done %+v, open %+v", done, rest)
		}
		d.advance(400 * 24 * time.Hour)
		d.ok(d.Sweep(ctx))
		if done, _ = d.Remarks(ctx, office, true, 0, 10); len(done) != 0 {
			t.Errorf("kept for more than a year: %+v", done)
		}
	})
}

func TestOneAddressCannotFloodTheComments(t *testing.T) {
	d := open(t, database(t))
	taken := 0
	for i := range 40 {
		err := d.Comment(t.Context(), from(fmt.Sprintf("2001:db8::%d", i)), "locked-out", "en", false, "again")
		if err == nil {
			taken++
		} else if p := fault.ProblemsOf(err); len(p) != 1 || p[0].Key != "problem.comments_later" {
			t.Fatal(err)
		}
	}
	if taken != 10 {
		t.Errorf("%d comments were taken", taken)
	}
}

func TestSearchesThatFindNothingAreCountedWithoutWhoSearched(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		for _, q := range []string{"Xylophone!", "xylophone", " XYLÓPHONE ", "trumpet", "child 204117", "ana@example.org xx", "555-0100", "create account"} {
			d.Search(q, "en")
		}
		d.Search("xilófono", "es")
		got, err := d.MissedSearches(ctx, office)
		d.ok(err)
		said := ""
		for _, m := range got {
			said += fmt.Sprintf("%s %s %d\n", m.Language, m.Query, m.Times)
		}
		if d := cmp.Diff("en xylophone 3\nen trumpet 1\nes xilofono 1\n", said); d != "" {
			t.Error(d)
		}
		d.Search("xylophone", "en")
		d.ok(d.Flush(ctx))
		d.ok(d.ForgetMissed(ctx, office, "en", "trumpet"))
		if got, _ = d.MissedSearches(ctx, office); len(got) != 2 || got[0].Times != 4 {
			t.Errorf("%+v", got)
		}
		d.advance(100 * 24 * time.Hour)
		d.ok(d.Sweep(ctx))
		if got, _ = d.MissedSearches(ctx, office); len(got) != 0 {
			t.Errorf("kept for more than three months: %+v", got)
		}
	})
}

func TestSearchesThatFindNothingAreCapped(t *testing.T) {
	d := open(t, database(t))
	for round := range 8 {
		for i := range 300 {
			d.Search(fmt.Sprintf("xq%c%c%c%czzz", 'a'+round, 'a'+i/26, 'a'+i%26, 'q'), "en")
		}
		d.ok(d.Flush(t.Context()))
	}
	var n int
	d.ok(d.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		n, err = sqldb.Value[int](t.Context(), tx, "select count(*) from help_missed")
		return err
	}))
	if n != 1000 {
		t.Errorf("%d searches are kept", n)
	}
}
