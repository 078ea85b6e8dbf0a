package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// QualityRow is a record with a flaw, as it stands now.
type QualityRow struct {
	Student roster.Student    // of a flaw of students
	Contact roster.Contact    // of a flaw of contacts
	Lines   []roster.FullLine // the contact's, to children at the actor's schools
	NoLine  bool              // unreachable: nobody may sign in; else those who may have no address
	With    []QualityOther    // who has the same number or mailbox
}

// Key is the number of the record.
func (r QualityRow) Key() int64 { return r.Student.ID + r.Contact.ID }

// QualityOther is who has the same number or mailbox. Who belongs to other schools has no name here.
type QualityOther struct {
	Kind        access.Kind // student, parent (a contact) or staff
	ID          int64
	First, Last string
	School      string
	Elsewhere   bool
}

// QualityPage is a page of the records with a flaw.
type QualityPage struct {
	Rows  []QualityRow
	Next  int64 // 0: there is none
	Total int   // at the actor's schools, counted up to 1,001; of the first page alone
}

const qualityLimit = 25

// QualityList returns a page of the records with a flaw, by name. Those put right since the last look are left out, so a page may be short. It is
// a search: it returns fault.Unavailable for too many.
func (f *Family) QualityList(ctx context.Context, actor access.Actor, q QualityQuery) (QualityPage, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return QualityPage{}, err
	}
	if err := q.Flaw.known(); err != nil {
		return QualityPage{}, err
	}
	at, err := q.at(actor)
	if err != nil {
		return QualityPage{}, err
	}
	if err := f.limitSearch(ctx, actor); err != nil {
		return QualityPage{}, err
	}
	if q.Limit <= 0 || q.Limit > gridLimitMax {
		q.Limit = qualityLimit
	}
	p, err := f.qualityPage(ctx, actor, at, q)
	if err != nil || q.After != 0 {
		return p, err
	}
	return p, f.noteSearch(ctx, actor, "records.flaws_listed", map[string]any{"by": string(q.Flaw), "found": p.Total})
}

func (f *Family) qualityPage(ctx context.Context, actor access.Actor, at access.Schools, q QualityQuery) (p QualityPage, err error) {
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		p = QualityPage{}
		sort, err := placeOf(ctx, tx, q.Flaw, q.After)
		if err != nil {
			return err
		}
		ids, err := findingsAfter(ctx, tx, at, q.Flaw, sort, q.After, q.Limit+1)
		if err != nil {
			return err
		}
		if len(ids) > q.Limit {
			ids = ids[:q.Limit]
			p.Next = ids[q.Limit-1]
		}
		if q.After == 0 {
			if p.Total, err = countFindings(ctx, tx, at, q.Flaw); err != nil {
				return err
			}
		}
		p.Rows, err = f.qualityRows(ctx, tx, actor, q.Flaw, ids)
		return err
	})
	return p, err
}

// qualityRows are the records that still have the flaw, in the order given.
func (f *Family) qualityRows(ctx context.Context, tx *sqldb.Tx, actor access.Actor, w Flaw, ids []int64) (rows []QualityRow, err error) {
	if w.OfStudents() {
		rows, err = f.flawedStudents(ctx, tx, actor, w, ids)
	} else {
		rows, err = f.flawedContacts(ctx, tx, actor, w, ids)
	}
	slices.SortFunc(rows, func(a, b QualityRow) int { return slices.Index(ids, a.Key()) - slices.Index(ids, b.Key()) })
	return rows, err
}

func (f *Family) flawedStudents(ctx context.Context, tx *sqldb.Tx, actor access.Actor, w Flaw, ids []int64) ([]QualityRow, error) {
	students, err := f.roster.StudentsByID(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var all []roster.Student
	var numbers []string
	for _, s := range students {
		all = append(all, s)
		if key := lang.IDKey(s.IDNumber); key != "" {
			numbers = append(numbers, key)
		}
	}
	found, err := f.flawsOfStudents(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	at := roster.ScopeOf(actor)
	var rows []QualityRow
	for _, r := range found {
		if s := students[r.id]; r.flaws[w] != nil && at.Has(s.SchoolID) {
			rows = append(rows, QualityRow{Student: s})
		}
	}
	switch w {
	case FlawUnreachable:
		return rows, f.sayWhy(ctx, tx, rows)
	case FlawSameNumber:
		same, err := f.roster.StudentsWithNumbers(ctx, tx, numbers)
		for i := range rows {
			for _, o := range same {
				if o.ID != rows[i].Student.ID && lang.IDKey(o.IDNumber) == lang.IDKey(rows[i].Student.IDNumber) {
					rows[i].With = append(rows[i].With, otherStudent(o, at))
				}
			}
		}
		return rows, err
	}
	return rows, nil
}

func otherStudent(s roster.Student, at access.Schools) QualityOther {
	if !at.Has(s.SchoolID) {
		return QualityOther{Kind: access.Student, Elsewhere: true}
	}
	return QualityOther{Kind: access.Student, ID: s.ID, First: s.First, Last: s.Last, School: s.SchoolName}
}

// sayWhy says of students whom nobody can reach whether there is somebody at all.
func (f *Family) sayWhy(ctx context.Context, tx *sqldb.Tx, rows []QualityRow) error {
	var ids []int64
	for _, r := range rows {
		ids = append(ids, r.Student.ID)
	}
	lines, err := f.roster.LinesOfStudents(ctx, tx, ids)
	if err != nil {
		return err
	}
	rule, may := f.rule(), map[int64]bool{}
	for _, l := range lines {
		may[l.StudentID] = may[l.StudentID] || rule.MayOpen(l) == roster.MayOpen
	}
	for i := range rows {
		rows[i].NoLine = !may[rows[i].Student.ID]
	}
	return nil
}

func (f *Family) flawedContacts(ctx context.Context, tx *sqldb.Tx, actor access.Actor, w Flaw, ids []int64) ([]QualityRow, error) {
	contacts, err := f.roster.Contacts(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	a, err := f.lookAround(ctx, tx, contacts)
	if err != nil {
		return nil, err
	}
	at := roster.ScopeOf(actor)
	var rows []QualityRow
	for _, c := range contacts {
		r := &flawed{c.ID, "", map[Flaw][]int64{}}
		f.flawsOf(r, c, a)
		row := QualityRow{Contact: c, Lines: concerned(a.lines[c.ID], at, w)}
		if r.flaws[w] == nil || len(row.Lines) == 0 && !at.All && w != FlawSamePerson {
			continue
		}
		switch w {
		case FlawSharedMailbox, FlawSamePerson:
			row.With = a.others(c, at, w == FlawSamePerson)
		case FlawStaffMailbox:
			row.With = []QualityOther{{Kind: access.Staff}}
		}
		rows = append(rows, row)
	}
	if w == FlawStudentMailbox {
		return rows, f.addStudents(ctx, tx, rows, at)
	}
	return rows, nil
}

// concerned are the lines at the schools that have to do with the flaw.
func concerned(lines []roster.FullLine, at access.Schools, w Flaw) []roster.FullLine {
	var mine []roster.FullLine
	for _, l := range lines {
		if at.Has(l.Student.SchoolID) && (live(l) || w == FlawOfNobody && !l.Removed()) && (w != FlawAccess || isGift(l.Line)) {
			mine = append(mine, l)
		}
	}
	return mine
}

// others are those who seem to be the same person as a contact, or those others with whom it shares a mailbox.
func (a surroundings) others(c roster.Contact, at access.Schools, same bool) []QualityOther {
	var all []QualityOther
	key := lang.EmailKey(c.Email)
	for _, m := range a.near(c) {
		is := a.same(c, m)
		if is != same || same && m.ID < c.ID || !same && (key == "" || lang.EmailKey(m.Email) != key) || !slices.ContainsFunc(a.lines[m.ID], live) {
			continue
		}
		o := QualityOther{Kind: access.Parent, Elsewhere: true}
		if at.All || len(concerned(a.lines[m.ID], at, "")) > 0 {
			o = QualityOther{Kind: access.Parent, ID: m.ID, First: m.First, Last: m.Last}
		}
		all = append(all, o)
	}
	return all
}

// addStudents names the students whose mailbox it is.
func (f *Family) addStudents(ctx context.Context, tx *sqldb.Tx, rows []QualityRow, at access.Schools) error {
	var keys []string
	for _, r := range rows {
		keys = append(keys, lang.EmailKey(r.Contact.Email))
	}
	students, err := f.roster.StudentsWithEmails(ctx, tx, keys)
	for i := range rows {
		for _, s := range students {
			if lang.EmailKey(s.Email) == lang.EmailKey(rows[i].Contact.Email) {
				rows[i].With = append(rows[i].With, otherStudent(s, at))
			}
		}
	}
	return err
}

// ExportQuality calls fn for every record of the actor's schools with the flaw, by name, noted in the log. The actor must have shown lately that
// it is them (fault.Stale).
func (f *Family) ExportQuality(ctx context.Context, actor access.Actor, q QualityQuery, fn func(QualityRow) error) error {
	if err := access.Check(actor, access.ExportRecords); err != nil {
		return err
	}
	if err := q.Flaw.known(); err != nil {
		return err
	}
	at, err := q.at(actor)
	if err != nil {
		return err
	}
	err = f.db.Write(ctx, func(tx *sqldb.Tx) error {
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "records.exported", TargetKind: "record", Detail: map[string]any{"list": string(q.Flaw), "school": q.School},
		})
	})
	if err != nil {
		return err
	}
	for q.After, q.Limit = 0, gridLimitMax; ; {
		p, err := f.qualityPage(ctx, actor, at, q)
		if err != nil {
			return err
		}
		for _, r := range p.Rows {
			if err := fn(r); err != nil {
				return err
			}
			if r.Student.ID != 0 {
				f.audit.Views.NoteExport(actor, r.Student.ID)
			}
			for _, l := range r.Lines {
				f.audit.Views.NoteExport(actor, l.StudentID)
			}
		}
		if q.After = p.Next; q.After == 0 {
			return nil
		}
	}
}

// QualityRecord returns one record with a flaw. It returns fault.NotFound for one that has not, or is not at the actor's schools.
func (f *Family) QualityRecord(ctx context.Context, actor access.Actor, w Flaw, id int64) (row QualityRow, err error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return row, err
	}
	if err := w.known(); err != nil {
		return row, err
	}
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := f.qualityRows(ctx, tx, actor, w, []int64{id})
		if err == nil && len(rows) == 0 {
			err = fault.NotFoundf("no such record")
		}
		if err == nil {
			row = rows[0]
		}
		return err
	})
	return row, err
}
