package intake

import (
	"context"
	"fmt"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// How many records one transaction writes, so that nobody waits behind it: adding is cheap, changing less so, and closing makes the hook
// end logins.
const (
	addAtOnce    = 400
	changeAtOnce = 150
	closeAtOnce  = 50
)

// apply writes the plan: losses of access first, then what is new and changed. Each transaction leaves the records in order, and what is
// left of an interrupted plan is what the next import of the same file plans.
func (i *Intake) apply(ctx context.Context, actor access.Actor, p *plan) error {
	var run int64
	err := i.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		run, err = startRun(ctx, tx, i.now(), p.rec.format)
		return err
	})
	if err != nil {
		return fmt.Errorf("start import: %w", err)
	}
	outcome := "done"
	failed := i.write(ctx, actor, p)
	if failed != nil {
		outcome = "failed"
	}
	// How it ended is on record even if the reason is that the caller went away.
	end := context.WithoutCancel(ctx)
	err = i.db.Write(end, func(tx *sqldb.Tx) error {
		if err := endRun(end, tx, run, i.now(), outcome, p.rep.summary()); err != nil {
			return err
		}
		auditOutcome := outcome
		if failed == nil {
			auditOutcome = "ok"
		}
		return i.log.Record(end, tx, audit.Event{Actor: actor, Action: "roster.imported", TargetKind: "import", TargetID: run,
			Outcome: auditOutcome, Detail: map[string]any{"format": p.rec.format, "summary": p.rep.summary()}})
	})
	if failed != nil {
		return fmt.Errorf("import: %w", failed)
	}
	if err != nil {
		return fmt.Errorf("end import: %w", err)
	}
	return nil
}

// summary is the report in one line, without anybody's name.
func (r *Report) summary() string {
	s := ""
	for _, t := range []struct {
		what string
		t    Tally
	}{{"schools", r.Schools}, {"students", r.Students}, {"contacts", r.Contacts}, {"lines", r.Lines}} {
		s += fmt.Sprintf("%s: %d added, %d changed, %d the same, %d removed; ", t.what, t.t.Added, t.t.Changed, t.t.Same, t.t.Removed)
	}
	return s + fmt.Sprintf("%d lines lose access", r.LosesAccess)
}

// ids says which ids records got that the plan knows by negative ones. 0 means that the record was left alone.
type ids map[int64]int64

func (m ids) of(id int64) int64 {
	if id < 0 {
		return m[id]
	}
	return id
}

// writer writes a plan in small transactions.
type writer struct {
	*Intake
	actor access.Actor
	p     *plan
	ids   ids
}

func (i *Intake) write(ctx context.Context, actor access.Actor, p *plan) error {
	w := &writer{Intake: i, actor: actor, p: p, ids: ids{}}
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return w.lines(ctx, closeAtOnce, closes) },
		func(ctx context.Context) error { return w.contacts(ctx, closeAtOnce, leaves) },
		func(ctx context.Context) error { return w.students(ctx, closeAtOnce, departs) },
		w.schools,
		w.custody,
		func(ctx context.Context) error { return w.students(ctx, changeAtOnce, changesStudent) },
		func(ctx context.Context) error { return w.students(ctx, addAtOnce, addsStudent) },
		func(ctx context.Context) error { return w.contacts(ctx, changeAtOnce, changesContact) },
		func(ctx context.Context) error { return w.contacts(ctx, addAtOnce, addsContact) },
		func(ctx context.Context) error { return w.lines(ctx, changeAtOnce, changesLine) },
		func(ctx context.Context) error { return w.lines(ctx, addAtOnce, addsLine) },
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func addsLine(c roster.LineChange) bool { return c.Old.ID == 0 }
func closes(c roster.LineChange) bool   { return c.Old.ID != 0 && roster.MayClose(c.Old, c.New) }
func changesLine(c roster.LineChange) bool {
	return c.Old.ID != 0 && !closes(c)
}

func addsContact(c roster.ContactChange) bool    { return c.Old.ID == 0 }
func leaves(c roster.ContactChange) bool         { return c.Old.ID != 0 && c.New.Left && !c.Old.Left }
func changesContact(c roster.ContactChange) bool { return c.Old.ID != 0 && !leaves(c) }

func addsStudent(c roster.StudentChange) bool { return c.Old.ID == 0 }
func departs(c roster.StudentChange) bool {
	return c.Old.ID != 0 && c.Old.Status == roster.Enrolled && c.New.Status != roster.Enrolled
}
func changesStudent(c roster.StudentChange) bool { return c.Old.ID != 0 && !departs(c) }

// batch applies one batch in one transaction.
func (w *writer) batch(ctx context.Context, b roster.Batch) (done roster.Applied, err error) {
	err = w.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		done, err = w.roster.Apply(ctx, tx, w.actor, b)
		return err
	})
	return done, err
}

// alone notes a record that somebody else changed since it was read.
func (w *writer) alone(at place, what string) {
	w.p.f.add(Warning, at.file, at.line, "", what, "was changed by somebody else meanwhile: left alone, the next import takes it")
}

func (w *writer) schools(ctx context.Context) error {
	if len(w.p.newSchools) == 0 {
		return nil
	}
	all := slices.Clone(w.p.newSchools)
	for n := range all {
		all[n].ID = max(all[n].ID, 0)
	}
	done, err := w.batch(ctx, roster.Batch{Schools: all})
	for n, id := range done.Schools {
		w.ids[w.p.newSchools[n].ID] = id
	}
	return err
}

// custody asks, before the first students of a school are there, for the restrictions that the roster has no place for.
func (w *writer) custody(ctx context.Context) error {
	if w.p.rec.saysRestrictions {
		return nil
	}
	var first []int64
	for _, c := range w.p.studentChanges {
		if c.Old.ID != 0 {
			continue
		}
		if id := w.ids.of(c.New.SchoolID); id > 0 && !slices.Contains(w.p.fed, id) && !slices.Contains(first, id) {
			first = append(first, id)
		}
	}
	if len(first) == 0 {
		return nil
	}
	return w.db.Write(ctx, func(tx *sqldb.Tx) error {
		return w.roster.FirstRoster(ctx, tx, w.actor, first, w.set.Values().HoldNewSchools)
	})
}

func (w *writer) students(ctx context.Context, atOnce int, which func(roster.StudentChange) bool) error {
	for part := range chosen(w.p.studentChanges, atOnce, which) {
		b := roster.Batch{}
		for _, n := range part {
			c := w.p.studentChanges[n]
			c.New.ID, c.New.SchoolID = max(c.New.ID, 0), w.ids.of(c.New.SchoolID)
			b.Students = append(b.Students, c)
		}
		done, err := w.batch(ctx, b)
		if err != nil {
			return err
		}
		for i, n := range part {
			c := w.p.studentChanges[n]
			w.ids[c.New.ID] = done.Students[i]
			if done.Students[i] == 0 {
				w.alone(w.p.studentRows[n], "student "+studentName(c.New))
			}
		}
	}
	return nil
}

func (w *writer) contacts(ctx context.Context, atOnce int, which func(roster.ContactChange) bool) error {
	for part := range chosen(w.p.contactChanges, atOnce, which) {
		b := roster.Batch{}
		for _, n := range part {
			c := w.p.contactChanges[n]
			c.New.ID = max(c.New.ID, 0)
			b.Contacts = append(b.Contacts, c)
		}
		done, err := w.batch(ctx, b)
		if err != nil {
			return err
		}
		for i, n := range part {
			c := w.p.contactChanges[n]
			w.ids[c.New.ID] = done.Contacts[i]
			if done.Contacts[i] == 0 {
				w.alone(w.p.contactRows[n], "contact "+nameOf(c.New.First, c.New.Last))
			}
		}
	}
	return nil
}

func (w *writer) lines(ctx context.Context, atOnce int, which func(roster.LineChange) bool) error {
	for part := range chosen(w.p.lineChanges, atOnce, which) {
		b := roster.Batch{}
		var rows []int
		for _, n := range part {
			c := w.p.lineChanges[n]
			c.New.StudentID, c.New.ContactID = w.ids.of(c.New.StudentID), w.ids.of(c.New.ContactID)
			if c.New.StudentID == 0 || c.New.ContactID == 0 {
				w.alone(w.p.lineRows[n], "line "+w.p.lineName(w.p.lineChanges[n].New))
				continue
			}
			b.Lines, rows = append(b.Lines, c), append(rows, n)
		}
		done, err := w.batch(ctx, b)
		if err != nil {
			return err
		}
		for i, n := range rows {
			if done.Lines[i] == 0 {
				w.alone(w.p.lineRows[n], "line "+w.p.lineName(w.p.lineChanges[n].New))
			}
		}
	}
	return nil
}

// chosen yields the indices of the changes that which picks, some at once.
func chosen[T any](all []T, atOnce int, which func(T) bool) func(yield func([]int) bool) {
	var picked []int
	for n, c := range all {
		if which(c) {
			picked = append(picked, n)
		}
	}
	return slices.Chunk(picked, atOnce)
}
