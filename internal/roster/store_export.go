package roster

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	enrolledOfSchool = selectStudent + `
where s.school_id = $1 and (s.sort_key, s.id) > ($2, $3) and s.status = 'enrolled'
order by s.sort_key, s.id
limit $4`

	enrolledOfNone = selectStudent + `
where s.school_id is null and (s.sort_key, s.id) > ($1, $2) and s.status = 'enrolled'
order by s.sort_key, s.id
limit $3`

	liveTerms = `select source_id, title, kind, begin_date, end_date, parent, school_year from term
where ended_at is null
order by id`

	liveCourses = `select id, source_id, coalesce(school_id, 0), title, code, grades, subjects, school_year from course
where ended_at is null and id > $1
order by id
limit $2`

	classesOfSchool = `select c.id, c.source_id, c.title, c.code, c.kind, c.location, c.grades, c.subjects, c.periods, c.terms, c.sort_key, coalesce(k.source_id, '')
from class c left join course k on k.id = c.course_id
where c.ended_at is null and c.school_id = $1 and (c.sort_key, c.id) > ($2, $3)
order by c.sort_key, c.id
limit $4`

	// The list of ids follows it.
	enrolmentsOfClasses = `select e.source_id, e.class_id, coalesce(e.student_id, 0), coalesce(t.source_id, ''), e.main, e.begin_date, e.end_date,
coalesce(s.source_id, ''), coalesce(s.status, ''), coalesce(s.school_id, 0)
from enrolment e
left join student s on s.id = e.student_id
left join teacher t on t.id = e.teacher_id
where e.ended_at is null and e.class_id in (`

	teachersOfSchool = `select distinct t.id, t.source_id, t.first_name, t.last_name
from class c
join enrolment e on e.class_id = c.id and e.student_id is null
join teacher t on t.id = e.teacher_id
where c.school_id = $1 and c.ended_at is null and e.ended_at is null
order by t.id`
)

// exportPlace is a student's place in the list of a school.
type exportPlace struct {
	sort string
	id   int64
}

func studentsOfSchool(ctx context.Context, tx *sqldb.Tx, school int64, after exportPlace) ([]Student, error) {
	if school == 0 {
		return sqldb.All(ctx, tx, scanStudent, enrolledOfNone, after.sort, after.id, exportPage)
	}
	return sqldb.All(ctx, tx, scanStudent, enrolledOfSchool, school, after.sort, after.id, exportPage)
}

// exportedClass is a class with its course.
type exportedClass struct {
	Class
	sort string
}

func classesAfter(ctx context.Context, tx *sqldb.Tx, school int64, after exportPlace) ([]exportedClass, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (c exportedClass, err error) {
		var terms string
		err = r.Scan(&c.ID, &c.SourceID, &c.Title, &c.Code, &c.Kind, &c.Location, &c.Grades, &c.Subjects, &c.Periods, &terms, &c.sort, &c.Course)
		c.Terms = splitSources(terms)
		return c, err
	}, classesOfSchool, school, after.sort, after.id, exportPage)
}

// exportedEnrolment is who is in a class.
type exportedEnrolment struct {
	source, user string
	class        int64
	student      bool
	main         bool
	begin, end   string
}

// enrolmentsIn returns who is in the classes, of students those enrolled at the schools.
func enrolmentsIn(ctx context.Context, tx *sqldb.Tx, classes []int64, at access.Schools) ([]exportedEnrolment, error) {
	var all []exportedEnrolment
	err := eachChunk(classes, func(in string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var e exportedEnrolment
			var student, school int64
			var teacher, source string
			var status Status
			if err := r.Scan(&e.source, &e.class, &student, &teacher, &e.main, &e.begin, &e.end, &source, &status, &school); err != nil {
				return err
			}
			switch {
			case student == 0:
				e.user = teacher
			case status != Enrolled || !at.Has(school):
				return nil
			default:
				e.user, e.student = studentKey(Student{ID: student, SourceID: source}), true
			}
			all = append(all, e)
			return nil
		}, enrolmentsOfClasses+in+") order by e.class_id, e.id", args...)
	})
	return all, err
}
