package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// edfiOffer is a course offering by what identifies it: the course's local code at a school in a session. What stands in a reference may be the id
// attribute of an element that comes later, so it is settled when all is read once.
type edfiOffer struct {
	code           string
	school         *node // reference
	session        *node // reference; its identity has name, year and school
	course         *node // reference, of the offering itself
	title          string
	grades         []string
	year, termName string
}

// edfiTaught is what a first look at the files finds of classes, by the id attributes that references name.
type edfiTaught struct {
	offers   map[string]*edfiOffer
	all      []*edfiOffer
	sessions map[string]*node
	sections map[string]*node
	names    map[string]string // of class periods and rooms
	courses  []*node
	seed     maphash.Seed
	seen     map[uint64]bool // what was handed over, by its source id

	// settled when all is read once
	titles    map[string]string     // of courses, by source id
	courseIDs map[string]string     // source ids of courses, by id attribute
	byKey     map[string]*edfiOffer // offerings by what identifies them
}

func newTaught() *edfiTaught {
	return &edfiTaught{offers: map[string]*edfiOffer{}, sessions: map[string]*node{}, sections: map[string]*node{}, names: map[string]string{},
		seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
}

func sectionIDs() []string { return []string{"SectionIdentifier", "UniqueSectionCode"} }

func staffIDs() []string { return []string{"StaffUniqueId", "StaffUniqueStateId", "StaffUSI"} }

// joinedKey makes one id of the parts that identify a record in Ed-Fi.
func joinedKey(parts ...string) string {
	key := strings.Join(parts, "/")
	if tooLong(key, idLength) {
		sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
		key = "edfi:" + hex.EncodeToString(sum[:16])
	}
	return key
}

// dayAfter turns the last day of something, which Ed-Fi has, into the first one that is no longer in it.
func dayAfter(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}

// firstTaught notes what others refer to.
func (d *edfi) firstTaught(n *node) {
	t := d.taught
	switch n.name {
	case "Session":
		t.sessions[n.id] = n
	case "Section":
		if n.id != "" {
			t.sections[n.id] = n
		}
	case "CourseOffering":
		o := offerIn(n)
		o.course, o.title = n.at("CourseReference"), n.say("LocalCourseTitle")
		t.all = append(t.all, o)
		t.offers[n.id] = o
	case "ClassPeriod":
		t.names[n.id] = n.say("ClassPeriodName")
	case "Location":
		t.names[n.id] = n.say("ClassroomIdentificationCode")
	case "Course":
		t.courses = append(t.courses, &node{id: n.id, kids: n.all("CourseCode", "CourseTitle", "EducationOrganizationReference")})
	case "Staff":
		d.refs[n.id] = n.say(firstNamed(n, staffIDs()))
	}
}

// settleTaught finds out what stands for what, when everything was read once.
func (d *edfi) settleTaught() {
	t := d.taught
	t.titles, t.courseIDs, t.byKey = map[string]string{}, map[string]string{}, map[string]*edfiOffer{}
	for _, n := range t.courses {
		id := d.courseKey(n)
		t.titles[id] = cmp.Or(n.say("CourseTitle"), n.say("CourseCode"))
		t.courseIDs[n.id] = id
	}
	for _, o := range t.all {
		t.byKey[d.offerKey(o)] = o
	}
}

// courseKey is the source id of a course: its code at whoever defines it.
func (d *edfi) courseKey(n *node) string {
	return joinedKey(d.idOf(n.at("EducationOrganizationReference"), schoolIDs()), n.find("CourseCode"))
}

// offerIn reads what identifies an offering, in the offering itself and in a reference to it.
func offerIn(n *node) *edfiOffer {
	o := &edfiOffer{code: n.say("LocalCourseCode"), school: n.at("SchoolReference"), session: n.at("SessionReference"), termName: n.say("Term"), year: n.say("SchoolYear")}
	for _, g := range n.all("OfferedGradeLevel") {
		o.grades = append(o.grades, gradeOf(g.text))
	}
	return o
}

// offer finds the offering that a section names.
func (d *edfi) offer(section *node) *edfiOffer {
	ref := section.at("CourseOfferingReference")
	if ref == nil { // as the first versions had it
		return offerIn(section)
	}
	if o := d.taught.offers[ref.ref]; o != nil && ref.ref != "" {
		return o
	}
	if identity := ref.at("CourseOfferingIdentity"); identity != nil {
		return offerIn(identity)
	}
	return offerIn(ref)
}

// schoolAt and sessionKey settle references, when everything was read once.
func (d *edfi) schoolAt(ref *node) string { return d.idOf(ref, schoolIDs()) }

func (d *edfi) sessionKey(o *edfiOffer) string {
	n := o.session
	if n != nil && n.ref != "" && d.taught.sessions[n.ref] != nil {
		return d.keyOfSession(d.taught.sessions[n.ref], d.schoolAt(o.school))
	}
	if n == nil {
		if o.termName == "" {
			return ""
		}
		return joinedKey(d.schoolAt(o.school), yearOf(o.year), descriptor(o.termName))
	}
	return d.keyOfSession(n, d.schoolAt(o.school))
}

// keyOfSession is the source id of a session or of a reference to one.
func (d *edfi) keyOfSession(n *node, school string) string {
	of := n
	if identity := n.at("SessionIdentity"); identity != nil {
		of = identity
	}
	if own := d.schoolAt(cmp.Or(of.at("SchoolReference"), of.at("EducationOrganizationReference"))); own != "" {
		school = own
	}
	name := cmp.Or(of.say("SessionName"), descriptor(of.say("Term")))
	if name == "" {
		return ""
	}
	return joinedKey(school, yearOf(of.say("SchoolYear")), name)
}

func (d *edfi) offerKey(o *edfiOffer) string {
	return joinedKey(d.schoolAt(o.school), d.sessionKey(o), o.code)
}

// sectionKey is the source id of a section: its identifier within its offering.
func (d *edfi) sectionKey(section *node) string {
	id := section.say(firstNamed(section, sectionIDs()))
	if id == "" {
		return ""
	}
	o := d.offer(section)
	return joinedKey(d.offerKey(o), id)
}

// sectionAt is the source id of the section that a reference names.
func (d *edfi) sectionAt(ref *node) string {
	if ref == nil {
		return ""
	}
	if s := d.taught.sections[ref.ref]; s != nil && ref.ref != "" {
		return d.sectionKey(s)
	}
	if identity := ref.at("SectionIdentity"); identity != nil {
		return d.sectionKey(identity)
	}
	return d.sectionKey(ref)
}

// manyTaught reports whether a first look has no use for an element: there may be millions.
func manyTaught(name string) bool {
	switch name {
	case "StudentSectionAssociation", "StaffSectionAssociation", "TeacherSectionAssociation":
		return true
	}
	return false
}

// secondTaught hands terms, courses, classes, teachers and enrolments over.
func (d *edfi) secondTaught(n *node, at place) error {
	switch n.name {
	case "Session":
		return d.session(n, at)
	case "Course":
		return d.course(n, at)
	case "Section":
		return d.section(n, at)
	case "Staff":
		return d.staff(n, at)
	case "StudentSectionAssociation":
		return d.enrolment(n, at, d.idOf(n.at("StudentReference"), studentIDs()), "student")
	case "StaffSectionAssociation", "TeacherSectionAssociation":
		ref := cmp.Or(n.at("StaffReference"), n.at("TeacherReference"))
		return d.enrolment(n, at, d.idOf(ref, append(staffIDs(), "TeacherUniqueStateId")), "teacher")
	}
	return nil
}

// fresh reports whether an id is one that can be kept and was not handed over before; with a finding if it is not.
func (d *edfi) fresh(n *node, at place, id string) bool {
	switch key := maphash.String(d.taught.seed, n.name+"\x00"+id); {
	case strings.Trim(id, "/") == "":
		d.f.add(Skipped, at.file, at.line, n.name, "", sayIDUnfit)
		return false
	case d.taught.seen[key]:
		d.f.add(Skipped, at.file, at.line, n.name, id, sayIDAgain)
		return false
	default:
		d.taught.seen[key] = true
		return true
	}
}

func (d *edfi) session(n *node, at place) error {
	id := d.keyOfSession(n, "")
	if !d.fresh(n, at, id) {
		return nil
	}
	t := term{sourceID: id, title: cmp.Or(n.say("SessionName"), descriptor(n.say("Term"))), kind: edfiTermKind(n.say("Term")), year: yearOf(n.say("SchoolYear")), from: at}
	t.begin, t.end = d.span(n, at)
	return d.out.addTerm(t)
}

// edfiTermKind reads a term descriptor.
func edfiTermKind(v string) string {
	switch word := fold(descriptor(v)); {
	case strings.Contains(word, "semester"):
		return "semester"
	case strings.Contains(word, "year"):
		return "schoolYear"
	}
	return "term"
}

// span reads the first and the last day of a record.
func (d *edfi) span(n *node, at place) (begin, end string) {
	begin, end = d.dayOf(n.say("BeginDate"), "BeginDate", at), dayAfter(d.dayOf(n.say("EndDate"), "EndDate", at))
	if begin != "" && end != "" && end <= begin {
		d.f.add(Warning, at.file, at.line, "EndDate", n.say("EndDate"), sayDatesTurned)
		return "", ""
	}
	return begin, end
}

func (d *edfi) course(n *node, at place) error {
	id := d.courseKey(n)
	if !d.fresh(n, at, id) {
		return nil
	}
	c := course{sourceID: id, school: d.schoolAt(n.at("EducationOrganizationReference")), title: d.taught.titles[id], code: n.say("CourseCode"), from: at}
	c.subjects = descriptors(n.all("AcademicSubject", "SubjectArea"))
	return d.out.addCourse(c)
}

func descriptors(all []*node) (words []string) {
	for _, n := range all {
		if word := descriptor(n.text); word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

func (d *edfi) section(n *node, at place) error {
	id := d.sectionKey(n)
	if !d.fresh(n, at, id) {
		return nil
	}
	o := d.offer(n)
	k := class{sourceID: id, school: d.schoolAt(o.school), code: o.code, title: n.say("SectionName"), kind: "scheduled", grades: o.grades, from: at}
	if k.school == "" {
		k.school = d.schoolAt(cmp.Or(n.at("LocationSchoolReference"), n.at("SchoolReference")))
	}
	if key := d.sessionKey(o); key != "" {
		k.terms = []string{key}
	}
	if whole := d.taught.byKey[d.offerKey(o)]; whole != nil {
		k.course = d.courseAt(whole.course)
		k.title = cmp.Or(k.title, whole.title)
		if len(k.grades) == 0 {
			k.grades = whole.grades
		}
	}
	k.title = cmp.Or(k.title, d.taught.titles[k.course], o.code, n.say(firstNamed(n, sectionIDs())))
	for _, p := range n.all("ClassPeriodReference") {
		if name := cmp.Or(p.find("ClassPeriodName"), d.taught.names[p.ref]); name != "" && !slices.Contains(k.periods, name) {
			k.periods = append(k.periods, name)
		}
	}
	if room := n.at("LocationReference"); room != nil {
		k.location = cmp.Or(room.find("ClassroomIdentificationCode"), d.taught.names[room.ref])
	}
	return d.out.addClass(k)
}

// courseAt is the source id of the course that a reference names.
func (d *edfi) courseAt(ref *node) string {
	if ref == nil {
		return ""
	}
	if id := d.taught.courseIDs[ref.ref]; id != "" && ref.ref != "" {
		return id
	}
	if identity := ref.at("CourseIdentity"); identity != nil {
		return d.courseKey(identity)
	}
	return d.courseKey(ref)
}

func (d *edfi) staff(n *node, at place) error {
	id := n.say(firstNamed(n, staffIDs()))
	if !d.fresh(n, at, id) {
		return nil
	}
	of := n.at("Name")
	p := staffPerson{sourceID: id, first: of.say("FirstName"), middle: of.say("MiddleName"), last: of.say("LastSurname"), email: mailOf(n), role: "staff", from: at}
	if p.first == "" && p.last == "" || tooLong(p.first, nameLength) || tooLong(p.last, nameLength) {
		d.f.add(Skipped, at.file, at.line, "Name", id, sayNoTitle)
		return nil
	}
	return d.out.addStaff(p)
}

func (d *edfi) enrolment(n *node, at place, user, role string) error {
	class := d.sectionAt(n.at("SectionReference"))
	if class == "" || user == "" {
		d.f.add(Skipped, at.file, at.line, "", "", sayNoEnds)
		return nil
	}
	// Who left a class and came back is in it twice, with another first day.
	e := enrolment{sourceID: joinedKey(class, user, role, n.say("BeginDate")), class: class, user: user, role: role, from: at}
	if !d.fresh(n, at, e.sourceID) {
		return nil
	}
	e.primary = role == "teacher" && strings.HasPrefix(fold(descriptor(n.say("ClassroomPosition"))), "teacherofrecord")
	e.begin, e.end = d.span(n, at)
	return d.out.addEnrolment(e)
}

// taughtWhole says of which kinds the files hold everything.
func (d *edfi) taughtWhole() {
	if d.cut {
		return
	}
	full := &d.out.full
	full.terms, full.courses, full.classes = d.counts["Session"] > 0, d.counts["Course"] > 0, d.counts["Section"] > 0
	full.enrolments = full.classes && d.counts["StudentSectionAssociation"] > 0
}
