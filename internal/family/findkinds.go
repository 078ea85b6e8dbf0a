package family

import (
	"context"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// exact finds by what one person has alone, as far as the text can be that.
func (w *finder) exact(ctx context.Context) ([]hit, error) {
	var all []hit
	for _, k := range w.kinds {
		found, err := w.exactBy(ctx, k)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) > exactMost {
		all, w.more = all[:exactMost], true
	}
	return all, nil
}

func (w *finder) exactBy(ctx context.Context, k FindKind) ([]hit, error) {
	switch k {
	case FindIDNumber:
		return w.byIDNumber(ctx)
	case FindUsername:
		return w.byUsername(ctx)
	case FindEmail:
		return w.byEmail(ctx)
	case FindReference:
		return w.byReference(ctx)
	}
	return nil, nil
}

func (w *finder) byIDNumber(ctx context.Context) ([]hit, error) {
	key := lang.IDKey(w.q.Typed)
	query, args := exactAt(findByIDNumber, w.at, key)
	found, err := hits(ctx, w.tx, ByIDNumber, query, args)
	if err != nil || len(found) > 0 {
		return found, err
	}
	query, args = exactAt(findAlone, w.at, key)
	w.found.Alone, err = sqldb.All(ctx, w.tx, scanAlone, query, args...)
	return nil, err
}

func (w *finder) byUsername(ctx context.Context) ([]hit, error) {
	key, err := account.CheckUsername(w.q.Typed)
	if err != nil {
		return nil, nil //nolint:nilerr // nobody has such a username
	}
	found, err := hits(ctx, w.tx, ByUsername, findByUsername, []any{key})
	if err != nil {
		return nil, err
	}
	query, args := exactAt(findByStudentUsername, w.at, key)
	students, err := hits(ctx, w.tx, ByStudentUsername, query, args)
	return append(found, students...), err
}

func (w *finder) byEmail(ctx context.Context) ([]hit, error) {
	key := lang.EmailKey(w.q.Typed)
	query, args := exactContacts(findByEmail, w.at, key)
	found, err := hits(ctx, w.tx, ByEmail, query, args)
	if err != nil {
		return nil, err
	}
	query, args = exactAt(findByStudentEmail, w.at, key)
	students, err := hits(ctx, w.tx, ByStudentEmail, query, args)
	return append(found, students...), err
}

// byReference finds whom a registration request found: the contact, else those of the student.
func (w *finder) byReference(ctx context.Context) ([]hit, error) {
	requests, err := requestsByReference(ctx, w.tx, parseReference(w.q.Typed))
	if err != nil || len(requests) == 0 {
		return nil, err
	}
	r := requests[0]
	if mine, err := w.seesRequest(ctx, w.tx, w.actor, r); err != nil || !mine {
		return nil, err
	}
	w.found.Request = true
	if r.Waits {
		w.found.CaseID = r.CaseID
	}
	switch {
	case r.ContactID != 0:
		return []hit{{contact: r.ContactID, by: ByReference}}, nil
	case r.StudentID != 0:
		query, args := exactAt(findOfStudent, w.at, r.StudentID)
		return hits(ctx, w.tx, ByReference, query, args)
	}
	return nil, nil
}

// list reads a page of those whom words find, and counts them.
func (w *finder) list(ctx context.Context) ([]hit, error) {
	l := wordList{words: w.words, at: w.at, after: w.after}
	if err := w.rarestFirst(ctx, l); err != nil {
		return nil, err
	}
	query, args := l.count()
	n, err := sqldb.One(ctx, w.tx, scanCounts, query, args...)
	if err != nil || n.contacts == 0 {
		return nil, err
	}
	w.found.Total, w.found.More = min(n.contacts, countTo), n.rows >= l.countedRows()
	found, err := l.listed(ctx, w.tx, w.q.Limit+1)
	if err != nil {
		return nil, err
	}
	if len(found) > w.q.Limit {
		found = found[:w.q.Limit]
		w.found.Next = found[w.q.Limit-1].at.text()
	}
	if roster.PhoneMark == l.words[0][:1] {
		for i := range found {
			found[i].by = ByPhone
		}
	}
	return slices.DeleteFunc(found, func(h hit) bool { return h.again }), nil
}

// rareRows is how many rows a word may find to be rare.
const rareRows = 500

// rarestFirst has the search driven by the word that finds the fewest. A later page stays with the word of its first.
func (w *finder) rarestFirst(ctx context.Context, l wordList) error {
	if len(l.words) < 2 {
		return nil
	}
	if w.after.Entry != "" {
		slices.SortStableFunc(l.words, func(a, b string) int { return drives(b, w.after.Entry) - drives(a, w.after.Entry) })
		return nil
	}
	rows := map[string]int{}
	for _, word := range l.words { // at most six
		query, args := l.rowsOfWord(word, rareRows)
		n, err := sqldb.Value[int](ctx, w.tx, query, args...)
		if err != nil {
			return err
		}
		rows[word] = n
	}
	slices.SortStableFunc(l.words, func(a, b string) int { return rows[a] - rows[b] })
	return nil
}

func drives(word, entry string) int {
	if strings.HasPrefix(entry, word) {
		return 1
	}
	return 0
}

const (
	nearMost  = 10
	wordLeast = 3 // letters of a word that is cut short
)

// near looks for those whom a slip of the pen would have meant.
func (w *finder) near(ctx context.Context) error {
	var found []hit
	var err error
	for _, k := range w.kinds {
		switch k {
		case FindName:
			found, err = w.nearName(ctx)
		case FindIDNumber:
			found, err = w.nearIDNumber(ctx)
		case FindEmail:
			found, err = w.nearEmail(ctx)
		}
		if err != nil {
			return err
		}
		if len(found) > 0 {
			families, err := w.resolve(ctx, found)
			w.found.Near, w.found.NearBy = inOrder(found, families), k
			return err
		}
	}
	return nil
}

// nearName takes words away, then letters from the end of a word.
func (w *finder) nearName(ctx context.Context) ([]hit, error) {
	var tries []string
	if len(w.words) > 1 {
		tries = slices.Clone(w.words)
	}
	for cut := 1; cut <= 2; cut++ {
		for _, word := range w.words {
			if r := []rune(word); len(r)-cut >= wordLeast {
				tries = append(tries, string(r[:len(r)-cut]))
			}
		}
	}
	for _, word := range tries { // at most eighteen
		found, err := wordList{words: []string{word}, at: w.at}.listed(ctx, w.tx, nearMost)
		if err != nil || len(found) > 0 {
			w.words = []string{word} // what they were found by
			return found, err
		}
	}
	return nil, nil
}

func (w *finder) nearIDNumber(ctx context.Context) ([]hit, error) {
	keys := nearNumbers(lang.IDKey(w.q.Typed))
	if len(keys) == 0 {
		return nil, nil
	}
	query, args := nearIDNumbersAt(w.at, keys)
	found, err := hits(ctx, w.tx, ByIDNumber, query, args)
	return found[:min(len(found), nearMost)], err
}

// nearNumbers are the ID Numbers that one slip makes of another: a digit taken for another, two exchanged, one left out or doubled.
func nearNumbers(key string) []string {
	const most = 12
	if len(key) < 3 || len(key) > most || strings.Trim(key, "0123456789") != "" {
		return nil
	}
	keys := map[string]bool{}
	for i := range key {
		for d := byte('0'); d <= '9'; d++ {
			keys[key[:i]+string(d)+key[i+1:]] = true
		}
		keys[key[:i]+key[i+1:]] = true
		keys[key[:i]+key[i:i+1]+key[i:]] = true
		if i > 0 {
			keys[key[:i-1]+key[i:i+1]+key[i-1:i]+key[i+1:]] = true
		}
	}
	delete(keys, key)
	all := make([]string, 0, len(keys))
	for k := range keys {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// nearEmail looks for the same name at another provider.
func (w *finder) nearEmail(ctx context.Context) ([]hit, error) {
	name, _, _ := strings.Cut(lang.EmailKey(w.q.Typed), "@")
	if len(name) < wordLeast {
		return nil, nil
	}
	query, args := exactContacts(findNearEmail, w.at, name+"@", lang.PrefixEnd(name+"@"))
	found, err := hits(ctx, w.tx, ByEmail, query, args)
	return found[:min(len(found), nearMost)], err
}
