package intake

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// What an import taught is taken back after its people: enrolments, classes, courses, teachers and terms that it added, then its schools, each as
// long as nothing else rests on it. Rows that it changed stay as the roster has them, for nobody but a roster changes them.

// classesAdded is what an import added of one kind.
type classesAdded struct {
	Kind    roster.ClassworkKind
	Sources []string
	Since   int64 // unix microseconds: when the import before had ended
}

// removalPhases are the phases in which what an import taught is taken back, by kind.
func removalPhases() map[roster.ClassworkKind]phase {
	return map[roster.ClassworkKind]phase{roster.Enrolments: phaseRemoveEnrolments, roster.Classes: phaseRemoveClasses, roster.Courses: phaseRemoveCourses,
		roster.Teachers: phaseRemoveTeachers, roster.Terms: phaseRemoveTerms}
}

func (i *Intake) undoClasses(ctx context.Context, p *plan, s stepRow, since int64) error {
	var part roster.Classwork
	if err := unpack(s.data, &part); err != nil {
		return err
	}
	gone := classesAdded{Kind: roster.ClassworkKind(s.name), Since: since}
	changed := 0
	err := i.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		gone.Sources, changed, err = i.roster.ClassworkSince(ctx, tx, gone.Kind, sourcesOf(part), since)
		return err
	})
	if err != nil {
		return err
	}
	if changed > 0 {
		p.f.count(Finding{Level: Note, Code: sayClassesStay, Count: changed})
	}
	if len(gone.Sources) == 0 {
		return nil
	}
	for _, k := range p.classKinds() {
		if k.kind == gone.Kind {
			k.tally.Removed += len(gone.Sources)
		}
	}
	return p.step(ctx, removalPhases()[gone.Kind], 0, 0, s.name, gone)
}

// undoEnded says that what an import ended stays so.
func (p *plan) undoEnded(s stepRow) error {
	var gone classesGone
	err := unpack(s.data, &gone)
	p.f.count(Finding{Level: Note, Code: sayClassesEnded, Count: len(gone.Sources)})
	return err
}

// sourcesOf lists the source ids of a part, which is of one kind.
func sourcesOf(w roster.Classwork) []string {
	var all []string
	for _, v := range w.Terms {
		all = append(all, v.SourceID)
	}
	for _, v := range w.Courses {
		all = append(all, v.SourceID)
	}
	for _, v := range w.Teachers {
		all = append(all, v.SourceID)
	}
	for _, v := range w.Classes {
		all = append(all, v.SourceID)
	}
	for _, v := range w.Enrolments {
		all = append(all, v.SourceID)
	}
	return all
}

func (p *plan) undoSchool(ctx context.Context, s stepRow) error {
	var c schoolChange
	if err := unpack(s.data, &c); err != nil {
		return err
	}
	if c.Old.ID == 0 {
		at := c.among(p.onRecord)
		if at < 0 {
			return nil
		}
		p.rep.Schools.Removed++
		return p.step(ctx, phaseRemoveSchool, 0, 0, s.name, roster.Added{ID: p.onRecord[at].ID})
	}
	at := slices.IndexFunc(p.onRecord, func(o roster.School) bool { return o.ID == c.Old.ID })
	if at < 0 || p.onRecord[at].Name != c.New.Name || p.onRecord[at].Kind != c.New.Kind {
		p.stays(s, sayChangedSince)
		return nil
	}
	p.rep.Schools.Changed++
	return p.step(ctx, phaseSchool, 0, 0, c.New.Name, schoolChange{Old: p.onRecord[at], New: c.Old})
}

// removeClasses takes back a part of what an import taught. It returns 0 where something else rests on a row of it by now.
func (w *writer) removeClasses(ctx context.Context, tx *sqldb.Tx, s stepRow) ([]int64, error) {
	var gone classesAdded
	if err := unpack(s.data, &gone); err != nil {
		return nil, err
	}
	left, err := w.roster.RemoveClasswork(ctx, tx, w.actor, gone.Kind, gone.Sources, gone.Since)
	if left > 0 {
		return []int64{0}, err
	}
	return []int64{1}, err
}

// removeSchool takes back a school. It returns 0 where somebody is there by now.
func (w *writer) removeSchool(ctx context.Context, tx *sqldb.Tx, s stepRow) ([]int64, error) {
	var a roster.Added
	if err := unpack(s.data, &a); err != nil {
		return nil, err
	}
	if w.logins != nil {
		used, err := w.logins.StaffAt(ctx, tx, a.ID)
		if err != nil || used {
			return []int64{0}, err
		}
	}
	mapped, err := mappingOf(ctx, tx, mappingFormat, a.ID)
	if err != nil || len(mapped.Students)+len(mapped.Contacts) > 0 {
		return []int64{0}, err
	}
	gone, err := w.roster.RemoveSchool(ctx, tx, w.actor, a.ID)
	if !gone {
		return []int64{0}, err
	}
	return []int64{a.ID}, err
}
