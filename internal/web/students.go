package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// studentsPage finds students for the Student Biographical Editor.
type studentsPage struct {
	Page
	Query string
	Found []roster.Student
	Total int
	Next  string
	Add   bool // the reader may add a student
}

func (s *Server) students(x *exchange) error {
	q := x.r.URL.Query()
	after := roster.FindCursor{Word: q.Get("word"), Sort: q.Get("sort")}
	after.ID = number(q.Get("id")) // a broken cursor is the start
	return s.foundStudents(x, strings.TrimSpace(q.Get("q")), after)
}

// findStudent takes what was typed into a search box. A name goes into the address, so that the result can be kept; an ID Number does
// not, and leads straight to its student.
func (s *Server) findStudent(x *exchange) error {
	typed := x.trimmed("q")
	if !strings.ContainsAny(typed, "0123456789") {
		return x.redirect("/admin/students/?" + url.Values{"q": {typed}}.Encode())
	}
	found, _, _, err := s.Family.FindStudents(x.r.Context(), x.actor, typed, roster.FindCursor{}, 2)
	if err != nil {
		return err
	}
	if len(found) == 1 {
		return x.redirect(studentPath(found[0].ID) + "/contacts")
	}
	return s.foundStudents(x, typed, roster.FindCursor{})
}

func (s *Server) foundStudents(x *exchange, typed string, after roster.FindCursor) error {
	p := studentsPage{Page: s.page(x, "admin.students.title"), Query: typed, Add: access.Can(x.actor, access.EditRecords)}
	p.Path = "/admin/students/"
	if x.r.Method == http.MethodGet {
		p.Path = x.r.URL.RequestURI()
	}
	found, next, total, err := s.Family.FindStudents(x.r.Context(), x.actor, p.Query, after, listPage)
	if err != nil {
		return err
	}
	p.Found, p.Total = found, total
	if next != nil && x.r.Method == http.MethodGet {
		p.Next = url.Values{"q": {p.Query}, "word": {next.Word}, "sort": {next.Sort}, "id": {strconv.FormatInt(next.ID, 10)}}.Encode()
	}
	return s.render(x, http.StatusOK, "admin/students", p)
}

// studentPage is the Student Biographical Editor. Fresh is set when someone else saved first: what is on record now.
type studentPage struct {
	Page
	Student roster.Student
	Schools []roster.School
	Fresh   *roster.Student
	Edit    bool // the reader may change the record
	Export  bool // the reader may take out the student's data
	Visits  bool // the student's own school is none of the reader's
	Others  []roster.School
	Facts   []recordFact // instead of the form, for whoever may not change the record
	say     func(field string) *said
}

// recordFact is a field of a record in words.
type recordFact struct{ Label, Value string }

// studentFacts are the fields of a student, without those that hold nothing.
func studentFacts(l *lang.Language, rec roster.StudentPage) (facts []recordFact) {
	for _, field := range []string{"first_name", "middle_name", "last_name", "preferred_first", "preferred_last", "id_number", "birth_date", "grade", "homeroom", "email",
		"language", "school_id", "other_schools", "status", "enrolled_from", "gone_on", "gone_as"} {
		value := studentField(rec.Student, field)
		switch {
		case field == "school_id":
			value = rec.Student.SchoolName
		case field == "other_schools":
			value = namesOfSchools(rec.Student.OtherSchools, rec.Others)
		case value != "":
			value = fieldWords(l, field, value, nil)
		}
		if value != "" {
			facts = append(facts, recordFact{fieldName(l, field), value})
		}
	}
	return facts
}

// Said is what stands beside a field that was set by hand.
func (p studentPage) Said(field string) *said {
	if p.say == nil {
		return nil
	}
	return p.say(field)
}

// Ends are what the status can become on the day of leaving.
func (studentPage) Ends() []roster.Status { return []roster.Status{roster.Graduated, roster.Withdrawn} }

// OtherChoices are the schools that the student may attend beside the own one: the reader's, and those that are set.
func (p studentPage) OtherChoices() []settingChoice {
	var all []settingChoice
	for _, o := range p.Others {
		if !slices.ContainsFunc(p.Schools, func(q roster.School) bool { return q.ID == o.ID }) {
			all = append(all, settingChoice{strconv.FormatInt(o.ID, 10), o.Name, slices.Contains(p.Student.OtherSchools, o.ID)})
		}
	}
	for _, o := range p.Schools {
		if o.Kind == "school" && (o.ID != p.Student.SchoolID || p.Student.ID == 0) || slices.Contains(p.Student.OtherSchools, o.ID) {
			all = append(all, settingChoice{strconv.FormatInt(o.ID, 10), o.Name, slices.Contains(p.Student.OtherSchools, o.ID)})
		}
	}
	if p.Student.ID == 0 && len(all) < 2 {
		return nil
	}
	return all
}

// OthersOpen reports whether there is something to see of the other schools; most students have none.
func (p studentPage) OthersOpen() bool {
	return len(p.Student.OtherSchools) > 0 || p.Problem("other_schools") != "" || p.OthersNow().Changed || p.Said("other_schools") != nil
}

// OthersNow says which other schools are on record when someone else saved first.
func (p studentPage) OthersNow() nowValue {
	if p.Fresh == nil {
		return nowValue{}
	}
	schools := slices.Concat(p.Others, p.Schools)
	return compare(namesOfSchools(p.Student.OtherSchools, schools), namesOfSchools(p.Fresh.OtherSchools, schools))
}

// tell sets what the roster says beside the fields.
func (p *studentPage) tell(x *exchange) {
	local, values, schools := p.Student.Local, p.Student.FileValues, slices.Concat(p.Schools, p.Others)
	p.say = func(field string) *said { return saidOf(x.lang, field, local, values, schools) }
}

// Tab is the tab of the student's pages this one is on.
func (studentPage) Tab() string { return "biographical" }

// Statuses are the choices of the status field.
func (studentPage) Statuses() []roster.Status {
	return roster.Statuses()
}

// Now says what is on record for a field when someone else saved first.
func (p studentPage) Now(field string) nowValue {
	if p.Fresh == nil {
		return nowValue{}
	}
	return compare(studentField(p.Student, field), studentField(*p.Fresh, field))
}

func studentField(s roster.Student, field string) string {
	return map[string]string{
		"first_name": s.First, "middle_name": s.Middle, "last_name": s.Last, "preferred_first": s.PreferredFirst, "preferred_last": s.PreferredLast,
		"id_number": s.IDNumber, "birth_date": s.BirthDate, "grade": s.Grade, "homeroom": s.Homeroom, "email": s.Email,
		"language": s.Language, "enrolled_from": s.EnrolledFrom, "gone_on": s.GoneOn, "gone_as": string(s.GoneAs), "status": string(s.Status),
	}[field]
}

// AnySchool reports whether the student may also be of no school: staff who work at some schools put students into these.
func (p studentPage) AnySchool() bool { return p.Desk == nil || p.Desk.Everywhere }

func (s *Server) studentPage(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	rec, err := s.Roster.Page(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	p := studentPage{Page: s.page(x, "admin.student.title"), Student: rec.Student, Schools: rec.Schools, Others: rec.Others, Visits: rec.Visits}
	p.tell(x)
	p.Edit, p.Export = access.Can(x.actor, access.EditRecords) && !rec.Visits, access.Can(x.actor, access.ExportRecords)
	if !p.Edit {
		p.Facts = studentFacts(x.lang, rec)
	}
	return s.render(x, http.StatusOK, "admin/student", p)
}

func (s *Server) newStudentPage(x *exchange) error {
	schools, err := s.Roster.SchoolsOf(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	p := studentPage{Page: s.page(x, "admin.student.new"), Student: roster.Student{Status: roster.Enrolled}, Schools: schools, Edit: true}
	return s.render(x, http.StatusOK, "admin/student", p)
}

// typedStudent is the student as the form has it.
func typedStudent(x *exchange, id int64) roster.Student {
	version := x.number("version") // none: a conflict, as it should be
	school := x.number("school_id")
	return roster.Student{
		ID: id, Version: version, SchoolID: school, IDNumber: x.trimmed("id_number"), First: x.trimmed("first_name"), Middle: x.trimmed("middle_name"),
		Last: x.trimmed("last_name"), PreferredFirst: x.trimmed("preferred_first"), PreferredLast: x.trimmed("preferred_last"),
		BirthDate: x.trimmed("birth_date"), Grade: x.trimmed("grade"), Homeroom: x.trimmed("homeroom"), Email: x.trimmed("email"),
		Status: roster.Status(x.field("status")), EnrolledFrom: x.trimmed("enrolled_from"), GoneOn: x.trimmed("gone_on"),
		GoneAs: roster.Status(x.field("gone_as")), Language: x.trimmed("language"), OtherSchools: x.ids("other_schools"),
	}
}

func (s *Server) newStudent(x *exchange) error {
	typed := typedStudent(x, 0)
	id, err := s.Roster.AddStudent(x.r.Context(), x.actor, typed)
	if err != nil {
		return s.studentAgain(x, "admin.student.new", typed, err)
	}
	s.setFlash(x, "flash.saved")
	return x.redirect(studentPath(id) + "/contacts")
}

func (s *Server) saveStudent(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	typed := typedStudent(x, id)
	if err := s.Roster.SaveStudent(x.r.Context(), x.actor, typed); err != nil {
		return s.studentAgain(x, "admin.student.title", typed, err)
	}
	s.setFlash(x, "flash.saved")
	return x.redirect(studentPath(id))
}

func studentPath(id int64) string { return "/admin/students/" + strconv.FormatInt(id, 10) }

// studentAgain shows the form again as typed: with its problems, or with what someone else saved meanwhile.
func (s *Server) studentAgain(x *exchange, title string, typed roster.Student, err error) error {
	p := studentPage{Page: s.page(x, title), Student: typed, Edit: true}
	status := http.StatusUnprocessableEntity
	if fault.Is(err, fault.Conflict) && typed.ID != 0 {
		status = http.StatusConflict
		rec, readErr := s.Roster.Page(x.r.Context(), x.actor, typed.ID)
		if readErr != nil {
			return readErr
		}
		p.Fresh, p.Student.Version, p.Student.Local = &rec.Student, rec.Student.Version, rec.Student.Local
		p.Student.FileValues, p.Others = rec.Student.FileValues, rec.Others
		p.Student.SchoolName = rec.Student.SchoolName
	} else if err := s.problems(x, &p.Page, err); err != nil {
		return err
	}
	schools, err := s.Roster.SchoolsOf(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	p.Schools = schools
	p.tell(x)
	p.Path = studentPath(typed.ID)
	return s.render(x, status, "admin/student", p)
}
