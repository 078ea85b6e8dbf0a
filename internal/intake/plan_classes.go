package intake

import (
	"context"
	"database/sql"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Terms, courses, classes and enrolments are compared and applied some hundred at a time: a step is such a part, of which only what differs is
// written.

// classesGone is what a roster has no more of one kind.
type classesGone struct {
	Kind    roster.ClassworkKind
	Sources []string
}

func (s *stage) addClasswork(ctx context.Context, kind roster.ClassworkKind, source, class, person, school string, gone bool, v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	print := int64(0)
	if kind == roster.Enrolments {
		print = roster.Print(data)
	}
	return s.insert(ctx, insertClasswork, string(kind), source, class, person, school, gone, print, data)
}

func (s *stage) addTerm(ctx context.Context, t term) error {
	kinds := map[string]roster.TermKind{"schoolYear": roster.SchoolYear, "semester": roster.Semester, "gradingPeriod": roster.GradingPeriod}
	return s.addClasswork(ctx, roster.Terms, t.sourceID, "", "", "", t.gone, roster.Term{SourceID: t.sourceID, Title: t.title, Kind: kinds[t.kind],
		Begin: t.begin, End: t.end, Parent: t.parent, SchoolYear: t.year})
}

func (s *stage) addCourse(ctx context.Context, c course) error {
	return s.addClasswork(ctx, roster.Courses, c.sourceID, "", "", "", c.gone, roster.Course{SourceID: c.sourceID, School: c.school, Title: c.title,
		Code: c.code, Grades: strings.Join(c.grades, ", "), Subjects: strings.Join(c.subjects, ", "), SchoolYearTerm: c.year})
}

func (s *stage) addClass(ctx context.Context, c class) error {
	kinds := map[string]roster.ClassKind{"homeroom": roster.HomeroomClass}
	return s.addClasswork(ctx, roster.Classes, c.sourceID, "", "", "", c.gone, roster.Class{SourceID: c.sourceID, School: c.school, Course: c.course,
		Title: c.title, Code: c.code, Kind: kinds[c.kind], Location: c.location, Grades: strings.Join(c.grades, ", "),
		Subjects: strings.Join(c.subjects, ", "), Periods: strings.Join(c.periods, ", "), Terms: c.terms})
}

func (s *stage) addStaff(ctx context.Context, p staffPerson) error {
	return s.addClasswork(ctx, roster.Teachers, p.sourceID, "", p.sourceID, "", false, roster.Teacher{SourceID: p.sourceID, First: p.first, Last: p.last})
}

func (s *stage) addEnrolment(ctx context.Context, e enrolment) error {
	v := roster.Enrolment{SourceID: e.sourceID, Class: e.class, School: e.school, Main: e.primary, Begin: e.begin, End: e.end}
	switch e.role {
	case "student":
		v.Student = e.user
	case "teacher":
		v.Teacher = e.user
	default:
		return nil // who proctors or administers a class is nobody's teacher
	}
	return s.addClasswork(ctx, roster.Enrolments, e.sourceID, e.class, e.user, e.school, e.gone, v)
}

// classKinds are the kinds in the order in which they are applied, and whether a file may say of them that what it lacks is gone.
func (p *plan) classKinds() []classKind {
	r := p.rep
	return []classKind{{roster.Terms, p.rec.full.terms, &r.Terms}, {roster.Courses, p.rec.full.courses, &r.Courses},
		{roster.Teachers, false, &r.Teachers}, {roster.Classes, p.rec.full.classes, &r.Classes}, {roster.Enrolments, p.rec.full.enrolments, &r.Enrolments}}
}

type classKind struct {
	kind  roster.ClassworkKind
	full  bool
	tally *Tally
}

// planClasses compares what the file teaches with what is on record.
func (i *Intake) planClasses(ctx context.Context, p *plan) error {
	if n, err := p.stage.value(ctx, countClasswork); err != nil || n == 0 {
		return err
	}
	for _, query := range []string{indexClassKind, indexClassPerson, deleteIdleTeachers} {
		if err := p.stage.exec(ctx, query); err != nil {
			return err
		}
	}
	if p.rec.full.enrolments {
		n, err := p.stage.value(ctx, countStrayEnrolments, p.rec.full.classes)
		if err != nil {
			return err
		}
		if n > 0 {
			p.f.count(Finding{Level: Warning, File: "enrollments", Code: sayEnrolments, Count: int(n)})
			if err := p.stage.exec(ctx, deleteStrayEnrolments, p.rec.full.classes); err != nil {
				return err
			}
		}
	}
	for _, k := range p.classKinds() {
		for _, step := range []func(context.Context, *plan, classKind) error{i.readLive, i.comparePart, i.endClasses} {
			if err := step(ctx, p, k); err != nil {
				return err
			}
		}
	}
	return p.stage.flush(ctx)
}

// comparePart walks over the rows of one kind.
func (i *Intake) comparePart(ctx context.Context, p *plan, k classKind) error {
	var w roster.Classwork
	n := 0
	compare := func() error {
		if n == 0 {
			return nil
		}
		var found map[roster.ClassworkKind]roster.Tally
		var err error
		if full := p.rec.full; !full.enrolments || !full.classes {
			if w.Enrolments, err = i.withoutStrays(ctx, p, w.Enrolments); err != nil {
				return err
			}
		}
		err = i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			found, err = i.roster.CompareClasswork(ctx, tx, systemActor(), w)
			return err
		})
		if err != nil {
			return err
		}
		t := found[k.kind]
		k.tally.Added, k.tally.Changed, k.tally.Same = k.tally.Added+t.Added, k.tally.Changed+t.Changed, k.tally.Same+t.Same
		if t.Added+t.Changed > 0 {
			err = p.step(ctx, phaseClasswork, 0, 0, string(k.kind), w)
		}
		w, n = roster.Classwork{}, 0
		return err
	}
	all := 0
	if err := p.tally(ctx, &all, countOfKind, string(k.kind)); err != nil {
		return err
	}
	type row struct {
		seq, print int64
		data       string
	}
	err := walk(ctx, p.stage, selectClasswork, func(r *sql.Rows) (v row, err error) { return v, r.Scan(&v.seq, &v.print, &v.data) },
		func(v row) int64 { return v.seq }, func(v row) error {
			all--
			if err := p.take(&w, k.kind, v.data, v.print); err != nil {
				return err
			}
			if n++; n < roster.ClassworkAtOnce {
				return nil
			}
			return compare()
		}, string(k.kind), p.fallback)
	if err != nil {
		return err
	}
	k.tally.Same += all // of which the file says what it said last
	return compare()
}

// take adds a row to a part. A school that the file names and does not hold is the one of the flag.
func (p *plan) take(w *roster.Classwork, kind roster.ClassworkKind, data string, print int64) (err error) {
	school := func(source string) int64 {
		if _, known := p.bySource[source]; known {
			return 0
		}
		return p.fallback
	}
	switch kind {
	case roster.Terms:
		w.Terms, err = appended(w.Terms, data)
	case roster.Courses:
		if w.Courses, err = appended(w.Courses, data); err == nil {
			c := &w.Courses[len(w.Courses)-1]
			c.SchoolID = school(c.School)
		}
	case roster.Teachers:
		w.Teachers, err = appended(w.Teachers, data)
	case roster.Classes:
		if w.Classes, err = appended(w.Classes, data); err == nil {
			c := &w.Classes[len(w.Classes)-1]
			c.SchoolID = school(c.School)
		}
	case roster.Enrolments:
		if w.Enrolments, err = appended(w.Enrolments, data); err == nil {
			e := &w.Enrolments[len(w.Enrolments)-1]
			e.SchoolID, e.FilePrint = school(e.School), print
		}
	}
	return err
}

func appended[T any](all []T, data string) ([]T, error) {
	var v T
	err := unpack(data, &v)
	return append(all, v), err
}

// readLive reads what there is of a kind at the schools of which the file says everything.
func (i *Intake) readLive(ctx context.Context, p *plan, k classKind) error {
	if err := p.stage.exec(ctx, clearLive); err != nil || !k.full {
		return err
	}
	for _, school := range p.speaksOf(k.kind) {
		for after := ""; ; {
			var some []roster.LiveRow
			err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
				some, err = i.roster.LiveClasswork(ctx, tx, k.kind, school, after, readAtOnce)
				return err
			})
			if err != nil {
				return err
			}
			if len(some) == 0 {
				break
			}
			after = some[len(some)-1].SourceID
			for _, l := range some {
				if err := p.stage.insert(ctx, insertLive, l.SourceID, school, l.Print); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// endClasses puts what the file deletes, or a whole one does not have any more, at the schools that it covers.
func (i *Intake) endClasses(ctx context.Context, p *plan, k classKind) error {
	if k.kind == roster.Teachers {
		return nil
	}
	gone := classesGone{Kind: k.kind}
	put := func() error {
		if len(gone.Sources) == 0 {
			return nil
		}
		err := p.step(ctx, phaseEndClasses, 0, 0, string(k.kind), gone)
		gone.Sources = nil
		return err
	}
	for after := ""; ; {
		some, err := list(ctx, p.stage, scanText, selectGoneClasses, after, roster.ClassworkAtOnce, string(k.kind))
		if err != nil {
			return err
		}
		if len(some) == 0 {
			return put()
		}
		after = some[len(some)-1]
		err = i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			gone.Sources, err = i.roster.LiveAmong(ctx, tx, k.kind, some)
			return err
		})
		if err != nil {
			return err
		}
		k.tally.Removed += len(gone.Sources)
		if err := put(); err != nil {
			return err
		}
	}
}

// speaksOf lists the schools of which a whole file says by its silence that something has ended. What belongs to no school or to the district, terms
// and some courses, other schools may have too: of that only a roster of all schools says so.
func (p *plan) speaksOf(kind roster.ClassworkKind) []int64 {
	if kind == roster.Terms {
		if p.coversAll() {
			return []int64{0}
		}
		return nil
	}
	district := map[int64]bool{}
	for _, s := range p.onRecord {
		district[s.ID] = s.Kind == "district"
	}
	var schools []int64
	for id := range p.covered {
		if id > 0 && (!district[id] || p.coversAll()) {
			schools = append(schools, id)
		}
	}
	return schools
}

// classSteps applies one part.
func (w *writer) classSteps(ctx context.Context, tx *sqldb.Tx, b batch) error {
	if b.phase().kind() == phaseEndClasses {
		gone, err := unpackAll[classesGone](b.steps)
		for _, g := range gone {
			if _, err := w.roster.EndClasswork(ctx, tx, w.actor, g.Kind, g.Sources); err != nil {
				return err
			}
		}
		return err
	}
	for _, part := range b.classes {
		for n := range part.Courses {
			w.settleSchool(&part.Courses[n].SchoolID)
		}
		for n := range part.Classes {
			w.settleSchool(&part.Classes[n].SchoolID)
		}
		for n := range part.Enrolments {
			w.settleSchool(&part.Enrolments[n].SchoolID)
		}
		if _, err := w.roster.ApplyClasswork(ctx, tx, w.actor, part); err != nil {
			return err
		}
	}
	return nil
}

// settleSchool gives a school that the plan made the id it has got.
func (w *writer) settleSchool(id *int64) {
	if *id < 0 {
		*id = w.schools[*id]
	}
}

const (
	insertClasswork = `insert into f_class (kind, source_id, class, person, school, gone, print, data) values `
	countClasswork  = `select count(*) from (select 1 from f_class limit 1) x`
	selectClasswork = `select seq, print, data from f_class f where kind = $3 and not gone and seq > $1
  and not exists (select 1 from live l where l.source_id = f.source_id and f.print <> 0 and l.print = f.print
    and l.school_id = coalesce((select o.id from school o where o.source_id = f.school), $4))
order by seq limit $2`
	countOfKind = `select count(*) from f_class where kind = $1 and not gone`

	indexClassKind     = `create index f_class_kind on f_class (kind, seq)`
	indexClassPerson   = `create index f_class_person on f_class (person) where kind = 'enrolment'`
	deleteIdleTeachers = `delete from f_class where kind = 'teacher' and not exists (select 1 from f_class e where e.kind = 'enrolment' and e.person = f_class.person)`

	strayEnrolments = `kind = 'enrolment' and not gone and (not exists (select 1 from r_student s where s.source_id = f_class.person)
  and not exists (select 1 from f_class t where t.kind = 'teacher' and t.source_id = f_class.person)
  or $1 and not exists (select 1 from f_class c where c.kind = 'class' and c.source_id = f_class.class and not c.gone))`
	countStrayEnrolments  = `select count(*) from f_class where ` + strayEnrolments
	deleteStrayEnrolments = `delete from f_class where ` + strayEnrolments

	clearLive         = `delete from live`
	insertLive        = `insert into live (source_id, school_id, print) values `
	selectGoneClasses = `select source_id from (
select source_id from live where not exists (select 1 from f_class f where f.kind = $3 and f.source_id = live.source_id and not f.gone)
union select source_id from f_class where kind = $3 and gone) x
where source_id > $1 order by source_id limit $2`
)
