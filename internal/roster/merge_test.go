package roster

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// twins puts one person on record twice: for Ana on both records, for Leo on the second alone.
func (d *desk) twins(change func(first, second *Contact, anas, again, leos *Line)) (kept, gone Contact, ana, leo Student) {
	d.t.Helper()
	first := Contact{First: "Maria", Last: "Lopez", Email: "maria@example.org"}
	second := Contact{First: "María", Last: "López", Email: "MARIA@example.org", MobilePhone: "207-555-0100", PreferredFirst: "Mary"}
	anas, again, leos := Line{Relationship: "mother"}, Line{Relationship: "mother", Pickup: Yes}, Line{Relationship: "mother"}
	change(&first, &second, &anas, &again, &leos)
	ana, kept, _ = d.fromRoster("1", Student{First: "Ana", Last: "Lopez"}, first, anas)
	_, gone, _ = d.fromRoster("2", ana, second, again)
	leo, _, _ = d.fromRoster("3", Student{First: "Leo", Last: "Lopez"}, gone, leos)
	return kept, gone, ana, leo
}

func (d *desk) merge(o MergeOrder) (id int64, err error) {
	d.t.Helper()
	return id, d.db.Write(d.t.Context(), func(tx *sqldb.Tx) error {
		d.heard = nil
		id, err = d.MergeContacts(d.t.Context(), tx, d.clerk, o)
		return err
	})
}

func (d *desk) unmerge(id int64) error {
	return d.db.Write(d.t.Context(), func(tx *sqldb.Tx) error { return d.UndoMerge(d.t.Context(), tx, d.clerk, id) })
}

func mergeOf(kept, gone Contact) MergeOrder {
	return MergeOrder{Kept: kept.ID, KeptVersion: kept.Version, Gone: gone.ID, GoneVersion: gone.Version}
}

// everything is what is on record of contacts, without what a merge may change for good.
func (d *desk) everything(contacts ...int64) (all []FullLine) {
	d.t.Helper()
	d.read(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		all, err = d.LinesOfContacts(ctx, tx, contacts)
		for i := range all {
			all[i].Line.ID, all[i].Line.Version, all[i].Contact.Version = 0, 0, 0
		}
		return err
	})
	slices.SortFunc(all, func(a, b FullLine) int { return int(a.ContactID*100 + a.StudentID - b.ContactID*100 - b.StudentID) })
	return all
}

func (d *desk) invariants() {
	d.t.Helper()
	broken, err := d.db.Check(d.t.Context(), d.Invariants(), 5)
	d.ok(err)
	for _, b := range broken {
		d.t.Errorf("%s: %v", b.Name, b.Rows)
	}
}

func TestTwoRecordsBecomeOneAndTheStricterLineHolds(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		kept, gone, ana, leo := d.twins(func(_, _ *Contact, anas, again, _ *Line) {
			anas.EndDate, again.EndDate = "2027-06-30", "2027-01-31"
			again.Restricted, again.RestrictionNote, again.RestrictedBy, again.RestrictedAt = Yes, "order 26-118", "office", deskTime
			anas.LegalGuardian, again.LegalGuardian = Yes, Unknown
			anas.LivesWith = Yes
		})
		before := d.everything(kept.ID, gone.ID)
		id, err := d.merge(mergeOf(kept, gone))
		d.ok(err)
		is := d.everything(kept.ID, gone.ID)
		if len(is) != 2 || is[0].StudentID != ana.ID || is[1].StudentID != leo.ID || is[0].ContactID != kept.ID || is[1].ContactID != kept.ID {
			t.Fatalf("lines %+v", is)
		}
		l := is[0].Line
		got := []any{l.Restricted, l.RestrictionNote, l.RestrictedBy, l.EndDate, l.LegalGuardian, l.LivesWith, l.Pickup, l.FromFile}
		if diff := cmp.Diff([]any{Yes, "order 26-118", "office", "2027-01-31", Unknown, Yes, Unknown, true}, got); diff != "" {
			t.Errorf("Ana's line (-want +got):\n%s", diff)
		}
		c := is[0].Contact
		if c.MobilePhone != "207-555-0100" || c.Email != "maria@example.org" || c.PreferredFirst != "" || !slices.Contains(c.Local, "mobile_phone") {
			t.Errorf("the contact: %+v", c)
		}
		if len(d.heard) != 1 || len(d.heard[0].LineIDs) != 2 || len(d.heard[0].Gone) != 1 {
			t.Errorf("the hook heard %+v", d.heard)
		}
		d.invariants()
		d.read(func(ctx context.Context, tx *sqldb.Tx) error {
			to, err := d.MergedAway(ctx, tx)
			if diff := cmp.Diff(map[string]string{"c2": "c1"}, to); diff != "" {
				t.Errorf("what rosters know the record by: %s", diff)
			}
			return err
		})

		d.ok(d.unmerge(id))
		if diff := cmp.Diff(before, d.everything(kept.ID, gone.ID), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after the undo (-before +after):\n%s", diff)
		}
		d.invariants()
		d.read(func(ctx context.Context, tx *sqldb.Tx) error {
			to, err := d.MergedAway(ctx, tx)
			if len(to) != 0 {
				t.Errorf("left over: %v", to)
			}
			return err
		})
		if err := d.unmerge(id); !fault.Is(err, fault.Conflict) {
			t.Errorf("undone twice: %v", err)
		}
	})
}

func TestNothingIsMergedUnseenOrUnalike(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		kept, gone, _, _ := d.twins(func(_, _ *Contact, _, _, _ *Line) {})
		_, namesake, _ := d.fromRoster("4", Student{First: "Eva", Last: "Lopez"}, Contact{First: "Maria", Last: "Lopez", Email: "other@example.org"}, Line{Relationship: "mother"})
		_, phone, _ := d.fromRoster("5", Student{First: "Ida", Last: "Lopez"}, Contact{First: "Maria", Last: "Lopez", HomePhone: "(207) 555 0100"}, Line{Relationship: "mother"})
		old := mergeOf(kept, gone)
		old.GoneVersion--
		local := d.clerk
		for _, c := range []struct {
			name string
			do   func() error
			want fault.Kind
		}{
			{"from an old page", func() error { _, err := d.merge(old); return err }, fault.Conflict},
			{"with itself", func() error { _, err := d.merge(mergeOf(kept, kept)); return err }, fault.NotFound},
			{"on the name alone", func() error { _, err := d.merge(mergeOf(kept, namesake)); return err }, fault.Conflict},
			{"with another address, unchecked", func() error { _, err := d.merge(mergeOf(gone, phone)); return err }, fault.Invalid},
			{"by staff of another school", func() error {
				d.clerk.Schools = access.Schools{IDs: []int64{99}}
				defer func() { d.clerk = local }()
				_, err := d.merge(mergeOf(kept, gone))
				return err
			}, fault.NotFound},
			{"by an office", func() error {
				d.clerk.Role = access.Office
				defer func() { d.clerk = local }()
				_, err := d.merge(mergeOf(kept, gone))
				return err
			}, fault.Forbidden},
		} {
			if err := c.do(); !fault.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		checked := mergeOf(gone, phone)
		checked.Checked = "photo_id"
		if _, err := d.merge(checked); err != nil {
			t.Errorf("with another address, checked: %v", err)
		}
	})
}

func TestAMergeIsNotUndoneOverALaterChange(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		kept, gone, _, leo := d.twins(func(_, _ *Contact, _, _, _ *Line) {})
		id, err := d.merge(mergeOf(kept, gone))
		d.ok(err)
		p, err := d.Page(t.Context(), d.clerk, leo.ID)
		d.ok(err)
		l := p.Lines[0]
		l.Line.Pickup = No
		_, err = d.SaveContact(t.Context(), d.clerk, ContactEdit{Contact: l.Contact, Line: l.Line})
		d.ok(err)
		if err := d.unmerge(id); !fault.Is(err, fault.Conflict) {
			t.Errorf("undone over a change: %v", err)
		}
	})
}

func TestAMergedLineOpensNothingThatEitherKeptShut(t *testing.T) {
	rule := Rule{Relationships: DefaultRelationships(), Today: "2026-11-23"}
	rapid.Check(t, func(t *rapid.T) {
		flags := rapid.SampledFrom([]Flag{Yes, No, Unknown})
		dates := rapid.SampledFrom([]string{"", "2026-01-01", "2026-11-23", "2027-01-01"})
		draw := func(name string) Line {
			return Line{
				ID: 1, Relationship: rapid.SampledFrom([]string{"mother", "aunt", "unknown"}).Draw(t, name+" relationship"), PortalAccess: flags.Draw(t, name+" access"),
				FilePortalAccess: flags.Draw(t, name+" file access"), Restricted: flags.Draw(t, name+" restricted"), BeginDate: dates.Draw(t, name+" begin"),
				EndDate: dates.Draw(t, name+" end"), Ended: rapid.Bool().Draw(t, name+" ended"),
			}
		}
		a, b := draw("a"), draw("b")
		m := stricterLine(a, b)
		opens := func(l Line) bool { return rule.May(l, Enrolled, false) == MayOpen }
		over := func(l Line) bool { return l.Ended }
		if opens(m) && (!opens(a) && !over(a) || !opens(b) && !over(b) || !opens(a) && !opens(b)) {
			t.Fatalf("%+v and %+v became %+v, which opens", a, b, m)
		}
		if m.Restricted != Yes && (a.Restricted == Yes || b.Restricted == Yes) {
			t.Fatalf("a restriction is gone: %+v", m)
		}
		back := stricterLine(b, a)
		if opens(m) != opens(back) {
			t.Fatalf("it matters which is kept: %+v, %+v", m, back)
		}
	})
}
