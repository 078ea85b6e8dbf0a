package intake

import (
	"testing"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// Formats that say of each pair what the adult is to the child, and of the adult alone nothing.

const pairsHead = "student_id,contact_id,first_name,last_name,email,relationship,portal_access,restriction"

// pairsOf is a table of students, who are at schools by the first letter of their ids, and one of contacts.
func pairsOf(t *testing.T, students []string, contacts ...string) string {
	rows := []string{}
	for _, id := range students {
		rows = append(rows, id+","+id+",Kid,Roe,School "+id[:1])
	}
	return bundleOf(t, "students.csv", file("id,id_number,first_name,last_name,school", rows...), "contacts.csv", file(pairsHead, contacts...))
}

func TestOPS7WhoIsMissingOrAtAnotherSchoolKeepsWhatTheAdultIsToThem(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		const a1, a2, b1 = "A1,p1,Pam,Roe,pam@home.example,Mother,,no", "A2,p1,Pam,Roe,pam@home.example,Mother,,no", "B1,p1,Pam,Roe,pam@home.example,Mother,,no"
		o.take(pairsOf(t, []string{"A1", "A2", "A3", "B1"}, a1, a2, b1), Options{})
		o.same("a column of restrictions that says no, again", 0, o.take(pairsOf(t, []string{"A1", "A2", "A3", "B1"}, a1, a2, b1), Options{}).Steps)
		rep := o.take(pairsOf(t, []string{"A1", "A3"}, a1), Options{AllowRemovals: true})
		o.same("a child that is missing has its time of grace", []any{roster.Why(""), "mother"}, []any{o.mayOpen("A2", "p1", "2026-12-01"), o.line("A2", "p1").Relationship})
		o.same("a child at a school that the file does not cover", []any{roster.Why(""), "mother"}, []any{o.mayOpen("B1", "p1", "2026-12-01"), o.line("B1", "p1").Relationship})
		o.same("nobody loses access now", []int{0, 1}, []int{rep.LosesAccess, rep.LosesLater})
		rep = o.take(pairsOf(t, []string{"A1", "A2", "A3"}, "A1,p1,Pam,Roe,pam@home.example,Neighbor,,no", a2), Options{})
		o.same("what the row says itself counts", []any{roster.WhyNoAccess, 1}, []any{o.mayOpen("A1", "p1", "2026-12-01"), rep.LosesAccess})
	})
}

func TestOPS7OfTwoRowsOfAPairTheStricterHolds(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		const plain = "A1,p1,Pam,Roe,pam@home.example,Mother,yes,"
		for what, x := range map[string]struct {
			row string
			why roster.Why
		}{
			"a restriction":      {"A1,p1,Pam,Roe,pam@home.example,Mother,,yes", roster.WhyRestricted},
			"no portal access":   {"A1,p1,Pam,Roe,pam@home.example,Mother,no,", roster.WhyNoAccess},
			"nothing that shuts": {"A1,p1,Pam,Roe,pam@home.example,Mother,,", ""},
		} {
			for order, rows := range map[string][]string{"first": {x.row, plain}, "second": {plain, x.row}} {
				o.take(pairsOf(t, []string{"A1"}, rows...), Options{AllowRemovals: true})
				o.same(what+" "+order, x.why, o.mayOpen("A1", "p1", "2026-12-01"))
				o.take(pairsOf(t, []string{"A1"}, "A1,p1,Pam,Roe,pam@home.example,Mother,yes,no"), Options{AllowRemovals: true})
				o.same("open again", roster.Why(""), o.mayOpen("A1", "p1", "2026-12-01"))
			}
		}
		o.take(pairsOf(t, []string{"A1"}, plain, "A1,p1,Pam,Roe,pam@home.example,Mother,,No pickup on Fridays"), Options{})
		o.same("words hold, whichever row has them", true, o.line("A1", "p1").Unread())
	})
}

func TestAStudentWhoEndsAtASchoolThatIsNewIsAtThatSchool(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		with := func(row string) string {
			return bundleOf(t, "students.csv", file("id,id_number,first_name,last_name,school,status", row, "2,2,Ben,Roe,Old,", "3,3,Cleo,Roe,Old,"))
		}
		o.take(with("1,1,Ana,Roe,Old,"), Options{})
		o.take(with("1,1,Ana,Roe,New,graduated"), Options{AllowRemovals: true})
		s := o.student("1")
		o.same("where she ended", []any{roster.Graduated, "New"}, []any{s.Status, s.SchoolName})
	})
}
