package roster

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Current hands over the records with these ids, and the lines of the students in linesOf.
func (r *Roster) Current(ctx context.Context, tx *sqldb.Tx, students, contacts, lines, linesOf []int64, to Seen) error {
	if err := handID(ctx, tx, students, selectStudent+"\nwhere s.id in ", scanStudent, to.Student); err != nil {
		return err
	}
	if err := handID(ctx, tx, contacts, selectContact+"\nwhere c.id in ", scanContact, to.Contact); err != nil {
		return err
	}
	if err := handID(ctx, tx, lines, selectLine+"\nwhere l.id in ", scanLine, to.Line); err != nil {
		return err
	}
	return handID(ctx, tx, linesOf, selectLine+"\nwhere l.student_id in ", scanLine, to.Line)
}

// Added is a record that an import added, to be taken back.
type Added struct{ ID, Version int64 }

// RemoveAdded deletes records that an import added, in the caller's transaction: lines, and students and contacts who have no line. It returns
// the ids of those that are gone, in the order of the records, and 0 for those that were left alone because they are not what the import
// added any more. It returns fault.Forbidden unless the actor may import.
func (r *Roster) RemoveAdded(ctx context.Context, tx *sqldb.Tx, actor access.Actor, kind string, all []Added) ([]int64, error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return nil, err
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	found := map[int64]int64{}
	ids := make([]int64, len(all))
	for i, a := range all {
		ids[i] = a.ID
	}
	read, remove := selectStudentVersions, deleteStudentsIn
	switch kind {
	case "contact":
		read, remove = selectContactVersions, deleteContactsIn
	case "line":
		read, remove = selectLineVersions, deleteLinesIn
	}
	err := eachChunk(ids, func(in string, args []any) error {
		return sqldb.Each(ctx, tx, func(rows *sql.Rows) error {
			var id, version int64
			err := rows.Scan(&id, &version)
			found[id] = version
			return err
		}, read+"("+in+")", args...)
	})
	if err != nil {
		return nil, err
	}
	done := make([]int64, len(all))
	var going []int64
	for i, a := range all {
		if v, ok := found[a.ID]; ok && v == a.Version {
			done[i] = a.ID
			going = append(going, a.ID)
		}
	}
	if kind == "line" && len(going) > 0 {
		if e.change.Gone, err = linesGoing(ctx, tx, linesByIDIn, going); err != nil {
			return nil, err
		}
		if err := e.tell(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := deleteIn(ctx, tx, remove, going); err != nil {
		return nil, err
	}
	return done, eraseHistory(ctx, tx, kind, going)
}

// Whoever has a line left is not taken back.
const (
	selectStudentVersions = `select id, version from student
where not exists (select 1 from student_contact l where l.student_id = student.id) and id in `
	selectContactVersions = `select id, version from contact
where not exists (select 1 from student_contact l where l.contact_id = contact.id) and id in `
	selectLineVersions = `select id, version from student_contact where id in `
)

// StudentDifferences lists the fields in which two states of a student differ.
func StudentDifferences(old, next Student) []Difference {
	return differences(studentFields(), &old, &next)
}

// ContactDifferences lists the fields in which two states of a contact differ.
func ContactDifferences(old, next Contact) []Difference {
	return differences(contactFields(), &old, &next)
}

// LineDifferences lists the fields in which two states of a line differ, the end of its time of grace and its end among them. Of words about a
// restriction it says that they differ, not what they are.
func LineDifferences(old, next Line) []Difference {
	all := differences(lineFields(), &old, &next)
	for _, d := range []Difference{{fieldPosition, strconv.Itoa(old.Position), strconv.Itoa(next.Position)},
		{"file_portal_access", string(old.FilePortalAccess), string(next.FilePortalAccess)},
		{"file_restricted", string(old.FileRestricted), string(next.FileRestricted)}, {"grace_until", old.GraceUntil, next.GraceUntil}} {
		if d.Old != d.New {
			all = append(all, d)
		}
	}
	if old.FileRestriction != next.FileRestriction {
		all = append(all, Difference{Field: FileRestriction})
	}
	if old.Ended != next.Ended {
		all = append(all, Difference{fieldEnded, yesNo(old.Ended), yesNo(next.Ended)})
	}
	return all
}

func differences[T any](fields []field[T], old, next *T) (all []Difference) {
	for _, f := range fields {
		if was, is := f.of(old), f.of(next); was != is {
			all = append(all, Difference{f.name, was, is})
		}
	}
	return all
}
