package intake

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// batch is steps of one phase that are done in one transaction, and what those say of which there are many.
type batch struct {
	steps    []stepRow
	students []roster.StudentChange
	contacts []roster.ContactChange
	lines    []lineStep
	classes  []roster.Classwork
}

func (b *batch) phase() phase { return b.steps[0].phase }

// batches reads the steps behind a place of the journal.
func (w *writer) batches(ctx context.Context, at phase, pos int) iter.Seq2[batch, error] {
	return func(yield func(batch, error) bool) {
		for {
			steps, err := w.next(ctx, at, pos, int(w.size.Load()))
			if err == nil && len(steps) == 0 {
				return
			}
			b := batch{steps: steps}
			if err == nil {
				at, pos = steps[len(steps)-1].phase, steps[len(steps)-1].pos
				err = b.unpack()
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
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
	if end := slices.IndexFunc(steps, func(s stepRow) bool { return s.phase != steps[0].phase }); end > 0 {
		steps = steps[:end]
	}
	return steps, err
}

func (b *batch) unpack() (err error) {
	switch b.phase().kind() {
	case phaseStudentLeaves, phaseChangeStudent, phaseAddStudent:
		b.students, err = unpackAll[roster.StudentChange](b.steps)
		for n := range b.students {
			b.students[n].New.ID = max(b.students[n].New.ID, 0)
		}
	case phaseContactLeaves, phaseChangeContact, phaseAddContact:
		b.contacts, err = unpackAll[roster.ContactChange](b.steps)
		for n := range b.contacts {
			b.contacts[n].New.ID = max(b.contacts[n].New.ID, 0)
		}
	case phaseCloseLine, phaseChangeLine, phaseAddLine:
		b.lines, err = unpackAll[lineStep](b.steps)
	case phaseClasswork:
		b.classes, err = unpackAll[roster.Classwork](b.steps)
	}
	return err
}

func unpackAll[T any](steps []stepRow) ([]T, error) {
	all := make([]T, len(steps))
	for n, s := range steps {
		if err := unpack(s.data, &all[n]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ahead yields what all yields, and has the next value made while the last one is worked with.
func ahead[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	type made struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		next, enough := make(chan made), make(chan struct{})
		var maker sync.WaitGroup
		maker.Go(func() {
			defer close(next)
			for v, err := range all {
				select {
				case next <- made{v, err}:
				case <-enough:
					return
				}
			}
		})
		defer maker.Wait()
		defer close(enough)
		for m := range next {
			if !yield(m.value, m.err) {
				return
			}
		}
	}
}
