// Package lang holds what depends on how people write: the keys by which names, ID Numbers and mailboxes are compared, searched
// and sorted, and the catalogues, plurals, dates and numbers of the languages that Schoolgate speaks.
//
// It hides Unicode: callers compare keys and strings, never letters. Every key is a pure function of its input, valid UTF-8
// without control characters, and bounded in length, so that both databases can store, index and compare it byte by byte. The
// spelling that a school recorded is never changed by this package; keys stand beside it.
//
// The name rule is "same letters, same order, same field": case, accents on Latin letters, spaces, hyphens, dots and apostrophes
// are forgiven; nicknames, initials, missing parts, swaps, typos and look-alike scripts are not.
package lang
