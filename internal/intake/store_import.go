package intake

import (
	"database/sql"
	"encoding/json"
	"time"
)

const (
	importColumns = `id, state, origin, file_name, hash, size, options, format, owner_id, owner_name, owner_role, allowed_by, undoes, undone_by,
rows_read, steps_planned, steps, done, alone, rounds, phase, pos, report, problem, started_at, coalesce(planned_at, 0), coalesce(begun_at, 0), coalesce(finished_at, 0)`

	selectImport     = `select ` + importColumns + ` from import where id = $1`
	selectLastImport = `select ` + importColumns + ` from import where undoes = 0 order by started_at desc, id desc limit 1`
	selectImports    = `select ` + importColumns + ` from import where (started_at, id) < ($1, $2) order by started_at desc, id desc limit $3`
	selectOpen       = `select ` + importColumns + ` from import where state = $1 and state not in ('done', 'failed', 'stopped') order by id`

	insertImport = `insert into import (state, origin, file_name, hash, size, options, owner_id, owner_name, owner_role, undoes, started_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`

	deleteImport = `delete from import where id = $1`

	updateTakeTurn = `update import_turn set import_id = $1, holder = $2, until = $3 where id = 1 and until < $4`
	updateKeepTurn = `update import_turn set until = $2 where id = 1 and holder = $1`
	updateEndTurn  = `update import_turn set import_id = 0, holder = '', until = 0 where id = 1 and holder = $1`

	insertSteps    = `insert into import_step (import_id, phase, pos, student_id, contact_id, name, data) values `
	insertNotes    = `insert into import_note (import_id, list, pos, student_id, contact_id, student, contact, detail) values `
	insertFindings = `insert into import_finding (import_id, pos, level, file, line, col, was, said, count, code, taken_as, number, more) values `

	selectStageSteps = `select phase, pos, student_id, contact_id, name, data, '' from step where (phase, pos) > ($1, $2) and phase < $4 order by phase, pos limit $3`
	selectStageNotes = `select list, pos, student_id, contact_id, student, contact, detail from note where (list, pos) > ($1, $2) order by list, pos limit $3`

	selectSteps = `select phase, pos, student_id, contact_id, name, data, outcome from import_step
where import_id = $1 and (phase, pos) > ($2, $3)
order by phase, pos
limit $4`

	selectStepsUntil = `select phase, pos, student_id, contact_id, name, data, outcome from import_step
where import_id = $1 and (phase, pos) > ($2, $3) and phase < $5
order by phase, pos
limit $4`

	selectSchoolSteps = `select phase, pos, student_id, contact_id, name, data, outcome from import_step
where import_id = $1 and phase = $2
order by phase, pos`

	updatePlanned = `update import set state = $2, format = $3, report = $4, steps = $5, rounds = $6, rows_read = $7, planned_at = $8,
begun_at = case when $2 = 'applying' then coalesce(begun_at, cast($8 as bigint)) else begun_at end, problem = ''
where id = $1`

	updateState    = `update import set state = $3, problem = $4, finished_at = case when $3 in ('done', 'failed', 'stopped') then cast($5 as bigint) end where id = $1 and state = $2`
	updateFailed   = `update import set state = 'failed', problem = $3, finished_at = $4, report = $5 where id = $1 and state = $2`
	updateFar      = `update import set rows_read = $2, steps_planned = $3 where id = $1 and state = 'planning' and (rows_read <> $2 or steps_planned <> $3)`
	updateProgress = `update import set phase = $4, pos = $5, done = done + $6, alone = alone + $7 where id = $1 and phase = $2 and pos = $3 and state = 'applying'`
	updateAlone    = `update import_step set outcome = 'alone' where import_id = $1 and phase = $2 and pos = $3`
	updateEnded    = `update import set state = 'done', finished_at = $2 where id = $1 and state = 'applying'`
	updateUndone   = `update import set undone_by = $2 where id = $1`

	// A plan that waits for somebody keeps its steps, however many others are applied meanwhile.
	deleteOldSteps = `delete from import_step where (import_id, phase, pos) in
(select s.import_id, s.phase, s.pos from import_step s join import m on m.id = s.import_id
where s.import_id < $1 and m.state in ('done', 'failed', 'stopped')
order by s.import_id, s.phase, s.pos limit $2)`
	deleteChunks = `delete from import_chunk where (import_id, pos) in
(select import_id, pos from import_chunk where import_id = $1 order by import_id, pos limit $2)`
	deleteStepsOf = `delete from import_step where (import_id, phase, pos) in
(select import_id, phase, pos from import_step where import_id = $1 order by import_id, phase, pos limit $2)`
	deleteNotesOf = `delete from import_note where (import_id, list, pos) in
(select import_id, list, pos from import_note where import_id = $1 order by import_id, list, pos limit $2)`
	deleteFindingsOf = `delete from import_finding where (import_id, pos) in
(select import_id, pos from import_finding where import_id = $1 order by import_id, pos limit $2)`
)

func scanImport(r *sql.Rows) (Import, error) {
	var m Import
	var options, report string
	var started, planned, begun, finished int64
	err := r.Scan(&m.ID, &m.State, &m.Origin, &m.FileName, &m.Hash, &m.Size, &options, &m.Format, &m.ownerID, &m.Owner, &m.ownerRole, &m.AllowedBy,
		&m.Undoes, &m.UndoneBy, &m.RowsRead, &m.StepsPlanned, &m.Steps, &m.Done, &m.Alone, &m.rounds, &m.phase, &m.pos, &report, &m.Problem, &started, &planned, &begun, &finished)
	if err != nil {
		return m, err
	}
	m.StartedAt, m.PlannedAt, m.BegunAt, m.FinishedAt = moment(started), moment(planned), moment(begun), moment(finished)
	if err := json.Unmarshal([]byte(options), &m.Options); err != nil || report == "" {
		return m, err
	}
	return m, json.Unmarshal([]byte(report), &m.Report)
}

func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

// stepRow is a step of a plan.
type stepRow struct {
	phase            phase
	pos              int
	student, contact int64
	name             string
	data, outcome    string
}

func scanStep(r *sql.Rows) (s stepRow, err error) {
	return s, r.Scan(&s.phase, &s.pos, &s.student, &s.contact, &s.name, &s.data, &s.outcome)
}
