package intake

import (
	"slices"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// settleRoles decides about people of whom a file of changes does not say what they are: they are what they were.
func (p *plan) settleRoles() {
	isStudent := map[string]bool{}
	p.rec.students = slices.DeleteFunc(p.rec.students, func(s student) bool {
		_, known := p.students[s.SourceID]
		if s.roleOf && known {
			isStudent[s.SourceID] = true
		}
		return s.roleOf && !known
	})
	p.rec.contacts = slices.DeleteFunc(p.rec.contacts, func(c contact) bool {
		if c.relationship != "" {
			return false
		}
		_, known := p.contacts[c.SourceID]
		if !known && !isStudent[c.SourceID] {
			p.f.add(Skipped, c.from.file, c.from.line, "role", "", "no role, and not known from before: row not taken")
		}
		return !known || isStudent[c.SourceID]
	})
}

func (p *plan) planStudents() {
	for _, s := range p.rec.students {
		p.planStudent(s)
	}
	for _, old := range p.snap.Students {
		absent := p.rec.whole && p.rec.only != onlyContacts && p.covered[old.SchoolID] && !p.inFile.students[old.ID]
		if old.SourceID == "" || !absent && !p.rec.gone[old.SourceID] || p.inFile.students[old.ID] {
			continue
		}
		p.leave.students[old.ID] = true
		if old.Status != roster.Enrolled {
			continue
		}
		next := old
		next.Status = roster.Left
		next.Local = without(old.Local, "status")
		p.rep.Students.Removed++
		p.say("student %s: gone from the roster", studentName(old))
		p.studentChanges = append(p.studentChanges, roster.StudentChange{Old: old, New: next})
		p.studentRows = append(p.studentRows, place{})
	}
}

func (p *plan) planStudent(s student) {
	old, known := p.students[s.SourceID]
	if s.partial && (!known || p.rec.whole && p.rec.only != onlyContacts) {
		p.f.add(Warning, s.from.file, s.from.line, "", s.SourceID, "is no student known from before: not taken")
		return
	}
	switch id := p.bySource[s.school]; {
	case s.school != "":
		s.SchoolID = id
	case p.opts.School == "" && known && old.SchoolID != 0:
		s.carried = without(s.carried, "school_id") // the file names none: where they are is as good as any
	default:
		s.SchoolID = p.fallback
	}
	if s.school == "" && !s.partial && p.opts.School != "" {
		p.f.count(Finding{Level: Note, File: s.from.file, Count: 1,
			Text: "students whose school the file does not name: put into " + p.names[p.fallback]})
	}
	if !known {
		p.rep.Students.Added++
		p.say("student %s: added, grade %s, %s", studentName(s.Student), p.shown("grade", s.Grade), p.names[s.SchoolID])
		id := p.newID()
		s.Student.ID = id
		p.students[s.SourceID] = s.Student
		p.studentByID[id] = nameOf(s.First, s.Last)
		p.inFile.students[id] = true
		p.studentChanges = append(p.studentChanges, roster.StudentChange{New: s.Student})
		p.studentRows = append(p.studentRows, s.from)
		return
	}
	p.inFile.students[old.ID] = !s.partial
	next, changed, kept := roster.TakeStudent(old, s.Student, s.carried)
	p.kept(s.from, kept)
	if len(changed) == 0 {
		p.rep.Students.Same++
		return
	}
	p.rep.Students.Changed++
	p.say("student %s: %s", studentName(old), p.differences(changed))
	p.studentChanges = append(p.studentChanges, roster.StudentChange{Old: old, New: next})
	p.studentRows = append(p.studentRows, s.from)
}

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

func (p *plan) planContacts() {
	for _, c := range p.rec.contacts {
		p.planContact(c)
	}
	for _, old := range p.snap.Contacts {
		if old.SourceID == "" || p.inFile.contacts[old.ID] || !p.rec.gone[old.SourceID] && !p.absent(p.linesOf[old.ID]) {
			continue
		}
		p.leave.contacts[old.ID] = true
		if old.Left {
			continue
		}
		next := old
		next.Left = true
		p.rep.Contacts.Removed++
		p.say("contact %s: gone from the roster", nameOf(old.First, old.Last))
		p.contactChanges = append(p.contactChanges, roster.ContactChange{Old: old, New: next})
		p.contactRows = append(p.contactRows, place{})
	}
}

// absent reports whether a contact who is not in the file is thereby gone: all children whom a roster linked the contact to are in schools
// that the file covers. Whoever has no such child belongs to no school, and is gone if the file covers all.
func (p *plan) absent(lines []roster.Line) bool {
	if !p.rec.whole || p.rec.only == onlyStudents {
		return false
	}
	children := 0
	for _, l := range lines {
		if !l.FromFile || l.Ended {
			continue
		}
		children++
		if !p.inFile.students[l.StudentID] && !p.leave.students[l.StudentID] && !p.spoken[l.StudentID] {
			return false
		}
	}
	return children > 0 || p.rec.only == "" && p.coversAll()
}

func (p *plan) planContact(c contact) {
	old, known := p.contacts[c.SourceID]
	if !known {
		p.rep.Contacts.Added++
		p.say("contact %s: added", nameOf(c.First, c.Last))
		id := p.newID()
		c.Contact.ID = id
		p.contacts[c.SourceID] = c.Contact
		p.contactByID[id] = nameOf(c.First, c.Last)
		p.inFile.contacts[id] = true
		p.contactChanges = append(p.contactChanges, roster.ContactChange{New: c.Contact})
		p.contactRows = append(p.contactRows, c.from)
		p.countEmail(c.Contact)
		return
	}
	p.inFile.contacts[old.ID] = true
	next, changed, kept := roster.TakeContact(old, c.Contact, c.carried)
	p.kept(c.from, kept)
	if old.Left {
		next.Left = false
		changed = append(changed, roster.Difference{Field: "roster", Old: "gone", New: "back"})
	}
	p.countEmail(next)
	if len(changed) == 0 {
		p.rep.Contacts.Same++
		return
	}
	p.rep.Contacts.Changed++
	p.say("contact %s: %s", nameOf(old.First, old.Last), p.differences(changed))
	p.contactChanges = append(p.contactChanges, roster.ContactChange{Old: old, New: next})
	p.contactRows = append(p.contactRows, c.from)
}

func (p *plan) countEmail(c roster.Contact) {
	if c.Email == "" {
		p.rep.WithoutEmail++
	}
}
