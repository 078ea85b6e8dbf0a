package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const selectUnreadLines = `select l.id from student_contact l
join account_contact h on h.contact_id = l.contact_id
where l.file_restriction <> '' and l.file_restriction_read_at is null and l.id in (`

// unread reports whether the roster's words about a restriction of the line wait for staff.
func unread(l roster.FullLine) bool { return l.Unread() }

// holdUnread keeps lines shut that came to a login with words about a restriction which nobody has read: the parent adds the child once they
// are read. A line that was open before such words came stays open.
func holdUnread(ctx context.Context, tx *sqldb.Tx, opened []int64, now time.Time) error {
	var held []int64
	err := inChunks(opened, 1, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, scanNumber, selectUnreadLines+list+")", args...)
		held = append(held, some...)
		return err
	})
	if err != nil {
		return err
	}
	for _, line := range held {
		if err := closeLine(ctx, tx, line, now); err != nil {
			return err
		}
	}
	return nil
}
