package intake

import (
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// sds reads Microsoft School Data Sync CSV, versions 2 and 2.1: orgs, users, roles and relationships, where a row of relationships names the
// student first and the adult second. Whatever is not in the files is gone: Microsoft takes it so too.
type sds struct {
	*reader
	orgs   map[string]string // kind by id
	roles  map[string][]sdsRole
	pairs  []line
	births map[string]string
	linked map[string]bool // adults of relationships.csv
	v21    bool
}

type sdsRole struct {
	org, role, grade string
	primary          bool
}

func sdsFiles() []string {
	return []string{"orgs.csv", "users.csv", "roles.csv", "relationships.csv", "demographics.csv", "academicSessions.csv", "courses.csv",
		"classes.csv", "enrollments.csv", "userFlags.csv"}
}

// knowsSDS tells it from OneRoster without a manifest, whose files have the same names: its rows of roles and enrollments have no ids.
func knowsSDS(b *bundle) bool {
	if b.has("manifest.csv") { // looked at first: a header costs a look through the whole file for its encoding
		return false
	}
	users := b.header("users.csv")
	if users == nil {
		return false
	}
	if b.has("relationships.csv") || b.has("userFlags.csv") || slices.Contains(users, "activedirectorymatchid") {
		return true
	}
	for _, name := range []string{"roles.csv", "enrollments.csv"} {
		if h := b.header(name); h != nil {
			return !slices.Contains(h, "sourcedid")
		}
	}
	return false
}

func readSDS(b *bundle, today string, f *findings, to *records) error {
	s := &sds{reader: newReader(b, today, f, to), orgs: map[string]string{}, roles: map[string][]sdsRole{}, births: map[string]string{},
		linked: map[string]bool{}, v21: b.has("roles.csv")}
	to.format = "Microsoft SDS 2"
	if s.v21 {
		to.format = "Microsoft SDS 2.1"
	}
	s.only(sdsFiles()...)
	for _, step := range []func() error{s.readOrgs, s.readRoles, s.readRelationships, s.readDemographics, s.readUsers, s.readClasses} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, l := range s.pairs {
		if err := to.addLine(l); err != nil {
			return err
		}
	}
	if b.has("userFlags.csv") {
		f.add(Note, "userFlags.csv", 0, "", "", sayNotKept)
	}
	s.whole()
	return nil
}

func (s *sds) readOrgs() error {
	seen := map[string]int{}
	_, err := s.each("orgs.csv", layout{columns: []string{"sourcedId", "name", "type", "parentSourcedId"}, required: []string{"sourcedId", "name"}},
		nil, func(r row) error {
			id := sourcedID(r, "sourcedId")
			if id == "" || twice(seen, r, "sourcedId", id) {
				return nil
			}
			kind := "other"
			switch fold(r.value("type")) {
			case "school":
				kind = "school"
			case "district", "localeducationagency":
				kind = "district"
			case "":
				r.note(Warning, "type", "", sayKindMissing)
				kind = "school"
			}
			s.orgs[id] = kind
			return s.schoolRow(r, "name", id, kind, r.value("name"), "")
		})
	return err
}

func (s *sds) readRoles() error {
	_, err := s.each("roles.csv", layout{columns: []string{"userSourcedId", "orgSourcedId", "role", "sessionSourcedId", "grade", "isPrimary",
		"roleStartDate", "roleEndDate"}, required: []string{"userSourcedId", "orgSourcedId", "role"}}, s.keeps("userSourcedId"), func(r row) error {
		user := sourcedID(r, "userSourcedId")
		if user == "" {
			return nil
		}
		org := r.value("orgSourcedId")
		if s.orgs[org] == "" {
			r.say(Finding{Level: Warning, Column: "orgSourcedId", Was: org, Code: sayNoRef, As: "orgs.csv"})
		}
		primary, _, _ := truth(r.value("isPrimary"))
		if end := day(r, "roleEndDate"); end != "" && end < s.today && fold(r.value("role")) == "student" {
			r.note(Note, "roleEndDate", end, sayStudentOver)
		}
		s.roles[user] = append(s.roles[user], sdsRole{org, r.value("role"), r.value("grade"), primary})
		return nil
	})
	return err
}

func (s *sds) readRelationships() error {
	have := map[pairOfIDs]int{}
	there, err := s.each("relationships.csv", layout{columns: []string{"userSourcedId", "relationshipUserSourcedId", "relationshipRole"},
		required: []string{"userSourcedId", "relationshipUserSourcedId"}}, s.keeps("userSourcedId", "relationshipUserSourcedId"), func(r row) error {
		student, adult := sourcedID(r, "userSourcedId"), sourcedID(r, "relationshipUserSourcedId")
		if student == "" || adult == "" {
			return nil
		}
		if student == adult {
			r.note(Warning, "relationshipUserSourcedId", adult, saySelf)
			return nil
		}
		role := r.value("relationshipRole")
		if fold(role) == "child" { // said the other way round
			student, adult = adult, student
			r.note(Note, "relationshipRole", role, sayLineTurned)
			role = "parent"
		}
		if _, again := have[pairOfIDs{student, adult}]; again {
			r.note(Skipped, "", student+" / "+adult, sayLineTwice)
			return nil
		}
		have[pairOfIDs{student, adult}] = r.line
		code, known := relationshipOf(s.kinds, role)
		if !known {
			r.note(Warning, "relationshipRole", role, sayRelation)
		}
		s.linked[adult] = true
		s.pairs = append(s.pairs, line{student: student, contact: adult, Line: roster.Line{Relationship: code}, carried: []string{"relationship"},
			from: place{r.t.file, r.line}})
		return nil
	})
	s.saysLines(there, "relationships.csv")
	return err
}

func (s *sds) readDemographics() error {
	_, err := s.each("demographics.csv", layout{columns: []string{"userSourcedId", "sex", "birthDate", "birthCity", "birthState", "birthCountry",
		"ethnicityCodes", "raceCodes"}, aliases: map[string]string{"sourcedid": "userSourcedId"}, required: []string{"userSourcedId"}}, nil,
		func(r row) error {
			if r.t.has("birthDate") {
				s.births[r.value("userSourcedId")] = day(r, "birthDate")
			}
			return nil
		})
	return err
}

func (s *sds) readUsers() error {
	there, err := s.each("users.csv", layout{
		columns: []string{"sourcedId", "orgSourcedIds", "username", "givenName", "familyName", "middleName", "activeDirectoryMatchId", "email",
			"phone", "sms", "role", "grade", "status"},
		aliases:  map[string]string{"orgsourcedid": "orgSourcedIds", "grades": "grade"},
		required: []string{"sourcedId", "givenName", "familyName"},
	}, s.keeps("sourcedId"), s.readUser)
	if !there {
		return errNoUsers
	}
	return err
}

func (s *sds) readUser(r row) error {
	id := sourcedID(r, "sourcedId")
	if id == "" || twice(s.students, r, "sourcedId", id) {
		return nil
	}
	if deleted(r) {
		return s.out.sayGone(id)
	}
	first, middle, last, ok := names(r, "givenName", "middleName", "familyName")
	if !ok {
		return s.out.keep(id)
	}
	roles := s.roles[id]
	if name := r.value("role"); name != "" {
		orgs := r.list("orgSourcedIds")
		if len(orgs) == 0 {
			orgs = []string{""}
		}
		for _, org := range orgs {
			roles = append(roles, sdsRole{org: org, role: name, grade: r.value("grade")})
		}
	}
	slices.SortStableFunc(roles, func(a, b sdsRole) int { return primaryFirst(a.primary, b.primary) })
	at := place{r.t.file, r.line}
	if i := slices.IndexFunc(roles, func(x sdsRole) bool { return fold(x.role) == "student" }); i >= 0 {
		return s.out.addStudent(s.studentOf(r, id, first, middle, last, roles, roles[i], at))
	}
	if s.linked[id] || len(roles) == 0 && s.out.saysLines {
		c := contact{from: at, relationship: "unknown", carried: []string{"first_name", "last_name"}}
		c.Contact = roster.Contact{SourceID: id, First: first, Middle: middle, Last: last, Email: emailIn(r, "email"),
			MobilePhone: phoneIn(r, "sms"), HomePhone: phoneIn(r, "phone")}
		if c.Email == "" && mailbox(r.value("username")) {
			c.Email = r.value("username")
			r.note(Note, "username", c.Email, sayUsernameMail)
		}
		if c.MobilePhone == c.HomePhone {
			c.HomePhone = ""
		}
		c.carried = append(c.carried, "email", "mobile_phone", "home_phone")
		if err := s.out.addContact(c); err != nil || len(roles) == 0 {
			return err
		}
		roles = slices.DeleteFunc(roles, func(x sdsRole) bool { is, _ := roleNamed(x.role); return is.sort == contactRole })
		if len(roles) == 0 {
			return nil
		}
	}
	return s.staffOf(r, id, first, middle, last, roles, at)
}

func (s *sds) studentOf(r row, id, first, middle, last string, roles []sdsRole, own sdsRole, at place) student {
	st := student{from: at, carried: []string{"first_name", "last_name", "school_id", "other_schools", "status", "grade", "id_number"}}
	st.Student = roster.Student{SourceID: id, First: first, Middle: middle, Last: last, Status: roster.Enrolled, IDNumber: numberIn(r, "sourcedId", id)}
	if strings.Count(id, "-") == 4 && len(id) == 36 {
		r.note(Warning, "sourcedId", id, sayNumberHard)
	} else {
		s.f.count(Finding{Level: Note, File: r.t.file, Column: "sourcedId", Count: 1, Code: sayNumberOwn})
	}
	if own.grade != "" {
		st.Grade = grade(own.grade)
	}
	if r.t.has("email") {
		st.Email = emailIn(r, "email")
		st.carried = append(st.carried, "email")
	}
	if d, ok := s.births[id]; ok {
		st.BirthDate = d
		st.carried = append(st.carried, "birth_date")
	}
	for _, x := range roles {
		switch {
		case fold(x.role) != "student" || x.org == "":
		case s.orgs[x.org] == "":
			st.unknown = append(st.unknown, x.org)
		case st.school == "" && s.orgs[x.org] != "district":
			st.school = x.org
		case x.org != st.school && !slices.Contains(st.others, x.org):
			st.others = append(st.others, x.org)
		}
	}
	return st
}

func (s *sds) staffOf(r row, id, first, middle, last string, roles []sdsRole, at place) error {
	if len(roles) == 0 {
		r.note(Skipped, "role", "", sayNoRole)
		return s.out.keep(id)
	}
	p := staffPerson{sourceID: id, first: first, middle: middle, last: last, email: emailIn(r, "email"), phone: phoneIn(r, "phone"), role: roles[0].role, from: at}
	for _, x := range roles {
		if x.org != "" && !slices.Contains(p.schools, x.org) {
			p.schools = append(p.schools, x.org)
		}
	}
	return s.out.addStaff(p)
}

// readClasses reads what the format has of terms, courses, classes and enrolments. Its enrolments have no ids: class and person make one.
func (s *sds) readClasses() error {
	_, err := s.each("academicSessions.csv", layout{columns: []string{"sourcedId", "title", "type", "schoolYear", "startDate", "endDate",
		"parentSourcedId"}, required: []string{"sourcedId", "title"}}, nil, func(r row) error {
		return s.addTermRow(r, term{kind: sessionKind(r)})
	})
	if err != nil {
		return err
	}
	_, err = s.each("courses.csv", layout{columns: []string{"sourcedId", "orgSourcedId", "title", "code", "schoolYearSourcedId", "subject", "grade"},
		aliases: map[string]string{"coursecode": "code"}, required: []string{"sourcedId", "title"}}, nil, func(r row) error {
		c := course{sourceID: sourcedID(r, "sourcedId"), school: r.value("orgSourcedId"), year: r.value("schoolYearSourcedId"), title: r.value("title"),
			code: r.value("code"), grades: r.list("grade"), subjects: r.list("subject"), from: place{r.t.file, r.line}}
		if c.sourceID == "" {
			return nil
		}
		return s.out.addCourse(c)
	})
	if err != nil {
		return err
	}
	classes, err := s.each("classes.csv", layout{columns: []string{"sourcedId", "orgSourcedId", "title", "sessionSourcedIds", "courseSourcedId", "code"},
		aliases: map[string]string{"termsourcedids": "sessionSourcedIds"}, required: []string{"sourcedId", "title"}}, nil, func(r row) error {
		c := class{sourceID: sourcedID(r, "sourcedId"), course: r.value("courseSourcedId"), school: r.value("orgSourcedId"),
			terms: r.list("sessionSourcedIds"), title: r.value("title"), code: r.value("code"), kind: "scheduled", from: place{r.t.file, r.line}}
		if c.sourceID == "" {
			return nil
		}
		return s.out.addClass(c)
	})
	if err != nil {
		return err
	}
	in, err := s.each("enrollments.csv", layout{columns: []string{"classSourcedId", "userSourcedId", "role"},
		required: []string{"classSourcedId", "userSourcedId"}}, nil, func(r row) error {
		return s.enrolRow(r, enrolment{class: r.value("classSourcedId"), user: r.value("userSourcedId"), role: strings.ToLower(r.value("role"))})
	})
	s.out.full.terms, s.out.full.courses = s.b.has("academicSessions.csv"), s.b.has("courses.csv")
	s.out.full.classes, s.out.full.enrolments, s.out.full.staff = classes, in, true
	return err
}

// addTermRow reads what the rows of terms share.
func (d *reader) addTermRow(r row, t term) error {
	t.sourceID, t.title = sourcedID(r, "sourcedId"), r.value("title")
	if t.sourceID == "" {
		return nil
	}
	t.begin, t.end, t.parent = day(r, "startDate"), day(r, "endDate"), r.value("parentSourcedId")
	t.year, t.from = yearOf(r.value("schoolYear")), place{r.t.file, r.line}
	if t.begin != "" && t.end != "" && t.end <= t.begin {
		r.note(Warning, "endDate", t.end, sayDatesTurned)
		t.begin, t.end = "", ""
	}
	return d.out.addTerm(t)
}

// enrolRow hands an enrolment over under an id made of its ends.
func (d *reader) enrolRow(r row, e enrolment) error {
	if e.class == "" || e.user == "" {
		r.note(Skipped, "", "", sayNoEnds)
		return nil
	}
	switch e.role {
	case "student", "teacher", "proctor", "administrator":
	case "professor", "faculty", "instructor", "lecturer":
		e.role = "teacher"
	default:
		r.note(Note, "role", e.role, sayEnrolRole)
		e.role = "proctor"
	}
	e.sourceID, e.from = e.class+"/"+e.user+"/"+e.role, place{r.t.file, r.line}
	return d.out.addEnrolment(e)
}

type pairOfIDs struct{ student, contact string }

// sessionKind reads the type of an academic session.
func sessionKind(r row) string {
	v := r.value("type")
	for _, kind := range []string{"schoolYear", "semester", "term", "gradingPeriod"} {
		if fold(v) == fold(kind) {
			if v != kind {
				r.say(Finding{Level: Note, Column: "type", Was: v, Code: sayKind, As: kind})
			}
			return kind
		}
	}
	r.note(Warning, "type", v, sayTermKind)
	return "term"
}

var errNoStudents = cannot(Finding{Code: cannotNoStudents})
