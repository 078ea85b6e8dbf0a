package roster

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Scope says which records an import must see: the people with these source ids, all students of these schools and of those people's, and
// whoever has a line to one of them.
type Scope struct {
	Schools            []int64
	Students, Contacts []string
	Loose              bool // and the contacts of a roster that have no line at all
}

// Snapshot is what is on record within a scope: the students and contacts with all their lines, and all schools. A line's other end may lie
// outside when it is one of a contact's children at a school that nobody asked for.
type Snapshot struct {
	Schools  []School
	Students []Student
	Contacts []Contact
	Lines    []Line
	// Fed are the schools that have students of a roster.
	Fed []int64
}

// AllSchools returns the schools by name, and the ids of those that have students of a roster.
func (r *Roster) AllSchools(ctx context.Context, tx *sqldb.Tx) (schools []School, fed []int64, err error) {
	if schools, err = sqldb.All(ctx, tx, scanSchool, selectSchools); err != nil {
		return nil, nil, err
	}
	fed, err = sqldb.All(ctx, tx, scanID, selectFedSchools)
	return schools, fed, err
}

// Snapshot reads the records of a scope, each kind in the order of its ids.
func (r *Roster) Snapshot(ctx context.Context, tx *sqldb.Tx, sc Scope) (Snapshot, error) {
	var s Snapshot
	var err error
	if s.Schools, s.Fed, err = r.AllSchools(ctx, tx); err != nil {
		return s, err
	}
	students, contacts, lines := map[int64]Student{}, map[int64]Contact{}, map[int64]Line{}
	if err := bySource(ctx, tx, sc.Students, selectStudent+"\nwhere s.source_id in ", scanStudent, students, studentID); err != nil {
		return s, err
	}
	if err := bySource(ctx, tx, sc.Contacts, selectContact+"\nwhere c.source_id in ", scanContact, contacts, contactID); err != nil {
		return s, err
	}
	// The named people bring in the schools of their children, so that a roster of changes is measured against whole schools.
	if err := byID(ctx, tx, keysOf(contacts), selectLine+"\nwhere l.contact_id in ", scanLine, lines, lineID); err != nil {
		return s, err
	}
	var children []int64
	for _, l := range lines {
		children = append(children, l.StudentID)
	}
	if err := byID(ctx, tx, children, selectStudent+"\nwhere s.id in ", scanStudent, students, studentID); err != nil {
		return s, err
	}
	schools := slices.Clone(sc.Schools)
	for _, st := range students {
		if st.SchoolID != 0 {
			schools = append(schools, st.SchoolID)
		}
	}
	slices.Sort(schools)
	for _, id := range slices.Compact(schools) {
		if err := byID(ctx, tx, []int64{id}, selectStudent+"\nwhere s.school_id in ", scanStudent, students, studentID); err != nil {
			return s, err
		}
	}
	if err := byID(ctx, tx, keysOf(students), selectLine+"\nwhere l.student_id in ", scanLine, lines, lineID); err != nil {
		return s, err
	}
	var adults []int64
	for _, l := range lines {
		if _, have := contacts[l.ContactID]; !have {
			adults = append(adults, l.ContactID)
		}
	}
	if err := byID(ctx, tx, adults, selectContact+"\nwhere c.id in ", scanContact, contacts, contactID); err != nil {
		return s, err
	}
	if err := byID(ctx, tx, adults, selectLine+"\nwhere l.contact_id in ", scanLine, lines, lineID); err != nil {
		return s, err
	}
	if sc.Loose {
		loose, err := sqldb.All(ctx, tx, scanContact, selectLooseContacts)
		if err != nil {
			return s, err
		}
		for _, c := range loose {
			contacts[c.ID] = c
		}
	}
	s.Students, s.Contacts, s.Lines = ordered(students), ordered(contacts), ordered(lines)
	return s, nil
}

func studentID(s Student) int64 { return s.ID }
func contactID(c Contact) int64 { return c.ID }
func lineID(l Line) int64       { return l.ID }
