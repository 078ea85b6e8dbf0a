package intake

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// plus is rows and others.
func plus(rows map[string]string, others ...string) map[string]string {
	all := maps.Clone(rows)
	for n := 0; n < len(others); n += 2 {
		all[others[n]] = others[n+1]
	}
	return all
}

// another are the rows of one more student with a mother.
func another() []string {
	return []string{"s20", kid("s20", "New", "Kid", "1020", "5", "high", "m20"), "m20", adult("m20", "parent", "New", "Mum", "m20@home.example")}
}

func (o *office) said(id int64) []Finding {
	o.t.Helper()
	found, err := o.intake.Findings(o.ctx, clerk, id, 0, 500)
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

func TestAPlanThatWaitedWhileOthersBroughtTheSamePeopleGoesOn(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.upload(plus(twenty(), another()...))
		o.take(o.bundle(twenty()), Options{})
		m := o.begin(id, false)
		o.same("done", []any{Done, ""}, []any{m.State, m.Problem})
		snap := o.snapshot()
		o.same("once each", []int{21, 21, 21}, []int{len(snap.Students), len(snap.Contacts), len(snap.Lines)})
		o.same("schools", 3, len(o.dump("school")["school"]))
		o.same("the new ones too", "s20-m20", o.lines()[20])
		if m.Alone == 0 || !mentions(o.said(id), "meanwhile") {
			t.Errorf("not named: %+v", o.said(id))
		}
		o.same("the upload is gone", 0, len(o.dump("import_chunk")["import_chunk"]))
	})
}

func TestASchoolThatTheImportNamesAndSomebodyElseMadeMeanwhileIsOneSchool(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		named := func() int64 {
			id, err := o.intake.Upload(o.ctx, clerk, "users.csv", FromPage, Options{School: "Hill School"},
				strings.NewReader("sourcedId,role,givenName,familyName,identifier,orgSourcedIds\ns1,student,Ann,Hill,1,\n"))
			if err != nil {
				t.Fatal(err)
			}
			o.drain()
			return id
		}
		one, two := named(), named()
		o.same("both", []State{Done, Done}, []State{o.begin(one, false).State, o.begin(two, false).State})
		o.same("one school, one student", []int{1, 1}, []int{len(o.dump("school")["school"]), len(o.snapshot().Students)})
	})
}

func TestWhatMovedMeanwhileIsPlannedAgainAndGoesOnWhereNobodyLosesAnything(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.upload(twenty()), false)
		id := o.upload(plus(twenty(), "s06", kid("s06", "Other", "Lasts06", "1006", "05", "mid", "m06")))
		s := o.student("s06")
		s.Homeroom = "12b"
		if err := o.roster.SaveStudent(o.ctx, clerk, s); err != nil {
			t.Fatal(err)
		}
		m := o.begin(id, false)
		o.same("done by itself", []any{Done, 1, 2}, []any{m.State, m.Alone, m.Done})
		o.same("both changes", []string{"Other", "12b"}, []string{o.student("s06").First, o.student("s06").Homeroom})
		o.same("the plan's steps of both rounds", 2, func() int {
			some, err := o.intake.Changes(o.ctx, clerk, id, StudentsChange, 0, 50)
			if err != nil {
				t.Fatal(err)
			}
			rest, err := o.intake.Changes(o.ctx, clerk, id, StudentsChange, some[0].Pos, 50)
			if err != nil || len(rest) != 1 || rest[0].Alone || !some[0].Alone {
				t.Errorf("got %+v, %v", rest, err)
			}
			return len(some)
		}())
	})
}

// closing uploads a roster in which a line is gone, and has somebody move that line before the plan is applied.
func (o *office) closing() int64 {
	o.t.Helper()
	o.begin(o.upload(twenty()), false)
	id := o.upload(plus(twenty(), "s05", kid("s05", "Kids05", "Lasts05", "1005", "04", "mid", "")))
	err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(o.ctx, `update student_contact set pickup = 'yes', version = version + 1 where id = $1`, o.line("s05", "m05").ID)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

func TestWhatMovedMeanwhileWaitsAgainWhereItWouldTakeAccessAway(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.closing()
		m := o.begin(id, false)
		o.same("waits", []any{Planned, true, 1}, []any{m.State, m.Again(), m.Plan().LosesAccess})
		o.same("the line stays until then", false, o.line("s05", "m05").Ended)
		some, err := o.intake.Changes(o.ctx, clerk, id, LinesClose, 0, 50)
		o.same("only what waits is shown", 1, len(some))
		counts, countErr := o.intake.Counts(o.ctx, clerk, id)
		o.same("counted", map[Sort]int{LinesClose: 1}, counts)
		people, peopleErr := o.intake.People(o.ctx, clerk, id, ListLoses, 0, 50)
		o.same("people", 1, len(people))
		if err := errors.Join(err, countErr, peopleErr); err != nil {
			t.Fatal(err)
		}
		o.same("agreed", Done, o.begin(id, false).State)
		o.same("closed", true, o.line("s05", "m05").Ended)
	})
}

func TestWhatWaitsAgainMayBeLeftAsItIs(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.closing()
		o.begin(id, false)
		if err := o.intake.Stop(o.ctx, clerk, id); err != nil {
			t.Fatal(err)
		}
		o.drain()
		m := o.is(id)
		o.same("ended", []any{Done, m.Done, 0}, []any{m.State, m.Steps, len(o.dump("import_chunk")["import_chunk"])})
		o.same("open", false, o.line("s05", "m05").Ended)
		counts, err := o.intake.Counts(o.ctx, clerk, id)
		people, peopleErr := o.intake.People(o.ctx, clerk, id, ListLoses, 0, 50)
		if err != nil || peopleErr != nil {
			t.Fatal(err, peopleErr)
		}
		o.same("only what was planned first is kept of it", []any{map[Sort]int{LinesClose: 1}, 1}, []any{counts, len(people)})
	})
}

func TestWhatWaitsAgainAndIsNotAnsweredIsLeftAsItIs(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.closing()
		o.begin(id, false)
		o.clock = o.clock.AddDate(0, 0, 15)
		if err := errors.Join(o.intake.Sweep(o.ctx), o.intake.Resume(o.ctx)); err != nil {
			t.Fatal(err)
		}
		o.drain()
		o.same("ended", []any{Done, false}, []any{o.is(id).State, o.line("s05", "m05").Ended})
	})
}

func TestOPS7WhatMovedMeanwhileIsHeldAgainstTheGuardAgain(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.upload(twenty()), false)
		id := o.upload(plus(twenty(), "s06", kid("s06", "Other", "Lasts06", "1006", "05", "mid", "m06")))
		more := twenty()
		for _, n := range []string{"s30", "s31", "s32", "s33"} {
			more[n] = kid(n, "Kid", "Late"+n, "20"+n[1:], "04", "mid", "")
		}
		more["s06"] = kid("s06", "Third", "Lasts06", "1006", "06", "mid", "m06")
		o.take(o.bundle(more), Options{})
		m := o.begin(id, false)
		o.same("waits", []any{Planned, []string{"4 of 24 students"}}, []any{m.State, m.Plan().Over})
		if err := o.intake.Begin(o.ctx, fresh, id, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v", err)
		}
		o.same("nobody left", 24, enrolled(o))
		o.same("allowed", Done, o.begin(id, true).State)
		o.same("left", 20, enrolled(o))
	})
}

func enrolled(o *office) (n int) {
	for _, s := range o.snapshot().Students {
		if s.Status == "enrolled" {
			n++
		}
	}
	return n
}

func TestOPS1WhatMovedIsPlannedAgainAlsoWhenTheProcessDiedMeanwhile(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.upload(twenty()), false)
		id := o.upload(plus(changed(), "s06", kid("s06", "Other", "Lasts06", "1006", "05", "mid", "m06")))
		s := o.student("s06")
		s.Homeroom = "12b"
		if err := o.roster.SaveStudent(o.ctx, clerk, s); err != nil {
			t.Fatal(err)
		}
		if err := o.intake.Begin(o.ctx, fresh, id, true); err != nil {
			t.Fatal(err)
		}
		for n := 1; o.is(id).State != Done; n++ {
			count := 0
			o.before = func(q string) error {
				for _, begins := range []string{"update import set phase", "update import set state", "insert into import_step", "insert into import_finding"} {
					if strings.HasPrefix(q, begins) {
						if count++; count == 2 {
							return errors.New("the plug was pulled")
						}
					}
				}
				return nil
			}
			_ = o.intake.work(o.ctx, id) // the queue would come back
			o.before = nil
			if n > 60 {
				t.Fatalf("it does not end: %+v", o.is(id))
			}
			if n > 50 { // what takes two such statements at once never gets through otherwise
				o.drain()
			}
		}
		o.same("both changes", []string{"Other", "12b"}, []string{o.student("s06").First, o.student("s06").Homeroom})
		if !mentions(o.said(id), "meanwhile") {
			t.Error("not named")
		}
		m := o.is(id)
		o.same("each step once", m.Steps, m.Done)
	})
}

func TestOfTwoPeopleWhoApplyAPlanAtOnceOneDoes(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.upload(twenty())
		errs := make(chan error)
		for range 2 {
			go func() { errs <- o.intake.Begin(o.ctx, fresh, id, false) }()
		}
		one, two := <-errs, <-errs
		if (one == nil) == (two == nil) || !fault.Is(errors.Join(one, two), fault.Conflict) {
			t.Errorf("got %v and %v", one, two)
		}
		o.drain()
		o.same("once", []any{Done, 20}, []any{o.is(id).State, len(o.snapshot().Students)})
	})
}

func TestASecondUploadWhileTheFirstWaitsIsPlannedAndAppliedToo(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		first := o.upload(twenty())
		second, err := o.intake.Upload(o.ctx, clerk, "again.zip", FromPage, Options{}, bytes.NewReader(zipOf(t, plus(twenty(), another()...))))
		if err != nil {
			t.Fatal(err)
		}
		o.drain()
		o.same("both wait", []State{Planned, Planned}, []State{o.is(first).State, o.is(second).State})
		o.same("the second", Done, o.begin(second, false).State)
		since, err := o.intake.Since(o.ctx, clerk, first)
		if err != nil || len(since) != 1 || since[0].ID != second {
			t.Errorf("what was applied since: %+v, %v", since, err)
		}
		m := o.begin(first, false)
		o.same("the first is older and has s20 no more: less than a tenth, but a parent", []any{Planned, 1}, []any{m.State, m.Plan().LosesAccess + m.Plan().LosesLater})
	})
}

func TestOPS7TheRestOfAnOlderFileGivesNothingBackByItself(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.upload(twenty()), false)
		monday := o.upload(plus(twenty(), "s06", kid("s06", "Other", "Lasts06", "1006", "05", "mid", "m06")))
		o.begin(o.upload(plus(twenty(), "s06", kid("s06", "Third", "Lasts06", "1006", "05", "mid", "m06"), "s05", kid("s05", "Kids05", "Lasts05", "1005", "04", "mid", ""))), false)
		o.same("closed on Tuesday", true, o.line("s05", "m05").Ended)
		m := o.begin(monday, false)
		o.same("waits: nobody loses anything by it, and somebody gains", []any{Planned, true, 0}, []any{m.State, m.Again(), m.Plan().LosesAccess})
		o.same("still closed", true, o.line("s05", "m05").Ended)
		o.same("until somebody says so", []any{Done, false}, []any{o.begin(monday, false).State, o.line("s05", "m05").Ended})
	})
}

func TestWhatIsSaidOfTheWholeFileIsSaidOnceHoweverOftenItIsPlanned(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(o.bundle(twenty()), Options{})
		rows := plus(twenty(), "s06", kid("s06", "Other", "Lasts06", "1006", "05", "mid", "m06"), "s07", kid("s07", "Kids07", "Lasts07", "", "04", "mid", "m07"))
		text := strings.Replace(rowsOf(rows), "sourcedId,status", "sourcedId,shoe size,status", 1)
		text = strings.ReplaceAll(text, ",,,true", ",,,,true")
		moves := func() {
			o.before = func(q string) error {
				if strings.HasPrefix(q, "select phase, pos") { // the plan is made: now somebody changes one of the records
					o.before = nil
					return o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
						_, err := tx.Exec(o.ctx, `update student set homeroom = '12b', version = version + 1 where source_id = 's06'`)
						return err
					})
				}
				return nil
			}
		}
		moves()
		rep := o.take(bundleOf(t, "orgs.csv", orgsFile, "users.csv", text), Options{})
		if rep.Again == nil || rep.Again.Students.Changed != 1 || o.student("s06").First != "Other" {
			t.Fatalf("not planned again: %+v", rep.Again)
		}
		all, err := o.intake.Imports(o.ctx, clerk, jobs.Cursor{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for where, found := range map[string][]Finding{"report": rep.Findings, "page": o.said(all[0].ID)} {
			times := map[Code]int{}
			for _, f := range found {
				times[f.Code] += f.Count
			}
			o.same(where, []int{1, 1, 1}, []int{times[sayNoIDNumber], times[sayPlannedAgain], times[sayColumnUnknown]})
		}
	})
}

func TestOPS1AFurtherRoundOfTheCommandLineThatWasCutOffIsForgotten(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(o.bundle(twenty()), Options{})
		rows := plus(twenty(), append(another(), "s06", kid("s06", "Other", "Lasts06", "1006", "05", "mid", "m06"))...)
		moved, planned := false, 0
		o.before = func(q string) error {
			switch {
			case !moved && strings.HasPrefix(q, "select phase, pos"): // the plan is made: now somebody changes one of the records
				moved = true
				return o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
					_, err := tx.Exec(o.ctx, `update student set homeroom = '12b', version = version + 1 where source_id = 's06'`)
					return err
				})
			case strings.HasPrefix(q, "update import set state = $2, format"):
				if planned++; planned == 2 {
					return errors.New("the plug was pulled")
				}
			}
			return nil
		}
		_, err := o.intake.Import(o.ctx, robot, o.bundle(rows), Options{})
		o.before = nil
		if err == nil || !moved {
			t.Fatal("it was not cut off")
		}
		turn, err := o.intake.takeTurn(o.ctx, 0)
		if err == nil {
			err = errors.Join(o.intake.finishOpen(o.ctx, turn), turn.end(o.ctx))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range o.dump("import_step")["import_step"] {
			if strings.HasPrefix(row, "2 1") && len(strings.Fields(row)[1]) == 3 {
				t.Errorf("a step that was never applied is kept: %s", row)
			}
		}
		rep := o.take(o.bundle(rows), Options{})
		o.same("the next one does what was left", []any{Done, 1, "Other", "12b"}, []any{o.is(2).State, rep.Students.Changed, o.student("s06").First, o.student("s06").Homeroom})
		o.same("nothing of the round is left", o.is(2).Steps, o.is(2).Done)
	})
}

func TestPRV1WhatMovedMeanwhileWaitsAgainWhereItWouldLiftARestriction(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		open := strings.Replace(aeriesMade, ",N,N,R,", ",N,N,P,", 1)
		o.take(bundleOf(t, "students.csv", "id,first_name,last_name,school\n00417,Ana,Lopez,High\n00418,Ben,Lopez,High\n"), Options{})
		o.take(bundleOf(t, "c.csv", open), Options{})
		upload := func(text string) int64 {
			id, err := o.intake.Upload(o.ctx, clerk, "c.csv", FromPage, Options{}, strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			o.drain()
			return id
		}
		why := func(id int64) (all []string) {
			people, err := o.intake.People(o.ctx, clerk, id, ListRestriction, 0, 50)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range people {
				all = append(all, p.Why)
			}
			return all
		}
		id := upload(strings.Replace(open, "555-0103", "555-0199", 1))
		restricts := upload(aeriesMade)
		o.same("told", []string{"set"}, why(restricts))
		o.begin(restricts, false)
		err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(o.ctx, `update contact set version = version + 1`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		m := o.begin(id, false)
		o.same("waits", []any{Planned, true, []string{"lifted"}}, []any{m.State, m.Again(), why(id)})
		o.begin(id, false)
		for _, l := range o.snapshot().Lines {
			if l.Restricted == "yes" {
				t.Errorf("agreed to: %+v", l)
			}
		}
	})
}
