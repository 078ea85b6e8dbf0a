package roster

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Difference is a field in which two states of a record differ, by its name in Local.
type Difference struct{ Field, Old, New string }

// TakeStudent returns the student as it is once a roster has come that has the fields named in carried: what staff set by hand stays, and is
// listed with what the roster says instead, unless the roster shuts what it opens. Today is the day in the school's time zone.
func TakeStudent(old, file Student, carried []string, today string) (next Student, changed, kept []Difference) {
	next = old
	changed, kept = take(studentFields(), &next, &file, carried, &next.Local)
	if settleLeaving(old, &next, today) {
		changed = differences(studentFields(), &old, &next)
	}
	return next, keepSaid(studentFields(), &next.FileValues, &file, carried, next.Local, changed), kept
}

// settleLeaving makes a student's day of leaving agree with a roster, and reports whether it changed anything: whoever is at another school now, or was
// gone and is back, has none any more, unless staff set it. For whoever is still named at the school, the day that has come is the status, as
// SettleStatuses makes it.
func settleLeaving(old Student, next *Student, today string) bool {
	if next.Status != Enrolled || next.GoneOn == "" || next.GoneAs == "" {
		return false
	}
	switch moved := next.SchoolID != old.SchoolID || old.Status == Left; {
	case moved && !slices.Contains(next.Local, fieldGoneOn):
		next.GoneOn, next.GoneAs = "", ""
	case next.GoneOn <= today:
		next.Status = next.GoneAs
	default:
		return false
	}
	return true
}

// TakeContact is TakeStudent for a contact. The roles that the roster gives are kept as they are: they are no field of the adult, but what lines are
// made of.
func TakeContact(old, file Contact, carried []string) (next Contact, changed, kept []Difference) {
	next = old
	changed, kept = take(contactFields(), &next, &file, carried, &next.Local)
	if slices.Contains(carried, FileRoles) && old.FileRoles != file.FileRoles {
		next.FileRoles = file.FileRoles
		changed = append(changed, Difference{FileRoles, strings.Join(strings.Fields(old.FileRoles), " "), strings.Join(strings.Fields(file.FileRoles), " ")})
	}
	return next, keepSaid(contactFields(), &next.FileValues, &file, carried, next.Local, changed), kept
}

// TakeLine is TakeStudent for a line. What the roster says of portal access is kept beside a value set by hand, which never loosens it.
func TakeLine(old, file Line, carried []string) (next Line, changed, kept []Difference) {
	next = old
	fields := slices.DeleteFunc(append(lineFields(), orderField()), func(f field[Line]) bool { return f.name == fieldRestricted })
	changed, kept = take(fields, &next, &file, carried, &next.Local)
	if slices.Contains(carried, fieldPortalAccess) && old.FilePortalAccess != file.PortalAccess {
		next.FilePortalAccess = file.PortalAccess
		if !slices.ContainsFunc(changed, func(d Difference) bool { return d.Field == fieldPortalAccess }) {
			changed = append(changed, Difference{"file_portal_access", string(old.FilePortalAccess), string(file.PortalAccess)})
		}
	}
	changed = append(changed, takeRestriction(&next, &file, carried)...)
	return next, keepSaid(fields, &next.FileValues, &file, carried, next.Local, changed), kept
}

// FileRoles names the roles that a roster gives an adult among the fields that it carries.
const FileRoles = "file_roles"

// FileValues names what the roster says for fields set by hand, where that is all that changed.
const FileValues = "file_values"

// keepSaid keeps what the roster says for fields that were set by hand, so that the page can show it and Release can take it. It adds to
// what changed when the roster says something else than last time.
func keepSaid[T any](fields []field[T], values *map[string]string, file *T, carried, local []string, changed []Difference) []Difference {
	said := map[string]string{}
	for _, f := range fields {
		old, known := (*values)[f.name]
		switch {
		case !slices.Contains(local, f.name):
		case slices.Contains(carried, f.name):
			said[f.name] = f.of(file)
		case known:
			said[f.name] = old
		}
	}
	if maps.Equal(said, *values) {
		return changed
	}
	was := joinValues(*values)
	*values = said
	if len(said) == 0 {
		*values = nil
	}
	return append(changed, Difference{FileValues, was, joinValues(said)})
}

// takeRestriction takes what the roster says about restrictions. Its code restricts whatever was set by hand, and what it set it may lift;
// it never lifts what staff set. Its text only asks to be read, again each time it is another.
func takeRestriction(next, file *Line, carried []string) (changed []Difference) {
	if slices.Contains(carried, fieldRestricted) {
		was, says := next.Restricted, cmp.Or(file.Restricted, Unknown)
		switch {
		case file.Restricted == Yes:
			next.Restricted = Yes
			next.Local = slices.DeleteFunc(slices.Clone(next.Local), func(f string) bool { return was != Yes && f == fieldRestricted })
		case next.FileRestricted == Yes && !slices.Contains(next.Local, fieldRestricted):
			next.Restricted = says
		}
		if was != next.Restricted {
			changed = append(changed, Difference{fieldRestricted, string(was), string(next.Restricted)})
		} else if next.FileRestricted != says {
			changed = append(changed, Difference{"file_restricted", string(next.FileRestricted), string(says)})
		}
		next.FileRestricted = says
	}
	if slices.Contains(carried, FileRestriction) && next.FileRestriction != file.FileRestriction {
		changed = append(changed, Difference{FileRestriction, next.FileRestriction, file.FileRestriction})
		next.FileRestriction, next.FileRestrictionReadAt, next.FileRestrictionReadBy = file.FileRestriction, time.Time{}, ""
	}
	return changed
}

// FileRestriction names the roster's text about a restriction among the fields that a roster carries.
const FileRestriction = "file_restriction"

// orderField is a line's place among the student's lines, which forms change by MoveLine and a roster by its own order.
func orderField() field[Line] {
	return field[Line]{name: fieldPosition, of: func(l *Line) string { return strconv.Itoa(l.Position) },
		set: func(l *Line, v string) { l.Position, _ = strconv.Atoi(v) }} // of made it
}

func take[T any](fields []field[T], next, file *T, carried []string, local *[]string) (changed, kept []Difference) {
	for _, f := range fields {
		was, is := f.of(next), f.of(file)
		if was == is || !slices.Contains(carried, f.name) {
			continue
		}
		if slices.Contains(*local, f.name) {
			if !loosens(f.name, was, is) {
				kept = append(kept, Difference{f.name, was, is})
				continue
			}
			*local = slices.DeleteFunc(slices.Clone(*local), func(name string) bool { return name == f.name })
		}
		f.set(next, is)
		changed = append(changed, Difference{f.name, was, is})
	}
	return changed, kept
}

// loosens reports whether a value set by hand opens what a roster shuts: a student who is not enrolled, days on which a line does not run.
func loosens(name, hand, file string) bool {
	switch name {
	case fieldStatus:
		return hand == string(Enrolled) && file != hand
	case fieldBegin:
		return hand < file
	case fieldEnd:
		return earlier(hand, file) == file && file != ""
	}
	return false
}
