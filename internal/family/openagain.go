package family

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// MayOpenAgain reports whether the actor may open a child again whose restriction was lifted: who keeps the records, and who keeps the logins.
func MayOpenAgain(actor access.Actor) bool {
	return access.Can(actor, access.EditRecords) || access.Can(actor, access.ResetLogins)
}

// Lifted returns the lines of a student that stay closed since their restriction was lifted. It returns fault.NotFound for no student, also for
// one of a school that is not the actor's.
func (f *Family) Lifted(ctx context.Context, actor access.Actor, student int64) (map[int64]bool, error) {
	lifted := map[int64]bool{}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		s, err := f.roster.Student(ctx, tx, student)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(s.OtherSchools, roster.ScopeOf(actor).Has) {
			if err := access.CheckAt(actor, access.SeeLogins, s.SchoolID); err != nil {
				return err
			}
		}
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			lifted[id] = true
			return err
		}, selectLiftedOfStudent, student)
	})
	return lifted, err
}

// OpenAgain opens a child for a contact whose restriction was lifted and whose login is still there. It returns fault.NotFound for no line, also for one of another
// school, fault.Conflict when the line is not closed for that reason, or is restricted again.
func (f *Family) OpenAgain(ctx context.Context, actor access.Actor, line int64) error {
	if !MayOpenAgain(actor) {
		return access.Check(actor, access.ResetLogins)
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		lines, err := loginLines(ctx, tx, f.rule(), selectLines, []int64{line})
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return fault.NotFoundf("no such contact")
		}
		l := lines[0]
		if err := access.CheckAt(actor, access.SeeLogins, l.school); err != nil {
			return err
		}
		lifted, err := isLifted(ctx, tx, line)
		if err != nil {
			return err
		}
		if !lifted || l.line.Restricted == roster.Yes {
			return fault.Conflictf("this line is not closed since a restriction was lifted")
		}
		if _, err := reopenLine(ctx, tx, line); err != nil {
			return err
		}
		if lines, err = loginLines(ctx, tx, f.rule(), selectLines, []int64{line}); err != nil {
			return err
		}
		if err := f.noteNewcomers(ctx, tx, lines, ByRoster, line); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "line.opened_again", TargetKind: "line", TargetID: line,
			Detail: map[string]any{"student_id": l.StudentID, "contact_id": l.ContactID},
		})
	})
}

// isLifted reports whether a line is closed since its restriction was lifted.
func isLifted(ctx context.Context, tx *sqldb.Tx, line int64) (bool, error) {
	n, err := sqldb.Value[int64](ctx, tx, countLifted, line)
	return n > 0, err
}
