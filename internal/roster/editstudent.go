package roster

import (
	"cmp"
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// SaveStudent changes a student's fields. Fields that change are from now on local. It returns fault.NotFound for no student,
// also for one of another school, fault.Conflict when Version is not the current one, fault.Invalid with problems by field; nothing is written then.
func (r *Roster) SaveStudent(ctx context.Context, actor access.Actor, s Student) error {
	return r.edit(ctx, actor, func(e *edit) error {
		was, err := r.Student(ctx, e.tx, s.ID)
		if err != nil {
			return err
		}
		if err := access.CheckAt(actor, access.EditRecords, was.SchoolID); err != nil {
			return err
		}
		if err := current("student", was.Version, s.Version); err != nil {
			return err
		}
		next, cs := settle(studentFields(), was, s)
		if err := e.checkStudent(ctx, &next, cs); err != nil || len(cs) == 0 {
			return err
		}
		next.Local = addLocal(was.Local, cs)
		if err := r.putStudent(ctx, e.tx, &next); err != nil {
			return err
		}
		if cs.has(fieldStatus, fieldSchool) {
			if e.change.LineIDs, err = sqldb.All(ctx, e.tx, scanID, selectLineIDsOfStudent, s.ID); err != nil {
				return err
			}
		}
		return e.record(ctx, "student.changed", "student", s.ID, cs.detail())
	})
}

// AddStudent adds a student by hand and returns the id. It returns fault.Invalid with problems by field.
func (r *Roster) AddStudent(ctx context.Context, actor access.Actor, s Student) (id int64, err error) {
	err = r.edit(ctx, actor, func(e *edit) error {
		blank := Student{}
		typed := s
		typed.Status = cmp.Or(s.Status, Enrolled)
		next, cs := settle(studentFields(), blank, typed)
		if err := e.checkStudent(ctx, &next, cs); err != nil {
			return err
		}
		if err := r.putStudent(ctx, e.tx, &next); err != nil {
			return err
		}
		id = next.ID
		return e.record(ctx, "student.added", "student", id, cs.detail())
	})
	return id, err
}

// checkStudent returns fault.Invalid for what is wrong with the changed fields, and for a school that is not the actor's.
func (e *edit) checkStudent(ctx context.Context, s *Student, cs changes) error {
	ps := e.Roster.checkStudent(s, cs)
	switch {
	case !ScopeOf(e.actor).Has(s.SchoolID):
		ps = append(ps, problem(fieldSchool, "problem.choose"))
	case cs.has(fieldSchool) && s.SchoolID != 0:
		_, err := e.school(ctx, e.tx, s.SchoolID)
		if fault.Is(err, fault.NotFound) {
			ps, err = append(ps, problem(fieldSchool, "problem.choose")), nil
		}
		if err != nil {
			return err
		}
	}
	return fault.InvalidFields(ps...)
}
