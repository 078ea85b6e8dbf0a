package intake

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// edfiTaughtMade is a schedule in the shapes that Ed-Fi allows: references by the id attribute and by what identifies a record, before and after
// what they name.
const edfiTaughtMade = `<?xml version="1.0"?>
<InterchangeAll xmlns="http://ed-fi.org/5.2.0">
<StudentSectionAssociation><StudentReference ref="S1"/><SectionReference ref="SEC1"/><BeginDate>2026-08-24</BeginDate><EndDate>2026-12-18</EndDate></StudentSectionAssociation>
<StudentSectionAssociation><StudentReference><StudentIdentity><StudentUniqueId>2</StudentUniqueId></StudentIdentity></StudentReference>
<SectionReference><SectionIdentity><SectionIdentifier>ALG-02</SectionIdentifier><CourseOfferingReference><CourseOfferingIdentity><LocalCourseCode>ALG</LocalCourseCode>
<SchoolReference><SchoolIdentity><SchoolId>100</SchoolId></SchoolIdentity></SchoolReference><SessionReference><SessionIdentity><SessionName>Fall</SessionName>
<SchoolYear>2026-2027</SchoolYear><SchoolReference><SchoolIdentity><SchoolId>100</SchoolId></SchoolIdentity></SchoolReference></SessionIdentity></SessionReference>
</CourseOfferingIdentity></CourseOfferingReference></SectionIdentity></SectionReference><BeginDate>2026-08-24</BeginDate></StudentSectionAssociation>
<StudentSectionAssociation><StudentReference ref="S1"/><SectionReference ref="SEC1"/><BeginDate>2027-01-10</BeginDate></StudentSectionAssociation>
<StudentSectionAssociation><StudentReference/><SectionReference ref="SEC1"/></StudentSectionAssociation>
<StaffSectionAssociation><StaffReference ref="T1"/><SectionReference ref="SEC1"/><ClassroomPosition>uri://x#Teacher of Record</ClassroomPosition></StaffSectionAssociation>
<StaffSectionAssociation><StaffReference><StaffIdentity><StaffUniqueId>2</StaffUniqueId></StaffIdentity></StaffReference><SectionReference ref="SEC2"/>
<ClassroomPosition>uri://x#Assistant Teacher</ClassroomPosition></StaffSectionAssociation>
<Section id="SEC1"><SectionIdentifier>ALG-01</SectionIdentifier><CourseOfferingReference ref="CO1"/><ClassPeriodReference ref="CP1"/><LocationReference ref="L1"/></Section>
<Section id="SEC2"><SectionIdentifier>ALG-02</SectionIdentifier><SectionName>Algebra for two</SectionName><CourseOfferingReference><CourseOfferingIdentity>
<LocalCourseCode>ALG</LocalCourseCode><SchoolReference ref="A"/><SessionReference ref="SE1"/></CourseOfferingIdentity></CourseOfferingReference>
<ClassPeriodReference><ClassPeriodIdentity><ClassPeriodName>02</ClassPeriodName></ClassPeriodIdentity></ClassPeriodReference>
<LocationReference><LocationIdentity><ClassroomIdentificationCode>R8</ClassroomIdentificationCode></LocationIdentity></LocationReference></Section>
<CourseOffering id="CO1"><LocalCourseCode>ALG</LocalCourseCode><SchoolReference ref="A"/><SessionReference ref="SE1"/><CourseReference ref="C1"/></CourseOffering>
<ClassPeriod id="CP1"><ClassPeriodName>01</ClassPeriodName></ClassPeriod>
<Location id="L1"><ClassroomIdentificationCode>R7</ClassroomIdentificationCode></Location>
<Course id="C1"><CourseCode>ALG1</CourseCode><CourseTitle>Algebra I</CourseTitle><AcademicSubject>uri://x#Mathematics</AcademicSubject><EducationOrganizationReference ref="A"/></Course>
<Session id="SE1"><SessionName>Fall</SessionName><SchoolYear>2026-2027</SchoolYear><BeginDate>2026-08-24</BeginDate><EndDate>2026-12-18</EndDate>
<Term>uri://x#Fall Semester</Term><SchoolReference ref="A"/></Session>
<School id="A"><NameOfInstitution>Morgan High</NameOfInstitution><SchoolId>100</SchoolId></School>
<Staff id="T1"><StaffUniqueId>1</StaffUniqueId><Name><FirstName>Tom</FirstName><LastSurname>Stone</LastSurname></Name></Staff>
<Staff><StaffUniqueId>2</StaffUniqueId><Name><FirstName>Uma</FirstName><LastSurname>Stone</LastSurname></Name></Staff>
<StudentSchoolAssociation><StudentReference ref="S1"/><SchoolReference ref="A"/></StudentSchoolAssociation>
<StudentSchoolAssociation><StudentReference ref="S2"/><SchoolReference ref="A"/></StudentSchoolAssociation>
<Student id="S1"><StudentUniqueId>1</StudentUniqueId><Name><FirstName>Ana</FirstName><LastSurname>Roe</LastSurname></Name></Student>
<Student id="S2"><StudentUniqueId>2</StudentUniqueId><Name><FirstName>Ben</FirstName><LastSurname>Roe</LastSurname></Name></Student>
<Student><StudentUniqueId>3</StudentUniqueId><Name><FirstName>Last</FirstName><LastSurname>Kid</LastSurname></Name></Student>
<Contact id="P1"><ContactUniqueId>1</ContactUniqueId><Name><FirstName>Pam</FirstName><LastSurname>Roe</LastSurname></Name></Contact>
<StudentContactAssociation><StudentReference ref="S1"/><ContactReference ref="P1"/><Relation>uri://x#Mother</Relation></StudentContactAssociation>
<StudentContactAssociation><StudentReference/><ContactReference ref="P1"/><Relation>uri://x#Mother</Relation></StudentContactAssociation>
</InterchangeAll>`

// edfiTaughtFlat is the same in the flat form.
func edfiTaughtFlat() map[string]string {
	const key = "ALG,100,2026-2027,Fall"
	return map[string]string{
		"Student.csv":                   "StudentUniqueId,FirstName,LastSurname,SchoolId\n1,Ana,Roe,100\n2,Ben,Roe,100\n3,Last,Kid,\n",
		"Contact.csv":                   "ContactUniqueId,FirstName,LastSurname\n1,Pam,Roe\n",
		"StudentContactAssociation.csv": "StudentUniqueId,ContactUniqueId,Relation\n1,1,Mother\n",
		"Session.csv":                   "SchoolId,SchoolYear,SessionName,Term,BeginDate,EndDate\n100,2026-2027,Fall,uri://x#Fall Semester,2026-08-24,2026-12-18\n",
		"Course.csv":                    "EducationOrganizationId,CourseCode,CourseTitle,AcademicSubject\n100,ALG1,Algebra I,uri://x#Mathematics\n",
		"CourseOffering.csv":            "LocalCourseCode,SchoolId,SchoolYear,SessionName,CourseCode\n" + key + ",ALG1\n",
		"Section.csv": "LocalCourseCode,SchoolId,SchoolYear,SessionName,SectionIdentifier,SectionName,ClassPeriodName,ClassroomIdentificationCode\n" +
			key + ",ALG-01,,01,R7\n" + key + ",ALG-02,Algebra for two,02,R8\n",
		"Staff.csv": "StaffUniqueId,FirstName,LastSurname\n1,Tom,Stone\n2,Uma,Stone\n",
		"StudentSectionAssociation.csv": "StudentUniqueId,LocalCourseCode,SchoolId,SchoolYear,SessionName,SectionIdentifier,BeginDate,EndDate\n" +
			"1," + key + ",ALG-01,2026-08-24,2026-12-18\n2," + key + ",ALG-02,2026-08-24,\n1," + key + ",ALG-01,2027-01-10,\n,,,,,,,\n",
		"StaffSectionAssociation.csv": "StaffUniqueId,LocalCourseCode,SchoolId,SchoolYear,SessionName,SectionIdentifier,ClassroomPosition\n" +
			"1," + key + ",ALG-01,Teacher of Record\n2," + key + ",ALG-02,Assistant Teacher\n",
	}
}

// taughtIn is what a package teaches, without where it stands in the file.
func taughtIn(rec *records) (all []any) {
	for _, t := range rec.terms {
		t.from = place{}
		all = append(all, t)
	}
	for _, c := range rec.courses {
		c.from = place{}
		all = append(all, c)
	}
	for _, k := range rec.classes {
		k.from = place{}
		all = append(all, k)
	}
	for _, p := range rec.staff {
		p.from = place{}
		all = append(all, p)
	}
	enrols := slices.Clone(rec.enrols)
	slices.SortFunc(enrols, func(a, b enrolment) int { return strings.Compare(a.sourceID, b.sourceID) })
	for _, e := range enrols {
		e.from, e.school = place{}, ""
		all = append(all, e)
	}
	return all
}

var taughtTypes = cmp.AllowUnexported(term{}, course{}, class{}, staffPerson{}, enrolment{}, place{})

func TestEdFiSchedulesAreReadAlikeFromXMLAndFlatFiles(t *testing.T) {
	rec, found := readAt(t, bundleOf(t, "all.xml", edfiTaughtMade), "")
	const section, second = "100/100/2027/Fall/ALG/ALG-01", "100/100/2027/Fall/ALG/ALG-02"
	want := []any{
		term{sourceID: "100/2027/Fall", title: "Fall", kind: "semester", begin: "2026-08-24", end: "2026-12-19", year: "2027"},
		course{sourceID: "100/ALG1", school: "100", title: "Algebra I", code: "ALG1", subjects: []string{"Mathematics"}},
		class{sourceID: section, course: "100/ALG1", school: "100", terms: []string{"100/2027/Fall"}, title: "Algebra I", code: "ALG", kind: "scheduled",
			location: "R7", periods: []string{"01"}},
		class{sourceID: second, course: "100/ALG1", school: "100", terms: []string{"100/2027/Fall"}, title: "Algebra for two", code: "ALG",
			kind: "scheduled", location: "R8", periods: []string{"02"}},
		staffPerson{sourceID: "1", first: "Tom", last: "Stone", role: "staff"}, staffPerson{sourceID: "2", first: "Uma", last: "Stone", role: "staff"},
		enrolment{sourceID: section + "/1/student/2026-08-24", class: section, user: "1", role: "student", begin: "2026-08-24", end: "2026-12-19"},
		enrolment{sourceID: section + "/1/student/2027-01-10", class: section, user: "1", role: "student", begin: "2027-01-10"},
		enrolment{sourceID: section + "/1/teacher/", class: section, user: "1", role: "teacher", primary: true},
		enrolment{sourceID: second + "/2/student/2026-08-24", class: second, user: "2", role: "student", begin: "2026-08-24"},
		enrolment{sourceID: second + "/2/teacher/", class: second, user: "2", role: "teacher"},
	}
	if d := cmp.Diff(want, taughtIn(rec), taughtTypes); d != "" {
		t.Errorf("XML: %s", d)
	}
	if got := countsOf(rec); got.Lines != 1 || got.Students != 3 {
		t.Errorf("a reference to nobody is somebody: %+v", got)
	}
	if !mentions(found, "enrolment_unclear") || !rec.full.enrolments || !rec.full.terms {
		t.Errorf("%+v, %v", rec.full, found)
	}
	var files []string
	for name, text := range edfiTaughtFlat() {
		files = append(files, name, text)
	}
	flat, _ := readAt(t, bundleOf(t, files...), "")
	if d := cmp.Diff(want, taughtIn(flat), taughtTypes); d != "" {
		t.Errorf("flat: %s", d)
	}
	if rec.full != flat.full {
		t.Errorf("full: %+v, %+v", rec.full, flat.full)
	}
}

func TestAnEdFiScheduleIsTakenAndEndsWithItsFiles(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		whole := bundleOf(t, "all.xml", edfiTaughtMade)
		rep := o.take(whole, Options{School: "Morgan High"})
		o.same("taken", []Tally{{Added: 1}, {Added: 1}, {Added: 2}, {Added: 5}, {Added: 2}}, []Tally{rep.Terms, rep.Courses, rep.Classes, rep.Enrolments, rep.Teachers})
		o.same("again", 0, o.take(whole, Options{School: "Morgan High"}).Steps)
		at := strings.Index(edfiTaughtMade, `<Section id="SEC2">`)
		end := strings.Index(edfiTaughtMade, `<CourseOffering id=`)
		less := edfiTaughtMade[:at] + edfiTaughtMade[end:]
		rep = o.take(bundleOf(t, "all.xml", less), Options{School: "Morgan High"})
		o.same("a section that is gone", []any{1, 1, 2}, []any{rep.Classes.Same, rep.Classes.Removed, rep.Enrolments.Removed})
		people := edfiTaughtMade[:strings.Index(edfiTaughtMade, "<StudentSectionAssociation>")] + edfiTaughtMade[strings.Index(edfiTaughtMade, "<School id="):]
		rep = o.take(bundleOf(t, "all.xml", people), Options{School: "Morgan High"})
		o.same("a package of people alone leaves classes", []int{0, 0}, []int{rep.Classes.Removed, rep.Enrolments.Removed})
	})
}

func FuzzEdFiFlat(f *testing.F) {
	files := edfiTaughtFlat()
	f.Add(files["Section.csv"], files["StudentSectionAssociation.csv"], files["Session.csv"])
	f.Fuzz(func(t *testing.T, sections, in, sessions string) {
		take(t, "edfi-csv", map[string]string{"Student.csv": files["Student.csv"], "StudentContactAssociation.csv": files["StudentContactAssociation.csv"],
			"Section.csv": sections, "StudentSectionAssociation.csv": in, "Session.csv": sessions})
	})
}
