package apptest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// StaffUsername and StaffPassword are the administrator's of the district.
const (
	StaffUsername = "office"
	StaffPassword = "lantern-orchard-pebble-sail"
)

// The addresses on record in the district.
const (
	MariaEmail  = "maria.lopez@example.org"
	JorgeEmail  = "jorge.lopez@example.org"
	RickEmail   = "rick.stone@example.org"
	WeiEmail    = "wei.chen@example.org"
	TinaEmail   = "tina.gone@example.org"
	OlgaEmail   = "olga.ivanova@example.org"
	OfficeEmail = "office@example.org"
)

// District is whom the test can meet. All of them are invented.
//
// Maria Lopez is the mother of Ana, Ben and Carla. Jorge Lopez is the father of Ana, and of David, of whom Maria is nothing. For Ana, Rick
// Stone is restricted. Nora Blank is Ben's guardian and has no e-mail address. Wei Chen is the father of Lin, another family. Tina Gone
// is the mother of Tom, who has graduated. Ольга Иванова is the mother of Пётр.
type District struct {
	Staff                                     int64 // account
	Ana, Ben, Carla, David, Lin, Tom, Pyotr   roster.Student
	Maria, Jorge, Rick, Nora, Wei, Tina, Olga roster.Contact
	MariaAna, MariaBen, MariaCarla            int64 // lines
	JorgeAna, JorgeDavid, RickAna, NoraBen    int64
	WeiLin, TinaTom, OlgaPyotr                int64
	Oak, Cedar                                roster.School
}

func seed(a *App) District {
	var d District
	d.Oak, d.Cedar = a.AddSchool("Oak Hill Elementary", "555-0100"), a.AddSchool("Cedar Middle School", "555-0200")
	d.Ana = a.AddStudent(roster.Student{SchoolID: d.Oak.ID, IDNumber: "204117", First: "Ana", Last: "Lopez", Grade: "4", BirthDate: "2016-05-04"})
	d.Ben = a.AddStudent(roster.Student{SchoolID: d.Oak.ID, IDNumber: "204118", First: "Ben", Last: "Lopez", Grade: "2"})
	d.Carla = a.AddStudent(roster.Student{SchoolID: d.Cedar.ID, IDNumber: "00204-119", First: "Carla", Last: "Lopez", Grade: "7", Homeroom: "7B"})
	d.David = a.AddStudent(roster.Student{SchoolID: d.Cedar.ID, IDNumber: "204120", First: "David", Last: "Lopez", Grade: "8"})
	d.Lin = a.AddStudent(roster.Student{SchoolID: d.Cedar.ID, IDNumber: "300200", First: "Lin", Last: "Chen", Grade: "6"})
	d.Tom = a.AddStudent(roster.Student{SchoolID: d.Cedar.ID, IDNumber: "400001", First: "Tom", Last: "Gone", Status: roster.Graduated})
	d.Pyotr = a.AddStudent(roster.Student{SchoolID: d.Oak.ID, IDNumber: "500001", First: "Пётр", Last: "Иванов", Grade: "1"})

	d.Maria, d.MariaAna = a.AddContact(d.Ana, roster.Contact{First: "Maria", Last: "Lopez", Email: MariaEmail, MobilePhone: "555-0123"}, line("mother"))
	d.MariaBen, d.MariaCarla = a.AddLine(d.Ben, d.Maria, line("mother")), a.AddLine(d.Carla, d.Maria, line("mother"))
	d.Jorge, d.JorgeAna = a.AddContact(d.Ana, roster.Contact{First: "Jorge", Last: "Lopez", Email: JorgeEmail, Language: "es", HomePhone: "555-0177"}, line("father"))
	d.JorgeDavid = a.AddLine(d.David, d.Jorge, line("father"))
	restricted := line("father")
	restricted.Restricted, restricted.RestrictionNote = roster.Yes, "order 12-345"
	d.Rick, d.RickAna = a.AddContact(d.Ana, roster.Contact{First: "Rick", Last: "Stone", Email: RickEmail}, restricted)
	d.Nora, d.NoraBen = a.AddContact(d.Ben, roster.Contact{First: "Nora", Last: "Blank"}, line("guardian"))
	d.Wei, d.WeiLin = a.AddContact(d.Lin, roster.Contact{First: "Wei", Last: "Chen", Email: WeiEmail, WorkPhone: "555-0199"}, line("father"))
	d.Tina, d.TinaTom = a.AddContact(d.Tom, roster.Contact{First: "Tina", Last: "Gone", Email: TinaEmail}, line("mother"))
	d.Olga, d.OlgaPyotr = a.AddContact(d.Pyotr, roster.Contact{First: "Ольга", Last: "Иванова", Email: OlgaEmail}, line("mother"))

	staff := account.NewStaff{Username: StaffUsername, Name: "Ada Office", Email: OfficeEmail, Password: StaffPassword, Role: access.Administrator, Schools: access.Everywhere()}
	var err error
	if d.Staff, err = a.Accounts.CreateStaff(context.Background(), system(), staff); err != nil {
		a.t.Fatalf("making the administrator: %v", err)
	}
	a.Drain()
	return d
}

func line(relationship string) roster.Line {
	return roster.Line{Relationship: relationship, LivesWith: roster.Yes, LegalGuardian: roster.Yes}
}

func system() access.Actor { return access.Actor{Kind: access.System} }

// AddSchool puts a school on record.
func (a *App) AddSchool(name, phone string) roster.School {
	a.t.Helper()
	s := roster.School{Name: name, Kind: "school", Phone: phone}
	if err := a.Roster.SaveSchool(context.Background(), system(), s); err != nil {
		a.t.Fatalf("adding school %s: %v", name, err)
	}
	all, err := a.Roster.Schools(context.Background())
	if err != nil {
		a.t.Fatal(err)
	}
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	a.t.Fatalf("school %s is not on record", name)
	return s
}

// AddStudent puts a student on record, enrolled unless s says otherwise.
func (a *App) AddStudent(s roster.Student) roster.Student {
	a.t.Helper()
	if s.Status == "" {
		s.Status = roster.Enrolled
	}
	id, err := a.Roster.AddStudent(context.Background(), system(), s)
	if err != nil {
		a.t.Fatalf("adding a student: %v", err)
	}
	return a.Student(id)
}

// Student returns a student as on record.
func (a *App) Student(id int64) roster.Student {
	a.t.Helper()
	var s roster.Student
	a.read(func(tx *sqldb.Tx) (err error) {
		s, err = a.Roster.Student(context.Background(), tx, id)
		return err
	})
	return s
}

// Contact returns a contact as on record.
func (a *App) Contact(id int64) roster.Contact {
	a.t.Helper()
	var c roster.Contact
	a.read(func(tx *sqldb.Tx) (err error) {
		c, err = a.Roster.Contact(context.Background(), tx, id)
		return err
	})
	return c
}

func (a *App) read(fn func(tx *sqldb.Tx) error) {
	a.t.Helper()
	if err := a.DB.Read(context.Background(), fn); err != nil {
		a.t.Fatal(err)
	}
}

// Count returns the number that a query of the database gives.
func (a *App) Count(query string, args ...any) int64 {
	a.t.Helper()
	var n int64
	a.read(func(tx *sqldb.Tx) (err error) {
		n, err = sqldb.Value[int64](context.Background(), tx, query, args...)
		return err
	})
	return n
}

// AddContact puts a contact on record with its first line, and returns it with the line's id.
func (a *App) AddContact(s roster.Student, c roster.Contact, l roster.Line) (roster.Contact, int64) {
	a.t.Helper()
	l.StudentID = s.ID
	id, err := a.Roster.SaveContact(context.Background(), system(), roster.ContactEdit{Contact: c, Line: l})
	if err != nil {
		a.t.Fatalf("adding a contact: %v", err)
	}
	return a.Contact(a.Count("select contact_id from student_contact where id = $1", id)), id
}

// AddLine puts a contact on record for one more student, and returns the line's id.
func (a *App) AddLine(s roster.Student, c roster.Contact, l roster.Line) int64 {
	a.t.Helper()
	l.StudentID, l.ContactID = s.ID, c.ID
	id, err := a.Roster.SaveContact(context.Background(), system(), roster.ContactEdit{Contact: a.Contact(c.ID), Line: l})
	if err != nil {
		a.t.Fatalf("adding a line: %v", err)
	}
	return id
}

// Dump returns every row of the tables as text, for a test that compares before and after.
func (a *App) Dump(tables ...string) string {
	a.t.Helper()
	var b strings.Builder
	for _, table := range tables {
		var rows []string
		a.read(func(tx *sqldb.Tx) error {
			rows = nil
			return sqldb.Each(context.Background(), tx, func(r *sql.Rows) error {
				columns, err := r.Columns()
				if err != nil {
					return err
				}
				values, at := make([]any, len(columns)), make([]any, len(columns))
				for i := range values {
					at[i] = &values[i]
				}
				err = r.Scan(at...)
				rows = append(rows, fmt.Sprintf("%s %v", table, values))
				return err
			}, "select * from "+table)
		})
		slices.Sort(rows)
		b.WriteString(strings.Join(rows, "\n") + "\n")
	}
	return b.String()
}
