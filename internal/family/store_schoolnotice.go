package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	insertSchoolNotice = `insert into school_notice (school_id, at, what, contact_id, account_id, by_name, by_school)
values ($1, $2, $3, $4, $5, $6, $7)`

	noticeColumns = `select w.id, w.at, w.what, w.contact_id, c.first_name, c.last_name, o.name, w.by_name, w.by_school,
coalesce((select min(l.student_id) from student_contact l join student s on s.id = l.student_id
  where l.contact_id = w.contact_id and s.school_id = w.school_id), 0)
from school_notice w
join contact c on c.id = w.contact_id
join school o on o.id = w.school_id
`

	orderNotices = `
order by w.at desc, w.id desc`

	selectNotice = `select school_id, seen_at is not null from school_notice where id = $1`

	updateNotice = `update school_notice set seen_at = $2, seen_by = $3 where id = $1 and seen_at is null`

	deleteNotices = `delete from school_notice where seen_at < $1`
)

func insertNotice(ctx context.Context, tx *sqldb.Tx, n SchoolNotice, school, by int64) error {
	_, err := tx.Exec(ctx, insertSchoolNotice, school, n.At.UnixMicro(), string(n.What), n.ContactID, by, n.ByName, n.BySchool)
	return err
}

// unseenAt reads the notices of the schools that nobody has seen.
func unseenAt(at access.Schools) (string, []any) {
	query, args := roster.List{
		Columns: "n.at, n.id", Names: "at, id", Table: "school_notice", Where: "n.seen_at is null",
		Order: "n.at desc, n.id desc", Merge: "at desc, id desc", Limit: "$1",
	}.At(at, 2)
	return noticeColumns + "join (" + query + ") q on q.id = w.id" + orderNotices, append([]any{noticesShown}, args...)
}

func unseenNotices(ctx context.Context, tx *sqldb.Tx, at access.Schools) ([]SchoolNotice, error) {
	query, args := unseenAt(at)
	return sqldb.All(ctx, tx, func(r *sql.Rows) (n SchoolNotice, err error) {
		var micro int64
		err = r.Scan(&n.ID, &micro, &n.What, &n.ContactID, &n.First, &n.Last, &n.School, &n.ByName, &n.BySchool, &n.StudentID)
		n.At = moment(micro)
		return n, err
	}, query, args...)
}

// noticeOf returns which school a notice is for, and whether somebody there has seen it. It returns fault.NotFound for none.
func noticeOf(ctx context.Context, tx *sqldb.Tx, id int64) (school int64, seen bool, err error) {
	_, err = sqldb.One(ctx, tx, func(r *sql.Rows) (struct{}, error) { return struct{}{}, r.Scan(&school, &seen) }, selectNotice, id)
	return school, seen, err
}

func markSeen(ctx context.Context, tx *sqldb.Tx, id int64, at time.Time, by string) error {
	_, err := tx.Exec(ctx, updateNotice, id, at.UnixMicro(), by)
	return err
}

// forgetNotices deletes notices that were seen long ago.
func forgetNotices(ctx context.Context, tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, deleteNotices, before.UnixMicro())
	return err
}
