package roster

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestAChangedLineIsLocalAndTheHookHears(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, c, l := d.fromRoster("1", ana, maria, Line{Relationship: "mother", FilePortalAccess: Yes, PortalAccess: Yes, Position: 3})
		e := d.sheet(s.ID, 0)
		e.Line.Restricted, e.Line.RestrictionNote = Yes, "Court order.\r\n No calls. "
		e.Line.FilePortalAccess, e.Line.Position, e.Line.Ended, e.Line.Local, e.Line.FromFile = No, 9, true, nil, false
		d.same("id", d.save(e), l.ID)
		want := d.page(s.ID).Lines[0].Line
		d.same("line", want, Line{ID: l.ID, StudentID: s.ID, ContactID: c.ID, Relationship: "mother", Position: 3, LegalGuardian: Unknown,
			LivesWith: Unknown, Emergency: Unknown, Pickup: Unknown, Mailing: Unknown, PortalAccess: Yes, FilePortalAccess: Yes, FileRestricted: Unknown,
			Restricted: Yes, RestrictionNote: "Court order.\nNo calls.", RestrictedAt: deskTime, RestrictedBy: "office", FromFile: true,
			Local: []string{"restricted", "restriction_note"}, Version: 2})
		d.same("the hook", d.heard, []Change{{LineIDs: []int64{l.ID}}})
		d.same("the contact is untouched", d.page(s.ID).Lines[0].Contact, c)
		actions, detail := d.events()
		d.same("events", actions, []string{"line.changed"})
		for _, part := range []string{`"restricted":{"new":"yes","old":"unknown"}`, `"student_id":1`, `"contact_id":1`} {
			if !strings.Contains(detail, part) {
				t.Errorf("no %s in %s", part, detail)
			}
		}
		d.heard = nil
		e = d.sheet(s.ID, 0)
		e.Line.Restricted, e.Line.Emergency = No, Yes
		d.save(e)
		got := d.page(s.ID).Lines[0].Line
		d.same("lifted", []any{got.RestrictedAt.IsZero(), got.RestrictedBy, got.Local},
			[]any{true, "", []string{"emergency", "restricted", "restriction_note"}})
		d.same("the hook hears of that too", len(d.heard), 1)
	})
}

func TestOnlyWhatMayCloseALineIsTold(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, l := d.fromRoster("1", ana, maria, Line{Relationship: "mother"})
		for _, c := range []struct {
			name string
			edit func(*ContactEdit)
			told bool
		}{
			{"portal access", func(e *ContactEdit) { e.Line.PortalAccess = No }, true},
			{"relationship", func(e *ContactEdit) { e.Line.Relationship = "aunt" }, true},
			{"begin", func(e *ContactEdit) { e.Line.BeginDate = "2027-01-01" }, true},
			{"end", func(e *ContactEdit) { e.Line.EndDate = "2027-02-01" }, true},
			{"pickup", func(e *ContactEdit) { e.Line.Pickup = No }, false},
			{"a note", func(e *ContactEdit) { e.Line.RestrictionNote = "see file" }, false},
			{"a phone", func(e *ContactEdit) { e.Contact.MobilePhone = "1" }, false},
			{"nothing", func(e *ContactEdit) {}, false},
			{"a blank taken off by the form", func(e *ContactEdit) { e.Contact.HomePhone = strings.TrimSpace(e.Contact.HomePhone) }, false},
		} {
			d.heard = nil
			e := d.sheet(s.ID, 0)
			c.edit(&e)
			d.save(e)
			var want []Change
			if c.told {
				want = []Change{{LineIDs: []int64{l.ID}}}
			}
			d.same(c.name, d.heard, want)
		}
		d.same("a blank alone is no change", d.page(s.ID).Lines[0].Contact.Local, []string{"mobile_phone"})
	})
}

func TestAnAddressMovesOnlyWithACheck(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, c, _ := d.fromRoster("1", ana, maria, Line{})
		e := d.sheet(s.ID, 0)
		e.Contact.Email = "new@example.org"
		for _, checked := range []string{"", "yes", "none"} {
			e.Checked = checked
			_, err := d.SaveContact(t.Context(), d.clerk, e)
			d.same("checked "+checked, problemsOf(err), []string{"checked problem.check_needed"})
		}
		for i, step := range []struct{ checked, old, next string }{
			{"photo_id", "maria@example.org", "new@example.org"}, {"letter", "new@example.org", ""}, {"call_back", "", "Back@example.org"},
		} {
			e := d.sheet(s.ID, 0)
			e.Contact.Email, e.Checked = step.next, step.checked
			d.save(e)
			d.same("the hook", d.heard[i:], []Change{{Addresses: []AddressChange{{ContactID: c.ID, Old: step.old, New: step.next}}}})
			actions, detail := d.events()
			d.same("event", actions[i], "contact.changed")
			d.same("detail", detail, `{"checked":"`+step.checked+`","email":{"new":"`+step.next+`","old":"`+step.old+`"}}`)
		}
		e = d.sheet(s.ID, 0)
		e.Contact.Email = "back@EXAMPLE.org"
		d.save(e)
		got := d.page(s.ID).Lines[0].Contact
		d.same("the same mailbox needs no check", []any{got.Email, len(d.heard), got.Local}, []any{"back@EXAMPLE.org", 3, []string{"email"}})
	})
}

func TestProblemsOfAContactStandBesideTheFields(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, _ := d.fromRoster("1", ana, maria, Line{})
		for _, c := range []struct {
			name string
			edit func(*ContactEdit)
			want []string
		}{
			{"no name", func(e *ContactEdit) { e.Contact.First, e.Contact.Last = "", "" }, []string{"last_name problem.empty"}},
			{"a long name", func(e *ContactEdit) { e.Contact.Middle = strings.Repeat("x", 129) }, []string{"middle_name problem.too_long"}},
			{"a long phone", func(e *ContactEdit) { e.Contact.WorkPhone = strings.Repeat("1", 201) }, []string{"work_phone problem.too_long"}},
			{"a language nobody speaks here", func(e *ContactEdit) { e.Contact.Language = "xx" }, []string{"language problem.choose"}},
			{"no address", func(e *ContactEdit) { e.Contact.Email, e.Checked = "a b@c", "letter" }, []string{"email problem.email_invalid"}},
			{"two addresses", func(e *ContactEdit) { e.Contact.Email, e.Checked = "a@b.c,d@e.f", "letter" }, []string{"email problem.email_invalid"}},
			{"a relationship nobody knows", func(e *ContactEdit) { e.Line.Relationship = "boss" }, []string{"relationship problem.choose"}},
			{"a flag nobody knows", func(e *ContactEdit) { e.Line.Pickup = "maybe" }, []string{"pickup problem.choose"}},
			{"no date", func(e *ContactEdit) { e.Line.BeginDate = "tomorrow" }, []string{"begin_date problem.date"}},
			{"an end before the beginning", func(e *ContactEdit) { e.Line.BeginDate, e.Line.EndDate = "2026-02-01", "2026-02-01" }, []string{"end_date problem.date_order"}},
			{"a long note", func(e *ContactEdit) { e.Line.RestrictionNote = strings.Repeat("x", 1001) }, []string{"restriction_note problem.too_long"}},
		} {
			e := d.sheet(s.ID, 0)
			c.edit(&e)
			_, err := d.SaveContact(t.Context(), d.clerk, e)
			d.same(c.name, problemsOf(err), c.want)
			e.Contact.ID, e.Line.ID, e.Line.StudentID = 0, 0, s.ID
			_, err = d.SaveContact(t.Context(), d.clerk, e)
			d.same(c.name+", adding", problemsOf(err), c.want)
		}
		actions, _ := d.events()
		d.same("events", actions, []string(nil))
	})
}

func TestAContactAddedByHand(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, _ := d.fromRoster("1", ana, maria, Line{Position: 4})
		id := d.save(ContactEdit{Contact: Contact{First: "Luis", Last: "Lopez Ruiz", Email: "luis@example.org", SourceID: "forged", Left: true},
			Line: Line{StudentID: s.ID, ContactID: 77, Relationship: "father", Restricted: Yes, FilePortalAccess: No, FromFile: true}})
		got := d.page(s.ID).Lines[1]
		want := PageLine{FullLine: FullLine{Student: s,
			Line: Line{ID: id, StudentID: s.ID, ContactID: 2, Relationship: "father", Position: 5, LegalGuardian: Unknown, LivesWith: Unknown,
				Emergency: Unknown, Pickup: Unknown, Mailing: Unknown, PortalAccess: Unknown, FilePortalAccess: Unknown, Restricted: Yes, FileRestricted: Unknown,
				RestrictedAt: deskTime, RestrictedBy: "office", Local: []string{"relationship", "restricted"}, Version: 1},
			Contact: Contact{ID: 2, First: "Luis", Last: "Lopez Ruiz", Email: "luis@example.org", Version: 1}}}
		d.same("line", got, want)
		actions, _ := d.events()
		d.same("events", actions, []string{"contact.added", "line.added"})
		d.same("listed", d.listed()[1:], []string{"lopez ruiz/0/L/lopez-ruiz luis/lopez ana", "ruiz/1/-/lopez-ruiz luis/lopez ana"})
		_, err := d.SaveContact(t.Context(), d.clerk, ContactEdit{Contact: maria, Line: Line{StudentID: 999}})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("no student: got %v", err)
		}
	})
}

func TestAKnownContactCanBeLinkedOnceAndIsTheSameForAllChildren(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, c, _ := d.fromRoster("1", ana, maria, Line{})
		ben, err := d.AddStudent(t.Context(), d.clerk, Student{First: "Ben", Last: "Lopez"})
		d.ok(err)
		link := ContactEdit{Contact: c, Line: Line{StudentID: ben, Relationship: "mother"}}
		d.save(link)
		if _, err := d.SaveContact(t.Context(), d.clerk, link); !fault.Is(err, fault.Conflict) {
			t.Errorf("linking twice: got %v", err)
		}
		e := d.sheet(s.ID, 0)
		d.same("other children", d.page(s.ID).Lines[0].OtherChildren, 1)
		e.Contact.HomePhone = "555-7"
		d.save(e)
		d.same("the other child's contact", d.page(ben).Lines[0].Contact.HomePhone, "555-7")
		e = d.sheet(s.ID, 0)
		e.Line.ID = d.page(ben).Lines[0].ID
		e.Contact.ID = 99
		if _, err := d.SaveContact(t.Context(), d.clerk, e); !fault.Is(err, fault.NotFound) {
			t.Errorf("a line of another contact: got %v", err)
		}
	})
}

func TestARemovedRosterLineStaysAwayAndCanComeBack(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, c, l := d.fromRoster("1", ana, maria, Line{Relationship: "mother"})
		d.ok(d.RemoveLine(t.Context(), d.clerk, l.ID, 1))
		p := d.page(s.ID)
		if len(p.Lines) != 0 || len(p.Removed) != 1 || !p.Removed[0].Removed() {
			t.Fatalf("got %+v", p)
		}
		d.same("local", p.Removed[0].Local, []string{"ended"})
		d.same("listed", d.listed(), []string(nil))
		d.same("the hook", d.heard, []Change{{LineIDs: []int64{l.ID}}})
		rule := Rule{Relationships: DefaultRelationships(), Today: "2026-11-23"}
		d.same("may", rule.MayOpen(p.Removed[0]), WhyEnded)
		if err := d.RemoveLine(t.Context(), d.clerk, l.ID, 2); !fault.Is(err, fault.NotFound) {
			t.Errorf("removing it again: got %v", err)
		}
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			copied := c
			copied.First = "Mary"
			return d.putContact(ctx, tx, &copied)
		})
		d.same("not listed under a new name either", d.listed(), []string(nil))

		c = d.page(s.ID).Removed[0].Contact
		d.same("the line comes back", d.save(ContactEdit{Contact: c, Line: Line{StudentID: s.ID, Relationship: "mother"}}), l.ID)
		got := d.page(s.ID).Lines[0].Line
		d.same("as the school's own", []any{got.Ended, got.FromFile, got.Removed(), got.Relationship}, []any{false, false, false, "mother"})
		d.same("and is listed", d.listed(), []string{"lopez/0/L/lopez mary/lopez ana"})
		d.ok(d.RemoveLine(t.Context(), d.clerk, got.ID, got.Version))
		d.same("removed again, it leaves its mark again", len(d.page(s.ID).Removed), 1)
		actions, _ := d.events()
		d.same("events", actions, []string{"line.removed", "line.added", "line.removed"})
	})
}

func TestAHandMadeLineGoesAndWithTheLastOneTheContact(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		one, err := d.AddStudent(t.Context(), d.clerk, ana)
		d.ok(err)
		two, err := d.AddStudent(t.Context(), d.clerk, Student{First: "Ben", Last: "Lopez"})
		d.ok(err)
		d.save(ContactEdit{Contact: maria, Line: Line{StudentID: one}})
		c := d.page(one).Lines[0].Contact
		d.save(ContactEdit{Contact: c, Line: Line{StudentID: two}})
		d.heard = nil
		seen := 0
		d.hook = func(ctx context.Context, tx *sqldb.Tx, _ Change) error {
			seen++
			_, err := d.Contact(ctx, tx, c.ID)
			return err // the hook must still find the contact
		}
		for i, student := range []int64{one, two} {
			l := d.page(student).Lines[0]
			d.ok(d.RemoveLine(t.Context(), d.clerk, l.ID, l.Version))
			d.same("the hook", d.heard[i], Change{LineIDs: []int64{l.ID}, Gone: []GoneLine{{l.ID, student, c.ID}}})
			d.same("lines left", len(d.page(student).Lines)+len(d.page(student).Removed), 0)
		}
		d.same("the hook was called", seen, 2)
		d.same("contacts left", d.column("select first_name from contact"), []string(nil))
		actions, detail := d.events()
		d.same("events", actions[len(actions)-3:], []string{"line.removed", "line.removed", "contact.removed"})
		if !strings.Contains(detail, `"email":{"new":"","old":"maria@example.org"}`) {
			t.Errorf("the log does not say who went: %s", detail)
		}
	})
}

func TestARosterContactStaysWithoutLines(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, c, _ := d.fromRoster("1", ana, maria, Line{})
		ben, err := d.AddStudent(t.Context(), d.clerk, Student{First: "Ben", Last: "Lopez"})
		d.ok(err)
		d.save(ContactEdit{Contact: c, Line: Line{StudentID: ben}})
		l := d.page(ben).Lines[0]
		d.ok(d.RemoveLine(t.Context(), d.clerk, l.ID, l.Version))
		d.same("contacts left", d.column("select first_name from contact"), []string{"Maria"})
	})
}

func TestLinesMoveUpAndDown(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, _, _ := d.fromRoster("1", ana, Contact{Last: "A"}, Line{})
		d.fromRoster("2", s, Contact{Last: "B"}, Line{})
		d.fromRoster("3", s, Contact{Last: "C"}, Line{})
		order := func() string {
			names := ""
			for _, l := range d.page(s.ID).Lines {
				names += l.Contact.Last
			}
			return names
		}
		for _, step := range []struct {
			line int64
			by   int
			want string
		}{{3, -1, "ACB"}, {1, 1, "CAB"}, {3, -1, "CAB"}, {2, 1, "CAB"}, {2, -5, "BCA"}} {
			d.ok(d.MoveLine(t.Context(), d.clerk, step.line, step.by))
			d.same("order", order(), step.want)
		}
		for i, l := range d.page(s.ID).Lines {
			d.same("position", []any{l.Position, l.Local}, []any{i, []string{"position"}})
		}
		actions, _ := d.events()
		d.same("events", actions, []string{"line.moved", "line.moved", "line.moved"})
		d.same("the hook", d.heard, []Change(nil))
		if err := d.MoveLine(t.Context(), d.clerk, 99, 1); !fault.Is(err, fault.NotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFieldsCoverTheRecords(t *testing.T) {
	// A field that the tables forget could be typed and would be lost.
	s := Student{SchoolID: 1, IDNumber: "a", First: "b", Middle: "c", Last: "d", PreferredFirst: "e", PreferredLast: "f", BirthDate: "g",
		Grade: "h", Homeroom: "i", Email: "j", Status: "k"}
	gotStudent, cs := settle(studentFields(), Student{}, s)
	if diff := cmp.Diff(s, gotStudent); diff != "" || len(cs) != 12 {
		t.Errorf("student: %d fields, %s", len(cs), diff)
	}
	c := Contact{First: "a", Middle: "b", Last: "c", PreferredFirst: "d", PreferredLast: "e", Email: "f", MobilePhone: "g", HomePhone: "h",
		WorkPhone: "i", Language: "j"}
	gotContact, cs := settle(contactFields(), Contact{}, c)
	if diff := cmp.Diff(c, gotContact); diff != "" || len(cs) != 10 {
		t.Errorf("contact: %d fields, %s", len(cs), diff)
	}
	l := Line{Relationship: "a", LegalGuardian: "b", LivesWith: "c", Emergency: "d", Pickup: "e", Mailing: "f", PortalAccess: "g",
		Restricted: "h", RestrictionNote: "i", BeginDate: "j", EndDate: "k"}
	gotLine, cs := settle(lineFields(), Line{}, l)
	if diff := cmp.Diff(l, gotLine, cmpopts.EquateEmpty()); diff != "" || len(cs) != 11 {
		t.Errorf("line: %d fields, %s", len(cs), diff)
	}
}
