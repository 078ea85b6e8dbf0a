package intake

import (
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// assemble makes students, contacts and lines of what was read.
func (o *oneRoster) assemble() error {
	if err := o.rolesAlone(); err != nil {
		return err
	}
	o.numbers.choose(o.f)
	err := o.eachPerson(selectPeople, func(p *person) error {
		if p.gone {
			return o.out.sayGone(p.id)
		}
		if err := o.link(p); err != nil || p.is.maybeContact() {
			return err
		}
		return o.hand(p)
	})
	if err != nil {
		return err
	}
	// Whether these are contacts shows when all lines are there.
	err = o.eachPerson(selectLinked, func(p *person) error { return o.asContact(p) })
	if err != nil {
		return err
	}
	if err := o.eachPerson(selectUnlinked, func(p *person) error { return o.pass(p) }); err != nil {
		return err
	}
	return o.birthsAlone()
}

// hand hands a person over as what it is.
func (o *oneRoster) hand(p *person) error {
	switch p.is.sort {
	case studentRole:
		return o.out.addStudent(o.student(p))
	case contactRole:
		return o.asContact(p)
	case noRole:
		return o.nobody(p)
	}
	return o.pass(p)
}

func (o *oneRoster) asContact(p *person) error {
	if err := o.teaches(p); err != nil {
		return err
	}
	return o.out.addContact(o.contact(p))
}

// pass takes a person who is neither student nor contact for staff.
func (o *oneRoster) pass(p *person) error {
	if p.is.sort == unknownRole {
		o.f.add(Skipped, p.from.file, p.from.line, "role", p.is.name, sayRoleUseless)
		return o.out.keep(p.id)
	}
	o.f.count(Finding{Level: Note, File: p.from.file, Column: "role", Code: sayStaff, Count: 1})
	return o.out.addStaff(staffPerson{sourceID: p.id, first: p.first, middle: p.middle, last: p.last, email: p.email, phone: p.phone, number: p.identifier,
		role: p.is.name, schools: p.orgs, from: p.from})
}

// teaches takes for staff too who is somebody's parent and works at a school: classes have their teacher by it.
func (o *oneRoster) teaches(p *person) error {
	live, _ := rolesOf(p.all, p.role, o.today)
	at := slices.IndexFunc(live, func(r role) bool { return r.sort == staffRole })
	if at < 0 {
		return nil
	}
	return o.out.addStaff(staffPerson{sourceID: p.id, first: p.first, middle: p.middle, last: p.last, email: p.email, role: live[at].name, schools: p.orgs, from: p.from})
}

// nobody takes a person of whom a file of changes does not say what it is.
func (o *oneRoster) nobody(p *person) error {
	if !o.hasRoles || !o.delta("roles") {
		o.f.add(Skipped, p.from.file, p.from.line, "role", "", sayNoRole)
		return o.out.keep(p.id)
	}
	s := o.student(p)
	s.roleOf = true
	if err := o.out.addStudent(s); err != nil {
		return err
	}
	return o.out.addContact(o.contact(p))
}

func (o *oneRoster) student(p *person) student {
	s := student{from: p.from, carried: o.carry(map[string]string{"middleName": "middle_name", "email": "email", "grades": "grade",
		"preferredGivenName": "preferred_first", "preferredFamilyName": "preferred_last"})}
	s.carried = append(s.carried, "first_name", "last_name", "school_id", "status")
	s.Student = roster.Student{SourceID: p.id, First: p.first, Middle: p.middle, Last: p.last, PreferredFirst: p.preferredFirst,
		PreferredLast: p.preferredLast, Email: p.email, Status: roster.Enrolled, Grade: o.grade(p)}
	if o.columns["identifier"] || o.columns["userIds"] {
		s.IDNumber = o.number(p)
		s.carried = append(s.carried, "id_number")
	}
	if p.dated {
		s.BirthDate = p.born
		s.carried = append(s.carried, "birth_date")
	}
	if p.saysAble && !p.able {
		o.f.add(Note, p.from.file, p.from.line, "enabledUser", "false", sayStudentAble)
	}
	orgs := o.orgsOf(p)
	if s.school, s.unknown = o.schoolOf(p, orgs); s.school != "" && len(s.unknown) == 0 {
		s.carried = append(s.carried, "other_schools")
		for _, id := range orgs {
			if id != s.school && o.orgs[id].kind == "school" {
				s.others = append(s.others, id)
			}
		}
	}
	return s
}

// carry names the record's fields for which the file has a column.
func (o *oneRoster) carry(columns map[string]string) []string {
	var fields []string
	for column, field := range columns {
		if o.columns[column] {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

// orgsOf lists where a student is: by roles.csv, primary roles first, else by the row itself.
func (o *oneRoster) orgsOf(p *person) []string {
	var orgs []string
	live, _ := rolesOf(p.all, p.role, o.today)
	for _, r := range live {
		if r.sort == studentRole && r.org != "" {
			orgs = append(orgs, r.org)
		}
	}
	return distinct(append(orgs, p.orgs...))
}

func (o *oneRoster) grade(p *person) string {
	all := strings.Split(p.grade, ",")
	g := strings.TrimSpace(all[0])
	if len(all) > 1 {
		o.f.add(Note, p.from.file, p.from.line, "grades", p.grade, sayGrades)
	}
	if nothing(g) || tooLong(g, gradeLength) {
		o.f.add(Warning, p.from.file, p.from.line, "grades", g, sayNoGrade)
		return ""
	}
	if g != "" && !gradeCode(g) {
		o.f.count(Finding{Level: Note, File: p.from.file, Column: "grades", Count: 1, Code: sayGradeCode})
	}
	return grade(g)
}

func (o *oneRoster) contact(p *person) contact {
	c := contact{from: p.from, relationship: p.is.code, carried: o.carry(map[string]string{"middleName": "middle_name",
		"email": "email", "sms": "mobile_phone", "phone": "home_phone", "preferredGivenName": "preferred_first",
		"preferredFamilyName": "preferred_last"}), saysAccess: o.columns["enabledUser"], refused: !p.able}
	c.carried = append(c.carried, "first_name", "last_name")
	c.Contact = roster.Contact{SourceID: p.id, First: p.first, Middle: p.middle, Last: p.last, PreferredFirst: p.preferredFirst,
		PreferredLast: p.preferredLast, Email: p.email, MobilePhone: p.sms, HomePhone: p.phone}
	if o.hasRoles && p.is.sort != noRole {
		c.saysDates = true
		if len(p.all) > 0 {
			c.takeRoles(p.all, o.today)
		}
	}
	if c.end != "" && c.end <= o.today {
		o.f.add(Warning, p.from.file, p.from.line, "endDate", c.end, sayAdultOver)
	}
	if !p.able {
		o.f.add(Warning, p.from.file, p.from.line, "enabledUser", "false", sayNotAble)
	}
	return c
}

// numbers tells which column holds what people call the ID Number: identifier, unless it is empty or holds e-mail addresses for most students;
// then userIds. The sourcedId is never it: nobody knows it.
type numbers struct {
	filled, mails, ids int // of students
	userIDs            bool
}

func (n *numbers) count(p *person) {
	if p.is.sort != studentRole && p.is.sort != noRole || p.gone {
		return
	}
	if p.identifier != "" {
		n.filled++
	}
	if strings.Contains(p.identifier, "@") {
		n.mails++
	}
	if firstID(p.userIDs) != "" {
		n.ids++
	}
}

func (n *numbers) choose(f *findings) {
	if n.userIDs = n.ids > 0 && (n.filled == 0 || 2*n.mails > n.filled); !n.userIDs {
		return
	}
	code := sayNumbersEmpty
	if n.mails > 0 {
		code = sayNumbersMail
	}
	f.count(Finding{Level: Note, File: "users.csv", Column: "userIds", Code: code, Count: n.ids})
}

// number returns a student's ID Number.
func (o *oneRoster) number(p *person) string {
	column, v := "identifier", p.identifier
	if o.numbers.userIDs {
		column, v = "userIds", firstID(p.userIDs)
	}
	number, ok := idNumber(v)
	if !ok {
		o.f.add(Warning, p.from.file, p.from.line, column, v, sayNoNumber)
	}
	return number
}

// firstID returns the first id of "{LDAP:12},{LTI:15}", or a plain id. What signs in by mail is no id.
func firstID(v string) string {
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == '}' }) {
		part = strings.TrimSpace(part)
		if id, typed := strings.CutPrefix(part, "{"); typed {
			part = id
			if _, id, ok := strings.Cut(part, ":"); ok {
				part = id
			}
		}
		if part = strings.TrimSpace(part); part != "" && !strings.Contains(part, "@") {
			return part
		}
	}
	return ""
}
