package roster

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

const updateStudentLogins = `update school set student_logins = $2, updated_at = $3 where id = $1`

// SetStudentLogins says whether a school's students may sign in: "yes", "no", or "" for as the district has decided. It returns fault.NotFound
// for no school, fault.Invalid with a problem on "student_logins" for anything else.
func (r *Roster) SetStudentLogins(ctx context.Context, actor access.Actor, school int64, may string) error {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return err
	}
	if may != "" && may != "yes" && may != "no" {
		return fault.InvalidFields(problem("student_logins", "problem.choose"))
	}
	return r.edit(ctx, actor, func(e *edit) error {
		was, err := r.school(ctx, e.tx, school)
		if err != nil || was.StudentLogins == may {
			return err
		}
		if _, err := e.tx.Exec(ctx, updateStudentLogins, school, may, r.now().UnixMicro()); err != nil {
			return err
		}
		cs := changes{{"student_logins", was.StudentLogins, may}}
		return e.record(ctx, "school.changed", "school", school, cs.detail())
	})
}
