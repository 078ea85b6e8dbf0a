package lang

import (
	"encoding/csv"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// matches is the whole rule: what was typed against what is on record.
func matches(recordedFirst, recordedLast, typedFirst, typedLast string) bool {
	recorded, ok := RecordedKeys(recordedFirst, recordedLast)
	if !ok {
		return false
	}
	typed, ok := Keys(typedFirst, typedLast)
	if !ok {
		return false
	}
	return recorded.Match(typed) && typed.Match(recorded)
}

func TestREG4NamesMatchAsThePublishedCasesSay(t *testing.T) {
	file, err := os.Open("testdata/name-match.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 30 {
		t.Fatalf("only %d cases", len(rows))
	}
	for _, row := range rows[1:] {
		for i := 1; i <= 4; i++ {
			row[i] = unescape(t, row[i])
		}
		t.Run(row[0]+" "+row[6], func(t *testing.T) {
			if got, want := matches(row[1], row[2], row[3], row[4]), row[5] == "yes"; got != want {
				t.Errorf("recorded %q %q, typed %q %q: match %v, want %v (%s)", row[1], row[2], row[3], row[4], got, want, row[7])
			}
		})
	}
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	return regexp.MustCompile(`\\u\{[0-9A-Fa-f]+\}`).ReplaceAllStringFunc(s, func(m string) string {
		n, err := strconv.ParseUint(m[3:len(m)-1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		return string(rune(n))
	})
}

func TestREG4NamesMatchByLettersOrderAndField(t *testing.T) {
	tests := []struct {
		name                           string
		recFirst, recLast, first, last string
		want                           bool
	}{
		{"Cyrillic a in a Latin name", "Maria", "Lopez", "M\u0430ria", "Lopez", false},
		{"Cyrillic name in look-alike letters", "Anna", "Coop", "\u0410nna", "\u0421oo\u0440", false},
		{"Greek omicron", "Maria", "Lopez", "Maria", "L\u03bfpez", false},
		{"Greek capital letters that look Latin", "Anna", "Kapa", "Anna", "\u039a\u0391\u03a1\u0391", false},
		{"Latin alpha is another letter", "Maria", "Lopez", "M\u0251ria", "Lopez", false},
		{"small capital is another letter", "Maria", "Lopez", "\u1d0daria", "Lopez", false},
		{"digit one for l", "Maria", "Lopez", "Maria", "1opez", false},
		{"digit zero for o", "Maria", "Lopez", "Maria", "L0pez", false},
		{"rn for m", "Maria", "Lopez", "rnaria", "Lopez", false},
		{"Hangul filler does not vanish", "Maria", "Lopez", "Maria\u3164", "Lopez", false},
		{"prefix of the last name", "Maria", "Lopez", "Maria", "Lope", false},
		{"prefix of the first name", "Maria", "Lopez", "Mari", "Lopez", false},
		{"record is a prefix of what is typed", "Maria", "Lopez", "Maria", "Lopezz", false},
		{"first word of a compound last name", "Ana", "Garcia Lopez", "Ana", "Garcia", false},
		{"last word of a compound last name", "Ana", "Garcia Lopez", "Ana", "Lopez", false},
		{"words of a compound name swapped", "Ana", "Garcia Lopez", "Ana", "Lopez Garcia", false},
		{"only the last name", "Maria", "Lopez", "", "Lopez", false},
		{"only the first name", "Maria", "Lopez", "Maria", "", false},
		{"everything in the first field", "Maria", "Lopez", "Maria Lopez", "", false},
		{"everything in the last field", "Maria", "Lopez", "", "Maria Lopez", false},
		{"swapped letters", "Maria", "Lopez", "Mraia", "Lopez", false},
		{"doubled letter", "Maria", "Lopez", "Maria", "Loppez", false},
		{"z typed as s", "Maria", "Lopez", "Maria", "Lopes", false},
		{"nickname", "William", "Hall", "Bill", "Hall", false},
		{"wildcards", "Maria", "Lopez", "Maria", "Lop%", false},
		{"wildcard for one letter", "Maria", "Lopez", "Maria", "L_pez", false},
		{"nothing at all", "Maria", "Lopez", "", "", false},
		{"punctuation against a record of punctuation", ".", "-", "-", ".", false},
		{"placeholders on both sides", "FNU", "LNU", "fnu", "lnu", false},
		{"a placeholder does not stand for any name", "Maria", "Lopez", "FNU", "Lopez", false},

		{"capitals and no accents", "José", "Núñez", "JOSE", "NUNEZ", true},
		{"accents typed that the record lacks", "Jose", "Nunez", "José", "Núñez", true},
		{"Polish letters without decomposition", "Łukasz", "Wałęsa", "Lukasz", "Walesa", true},
		{"Icelandic letters", "Þór", "Guðmundsson", "Thor", "Gudmundsson", true},
		{"Turkish dotless i", "Işıl", "Yıldız", "Isil", "Yildiz", true},
		{"Turkish capital dotted i", "İpek", "Demir", "ipek", "demir", true},
		{"no-break and ideographic space", "Maria\u00a0Elena", "de\u3000la Cruz", "maria elena", "De La Cruz", true},
		{"spaces left out", "Maria Elena", "de la Cruz", "MariaElena", "delaCruz", true},
		{"full-width letters", "Maria", "Lopez", "Ｍａｒｉａ", "Ｌｏｐｅｚ", true},
		{"grave accent as apostrophe", "Sean", "O'Brien", "Sean", "O`Brien", true},
		{"zero-width space from a web page", "Maria", "Lopez", "\u200bMaria", "Lopez\ufeff", true},
		{"two suffixes that mean the same", "Robert", "Hall III", "Robert", "Hall, 3rd", true},
		{"junior in words", "Robert", "Hall Jr.", "Robert", "Hall junior", true},
		{"senior against junior", "Robert", "Hall senior", "Robert", "Hall Jr", false},
		{"second against third", "Robert", "Hall II", "Robert", "Hall III", false},
		{"a last name that is a suffix word", "Ken", "Ii", "Ken", "Ii", true},
		{"a last name that is a suffix word is needed", "Ken", "Ii", "Ken", "", false},
		{"suffix in the first name's field", "Robert", "Hall Jr", "Robert Jr", "Hall", false},
		{"suffix joined to the name", "Robert", "Hall Jr", "Robert", "HallJr", false},
		{"Cyrillic in lower case", "Мария", "Иванова", "мария", "ИВАНОВА", true},
		{"Cyrillic short i is a letter of its own", "Андрей", "Попов", "Андреи", "Попов", false},
		{"decomposed Cyrillic", "Андрей", "Попов", "Андреи\u0306", "Попов", true},
		{"Arabic vowel marks count", "مُحَمَّد", "علي", "محمد", "علي", false},
		{"Devanagari vowel signs count", "मीना", "शर्मा", "मना", "शर्मा", false},
		{"Devanagari as recorded", "मीना", "शर्मा", "मीना", "शर्मा", true},
		{"Cherokee in small letters", "ᎠᏂ", "ᏩᏯ", "ꭰꮒ", "ꮹꮿ", true},
		{"Chinese as recorded", "小明", "王", "小明", "王", true},

		{"control character typed", "Maria", "Lopez", "Maria", "Lopez\u0007", false},
		{"line break typed", "Maria", "Lopez", "Maria\r\nBcc: x", "Lopez", false},
		{"symbol typed", "Maria", "Lopez", "Maria+", "Lopez", false},
		{"unassigned code point typed", "Maria", "Lopez", "Maria\u0378", "Lopez", false},
		{"private use typed", "Maria", "Lopez", "Maria\ue000", "Lopez", false},
		{"broken UTF-8 typed", "Maria", "Lopez", "Maria\xff", "Lopez", false},
		{"128 characters", strings.Repeat("ñ", 128), "Lopez", strings.Repeat("n", 128), "Lopez", true},
		{"129 characters", strings.Repeat("n", 129), "Lopez", strings.Repeat("n", 129), "Lopez", false},
		{"phrases in one character", "Maria", strings.Repeat("\ufdfa", 128), "Maria", strings.Repeat("\ufdfa", 128), false},
		{"blanks beyond the limit", "Maria", "Lopez", "Maria" + strings.Repeat(" ", 128), "Lopez", false},

		{"emoji and control characters on record", "Maria \U0001F600", "Lopez\u0000", "Maria", "Lopez", true},
		{"spacing accent on record", "Maria", "Lopez \u00a8", "Maria", "Lopez", true},
		{"a letter lost on record", "Maria", "N\ufffdnez", "Maria", "Nnez", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matches(tt.recFirst, tt.recLast, tt.first, tt.last); got != tt.want {
				r, _ := RecordedKeys(tt.recFirst, tt.recLast)
				k, _ := Keys(tt.first, tt.last)
				t.Errorf("match %v, want %v: recorded %+q, typed %+q", got, tt.want, r, k)
			}
		})
	}
}

func TestREG4KeysTakeTheSuffixOff(t *testing.T) {
	tests := []struct {
		last string
		want NameKeys
	}{
		{"Hall", NameKeys{"robert", "hall", ""}},
		{"Hall Jr.", NameKeys{"robert", "hall", "jr"}},
		{"HALL SENIOR", NameKeys{"robert", "hall", "sr"}},
		{"Hall 2nd", NameKeys{"robert", "hall", "ii"}},
		{"Hall-Ruiz, 4th", NameKeys{"robert", "hallruiz", "iv"}},
		{"Hall Ⅲ", NameKeys{"robert", "hall", "iii"}},
		{"Hall III Jr", NameKeys{"robert", "halliii", "jr"}},
		{"Junior", NameKeys{"robert", "junior", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.last, func(t *testing.T) {
			got, ok := Keys("Robert", tt.last)
			if !ok {
				t.Fatal("not ok")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestREG4ValuesThatNeverMatchAreNotOk(t *testing.T) {
	if (NameKeys{}).Match(NameKeys{}) {
		t.Error("empty keys match")
	}
	for _, name := range [][2]string{{"", ""}, {"???", "!"}, {"FNU", "LNU"}, {"Maria\x00", "Lopez"}, {"Maria", "Lopez \u2665"}} {
		if k, ok := Keys(name[0], name[1]); ok {
			t.Errorf("Keys(%q, %q) = %+q, want not ok", name[0], name[1], k)
		}
	}
}
