package family

import (
	"context"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
)

// hit is a contact that was found, before its lines are read.
type hit struct {
	contact int64
	by      FoundBy // "" for a name, which the lines will tell
	student int64   // whose it was, 0 for the contact's own
	at      gridKey
	again   bool // by a later word than one that stood in the list before
}

// families reads the lines of the contacts that were found, and leaves out whom the actor does not see.
func (w *finder) families(ctx context.Context, hits []hit) error {
	families, err := w.resolve(ctx, hits)
	if err != nil {
		return err
	}
	w.found.Families = inOrder(hits, families)
	known := len(w.found.Families)
	if w.found.Next == "" && w.q.After == "" { // all of them are here
		w.found.Total, w.found.More = known, w.more
		return nil
	}
	w.found.Total, w.found.More = max(w.found.Total, known), w.found.More || w.more
	return nil
}

// inOrder puts families in the order of their hits, each once.
func inOrder(hits []hit, families map[int64]*FoundFamily) []FoundFamily {
	var all []FoundFamily
	seen := map[int64]bool{}
	for _, h := range hits {
		if f := families[h.contact]; f != nil && !seen[h.contact] {
			seen[h.contact] = true
			all = append(all, *f)
		}
	}
	return all
}

// resolve reads the families of hits; the first hit of a contact says by what it was found.
func (w *finder) resolve(ctx context.Context, hits []hit) (map[int64]*FoundFamily, error) {
	var ids []int64
	first := map[int64]hit{}
	for _, h := range hits {
		if _, twice := first[h.contact]; !twice {
			first[h.contact] = h
			ids = append(ids, h.contact)
		}
	}
	lines, err := loginLines(ctx, w.tx, w.rule(), selectListedOfContacts, ids)
	if err != nil {
		return nil, err
	}
	families := map[int64]*FoundFamily{}
	slices.SortFunc(lines, func(a, b *loginLine) int { return strings.Compare(a.key.child, b.key.child) })
	for _, l := range lines {
		if !w.at.Has(l.school) {
			continue
		}
		f := families[l.ContactID]
		if f == nil {
			f = &FoundFamily{ContactID: l.ContactID, First: l.ParentFirst, Last: l.ParentLast}
			families[l.ContactID] = f
		}
		f.Lines = append(f.Lines, l.GridRow)
	}
	if w.at.All && len(families) < len(ids) {
		if err := w.withoutLines(ctx, ids, families); err != nil {
			return nil, err
		}
	}
	for id, f := range families {
		f.explain(first[id], w.words)
	}
	return families, nil
}

// withoutLines adds contacts who are on no student's record: they have an address, a number or a login still.
func (w *finder) withoutLines(ctx context.Context, ids []int64, families map[int64]*FoundFamily) error {
	found, err := w.roster.Contacts(ctx, w.tx, slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return families[id] != nil }))
	for _, c := range found {
		families[c.ID] = &FoundFamily{ContactID: c.ID, First: c.First, Last: c.Last}
	}
	return err
}

// explain says by what the family was found.
func (f *FoundFamily) explain(h hit, words []string) {
	f.By = h.by
	for _, l := range f.Lines {
		if h.student != 0 && l.StudentID == h.student {
			f.Child = fullName(l.ChildFirst, l.ChildLast)
		}
	}
	if f.By != "" {
		return
	}
	f.By = ByAnotherName
	if haveWords(words, f.First, f.Last) {
		f.By = ByName
		return
	}
	for _, l := range f.Lines {
		if haveWords(words, l.ChildFirst, l.ChildLast) || haveWords(words, f.First, f.Last, l.ChildFirst, l.ChildLast) {
			f.By, f.Child = ByChildName, fullName(l.ChildFirst, l.ChildLast)
			return
		}
	}
}

// haveWords reports whether each of the words is the beginning of a word of the names.
func haveWords(words []string, names ...string) bool {
	of := lang.Words(strings.Join(names, " "))
	for _, w := range words {
		if !slices.ContainsFunc(of, func(o string) bool { return strings.HasPrefix(o, w) }) {
			return false
		}
	}
	return true
}
