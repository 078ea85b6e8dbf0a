package roster

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestOPS7NothingSetByHandLoosensWhatTheRosterSaysWhateverTheOrder plays rosters and hands on one line: whatever was set by hand, before or after, in any
// field, what the roster shut last is shut, once it speaks the days on which it lets nobody in are days on which nobody gets in, and what it says of a field
// set by hand stands beside it.
func TestOPS7NothingSetByHandLoosensWhatTheRosterSaysWhateverTheOrder(t *testing.T) {
	flags := []Flag{Yes, No, Unknown}
	names := []string{"legal_guardian", "lives_with", "emergency", "pickup", "mailing", fieldPortalAccess, fieldRelationship, "begin_date", "end_date"}
	rule := Rule{Relationships: DefaultRelationships(), Today: "2026-11-23"}
	rapid.Check(t, func(t *rapid.T) {
		l := Line{Relationship: "parent", LegalGuardian: Unknown, LivesWith: Unknown, Emergency: Unknown, Pickup: Unknown, Mailing: Unknown, PortalAccess: Unknown,
			FilePortalAccess: Unknown, Restricted: Unknown, FileRestricted: Unknown, FromFile: true}
		said := map[string]string{} // by the roster, the last time that it spoke of the field
		byHand := map[string]string{}
		var portal, restricted Flag
		staff := false // restricted by staff
		draw := func(what string) Line {
			flag := func(name string) Flag { return rapid.SampledFrom(flags).Draw(t, what+" "+name) }
			return Line{Relationship: rapid.SampledFrom([]string{"parent", "mother", "neighbor"}).Draw(t, what+" relationship"), LegalGuardian: flag("guardian"),
				LivesWith: flag("lives with"), Emergency: flag("emergency"), Pickup: flag("pickup"), Mailing: flag("mailing"), PortalAccess: flag("portal"),
				Restricted: flag("restricted"), BeginDate: rapid.SampledFrom([]string{"", "2026-01-01", "2027-01-01"}).Draw(t, what+" begin"),
				EndDate: rapid.SampledFrom([]string{"", "2026-06-01", "2027-06-01"}).Draw(t, what+" end")}
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "a roster") {
				file := draw("file")
				carried := rapid.SliceOfDistinct(rapid.SampledFrom(append(slices.Clone(names), fieldRestricted)), rapid.ID).Draw(t, "carried")
				for _, f := range lineFields() {
					if v, set := byHand[f.name]; set && slices.Contains(carried, f.name) && loosens(f.name, v, f.of(&file)) {
						delete(byHand, f.name)
					}
				}
				l, _, _ = TakeLine(l, file, carried)
				if may := rule.May(l, Enrolled, false); may == MayOpen && (slices.Contains(carried, fieldBegin) && rule.Today < file.BeginDate ||
					slices.Contains(carried, fieldEnd) && file.EndDate != "" && rule.Today >= file.EndDate) {
					t.Fatalf("the roster's days do not run: %+v", l)
				}
				for _, f := range lineFields() {
					if slices.Contains(carried, f.name) {
						said[f.name] = f.of(&file)
					}
				}
				if slices.Contains(carried, fieldPortalAccess) {
					portal = file.PortalAccess
				}
				if slices.Contains(carried, fieldRestricted) {
					restricted = file.Restricted
				}
			} else {
				hand := draw("hand")
				for _, f := range lineFields() {
					if !slices.Contains(names, f.name) || !rapid.Bool().Draw(t, "sets "+f.name) {
						continue
					}
					f.set(&l, f.of(&hand))
					byHand[f.name] = f.of(&hand)
					if !slices.Contains(l.Local, f.name) {
						l.Local = append(l.Local, f.name)
					}
				}
				if !slices.Contains(l.Local, fieldRestricted) && l.FileRestricted != Yes && rapid.Bool().Draw(t, "restricts") {
					l.Restricted, l.Local, staff = Yes, append(l.Local, fieldRestricted), true
				}
			}
			may := rule.May(l, Enrolled, false)
			switch {
			case portal == No && may == MayOpen:
				t.Fatalf("the roster says no portal access: %+v", l)
			case restricted == Yes && may != WhyRestricted:
				t.Fatalf("the roster restricts: %q, %+v", may, l)
			case staff && slices.Contains(l.Local, fieldRestricted) && l.Restricted != Yes:
				t.Fatalf("staff restricted: %+v", l)
			case restricted == Yes && l.Restricted != Yes || l.FilePortalAccess != portal && portal != "":
				t.Fatalf("what the roster says is not kept: %+v", l)
			}
			for _, f := range lineFields() {
				if v, set := byHand[f.name]; set && f.of(&l) != v {
					t.Fatalf("%s was %q by hand: %+v", f.name, v, l)
				}
				if slices.Contains(l.Local, f.name) && slices.Contains(names, f.name) {
					if v, known := l.FileValues[f.name]; known && v != said[f.name] {
						t.Fatalf("%s: the roster says %q: %v", f.name, said[f.name], l.FileValues)
					}
				}
			}
		}
	})
}
