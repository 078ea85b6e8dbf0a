package roster

import (
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Batch is a set of changes that an import makes in one transaction. A change is made from Old; a record that somebody else changed since is
// left alone. Old's ID is zero for a new record, and New's ids of other records must be those of records that exist.
type Batch struct {
	Schools  []School // new when ID is zero
	Students []StudentChange
	Contacts []ContactChange
	Lines    []LineChange
	Import   int64 // which import makes them, for the records' history; 0 for none
}

// StudentChange brings a student from one state to another, or adds one.
type StudentChange struct{ Old, New Student }

// ContactChange brings a contact from one state to another, or adds one.
type ContactChange struct{ Old, New Contact }

// LineChange brings a line from one state to another, or adds one. Back says that it takes back what an import did to the line.
type LineChange struct {
	Old, New Line
	Back     bool
}

// Applied says what became of a batch: the records' ids in the batch's order, 0 for those that were left alone.
type Applied struct{ Schools, Students, Contacts, Lines []int64 }

// Apply writes a batch in the caller's transaction and calls the hook with the lines it may have closed and the addresses it moved. Losses of
// access and moved addresses are in the log one by one, other changes are not. It returns fault.Forbidden unless the actor may import.
func (r *Roster) Apply(ctx context.Context, tx *sqldb.Tx, actor access.Actor, b Batch) (Applied, error) {
	var done Applied
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return done, err
	}
	e := &edit{Roster: r, tx: tx, actor: actor, fromImport: b.Import}
	var err error
	if done.Lines, err = e.applyLines(ctx, b.Lines); err != nil {
		return done, err
	}
	if done.Schools, err = e.applySchools(ctx, b.Schools); err != nil {
		return done, err
	}
	if done.Students, err = e.applyStudents(ctx, b.Students); err != nil {
		return done, err
	}
	if done.Contacts, err = e.applyContacts(ctx, b.Contacts); err != nil {
		return done, err
	}
	slices.Sort(e.change.LineIDs)
	e.change.LineIDs = slices.Compact(e.change.LineIDs)
	if err := e.writeHistory(ctx); err != nil {
		return done, err
	}
	return done, e.tell(ctx)
}

func (e *edit) applySchools(ctx context.Context, schools []School) ([]int64, error) {
	ids := make([]int64, len(schools))
	for i, o := range schools {
		if err := e.putSchool(ctx, e.tx, &o); err != nil {
			return nil, err
		}
		ids[i] = o.ID
	}
	return ids, nil
}

// stale reports whether a put found its record changed or gone.
func stale(err error) bool { return fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) }

func (e *edit) applyStudents(ctx context.Context, all []StudentChange) ([]int64, error) {
	ids := make([]int64, len(all))
	var added []*Student
	var at []int
	for i, c := range all {
		next := c.New
		if c.Old.ID == 0 {
			added, at = append(added, &next), append(at, i)
			continue
		}
		next.ID, next.Version = c.Old.ID, c.Old.Version
		err := e.putStudent(ctx, e.tx, &next)
		if stale(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ids[i] = next.ID
		e.note(kindStudent, next.ID, between(studentFields(), &c.Old, &next))
		if err := e.studentMoved(ctx, c.Old, next); err != nil {
			return nil, err
		}
	}
	if err := e.addStudents(ctx, added); err != nil {
		return nil, err
	}
	for n, i := range at {
		ids[i] = added[n].ID
		if ids[i] != 0 {
			e.noteOnce(kindStudent, ids[i], FieldAdded)
		}
	}
	return ids, nil
}

// studentMoved tells the hook of a student whose lines may be open or shut by another status, school or day, and the log of one who is no longer at the
// school.
func (e *edit) studentMoved(ctx context.Context, old, next Student) error {
	if old.Status == next.Status && old.SchoolID == next.SchoolID && old.Dates() == next.Dates() {
		return nil
	}
	lines, err := sqldb.All(ctx, e.tx, scanID, selectLineIDsOfStudent, next.ID)
	if err != nil {
		return err
	}
	e.change.LineIDs = append(e.change.LineIDs, lines...)
	if old.Status == next.Status || next.Status == Enrolled {
		return nil
	}
	return e.record(ctx, "student.left", "student", next.ID, changes{{fieldStatus, string(old.Status), string(next.Status)}}.detail())
}

func (e *edit) applyContacts(ctx context.Context, all []ContactChange) ([]int64, error) {
	ids := make([]int64, len(all))
	var added []*Contact
	var at []int
	for i, c := range all {
		next := c.New
		if c.Old.ID == 0 {
			added, at = append(added, &next), append(at, i)
			continue
		}
		next.ID, next.Version = c.Old.ID, c.Old.Version
		err := e.putContact(ctx, e.tx, &next)
		if stale(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ids[i] = next.ID
		e.note(kindContact, next.ID, between(contactFields(), &c.Old, &next))
		if c.Old.Left != next.Left {
			e.note(kindContact, next.ID, changes{{FieldGone, yesNo(c.Old.Left), yesNo(next.Left)}})
		}
		if err := e.contactMoved(ctx, c.Old, next); err != nil {
			return nil, err
		}
	}
	if err := e.addContacts(ctx, added); err != nil {
		return nil, err
	}
	for n, i := range at {
		ids[i] = added[n].ID
		if ids[i] != 0 {
			e.noteOnce(kindContact, ids[i], FieldAdded)
		}
	}
	return ids, nil
}

func yesNo(b bool) string {
	if b {
		return string(Yes)
	}
	return string(No)
}

// contactMoved tells the log and the hook of a contact who is gone, or whose address is another.
func (e *edit) contactMoved(ctx context.Context, old, next Contact) error {
	if next.Left && !old.Left {
		lines, err := sqldb.All(ctx, e.tx, scanID, selectLineIDsOfContact, next.ID)
		if err != nil {
			return err
		}
		e.change.LineIDs = append(e.change.LineIDs, lines...)
		if err := e.record(ctx, "contact.left", "contact", next.ID, nil); err != nil {
			return err
		}
	}
	if old.Left && !next.Left {
		lines, err := sqldb.All(ctx, e.tx, scanID, selectShutLinesOfContact, next.ID, e.today())
		if err != nil {
			return err
		}
		e.change.Opened = append(e.change.Opened, lines...)
	}
	if lang.EmailKey(old.Email) == lang.EmailKey(next.Email) {
		return nil
	}
	e.change.Addresses = append(e.change.Addresses, AddressChange{ContactID: next.ID, Old: old.Email, New: next.Email, ByImport: true})
	return e.record(ctx, "contact.changed", "contact", next.ID, changes{{fieldEmail, old.Email, next.Email}}.detail())
}

func (e *edit) applyLines(ctx context.Context, all []LineChange) ([]int64, error) {
	ids := make([]int64, len(all))
	var added []*Line
	var at []int
	for i, c := range all {
		next := c.New
		e.restrictedSince(c.Old, &next)
		if c.Old.ID == 0 {
			added, at = append(added, &next), append(at, i)
			continue
		}
		next.ID, next.StudentID, next.ContactID, next.Version = c.Old.ID, c.Old.StudentID, c.Old.ContactID, c.Old.Version
		err := e.putLine(ctx, e.tx, &next)
		if stale(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ids[i] = next.ID
		e.noteLine(c.Old, next, c.Back)
		if err := e.lineClosed(ctx, c.Old, next); err != nil {
			return nil, err
		}
	}
	if err := e.addLines(ctx, added); err != nil {
		return nil, err
	}
	for n, i := range at {
		ids[i] = added[n].ID
		if ids[i] != 0 {
			e.noteOnce(kindLine, ids[i], FieldAdded)
			e.change.Opened = append(e.change.Opened, ids[i])
		}
	}
	return ids, nil
}

// noteLine adds what a roster changed in a line to its history. Who opens a child again whose restriction was lifted is staff, unless an import that
// restricted it is taken back.
func (e *edit) noteLine(old, next Line, back bool) {
	cs := between(append(lineFields(), orderField()), &old, &next)
	for _, f := range []change{
		{"file_portal_access", string(old.FilePortalAccess), string(next.FilePortalAccess)}, {"file_restricted", string(old.FileRestricted), string(next.FileRestricted)},
		{FileRestriction, old.FileRestriction, next.FileRestriction}, {FieldGone, yesNo(old.Ended), yesNo(next.Ended)},
	} {
		if f.Old != f.New {
			cs = append(cs, f)
		}
	}
	e.note(kindLine, next.ID, cs)
	if old.Restricted == Yes && next.Restricted != Yes && !back {
		e.change.Lifted = append(e.change.Lifted, next.ID)
	}
}

// restrictedSince notes since when a roster restricts a line, unless the change says it.
func (e *edit) restrictedSince(old Line, next *Line) {
	switch {
	case next.Restricted != Yes:
		next.RestrictedAt, next.RestrictedBy = time.Time{}, ""
	case old.Restricted != Yes && next.RestrictedAt.IsZero():
		next.RestrictedAt, next.RestrictedBy = e.now(), byRoster
	}
}

// lineClosed tells the log and the hook of a line that may no longer be opened.
func (e *edit) lineClosed(ctx context.Context, old, next Line) error {
	closes := MayClose(old, next)
	if old.Ended && !next.Ended || !closes && e.mayOpen(old, next) {
		e.change.Opened = append(e.change.Opened, next.ID)
	}
	if !closes {
		return nil
	}
	e.change.LineIDs = append(e.change.LineIDs, next.ID)
	action := "line.changed"
	if next.Ended && !old.Ended {
		action = "line.ended"
	}
	var cs changes
	for _, f := range lineFields() {
		if was, is := f.of(&old), f.of(&next); was != is {
			cs = append(cs, change{f.name, was, is})
		}
	}
	if old.FilePortalAccess != next.FilePortalAccess {
		cs = append(cs, change{"file_portal_access", string(old.FilePortalAccess), string(next.FilePortalAccess)})
	}
	return e.record(ctx, action, "line", next.ID, cs.about(next))
}

// byRoster stands for the roster where a record says who set something.
const byRoster = "roster"

// mayOpen reports whether a change of a line that cannot close it may give access. While its time of grace runs it has not been shut.
func (e *edit) mayOpen(old, next Line) bool {
	return old.GraceUntil != "" && old.GraceUntil <= e.today() && next.GraceUntil == "" || old.Restricted == Yes && next.Restricted != Yes ||
		next.PortalAccess != old.PortalAccess || next.FilePortalAccess != old.FilePortalAccess
}

// MayClose reports whether a change of a line may take access away. Whether it does is for Rule.May to say, which knows the school's rule
// and the day.
func MayClose(old, next Line) bool {
	return next.Ended && !old.Ended || next.Restricted == Yes && old.Restricted != Yes || next.Relationship != old.Relationship ||
		next.FilePortalAccess == No && old.FilePortalAccess != No || old.PortalAccess == Yes && next.PortalAccess != Yes ||
		next.PortalAccess == No && old.PortalAccess != No || next.BeginDate != old.BeginDate || next.EndDate != old.EndDate
}

// Tables names the tables that grow with a kind of records (student, contact, line, class, enrolment), for sqldb.Measure.
func Tables(kind string) []string {
	switch kind {
	case kindStudent:
		return []string{"student", "student_word"}
	case kindLine:
		return []string{"student_contact", "line_name", "line_word"}
	case "class":
		return []string{"class", "class_term", "class_word", "course", "teacher"}
	}
	return []string{kind}
}
