package roster

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The greatest lengths of what is typed, in characters.
const (
	nameLimit = 128
	textLimit = 200
	noteLimit = 1000
)

// field is one field of a record that staff may change: its name (in forms, in Local and in the log; the column's name), how it is read,
// how what was typed is tidied, and how it is set.
type field[T any] struct {
	name  string
	of    func(*T) string
	tidy  func(string) string
	set   func(*T, string)
	limit int // greatest length in characters; 0 for what is chosen, not typed
}

func typed[T any](name string, limit int, at func(*T) *string) field[T] {
	return field[T]{name, func(r *T) string { return *at(r) }, tidyLine, func(r *T, v string) { *at(r) = v }, limit}
}

func chosen[T any, S ~string](name string, none S, at func(*T) *S) field[T] {
	return field[T]{
		name: name,
		of:   func(r *T) string { return string(*at(r)) },
		tidy: func(v string) string { return cmp.Or(v, string(none)) },
		set:  func(r *T, v string) { *at(r) = S(v) },
	}
}

// Marks in a line's Local: staff took the contact off the student, or put it back later, so that a roster may still have it.
const (
	fieldEnded = "ended"
	restored   = "restored"
)

// The names of fields that rules speak of.
const (
	fieldSchool       = "school_id"
	fieldIDNumber     = "id_number"
	fieldFirst        = "first_name"
	fieldLast         = "last_name"
	fieldBirthDate    = "birth_date"
	fieldEmail        = "email"
	fieldStatus       = "status"
	fieldLanguage     = "language"
	fieldRelationship = "relationship"
	fieldPosition     = "position"
	fieldChecked      = "checked"
	fieldPortalAccess = "portal_access"
	fieldRestricted   = "restricted"
	fieldNote         = "restriction_note"
	fieldBegin        = "begin_date"
	fieldEnd          = "end_date"

	fieldEnrolledFrom    = "enrolled_from"
	fieldGoneOn          = "gone_on"
	fieldGoneAs          = "gone_as"
	fieldOtherSchools    = "other_schools"
	fieldCourtNumber     = "court_number"
	fieldCourtDate       = "court_date"
	fieldRestrictedFrom  = "restricted_from"
	fieldRestrictedUntil = "restricted_until"
)

func studentFields() []field[Student] {
	return []field[Student]{
		{
			name: fieldSchool,
			of:   func(s *Student) string { return idText(s.SchoolID) },
			tidy: tidyLine,
			set:  func(s *Student, v string) { s.SchoolID, _ = strconv.ParseInt(v, 10, 64) }, // idText made it
		},
		typed(fieldIDNumber, textLimit, func(s *Student) *string { return &s.IDNumber }),
		typed(fieldFirst, nameLimit, func(s *Student) *string { return &s.First }),
		typed("middle_name", nameLimit, func(s *Student) *string { return &s.Middle }),
		typed(fieldLast, nameLimit, func(s *Student) *string { return &s.Last }),
		typed("preferred_first", nameLimit, func(s *Student) *string { return &s.PreferredFirst }),
		typed("preferred_last", nameLimit, func(s *Student) *string { return &s.PreferredLast }),
		typed(fieldBirthDate, textLimit, func(s *Student) *string { return &s.BirthDate }),
		typed("grade", textLimit, func(s *Student) *string { return &s.Grade }),
		typed("homeroom", textLimit, func(s *Student) *string { return &s.Homeroom }),
		typed(fieldEmail, textLimit, func(s *Student) *string { return &s.Email }),
		chosen(fieldStatus, "", func(s *Student) *Status { return &s.Status }),
		typed(fieldEnrolledFrom, textLimit, func(s *Student) *string { return &s.EnrolledFrom }),
		typed(fieldGoneOn, textLimit, func(s *Student) *string { return &s.GoneOn }),
		chosen(fieldGoneAs, "", func(s *Student) *Status { return &s.GoneAs }),
		typed(fieldLanguage, textLimit, func(s *Student) *string { return &s.Language }),
		{
			name: fieldOtherSchools,
			of:   func(s *Student) string { return joinIDs(s.OtherSchools) },
			tidy: tidyLine,
			set:  func(s *Student, v string) { s.OtherSchools = splitIDs(v) },
		},
	}
}

func contactFields() []field[Contact] {
	return []field[Contact]{
		typed(fieldFirst, nameLimit, func(c *Contact) *string { return &c.First }),
		typed("middle_name", nameLimit, func(c *Contact) *string { return &c.Middle }),
		typed(fieldLast, nameLimit, func(c *Contact) *string { return &c.Last }),
		typed("preferred_first", nameLimit, func(c *Contact) *string { return &c.PreferredFirst }),
		typed("preferred_last", nameLimit, func(c *Contact) *string { return &c.PreferredLast }),
		typed(fieldEmail, textLimit, func(c *Contact) *string { return &c.Email }),
		typed("mobile_phone", textLimit, func(c *Contact) *string { return &c.MobilePhone }),
		typed("home_phone", textLimit, func(c *Contact) *string { return &c.HomePhone }),
		typed("work_phone", textLimit, func(c *Contact) *string { return &c.WorkPhone }),
		chosen(fieldLanguage, "", func(c *Contact) *string { return &c.Language }),
	}
}

// lineFields are a line's fields but its order, which MoveLine changes.
func lineFields() []field[Line] {
	note := typed(fieldNote, noteLimit, func(l *Line) *string { return &l.RestrictionNote })
	note.tidy = tidyNote
	return []field[Line]{
		chosen(fieldRelationship, "unknown", func(l *Line) *string { return &l.Relationship }),
		chosen("legal_guardian", Unknown, func(l *Line) *Flag { return &l.LegalGuardian }),
		chosen("lives_with", Unknown, func(l *Line) *Flag { return &l.LivesWith }),
		chosen("emergency", Unknown, func(l *Line) *Flag { return &l.Emergency }),
		chosen("pickup", Unknown, func(l *Line) *Flag { return &l.Pickup }),
		chosen("mailing", Unknown, func(l *Line) *Flag { return &l.Mailing }),
		chosen(fieldPortalAccess, Unknown, func(l *Line) *Flag { return &l.PortalAccess }),
		chosen(fieldRestricted, Unknown, func(l *Line) *Flag { return &l.Restricted }),
		note,
		typed(fieldCourtNumber, textLimit, func(l *Line) *string { return &l.CourtNumber }),
		typed(fieldCourtDate, textLimit, func(l *Line) *string { return &l.CourtDate }),
		typed(fieldRestrictedFrom, textLimit, func(l *Line) *string { return &l.RestrictedFrom }),
		typed(fieldRestrictedUntil, textLimit, func(l *Line) *string { return &l.RestrictedUntil }),
		typed(fieldBegin, textLimit, func(l *Line) *string { return &l.BeginDate }),
		typed(fieldEnd, textLimit, func(l *Line) *string { return &l.EndDate }),
	}
}

func schoolFields() []field[School] {
	return []field[School]{
		typed("name", textLimit, func(o *School) *string { return &o.Name }),
		typed("phone", textLimit, func(o *School) *string { return &o.Phone }),
		typed("hours", textLimit, func(o *School) *string { return &o.Hours }),
	}
}

// settle returns the current record with the typed values of its fields, tidied, and what that changes. A value that differs only in
// what tidying takes away is not a change: forms and browsers do that to values nobody touched.
func settle[T any](fields []field[T], current, typed T) (T, changes) {
	next := current
	var cs changes
	for _, f := range fields {
		old, v := f.of(&current), f.tidy(f.of(&typed))
		if v == f.tidy(old) {
			continue
		}
		f.set(&next, v)
		cs = append(cs, change{f.name, old, v})
	}
	return next, cs
}

// changes are the fields that differ between two states of a record.
type changes []change

type change struct{ Field, Old, New string }

func (cs changes) has(names ...string) bool {
	return slices.ContainsFunc(cs, func(c change) bool { return slices.Contains(names, c.Field) })
}

// old returns what a changed field was before.
func (cs changes) old(field string) string {
	for _, c := range cs {
		if c.Field == field {
			return c.Old
		}
	}
	return ""
}

// detail is what the log keeps of the changes: old and new of every field, but of what tells about a restriction only that it changed. The
// record's history has it, for those who may see it.
func (cs changes) detail() map[string]any {
	d := make(map[string]any, len(cs)+2)
	for _, c := range cs {
		if slices.Contains(restrictionTexts(), c.Field) {
			d[c.Field] = "changed"
			continue
		}
		d[c.Field] = map[string]string{"old": c.Old, "new": c.New}
	}
	return d
}

// addLocal notes the changed fields as set by hand.
func addLocal(local []string, cs changes) []string {
	local = slices.Clone(local)
	for _, c := range cs {
		if !slices.Contains(local, c.Field) {
			local = append(local, c.Field)
		}
	}
	slices.Sort(local)
	return local
}

// keepWas adds to what a roster says what it said of fields that are set by hand from now on: until then a record of a roster holds what the
// roster says. Of a field that held nothing the roster may say nothing.
func keepWas(values map[string]string, local []string, cs changes) map[string]string {
	kept := maps.Clone(values)
	for _, c := range cs {
		if c.Old == "" || c.Old == string(Unknown) || slices.Contains(local, c.Field) || !MayRelease(c.Field) {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[c.Field] = c.Old
	}
	return kept
}

// tidyLine makes one clean line of what was typed.
func tidyLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// tidyNote is tidyLine for text of several lines.
func tidyNote(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = tidyLine(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
