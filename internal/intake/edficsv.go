package intake

import (
	"cmp"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// edfiCSV reads the flat form of Ed-Fi's students, parents (or contacts), associations and classes, one file each.
type edfiCSV struct {
	*reader
	adults map[string]int
	lines  map[pairOfIDs]bool
	next   map[string]int
}

func knowsEdFiCSV(b *bundle) bool {
	for _, name := range []string{"StudentParentAssociation.csv", "StudentContactAssociation.csv"} {
		if b.has(name) {
			return b.has("Student.csv") || b.has("Students.csv")
		}
	}
	return false
}

func readEdFiCSV(b *bundle, today string, f *findings, to *records) error {
	d := &edfiCSV{reader: newReader(b, today, f, to), adults: map[string]int{}, lines: map[pairOfIDs]bool{}, next: map[string]int{}}
	to.format, to.saysLines = "Ed-Fi CSV", true
	for _, name := range b.names() {
		switch strings.ToLower(name) {
		case "student.csv", "students.csv", "parent.csv", "contact.csv", "studentparentassociation.csv", "studentcontactassociation.csv",
			"session.csv", "course.csv", "courseoffering.csv", "section.csv", "staff.csv", "studentsectionassociation.csv", "staffsectionassociation.csv":
		default:
			f.add(Note, name, 0, "", "", sayNothingTaken)
		}
	}
	for _, step := range []func() error{d.readStudents, d.readAdults, d.readLines, d.readTaught} {
		if err := step(); err != nil {
			return err
		}
	}
	d.whole()
	return nil
}

// eachOf is each for whichever of the files there is.
func (d *edfiCSV) eachOf(files []string, l layout, fn func(row) error) error {
	l.free = true
	for _, name := range files {
		if there, err := d.each(name, l, d.keeps("StudentUniqueId", "ContactUniqueId"), fn); there || err != nil {
			return err
		}
	}
	return nil
}

func edfiNames() []string {
	return []string{"PersonalTitlePrefix", "FirstName", "MiddleName", "LastSurname", "GenerationCodeSuffix", "PreferredFirstName", "PreferredLastSurname"}
}

// withSuffix puts a generational suffix behind the last name, where people type it.
func withSuffix(r row, last string) string {
	if suffix := descriptor(r.value("GenerationCodeSuffix")); suffix != "" && !nothing(suffix) {
		return strings.TrimSpace(last + " " + suffix)
	}
	return last
}

func (d *edfiCSV) readStudents() error {
	return d.eachOf([]string{"Student.csv", "Students.csv"}, layout{
		columns: append([]string{"StudentUniqueId", "BirthDate", "GradeLevel", "SchoolId", "ElectronicMailAddress"}, edfiNames()...),
		aliases: map[string]string{"studentusi": "StudentUniqueId", "studentuniquestateid": "StudentUniqueId"}, required: []string{"StudentUniqueId", "FirstName", "LastSurname"},
	}, func(r row) error {
		id := sourcedID(r, "StudentUniqueId")
		if id == "" || twice(d.students, r, "StudentUniqueId", id) {
			return nil
		}
		first, middle, last, ok := names(r, "FirstName", "MiddleName", "LastSurname")
		if !ok {
			return d.out.keep(id)
		}
		s := student{from: place{r.t.file, r.line}, carried: []string{"first_name", "middle_name", "last_name", "id_number", "status"}}
		s.Student = roster.Student{SourceID: id, First: first, Middle: middle, Last: withSuffix(r, last), PreferredFirst: extra(r, "PreferredFirstName"),
			PreferredLast: extra(r, "PreferredLastSurname"), IDNumber: numberIn(r, "StudentUniqueId", id), Status: roster.Enrolled}
		if r.t.has("BirthDate") {
			s.BirthDate, s.carried = day(r, "BirthDate"), append(s.carried, "birth_date")
		}
		if r.t.has("GradeLevel") {
			s.Grade, s.carried = gradeOf(r.value("GradeLevel")), append(s.carried, "grade")
		}
		if r.t.has("ElectronicMailAddress") {
			s.Email, s.carried = emailIn(r, "ElectronicMailAddress"), append(s.carried, "email")
		}
		if school := r.value("SchoolId"); school != "" {
			s.unknown, s.carried = []string{school}, append(s.carried, "school_id")
		}
		return d.out.addStudent(s)
	})
}

func (d *edfiCSV) readAdults() error {
	return d.eachOf([]string{"Contact.csv", "Parent.csv"}, layout{
		columns: append([]string{"ContactUniqueId", "ElectronicMailAddress", "TelephoneNumber", "TelephoneNumberType"}, edfiNames()...),
		aliases: map[string]string{"parentusi": "ContactUniqueId", "parentuniqueid": "ContactUniqueId", "parentuniquestateid": "ContactUniqueId",
			"contactusi": "ContactUniqueId"}, required: []string{"ContactUniqueId", "FirstName", "LastSurname"},
	}, func(r row) error {
		id := sourcedID(r, "ContactUniqueId")
		if id == "" || twice(d.adults, r, "ContactUniqueId", id) {
			return nil
		}
		first, middle, last, ok := names(r, "FirstName", "MiddleName", "LastSurname")
		if !ok {
			return d.out.keep(id)
		}
		c := contact{from: place{r.t.file, r.line}, relationship: "unknown", carried: []string{"first_name", "middle_name", "last_name"}}
		c.Contact = roster.Contact{SourceID: id, First: first, Middle: middle, Last: withSuffix(r, last), PreferredFirst: extra(r, "PreferredFirstName"),
			PreferredLast: extra(r, "PreferredLastSurname"), Email: emailIn(r, "ElectronicMailAddress")}
		if r.t.has("ElectronicMailAddress") {
			c.carried = append(c.carried, "email")
		}
		if r.t.has("TelephoneNumber") {
			putPhone(&c.Contact, descriptor(r.value("TelephoneNumberType")), phoneIn(r, "TelephoneNumber"))
			c.carried = append(c.carried, "mobile_phone", "home_phone", "work_phone")
		}
		return d.out.addContact(c)
	})
}

func (d *edfiCSV) readLines() error {
	d.out.saysRestrictions = slices.Contains(append(d.b.header("StudentContactAssociation.csv"), d.b.header("StudentParentAssociation.csv")...),
		"contactrestrictions")
	return d.eachOf([]string{"StudentContactAssociation.csv", "StudentParentAssociation.csv"}, layout{
		columns: []string{"StudentUniqueId", "ContactUniqueId", "Relation", "PrimaryContactStatus", "LivesWith", "EmergencyContactStatus",
			"ContactPriority", "ContactRestrictions", "LegalGuardian"},
		aliases: map[string]string{"studentusi": "StudentUniqueId", "studentuniquestateid": "StudentUniqueId", "parentusi": "ContactUniqueId",
			"parentuniqueid": "ContactUniqueId", "parentuniquestateid": "ContactUniqueId", "contactusi": "ContactUniqueId"},
		required: []string{"StudentUniqueId", "ContactUniqueId"},
	}, func(r row) error {
		pair := pairOfIDs{sourcedID(r, "StudentUniqueId"), sourcedID(r, "ContactUniqueId")}
		if pair.student == "" || pair.contact == "" {
			return nil
		}
		if d.lines[pair] {
			r.note(Skipped, "", pair.student+" / "+pair.contact, sayLineTwice)
			return nil
		}
		d.lines[pair] = true
		return d.out.addLine(d.line(r, pair))
	})
}

func (d *edfiCSV) line(r row, pair pairOfIDs) line {
	l := line{student: pair.student, contact: pair.contact, from: place{r.t.file, r.line}}
	carry := func(column, field string) bool {
		if r.t.has(column) {
			l.carried = append(l.carried, field)
		}
		return r.t.has(column)
	}
	if carry("Relation", "relationship") {
		l.Relationship = d.relationshipIn(r, "Relation")
	}
	if carry("LivesWith", "lives_with") {
		l.LivesWith = flagIn(r, "LivesWith")
	}
	if carry("EmergencyContactStatus", "emergency") {
		l.Emergency = flagIn(r, "EmergencyContactStatus")
	}
	if carry("LegalGuardian", "legal_guardian") {
		l.LegalGuardian = flagIn(r, "LegalGuardian")
	}
	if carry("ContactRestrictions", roster.FileRestriction) {
		l.FileRestriction = restrictionText(r.value("ContactRestrictions"))
	}
	d.next[pair.student]++
	l.Position = d.next[pair.student]
	if primary, _, _ := truth(r.value("PrimaryContactStatus")); primary {
		l.Position = 0
	}
	if v := cmp.Or(r.value("ContactPriority"), r.value("PrimaryContactStatus")); v != "" && !slices.Contains(l.carried, "position") {
		l.carried = append(l.carried, "position")
	}
	return l
}
