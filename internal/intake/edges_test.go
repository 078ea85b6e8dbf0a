package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

const highAlone = "sourcedId,name,type\nhigh,River High,school\n"

// mayOpen says why a line may not be opened on a day, "" that it may.
func (o *office) mayOpen(student, contact, day string) roster.Why {
	o.t.Helper()
	rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: day}
	return rule.May(o.line(student, contact), o.student(student).Status, o.contact(contact).Left)
}

func TestOPS7WhatAFileSaysOfAnAdultHoldsForASiblingAtASchoolThatItDoesNotCover(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := twenty()
		rows["h0"] = kid("h0", "Hana", "Roe", "h0", "9", "high", "m00,p0")
		rows["p0"] = adult("p0", "parent", "Pam", "Roe", "pam@home.example")
		rows["s01"] = kid("s01", "Kids01", "Lasts01", "1001", "04", "mid", "m01,p0")
		o.take(o.bundle(rows), Options{})
		o.same("a parent at two schools", []roster.Why{"", "", "", ""}, []roster.Why{o.mayOpen("h0", "m00", "2026-11-23"), o.mayOpen("s00", "m00", "2026-11-23"),
			o.mayOpen("h0", "p0", "2026-11-23"), o.mayOpen("s01", "p0", "2026-11-23")})
		// The roster of one school no longer has one of them sign in, and does not have the other one at all.
		high := map[string]string{"h0": kid("h0", "Hana", "Roe", "h0", "9", "high", "m00"), "m00": strings.Replace(rows["m00"], "true", "false", 1)}
		o.heardOf()
		rep := o.take(bundleOf(t, "users.csv", rowsOf(high), "orgs.csv", highAlone), Options{AllowRemovals: true})
		o.same("who may not sign in loses the sibling too", []roster.Why{roster.WhyNoAccess, roster.WhyNoAccess},
			[]roster.Why{o.mayOpen("h0", "m00", "2026-11-23"), o.mayOpen("s00", "m00", "2026-11-23")})
		o.same("who is no more named keeps the sibling", []any{false, roster.Why(""), true},
			[]any{o.contact("p0").Left, o.mayOpen("s01", "p0", "2026-11-23"), o.line("h0", "p0").Ended})
		lines, _ := o.heardOf()
		o.same("the hook hears of all three", 3, len(lines))
		o.same("they are counted", 3, rep.LosesAccess)
		o.same("and the other school is as it was", []int{20, 0}, []int{len(o.lines()) - 2, rep.Students.Removed})
	})
}

func TestChangesAfterAWholeFileAndAWholeFileAfterChangesInAnyOrder(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		whole := twenty()
		o.take(o.bundle(whole), Options{})
		gone := strings.Replace(kid("s00", "Kids00", "Lasts00", "1000", "04", "mid", "m00"), ",,,true", ",tobedeleted,2026-11-23T01:00:00Z,true", 1)
		o.take(o.delta(gone, kid("s20", "New", "Kid", "1020", "05", "mid", "m02")), Options{})
		o.same("deleted at once", []any{roster.Left, true, 0}, []any{o.student("s00").Status, o.line("s00", "m00").Ended, len(o.line("s00", "m00").GraceUntil)})
		o.same("the same changes again are none", 0, o.take(o.delta(gone, kid("s20", "New", "Kid", "1020", "05", "mid", "m02")), Options{}).Steps)
		// A whole file of before has who was deleted, and not who came: it is the reference version of everything.
		rep := o.take(o.bundle(whole), Options{})
		o.same("the whole file decides", []any{roster.Enrolled, false, roster.Left, 1}, []any{o.student("s00").Status, o.line("s00", "m00").Ended, o.student("s20").Status, rep.Students.Removed})
		o.same("who is missing has a time of grace", roster.Why(""), o.mayOpen("s20", "m02", "2026-11-24"))
		// Changes of somebody who is not there yet, of somebody who is gone, and to somebody nobody knows.
		rep = o.take(o.delta(kid("s20", "New", "Kid", "1020", "06", "mid", "m02")), Options{})
		o.same("back by a change", []any{roster.Enrolled, "6", "", 1}, []any{o.student("s20").Status, o.student("s20").Grade, o.line("s20", "m02").GraceUntil, rep.Students.Changed})
		rep = o.take(o.delta(kid("s21", "Two", "Kid", "1021", "06", "mid", "m77")), Options{})
		o.same("a line to nobody", []any{1, 0}, []any{rep.Students.Added, rep.Lines.Added})
		if !mentions(rep.Findings, string(sayLineNotKnown)) {
			t.Errorf("nothing said: %v", rep.Findings)
		}
		rep = o.take(o.delta(strings.Replace(adult("m77", "parent", "Late", "Comer", "late@home.example"), ",,,,hush", ",,s21,,hush", 1)), Options{})
		o.same("the adult comes later, and names the child", []any{1, 1, roster.Why("")}, []any{rep.Contacts.Added, rep.Lines.Added, o.mayOpen("s21", "m77", "2026-11-24")})
		unknown := strings.Replace(kid("s99", "No", "Body", "1", "1", "mid", ""), ",,,true", ",tobedeleted,2026-11-23T01:00:00Z,true", 1)
		o.same("a deletion of nobody", 0, o.take(o.delta(unknown), Options{}).Steps)
		// A row that a whole file deletes is gone at once, however many are missing.
		rows := twenty()
		rows["s20"], rows["s21"] = kid("s20", "New", "Kid", "1020", "06", "mid", "m02"), kid("s21", "Two", "Kid", "1021", "06", "mid", "m77")
		rows["m77"] = adult("m77", "parent", "Late", "Comer", "late@home.example")
		rows["m01"] = strings.Replace(rows["m01"], ",,,true", ",tobedeleted,,true", 1)
		o.take(o.bundle(rows), Options{})
		o.same("deleted in a whole file", []any{true, true}, []any{o.contact("m01").Left, o.line("s01", "m01").Ended})
	})
}

func TestOPS7TheTimeOfGraceEndsToTheDayAndWhoReturnsIsBackWhole(t *testing.T) {
	days := func(n int) string {
		return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n).Format(time.DateOnly)
	}
	// Of one family the student is missing, of another the mother, of a third both; each child has an aunt by another family, so that it stays.
	families := map[string][2]string{"the student": {"s00", "m00"}, "the contact": {"s05", "m05"}, "both": {"s10", "m10"}}
	of := func(s, agents string) string {
		return kid(s, "Kid"+s, "Last"+s, "10"+s[1:], "04", "mid", agents)
	}
	all := func() map[string]string {
		rows := twenty()
		for _, f := range families {
			rows[f[0]] = of(f[0], f[1]+",m19")
		}
		return rows
	}
	missing := all()
	delete(missing, "s00")
	delete(missing, "m05")
	missing["s05"] = of("s05", "m19")
	delete(missing, "s10")
	delete(missing, "m10")
	atOffice(t, func(t *testing.T, o *office) {
		// without the guard: three of twenty-three lines are more than a tenth
		take := func(rows map[string]string) Report { return o.take(o.bundle(rows), Options{AllowRemovals: true}) }
		back := func(text string) {
			take(all())
			for what, f := range families {
				l := o.line(f[0], f[1])
				o.same(what+": "+text, []any{"", false, roster.Enrolled, false, roster.Why("")},
					[]any{l.GraceUntil, l.Ended, o.student(f[0]).Status, o.contact(f[1]).Left, o.mayOpen(f[0], f[1], days(60))})
			}
		}
		until := func(text, day string) {
			for what, f := range families {
				l := o.line(f[0], f[1])
				o.same(what+": "+text, []any{day, false}, []any{l.GraceUntil, l.Ended})
			}
		}
		opens := func(text string, day int, want bool) {
			for what, f := range families {
				o.same(what+": "+text, want, o.mayOpen(f[0], f[1], days(day)) == roster.MayOpen)
			}
		}
		take(all())
		rep := take(missing)
		until("missing", "2026-12-07")
		o.same("nobody loses access now", []any{0, true}, []any{rep.LosesAccess, rep.LosesLater >= 3})
		opens("on the last day", 13, true)
		opens("on the next", 14, false)
		later(5*24*time.Hour, o)
		o.same("missing every night", 0, take(missing).Steps)
		until("the day stays", "2026-12-07")
		back("back within the time")
		take(missing)
		until("missing once more, from then on", "2026-12-12")
		later(30*24*time.Hour, o)
		opens("over", 35, false)
		back("back after the time")
		less := all()
		less["s00"] = of("s00", "m00")
		take(less)
		l := o.line("s00", "m19")
		o.same("a line alone has no such time", []any{true, "", roster.WhyEnded}, []any{l.Ended, l.GraceUntil, o.mayOpen("s00", "m19", days(35))})
		back("and with the line")
		o.same("it comes back", roster.Why(""), o.mayOpen("s00", "m19", days(35)))
	})
}

// ofTwenty drops n of a kind from twenty families.
func ofTwenty(kind string, n int) map[string]string {
	rows := twenty()
	for i := range n {
		s, m := fmt.Sprintf("s%02d", i), fmt.Sprintf("m%02d", i)
		switch kind {
		case "students": // their mothers stay, by another child
			delete(rows, s)
			rows[m] = strings.Replace(rows[m], ",,,,hush", ",,s19,,hush", 1)
		case "contacts": // their children stay, with another adult
			delete(rows, m)
			rows[s] = kid(s, "Kid"+s, "Last"+s, "10"+s[1:], "04", "mid", "m19")
		case "lines":
			rows[s] = kid(s, "Kid"+s, "Last"+s, "10"+s[1:], "04", "mid", "")
		}
	}
	return rows
}

func TestOPS7ExactlyATenthOfAKindGoesUnaskedAndOneMoreDoesNot(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(o.bundle(twenty()), Options{})
		for _, kind := range []string{"students", "contacts", "lines"} {
			over := func(n int) []string {
				rep, err := o.intake.Import(o.ctx, robot, o.bundle(ofTwenty(kind, n)), Options{DryRun: true})
				if err != nil {
					t.Fatal(err)
				}
				return rep.Over
			}
			o.same(kind+": a tenth", 0, len(over(2)))
			if got := over(3); len(got) == 0 || !strings.Contains(strings.Join(got, ", "), "3 of 20 "+kind) {
				t.Errorf("%s: one more: %v", kind, got)
			}
			_, _ = o.refuse(o.bundle(ofTwenty(kind, 3)), Options{}, fault.Conflict)
		}
		rep := o.take(o.bundle(ofTwenty("contacts", 2)), Options{})
		o.same("unasked", []int{2, 2}, []int{rep.Contacts.Removed, rep.Lines.Removed})
	})
}

func TestAWholeImportCutOffAtEveryKilobyteOrFlippedTakesNoMoreThanATenth(t *testing.T) {
	o := newOffice(t, sqldbtest.SQLite(t))
	rows := map[string]string{}
	for i := range 60 {
		s, m := fmt.Sprintf("s%02d", i), fmt.Sprintf("m%02d", i)
		rows[s], rows[m] = kid(s, "Kid"+s, "Last"+s, "10"+s[1:], "04", "mid", m), adult(m, "parent", "Mum"+m, "Last"+s, m+"@home.example")
	}
	o.take(o.bundle(rows), Options{})
	whole, was := rowsOf(rows), o.recordsNow()
	zipped := string(zipOf(t, rows))
	for at := 0; at < len(whole); at += 1 << 10 {
		o.survives(fmt.Sprintf("users.csv cut off at %d", at), bundleOf(t, "users.csv", whole[:at], "orgs.csv", orgsFile), was, rows)
	}
	for at := 0; at < len(zipped); at += 1 << 10 {
		o.survives(fmt.Sprintf("a zip cut off at %d", at), bundleOf(t, "r.zip", zipped[:at])+"/r.zip", was, rows)
	}
	for seed := range 20 {
		data := []byte(whole)
		for n := range 3 {
			data[(seed*7919+n*104729+13)%len(data)] ^= byte(1 << ((seed + n) % 8))
		}
		o.survives(fmt.Sprintf("flipped %d", seed), bundleOf(t, "users.csv", string(data), "orgs.csv", orgsFile), was, rows)
	}
}

// survives imports what may be damaged: it is refused and changes nothing, or takes away no more than a tenth, and the whole file puts it right.
func (o *office) survives(what, path string, was []string, rows map[string]string) {
	o.t.Helper()
	rep, err := o.intake.Import(o.ctx, robot, path, Options{})
	if err != nil {
		if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
			o.t.Errorf("%s: %v", what, err)
		}
		if d := cmp.Diff(was, o.recordsNow()); d != "" {
			o.t.Fatalf("%s: refused, and written: %s", what, d)
		}
		return
	}
	if rep.Students.Removed > 6 || rep.Contacts.Removed > 6 || rep.LosesAccess > 6 {
		o.t.Errorf("%s: took away %+v %+v, %d lose access", what, rep.Students, rep.Contacts, rep.LosesAccess)
	}
	if rep.Steps > 0 {
		o.take(o.bundle(rows), Options{AllowRemovals: true})
		state := o.state()
		if n := len(state); n < 180 {
			o.t.Errorf("%s: the whole file put back %d of 180", what, n)
		}
	}
}

func TestOPS7AnAdultWhoIsBackAtOneSchoolIsNotBackAtAnother(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		rows := twenty()
		rows["h0"], rows["h1"] = kid("h0", "Hana", "Roe", "h0", "9", "high", "m00,p0"), kid("h1", "Hugo", "Roe", "h1", "9", "high", "m00")
		rows["s01"] = kid("s01", "Kids01", "Lasts01", "1001", "04", "mid", "m01,p0")
		rows["p0"] = adult("p0", "parent", "Pam", "Roe", "pam@home.example")
		o.take(o.bundle(rows), Options{})
		without := map[string]string{}
		for id, row := range rows {
			without[id] = row
		}
		delete(without, "p0")
		without["h0"], without["s01"] = kid("h0", "Hana", "Roe", "h0", "9", "high", "m00"), kid("s01", "Kids01", "Lasts01", "1001", "04", "mid", "m01")
		o.take(o.bundle(without), Options{})
		o.same("missing", []any{true, roster.Why("")}, []any{o.contact("p0").Left, o.mayOpen("s01", "p0", "2026-11-24")})
		high := map[string]string{"h0": rows["h0"], "h1": rows["h1"], "p0": rows["p0"], "m00": rows["m00"]}
		o.take(bundleOf(t, "users.csv", rowsOf(high), "orgs.csv", highAlone), Options{AllowRemovals: true})
		o.same("back at the one school", []any{false, roster.Why("")}, []any{o.contact("p0").Left, o.mayOpen("h0", "p0", "2026-11-24")})
		o.same("and not at the other, whose file had the line no more", roster.WhyEnded, o.mayOpen("s01", "p0", "2026-11-24"))
		o.take(o.bundle(rows), Options{})
		o.same("until that names it", roster.Why(""), o.mayOpen("s01", "p0", "2027-11-24"))
	})
}

func TestARoleAloneMovesAStudentAndChangesWhatAnAdultIs(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		users := file(users12, `s1,,,true,ana,,Ana,Roe,,1001,,,,"p1",09,,,,,,,mid,`, `p1,,,true,pam,,Pam,Roe,,,pam@home.example,,,,,,,,,,,mid,`)
		o.take(bundleOf(t, "orgs.csv", orgsFile, "users.csv", users, "roles.csv",
			file(roles12, `r1,,,s1,primary,student,,,mid,`, `r2,,,p1,primary,parent,,,mid,`)), Options{})
		changes := func(rows ...string) string {
			return bundleOf(t, "manifest.csv", "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.users,absent\nfile.orgs,absent\nfile.roles,delta\n",
				"roles.csv", file(roles12, rows...))
		}
		rep := o.take(changes(`r1,tobedeleted,2026-11-23T01:00:00.000Z,s1,primary,student,,,mid,`, `r3,active,2026-11-23T01:00:00.000Z,s1,primary,student,,,high,`,
			`r2,active,2026-11-23T01:00:00.000Z,p1,primary,relative,,,mid,`, `r9,active,2026-11-23T01:00:00.000Z,nobody,primary,parent,,,mid,`), Options{})
		o.same("at the other school", []any{"River High", roster.Enrolled, "Ana"}, []any{o.student("s1").SchoolName, o.student("s1").Status, o.student("s1").First})
		o.same("no parent any more", []any{"relative", roster.WhyNoAccess, 1}, []any{o.line("s1", "p1").Relationship, o.mayOpen("s1", "p1", "2026-11-24"), rep.LosesAccess})
		o.same("whoever nobody knows is nobody", []int{0, 0}, []int{rep.Students.Added, rep.Contacts.Added})
	})
}
