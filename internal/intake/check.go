package intake

import "github.com/schoolgate/schoolgate/internal/lang"

// check warns of what only shows when all of a file is read, whatever its format: addresses at which mail may reach somebody else, students
// for whom nobody can register, people who belong to nobody.
func (r *records) check(f *findings) {
	r.checkMailboxes(f)
	r.checkNumbers(f)
	if r.whole && r.saysLines {
		r.checkLonely(f)
	}
}

func (r *records) checkMailboxes(f *findings) {
	students, adults := map[string]bool{}, map[string]int{}
	for _, s := range r.students {
		if key := lang.EmailKey(s.Email); key != "" && !s.roleOf {
			students[key] = true
		}
	}
	for _, c := range r.contacts {
		if key := lang.EmailKey(c.Email); key != "" {
			adults[key]++
		}
	}
	for _, c := range r.contacts {
		key := lang.EmailKey(c.Email)
		if adults[key] > 1 && key != "" {
			f.add(Warning, c.from.file, c.from.line, "email", c.Email, "several adults share this mailbox")
		}
		if students[key] {
			f.add(Warning, c.from.file, c.from.line, "email", c.Email, "the mailbox is a student's too: nothing is mailed there by itself")
		}
	}
}

func (r *records) checkNumbers(f *findings) {
	seen := map[string]bool{}
	for _, s := range r.students {
		key := lang.IDKey(s.IDNumber)
		switch {
		case s.partial || s.roleOf:
		case key == "":
			f.add(Warning, s.from.file, s.from.line, "", "", "student without an ID Number: no parent can register for this child")
		case seen[key]:
			f.add(Warning, s.from.file, s.from.line, "", s.IDNumber, "another student has the same ID Number")
		default:
			seen[key] = true
		}
	}
}

// checkLonely counts students without an adult and adults without a student.
func (r *records) checkLonely(f *findings) {
	linked := map[string]bool{}
	for _, l := range r.lines {
		linked[l.student], linked[l.contact] = true, true
	}
	for _, s := range r.students {
		if !linked[s.SourceID] && !s.partial && !s.roleOf {
			f.count(Finding{Level: Note, File: s.from.file, Text: "students whom no adult is linked to", Count: 1})
		}
	}
	for _, c := range r.contacts {
		if !linked[c.SourceID] && c.relationship != "" {
			f.count(Finding{Level: Note, File: c.from.file, Text: "parents and guardians who are linked to no student", Count: 1})
		}
	}
}
