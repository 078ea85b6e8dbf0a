package roster

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// A list of source ids follows each query that ends in "in", rows of values each that ends in "values".
const (
	selectTermsIn = `select t.id, t.source_id, t.title, t.kind, t.begin_date, t.end_date, t.parent, t.school_year, t.ended_at is not null
from term t where t.source_id in `

	selectCoursesIn = `select k.id, k.source_id, coalesce(k.school_id, 0), k.title, k.code, k.grades, k.subjects, k.school_year,
k.ended_at is not null
from course k where k.source_id in `

	selectTeachersIn = `select t.id, t.source_id, t.first_name, t.last_name from teacher t where t.source_id in `

	selectClassesIn = `select k.id, k.source_id, coalesce(k.school_id, 0), coalesce(o.source_id, ''), k.title, k.code, k.kind, k.location,
k.grades, k.subjects, k.periods, k.terms, k.ended_at is not null
from class k left join course o on o.id = k.course_id
where k.source_id in `

	// Where most are not on record, joins would read all classes to find a few.
	selectEnrolmentsIn = `select e.id, e.source_id, (select k.source_id from class k where k.id = e.class_id), coalesce(e.school_id, 0),
coalesce((select s.source_id from student s where s.id = e.student_id), ''), coalesce((select t.source_id from teacher t where t.id = e.teacher_id), ''),
e.main, e.begin_date, e.end_date, e.ended_at is not null
from enrolment e
where e.source_id in `

	selectSchoolSources  = `select id, source_id from school where source_id in `
	selectCourseSources  = `select id, source_id from course where source_id in `
	selectTermSources    = `select id, source_id from term where source_id in `
	selectClassSources   = `select id, source_id from class where source_id in `
	selectStudentSources = `select id, source_id from student where source_id in `
	selectTeacherSources = `select id, source_id from teacher where source_id in `

	upsertTerms = `insert into term (source_id, title, kind, begin_date, end_date, parent, school_year, created_at, updated_at) values `

	conflictTerms = `
on conflict (source_id) do update set title = excluded.title, kind = excluded.kind, begin_date = excluded.begin_date,
end_date = excluded.end_date, parent = excluded.parent, school_year = excluded.school_year, ended_at = null, updated_at = excluded.updated_at`

	upsertCourses = `insert into course (source_id, school_id, title, code, grades, subjects, school_year, created_at, updated_at) values `

	conflictCourses = `
on conflict (source_id) do update set school_id = excluded.school_id, title = excluded.title, code = excluded.code,
grades = excluded.grades, subjects = excluded.subjects, school_year = excluded.school_year, ended_at = null, updated_at = excluded.updated_at`

	upsertTeachers = `insert into teacher (source_id, first_name, last_name, created_at, updated_at) values `

	conflictTeachers = `
on conflict (source_id) do update set first_name = excluded.first_name, last_name = excluded.last_name, updated_at = excluded.updated_at`

	upsertClasses = `insert into class (source_id, school_id, course_id, title, code, kind, location, grades, subjects, periods, terms,
sort_key, created_at, updated_at) values `

	conflictClasses = `
on conflict (source_id) do update set school_id = excluded.school_id, course_id = excluded.course_id, title = excluded.title,
code = excluded.code, kind = excluded.kind, location = excluded.location, grades = excluded.grades, subjects = excluded.subjects,
periods = excluded.periods, terms = excluded.terms, sort_key = excluded.sort_key, ended_at = null, updated_at = excluded.updated_at`

	upsertEnrolments = `insert into enrolment (source_id, class_id, school_id, student_id, teacher_id, main, begin_date, end_date,
file_print, created_at, updated_at) values `

	conflictEnrolments = `
on conflict (source_id) do update set class_id = excluded.class_id, school_id = excluded.school_id, student_id = excluded.student_id,
teacher_id = excluded.teacher_id, main = excluded.main, begin_date = excluded.begin_date, end_date = excluded.end_date, ended_at = null,
file_print = excluded.file_print, updated_at = excluded.updated_at`

	selectTaughtIn = `select distinct class_id from enrolment where teacher_id in (`

	deleteTermsOfIn = `delete from class_term where class_id in (`
	addClassTerms   = `insert into class_term (class_id, term_id, sort_key, school_id) values `

	deleteClassWordsIn = `delete from class_word where class_id in (`
	addClassWords      = `insert into class_word (word, sort_key, class_id, school_id) values `

	selectWordsOfIn = `select k.id, k.title, k.code, k.sort_key, k.school_id from class k where k.ended_at is null and k.id in (`

	selectTeachersOfIn = `select e.class_id, t.first_name, t.last_name
from enrolment e join teacher t on t.id = e.teacher_id
where e.student_id is null and e.ended_at is null and e.class_id in (`

	orderTeachers = `)
order by e.class_id, e.main desc, t.last_name, t.first_name, t.id`
)

// selectLive is the query of LiveClasswork: after $1, at most $2, of school $3.
func selectLive(kind ClassworkKind) string {
	table, ok := map[ClassworkKind]string{Courses: "course", Classes: "class", Enrolments: "enrolment"}[kind]
	switch {
	case kind == Terms:
		return "select source_id, 0 from term where source_id > $1 and ended_at is null order by source_id limit $2"
	case !ok:
		return ""
	}
	print := "0"
	if kind == Enrolments {
		print = "file_print"
	}
	return "select source_id, " + print + " from " + table + " where school_id = $3 and source_id > $1 and ended_at is null order by source_id limit $2"
}

// eachSource runs a query for lists of source ids.
func eachSource(ctx context.Context, tx *sqldb.Tx, sources []string, query string, fn func(*sql.Rows) error) error {
	return eachSourceAfter(ctx, tx, sources, query, "", nil, fn)
}

// eachSourceAfter is eachSource with arguments before the list, and text behind it.
func eachSourceAfter(ctx context.Context, tx *sqldb.Tx, sources []string, query, behind string, before []any, fn func(*sql.Rows) error) error {
	return eachList(sources, len(before), func(in string, args []any) error {
		return sqldb.Each(ctx, tx, fn, query+"("+in+")"+behind, slices.Concat(before, args)...)
	})
}

// touchTaught notes the classes of teachers whose names changed.
func (l *lookup) touchTaught(ctx context.Context, changed []Teacher) error {
	ids := make([]int64, len(changed))
	for i, t := range changed {
		ids[i] = t.ID
	}
	return eachChunk(ids, func(in string, args []any) error {
		return sqldb.Each(ctx, l.tx, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			l.touched[id] = true
			return err
		}, selectTaughtIn+in+")", args...)
	})
}

// placeInTerms lists classes anew under their terms.
func (l *lookup) placeInTerms(ctx context.Context, changed []Class) error {
	ids := make([]int64, len(changed))
	var rows [][]any
	for i := range changed {
		v := &changed[i]
		ids[i], l.touched[v.ID] = v.ID, true
		terms := slices.Clone(v.Terms)
		slices.Sort(terms)
		for _, t := range slices.Compact(terms) {
			if id := l.terms[t]; id != 0 {
				rows = append(rows, []any{v.ID, id, classSort(v), nullID(v.SchoolID)})
			}
		}
	}
	if err := l.deleteTerms(ctx, ids); err != nil {
		return err
	}
	return sqldb.InsertMany(ctx, l.tx, addClassTerms, rows)
}

func (l *lookup) deleteTerms(ctx context.Context, classes []int64) error {
	return eachChunk(classes, func(in string, args []any) error {
		_, err := l.tx.Exec(ctx, deleteTermsOfIn+in+")", args...)
		return err
	})
}

// reword lists the touched classes anew under their words: those of title, code and teachers' names.
func (l *lookup) reword(ctx context.Context) error {
	if len(l.touched) == 0 {
		return nil
	}
	ids := idsIn(l.touched)
	teachers, err := teachersOf(ctx, l.tx, ids)
	if err != nil {
		return err
	}
	var rows [][]any
	err = eachChunk(ids, func(in string, args []any) error {
		if _, err := l.tx.Exec(ctx, deleteClassWordsIn+in+")", args...); err != nil {
			return err
		}
		return sqldb.Each(ctx, l.tx, func(r *sql.Rows) error {
			var id int64
			var title, code, sort string
			var school sql.NullInt64
			err := r.Scan(&id, &title, &code, &sort, &school)
			names := []string{title, code}
			for _, t := range teachers[id] {
				names = append(names, t.Last, t.First)
			}
			for _, w := range searchWords(names...) {
				rows = append(rows, []any{w, sort, id, school})
			}
			return err
		}, selectWordsOfIn+in+")", args...)
	})
	if err != nil {
		return err
	}
	return sqldb.InsertMany(ctx, l.tx, addClassWords, rows)
}

// teachersOf returns the teachers of classes, the main one first.
func teachersOf(ctx context.Context, tx *sqldb.Tx, classes []int64) (map[int64][]Teacher, error) {
	found := map[int64][]Teacher{}
	err := eachChunk(classes, func(in string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var class int64
			var t Teacher
			err := r.Scan(&class, &t.First, &t.Last)
			found[class] = append(found[class], t)
			return err
		}, selectTeachersOfIn+in+orderTeachers, args...)
	})
	return found, err
}
