package lang

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPeopleSortAsAReaderExpects(t *testing.T) {
	want := [][3]string{
		{"", "Suharto", ""},
		{"3rd", "Ann", ""},
		{"Ærø", "Bo", ""},
		{"Alvarez", "Zoe", ""},
		{"Álvarez Ruiz", "Ana", ""},
		{"de la Cruz", "Ana", ""},
		{"Delacruz", "Ana", ""},
		{"LOPEZ", "Ana", ""},
		{"López", "Ana", "María"},
		{"Lopez", "Ana Maria", ""},
		{"Lopez", "Zoe", ""},
		{"Lopez-Diaz", "Ana", ""},
		{"Lopez Ruiz", "Ana", ""},
		{"Lopezana", "Ana", ""},
		{"O'Brien", "Sean", ""},
		{"Obst", "Ana", ""},
		{"Øster", "Ana", ""},
		{"Zúñiga", "Ana", ""},
		{"Иванова", "Анна", ""},
		{"王", "小明", ""},
	}
	byKey := func(a, b [3]string) int { return strings.Compare(SortKey(a[0], a[1], a[2]), SortKey(b[0], b[1], b[2])) }
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortStableFunc(got, byKey)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEqualNamesHaveEqualSortKeys(t *testing.T) {
	if a, b := SortKey("López-Ruiz", "José", " "), SortKey("LOPEZ RUIZ", "jose", ""); a != b {
		t.Errorf("%q and %q", a, b)
	}
}

func TestALastNameIsFoundByAnyOfItsWords(t *testing.T) {
	tests := []struct {
		last string
		want []string
	}{
		{"López Ruiz", []string{"lopez ruiz", "ruiz"}},
		{"O'Brien", []string{"obrien"}},
		{"O’Brien", []string{"obrien"}},
		{"Garcia-Lopez", []string{"garcia lopez", "lopez"}},
		{"de la Cruz", []string{"de la cruz", "la cruz", "cruz"}},
		{"a b c d e f g h", []string{"a b c d e f g h", "b c d e f g h", "c d e f g h", "d e f g h", "e f g h", "f g h"}},
		{"Ka\u02bbiulani", []string{"kaiulani"}},
		{"Hall, Jr.", []string{"hall jr", "jr"}},
		{"田中", []string{"田中"}},
		{"", []string{}},
		{" - ", []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.last, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, SearchEntries(tt.last)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsTypedIntoASearchBoxFindsTheName(t *testing.T) {
	tests := []struct {
		typed, last string
		want        bool
	}{
		{"lop", "López Ruiz", true},
		{" LÓP", "Lopez", true},
		{"ruiz", "López Ruiz", true},
		{"lopez r", "López-Ruiz", true},
		{"garcía-l", "Garcia Lopez", true},
		{"o'b", "O’Brien", true},
		{"ob", "O'Brien", true},
		{"wei\u00df", "Weiss", true},
		{"cruz", "de la Cruz", true},
		{"opez", "Lopez", false},
		{"lopez ruiz x", "Lopez Ruiz", false},
		{"%", "Lopez", false},
		{"\u0438\u0432", "Иванова", true},
	}
	for _, tt := range tests {
		t.Run(tt.typed+" for "+tt.last, func(t *testing.T) {
			key := SearchKey(tt.typed)
			found := slices.ContainsFunc(SearchEntries(tt.last), func(e string) bool {
				return key != "" && e >= key && e < PrefixEnd(key)
			})
			if found != tt.want {
				t.Errorf("key %q, entries %q: found %v, want %v", key, SearchEntries(tt.last), found, tt.want)
			}
		})
	}
}

func TestLettersOfTheAlphabet(t *testing.T) {
	tests := map[string]string{
		"Lopez": "L", "ángel": "A", "Æsir": "A", "Øster": "O", "O'Brien": "O", "'t Hooft": "T", "de la Cruz": "D", "ﬁnch": "F",
		"Þór": "T", "": "#", "3rd": "#", "Иванова": "#", "田中": "#", "\u0251lpha": "#", "...": "#",
	}
	for last, want := range tests {
		if got := Letter(last); got != want {
			t.Errorf("Letter(%q) = %q, want %q", last, got, want)
		}
	}
}

func TestIDNumbersCompareWithoutSpacesAndHyphens(t *testing.T) {
	tests := map[string]string{
		"204117": "204117", " 204-117 ": "204117", "204\u2011117": "204117", "204\u2013117": "204117", "204\u2212117": "204117",
		"００４２": "0042", "0042": "0042", "a-17b": "a17b", "A17B": "a17b", "20\u200b4117": "204117", "20\t4117\n": "204117",
		"204\u00a0117": "204117", "S.12/3": "s.12/3", "": "", "--": "", "204\x00117": "", "204\xff": "", "ñ1": "ñ1",
		strings.Repeat("1", 513): "",
	}
	for in, want := range tests {
		if got := IDKey(in); got != want {
			t.Errorf("IDKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMailboxesCompareInLowerCaseAndNothingElse(t *testing.T) {
	tests := map[string]string{
		" Maria.Lopez@Example.ORG ": "maria.lopez@example.org", "maria+school@example.org": "maria+school@example.org",
		"MARIALOPEZ@example.org": "marialopez@example.org", "JOSE\u0301@example.org": "jos\u00e9@example.org",
		"a@b\r\nBcc: c@d": "", "a\x00@b": "", "\u200ba@b.example": "a@b.example",
	}
	for in, want := range tests {
		if got := EmailKey(in); got != want {
			t.Errorf("EmailKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAHostileNameIsReadInPart(t *testing.T) {
	for _, s := range []string{strings.Repeat("a ", 1<<16), strings.Repeat("\ufdfa", 1<<16), strings.Repeat("ab-", 1<<16)} {
		if n := len(Words(s)); n > 8*wordsLimit {
			t.Errorf("%.10q...: %d words", s, n)
		}
		for _, e := range append(SearchEntries(s), SearchKey(s), SortKey(s, "", "")) {
			if len(e) > keyLimit+1 {
				t.Errorf("%.10q...: a key of %d bytes", s, len(e))
			}
		}
	}
}

func TestWordsOfAName(t *testing.T) {
	if diff := cmp.Diff([]string{"maria", "elena", "obrien", "garcia", "3rd"}, Words("María-Elena O'Brien (García) 3rd")); diff != "" {
		t.Error(diff)
	}
}
