package roster

import (
	"context"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestNoListOfAdultsNoHistoryAndNoStepOfAYearScansATable(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, _ := d.twoSchools()
		d.many(4000)
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			// Rows are made of the students' ids: their number is what matters.
			for _, query := range []string{
				"update student set school_id = 1 + id % 2, grade = '4', birth_date = '20' || (10 + id % 9) || '-0' || (1 + id % 9) || '-1' || (id % 9)",
				"update student set gone_on = '2027-0' || (1 + id % 9) || '-01', gone_as = 'graduated' where id % 50 = 0",
				"insert into coming_of_age (student_id, adult_on) select id, '2030-01-01' from student",
				"insert into record_change (kind, record_id, at, by_kind, field) select 'student', id, id, 'staff', 'grade' from student",
				"insert into rollover (state, plan, last_id, owner_id, begun_at) values ('done', '{}', 4000, 1, 1)",
				"insert into rollover_row (rollover_id, student_id, version) select 1, id, 1 from student",
				"analyze",
			} {
				if _, err := tx.Exec(ctx, query); err != nil {
					return err
				}
			}
			return nil
		})
		for _, at := range []access.Schools{access.Everywhere(), {IDs: []int64{north}}} {
			for _, already := range []bool{false, true} {
				query, args := adultsQuery(at, "2028-11-23", already, AdultCursor{}, 20)
				d.noScan(query, args...)
			}
		}
		d.noScan(strings.Replace(selectToTell, "$3", "20", 1), "2010-05-01", "2010-06-01")
		d.noScan(strings.Replace(selectToNote, "$2", "20", 1), "2010-03-01")
		d.noScan(selectGoing, "2027-02-01", 20)
		d.noScan(selectToMove, 100, 3000, 20)
		d.noScan(selectToUndo, 1, 100, 20)
		for _, query := range []string{emailsOfStudents, studentsWithEmails, studentsWithNumbers, selectStudentIDsBySource} {
			d.noScan(query+"($1, $2)", "a@example.org", "b@example.org")
		}
		d.noScan("select "+historyColumns+" from record_change where kind = $1 and record_id = $2 and id < $3 order by id desc limit $4", "student", 5, 9999, 20)
	})
}
