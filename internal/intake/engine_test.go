package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
)

var fresh = access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), AccountID: 7, Username: "office", Fresh: true}

// zipOf packs rows as an upload.
func zipOf(t testing.TB, rows map[string]string) []byte {
	t.Helper()
	return zipFiles(t, map[string]string{"users.csv": rowsOf(rows), "orgs.csv": orgsFile})
}

// zipFiles packs texts by the names of their files.
func zipFiles(t testing.TB, files map[string]string) []byte {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := errors.Join(z.AddFS(folder), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (o *office) upload(rows map[string]string) int64 {
	o.t.Helper()
	id, err := o.intake.Upload(o.ctx, clerk, "roster.zip", FromPage, Options{}, bytes.NewReader(zipOf(o.t, rows)))
	if err == nil {
		err = o.intake.work(o.ctx, id)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	o.drain()
	return id
}

func (o *office) drain() {
	o.t.Helper()
	if _, err := o.jobs.Drain(o.ctx); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) begin(id int64, allow bool) Import {
	o.t.Helper()
	if err := o.intake.Begin(o.ctx, fresh, id, allow); err != nil {
		o.t.Fatal(err)
	}
	o.drain()
	return o.is(id)
}

func (o *office) is(id int64) Import {
	o.t.Helper()
	m, err := o.intake.One(o.ctx, clerk, id)
	if err != nil {
		o.t.Fatal(err)
	}
	return m
}

func TestAnUploadIsPlannedWaitsForAPersonAndIsApplied(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.upload(twenty())
		m := o.is(id)
		o.same("planned", []any{Planned, 20, 60 + 3 + 1}, []any{m.State, m.Report.Students.Added, m.Steps})
		o.same("nobody yet", 0, len(o.snapshot().Students))
		if err := o.intake.Begin(o.ctx, clerk, id, false); !fault.Is(err, fault.Stale) {
			t.Errorf("without a fresh proof: %v", err)
		}
		m = o.begin(id, false)
		o.same("done", []any{Done, m.Steps, 0}, []any{m.State, m.Done, m.Alone})
		o.same("students", 20, len(o.snapshot().Students))
		o.same("the upload is gone", 0, len(o.dump("import_chunk")["import_chunk"]))
		counts, err := o.intake.Counts(o.ctx, clerk, id)
		o.same("counts", map[Sort]int{StudentsCome: 20, ContactsCome: 20, LinesCome: 20}, counts)
		some, listErr := o.intake.Changes(o.ctx, clerk, id, StudentsCome, 18, 50)
		if err != nil || listErr != nil || len(some) != 2 || some[1].Name != "1019 (Kids19 Lasts19)" {
			t.Errorf("got %+v, %v, %v", some, err, listErr)
		}
		o.same("a new school has its name there", []roster.Difference{{Field: "school_id", New: "River Middle"}, {Field: "grade", New: "4"}}, some[1].Fields)
		same := o.upload(twenty())
		o.same("the same again needs nobody", []any{Done, 0}, []any{o.is(same).State, o.is(same).Steps})
		for _, a := range []access.Actor{{Kind: access.Staff, Role: access.Administrator, Schools: access.Schools{IDs: []int64{1}}, Fresh: true}, {Kind: access.Parent}} {
			_, one := o.intake.One(o.ctx, a, id)
			_, up := o.intake.Upload(o.ctx, a, "x.zip", FromPage, Options{}, strings.NewReader("x"))
			_, undo := o.intake.Undo(o.ctx, a, id)
			for _, err := range []error{one, up, undo, o.intake.Begin(o.ctx, a, id, false), o.intake.Stop(o.ctx, a, id)} {
				if !fault.Is(err, fault.Forbidden) {
					t.Errorf("limited staff and parents: %v", err)
				}
			}
		}
	})
}

func TestOPS7APlanBeyondTheGuardIsAppliedOnlyWhenSomebodySaysSo(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.upload(twenty()), false)
		fewer := twenty()
		for _, id := range []string{"s00", "s01", "s02", "m00"} {
			delete(fewer, id)
		}
		id := o.upload(fewer)
		o.same("over", []string{"3 of 20 students", "3 of 20 lines"}, o.is(id).Report.Over)
		if err := o.intake.Begin(o.ctx, fresh, id, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v", err)
		}
		people, err := o.intake.People(o.ctx, clerk, id, ListLoses, 0, 50)
		if err != nil || len(people) != 3 || people[0].Until != "2026-12-07" || people[0].Why == "" {
			t.Errorf("got %+v, %v", people, err)
		}
		m := o.begin(id, true)
		o.same("done", []any{Done, "office"}, []any{m.State, m.AllowedBy})
		l, s := o.line("s00", "m00"), o.student("s00")
		rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: "2026-12-06"}
		o.same("in its time of grace", roster.MayOpen, rule.May(l, s.Status, o.contact("m00").Left))
		rule.Today = "2026-12-07"
		o.same("after it", roster.WhyContactGone, rule.May(l, s.Status, o.contact("m00").Left))
		o.begin(o.upload(twenty()), false)
		l, s = o.line("s00", "m00"), o.student("s00")
		o.same("back whole", []any{roster.Enrolled, "", false, roster.MayOpen}, []any{s.Status, l.GraceUntil, l.Ended, rule.May(l, s.Status, o.contact("m00").Left)})
	})
}

func TestWithoutAGraceTimeWhoIsMissingLosesAccessAtOnce(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		v := *o.intake.set.Values()
		v.GraceDays = 0
		if err := o.intake.set.Change(o.ctx, robot, v); err != nil {
			t.Fatal(err)
		}
		rows := twenty()
		o.take(o.bundle(rows), Options{})
		delete(rows, "s00")
		rep := o.take(o.bundle(rows), Options{})
		o.same("at once", []any{1, 0, true}, []any{rep.LosesAccess, rep.LosesLater, o.line("s00", "m00").Ended})
	})
}

// recordsNow is what is on record, without what every writing changes.
func (o *office) recordsNow() []string {
	var all []string
	snap := o.snapshot()
	for _, s := range snap.Students {
		s.Version = 0
		all = append(all, fmt.Sprintf("%+v", s))
	}
	for _, c := range snap.Contacts {
		c.Version = 0
		all = append(all, fmt.Sprintf("%+v", c))
	}
	for _, l := range snap.Lines {
		l.Version = 0
		all = append(all, fmt.Sprintf("%+v", l))
	}
	return all
}

func changed() map[string]string {
	rows := twenty()
	delete(rows, "s00")
	rows["s01"] = kid("s01", "Other", "Name", "1001", "5", "high", "m02")
	rows["m03"] = adult("m03", "parent", "Mumm03", "Lasts03", "new@home.example")
	rows["s20"] = kid("s20", "New", "Kid", "1020", "5", "high", "m02,m20")
	rows["m20"] = adult("m20", "parent", "New", "Mum", "")
	return rows
}

func TestTheLastImportIsTakenBackWhole(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.upload(twenty()), false)
		was := o.recordsNow()
		id := o.upload(changed())
		o.begin(id, false)
		if slices.Equal(was, o.recordsNow()) {
			t.Fatal("the import changed nothing")
		}
		undo, err := o.intake.Undo(o.ctx, clerk, id)
		if err != nil {
			t.Fatal(err)
		}
		o.drain()
		o.same("planned", Planned, o.is(undo).State)
		o.heardOf()
		m := o.begin(undo, false)
		o.same("done", []any{Done, 0}, []any{m.State, m.Alone})
		o.same("records", was, o.recordsNow())
		o.same("noted", undo, o.is(id).UndoneBy)
		o.same("the same file is planned as before", o.is(id).Steps, o.is(o.upload(changed())).Steps)
		for _, again := range []int64{id, undo} {
			if _, err := o.intake.Undo(o.ctx, clerk, again); !fault.Is(err, fault.Conflict) {
				t.Errorf("taken back twice: %v", err)
			}
		}
	})
}

func TestWhatDependsOnAnImportIsNotTakenBack(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		first := o.upload(twenty())
		o.begin(first, false)
		id := o.upload(changed())
		o.begin(id, false)
		if _, err := o.intake.Undo(o.ctx, clerk, first); !fault.Is(err, fault.Conflict) {
			t.Errorf("not the last one: %v", err)
		}
		s := o.student("s01")
		s.Homeroom = "12b"
		if err := o.roster.SaveStudent(o.ctx, clerk, s); err != nil {
			t.Fatal(err)
		}
		o.logins.held[o.contact("m20").ID] = true
		undo, err := o.intake.Undo(o.ctx, clerk, id)
		if err != nil {
			t.Fatal(err)
		}
		o.drain()
		o.begin(undo, false)
		o.same("stays", []any{"Other", "12b", "New"}, []any{o.student("s01").First, o.student("s01").Homeroom, o.contact("m20").First})
		o.same("goes back", []any{roster.Enrolled, "m03@home.example"}, []any{o.student("s00").Status, o.contact("m03").Email})
		found, err := o.intake.Findings(o.ctx, clerk, undo, 0, 50)
		if err != nil || !mentions(found, "undo_changed") || !mentions(found, "undo_login") {
			t.Errorf("not named: %+v, %v", found, err)
		}
	})
}

func TestOPS1AnImportThatIsCutOffAnywhereIsFinishedByAnyNode(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.upload(twenty()), false)
		id := o.upload(changed())
		if err := o.intake.Begin(o.ctx, fresh, id, true); err != nil {
			t.Fatal(err)
		}
		for n := 1; o.is(id).State != Done; n++ {
			count := 0
			o.before = func(q string) error {
				if strings.HasPrefix(q, "update import set phase") || strings.HasPrefix(q, "update import set state") {
					if count++; count == 2 {
						return errors.New("the plug was pulled")
					}
				}
				return nil
			}
			_ = o.intake.work(o.ctx, id) // the queue would come back
			o.before = nil
			if n > 40 {
				t.Fatalf("it does not end: %+v", o.is(id))
			}
		}
		m := o.is(id)
		o.same("each step once", []any{m.Steps, 0}, []any{m.Done, m.Alone})
		o.same("as in one go", Done, o.is(o.upload(changed())).State)
		o.same("nothing left to do", 0, len(o.dump("import_chunk")["import_chunk"]))
	})
}

func TestOfTwoImportsAtOnceOneWaits(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		turn, err := o.intake.takeTurn(o.ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.intake.takeTurn(o.ctx, 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v", err)
		}
		if err := turn.end(o.ctx); err != nil {
			t.Fatal(err)
		}
		errs := make(chan error)
		paths := []string{o.bundle(twenty()), o.bundle(twenty())}
		for _, path := range paths {
			go func() {
				_, err := o.intake.Import(context.Background(), robot, path, Options{})
				errs <- err
			}()
		}
		if err := errors.Join(<-errs, <-errs); err != nil {
			t.Error(err)
		}
		o.same("once", 20, len(o.snapshot().Students))
	})
}

func TestWhatIsNoRosterFailsWithItsReason(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		var bomb bytes.Buffer
		z := zip.NewWriter(&bomb)
		w, err := z.Create("users.csv")
		for n := 0; n < 40 && err == nil; n++ {
			_, err = w.Write(make([]byte, 1<<20))
		}
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		whole := zipOf(t, twenty())
		for what, data := range map[string][]byte{"text": []byte("hello"), "a cut zip": whole[:len(whole)/2], "a bomb": bomb.Bytes()} {
			id, err := o.intake.Upload(o.ctx, clerk, "x.zip", FromPage, Options{}, bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			o.drain()
			if m := o.is(id); m.State != Failed || m.Problem == "" {
				t.Errorf("%s: %+v", what, m)
			}
		}
		if _, err := o.intake.Upload(o.ctx, clerk, "x.zip", FromPage, Options{}, strings.NewReader("")); !fault.Is(err, fault.Invalid) {
			t.Errorf("empty: %v", err)
		}
		o.intake.SetUploadLimit(100)
		if _, err := o.intake.Upload(o.ctx, clerk, "x.zip", FromPage, Options{}, strings.NewReader(strings.Repeat("x", 101))); !fault.Is(err, fault.Invalid) {
			t.Errorf("too big: %v", err)
		}
		all, err := o.intake.Imports(o.ctx, clerk, jobs.Cursor{}, 10)
		if err != nil || len(all) != 3 {
			t.Errorf("what did not arrive is forgotten: %d, %v", len(all), err)
		}
		o.same("nobody", 0, len(o.snapshot().Students))
	})
}

func TestAnImportIsForgottenAfterItsTime(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		done := o.upload(twenty())
		o.begin(done, false)
		waits := o.upload(changed())
		o.clock = o.clock.AddDate(0, 0, 91)
		if err := o.intake.Sweep(o.ctx); err != nil {
			t.Fatal(err)
		}
		if err := o.intake.Sweep(o.ctx); err != nil {
			t.Fatal(err)
		}
		o.same("states", []State{Done, Stopped}, []State{o.is(done).State, o.is(waits).State})
		o.same("uploads left", 0, len(o.dump("import_chunk")["import_chunk"]))
		steps := slices.Collect(maps.Values(o.dump("import_step", "import_note", "import_finding")))
		for _, row := range slices.Concat(steps...) {
			if strings.HasPrefix(row, fmt.Sprint(done)+" ") {
				t.Error("the plan is still there")
			}
		}
	})
}

func TestWhatIsEmptyIsLeftOutAndReadsBackTheSame(t *testing.T) {
	for _, l := range []roster.Line{{}, {ID: 3, Relationship: `a "quoted", {odd} one\`, Local: []string{"a", "b"}, Ended: true}, {Position: 10, GraceUntil: "2026-01-01"},
		{FileValues: map[string]string{"grade": "", "note": `}"`, "x": "0"}, Version: 2}} {
		text, err := encode(roster.LineChange{New: l})
		var back roster.LineChange
		if err == nil {
			err = unpack(text, &back)
		}
		if err != nil || fmt.Sprintf("%+v", back.New) != fmt.Sprintf("%+v", l) {
			t.Errorf("%s: %+v, %v", text, back.New, err)
		}
		if len(l.FileValues) == 0 && strings.Contains(text, `""`) || strings.Contains(text, `":0`) {
			t.Errorf("not left out: %s", text)
		}
	}
}

func TestAPlanThatCannotBeAppliedStandsInNobodysWay(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.upload(twenty())
		if err := o.intake.Begin(o.ctx, fresh, id, false); err != nil {
			t.Fatal(err)
		}
		o.before = func(q string) error {
			if strings.HasPrefix(q, "insert into contact") {
				return fault.Invalidf("value out of range")
			}
			return nil
		}
		o.drain()
		o.before = nil
		if m := o.is(id); m.State != Failed || m.Problem == "" {
			t.Errorf("got %+v", m)
		}
		o.same("what is left is for the next", []Tally{{Same: 20}, {Added: 20}}, func() []Tally {
			rep := o.take(o.bundle(twenty()), Options{})
			return []Tally{rep.Students, rep.Contacts}
		}())
	})
}

func TestAPlanThatWaitsIsStillWholeWhenAnotherImportWasApplied(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		without := func(id string) map[string]string {
			rows := twenty()
			delete(rows, id)
			return rows
		}
		o.begin(o.upload(twenty()), false)
		waits := o.upload(without("s05"))
		o.begin(o.upload(without("s06")), false)
		some, err := o.intake.Changes(o.ctx, clerk, waits, StudentsLeave, 0, 50)
		if err != nil || len(some) != 1 {
			t.Errorf("%d steps are left of the plan, %v", len(some), err)
		}
		m := o.begin(waits, false)
		o.same("its step is done", []any{Done, 1}, []any{m.State, min(m.Done, 1)})
	})
}

// bulkOf is the good package of OneRoster as an upload, other files in place of its own.
func (o *office) bulkOf(others ...string) int64 {
	o.t.Helper()
	files := goodOneRoster()
	for n := 0; n < len(others); n += 2 {
		files[others[n]] = others[n+1]
	}
	id, err := o.intake.Upload(o.ctx, clerk, "roster.zip", FromPage, Options{}, bytes.NewReader(zipFiles(o.t, files)))
	if err != nil {
		o.t.Fatal(err)
	}
	o.drain()
	return id
}

// takeBack takes an import back.
func (o *office) takeBack(id int64) Import {
	o.t.Helper()
	undo, err := o.intake.Undo(o.ctx, clerk, id)
	if err != nil {
		o.t.Fatal(err)
	}
	o.drain()
	return o.begin(undo, false)
}

var taught = []string{"school", "student", "contact", "student_contact", "term", "course", "class", "class_term", "class_word", "teacher", "enrolment", "closing",
	"custody_question", "line_name", "student_word"}

func TestOfAFirstImportThatIsTakenBackNothingIsLeft(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.bulkOf()
		m := o.begin(id, false)
		o.same("taught", []int{1, 1, 2}, []int{len(o.dump("class")["class"]), len(o.dump("teacher")["teacher"]), len(o.dump("enrolment")["enrolment"])})
		o.same("done", Done, m.State)
		o.same("the same again", []any{Done, 0}, []any{o.is(o.bulkOf()).State, o.is(o.bulkOf()).Steps})
		undo := o.takeBack(id)
		o.same("taken back", []any{Done, 0, 2, 1}, []any{undo.State, undo.Alone, undo.Report.Schools.Removed, undo.Report.Classes.Removed})
		o.same("left", map[string][]string{}, o.dump(taught...))
		o.same("and once more", []any{Done, 2}, []any{o.begin(o.bulkOf(), false).State, len(o.dump("enrolment")["enrolment"])})
	})
}

func TestWhatAnImportTaughtIsTakenBackWithoutWhatWasThereBefore(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.begin(o.bulkOf(), false)
		was := o.dump("school", "student", "term", "course", "teacher", "enrolment")
		words := o.dump("class_word")
		good := goodOneRoster()
		id := o.bulkOf(
			"orgs.csv", strings.Replace(good["orgs.csv"], "Morgan High", "Morgan Upper", 1)+"n,,,New School,school,,d\n",
			"classes.csv", strings.Replace(good["classes.csv"], "R1", "R2", 1)+"c2,,,Algebra 2,09,k,A2-1,scheduled,R1,n,t,Math,02,2\n",
			"users.csv", good["users.csv"]+"w2,,,true,tim,,Tim,Tutor,,,tim@example.org,,,,,,,,,,,h,\n",
			"roles.csv", good["roles.csv"]+"4,,,w2,primary,teacher,,,h,\n",
			"enrollments.csv", good["enrollments.csv"]+"e3,,,c2,n,s,student,false,,\ne4,,,c,h,w2,teacher,false,,\n")
		o.begin(id, false)
		o.same("taught", []int{3, 2, 4, 2}, []int{len(o.dump("school")["school"]), len(o.dump("class")["class"]), len(o.dump("enrolment")["enrolment"]), len(o.dump("teacher")["teacher"])})
		undo := o.takeBack(id)
		o.same("taken back", []any{Done, 0}, []any{undo.State, undo.Alone})
		now := o.dump("school", "student", "term", "course", "teacher", "enrolment")
		for _, all := range []map[string][]string{was, now} { // the name is back, the hour is another
			all["school"] = []string{fmt.Sprint(len(all["school"]), strings.Contains(strings.Join(all["school"], "\n"), "Morgan High"))}
		}
		o.same("as before", was, now)
		o.same("found as before", words, o.dump("class_word"))
		if class := o.dump("class")["class"]; len(class) != 1 || !strings.Contains(class[0], "R2") {
			t.Errorf("what it changed stays: %v", class)
		}
		if !mentions(o.said(undo.ID), "undo_classes") {
			t.Errorf("not named: %+v", o.said(undo.ID))
		}
	})
}

func TestASchoolThatSomebodyUsesStaysWhenItsImportIsTakenBack(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id := o.bulkOf()
		o.begin(id, false)
		if _, err := o.roster.AddStudent(o.ctx, clerk, roster.Student{First: "By", Last: "Hand", SchoolID: o.student("s").SchoolID, Status: roster.Enrolled}); err != nil {
			t.Fatal(err)
		}
		undo := o.takeBack(id)
		o.same("one stays", []any{Done, 1, 1}, []any{undo.State, undo.Alone, len(o.dump("school")["school"])})
		if !mentions(o.said(undo.ID), "undo_in_use") {
			t.Errorf("not named: %+v", o.said(undo.ID))
		}
	})
}

func TestOnlyWhatWasAppliedLastIsTakenBack(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		first, second := o.upload(twenty()), o.upload(plus(twenty(), another()...))
		o.begin(second, false)
		undo, err := o.intake.Undo(o.ctx, clerk, second)
		twice, errTwice := o.intake.Undo(o.ctx, clerk, second)
		if err := errors.Join(err, errTwice); err != nil {
			t.Fatal(err)
		}
		o.same("asked twice, planned once", undo, twice)
		o.drain()
		o.begin(first, false) // waits again: s20 is not in it
		if err := o.intake.Stop(o.ctx, clerk, first); err != nil {
			t.Fatal(err)
		}
		o.drain()
		if err := o.intake.Begin(o.ctx, fresh, undo, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("another one was applied since: %v", err)
		}
		for id, may := range map[int64]bool{first: true, second: false} {
			last, err := o.intake.MayUndo(o.ctx, clerk, id)
			if err != nil || last != may {
				t.Errorf("import %d may be taken back: %v, %v", id, last, err)
			}
		}
		if _, err := o.intake.Undo(o.ctx, clerk, first); err != nil {
			t.Errorf("uploaded first, applied last: %v", err)
		}
	})
}
