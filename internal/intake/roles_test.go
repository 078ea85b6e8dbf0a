package intake

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// pupil and adult12 write rows of users.csv of 1.2.
func pupil(id, agents string) string {
	return fmt.Sprintf(`%s,,,true,%s,,Kid%s,Roe,,%s,,,,"%s",09,,,,,,,,`, id, id, id, id, agents)
}

func adult12(id string) string {
	return fmt.Sprintf(`%s,,,true,%s,,Adult%s,Roe,,,%s@home.example,,,,,,,,,,,,`, id, id, id, id)
}

// family12 has ana (s1) at the high school and ben (s2) at the middle school, both children of p1, and some roles beside the children's own.
func family12(t *testing.T, roles ...string) string {
	return bundleOf(t, "orgs.csv", orgsFile, "users.csv", file(users12, pupil("s1", "p1"), pupil("s2", "p1"), adult12("p1")),
		"roles.csv", file(roles12, append([]string{`rs1,,,s1,primary,student,,,high,`, `rs2,,,s2,primary,student,,,mid,`}, roles...)...))
}

// rolesChange is a file of changes of roles, and of users where there are some.
func rolesChange(t *testing.T, users []string, roles ...string) string {
	manifest := "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,absent\nfile.roles,delta\n"
	for n, r := range roles {
		roles[n] = strings.Replace(strings.Replace(r, ",gone,", ",tobedeleted,2026-11-23T01:00:00.000Z,", 1), ",here,", ",active,2026-11-23T01:00:00.000Z,", 1)
	}
	if len(users) == 0 {
		return bundleOf(t, "manifest.csv", manifest+"file.users,absent\n", "roles.csv", file(roles12, roles...))
	}
	return bundleOf(t, "manifest.csv", manifest+"file.users,delta\n", "roles.csv", file(roles12, roles...), "users.csv", file(users12, users...))
}

// opens says whether the lines of ana and of ben to p1 may be opened.
func (o *office) opens() [2]roster.Why {
	return [2]roster.Why{o.mayOpen("s1", "p1", "2026-11-23"), o.mayOpen("s2", "p1", "2026-11-23")}
}

func TestAnAdultIsToTheChildrenOfASchoolWhatTheRolesThereSayAndWhen(t *testing.T) {
	const no, over, soon = roster.WhyNoAccess, roster.WhyEnded, roster.WhyNotYet
	for name, tt := range map[string]struct {
		roles []string
		want  [2]roster.Why
	}{
		"one role for both":                                {[]string{`r1,,,p1,primary,parent,,,high,`}, [2]roster.Why{}},
		"a parent here and a relative there":               {[]string{`r1,,,p1,primary,parent,,,high,`, `r2,,,p1,primary,relative,,,mid,`}, [2]roster.Why{"", no}},
		"a parent who is none any more":                    {[]string{`r1,,,p1,primary,parent,2020-08-01,2026-06-30,high,`, `r2,,,p1,secondary,relative,,,high,`}, [2]roster.Why{no, no}},
		"over at one school":                               {[]string{`r1,,,p1,primary,parent,2020-08-01,2026-06-30,high,`, `r2,,,p1,primary,parent,2026-08-01,,mid,`}, [2]roster.Why{over, ""}},
		"not begun at one school":                          {[]string{`r1,,,p1,primary,parent,2026-12-01,,high,`, `r2,,,p1,primary,parent,,,mid,`}, [2]roster.Why{soon, ""}},
		"over and begun anew":                              {[]string{`r1,,,p1,primary,parent,2020-08-01,2025-06-30,high,`, `r2,,,p1,primary,parent,2026-08-01,,high,`}, [2]roster.Why{}},
		"over at one school, and running for the district": {[]string{`r1,,,p1,primary,parent,,2026-06-30,high,`, `r2,,,p1,secondary,guardian,,,d,`}, [2]roster.Why{}},
		"a parent until June, then a guardian":             {[]string{`r1,,,p1,primary,parent,,2027-06-30,high,`, `r2,,,p1,secondary,guardian,2027-06-30,,high,`}, [2]roster.Why{}},
		"all over":                                         {[]string{`r1,,,p1,primary,parent,,2026-06-30,high,`, `r2,,,p1,primary,guardian,,2025-06-30,mid,`}, [2]roster.Why{over, over}},
		"a teacher where the child is not":                 {[]string{`r1,,,p1,primary,teacher,,,mid,`, `r2,,,p1,primary,parent,,,high,`}, [2]roster.Why{}},
		"a student years ago":                              {[]string{`r1,,,p1,primary,student,2005-08-01,2009-06-30,high,`, `r2,,,p1,primary,parent,,,high,`}, [2]roster.Why{}},
	} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, o *office) {
				path := family12(t, tt.roles...)
				o.take(path, Options{})
				o.same("open", tt.want, o.opens())
				o.same("the same file again", 0, o.take(path, Options{}).Steps)
			})
		})
	}
}

func TestWhoMovedIsAtTheSchoolWhoseRoleRuns(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		o.take(bundleOf(t, "orgs.csv", orgsFile, "users.csv", file(users12, pupil("s1", "p1"), adult12("p1")), "roles.csv",
			file(roles12, `r1,,,s1,primary,student,2024-08-01,2026-06-30,mid,`, `r2,,,s1,primary,student,2026-08-01,2027-06-30,high,`, `r3,,,p1,primary,parent,,,high,`)), Options{})
		o.same("school", []any{"River High", 0}, []any{o.student("s1").SchoolName, len(o.student("s1").OtherSchools)})
	})
}

func TestAChildAtAnotherSchoolIsToAnAdultWhatTheRolesThereSay(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		both := []string{`r1,,,p1,primary,parent,,,high,`, `r2,,,p1,primary,relative,,,mid,`}
		o.take(family12(t, both...), Options{})
		o.same("at first", [2]roster.Why{"", roster.WhyNoAccess}, o.opens())
		moved := family12(t, append(both, `rs1,,,s1,primary,student,,,mid,`)...)
		text, err := os.ReadFile(filepath.Join(moved, "roles.csv"))
		if err != nil {
			t.Fatal(err)
		}
		putFile(t, moved, "roles.csv", strings.Replace(string(text), "rs1,,,s1,primary,student,,,high,\n", "", 1))
		o.take(moved, Options{AllowRemovals: true})
		o.same("at the other school", [2]roster.Why{roster.WhyNoAccess, roster.WhyNoAccess}, o.opens())
		// A new child of whom a file of changes alone has the row.
		o.take(rolesChange(t, []string{strings.Replace(pupil("s3", "p1"), ",,,true", ",active,2026-11-23T01:00:00.000Z,true", 1)}, `rs3,here,s3,primary,student,,,high,`), Options{})
		o.same("a new one at the first", []any{"parent", roster.Why("")}, []any{o.line("s3", "p1").Relationship, o.mayOpen("s3", "p1", "2026-11-23")})
	})
}

func TestAFileOfChangesThatEndsOneRoleLeavesTheOthers(t *testing.T) {
	both := []string{`r1,,,p1,primary,parent,,,high,`, `r2,,,p1,primary,guardian,,,mid,`}
	const over = roster.WhyEnded
	row := strings.Replace(adult12("p1"), ",,,true", ",active,2026-11-23T01:00:00.000Z,true", 1)
	for name, tt := range map[string]struct {
		users, roles []string
		want         [2]roster.Why
	}{
		"deleted":                           {nil, []string{`r1,gone,p1,primary,parent,,,high,`}, [2]roster.Why{over, ""}},
		"deleted, and the adult's row":      {[]string{row}, []string{`r1,gone,p1,primary,parent,,,high,`}, [2]roster.Why{over, ""}},
		"ended by its date":                 {nil, []string{`r2,here,p1,primary,guardian,2020-08-01,2026-11-01,mid,`}, [2]roster.Why{"", over}},
		"ended, and the adult's row":        {[]string{row}, []string{`r2,here,p1,primary,guardian,2020-08-01,2026-11-01,mid,`}, [2]roster.Why{"", over}},
		"another one in its place":          {nil, []string{`r1,gone,p1,primary,parent,,,high,`, `r7,here,p1,primary,relative,,,high,`}, [2]roster.Why{roster.WhyNoAccess, ""}},
		"the role of somebody else":         {nil, []string{`r8,gone,p9,primary,parent,,,high,`}, [2]roster.Why{}},
		"a role that nobody heard of":       {nil, []string{`r8,gone,p1,primary,parent,,,high,`}, [2]roster.Why{}},
		"the adult's row alone":             {[]string{row}, []string{`r8,gone,p9,primary,parent,,,high,`}, [2]roster.Why{}},
		"a further role":                    {nil, []string{`r8,here,p1,secondary,relative,,,high,`}, [2]roster.Why{}},
		"both":                              {nil, []string{`r1,gone,p1,primary,parent,,,high,`, `r2,gone,p1,primary,guardian,,,mid,`}, [2]roster.Why{roster.WhyContactGone, roster.WhyContactGone}},
		"a date beyond which it still runs": {nil, []string{`r1,here,p1,primary,parent,,2027-06-30,high,`}, [2]roster.Why{}},
	} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, o *office) {
				o.take(family12(t, both...), Options{})
				path := rolesChange(t, tt.users, tt.roles...)
				o.take(path, Options{AllowRemovals: true})
				o.same("open", tt.want, o.opens())
				o.same("the same changes again", 0, o.take(path, Options{AllowRemovals: true}).Steps)
			})
		})
	}
}

func TestARoleThatAFileOfChangesEndedStaysSoThoughTheNextWholeFileLinksTheChild(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		over := [2]roster.Why{roster.WhyEnded, ""}
		both := []string{`r1,,,p1,primary,parent,,,high,`, `r2,,,p1,primary,guardian,,,mid,`}
		o.take(family12(t, both...), Options{})
		o.take(rolesChange(t, nil, `r1,gone,p1,primary,parent,,,high,`), Options{AllowRemovals: true})
		o.same("ended", over, o.opens())
		without := family12(t, both[1])
		o.take(without, Options{})
		o.same("and the whole file has it no more", over, o.opens())
		o.same("again", []any{0, over}, []any{o.take(without, Options{}).Steps, o.opens()})
		o.take(family12(t, both...), Options{})
		o.same("until it has it again", [2]roster.Why{}, o.opens())
		o.take(rolesChange(t, nil, `r1,gone,p1,primary,parent,,,high,`), Options{AllowRemovals: true})
		o.take(rolesChange(t, nil, `r1,here,p1,primary,parent,,,high,`), Options{AllowRemovals: true})
		o.same("or a file of changes has", [2]roster.Why{}, o.opens())
	})
}

func TestAFileOfChangesThatEndsOneOfAStudentsRolesLeavesTheOtherSchool(t *testing.T) {
	at := func(o *office) []any {
		s := o.student("s1")
		return []any{s.SchoolName, len(s.OtherSchools), s.Status}
	}
	row := strings.Replace(pupil("s1", "p1"), ",,,true", ",active,2026-11-23T01:00:00.000Z,true", 1)
	for name, tt := range map[string]struct {
		users, roles []string
		want         []any
	}{
		"the other one":                        {nil, []string{`rx,gone,s1,secondary,student,,,mid,`}, []any{"River High", 0, roster.Enrolled}},
		"the other one, and the student's row": {[]string{row}, []string{`rx,gone,s1,secondary,student,,,mid,`}, []any{"River High", 0, roster.Enrolled}},
		"the first one":                        {nil, []string{`rs1,gone,s1,primary,student,,,high,`}, []any{"River Middle", 0, roster.Enrolled}},
		"the other one changes":                {[]string{row}, []string{`rx,here,s1,secondary,student,2026-09-01,,mid,`}, []any{"River High", 1, roster.Enrolled}},
		"the student's row alone":              {[]string{row}, []string{`r8,gone,p9,primary,parent,,,high,`}, []any{"River High", 1, roster.Enrolled}},
		"both":                                 {nil, []string{`rs1,gone,s1,primary,student,,,high,`, `rx,gone,s1,secondary,student,,,mid,`}, []any{"River High", 1, roster.Left}},
	} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, o *office) {
				o.take(family12(t, `r1,,,p1,primary,parent,,,high,`, `rx,,,s1,secondary,student,,,mid,`), Options{})
				o.same("at first", []any{"River High", 1, roster.Enrolled}, at(o))
				path := rolesChange(t, tt.users, tt.roles...)
				o.take(path, Options{AllowRemovals: true})
				o.same("then", tt.want, at(o))
				o.same("the same changes again", 0, o.take(path, Options{AllowRemovals: true}).Steps)
			})
		})
	}
}

func TestOfAnAdultWhoseRolesAreNotOnRecordTheEndOfOneIsTold(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		o.take(bundleOf(t, "orgs.csv", orgsFile, "users.csv", usersHeader+kid("s1", "Ana", "Roe", "1", "09", "high", "p1")+adult("p1", "parent", "Pam", "Roe", "pam@home.example")), Options{})
		rep := o.take(rolesChange(t, nil, `r1,gone,p1,primary,parent,,,high,`), Options{AllowRemovals: true})
		o.same("nothing changes", []any{0, true}, []any{rep.Steps, mentions(rep.Findings, string(sayRoleUnsure))})
	})
}

func TestAnEndedRoleThatIsTakenBackRunsAgain(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(family12(t, `r1,,,p1,primary,parent,,,high,`, `r2,,,p1,primary,guardian,,,mid,`), Options{})
		was := o.contact("p1").FileRoles
		o.take(rolesChange(t, nil, `r1,gone,p1,primary,parent,,,high,`), Options{AllowRemovals: true})
		o.same("ended", true, o.contact("p1").FileRoles != was && o.opens() == [2]roster.Why{roster.WhyEnded, ""})
		o.takeBack(2)
		o.same("as it was", []any{was, [2]roster.Why{}}, []any{o.contact("p1").FileRoles, o.opens()})
	})
}

func TestRolesOfARecordPutTogetherWithAnotherHoldSchoolBySchool(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		path := bundleOf(t, "orgs.csv", orgsFile, "users.csv", file(users12, pupil("s1", "p1"), pupil("s2", "p1"), pupil("s3", "p2"), adult12("p1"),
			strings.NewReplacer("Adultp2", "Adultp1", "p2@", "p1@").Replace(adult12("p2"))),
			"roles.csv", file(roles12, `rs1,,,s1,primary,student,,,high,`, `rs2,,,s2,primary,student,,,mid,`, `rs3,,,s3,primary,student,,,mid,`,
				`r1,,,p1,primary,parent,,,high,`, `r2,,,p1,primary,relative,,,mid,`, `r3,,,p2,primary,parent,,,mid,`))
		o.take(path, Options{})
		kept, gone := o.contact("p2"), o.contact("p1")
		err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
			_, err := o.roster.MergeContacts(o.ctx, tx, clerk, roster.MergeOrder{Kept: kept.ID, KeptVersion: kept.Version, Gone: gone.ID, GoneVersion: gone.Version})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		was := o.dump(recordTables...)
		o.take(path, Options{})
		o.same("the same roster again", was, o.dump(recordTables...))
		o.same("each as its school says", []roster.Why{"", roster.WhyNoAccess, ""},
			[]roster.Why{o.mayOpen("s1", "p2", "2026-11-23"), o.mayOpen("s2", "p2", "2026-11-23"), o.mayOpen("s3", "p2", "2026-11-23")})
	})
}

// drawRoles writes a district in which adults have roles at several schools, with dates.
func drawRoles(r *rand.Rand) map[string]string {
	var users, roles []string
	for n := range 4 {
		s := fmt.Sprintf("s%d", n)
		agents := ""
		for p := range 3 {
			if r.IntN(2) == 0 {
				agents = strings.TrimPrefix(agents+fmt.Sprintf(",p%d", p), ",")
			}
		}
		users = append(users, pupil(s, agents))
		roles = append(roles, fmt.Sprintf("r%s,,,%s,primary,student,,,%s,", s, s, of(r, "high", "mid")))
	}
	for n := range 3 {
		p := fmt.Sprintf("p%d", n)
		users = append(users, adult12(p))
		for k := range 1 + r.IntN(3) {
			name := of(r, "parent", "guardian", "relative", "teacher")
			if k == 0 {
				name = "parent" // so that each is a contact
			}
			roles = append(roles, fmt.Sprintf("r%s%d,,,%s,%s,%s,%s,%s,%s,", p, k, p, of(r, "primary", "secondary"), name, of(r, "", "2020-08-01", "2026-12-01"),
				of(r, "", "2026-06-30", "2027-06-30"), of(r, "high", "mid", "d")))
		}
	}
	return map[string]string{"orgs.csv": orgsFile, "users.csv": file(users12, users...), "roles.csv": file(roles12, roles...)}
}

// TestRolesOfAWholeFileHoldWhateverWasBefore takes one district after another, and the second one alone.
func TestRolesOfAWholeFileHoldWhateverWasBefore(t *testing.T) {
	open := emptyOffices(t)
	stand := func(o *office) (all []string) {
		snap := o.snapshot()
		name := map[int64]string{}
		for _, s := range snap.Students {
			name[s.ID] = s.SourceID + " at " + s.SchoolName
		}
		for _, l := range snap.Lines {
			if !l.Ended {
				all = append(all, fmt.Sprint(name[l.StudentID], " ", l.Relationship, " ", l.BeginDate, " ", l.EndDate))
			}
		}
		slices.Sort(all)
		return all
	}
	for n := range rounds(6) {
		r := rand.New(rand.NewPCG(uint64(n), 47)) //nolint:gosec // a test's
		was, is := drawRoles(r), drawRoles(r)
		one, two := open(), open()
		one.take(bundleFrom(t, was), Options{AllowRemovals: true})
		one.take(bundleFrom(t, is), Options{AllowRemovals: true})
		two.take(bundleFrom(t, is), Options{})
		if d := cmp.Diff(stand(two), stand(one)); d != "" {
			t.Fatalf("round %d: (-alone +after another)\n%s\nwas %v\nis %v", n, d, was, is)
		}
		if again := one.take(bundleFrom(t, is), Options{}); again.Steps != 0 {
			t.Fatalf("round %d: the same again: %v", n, again.Changes)
		}
		_ = one.db.Close()
		_ = two.db.Close()
	}
}
