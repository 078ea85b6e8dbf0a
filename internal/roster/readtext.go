package roster

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
)

// ReadRestriction notes that the actor has read what the roster says about a restriction of the line: it no longer holds the contact's
// registration. Who read the same text before stays. It returns fault.Forbidden unless the actor may see it, fault.NotFound for no line, also for one of another school, fault.Conflict
// when version is not the current one: the text may be another.
func (r *Roster) ReadRestriction(ctx context.Context, actor access.Actor, line, version int64) error {
	return r.edit(ctx, actor, func(e *edit) error {
		if err := access.Check(actor, access.SeeRestrictions); err != nil {
			return err
		}
		if err := e.mayEditLine(ctx, line); err != nil {
			return err
		}
		l, err := r.line(ctx, e.tx, line)
		if err != nil {
			return err
		}
		if err := current("line", l.Version, version); err != nil || !l.Unread() {
			return err
		}
		l.FileRestrictionReadAt, l.FileRestrictionReadBy = e.now(), e.by()
		if err := r.putLine(ctx, e.tx, &l); err != nil {
			return err
		}
		return e.record(ctx, "line.restriction_read", "line", l.ID, changes(nil).about(l))
	})
}
