package roster

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// rows returns a query's rows as text.
func rows(d *desk, query string) (all []string) {
	d.t.Helper()
	d.read(func(ctx context.Context, tx *sqldb.Tx) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			columns, err := r.Columns()
			if err != nil {
				return err
			}
			values, targets := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				targets[i] = &values[i]
			}
			err = r.Scan(targets...)
			all = append(all, fmt.Sprint(values...))
			return err
		}, query)
	})
	slices.Sort(all)
	return all
}

func TestRecordsAddedInBulkAreThoseAddedOneByOne(t *testing.T) {
	names := [][3]string{{"Ana", "María", "López Ruiz"}, {"José", "", "de la Cruz"}, {"Gwen", "", ""}, {"李", "", "小龙"}, {"Bob", "", "O'Brien-Smith Jr"}}
	atDesk(t, func(t *testing.T, d *desk) {
		var bulk Batch
		var students []Student
		var contacts []Contact
		for _, n := range names {
			students = append(students, Student{IDNumber: "00-4" + n[0], First: n[0], Middle: n[1], Last: n[2], PreferredFirst: "Pat", Email: "A@b.example", Status: Enrolled})
			contacts = append(contacts, Contact{First: n[2], Last: n[0] + " " + n[2], Email: "C@d.example", MobilePhone: "1", Language: "es"})
		}
		line := Line{Relationship: "mother", Position: 3, Pickup: No, PortalAccess: No, FilePortalAccess: No, BeginDate: "2026-01-01", EndDate: "2027-01-01", FromFile: true}
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			for i := range names {
				s, c, l := students[i], contacts[i], line
				s.SourceID, c.SourceID = fmt.Sprint("one", i), fmt.Sprint("one", i)
				if err := d.putStudent(ctx, tx, &s); err != nil {
					return err
				}
				if err := d.putContact(ctx, tx, &c); err != nil {
					return err
				}
				l.StudentID, l.ContactID = s.ID, c.ID
				if err := d.putLine(ctx, tx, &l); err != nil {
					return err
				}
			}
			return nil
		})
		tables := []string{
			"select school_id, id_number, id_key, first_name, middle_name, last_name, preferred_first, preferred_last, sort_key, birth_date, grade, homeroom, email, email_key, status, local_fields, version from student",
			"select w.word, w.sort_key, s.id_number from student_word w join student s on s.id = w.student_id",
			"select first_name, middle_name, last_name, key_version, last_key, sort_key, letter, email, email_key, mobile_phone, language, local_fields, version, left_at from contact",
			"select relationship, position, legal_guardian, pickup, portal_access, file_portal_access, restricted, restricted_at, begin_date, end_date, ended_at, from_file, local_fields, version from student_contact",
			"select n.entry, n.pos, n.letter, n.parent_sort, n.child_sort from line_name n",
		}
		var want [][]string
		for _, q := range tables {
			want = append(want, rows(d, q))
		}
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			bulk = Batch{}
			for i := range names {
				s, c := students[i], contacts[i]
				s.SourceID, c.SourceID = fmt.Sprint("bulk", i), fmt.Sprint("bulk", i)
				bulk.Students, bulk.Contacts = append(bulk.Students, StudentChange{New: s}), append(bulk.Contacts, ContactChange{New: c})
			}
			done, err := d.Apply(ctx, tx, d.clerk, bulk)
			if err != nil {
				return err
			}
			var lines Batch
			for i := range names {
				l := line
				l.StudentID, l.ContactID = done.Students[i], done.Contacts[i]
				lines.Lines = append(lines.Lines, LineChange{New: l})
			}
			done, err = d.Apply(ctx, tx, d.clerk, lines)
			if slices.Contains(done.Lines, 0) {
				t.Errorf("lines: %v", done.Lines)
			}
			return err
		})
		for i, q := range tables {
			got := rows(d, q)
			var twice []string
			for _, r := range want[i] {
				twice = append(twice, r, r)
			}
			if diff := cmp.Diff(twice, got); diff != "" {
				t.Errorf("%s: %s", q, diff)
			}
		}
		for _, c := range d.heard {
			if len(c.LineIDs)+len(c.Gone)+len(c.Addresses) > 0 {
				t.Errorf("the hook heard more of new records than that their lines may be open: %v", c)
			}
		}
	})
}

func TestABatchLeavesAloneWhatSomebodyElseChanged(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		s, c, l := d.fromRoster("1", Student{First: "Ana", Last: "Lopez"}, Contact{First: "Maria", Last: "Lopez", Email: "a@b.example"}, Line{FromFile: true})
		older := func(v int64) int64 { return v - 1 }
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			var b Batch
			b.Students = []StudentChange{{s, s}, {New: Student{SourceID: s.SourceID, First: "Again", Status: Enrolled}}}
			b.Contacts = []ContactChange{{c, c}, {New: Contact{SourceID: c.SourceID, First: "Again"}}}
			b.Lines = []LineChange{{Old: l, New: l}, {New: Line{StudentID: s.ID, ContactID: c.ID}}}
			b.Students[0].Old.Version, b.Contacts[0].Old.Version, b.Lines[0].Old.Version = older(s.Version), older(c.Version), older(l.Version)
			b.Lines[0].New.Ended, b.Contacts[0].New.Email = true, "other@b.example"
			done, err := d.Apply(ctx, tx, d.clerk, b)
			if diff := cmp.Diff(Applied{Schools: []int64{}, Students: []int64{0, 0}, Contacts: []int64{0, 0}, Lines: []int64{0, 0}}, done); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if len(d.heard) > 0 {
			t.Errorf("the hook heard of what did not happen: %v", d.heard)
		}
		d.read(func(ctx context.Context, tx *sqldb.Tx) error {
			got, err := d.LinesOfStudent(ctx, tx, s.ID)
			if err != nil || len(got) != 1 || got[0].Ended || got[0].Contact.Email != "a@b.example" || got[0].Student.First != "Ana" {
				t.Errorf("got %v, %v", got, err)
			}
			return err
		})
	})
}

func TestABatchTellsWhatItClosed(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		base := Line{FromFile: true, Relationship: "mother", PortalAccess: Unknown, FilePortalAccess: Unknown, Restricted: Unknown}
		for i, tt := range []struct {
			what   string
			change func(s *Student, c *Contact, l *Line)
			closes bool
		}{
			{"nothing", func(*Student, *Contact, *Line) {}, false},
			{"the line ends", func(_ *Student, _ *Contact, l *Line) { l.Ended = true }, true},
			{"the roster refuses", func(_ *Student, _ *Contact, l *Line) { l.FilePortalAccess = No }, true},
			{"another relationship", func(_ *Student, _ *Contact, l *Line) { l.Relationship = "relative" }, true},
			{"an end", func(_ *Student, _ *Contact, l *Line) { l.EndDate = "2026-01-01" }, true},
			{"a restriction", func(_ *Student, _ *Contact, l *Line) { l.Restricted = Yes }, true},
			{"the student leaves", func(s *Student, _ *Contact, _ *Line) { s.Status = Left }, true},
			{"the contact leaves", func(_ *Student, c *Contact, _ *Line) { c.Left = true }, true},
			{"a position", func(_ *Student, _ *Contact, l *Line) { l.Position = 4 }, false},
			{"a phone", func(_ *Student, c *Contact, _ *Line) { c.HomePhone = "1" }, false},
		} {
			s, c, l := d.fromRoster(fmt.Sprint("x", i), Student{First: "Ana", Last: "Lopez"}, Contact{First: "Maria", Last: "Lopez"}, base)
			sn, cn, ln := s, c, l
			tt.change(&sn, &cn, &ln)
			d.heard = nil
			d.write(func(ctx context.Context, tx *sqldb.Tx) error {
				d.heard = nil
				_, err := d.Apply(ctx, tx, d.clerk, Batch{Students: []StudentChange{{s, sn}}, Contacts: []ContactChange{{c, cn}}, Lines: []LineChange{{Old: l, New: ln}}})
				return err
			})
			told := len(d.heard) == 1 && slices.Contains(d.heard[0].LineIDs, l.ID)
			if told != tt.closes {
				t.Errorf("%s: heard %v", tt.what, d.heard)
			}
		}
		visitor := access.Actor{Kind: access.Parent, AccountID: 3}
		err := d.db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := d.Apply(t.Context(), tx, visitor, Batch{})
			return err
		})
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("a parent imports: %v", err)
		}
	})
}

func TestWhoComesBackInTheTimeOfGraceOpensNothingThatWasShut(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		opened := func(change func(l *Line, c *Contact), back func(l *Line, c *Contact)) bool {
			_, c, l := d.fromRoster(fmt.Sprint(len(d.column("select 1 || '' from contact"))), Student{First: "Ana", Last: "Lopez"}, Contact{First: "Maria", Last: "Lopez"}, Line{Relationship: "mother"})
			apply := func(change func(l *Line, c *Contact)) { // who comes back does so before the line, as in an import
				d.write(func(ctx context.Context, tx *sqldb.Tx) error {
					is, err := d.line(ctx, tx, l.ID)
					if err != nil {
						return err
					}
					who, err := d.Contact(ctx, tx, c.ID)
					if err != nil {
						return err
					}
					next, nextWho := is, who
					change(&next, &nextWho)
					if _, err := d.Apply(ctx, tx, d.clerk, Batch{Contacts: []ContactChange{{Old: who, New: nextWho}}}); err != nil {
						return err
					}
					_, err = d.Apply(ctx, tx, d.clerk, Batch{Lines: []LineChange{{Old: is, New: next}}})
					return err
				})
			}
			apply(change)
			d.heard = nil
			apply(back)
			return slices.ContainsFunc(d.heard, func(c Change) bool { return slices.Contains(c.Opened, l.ID) })
		}
		missing := func(until string) func(*Line, *Contact) {
			return func(l *Line, c *Contact) { l.GraceUntil, c.Left = until, true }
		}
		back := func(l *Line, c *Contact) { l.GraceUntil, c.Left = "", false }
		for what, x := range map[string]struct{ got, want bool }{
			"in time":                       {opened(missing("2026-12-01"), back), false},
			"on the day it ends":            {opened(missing("2026-11-23"), back), true},
			"a line":                        {opened(func(l *Line, _ *Contact) { l.Ended = true }, func(l *Line, _ *Contact) { l.Ended = false }), true},
			"a line that is something else": {opened(func(l *Line, _ *Contact) { l.Ended = true }, func(l *Line, _ *Contact) { l.Ended, l.Relationship = false, "guardian" }), true},
		} {
			if x.got != x.want {
				t.Errorf("%s: opened %v", what, x.got)
			}
		}
	})
}
