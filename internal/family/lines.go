package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// endedByLine is why a student login ended whose maker's line is no longer open.
const endedByLine = "line closed"

// LinesChanged is roster's hook: it ends the student logins that rested on lines that are no longer open, lists whom a change let see a
// child, and tells old addresses of a change. A parent's own sessions need no ending: what they show is derived from the lines at every request.
func (f *Family) LinesChanged(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c roster.Change) error {
	if err := closeLifted(ctx, tx, c.Lifted, f.now()); err != nil {
		return err
	}
	lines, err := loginLines(ctx, tx, f.rule(), selectLines, c.LineIDs)
	if err != nil {
		return err
	}
	var shut []end
	for _, l := range lines {
		if !l.open() {
			shut = append(shut, end{contact: l.ContactID, student: l.StudentID})
		}
	}
	for _, g := range c.Gone {
		shut = append(shut, end{contact: g.ContactID, student: g.StudentID})
	}
	if err := f.endLoginsOf(ctx, tx, actor, shut); err != nil {
		return err
	}
	if err := followSchools(ctx, tx, c.LineIDs); err != nil {
		return err
	}
	if err := requestsFollow(ctx, tx, c.LineIDs); err != nil {
		return err
	}
	if err := casesFollow(ctx, tx, c.LineIDs); err != nil {
		return err
	}
	if err := holdUnread(ctx, tx, c.Opened, f.now()); err != nil {
		return err
	}
	if err := f.noteChanged(ctx, tx, lines, c.Opened); err != nil {
		return err
	}
	for _, a := range c.Addresses {
		if err := f.tellOldAddress(ctx, tx, actor, a); err != nil {
			return err
		}
	}
	return nil
}

// end is a line by its two ends.
type end struct{ contact, student int64 }

// endLoginsOf ends the student logins that the contacts made for the students.
func (f *Family) endLoginsOf(ctx context.Context, tx *sqldb.Tx, actor access.Actor, shut []end) error {
	if len(shut) == 0 {
		return nil
	}
	is := make(map[end]bool, len(shut))
	students := make([]int64, len(shut))
	for i, e := range shut {
		is[e], students[i] = true, e.student
	}
	made, err := madeLogins(ctx, tx, selectMadeForStudents, once(students))
	if err != nil {
		return err
	}
	for _, m := range made {
		if !is[end{contact: m.maker, student: m.student}] {
			continue
		}
		if err := f.endStudentLogin(ctx, tx, actor, m, endedByLine); err != nil {
			return err
		}
	}
	return nil
}

// tellOldAddress tells the address that was on record that it no longer is, whoever reads it now.
func (f *Family) tellOldAddress(ctx context.Context, tx *sqldb.Tx, actor access.Actor, a roster.AddressChange) error {
	if a.Old == "" || lang.EmailKey(a.Old) == lang.EmailKey(a.New) {
		return nil
	}
	if err := f.enqueueMail(ctx, tx, mailOrder{Template: mailAddressChanged, ContactID: a.ContactID, To: a.Old}); err != nil {
		return err
	}
	return f.audit.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "contact.old_address_told", TargetKind: "contact", TargetID: a.ContactID,
		Detail: map[string]any{"old": a.Old, "new": a.New, "import": a.ByImport},
	})
}
