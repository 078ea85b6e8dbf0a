package family

import (
	"encoding/csv"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// person makes a line of student 1 with a contact.
func person(contact int64, first, last, email string, change ...func(*roster.FullLine)) roster.FullLine {
	l := roster.FullLine{
		Line:    roster.Line{ID: 100 + contact, StudentID: 1, ContactID: contact, Relationship: "mother", PortalAccess: roster.Unknown},
		Student: roster.Student{ID: 1, Status: roster.Enrolled},
		Contact: roster.Contact{ID: contact, First: first, Last: last, Email: email},
	}
	for _, c := range change {
		c(&l)
	}
	return l
}

func shut(l *roster.FullLine)       { l.Restricted = roster.Yes }
func barred(l *roster.FullLine)     { l.PortalAccess = roster.No }
func over(l *roster.FullLine)       { l.Ended = true }
func gone(l *roster.FullLine)       { l.Student.Status = roster.Withdrawn }
func ofStudent2(l *roster.FullLine) { l.StudentID, l.Student.ID = 2, 2 }

func preferred(first, last string) func(*roster.FullLine) {
	return func(l *roster.FullLine) { l.Contact.PreferredFirst, l.Contact.PreferredLast = first, last }
}

func TestOnlyOneOpenableContactWithTheNameTypedMatches(t *testing.T) {
	type lines = []roster.FullLine
	tests := []struct {
		name        string
		lines       lines
		first, last string
		want        Outcome
		contact     int64 // 0: nobody is named
	}{
		{"nobody has the ID Number", nil, "Maria", "Lopez", OutcomeUnknownID, 0},
		{"the one contact has the name", lines{person(1, "Maria", "Lopez", "m@x")}, "maria", "LÓPEZ", "", 1},
		{"another contact has another name", lines{person(1, "Maria", "Lopez", "m@x"), person(2, "Juan", "Lopez", "j@x")}, "Juan", "Lopez", "", 2},
		{"the preferred name is typed", lines{person(1, "Catherine", "Lee", "c@x", preferred("Kate", ""))}, "Kate", "Lee", "", 1},
		{"the preferred last name is typed", lines{person(1, "Catherine", "Lee", "c@x", preferred("", "Wong"))}, "Catherine", "Wong", "", 1},
		{"no form mixes first and last of different people", lines{person(1, "Maria", "Lopez", ""), person(2, "Juan", "Diaz", "")}, "Maria", "Diaz", OutcomeNameDiffers, 2},
		{"the first name differs", lines{person(1, "Maria", "Lopez", "m@x")}, "Marie", "Lopez", OutcomeNameDiffers, 1},
		{"the first name differs and two have the last name", lines{person(1, "Maria", "Lopez", ""), person(2, "Juan", "Lopez", "")}, "Pat", "Lopez", OutcomeNoNameMatch, 0},
		{"the first name differs and only one of two may open", lines{person(1, "Maria", "Lopez", ""), person(2, "Juan", "Lopez", "", shut)}, "Pat", "Lopez", OutcomeNameDiffers, 1},
		{"the first name differs and nobody may open", lines{person(1, "Maria", "Lopez", "", barred)}, "Pat", "Lopez", OutcomeNoNameMatch, 0},
		{"the last name differs", lines{person(1, "Maria", "Lopez", "m@x")}, "Maria", "Diaz", OutcomeNoNameMatch, 0},
		{"the name cannot be a name", lines{person(1, "Maria", "Lopez", "m@x")}, "Maria☺", "Lopez", OutcomeNoNameMatch, 0},
		{"two contacts have the name", lines{person(1, "Maria", "Lopez", "a@x"), person(2, "María", "López", "b@x")}, "Maria", "Lopez", OutcomeAmbiguous, 0},
		{"two students have the ID Number", lines{person(1, "Maria", "Lopez", "a@x"), person(2, "Maria", "Lopez", "b@x", ofStudent2)}, "Maria", "Lopez", OutcomeAmbiguous, 0},
		{"one contact stands with two students of the ID Number", lines{person(1, "Maria", "Lopez", "a@x"), person(1, "Maria", "Lopez", "a@x", ofStudent2)}, "Maria", "Lopez", "", 1},
		{"no suffix typed, father and grandfather", lines{person(1, "Robert", "Hall Jr", "a@x"), person(2, "Robert", "Hall Sr", "b@x")}, "Robert", "Hall", OutcomeAmbiguous, 0},
		{"the suffix tells father from grandfather", lines{person(1, "Robert", "Hall Jr", "a@x"), person(2, "Robert", "Hall Sr", "b@x")}, "Robert", "Hall Jr.", "", 1},
		{"the suffix does not tell who reads a shared mailbox", lines{person(1, "Robert", "Hall Jr", "a@x"), person(2, "Robert", "Hall Sr", "A@x")}, "Robert", "Hall Jr.", OutcomeAmbiguous, 1},
		{"a namesake may not sign in", lines{person(1, "Robert", "Hall", "a@x"), person(2, "Robert", "Hall", "b@x", barred)}, "Robert", "Hall", OutcomeAmbiguous, 0},
		{"a namesake's line is over", lines{person(1, "Robert", "Hall", "a@x"), person(2, "Robert", "Hall", "a@x", over)}, "Robert", "Hall", "", 1},
		{"restricted", lines{person(1, "Maria", "Lopez", "m@x", shut)}, "Maria", "Lopez", OutcomeRestricted, 1},
		{"restricted under an id that the roster has no more", lines{person(1, "Maria", "Lopez", "new@x"), person(2, "María", "Lopez", "old@x", shut, over)}, "Maria", "Lopez", OutcomeRestricted, 1},
		{"a namesake of another child was restricted", lines{person(1, "Maria", "Lopez", "new@x"), person(2, "María", "Lopez", "old@x", shut, over, ofStudent2)}, "Maria", "Lopez", "", 1},
		{"no portal access", lines{person(1, "Maria", "Lopez", "m@x", barred)}, "Maria", "Lopez", OutcomeMayNot, 1},
		{"the line is over", lines{person(1, "Maria", "Lopez", "m@x", over)}, "Maria", "Lopez", OutcomeMayNot, 1},
		{"the student is gone", lines{person(1, "Maria", "Lopez", "m@x", gone)}, "Maria", "Lopez", OutcomeStudentGone, 1},
	}
	rule := roster.Rule{Relationships: []string{"mother"}, Today: "2026-11-23"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := matchLines(rule, tt.lines, tt.first, tt.last)
			got := int64(0)
			if m.line != nil {
				got = m.line.ContactID
			}
			if m.outcome != tt.want || got != tt.contact {
				t.Errorf("outcome %q for contact %d, want %q for %d", m.outcome, got, tt.want, tt.contact)
			}
		})
	}
}

type namePair struct {
	n                                                  string
	recordedFirst, recordedLast, typedFirst, typedLast string
	match                                              bool
}

// namePairs reads the vectors of the name rule.
func namePairs(t *testing.T) []namePair {
	t.Helper()
	file, err := os.Open("../lang/testdata/name-match.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	escape := regexp.MustCompile(`\\u\{([0-9A-F]+)\}`)
	plain := func(s string) string {
		return escape.ReplaceAllStringFunc(s, func(e string) string {
			n, err := strconv.ParseInt(escape.FindStringSubmatch(e)[1], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return string(rune(n))
		})
	}
	var pairs []namePair
	for _, r := range rows[1:] {
		pairs = append(pairs, namePair{r[0], plain(r[1]), plain(r[2]), plain(r[3]), plain(r[4]), r[5] == "yes"})
	}
	return pairs
}

func TestChooseStudentOpensOnlyWhatIsTheSamePersons(t *testing.T) {
	type lines = []roster.FullLine
	own := []roster.Contact{{ID: 1, First: "Maria", Last: "Lopez", Email: "m@x"}}
	tests := []struct {
		name    string
		lines   lines
		want    Outcome
		contact int64
	}{
		{"nobody has the ID Number", nil, OutcomeUnknownID, 0},
		{"her own line", lines{person(1, "Maria", "Lopez", "m@x")}, "", 1},
		{"the school keeps her twice", lines{person(2, "MARÍA", "López", "M@x")}, "", 2},
		{"another address", lines{person(2, "Maria", "Lopez", "other@x")}, OutcomeAddressDiffers, 2},
		{"no address", lines{person(2, "Maria", "Lopez", "")}, OutcomeAddressDiffers, 2},
		{"another name", lines{person(2, "Juan", "Lopez", "m@x")}, OutcomeNoNameMatch, 0},
		{"her own line before her double", lines{person(2, "Maria", "Lopez", "m@x"), person(1, "Maria", "Lopez", "m@x")}, "", 1},
		{"two doubles", lines{person(2, "Maria", "Lopez", "m@x"), person(3, "Maria", "Lopez", "m@x")}, OutcomeAmbiguous, 0},
		{"a double with another suffix", lines{person(2, "Maria", "Lopez", "m@x"), person(3, "Maria", "Lopez II", "m@x")}, OutcomeAmbiguous, 0},
		{"restricted", lines{person(1, "Maria", "Lopez", "m@x", shut)}, OutcomeRestricted, 1},
		{"restricted in the other record", lines{person(1, "Maria", "Lopez", "m@x"), person(2, "Maria", "Lopez", "m@x", shut)}, OutcomeRestricted, 2},
		{"the mailbox of a restricted contact", lines{person(2, "Maria", "Lopez", "m@x"), person(3, "Juan", "Lopez", "m@x", shut)}, OutcomeRestrictedAddress, 2},
		{"the mailbox of a contact restricted for another student of the ID Number", lines{person(1, "Maria", "Lopez", "m@x"), person(3, "Juan", "Lopez", "m@x", shut, ofStudent2)}, "", 1},
		{"no portal access", lines{person(2, "Maria", "Lopez", "m@x", barred)}, OutcomeMayNot, 2},
		{"the student is gone", lines{person(1, "Maria", "Lopez", "m@x", gone)}, OutcomeStudentGone, 1},
	}
	rule := roster.Rule{Relationships: []string{"mother"}, Today: "2026-11-23"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			outcome, line := chooseStudent(rule, tt.lines, own)
			got := int64(0)
			if line != nil {
				got = line.ContactID
			}
			if outcome != tt.want || got != tt.contact {
				t.Errorf("outcome %q for contact %d, want %q for %d", outcome, got, tt.want, tt.contact)
			}
		})
	}
}

func TestEveryOutcomeAndDetailHasItsSentence(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range lang.Tags() {
		for _, o := range Outcomes() {
			if !catalog.Language(tag).Has("request.outcome." + string(o)) {
				t.Errorf("%s: no sentence for the outcome %q", tag, o)
			}
		}
		for _, detail := range Details() {
			if !catalog.Language(tag).Has("request.detail." + detail) {
				t.Errorf("%s: no sentence for the detail %q", tag, detail)
			}
		}
	}
}

func TestReferencesAreReadInAnyShape(t *testing.T) {
	tests := map[string]string{
		"K7M-4QD": "K7M-4QD", "k7m4qd": "K7M-4QD", " k7m 4qd ": "K7M-4QD", "K7M-4Q": "", "K7M-4QDD": "", "K7M-4QO": "", "": "",
	}
	for typed, want := range tests {
		if got := parseReference(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		ref, err := newReference()
		if err != nil || parseReference(ref) != ref || seen[ref] {
			t.Fatalf("reference %q, error %v, seen %v", ref, err, seen[ref])
		}
		seen[ref] = true
	}
}
