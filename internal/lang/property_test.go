package lang

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// anyName draws names from letters of several scripts with marks, apostrophes, hyphens, invisible and odd characters among them.
func anyName() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-zÀ-ÿĀ-ſ'’ .-]{0,12}( (Jr|Sr|III|2nd))?`),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.L, unicode.M, unicode.N, unicode.Zs, unicode.P), 0, 16, -1),
		rapid.StringOfN(rapid.RuneFrom([]rune("aábßñøæijIİı'ʼŉ-. \u0301\u0327\u0345\u200b\u00adカガﾞЙйё한ㄱ")), 0, 12, -1),
		rapid.String(),
	)
}

// latinName draws what is typed on a Latin keyboard.
func latinName() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-z]{1,8}([ '-][A-Za-z]{1,8})?`)
}

func TestREG4KeysOfKeysAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, ok := Keys(anyName().Draw(t, "first"), anyName().Draw(t, "last"))
		if !ok || !typeable(k.First) || !typeable(k.Last) {
			return
		}
		again, ok := Keys(k.First, k.Last)
		k.Suffix = ""
		if !ok || again != k {
			t.Fatalf("%+q became %+q (%v)", k, again, ok)
		}
	})
}

func TestREG4MatchIsSymmetricAndANameMatchesItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, aok := Keys(anyName().Draw(t, "first"), anyName().Draw(t, "last"))
		b, bok := Keys(anyName().Draw(t, "other first"), anyName().Draw(t, "other last"))
		if aok && !a.Match(a) {
			t.Fatalf("%+q does not match itself", a)
		}
		if aok && bok && a.Match(b) != b.Match(a) {
			t.Fatalf("%+q and %+q match one way only", a, b)
		}
	})
}

func TestREG4WhatOneCanTypeIsReadAlikeOnRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, last := anyName().Draw(t, "first"), anyName().Draw(t, "last")
		typed, ok := Keys(first, last)
		if !ok {
			return
		}
		if recorded, ok := RecordedKeys(first, last); !ok || recorded != typed {
			t.Fatalf("typed %+q, recorded %+q (%v)", typed, recorded, ok)
		}
	})
}

func TestREG4CaseAccentsAndSpacesDoNotMatter(t *testing.T) {
	marks := []string{"", "\u0301", "\u0300", "\u0308", "\u0327", "\u0303"}
	between := []string{"", " ", "\u00a0", "'", "\u2019", "-", ".", "\u200b"}
	rapid.Check(t, func(t *rapid.T) {
		first := latinName().Draw(t, "first")
		var b strings.Builder
		for _, r := range first {
			if rapid.Bool().Draw(t, "upper") {
				r = unicode.ToUpper(r)
			} else {
				r = unicode.ToLower(r)
			}
			b.WriteRune(r)
			if unicode.IsLetter(r) {
				b.WriteString(rapid.SampledFrom(marks).Draw(t, "mark"))
			}
			b.WriteString(rapid.SampledFrom(between).Draw(t, "between"))
		}
		varied := b.String()
		if rapid.Bool().Draw(t, "composed") {
			varied = norm.NFC.String(varied)
		}
		if !matches(first, "Lopez", varied, " LÓPEZ ") {
			t.Fatalf("%q does not match %q", first, varied)
		}
	})
}

func TestREG4OneChangedLetterNeverMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := rapid.StringMatching(`[a-z]{2,10}`).Draw(t, "last")
		i := rapid.IntRange(0, len(last)-1).Draw(t, "at")
		c := rapid.StringMatching(`[a-z0-9]?`).Draw(t, "letter")
		if typo := last[:i] + c + last[i+1:]; typo != last && matches("x", last, "x", typo) {
			t.Fatalf("%q matches %q", last, typo)
		}
	})
}

func TestKeysAreStorableAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := rapid.String().Draw(t, "a"), anyName().Draw(t, "b"), anyName().Draw(t, "c")
		b += strings.Repeat(b, rapid.IntRange(0, 40).Draw(t, "times"))
		keys := append(SearchEntries(b), SortKey(a, b, c), SearchKey(a), IDKey(a), IDKey(b), EmailKey(a), Letter(b))
		if k, ok := RecordedKeys(b, c); ok {
			keys = append(keys, k.First, k.Last)
		}
		for _, k := range keys {
			if !utf8.ValidString(k) || strings.ContainsFunc(k, unicode.IsControl) || len(k) > nameKeyLimit {
				t.Fatalf("not storable: %+q", k)
			}
		}
		for _, k := range []string{SearchKey(a), SearchKey(b)} {
			if again := SearchKey(k); again != k {
				t.Fatalf("search key %+q became %+q", k, again)
			}
		}
		for _, k := range []string{IDKey(a), IDKey(b)} {
			if again := IDKey(k); again != k {
				t.Fatalf("ID key %+q became %+q", k, again)
			}
		}
		if k := EmailKey(b); EmailKey(k) != k {
			t.Fatalf("mailbox key %+q became %+q", k, EmailKey(k))
		}
	})
}

func TestEveryNameIsFoundByItsEntriesAndTheirPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := anyName().Draw(t, "last")
		entries := SearchEntries(last)
		if len(entries) > entryLimit {
			t.Fatalf("%d entries", len(entries))
		}
		if len(entries) > 0 && entries[0] != SearchKey(last) {
			t.Fatalf("typed in full, %q is %q and not %q", last, SearchKey(last), entries[0])
		}
		for _, e := range entries {
			cutAt := rapid.IntRange(1, utf8.RuneCountInString(e)).Draw(t, "cut")
			key := string([]rune(e)[:cutAt])
			if e < key || e >= PrefixEnd(key) {
				t.Fatalf("%+q is outside the range of %+q", e, key)
			}
		}
	})
}

func TestLetterAgreesWithSortKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := anyName().Draw(t, "last")
		key, letter := SortKey(last, "Maria", ""), Letter(last)
		inAlphabet := key >= "a" && key < "{"
		if inAlphabet != (letter != "#") || inAlphabet && strings.ToUpper(key[:1]) != letter {
			t.Fatalf("%q has letter %s and sort key %+q", last, letter, key)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("Maria", "Lopez-Ruiz Jr.")
	f.Add("M\u0430ria", "O\u02bcBrien\x00")
	f.Fuzz(func(t *testing.T, first, last string) {
		k, ok := Keys(first, last)
		if ok && (!k.Match(k) || !utf8.ValidString(k.First+k.Last)) {
			t.Errorf("%q %q has the keys %+q", first, last, k)
		}
		if !utf8.ValidString(SortKey(last, first, "") + SearchKey(last) + IDKey(first) + EmailKey(last)) {
			t.Errorf("%q %q has a key that cannot be stored", first, last)
		}
	})
}
