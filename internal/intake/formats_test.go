package intake

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// counts is what a package holds.
type counts struct {
	Format                                                                         string
	Schools, Students, Contacts, Lines, Terms, Courses, Classes, Enrolments, Staff int
}

func countsOf(rec *records) counts {
	c := counts{Format: rec.format, Schools: len(rec.schools), Contacts: len(rec.contacts), Lines: len(rec.lines), Terms: len(rec.terms),
		Courses: len(rec.courses), Classes: len(rec.classes), Enrolments: len(rec.enrols), Staff: len(rec.staff)}
	for _, s := range rec.students {
		if !s.partial {
			c.Students++
		}
	}
	return c
}

// readAt reads a package that must be taken.
func readAt(t testing.TB, path, format string) (*records, []Finding) {
	t.Helper()
	f, rec := newFindings(), newRecords()
	if err := readPackage(path, format, Mapping{}, "2026-11-23", defaultLimits(), f, rec); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return rec, f.list()
}

func TestEachFormatIsKnownByItsLooksAndHoldsWhatItHolds(t *testing.T) {
	for path, want := range map[string]counts{
		"nicelion": {Format: "OneRoster 1.1", Schools: 2, Students: 1187, Contacts: 812, Lines: 2390},
		"sds21":    {Format: "Microsoft SDS 2.1", Schools: 4, Students: 4, Contacts: 2, Lines: 3, Terms: 2, Courses: 3, Classes: 2, Enrolments: 6, Staff: 2},
		"sds1":     {Format: "Microsoft SDS 1", Schools: 2, Students: 22, Terms: 1, Courses: 2, Classes: 2, Enrolments: 46, Staff: 2},
		"sdsuk":    {Format: "Microsoft SDS 1", Schools: 2, Students: 22, Terms: 1, Courses: 28, Classes: 28, Enrolments: 158, Staff: 2},
		"clever":   {Format: "Clever CSV", Schools: 3, Students: 4, Contacts: 5, Lines: 7, Classes: 60, Enrolments: 101, Staff: 19},
		"edfi5": {Format: "Ed-Fi XML 5.2.0", Schools: 5, Students: 24, Contacts: 41, Lines: 40, Terms: 6, Courses: 4, Classes: 12,
			Enrolments: 12, Staff: 2},
		"edfi4":   {Format: "Ed-Fi XML 4.0.0", Students: 24, Contacts: 41, Lines: 40},
		"edficsv": {Format: "Ed-Fi CSV", Students: 37, Contacts: 60, Lines: 60},
		"plain":   {Format: "tables", Schools: 2, Students: 3, Contacts: 3, Lines: 3},
	} {
		rec, found := readAt(t, filepath.Join("testdata", path), "")
		if d := cmp.Diff(want, countsOf(rec)); d != "" {
			t.Errorf("%s: %s", path, d)
		}
		checkRecords(t, rec)
		for _, x := range found {
			if strings.Contains(x.Was+x.Text, "Hunter2") || strings.Contains(x.Was+x.Text, "P@ss") {
				t.Errorf("%s: a password in %v", path, x)
			}
		}
	}
}

func studentNamed(t *testing.T, rec *records, id string) student {
	t.Helper()
	i := slices.IndexFunc(rec.students, func(s student) bool { return s.SourceID == id })
	if i < 0 {
		t.Fatalf("no student %s", id)
	}
	return rec.students[i]
}

func contactNamed(t *testing.T, rec *records, first string) contact {
	t.Helper()
	i := slices.IndexFunc(rec.contacts, func(c contact) bool { return c.First == first })
	if i < 0 {
		t.Fatalf("no contact %s", first)
	}
	return rec.contacts[i]
}

func lineOf(t *testing.T, rec *records, student, first string) line {
	t.Helper()
	id := contactNamed(t, rec, first).SourceID
	i := slices.IndexFunc(rec.lines, func(l line) bool { return l.student == student && l.contact == id })
	if i < 0 {
		t.Fatalf("no line of %s and %s", student, first)
	}
	return rec.lines[i]
}

func TestSDSNamesTheStudentFirstAndTheAdultSecond(t *testing.T) {
	rec, found := readAt(t, "testdata/sds21", "")
	jean := lineOf(t, rec, "114001", "Jean")
	fred := lineOf(t, rec, "114003", "Jean")
	if jean.Relationship != "guardian" || fred.Relationship != "relative" || contactNamed(t, rec, "Bob").Email != "bobsmithee@outlook.com" {
		t.Errorf("%+v, %+v", jean, fred)
	}
	jack := studentNamed(t, rec, "114001")
	if d := cmp.Diff([]string{"114001", "Jack", "Craig", "10", "110003", "2001-07-02"},
		[]string{jack.IDNumber, jack.First, jack.Last, jack.Grade, jack.school, jack.BirthDate}); d != "" {
		t.Error(d)
	}
	if !rec.saysLines || !rec.whole || rec.only != "" || !mentions(found, "number_from_id") {
		t.Errorf("lines %v, whole %v, only %q", rec.saysLines, rec.whole, rec.only)
	}
}

func TestSDS1FindsGuardiansByTheirAddress(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/sds1")); err != nil {
		t.Fatal(err)
	}
	putFile(t, dir, "user.csv", "Email,First Name,Last Name,Phone,SIS ID\nana@example.org,Ana,Klein,555-0100,\nno address,Ben,Klein,,\n")
	putFile(t, dir, "guardianrelationship.csv", "SIS ID,Email,Role\n13001,Ana@Example.org,Parent\n13002,ana@example.org,\n13003,nobody@example.org,Aide\n")
	rec, found := readAt(t, dir, "")
	if got := countsOf(rec); got.Contacts != 1 || got.Lines != 2 || !rec.contacts[0].derived {
		t.Errorf("%+v", got)
	}
	if l := lineOf(t, rec, "13001", "Ana"); l.Relationship != "parent" {
		t.Errorf("%+v", l)
	}
	if !mentions(found, "line_unknown") || !mentions(found, "address_only") {
		t.Errorf("%v", found)
	}
}

func putFile(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCleverRepeatsAStudentForEachContact(t *testing.T) {
	rec, found := readAt(t, "testdata/clever", "")
	ana, ben, cleo := studentNamed(t, rec, "S100"), studentNamed(t, rec, "S101"), studentNamed(t, rec, "S102")
	if d := cmp.Diff([]string{"00417", "K", "2019-04-05", "1030", "S102", "2015-12-31", "Spanish"},
		[]string{ana.IDNumber, ana.Grade, ana.BirthDate, ana.school, cleo.IDNumber, ben.BirthDate, ben.Language}); d != "" {
		t.Error(d)
	}
	if !slices.Equal(ben.others, []string{"1195"}) {
		t.Errorf("other schools %v", ben.others)
	}
	maria, jorge, eve := contactNamed(t, rec, "Maria"), contactNamed(t, rec, "Jorge"), contactNamed(t, rec, "Eve")
	if d := cmp.Diff([]string{"de la Cruz", "5550100", "5550100", "Lopez", "(555) 555-0101 x218", "Q.", "Roe Jr."},
		[]string{maria.Last, maria.MobilePhone, maria.WorkPhone, jorge.Last, jorge.HomePhone, eve.Middle, eve.Last}); d != "" {
		t.Error(d)
	}
	rosa := contactNamed(t, rec, "Rosa Diaz")
	if rosa.PreferredFirst != "Rosa" || rosa.PreferredLast != "Diaz Perez" || !rosa.derived || eve.derived || eve.SourceID != "P10" {
		t.Errorf("%+v", rosa)
	}
	for _, want := range []struct {
		student, contact, relationship string
		position                       int
		guardian, emergency            roster.Flag
	}{
		{"S100", "Maria", "mother", 0, roster.Yes, roster.Unknown}, {"S100", "Jorge", "father", 1, roster.Unknown, roster.Unknown},
		{"S100", "Rosa Diaz", "unknown", 2, roster.Unknown, roster.Yes}, {"S103", "Eve", "stepmother", 0, roster.Unknown, roster.Unknown},
	} {
		l := lineOf(t, rec, want.student, want.contact)
		if l.Relationship != want.relationship || l.Position != want.position || l.LegalGuardian != want.guardian || l.Emergency != want.emergency {
			t.Errorf("%v: %+v", want, l.Line)
		}
	}
	if !mentions(found, "name_whole") || !mentions(found, "relationship_from_type") {
		t.Errorf("%v", found)
	}
}

func TestNamesInOneFieldAreToldApart(t *testing.T) {
	for whole, want := range map[string]fullName{
		"Maria de la Cruz": {first: "Maria", last: "de la Cruz"}, "Lopez Ruiz, Ana": {first: "Ana", last: "Lopez Ruiz"},
		"John Smith Jr": {first: "John", last: "Smith Jr"}, "John Smith, Jr.": {first: "John", last: "Smith Jr."}, "Cher": {last: "Cher"},
		"John Q. Public":    {first: "John", middle: "Q.", last: "Public"},
		"Maria López Ruiz":  {first: "Maria López", last: "Ruiz", otherFirst: "Maria", otherLast: "López Ruiz"},
		"Mr. Tom van Dyke":  {first: "Tom", last: "van Dyke"},
		"Ana":               {last: "Ana"},
		"":                  {},
		"Jean Luc Du Pont":  {first: "Jean Luc", last: "Du Pont", otherFirst: "Jean", otherLast: "Luc Du Pont"},
		"A B C D":           {first: "A B C", last: "D"},
		"de la Cruz, Maria": {first: "Maria", last: "de la Cruz"},
		"Smith, John Q.":    {first: "John", middle: "Q.", last: "Smith"},
		"Smith, Jr., John":  {first: "John", last: "Smith Jr."},
		"Smith, John, Jr.":  {first: "John", last: "Smith Jr."},
		"Smith, John Jr":    {first: "John", last: "Smith Jr"},
		"Smith, Jr":         {first: "Smith", last: "Jr"},
		"Smith,":            {last: "Smith"},
		"Roe, Mary Ann T":   {first: "Mary Ann", middle: "T", last: "Roe"},
	} {
		if d := cmp.Diff(want, splitName(whole), cmp.AllowUnexported(fullName{})); d != "" {
			t.Errorf("%q: %s", whole, d)
		}
	}
}

func TestEdFiReadsWhatAnAssociationSaysOfThePair(t *testing.T) {
	dir := t.TempDir()
	putFile(t, dir, "all.xml", edfiMade)
	rec, found := readAt(t, dir, "")
	ana, ben, cleo := studentNamed(t, rec, "1"), studentNamed(t, rec, "2"), studentNamed(t, rec, "3")
	if d := cmp.Diff([]any{"100", "9", "2014-11-13", roster.Enrolled, []string{"200"}, "ben@example.org", roster.Withdrawn},
		[]any{ana.school, ana.Grade, ana.BirthDate, ana.Status, ana.others, ben.Email, cleo.Status}); d != "" {
		t.Error(d)
	}
	maria := contactNamed(t, rec, "María")
	if d := cmp.Diff([]string{"López Jr", "home@example.org", "555-0101", "555-0102", "es"},
		[]string{maria.Last, maria.Email, maria.MobilePhone, maria.HomePhone, maria.Language}); d != "" {
		t.Error(d)
	}
	l := lineOf(t, rec, "1", "María")
	want := roster.Line{Relationship: "stepmother", LivesWith: roster.Yes, Emergency: roster.No, LegalGuardian: roster.Unknown, Position: 1,
		FileRestriction: "Custody on Mondays only"}
	if d := cmp.Diff(want, l.Line); d != "" {
		t.Error(d)
	}
	if by := lineOf(t, rec, "2", "María"); by.FileRestriction != "" || !slices.Contains(by.carried, roster.FileRestriction) || by.Position != 0 {
		t.Errorf("%+v", by)
	}
	if !mentions(found, "restriction_words") {
		t.Errorf("%v", found)
	}
	for _, x := range found {
		if strings.Contains(x.Was, "Mondays") {
			t.Errorf("the words of a restriction stand in a finding: %v", x)
		}
	}
}

const edfiMade = `<?xml version="1.0"?>
<InterchangeAll xmlns="http://ed-fi.org/5.0.0">
<StudentContactAssociation><StudentReference ref="S1"/><ContactReference ref="C1"/><Relation>uri://tx.example/RelationDescriptor#Mother, step</Relation>
<LivesWith>true</LivesWith><EmergencyContactStatus>false</EmergencyContactStatus><ContactPriority>2</ContactPriority>
<ContactRestrictions>Custody on Mondays only</ContactRestrictions></StudentContactAssociation>
<StudentContactAssociation><StudentReference><StudentIdentity><StudentUniqueId>2</StudentUniqueId></StudentIdentity></StudentReference>
<ContactReference><ContactIdentity><ContactUniqueId>7</ContactUniqueId></ContactIdentity></ContactReference><Relation>uri://x#Mother</Relation>
<PrimaryContactStatus>true</PrimaryContactStatus><LegalGuardian>true</LegalGuardian><ContactRestrictions>None</ContactRestrictions></StudentContactAssociation>
<School id="A"><NameOfInstitution>Morgan High</NameOfInstitution><SchoolId>100</SchoolId></School>
<School id="B"><NameOfInstitution>Morgan Vocational</NameOfInstitution><SchoolId>200</SchoolId></School>
<LocalEducationAgency><NameOfInstitution>Morgan County</NameOfInstitution><LocalEducationAgencyId>1</LocalEducationAgencyId></LocalEducationAgency>
<StudentSchoolAssociation><StudentReference ref="S1"/><SchoolReference ref="B"/><EntryGradeLevel>x#Tenth grade</EntryGradeLevel></StudentSchoolAssociation>
<StudentSchoolAssociation><StudentReference ref="S1"/><SchoolReference><SchoolIdentity><SchoolId>100</SchoolId></SchoolIdentity></SchoolReference>
<PrimarySchool>true</PrimarySchool><EntryGradeLevel>x#Ninth grade</EntryGradeLevel></StudentSchoolAssociation>
<StudentSchoolAssociation><StudentReference ref="S3"/><SchoolReference ref="A"/><ExitWithdrawDate>2026-01-01</ExitWithdrawDate></StudentSchoolAssociation>
<StudentEducationOrganizationAssociation><StudentReference ref="S2"/><ElectronicMail><ElectronicMailAddress>ben@example.org</ElectronicMailAddress></ElectronicMail></StudentEducationOrganizationAssociation>
<Student id="S1"><StudentUniqueId>1</StudentUniqueId><Name><FirstName>Ana</FirstName><LastSurname>López</LastSurname></Name><BirthData><BirthDate>2014-11-13</BirthDate></BirthData></Student>
<Student id="S2"><StudentUniqueId>2</StudentUniqueId><Name><FirstName>Ben</FirstName><LastSurname>López</LastSurname></Name></Student>
<Student id="S3"><StudentUniqueId>3</StudentUniqueId><Name><FirstName>Cleo</FirstName><LastSurname>López</LastSurname></Name></Student>
<Contact id="C1"><ContactUniqueId>7</ContactUniqueId><Name><FirstName>María</FirstName><LastSurname>López</LastSurname><GenerationCodeSuffix>x#Jr</GenerationCodeSuffix></Name>
<Telephone><TelephoneNumber>555-0100</TelephoneNumber><TelephoneNumberType>x#Fax</TelephoneNumberType></Telephone>
<Telephone><TelephoneNumber>555-0101</TelephoneNumber><TelephoneNumberType>x#Mobile</TelephoneNumberType></Telephone>
<Telephone><TelephoneNumber>555-0102</TelephoneNumber><TelephoneNumberType>x#Home</TelephoneNumberType></Telephone>
<ElectronicMail><ElectronicMailAddress>work@example.org</ElectronicMailAddress><ElectronicMailType>x#Work</ElectronicMailType></ElectronicMail>
<ElectronicMail><ElectronicMailAddress>home@example.org</ElectronicMailAddress><ElectronicMailType>x#Home/Personal</ElectronicMailType></ElectronicMail>
<Language><Language>x#Spanish</Language></Language></Contact>
</InterchangeAll>`

func TestXMLThatWouldGrowOrReachOutsideIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a document type": `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><InterchangeStudent><Student>&x;</Student></InterchangeStudent>`,
		"an entity":       `<InterchangeStudent><Student><StudentUniqueId>1</StudentUniqueId><Name><FirstName>&lol;</FirstName></Name></Student></InterchangeStudent>`,
		"depth":           `<InterchangeStudent><Student>` + strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000) + `</Student></InterchangeStudent>`,
		"a long text":     `<InterchangeStudent><Student><StudentUniqueId>` + strings.Repeat("a", 2<<20) + `</StudentUniqueId></Student></InterchangeStudent>`,
		"many elements":   `<InterchangeStudent><Student>` + strings.Repeat("<a/>", 20000) + `</Student></InterchangeStudent>`,
		"a long CDATA":    `<InterchangeStudent><Student><StudentUniqueId><![CDATA[` + strings.Repeat("<a>", 1<<20) + `]]></StudentUniqueId></Student></InterchangeStudent>`,
	} {
		dir := t.TempDir()
		putFile(t, dir, "students.xml", text)
		f, rec := newFindings(), newRecords()
		err := readPackage(dir, "edfi", Mapping{}, "2026-11-23", defaultLimits(), f, rec)
		if err == nil && (len(rec.students) > 0 || rec.whole) {
			t.Errorf("%s: taken, %v", name, f.list())
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTablesAreToldApartByTheirColumns(t *testing.T) {
	rec, found := readAt(t, "testdata/plain", "")
	ana, cleo := studentNamed(t, rec, "00417"), studentNamed(t, rec, "00419")
	if d := cmp.Diff([]any{"00417", "2019-04-05", "K", "K-1", "100", roster.Withdrawn}, []any{ana.IDNumber, ana.BirthDate, ana.Grade, ana.Homeroom, ana.school, cleo.Status}); d != "" {
		t.Error(d)
	}
	maria := contactNamed(t, rec, "Maria")
	if maria.MobilePhone != "555-0100" || maria.WorkPhone != "555-0102" || maria.SourceID != "1" {
		t.Errorf("%+v", maria.Contact)
	}
	l := lineOf(t, rec, "00417", "Jorge")
	if d := cmp.Diff(roster.Line{Relationship: "stepfather", Position: 1, LegalGuardian: roster.No, LivesWith: roster.No, Pickup: roster.No, Emergency: roster.No,
		Mailing: roster.No}, l.Line); d != "" {
		t.Error(d)
	}
	lineOf(t, rec, "00418", "Maria") // from the row that goes on
	if !mentions(found, "row_goes_on") || !mentions(found, "contact_inactive") {
		t.Errorf("%v", found)
	}
}

func TestAContactFileOfAeriesSaysWhoIsRestricted(t *testing.T) {
	dir := t.TempDir()
	putFile(t, dir, "con.csv", aeriesMade)
	rec, _ := readAt(t, filepath.Join(dir, "con.csv"), "")
	if got := countsOf(rec); got.Students != 0 || len(rec.students) != 2 || got.Contacts != 3 || got.Lines != 4 || rec.only != onlyContacts {
		t.Fatalf("%+v, only %q", got, rec.only)
	}
	jorge, maria, rosa := lineOf(t, rec, "00417", "Jorge"), lineOf(t, rec, "00417", "Maria"), lineOf(t, rec, "00418", "Rosa")
	if jorge.Restricted != roster.Yes || jorge.PortalAccess != roster.No || maria.Restricted == roster.Yes || maria.PortalAccess != roster.Yes ||
		maria.LegalGuardian != roster.Yes || rosa.Emergency != roster.Yes || rosa.PortalAccess != roster.Unknown {
		t.Errorf("%+v\n%+v\n%+v", jorge.Line, maria.Line, rosa.Line)
	}
	if slices.Contains(rosa.carried, roster.FileRestriction) || !slices.Contains(maria.carried, "restricted") {
		t.Errorf("carried %v, %v", rosa.carried, maria.carried)
	}
}

const aeriesMade = `ID,FN,LN,RL,PC,ERH,CD,LW,AP,MT,OR,EM,CP
00417,Maria,de la Cruz,Mother,Y,Y,P,Y,Y,Y,1,maria@example.org,555-0100
00417,Jorge,Lopez,Father,N,N,R,N,N,N,2,jorge@example.org,555-0103
00418,Maria,de la Cruz,Mother,Y,Y,P,Y,Y,Y,1,maria@example.org,555-0100
00418,Rosa,Diaz,Grandmother,N,N,E,N,,N,2,,555-0104
`

func TestWordsAndCodesInARestrictionColumn(t *testing.T) {
	for words, want := range map[string]struct {
		restricted roster.Flag
		text       string
	}{
		"Y": {roster.Yes, ""}, "x": {roster.Yes, ""}, "Restricted": {roster.Yes, ""}, "N": {roster.No, ""}, "None": {"", ""}, "": {"", ""},
		"No pickup on Fridays": {"", "No pickup on Fridays"},
	} {
		dir := t.TempDir()
		putFile(t, dir, "c.csv", "student_id,first_name,last_name,relationship,restriction\n1,Ana,Roe,Mother,"+words+"\n")
		rec, _ := readAt(t, dir, "")
		l := rec.lines[0]
		if l.Restricted != want.restricted || l.FileRestriction != want.text {
			t.Errorf("%q: %+v", words, l.Line)
		}
		if said := slices.Contains(l.carried, "restricted"); said != (want.restricted != "") {
			t.Errorf("%q: carried %v", words, l.carried)
		}
	}
}

func TestStudentsWithTheirContactsInTheRow(t *testing.T) {
	dir := t.TempDir()
	putFile(t, dir, "export.csv", "Student ID;Last Name;First Name;Grade;Mother;Mother Email;Guardian1 First Name;Guardian1 Last Name;Guardian1 Relationship;Contact_2_Name;Contact_2_Relationship\r\n"+
		"1;Roe;Ana;4;Jane Roe;jane@example.org;Max;Roe;Uncle;;\r\n2;Roe;Ben;5;Jane Roe;jane@example.org;;;;Dana Stone;Friend\r\n")
	rec, found := readAt(t, dir, "")
	if got := countsOf(rec); got.Students != 2 || got.Contacts != 3 || got.Lines != 4 {
		t.Fatalf("%+v %v", got, found)
	}
	if l := lineOf(t, rec, "1", "Jane"); l.Relationship != "mother" {
		t.Errorf("%+v", l)
	}
	if a, b := lineOf(t, rec, "1", "Max"), lineOf(t, rec, "2", "Dana"); a.Relationship != "uncle" || b.Relationship != "friend" {
		t.Errorf("%+v %+v", a, b)
	}
}

func TestReportsThatNameTheTableBeforeADotAreRead(t *testing.T) {
	dir := t.TempDir()
	putFile(t, dir, "wide.csv", "student.studentNumber,student.lastName,student.firstName,student.grade,student.birthdate,cal.schoolName,contacts1.lastName,contacts1.firstName,"+
		"contacts1.relationship,contacts1.email,contacts1.cellPhone,contacts1.guardian,contacts1.portal\n"+
		"1001,Roe,Ana,09,04/05/2010,River High,Roe,Pam,Mother,pam@home.example,555-0100,1,1\n1002,Roe,Ben,10,12/31/2009,River High,Roe,Pam,Mother,pam@home.example,555-0100,1,0\n")
	rec, found := readAt(t, filepath.Join(dir, "wide.csv"), "")
	if got := countsOf(rec); got.Schools != 1 || got.Students != 2 || got.Contacts != 1 || got.Lines != 2 {
		t.Fatalf("%+v %v", got, found)
	}
	ana, l := studentNamed(t, rec, "1001"), lineOf(t, rec, "1002", "Pam")
	if d := cmp.Diff([]any{"2010-04-05", "9", "mother", roster.Yes, roster.No, "555-0100"},
		[]any{ana.BirthDate, ana.Grade, l.Relationship, l.LegalGuardian, l.PortalAccess, rec.contacts[0].MobilePhone}); d != "" {
		t.Error(d)
	}
	putFile(t, dir, "long.csv", "student.studentNumber,student.lastName,student.firstName,contacts.lastName,contacts.firstName,contacts.relationship,contacts.email,contacts.portal\n"+
		"1001,Roe,Ana,Roe,Pam,Mother,pam@home.example,1\n1001,Roe,Ana,Roe,Max,Father,max@home.example,0\n1002,Roe,Ben,Roe,Pam,Mother,pam@home.example,1\n")
	rec, found = readAt(t, filepath.Join(dir, "long.csv"), "")
	if got := countsOf(rec); got.Students != 2 || got.Contacts != 2 || got.Lines != 3 {
		t.Fatalf("%+v %v", got, found)
	}
	if l := lineOf(t, rec, "1001", "Max"); l.Relationship != "father" || l.PortalAccess != roster.No {
		t.Errorf("%+v", l.Line)
	}
}

func TestAWorkbookIsReadAsAPersonSeesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "upload")
	if err := os.WriteFile(path, workbookOf(t), 0o600); err != nil {
		t.Fatal(err)
	}
	rec, found := readAt(t, path, "")
	ana := studentNamed(t, rec, "00417")
	if d := cmp.Diff([]string{"Ana", "López", "2019-04-05", "4", "123456789012"},
		[]string{ana.First, ana.Last, ana.BirthDate, ana.Grade, studentNamed(t, rec, "123456789012").SourceID}); d != "" {
		t.Error(d)
	}
	if got := countsOf(rec); got.Students != 2 || got.Contacts != 1 || got.Lines != 1 {
		t.Errorf("%+v", got)
	}
	if !mentions(found, "formula_value") {
		t.Errorf("%v", found)
	}
}

// workbookOf makes a workbook as spreadsheets write it: shared and rich texts, dates by style, numbers with leading zeros by format, a
// formula, a title above the header, gaps.
func workbookOf(t testing.TB) []byte {
	t.Helper()
	return zipFiles(t, map[string]string{
		"[Content_Types].xml": `<Types/>`,
		workbookPart: `<workbook xmlns:r="r"><sheets><sheet name="Students" r:id="rId7"/><sheet name="Contacts" r:id="rId8"/>` +
			`<sheet name="Secret" state="hidden" r:id="rId9"/></sheets></workbook>`,
		relsPart: `<Relationships><Relationship Id="rId7" Target="worksheets/a.xml"/><Relationship Id="rId8" Target="/xl/worksheets/b.xml"/></Relationships>`,
		stylesPart: `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd"/></numFmts>` +
			`<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
		stringsPart: `<sst><si><t>ID Number</t></si><si><r><t>First </t></r><r><t>Name</t></r><rPh><t>x</t></rPh></si><si><t>Last Name</t></si>` +
			`<si><t>Birth Date</t></si><si><t>López</t></si></sst>`,
		"xl/worksheets/a.xml": `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Morgan High, students</t></is></c></row>` +
			`<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c><c r="D3" t="s"><v>3</v></c><c r="F3" t="str"><v>Grade</v></c></row>` +
			`<row r="4"><c r="A4" s="1"><v>417</v></c><c r="B4" t="str"><f>"An"&amp;"a"</f><v>Ana</v></c><c r="C4" t="s"><v>4</v></c><c r="D4" s="2"><v>43560</v></c><c r="F4"><v>4</v></c></row>` +
			`<row r="5"><c r="A5"><v>1.23456789012E11</v></c><c r="C5" t="s"><v>4</v></c></row></sheetData></worksheet>`,
		"xl/worksheets/b.xml": `<worksheet><sheetData><row><c t="str"><v>Student ID</v></c><c t="str"><v>Name</v></c><c t="str"><v>Relationship</v></c></row>` +
			`<row><c t="str"><v>00417</v></c><c t="str"><v>Maria López</v></c><c t="str"><v>Mother</v></c></row></sheetData></worksheet>`,
	})
}

func TestFilesOfAnyFormatAreReadInTheEncodingsOfOldPrograms(t *testing.T) {
	utf16le, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.Replace(edfiMade, `version="1.0"`, `version="1.0" encoding="UTF-16"`, 1))
	if err != nil {
		t.Fatal(err)
	}
	latin, err := charmap.Windows1252.NewEncoder().String("id;nombre;apellidos;escuela\r1;José;Núñez;Norte\r")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	putFile(t, dir, "a.xml", utf16le)
	rec, _ := readAt(t, dir, "")
	if c := contactNamed(t, rec, "María"); c.Last != "López Jr" || !rec.whole {
		t.Errorf("%+v", c.Contact)
	}
	putFile(t, dir, "pupils", latin)
	rec, _ = readAt(t, filepath.Join(dir, "pupils"), "")
	if s := studentNamed(t, rec, "1"); s.First != "José" || s.Last != "Núñez" {
		t.Errorf("%+v", s.Student)
	}
}
