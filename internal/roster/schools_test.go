package roster

import (
	"context"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// twoSchools puts Ana at North and Sam at South on record, and Maria as a contact of both; Sol is Sam's alone. The registrar is North's.
func (d *desk) twoSchools() (registrar access.Actor, north, south int64) {
	d.t.Helper()
	d.ok(d.SaveSchool(d.t.Context(), d.clerk, School{Name: "North"}))
	d.ok(d.SaveSchool(d.t.Context(), d.clerk, School{Name: "South"}))
	schools, err := d.Schools(d.t.Context())
	d.ok(err)
	north, south = schools[0].ID, schools[1].ID
	registrar = d.clerk
	registrar.Role, registrar.Schools = access.Registrar, access.Schools{IDs: []int64{north}}
	return registrar, north, south
}

func TestPRV5ARegistrarEditsOnlyTheRecordsOfTheirSchools(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		registrar, north, south := d.twoSchools()
		a, m, own := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		s, _, shared := d.fromRoster("2", Student{First: "Sam", Last: "Stone", SchoolID: south}, m, Line{})
		_, c, theirs := d.fromRoster("3", s, Contact{First: "Sol", Last: "Stone"}, Line{})
		ctx := t.Context()
		edit := func(c Contact, l Line) error {
			_, err := d.SaveContact(ctx, registrar, ContactEdit{Contact: c, Line: l})
			return err
		}
		add := func(s Student) error { _, err := d.AddStudent(ctx, registrar, s); return err }
		page := func(id int64) error { _, err := d.Page(ctx, registrar, id); return err }
		moved, renamed := a, s
		moved.SchoolID, renamed.First = south, "Sammy"
		stale := c
		stale.Version = 99
		for name, x := range map[string]struct {
			err  error
			want fault.Kind
		}{
			"a page":                             {page(s.ID), fault.NotFound},
			"a student":                          {d.SaveStudent(ctx, registrar, renamed), fault.NotFound},
			"a student moved there":              {d.SaveStudent(ctx, registrar, moved), fault.Invalid},
			"a new student there":                {add(Student{First: "New", SchoolID: south}), fault.Invalid},
			"a new student of no school":         {add(Student{First: "New"}), fault.Invalid},
			"a line":                             {edit(c, theirs), fault.NotFound},
			"a line of a parent shared":          {edit(m, shared), fault.NotFound},
			"a new line":                         {edit(m, Line{StudentID: s.ID}), fault.NotFound},
			"a contact put on a student of ours": {edit(c, Line{StudentID: a.ID}), fault.NotFound},
			"a contact's version":                {edit(stale, Line{StudentID: a.ID}), fault.NotFound},
			"an order":                           {d.MoveLine(ctx, registrar, theirs.ID, -1), fault.NotFound},
			"a removal":                          {d.RemoveLine(ctx, registrar, theirs.ID, theirs.Version), fault.NotFound},
			"a school":                           {d.SaveSchool(ctx, registrar, School{ID: south, Name: "Ours"}), fault.NotFound},
			"a new school":                       {d.SaveSchool(ctx, registrar, School{Name: "Ours"}), fault.NotFound},
		} {
			if !fault.Is(x.err, x.want) {
				t.Errorf("%s of another school: got %v, want %v", name, x.err, x.want)
			}
		}
		if actions, _ := d.events(); len(actions) != 2 {
			t.Errorf("the log has %v beside the two schools", actions[2:])
		}

		p, err := d.Page(ctx, registrar, a.ID)
		d.ok(err)
		if len(p.Schools) != 1 || p.Schools[0].ID != north || len(p.Lines) != 1 || p.Lines[0].OtherChildren != 0 || !p.Lines[0].Elsewhere {
			t.Errorf("the page of one's own: %+v", p)
		}
		if l := d.page(a.ID).Lines[0]; l.OtherChildren != 1 || l.Elsewhere {
			t.Errorf("the page for who works everywhere: %+v", l)
		}
		renamedContact := m
		renamedContact.MobilePhone = "555-0111"
		d.ok(edit(renamedContact, own))
		d.ok(add(Student{First: "New", SchoolID: north}))
	})
}

func TestTheListsFollowAStudentToAnotherSchool(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, south := d.twoSchools()
		s, c, _ := d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north}, Contact{First: "Maria", Last: "Lopez Ruiz"}, Line{})
		for _, school := range []int64{south, 0, north} {
			s.SchoolID = school
			d.write(func(ctx context.Context, tx *sqldb.Tx) error {
				moved := s
				err := d.putStudent(ctx, tx, &moved)
				s.Version = moved.Version
				return err
			})
			for table, where := range map[string]string{"line_name": "contact_id = $1", "student_word": "student_id = $1"} {
				id := c.ID
				if table == "student_word" {
					id = s.ID
				}
				for _, got := range d.column("select distinct cast(coalesce(school_id, 0) as text) from "+table+" where "+where, id) {
					if got != idTextOrZero(school) {
						t.Errorf("%s has school %s, want %d", table, got, school)
					}
				}
			}
		}
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			renamed := c
			renamed.Last = "Ruiz"
			return d.putContact(ctx, tx, &renamed)
		})
		d.same("lines of a renamed contact", d.column("select distinct cast(school_id as text) from line_name where contact_id = $1", c.ID), []string{idText(north)})
	})
}

func idTextOrZero(id int64) string {
	if id == 0 {
		return "0"
	}
	return idText(id)
}
