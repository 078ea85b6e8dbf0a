package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// MergeOrder is what somebody pressed who saw both records side by side: which stays, which goes, as they were seen. Checked says how identity was
// checked and is required (one of Checks) when the two have different addresses: the children of the one come to the mailbox of the other.
type MergeOrder struct {
	Kept, KeptVersion int64
	Gone, GoneVersion int64
	Checked           string
}

// mergeImage is two records with their lines at one moment, as it is stored.
type mergeImage struct {
	Kept, Gone Contact
	Lines      []Line
	Aliases    []string // of the record that went
}

// merging is one merge, or its undoing, at work.
type merging struct {
	*edit
	kept, gone Contact
	lines      []FullLine // of both
}

// pairIn reads two contacts with their lines. It returns fault.NotFound unless each of them has a child at the actor's schools, and a refusal where
// one of them has a child elsewhere.
func (e *edit) pairIn(ctx context.Context, kept, gone int64) (*merging, error) {
	m := &merging{edit: e}
	var err error
	if m.kept, err = e.Contact(ctx, e.tx, kept); err != nil {
		return nil, err
	}
	if m.gone, err = e.Contact(ctx, e.tx, gone); err != nil {
		return nil, err
	}
	if kept == gone {
		return nil, fault.NotFoundf("no such pair")
	}
	if m.lines, err = e.LinesOfContacts(ctx, e.tx, []int64{kept, gone}); err != nil {
		return nil, err
	}
	return m, m.inScope()
}

func (m *merging) inScope() error {
	at := ScopeOf(m.actor)
	if at.All {
		return nil
	}
	beyond, here := false, map[int64]bool{}
	for _, l := range m.lines {
		if at.Has(l.Student.SchoolID) {
			here[l.ContactID] = true
		} else {
			beyond = true
		}
	}
	switch {
	case !here[m.kept.ID] && !here[m.gone.ID], !m.undoing() && len(here) < 2:
		return fault.NotFoundf("no such pair")
	case beyond:
		return access.Refuse(access.EditRecords, "one of the records has a child at another school")
	}
	return nil
}

// undoing reports whether the record that went has no lines, as it has after a merge.
func (m *merging) undoing() bool {
	return m.gone.Left && !slices.ContainsFunc(m.lines, func(l FullLine) bool { return l.ContactID == m.gone.ID })
}

// MergeContacts puts two records of one person together in the caller's transaction, and calls the hook. It returns the merge's number. The record
// that went stays as one that left, with its history; what rosters say of its id from now on, they say of the one kept.
//
// It returns fault.Forbidden unless the actor may edit records and all children of both are at the actor's schools, fault.NotFound for no such
// records, fault.Conflict when one of them changed since it was seen or the two no longer seem one person, fault.Invalid with a problem on "checked".
func (r *Roster) MergeContacts(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o MergeOrder) (int64, error) {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return 0, err
	}
	m, err := (&edit{Roster: r, tx: tx, actor: actor}).pairIn(ctx, o.Kept, o.Gone)
	if err != nil {
		return 0, err
	}
	if err := m.check(o); err != nil {
		return 0, err
	}
	return m.merge(ctx, o)
}

func (m *merging) check(o MergeOrder) error {
	if err := current("contact", m.kept.Version, o.KeptVersion); err != nil {
		return err
	}
	if err := current("contact", m.gone.Version, o.GoneVersion); err != nil {
		return err
	}
	if m.kept.Left || m.gone.Left || !SeemOne(m.kept, m.gone) {
		return fault.Conflictf("the two records no longer seem to be one person")
	}
	if lang.EmailKey(m.kept.Email) != lang.EmailKey(m.gone.Email) && !slices.Contains(Checks(), o.Checked) {
		return fault.InvalidFields(problem(fieldChecked, "problem.check_needed"))
	}
	return nil
}

func (m *merging) merge(ctx context.Context, o MergeOrder) (int64, error) {
	before := m.image()
	var err error
	if before.Aliases, err = sqldb.All(ctx, m.tx, scanSource, aliasesOf, m.gone.ID); err != nil {
		return 0, err
	}
	will := Merge(m.kept, m.gone, m.lines)
	for _, l := range will.Lines {
		if err := m.mergeLine(ctx, l); err != nil {
			return 0, err
		}
	}
	if _, err := m.tx.Exec(ctx, moveLines, m.kept.ID, m.gone.ID, m.now().UnixMicro()); err != nil {
		return 0, err
	}
	old := m.gone.SourceID
	m.gone.SourceID, m.gone.Left = "", true
	if err := m.putContact(ctx, m.tx, &m.gone); err != nil {
		return 0, err
	}
	next := will.Contact
	if err := m.putContact(ctx, m.tx, &next); err != nil {
		return 0, err
	}
	m.note(kindContact, next.ID, append(changes{{FieldMerged, fullName(m.gone), ""}}, between(contactFields(), &m.kept, &next)...))
	m.note(kindContact, m.gone.ID, changes{{FieldMerged, fullName(m.kept), ""}})
	if err := m.alias(ctx, old); err != nil {
		return 0, err
	}
	if err := m.relist(ctx, next); err != nil {
		return 0, err
	}
	if m.kept.Email != "" && m.gone.Email != "" { // where the kept one had none, nobody's mail goes to another mailbox
		m.change.Addresses = append(m.change.Addresses, AddressChange{ContactID: m.kept.ID, Old: m.gone.Email, New: m.kept.Email})
	}
	m.kept = next
	id, err := m.keepImage(ctx, before)
	if err != nil {
		return 0, err
	}
	detail := map[string]any{"kept": o.Kept, "gone": o.Gone, "merge": id}
	if o.Checked != "" {
		detail[fieldChecked] = o.Checked
	}
	for _, c := range []int64{o.Kept, o.Gone} {
		if err := m.record(ctx, "contact.merged", "contact", c, detail); err != nil {
			return 0, err
		}
	}
	if err := m.writeHistory(ctx); err != nil {
		return 0, err
	}
	return id, m.tell(ctx)
}

// mergeLine writes one line of two. A line that only one record has moves with the others.
func (m *merging) mergeLine(ctx context.Context, l MergedLine) error {
	if !l.Both() {
		if l.OfGone.ID != 0 {
			m.change.LineIDs = append(m.change.LineIDs, l.OfGone.ID)
		}
		return nil
	}
	m.change.LineIDs = append(m.change.LineIDs, l.OfKept.ID)
	m.change.Gone = append(m.change.Gone, GoneLine{l.OfGone.ID, l.StudentID, m.gone.ID})
	if err := guarded(ctx, m.tx, "line", deleteLine, l.OfGone.ID, l.OfGone.Version); err != nil {
		return err
	}
	_, cs := settle(lineFields(), l.OfKept, l.Line)
	if err := m.putLine(ctx, m.tx, &l.Line); err != nil {
		return err
	}
	m.note(kindLine, l.OfKept.ID, cs)
	return m.record(ctx, "line.merged", "line", l.OfKept.ID, cs.about(l.Line))
}

// alias has rosters that name the record that went speak of the one kept.
func (m *merging) alias(ctx context.Context, source string) error {
	if _, err := m.tx.Exec(ctx, moveAliases, m.kept.ID, m.gone.ID); err != nil {
		return err
	}
	if source == "" || m.kept.SourceID == "" { // the kept record has the id itself now
		return nil
	}
	_, err := m.tx.Exec(ctx, insertAlias, source, m.kept.ID)
	return err
}

// relist puts the lines of a contact into the lists under its name.
func (m *merging) relist(ctx context.Context, c Contact) error {
	if err := renameLines(ctx, m.tx, c.ID, namesOfContact(&c)); err != nil {
		return err
	}
	return wordLinesBy(ctx, m.tx, selectLineIDsOfContact, c.ID)
}

func (m *merging) image() mergeImage {
	i := mergeImage{Kept: m.kept, Gone: m.gone}
	for _, l := range m.lines {
		i.Lines = append(i.Lines, l.Line)
	}
	return i
}

// keepImage stores both records as they were and as they are now.
func (m *merging) keepImage(ctx context.Context, before mergeImage) (int64, error) {
	var err error
	if m.lines, err = m.LinesOfContacts(ctx, m.tx, []int64{m.kept.ID, m.gone.ID}); err != nil {
		return 0, err
	}
	was, err := json.Marshal(before)
	if err != nil {
		return 0, fmt.Errorf("merge: %w", err)
	}
	is, err := json.Marshal(m.image())
	if err != nil {
		return 0, fmt.Errorf("merge: %w", err)
	}
	return sqldb.Value[int64](ctx, m.tx, insertMerge, m.kept.ID, m.gone.ID, string(was), string(is), m.now().UnixMicro(), m.by())
}

// UndoMerge takes a merge back in the caller's transaction, and calls the hook: both records and their lines are as they were. It returns
// fault.NotFound for no such merge, fault.Conflict when it was undone already or something of it changed since, fault.Forbidden as MergeContacts.
func (r *Roster) UndoMerge(ctx context.Context, tx *sqldb.Tx, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return err
	}
	before, after, err := mergeImages(ctx, tx, id)
	if err != nil {
		return err
	}
	m, err := (&edit{Roster: r, tx: tx, actor: actor}).pairIn(ctx, after.Kept.ID, after.Gone.ID)
	if err != nil {
		return err
	}
	if err := m.unchanged(after); err != nil {
		return err
	}
	if err := m.undo(ctx, before, after); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, endMerge, id, m.now().UnixMicro(), m.by())
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflictf("the merge was undone already")
	}
	for _, c := range []int64{m.kept.ID, m.gone.ID} {
		if err := m.record(ctx, "contact.unmerged", "contact", c, map[string]any{"merge": id}); err != nil {
			return err
		}
	}
	if err := m.writeHistory(ctx); err != nil {
		return err
	}
	return m.tell(ctx)
}

// unchanged returns fault.Conflict when the records or their lines are not as the merge left them.
func (m *merging) unchanged(after mergeImage) error {
	same := m.kept.Version == after.Kept.Version && m.gone.Version == after.Gone.Version && len(m.lines) == len(after.Lines)
	for _, l := range m.lines {
		same = same && slices.ContainsFunc(after.Lines, func(a Line) bool { return a.ID == l.Line.ID && a.Version == l.Line.Version })
	}
	if !same {
		return fault.Conflictf("the record or one of its lines was changed since")
	}
	return nil
}

func (m *merging) undo(ctx context.Context, before, after mergeImage) error {
	version := map[int64]int64{}
	for _, l := range after.Lines {
		version[l.ID] = l.Version
	}
	// The record kept gives the roster's id back first: no two records may have one.
	kept, gone := before.Kept, before.Gone
	m.note(kindContact, kept.ID, append(changes{{FieldUnmerged, fullName(gone), ""}}, between(contactFields(), &after.Kept, &kept)...))
	m.note(kindContact, gone.ID, changes{{FieldUnmerged, fullName(kept), ""}})
	kept.Version, gone.Version = after.Kept.Version, after.Gone.Version
	if err := m.putContact(ctx, m.tx, &kept); err != nil {
		return err
	}
	if _, err := m.tx.Exec(ctx, deleteAlias, before.Gone.SourceID, kept.ID); err != nil {
		return err
	}
	if err := m.putContact(ctx, m.tx, &gone); err != nil {
		return err
	}
	if err := giveAliases(ctx, m.tx, before.Aliases, gone.ID); err != nil {
		return err
	}
	for _, l := range before.Lines {
		v, there := version[l.ID]
		switch {
		case !there: // it went into the other one
			l.ID, l.Version = 0, 0
			if err := m.putLine(ctx, m.tx, &l); err != nil {
				return err
			}
		case l.ContactID == gone.ID:
			if _, err := m.tx.Exec(ctx, moveLine, gone.ID, l.ID, v); err != nil {
				return err
			}
		default:
			l.Version = v
			if err := m.putLine(ctx, m.tx, &l); err != nil {
				return err
			}
		}
		m.change.LineIDs = append(m.change.LineIDs, l.ID)
	}
	if err := m.relist(ctx, kept); err != nil {
		return err
	}
	return m.relist(ctx, gone)
}

// MergedAway returns, for each id of a roster that stands for a record put together with another one, the id under which the roster knows that one.
func (r *Roster) MergedAway(ctx context.Context, tx *sqldb.Tx) (map[string]string, error) {
	to := map[string]string{}
	return to, sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var source, other string
		err := r.Scan(&source, &other)
		to[source] = other
		return err
	}, selectAliases)
}
