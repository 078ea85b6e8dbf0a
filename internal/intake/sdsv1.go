package intake

import (
	"cmp"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// sdsV1 reads Microsoft School Data Sync CSV version 1, in its general and its UK form: School, Student, Section, StudentEnrollment, Teacher and
// TeacherRoster, and User and GuardianRelationship, in which an e-mail address is all that names an adult.
type sdsV1 struct {
	*reader
	schools map[string]bool
	users   map[string]*contact // by address
	lines   map[pairOfIDs]bool
	next    map[string]int
	terms   map[string]bool
	courses map[string]bool
}

func sdsV1Files() []string {
	return []string{"School.csv", "Student.csv", "Section.csv", "StudentEnrollment.csv", "Teacher.csv", "TeacherRoster.csv", "User.csv",
		"GuardianRelationship.csv"}
}

func knowsSDSV1(b *bundle) bool {
	h := b.header("Student.csv")
	return h != nil && (slices.Contains(h, "schoolsisid") || slices.Contains(h, "schooldfenumber"))
}

func readSDSV1(b *bundle, today string, f *findings, to *records) error {
	d := &sdsV1{reader: newReader(b, today, f, to), schools: map[string]bool{}, users: map[string]*contact{}, lines: map[pairOfIDs]bool{},
		next: map[string]int{}, terms: map[string]bool{}, courses: map[string]bool{}}
	to.format = "Microsoft SDS 1"
	d.only(sdsV1Files()...)
	for _, step := range []func() error{d.readSchools, d.readStudents, d.readUsers, d.readGuardians, d.readTeachers, d.readSections} {
		if err := step(); err != nil {
			return err
		}
	}
	d.whole()
	return nil
}

func (d *sdsV1) readSchools() error {
	return d.schoolsIn("School.csv", "school", layout{
		columns: []string{"SIS ID", "Name", "School Number", "School NCES_ID", "State ID", "Grade Low", "Grade High", "Principal SIS ID",
			"Principal Name", "Principal Secondary Email", "Address", "City", "State", "Country", "Zip", "Phone", "Zone"},
		aliases: map[string]string{"dfenumber": "SIS ID", "id": "SIS ID", "postalcode": "Zip"},
	}, "SIS ID", "Name", "Phone", d.schools)
}

func (d *sdsV1) readStudents() error {
	there, err := d.each("Student.csv", layout{
		columns: []string{"SIS ID", "School SIS ID", "First Name", "Last Name", "Username", "State ID", "Secondary Email", "Student Number",
			"Middle Name", "Grade", "Status", "Birthdate", "Graduation Year"},
		aliases:  map[string]string{"id": "SIS ID", "schooldfenumber": "School SIS ID", "mailnickname": "Username"},
		required: []string{"SIS ID", "School SIS ID", "First Name", "Last Name"}, free: true,
	}, d.keeps("SIS ID"), func(r row) error {
		id := sourcedID(r, "SIS ID")
		if id == "" || twice(d.students, r, "SIS ID", id) {
			return nil
		}
		if fold(r.value("Status")) == "inactive" {
			r.note(Note, "Status", "", sayInactive)
			return d.out.sayGone(id)
		}
		first, middle, last, ok := names(r, "First Name", "Middle Name", "Last Name")
		if !ok {
			return d.out.keep(id)
		}
		return d.out.addStudent(d.studentOf(r, id, first, middle, last))
	})
	if !there {
		return errNoStudents
	}
	return err
}

func (d *sdsV1) studentOf(r row, id, first, middle, last string) student {
	s := student{from: place{r.t.file, r.line}, carried: []string{"first_name", "last_name", "school_id", "status", "id_number"}}
	s.Student = roster.Student{SourceID: id, First: first, Middle: middle, Last: last, Status: roster.Enrolled,
		IDNumber: numberIn(r, "Student Number", cmp.Or(r.value("Student Number"), id))}
	if r.t.has("Middle Name") {
		s.carried = append(s.carried, "middle_name")
	}
	if r.t.has("Grade") {
		s.Grade, s.carried = gradeIn(r, "Grade"), append(s.carried, "grade")
	}
	if r.t.has("Birthdate") {
		s.BirthDate, s.carried = monthDay(r, "Birthdate"), append(s.carried, "birth_date")
	}
	if r.t.has("Secondary Email") {
		s.Email, s.carried = emailIn(r, "Secondary Email"), append(s.carried, "email")
	}
	if school := r.value("School SIS ID"); d.schools[school] {
		s.school = school
	} else if school != "" {
		s.unknown = []string{school}
	}
	return s
}

func (d *sdsV1) readUsers() error {
	_, err := d.each("User.csv", layout{columns: []string{"Email", "First Name", "Last Name", "Phone", "SIS ID"},
		required: []string{"Email", "First Name", "Last Name"}, free: true}, d.keeps("SIS ID"), func(r row) error {
		email := emailIn(r, "Email")
		if email == "" {
			r.note(Skipped, "Email", r.value("Email"), sayAddressOnly)
			return nil
		}
		key := strings.ToLower(email)
		if d.users[key] != nil {
			r.note(Skipped, "Email", email, sayAddressTwice)
			return nil
		}
		first, _, last, ok := names(r, "First Name", "", "Last Name")
		if !ok {
			return d.out.keep(r.value("SIS ID"))
		}
		id, derived := r.value("SIS ID"), false
		if id == "" || tooLong(id, idLength) {
			id, derived = derivedID("sds", nameKey(first, last), email, "", "", "", ""), true
		}
		c := &contact{from: place{r.t.file, r.line}, relationship: "unknown", derived: derived, carried: []string{"first_name", "last_name", "email"}}
		c.Contact = roster.Contact{SourceID: id, First: first, Last: last, Email: email}
		if r.t.has("Phone") {
			c.MobilePhone, c.carried = phoneIn(r, "Phone"), append(c.carried, "mobile_phone")
		}
		d.users[key] = c
		return d.out.addContact(*c)
	})
	return err
}

func (d *sdsV1) readGuardians() error {
	there, err := d.each("GuardianRelationship.csv", layout{columns: []string{"SIS ID", "Email", "Role"}, required: []string{"SIS ID", "Email"}, free: true},
		d.keeps("SIS ID"), func(r row) error {
			student := sourcedID(r, "SIS ID")
			if student == "" {
				return nil
			}
			c := d.users[strings.ToLower(r.value("Email"))]
			if c == nil {
				r.note(Warning, "Email", r.value("Email"), sayLineUnknown)
				return nil
			}
			if pair := (pairOfIDs{student, c.SourceID}); d.lines[pair] {
				r.note(Skipped, "", student, sayLineTwice)
				return nil
			} else {
				d.lines[pair] = true
			}
			l := line{student: student, contact: c.SourceID, from: place{r.t.file, r.line}, carried: []string{"relationship"}}
			l.Relationship = d.relationshipIn(r, "Role")
			return d.out.addLine(l)
		})
	d.saysLines(there, "GuardianRelationship.csv")
	return err
}

func (d *sdsV1) readTeachers() error {
	seen := map[string]int{}
	_, err := d.each("Teacher.csv", layout{columns: []string{"SIS ID", "School SIS ID", "First Name", "Last Name", "Username", "State ID",
		"Teacher Number", "Status", "Middle Name", "Secondary Email", "Title", "Qualification"},
		aliases: map[string]string{"id": "SIS ID", "schooldfenumber": "School SIS ID"}, required: []string{"SIS ID"}, free: true}, nil, func(r row) error {
		id := sourcedID(r, "SIS ID")
		if id == "" || twice(seen, r, "SIS ID", id) || fold(r.value("Status")) == "inactive" {
			return nil
		}
		if !r.t.has("First Name") {
			return nil
		}
		first, middle, last, ok := names(r, "First Name", "Middle Name", "Last Name")
		if !ok {
			return nil
		}
		p := staffPerson{sourceID: id, first: first, middle: middle, last: last, email: emailIn(r, "Secondary Email"), number: r.value("Teacher Number"),
			title: extra(r, "Title"), role: "teacher", from: place{r.t.file, r.line}}
		if school := r.value("School SIS ID"); school != "" {
			p.schools = []string{school}
		}
		return d.out.addStaff(p)
	})
	d.out.full.staff = true
	return err
}

func (d *sdsV1) readSections() error {
	seen := map[string]int{}
	sections, err := d.each("Section.csv", layout{columns: []string{"SIS ID", "School SIS ID", "Section Name", "Section Number", "Term SIS ID",
		"Term Name", "Term StartDate", "Term EndDate", "Course SIS ID", "Course Name", "Course Number", "Course Description", "Course Subject",
		"Periods", "Status"}, aliases: map[string]string{"id": "SIS ID", "schooldfenumber": "School SIS ID"}, required: []string{"SIS ID"}, free: true},
		nil, func(r row) error {
			id := sourcedID(r, "SIS ID")
			if id == "" || twice(seen, r, "SIS ID", id) || fold(r.value("Status")) == "inactive" {
				return nil
			}
			return d.section(r, id)
		})
	if err != nil {
		return err
	}
	enrolments := 0
	for _, of := range []struct{ file, role string }{{"StudentEnrollment.csv", "student"}, {"TeacherRoster.csv", "teacher"}} {
		there, err := d.each(of.file, layout{columns: []string{"Section SIS ID", "SIS ID"}, aliases: map[string]string{"sectionid": "Section SIS ID",
			"id": "SIS ID"}, required: []string{"Section SIS ID", "SIS ID"}, free: true}, nil, func(r row) error {
			return d.enrolRow(r, enrolment{class: r.value("Section SIS ID"), user: r.value("SIS ID"), role: of.role})
		})
		if err != nil {
			return err
		}
		if there {
			enrolments++
		}
	}
	full := &d.out.full
	full.terms, full.courses, full.classes, full.enrolments = sections, sections, sections, enrolments == 2
	return nil
}

func (d *sdsV1) section(r row, id string) error {
	at := place{r.t.file, r.line}
	k := class{sourceID: id, course: r.value("Course SIS ID"), school: r.value("School SIS ID"), title: cmp.Or(r.value("Section Name"), id),
		code: r.value("Section Number"), kind: "scheduled", periods: r.list("Periods"), subjects: r.list("Course Subject"), from: at}
	if k.course != "" && !d.courses[k.course] {
		d.courses[k.course] = true
		err := d.out.addCourse(course{sourceID: k.course, school: k.school, title: cmp.Or(r.value("Course Name"), k.title), code: r.value("Course Number"), from: at})
		if err != nil {
			return err
		}
	}
	if t := r.value("Term SIS ID"); t != "" {
		k.terms = []string{t}
		if !d.terms[t] {
			d.terms[t] = true
			err := d.out.addTerm(term{sourceID: t, title: cmp.Or(r.value("Term Name"), t), kind: "term", begin: monthDay(r, "Term StartDate"),
				end: monthDay(r, "Term EndDate"), from: at})
			if err != nil {
				return err
			}
		}
	}
	return d.out.addClass(k)
}
