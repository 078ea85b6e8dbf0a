package lang

import (
	"slices"
	"strings"
)

const (
	// keyLimit bounds one name's part of a search or sort key, in bytes, so that index rows stay small on both databases.
	keyLimit = 240
	// entryLimit bounds how many words of one last name can be searched for.
	entryLimit = 6
	// wordsLimit bounds how much of a text is looked at, in bytes: much more than any name, little for a hostile one.
	wordsLimit = 1024
)

// Words returns the folded words of a name, in order. Apostrophes vanish ("O'Brien" is one word); everything else that is neither
// letter nor digit separates words. It looks at the first 1,024 bytes.
func Words(s string) []string {
	return split(fold(strings.Map(blankSymbol, cut(s, wordsLimit))), false)
}

// SortKey returns the key by which people stand in a list, for comparison byte by byte (collation C): by last, then first, then
// middle name, word for word, so that "Lopez Ana" stands before "Lopez Ruiz". Case and accents of Latin letters do not count;
// digits come before A, other scripts after Z. Equal names have equal keys: order by something unique after it.
func SortKey(last, first, middle string) string {
	// A blank, which ends a field, is lower than the hyphen between words, and both are lower than digits and letters.
	key := sortPart(last) + " " + sortPart(first)
	if m := sortPart(middle); m != "" {
		key += " " + m
	}
	return key
}

func sortPart(name string) string { return cut(strings.Join(Words(name), "-"), keyLimit) }

// Letter returns the letter under which a last name is listed: "A" to "Z" where it begins with a Latin letter that has one,
// else "#" (other scripts, digits, no last name). It agrees with SortKey.
func Letter(last string) string {
	words := Words(last)
	if len(words) > 0 {
		if c := words[0][0]; c >= 'a' && c <= 'z' {
			return string(c - 'a' + 'A')
		}
	}
	return "#"
}

// SearchEntries returns what a last name is found by: the folded name from its first word on, from its second word on, and so
// forth ("de la Cruz": "de la cruz", "la cruz", "cruz"), at most six, without repetitions. A person is found when one entry
// begins with the SearchKey typed.
func SearchEntries(last string) []string {
	words := Words(last)
	entries := make([]string, 0, min(len(words), entryLimit))
	for i := range words {
		if len(entries) == entryLimit {
			break
		}
		e := cut(strings.Join(words[i:], " "), keyLimit)
		if !slices.Contains(entries, e) {
			entries = append(entries, e)
		}
	}
	return entries
}

// SearchKey folds what was typed into a search box as SearchEntries folds names. It is "" when there is nothing to search for.
func SearchKey(typed string) string { return cut(strings.Join(Words(typed), " "), keyLimit) }

// PrefixEnd returns a string greater than all entries that begin with key, so that a range scan finds them:
// entry >= key and entry < PrefixEnd(key).
func PrefixEnd(key string) string { return key + "\U0010FFFF" }
