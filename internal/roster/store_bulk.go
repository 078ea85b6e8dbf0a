package roster

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Imports add records many at a time, and read them by lists of ids; what one record's columns mean is in store_put.go.

const (
	selectLineIDsOfContact = `select id from student_contact where contact_id = $1`

	// Lines whose time of grace still runs have been open all the time.
	selectShutLinesOfContact = `select id from student_contact where contact_id = $1 and grace_until <= $2`

	selectFedSchools = `select o.id from school o
where exists (select 1 from student s where s.school_id = o.id and s.source_id is not null and s.status <> 'left')
order by o.id`

	selectStudentsOfSchool = selectStudentMarks + `
where s.school_id = $1`

	contactsOfSchool = `(select k.contact_id from student_contact k join student s on s.id = k.student_id where s.school_id = $1)`

	selectContactsOfSchool = selectContactMarks + `
where c.id in ` + contactsOfSchool

	linesOfSchool = `
where l.contact_id in ` + contactsOfSchool

	selectLooseContacts = selectContactMarks + `
where c.source_id is not null and not exists (select 1 from student_contact l where l.contact_id = c.id)`

	addStudents = `insert into student (source_id, school_id, id_number, id_key, first_name, middle_name, last_name, preferred_first,
preferred_last, sort_key, birth_date, grade, homeroom, email, email_key, status, local_fields, enrolled_from, gone_on, gone_as, language,
other_schools, file_print, created_at, updated_at)
values `
	addContacts = `insert into contact (source_id, first_name, middle_name, last_name, preferred_first, preferred_last, key_version,
last_key, sort_key, letter, email, email_key, mobile_phone, home_phone, work_phone, language, local_fields, file_roles, file_print, created_at, updated_at)
values `
	addLines = `insert into student_contact (student_id, contact_id, relationship, position, legal_guardian, lives_with, emergency,
pickup, mailing, portal_access, file_portal_access, restricted, restricted_at, restricted_by, file_restricted, file_restriction,
begin_date, end_date, from_file, file_print, created_at, updated_at)
values `
	addWords = `insert into student_word (word, sort_key, student_id, school_id) values `

	returningSource = "\non conflict (source_id) do nothing returning id, source_id"
	returningPair   = "\non conflict (student_id, contact_id) do nothing returning id, student_id, contact_id"
)

// addStudents adds students with their search words and sets their ids. A student whose source id came in meanwhile keeps ID zero.
func (e *edit) addStudents(ctx context.Context, all []*Student) error {
	now := e.now().UnixMicro()
	rows := make([][]any, len(all))
	bySource := make(map[string]*Student, len(all))
	for i, s := range all {
		bySource[s.SourceID] = s
		rows[i] = []any{nullText(s.SourceID), nullID(s.SchoolID), s.IDNumber, lang.IDKey(s.IDNumber), s.First, s.Middle, s.Last,
			s.PreferredFirst, s.PreferredLast, namesOfStudent(s).sortKey(), s.BirthDate, s.Grade, s.Homeroom, s.Email,
			lang.EmailKey(s.Email), string(s.Status), joinLocal(s.Local), s.EnrolledFrom, s.GoneOn, string(s.GoneAs), s.Language,
			joinIDs(s.OtherSchools), keptPrint(s.FilePrint, 1), now, now}
	}
	err := sqldb.InsertReturning(ctx, e.tx, func(r *sql.Rows) error {
		var id int64
		var source string
		err := r.Scan(&id, &source)
		if s := bySource[source]; s != nil {
			s.ID = id
		}
		return err
	}, addStudents, returningSource, rows)
	if err != nil {
		return err
	}
	var words [][]any
	for _, s := range all {
		if s.ID != 0 {
			words = append(words, wordsOf(s, namesOfStudent(s))...)
		}
	}
	return sqldb.InsertMany(ctx, e.tx, addWords, words)
}

// addContacts adds contacts and sets their ids. A contact whose source id came in meanwhile keeps ID zero.
func (e *edit) addContacts(ctx context.Context, all []*Contact) error {
	now := e.now().UnixMicro()
	rows := make([][]any, len(all))
	bySource := make(map[string]*Contact, len(all))
	for i, c := range all {
		bySource[c.SourceID] = c
		names := namesOfContact(c)
		rows[i] = []any{nullText(c.SourceID), c.First, c.Middle, c.Last, c.PreferredFirst, c.PreferredLast, lang.NameKeyVersion,
			names.lastKey(), names.sortKey(), lang.Letter(c.Last), c.Email, lang.EmailKey(c.Email), c.MobilePhone, c.HomePhone,
			c.WorkPhone, c.Language, joinLocal(c.Local), c.FileRoles, keptPrint(c.FilePrint, 1), now, now}
	}
	return sqldb.InsertReturning(ctx, e.tx, func(r *sql.Rows) error {
		var id int64
		var source string
		err := r.Scan(&id, &source)
		if c := bySource[source]; c != nil {
			c.ID = id
		}
		return err
	}, addContacts, returningSource, rows)
}

// addLines adds lines with their places in the lists and sets their ids. A line that staff made meanwhile keeps ID zero.
func (e *edit) addLines(ctx context.Context, all []*Line) error {
	now := e.now().UnixMicro()
	rows := make([][]any, len(all))
	byPair := make(map[[2]int64]*Line, len(all))
	for i, l := range all {
		byPair[[2]int64{l.StudentID, l.ContactID}] = l
		rows[i] = []any{l.StudentID, l.ContactID, l.Relationship, l.Position, flag(l.LegalGuardian), flag(l.LivesWith),
			flag(l.Emergency), flag(l.Pickup), flag(l.Mailing), flag(l.PortalAccess), flag(l.FilePortalAccess), flag(l.Restricted),
			nullTime(l.RestrictedAt), l.RestrictedBy, flag(l.FileRestricted), l.FileRestriction, l.BeginDate, l.EndDate, l.FromFile, keptPrint(l.FilePrint, 1), now, now}
	}
	err := sqldb.InsertReturning(ctx, e.tx, func(r *sql.Rows) error {
		var id int64
		var pair [2]int64
		err := r.Scan(&id, &pair[0], &pair[1])
		if l := byPair[pair]; l != nil {
			l.ID = id
		}
		return err
	}, addLines, returningPair, rows)
	if err != nil {
		return err
	}
	return e.listLines(ctx, all)
}

// listLines puts new lines into the lists, under their contacts' names and under the words they are found by.
func (e *edit) listLines(ctx context.Context, all []*Line) error {
	byID := make(map[int64]*Line, len(all))
	var added []int64
	for _, l := range all {
		if l.ID != 0 {
			byID[l.ID] = l
			added = append(added, l.ID)
		}
	}
	var names, words [][]any
	err := eachChunk(added, func(in string, args []any) error {
		return sqldb.Each(ctx, e.tx, func(r *sql.Rows) error {
			w, err := scanWordedLine(r)
			if err != nil {
				return err
			}
			names = append(names, namesOfLine(byID[w.id], w.parent.contactNames, childPlace{w.childSort, w.school})...)
			words = append(words, w.rows()...)
			return nil
		}, selectWordedLines+"("+in+")", args...)
	})
	if err != nil {
		return err
	}
	if err := sqldb.InsertMany(ctx, e.tx, insertLineNames, names); err != nil {
		return err
	}
	return sqldb.InsertMany(ctx, e.tx, addLineWords, words)
}
