package intake

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// both is a row of the file with the record it is about, 0 where there is none.
type both struct {
	seq   int64
	from  place
	print int64
	data  string
	id    int64
}

func scanBoth(r *sql.Rows) (b both, err error) {
	return b, r.Scan(&b.seq, &b.from.file, &b.from.line, &b.print, &b.data, &b.id)
}

func seqOf(b both) int64 { return b.seq }

// recordsOf lists the records that rows are about.
func recordsOf(rows []both) (ids []int64) {
	for _, b := range rows {
		if b.id != 0 {
			ids = append(ids, b.id)
		}
	}
	return ids
}

func sameID(id int64) int64 { return id }

func (p *plan) planStudents(ctx context.Context) error {
	if err := p.tally(ctx, &p.rep.Students.Same, countFileStudents); err != nil {
		return err
	}
	err := walkPages(ctx, p.stage, selectStudents, scanBoth, seqOf, func(rows []both) error {
		olds, err := p.students(ctx, recordsOf(rows))
		if err != nil {
			return err
		}
		for _, b := range rows {
			var s packedStudent
			if err := unpack(b.data, &s); err != nil {
				return err
			}
			s.FilePrint = b.print
			p.rep.Students.Same--
			old, known := olds[b.id]
			if err := p.planStudent(ctx, s.student(b.from), old, known); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.firstStudents(ctx); err != nil {
		return err
	}
	if err := p.stage.exec(ctx, markLeavingStudents, p.rec.whole && p.rec.only != onlyContacts); err != nil {
		return err
	}
	return walkPages(ctx, p.stage, selectLeavingStudents, scanID, sameID, func(ids []int64) error {
		olds, err := p.students(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := p.studentLeaves(ctx, olds[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *plan) studentLeaves(ctx context.Context, old roster.Student) error {
	if old.Status != roster.Enrolled {
		return nil
	}
	next := old
	next.Status = roster.Left
	next.Local = without(old.Local, "status")
	p.rep.Students.Removed++
	p.say("student %s: gone from the roster", studentName(old))
	if err := p.stage.exec(ctx, updateStudentAfter, old.ID, string(next.Status), packDates(next.Dates())); err != nil {
		return err
	}
	return p.step(ctx, phaseStudentLeaves, old.ID, 0, studentName(old), roster.StudentChange{Old: old, New: next})
}

func (p *plan) planStudent(ctx context.Context, s student, old roster.Student, known bool) error {
	if s.partial && (!known || p.rec.whole && p.rec.only != onlyContacts) {
		p.f.add(Warning, s.from.file, s.from.line, "", s.SourceID, sayStudentUnknown)
		return nil
	}
	for _, id := range s.unknown {
		if _, known := p.bySource[id]; !known {
			p.f.add(Warning, s.from.file, s.from.line, "", id, saySchoolUnknown)
		}
	}
	id, ok := p.schoolOf(s.school, s.unknown)
	switch {
	case ok:
		s.SchoolID = id
	case p.opts.School == "" && known && old.SchoolID != 0:
		s.carried = without(s.carried, "school_id") // the file names none: where they are is as good as any
	default:
		s.SchoolID = p.fallback
	}
	for _, source := range s.others {
		if id := p.bySource[source]; id != 0 && id != s.SchoolID {
			s.OtherSchools = append(s.OtherSchools, id)
		}
	}
	if !ok && !s.partial && p.opts.School != "" {
		p.f.count(Finding{Level: Note, File: s.from.file, Count: 1,
			Code: saySchoolGiven, As: p.names[p.fallback]})
	}
	if !known {
		return p.newStudent(ctx, s.Student)
	}
	next, changed, kept := roster.TakeStudent(old, s.Student, s.carried, p.rule.Today)
	if err := p.kept(ctx, s.from, Person{StudentID: old.ID, Student: nameOf(old.First, old.Last)}, kept); err != nil {
		return err
	}
	if len(kept) == 0 {
		next.FilePrint = s.FilePrint
	}
	if len(changed) == 0 {
		p.rep.Students.Same++
		return p.reprint(ctx, "student", old.ID, old.Version, next.FilePrint)
	}
	p.rep.Students.Changed++
	p.say("student %s: %s", studentName(old), p.differences(changed))
	if old.SchoolID != next.SchoolID {
		if err := p.stage.exec(ctx, updateStudentMoves, old.ID, next.SchoolID); err != nil {
			return err
		}
	}
	if old.Status != next.Status || old.Dates() != next.Dates() {
		if err := p.stage.exec(ctx, updateStudentAfter, old.ID, string(next.Status), packDates(next.Dates())); err != nil {
			return err
		}
	}
	at := phaseChangeStudent
	if old.Status == roster.Enrolled && next.Status != roster.Enrolled && next.SchoolID >= 0 && !slices.ContainsFunc(next.OtherSchools, isNew) {
		at = phaseStudentLeaves // which comes before new schools are there
	}
	return p.step(ctx, at, old.ID, 0, studentName(old), roster.StudentChange{Old: old, New: next})
}

func (p *plan) newStudent(ctx context.Context, s roster.Student) error {
	p.rep.Students.Added++
	p.say("student %s: added, grade %s, %s", studentName(s), p.shown("grade", s.Grade), p.names[s.SchoolID])
	if id := s.SchoolID; !p.rec.saysRestrictions && id != 0 && !slices.Contains(p.fed, id) && !slices.Contains(p.first, id) {
		p.first = append(p.first, id)
	}
	s.ID = p.newID()
	if err := p.stage.seeStudent(ctx, roster.StudentMark{ID: s.ID, SchoolID: s.SchoolID, SourceID: s.SourceID, Status: s.Status, Dates: s.Dates(),
		First: s.First, Last: s.Last, Email: s.Email}, true, false); err != nil {
		return err
	}
	return p.step(ctx, phaseAddStudent, 0, 0, studentName(s), roster.StudentChange{New: s})
}

// firstStudents asks, before the first students of a school are there, for the restrictions that the roster has no place for.
func (p *plan) firstStudents(ctx context.Context) error {
	if len(p.first) == 0 {
		return nil
	}
	return p.step(ctx, phaseFirst, 0, 0, "", p.first)
}

// isNew reports whether an id is one of the plan's, for a record that does not exist yet.
func isNew(id int64) bool { return id < 0 }

func studentName(s roster.Student) string {
	name := nameOf(s.First, s.Last)
	if s.IDNumber == "" {
		return name
	}
	return s.IDNumber + " (" + name + ")"
}

func without(list []string, what string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == what })
}

func (p *plan) planContacts(ctx context.Context) error {
	for _, t := range []struct {
		to    *int
		query string
	}{{&p.rep.Contacts.Same, countFileContacts}, {&p.rep.WithoutEmail, countFileNoMail}} {
		if err := p.tally(ctx, t.to, t.query); err != nil {
			return err
		}
	}
	err := walkPages(ctx, p.stage, selectContacts, scanBoth, seqOf, func(rows []both) error {
		olds, err := p.contacts(ctx, recordsOf(rows))
		if err != nil {
			return err
		}
		for _, b := range rows {
			var c packedContact
			if err := unpack(b.data, &c); err != nil {
				return err
			}
			c.FilePrint = b.print
			p.rep.Contacts.Same--
			if c.Email == "" {
				p.rep.WithoutEmail--
			}
			old, known := olds[b.id]
			if err := p.planContact(ctx, contact{Contact: c.Contact, carried: c.Carried, from: b.from}, old, known); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Whoever has no child of a roster belongs to no school, and is gone if the file covers all.
	if err := p.stage.exec(ctx, markLeavingContacts, p.rec.whole && p.rec.only != onlyStudents, p.rec.only == "" && p.coversAll()); err != nil {
		return err
	}
	return walkPages(ctx, p.stage, selectLeavingContacts, scanID, sameID, func(ids []int64) error {
		olds, err := p.contacts(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if old, known := olds[id]; known && !old.Left {
				if err := p.contactLeaves(ctx, old); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (p *plan) contactLeaves(ctx context.Context, old roster.Contact) error {
	next := old
	next.Left = true
	p.rep.Contacts.Removed++
	p.say("contact %s: gone from the roster", nameOf(old.First, old.Last))
	if err := p.stage.exec(ctx, updateContactAfter, old.ID, true); err != nil {
		return err
	}
	return p.step(ctx, phaseContactLeaves, 0, old.ID, nameOf(old.First, old.Last), roster.ContactChange{Old: old, New: next})
}

func (p *plan) newContact(ctx context.Context, c contact, name string) error {
	p.rep.Contacts.Added++
	p.say("contact %s: added", name)
	c.ID = p.newID()
	if err := p.stage.seeContact(ctx, roster.ContactMark{ID: c.ID, SourceID: c.SourceID, First: c.First, Last: c.Last,
		Sort: lang.SortKey(c.Last, c.First, c.Middle), Email: c.Email}, true, false); err != nil {
		return err
	}
	if err := p.step(ctx, phaseAddContact, 0, 0, name, roster.ContactChange{New: c.Contact}); err != nil || c.Email != "" {
		return err
	}
	p.rep.WithoutEmail++
	return p.note(ctx, ListNoEmail, Person{Contact: name, Why: "new"})
}

func (p *plan) planContact(ctx context.Context, c contact, old roster.Contact, known bool) error {
	name := nameOf(c.First, c.Last)
	if name == "" && (!known || len(c.carried) == 0) { // what the person is to the children, and nothing else
		return nil
	}
	if !known {
		return p.newContact(ctx, c, name)
	}
	if err := p.keepEnded(ctx, &c, old); err != nil {
		return err
	}
	next, changed, kept := roster.TakeContact(old, c.Contact, c.carried)
	if err := p.kept(ctx, c.from, Person{ContactID: old.ID, Contact: nameOf(old.First, old.Last)}, kept); err != nil {
		return err
	}
	if old.SourceID != c.SourceID { // known by what the row says: the file has no ids
		next.SourceID = c.SourceID
		changed = append(changed, roster.Difference{Field: "source_id", Old: old.SourceID, New: c.SourceID})
	}
	if old.Left {
		next.Left = false
		changed = append(changed, roster.Difference{Field: "roster", Old: "gone", New: "back"})
		if err := p.stage.exec(ctx, updateContactAfter, old.ID, false); err != nil {
			return err
		}
	}
	if next.Email == "" {
		p.rep.WithoutEmail++
		if old.Email != "" {
			if err := p.note(ctx, ListNoEmail, Person{ContactID: old.ID, Contact: name, Why: "lost", Old: old.Email}); err != nil {
				return err
			}
		}
	}
	if len(kept) == 0 {
		next.FilePrint = c.FilePrint
	}
	if len(changed) == 0 {
		p.rep.Contacts.Same++
		return p.reprint(ctx, "contact", old.ID, old.Version, next.FilePrint)
	}
	p.rep.Contacts.Changed++
	p.say("contact %s: %s", nameOf(old.First, old.Last), p.differences(changed))
	if old.Email != next.Email {
		if err := p.stage.exec(ctx, updateContactEmail, old.ID, lang.EmailKey(next.Email)); err != nil {
			return err
		}
	}
	return p.step(ctx, phaseChangeContact, 0, old.ID, nameOf(old.First, old.Last), roster.ContactChange{Old: old, New: next})
}
