package account

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func check(t testing.TB, min int, password string, words ...string) string {
	t.Helper()
	common, err := loadCommon()
	if err != nil {
		t.Fatal(err)
	}
	p := policy{min: min, words: words, common: common}.check(norm.NFC.String(password))
	if p == nil {
		return ""
	}
	return p.Key
}

func TestPWD1LengthIsCountedInCodePointsAfterNormalising(t *testing.T) {
	text := []rune(strings.Repeat("kx wü7rzq-mb4t", 12))
	for _, c := range []struct {
		name     string
		min      int
		password string
		want     string
	}{
		{"14 code points", 15, string(text[:14]), "problem.password_short"},
		{"15 code points", 15, string(text[:15]), ""},
		{"64 code points", 15, string(text[:64]), ""},
		{"128 code points", 15, string(text[:128]), ""},
		{"129 code points", 15, string(text[:129]), "problem.password_long"},
		{"14 with an emoji", 15, "🦊" + string(text[:13]), "problem.password_short"},
		{"15 with an emoji", 15, "🦊" + string(text[:14]), ""},
		{"15 of which one is combining: 14 when normalised", 15, string(text[:13]) + "u\u0308", "problem.password_short"},
		{"7 for a student", 8, string(text[:7]), "problem.password_short"},
		{"8 for a student", 8, string(text[:8]), ""},
		{"none", 8, "", "problem.empty"},
	} {
		if got := check(t, c.min, c.password); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPWD2ThereAreNoRulesOfComposition(t *testing.T) {
	for _, p := range []string{
		"aaaaaaaaaaaaaaaaab", "zqjvkwyxlpmnbtg", "nothing but small letters", "91736482950173648", "ÑANDÚ CORRE POR LA PAMPA", "        a        b",
		"!!??!!??!!??!!!?x",
	} {
		if got := check(t, 15, p); got != "" {
			t.Errorf("%q: %s", p, got)
		}
	}
}

func TestPWD3TheWholePasswordIsCompared(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		long := strings.Repeat("kx w7rzq-", 9)[:72]
		id := w.active(access.Parent, "maria")
		set := func(password string) {
			t.Helper()
			hash, err := w.Hash(t.Context(), "password", password, 15, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.write(func(tx *sqldb.Tx) error { return w.SetHash(t.Context(), tx, id, hash) })
		}
		set(long + "A é")
		for password, want := range map[string]bool{
			long + "A é": true, long + "A e\u0301": true, long + "B é": false, long + "a é": false, long: false, long + "A é ": false, " " + long + "A é": false,
		} {
			w.clock.add(time.Hour) // past the delay of the wrong ones
			if _, err := w.signIn("maria", password); (err == nil) != want {
				t.Errorf("%q: got %v, want it accepted: %v", password[70:], err, want)
			}
		}
	})
}

func TestPWD4CommonPasswordsAndTheOwnWordsAreRefusedAsAWhole(t *testing.T) {
	for _, c := range []struct {
		password, want string
		words          []string
	}{
		{"password", "problem.password_words", nil},
		{"Passw0rd", "problem.password_common", nil},
		{"iloveyou1234567", "problem.password_common", nil},
		{"!!sunshine2024!!", "problem.password_common", nil},
		{"trustno1trustno1", "problem.password_common", nil},
		{"aaaaaaaaaaaaaaa", "problem.password_common", nil},
		{"123456789012345", "problem.password_common", nil},
		{"987654321098765", "problem.password_common", nil},
		{"abcabcabcabcabc", "problem.password_common", nil},
		{"abcdefghijklmnop", "problem.password_common", nil},
		{"qwertyuiopasdfgh", "problem.password_common", nil},
		{"schoolgate2024!", "problem.password_words", nil},
		{"parent123456789", "problem.password_words", nil},
		{"ParentParent2024", "problem.password_words", nil},
		{"school portal password", "problem.password_words", nil},
		{"Contraseña123456", "problem.password_words", nil},
		{"morganhighschool", "problem.password_words", []string{"Morgan High"}},
		{"María López-Ruiz 1", "problem.password_words", []string{"María", "López-Ruiz"}},
		{"ada@school.example", "problem.password_words", []string{"ada@school.example"}},
		{"00-4711-0815-99", "problem.password_words", []string{"004711081599"}},
		{"María likes long walks", "", []string{"María"}},
		{"correct-horse-battery", "", nil},
	} {
		if got := check(t, 8, c.password, c.words...); got != c.want {
			t.Errorf("%q: got %q, want %q", c.password, got, c.want)
		}
	}
}

func TestPWD4TheListHoldsThreeThousandThatWouldConform(t *testing.T) {
	common, err := loadCommon()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(common), "\n"), "\n")
	conforming := 0
	for i, line := range lines {
		if i > 0 && line <= lines[i-1] {
			t.Fatalf("not sorted: %q after %q", line, lines[i-1])
		}
		if !common.has(line) || common.has(line+"\x00") {
			t.Fatalf("%q is not found", line)
		}
		if utf8.RuneCountInString(line) >= 8 {
			conforming++
			if !(policy{min: 8, common: common}).isCommon(line) {
				t.Errorf("%q is accepted", line)
			}
		}
	}
	if conforming < 3000 || common.has("") || common.has("violet-ladder-museum") {
		t.Errorf("%d conforming", conforming)
	}
}

func TestPWD6AHashIsArgon2idAndAPlantedOneIsRefusedBeforeItCosts(t *testing.T) {
	h := NewHasher(DefaultParams(), 1)
	defer h.Close()
	stored := h.make([]byte("secret"), "key")
	p, err := parsePHC(stored)
	if err != nil || p.params != (Params{19 * 1024, 2}) || p.threads != 1 || len(p.salt) != 16 || len(p.sum) != 32 || p.keyID != "key" {
		t.Errorf("%s: %+v, %v", stored, p, err)
	}
	if !h.verify([]byte("secret"), p) || h.verify([]byte("Secret"), p) || h.verify([]byte("secret"), h.dummy()) {
		t.Error("verified the wrong secret, or not the right one")
	}
	sum := strings.SplitAfter(stored, "keyid=key")[1]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, planted := range []string{
		"$argon2id$v=19$m=4194304,t=2,p=1,keyid=key" + sum, "$argon2id$v=19$m=262145,t=2,p=1,keyid=key" + sum,
		"$argon2id$v=19$m=19456,t=17,p=1,keyid=key" + sum, "$argon2id$v=19$m=19456,t=2,p=5,keyid=key" + sum,
		"$argon2id$v=19$m=19456,t=0,p=1,keyid=key" + sum, "$argon2id$v=19$m=0,t=2,p=1,keyid=key" + sum, "$argon2id$v=19$keyid=key" + sum,
		"$argon2id$v=16$m=19456,t=2,p=1,keyid=key" + sum, "$argon2i$v=19$m=19456,t=2,p=1,keyid=key" + sum,
		"$argon2id$v=19$m=99999999999,t=2,p=1,keyid=key" + sum, "$argon2id$v=19$m=-1,t=2,p=1" + sum, "", "password",
		strings.Repeat("$", 9), stored + strings.Repeat("A", 600),
	} {
		if _, err := parsePHC(planted); err == nil {
			t.Errorf("accepted %s", planted)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("refusing allocated %d bytes", n)
	}
}

func TestPWD7WithoutTheKeyNobodySignsIn(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		var err error
		if w.keys, err = NewKeys([]byte(strings.Repeat("z", 32))); err != nil {
			t.Fatal(err)
		}
		w.refused(w.signIn("maria", good))
		if _, err := NewKeys([]byte("short")); !fault.Is(err, fault.Invalid) {
			t.Errorf("a short key: %v", err)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", w.keys, w.keys, w.keys, w.keys); strings.Contains(text, "{") {
			t.Errorf("keys print as %q", text)
		}
	})
}

func TestPWD8ChangingThePasswordNeedsTheCurrentOneAndEndsTheOtherSessions(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		one, two := w.must(w.signIn("maria", good)), w.must(w.signIn("maria", good))
		w.people.heard()
		for _, c := range []struct{ current, password, want string }{
			{other, other, "current_password problem.password_wrong"},
			{"", "short", "current_password problem.password_wrong, new_password problem.password_short"},
			{good, "short", "new_password problem.password_short"},
			{good, good, "new_password problem.password_same"},
		} {
			_, err := w.ChangePassword(t.Context(), one.Session, Client{}, c.current, c.password)
			if got := problems(err); got != c.want {
				t.Errorf("%q, %q: got %v", c.current, c.password, err)
			}
		}
		in := w.must(w.ChangePassword(t.Context(), one.Session, Client{}, good, other))
		if w.open(one.Token) || w.open(two.Token) || !w.open(in.Token) {
			t.Error("not exactly the new session is open")
		}
		if _, err := w.ChangePassword(t.Context(), two.Session, Client{}, other, "something else entirely"); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("from a session that has ended: %v", err)
		}
		w.refused(w.signIn("maria", good))
		w.must(w.signIn("maria", other))
		if told := w.people.heard(); len(told) == 0 || told[0] != PasswordChanged {
			t.Errorf("told of %v", told)
		}
	})
}

func TestPWD8TheCurrentPasswordCannotBeGuessedInASession(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		in := w.must(w.signIn("maria", good))
		for range 5 {
			_, err := w.ChangePassword(t.Context(), in.Session, Client{}, "wrong", other)
			if problems(err) == "" {
				t.Fatal(err)
			}
		}
		if _, err := w.ChangePassword(t.Context(), in.Session, Client{}, good, other); problems(err) != "current_password problem.password_wrong" {
			t.Errorf("got %v while delayed", err)
		}
		w.must(w.signIn("maria", good)) // the page's counter is its own
	})
}

func TestChangingTheUsernameKeepsThisSessionAlone(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.active(access.Parent, "maria")
		w.active(access.Parent, "taken")
		one, two := w.must(w.signIn("maria", good)), w.must(w.signIn("maria", good))
		w.people.heard()
		for _, c := range []struct{ current, username, want string }{
			{other, "taken", "current_password problem.password_wrong"},
			{good, "taken", "username problem.username_taken"},
			{good, "x", "username problem.username_length"},
		} {
			if got := problems(w.ChangeUsername(t.Context(), one.Session, Client{}, c.current, c.username)); got != c.want {
				t.Errorf("%q: got %q, want %q", c.username, got, c.want)
			}
		}
		if err := w.ChangeUsername(t.Context(), one.Session, Client{}, good, "Maria.Ruiz"); err != nil {
			t.Fatal(err)
		}
		s, err := w.Session(t.Context(), access.Parent, one.Token)
		if err != nil || s.Username != "Maria.Ruiz" || w.open(two.Token) {
			t.Errorf("got %+v, %v", s, err)
		}
		w.refused(w.signIn("maria", good))
		w.must(w.signIn("maria.ruiz", good))
		if diff := cmp.Diff([]Notice{UsernameChanged, NewDevice}, w.people.heard()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUsernamesAreComparedByPRECIS(t *testing.T) {
	for username, want := range map[string]string{
		"Maria": "maria", " maria ": "maria", "MARÍA": "maría", "mari\u0301a": "maría", "ada@school.example": "ada@school.example", "Ｍaria": "maria",
		"ab": "", "": "", "a b c": "", "tab\tname": "", strings.Repeat("x", 64): strings.Repeat("x", 64), strings.Repeat("x", 65): "",
		strings.Repeat("x", 1<<20): "", "a\x00bc": "", "\u202eabc": "",
	} {
		key, err := CheckUsername(username)
		if key != want || (err != nil) != (want == "") || err != nil && !strings.HasPrefix(problems(err), "username ") {
			t.Errorf("%.20q: got %q, %v; want %q", username, key, err, want)
		}
	}
}

func TestAPassphraseIsFourWordsThatThePolicyTakes(t *testing.T) {
	for _, language := range []string{"en", "es"} {
		rapid.Check(t, func(t *rapid.T) {
			p, err := Passphrase(language)
			if err != nil || strings.Count(p, "-") != 3 || utf8.RuneCountInString(p) < 15 {
				t.Fatalf("%q, %v", p, err)
			}
		})
		p, _ := Passphrase(language)
		if got := check(t, 15, p); got != "" {
			t.Errorf("%q: %s", p, got)
		}
	}
	for language, list := range map[string]string{"en": englishWords, "es": spanishWords} {
		if n := len(strings.Fields(list)); n < 1000 {
			t.Errorf("%s: %d words", language, n)
		}
	}
	if _, err := Passphrase("xx"); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown language: %v", err)
	}
}

func TestStaffAreMadeWithGoodFieldsOnly(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		system := access.Actor{Kind: access.System}
		ada := NewStaff{Username: "office", Name: "Ada Office", Email: "ada@school.example", Role: access.Administrator, Schools: access.Everywhere(), Password: good}
		if _, err := w.CreateStaff(t.Context(), access.Actor{Kind: access.Parent, AccountID: 1}, ada); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a parent made staff: %v", err)
		}
		_, err := w.CreateStaff(t.Context(), system, NewStaff{Username: "x", Email: "nobody", Role: "janitor", Password: "short"})
		want := "email problem.email_invalid, name problem.empty, password problem.password_short, role problem.choose, schools problem.choose_school, username problem.username_length"
		if got := problems(err); got != want {
			t.Errorf("got %q", got)
		}
		if id, err := w.CreateStaff(t.Context(), system, ada); err != nil || id == 0 {
			t.Fatal(err)
		}
		if _, err := w.CreateStaff(t.Context(), system, ada); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same again: %v", err)
		}
		in, err := w.SignIn(t.Context(), Attempt{Kind: access.Staff, Username: "OFFICE", Password: good, Keep: true})
		if err != nil || in.Session.Role != access.Administrator || in.Session.Name != "Ada Office" || in.Session.Keep {
			t.Errorf("got %+v, %v", in.Session, err)
		}
		if diff := cmp.Diff([]string{"staff.created ok", "staff.sign_in ok"}, w.events()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAClosedHasherSaysSo(t *testing.T) {
	h := NewHasher(cheap, 1)
	h.Close()
	h.Close()
	turn, err := h.enter(t.Context(), known, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := turn.do(func() {}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}
