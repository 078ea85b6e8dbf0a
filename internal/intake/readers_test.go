package intake

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

func TestAPasswordThatLooksLikeAFormulaIsNotToldOf(t *testing.T) {
	for name, files := range map[string][]string{
		"OneRoster": {"orgs.csv", orgsFile, "users.csv", strings.ReplaceAll(usersHeader+kid("s1", "Ana", "Roe", "1001", "9", "high", ""), "hush", "=Hunter2")},
		"a table":   {"students.csv", file("id,first_name,last_name,school,Web Password", "1,Ana,Roe,High,=Hunter2")},
	} {
		_, found := readAt(t, bundleOf(t, files...), "")
		for _, x := range found {
			if strings.Contains(x.Was+x.Text+x.As, "Hunter2") {
				t.Errorf("%s: %+v", name, x)
			}
		}
	}
}

func TestRowsOfSeparatorsAreNoRows(t *testing.T) {
	blank := strings.Repeat(",", strings.Count(usersHeader, ","))
	rec, found := readAt(t, bundleOf(t, "orgs.csv", orgsFile, "users.csv", usersHeader+kid("s1", "Ana", "Roe", "1001", "09", "high", "")+blank+"\n , ,\n,,"), "")
	if len(rec.students) != 1 || !rec.whole || mentions(found, "id_missing") || mentions(found, "row_cut") || mentions(found, "row_short") {
		t.Errorf("whole %v, %v", rec.whole, found)
	}
}

// broken ends like a connection that broke.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAnUploadWhoseConnectionBreaksIsForgotten(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		for _, size := range []int{100, chunkSize + 100} {
			from := broken{strings.NewReader(strings.Repeat("x", size))}
			if _, err := o.intake.Upload(o.ctx, clerk, "users.csv", FromPage, Options{}, from); !fault.Is(err, fault.Invalid) {
				t.Errorf("%d bytes: got %v", size, err)
			}
		}
		o.same("nothing is kept", [][]string{nil, nil}, [][]string{o.dump("import")["import"], o.dump("import_chunk")["import_chunk"]})
	})
}

func TestTheContactsOfOneStudentAreNotAnothersWhoHasTheSameNumber(t *testing.T) {
	const contacts = "student_number,contact_id,first_name,last_name,relationship"
	for name, tt := range map[string]struct {
		files []string
		kept  []string
		lines int
	}{
		"two schools have the number": {[]string{"students.csv", file("id,id_number,first_name,last_name,school", "a1,100,Ana,Roe,High", "b1,1-00,Ben,Stone,Mid", "c1,300,Cy,Roe,Mid"),
			"contacts.csv", file(contacts, "100,p1,Pam,Roe,mother", "300,p2,Sue,Roe,mother")}, []string{"a1", "b1", "p1"}, 1},
		"and the id tells them apart": {[]string{"students.csv", file("id,id_number,first_name,last_name,school", "a1,100,Ana,Roe,High", "b1,100,Ben,Stone,Mid"),
			"contacts.csv", file("student_id,"+contacts, "b1,100,p1,Pam,Stone,mother")}, nil, 1},
		"the number is the id": {[]string{"students.csv", file("id_number,first_name,last_name,school", "100,Ana,Roe,High", "100,Ben,Stone,Mid"),
			"contacts.csv", file(contacts, "100,p1,Pam,Stone,mother")}, []string{"100", "p1"}, 0},
		"students in the rows of contacts": {[]string{"contacts.csv", file("student_number,student_first_name,student_last_name,contact_id,first_name,last_name,relationship",
			"100,Ana,Roe,p1,Pam,Roe,mother", "100,Ben,Stone,p2,Sue,Stone,mother", "100,ANA,Roe,p3,Max,Roe,father", "100,,,p4,Gus,Roe,uncle")}, []string{"100", "p2"}, 3},
		"Clever": {[]string{"schools.csv", file("School_id,School_name", "h,High"), "students.csv", file("School_id,Student_id,Last_name,First_name,Contact_name,Contact_sis_id",
			"h,100,Roe,Ana,Pam Roe,p1", "h,100,Stone,Ben,Sue Stone,p2", "h,100,Roe,Ana,Max Roe,p3")}, []string{"100"}, 2},
	} {
		rec, found := readAt(t, bundleOf(t, tt.files...), "")
		kept := sortedKeys(rec.kept)
		if len(rec.lines) != tt.lines || strings.Join(kept, " ") != strings.Join(tt.kept, " ") {
			t.Errorf("%s: kept %v, lines %+v\n%v", name, kept, rec.lines, found)
		}
	}
}

func TestWordsBesideACodeThatRestrictsAreReadToo(t *testing.T) {
	rec, _ := readAt(t, bundleOf(t, "students.csv", file("id,first_name,last_name,school", "1,Ana,Roe,High"),
		"contacts.csv", file("student_id,first_name,last_name,relationship,record_type,restriction", "1,Max,Roe,father,R,No contact until 2027", "1,Pam,Roe,mother,P,no")), "")
	max, pam := lineOf(t, rec, "1", "Max"), lineOf(t, rec, "1", "Pam")
	sameAs(t, "the code and the words", []any{roster.Yes, "No contact until 2027", ""}, []any{max.Restricted, max.FileRestriction, pam.FileRestriction})
}

func TestTheFlatFormOfEdFiHasSchools(t *testing.T) {
	files := []string{"School.csv", file("SchoolId,NameOfInstitution,LocalEducationAgencyId", "h,High,d", "m,Mid,d"),
		"LocalEducationAgency.csv", file("LocalEducationAgencyId,NameOfInstitution", "d,River District"),
		"StudentSchoolAssociation.csv", file("StudentUniqueId,SchoolId,EntryGradeLevelDescriptor,PrimarySchool,ExitWithdrawDate",
			"1,m,uri://ed-fi.org/GradeLevelDescriptor#Eighth grade,false,", "1,h,uri://ed-fi.org/GradeLevelDescriptor#Ninth grade,true,", "2,h,,,2025-06-01", "3,h,,,2025-06-01", "3,x,,,"),
		"Student.csv", file("StudentUniqueId,FirstName,LastSurname", "1,Ana,Roe", "2,Ben,Roe", "3,Cy,Roe")}
	rec, found := readAt(t, bundleOf(t, files...), "")
	ana, ben, cy := studentNamed(t, rec, "1"), studentNamed(t, rec, "2"), studentNamed(t, rec, "3")
	sameAs(t, "format", []any{"Ed-Fi CSV", 3, "River District", onlyStudents}, []any{rec.format, len(rec.schools), rec.district, rec.only})
	sameAs(t, "ana", []any{"h", []string{"m"}, "9", roster.Enrolled}, []any{ana.school, ana.others, ana.Grade, ana.Status})
	sameAs(t, "who has left", []any{"h", roster.Withdrawn}, []any{ben.school, ben.Status})
	sameAs(t, "who is at a school that is not among the files", []any{"", []string{"x"}, roster.Enrolled}, []any{cy.school, cy.unknown, cy.Status})
	if !mentions(found, "left_schools") || mentions(found, "not_of_format") || mentions(found, "nothing_taken") {
		t.Error(found)
	}
	rec, found = readAt(t, bundleOf(t, append(files, "Contact.csv", file("ContactUniqueId,FirstName,LastSurname", "p,Pam,Roe", "q,Max,Roe"),
		"StudentContactAssociation.csv", file("StudentUniqueId,ContactUniqueId,Relation,ContactPriority,LivesWith,ContactRestrictions",
			"1,p,Mother,2,maybe,", "1,q,Father,1,true,No pickup"))...), "")
	pam, max := lineOf(t, rec, "1", "Pam"), lineOf(t, rec, "1", "Max")
	sameAs(t, "the contacts' order", []int{1, 0}, []int{pam.Position, max.Position})
	sameAs(t, "flags and words", []any{roster.Unknown, roster.Yes, "No pickup"}, []any{pam.LivesWith, max.LivesWith, max.FileRestriction})
	if !mentions(found, "flag_unclear") || !mentions(found, "restriction_words") {
		t.Error(found)
	}
}

func TestABrokenDateOfAnExitTakesNoStudentAway(t *testing.T) {
	for date, want := range map[string]roster.Status{"2025-06-01": roster.Withdrawn, "20013-04-20": roster.Enrolled, "2027-06-01": roster.Enrolled} {
		rec, _ := readAt(t, bundleOf(t, "all.xml", "<InterchangeAll><School><NameOfInstitution>High</NameOfInstitution><SchoolId>h</SchoolId></School>"+
			"<Student><StudentUniqueId>1</StudentUniqueId><Name><FirstName>Ana</FirstName><LastSurname>Roe</LastSurname></Name></Student>"+
			"<StudentSchoolAssociation><StudentReference><StudentUniqueId>1</StudentUniqueId></StudentReference><SchoolReference><SchoolId>h</SchoolId>"+
			"</SchoolReference><ExitWithdrawDate>"+date+"</ExitWithdrawDate></StudentSchoolAssociation></InterchangeAll>"), "")
		sameAs(t, date, []any{"h", want}, []any{rec.students[0].school, rec.students[0].Status})
	}
}

func TestADamagedLetterOfAnXMLFileCostsThatLetter(t *testing.T) {
	student := func(id, last string) string {
		return "<Student><StudentUniqueId>" + id + "</StudentUniqueId><Name><FirstName>Ana</FirstName><LastSurname>" + last + "</LastSurname></Name></Student>"
	}
	rec, found := readAt(t, bundleOf(t, "all.xml", "<InterchangeAll>"+student("1", "Núñez")+student("2", "Mu\xf1oz")+student("3", "Roe")+"</InterchangeAll>"), "")
	if len(rec.students) != 3 || !rec.whole || rec.students[1].Last != "Mu\uFFFDoz" || !mentions(found, "letters_damaged") || !mentions(found, "letters_lost") {
		t.Errorf("%+v, %v", rec.students, found)
	}
}

func TestOfSDSWhoTeachesIsStaffThoughAParentToo(t *testing.T) {
	rec, _ := readAt(t, bundleOf(t, "orgs.csv", file("sourcedId,name,type", "h,High,school"),
		"users.csv", file("sourcedId,username,givenName,familyName,status", "s1,ana,Ana,Roe,", "t1,tom,Tom,Roe,active", "p1,pam,Pam,Roe,", "x1,old,Old,Roe,tobedeleted"),
		"roles.csv", file("userSourcedId,orgSourcedId,role", "s1,h,student", "t1,h,teacher", "p1,h,guardian"),
		"relationships.csv", file("userSourcedId,relationshipUserSourcedId,relationshipRole", "s1,t1,parent", "s1,p1,guardian", "s1,x1,parent")), "")
	sameAs(t, "contacts", 2, len(rec.contacts))
	sameAs(t, "staff", "t1", rec.staff[0].sourceID)
	sameAs(t, "deleted", map[string]bool{"x1": true}, rec.gone)
	sameAs(t, "staff", 1, len(rec.staff))
}

func TestWhatAFileNamesWithoutEndIsKeptWithinBounds(t *testing.T) {
	f := newFindings()
	for n := range 2 * kindsKept {
		f.add(Warning, "users.csv", 1, fmt.Sprint(n), "", sayColumnUnknown)
	}
	told := 0
	for _, x := range f.list() {
		told += x.Count
	}
	if len(f.folds) != kindsKept+1 || told != 2*kindsKept {
		t.Errorf("%d kinds, %d findings", len(f.folds), told)
	}
	wide := "sourcedId,givenName,familyName,role" + strings.Repeat(",x", columnsLimit) + "\n"
	for name, text := range map[string]string{"users.csv": wide, "list.csv": "id,first_name,last_name,school" + strings.Repeat(",x", columnsLimit) + "\n1,Ana,Roe,High\n"} {
		err := readPackage(bundleOf(t, name, text), "", Mapping{}, "2026-11-23", defaultLimits(), newFindings(), newRecords())
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	var ids []string
	for n := range 20_000 {
		ids = append(ids, fmt.Sprint(n))
	}
	rec, _ := readAt(t, bundleOf(t, "orgs.csv", orgsFile, "users.csv", usersHeader+strings.Repeat(kid("s1", "Ana", "Roe", "1", "09", "high", strings.Join(ids[:10_000], ",")), 50)), "")
	sameAs(t, "one student, in a moment", 1, len(rec.students))
}

func TestEmptyLinesAboveTheHeaderDoNotHideTheSeparator(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		rec, found := readAt(t, bundleOf(t, "list.csv", strings.Join([]string{"", "", "id;first_name;last_name;school;grade", "1;Ana;Roe;High;x", "1;Ana;Roe;High;x", ""}, end)), "")
		if len(rec.students) != 1 || rec.students[0].Last != "Roe" || !mentions(found, "semicolons") {
			t.Errorf("%q: %+v, %v", end, rec.students, found)
		}
		for _, x := range found {
			if x.Code == sayIDTwice && (x.Line != 5 || x.Number != 4) {
				t.Errorf("%q: %+v", end, x)
			}
		}
	}
}

func TestARosterForWhichThereIsNoRoomIsRefusedBeforehand(t *testing.T) {
	lim := limits{total: 4 << 30, room: func() (int64, bool) { return 1 << 30, true }}
	for _, tt := range []struct {
		size   int64
		allNew bool
		room   int // that it needs, in MB, and is not there
	}{{10 << 20, true, 0}, {200 << 20, false, 0}, {200 << 20, true, 1400}, {400 << 20, false, 1600}, {4 << 30, true, 7 * 4096}} {
		lim.allNew = tt.allNew
		switch x := refusedBy(lim.hold("x", tt.size)); {
		case tt.room == 0 && x != nil, tt.room > 0 && (x == nil || x.Code != cannotRoom || x.Number != tt.room):
			t.Errorf("%+v: got %+v", tt, x)
		}
	}
	lim.room = func() (int64, bool) { return 0, false }
	if err := lim.hold("x", 4<<30); err != nil {
		t.Errorf("where the system does not say: %v", err)
	}
	if err := (limits{total: 4 << 30}).hold("x", 1<<20); err != nil {
		t.Errorf("a small one asks nobody: %v", err)
	}
	if x := refusedBy(lim.hold("folder", 5<<30)); x == nil || x.Code != cannotBig || x.File != "folder" {
		t.Errorf("a folder of 5 GB: got %+v", x)
	}
	if free, known := defaultLimits().room(); !known || free <= 0 {
		t.Errorf("here: %d, %v", free, known)
	}
}
