package roster

import (
	"context"
	"maps"
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

// snapshot is a Snapshot in the making.
type snapshot struct {
	tx       *sqldb.Tx
	students map[int64]Student
	contacts map[int64]Contact
	lines    map[int64]Line
	read     map[int64]bool // schools
}

// Snapshot reads the records of a scope, each kind in the order of its ids.
func (r *Roster) Snapshot(ctx context.Context, tx *sqldb.Tx, sc Scope) (Snapshot, error) {
	var out Snapshot
	var err error
	if out.Schools, out.Fed, err = r.AllSchools(ctx, tx); err != nil {
		return out, err
	}
	s := snapshot{tx, map[int64]Student{}, map[int64]Contact{}, map[int64]Line{}, map[int64]bool{}}
	steps := []func() error{
		func() error { return s.schools(ctx, sc.Schools) },
		func() error { return s.named(ctx, sc) },
		// The people named bring in the schools of their children, so that a roster of changes is measured against whole schools.
		func() error { return s.schools(ctx, s.schoolsOfStudents()) },
	}
	if sc.Loose {
		steps = append(steps, func() error { return into(ctx, tx, s.contacts, contactID, scanContact, selectLooseContacts) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return out, err
		}
	}
	out.Students, out.Contacts, out.Lines = ordered(s.students), ordered(s.contacts), ordered(s.lines)
	return out, nil
}

// schools reads whole schools: their students, those students' contacts, and all lines of these.
func (s *snapshot) schools(ctx context.Context, ids []int64) error {
	for _, id := range ids {
		if s.read[id] {
			continue
		}
		s.read[id] = true
		if err := into(ctx, s.tx, s.students, studentID, scanStudent, selectStudentsOfSchool, id); err != nil {
			return err
		}
		if err := into(ctx, s.tx, s.contacts, contactID, scanContact, selectContactsOfSchool, id); err != nil {
			return err
		}
		if err := into(ctx, s.tx, s.lines, lineID, scanLine, selectLinesOfSchool, id); err != nil {
			return err
		}
	}
	return nil
}

// named reads the people with the source ids asked for who are not read yet, and whoever has a line to them.
func (s *snapshot) named(ctx context.Context, sc Scope) error {
	haveStudents, haveContacts := map[string]bool{}, map[string]bool{}
	for _, st := range s.students {
		haveStudents[st.SourceID] = true
	}
	for _, c := range s.contacts {
		haveContacts[c.SourceID] = true
	}
	students, contacts := map[int64]Student{}, map[int64]Contact{}
	if err := bySource(ctx, s.tx, missing(sc.Students, haveStudents), selectStudent+"\nwhere s.source_id in ", scanStudent, students, studentID); err != nil {
		return err
	}
	if err := bySource(ctx, s.tx, missing(sc.Contacts, haveContacts), selectContact+"\nwhere c.source_id in ", scanContact, contacts, contactID); err != nil {
		return err
	}
	lines := map[int64]Line{}
	if err := byID(ctx, s.tx, keysOf(students), selectLine+"\nwhere l.student_id in ", scanLine, lines, lineID); err != nil {
		return err
	}
	if err := byID(ctx, s.tx, keysOf(contacts), selectLine+"\nwhere l.contact_id in ", scanLine, lines, lineID); err != nil {
		return err
	}
	var children, adults []int64
	for _, l := range lines {
		children, adults = append(children, l.StudentID), append(adults, l.ContactID)
	}
	if err := byID(ctx, s.tx, children, selectStudent+"\nwhere s.id in ", scanStudent, students, studentID); err != nil {
		return err
	}
	if err := byID(ctx, s.tx, adults, selectContact+"\nwhere c.id in ", scanContact, contacts, contactID); err != nil {
		return err
	}
	maps.Copy(s.students, students)
	maps.Copy(s.contacts, contacts)
	maps.Copy(s.lines, lines)
	return nil
}

func missing(all []string, have map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(all), func(id string) bool { return have[id] })
}

func (s *snapshot) schoolsOfStudents() []int64 {
	var ids []int64
	for _, st := range s.students {
		if st.SchoolID != 0 {
			ids = append(ids, st.SchoolID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func studentID(s Student) int64 { return s.ID }
func contactID(c Contact) int64 { return c.ID }
func lineID(l Line) int64       { return l.ID }
