package roster

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/lang"
)

func termTable() classworkTable[Term] {
	return classworkTable[Term]{
		source: func(v *Term) string { return v.SourceID },
		read:   selectTermsIn,
		scan: func(r *sql.Rows) (o onRecord[Term], err error) {
			v := &o.value
			return o, r.Scan(&v.ID, &v.SourceID, &v.Title, &v.Kind, &v.Begin, &v.End, &v.Parent, &v.SchoolYear, &o.ended)
		},
		same: func(a, b *Term) bool {
			x, y := *a, *b
			x.ID, y.ID = 0, 0
			x.Kind = cmp.Or(x.Kind, PlainTerm)
			return x == y
		},
		upsert: upsertTerms, after: conflictTerms,
		row: func(v *Term, l *lookup) []any {
			return []any{v.SourceID, v.Title, string(cmp.Or(v.Kind, PlainTerm)), v.Begin, v.End, v.Parent, v.SchoolYear, l.now, l.now}
		},
		setID: func(v *Term, id int64) { v.ID = id },
	}
}

func courseTable() classworkTable[Course] {
	return classworkTable[Course]{
		source: func(v *Course) string { return v.SourceID },
		school: func(v *Course) (*string, *int64) { return &v.School, &v.SchoolID },
		read:   selectCoursesIn,
		scan: func(r *sql.Rows) (o onRecord[Course], err error) {
			v := &o.value
			return o, r.Scan(&v.ID, &v.SourceID, &v.SchoolID, &v.Title, &v.Code, &v.Grades, &v.Subjects, &v.SchoolYearTerm, &o.ended)
		},
		same: func(a, b *Course) bool {
			x, y := *a, *b
			x.ID, y.ID = 0, 0
			return x == y
		},
		upsert: upsertCourses, after: conflictCourses,
		row: func(v *Course, l *lookup) []any {
			return []any{v.SourceID, nullID(v.SchoolID), v.Title, v.Code, v.Grades, v.Subjects, v.SchoolYearTerm, l.now, l.now}
		},
		setID: func(v *Course, id int64) { v.ID = id },
	}
}

func teacherTable() classworkTable[Teacher] {
	return classworkTable[Teacher]{
		source: func(v *Teacher) string { return v.SourceID },
		read:   selectTeachersIn,
		scan: func(r *sql.Rows) (o onRecord[Teacher], err error) {
			return o, r.Scan(&o.value.ID, &o.value.SourceID, &o.value.First, &o.value.Last)
		},
		same:   func(a, b *Teacher) bool { return a.First == b.First && a.Last == b.Last },
		upsert: upsertTeachers, after: conflictTeachers,
		row:   func(v *Teacher, l *lookup) []any { return []any{v.SourceID, v.First, v.Last, l.now, l.now} },
		setID: func(v *Teacher, id int64) { v.ID = id },
	}
}

func classTable() classworkTable[Class] {
	return classworkTable[Class]{
		source: func(v *Class) string { return v.SourceID },
		school: func(v *Class) (*string, *int64) { return &v.School, &v.SchoolID },
		read:   selectClassesIn,
		scan: func(r *sql.Rows) (o onRecord[Class], err error) {
			v := &o.value
			var terms string
			err = r.Scan(&v.ID, &v.SourceID, &v.SchoolID, &v.Course, &v.Title, &v.Code, &v.Kind, &v.Location, &v.Grades, &v.Subjects,
				&v.Periods, &terms, &o.ended)
			v.Terms = splitSources(terms)
			return o, err
		},
		same: func(a, b *Class) bool {
			x, y := *a, *b
			return x.SourceID == y.SourceID && x.SchoolID == y.SchoolID && x.Course == y.Course && x.Title == y.Title && x.Code == y.Code &&
				cmp.Or(x.Kind, ScheduledClass) == y.Kind && x.Location == y.Location && x.Grades == y.Grades && x.Subjects == y.Subjects &&
				x.Periods == y.Periods && slices.Equal(x.Terms, y.Terms)
		},
		look: func(ctx context.Context, l *lookup, all []pending[Class]) error {
			var courses, terms []string
			for _, p := range all {
				courses, terms = append(courses, p.value.Course), append(terms, p.value.Terms...)
			}
			return l.findAll(ctx, ask{&l.courses, selectCourseSources, courses}, ask{&l.terms, selectTermSources, terms})
		},
		settle: func(v *Class, l *lookup) bool {
			if l.courses[v.Course] == 0 {
				v.Course = ""
			}
			return true
		},
		upsert: upsertClasses, after: conflictClasses,
		row: func(v *Class, l *lookup) []any {
			return []any{v.SourceID, nullID(v.SchoolID), nullID(l.courses[v.Course]), v.Title, v.Code, string(cmp.Or(v.Kind, ScheduledClass)),
				v.Location, v.Grades, v.Subjects, v.Periods, joinSources(v.Terms), classSort(v), l.now, l.now}
		},
		setID: func(v *Class, id int64) { v.ID = id },
	}
}

func classSort(v *Class) string { return lang.SortKey(cmp.Or(v.Title, v.Code, v.SourceID), "", "") }

func enrolmentTable() classworkTable[Enrolment] {
	return classworkTable[Enrolment]{
		source: func(v *Enrolment) string { return v.SourceID },
		school: func(v *Enrolment) (*string, *int64) { return &v.School, &v.SchoolID },
		read:   selectEnrolmentsIn,
		scan: func(r *sql.Rows) (o onRecord[Enrolment], err error) {
			v := &o.value
			return o, r.Scan(&v.ID, &v.SourceID, &v.Class, &v.SchoolID, &v.Student, &v.Teacher, &v.Main, &v.Begin, &v.End, &o.ended)
		},
		same: func(a, b *Enrolment) bool {
			x, y := *a, *b
			x.ID, y.ID, x.FilePrint, y.FilePrint = 0, 0, 0, 0
			return x == y
		},
		look: func(ctx context.Context, l *lookup, all []pending[Enrolment]) error {
			var classes, students, teachers []string
			for _, p := range all {
				classes, students, teachers = append(classes, p.value.Class), append(students, p.value.Student), append(teachers, p.value.Teacher)
			}
			return l.findAll(ctx, ask{&l.classes, selectClassSources, classes}, ask{&l.students, selectStudentSources, students},
				ask{&l.teachers, selectTeacherSources, teachers})
		},
		settle: func(v *Enrolment, l *lookup) bool {
			return l.classes[v.Class] != 0 && (v.Student == "") != (v.Teacher == "") && l.students[v.Student]+l.teachers[v.Teacher] != 0
		},
		upsert: upsertEnrolments, after: conflictEnrolments,
		row: func(v *Enrolment, l *lookup) []any {
			return []any{v.SourceID, l.classes[v.Class], nullID(v.SchoolID), nullID(l.students[v.Student]), nullID(l.teachers[v.Teacher]),
				v.Main, v.Begin, v.End, v.FilePrint, l.now, l.now}
		},
	}
}
