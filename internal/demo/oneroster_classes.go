package demo

import (
	"fmt"
	"io"
	"slices"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// WriteOneRosterWithClasses is WriteOneRoster with two semesters, a course for each subject and grade at each school, classes of about 25 and
// about seven enrolments for each student. Teachers are not invented: the classes have none.
func WriteOneRosterWithClasses(w io.Writer, d Data) error {
	e := export{d: d, links: linksOf(d), classes: classesOf(d)}
	return e.write(w, []exportFile{
		{"manifest.csv", e.manifest}, {"orgs.csv", e.orgs}, {"academicSessions.csv", e.sessions}, {"courses.csv", e.courses},
		{"classes.csv", e.classRows}, {"users.csv", e.users}, {"roles.csv", e.roles}, {"enrollments.csv", e.enrolments},
		{"demographics.csv", e.demographics},
	})
}

var lessons = []string{"Reading", "Mathematics", "Science", "History", "Art", "Music", "Physical Education"}

const sectionSize = 25

// section is a group that has all its lessons together.
type section struct {
	school   int
	grade    string
	number   int
	students []int
}

// classesOf puts the enrolled students of each school and grade into sections.
func classesOf(d Data) []section {
	type where struct {
		school int
		grade  string
	}
	groups := map[where][]int{}
	var order []where
	for i, s := range d.Students {
		if s.Status != roster.Enrolled {
			continue
		}
		at := where{s.School, s.Grade}
		if groups[at] == nil {
			order = append(order, at)
		}
		groups[at] = append(groups[at], i)
	}
	var all []section
	for _, at := range order {
		n := 0
		for some := range slices.Chunk(groups[at], sectionSize) {
			n++
			all = append(all, section{at.school, at.grade, n, some})
		}
	}
	return all
}

func (e export) sessions(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear")
	row("year-2027", "", "", "2026-2027", "schoolYear", "2026-08-10", "2027-06-05", "", "2027")
	row("fall-2026", "", "", "Fall 2026", "semester", "2026-08-10", "2026-12-20", "year-2027", "2027")
	row("spring-2027", "", "", "Spring 2027", "semester", "2027-01-05", "2027-06-05", "year-2027", "2027")
}

func (e export) courses(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", "subjects", "subjectCodes")
	for _, c := range e.classes {
		if c.number > 1 {
			continue
		}
		for n, subject := range lessons {
			row(e.courseID(c, n), "", "", "year-2027", subject+" "+c.grade, fmt.Sprintf("%s%s", subject[:2], c.grade), ceds(c.grade),
				e.d.Schools[c.school].SourceID, subject, "")
		}
	}
}

func (e export) courseID(c section, subject int) string {
	return fmt.Sprintf("course-%d-%s-%d", c.school, c.grade, subject)
}

func (e export) classID(c section, subject int) string {
	return fmt.Sprintf("class-%d-%s-%d-%d", c.school, c.grade, c.number, subject)
}

func (e export) classRows(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId",
		"termSourcedIds", "subjects", "subjectCodes", "periods")
	for _, c := range e.classes {
		for n, subject := range lessons {
			row(e.classID(c, n), "", "", fmt.Sprintf("%s %s, section %d", subject, c.grade, c.number), ceds(c.grade), e.courseID(c, n),
				fmt.Sprintf("%s%s-%d", subject[:2], c.grade, c.number), "scheduled", "", e.d.Schools[c.school].SourceID, "fall-2026,spring-2027", subject,
				"", fmt.Sprint(n+1))
		}
	}
}

func (e export) enrolments(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate")
	for _, c := range e.classes {
		for _, i := range c.students {
			for n := range lessons {
				class := e.classID(c, n)
				row(class+"-"+e.d.Students[i].SourceID, "", "", class, e.d.Schools[c.school].SourceID, e.d.Students[i].SourceID, "student", "", "", "")
			}
		}
	}
}
