package roster

import (
	"cmp"
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ClassworkSince returns which of the source ids of a kind were added after a moment (unix microseconds), and how many of the others were changed.
func (r *Roster) ClassworkSince(ctx context.Context, tx *sqldb.Tx, kind ClassworkKind, sources []string, since int64) (added []string, changed int, err error) {
	table := addedTables()[kind].table
	if table == "" {
		return nil, 0, fault.Invalidf("not to be taken back: %s", kind)
	}
	query := "select source_id, created_at > $1 from " + table + " where updated_at > $1 and source_id in "
	err = eachSourceAfter(ctx, tx, sources, query, "", []any{since}, func(r *sql.Rows) error {
		var source string
		var fresh bool
		err := r.Scan(&source, &fresh)
		if fresh {
			added = append(added, source)
		} else {
			changed++
		}
		return err
	})
	return added, changed, err
}

// RemoveClasswork deletes what an import added after a moment (unix microseconds) and nothing else rests on, at most ClassworkAtOnce rows
// (fault.Invalid), in the caller's transaction. It returns how many are still there. It returns fault.Forbidden unless the actor may import.
func (r *Roster) RemoveClasswork(ctx context.Context, tx *sqldb.Tx, actor access.Actor, kind ClassworkKind, sources []string, since int64) (left int, err error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return 0, err
	}
	k := addedTables()[kind]
	if len(sources) > ClassworkAtOnce || k.table == "" {
		return 0, fault.Invalidf("not to be taken back: %d of kind %s", len(sources), kind)
	}
	l := &lookup{tx: tx, now: r.now().UnixMicro(), write: true, touched: map[int64]bool{}}
	query := "delete from " + k.table + " where created_at > $1" + k.unless + " and source_id in "
	err = eachSourceAfter(ctx, tx, sources, query, "\nreturning "+cmp.Or(k.touch, "0"), []any{since}, func(r *sql.Rows) error {
		var class int64
		err := r.Scan(&class)
		if class != 0 {
			l.touched[class] = true
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	err = eachSourceAfter(ctx, tx, sources, "select 1 from "+k.table+" where created_at > $1 and source_id in ", "", []any{since},
		func(*sql.Rows) error { left++; return nil })
	if err != nil {
		return 0, err
	}
	return left, l.reword(ctx)
}

// addedTable is how rows of a kind are taken back.
type addedTable struct{ table, unless, touch string }

func addedTables() map[ClassworkKind]addedTable {
	return map[ClassworkKind]addedTable{
		Enrolments: {table: "enrolment", touch: "case when teacher_id is not null then class_id else 0 end"},
		Classes:    {table: "class", unless: " and not exists (select 1 from enrolment e where e.class_id = class.id)"},
		Courses:    {table: "course", unless: " and not exists (select 1 from class k where k.course_id = course.id)"},
		Teachers:   {table: "teacher", unless: " and not exists (select 1 from enrolment e where e.teacher_id = teacher.id)"},
		Terms:      {table: "term", unless: " and not exists (select 1 from class_term k where k.term_id = term.id)"},
	}
}

// RemoveSchool deletes a school that an import added, in the caller's transaction, and reports whether it is gone. It stays while anybody or
// anything is at it, and once staff decided something about it. It returns fault.Forbidden unless the actor may import.
func (r *Roster) RemoveSchool(ctx context.Context, tx *sqldb.Tx, actor access.Actor, id int64) (gone bool, err error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return false, err
	}
	used, err := sqldb.Value[bool](ctx, tx, selectSchoolUsed, id, whyFirstRoster)
	if err != nil || used {
		return false, err
	}
	for _, query := range []string{deleteClosingsOf, deleteSchool} {
		if _, err := tx.Exec(ctx, query, id); err != nil {
			return false, err
		}
	}
	e := &edit{Roster: r, tx: tx, actor: actor}
	return true, e.record(ctx, "school.removed", "school", id, nil)
}

// A school that is taken back is looked for among all courses, classes and enrolments, as the database itself does before it lets it go: for
// what happens once in years no index is kept that every import would have to write.
const (
	selectSchoolUsed = `select exists (select 1 from student where school_id = $1)
or exists (select 1 from closing where school_id = $1 and why <> $2)
or exists (select 1 from custody_question where school_id = $1 and answered_at is not null)
or exists (select 1 from school_top where school_id = $1 or next_school_id = $1)
or exists (select 1 from course where school_id = $1)
or exists (select 1 from class where school_id = $1)
or exists (select 1 from enrolment where school_id = $1)`

	deleteClosingsOf = `delete from closing where school_id = $1`
	deleteSchool     = `delete from school where id = $1`
)
