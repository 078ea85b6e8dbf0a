package roster

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ruledLine is a line with all that the rule reads.
type ruledLine struct {
	line   Line
	status Status
	left   bool
}

// drawLine draws a line whose every part may decide, with days around today.
func drawLine(t *rapid.T, days, births []string) ruledLine {
	flag := rapid.SampledFrom([]Flag{Unknown, Unknown, Yes, No})
	seldom := func(what string) bool { return rapid.IntRange(0, 5).Draw(t, what) == 0 }
	day := func(what string) string {
		if !seldom(what) {
			return ""
		}
		return rapid.SampledFrom(days).Draw(t, what+" day")
	}
	l := ruledLine{status: Enrolled, left: seldom("contact left")}
	if seldom("status") {
		l.status = rapid.SampledFrom([]Status{Enrolled, Withdrawn, Graduated, Left, Left}).Draw(t, "which status")
	}
	l.line = Line{
		Relationship: rapid.SampledFrom([]string{"mother", "guardian", "aunt", "unknown"}).Draw(t, "relationship"),
		PortalAccess: flag.Draw(t, "access"), FilePortalAccess: flag.Draw(t, "access in the file"), Restricted: No,
		BeginDate: day("begin"), EndDate: day("end"), GraceUntil: day("grace"), Ended: seldom("ended"),
		Of: StudentDates{
			EnrolledFrom: day("enrolled"), GoneOn: day("gone"), BirthDate: rapid.SampledFrom(births).Draw(t, "birth"),
			AdultMark: rapid.SampledFrom([]AdultMark{"", "", Dependent, ParentsGone}).Draw(t, "mark"),
		},
	}
	if seldom("restricted") {
		l.line.Restricted = flag.Draw(t, "restriction")
	}
	return l
}

var errDrawn = errors.New("not to stay")

func TestTheConditionOfAQueryOpensTheLinesThatTheRuleOpens(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		opened, closed := 0, 0
		rapid.Check(t, func(rt *rapid.T) {
			today := rapid.SampledFrom([]string{"2026-11-23", "2026-03-01", "2026-02-28", "2028-02-29", "2028-03-01"}).Draw(rt, "today")
			days := []string{later(today, -1), today, later(today, 1)}
			births := []string{"", "2015-06-01", later(bornBefore(today), -1), bornBefore(today), later(bornBefore(today), 1), "2008-02-29", "2010-02-28", "2010-03-01"}
			rule := Rule{
				Today: today, Adults: rapid.SampledFrom([]Adults{"", AdultsNothing, AdultsAsk, AdultsEnd, AdultsEnd}).Draw(rt, "adults"),
				Relationships: rapid.SampledFrom([][]string{DefaultRelationships(), {"aunt"}, nil}).Draw(rt, "relationships"),
			}
			lines := make([]ruledLine, rapid.IntRange(1, 40).Draw(rt, "lines"))
			var want []int64
			for i := range lines {
				lines[i] = drawLine(rt, days, births)
				if l := lines[i]; rule.May(l.line, l.status, l.left) == MayOpen {
					want = append(want, int64(i+1))
				}
			}
			var got []int64
			err := d.db.Write(t.Context(), func(tx *sqldb.Tx) error {
				for i, l := range lines {
					if err := putRuled(t.Context(), tx, int64(i+1), l); err != nil {
						return err
					}
				}
				where, args := rule.Where(1)
				var err error
				if got, err = sqldb.All(t.Context(), tx, func(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }, `select l.id from student_contact l
join student s on s.id = l.student_id join contact c on c.id = l.contact_id where `+where+` order by l.id`, args...); err != nil {
					return err
				}
				return errDrawn
			})
			if !errors.Is(err, errDrawn) {
				rt.Fatal(err)
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%+v on %+v: opened %v, want %v", rule, lines, got, want)
			}
			opened, closed = opened+len(got), closed+len(lines)-len(got)
		})
		if opened < 30 || closed < 100 {
			t.Errorf("%d opened and %d closed prove little", opened, closed)
		}
	})
}

func putRuled(ctx context.Context, tx *sqldb.Tx, id int64, l ruledLine) error {
	when := func(is bool) sql.NullInt64 { return sql.NullInt64{Int64: 1, Valid: is} }
	of := l.line.Of
	if _, err := tx.Exec(ctx, `insert into student (id, first_name, last_name, sort_key, status, enrolled_from, gone_on, birth_date, adult_mark, created_at, updated_at)
values ($1, 'A', 'B', 'b a', $2, $3, $4, $5, $6, 0, 0)`, id, string(l.status), of.EnrolledFrom, of.GoneOn, of.BirthDate, string(of.AdultMark)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into contact (id, first_name, last_name, last_key, sort_key, letter, left_at, created_at, updated_at)
values ($1, 'C', 'D', 'd', 'd c', 'D', $2, 0, 0)`, id, when(l.left)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `insert into student_contact (id, student_id, contact_id, relationship, portal_access, file_portal_access, restricted, begin_date,
  end_date, grace_until, ended_at, created_at, updated_at)
values ($1, $1, $1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)`, id, l.line.Relationship, string(l.line.PortalAccess), string(l.line.FilePortalAccess),
		string(l.line.Restricted), l.line.BeginDate, l.line.EndDate, l.line.GraceUntil, when(l.line.Ended))
	return err
}
