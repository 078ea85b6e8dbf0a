package family

import (
	"fmt"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// findQueries are all statements behind "Find a family" and the page of a parent.
func findQueries() map[string]plannedQuery {
	queries := map[string]plannedQuery{
		"username": {findByUsername, []any{"user7"}}, "lines of contacts": {selectListedOfContacts + "$1, $2)", []any{7, 8}},
		"lines of students": {selectListedOfStudents + "$1, $2)", []any{7, 8}}, "student logins": {selectStudentLogins + "$1, $2) order by s.sort_key, s.id", []any{7, 8}},
		"requests of a contact": {selectRequestsOfContact, []any{7, 20}}, "mails": {selectMailsOf, []any{7, 20}}, "bulk notes": {selectBulkNotes, []any{7, 10}},
		"requests of students": {selectRequestsOfStudents + "$1, $2" + newestOfStudents, []any{7, 8}},
	}
	for _, at := range []access.Schools{access.Everywhere(), {IDs: []int64{7}}, {IDs: []int64{7, 9, 11}}} {
		add := func(name, query string, args []any) {
			queries[fmt.Sprintf("%s at %v", name, at)] = plannedQuery{query, args}
		}
		for _, words := range [][]string{{"s"}, {"smith", "pat"}, {roster.PhoneMark + "2410"}} {
			l := wordList{words: words, at: at}
			query, args := l.page(26)
			add(fmt.Sprintf("page of words %v", words), query, args)
			l.after = gridKey{Entry: words[0], Sort: "smith pat", ID: 10}
			query, args = l.page(26)
			add(fmt.Sprintf("next page of words %v", words), query, args)
			query, args = l.count()
			add(fmt.Sprintf("count of words %v", words), query, args)
			query, args = l.rowsOfWord(words[0], rareRows)
			add(fmt.Sprintf("rows of words %v", words), query, args)
		}
		for name, q := range map[string]string{
			"ID Number": findByIDNumber, "student's username": findByStudentUsername, "student's e-mail": findByStudentEmail, "alone": findAlone,
		} {
			query, args := exactAt(q, at, "77")
			add(name, query, args)
		}
		query, args := exactAt(findOfStudent, at, 7)
		add("student", query, args)
		query, args = exactContacts(findByEmail, at, "p77@x.example")
		add("e-mail", query, args)
		query, args = exactContacts(findNearEmail, at, "p77@", "p77@\U0010FFFF")
		add("near e-mail", query, args)
		query, args = nearIDNumbersAt(at, nearNumbers("4711"))
		add("near ID Numbers", query, args)
	}
	return queries
}

type plannedQuery struct {
	query string
	args  []any
}

func TestNothingThatFindsOrShowsAFamilyScansATable(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(12000)
		w.worded()
		w.write(func(tx *sqldb.Tx) error {
			for _, query := range []string{
				`insert into registration_request (reference, purpose, student_id, contact_id, school_id, created_at)
					select 'R' || id, 'register', id, id, school_id, id from student`,
				`insert into job (kind, payload, run_at, deadline, contact_id, created_at) select 'mail', '{}', 0, 0, id, id from contact`,
				`insert into bulk (id, act, state, owner_id, asked_at) select id, 'reset', 'done', 1, 1 from contact`,
				`insert into bulk_row (bulk_id, pos, party, target_id, contact_id, outcome) select id, 1, 1, 1, id, 'whole' from contact`,
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
		for name, q := range findQueries() {
			plan, err := w.db.Plan(w.ctx, q.query, q.args...)
			w.ok(err)
			if strings.Contains(name, "words") && strings.Contains(name, "at {false") && !strings.Contains(plan, "line_word_school") {
				w.t.Errorf("%s is not read along the schools:\n%s", name, plan)
			}
			for line := range strings.Lines(plan) {
				if walk := strings.TrimSpace(line); isTableScan(line) || strings.HasPrefix(walk, "SCAN ") && !strings.HasPrefix(walk, "SCAN q") && !strings.HasPrefix(walk, "SCAN counted") &&
					!strings.HasPrefix(walk, "SCAN m") {
					w.t.Errorf("%s scans a table: %s in\n%s", name, strings.TrimSpace(line), plan)
				}
			}
		}
	})
}

func TestAFamilyIsFoundAndShownWithFewStatements(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(300)
		w.worded()
		for name, c := range map[string]struct {
			most int64
			do   func() error
		}{
			"a name":    {7, func() error { _, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "pat smith"}); return err }},
			"a number":  {8, func() error { _, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "202-555-0142"}); return err }},
			"nobody":    {21, func() error { _, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "qqqqq wwwww"}); return err }},
			"the page":  {24, func() error { _, err := w.ParentPage(w.ctx, w.clerk, 7); return err }},
			"an e-mail": {7, func() error { _, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "office@x.example"}); return err }},
		} {
			const far = 1_000_000
			w.breaks.left.Store(far)
			w.ok(c.do())
			if n := far - w.breaks.left.Load(); n > c.most {
				w.t.Errorf("%s: %d statements, want at most %d", name, n, c.most)
			}
		}
	})
}
