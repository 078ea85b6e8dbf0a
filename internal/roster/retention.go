package roster

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// erasedAtOnce bounds one transaction, so that nobody waits behind it.
const erasedAtOnce = 20

// EraseLeft erases, in short transactions, the students who left before the given time, the lines that ended before it and the contacts who
// left before it, with their words and whatever hangs on them; a contact whose last line goes so goes too. The log keeps how many.
//
// A restriction is kept as long as its student: without it a person who comes back under another number would not be recognised. So is a
// line that staff removed: the next roster would bring it back.
func (r *Roster) EraseLeft(ctx context.Context, before time.Time) error {
	if err := r.noteLeaving(ctx); err != nil {
		return err
	}
	for _, next := range []func(e *erasure, ctx context.Context) (int64, error){(*erasure).someStudents, (*erasure).someLines, (*erasure).someContacts} {
		for more := true; more; {
			err := r.db.Write(ctx, func(tx *sqldb.Tx) error {
				e := &erasure{edit: &edit{Roster: r, tx: tx, actor: access.Actor{Kind: access.System}}, before: before}
				n, err := next(e, ctx)
				if err != nil || n == 0 {
					more = false
					return err
				}
				more = n == erasedAtOnce
				return e.record(ctx, "records.erased", "record", 0, map[string]any{"students": e.students, "lines": e.lines, "contacts": e.contacts})
			})
			if err != nil {
				return err
			}
		}
	}
	return r.eraseClasswork(ctx, before)
}

// eraseClasswork erases, in short transactions, enrolments, classes and courses that ended before the given time, terms that were over
// then, and teachers whom nobody has had since.
func (r *Roster) eraseClasswork(ctx context.Context, before time.Time) error {
	day := before.UTC().Format(time.DateOnly)
	for _, step := range []struct {
		query string
		bound any
	}{
		{deleteEndedEnrolments, before.UnixMicro()}, {deleteEndedClasses, before.UnixMicro()}, {deleteEndedCourses, before.UnixMicro()},
		{deletePastTerms, day}, {deleteIdleTeachers, before.UnixMicro()},
	} {
		for n := int64(chunk); n == chunk; {
			err := r.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
				n, err = tx.Exec(ctx, step.query, step.bound, chunk)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// noteLeaving notes when students left who are not enrolled any more, and forgets it of those who came back.
func (r *Roster) noteLeaving(ctx context.Context) error {
	for _, query := range []string{stampLeaving, clearReturned} {
		for n := int64(chunk); n == chunk; {
			err := r.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
				n, err = tx.Exec(ctx, query, chunk)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// erasure is one transaction of EraseLeft, with what went in it.
type erasure struct {
	*edit
	before                    time.Time
	students, lines, contacts int64
}

func (e *erasure) someStudents(ctx context.Context) (int64, error) {
	ids, err := sqldb.All(ctx, e.tx, scanID, selectLeftStudents, e.before.UnixMicro(), erasedAtOnce)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	gone, err := linesGoing(ctx, e.tx, linesOfStudentsIn, ids)
	if err != nil {
		return 0, err
	}
	if err := e.goodbye(ctx, gone); err != nil {
		return 0, err
	}
	if err := eraseHistory(ctx, e.tx, kindStudent, ids); err != nil {
		return 0, err
	}
	if e.students, err = deleteIn(ctx, e.tx, deleteStudentsIn, ids); err != nil {
		return 0, err
	}
	e.lines = int64(len(gone))
	return int64(len(ids)), e.loose(ctx, gone)
}

func (e *erasure) someLines(ctx context.Context) (int64, error) {
	ids, err := sqldb.All(ctx, e.tx, scanID, selectEndedLines, e.before.UnixMicro(), erasedAtOnce)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	gone, err := linesGoing(ctx, e.tx, linesByIDIn, ids)
	if err != nil {
		return 0, err
	}
	if err := e.goodbye(ctx, gone); err != nil {
		return 0, err
	}
	if e.lines, err = deleteIn(ctx, e.tx, deleteLinesIn, ids); err != nil {
		return 0, err
	}
	return int64(len(ids)), e.loose(ctx, gone)
}

func (e *erasure) someContacts(ctx context.Context) (int64, error) {
	ids, err := sqldb.All(ctx, e.tx, scanID, selectLeftContacts, e.before.UnixMicro(), erasedAtOnce)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	gone, err := linesGoing(ctx, e.tx, linesOfContactsIn, ids)
	if err != nil {
		return 0, err
	}
	if err := e.goodbye(ctx, gone); err != nil {
		return 0, err
	}
	e.lines = int64(len(gone))
	if err := eraseHistory(ctx, e.tx, kindContact, ids); err != nil {
		return 0, err
	}
	e.contacts, err = deleteIn(ctx, e.tx, deleteContactsIn, ids)
	return int64(len(ids)), err
}

// goodbye lets the logins end that rest on lines, while these and their ends are still there.
func (e *erasure) goodbye(ctx context.Context, gone []GoneLine) error {
	e.change.Gone = gone
	lines := make([]int64, len(gone))
	for i, g := range gone {
		lines[i] = g.LineID
	}
	if err := eraseHistory(ctx, e.tx, kindLine, lines); err != nil {
		return err
	}
	return e.tell(ctx)
}

// loose erases the contacts of erased lines who have no line left.
func (e *erasure) loose(ctx context.Context, gone []GoneLine) error {
	ids := make([]int64, len(gone))
	for i, g := range gone {
		ids[i] = g.ContactID
	}
	var err error
	if e.contacts, err = deleteIn(ctx, e.tx, deleteLooseIn, ids); err != nil {
		return err
	}
	_, err = deleteIn(ctx, e.tx, deleteLooseHistoryIn, ids)
	return err
}
