package roster

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	termColumns = `t.id, t.source_id, t.title, t.kind, t.begin_date, t.end_date, t.parent, t.school_year`

	// One row for each term and each teacher of each class of each student.
	taughtColumns = `select e.student_id, k.id, k.title, k.code, k.periods, k.location, k.sort_key, e.begin_date, e.end_date,
coalesce(e.ended_at, 0), k.ended_at is not null, coalesce(t.id, 0), coalesce(t.title, ''), coalesce(t.begin_date, ''), coalesce(t.end_date, ''),
coalesce(u.first_name, ''), coalesce(u.last_name, '')
from enrolment e join class k on k.id = e.class_id
left join class_term x on x.class_id = k.id left join term t on t.id = x.term_id and t.ended_at is null
left join enrolment v on v.class_id = k.id and v.student_id is null and v.ended_at is null
left join teacher u on u.id = v.teacher_id`

	byTeacher = `)
order by v.main desc, u.last_name, u.first_name, u.id`

	selectTaughtNow = taughtColumns + `
where e.ended_at is null and k.ended_at is null and e.student_id in (`
	selectTaught = taughtColumns + `
where e.student_id in (`

	selectTermChoices = `select ` + termColumns + `
from term t where (t.end_date > $1 or t.end_date = '') and t.ended_at is null
order by t.end_date, t.id
limit $2`

	selectTermsOfClass = `select ` + termColumns + `
from class_term x join term t on t.id = x.term_id
where x.class_id = $1
order by t.begin_date, t.end_date, t.id`

	selectTermTitlesIn = `select x.class_id, t.title
from class_term x join term t on t.id = x.term_id
where t.ended_at is null and x.class_id in (`
	orderTermTitles = `)
order by x.class_id, t.begin_date, t.id`

	selectClassRowsIn = `select k.id, k.title, k.code, coalesce(o.name, ''), k.periods, k.location
from class k left join school o on o.id = k.school_id
where k.id in (`

	countStudentsIn = `select class_id, count(*) from enrolment
where student_id is not null and ended_at is null and class_id in (`
	byClass = `)
group by class_id`

	selectClassPage = `select k.id, k.source_id, coalesce(k.school_id, 0), k.title, k.code, k.kind, k.location, k.grades, k.subjects, k.periods,
coalesce(o.name, ''), coalesce(c.title, '')
from class k left join school o on o.id = k.school_id left join course c on c.id = k.course_id
where k.id = $1`

	selectStudentsOfClass = `select ` + studentColumns + `
from enrolment e join student s on s.id = e.student_id left join school o on o.id = s.school_id
where e.class_id = $1 and e.student_id is not null and e.ended_at is null
order by s.sort_key, s.id`

	// A class with two words that begin alike stands at the first of them alone.
	firstOfItsClassWords = `
and (select 1 from class_word e where e.class_id = n.class_id and e.word >= $1 and e.word < n.word limit 1) is null`
)

func scanTerm(r *sql.Rows) (t Term, err error) {
	return t, r.Scan(&t.ID, &t.SourceID, &t.Title, &t.Kind, &t.Begin, &t.End, &t.Parent, &t.SchoolYear)
}

func scanClassPage(r *sql.Rows) (p ClassPage, err error) {
	k := &p.Class
	return p, r.Scan(&k.ID, &k.SourceID, &k.SchoolID, &k.Title, &k.Code, &k.Kind, &k.Location, &k.Grades, &k.Subjects, &k.Periods, &p.School, &p.Course)
}

// taughtTo reads the classes of students with their terms and teachers.
func taughtTo(ctx context.Context, tx *sqldb.Tx, query string, students []int64) ([]taught, error) {
	var all []taught
	err := eachChunk(students, func(in string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var c taught
			t := &c.term
			err := r.Scan(&c.student, &c.ClassID, &c.Title, &c.Code, &c.Periods, &c.Location, &c.sort, &c.Begin, &c.End, &c.ended, &c.classEnd,
				&t.ID, &t.Title, &t.Begin, &t.End, &c.teacher.First, &c.teacher.Last)
			if c.ended != 0 {
				c.EndedAt = time.UnixMicro(c.ended).UTC()
			}
			all = append(all, c)
			return err
		}, query+in+byTeacher, args...)
	})
	return all, err
}

// classSearch is the list that FindClasses reads: along the words, else along the terms, else along the classes.
func classSearch(q ClassQuery, words []string, args []any) (List, []any) {
	l := List{Columns: "n.sort_key, n.id", Names: "sort_key, id", Table: "class", Where: "n.ended_at is null", Order: "n.sort_key, n.id"}
	first := len(args) + 1
	switch {
	case len(words) > 0:
		l = List{Columns: "n.word, n.sort_key, n.class_id", Names: "word, sort_key, class_id", Table: "class_word",
			Where: "n.word >= $1 and n.word < $2" + firstOfItsClassWords, Order: "n.word, n.sort_key, n.class_id"}
		for _, w := range words[1:] {
			l.Where += "\nand (select 1 from class_word x where x.class_id = n.class_id and x.word >= " + placeholderOf(first) + " and x.word < " +
				placeholderOf(first+1) + " limit 1) is not null"
			args, first = append(args, w, lang.PrefixEnd(w)), first+2
		}
		if q.Term != 0 {
			l.Where += "\nand (select 1 from class_term x where x.class_id = n.class_id and x.term_id = " + placeholderOf(first) + ") is not null"
			args = append(args, q.Term)
		}
	case q.Term != 0:
		l = List{Columns: "n.sort_key, n.class_id", Names: "sort_key, class_id", Table: "class_term",
			Where: "n.term_id = " + placeholderOf(first), Order: "n.sort_key, n.class_id"}
		args = append(args, q.Term)
	}
	return l, args
}

// classHits returns the classes after a place, as places themselves.
func classHits(ctx context.Context, tx *sqldb.Tx, q ClassQuery, words []string, at access.Schools, limit int) ([]ClassCursor, error) {
	query, args := classHitsQuery(q, words, at, limit)
	return sqldb.All(ctx, tx, func(r *sql.Rows) (c ClassCursor, err error) {
		if len(words) > 0 {
			return c, r.Scan(&c.Word, &c.Sort, &c.ID)
		}
		return c, r.Scan(&c.Sort, &c.ID)
	}, query, args...)
}

func classHitsQuery(q ClassQuery, words []string, at access.Schools, limit int) (string, []any) {
	if len(words) == 0 {
		l, args := classSearch(q, words, []any{q.After.Sort, q.After.ID, limit})
		l.Where += " and (" + l.Order + ") > ($1, $2)"
		l.Limit = "$3"
		query, schools := l.At(at, len(args)+1)
		return query, append(args, schools...)
	}
	after := q.After
	if after.Word == "" {
		after.Word = words[0]
	}
	l, args := classSearch(q, words, []any{words[0], lang.PrefixEnd(words[0]), after.Word, after.Sort, after.ID, limit})
	l.Where += " and (" + l.Order + ") > ($3, $4, $5)"
	l.Limit = "$6"
	query, schools := l.At(at, len(args)+1)
	return query, append(args, schools...)
}

func countClasses(ctx context.Context, tx *sqldb.Tx, q ClassQuery, words []string, at access.Schools) (int, error) {
	query, args := countClassesQuery(q, words, at)
	n, err := sqldb.Value[int64](ctx, tx, query, args...)
	return int(n), err
}

func countClassesQuery(q ClassQuery, words []string, at access.Schools) (string, []any) {
	args := []any{CountLimit}
	if len(words) > 0 {
		args = []any{words[0], lang.PrefixEnd(words[0]), CountLimit}
	}
	limit := placeholderOf(len(args))
	l, args := classSearch(q, words, args)
	l.Limit = limit
	query, schools := l.CountAt(at, len(args)+1)
	return query, append(args, schools...)
}

// classRows fills in what the list shows of the classes, in the order of the hits.
func classRows(ctx context.Context, tx *sqldb.Tx, hits []ClassCursor) ([]ClassRow, error) {
	ids := make([]int64, len(hits))
	rows := make([]ClassRow, len(hits))
	at := map[int64]*ClassRow{}
	for i, h := range hits {
		ids[i], at[h.ID] = h.ID, &rows[i]
	}
	teachers, err := teachersOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	err = eachChunk(ids, func(in string, args []any) error {
		err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var k ClassRow
			err := r.Scan(&k.ID, &k.Title, &k.Code, &k.School, &k.Periods, &k.Location)
			k.Teachers = teacherNames(teachers[k.ID])
			*at[k.ID] = k
			return err
		}, selectClassRowsIn+in+")", args...)
		if err != nil {
			return err
		}
		err = sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var id int64
			var title string
			err := r.Scan(&id, &title)
			if !slices.Contains(at[id].Terms, title) {
				at[id].Terms = append(at[id].Terms, title)
			}
			return err
		}, selectTermTitlesIn+in+orderTermTitles, args...)
		if err != nil {
			return err
		}
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var id int64
			var n int
			err := r.Scan(&id, &n)
			at[id].Students = n
			return err
		}, countStudentsIn+in+byClass, args...)
	})
	return rows, err
}
