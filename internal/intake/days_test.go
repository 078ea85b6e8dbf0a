package intake

import (
	"fmt"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// born writes rows with the birth dates of some students as a package that holds everything.
func (o *office) born(rows map[string]string, dates ...string) string {
	text := "sourcedId,status,dateLastModified,birthDate\n"
	for n := 0; n < len(dates); n += 2 {
		text += fmt.Sprintf("%s,,,%s\n", dates[n], dates[n+1])
	}
	return bundleOf(o.t, "orgs.csv", orgsFile, "users.csv", rowsOf(rows), "demographics.csv", text)
}

func TestPRV2WhoHasNoAccessToAStudentOfAgeLosesNoneByAPlanAndWhoComesOfAgeByItDoes(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		v := *o.intake.set.Values()
		v.AdultStudents = string(roster.AdultsEnd)
		if err := o.intake.set.Change(o.ctx, robot, v); err != nil {
			t.Fatal(err)
		}
		rows := twenty()
		rep := o.take(o.born(rows, "s00", "2000-01-01", "s01", "2012-01-01"), Options{})
		o.same("who may register", 19, rep.MayRegister)
		fewer := plus(rows)
		delete(fewer, "s00")
		rep, err := o.intake.Import(o.ctx, robot, o.born(fewer, "s01", "2012-01-01"), Options{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		o.same("an adult leaves", []int{1, 0, 0, 0}, []int{rep.Students.Removed, rep.LosesAccess, rep.LosesLater, rep.Lists[ListLoses]})
		rep = o.take(o.born(rows, "s00", "2000-01-01", "s01", "2002-01-01"), Options{})
		o.same("another one is of age, as the file says now", []int{1, 0, 1, 18}, []int{rep.LosesAccess, rep.LosesLater, rep.Lists[ListLoses], rep.MayRegister})
	})
}

func TestADayOfLeavingThatHasComeIsTheStatusHoweverLongTheRosterNamesTheStudent(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(o.bundle(twenty()), Options{})
		s := o.student("s05")
		s.GoneOn, s.GoneAs = "2026-11-25", roster.Withdrawn
		if err := o.roster.SaveStudent(o.ctx, clerk, s); err != nil {
			t.Fatal(err)
		}
		err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error { // as a step into a new school year does
			_, err := tx.Exec(o.ctx, `update student set gone_on = '2026-11-25', gone_as = 'graduated', version = version + 1 where source_id = 's06'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		states := func() []any {
			s, g := o.student("s05"), o.student("s06")
			return []any{s.Status, s.GoneOn, g.Status, g.GoneOn}
		}
		o.same("before the day", 0, o.take(o.bundle(twenty()), Options{}).Steps)
		later(3*24*time.Hour, o)
		if err := o.roster.SettleStatuses(o.ctx); err != nil {
			t.Fatal(err)
		}
		gone := []any{roster.Withdrawn, "2026-11-25", roster.Graduated, "2026-11-25"}
		for range 2 {
			o.same("every night", 0, o.take(o.bundle(twenty()), Options{}).Steps)
			o.same("stays", gone, states())
		}
		o.take(o.bundle(plus(twenty(), "s05", kid("s05", "Kids05", "Lasts05", "1005", "04", "high", "m05"), "s06", kid("s06", "Kids06", "Lasts06", "1006", "09", "high", "m06"))), Options{})
		o.same("who goes on at another school is there; what staff said stays", []any{roster.Withdrawn, "2026-11-25", roster.Enrolled, ""}, states())
	})
}

func TestOPS7StaffOpenNeitherAStudentWhoLeftNorDaysThatAreOverForTheRoster(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		pack := func(status, end string) string {
			return bundleOf(t, "students.csv", "id,first_name,last_name,school,status\n1,Ana,Lopez,High,enrolled\n2,Ben,Lopez,High,"+status+"\n",
				"contacts.csv", "student_id,contact_id,first_name,last_name,email,relationship,end_date\n1,m,Maria,Lopez,maria@home.example,mother,"+end+
					"\n2,m,Maria,Lopez,maria@home.example,mother,\n")
		}
		o.take(pack("withdrawn", "2026-11-01"), Options{})
		s, l := o.student("2"), o.line("1", "m")
		s.Status, l.EndDate = roster.Enrolled, ""
		if err := o.roster.SaveStudent(o.ctx, clerk, s); err != nil {
			t.Fatal(err)
		}
		if _, err := o.roster.SaveContact(o.ctx, clerk, roster.ContactEdit{Contact: o.contact("m"), Line: l}); err != nil {
			t.Fatal(err)
		}
		rep := o.take(pack("withdrawn", "2026-11-01"), Options{})
		o.same("shut again", []any{roster.Withdrawn, "2026-11-01", 2}, []any{o.student("2").Status, o.line("1", "m").EndDate, rep.LosesAccess})
		o.same("and the same", 0, o.take(pack("withdrawn", "2026-11-01"), Options{}).Steps)
		l = o.line("1", "m")
		l.EndDate = "2026-10-01"
		if _, err := o.roster.SaveContact(o.ctx, clerk, roster.ContactEdit{Contact: o.contact("m"), Line: l}); err != nil {
			t.Fatal(err)
		}
		o.take(pack("enrolled", ""), Options{})
		o.same("what staff shut stays shut", []any{roster.Enrolled, "2026-10-01"}, []any{o.student("2").Status, o.line("1", "m").EndDate})
	})
}
