package letter_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"os"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/letter"
)

var made = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

func one(parent, child string) letter.Letter {
	return letter.Letter{
		Language: "en", Sender: []string{"Morgan High", "555-0100", "Monday to Friday, 8 to 4"}, Date: "November 23, 2026",
		To: []string{parent}, Subject: "Your login for the Parent Portal",
		Body:  "Dear " + parent + ",\n\nthis is how you get in:\n\n1. Open the address below.\n2. Choose \"Click here to create a new account\".\n3. Type what stands in the box, exactly so.",
		Facts: []letter.Fact{{"Your name", parent}, {"Child", child}, {"Child's ID Number", "204117"}}, Address: "https://portal.school.example/parent/register",
	}
}

func all(letters ...letter.Letter) iter.Seq2[letter.Letter, error] {
	return func(yield func(letter.Letter, error) bool) {
		for _, l := range letters {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func press(t testing.TB) *letter.Press {
	t.Helper()
	p, err := letter.New(letter.USLetter)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEachLetterHasItsPageWithNamesAsRecordedAndTheAddress(t *testing.T) {
	var b bytes.Buffer
	n, err := press(t).Write(&b, "Letters", made, all(one("María-José O’Neil", "Ana Łukasz"), one("Dragiša Đorđević", "Zoë")))
	if err != nil || n != 2 {
		t.Fatal(n, err)
	}
	if _, err := exec.LookPath("pdftotext"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("pdftotext is not here")
	}
	path := filepath.Join(t.TempDir(), "letters.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	if len(pages) != 2 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, want := range []string{"María-José O’Neil|Ana Łukasz|204117|https://portal.school.example/parent/register|3.", "Dragiša Đorđević|Zoë"} {
		for part := range strings.SplitSeq(want, "|") {
			if !strings.Contains(pages[i], part) {
				t.Errorf("page %d lacks %q:\n%s", i+1, part, pages[i])
			}
		}
	}
}

func TestWhatTheTypefaceLacksIsToldBeforehand(t *testing.T) {
	p := press(t)
	for name, printable := range map[string]bool{"María Łukasz": true, "Юлия": true, "Ελένη": true, "李": false, "عمر": false, "देवी": false} {
		if got := p.Printable(one(name, "Ana")); got != printable {
			t.Errorf("%s: printable %v", name, got)
		}
	}
	if n, err := p.Write(io.Discard, "", made, all(one("Ana", "Ana"), one("李", "Ana"))); n != 1 || !fault.Is(err, fault.Invalid) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAnErrorOfTheSequenceEndsTheLetters(t *testing.T) {
	broken := errors.New("the database is away")
	_, err := press(t).Write(io.Discard, "", made, func(yield func(letter.Letter, error) bool) { yield(letter.Letter{}, broken) })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func BenchmarkThousandLetters(b *testing.B) {
	p := press(b)
	b.ReportAllocs()
	for b.Loop() {
		n, err := p.Write(io.Discard, "Letters", made, func(yield func(letter.Letter, error) bool) {
			for i := range 1000 {
				if !yield(one(fmt.Sprintf("Maria Lopez %d", i), "Ana"), nil) {
					return
				}
			}
		})
		if err != nil || n != 1000 {
			b.Fatal(n, err)
		}
	}
}
