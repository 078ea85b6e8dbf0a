package roster

import (
	"context"
	"fmt"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func ids(lines []FullLine) (ids []int64) {
	for _, l := range lines {
		ids = append(ids, l.ID)
	}
	return ids
}

func TestLinesComeWithBothEndsAndTheSchool(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		school := School{Name: "Morgan High", Kind: "school", Phone: "555-0100", Hours: "8 to 4"}
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			s := school
			err := d.putSchool(ctx, tx, &s)
			school.ID = s.ID
			return err
		})
		s, c, l := d.fromRoster("1",
			Student{SchoolID: school.ID, IDNumber: "00-41 7", First: "Ana", Middle: "María", Last: "López", PreferredFirst: "Anita", BirthDate: "2015-02-03", Grade: "4", Homeroom: "4b", Email: "Ana@kids.example", Local: []string{"grade", "email"}},
			Contact{First: "Maria", Last: "López Ruiz", Email: "Maria@Example.org", MobilePhone: "1", HomePhone: "2", WorkPhone: "3", Language: "es", Left: true},
			Line{Relationship: "mother", Position: 2, LegalGuardian: Yes, LivesWith: No, PortalAccess: Yes, FilePortalAccess: Yes, Restricted: Yes,
				RestrictionNote: "court order", RestrictedAt: deskTime, RestrictedBy: "office", BeginDate: "2026-01-01", EndDate: "2027-01-01"})
		s.SchoolName, s.Local = "Morgan High", []string{"email", "grade"}
		l.Emergency, l.Pickup, l.Mailing, l.FileRestricted = Unknown, Unknown, Unknown, Unknown
		want := []FullLine{{Line: l, Student: s, Contact: c, School: school}}
		d.read(func(ctx context.Context, tx *sqldb.Tx) error {
			for what, read := range map[string]func() ([]FullLine, error){
				"by ID Number": func() ([]FullLine, error) { return d.LinesOfID(ctx, tx, "00417") },
				"by contact":   func() ([]FullLine, error) { return d.LinesOfContacts(ctx, tx, []int64{c.ID, c.ID, 999}) },
				"by student":   func() ([]FullLine, error) { return d.LinesOfStudent(ctx, tx, s.ID) },
				"by id":        func() ([]FullLine, error) { return d.Lines(ctx, tx, []int64{999, l.ID}) },
			} {
				got, err := read()
				d.ok(err)
				d.same(what, got, want)
			}
			for _, key := range []string{"", "417", "0041"} {
				got, err := d.LinesOfID(ctx, tx, key)
				d.ok(err)
				d.same("ID Number "+key, got, []FullLine(nil))
			}
			contacts, err := d.ContactsByEmail(ctx, tx, "maria@example.org")
			d.ok(err)
			d.same("by address", contacts, []Contact{c})
			none, err := d.ContactsByEmail(ctx, tx, "")
			d.ok(err)
			d.same("by no address", none, []Contact(nil))
			for key, want := range map[string]bool{"ana@kids.example": true, "maria@example.org": false, "": false} {
				has, err := d.StudentHasEmail(ctx, tx, key)
				d.ok(err)
				d.same("a student's address "+key, has, want)
			}
			gotStudent, err := d.Student(ctx, tx, s.ID)
			d.ok(err)
			d.same("student", gotStudent, s)
			gotContact, err := d.Contact(ctx, tx, c.ID)
			d.ok(err)
			d.same("contact", gotContact, c)
			if _, err := d.Contact(ctx, tx, 999); !fault.Is(err, fault.NotFound) {
				t.Errorf("no contact: got %v", err)
			}
			return nil
		})
	})
}

func TestLinesStandInOrderAlsoWhenThereAreThousands(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		var contacts, all []int64
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			contacts, all = nil, nil
			for i := range 1100 {
				s := Student{First: "Kid", Last: fmt.Sprintf("N%04d", 1100-i), Status: Enrolled}
				c := Contact{First: "Pat", Last: "Doe"}
				if err := d.putStudent(ctx, tx, &s); err != nil {
					return err
				}
				if err := d.putContact(ctx, tx, &c); err != nil {
					return err
				}
				l := Line{StudentID: s.ID, ContactID: c.ID}
				if err := d.putLine(ctx, tx, &l); err != nil {
					return err
				}
				contacts, all = append(contacts, c.ID), append(all, l.ID)
			}
			return nil
		})
		d.read(func(ctx context.Context, tx *sqldb.Tx) error {
			byID, err := d.Lines(ctx, tx, all)
			d.ok(err)
			d.same("by id", ids(byID), all)
			byChild, err := d.LinesOfContacts(ctx, tx, contacts)
			d.ok(err)
			for i, l := range byChild {
				if want := fmt.Sprintf("N%04d", i+1); l.Student.Last != want {
					t.Fatalf("line %d is of %s, want %s", i, l.Student.Last, want)
				}
			}
			if len(byChild) != 1100 {
				t.Errorf("got %d lines", len(byChild))
			}
			return nil
		})
	})
}

func TestDerivedKeysFollowTheNames(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, c, _ := d.fromRoster("1", Student{First: "Ana", Last: "López"}, Contact{First: "Maria", Last: "de la Cruz"}, Line{})
		s2, _, _ := d.fromRoster("2", Student{First: "Ben", Last: "López"}, c, Line{})
		rows := []string{
			"de la cruz/0/D/de-la-cruz maria/lopez ana", "la cruz/1/-/de-la-cruz maria/lopez ana", "cruz/2/-/de-la-cruz maria/lopez ana",
			"de la cruz/0/D/de-la-cruz maria/lopez ben", "la cruz/1/-/de-la-cruz maria/lopez ben", "cruz/2/-/de-la-cruz maria/lopez ben",
		}
		d.same("new lines", d.listed(), rows)
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			copied := s2
			copied.First, copied.PreferredLast = "Zoe", "Ruiz"
			return d.putStudent(ctx, tx, &copied)
		})
		d.same("words of a renamed student", d.column(`select word || '/' || sort_key from student_word where student_id = $1 order by word`, s2.ID),
			[]string{"lopez/lopez zoe", "ruiz/lopez zoe", "zoe/lopez zoe"})
		for i := 3; i < 6; i++ {
			rows[i] = rows[i][:len(rows[i])-3] + "zoe"
		}
		d.same("lines of a renamed student", d.listed(), rows)
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			copied := c
			copied.First, copied.Last = "", "Ñandú"
			return d.putContact(ctx, tx, &copied)
		})
		d.same("lines of a renamed contact", d.listed(), []string{"nandu/0/N/nandu /lopez ana", "nandu/0/N/nandu /lopez zoe"})
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			copied := c
			copied.Version, copied.Last = 2, ""
			return d.putContact(ctx, tx, &copied)
		})
		d.same("lines of a contact with a first name alone", d.listed(), []string{"/0/#/ maria/lopez ana", "/0/#/ maria/lopez zoe"})
		err := d.db.Write(t.Context(), func(tx *sqldb.Tx) error { stale := s2; return d.putStudent(t.Context(), tx, &stale) })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("a stale version: got %v", err)
		}
		_ = s
	})
}
