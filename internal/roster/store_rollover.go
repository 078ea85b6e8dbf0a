package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// Along student_grade, which holds all that is asked.
	selectGrades = `select coalesce(school_id, 0), grade, count(*) from student
where status = 'enrolled'
group by school_id, grade`

	selectTops = `select school_id, top_grade, coalesce(next_school_id, 0) from school_top`

	upsertTop = `insert into school_top (school_id, top_grade, next_school_id) values ($1, $2, $3)
on conflict (school_id) do update set top_grade = excluded.top_grade, next_school_id = excluded.next_school_id`

	rolloverColumns = `id, state, size, done, undone, owner_name, begun_at, coalesce(ended_at, 0)`

	selectLastRollover = `select ` + rolloverColumns + ` from rollover order by begun_at desc, id desc limit 1`

	insertRollover = `insert into rollover (state, plan, size, last_id, owner_id, owner_name, begun_at)
values ('running', $1, $2, (select coalesce(max(id), 0) from student), $3, $4, $5) returning id`

	selectRolling = `select exists (select 1 from rollover where state in ('running', 'undoing'))`

	updateUndoing = `update rollover set state = 'undoing', cursor = 0, ended_at = null
where id = $1 and state = 'done' and id = (select max(id) from rollover)`

	selectRun = `select ` + rolloverColumns + `, plan, cursor, last_id, owner_id from rollover where id = $1`

	updateRun = `update rollover set state = $1, cursor = $2, done = done + $3, undone = undone + $4, ended_at = $5 where id = $6`

	selectToMove = `select ` + studentColumns + `
from student s left join school o on o.id = s.school_id
where s.id > $1 and s.id <= $2 and s.status = 'enrolled'
order by s.id
limit $3`

	insertRow = `insert into rollover_row (rollover_id, student_id, version, school_id, grade, homeroom, gone_on, gone_as)
values ($1, $2, $3, $4, $5, $6, $7, $8)`

	selectToUndo = `select w.version, w.school_id, w.grade, w.homeroom, w.gone_on, w.gone_as, ` + studentColumns + `
from rollover_row w join student s on s.id = w.student_id left join school o on o.id = s.school_id
where w.rollover_id = $1 and w.student_id > $2
order by w.student_id
limit $3`

	updateRow = `update rollover_row set outcome = $1 where rollover_id = $2 and student_id = $3`
)

func scanGradeCount(r *sql.Rows) (c GradeCount, err error) {
	return c, r.Scan(&c.School, &c.Grade, &c.Count)
}

func (v *Rollover) targets(begun, ended *int64) []any {
	return []any{&v.ID, &v.State, &v.Size, &v.Done, &v.Undone, &v.By, begun, ended}
}

func (v *Rollover) times(begun, ended int64) {
	v.Begun = time.UnixMicro(begun).UTC()
	if ended != 0 {
		v.Ended = time.UnixMicro(ended).UTC()
	}
}

func scanRollover(r *sql.Rows) (v Rollover, err error) {
	var begun, ended int64
	err = r.Scan(v.targets(&begun, &ended)...)
	v.times(begun, ended)
	return v, err
}

func scanRun(r *sql.Rows) (v run, err error) {
	var begun, ended int64
	var plan string
	if err := r.Scan(append(v.targets(&begun, &ended), &plan, &v.cursor, &v.lastID, &v.owner)...); err != nil {
		return v, err
	}
	v.times(begun, ended)
	return v, json.Unmarshal([]byte(plan), &v.plan)
}

// moved is a student with what a step found.
type moved struct {
	Student         Student
	version, school int64
	grade, homeroom string
	goneOn          string
	goneAs          Status
}

func scanMoved(r *sql.Rows) (m moved, err error) {
	var l late
	err = r.Scan(append([]any{&m.version, &m.school, &m.grade, &m.homeroom, &m.goneOn, &m.goneAs}, m.Student.targets(&l)...)...)
	l.done()
	return m, err
}

func topsOf(ctx context.Context, tx *sqldb.Tx) (map[int64]RolloverSchool, error) {
	tops := map[int64]RolloverSchool{}
	return tops, sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var s RolloverSchool
		err := r.Scan(&s.ID, &s.Top, &s.Next)
		tops[s.ID] = s
		return err
	}, selectTops)
}

// saveTops keeps what was chosen for the next year's page. There are few schools.
func saveTops(ctx context.Context, tx *sqldb.Tx, schools []RolloverSchool) error {
	for _, s := range schools {
		if _, err := tx.Exec(ctx, upsertTop, s.ID, s.Top, nullID(s.Next)); err != nil {
			return err
		}
	}
	return nil
}
