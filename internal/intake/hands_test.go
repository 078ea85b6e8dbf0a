package intake

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// edits has staff change some records by hand. It returns what must be as they left it.
func (o *office) edits(r *rand.Rand) (students []roster.Student, lines []roster.Line, removed []int64) {
	o.t.Helper()
	snap := o.snapshot()
	contacts := map[int64]roster.Contact{}
	for _, c := range snap.Contacts {
		contacts[c.ID] = c
	}
	for _, s := range snap.Students {
		if s.Status != roster.Enrolled || r.IntN(3) > 0 {
			continue
		}
		s.Grade, s.PreferredFirst = of(r, "7", "8"), "Hand"
		switch r.IntN(4) {
		case 0:
			s.GoneOn, s.GoneAs = of(r, "2026-11-20", "2026-12-20"), roster.Withdrawn
		case 1:
			s.Status, s.GoneOn, s.GoneAs = roster.Withdrawn, "", ""
		}
		if err := o.roster.SaveStudent(o.ctx, clerk, s); err != nil {
			o.t.Fatal(err)
		}
		students = append(students, s)
	}
	flags := []roster.Flag{roster.Yes, roster.No, roster.Unknown}
	for _, l := range snap.Lines {
		if l.Ended || contacts[l.ContactID].Left || r.IntN(3) > 0 {
			continue
		}
		if r.IntN(5) == 0 {
			if err := o.roster.RemoveLine(o.ctx, clerk, l.ID, l.Version); err != nil {
				o.t.Fatal(err)
			}
			removed = append(removed, l.ID)
			continue
		}
		l.PortalAccess, l.LivesWith, l.Pickup = flags[r.IntN(3)], flags[r.IntN(3)], flags[r.IntN(3)]
		if r.IntN(3) == 0 && l.FileRestricted != roster.Yes {
			l.Restricted = roster.Yes
		}
		if l.BeginDate == "" && r.IntN(3) == 0 {
			l.EndDate = of(r, "", "2026-11-01", "2027-01-01")
		}
		c := contacts[l.ContactID]
		_, err := o.roster.SaveContact(o.ctx, clerk, roster.ContactEdit{Contact: c, Line: l})
		if fault.Is(err, fault.Conflict) {
			continue // of two lines of one contact the first was saved
		}
		if err != nil {
			o.t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return students, lines, removed
}

// TestOPS7WhatStaffChangedBetweenAnyTwoRostersStaysAndOpensNothing draws rosters and has staff edit between them.
func TestOPS7WhatStaffChangedBetweenAnyTwoRostersStaysAndOpensNothing(t *testing.T) {
	open := emptyOffices(t)
	rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: "2026-11-23"}
	for n := range rounds(4) {
		r := rand.New(rand.NewPCG(uint64(n), 23)) //nolint:gosec // a test's
		o := open()
		opts := Options{AllowRemovals: true}
		o.take(bundleFrom(t, tablesOf(r)), opts)
		for range 2 {
			before := o.snapshot()
			students, lines, removed := o.edits(r)
			edited := o.snapshot()
			b := bundleFrom(t, tablesOf(r))
			o.take(b, opts)
			after := o.snapshot()
			at := func(snap snapshot, id int64) roster.Line {
				i := slices.IndexFunc(snap.Lines, func(l roster.Line) bool { return l.ID == id })
				if i < 0 {
					t.Fatalf("round %d: line %d is gone", n, id)
				}
				return snap.Lines[i]
			}
			for _, s := range students {
				i := slices.IndexFunc(after.Students, func(x roster.Student) bool { return x.ID == s.ID })
				was := before.Students[slices.IndexFunc(before.Students, func(x roster.Student) bool { return x.ID == s.ID })]
				if got := after.Students[i]; was.Grade != s.Grade && got.Grade != s.Grade || got.PreferredFirst != "Hand" {
					t.Fatalf("round %d: %+v, by hand %+v", n, got, s)
				}
			}
			for _, l := range lines {
				was, got := at(before, l.ID), at(after, l.ID)
				for _, f := range []struct{ was, hand, is roster.Flag }{{was.PortalAccess, l.PortalAccess, got.PortalAccess}, {was.LivesWith, l.LivesWith, got.LivesWith}, {was.Pickup, l.Pickup, got.Pickup}} {
					if f.was != f.hand && f.is != f.hand {
						t.Fatalf("round %d: set by hand to %v: %+v", n, f.hand, got)
					}
				}
				if now := at(edited, l.ID); now.Restricted == roster.Yes && now.FileRestricted != roster.Yes && got.Restricted != roster.Yes {
					t.Fatalf("round %d: the roster lifted what staff restricted: %+v", n, got)
				}
				if got.FilePortalAccess == roster.No && rule.May(got, roster.Enrolled, false) == roster.MayOpen {
					t.Fatalf("round %d: open, and the roster refuses: %+v", n, got)
				}
			}
			for _, id := range removed {
				if got := at(after, id); !got.Removed() || !got.Ended {
					t.Fatalf("round %d: a line that staff took off is back: %+v", n, got)
				}
			}
			if again := o.take(b, opts); again.Steps != 0 {
				t.Fatalf("round %d: %d steps of the same again: %v", n, again.Steps, again.Changes)
			}
			if broken := o.broken(); len(broken) > 0 {
				t.Fatalf("round %d: %v", n, broken)
			}
		}
		_ = o.db.Close()
	}
}
