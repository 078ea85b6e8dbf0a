package family

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// finds returns whom a text finds, as "First Last by", and those who are near as "~ First Last".
func (w *town) finds(actor access.Actor, typed string) []string {
	w.t.Helper()
	found, err := w.FindFamily(w.ctx, actor, FindQuery{Typed: typed})
	w.ok(err)
	all := []string{}
	for _, f := range found.Families {
		all = append(all, strings.TrimSpace(f.First+" "+f.Last+" "+string(f.By)+" "+f.Child))
	}
	for _, c := range found.Alone {
		all = append(all, "alone "+c.First)
	}
	for _, f := range found.Near {
		all = append(all, "~ "+f.First+" "+f.Last)
	}
	return all
}

// schoolTown has two schools: Ana and Leo Lopez at the first, Inés López Ruiz at the second; Maria has a child at each.
type schoolTown struct {
	*town
	first, second            int64 // schools
	ana, leo, ines           int64
	maria, jose, zoe         int64
	mariaLines               []int64
	clerkOfFirst, ofSecond   access.Actor
	mariasLogin, studentName string
}

func (w *town) schools() *schoolTown {
	w.t.Helper()
	s := &schoolTown{town: w, mariasLogin: "maria.l", studentName: "ana.lopez"}
	for _, name := range []string{"Lincoln", "Grant"} {
		w.ok(w.roster.SaveSchool(w.ctx, w.clerk, roster.School{Name: name}))
	}
	schools, err := w.roster.SchoolsOf(w.ctx, w.clerk)
	w.ok(err)
	s.second, s.first = schools[0].ID, schools[1].ID // by name
	pupil := func(first, last, number, email string, school int64) int64 {
		id, err := w.roster.AddStudent(w.ctx, w.clerk, roster.Student{First: first, Last: last, IDNumber: number, SchoolID: school, Email: email, Status: roster.Enrolled})
		w.ok(err)
		return id
	}
	s.ana, s.leo = pupil("Ana", "Lopez", "204-117", "ana@pupil.example.org", s.first), pupil("Leo", "Lopez", "204118", "", s.first)
	s.ines = pupil("Inés", "López Ruiz", "777001", "ines@pupil.example.org", s.second)
	s.maria, s.mariaLines = w.contact("Maria", "Lopez", "maria@example.org", "mother", s.ana, s.leo, s.ines)
	s.jose, _ = w.contact("José", "López Ruiz", "", "father", s.ines)
	s.zoe, _ = w.contact("Zoë", "Smith", "zoe@example.org", "mother", s.leo)
	w.edit(s.mariaLines[0], func(e *roster.ContactEdit) {
		e.Contact.MobilePhone, e.Contact.WorkPhone, e.Contact.PreferredFirst = "(202) 555-0142", "+1 202 555 0177 x9", "Mimi"
	})
	parent := w.login(s.mariasLogin, s.maria)
	w.ok(w.CreateStudentLogin(w.ctx, parent, s.ana, s.studentName, townPassword))
	s.clerkOfFirst = access.Actor{Kind: access.Staff, AccountID: 9_000_001, Role: access.HelpDesk, Schools: access.Schools{IDs: []int64{s.first}}}
	s.ofSecond = access.Actor{Kind: access.Staff, AccountID: 9_000_002, Role: access.Registrar, Schools: access.Schools{IDs: []int64{s.second}}}
	return s
}

func TestAFamilyIsFoundByWhateverIsTyped(t *testing.T) {
	inTown(t, func(w *town) {
		w.schools()
		for typed, want := range map[string][]string{
			"lopez":                 {"Maria Lopez name", "José López Ruiz name", "Zoë Smith child_name Leo Lopez"},
			"MARIA":                 {"Maria Lopez name"},
			"maria lop":             {"Maria Lopez name"},
			"Lopez, Maria":          {"Maria Lopez name"},
			"mimi":                  {"Maria Lopez another_name"},
			"ines":                  {"Maria Lopez child_name Inés López Ruiz", "José López Ruiz child_name Inés López Ruiz"},
			"maria ines":            {"Maria Lopez child_name Inés López Ruiz"},
			"zoe leo":               {"Zoë Smith child_name Leo Lopez"},
			"204117":                {"Maria Lopez id_number Ana Lopez"},
			"20 41-17":              {"Maria Lopez id_number Ana Lopez"},
			"maria.l":               {"Maria Lopez username"},
			"MARIA.L":               {"Maria Lopez username"},
			"ana.lopez":             {"Maria Lopez student_username Ana Lopez"},
			"Maria@Example.org":     {"Maria Lopez email"},
			"ana@pupil.example.org": {"Maria Lopez student_email Ana Lopez"},
			"202-555-0142":          {"Maria Lopez phone"},
			"+1 (202) 555 0142":     {"Maria Lopez phone"},
			"555 0177":              {"Maria Lopez phone"},
			"0142":                  {"Maria Lopez phone"},
			"maria@exmaple.org":     {"~ Maria Lopez"},
			"204116":                {"~ Maria Lopez", "~ Zoë Smith"},
			"777010":                {"~ Maria Lopez", "~ José López Ruiz"},
			"lopes":                 {"~ Maria Lopez", "~ José López Ruiz", "~ Zoë Smith"},
			"jorge smith":           {"~ Zoë Smith"},
			"nobody":                {},
			"555-9999":              {},
			"@":                     {},
			"--":                    {},
			"":                      {},
		} {
			if diff := cmp.Diff(want, w.finds(w.clerk, typed)); diff != "" {
				t := w.t.(*testing.T)
				t.Errorf("%q: %s", typed, diff)
			}
		}
		if found, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "lopes nobody"}); err != nil || len(found.Near) != 3 || found.Near[0].By != ByName || found.Near[2].By != ByChildName {
			w.t.Errorf("near: %+v, %v", found.Near, err)
		}
	})
}

func TestARequestLeadsToWhomItFound(t *testing.T) {
	inTown(t, func(w *town) {
		s := w.schools()
		ask := func(reference string, student, contact int64) {
			w.write(func(tx *sqldb.Tx) error {
				_, _, err := noteRequest(w.ctx, tx, "", typed{reference: reference, purpose: purposeRegister, outcome: OutcomeNoEmail, student: student, contact: contact}, w.now(), w.now())
				return err
			})
		}
		ask("K7M-4QD", s.ines, s.jose)
		ask("AAA-AAA", s.ines, 0)
		ask("BBB-BBB", 0, 0)
		for typed, want := range map[string][]string{
			"k7m 4qd": {"José López Ruiz reference"},
			"AAAAAA":  {"Maria Lopez reference Inés López Ruiz", "José López Ruiz reference Inés López Ruiz"},
			"bbb-bbb": {},
			"CCC-CCC": {},
		} {
			if diff := cmp.Diff(want, w.finds(w.clerk, typed)); diff != "" {
				w.t.Errorf("%q: %s", typed, diff)
			}
		}
		if found, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "bbb-bbb"}); err != nil || !found.Request {
			w.t.Errorf("a request that found nobody: %+v, %v", found, err)
		}
		for _, reference := range []string{"K7M-4QD", "AAA-AAA"} {
			if found, err := w.FindFamily(w.ctx, s.clerkOfFirst, FindQuery{Typed: reference}); err != nil || found.Request || len(found.Families) > 0 {
				w.t.Errorf("%s, a request of another school: %+v, %v", reference, found, err)
			}
		}
	})
}

func TestPRV5AFamilyOfAnotherSchoolIsFoundByNothing(t *testing.T) {
	inTown(t, func(w *town) {
		s := w.schools()
		zoeLine := w.count("select id from student_contact where contact_id = $1", s.zoe)
		w.edit(int64(zoeLine), func(e *roster.ContactEdit) { e.Contact.HomePhone = "202-555-0199" })
		w.login("zoe.smith", s.zoe)
		for _, typed := range []string{
			"zoe", "smith", "Zoë Smith", "leo", "204118", "zoe.smith", "zoe@example.org", "202-555-0199", "0199", "zo", "204119", "zoe@other.example.org", "smiht",
			"204117", "ana", "ana.lopez", "ana@pupil.example.org",
		} {
			for _, got := range w.finds(s.ofSecond, typed) {
				if strings.Contains(got, "Zoë") || strings.Contains(got, "Leo") || strings.Contains(got, "Ana") {
					w.t.Errorf("%q: %v", typed, got)
				}
			}
		}
		// Maria has children at both schools: she is found at each, with the child there.
		for typed, want := range map[string][]string{
			"maria": {"Maria Lopez name"}, "maria@example.org": {"Maria Lopez email"}, "0142": {"Maria Lopez phone"}, "maria.l": {"Maria Lopez username"},
			"ines": {"Maria Lopez child_name Inés López Ruiz", "José López Ruiz child_name Inés López Ruiz"},
		} {
			if diff := cmp.Diff(want, w.finds(s.ofSecond, typed)); diff != "" {
				w.t.Errorf("%q at the second school: %s", typed, diff)
			}
		}
		found, err := w.FindFamily(w.ctx, s.clerkOfFirst, FindQuery{Typed: "maria"})
		w.ok(err)
		if len(found.Families) != 1 || len(found.Families[0].Lines) != 2 || found.Only() != s.maria {
			w.t.Errorf("the child of another school is shown: %+v", found)
		}
		if got := w.finds(access.Actor{Kind: access.Staff, AccountID: 5, Role: access.Office}, "maria"); len(got) != 0 {
			w.t.Errorf("found at no school: %v", got)
		}
	})
}

func TestWordsFollowTheRecords(t *testing.T) {
	inTown(t, func(w *town) {
		s := w.schools()
		w.edit(s.mariaLines[0], func(e *roster.ContactEdit) { e.Contact.Last, e.Contact.MobilePhone = "Vega", "" })
		if got := w.finds(w.clerk, "vega"); len(got) != 1 {
			w.t.Errorf("by the new name: %v", got)
		}
		for _, gone := range []string{"maria lopez smith", "0142"} {
			if found, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: gone}); err != nil || len(found.Families) > 0 {
				w.t.Errorf("%q still finds %v", gone, found.Families)
			}
		}
		ana, err := w.roster.Page(w.ctx, w.clerk, s.ana)
		w.ok(err)
		ana.Student.First, ana.Student.SchoolID = "Anahí", s.second
		w.ok(w.roster.SaveStudent(w.ctx, w.clerk, ana.Student))
		if got := w.finds(s.ofSecond, "anahi"); !slices.Equal(got, []string{"Maria Vega child_name Anahí Lopez"}) {
			w.t.Errorf("the child went to another school: %v", got)
		}
		if got := w.finds(s.clerkOfFirst, "anahi"); slices.ContainsFunc(got, func(g string) bool { return !strings.HasPrefix(g, "~") }) {
			w.t.Errorf("still found at the old school: %v", got)
		}
		w.ok(w.roster.RemoveLine(w.ctx, w.clerk, s.mariaLines[2], w.line(s.mariaLines[2]).Version))
		if got := w.finds(w.clerk, "maria ines"); slices.Contains(got, "Maria Vega child_name Inés López Ruiz") {
			w.t.Errorf("a line that was taken off: %v", got)
		}
		before := w.texts("select word || ' ' || line_id || ' ' || parent_sort from line_word order by line_id, word")
		w.write(func(tx *sqldb.Tx) error {
			for _, query := range []string{"delete from line_word where line_id % 2 = 0", "update line_word_rule set rule = 0"} {
				if _, err := tx.Exec(w.ctx, query); err != nil {
					return err
				}
			}
			return nil
		})
		w.ok(w.roster.KeepWords(w.ctx))
		if diff := cmp.Diff(before, w.texts("select word || ' ' || line_id || ' ' || parent_sort from line_word order by line_id, word")); diff != "" {
			w.t.Errorf("made anew, the words differ: %s", diff)
		}
		if n := w.count("select count(*) from line_word_rule where rule = 1 and next_line is null"); n != 1 {
			w.t.Error("the words are not done")
		}
		w.ok(w.roster.KeepWords(w.ctx))
	})
}

func TestADM8ASearchForAFamilyIsOnRecordAndLimited(t *testing.T) {
	inTown(t, func(w *town) {
		w.schools()
		w.finds(w.clerk, "maria")
		w.finds(w.clerk, "0142")
		_, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "lopez", After: gridKey{Entry: "lopez"}.text()})
		w.ok(err)
		w.ok(w.Flush(w.ctx))
		if n := w.count("select count(*) from audit_event where action = 'parent.searched'"); n != 2 {
			w.t.Errorf("%d searches on record, want 2", n)
		}
		v := *w.settings.Values()
		v.StaffSearches = 60
		w.ok(w.settings.Change(w.ctx, w.clerk, v))
		clerk := w.clerk
		clerk.AccountID++
		limited := false
		for range 70 {
			if _, err := w.FindFamily(w.ctx, clerk, FindQuery{Typed: "maria"}); fault.Is(err, fault.Unavailable) {
				limited = true
			}
		}
		if !limited {
			w.t.Error("searches are not limited")
		}
		for _, a := range []access.Actor{{Kind: access.Visitor}, {Kind: access.Parent, AccountID: 1}, {Kind: access.Staff, AccountID: 2, Role: access.Auditor, Schools: access.Everywhere()}} {
			if _, err := w.FindFamily(w.ctx, a, FindQuery{Typed: "maria"}); !fault.Is(err, fault.Forbidden) {
				w.t.Errorf("%+v: %v", a, err)
			}
		}
	})
}

func TestAHostileTextFindsNobodyAndBreaksNothing(t *testing.T) {
	inTown(t, func(w *town) {
		w.schools()
		for _, typed := range []string{
			"'; drop table contact; --", "%", "_", "a\x00b", "\xff\xfe", strings.Repeat("a ", 5000), strings.Repeat("9", 5000), "\u202e", "<script>", "@@@@", "#2410",
			strings.Repeat("\u0301", 300), "１２３４５６７８９０１２",
		} {
			if _, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: typed}); err != nil {
				w.t.Errorf("%q: %v", typed, err)
			}
		}
		for _, after := range []string{"%%%", "aGVsbG8", gridKey{Entry: "smith", Sort: "x", ID: 1}.text(), gridKey{}.text()} {
			if _, err := w.FindFamily(w.ctx, w.clerk, FindQuery{Typed: "lopez", After: after}); !fault.Is(err, fault.Invalid) {
				w.t.Errorf("place %q: %v", after, err)
			}
		}
	})
}

func TestWhatIsFoundIsPagedByNameAndEachFamilyOnce(t *testing.T) {
	inTown(t, func(w *town) {
		var want []string
		for i := range 7 {
			kid := w.pupil(fmt.Sprintf("Sam%d", i), "Stone", fmt.Sprint(1000+i))
			twin := w.pupil(fmt.Sprintf("Samuel%d", i), "Stone", fmt.Sprint(2000+i))
			w.contact(fmt.Sprintf("Pat%d", i), "Stone", "", "mother", kid, twin)
			want = append(want, fmt.Sprintf("Pat%d", i))
		}
		for _, typed := range []string{"stone", "sam", "s", "stone pat"} {
			var got []string
			q := FindQuery{Typed: typed, Limit: 3}
			for {
				found, err := w.FindFamily(w.ctx, w.clerk, q)
				w.ok(err)
				if found.Total != 7 {
					w.t.Errorf("%q: %d in all", typed, found.Total)
				}
				for _, f := range found.Families {
					got = append(got, f.First)
				}
				if q.After = found.Next; q.After == "" {
					break
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				w.t.Errorf("%q: %s", typed, diff)
			}
		}
	})
}
