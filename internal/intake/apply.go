package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
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
	size    atomic.Int64    // of the batch that is read next
	grown   growth
}

// apply works through the journal from where it stands, in transactions that nobody waits behind; the next steps are read meanwhile. A step is done
// at most once: the place in the journal moves on in the transaction of the step.
func (i *Intake) apply(ctx context.Context, t *turn, id int64) error {
	m, err := i.one(ctx, id)
	if err != nil {
		return err
	}
	w := &writer{Intake: i, actor: m.actor(), id: id, round: -1, grown: growth{}}
	w.size.Store(firstBatch)
	at, pos := m.phase, m.pos
	for b, err := range ahead(w.batches(ctx, at, pos)) {
		if err != nil {
			return err
		}
		last := b.steps[len(b.steps)-1]
		if err := w.settle(ctx, b.phase()); err != nil {
			return err
		}
		began := i.now()
		err = i.write(ctx, t, func(tx *sqldb.Tx) error {
			alone, err := w.do(ctx, tx, b)
			if err != nil {
				return err
			}
			n, err := tx.Exec(ctx, updateProgress, id, int(at), pos, int(last.phase), last.pos, len(b.steps), alone)
			if err == nil && n == 0 {
				err = errBusy
			}
			return err
		})
		if err != nil {
			return err
		}
		at, pos = last.phase, last.pos
		w.took(i.now().Sub(began), len(b.steps))
		if err := i.db.Measure(ctx, w.grown.by(b)...); err != nil {
			return err
		}
	}
	return i.db.Measure(ctx, w.grown.tables()...)
}

// took has the next batches be of a size that takes about as long as anybody may wait.
func (w *writer) took(took time.Duration, steps int) {
	switch size := w.size.Load(); {
	case took > longBatch:
		w.size.Store(max(leastBatch, size/2))
	case took < longBatch/2 && int64(steps) == size:
		w.size.Store(min(mostBatch, size*2))
	}
}

// settle finds the schools that the plan of a phase's round made, once they are there.
func (w *writer) settle(ctx context.Context, at phase) error {
	if at.kind() <= phaseSchool || w.round == at.round() {
		return nil
	}
	w.round = at.round()
	return w.findSchools(ctx)
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

// do does a batch, and returns how many of its steps were left alone.
func (w *writer) do(ctx context.Context, tx *sqldb.Tx, b batch) (alone int, err error) {
	var ids []int64
	var done roster.Applied
	switch steps := b.steps; b.phase().kind() {
	case phaseSchool:
		ids, err = w.schoolSteps(ctx, tx, steps)
	case phaseRemoveLine, phaseRemoveContact, phaseRemoveStudent:
		ids, err = w.removeSteps(ctx, tx, steps)
	case phaseRemoveEnrolments, phaseRemoveClasses, phaseRemoveCourses, phaseRemoveTeachers, phaseRemoveTerms:
		ids, err = w.removeClasses(ctx, tx, steps[0])
	case phaseRemoveSchool:
		ids, err = w.removeSchool(ctx, tx, steps[0])
	case phaseEndClasses, phaseClasswork:
		return 0, w.classSteps(ctx, tx, b)
	case phaseFirst:
		return 0, w.firstSteps(ctx, tx, steps)
	case phaseStudentLeaves, phaseChangeStudent, phaseAddStudent:
		done, err = w.roster.Apply(ctx, tx, w.actor, roster.Batch{Import: w.id, Students: w.settled(b.students)})
		ids = done.Students
	case phaseContactLeaves, phaseChangeContact, phaseAddContact:
		done, err = w.roster.Apply(ctx, tx, w.actor, roster.Batch{Import: w.id, Contacts: b.contacts})
		ids = done.Contacts
	case phaseCloseLine, phaseChangeLine, phaseAddLine:
		ids, err = w.lineSteps(ctx, tx, b.lines)
	}
	if err != nil {
		return 0, err
	}
	for n, id := range ids {
		if id != 0 {
			continue
		}
		alone++
		if _, err := tx.Exec(ctx, updateAlone, w.id, int(b.steps[n].phase), b.steps[n].pos); err != nil {
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
	for n := range all {
		w.settleSchool(&all[n])
	}
	all = slices.DeleteFunc(all, func(id int64) bool { return id == 0 })
	if len(all) == 0 {
		return nil
	}
	return w.roster.FirstRoster(ctx, tx, w.actor, all, w.set.Values().HoldNewSchools)
}

// settled gives the plan's new schools, where students name them, the ids they have got.
func (w *writer) settled(students []roster.StudentChange) []roster.StudentChange {
	for n := range students {
		c := &students[n]
		w.settleSchool(&c.New.SchoolID)
		for i := range c.New.OtherSchools {
			w.settleSchool(&c.New.OtherSchools[i])
		}
	}
	return students
}

// lineSteps does steps of lines. The ends of new ones may be new themselves: they are found by their source ids.
func (w *writer) lineSteps(ctx context.Context, tx *sqldb.Tx, steps []lineStep) ([]int64, error) {
	var students, contacts []string
	for _, c := range steps {
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
	for n, c := range steps {
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
