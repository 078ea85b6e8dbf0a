package browser

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/intake"
)

// imports are the imports of the tour: one of each sort.
type imports struct{ many, plan, failed, done, undo, rest, school int64 }

// importStops lists the pages of imports. The imports are made when the first of them is visited: whoever looks at other pages does not wait.
func (t *Tour) importStops() []Stop {
	const all = "/admin/site/imports"
	one := func(name string, of func(*imports) int64, rest string) Stop {
		return Stop{Name: "admin-import-" + name, Who: "admin", Path: all, Act: func(tab *Tab) {
			tab.Go(t.URL + all + "/" + strconv.FormatInt(of(t.createImports(tab.judge)), 10) + rest)
		}}
	}
	plan := func(m *imports) int64 { return m.plan }
	return []Stop{
		one("plan", plan, ""),
		one("plan-change", plan, "?list=students_change"),
		one("plan-findings", plan, "?list=findings"),
		one("many", func(m *imports) int64 { return m.many }, ""),
		one("columns", plan, "/columns"),
		one("columns-none", func(m *imports) int64 { return m.failed }, "/columns"),
		one("failed", func(m *imports) int64 { return m.failed }, ""),
		one("school", func(m *imports) int64 { return m.school }, ""),
		one("done", func(m *imports) int64 { return m.done }, ""),
		one("undo", func(m *imports) int64 { return m.undo }, ""),
		one("rest", func(m *imports) int64 { return m.rest }, ""),
		{Name: "admin-imports", Who: "admin", Path: all},
		{Name: "admin-imports-none", Who: "admin", Path: all + "?at=1&id=1"},
		{Name: "admin-imports-problems", Who: "admin", Path: all, Act: submit(map[string]string{"school": "Hillside School"})},
	}
}

// createImports imports rosters of a school of its own: one is applied and is asked back, others wait, and one cannot be read.
func (t *Tour) createImports(judge Judge) *imports {
	judge.Helper()
	if t.taken != nil {
		return t.taken
	}
	ctx, actor := context.Background(), access.Actor{Kind: access.System, Username: StaffUsername, Fresh: true}
	until := func(id int64, s intake.State) int64 {
		for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			m, err := t.Intake.One(ctx, actor, id)
			if err != nil || time.Now().After(end) {
				judge.Fatalf("import %d is %q: %q %v", id, m.State, m.Problem, err)
			}
			if m.State == s {
				return id
			}
		}
	}
	uploadTo := func(school, name, text string, s intake.State) int64 {
		id, err := t.Intake.Upload(ctx, actor, name, intake.FromPage, intake.Options{School: school}, strings.NewReader(text))
		if err != nil {
			judge.Fatalf("%s: %v", name, err)
		}
		return until(id, s)
	}
	upload := func(name, text string, s intake.State) int64 { return uploadTo("Hillside School", name, text, s) }
	apply := func(id int64) int64 {
		if err := t.Intake.Begin(ctx, actor, id, false); err != nil {
			judge.Fatalf("%v", err)
		}
		return until(id, intake.Done)
	}
	elder := upload("hillside-last-week.csv", hillside(13, 4), intake.Planned)
	apply(upload("hillside.csv", hillside(14, 4), intake.Planned))
	t.taken = &imports{
		school: uploadTo("", "new-students.csv", strings.ReplaceAll(hillside(3, 4), "\nh", "\nn"), intake.Failed),
		many:   upload("hillside-half.csv", hillside(6, 4), intake.Planned),
		plan:   upload("hillside-next-week.csv", strings.Replace(hillside(16, 5), "home3@example.org", "home2@example.org", 1), intake.Planned),
		failed: upload("minutes.csv", "Agenda,Who\nBudget,Nobody\n", intake.Failed),
	}
	t.taken.done = apply(upload("hillside.csv", hillside(15, 4), intake.Planned))
	undo, err := t.Intake.Undo(ctx, actor, t.taken.done)
	if err != nil {
		judge.Fatalf("%v", err)
	}
	t.taken.undo = until(undo, intake.Planned)
	if err := t.Intake.Begin(ctx, actor, elder, false); err != nil { // whose end can no longer be taken back
		judge.Fatalf("%v", err)
	}
	t.taken.rest = until(elder, intake.Planned)
	return t.taken
}

// hillside is a school's own table of so many students, with columns that nobody here has a name for.
func hillside(students, grade int) string {
	var b strings.Builder
	b.WriteString("Student ID,Student Number,First Name,Last Name,Grade,Bus Route,Locker Nr,Guardian1 First Name,Guardian1 Last Name," +
		"Guardian1 Relationship,Guardian1 Email,Guardian1 Custody\n")
	for n := range students {
		fmt.Fprintf(&b, "h%d,88%04d,Hannah,Hillside%d,%d,%d,B%d,Harriet,Hillside%d,Mother,home%d@example.org,Yes\n", n, n, n, grade, n, n, n, n)
	}
	return b.String()
}
