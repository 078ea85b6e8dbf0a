package intake

import (
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Whatever is kept of imports, what is asked of it reads along an index.
func TestNothingThatIsAskedOfImportsScansATable(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		write := func(queries ...string) {
			t.Helper()
			err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
				for _, query := range queries {
					if _, err := tx.Exec(o.ctx, query); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		const many = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 6000) `
		write(many+`insert into import (state, origin, started_at, planned_at, finished_at, hash) select 'done', 'folder', i, i, i, 'h' || i from n`,
			many+`insert into import_chunk (import_id, pos, data) select m.id, 1, 'x' from n join import m on m.started_at = n.i`,
			many+`insert into import_step (import_id, phase, pos, data) select m.id, 1, 1, 'x' from n join import m on m.started_at = n.i`,
			many+`insert into import_note (import_id, list, pos) select m.id, 'loses', 1 from n join import m on m.started_at = n.i`,
			many+`insert into import_finding (import_id, pos, level, file, line, said) select m.id, 1, 'note', 'f', 1, 'x' from n join import m on m.started_at = n.i`,
			`analyze`)
		const far = int64(1) << 60
		for name, q := range map[string]struct {
			query string
			args  []any
		}{
			"one": {selectImport, []any{7}}, "newest": {selectImports, []any{far, far, 26}}, "last": {selectLastImport, nil}, "open": {selectOpen, []any{"applying"}},
			"steps": {selectSteps, []any{7, 1, 0, 200}}, "steps of people": {selectStepsUntil, []any{7, 1, 0, 200, 15}}, "steps of schools": {selectSchoolSteps, []any{7, 1}}, "steps of a sort": {selectStepsOfPhase, []any{7, 1, 0, 26}},
			"count of steps": {countSteps, []any{7}}, "notes": {selectNotes, []any{7, "loses", 0, 26}}, "findings": {selectFindings, []any{7, 0, 26}},
			"has a file": {selectHasChunks, []any{7}}, "a piece": {selectChunk, []any{7, 1}}, "begin": {updateBegin, []any{7, "x", 1}},
			"plan anew": {updatePlanAnew, []any{7, "planned"}}, "how far": {updateFar, []any{7, 8, 9}}, "progress": {updateProgress, []any{7, 1, 1, 1, 2, 1, 0}}, "left alone": {updateAlone, []any{7, 1, 1}},
			"state": {updateState, []any{7, "waiting", "planning", "", 1}}, "ended": {updateEnded, []any{7, 1}}, "undone": {updateUndone, []any{7, 8}},
			"later ones": {selectLaterImports, []any{5990, 5990}}, "has steps": {selectHasSteps, []any{7}}, "undo that waits": {selectOpenUndo, []any{7}}, "the one before": {selectEndBefore, []any{5990, 5990}}, "given up": {stopOld, []any{"planned", 1, 2}},
			"erase pieces": {deleteChunks, []any{7, 500}}, "erase steps": {deleteStepsOf, []any{7, 500}}, "erase notes": {deleteNotesOf, []any{7, 500}},
			"erase findings": {deleteFindingsOf, []any{7, 500}}, "count of those left alone": {countAlone, []any{7, 0, 100}},
			"left alone, by name": {selectAlone, []any{7, 0, 100, 1000}}, "applied since": {selectSince, []any{5990, 7}}, "others since": {selectOthers, []any{5990, 7}},
			"findings of a round": {deleteFindingsBetween, []any{7, 1, 2}}, "erase notes of a round": {deleteNotesBetween, []any{7, 1, 2, 500}},
			"erase findings of a round": {deleteSomeFindings, []any{7, 1, 2, 500}}, "erase steps of a round": {deleteStepsFrom, []any{7, 100, 500}},
			"said before": {selectSaid, []any{7, 100}}, "leave the rest": {updateLeaveRest, []any{7}}, "taken from the folder": {selectTaken, []any{"h7", 1}},
		} {
			plan, err := o.db.Plan(o.ctx, q.query, q.args...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for line := range strings.Lines(plan) {
				line = strings.TrimSpace(line)
				scan := strings.HasPrefix(line, "SCAN ") && !strings.Contains(line, "USING ") && !strings.Contains(line, "CONSTANT ROW")
				if scan || strings.Contains(line, "Seq Scan on import") {
					t.Errorf("%s scans a table: %s in\n%s", name, line, plan)
				}
			}
		}
	})
}
