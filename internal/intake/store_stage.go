package intake

import (
	"context"
	"database/sql"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// What a parse puts into the stage. The first of several rows with one id stays, as a parser says itself.
const (
	insertStudent = `insert into f_student (source_id, school, unknown, id_key, email_key, partial, role_of, file, line, print, data) values `
	insertContact = `insert into f_contact (source_id, relationship, email, email_key, derived, name, file, line, print, said_print, facts, data) values `
	insertLine    = `insert into f_line (student, contact, file, line, print, data) values `
	insertGone    = `insert into f_gone (source_id) values `
	insertKept    = `insert into f_kept (source_id) values `
)

func (s *stage) addStudent(ctx context.Context, st student) error {
	data, err := encode(st.pack())
	if err != nil {
		return err
	}
	unknown := ""
	if st.school == "" && len(st.unknown) > 0 {
		if unknown, err = encode(st.unknown); err != nil {
			return err
		}
	}
	print := roster.Print(data)
	if st.partial || st.roleOf || st.school == "" || len(st.unknown)+len(st.others) > 0 {
		print = 0 // what it means hangs on what else there is
	}
	return s.insert(ctx, insertStudent, st.SourceID, st.school, unknown, lang.IDKey(st.IDNumber), lang.EmailKey(st.Email), st.partial, st.roleOf,
		st.from.file, st.from.line, print, data)
}

func (s *stage) addContact(ctx context.Context, c contact) error {
	data, err := encode(packedContact{c.Contact, c.carried})
	if err != nil {
		return err
	}
	said, err := encode(factsOf(c).pack())
	if err != nil {
		return err
	}
	saidPrint := roster.Print(said)
	if c.bySchool {
		saidPrint = 0 // what it means hangs on where the child is
	}
	return s.insert(ctx, insertContact, c.SourceID, c.relationship, c.Email, lang.EmailKey(c.Email), c.derived, nameOf(c.First, c.Last), c.from.file,
		c.from.line, roster.Print(data), saidPrint, said, data)
}

func (s *stage) addLine(ctx context.Context, l line) error {
	data := ""
	if len(l.carried) > 0 {
		var err error
		if data, err = encode(l.pack()); err != nil {
			return err
		}
	}
	return s.insert(ctx, insertLine, l.student, l.contact, l.from.file, l.from.line, roster.Print(data), data)
}

// What is on record, as it is read.
const (
	insertOldStudent = `insert into r_student (id, source_id, school_id, status, after, dates, dates_after, seen, whole, name, email_key, print) values `
	insertOldContact = `insert into r_contact (id, source_id, gone, after, seen, whole, name, sort, email, email_key, print) values `
	insertOldLine    = `insert into r_line (id, student_id, contact_id, relationship, from_file, ended, refused, may, position, print) values `
	insertReprint    = `insert into reprint (kind, id, version, print) values `
	selectReprint    = `select id, version, print from reprint where kind = $1 and id > $2 order by id limit $3`
)

func (s *stage) seeStudent(ctx context.Context, st roster.StudentMark, seen, whole bool) error {
	dates := packDates(st.Dates)
	return s.insert(ctx, insertOldStudent, st.ID, st.SourceID, st.SchoolID, string(st.Status), string(st.Status), dates, dates, seen, whole,
		nameOf(st.First, st.Last), lang.EmailKey(st.Email), st.Print)
}

// packDates and unpackDates turn a student's dates, which have no such sign in them, into a column and back.
func packDates(d roster.StudentDates) string {
	return strings.Join([]string{d.EnrolledFrom, d.GoneOn, d.BirthDate, string(d.AdultMark)}, "|")
}

func unpackDates(column string) (d roster.StudentDates) {
	if parts := strings.Split(column, "|"); len(parts) == 4 {
		d = roster.StudentDates{EnrolledFrom: parts[0], GoneOn: parts[1], BirthDate: parts[2], AdultMark: roster.AdultMark(parts[3])}
	}
	return d
}

func (s *stage) seeContact(ctx context.Context, c roster.ContactMark, seen, whole bool) error {
	return s.insert(ctx, insertOldContact, c.ID, c.SourceID, c.Left, c.Left, seen, whole, nameOf(c.First, c.Last), c.Sort, c.Email, lang.EmailKey(c.Email), c.Print)
}

func (s *stage) seeLine(ctx context.Context, l roster.LineMark) error {
	return s.insert(ctx, insertOldLine, l.ID, l.StudentID, l.ContactID, l.Relationship, l.FromFile, l.Ended, l.Refused, l.MayOpen, l.Position, l.Print)
}

func scanText(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }

func scanID(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }
