package roster

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// CountLimit is where counting stops: a total of CountLimit means "more than 1,000".
	CountLimit = 1001
	// findLimit bounds one page of results.
	findLimit = 200
	// findWords bounds how many words of what was typed count.
	findWords = 6
)

// FindCursor is a place in the result of FindStudents. The zero value is the start.
type FindCursor struct {
	Word, Sort string // Word is empty in a search by ID Number
	ID         int64
}

// FindStudents finds students of the actor's schools by ID Number (whole) or by words of their names (prefixes, every word typed must be
// there), sorted, paged by key: the returned cursor gives the next page, nil when there is none. total stops at CountLimit and is counted
// for the first page alone (0 later). Staff search by family.FindStudents, which limits and notes searches.
func (r *Roster) FindStudents(ctx context.Context, actor access.Actor, typed string, after FindCursor, limit int) (found []Student, next *FindCursor, total int, err error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return nil, nil, 0, err
	}
	limit = min(max(limit, 1), findLimit)
	first := after == FindCursor{}
	err = r.db.Read(ctx, func(tx *sqldb.Tx) error {
		for _, s := range searches(ScopeOf(actor), typed, after) {
			hits, err := s.page(ctx, tx, after, limit+1)
			if err != nil {
				return err
			}
			if len(hits) == 0 {
				continue
			}
			found, next = nil, nil
			if len(hits) > limit {
				hits = hits[:limit]
				next = &hits[limit-1].at
			}
			for _, h := range hits {
				found = append(found, h.Student)
			}
			if first {
				total, err = s.count(ctx, tx)
			}
			return err
		}
		return nil
	})
	return found, next, total, err
}

// hit is a student found, with its place in the result.
type hit struct {
	Student
	at FindCursor
}

// search is one way to read what was typed.
type search struct {
	at    access.Schools
	idKey string
	words []string // else; the first one drives the search, the others are looked up
}

// searches are the ways to read what was typed, the likelier one first; the first that finds anything holds. A later page stays with
// the way of its first.
func searches(at access.Schools, typed string, after FindCursor) []search {
	byID, byName := search{at: at, idKey: lang.IDKey(typed)}, search{at: at, words: TypedWords(typed)}
	both := []search{byName, byID}
	if strings.ContainsFunc(typed, unicode.IsDigit) {
		both = []search{byID, byName}
	}
	return slices.DeleteFunc(both, func(s search) bool {
		if s.idKey == "" && len(s.words) == 0 {
			return true
		}
		return after != FindCursor{} && (after.Word == "") != (s.idKey != "")
	})
}

// TypedWords are the words to look for, the longest first: it is likely to be the rarest. A word with which another one begins asks for
// nothing more.
func TypedWords(typed string) []string {
	words := searchWords(typed)
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var kept []string
	for _, w := range words {
		if len(kept) < findWords && !slices.ContainsFunc(kept, func(k string) bool { return strings.HasPrefix(k, w) }) {
			kept = append(kept, w)
		}
	}
	return kept
}
