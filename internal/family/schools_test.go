package family

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// borough is a town of two schools: Ana and Ben go to North, Leo and Sam to South. Maria has Ana and Leo on one login and made both their
// logins; Sol has Sam.
type borough struct {
	*town
	north, south       int64
	ana, leo, sam      int64
	maria, sol         int64
	mariaAna, mariaLeo int64
	solSam             int64
	atNorth, atSouth   access.Actor
}

func inBorough(t *testing.T, test func(b *borough)) {
	inTown(t, func(w *town) {
		b := &borough{town: w}
		school := func(name string) int64 {
			w.ok(w.roster.SaveSchool(w.ctx, w.clerk, roster.School{Name: name}))
			all, err := w.roster.Schools(w.ctx)
			w.ok(err)
			return all[slices.IndexFunc(all, func(s roster.School) bool { return s.Name == name })].ID
		}
		b.north, b.south = school("North"), school("South")
		pupil := func(first, last, number string, school int64) int64 {
			id, err := w.roster.AddStudent(w.ctx, w.clerk, roster.Student{First: first, Last: last, IDNumber: number, SchoolID: school, Status: roster.Enrolled})
			w.ok(err)
			return id
		}
		b.ana, b.leo, b.sam = pupil("Ana", "Lopez", "1", b.north), pupil("Leo", "Lopez", "2", b.south), pupil("Sam", "Stone", "3", b.south)
		maria, lines := w.contact("Maria", "Lopez", "maria@x.example", "mother", b.ana, b.leo)
		b.maria, b.mariaAna, b.mariaLeo = maria, lines[0], lines[1]
		sol, lines := w.contact("Sol", "Stone", "sol@x.example", "father", b.sam)
		b.sol, b.solSam = sol, lines[0]
		mother := w.login("maria", maria)
		for i, s := range []int64{b.ana, b.leo} {
			w.ok(w.CreateStudentLogin(w.ctx, mother, s, fmt.Sprintf("kid.%d", i), townPassword))
		}
		b.atNorth = w.staffed("nora", access.Office, access.Schools{IDs: []int64{b.north}})
		b.atSouth = w.staffed("sue", access.Office, access.Schools{IDs: []int64{b.south}})
		test(b)
	})
}

func TestPRV5StaffSeeOnlyTheLinesOfTheirSchools(t *testing.T) {
	inBorough(t, func(b *borough) {
		for name, c := range map[string]struct {
			who  access.Actor
			q    GridQuery
			want []string
		}{
			"all":                  {b.atNorth, GridQuery{}, []string{"Maria: Ana"}},
			"all by child":         {b.atNorth, GridQuery{ByChild: true}, []string{"Maria: Ana"}},
			"a letter":             {b.atSouth, GridQuery{Letter: "L"}, []string{"Maria: Leo"}},
			"a letter by child":    {b.atSouth, GridQuery{Letter: "L", ByChild: true}, []string{"Maria: Leo"}},
			"a name":               {b.atSouth, GridQuery{Last: "lop"}, []string{"Maria: Leo"}},
			"a name by child":      {b.atSouth, GridQuery{Last: "lop", ByChild: true}, []string{"Maria: Leo"}},
			"another school's":     {b.atNorth, GridQuery{Last: "stone"}, nil},
			"of both schools":      {with(b.atNorth, func(a *access.Actor) { a.Schools.IDs = []int64{b.north, b.south} }), GridQuery{ByChild: true}, []string{"Maria: Ana", "Maria: Leo", "Sol: Sam"}},
			"of no school":         {with(b.atNorth, func(a *access.Actor) { a.Schools.IDs = nil }), GridQuery{}, nil},
			"of very many schools": {with(b.atNorth, func(a *access.Actor) { a.Schools.IDs = append(many(80), b.north) }), GridQuery{}, []string{"Maria: Ana"}},
		} {
			g, err := b.Grid(b.ctx, c.who, c.q)
			b.ok(err)
			var got []string
			for _, r := range g.Rows {
				got = append(got, r.ParentFirst+": "+r.ChildFirst)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || g.Total != len(c.want) {
				b.t.Errorf("%s: total %d %s", name, g.Total, diff)
			}
			if g.Letters["S"] != c.who.Schools.Has(b.south) || g.Letters["L"] != (len(c.who.Schools.IDs) > 0) || len(g.Letters) != 27 {
				b.t.Errorf("%s: letters %v", name, g.Letters)
			}
		}
		_, err := b.LineStates(b.ctx, b.atNorth, b.leo)
		if !fault.Is(err, fault.NotFound) {
			b.t.Errorf("the states of another school's lines: %v", err)
		}
		found, _, total, err := b.FindStudents(b.ctx, b.atNorth, "lopez", roster.FindCursor{}, 10)
		b.ok(err)
		if total != 1 || len(found) != 1 || found[0].ID != b.ana {
			b.t.Errorf("found %v, %d", found, total)
		}
		if found, _, _, err := b.FindStudents(b.ctx, b.atNorth, "2", roster.FindCursor{}, 10); err != nil || len(found) != 0 {
			b.t.Errorf("an ID Number of another school finds %v, %v", found, err)
		}
	})
}

func many(n int) (ids []int64) {
	for i := range n {
		ids = append(ids, int64(1000+i))
	}
	return ids
}

func TestAClerkOfOneSchoolMayTakeTheWholeLoginAndTheOtherSchoolIsTold(t *testing.T) {
	inBorough(t, func(b *borough) {
		q, err := b.ResetQuestion(b.ctx, b.atNorth, []int64{b.mariaAna, b.mariaLeo, b.solSam})
		b.ok(err)
		if q.Gone != 2 || len(q.Parents) != 1 {
			b.t.Fatalf("the question: %+v", q)
		}
		p := q.Parents[0]
		if p.Whole || !p.Elsewhere || len(p.Stay) != 0 || len(p.Lines) != 1 || len(p.StudentLogins) != 1 || p.StudentLogins[0].StudentID != b.ana {
			b.t.Errorf("the parent: %+v", p)
		}
		if notices, err := b.SchoolNotices(b.ctx, b.atSouth); err != nil || len(notices) != 0 {
			b.t.Errorf("a question was told: %v, %v", notices, err)
		}
		results, err := b.Reset(b.ctx, b.atNorth, ResetOrder{Lines: []int64{b.mariaAna, b.mariaLeo, b.solSam}, Along: []int64{b.maria, b.sol}})
		b.ok(err)
		want := []ResetResult{
			{LineID: b.mariaAna, ParentFirst: "Maria", ParentLast: "Lopez", ChildFirst: "Ana", ChildLast: "Lopez", Outcome: ResetWhole, Username: "maria",
				StudentLogins: []string{"kid.0"}, Noticed: true, Told: true},
			{LineID: b.mariaLeo, Outcome: ResetGone}, {LineID: b.solSam, Outcome: ResetGone},
		}
		if diff := cmp.Diff(want, results); diff != "" {
			b.t.Error(diff)
		}
		if n := b.count("select count(*) from account where kind <> 'staff'"); n != 0 {
			b.t.Errorf("%d logins are left", n)
		}
		if notices, err := b.SchoolNotices(b.ctx, b.atNorth); err != nil || len(notices) != 0 {
			b.t.Errorf("the clerk's own school was told: %v, %v", notices, err)
		}
		notices, err := b.SchoolNotices(b.ctx, b.atSouth)
		b.ok(err)
		told := []SchoolNotice{{
			At: b.now(), What: NoticeResetWhole, ContactID: b.maria, First: "Maria", Last: "Lopez", StudentID: b.leo, School: "South",
			ByName: "nora", BySchool: "North",
		}}
		if len(notices) == 1 {
			told[0].ID = notices[0].ID
		}
		if diff := cmp.Diff(told, notices); diff != "" {
			b.t.Fatal(diff)
		}
		if err := b.SeeNotice(b.ctx, b.atNorth, notices[0].ID); !fault.Is(err, fault.NotFound) {
			b.t.Errorf("another school's notice was seen: %v", err)
		}
		b.ok(b.SeeNotice(b.ctx, b.atSouth, notices[0].ID))
		b.ok(b.SeeNotice(b.ctx, b.atSouth, notices[0].ID))
		if notices, err := b.SchoolNotices(b.ctx, b.clerk); err != nil || len(notices) != 0 {
			b.t.Errorf("a notice that was seen stands: %v, %v", notices, err)
		}
		if n := b.count("select count(*) from audit_event where action = 'school.notice_seen'"); n != 1 {
			b.t.Errorf("seen %d times in the log", n)
		}
		b.pass(91 * 24 * time.Hour)
		b.ok(b.forgetOld(b.ctx))
		if n := b.count("select count(*) from school_notice"); n != 0 {
			b.t.Error("an old notice was kept")
		}
	})
}

func TestAPartOfALoginLeavesOtherSchoolsAlone(t *testing.T) {
	inBorough(t, func(b *borough) {
		results, err := b.Reset(b.ctx, b.atNorth, ResetOrder{Lines: []int64{b.mariaAna}, Keep: map[int64]int64{b.leo: b.sol}})
		b.ok(err)
		if r := results[0]; r.Outcome != ResetPart || len(r.Stay) != 0 || !r.Elsewhere || r.Told {
			b.t.Errorf("%+v", r)
		}
		if got := b.states(b.mariaAna, b.mariaLeo); got[0] != Closed || got[1] != Active {
			b.t.Errorf("states %v", got)
		}
		if n := b.count("select count(*) from student_login where student_id = $1", b.leo); n != 1 {
			b.t.Error("the other school's student login is gone")
		}
		if n := b.count("select count(*) from school_notice"); n != 0 {
			b.t.Error("a school was told of nothing")
		}
	})
}

func TestPRV5StaffSeeTheRequestsOfTheirSchools(t *testing.T) {
	inBorough(t, func(b *borough) {
		visitor := access.Actor{Kind: access.Visitor, Address: "198.51.100.7"}
		ask := func(number, first, last string) string {
			ref, err := b.Register(b.ctx, visitor, Registration{Username: "user." + number, IDNumber: number, First: first, Last: last})
			b.ok(err)
			return ref
		}
		ours, theirs, unknown := ask("1", "Maria", "Lopez"), ask("3", "Sol", "Stone"), ask("777", "Nobody", "Known")
		forgot, err := b.ForgotPassword(b.ctx, visitor, "", "maria", "en")
		b.ok(err)
		_, err = b.jobs.Drain(b.ctx)
		b.ok(err)
		list := func(who access.Actor, reference string) (refs []string) {
			found, err := b.Requests(b.ctx, who, reference, jobs.Cursor{}, 50)
			b.ok(err)
			for _, r := range found {
				refs = append(refs, r.Reference)
			}
			return refs
		}
		for name, c := range map[string]struct{ got, want []string }{
			"everybody's":                   {list(b.clerk, ""), []string{forgot, unknown, theirs, ours}},
			"the school's":                  {list(b.atNorth, ""), []string{ours}},
			"another school's by reference": {list(b.atNorth, theirs), nil},
			"an unknown one by reference":   {list(b.atNorth, unknown), []string{unknown}},
			"a parent's by reference":       {list(b.atNorth, forgot), []string{forgot}},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				b.t.Errorf("%s: %s", name, diff)
			}
		}
		student := func(id int64) (s roster.Student) {
			p, err := b.roster.Page(b.ctx, b.clerk, id)
			b.ok(err)
			return p.Student
		}
		moved := student(b.sam)
		moved.SchoolID = b.north
		b.ok(b.roster.SaveStudent(b.ctx, b.clerk, moved))
		if diff := cmp.Diff([]string{theirs, ours}, list(b.atNorth, "")); diff != "" {
			b.t.Errorf("after a student moved: %s", diff)
		}
		if got := list(b.atSouth, theirs); got != nil {
			b.t.Errorf("the school that the student left finds %v", got)
		}
		g, err := b.Grid(b.ctx, b.atNorth, GridQuery{Last: "stone"})
		b.ok(err)
		if g.Total != 1 {
			b.t.Errorf("the grid of the new school has %d rows of the student", g.Total)
		}
	})
}

func TestADM8SearchesAreOnRecordByKindAndLimited(t *testing.T) {
	inBorough(t, func(b *borough) {
		_, err := b.Grid(b.ctx, b.atNorth, GridQuery{Last: "lopez"})
		b.ok(err)
		for _, typed := range []string{"ana", "1"} {
			_, _, _, err = b.FindStudents(b.ctx, b.atNorth, typed, roster.FindCursor{}, 10)
			b.ok(err)
		}
		_, err = b.Requests(b.ctx, b.atNorth, "ABCD-2345", jobs.Cursor{}, 10)
		b.ok(err)
		if n := b.count("select count(*) from audit_event where action like '%.searched'"); n != 0 {
			b.t.Errorf("%d searches written before the answer", n)
		}
		b.ok(b.Flush(b.ctx))
		for kind, want := range map[string]int{"name": 2, "id_number": 1, "reference": 1} {
			n := b.count(`select count(*) from audit_event e join audit_detail d on d.event_id = e.id
				where e.action like '%.searched' and e.actor_id = $1 and d.detail like $2`, b.atNorth.AccountID, `%"by":"`+kind+`"%`)
			if n != want {
				b.t.Errorf("%d searches by %s on record, want %d", n, kind, want)
			}
		}

		made, limit := 4, b.settings.Values().StaffSearches
		other := New(Parts{ // a second node
			DB: b.db, Accounts: b.accounts, Roster: b.roster, Settings: b.settings, Jobs: jobs.New(b.db, b.log, b.now), Audit: b.audit, Log: b.log,
			Now: b.now, Catalog: b.catalog, Sender: b.sender,
		})
		for ; ; made++ {
			node := []*Family{b.Family, other}[made%2]
			if _, err = node.Grid(b.ctx, b.atNorth, GridQuery{Letter: "L"}); err != nil {
				break
			}
		}
		if !fault.Is(err, fault.Unavailable) || fault.RetryAfter(err) != 10*time.Minute || made > limit || made < limit-20 {
			b.t.Errorf("after %d searches: %v", made, err)
		}
		for range 3 {
			if _, err := b.Family.Grid(b.ctx, b.atNorth, GridQuery{Letter: "L", After: gridKey{}.text()}); !fault.Is(err, fault.Unavailable) && made%2 == 0 {
				b.t.Errorf("leafing on: %v", err)
			}
		}
		if _, err := b.Grid(b.ctx, b.atNorth, GridQuery{}); err != nil {
			b.t.Errorf("the page itself: %v", err)
		}
		if _, err := b.Grid(b.ctx, b.atSouth, GridQuery{Letter: "L"}); err != nil {
			b.t.Errorf("somebody else: %v", err)
		}
		if n := b.count("select count(*) from audit_event where action = 'search.limited'"); n != 1 {
			b.t.Errorf("%d events of the limit", n)
		}
		b.pass(10 * time.Minute)
		if _, err := b.Grid(b.ctx, b.atNorth, GridQuery{Letter: "L"}); err != nil {
			b.t.Errorf("after ten minutes: %v", err)
		}
	})
}

func TestAUD1RefusalsAreInTheLogOnceAMinute(t *testing.T) {
	inBorough(t, func(b *borough) {
		for _, who := range []access.Actor{b.atNorth, b.atNorth, b.atSouth, {Kind: access.Visitor}} {
			for range 3 {
				b.ok(b.NoteRefusal(b.ctx, who, access.ChangeSetting))
			}
		}
		b.pass(time.Minute)
		b.ok(b.NoteRefusal(b.ctx, b.atNorth, access.ChangeSetting))
		b.ok(b.Flush(b.ctx))
		if n := b.count("select count(*) from audit_event where action = 'access.refused' and outcome = 'refused'"); n != 3 {
			b.t.Errorf("%d refusals in the log, want 3", n)
		}
	})
}
