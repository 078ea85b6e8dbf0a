package roster

import (
	"database/sql"
	"time"
)

// The columns of a record, in the order in which its scan reads them.
const (
	studentColumns = `s.id, coalesce(s.source_id, ''), coalesce(s.school_id, 0), coalesce(o.name, ''), s.id_number,
s.first_name, s.middle_name, s.last_name, s.preferred_first, s.preferred_last, s.birth_date, s.grade, s.homeroom, s.email,
s.status, s.local_fields, s.version, s.enrolled_from, s.gone_on, s.gone_as, s.language, s.other_schools, s.adult_mark, s.file_values`

	contactColumns = `c.id, coalesce(c.source_id, ''), c.first_name, c.middle_name, c.last_name, c.preferred_first, c.preferred_last,
c.email, c.mobile_phone, c.home_phone, c.work_phone, c.language, c.left_at is not null, c.local_fields, c.version, c.file_values, c.file_roles`

	lineColumns = `l.id, l.student_id, l.contact_id, l.relationship, l.position, l.legal_guardian, l.lives_with, l.emergency, l.pickup,
l.mailing, l.portal_access, l.file_portal_access, l.restricted, l.restriction_note, coalesce(l.restricted_at, 0), l.restricted_by,
l.begin_date, l.end_date, l.grace_until, l.ended_at is not null, l.from_file, l.local_fields, l.version, l.file_restricted,
l.file_restriction, coalesce(l.file_restriction_read_at, 0), l.file_restriction_read_by, l.court_number, l.court_date,
l.restricted_from, l.restricted_until, l.file_values`

	schoolColumns = `coalesce(o.id, 0), coalesce(o.source_id, ''), coalesce(o.kind, ''), coalesce(o.name, ''), coalesce(o.phone, ''),
coalesce(o.hours, ''), coalesce(o.student_logins, '')`

	selectStudent = `select ` + studentColumns + `
from student s left join school o on o.id = s.school_id`

	selectContact = `select ` + contactColumns + `
from contact c`

	selectLine = `select ` + lineColumns + `
from student_contact l`

	selectFullLine = `select ` + lineColumns + `, ` + studentColumns + `, ` + contactColumns + `, ` + schoolColumns + `
from student_contact l
join student s on s.id = l.student_id
join contact c on c.id = l.contact_id
left join school o on o.id = s.school_id`
)

// late collects what a scan must convert once the row is read.
type late struct {
	local        *[]string
	localColumn  string
	restricted   *time.Time
	restrictedAt int64
	read         *time.Time
	readAt       int64
	files        *map[string]string
	filesColumn  string
	others       *[]int64
	othersColumn string
}

func (l *late) done() {
	if l.local != nil {
		*l.local = splitLocal(l.localColumn)
	}
	if l.files != nil {
		*l.files = splitValues(l.filesColumn)
	}
	if l.others != nil {
		*l.others = splitIDs(l.othersColumn)
	}
	if l.restricted != nil && l.restrictedAt != 0 {
		*l.restricted = time.UnixMicro(l.restrictedAt).UTC()
	}
	if l.read != nil && l.readAt != 0 {
		*l.read = time.UnixMicro(l.readAt).UTC()
	}
}

func (s *Student) targets(l *late) []any {
	l.local, l.files, l.others = &s.Local, &s.FileValues, &s.OtherSchools
	return []any{&s.ID, &s.SourceID, &s.SchoolID, &s.SchoolName, &s.IDNumber, &s.First, &s.Middle, &s.Last, &s.PreferredFirst,
		&s.PreferredLast, &s.BirthDate, &s.Grade, &s.Homeroom, &s.Email, &s.Status, &l.localColumn, &s.Version, &s.EnrolledFrom, &s.GoneOn,
		&s.GoneAs, &s.Language, &l.othersColumn, &s.AdultMark, &l.filesColumn}
}

func (c *Contact) targets(l *late) []any {
	l.local, l.files = &c.Local, &c.FileValues
	return []any{&c.ID, &c.SourceID, &c.First, &c.Middle, &c.Last, &c.PreferredFirst, &c.PreferredLast, &c.Email, &c.MobilePhone,
		&c.HomePhone, &c.WorkPhone, &c.Language, &c.Left, &l.localColumn, &c.Version, &l.filesColumn, &c.FileRoles}
}

func (l *Line) targets(t *late) []any {
	t.local, t.restricted, t.read, t.files = &l.Local, &l.RestrictedAt, &l.FileRestrictionReadAt, &l.FileValues
	return []any{&l.ID, &l.StudentID, &l.ContactID, &l.Relationship, &l.Position, &l.LegalGuardian, &l.LivesWith, &l.Emergency,
		&l.Pickup, &l.Mailing, &l.PortalAccess, &l.FilePortalAccess, &l.Restricted, &l.RestrictionNote, &t.restrictedAt,
		&l.RestrictedBy, &l.BeginDate, &l.EndDate, &l.GraceUntil, &l.Ended, &l.FromFile, &t.localColumn, &l.Version,
		&l.FileRestricted, &l.FileRestriction, &t.readAt, &l.FileRestrictionReadBy, &l.CourtNumber, &l.CourtDate,
		&l.RestrictedFrom, &l.RestrictedUntil, &t.filesColumn}
}

func (o *School) targets() []any {
	return []any{&o.ID, &o.SourceID, &o.Kind, &o.Name, &o.Phone, &o.Hours, &o.StudentLogins}
}

func scanStudent(r *sql.Rows) (s Student, err error) {
	var l late
	err = r.Scan(s.targets(&l)...)
	l.done()
	return s, err
}

func scanContact(r *sql.Rows) (c Contact, err error) {
	var l late
	err = r.Scan(c.targets(&l)...)
	l.done()
	return c, err
}

func scanLine(r *sql.Rows) (l Line, err error) {
	var t late
	err = r.Scan(l.targets(&t)...)
	t.done()
	return l, err
}

func scanSchool(r *sql.Rows) (o School, err error) {
	err = r.Scan(o.targets()...)
	return o, err
}

func scanFullLine(r *sql.Rows) (f FullLine, err error) {
	var lates [3]late
	targets := f.Line.targets(&lates[0])
	targets = append(targets, f.Student.targets(&lates[1])...)
	targets = append(targets, f.Contact.targets(&lates[2])...)
	targets = append(targets, f.School.targets()...)
	err = r.Scan(targets...)
	for i := range lates {
		lates[i].done()
	}
	return f, err
}

func scanID(r *sql.Rows) (id int64, err error) {
	err = r.Scan(&id)
	return id, err
}

func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func nullID(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }

func nullTime(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: true}
}
