package family

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// pages reads a grid to its end and returns what each page shows.
func (w *town) pages(q GridQuery) (pages [][]string) {
	w.t.Helper()
	for {
		g, err := w.Grid(w.ctx, w.clerk, q)
		w.ok(err)
		var page []string
		for _, r := range g.Rows {
			page = append(page, r.ParentFirst+" "+r.ParentLast+": "+r.ChildFirst)
		}
		pages = append(pages, page)
		if q.After = g.Next; q.After == "" {
			return pages
		}
	}
}

func TestTheGridPagesByWholeParentsOrByChild(t *testing.T) {
	inTown(t, func(w *town) {
		ana, leo := w.pupil("Ana", "Lopez", "1"), w.pupil("Leo", "Lopez", "2")
		ines := w.pupil("Inés", "López Ruiz", "3")
		w.contact("Maria", "Lopez", "maria@x.example", "mother", ana, leo)
		w.contact("José", "López Ruiz", "", "father", ines, ana)
		w.contact("Zoë", "Ruiz", "zoe@x.example", "aunt", ines)
		w.contact("Mei", "王", "mei@x.example", "mother", leo)
		for name, c := range map[string]struct {
			q    GridQuery
			want [][]string
		}{
			"a letter": {GridQuery{Letter: "L", Limit: 1}, [][]string{
				{"Maria Lopez: Ana", "Maria Lopez: Leo"}, {"José López Ruiz: Ana", "José López Ruiz: Inés"},
			}},
			"another script":  {GridQuery{Letter: "#"}, [][]string{{"Mei 王: Leo"}}},
			"an empty letter": {GridQuery{Letter: "Q"}, [][]string{nil}},
			"any word of a last name": {GridQuery{Last: "ruiz", Limit: 1}, [][]string{
				{"José López Ruiz: Ana", "José López Ruiz: Inés"}, {"Zoë Ruiz: Inés"},
			}},
			"the beginning of a word, accents forgiven": {GridQuery{Last: " LÓP"}, [][]string{
				{"Maria Lopez: Ana", "Maria Lopez: Leo", "José López Ruiz: Ana", "José López Ruiz: Inés"},
			}},
			"nothing but marks": {GridQuery{Last: "--"}, [][]string{nil}},
			"all by parent": {GridQuery{Limit: 2}, [][]string{
				{"Maria Lopez: Ana", "Maria Lopez: Leo", "José López Ruiz: Ana", "José López Ruiz: Inés"}, {"Zoë Ruiz: Inés", "Mei 王: Leo"},
			}},
			"all by child": {GridQuery{ByChild: true, Limit: 3}, [][]string{
				{"Maria Lopez: Ana", "José López Ruiz: Ana", "Maria Lopez: Leo"}, {"Mei 王: Leo", "José López Ruiz: Inés", "Zoë Ruiz: Inés"},
			}},
			"a letter by child": {GridQuery{Letter: "L", ByChild: true, Limit: 3}, [][]string{
				{"Maria Lopez: Ana", "José López Ruiz: Ana", "Maria Lopez: Leo"}, {"José López Ruiz: Inés"},
			}},
			"a search by child": {GridQuery{Last: "ruiz", ByChild: true, Limit: 2}, [][]string{
				{"José López Ruiz: Ana", "José López Ruiz: Inés"}, {"Zoë Ruiz: Inés"},
			}},
		} {
			if diff := cmp.Diff(c.want, w.pages(c.q)); diff != "" {
				t := w.t.(*testing.T)
				t.Errorf("%s: %s", name, diff)
			}
		}
		g, err := w.Grid(w.ctx, w.clerk, GridQuery{Last: "ruiz"})
		w.ok(err)
		if g.Total != 3 || !g.Letters["L"] || !g.Letters["R"] || !g.Letters["#"] || g.Letters["Q"] || len(g.Letters) != 27 {
			w.t.Errorf("total %d, letters %v", g.Total, g.Letters)
		}
	})
}

func TestANameThatMatchesTwiceStandsOnce(t *testing.T) {
	inTown(t, func(w *town) {
		s := w.pupil("Sam", "Smith", "1")
		w.contact("Ann", "Smith Smithson", "a@x.example", "mother", s)
		w.contact("Bob", "Smith", "b@x.example", "father", s)
		for _, byChild := range []bool{false, true} {
			got := w.pages(GridQuery{Last: "smi", ByChild: byChild, Limit: 1})
			if len(got) != 2 || len(got[0]) != 1 || len(got[1]) != 1 || got[0][0] == got[1][0] {
				w.t.Errorf("by child %v: %v", byChild, got)
			}
		}
		if g, err := w.Grid(w.ctx, w.clerk, GridQuery{Last: "smi"}); err != nil || g.Total != 2 {
			w.t.Errorf("total %d, %v", g.Total, err)
		}
	})
}

func TestTheGridSaysHowEachLoginStands(t *testing.T) {
	inTown(t, func(w *town) {
		s := w.pupil("Sam", "Stone", "1")
		one := func(first, email, relationship string) (int64, int64) {
			c, lines := w.contact(first, "Stone", email, relationship, s)
			return c, lines[0]
		}
		_, never := one("Never", "n@x.example", "mother")
		_, noEmail := one("Noemail", "", "mother")
		_, aunt := one("Aunt", "", "aunt")
		restrictedContact, restricted := one("Restricted", "r@x.example", "father")
		activeContact, active := one("Active", "a@x.example", "mother")
		closedContact, closed := one("Closed", "c@x.example", "mother")
		waitingContact, waiting := one("Waiting", "w@x.example", "mother")
		disabledContact, disabled := one("Disabled", "d@x.example", "mother")
		lockedContact, locked := one("Locked", "l@x.example", "mother")
		w.login("r.stone", restrictedContact)
		w.edit(restricted, func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		w.login("a.stone", activeContact)
		w.login("c.stone", closedContact)
		w.login("l.stone", lockedContact)
		w.login("w.stone", waitingContact)
		w.login("d.stone", disabledContact)
		w.write(func(tx *sqldb.Tx) error {
			if err := closeLine(w.ctx, tx, closed, w.now()); err != nil {
				return err
			}
			if _, err := tx.Exec(w.ctx, "update account set state = 'waiting' where username = 'w.stone'"); err != nil {
				return err
			}
			_, err := tx.Exec(w.ctx, "update account set state = 'disabled' where username = 'd.stone'")
			return err
		})
		w.mustSignIn(access.Parent, "a.stone", townPassword)
		for range 40 {
			if _, err := w.signIn(access.Parent, "l.stone", "wrong wrong wrong wrong"); err == nil {
				w.t.Fatal("signed in with a wrong password")
			}
		}
		want := []LoginState{Never, NoEmail, MayNot, Restricted, Active, Closed, Waiting, Disabled, Locked}
		lines := []int64{never, noEmail, aunt, restricted, active, closed, waiting, disabled, locked}
		if diff := cmp.Diff(want, w.states(lines...)); diff != "" {
			w.t.Error(diff)
		}
		states, err := w.LineStates(w.ctx, w.clerk, s)
		w.ok(err)
		for i, line := range lines {
			if states[line].State != want[i] {
				w.t.Errorf("on the Contacts page: line %d is %s, want %s", line, states[line].State, want[i])
			}
		}
		if at := states[active].LastSignIn; !at.Equal(w.now()) || states[active].Username != "a.stone" || states[active].Relationship != "mother" {
			w.t.Errorf("active: %+v", states[active])
		}
		if !states[locked].LockedUntil.After(w.now()) {
			w.t.Errorf("locked until %v", states[locked].LockedUntil)
		}
	})
}

func TestABrokenPlaceOrLetterIsRefused(t *testing.T) {
	inTown(t, func(w *town) {
		foreign := gridKey{Entry: "lopez", Sort: "lopez ana", ID: 1}.text()
		nul := base64.RawURLEncoding.EncodeToString([]byte(`{"Sort":"a\u0000b"}`))
		for _, q := range []GridQuery{
			{After: "%%%"}, {After: "aGVsbG8"}, {After: nul}, {Last: "ruiz", After: foreign}, {After: strings.Repeat("A", 5000)},
			{Letter: "AB"}, {Letter: "é"}, {Letter: "1"}, {Letter: "a"},
		} {
			if _, err := w.Grid(w.ctx, w.clerk, q); !fault.Is(err, fault.Invalid) {
				w.t.Errorf("%+v: %v, want Invalid", q, err)
			}
		}
		for _, a := range []access.Actor{{Kind: access.Visitor}, {Kind: access.Parent, AccountID: 1}, {Kind: access.Student, AccountID: 1}, {Kind: access.Staff}} {
			_, err1 := w.Grid(w.ctx, a, GridQuery{})
			_, err2 := w.LineStates(w.ctx, a, 1)
			_, err3 := w.ResetQuestion(w.ctx, a, []int64{1})
			_, err4 := w.Reset(w.ctx, a, ResetOrder{Lines: []int64{1}})
			for _, err := range []error{err1, err2, err3, err4} {
				if !fault.Is(err, fault.Forbidden) {
					w.t.Errorf("%+v: %v, want Forbidden", a, err)
				}
			}
		}
	})
}

func TestSearchesAreOnRecordOnceWrittenInBatches(t *testing.T) {
	inTown(t, func(w *town) {
		for _, q := range []GridQuery{{Last: "Ruiz"}, {Letter: "R"}, {}, {Last: "Ruiz", After: gridKey{Entry: "ruiz"}.text()}} {
			_, err := w.Grid(w.ctx, w.clerk, q)
			w.ok(err)
		}
		logged := func() int { return w.count("select count(*) from audit_event where action = 'parent.searched'") }
		if n := logged(); n != 0 {
			w.t.Errorf("%d searches written before the answer", n)
		}
		w.ok(w.Flush(w.ctx))
		w.ok(w.Flush(w.ctx))
		if n := logged(); n != 2 {
			w.t.Errorf("%d searches on record, want 2", n)
		}
		_, err := w.Grid(w.ctx, w.clerk, GridQuery{Last: "Ruiz"})
		w.ok(err)
		w.breaks.left.Store(1)
		if err := w.Flush(w.ctx); err == nil {
			w.t.Error("a broken statement went unnoticed")
		}
		w.ok(w.Flush(w.ctx))
		if n := logged(); n != 3 {
			w.t.Errorf("%d searches on record after a failure, want 3", n)
		}
	})
}

// crowd fills a town with contacts of two children each; every tenth is a Smith and every tenth begins with another S. It writes
// the tables as package roster does.
func (w *town) crowd(contacts int) {
	w.t.Helper()
	at := w.now().UnixMicro()
	const half = `insert into %s select %s from (with recursive n(i) as (select 1 union all select i + 1 from n where i < %d) select i from n) as n`
	last := `case when i %% 10 = 0 then 'smith' when i %% 10 = 1 then 'stone' || i when i %% 10 = 2 then 'lopez' else substr('abcdefghijklmnopqrtuvwxyz', 1 + cast(i %% 25 as integer), 1) || 'name' || i end`
	last = strings.ReplaceAll(last, "%%", "%")
	w.write(func(tx *sqldb.Tx) error {
		for _, query := range []string{
			fmt.Sprintf(half, "school (id, name, sort_key, created_at, updated_at)", "i, 'School ' || i, 'school ' || i, 0, 0", 40),
			fmt.Sprintf(half, "student (id, school_id, id_number, id_key, first_name, last_name, sort_key, status, created_at, updated_at)",
				"i, 1 + i % 40, cast(i as text), cast(i as text), 'Kid' || i, 'Last', 'last kid' || i, 'enrolled', 0, 0", contacts),
			fmt.Sprintf(half, "contact (id, first_name, last_name, last_key, sort_key, letter, email, email_key, created_at, updated_at)",
				"i, 'Pat' || i, "+last+", "+last+", "+last+" || ' pat' || i, upper(substr("+last+", 1, 1)), 'p' || i || '@x.example', 'p' || i || '@x.example', 0, 0", contacts),
			fmt.Sprintf(half, "student_contact (id, student_id, contact_id, relationship, created_at, updated_at)", "i, i, i, 'mother', 0, 0", contacts),
			fmt.Sprintf(half, "student_contact (id, student_id, contact_id, relationship, created_at, updated_at)",
				fmt.Sprintf("i + %d, 1 + i %% %d, i, 'mother', 0, 0", contacts, contacts), contacts),
			`insert into line_name (entry, pos, letter, parent_sort, child_sort, contact_id, line_id, school_id)
				select c.last_key, 0, c.letter, c.sort_key, s.sort_key, c.id, l.id, s.school_id
				from student_contact l join contact c on c.id = l.contact_id join student s on s.id = l.student_id`,
			fmt.Sprintf(half, "account (id, kind, username, username_key, state, password_hash, created_at)",
				fmt.Sprintf("i, 'parent', 'user' || i, 'user' || i, 'active', 'x', %d", at), contacts),
			fmt.Sprintf(half, "account_contact (contact_id, account_id, held_at)", "i, i, 0", contacts),
			fmt.Sprintf(half, "closed_line (line_id, closed_at)", fmt.Sprintf("i + %d, 0", contacts), contacts/2),
			fmt.Sprintf(half, "account (id, kind, username, username_key, state, created_at)",
				fmt.Sprintf("i + %d, 'student', 'kid' || i, 'kid' || i, 'active', %d", contacts, at), contacts),
			fmt.Sprintf(half, "student_login (student_id, account_id, maker_contact_id, made_at)", fmt.Sprintf("i, i + %d, i, 0", contacts), contacts),
		} {
			if _, err := tx.Exec(w.ctx, query); err != nil {
				return fmt.Errorf("%s: %w", query, err)
			}
		}
		return nil
	})
}

// analyze has the database look at what is in the tables, as PostgreSQL does by itself and SQLite never does.
func (w *town) analyze() {
	w.t.Helper()
	w.write(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(w.ctx, "analyze")
		return err
	})
}

// gridQueries are all statements behind the grid and the parent's home, with arguments that match much.
func gridQueries() map[string]struct {
	query string
	args  []any
} {
	type q = struct {
		query string
		args  []any
	}
	queries := map[string]q{
		"letters":            {lettersQuery(), nil},
		"lines of a student": {linesOfStudent, []any{7}},
		"home":               {selectOwnLines, []any{7}}, "student's page": {selectStudentPage, []any{7}},
		"others": {selectOthers + "$1, $2" + orderOthers, []any{7, 8}},
	}
	for _, at := range []access.Schools{access.Everywhere(), {IDs: []int64{7}}, {IDs: []int64{7, 9, 11}}} {
		for _, p := range []gridPage{{letter: "S"}, {search: "s"}, {}} {
			p.at = at
			query, args := p.count()
			queries[fmt.Sprintf("count of %q%q at %v", p.letter, p.search, at)] = q{query, args}
			query, args = p.countParents()
			queries[fmt.Sprintf("count of parents %q%q at %v", p.letter, p.search, at)] = q{query, args}
			for _, byChild := range []bool{false, true} {
				p.byChild, p.limit, p.after = byChild, 25, gridKey{Entry: p.search}
				query, args := p.query()
				queries[fmt.Sprintf("page of %q%q by child %v at %v", p.letter, p.search, byChild, at)] = q{query, args}
			}
		}
		if !at.All {
			query, args := schoolLetters(at)
			queries[fmt.Sprintf("letters at %v", at)] = q{query, args}
			query, args = newestAt(at, jobs.Cursor{At: 1 << 50, ID: 9}, 51)
			queries[fmt.Sprintf("requests at %v", at)] = q{query, args}
			query, args = unseenAt(at)
			queries[fmt.Sprintf("notices at %v", at)] = q{query, args}
		}
	}
	for name, query := range map[string]string{
		"holders": selectHolders, "lines": selectLines, "lines of accounts": selectLinesOfAccounts,
		"lines of students": selectLinesOfStudents, "made by contacts": selectMadeByContacts, "made for students": selectMadeForStudents,
		"passwords": selectPasswords, "lines of contacts": selectLinesOfContacts,
	} {
		queries[name] = q{query + "$1, $2)", []any{7, 8}}
	}
	return queries
}

func TestNoGridHomeOrResetScansATable(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(12000)
		w.write(func(tx *sqldb.Tx) error {
			for _, query := range []string{
				`insert into registration_request (reference, purpose, student_id, school_id, created_at) select 'R' || id, 'register', id, school_id, id from student`,
				`insert into school_notice (school_id, at, what, contact_id, account_id, by_name, by_school, seen_at)
					select school_id, id, 'reset_part', id, 1, 'x', 'y', case when id % 10 > 0 then 1 end from student`,
			} {
				if _, err := tx.Exec(w.ctx, query); err != nil {
					return err
				}
			}
			return nil
		})
		if w.db.Dialect() == "postgres" {
			w.analyze()
		}
		for name, q := range gridQueries() {
			plan, err := w.db.Plan(w.ctx, q.query, q.args...)
			w.ok(err)
			if strings.Contains(name, "at {false") && !strings.Contains(plan, "_school") && !strings.Contains(plan, "school_notice_unseen") {
				w.t.Errorf("%s is not read along the schools:\n%s", name, plan)
			}
			for line := range strings.Lines(plan) {
				if isTableScan(line) {
					w.t.Errorf("%s scans a table: %s in\n%s", name, strings.TrimSpace(line), plan)
				}
			}
		}
	})
}

// isTableScan knows a scan in the plans of both databases. A walk along an index, a page's own few rows and a subquery's are none.
func isTableScan(line string) bool {
	line = strings.TrimSpace(line)
	if strings.Contains(line, "Seq Scan") {
		return !strings.Contains(line, "Seq Scan on school ") // there are few, and reading them all may be best
	}
	if !strings.HasPrefix(line, "SCAN ") || strings.Contains(line, "CONSTANT ROW") {
		return false
	}
	table := strings.Fields(line)[1]
	return !strings.Contains(line, "USING INDEX") && !strings.Contains(line, "USING COVERING INDEX") && !slices.Contains([]string{"p", "page", "m", "q", "along", "counted"}, table)
}

func TestTheGridReadsWithFewStatements(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(300)
		for name, c := range map[string]struct {
			most int64
			do   func() error
		}{
			"grid": {5, func() error { _, err := w.Grid(w.ctx, w.clerk, GridQuery{Letter: "S"}); return err }},
			"home": {3, func() error { _, err := w.Home(w.ctx, access.Actor{Kind: access.Parent, AccountID: 7}); return err }},
			"question about 200 parents": {12, func() error {
				lines := make([]int64, 200)
				for i := range lines {
					lines[i] = int64(i + 1)
				}
				_, err := w.ResetQuestion(w.ctx, w.clerk, lines)
				return err
			}},
		} {
			const far = 1_000_000
			w.ok(c.do()) // what is closed is read at most once a second
			w.breaks.left.Store(far)
			w.ok(c.do())
			if n := far - w.breaks.left.Load(); n > c.most {
				w.t.Errorf("%s: %d statements, want at most %d", name, n, c.most)
			}
		}
	})
}

func TestASearchWithTooManyLinesIsNotSortedByChild(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(6000)
		g, err := w.Grid(w.ctx, w.clerk, GridQuery{Last: "smith", ByChild: true, Limit: 3})
		w.ok(err)
		if g.ByChild || g.Total != 1001 || len(g.Rows) != 6 {
			w.t.Errorf("by child %v, total %d, %d rows", g.ByChild, g.Total, len(g.Rows))
		}
		next, err := w.Grid(w.ctx, w.clerk, GridQuery{Last: "smith", ByChild: true, Limit: 3, After: g.Next})
		w.ok(err)
		if next.Rows[0].ContactID == g.Rows[len(g.Rows)-1].ContactID {
			w.t.Error("a parent was split over two pages")
		}
		if g, err = w.Grid(w.ctx, w.clerk, GridQuery{Last: "smith pat", ByChild: true}); err != nil || g.Total != 0 {
			w.t.Errorf("a first name was searched: %d, %v", g.Total, err)
		}
	})
}
