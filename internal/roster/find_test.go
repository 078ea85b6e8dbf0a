package roster

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func scanText(r *sql.Rows) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

func (d *desk) students(list ...Student) {
	d.t.Helper()
	d.write(func(ctx context.Context, tx *sqldb.Tx) error {
		for _, s := range list {
			s.Status = Enrolled
			if err := d.putStudent(ctx, tx, &s); err != nil {
				return err
			}
		}
		return nil
	})
}

// find reads all pages of a search.
func (d *desk) find(typed string, limit int) (names []string, total int) {
	d.t.Helper()
	var at FindCursor
	for first := true; ; first = false {
		found, next, n, err := d.FindStudents(d.t.Context(), d.clerk, typed, at, limit)
		d.ok(err)
		if first {
			total = n
		}
		for _, s := range found {
			names = append(names, s.First+" "+s.Last)
		}
		if next == nil {
			return names, total
		}
		if len(found) != limit || *next == at {
			d.t.Fatalf("a page of %d with more to come", len(found))
		}
		at = *next
	}
}

func TestFindStudentsByNameAndIDNumber(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.students(
			Student{First: "Ana", Last: "López Ruiz", IDNumber: "204117"},
			Student{First: "Anabel Ana", Last: "Ruiz", IDNumber: "204-118"},
			Student{First: "Luis", Last: "Anaya", PreferredFirst: "Lou", IDNumber: "0204117"},
			Student{First: "Zoë", Last: "O'Brien", IDNumber: "LOU"},
			Student{First: "Ada", Last: "Kim", IDNumber: "204117"},
			Student{First: "Ben", Last: "Kim"},
		)
		for _, c := range []struct {
			name, typed string
			want        []string
		}{
			{"a prefix, each student once", "ana", []string{"Ana López Ruiz", "Anabel Ana Ruiz", "Luis Anaya"}},
			{"a longer prefix", "anab", []string{"Anabel Ana Ruiz"}},
			{"two words in any order", "ruiz ANA", []string{"Ana López Ruiz", "Anabel Ana Ruiz"}},
			{"a word that begins another asks for nothing more", "an anab", []string{"Anabel Ana Ruiz"}},
			{"accents and apostrophes are forgiven", "zoe obr", []string{"Zoë O'Brien"}},
			{"an ID Number, in more than one school", "204117", []string{"Ada Kim", "Ana López Ruiz"}},
			{"leading zeros count", "0204117", []string{"Luis Anaya"}},
			{"hyphens and spaces do not", " 204 118 ", []string{"Anabel Ana Ruiz"}},
			{"a part of an ID Number is nothing", "2041", nil},
			{"a name comes before an ID Number of letters", "lou", []string{"Luis Anaya"}},
			{"one word missing is no hit", "ana kim", nil},
			{"nothing typed finds nobody", "  ", nil},
			{"signs find nobody", "%_'; --", nil},
		} {
			for _, limit := range []int{1, 2, 50} {
				got, total := d.find(c.typed, limit)
				d.same(c.name, got, c.want)
				if total != len(c.want) {
					t.Errorf("%s: total %d", c.name, total)
				}
			}
		}
	})
}

func TestParentsMayNotSearch(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, _, _, err := d.FindStudents(t.Context(), access.Actor{Kind: access.Parent, AccountID: 1}, "kim", FindCursor{}, 10)
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCountingStopsAtTheLimit(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.many(1500)
		_, _, total, err := d.FindStudents(t.Context(), d.clerk, "kid", FindCursor{}, 10)
		d.ok(err)
		d.same("total", total, CountLimit)
	})
}

// many puts so many students on record.
func (d *desk) many(n int) {
	d.t.Helper()
	list := make([]Student, n)
	for i := range list {
		list[i] = Student{First: fmt.Sprintf("Kid%c", 'a'+i%26), Middle: fmt.Sprintf("M%d", i%40), Last: fmt.Sprintf("Name%d", i%700), IDNumber: fmt.Sprint(100000 + i)}
	}
	d.students(list...)
}

func TestNoSearchOrReadScansATable(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.many(4000)
		d.write(func(ctx context.Context, tx *sqldb.Tx) error {
			c := Contact{First: "Pat", Last: "Doe"}
			for i := range int64(2000) {
				if i%2 == 0 {
					c = Contact{First: "Pat", Last: "Doe", Email: fmt.Sprintf("p%d@example.org", i)}
					if err := d.putContact(ctx, tx, &c); err != nil {
						return err
					}
				}
				if err := d.putLine(ctx, tx, &Line{StudentID: i + 1, ContactID: c.ID}); err != nil {
					return err
				}
			}
			for i := range 40 {
				if err := d.putSchool(ctx, tx, &School{Name: fmt.Sprint("School ", i)}); err != nil {
					return err
				}
			}
			for _, query := range []string{"update student set school_id = 1 + id % 40", "update student_word set school_id = 1 + student_id % 40", "analyze"} {
				if _, err := tx.Exec(ctx, query); err != nil {
					return err
				}
			}
			return nil
		})
		type plan struct {
			name, query string
			args        []any
		}
		plans := []plan{
			{"lines of an ID Number", selectLinesOfID, []any{"100004"}},
			{"lines of a student", selectLinesOfStudent, []any{int64(5)}},
			{"lines of contacts", selectFullLine + "\nwhere l.contact_id in ($1, $2)" + linesByChild, []any{int64(5), int64(6)}},
			{"contacts by address", selectContactsByEmail, []any{"p6@example.org"}},
			{"student by address", countStudentsByEmail, []any{"p6@example.org"}},
			{"other children", selectOtherChildren, []any{int64(5)}},
			{"names of a renamed student's lines", updateNamesOfStudent, []any{"x", int64(5), int64(5)}},
		}
		for _, at := range []access.Schools{access.Everywhere(), {IDs: []int64{7}}, {IDs: []int64{7, 9, 11}}, {}} {
			for _, words := range [][]string{nil, {"name12"}, {"name12", "kid"}, {"name", "kidb", "m4"}} {
				s := search{at: at, words: words}
				afters := []FindCursor{{}, {Word: "name121", Sort: "name12 kida", ID: 12}}
				if words == nil {
					s.idKey, afters = "100004", afters[:1]
				}
				for _, after := range afters {
					query, args := s.pageQuery(after, 26)
					plans = append(plans, plan{fmt.Sprintf("page by %q at %v", words, at), query, args})
				}
				query, args := s.countQuery()
				plans = append(plans, plan{fmt.Sprintf("count by %q at %v", words, at), query, args})
			}
		}
		for _, p := range plans {
			text, err := d.db.Plan(t.Context(), p.query, p.args...)
			if err != nil {
				t.Errorf("%s: %v", p.name, err)
				continue
			}
			if strings.Contains(p.name, "at {false [7") && strings.Contains(p.name, `by ["`) && !strings.Contains(text, "student_word_school") {
				t.Errorf("%s is not read along the schools:\n%s", p.name, text)
			}
			for line := range strings.Lines(text) {
				line = strings.TrimSpace(line)
				// These are not tables, but the rows of an inner select with a limit; a district has few schools.
				scans := strings.HasPrefix(line, "SCAN ") && !slices.Contains([]string{"SCAN h", "SCAN m", "SCAN q", "SCAN counted"}, line) &&
					!(line == "SCAN s" && strings.Contains(p.query, "limit")) ||
					strings.Contains(line, "Seq Scan on ") && !strings.Contains(line, "Seq Scan on school")
				if scans {
					t.Errorf("%s scans a table:\n%s", p.name, text)
					break
				}
			}
		}
	})
}

func TestFindFindsWhatALookAtEveryNameFinds(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		syllables := []string{"an", "ana", "ben", "be", "lo", "lou", "ruiz", "ru"}
		var all []Student
		for i := range 120 {
			all = append(all, Student{First: syllables[i%8] + " " + syllables[i/8%8], Last: syllables[i/3%8] + fmt.Sprint(i)})
		}
		d.students(all...)
		rapid.Check(t, func(rt *rapid.T) {
			words := rapid.SliceOfN(rapid.SampledFrom(append(syllables, "a", "l", "r")), 1, 3).Draw(rt, "words")
			var want []string
			for _, s := range all {
				has := namesOfStudent(&s).words()
				if !slices.ContainsFunc(words, func(w string) bool {
					return !slices.ContainsFunc(has, func(h string) bool { return strings.HasPrefix(h, w) })
				}) {
					want = append(want, s.First+" "+s.Last)
				}
			}
			got, total := d.find(strings.Join(words, " "), rapid.IntRange(1, 40).Draw(rt, "limit"))
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || total != len(want) {
				rt.Errorf("%v: got %d (total %d), want %d", words, len(got), total, len(want))
			}
		})
	})
}
