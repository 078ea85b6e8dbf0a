package intake

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// The names of ids in the versions of the standard.
func studentIDs() []string { return []string{"StudentUniqueId", "StudentUniqueStateId", "StudentUSI"} }
func contactIDs() []string {
	return []string{"ContactUniqueId", "ParentUniqueId", "ParentUniqueStateId", "ParentUSI"}
}
func schoolIDs() []string {
	return []string{"SchoolId", "LocalEducationAgencyId", "StateEducationAgencyId", "EducationServiceCenterId", "EducationOrganizationId", "StateOrganizationId"}
}

// first reads what others refer to: organisations, the schools of students, and who is meant by which reference.
func (d *edfi) first(n *node, at place) error {
	switch n.name {
	case "School", "LocalEducationAgency", "StateEducationAgency", "EducationServiceCenter":
		return d.organisation(n, at)
	case "Student":
		d.refs[n.id] = n.say(firstNamed(n, studentIDs()))
	case "Contact", "Parent":
		d.refs[n.id] = n.say(firstNamed(n, contactIDs()))
	case "StudentSchoolAssociation":
		if id := d.later(n.at("StudentReference"), studentIDs()); id != "" {
			exit := d.dayOf(n.say("ExitWithdrawDate"), "ExitWithdrawDate", at)
			primary, _, _ := truth(n.say("PrimarySchool"))
			d.at[id] = append(d.at[id], edfiSeat{d.later(n.at("SchoolReference"), schoolIDs()), gradeOf(n.say("EntryGradeLevel")), primary,
				exit != "" && exit <= d.today})
		}
	case "StudentEducationOrganizationAssociation":
		if id := d.later(n.at("StudentReference"), studentIDs()); id != "" {
			d.mails[id] = cmp.Or(d.mails[id], mailOf(n))
		}
	case "StudentContactAssociation", "StudentParentAssociation":
		for _, k := range n.kids {
			d.has[k.name] = true
		}
	default:
		d.firstTaught(n)
	}
	return nil
}

// firstNamed is the first of the names that an element has below it.
func firstNamed(n *node, names []string) string {
	i := slices.IndexFunc(names, func(name string) bool { return n.at(name) != nil })
	return names[max(i, 0)]
}

// idOf reads a reference: by the id itself, or by the id attribute of an element in the files.
func (d *edfi) idOf(ref *node, names []string) string {
	if ref == nil {
		return ""
	}
	if id := ref.find(names...); id != "" || ref.ref == "" {
		return id
	}
	return d.refs[ref.ref]
}

// byRef marks what stands for somebody by the id attribute alone, who may come later in the files.
const byRef = "\x00"

// later is idOf while not all of the files is read.
func (d *edfi) later(ref *node, names []string) string {
	if id := d.idOf(ref, names); id != "" || ref == nil || ref.ref == "" {
		return id
	}
	return byRef + ref.ref
}

func (d *edfi) organisation(n *node, at place) error {
	id := cmp.Or(n.find(schoolIDs()...))
	name := cmp.Or(n.say("NameOfInstitution"), n.say("ShortNameOfInstitution"))
	if id == "" || tooLong(id, idLength) || name == "" || tooLong(name, idLength) {
		d.f.add(Skipped, at.file, at.line, "", name, sayOrgUnfit)
		return nil
	}
	d.refs[n.id] = id
	if d.schools[id] {
		d.f.add(Skipped, at.file, at.line, "", id, sayIDAgain)
		return nil
	}
	d.schools[id] = true
	s := roster.School{SourceID: id, Kind: "other", Name: name}
	switch n.name {
	case "School":
		s.Kind = "school"
	case "LocalEducationAgency":
		s.Kind = "district"
		d.out.district = cmp.Or(d.out.district, name)
	}
	for _, t := range n.all("InstitutionTelephone") {
		if kind := descriptor(t.say("InstitutionTelephoneNumberType")); s.Phone == "" && !strings.EqualFold(kind, "fax") {
			s.Phone = t.say("TelephoneNumber")
		}
	}
	if tooLong(s.Phone, phoneLength) {
		s.Phone = ""
	}
	return d.out.addSchool(s)
}

// second hands people and lines over.
func (d *edfi) second(n *node, at place) error {
	switch n.name {
	case "Student":
		return d.student(n, at)
	case "Contact", "Parent":
		return d.contact(n, at)
	case "StudentContactAssociation", "StudentParentAssociation":
		return d.line(n, at)
	}
	return d.secondTaught(n, at)
}

// person reads id and names; ok is false, with a finding, for who cannot be taken, with an id where that is known.
func (d *edfi) person(n *node, at place, ids []string, seen map[string]int) (id string, name fullName, ok bool) {
	id = n.say(firstNamed(n, ids))
	skip := func(column, was string, code Code) (string, fullName, bool) {
		d.f.add(Skipped, at.file, at.line, column, was, code)
		return "", fullName{}, false
	}
	if id == "" || tooLong(id, idLength) {
		return skip(ids[0], id, sayIDUnfit)
	}
	if first, again := seen[id]; again {
		d.f.say(Finding{Level: Skipped, File: at.file, Line: at.line, Column: ids[0], Was: id, Code: sayIDTwice, Number: first})
		return "", fullName{}, false
	}
	of := n.at("Name")
	name = fullName{first: of.say("FirstName"), middle: of.say("MiddleName"), last: of.say("LastSurname"),
		otherFirst: of.say("PreferredFirstName"), otherLast: of.say("PreferredLastSurname")}
	if suffix := descriptor(of.say("GenerationCodeSuffix")); suffix != "" && !nothing(suffix) {
		name.last = strings.TrimSpace(name.last + " " + suffix)
	}
	switch {
	case name.first == "" && name.last == "":
		skip("Name", id, sayNoName)
		return id, fullName{}, false
	case tooLong(name.first, nameLength) || tooLong(name.last, nameLength):
		skip("Name", name.first+" "+name.last, sayNameLong)
		return id, fullName{}, false
	case garbled(name.first) || garbled(name.last):
		d.f.add(Warning, at.file, at.line, "Name", name.first+" "+name.last, sayLetters)
	}
	for _, s := range []*string{&name.middle, &name.otherFirst, &name.otherLast} {
		if tooLong(*s, nameLength) || nothing(*s) {
			*s = ""
		}
	}
	seen[id] = at.line
	return id, name, true
}

func (d *edfi) student(n *node, at place) error {
	id, name, ok := d.person(n, at, studentIDs(), d.students)
	if !ok {
		return d.out.keep(id)
	}
	s := student{from: at, carried: []string{"first_name", "middle_name", "last_name", "preferred_first", "preferred_last", "birth_date", "id_number", "status"}}
	s.Student = roster.Student{SourceID: id, First: name.first, Middle: name.middle, Last: name.last, PreferredFirst: name.otherFirst,
		PreferredLast: name.otherLast, Status: roster.Enrolled, IDNumber: id}
	if tooLong(id, numberLength) {
		s.IDNumber = ""
	}
	s.BirthDate = d.dayOf(n.find("BirthDate"), "BirthDate", at)
	s.Email = d.mailbox(cmp.Or(d.mails[id], d.mails[byRef+n.id], mailOf(n)), at)
	if s.Email != "" || len(d.mails) > 0 {
		s.carried = append(s.carried, "email")
	}
	for _, l := range n.all("Language") {
		if word := descriptor(cmp.Or(l.say("Language"), l.text)); s.Language == "" && word != "" && !tooLong(word, gradeLength) {
			s.Language, s.carried = word, append(s.carried, "language")
		}
	}
	s.Grade = gradeOf(cmp.Or(n.say("GradeLevel"), n.say("EntryGradeLevel")))
	seats := slices.Concat(d.at[id], d.at[byRef+n.id])
	for i := range seats {
		if ref, is := strings.CutPrefix(seats[i].school, byRef); is {
			seats[i].school = d.refs[ref]
		}
	}
	d.seat(&s, seats, d.f)
	if s.Grade != "" {
		s.carried = append(s.carried, "grade")
	}
	return d.out.addStudent(s)
}

// dayOf reads a date; what cannot be one is left out with a finding.
func (d *edfi) dayOf(v, element string, at place) string {
	if v == "" {
		return ""
	}
	day, _, ok := date(v)
	if !ok {
		d.f.add(Warning, at.file, at.line, element, v, sayNoDate)
	}
	return day // "" for what is none
}

// seat puts a student into schools, the primary one first. Those that are over count where all are: the student has left.
func (d *edfiSeats) seat(s *student, seats []edfiSeat, f *findings) {
	if len(d.at) > 0 {
		s.carried = append(s.carried, "school_id", "other_schools")
	}
	over := func(x edfiSeat) bool { return x.over }
	running := slices.DeleteFunc(slices.Clone(seats), over)
	if len(running) > 0 {
		seats = running
	} else if len(seats) > 0 {
		s.Status = roster.Withdrawn
		f.add(Note, s.from.file, s.from.line, "ExitWithdrawDate", s.SourceID, sayLeftSchools)
	}
	slices.SortStableFunc(seats, func(a, b edfiSeat) int { return primaryFirst(a.primary, b.primary) })
	for _, x := range seats {
		switch {
		case x.school == "":
		case !d.schools[x.school]:
			s.unknown = append(s.unknown, x.school)
			s.Grade = cmp.Or(s.Grade, x.grade)
		case s.school == "":
			s.school, s.Grade = x.school, cmp.Or(x.grade, s.Grade)
		case !x.over && x.school != s.school && !slices.Contains(s.others, x.school):
			s.others = append(s.others, x.school)
		}
	}
}

func (d *edfi) contact(n *node, at place) error {
	id, name, ok := d.person(n, at, contactIDs(), d.contacts)
	if !ok {
		return d.out.keep(id)
	}
	c := contact{from: at, relationship: "unknown", carried: []string{"first_name", "middle_name", "last_name", "preferred_first", "preferred_last",
		"email", "mobile_phone", "home_phone", "work_phone"}}
	c.Contact = roster.Contact{SourceID: id, First: name.first, Middle: name.middle, Last: name.last, PreferredFirst: name.otherFirst,
		PreferredLast: name.otherLast, Email: d.mailbox(mailOf(n), at)}
	phones := n.all("Telephone")
	slices.SortStableFunc(phones, func(a, b *node) int { return orderOf(a) - orderOf(b) })
	for _, t := range phones {
		kind := descriptor(cmp.Or(t.say("TelephoneNumberType"), t.say("PhoneNumberType"))) // the second in the oldest version
		if number := t.say("TelephoneNumber"); !strings.Contains(fold(kind), "fax") && !tooLong(number, phoneLength) && !nothing(number) {
			putPhone(&c.Contact, kind, number)
		}
	}
	for _, l := range n.all("Language") {
		if code, known := languageIn(cmp.Or(l.say("Language"), l.text)); known && code != "" && c.Language == "" {
			c.Language = code
			c.carried = append(c.carried, "language")
		}
	}
	return d.out.addContact(c)
}

func orderOf(t *node) int {
	n, err := strconv.Atoi(t.say("OrderOfPriority"))
	if err != nil {
		return 99
	}
	return n
}

// mailOf chooses among the addresses of a record: the primary one, else a private one, else the first.
func mailOf(n *node) string {
	best, rank := "", 9
	for _, m := range n.all("ElectronicMail") {
		address, is := m.say("ElectronicMailAddress"), 2
		if primary, _, _ := truth(m.say("PrimaryEmailAddressIndicator")); primary {
			is = 0
		} else if kind := fold(descriptor(m.say("ElectronicMailType"))); kind == "homepersonal" || kind == "home" || kind == "personal" {
			is = 1
		}
		if address != "" && is < rank {
			best, rank = address, is
		}
	}
	return best
}

func (d *edfi) mailbox(v string, at place) string {
	if v == "" || nothing(v) {
		return ""
	}
	if !mailbox(v) {
		d.f.add(Warning, at.file, at.line, "ElectronicMailAddress", v, sayNoMail)
		return ""
	}
	return v
}

func (d *edfi) line(n *node, at place) error {
	student := d.idOf(n.at("StudentReference"), studentIDs())
	ref := n.at("ContactReference")
	if ref == nil {
		ref = n.at("ParentReference")
	}
	adult := d.idOf(ref, contactIDs())
	switch pair := (pairOfIDs{student, adult}); {
	case student == "" || adult == "":
		d.f.add(Warning, at.file, at.line, "", student+adult, sayLineUnknown)
		return nil
	case d.lines[pair]:
		d.f.add(Skipped, at.file, at.line, "", student+" / "+adult, sayLineTwice)
		return nil
	default:
		d.lines[pair] = true
	}
	if d.out.only == onlyContacts && !d.partial[student] {
		d.partial[student] = true
		if err := d.out.addStudent(partialStudent(student, at)); err != nil {
			return err
		}
	}
	l := line{student: student, contact: adult, from: at}
	d.pairFacts(&l, d.last[student], func(element string) bool { return d.has[element] }, func(element string) string { return n.say(element) })
	d.last[student]++
	return d.out.addLine(l)
}

// partialStudent names a student of whom a file of contacts says nothing.
func partialStudent(id string, at place) student {
	return student{Student: roster.Student{SourceID: id}, from: at, partial: true}
}

// pairFacts reads what an association says of the pair: say returns the text of an element, and what no association of the files has is not carried.
// before is how many contacts of the student came before.
func (d *reader) pairFacts(l *line, before int, has func(element string) bool, say func(element string) string) {
	warn := func(element, was string, code Code) {
		d.f.add(Warning, l.from.file, l.from.line, element, was, code)
	}
	carry := func(element, field string) bool {
		if has(element) {
			l.carried = append(l.carried, field)
		}
		return has(element)
	}
	if carry("Relation", "relationship") {
		code, known := relationshipOf(d.kinds, say("Relation"))
		if !known {
			warn("Relation", say("Relation"), sayRelation)
		}
		l.Relationship = code
	}
	for _, x := range []struct {
		element, field string
		flag           *roster.Flag
	}{{"LivesWith", "lives_with", &l.LivesWith}, {"EmergencyContactStatus", "emergency", &l.Emergency}, {"LegalGuardian", "legal_guardian", &l.LegalGuardian}} {
		if carry(x.element, x.field) {
			flag, known := flagOf(say(x.element))
			if *x.flag = flag; !known {
				warn(x.element, say(x.element), sayNoFlag)
			}
		}
	}
	l.Position = before + 1
	if primary, _, _ := truth(say("PrimaryContactStatus")); primary {
		l.Position = 0
	}
	if p, err := strconv.Atoi(say("ContactPriority")); err == nil && p > 0 && p < 1000 {
		l.Position = p - 1
	}
	if has("ContactPriority") || has("PrimaryContactStatus") {
		l.carried = append(l.carried, "position")
	}
	if carry("ContactRestrictions", roster.FileRestriction) {
		if l.FileRestriction = restrictionText(say("ContactRestrictions")); l.FileRestriction != "" {
			warn("ContactRestrictions", "", sayWords)
		}
	}
}

// restrictionText is what a file says about a restriction in its own words, "" for the words that say there is none.
func restrictionText(v string) string {
	if nothing(v) || slices.Contains([]string{"no", "norestrictions", "norestriction", "false", "0", "n"}, fold(v)) {
		return ""
	}
	if tooLong(v, 1000) {
		v = string([]rune(v)[:1000])
	}
	return v
}

// gradeOf reads a grade level descriptor.
func gradeOf(v string) string {
	if v = descriptor(v); tooLong(v, gradeLength) || nothing(v) {
		return ""
	}
	return grade(v)
}
