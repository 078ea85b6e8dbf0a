package intake

import (
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// edfiCSV reads the flat form of Ed-Fi's students, parents (or contacts), associations and classes, one file each.
type edfiCSV struct {
	*reader
	edfiSeats
	adults map[string]int
	lines  map[pairOfIDs]bool
	next   map[string]int
}

func knowsEdFiCSV(b *bundle) bool {
	for _, name := range []string{"StudentParentAssociation.csv", "StudentContactAssociation.csv", "StudentSchoolAssociation.csv"} {
		if b.has(name) {
			return b.has("Student.csv") || b.has("Students.csv")
		}
	}
	return false
}

func readEdFiCSV(b *bundle, today string, f *findings, to *records) error {
	d := &edfiCSV{reader: newReader(b, today, f, to), edfiSeats: newSeats(), adults: map[string]int{}, lines: map[pairOfIDs]bool{}, next: map[string]int{}}
	to.format = "Ed-Fi CSV"
	d.saysLines(b.has("StudentParentAssociation.csv") || b.has("StudentContactAssociation.csv"), "")
	for _, name := range b.names() {
		switch strings.ToLower(name) {
		case "student.csv", "students.csv", "parent.csv", "contact.csv", "studentparentassociation.csv", "studentcontactassociation.csv",
			"school.csv", "localeducationagency.csv", "studentschoolassociation.csv", "session.csv", "course.csv", "courseoffering.csv",
			"section.csv", "staff.csv", "studentsectionassociation.csv", "staffsectionassociation.csv":
		default:
			f.add(Note, name, 0, "", "", sayNothingTaken)
		}
	}
	for _, step := range []func() error{d.readSchools, d.readSeats, d.readStudents, d.readAdults, d.readLines, d.readTaught} {
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

func (d *edfiCSV) readSchools() error {
	for _, of := range []struct{ file, kind, id string }{
		{"School.csv", "school", "SchoolId"}, {"LocalEducationAgency.csv", "district", "LocalEducationAgencyId"},
	} {
		err := d.schoolsIn(of.file, of.kind, layout{columns: []string{of.id, "NameOfInstitution", "TelephoneNumber"},
			aliases: map[string]string{"educationorganizationid": of.id, "stateorganizationid": of.id}}, of.id, "NameOfInstitution", "TelephoneNumber", d.schools)
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *edfiCSV) readSeats() error {
	_, err := d.each("StudentSchoolAssociation.csv", layout{columns: []string{"StudentUniqueId", "SchoolId", "EntryDate", "EntryGradeLevel", "PrimarySchool",
		"ExitWithdrawDate"}, aliases: map[string]string{"studentusi": "StudentUniqueId", "studentuniquestateid": "StudentUniqueId",
		"educationorganizationid": "SchoolId", "stateorganizationid": "SchoolId", "entrygradeleveldescriptor": "EntryGradeLevel"},
		required: []string{"StudentUniqueId", "SchoolId"}, free: true}, d.keeps("StudentUniqueId"), func(r row) error {
		id := sourcedID(r, "StudentUniqueId")
		if id == "" {
			return nil
		}
		exit := day(r, "ExitWithdrawDate")
		primary, _, _ := truth(r.value("PrimarySchool"))
		d.at[id] = append(d.at[id], edfiSeat{r.value("SchoolId"), gradeOf(r.value("EntryGradeLevel")), primary, exit != "" && exit <= d.today})
		return nil
	})
	return err
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
		seats := d.at[id]
		if school := r.value("SchoolId"); school != "" && len(seats) == 0 {
			seats, s.carried = []edfiSeat{{school: school}}, append(s.carried, "school_id")
		}
		d.seat(&s, seats, d.f)
		if len(d.at) > 0 && s.Grade != "" && !r.t.has("GradeLevel") {
			s.carried = append(s.carried, "grade")
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
		l := line{student: pair.student, contact: pair.contact, from: place{r.t.file, r.line}}
		d.pairFacts(&l, d.next[pair.student], r.t.has, r.value)
		d.next[pair.student]++
		return d.out.addLine(l)
	})
}
