package roster

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ExportOrder says what of the records is taken out.
type ExportOrder struct {
	School   int64  // 0: all of the actor's
	District string // the district's name, where no roster has named one
	Today    string // 2006-01-02 in the school's time zone: a bundle has no lines that were over before; "" is any day
}

// at says of which schools. It returns fault.NotFound for a school that is not the actor's.
func (o ExportOrder) at(actor access.Actor) (access.Schools, error) {
	at := ScopeOf(actor)
	switch {
	case o.School == 0:
		return at, nil
	case !at.Has(o.School):
		return at, fault.NotFoundf("no such school")
	}
	return access.Schools{IDs: []int64{o.School}}, nil
}

// exportPage is how many students are read at once.
const exportPage = 200

// exported are some students, with the adults of theirs who have not come before.
type exported struct {
	students []Student
	adults   []Contact
	children map[int64][]FullLine // by contact: all lines that are taken out
	parents  map[int64][]FullLine // by student
}

// exportWalk reads the enrolled students of schools with their live lines, school by school, each record once.
type exportWalk struct {
	*Roster
	tx      *sqldb.Tx
	at      access.Schools
	schools []School // in the order of the walk; at all schools the students of none come last
	keep    func(FullLine) bool
	choose  func([]FullLine) []FullLine // of an adult's lines; nil: all
}

// isLive reports whether a line counts for those who get the records: neither its ends nor the line are gone.
func isLive(l FullLine) bool { return !l.Ended && l.Student.Status == Enrolled && !l.Contact.Left }

// walk calls fn for some students at a time. An adult comes with the first of the children.
func (w *exportWalk) walk(ctx context.Context, fn func(exported) error) error {
	ids := make([]int64, 0, len(w.schools)+1)
	for _, o := range w.schools {
		ids = append(ids, o.ID)
	}
	if w.at.All {
		ids = append(ids, 0)
	}
	for _, school := range ids {
		for after := (exportPlace{}); ; {
			students, err := studentsOfSchool(ctx, w.tx, school, after)
			if err != nil {
				return err
			}
			if len(students) > 0 {
				e, err := w.around(ctx, students, ids)
				if err != nil {
					return err
				}
				if err := fn(e); err != nil {
					return err
				}
			}
			if len(students) < exportPage {
				break
			}
			last := &students[len(students)-1]
			after = exportPlace{namesOfStudent(last).sortKey(), last.ID}
		}
	}
	return nil
}

// around reads the lines of students and of their adults.
func (w *exportWalk) around(ctx context.Context, students []Student, order []int64) (exported, error) {
	e := exported{students: students, children: map[int64][]FullLine{}, parents: map[int64][]FullLine{}}
	var ids, adults []int64
	for _, s := range students {
		ids = append(ids, s.ID)
	}
	lines, err := w.LinesOfStudents(ctx, w.tx, ids)
	if err != nil {
		return e, err
	}
	for _, l := range lines {
		if isLive(l) && w.keep(l) {
			e.parents[l.StudentID] = append(e.parents[l.StudentID], l)
			adults = append(adults, l.ContactID)
		}
	}
	theirs, err := w.LinesOfContacts(ctx, w.tx, adults)
	if err != nil {
		return e, err
	}
	for _, l := range theirs {
		if isLive(l) && w.keep(l) && w.at.Has(l.Student.SchoolID) {
			e.children[l.ContactID] = append(e.children[l.ContactID], l)
		}
	}
	if w.choose != nil {
		w.chosen(&e)
	}
	seen := map[int64]bool{}
	for _, l := range lines {
		mine := e.children[l.ContactID]
		if len(mine) == 0 || seen[l.ContactID] {
			continue
		}
		seen[l.ContactID] = true
		first := slices.MinFunc(mine, func(a, b FullLine) int { return comparePlaces(a.Student, b.Student, order) })
		if slices.Contains(ids, first.StudentID) {
			e.adults = append(e.adults, mine[0].Contact)
		}
	}
	return e, nil
}

// chosen leaves of each adult's lines those that choose takes.
func (w *exportWalk) chosen(e *exported) {
	taken := map[int64]bool{}
	for contact, mine := range e.children {
		e.children[contact] = w.choose(mine)
		for _, l := range e.children[contact] {
			taken[l.ID] = true
		}
	}
	for student, lines := range e.parents {
		e.parents[student] = slices.DeleteFunc(lines, func(l FullLine) bool { return !taken[l.ID] })
	}
}

// comparePlaces compares two students by when the walk comes to them.
func comparePlaces(a, b Student, order []int64) int {
	if a.SchoolID != b.SchoolID {
		return slices.Index(order, a.SchoolID) - slices.Index(order, b.SchoolID)
	}
	if c := strings.Compare(namesOfStudent(&a).sortKey(), namesOfStudent(&b).sortKey()); c != 0 {
		return c
	}
	return int(a.ID - b.ID)
}

// export runs fn on a walk over the actor's schools in one snapshot, and notes in the log what was taken out: before, so that an export that
// breaks off is noted too.
func (r *Roster) export(ctx context.Context, actor access.Actor, o ExportOrder, what string, fn func(*exportWalk) error) error {
	if err := access.Check(actor, access.ExportRecords); err != nil {
		return err
	}
	at, err := o.at(actor)
	if err != nil {
		return err
	}
	err = r.db.Write(ctx, func(tx *sqldb.Tx) error {
		return r.log.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "records.exported", TargetKind: "record", Detail: map[string]any{"list": what, "school": o.School},
		})
	})
	if err != nil {
		return err
	}
	return r.db.Read(ctx, func(tx *sqldb.Tx) error {
		all, err := sqldb.All(ctx, tx, scanSchool, selectSchools)
		if err != nil {
			return err
		}
		mine := slices.DeleteFunc(all, func(o School) bool { return !at.Has(o.ID) })
		return fn(&exportWalk{Roster: r, tx: tx, at: at, schools: mine, keep: func(FullLine) bool { return true }})
	})
}

// bundleFile is a file of a bundle in the making. It comes to be with its first row: one without rows is not permitted (OneRoster 1.2 CSV, 2.2).
type bundleFile struct {
	z    *zip.Writer
	name string
	head []string
	w    *csv.Writer
}

func (f *bundleFile) row(cells ...string) error {
	if f.w == nil {
		w, err := f.z.Create(f.name + ".csv")
		if err != nil {
			return err
		}
		f.w = csv.NewWriter(w)
		f.w.UseCRLF = true
		if err := f.w.Write(f.head); err != nil {
			return err
		}
	}
	if len(cells) != len(f.head) {
		return fmt.Errorf("export: %d cells in a row of %s", len(cells), f.name)
	}
	for i, c := range cells {
		cells[i] = bundleCell(c)
	}
	return f.w.Write(cells)
}

// end writes what is left. The zip's next file may begin then.
func (f *bundleFile) end() error {
	if f.w == nil {
		return nil
	}
	f.w.Flush()
	return f.w.Error()
}

// bundleCell is a value in a bundle: one line. A program reads it, so telephone numbers and dates stay as they are; what a spreadsheet would run
// as a formula gets an apostrophe.
func bundleCell(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	rest := strings.TrimSpace(s)
	if rest == "" {
		return s
	}
	switch r := []rune(rest)[0]; {
	case strings.ContainsRune("=@\uFF1D\uFF20", r), strings.ContainsRune("+-\uFF0B\uFF0D", r) && strings.Trim(rest, "+-0123456789 ().x/") != "":
		return "'" + s
	}
	return s
}
