package roster

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The kinds of record that have a history.
const (
	kindStudent = "student"
	kindContact = "contact"
	kindLine    = "line"
)

// Fields of the history that are no fields of a record.
const (
	FieldAdded   = "added"
	FieldRemoved = "removed"
	FieldGone    = "gone" // from the roster

	FieldContactRemoved = "contact_removed" // of a student: who was taken off

	FieldMerged   = "merged" // of a contact: with whom it was put together
	FieldUnmerged = "unmerged"
)

// historyLimit bounds a page of the history.
const historyLimit = 50

// HistoryEntry is one change of one field.
type HistoryEntry struct {
	ID         int64
	Kind       string // "student", "contact", "line"
	Record     int64
	Name       string // of the contact, where it is one or a line
	At         time.Time
	ByKind, By string // the kind of actor, and the username
	Import     int64  // 0: by hand
	Field      string
	Old, New   string
	Hidden     bool // old and new are not the reader's to see
}

// History is a page of what happened to a student's record, or to one contact with its line, newest first.
type History struct {
	Student Student
	Line    *FullLine // where it is that of one contact
	Entries []HistoryEntry
	Next    int64 // to ask for what is older; 0 for none
}

// History returns what happened to a student's record and to its lines, or to a contact and its line where line is not 0, before the entry with
// the given number (0: the newest). It returns fault.NotFound for no student or no such line of the student, also at a school that is not the actor's. The text of
// restrictions is left out for whoever may not see it.
func (r *Roster) History(ctx context.Context, actor access.Actor, student, line, before int64) (History, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return History{}, err
	}
	var h History
	err := r.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		h = History{}
		if h.Student, err = r.seenStudent(ctx, tx, actor, student); err != nil {
			return err
		}
		lines, err := r.LinesOfStudent(ctx, tx, student)
		if err != nil {
			return err
		}
		of := map[string][]int64{kindStudent: {student}}
		names := map[int64]string{} // of lines
		for i, l := range lines {
			if line != 0 && l.Line.ID != line {
				continue
			}
			of[kindLine] = append(of[kindLine], l.Line.ID)
			names[l.Line.ID] = fullName(l.Contact)
			if line != 0 {
				h.Line = &lines[i]
				of = map[string][]int64{kindLine: {line}, kindContact: {l.ContactID}}
			}
		}
		if line != 0 && h.Line == nil {
			return fault.NotFoundf("no such contact")
		}
		h.Entries, err = historyOf(ctx, tx, of, before, historyLimit+1)
		h.dress(actor, names)
		return err
	})
	if err == nil {
		r.log.Views.Note(actor, student)
	}
	return h, err
}

// ChangesOf returns the newest changes of a student's or a contact's own record, without those of its lines and without the adults that were taken off.
func (r *Roster) ChangesOf(ctx context.Context, tx *sqldb.Tx, kind string, id int64, limit int) ([]HistoryEntry, error) {
	entries, err := historyOf(ctx, tx, map[string][]int64{kind: {id}}, 0, limit)
	return slices.DeleteFunc(entries, func(e HistoryEntry) bool { return e.Field == FieldContactRemoved }), err
}

// dress cuts the page to its length, names the contacts and hides what is not the actor's to see.
func (h *History) dress(actor access.Actor, names map[int64]string) {
	if len(h.Entries) > historyLimit {
		h.Entries = h.Entries[:historyLimit]
		h.Next = h.Entries[historyLimit-1].ID
	}
	for i := range h.Entries {
		e := &h.Entries[i]
		if e.Kind == kindLine {
			e.Name = names[e.Record]
		}
		if e.Kind == kindContact && h.Line != nil {
			e.Name = fullName(h.Line.Contact)
		}
		if slices.Contains(restrictionTexts(), e.Field) && !access.Can(actor, access.SeeRestrictions) {
			e.Old, e.New, e.Hidden = "", "", true
		}
	}
}

// restrictionTexts are the fields that tell about a restriction more than that there is one.
func restrictionTexts() []string {
	return []string{fieldNote, FileRestriction, fieldCourtNumber, fieldCourtDate, fieldRestrictedFrom, fieldRestrictedUntil}
}

func fullName(c Contact) string { return tidyLine(c.First + " " + c.Last) }

// note adds what changed in a record to its history.
func (e *edit) note(kind string, id int64, cs changes) {
	for _, c := range cs {
		e.history = append(e.history, historyRow{kind, id, c})
	}
}

// noteOnce adds one thing that happened to a record.
func (e *edit) noteOnce(kind string, id int64, field string) {
	e.note(kind, id, changes{{Field: field}})
}

type historyRow struct {
	kind string
	id   int64
	change
}

// between returns what differs between two states of a record.
func between[T any](fields []field[T], old, next *T) changes {
	var cs changes
	for _, f := range fields {
		if was, is := f.of(old), f.of(next); was != is {
			cs = append(cs, change{f.name, was, is})
		}
	}
	return cs
}

// writeHistory writes what was noted.
func (e *edit) writeHistory(ctx context.Context) error {
	rows := e.history
	e.history = nil
	if len(rows) == 0 {
		return nil
	}
	now, name := e.now().UnixMicro(), e.actor.Username
	values := make([][]any, len(rows))
	for i, h := range rows {
		values[i] = []any{h.kind, h.id, now, string(cmp.Or(e.actor.Kind, access.System)), e.actor.AccountID, name, e.fromImport, h.Field, h.Old, h.New}
	}
	return sqldb.InsertMany(ctx, e.tx, addHistory, values)
}

// ForgetHistory erases, in short transactions, what happened before the given time.
func (r *Roster) ForgetHistory(ctx context.Context, before time.Time) error {
	for n := int64(chunk); n == chunk; {
		err := r.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = tx.Exec(ctx, deleteOldHistory, before.UnixMicro(), chunk)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
