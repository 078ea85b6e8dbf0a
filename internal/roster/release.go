package roster

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// MayRelease reports whether a field that was set by hand can be given back to the roster: a restriction cannot, which is lifted by hand alone, nor
// can the order of the lines.
func MayRelease(field string) bool {
	return !slices.Contains([]string{fieldRestricted, fieldPosition, fieldEnded, restored}, field) && !slices.Contains(restrictionTexts(), field)
}

// ReleaseStudent gives a field of a student back to the roster: it takes what the roster said last, if that is known, and from now on what the roster says.
// It returns fault.NotFound for no student, also for one of another school, or a field that was not set by hand, fault.Conflict when version is
// not the current one.
func (r *Roster) ReleaseStudent(ctx context.Context, actor access.Actor, student, version int64, field string) error {
	return r.edit(ctx, actor, func(e *edit) error {
		was, err := r.Student(ctx, e.tx, student)
		if err != nil {
			return err
		}
		if err := access.CheckAt(actor, access.EditRecords, was.SchoolID); err != nil {
			return err
		}
		if err := current("student", was.Version, version); err != nil {
			return err
		}
		next := was
		cs, err := release(studentFields(), &next, &next.Local, &next.FileValues, field)
		if err != nil {
			return err
		}
		if err := r.putStudent(ctx, e.tx, &next); err != nil {
			return err
		}
		e.note(kindStudent, student, cs)
		if cs.has(fieldStatus, fieldSchool, fieldEnrolledFrom, fieldGoneOn, fieldBirthDate) {
			if e.change.LineIDs, err = sqldb.All(ctx, e.tx, scanID, selectLineIDsOfStudent, student); err != nil {
				return err
			}
		}
		return e.record(ctx, "student.released", "student", student, released(cs, field))
	})
}

// ReleaseContact is ReleaseStudent for a field of a contact or of its line. Versions are those of both.
func (r *Roster) ReleaseContact(ctx context.Context, actor access.Actor, line, contactVersion, lineVersion int64, field string) error {
	return r.edit(ctx, actor, func(e *edit) error {
		if err := e.mayEditLine(ctx, line); err != nil {
			return err
		}
		l, err := r.line(ctx, e.tx, line)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(contactFields(), func(f contactField) bool { return f.name == field }) {
			return e.releaseContact(ctx, l.ContactID, contactVersion, field)
		}
		if err := current("line", l.Version, lineVersion); err != nil {
			return err
		}
		next := l
		cs, err := release(lineFields(), &next, &next.Local, &next.FileValues, field)
		if err != nil {
			return err
		}
		if field == fieldPortalAccess && next.PortalAccess != next.FilePortalAccess { // what the roster says of it is always known
			cs = changes{{field, string(l.PortalAccess), string(next.FilePortalAccess)}}
			next.PortalAccess = next.FilePortalAccess
		}
		if err := r.putLine(ctx, e.tx, &next); err != nil {
			return err
		}
		e.note(kindLine, line, cs)
		e.change.LineIDs, e.change.Opened = []int64{line}, nil
		return e.record(ctx, "line.released", "line", line, released(cs, field))
	})
}

type contactField = field[Contact]

func (e *edit) releaseContact(ctx context.Context, contact, version int64, field string) error {
	was, err := e.Contact(ctx, e.tx, contact)
	if err != nil {
		return err
	}
	if err := current("contact", was.Version, version); err != nil {
		return err
	}
	next := was
	cs, err := release(contactFields(), &next, &next.Local, &next.FileValues, field)
	if err != nil {
		return err
	}
	if err := e.putContact(ctx, e.tx, &next); err != nil {
		return err
	}
	e.note(kindContact, contact, cs)
	if movesAddress(cs) {
		e.change.Addresses = append(e.change.Addresses, AddressChange{ContactID: contact, Old: was.Email, New: next.Email, ByImport: true})
	}
	return e.record(ctx, "contact.released", "contact", contact, released(cs, field))
}

// release takes a field off those set by hand, and sets it to what the roster said.
func release[T any](fields []field[T], next *T, local *[]string, values *map[string]string, name string) (changes, error) {
	if !slices.Contains(*local, name) || !MayRelease(name) {
		return nil, fault.NotFoundf("no such field set by hand")
	}
	said, known := (*values)[name]
	kept := map[string]string{}
	for k, v := range *values {
		if k != name {
			kept[k] = v
		}
	}
	*values = kept
	*local = slices.DeleteFunc(slices.Clone(*local), func(f string) bool { return f == name })
	for _, f := range fields {
		if f.name == name && known && f.of(next) != said {
			cs := changes{{name, f.of(next), said}}
			f.set(next, said)
			return cs, nil
		}
	}
	return nil, nil
}

// released is what the log keeps of a release.
func released(cs changes, field string) map[string]any {
	d := cs.detail()
	d["released"] = field
	return d
}
