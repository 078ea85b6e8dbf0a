package intake

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// compared counts the records that are read to be compared while fn runs.
func (o *office) compared(fn func()) (students, contacts, lines int) {
	o.t.Helper()
	o.before = func(q string) error {
		switch {
		case !strings.Contains(q, "in ("):
		case strings.HasPrefix(q, "select s.id, coalesce(s.source_id"):
			students++
		case strings.HasPrefix(q, "select c.id, coalesce(c.source_id, ''), c.first_name, c.middle_name"):
			contacts++
		case strings.HasPrefix(q, "select l.id, l.student_id, l.contact_id, l.relationship, l.position, l.legal_guardian"):
			lines++
		}
		return nil
	}
	defer func() { o.before = nil }()
	fn()
	return students, contacts, lines
}

func TestWhoIsAsTheRosterSaidLastIsNotReadAgain(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		path := o.bundle(twenty())
		o.take(path, Options{})
		again := func() Report {
			var rep Report
			s, c, l := o.compared(func() { rep = o.take(path, Options{}) })
			o.same("read", []int{0, 0, 0}, []int{s, c, l})
			return rep
		}
		rep := again()
		o.same("all the same", []Tally{{Same: 20}, {Same: 20}, {Same: 20}}, []Tally{rep.Students, rep.Contacts, rep.Lines})
		o.same("who may register is known all the same", o.take(path, Options{DryRun: true}).MayRegister, rep.MayRegister)
		o.same("and is somebody", true, rep.MayRegister > 0)

		// What anybody changes is compared, whatever the print says.
		edited := o.student("s03")
		edited.Grade = "12"
		if err := o.roster.SaveStudent(o.ctx, clerk, edited); err != nil {
			t.Fatal(err)
		}
		s, _, _ := o.compared(func() { rep = o.take(path, Options{}) })
		o.same("the one that was changed is read", 1, s)
		o.same("a field set by hand is told every time", 1, rep.Lists[ListLocal])
		s, _, _ = o.compared(func() { rep = o.take(path, Options{}) })
		o.same("and read every time", []int{1, 1}, []int{s, rep.Lists[ListLocal]})
	})
}

func TestRecordsWithoutAPrintGetOneOnceTheyWereCompared(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		path := o.bundle(twenty())
		o.take(path, Options{})
		was := o.dump(recordTables...)
		for _, table := range []string{"student", "contact", "student_contact"} { // as an older program left them
			if err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(o.ctx, "update "+table+" set file_print = 0")
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		var rep Report
		s, c, l := o.compared(func() { rep = o.take(path, Options{DryRun: true}) })
		o.same("compared", []bool{true, true, true}, []bool{s > 0, c > 0, l > 0})
		s, c, l = o.compared(func() { rep = o.take(path, Options{}) })
		o.same("a dry run writes none", []bool{true, true, true}, []bool{s > 0, c > 0, l > 0})
		o.same("nothing changed", []any{0, was}, []any{rep.Steps, o.dump(recordTables...)})
		s, c, l = o.compared(func() { o.take(path, Options{}) })
		o.same("not compared any more", []int{0, 0, 0}, []int{s, c, l})
	})
}

func TestAPrintIsThatOfOneVersionOfARecord(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		path := o.bundle(twenty())
		o.take(path, Options{})
		// Somebody writes to the database what no form writes, and only counts the version on.
		if err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(o.ctx, `update student set last_name = 'Other', version = version + 1 where source_id = 's05'`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		rep := o.take(path, Options{})
		o.same("brought back", []any{1, "Lasts05"}, []any{rep.Students.Changed, o.student("s05").Last})
		prints := map[int64]bool{}
		o.read(func(tx *sqldb.Tx) error {
			return sqldb.Each(o.ctx, tx, func(r *sql.Rows) error {
				var print int64
				err := r.Scan(&print)
				prints[print] = true
				return err
			}, `select file_print from student where source_id is not null`)
		})
		o.same("each has its own", 20, len(prints))
	})
}

func TestEnrolmentsAsTheRosterSaidLastAreNotReadAgain(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		path := taughtAt(t, "A", "")
		o.take(path, Options{})
		read := func() (n int, rep Report) {
			o.before = func(q string) error {
				if strings.HasPrefix(q, "select e.id, e.source_id, ") {
					n++
				}
				return nil
			}
			defer func() { o.before = nil }()
			rep = o.take(path, Options{})
			return n, rep
		}
		n, rep := read()
		o.same("none is read, each is counted", []any{0, Tally{Same: 2}}, []any{n, rep.Enrolments})
		if err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(o.ctx, "update enrolment set ended_at = 1, updated_at = 1")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		n, rep = read()
		o.same("what has ended is read, and comes back", []any{true, Tally{Changed: 2}}, []any{n > 0, rep.Enrolments})
	})
}
