package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// clever reads the CSV files that schools send to Clever: schools, students, teachers, staff, sections, enrollments. Column names are
// taken in any case and with or without underscores. A student with several contacts has as many rows.
type clever struct {
	*reader
	schools  map[string]bool
	contacts map[string]*contact
	order    []string // of contacts
	split    int      // names that were told apart
	lines    map[pairOfIDs]bool
	last     map[string]int // contacts of a student so far
	terms    map[string]bool
	pending  *student // whose rows may go on
}

func cleverFiles() []string {
	return []string{"schools.csv", "students.csv", "teachers.csv", "staff.csv", "sections.csv", "enrollments.csv"}
}

func knowsClever(b *bundle) bool {
	is := func(name string, columns ...string) bool {
		h := b.header(name)
		return h != nil && !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(h, c) })
	}
	if is("students.csv", "schoolid", "studentid") {
		return true
	}
	return is("schools.csv", "schoolid", "schoolname") && is("teachers.csv", "schoolid", "teacherid")
}

func readClever(b *bundle, today string, f *findings, to *records) error {
	c := &clever{reader: newReader(b, today, f, to), schools: map[string]bool{}, contacts: map[string]*contact{}, lines: map[pairOfIDs]bool{},
		last: map[string]int{}, terms: map[string]bool{}}
	to.format = "Clever CSV"
	c.only(cleverFiles()...)
	for _, step := range []func() error{c.readSchools, c.readStaff, c.readSections, c.readStudents, c.handStudent, c.handContacts} {
		if err := step(); err != nil {
			return err
		}
	}
	c.whole()
	return nil
}

func (c *clever) readSchools() error {
	return c.schoolsIn("schools.csv", "school", layout{
		columns: []string{"School_id", "School_name", "School_number", "State_id", "Low_grade", "High_grade", "Principal", "Principal_email",
			"School_address", "School_city", "School_state", "School_zip", "School_phone", "NCES_id"},
	}, "School_id", "School_name", "School_phone", c.schools)
}

func (c *clever) readStudents() error {
	there, err := c.each("students.csv", layout{
		columns: []string{"School_id", "Student_id", "Student_number", "State_id", "Last_name", "Middle_name", "First_name", "Grade", "Gender",
			"Graduation_year", "DOB", "Race", "Hispanic_Latino", "Home_language", "Ell_status", "Frl_status", "IEP_status", "Student_street",
			"Student_city", "Student_state", "Student_zip", "Student_email", "Contact_relationship", "Contact_type", "Contact_name",
			"Contact_phone", "Contact_phone_type", "Contact_email", "Contact_sis_id", "Username", "Unweighted_gpa", "Weighted_gpa"},
		aliases:  map[string]string{"emailaddress": "Student_email", "email": "Student_email", "birthdate": "DOB", "dateofbirth": "DOB"},
		required: []string{"School_id", "Student_id", "Last_name", "First_name"}, free: true,
	}, func(t *table) {
		c.out.keepUnread(t, "Student_id")
		c.saysLines(t.has("Contact_name"), t.file)
	}, c.readStudent)
	if !there {
		return errNoStudents
	}
	return err
}

func (c *clever) readStudent(r row) error {
	id := sourcedID(r, "Student_id")
	if id == "" {
		return nil
	}
	_, again := c.students[id]
	switch {
	case c.another(r, "Student_id", id, nameKey(r.value("First_name"), r.value("Last_name"))):
		return c.out.keep(id)
	case c.pending != nil && c.pending.SourceID == id:
		c.also(r, c.pending)
	case !again:
		first, middle, last, ok := names(r, "First_name", "Middle_name", "Last_name")
		if !ok {
			return c.out.keep(id)
		}
		c.students[id] = r.line
		if err := c.handStudent(); err != nil {
			return err
		}
		s := c.studentOf(r, id, first, middle, last)
		c.pending = &s
	case r.value("Contact_name") == "":
		r.note(Note, "Student_id", id+" / "+r.value("School_id"), sayStudentAgain)
		return nil
	}
	return c.contactOf(r, id)
}

func (c *clever) studentOf(r row, id, first, middle, last string) student {
	s := student{from: place{r.t.file, r.line}, carried: []string{"first_name", "last_name", "school_id", "other_schools", "status", "id_number"}}
	number := numberIn(r, "Student_number", r.value("Student_number"))
	if number == "" {
		number = numberIn(r, "Student_id", id)
		c.f.count(Finding{Level: Note, File: r.t.file, Column: "Student_number", Count: 1, Code: sayNumberOwn})
	}
	s.Student = roster.Student{SourceID: id, First: first, Middle: middle, Last: last, Status: roster.Enrolled, IDNumber: number}
	if r.t.has("Middle_name") {
		s.carried = append(s.carried, "middle_name")
	}
	if r.t.has("Home_language") {
		s.Language, s.carried = languageWord(r, "Home_language"), append(s.carried, "language")
	}
	if r.t.has("Grade") {
		s.Grade, s.carried = gradeIn(r, "Grade"), append(s.carried, "grade")
	}
	if r.t.has("Student_email") {
		s.Email, s.carried = emailIn(r, "Student_email"), append(s.carried, "email")
	}
	if r.t.has("DOB") {
		s.BirthDate, s.carried = monthDay(r, "DOB"), append(s.carried, "birth_date")
	}
	switch school := r.value("School_id"); {
	case c.schools[school]:
		s.school = school
	case school != "":
		s.unknown = []string{school}
	}
	return s
}

// also takes the school of a further row of the same student.
func (c *clever) also(r row, s *student) {
	school := r.value("School_id")
	if c.schools[school] && school != s.school && !slices.Contains(s.others, school) {
		s.others = append(s.others, school)
	}
}

// handStudent hands over the student whose rows have come to an end.
func (c *clever) handStudent() error {
	if c.pending == nil {
		return nil
	}
	s := *c.pending
	c.pending = nil
	return c.out.addStudent(s)
}

// contactOf reads the contact of a student's row.
func (c *clever) contactOf(r row, student string) error {
	whole := r.value("Contact_name")
	if nothing(whole) || whole == "" {
		return nil
	}
	if tooLong(whole, nameLength) || garbled(whole) {
		r.note(Warning, "Contact_name", whole, sayLetters)
		if tooLong(whole, nameLength) {
			return nil
		}
	}
	name := splitName(whole)
	if c.split++; c.split == 1 {
		r.note(Note, "Contact_name", whole, sayWholeName)
	}
	code, kind := c.relationOf(r)
	id, derived := r.value("Contact_sis_id"), false
	email, phone := emailIn(r, "Contact_email"), phoneIn(r, "Contact_phone")
	if id == "" || tooLong(id, idLength) {
		id, derived = derivedID("clever", nameKey(name.first, name.last), email, phone, student, kind, code), true
	}
	p := c.contacts[id]
	if p == nil {
		p = &contact{from: place{r.t.file, r.line}, relationship: "unknown", derived: derived, carried: []string{"first_name", "middle_name", "last_name",
			"preferred_first", "preferred_last", "email", "mobile_phone", "home_phone", "work_phone"}}
		p.Contact = roster.Contact{SourceID: id, First: name.first, Middle: name.middle, Last: name.last, PreferredFirst: name.otherFirst,
			PreferredLast: name.otherLast, Email: email}
		c.contacts[id], c.order = p, append(c.order, id)
	} else if p.Email == "" {
		p.Email = email
	}
	putPhone(&p.Contact, r.value("Contact_phone_type"), phone)
	pair := pairOfIDs{student, id}
	if c.lines[pair] {
		return nil // a second telephone
	}
	c.lines[pair] = true
	l := line{student: student, contact: id, from: place{r.t.file, r.line}, carried: []string{"relationship", "position", "legal_guardian", "emergency"}}
	l.Line = roster.Line{Relationship: code, Position: c.last[student], LegalGuardian: roster.Unknown, Emergency: roster.Unknown}
	c.last[student]++
	switch kind {
	case "parentguardian":
		l.LegalGuardian = roster.Yes
	case "emergency":
		l.Emergency = roster.Yes
	}
	if c.last[student] > 5 {
		r.note(Note, "Contact_name", "", sayManyContacts)
	}
	return c.out.addLine(l)
}

// relationOf reads the relationship, from whichever of the two columns has one: schools mix them up.
func (c *clever) relationOf(r row) (code, kind string) {
	kind = fold(r.value("Contact_type"))
	relation := r.value("Contact_relationship")
	if relation == "" && kind != "" && !slices.Contains([]string{"primary", "secondary", "emergency", "family", "other"}, kind) {
		if code, known := relationshipOf(c.kinds, kind); known {
			c.f.count(Finding{Level: Note, File: r.t.file, Column: "Contact_type", Count: 1, Code: sayRelationType})
			return code, kind
		}
	}
	if relation == "" {
		return "unknown", kind
	}
	code, known := relationshipOf(c.kinds, relation)
	if !known {
		r.note(Warning, "Contact_relationship", relation, sayRelation)
	}
	return code, kind
}

func (c *clever) handContacts() error {
	for _, id := range c.order {
		if err := c.out.addContact(*c.contacts[id]); err != nil {
			return err
		}
	}
	return nil
}

// derivedPrefix begins the ids of people whom their file gave none. Once it gives them one, they are known again.
const derivedPrefix = "derived/"

// derivedID makes an id for a person whom the file gives none: by name and address, by name and telephone, or, with neither, by name as the
// contact of this one student. A person whose address changes gets another id, and is known by the student, name and relationship.
func derivedID(format, name, email, phone, student, kind, relationship string) string {
	parts := []string{"name", name, student, kind, relationship}
	switch digits := onlyDigits(phone); {
	case email != "":
		parts = []string{"email", name, lang.EmailKey(email)}
	case len(digits) >= 7:
		parts = []string{"phone", name, digits}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return derivedPrefix + format + ":" + hex.EncodeToString(sum[:12])
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// putPhone keeps a telephone number under its kind, the first of each.
func putPhone(c *roster.Contact, kind, phone string) {
	at := &c.HomePhone
	switch fold(kind) {
	case "cell", "mobile", "cellphone", "mobilephone":
		at = &c.MobilePhone
	case "work", "daytime", "office", "business":
		at = &c.WorkPhone
	}
	if *at == "" {
		*at = phone
	}
}

// monthDay reads a date of a format that puts the month first, which is so unless the file's other dates show that it does not.
func monthDay(r row, column string) string {
	parts := strings.Split(r.value(column), "/")
	if len(parts) == 3 && len(parts[2]) == 4 && r.t.order() != dayFirst {
		if d, _, ok := date(parts[2] + "-" + parts[0] + "-" + parts[1]); ok {
			return d
		}
	}
	return day(r, column)
}
