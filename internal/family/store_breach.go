package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectKindOfAccount = `select kind from account where id = $1`

	selectSchoolNames = `select s.id, coalesce(o.name, '') from student s left join school o on o.id = s.school_id where s.id in (`

	selectContactsOfStudents = `select l.student_id, l.contact_id from student_contact l
where l.ended_at is null and l.student_id in (`
)

// valueOr is the one value that a query finds, or otherwise.
func valueOr[T any](ctx context.Context, tx *sqldb.Tx, otherwise T, query string, args ...any) (T, error) {
	v, err := sqldb.Value[T](ctx, tx, query, args...)
	if fault.Is(err, fault.NotFound) {
		return otherwise, nil
	}
	return v, err
}
