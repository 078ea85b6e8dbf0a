package roster

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// taught is one class of one student in one of its terms with one of its teachers, as the database returns it.
type taught struct {
	student int64
	StudentClass
	term     Term
	teacher  Teacher
	ended    int64
	sort     string
	classEnd bool // the class itself ended
}

// ClassesNow returns the classes that students have on a day (2006-01-02), by period and title: those the roster still has, with the
// enrolment and a term running, or no term named.
func (r *Roster) ClassesNow(ctx context.Context, tx *sqldb.Tx, students []int64, day string) (map[int64][]ClassNow, error) {
	rows, err := taughtTo(ctx, tx, selectTaughtNow, students)
	if err != nil {
		return nil, err
	}
	found := map[int64][]ClassNow{}
	for _, c := range merge(rows, day) {
		if c.When == Now && c.EndedAt.IsZero() {
			found[c.student] = append(found[c.student], c.ClassNow)
		}
	}
	return found, nil
}

// merge makes one entry of the rows of a class with several terms and teachers, and puts them in order.
func merge(rows []taught, day string) []*taught {
	type key struct{ student, class int64 }
	by := map[key]*taught{}
	var all []*taught
	terms, teachers := map[key][]Term{}, map[key][]Teacher{}
	for i := range rows {
		k := key{rows[i].student, rows[i].ClassID}
		if by[k] == nil {
			by[k] = &rows[i]
			all = append(all, &rows[i])
		}
		teachers[k] = append(teachers[k], rows[i].teacher)
		if t := rows[i].term; t.ID != 0 && !slices.Contains(terms[k], t) {
			terms[k] = append(terms[k], t)
		}
	}
	for _, c := range all {
		k := key{c.student, c.ClassID}
		c.Teachers = teacherNames(teachers[k])
		c.place(terms[k], day)
	}
	slices.SortStableFunc(all, func(a, b *taught) int {
		return cmp.Or(cmp.Compare(order(a.When), order(b.When)), comparePeriods(a.Periods, b.Periods), strings.Compare(a.sort, b.sort))
	})
	return all
}

func order(w When) int { return slices.Index([]When{Now, Coming, Earlier}, w) }

// place says when the class is, and in which term: of those that run the one that began last, and of these the one that ends first.
func (c *taught) place(terms []Term, day string) {
	first, last := "", ""
	var shown Term
	for _, t := range terms {
		if t.Begin != "" && (first == "" || t.Begin < first) {
			first = t.Begin
		}
		last = max(last, t.End)
		if t.Runs(day) && (shown.ID == 0 || t.Begin > shown.Begin || t.Begin == shown.Begin && t.End < shown.End) {
			shown = t
		}
	}
	c.Term = shown.Title
	begin, end := max(c.Begin, first), cmp.Or(c.End, last)
	if c.End != "" && last != "" {
		end = min(c.End, last)
	}
	c.Begin, c.End = begin, end
	switch {
	case !c.EndedAt.IsZero() || c.classEnd || end != "" && end <= day:
		c.When = Earlier
	case begin != "" && day < begin:
		c.When = Coming
	case len(terms) > 0 && !slices.ContainsFunc(terms, func(t Term) bool { return t.Runs(day) }): // between two terms
		c.When = Coming
	default:
		c.When = Now
	}
}

// comparePeriods orders periods by their number, then as text.
func comparePeriods(a, b string) int {
	number := func(s string) int {
		n, _ := strconv.Atoi(s[:len(s)-len(strings.TrimLeft(s, "0123456789"))])
		return n
	}
	return cmp.Or(cmp.Compare(number(a), number(b)), strings.Compare(a, b))
}

// StudentClasses is a student with the classes of now, before and after.
type StudentClasses struct {
	Student Student
	Classes []StudentClass
}

// ClassesOf returns a student's classes for staff. It returns fault.NotFound for no student, also for one of a school that is not the actor's.
func (r *Roster) ClassesOf(ctx context.Context, actor access.Actor, student int64, day string) (StudentClasses, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return StudentClasses{}, err
	}
	var p StudentClasses
	err := r.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p = StudentClasses{}
		if p.Student, err = r.seenStudent(ctx, tx, actor, student); err != nil {
			return err
		}
		p.Classes, err = r.ClassesIn(ctx, tx, student, day)
		return err
	})
	if err == nil {
		r.log.Views.Note(actor, student)
	}
	return p, err
}

// ClassesIn is ClassesOf in the caller's transaction, who has looked after the rights.
func (r *Roster) ClassesIn(ctx context.Context, tx *sqldb.Tx, student int64, day string) ([]StudentClass, error) {
	rows, err := taughtTo(ctx, tx, selectTaught, []int64{student})
	var classes []StudentClass
	for _, c := range merge(rows, day) {
		classes = append(classes, c.StudentClass)
	}
	return classes, err
}

// seenStudent returns a student whom the actor may see. It returns fault.NotFound for none, also for one of a school that is not the actor's.
func (r *Roster) seenStudent(ctx context.Context, tx *sqldb.Tx, actor access.Actor, student int64) (Student, error) {
	s, err := r.Student(ctx, tx, student)
	if err != nil {
		return Student{}, err
	}
	return s, maySee(actor, s)
}

// ClassQuery asks for classes whose title, code or teachers have a word that begins with each word typed, at a school and in a term; zero is any.
type ClassQuery struct {
	Typed        string
	School, Term int64
	Today        string
	After        ClassCursor
	Limit        int
}

// ClassCursor is a place in the result of FindClasses. The zero value is the start.
type ClassCursor struct {
	Word, Sort string
	ID         int64
}

// ClassRow is a class in the list.
type ClassRow struct {
	ID                int64
	Title, Code       string
	School            string
	Periods, Location string
	Teachers          []string
	Terms             []string
	Students          int
}

// ClassList is a page of classes with the choices of its form. Total is counted for the first page alone, up to CountLimit.
type ClassList struct {
	Found   []ClassRow
	Next    *ClassCursor
	Total   int
	Schools []School // the actor's
	Terms   []Term   // running and coming ones
}

// termChoices bounds how many terms a form offers.
const termChoices = 60

// FindClasses lists the classes of the actor's schools by title, paged by key.
func (r *Roster) FindClasses(ctx context.Context, actor access.Actor, q ClassQuery) (ClassList, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return ClassList{}, err
	}
	at := ScopeOf(actor)
	if q.School != 0 {
		if !at.Has(q.School) {
			return ClassList{}, fault.NotFoundf("no such school")
		}
		at = access.Schools{IDs: []int64{q.School}}
	}
	limit := min(max(q.Limit, 1), findLimit)
	words := TypedWords(q.Typed)
	var list ClassList
	err := r.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list = ClassList{}
		if list.Schools, err = schoolsOf(ctx, tx, actor); err != nil {
			return err
		}
		if list.Terms, err = sqldb.All(ctx, tx, scanTerm, selectTermChoices, q.Today, termChoices); err != nil {
			return err
		}
		if strings.TrimSpace(q.Typed) != "" && len(words) == 0 {
			return nil
		}
		hits, err := classHits(ctx, tx, q, words, at, limit+1)
		if err != nil {
			return err
		}
		if len(hits) > limit {
			hits = hits[:limit]
			list.Next = &hits[limit-1]
		}
		if (q.After == ClassCursor{}) {
			if list.Total, err = countClasses(ctx, tx, q, words, at); err != nil {
				return err
			}
		}
		list.Found, err = classRows(ctx, tx, hits)
		return err
	})
	return list, err
}

// ClassPage is a class with its students.
type ClassPage struct {
	Class     Class
	School    string
	Course    string
	Teachers  []string
	Terms     []Term
	Students  []Student // those at the actor's schools, by name
	Elsewhere int       // students at other schools
}

// OneClass returns a class with its students. It returns fault.NotFound for none, also for one of a school that is not the actor's.
func (r *Roster) OneClass(ctx context.Context, actor access.Actor, id int64) (ClassPage, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return ClassPage{}, err
	}
	var p ClassPage
	err := r.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if p, err = sqldb.One(ctx, tx, scanClassPage, selectClassPage, id); err != nil {
			return err
		}
		if err := access.CheckAt(actor, access.SeeRecords, p.Class.SchoolID); err != nil {
			return err
		}
		if p.Terms, err = sqldb.All(ctx, tx, scanTerm, selectTermsOfClass, id); err != nil {
			return err
		}
		teachers, err := teachersOf(ctx, tx, []int64{id})
		if err != nil {
			return err
		}
		p.Teachers = teacherNames(teachers[id])
		students, err := sqldb.All(ctx, tx, scanStudent, selectStudentsOfClass, id)
		at := ScopeOf(actor)
		p.Students = slices.DeleteFunc(students, func(s Student) bool { return !at.Has(s.SchoolID) && !slices.ContainsFunc(s.OtherSchools, at.Has) })
		p.Elsewhere = len(students) - len(p.Students)
		return err
	})
	return p, err
}

// teacherNames are the teachers as families read them.
func teacherNames(teachers []Teacher) []string {
	var names []string
	for _, t := range teachers {
		if name := strings.TrimSpace(t.First + " " + t.Last); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
