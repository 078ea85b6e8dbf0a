package roster

import (
	"cmp"
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The put functions write one record with all its derived keys: insert when ID is zero, else update if Version is still the
// current one (fault.Conflict if not). They set ID and Version in the record they are given; a transaction may run twice, so that
// record must be made, or copied, inside it. They know no actor, audit nothing and call no hook: their callers do.

const (
	insertStudent = `insert into student (source_id, school_id, id_number, id_key, first_name, middle_name, last_name, preferred_first,
preferred_last, sort_key, birth_date, grade, homeroom, email, email_key, status, local_fields, enrolled_from, gone_on, gone_as, language,
other_schools, file_values, file_print, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $25) returning id`

	updateStudent = `update student set source_id = $1, school_id = $2, id_number = $3, id_key = $4, first_name = $5, middle_name = $6,
last_name = $7, preferred_first = $8, preferred_last = $9, sort_key = $10, birth_date = $11, grade = $12, homeroom = $13,
email = $14, email_key = $15, status = $16, local_fields = $17, enrolled_from = $18, gone_on = $19, gone_as = $20, language = $21,
other_schools = $22, file_values = $23, file_print = $24, updated_at = $25, version = version + 1
where id = $26 and version = $27`

	insertSchool = `insert into school (source_id, kind, name, sort_key, phone, hours, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $7) returning id`

	updateSchool = `update school set source_id = $1, kind = $2, name = $3, sort_key = $4, phone = $5, hours = $6, updated_at = $7
where id = $8`

	selectStudentPlace = `select first_name, middle_name, last_name, preferred_first, preferred_last, coalesce(school_id, 0)
from student where id = $1`

	deleteWords = `delete from student_word where student_id = $1`

	insertContact = `insert into contact (source_id, first_name, middle_name, last_name, preferred_first, preferred_last, key_version,
last_key, sort_key, letter, email, email_key, mobile_phone, home_phone, work_phone, language, local_fields, file_values, file_roles, file_print,
left_at, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22) returning id`

	updateContact = `update contact set source_id = $1, first_name = $2, middle_name = $3, last_name = $4, preferred_first = $5,
preferred_last = $6, key_version = $7, last_key = $8, sort_key = $9, letter = $10, email = $11, email_key = $12,
mobile_phone = $13, home_phone = $14, work_phone = $15, language = $16, local_fields = $17, file_values = $18, file_roles = $19,
file_print = $20, left_at = case when $21 then coalesce(left_at, $22) end, updated_at = $22, version = version + 1
where id = $23 and version = $24`

	selectContactFound = `select first_name, middle_name, last_name, preferred_first, preferred_last, mobile_phone, home_phone, work_phone
from contact where id = $1`

	insertLine = `insert into student_contact (student_id, contact_id, relationship, position, legal_guardian, lives_with, emergency,
pickup, mailing, portal_access, file_portal_access, restricted, restriction_note, restricted_at, restricted_by, begin_date,
end_date, file_restricted, file_restriction, file_restriction_read_at, file_restriction_read_by, court_number, court_date,
restricted_from, restricted_until, file_values, ended_at, from_file, local_fields, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28,
$29, $30, $30)
returning id`

	updateLine = `update student_contact set relationship = $1, position = $2, legal_guardian = $3, lives_with = $4, emergency = $5,
pickup = $6, mailing = $7, portal_access = $8, file_portal_access = $9, restricted = $10, restriction_note = $11,
restricted_at = $12, restricted_by = $13, begin_date = $14, end_date = $15, file_restricted = $16, file_restriction = $17,
file_restriction_read_at = $18, file_restriction_read_by = $19, court_number = $20, court_date = $21, restricted_from = $22,
restricted_until = $23, file_values = $24,
ended_at = case when $25 then coalesce(ended_at, $26) end, from_file = $27, local_fields = $28, grace_until = $29, file_print = $30,
updated_at = $26, version = version + 1
where id = $31 and version = $32`

	selectLineNames = `select c.first_name, c.middle_name, c.last_name, s.sort_key, s.school_id
from student_contact l join contact c on c.id = l.contact_id join student s on s.id = l.student_id
where l.id = $1`

	insertLineNames = `insert into line_name (entry, pos, letter, parent_sort, child_sort, contact_id, line_id, school_id) values `

	// A line that staff removed (Line.Removed) stands in no list.
	insertNamesOfContact = `insert into line_name (entry, pos, letter, parent_sort, child_sort, contact_id, line_id, school_id)
select cast($1 as text), cast($2 as bigint), cast($3 as text), cast($4 as text), s.sort_key, l.contact_id, l.id, s.school_id
from student_contact l join student s on s.id = l.student_id
where l.contact_id = $5 and not (l.ended_at is not null and ',' || l.local_fields || ',' like '%,ended,%')`

	deleteNamesOfContact = `delete from line_name where line_id in (select id from student_contact where contact_id = $1)`

	deleteNamesOfLine = `delete from line_name where line_id = $1`

	countNamesOfLine = `select count(*) from line_name where line_id = $1`

	updateNamesOfStudent = `update line_name set child_sort = $1, school_id = $2
where line_id in (select id from student_contact where student_id = $3)`
)

// putSchool writes a school. Schools have no version: few people write them, and nothing hangs on them.
func (r *Roster) putSchool(ctx context.Context, tx *sqldb.Tx, o *School) error {
	args := []any{nullText(o.SourceID), cmp.Or(o.Kind, "school"), o.Name, lang.SortKey(o.Name, "", ""), o.Phone, o.Hours,
		r.now().UnixMicro()}
	if o.ID == 0 {
		id, err := sqldb.Value[int64](ctx, tx, insertSchool, args...)
		o.ID = id
		return err
	}
	n, err := tx.Exec(ctx, updateSchool, append(args, o.ID)...)
	if err == nil && n == 0 {
		return fault.NotFoundf("no such school")
	}
	return err
}

// putStudent writes a student with keys, search words and, when name or school changed, the student's place in the lists of lines.
func (r *Roster) putStudent(ctx context.Context, tx *sqldb.Tx, s *Student) error {
	now := r.now().UnixMicro()
	names := namesOfStudent(s)
	sort := names.sortKey()
	args := []any{nullText(s.SourceID), nullID(s.SchoolID), s.IDNumber, lang.IDKey(s.IDNumber), s.First, s.Middle, s.Last,
		s.PreferredFirst, s.PreferredLast, sort, s.BirthDate, s.Grade, s.Homeroom, s.Email, lang.EmailKey(s.Email),
		string(s.Status), joinLocal(s.Local), s.EnrolledFrom, s.GoneOn, string(s.GoneAs), s.Language, joinIDs(s.OtherSchools),
		joinValues(s.FileValues), keptPrint(s.FilePrint, s.Version+1), now}
	if s.ID == 0 {
		id, err := sqldb.Value[int64](ctx, tx, insertStudent, args...)
		if err != nil {
			return err
		}
		s.ID, s.Version = id, 1
		return putWords(ctx, tx, s, names)
	}
	old, err := sqldb.One(ctx, tx, scanStudentPlace, selectStudentPlace, s.ID)
	if err != nil {
		return err
	}
	if err := guarded(ctx, tx, "student", updateStudent, append(args, s.ID, s.Version)...); err != nil {
		return err
	}
	s.Version++
	if old == (studentPlace{names, s.SchoolID}) {
		return nil
	}
	if _, err := tx.Exec(ctx, deleteWords, s.ID); err != nil {
		return err
	}
	if err := putWords(ctx, tx, s, names); err != nil {
		return err
	}
	if old.sortKey() != sort || old.school != s.SchoolID {
		if _, err := tx.Exec(ctx, updateNamesOfStudent, sort, nullID(s.SchoolID), s.ID); err != nil {
			return err
		}
	}
	return wordLinesBy(ctx, tx, selectLineIDsOfStudent, s.ID)
}

// studentPlace is what a student's place in the lists depends on.
type studentPlace struct {
	studentNames
	school int64
}

func scanStudentPlace(r *sql.Rows) (p studentPlace, err error) {
	err = r.Scan(&p.first, &p.middle, &p.last, &p.preferredFirst, &p.preferredLast, &p.school)
	return p, err
}

func putWords(ctx context.Context, tx *sqldb.Tx, s *Student, names studentNames) error {
	return sqldb.InsertMany(ctx, tx, addWords, wordsOf(s, names))
}

// wordsOf are the rows of student_word for a student.
func wordsOf(s *Student, names studentNames) [][]any {
	var rows [][]any
	for _, w := range names.words() {
		rows = append(rows, []any{w, names.sortKey(), s.ID, nullID(s.SchoolID)})
	}
	return rows
}

// putContact writes a contact with keys and, when the name changed, the names under which its lines are listed.
func (r *Roster) putContact(ctx context.Context, tx *sqldb.Tx, c *Contact) error {
	now := r.now().UnixMicro()
	found := foundOfContact(c)
	names := found.contactNames
	args := []any{nullText(c.SourceID), c.First, c.Middle, c.Last, c.PreferredFirst, c.PreferredLast, lang.NameKeyVersion,
		names.lastKey(), names.sortKey(), lang.Letter(c.Last), c.Email, lang.EmailKey(c.Email), c.MobilePhone, c.HomePhone,
		c.WorkPhone, c.Language, joinLocal(c.Local), joinValues(c.FileValues), c.FileRoles, keptPrint(c.FilePrint, c.Version+1)}
	if c.ID == 0 {
		left := sql.NullInt64{Int64: now, Valid: c.Left}
		id, err := sqldb.Value[int64](ctx, tx, insertContact, append(args, left, now)...)
		if err != nil {
			return err
		}
		c.ID, c.Version = id, 1
		return nil
	}
	old, err := sqldb.One(ctx, tx, scanContactFound, selectContactFound, c.ID)
	if err != nil {
		return err
	}
	if err := guarded(ctx, tx, "contact", updateContact, append(args, c.Left, now, c.ID, c.Version)...); err != nil {
		return err
	}
	c.Version++
	if old == found {
		return nil
	}
	if old.contactNames != names {
		if err := renameLines(ctx, tx, c.ID, names); err != nil {
			return err
		}
	}
	return wordLinesBy(ctx, tx, selectLineIDsOfContact, c.ID)
}

func scanContactFound(r *sql.Rows) (f contactFound, err error) {
	err = r.Scan(&f.first, &f.middle, &f.last, &f.preferredFirst, &f.preferredLast, &f.mobile, &f.home, &f.work)
	return f, err
}

// renameLines lists all lines of a contact under its new name.
func renameLines(ctx context.Context, tx *sqldb.Tx, contact int64, names contactNames) error {
	if _, err := tx.Exec(ctx, deleteNamesOfContact, contact); err != nil {
		return err
	}
	sort, letter := names.sortKey(), lang.Letter(names.last)
	for pos, entry := range names.entries() {
		if _, err := tx.Exec(ctx, insertNamesOfContact, entry, pos, letterAt(pos, letter), sort, contact); err != nil {
			return err
		}
	}
	return nil
}

// letterAt keeps the letter to the row of the whole name, so that a parent stands under one letter once.
func letterAt(pos int, letter string) sql.NullString {
	return sql.NullString{String: letter, Valid: pos == 0}
}

// putLine writes a line and, when it is new, put away or brought back, its place in the lists. A line's student and contact never
// change.
func (r *Roster) putLine(ctx context.Context, tx *sqldb.Tx, l *Line) error {
	now := r.now().UnixMicro()
	flags := []any{l.Relationship, l.Position, flag(l.LegalGuardian), flag(l.LivesWith), flag(l.Emergency), flag(l.Pickup),
		flag(l.Mailing), flag(l.PortalAccess), flag(l.FilePortalAccess), flag(l.Restricted), l.RestrictionNote,
		nullTime(l.RestrictedAt), l.RestrictedBy, l.BeginDate, l.EndDate, flag(l.FileRestricted), l.FileRestriction,
		nullTime(l.FileRestrictionReadAt), l.FileRestrictionReadBy, l.CourtNumber, l.CourtDate, l.RestrictedFrom, l.RestrictedUntil,
		joinValues(l.FileValues)}
	if l.ID == 0 {
		args := append([]any{l.StudentID, l.ContactID}, flags...)
		args = append(args, sql.NullInt64{Int64: now, Valid: l.Ended}, l.FromFile, joinLocal(l.Local), now)
		id, err := sqldb.Value[int64](ctx, tx, insertLine, args...)
		if err != nil {
			return err
		}
		l.ID, l.Version = id, 1
		if l.Removed() {
			return nil
		}
		return listLine(ctx, tx, l)
	}
	args := append(flags, l.Ended, now, l.FromFile, joinLocal(l.Local), l.GraceUntil, keptPrint(l.FilePrint, l.Version+1), l.ID, l.Version)
	if err := guarded(ctx, tx, "line", updateLine, args...); err != nil {
		return err
	}
	l.Version++
	if l.Removed() {
		if _, err := tx.Exec(ctx, deleteNamesOfLine, l.ID); err != nil {
			return err
		}
		return wordLines(ctx, tx, []int64{l.ID})
	}
	listed, err := sqldb.Value[int64](ctx, tx, countNamesOfLine, l.ID)
	if err != nil || listed > 0 {
		return err
	}
	return listLine(ctx, tx, l)
}

// listLine puts a line into the lists under its contact's name.
func listLine(ctx context.Context, tx *sqldb.Tx, l *Line) error {
	var child childPlace
	names, err := sqldb.One(ctx, tx, func(r *sql.Rows) (n contactNames, err error) {
		err = r.Scan(&n.first, &n.middle, &n.last, &child.sort, &child.school)
		return n, err
	}, selectLineNames, l.ID)
	if err != nil {
		return err
	}
	if err := sqldb.InsertMany(ctx, tx, insertLineNames, namesOfLine(l, names, child)); err != nil {
		return err
	}
	return wordLines(ctx, tx, []int64{l.ID})
}

// childPlace is what of the student goes into the lists.
type childPlace struct {
	sort   string
	school sql.NullInt64
}

// namesOfLine are the rows of line_name for a line.
func namesOfLine(l *Line, names contactNames, child childPlace) [][]any {
	var rows [][]any
	sort, letter := names.sortKey(), lang.Letter(names.last)
	for pos, entry := range names.entries() {
		rows = append(rows, []any{entry, pos, letterAt(pos, letter), sort, child.sort, l.ContactID, l.ID, child.school})
	}
	return rows
}

// flag is the column's value: a flag nobody set is unknown.
func flag(f Flag) string {
	if f == "" {
		return string(Unknown)
	}
	return string(f)
}

// guarded runs an update that touches its row only at the version it names.
func guarded(ctx context.Context, tx *sqldb.Tx, what, query string, args ...any) error {
	n, err := tx.Exec(ctx, query, args...)
	if err == nil && n == 0 {
		return fault.Conflictf("the %s was changed by someone else", what)
	}
	return err
}
