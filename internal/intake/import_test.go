package intake

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestARealExportWithoutManifestAndSchoolsIsTaken(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rep := o.take("testdata/nicelion", Options{School: "Morgan High"})
		o.same("students", Tally{Added: 1187}, rep.Students)
		o.same("contacts", Tally{Added: 812}, rep.Contacts)
		o.same("lines", Tally{Added: 2390}, rep.Lines)
		o.same("district", "Morgan County Consolidated School District", rep.District)
		o.same("district on pages and mails", "Morgan County Consolidated School District", o.intake.set.Values().DistrictName)
		numbers := slices.IndexFunc(rep.Findings, func(x Finding) bool { return x.Column == "userIds" })
		if numbers < 0 || rep.Findings[numbers].Count != 1187 {
			t.Errorf("the choice of the ID Number is not told once: %v", rep.Findings)
		}
		if !mentions(rep.Findings, "school_given") || !mentions(rep.Findings, "manifest_missing") || !mentions(rep.Findings, "school_unknown") {
			t.Errorf("not all is told: %v", rep.Findings)
		}
		s := o.student("b63c6c46-f043-40ee-9f43-f3fb7d46c6d7")
		o.same("a student", []string{"42176573", "Columbus", "Quinn", "Kutch", "10", "Morgan High", "columbuskutch@nicelion.com"},
			[]string{s.IDNumber, s.First, s.Middle, s.Last, s.Grade, s.SchoolName, s.Email})
		o.same("leading zeros", "06870333", o.snapshot().Students[2].IDNumber)
		l := o.line(s.SourceID, "7d40bde6-6d52-4b9d-98ac-d9c7e9b5aae2")
		rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: "2026-11-23"}
		o.same("may open", roster.MayOpen, rule.May(l, s.Status, false))

		was := o.dump(append(recordTables, "audit_detail")...)
		again := o.take("testdata/nicelion", Options{School: "morgan high"})
		o.same("again", Report{Students: Tally{Same: 1187}, Contacts: Tally{Same: 812}, Lines: Tally{Same: 2390}},
			Report{Students: again.Students, Contacts: again.Contacts, Lines: again.Lines, Changes: again.Changes})
		now := o.dump(append(recordTables, "audit_detail")...)
		if len(now["audit_detail"]) != len(was["audit_detail"])+1 {
			t.Error("more is in the log than that the import ran")
		}
		delete(was, "audit_detail")
		delete(now, "audit_detail")
		o.same("the second time changes nothing", was, now)
		if lines, addresses := o.heardOf(); len(lines)+len(addresses) > 0 {
			t.Error("the hook heard of a change")
		}
		// Without the flag people stay where they are.
		o.same("without the flag", Tally{Same: 1187}, o.take("testdata/nicelion", Options{}).Students)
	})
}

func TestDirtyBundlesAreTakenAndRepaired(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rep := o.take("testdata/dirty11", Options{})
		o.same("students", Tally{Added: 2}, rep.Students)
		o.same("lines", []string{"s-1-p-1"}, o.lines())
		s := o.student("s-2")
		o.same("a department is a school of its kind", []string{"Science Department", "s.two", "9"}, []string{s.SchoolName, s.IDNumber, s.Grade})
		c := o.contact("p-1")
		o.same("phones", []string{"5553", "5554"}, []string{c.MobilePhone, c.HomePhone})
		for _, says := range []string{"byte_order_mark", "truth_spelled", "school_none_above", "line_to_staff", "line_not_a_pair", "staff", "students_alone"} {
			if !mentions(rep.Findings, says) {
				t.Errorf("nothing said of %q", says)
			}
		}
		for _, rows := range o.dump(everything...) {
			if strings.Contains(strings.Join(rows, " "), "Hunter2") {
				t.Error("a password was kept")
			}
		}
		for _, x := range rep.Findings {
			if strings.Contains(x.Was+x.Text, "Hunter2") {
				t.Errorf("a password in %v", x)
			}
		}
	})
	atOffice(t, func(t *testing.T, o *office) {
		rep := o.take("testdata/dirty12", Options{})
		o.same("version", "OneRoster 1.2", rep.Format)
		o.same("district", "River District", rep.District)
		o.same("lines", []string{"s1-p1", "s2-p1", "s2-p3", "s2-p2"}, o.lines())
		ana, ben := o.student("s1"), o.student("s2")
		o.same("ana", []string{"0041-7", "Anita", "K", "2019-04-17", "River High"}, []string{ana.IDNumber, ana.PreferredFirst, ana.Grade, ana.BirthDate, ana.SchoolName})
		o.same("ben", []string{"00418", "3", "2016-04-05", "River Middle"}, []string{ben.IDNumber, ben.Grade, ben.BirthDate, ben.SchoolName})
		o.same("roles", []string{"parent", "guardian", "relative"},
			[]string{o.line("s1", "p1").Relationship, o.line("s2", "p2").Relationship, o.line("s2", "p3").Relationship})
		o.same("enabledUser is false", []roster.Flag{roster.No, roster.Unknown}, []roster.Flag{o.line("s2", "p2").FilePortalAccess, o.line("s2", "p1").FilePortalAccess})
		o.same("the role's end", "2025-06-30", o.line("s2", "p3").EndDate)
		o.same("a bad address", "", o.contact("p3").Email)
		o.same("contacts without address", 1, rep.WithoutEmail)
		for _, says := range []string{"kind_spelled", "date_spelled", "role_spelled", "adult_disabled", "email_unfit", "student_role_ended",
			"adult_role_ended", "demographics_of_nobody", "column_named"} {
			if !mentions(rep.Findings, says) {
				t.Errorf("nothing said of %q", says)
			}
		}
		o.same("again", Tally{Same: 2}, o.take("testdata/dirty12", Options{}).Students)
	})
}

func TestPeopleOfNoSchoolNeedTheFlag(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := map[string]string{"s1": kid("s1", "Ana", "Lopez", "1", "4", "nowhere", "")}
		users := rowsOf(rows)
		if _, err := o.refuse(o.bundle(rows), Options{}, fault.Invalid); !strings.Contains(err.Error(), "--school") {
			t.Errorf("got %v", err)
		}
		_, _ = o.refuse(bundleOf(t, "users.csv", users), Options{}, fault.Invalid)
		only := bundleOf(t, "users.csv", users, "orgs.csv", "sourcedId,name,type\nhigh,River High,school\n")
		rep := o.take(only, Options{})
		o.same("the only school", "River High", o.student("s1").SchoolName)
		if !mentions(rep.Findings, "school_only") {
			t.Errorf("not told: %v", rep.Findings)
		}
	})
}

func TestADryRunWritesNothing(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		was := o.dump(everything...)
		rep := o.take("testdata/nicelion", Options{School: "Morgan High", DryRun: true})
		o.same("written", was, o.dump(everything...))
		o.same("students", Tally{Added: 1187}, rep.Students)
		o.same("told", true, rep.DryRun && len(rep.Changes) > 1187)
	})
}

func TestOnlyWhoMayImports(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		for _, a := range []access.Actor{{Kind: access.Visitor}, {Kind: access.Parent, AccountID: 3}, {Kind: access.Staff}} {
			if _, err := o.intake.Import(o.ctx, a, "testdata/dirty11", Options{}); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%v: got %v", a.Kind, err)
			}
		}
		if _, err := o.intake.Import(o.ctx, clerk, "testdata/dirty11", Options{}); err != nil {
			t.Error(err)
		}
	})
}

func TestOPS7ASuspiciousShrinkIsRefused(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		o.take(o.bundle(rows), Options{})
		fewer := twenty()
		for _, id := range []string{"s00", "s01", "m00", "m01"} {
			delete(fewer, id)
		}
		if rep := o.take(o.bundle(fewer), Options{DryRun: true}); rep.Students.Removed != 2 || rep.LosesLater != 2 {
			t.Errorf("two of twenty are a tenth and may go: %+v", rep)
		}
		delete(fewer, "s02")
		_, err := o.refuse(o.bundle(fewer), Options{}, fault.Conflict)
		if !strings.Contains(err.Error(), "3 of 20 students") || !strings.Contains(err.Error(), "--allow-removals") {
			t.Errorf("got %v", err)
		}
		for what, users := range map[string]string{
			"a header alone":  usersHeader,
			"adults alone":    usersHeader + adult("m00", "parent", "Mum", "Last", ""),
			"half":            rowsOf(twenty())[:len(rowsOf(twenty()))/2-40] + "\n",
			"no links":        strings.NewReplacer(`"m0`, `"`, `"m1`, `"`).Replace(rowsOf(twenty())),
			"all tobedeleted": strings.ReplaceAll(rowsOf(twenty()), ",,,true", ",tobedeleted,,true"),
			"everybody moved": strings.ReplaceAll(rowsOf(twenty()), "s", "t"),
		} {
			t.Log(what)
			if what == "everybody moved" {
				users = usersHeader + kid("x", "Ana", "Lopez", "1", "4", "mid", "")
			}
			_, _ = o.refuse(bundleOf(t, "users.csv", users, "orgs.csv", orgsFile), Options{}, fault.Conflict)
			if what == "a header alone" {
				_, _ = o.refuse(bundleOf(t, "users.csv", users), Options{}, fault.Conflict)
			}
		}
		rep := o.take(bundleOf(t, "users.csv", usersHeader, "orgs.csv", orgsFile), Options{AllowRemovals: true})
		o.same("all gone", []int{20, 20, 20, 20}, []int{rep.Students.Removed, rep.Contacts.Removed, rep.Lines.Removed, rep.LosesLater})
		lines, _ := o.heardOf()
		o.same("the hook hears of each line", 20, len(lines))
		back := o.take(o.bundle(twenty()), Options{})
		o.same("all back", []Tally{{Changed: 20}, {Changed: 20}, {Changed: 20}}, []Tally{back.Students, back.Contacts, back.Lines})
		o.same("whole", []any{roster.Enrolled, false, false}, []any{o.student("s00").Status, o.contact("m00").Left, o.line("s00", "m00").Ended})
	})
}

func TestOPS7ATruncatedFileTakesNobodyAway(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(o.bundle(twenty()), Options{})
		whole := rowsOf(twenty())
		cut := whole[:len(whole)-20] // within the last row
		rep := o.take(bundleOf(t, "users.csv", cut, "orgs.csv", orgsFile), Options{})
		o.same("removed", 0, rep.Students.Removed+rep.Contacts.Removed+rep.Lines.Removed)
		if !mentions(rep.Findings, "people_cut") {
			t.Errorf("not told: %v", rep.Findings)
		}
	})
}

func TestOPS7ALineThatIsGoneClosesAtOnce(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		rows["s00"] = kid("s00", "Ana", "Lopez", "1", "4", "mid", "m00,f00")
		rows["f00"] = adult("f00", "parent", "Dad", "Lopez", "dad@home.example")
		rows["s01"] = kid("s01", "Ben", "Lopez", "2", "6", "mid", "m01,f00")
		o.take(o.bundle(rows), Options{})
		o.heardOf()
		id := o.line("s00", "f00").ID
		rows["s00"] = kid("s00", "Ana", "Lopez", "1", "4", "mid", "m00")
		rep := o.take(o.bundle(rows), Options{})
		o.same("ended", []any{true, false, 1}, []any{o.line("s00", "f00").Ended, o.line("s01", "f00").Ended, rep.LosesAccess})
		lines, _ := o.heardOf()
		o.same("the hook hears", []int64{id}, lines)
		o.same("logged", []string{"line.ended", "roster.imported"}, o.lastActions(2))
		o.same("the same again", 0, o.take(o.bundle(rows), Options{}).Lines.Removed)
	})
}

// lastActions lists the newest events, oldest first.
func (o *office) lastActions(n int) []string {
	var all []string
	o.read(func(tx *sqldb.Tx) error {
		return o.intake.log.Export(o.ctx, tx, o.clock.AddDate(-1, 0, 0), func(e audit.Event) error {
			all = append(all, e.Action)
			return nil
		})
	})
	return all[max(0, len(all)-n):]
}

func TestOPS7WhatStaffSetNeverLoosensWhatTheRosterSays(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		o.take(o.bundle(rows), Options{})
		l := o.line("s00", "m00")
		c := o.contact("m00")
		l.PortalAccess = roster.Yes
		if _, err := o.roster.SaveContact(o.ctx, clerk, roster.ContactEdit{Contact: c, Line: l}); err != nil {
			t.Fatal(err)
		}
		o.heardOf()
		rows["m00"] = strings.Replace(rows["m00"], "true", "false", 1)
		rep := o.take(o.bundle(rows), Options{})
		l = o.line("s00", "m00")
		o.same("both are kept", []roster.Flag{roster.Yes, roster.No}, []roster.Flag{l.PortalAccess, l.FilePortalAccess})
		rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: "2026-11-23"}
		o.same("may open", roster.WhyNoAccess, rule.May(l, roster.Enrolled, false))
		lines, _ := o.heardOf()
		o.same("the hook hears", []int64{l.ID}, lines)
		o.same("loses access", 1, rep.LosesAccess)
		byHand, err := o.roster.AddStudent(o.ctx, clerk, roster.Student{First: "Own", Last: "Kid"})
		if err != nil {
			t.Fatal(err)
		}
		own, err := o.roster.SaveContact(o.ctx, clerk, roster.ContactEdit{Contact: o.contact("m00"),
			Line: roster.Line{StudentID: byHand, Relationship: "mother"}})
		if err != nil {
			t.Fatal(err)
		}
		o.take(o.bundle(rows), Options{})
		o.read(func(tx *sqldb.Tx) error {
			lines, err := o.roster.Lines(o.ctx, tx, []int64{own})
			o.same("to a child of the school's own too", roster.WhyNoAccess, rule.MayOpen(lines[0]))
			return err
		})
		rows["m00"] = strings.Replace(rows["m00"], "false", "true", 1)
		o.take(o.bundle(rows), Options{})
		l = o.line("s00", "m00")
		o.same("open again", roster.MayOpen, rule.May(l, roster.Enrolled, false))
	})
}

func TestWhatStaffSetStays(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		o.take(o.bundle(rows), Options{})
		s := o.student("s00")
		s.Grade, s.IDNumber = "5", "A-1"
		if err := o.roster.SaveStudent(o.ctx, clerk, s); err != nil {
			t.Fatal(err)
		}
		c, l := o.contact("m00"), o.line("s00", "m00")
		c.Email, l.Restricted, l.Relationship = "new@home.example", roster.Yes, "mother"
		if _, err := o.roster.SaveContact(o.ctx, clerk, roster.ContactEdit{Contact: c, Line: l, Checked: "photo_id"}); err != nil {
			t.Fatal(err)
		}
		removed := o.line("s01", "m01")
		if err := o.roster.RemoveLine(o.ctx, clerk, removed.ID, removed.Version); err != nil {
			t.Fatal(err)
		}
		byHand, err := o.roster.AddStudent(o.ctx, clerk, roster.Student{First: "Own", Last: "Kid", SchoolID: s.SchoolID})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.roster.SaveContact(o.ctx, clerk, roster.ContactEdit{Contact: roster.Contact{First: "Own", Last: "Aunt"}, Line: roster.Line{StudentID: byHand}}); err != nil {
			t.Fatal(err)
		}
		o.heardOf()
		rows["s00"] = kid("s00", "Changed", "Lasts00", "1000", "06", "mid", "m00")
		rep := o.take(o.bundle(rows), Options{})
		s, c, l = o.student("s00"), o.contact("m00"), o.line("s00", "m00")
		o.same("what stays, and what follows", []any{"5", "A-1", "Changed", "new@home.example", roster.Yes, "mother"},
			[]any{s.Grade, s.IDNumber, s.First, c.Email, l.Restricted, l.Relationship})
		o.same("a removed line stays removed", true, o.line("s01", "m01").Removed())
		if !mentions(rep.Findings, "set_by_hand") || !mentions(rep.Findings, "line_taken_off") {
			t.Errorf("not told: %v", rep.Findings)
		}
		o.same("nothing of theirs goes", []int{0, 0, 0}, []int{rep.Students.Removed, rep.Contacts.Removed, rep.Lines.Removed})
		was := o.dump(recordTables...)
		o.take(o.bundle(rows), Options{})
		o.same("again", was, o.dump(recordTables...))
	})
}

func TestAnAddressThatMovesIsToldToTheHookAndTheLog(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		o.take(o.bundle(rows), Options{})
		o.heardOf()
		rows["m00"] = adult("m00", "parent", "Mumm00", "Lasts00", "other@home.example")
		rows["m01"] = adult("m01", "parent", "Mumm01", "Lasts01", "M01@HOME.example") // the same mailbox
		o.take(o.bundle(rows), Options{})
		_, addresses := o.heardOf()
		o.same("heard", []roster.AddressChange{{ContactID: o.contact("m00").ID, Old: "m00@home.example", New: "other@home.example", ByImport: true}}, addresses)
		o.same("logged", []string{"contact.changed", "roster.imported"}, o.lastActions(2))
	})
}

func TestAFileOfChangesTouchesOnlyItsRows(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(o.bundle(twenty()), Options{})
		was := o.lines()
		rep := o.take(o.delta(kid("s00", "Ana", "Lasts00", "1000", "05", "mid", "m00"), adult("m01", "parent", "Mumm01", "Lasts01", "m01@home.example"),
			kid("s20", "New", "Kid", "1020", "05", "mid", "m02,new"), adult("new", "guardian", "Gwen", "New", "")), Options{})
		o.same("students", Tally{Added: 1, Changed: 1}, rep.Students)
		o.same("contacts", Tally{Added: 1, Same: 1}, rep.Contacts)
		o.same("lines", append(was, "s20-m02", "s20-new"), o.lines())
		o.same("a known parent's line", "parent", o.line("s20", "m02").Relationship)
		rep = o.take(o.delta(kid("s00", "Ana", "Lasts00", "1000", "05", "mid", "m03")), Options{})
		o.same("another parent", []bool{true, false}, []bool{o.line("s00", "m00").Ended, o.line("s00", "m03").Ended})
		linked := strings.Replace(adult("m10", "parent", "Mumm10", "Lasts10", ""), ",,,,hush", ",,s11,,hush", 1)
		o.take(o.delta(linked), Options{})
		o.same("linked on the adult's row", []bool{true, false}, []bool{o.line("s10", "m10").Ended, o.line("s11", "m10").Ended})
		o.take(o.delta(adult("m12", "parent", "Mumm12", "Lasts12", "")), Options{})
		o.same("a row without links says nothing of them", false, o.line("s12", "m12").Ended)
		rep = o.take(o.delta(strings.Replace(adult("m04", "parent", "Mumm04", "L", ""), ",,,true", ",tobedeleted,2026-11-23,true", 1),
			strings.Replace(kid("s05", "A", "B", "5", "5", "mid", ""), ",,,true", ",toBeDeleted,2026-11-23,true", 1)), Options{})
		o.same("gone", []any{true, roster.Left, true, true, 2}, []any{o.contact("m04").Left, o.student("s05").Status, o.line("s04", "m04").Ended,
			o.line("s05", "m05").Ended, rep.LosesAccess})
		o.same("nobody else", Tally{Removed: 1}, rep.Students)
	})
}

func TestOPS7ARosterOfOneSchoolLeavesTheOthersAlone(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		for i, id := range []string{"s00", "s01", "s02"} {
			rows[id] = kid(id, "High", "Kid", string(rune('1'+i)), "9", "high", "m0"+string(rune('0'+i))+",m10")
		}
		o.take(o.bundle(rows), Options{})
		was := o.lines()
		high := map[string]string{}
		for _, id := range []string{"s00", "s01", "s02", "m00", "m01", "m02", "m03", "m10"} {
			high[id] = rows[id]
		}
		high["s03"] = kid("s03", "Moved", "Here", "1003", "9", "high", "m03")
		orgs := "sourcedId,name,type\nhigh,River High,school\n"
		rep := o.take(bundleOf(t, "users.csv", rowsOf(high), "orgs.csv", orgs), Options{})
		o.same("removed", 0, rep.Students.Removed+rep.Contacts.Removed+rep.Lines.Removed)
		o.same("lines", was, o.lines())
	})
}

func TestAnImportThatWasKilledIsFinishedByTheNext(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		o.take(o.bundle(rows), Options{})
		delete(rows, "s00")
		rows["s01"] = kid("s01", "Kids01", "Lasts01", "1001", "4", "mid", "m02")
		for i := range 5 {
			id := "new" + string(rune('0'+i))
			rows[id] = kid(id, "New", id, id, "9", "high", "m03")
		}
		path := o.bundle(rows)
		for n := 1; ; n++ {
			writes := 0
			o.before = func(q string) error {
				if strings.HasPrefix(q, "update student") || strings.HasPrefix(q, "insert into student") || strings.HasPrefix(q, "update contact") {
					if writes++; writes == n {
						return errors.New("the plug was pulled")
					}
				}
				return nil
			}
			_, err := o.intake.Import(o.ctx, robot, path, Options{})
			o.before = nil
			if err == nil {
				break
			}
			// The line that ends and the one that gets its time of grace are the first two statements, in one transaction.
			if ended, late := o.line("s01", "m01").Ended, o.line("s00", "m00").GraceUntil != ""; ended != (n > 2) || late != (n > 2) {
				t.Errorf("statement %d failed: the lines are ended: %v, on grace: %v", n, ended, late)
			}
		}
		was := o.dump(recordTables...)
		rep := o.take(path, Options{})
		o.same("nothing is left to do", 0, rep.Students.Added+rep.Students.Changed+rep.Lines.Added+rep.Lines.Changed+rep.Students.Removed)
		o.same("written", was, o.dump(recordTables...))
		o.same("lines", true, slices.Contains(o.lines(), "new4-m03") && !slices.Contains(o.lines(), "s01-m01"))
		runs, err := o.intake.Imports(o.ctx, robot, jobs.Cursor{}, 10)
		if err != nil || len(runs) != 4 || slices.ContainsFunc(runs, func(m Import) bool { return m.State != Done }) {
			t.Errorf("runs: %+v, %v", runs, err)
		}
	})
}

func TestARecordThatStaffChangeMeanwhileIsLeftAlone(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		o.take(o.bundle(rows), Options{})
		rows["s00"] = kid("s00", "Ana", "Lasts00", "1000", "09", "mid", "m00")
		rows["s01"] = kid("s01", "Ben", "Lasts01", "1001", "09", "mid", "m01")
		path := o.bundle(rows)
		was, edited := o.student("s00"), false
		o.before = func(q string) error {
			if strings.HasPrefix(q, "select phase, pos") && !edited {
				edited = true
				done := make(chan error)
				go func() { // another connection, after the import has read
					s := was
					s.Homeroom = "12b"
					done <- o.roster.SaveStudent(context.Background(), clerk, s)
				}()
				return <-done
			}
			return nil
		}
		rep := o.take(path, Options{})
		o.before = nil
		s := o.student("s00")
		o.same("left alone, and taken by the plan made anew", []string{"Ana", "12b", "Ben"}, []string{s.First, s.Homeroom, o.student("s01").First})
		if !mentions(rep.Findings, "changed_planned_again") {
			t.Errorf("not told: %v", rep.Findings)
		}
		all, err := o.intake.Imports(o.ctx, robot, jobs.Cursor{}, 1)
		if err != nil || len(all) != 1 || all[0].Alone != 1 || all[0].Steps != 3 || all[0].Done != 3 {
			t.Errorf("it is one import: %+v, %v", all, err)
		}
	})
}

func TestEachPackageThatIsNoneIsRefusedWithAReason(t *testing.T) {
	o := newOffice(t, sqldbtest.SQLite(t))
	for name, tt := range map[string]struct {
		path, says string
	}{
		"no users.csv":      {bundleOf(t, "manifest.csv", "propertyName,value\nfile.users,bulk\n", "orgs.csv", orgsFile), "no users.csv"},
		"no roles":          {bundleOf(t, "users.csv", "sourcedId,givenName,familyName\n1,a,b\n"), "roles.csv"},
		"no ids":            {bundleOf(t, "users.csv", "id,givenName,familyName,role\n1,a,b,student\n"), "sourcedId"},
		"other files":       {bundleOf(t, "pupils.csv", "a,b\n"), "pupils.csv"},
		"an empty file":     {bundleOf(t, "users.csv", ""), "no row with the names"},
		"nothing in it":     {t.TempDir(), "no CSV"},
		"no zip":            {filepath.Join("testdata", "nicelion", "LICENSE"), "neither a zip file"},
		"no byte":           {filepath.Join(bundleOf(t, "users.csv", ""), "users.csv"), "users.csv is empty"},
		"a picture's bytes": {bundleOf(t, "users.csv", "\x89PNG\r\n\x1a\n\x00\x00\x81\x8d"), "users.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.intake.Import(o.ctx, robot, tt.path, Options{})
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := o.intake.Import(o.ctx, robot, "testdata/dirty11", Options{Format: "clever"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown format: %v", err)
	}
	rep := o.take(bundleOf(t, "manifest.csv", "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,absent\n"), Options{})
	if !mentions(rep.Findings, "users_unchanged") {
		t.Errorf("a manifest alone: %v", rep.Findings)
	}
}
