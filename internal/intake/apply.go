package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	firstBatch = 100
	leastBatch = 50
	mostBatch  = 1000
	manySteps  = 5000                  // of people: after so many the database looks at what is in the tables before lines join them
	longBatch  = 80 * time.Millisecond // nobody waits longer behind one transaction
	aloneKept  = 1000                  // names of those left alone
)

func systemActor() access.Actor { return access.Actor{Kind: access.System} }

// begin writes a new import.
func (i *Intake) begin(ctx context.Context, tx *sqldb.Tx, actor access.Actor, m Import, s State) (int64, error) {
	options, err := json.Marshal(m.Options)
	if err != nil {
		return 0, err
	}
	return sqldb.Value[int64](ctx, tx, insertImport, string(s), string(m.Origin), m.FileName, m.Hash, m.Size, string(options), actor.AccountID,
		actor.Username, string(actor.Role), m.Undoes, i.now().UnixMicro())
}

// setPlanned notes that the whole plan is in the journal.
func (i *Intake) setPlanned(ctx context.Context, tx *sqldb.Tx, id int64, p *plan, round int, s State) error {
	m, err := sqldb.One(ctx, tx, scanImport, selectImport, id)
	if err != nil {
		return err
	}
	rep := *p.rep
	if round > 0 {
		rep = m.Report.with(rep)
	}
	rep.Findings, rep.Changes = nil, nil
	data, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, updatePlanned, id, string(s), p.rep.Format, string(data), m.Steps+p.rep.Steps, round+1, p.rows(), i.now().UnixMicro())
	return err
}

// writer applies a journal.
type writer struct {
	*Intake
	actor   access.Actor
	id      int64
	schools map[int64]int64 // ids of the plan's new schools, which are negative there
	round   int             // of schools
	steps   int             // that were taken on since the tables were looked at
}

// apply works through the journal from where it stands, in transactions that nobody waits behind. A step is done at most once: the place in the
// journal moves on in the transaction of the step.
func (i *Intake) apply(ctx context.Context, t *turn, id int64) error {
	m, err := i.one(ctx, id)
	if err != nil {
		return err
	}
	w := &writer{Intake: i, actor: m.actor(), id: id, round: -1}
	at, pos, size := m.phase, m.pos, firstBatch
	for {
		steps, err := w.next(ctx, at, pos, size)
		if err != nil {
			return err
		}
		if len(steps) == 0 {
			return w.measure(ctx, at, nil)
		}
		if err := w.measure(ctx, at, steps); err != nil {
			return err
		}
		began := i.now()
		err = i.write(ctx, t, func(tx *sqldb.Tx) error {
			alone, err := w.do(ctx, tx, steps)
			if err != nil {
				return err
			}
			last := steps[len(steps)-1]
			n, err := tx.Exec(ctx, updateProgress, id, int(at), pos, int(last.phase), last.pos, len(steps), alone)
			if err == nil && n == 0 {
				err = errBusy
			}
			return err
		})
		if err != nil {
			return err
		}
		at, pos = steps[len(steps)-1].phase, steps[len(steps)-1].pos
		switch took := i.now().Sub(began); {
		case took > longBatch:
			size = max(leastBatch, size/2)
		case took < longBatch/2 && len(steps) == size:
			size = min(mostBatch, size*2)
		}
	}
}

// measure has the database look at what many steps brought: at people before lines join them, at lines while they come, for the pages that list
// them, and at all of it in the end.
func (w *writer) measure(ctx context.Context, at phase, next []stepRow) error {
	before := w.steps
	w.steps += len(next)
	var tables []string
	switch {
	case w.steps < manySteps:
	case len(next) == 0:
		tables = []string{"student", "contact", "student_contact", "line_name", "line_word", "class", "enrolment"}
	case next[0].phase.kind() == phaseAddLine && at != next[0].phase:
		w.steps = manySteps
		tables = []string{"student", "contact"}
	case next[0].phase.kind() == phaseAddLine && before/manySteps < 2 && w.steps/manySteps >= 2:
		tables = []string{"student_contact", "line_name", "line_word"}
	}
	if len(tables) == 0 {
		return nil
	}
	return w.db.Measure(ctx, tables...)
}

// next reads the next steps, all of one phase.
func (w *writer) next(ctx context.Context, at phase, pos, size int) (steps []stepRow, err error) {
	err = w.db.Read(ctx, func(tx *sqldb.Tx) error {
		if at.kind() < phaseEndClasses {
			steps, err = sqldb.All(ctx, tx, scanStep, selectStepsUntil, w.id, int(at), pos, size, at.round()*phases+int(phaseEndClasses))
		}
		if err == nil && len(steps) == 0 { // what comes then is hundreds of rows each
			steps, err = sqldb.All(ctx, tx, scanStep, selectSteps, w.id, int(at), pos, 1)
		}
		return err
	})
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	if end := slices.IndexFunc(steps, func(s stepRow) bool { return s.phase != steps[0].phase }); end > 0 {
		steps = steps[:end]
	}
	if round := steps[0].phase.round(); steps[0].phase.kind() > phaseSchool && w.round != round {
		w.round = round
		return steps, w.findSchools(ctx)
	}
	return steps, nil
}

// findSchools finds the schools that the round's plan made, by what they are known by.
func (w *writer) findSchools(ctx context.Context) error {
	w.schools = map[int64]int64{}
	return w.db.Read(ctx, func(tx *sqldb.Tx) error {
		made, err := sqldb.All(ctx, tx, scanStep, selectSchoolSteps, w.id, w.round*phases+int(phaseSchool))
		if err != nil || len(made) == 0 {
			return err
		}
		known, _, err := w.roster.AllSchools(ctx, tx)
		if err != nil {
			return err
		}
		for _, s := range made {
			var c schoolChange
			if err := unpack(s.data, &c); err != nil {
				return err
			}
			if at := c.among(known); at >= 0 {
				w.schools[c.New.ID] = known[at].ID
			}
		}
		return nil
	})
}

// do does steps of one phase, and returns how many were left alone.
func (w *writer) do(ctx context.Context, tx *sqldb.Tx, steps []stepRow) (alone int, err error) {
	b := roster.Batch{Import: w.id}
	var ids []int64
	switch steps[0].phase.kind() {
	case phaseSchool:
		ids, err = w.schoolSteps(ctx, tx, steps)
	case phaseRemoveLine, phaseRemoveContact, phaseRemoveStudent:
		ids, err = w.removeSteps(ctx, tx, steps)
	case phaseRemoveEnrolments, phaseRemoveClasses, phaseRemoveCourses, phaseRemoveTeachers, phaseRemoveTerms:
		ids, err = w.removeClasses(ctx, tx, steps[0])
	case phaseRemoveSchool:
		ids, err = w.removeSchool(ctx, tx, steps[0])
	case phaseEndClasses, phaseClasswork:
		return 0, w.classSteps(ctx, tx, steps)
	case phaseFirst:
		return 0, w.firstSteps(ctx, tx, steps)
	case phaseStudentLeaves, phaseChangeStudent, phaseAddStudent:
		if b.Students, err = w.studentSteps(steps); err == nil {
			var done roster.Applied
			done, err = w.roster.Apply(ctx, tx, w.actor, b)
			ids = done.Students
		}
	case phaseContactLeaves, phaseChangeContact, phaseAddContact:
		if b.Contacts, err = w.contactSteps(steps); err == nil {
			var done roster.Applied
			done, err = w.roster.Apply(ctx, tx, w.actor, b)
			ids = done.Contacts
		}
	case phaseCloseLine, phaseChangeLine, phaseAddLine:
		ids, err = w.lineSteps(ctx, tx, steps)
	}
	if err != nil {
		return 0, err
	}
	for n, id := range ids {
		if id != 0 {
			continue
		}
		alone++
		if _, err := tx.Exec(ctx, updateAlone, w.id, int(steps[n].phase), steps[n].pos); err != nil {
			return 0, err
		}
	}
	return alone, nil
}

func (w *writer) firstSteps(ctx context.Context, tx *sqldb.Tx, steps []stepRow) error {
	var all []int64
	for _, s := range steps {
		var ids []int64
		if err := unpack(s.data, &ids); err != nil {
			return err
		}
		all = append(all, ids...)
	}
	for n, id := range all {
		if id < 0 {
			all[n] = w.schools[id]
		}
	}
	all = slices.DeleteFunc(all, func(id int64) bool { return id == 0 })
	if len(all) == 0 {
		return nil
	}
	return w.roster.FirstRoster(ctx, tx, w.actor, all, w.set.Values().HoldNewSchools)
}

func (w *writer) studentSteps(steps []stepRow) ([]roster.StudentChange, error) {
	all := make([]roster.StudentChange, len(steps))
	for n, s := range steps {
		c := &all[n]
		if err := unpack(s.data, c); err != nil {
			return nil, err
		}
		c.New.ID = max(c.New.ID, 0)
		if c.New.SchoolID < 0 {
			c.New.SchoolID = w.schools[c.New.SchoolID]
		}
		for i, id := range c.New.OtherSchools {
			if id < 0 {
				c.New.OtherSchools[i] = w.schools[id]
			}
		}
	}
	return all, nil
}

func (w *writer) contactSteps(steps []stepRow) ([]roster.ContactChange, error) {
	all := make([]roster.ContactChange, len(steps))
	for n, s := range steps {
		if err := unpack(s.data, &all[n]); err != nil {
			return nil, err
		}
		all[n].New.ID = max(all[n].New.ID, 0)
	}
	return all, nil
}

// lineSteps does steps of lines. The ends of new ones may be new themselves: they are found by their source ids.
func (w *writer) lineSteps(ctx context.Context, tx *sqldb.Tx, steps []stepRow) ([]int64, error) {
	all := make([]lineStep, len(steps))
	var students, contacts []string
	for n, s := range steps {
		c := &all[n]
		if err := unpack(s.data, c); err != nil {
			return nil, err
		}
		if c.Old.ID == 0 && c.New.StudentID == 0 {
			students = append(students, c.Student)
		}
		if c.Old.ID == 0 && c.New.ContactID == 0 {
			contacts = append(contacts, c.Contact)
		}
	}
	ids, err := w.roster.IDsOf(ctx, tx, students, contacts)
	if err != nil {
		return nil, err
	}
	done := make([]int64, len(steps))
	b := roster.Batch{Import: w.id}
	var at []int
	for n, c := range all {
		if c.Old.ID == 0 {
			if c.New.StudentID == 0 {
				c.New.StudentID = ids.Students[c.Student]
			}
			if c.New.ContactID == 0 {
				c.New.ContactID = ids.Contacts[c.Contact]
			}
			if c.New.StudentID == 0 || c.New.ContactID == 0 {
				continue
			}
		}
		b.Lines, at = append(b.Lines, c.LineChange), append(at, n)
	}
	applied, err := w.roster.Apply(ctx, tx, w.actor, b)
	for n, id := range applied.Lines {
		done[at[n]] = id
	}
	return done, err
}

// ended notes that the whole journal is applied.
func (i *Intake) ended(ctx context.Context, t *turn, id int64) error {
	m, err := i.one(ctx, id)
	if err != nil {
		return err
	}
	err = i.write(ctx, t, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, updateEnded, m.ID, i.now().UnixMicro())
		if err != nil || n == 0 {
			return err
		}
		action := "roster.imported"
		if m.Undoes != 0 {
			action = "roster.import_undone"
			if _, err := tx.Exec(ctx, updateUndone, m.Undoes, m.ID); err != nil {
				return err
			}
		}
		return i.log.Record(ctx, tx, audit.Event{Actor: m.actor(), Action: action, TargetKind: "import", TargetID: m.ID,
			Outcome: "ok", Detail: map[string]any{"format": m.Format, "summary": m.Report.summary()}})
	})
	if err != nil {
		return err
	}
	err = errors.Join(i.nameDistrict(ctx, m), i.erase(ctx, deleteChunks, m.ID))
	if m.Steps == 0 && m.Undoes == 0 { // it changed nothing: the one before can still be taken back
		return err
	}
	return errors.Join(err, i.erase(ctx, deleteOldSteps, cmp.Or(m.Undoes, m.ID)))
}

// erase runs a statement that deletes some rows until there are none left.
func (i *Intake) erase(ctx context.Context, query string, args ...any) error {
	for n := int64(erasedAtOnce); n == erasedAtOnce; {
		err := i.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = tx.Exec(ctx, query, append(args, erasedAtOnce)...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// finishOpen finishes what an interrupted process began: a plan that is applied in part is applied to its end, one that never got into the
// journal is forgotten.
func (i *Intake) finishOpen(ctx context.Context, t *turn) error {
	for _, s := range []State{Planning, Applying} {
		var open []Import
		err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			open, err = sqldb.All(ctx, tx, scanImport, selectOpen, string(s))
			return err
		})
		if err != nil {
			return err
		}
		for _, m := range open {
			if s == Applying {
				err = i.workApply(ctx, t, m)
			} else {
				err = i.unplan(ctx, t, m)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unplan takes back a plan of which only a part is in the journal.
func (i *Intake) unplan(ctx context.Context, t *turn, m Import) error {
	if m.rounds > 0 { // an earlier round is applied: what it left alone is planned again
		if err := i.eraseRound(ctx, m.ID, m.rounds); err != nil {
			return err
		}
		return i.write(ctx, t, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, updateState, m.ID, string(Planning), string(Applying), "", nil)
			return err
		})
	}
	for _, query := range []string{deleteStepsOf, deleteNotesOf, deleteFindingsOf} {
		if err := i.erase(ctx, query, m.ID); err != nil {
			return err
		}
	}
	return i.write(ctx, t, func(tx *sqldb.Tx) error {
		if m.Origin == FromCommand {
			_, err := tx.Exec(ctx, deleteImport, m.ID)
			return err
		}
		_, err := tx.Exec(ctx, updateState, m.ID, string(Planning), string(Waiting), "", nil)
		return err
	})
}
