package intake

import "cmp"

func (c *clever) readStaff() error {
	for _, of := range []struct{ file, role string }{{"teachers.csv", "teacher"}, {"staff.csv", "staff"}} {
		seen := map[string]int{}
		_, err := c.each(of.file, layout{
			columns: []string{"School_id", "Teacher_id", "Teacher_number", "State_teacher_id", "Teacher_email", "First_name", "Middle_name", "Last_name",
				"Title", "Username"},
			aliases: map[string]string{"staffid": "Teacher_id", "staffemail": "Teacher_email", "email": "Teacher_email", "emailaddress": "Teacher_email",
				"roles": "Title", "role": "Title"},
			required: []string{"Teacher_id", "Last_name", "First_name"}, free: true,
		}, nil, func(r row) error {
			id := sourcedID(r, "Teacher_id")
			if id == "" || twice(seen, r, "Teacher_id", id) {
				return nil
			}
			first, middle, last, ok := names(r, "First_name", "Middle_name", "Last_name")
			if !ok {
				return nil
			}
			p := staffPerson{sourceID: id, first: first, middle: middle, last: last, email: emailIn(r, "Teacher_email"), number: r.value("Teacher_number"),
				title: extra(r, "Title"), role: of.role, from: place{r.t.file, r.line}}
			if school := r.value("School_id"); school != "" {
				p.schools = []string{school}
			}
			return c.out.addStaff(p)
		})
		if err != nil {
			return err
		}
	}
	c.out.full.staff = true
	return nil
}

// readSections reads classes, with the courses and terms that stand on their rows, and who is in them.
func (c *clever) readSections() error {
	courses := map[string]bool{}
	seen := map[string]int{}
	sections, err := c.each("sections.csv", layout{
		columns: []string{"School_id", "Section_id", "Teacher_id", "Teacher_2_id", "Teacher_3_id", "Teacher_4_id", "Teacher_5_id", "Teacher_6_id",
			"Teacher_7_id", "Teacher_8_id", "Teacher_9_id", "Teacher_10_id", "Name", "Section_number", "Grade", "Course_name", "Course_number",
			"Course_description", "Period", "Subject", "Term_name", "Term_start", "Term_end"},
		aliases: map[string]string{"sectionname": "Name"}, required: []string{"School_id", "Section_id"}, free: true,
	}, nil, func(r row) error {
		id := sourcedID(r, "Section_id")
		if id == "" || twice(seen, r, "Section_id", id) {
			return nil
		}
		return c.section(r, id, courses)
	})
	if err != nil {
		return err
	}
	in, err := c.each("enrollments.csv", layout{columns: []string{"School_id", "Section_id", "Student_id"}, required: []string{"Section_id", "Student_id"},
		free: true}, nil, func(r row) error {
		return c.enrolRow(r, enrolment{class: r.value("Section_id"), school: r.value("School_id"), user: r.value("Student_id"), role: "student"})
	})
	full := &c.out.full
	full.terms, full.courses, full.classes, full.enrolments = sections, sections, sections, sections && in
	return err
}

func (c *clever) section(r row, id string, courses map[string]bool) error {
	at := place{r.t.file, r.line}
	school := r.value("School_id")
	k := class{sourceID: id, school: school, title: r.value("Name"), code: r.value("Section_number"), kind: "scheduled", periods: r.list("Period"),
		subjects: r.list("Subject"), from: at}
	if g := r.value("Grade"); g != "" {
		k.grades = []string{grade(g)}
	}
	if k.title == "" {
		k.title = r.value("Course_name")
	}
	if k.title == "" {
		k.title = id
	}
	if number := r.value("Course_number"); number != "" {
		k.course = school + "/" + number
		if !courses[k.course] {
			courses[k.course] = true
			if err := c.out.addCourse(course{sourceID: k.course, school: school, title: cmp.Or(r.value("Course_name"), number), code: number, from: at}); err != nil {
				return err
			}
		}
	}
	if name := r.value("Term_name"); name != "" {
		t := term{title: name, kind: "term", begin: monthDay(r, "Term_start"), end: monthDay(r, "Term_end"), from: at}
		t.sourceID = "term/" + name + "/" + t.begin
		k.terms = []string{t.sourceID}
		if !c.terms[t.sourceID] {
			c.terms[t.sourceID] = true
			if err := c.out.addTerm(t); err != nil {
				return err
			}
		}
	}
	if err := c.out.addClass(k); err != nil {
		return err
	}
	for i, column := range []string{"Teacher_id", "Teacher_2_id", "Teacher_3_id", "Teacher_4_id", "Teacher_5_id", "Teacher_6_id", "Teacher_7_id",
		"Teacher_8_id", "Teacher_9_id", "Teacher_10_id"} {
		teacher := r.value(column)
		if teacher == "" {
			continue
		}
		if err := c.enrolRow(r, enrolment{class: id, school: school, user: teacher, role: "teacher", primary: i == 0}); err != nil {
			return err
		}
	}
	return nil
}
