package roster

import (
	"slices"
	"strconv"
)

// Difference is a field in which two states of a record differ, by its name in Local.
type Difference struct{ Field, Old, New string }

// TakeStudent returns the student as it is once a roster has come that has the fields named in carried: what staff set by hand stays, and is
// listed with what the roster says instead.
func TakeStudent(old, file Student, carried []string) (next Student, changed, kept []Difference) {
	next = old
	changed, kept = take(studentFields(), &next, &file, carried, old.Local)
	return next, changed, kept
}

// TakeContact is TakeStudent for a contact.
func TakeContact(old, file Contact, carried []string) (next Contact, changed, kept []Difference) {
	next = old
	changed, kept = take(contactFields(), &next, &file, carried, old.Local)
	return next, changed, kept
}

// TakeLine is TakeStudent for a line. What the roster says of portal access is kept beside a value set by hand, which never loosens it.
func TakeLine(old, file Line, carried []string) (next Line, changed, kept []Difference) {
	next = old
	changed, kept = take(append(lineFields(), orderField()), &next, &file, carried, old.Local)
	if slices.Contains(carried, fieldPortalAccess) && old.FilePortalAccess != file.PortalAccess {
		next.FilePortalAccess = file.PortalAccess
		if !slices.ContainsFunc(changed, func(d Difference) bool { return d.Field == fieldPortalAccess }) {
			changed = append(changed, Difference{"file_portal_access", string(old.FilePortalAccess), string(file.PortalAccess)})
		}
	}
	return next, changed, kept
}

// orderField is a line's place among the student's lines, which forms change by MoveLine and a roster by its own order.
func orderField() field[Line] {
	return field[Line]{name: fieldPosition, of: func(l *Line) string { return strconv.Itoa(l.Position) },
		set: func(l *Line, v string) { l.Position, _ = strconv.Atoi(v) }} // of made it
}

func take[T any](fields []field[T], next, file *T, carried, local []string) (changed, kept []Difference) {
	for _, f := range fields {
		was, is := f.of(next), f.of(file)
		switch {
		case was == is || !slices.Contains(carried, f.name):
		case slices.Contains(local, f.name):
			kept = append(kept, Difference{f.name, was, is})
		default:
			f.set(next, is)
			changed = append(changed, Difference{f.name, was, is})
		}
	}
	return changed, kept
}
