package roster

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// StudentPage is one student with the lines, as the editor shows them.
type StudentPage struct {
	Student Student
	Lines   []PageLine // in their order, without the removed ones
	Removed []FullLine // lines of a roster that staff took away; SaveContact with the contact's id puts one back
	Schools []School   // the actor's, to choose from
	Others  []School   // attended at the same time
	Visits  bool       // the actor sees the student of another school, which keeps the record
	Texts   bool       // the actor may read what restrictions say; else they are left out
}

// PageLine is a line with the number of the contact's other children: whoever changes the contact changes it for them too. Of children at schools
// that are not the actor's it says no more than that there are any.
type PageLine struct {
	FullLine
	OtherChildren int
	Elsewhere     bool
}

// Page returns a student with lines and the schools to choose from. It returns fault.NotFound for no student, also for one of a school that is
// not the actor's.
func (r *Roster) Page(ctx context.Context, actor access.Actor, student int64) (StudentPage, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return StudentPage{}, err
	}
	var p StudentPage
	err := r.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p = StudentPage{}
		if p.Student, err = r.Student(ctx, tx, student); err != nil {
			return err
		}
		if err := maySee(actor, p.Student); err != nil {
			return err
		}
		lines, err := r.LinesOfStudent(ctx, tx, student)
		if err != nil {
			return err
		}
		others, err := otherChildren(ctx, tx, actor, student)
		if err != nil {
			return err
		}
		p.Texts, p.Visits = access.Can(actor, access.SeeRestrictions), !ScopeOf(actor).Has(p.Student.SchoolID)
		for _, l := range lines {
			if !p.Texts {
				l.Line.hideTexts()
			}
			if l.Removed() {
				p.Removed = append(p.Removed, l)
			} else {
				p.Lines = append(p.Lines, PageLine{l, others[l.ContactID].here, others[l.ContactID].elsewhere})
			}
		}
		if p.Schools, err = schoolsOf(ctx, tx, actor); err != nil || len(p.Student.OtherSchools) == 0 {
			return err
		}
		all, err := sqldb.All(ctx, tx, scanSchool, selectSchools)
		p.Others = slices.DeleteFunc(all, func(o School) bool { return !slices.Contains(p.Student.OtherSchools, o.ID) })
		return err
	})
	if err == nil {
		r.log.Views.Note(actor, student)
	}
	return p, err
}

// HiddenText stands for what a restriction says where the reader may not see it.
const HiddenText = "…"

// hideTexts leaves out what a restriction says, and leaves that it says something.
func (l *Line) hideTexts() {
	for _, text := range []*string{&l.RestrictionNote, &l.FileRestriction, &l.CourtNumber, &l.CourtDate, &l.RestrictedFrom, &l.RestrictedUntil} {
		if *text != "" {
			*text = HiddenText
		}
	}
	l.FileValues = nil
}

// maySee returns fault.NotFound unless the actor sees records of a school that the student attends, be it beside another.
func maySee(actor access.Actor, s Student) error {
	if access.Can(actor, access.SeeRecords) && slices.ContainsFunc(s.OtherSchools, ScopeOf(actor).Has) {
		return nil
	}
	return access.CheckAt(actor, access.SeeRecords, s.SchoolID)
}

// others are the children of a contact beside the one the page is about.
type others struct {
	here      int // at the actor's schools
	elsewhere bool
}

func otherChildren(ctx context.Context, tx *sqldb.Tx, actor access.Actor, student int64) (map[int64]others, error) {
	found := map[int64]others{}
	at := ScopeOf(actor)
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var contact, school int64
		var n int
		err := r.Scan(&contact, &school, &n)
		o := found[contact]
		if at.Has(school) {
			o.here += n
		} else {
			o.elsewhere = true
		}
		found[contact] = o
		return err
	}, selectOtherChildren, student)
	return found, err
}

// edit is one change to the records in the making: what it tells the log and the hook once it is done.
type edit struct {
	*Roster
	tx     *sqldb.Tx
	actor  access.Actor
	change Change

	history    []historyRow
	fromImport int64
}

// edit runs fn in a transaction, and in the same one the hook, if fn touched what it must hear of.
func (r *Roster) edit(ctx context.Context, actor access.Actor, fn func(e *edit) error) error {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return err
	}
	return r.db.Write(ctx, func(tx *sqldb.Tx) error {
		e := &edit{Roster: r, tx: tx, actor: actor}
		if err := fn(e); err != nil {
			return err
		}
		if err := e.writeHistory(ctx); err != nil {
			return err
		}
		return e.tell(ctx)
	})
}

// mayEditLine returns fault.NotFound unless the line is of a student at one of the actor's schools.
func (e *edit) mayEditLine(ctx context.Context, line int64) error {
	return e.mayEdit(ctx, selectSchoolOfLine, line)
}

// mayEdit returns fault.NotFound unless what the query finds the school of is at one of the actor's.
func (e *edit) mayEdit(ctx context.Context, query string, id int64) error {
	school, err := sqldb.Value[int64](ctx, e.tx, query, id)
	if err != nil {
		return err
	}
	return access.CheckAt(e.actor, access.EditRecords, school)
}

// tell calls the hook with what has gathered so far.
func (e *edit) tell(ctx context.Context) error {
	c := e.change
	e.change = Change{}
	if len(c.LineIDs)+len(c.Opened)+len(c.Gone)+len(c.Addresses)+len(c.Lifted) == 0 {
		return nil
	}
	return e.changed(ctx, e.tx, e.actor, c)
}

func (e *edit) record(ctx context.Context, action, kind string, id int64, detail map[string]any) error {
	return e.log.Record(ctx, e.tx, audit.Event{Actor: e.actor, Action: action, TargetKind: kind, TargetID: id, Detail: detail})
}

// by names the actor in the record.
func (e *edit) by() string {
	if e.actor.Username != "" {
		return e.actor.Username
	}
	return string(e.actor.Kind)
}

// current returns fault.Conflict unless the version is the one the change was made from.
func current(what string, is, want int64) error {
	if is != want {
		return fault.Conflictf("the %s was changed by someone else", what)
	}
	return nil
}

// SchoolsOf returns the actor's schools by name: those into which the actor may put a student.
func (r *Roster) SchoolsOf(ctx context.Context, actor access.Actor) (schools []School, err error) {
	err = r.db.Read(ctx, func(tx *sqldb.Tx) error {
		schools, err = schoolsOf(ctx, tx, actor)
		return err
	})
	return schools, err
}

// SchoolsIn is SchoolsOf in the caller's transaction.
func (r *Roster) SchoolsIn(ctx context.Context, tx *sqldb.Tx, actor access.Actor) ([]School, error) {
	return schoolsOf(ctx, tx, actor)
}

func schoolsOf(ctx context.Context, tx *sqldb.Tx, actor access.Actor) ([]School, error) {
	schools, err := sqldb.All(ctx, tx, scanSchool, selectSchools)
	at := ScopeOf(actor)
	return slices.DeleteFunc(schools, func(o School) bool { return !at.Has(o.ID) }), err
}

// Schools returns all schools by name.
func (r *Roster) Schools(ctx context.Context) (schools []School, err error) {
	err = r.db.Read(ctx, func(tx *sqldb.Tx) error {
		schools, err = sqldb.All(ctx, tx, scanSchool, selectSchools)
		return err
	})
	return schools, err
}

// SaveSchool changes a school's name, phone and hours, or adds a school when its ID is zero, which only those may who work at all of them. It
// returns fault.NotFound for no school, also for one that is not the actor's.
func (r *Roster) SaveSchool(ctx context.Context, actor access.Actor, s School) error {
	return r.edit(ctx, actor, func(e *edit) error {
		if err := access.CheckAt(actor, access.EditRecords, s.ID); err != nil {
			return err
		}
		was, action := School{Kind: "school"}, "school.added"
		if s.ID != 0 {
			var err error
			if was, err = r.school(ctx, e.tx, s.ID); err != nil {
				return err
			}
			action = "school.changed"
		}
		next, cs := settle(schoolFields(), was, s)
		ps := tooLong(schoolFields(), cs)
		if next.Name == "" {
			ps = append(ps, problem("name", "problem.empty"))
		}
		if err := fault.InvalidFields(ps...); err != nil || len(cs) == 0 {
			return err
		}
		if err := r.putSchool(ctx, e.tx, &next); err != nil {
			return err
		}
		return e.record(ctx, action, "school", next.ID, cs.detail())
	})
}

// MoveLine moves a line up (-1) or down (+1) in the student's order; beyond the ends it stays where it is. It returns fault.NotFound for
// no line, also for one of another school. The order of all the student's lines is from now on local: half of one order and half of another would be none.
func (r *Roster) MoveLine(ctx context.Context, actor access.Actor, line int64, by int) error {
	return r.edit(ctx, actor, func(e *edit) error {
		if err := e.mayEditLine(ctx, line); err != nil {
			return err
		}
		moved, err := r.line(ctx, e.tx, line)
		if err != nil {
			return err
		}
		lines, err := sqldb.All(ctx, e.tx, scanLine, selectLinesOrder, moved.StudentID)
		if err != nil {
			return err
		}
		lines = slices.DeleteFunc(lines, Line.Removed)
		from := slices.IndexFunc(lines, func(l Line) bool { return l.ID == line })
		if from < 0 {
			return fault.NotFoundf("no such line")
		}
		to := min(max(from+by, 0), len(lines)-1)
		if to == from {
			return nil
		}
		lines = slices.Insert(slices.Delete(lines, from, from+1), to, moved)
		for i, l := range lines {
			if l.Position == i && slices.Contains(l.Local, fieldPosition) {
				continue
			}
			e.note(kindLine, l.ID, changes{{fieldPosition, positionText(l.Position), positionText(i)}})
			l.Position = i
			l.Local = addLocal(l.Local, changes{{Field: fieldPosition}})
			if err := r.putLine(ctx, e.tx, &l); err != nil {
				return err
			}
		}
		cs := changes{{fieldPosition, positionText(from), positionText(to)}}
		return e.record(ctx, "line.moved", "line", line, cs.about(moved))
	})
}
