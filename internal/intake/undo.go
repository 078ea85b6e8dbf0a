package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Undo has a worker plan how the last import is taken back, and returns the number of that plan, which is applied like any other; the number of the
// one that waits already, where somebody asked before. What somebody
// changed since, and what a login rests on, stays; the plan's findings name it. It returns fault.NotFound for no import, fault.Conflict for one
// that is not the last or not done.
func (i *Intake) Undo(ctx context.Context, actor access.Actor, id int64) (int64, error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return 0, err
	}
	var undo int64
	err := i.db.Write(ctx, func(tx *sqldb.Tx) error {
		m, err := i.inState(ctx, tx, id, Done)
		if err != nil {
			return err
		}
		if m.Undoes != 0 || m.UndoneBy != 0 || m.Steps == 0 {
			return fault.Conflictf("there is nothing to take back")
		}
		if err := isLast(ctx, tx, m); err != nil {
			return err
		}
		if err := hasSteps(ctx, tx, id); err != nil {
			return err
		}
		open, err := sqldb.All(ctx, tx, scanID, selectOpenUndo, id)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			undo = open[0]
			return nil
		}
		if undo, err = i.begin(ctx, tx, actor, Import{Origin: FromUndo, FileName: m.FileName, Undoes: id}, Waiting); err != nil {
			return err
		}
		if err := i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.undo_planned", TargetKind: "import", TargetID: id}); err != nil {
			return err
		}
		return i.enqueue(ctx, tx, undo)
	})
	return undo, err
}

// MayUndo reports whether Undo would take an import back. It returns fault.NotFound for none.
func (i *Intake) MayUndo(ctx context.Context, actor access.Actor, id int64) (may bool, err error) {
	m, err := i.One(ctx, actor, id)
	if err != nil || m.State != Done || m.Undoes != 0 || m.UndoneBy != 0 || m.Steps == 0 {
		return false, err
	}
	err = i.db.Read(ctx, func(tx *sqldb.Tx) error {
		if err := isLast(ctx, tx, m); err != nil {
			return err
		}
		return hasSteps(ctx, tx, id)
	})
	if fault.Is(err, fault.Conflict) {
		return false, nil
	}
	return err == nil, err
}

// isLast returns fault.Conflict where another import changed records after this one, or is about to.
func isLast(ctx context.Context, tx *sqldb.Tx, m Import) error {
	later, err := sqldb.Value[bool](ctx, tx, selectLaterImports, m.FinishedAt.UnixMicro(), m.ID)
	if err == nil && later {
		err = fault.Conflictf("only the last import can be taken back")
	}
	return err
}

// hasSteps returns fault.Conflict where an import's steps are no longer kept.
func hasSteps(ctx context.Context, tx *sqldb.Tx, id int64) error {
	has, err := sqldb.Value[bool](ctx, tx, selectHasSteps, id)
	if err == nil && !has {
		err = fault.Conflictf("the import's steps are no longer kept")
	}
	return err
}

const (
	selectLaterImports = `select exists (select 1 from import where finished_at is not null and (finished_at, id) > ($1, $2) and done > 0 and undoes = 0)
or exists (select 1 from import where state not in ('done', 'failed', 'stopped') and undoes = 0 and steps > 0 and (state = 'applying' or done > 0))`

	selectOpenUndo = `select id from import where undoes = $1 and state not in ('done', 'failed', 'stopped')`

	selectHasSteps = `select exists (select 1 from import_step where import_id = $1)`

	selectEndBefore = `select coalesce((select finished_at from import where finished_at is not null and (finished_at, id) < ($1, $2) and done > 0
order by finished_at desc, id desc limit 1), 0)`
)

const undoneAtOnce = 200

// planUndo turns the steps of an import round. It is called in the state planning.
func (i *Intake) planUndo(ctx context.Context, t *turn, m Import) (err error) {
	s, err := newStage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p := &plan{stage: s, f: newFindings(), rep: &Report{Format: "undo"}, rec: newRecords(), pos: map[phase]int{}, notes: map[List]int{}, names: map[int64]string{}, rule: i.rule(),
		planned: t.counts(m.ID).steps}
	undone, err := i.one(ctx, m.Undoes)
	if err != nil {
		return err
	}
	since := int64(0) // what stands there longer is of another import
	err = i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if p.onRecord, _, err = i.roster.AllSchools(ctx, tx); err != nil {
			return err
		}
		since, err = sqldb.Value[int64](ctx, tx, selectEndBefore, undone.FinishedAt.UnixMicro(), undone.ID)
		return err
	})
	if err != nil {
		return err
	}
	if name := undone.Report.District; name != "" && name == i.set.Values().DistrictName {
		p.f.add(Note, "", 0, "", name, sayDistrictKept)
	}
	var at phase
	pos := 0
	for {
		var steps []stepRow
		err := i.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
			steps, err = sqldb.All(ctx, tx, scanStep, selectSteps, m.Undoes, int(at), pos, undoneAtOnce)
			return err
		})
		if err != nil {
			return err
		}
		if len(steps) == 0 {
			break
		}
		at, pos = steps[len(steps)-1].phase, steps[len(steps)-1].pos
		if err := i.turnRound(ctx, p, steps, undone.BegunAt, since); err != nil {
			return err
		}
	}
	if err := i.endingLogins(ctx, p); err != nil {
		return err
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	if err := i.keep(ctx, t, m.ID, p, 0); err != nil {
		return err
	}
	return i.write(ctx, t, func(tx *sqldb.Tx) error { return i.setPlanned(ctx, tx, m.ID, p, 0, Planned) })
}

func (i *Intake) turnRound(ctx context.Context, p *plan, steps []stepRow, begun time.Time, since int64) error {
	now, err := i.present(ctx, steps, begun)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.outcome != "" {
			continue
		}
		switch s.phase.kind() {
		case phaseStudentLeaves, phaseChangeStudent, phaseAddStudent:
			err = p.undoStudent(ctx, s, now)
		case phaseContactLeaves, phaseChangeContact, phaseAddContact:
			err = p.undoContact(ctx, s, now)
		case phaseCloseLine, phaseChangeLine, phaseAddLine:
			err = p.undoLine(ctx, s, now)
		case phaseEndClasses:
			err = p.undoEnded(s)
		case phaseClasswork:
			err = i.undoClasses(ctx, p, s, since)
		case phaseSchool:
			err = p.undoSchool(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stays says that a step is not taken back.
func (p *plan) stays(s stepRow, why Code) {
	p.f.add(Warning, "", 0, "", s.name, why)
}

// asLeft reports whether a record, if it is there, still has the version that the import left and no login rests on it. Else it says why it stays;
// what the import added and is gone needs no words.
func (p *plan) asLeft(s stepRow, added, there bool, version, left int64, used bool) bool {
	switch {
	case added && !there:
	case !there || version != left:
		p.stays(s, sayChangedSince)
	case used:
		p.stays(s, sayLoginSince)
	default:
		return true
	}
	return false
}

func (p *plan) undoStudent(ctx context.Context, s stepRow, now *present) error {
	var c roster.StudentChange
	if err := unpack(s.data, &c); err != nil {
		return err
	}
	if c.Old.ID == 0 {
		is, ok := now.students[now.ids.Students[c.New.SourceID]]
		if !p.asLeft(s, true, ok, is.Version, 1, now.used[is.ID]) {
			return nil
		}
		p.rep.Students.Removed++
		return p.step(ctx, phaseRemoveStudent, is.ID, 0, s.name, roster.Added{ID: is.ID, Version: is.Version})
	}
	is, ok := now.students[c.Old.ID]
	if !p.asLeft(s, false, ok, is.Version, c.Old.Version+1, false) {
		return nil
	}
	p.rep.Students.Changed++
	at := phaseChangeStudent
	if is.Status == roster.Enrolled && c.Old.Status != roster.Enrolled {
		at = phaseStudentLeaves
	}
	return p.step(ctx, at, is.ID, 0, s.name, roster.StudentChange{Old: is, New: c.Old})
}

func (p *plan) undoContact(ctx context.Context, s stepRow, now *present) error {
	var c roster.ContactChange
	if err := unpack(s.data, &c); err != nil {
		return err
	}
	if c.Old.ID == 0 {
		is, ok := now.contacts[now.ids.Contacts[c.New.SourceID]]
		if !p.asLeft(s, true, ok, is.Version, 1, now.held[is.ID]) {
			return nil
		}
		p.rep.Contacts.Removed++
		return p.step(ctx, phaseRemoveContact, 0, is.ID, s.name, roster.Added{ID: is.ID, Version: is.Version})
	}
	is, ok := now.contacts[c.Old.ID]
	if !p.asLeft(s, false, ok, is.Version, c.Old.Version+1, false) {
		return nil
	}
	p.rep.Contacts.Changed++
	at := phaseChangeContact
	if c.Old.Left && !is.Left {
		at = phaseContactLeaves
	}
	return p.step(ctx, at, 0, is.ID, s.name, roster.ContactChange{Old: is, New: c.Old})
}

func (p *plan) undoLine(ctx context.Context, s stepRow, now *present) error {
	var c lineStep
	if err := unpack(s.data, &c); err != nil {
		return err
	}
	if c.Old.ID == 0 {
		is, ok := now.byPair[[2]int64{now.ids.Students[c.Student], now.ids.Contacts[c.Contact]}]
		if !p.asLeft(s, true, ok, is.Version, 1, now.held[is.ContactID] || now.made[[2]int64{is.StudentID, is.ContactID}]) {
			return nil
		}
		p.rep.Lines.Removed++
		if err := p.undoCloses(ctx, is, nil, now); err != nil {
			return err
		}
		return p.step(ctx, phaseRemoveLine, is.StudentID, is.ContactID, s.name, roster.Added{ID: is.ID, Version: is.Version})
	}
	is, ok := now.lines[c.Old.ID]
	if !p.asLeft(s, false, ok, is.Version, c.Old.Version+1, false) {
		return nil
	}
	p.rep.Lines.Changed++
	if err := p.undoCloses(ctx, is, &c.Old, now); err != nil {
		return err
	}
	return p.step(ctx, phaseOfLine(is, c.Old), is.StudentID, is.ContactID, s.name, lineStep{LineChange: roster.LineChange{Old: is, New: c.Old, Back: true}})
}

// whyTakenBack is why somebody loses access whose line came with the import.
const whyTakenBack = "taken_back"

// undoCloses puts whoever loses access by a line's going back on the list; next is nil where the line goes.
func (p *plan) undoCloses(ctx context.Context, is roster.Line, next *roster.Line, now *present) error {
	s, c := now.students[is.StudentID], now.contacts[is.ContactID]
	is.Of = s.Dates()
	if p.rule.May(is, s.Status, c.Left) != roster.MayOpen {
		return nil
	}
	why := roster.Why(whyTakenBack)
	if next != nil {
		was := *next
		was.Of = is.Of
		why = p.rule.May(was, s.Status, c.Left)
	}
	if why == roster.MayOpen {
		return nil
	}
	p.rep.LosesAccess++
	return p.note(ctx, ListLoses, Person{StudentID: s.ID, ContactID: c.ID, Student: nameOf(s.First, s.Last), Contact: nameOf(c.First, c.Last), Why: string(why)})
}

// removeSteps takes back what an import added.
func (w *writer) removeSteps(ctx context.Context, tx *sqldb.Tx, steps []stepRow) ([]int64, error) {
	all := make([]roster.Added, len(steps))
	for n, s := range steps {
		if err := unpack(s.data, &all[n]); err != nil {
			return nil, err
		}
	}
	kind := map[phase]string{phaseRemoveLine: "line", phaseRemoveContact: "contact", phaseRemoveStudent: "student"}[steps[0].phase.kind()]
	if kind == "" {
		return nil, fmt.Errorf("intake: no step of phase %d", steps[0].phase)
	}
	return w.roster.RemoveAdded(ctx, tx, w.actor, kind, all)
}
