package roster

import (
	"cmp"
	"context"
	"slices"
	"strings"

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
		cs = e.settleStatus(was, &next, cs)
		if err := e.checkStudent(ctx, &next, cs); err != nil || len(cs) == 0 {
			return err
		}
		e.note(kindStudent, s.ID, cs)
		if was.SourceID != "" {
			next.FileValues = keepWas(was.FileValues, was.Local, cs)
		}
		next.Local = addLocal(was.Local, cs)
		if err := r.putStudent(ctx, e.tx, &next); err != nil {
			return err
		}
		if cs.has(fieldStatus, fieldSchool, fieldEnrolledFrom, fieldGoneOn, fieldBirthDate) {
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
		e.noteOnce(kindStudent, id, FieldAdded)
		return e.record(ctx, "student.added", "student", id, cs.detail())
	})
	return id, err
}

// settleStatus makes status and dates agree: a day of leaving that has come is the status, whoever is enrolled again has no such day, and
// whoever leaves by hand leaves today.
func (e *edit) settleStatus(was Student, next *Student, cs changes) changes {
	if !cs.has(fieldStatus, fieldGoneOn, fieldGoneAs) {
		return cs
	}
	today := e.today()
	switch gone := next.GoneOn != "" && next.GoneOn <= today; {
	case next.Status == Enrolled && cs.has(fieldStatus) && !cs.has(fieldGoneOn) && gone:
		next.GoneOn, next.GoneAs = "", ""
	case next.Status == Enrolled && gone && isDate(next.GoneOn) && next.GoneAs != "":
		next.Status = next.GoneAs
	case cs.has(fieldStatus) && (next.Status == Withdrawn || next.Status == Graduated) && !cs.has(fieldGoneOn):
		next.GoneOn, next.GoneAs = today, next.Status
	}
	return between(studentFields(), &was, next)
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
	if cs.has(fieldOtherSchools) {
		schools, err := schoolsOf(ctx, e.tx, e.actor)
		if err != nil {
			return err
		}
		for _, id := range s.OtherSchools {
			if id == s.SchoolID || !slices.ContainsFunc(schools, func(o School) bool { return o.ID == id }) && !strings.Contains(cs.old(fieldOtherSchools), ","+idText(id)+",") {
				ps = append(ps, problem(fieldOtherSchools, "problem.choose"))
				break
			}
		}
	}
	return fault.InvalidFields(ps...)
}
