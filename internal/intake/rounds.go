package intake

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// A plan is applied as it was seen. A record that somebody else changed or added meanwhile is left alone and named, and what is left to do is
// planned again from the kept file in a further round, which goes on by itself where nobody loses anything by it.

const (
	longestRound = 3           // how often an import is planned at the most
	roundNotes   = 100_000_000 // keeps the lists of one round apart from those of the next
)

// Again reports whether this is not the first plan of the import: a part of it is applied.
func (m *Import) Again() bool { return m.rounds > 1 }

// Plan is the report of the newest plan. Report is that of the first one, with the steps and lists of all.
func (m *Import) Plan() *Report {
	if m.Report.Again != nil {
		return m.Report.Again
	}
	return &m.Report
}

// firstShown is the round from which on an import's lists are shown: all of them, or the one that waits for a person.
func (m *Import) firstShown() int {
	if m.State == Planned {
		return max(m.rounds-1, 0)
	}
	return 0
}

// takesNothing reports whether nobody loses anything by a plan, and no restriction is touched.
func (r *Report) takesNothing() bool {
	return len(r.Over) == 0 && r.LosesAccess == 0 && r.LosesLater == 0 && r.Lists[ListRestriction] == 0
}

// goesOn reports whether a plan is applied without anybody having seen it. A further round is not where another import was applied since the one
// before was planned: the file may be the older one, and give back what the newer one took.
func (i *Intake) goesOn(ctx context.Context, m Import, rep *Report) (bool, error) {
	switch {
	case rep.Steps == 0:
		return true, nil
	case m.rounds == 0:
		return m.Origin == FromFolder && rep.harmless(), nil
	case !rep.takesNothing():
		return false, nil
	}
	var others bool
	err := i.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		others, err = sqldb.Value[bool](ctx, tx, selectOthers, m.PlannedAt.UnixMicro(), m.ID)
		return err
	})
	return !others, err
}

// with adds the plan of a further round to a report.
func (r Report) with(again Report) Report {
	again.Findings, again.Changes = nil, nil
	r.Again = &again
	r.Steps += again.Steps
	lists := map[List]int{}
	for _, of := range []map[List]int{r.Lists, again.Lists} {
		for on, n := range of {
			lists[on] += n
		}
	}
	r.Lists = lists
	return r
}

// leftAlone names the records of the newest round that were left alone, the first ones, and counts them. again says that they are planned again.
func (i *Intake) leftAlone(ctx context.Context, m Import, again bool) (f *findings, count int, err error) {
	from, to := (m.rounds-1)*phases, m.rounds*phases
	err = i.db.Read(ctx, func(tx *sqldb.Tx) error {
		f = newFindings()
		n, err := sqldb.Value[int64](ctx, tx, countAlone, m.ID, from, to)
		if count = int(n); err != nil || n == 0 {
			return err
		}
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var at phase
			var name string
			err := r.Scan(&at, &name)
			code := map[bool]Code{false: sayLeftAlone, true: sayPlannedAgain}[again]
			switch at.kind() {
			case phaseAddStudent, phaseAddContact, phaseAddLine, phaseSchool:
				code = map[bool]Code{false: sayAddedAlone, true: sayAddedAgain}[again]
			case phaseRemoveLine, phaseRemoveContact, phaseRemoveStudent, phaseRemoveEnrolments, phaseRemoveClasses, phaseRemoveCourses,
				phaseRemoveTeachers, phaseRemoveTerms, phaseRemoveSchool:
				code = sayInUse
			}
			f.add(Warning, "", 0, "", name, code)
			return err
		}, selectAlone, m.ID, from, to, aloneKept)
	})
	return f, count, err
}

// unsaid leaves of what a further round noticed the kinds that no round before noticed: of the file as a whole each would say the same once more.
func (i *Intake) unsaid(ctx context.Context, id int64, all []Finding, round int) ([]Finding, error) {
	if round == 0 {
		return all, nil
	}
	said := map[kindOfFinding]bool{}
	err := i.db.Look(ctx, func(tx *sqldb.Tx) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var k kindOfFinding
			err := r.Scan(&k.level, &k.code, &k.file, &k.column, &k.as)
			said[k] = true
			return err
		}, selectSaid, id, round*roundNotes)
	})
	return slices.DeleteFunc(all, func(f Finding) bool { return said[f.kind()] }), err
}

// roundEnds notes what the round left alone, and has it planned again or ends the import.
func (i *Intake) roundEnds(ctx context.Context, t *turn, m Import) error {
	if err := i.dropRest(ctx, m); err != nil {
		return err
	}
	again := m.rounds < longestRound && m.Undoes == 0
	if again {
		var err error
		if again, err = i.hasChunks(ctx, m.ID); err != nil {
			return err
		}
	}
	f, count, err := i.leftAlone(ctx, m, again)
	if err != nil {
		return err
	}
	err = i.write(ctx, t, func(tx *sqldb.Tx) error { // it may come here twice
		from := (m.rounds + longestRound) * roundNotes
		if _, err := tx.Exec(ctx, deleteFindingsBetween, m.ID, from, from+roundNotes); err != nil {
			return err
		}
		if err := putFindings(ctx, tx, m.ID, f.list(), from); err != nil || count == 0 || !again {
			return err
		}
		return i.moveIn(ctx, tx, m.ID, Applying, Waiting, "")
	})
	if err != nil || count > 0 && again {
		return err
	}
	return i.ended(ctx, t, m.ID)
}

// dropRest takes away the steps of a further round that is not to be applied, and its lists: a person left them, or the process died before all of
// them were there. Where an import's steps are all done, there are none.
func (i *Intake) dropRest(ctx context.Context, m Import) error {
	if m.Done < m.Steps {
		return nil
	}
	var left []stepRow
	err := i.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		left, err = sqldb.All(ctx, tx, scanStep, selectSteps, m.ID, int(m.phase), m.pos, 1)
		return err
	})
	if err != nil || len(left) == 0 {
		return err
	}
	return i.eraseRound(ctx, m.ID, left[0].phase.round())
}

// eraseRound takes away what is kept of a round's plan, its steps last.
func (i *Intake) eraseRound(ctx context.Context, id int64, round int) error {
	from := round * roundNotes
	for _, s := range []struct {
		query string
		args  []any
	}{{deleteNotesBetween, []any{id, from, from + roundNotes}}, {deleteSomeFindings, []any{id, from, from + roundNotes}}, {deleteStepsFrom, []any{id, round * phases}}} {
		if err := i.erase(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// Since lists the imports that were applied since an import was planned: records of its plan may have moved.
func (i *Intake) Since(ctx context.Context, actor access.Actor, id int64) (all []Import, err error) {
	m, err := i.One(ctx, actor, id)
	if err != nil || m.PlannedAt.IsZero() {
		return nil, err
	}
	err = i.db.Look(ctx, func(tx *sqldb.Tx) error {
		all, err = sqldb.All(ctx, tx, scanImport, selectSince, m.PlannedAt.UnixMicro(), id)
		return err
	})
	return all, err
}

const (
	countAlone  = `select count(*) from import_step where import_id = $1 and outcome = 'alone' and phase > $2 and phase < $3`
	selectAlone = `select phase, name from import_step
where import_id = $1 and outcome = 'alone' and phase > $2 and phase < $3
order by phase, pos
limit $4`

	selectSaid = `select distinct level, code, file, col, taken_as from import_finding where import_id = $1 and pos <= $2`

	deleteFindingsBetween = `delete from import_finding where import_id = $1 and pos > $2 and pos < $3`
	deleteSomeFindings    = `delete from import_finding where (import_id, pos) in
(select import_id, pos from import_finding where import_id = $1 and pos > $2 and pos < $3 order by import_id, pos limit $4)`
	deleteNotesBetween = `delete from import_note where (import_id, list, pos) in
(select import_id, list, pos from import_note where import_id = $1 and pos > $2 and pos < $3 order by import_id, list, pos limit $4)`
	deleteStepsFrom = `delete from import_step where (import_id, phase, pos) in
(select import_id, phase, pos from import_step where import_id = $1 and phase >= $2 order by import_id, phase, pos limit $3)`

	// What is left of a further round is not applied: whoever works on the import ends it.
	updateLeaveRest = `update import set state = 'applying', steps = done where id = $1 and state = 'planned' and done > 0`

	// Another import may have been applied in part, and its rest wait.
	selectOthers = `select exists (select 1 from import where finished_at is not null and finished_at >= $1 and id <> $2 and done > 0)
or exists (select 1 from import where state not in ('done', 'failed', 'stopped') and done > 0 and id <> $2)`

	selectSince = `select ` + importColumns + ` from import
where finished_at is not null and finished_at >= $1 and id <> $2 and done > 0
order by finished_at desc
limit 5`
)
