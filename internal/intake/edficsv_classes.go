package intake

import (
	"cmp"
	"strings"
)

// The flat form of sessions, courses, offerings, sections, staff and who is in a section: the columns are the elements of the XML, each under its own
// name wherever it stands there.

// edfiKeyColumns identify a section, the last one within its offering.
func edfiKeyColumns() []string {
	return []string{"LocalCourseCode", "SchoolId", "SchoolYear", "SessionName", "SectionIdentifier"}
}

func edfiKeyAliases() map[string]string {
	return map[string]string{"uniquesectioncode": "SectionIdentifier", "staffusi": "StaffUniqueId", "staffuniquestateid": "StaffUniqueId",
		"teacheruniquestateid": "StaffUniqueId", "studentusi": "StudentUniqueId", "studentuniquestateid": "StudentUniqueId",
		"educationorganizationid": "SchoolId", "stateorganizationid": "SchoolId", "locationclassroomidentificationcode": "ClassroomIdentificationCode",
		"termdescriptor": "Term", "academicsubjectdescriptor": "AcademicSubject", "classroompositiondescriptor": "ClassroomPosition"}
}

func sessionKeyIn(r row) string {
	name := cmp.Or(r.value("SessionName"), descriptor(r.value("Term")))
	if name == "" {
		return ""
	}
	return joinedKey(r.value("SchoolId"), yearOf(r.value("SchoolYear")), name)
}

func offerKeyIn(r row) string {
	return joinedKey(r.value("SchoolId"), sessionKeyIn(r), r.value("LocalCourseCode"))
}

func sectionKeyIn(r row) string {
	if r.value("SectionIdentifier") == "" {
		return ""
	}
	return joinedKey(offerKeyIn(r), r.value("SectionIdentifier"))
}

// flat is each for a file of classes.
func (d *edfiCSV) flat(name string, more []string, fn func(row) error) (bool, error) {
	return d.each(name, layout{columns: append(more, append(edfiKeyColumns(), "Term", "BeginDate", "EndDate")...), aliases: edfiKeyAliases(), free: true}, nil, fn)
}

// flatTaught reads the files of classes of the flat form.
type flatTaught struct {
	*edfiCSV
	seen   map[string]int
	titles map[string]string // of courses
	offers map[string]offerRow
}

func (d *edfiCSV) readTaught() error {
	t := &flatTaught{edfiCSV: d, seen: map[string]int{}, titles: map[string]string{}, offers: map[string]offerRow{}}
	for _, step := range []func() error{t.sessions, t.courses, t.sections, t.staff, t.enrolments} {
		if err := step(); err != nil {
			return err
		}
	}
	if full := &d.out.full; d.cut {
		full.terms, full.courses, full.classes, full.enrolments = false, false, false, false
	}
	return nil
}

// fresh reports whether an id is one that can be kept and was not handed over before; with a finding if it is not.
func (t *flatTaught) fresh(r row, id string) bool {
	if strings.Trim(id, "/") == "" {
		r.note(Skipped, "", "", sayIDUnfit)
		return false
	}
	first, again := t.seen[r.t.file+"\x00"+id]
	if again {
		r.twice("", id, first)
		return false
	}
	t.seen[r.t.file+"\x00"+id] = r.line
	return true
}

func (t *flatTaught) sessions() (err error) {
	t.out.full.terms, err = t.flat("Session.csv", nil, func(r row) error {
		id := sessionKeyIn(r)
		if !t.fresh(r, id) {
			return nil
		}
		s := term{sourceID: id, title: cmp.Or(r.value("SessionName"), descriptor(r.value("Term"))), kind: edfiTermKind(r.value("Term")),
			year: yearOf(r.value("SchoolYear")), from: place{r.t.file, r.line}}
		s.begin, s.end = spanIn(r)
		return t.out.addTerm(s)
	})
	return err
}

func (t *flatTaught) courses() (err error) {
	t.out.full.courses, err = t.flat("Course.csv", []string{"CourseCode", "CourseTitle", "AcademicSubject"}, func(r row) error {
		id := joinedKey(r.value("SchoolId"), r.value("CourseCode"))
		if !t.fresh(r, id) {
			return nil
		}
		t.titles[id] = cmp.Or(r.value("CourseTitle"), r.value("CourseCode"))
		c := course{sourceID: id, school: r.value("SchoolId"), title: t.titles[id], code: r.value("CourseCode"), from: place{r.t.file, r.line}}
		if subject := descriptor(r.value("AcademicSubject")); subject != "" {
			c.subjects = []string{subject}
		}
		return t.out.addCourse(c)
	})
	return err
}

func (t *flatTaught) sections() error {
	_, err := t.flat("CourseOffering.csv", []string{"CourseCode", "LocalCourseTitle"}, func(r row) error {
		t.offers[offerKeyIn(r)] = offerRow{course: joinedKey(r.value("SchoolId"), r.value("CourseCode")), title: r.value("LocalCourseTitle")}
		return nil
	})
	if err != nil {
		return err
	}
	t.out.full.classes, err = t.flat("Section.csv", []string{"SectionName", "ClassPeriodName", "ClassroomIdentificationCode"}, func(r row) error {
		id := sectionKeyIn(r)
		if !t.fresh(r, id) {
			return nil
		}
		of := t.offers[offerKeyIn(r)]
		k := class{sourceID: id, school: r.value("SchoolId"), course: of.course, code: r.value("LocalCourseCode"), kind: "scheduled",
			periods: r.list("ClassPeriodName"), location: r.value("ClassroomIdentificationCode"), from: place{r.t.file, r.line},
			title: cmp.Or(r.value("SectionName"), of.title, t.titles[of.course], r.value("LocalCourseCode"), r.value("SectionIdentifier"))}
		if key := sessionKeyIn(r); key != "" {
			k.terms = []string{key}
		}
		return t.out.addClass(k)
	})
	return err
}

type offerRow struct{ course, title string }

func (t *flatTaught) staff() error {
	_, err := t.each("Staff.csv", layout{columns: append([]string{"StaffUniqueId", "ElectronicMailAddress"}, edfiNames()...), aliases: edfiKeyAliases(),
		required: []string{"StaffUniqueId", "FirstName", "LastSurname"}, free: true}, nil, func(r row) error {
		id := r.value("StaffUniqueId")
		if !t.fresh(r, id) {
			return nil
		}
		first, middle, last, ok := names(r, "FirstName", "MiddleName", "LastSurname")
		if !ok {
			return nil
		}
		return t.out.addStaff(staffPerson{sourceID: id, first: first, middle: middle, last: last, email: emailIn(r, "ElectronicMailAddress"), role: "staff",
			from: place{r.t.file, r.line}})
	})
	return err
}

// enrolments reads who is in a section.
func (t *flatTaught) enrolments() error {
	for _, in := range []struct{ file, person, role string }{
		{"StudentSectionAssociation.csv", "StudentUniqueId", "student"}, {"StaffSectionAssociation.csv", "StaffUniqueId", "teacher"},
	} {
		there, err := t.flat(in.file, []string{in.person, "ClassroomPosition"}, func(r row) error {
			e := enrolment{class: sectionKeyIn(r), school: r.value("SchoolId"), user: r.value(in.person), role: in.role, from: place{r.t.file, r.line}}
			if e.class == "" || e.user == "" {
				r.note(Skipped, "", "", sayNoEnds)
				return nil
			}
			if e.sourceID = joinedKey(e.class, e.user, e.role, r.value("BeginDate")); !t.fresh(r, e.sourceID) {
				return nil
			}
			e.primary = in.role == "teacher" && strings.HasPrefix(fold(descriptor(r.value("ClassroomPosition"))), "teacherofrecord")
			e.begin, e.end = spanIn(r)
			return t.out.addEnrolment(e)
		})
		if err != nil {
			return err
		}
		if in.role == "student" {
			t.out.full.enrolments = there && t.out.full.classes
		}
	}
	return nil
}

// spanIn reads the first and the last day of a row.
func spanIn(r row) (begin, end string) {
	begin, end = day(r, "BeginDate"), dayAfter(day(r, "EndDate"))
	if begin != "" && end != "" && end <= begin {
		r.note(Warning, "EndDate", r.value("EndDate"), sayDatesTurned)
		return "", ""
	}
	return begin, end
}
