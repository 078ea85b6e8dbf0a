package roster

import (
	"context"
	"slices"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestPRV1ARestrictionOfTheRosterHoldsWhateverWasSetByHand(t *testing.T) {
	code := func(f Flag) Line { return Line{Restricted: f} }
	carried := []string{"restricted"}
	tests := []struct {
		name           string
		old, file      Line
		carried        []string
		restricted     Flag
		local, changed bool
	}{
		{"the roster restricts", Line{Restricted: Unknown, FileRestricted: Unknown}, code(Yes), carried, Yes, false, true},
		{"staff had set no", Line{Restricted: No, FileRestricted: Unknown, Local: []string{"restricted"}}, code(Yes), carried, Yes, false, true},
		{"the roster lifts what it set", Line{Restricted: Yes, FileRestricted: Yes}, code(No), carried, No, false, true},
		{"a roster without the column lifts nothing", Line{Restricted: Yes, FileRestricted: Yes}, Line{}, nil, Yes, false, false},
		{"the roster never lifts what staff set", Line{Restricted: Yes, FileRestricted: Unknown, Local: []string{"restricted"}}, code(No), carried, Yes, true, true},
		{"nor what both set", Line{Restricted: Yes, FileRestricted: Yes, Local: []string{"restricted"}}, code(No), carried, Yes, true, true},
		{"the same again", Line{Restricted: Yes, FileRestricted: Yes}, code(Yes), carried, Yes, false, false},
	}
	for _, tt := range tests {
		next, changed, _ := TakeLine(tt.old, tt.file, tt.carried)
		if next.Restricted != tt.restricted || slices.Contains(next.Local, "restricted") != tt.local || (len(changed) > 0) != tt.changed {
			t.Errorf("%s: %s, local %v, changed %v", tt.name, next.Restricted, next.Local, changed)
		}
	}
}

func TestPRV1WordsOfTheRosterWaitUntilTheyAreReadAndAgainWhenTheyChange(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, _, l := d.fromRoster("1", Student{First: "Ana"}, Contact{First: "Max"}, Line{Relationship: "father"})
		take := func(text string) {
			d.write(func(ctx context.Context, tx *sqldb.Tx) error {
				old, err := d.line(ctx, tx, l.ID)
				d.ok(err)
				next, changed, _ := TakeLine(old, Line{FileRestriction: text}, []string{FileRestriction})
				if len(changed) > 0 {
					_, err = d.Apply(ctx, tx, d.clerk, Batch{Lines: []LineChange{{Old: old, New: next}}})
				}
				l, _ = d.line(ctx, tx, l.ID)
				return err
			})
		}
		for _, step := range []struct {
			text   string
			read   bool
			unread bool
		}{
			{"No pickup", false, true}, {"No pickup", true, false}, {"No pickup", false, false}, {"Mondays only", false, true}, {"", false, false},
		} {
			take(step.text)
			if step.read {
				if err := d.ReadRestriction(t.Context(), d.clerk, l.ID, l.Version-1); !fault.Is(err, fault.Conflict) {
					t.Errorf("read at an old version: %v", err)
				}
				d.ok(d.ReadRestriction(t.Context(), d.clerk, l.ID, l.Version))
				take(step.text)
			}
			if l.Unread() != step.unread || l.FileRestriction != step.text {
				t.Errorf("%+v: unread %v, text %q", step, l.Unread(), l.FileRestriction)
			}
		}
		actions, _ := d.events()
		d.same("events", actions, []string{"line.restriction_read"})
	})
}

func TestPRV1StaffDoNotLiftWhatTheRosterRestricts(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, _ := d.fromRoster("1", Student{First: "Ana"}, Contact{First: "Max"}, Line{Relationship: "father", Restricted: Yes, FileRestricted: Yes})
		e := d.sheet(s.ID, 0)
		e.Line.Restricted = No
		_, err := d.SaveContact(t.Context(), d.clerk, e)
		d.same("problems", problemsOf(err), []string{"restricted problem.restricted_by_roster"})
	})
}
