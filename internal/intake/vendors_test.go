package intake

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// The shapes in which programs of schools write OneRoster, each with what a school expects of it: people, lines, and what is said.

const (
	users11 = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone," +
		"agentSourcedIds,grades,password"
	users12 = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades," +
		"password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns"
	roles12   = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"
	classes11 = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods"
	enrols11  = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
	terms11   = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear"
	courses11 = "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes"
)

// file joins a header and rows.
func file(header string, rows ...string) string {
	return header + "\n" + strings.Join(rows, "\n") + "\n"
}

func manifest(version, users string) string {
	return "propertyName,value\nmanifest.version,1.0\noneroster.version," + version + "\nfile.users," + users + "\nfile.orgs,bulk\nfile.roles,bulk\n" +
		"file.demographics,bulk\nfile.classes,bulk\nfile.enrollments,bulk\n"
}

type vendorCase struct {
	files []string // name, text
	want  counts
	says  []string // findings that must be there
	check func(t *testing.T, rec *records)
}

// same compares what a test of a parser got.
func sameAs(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func vendorCases() map[string]vendorCase {
	return map[string]vendorCase{
		"agents on the student's row alone, ids in braces, everything bulk with status and time": {
			files: []string{"manifest.csv", manifest("1.1", "bulk"), "orgs.csv", orgsFile, "users.csv", file(users11,
				`s1,active,2026-08-01T05:00:00.000Z,true,high,student,aroe,"{SIS:1001},{FED:ana@school.example}",Ana,Roe,,,,,,"p1,p2",09,`,
				`s2,active,2026-08-01T05:00:00.000Z,true,"mid,high",student,broe,{FED:ben@school.example}{SIS:1002},Ben,Roe,,,,,,p1,KG,`,
				`p1,active,2026-08-01T05:00:00.000Z,true,high,guardian,,,Pam,Roe,,,pam@home.example,555-0101,555-0102,,,`,
				`p2,active,2026-08-01T05:00:00.000Z,true,high,relative,,,Gus,Roe,,,,,,,,`,
				`p3,tobedeleted,2026-08-01T05:00:00.000Z,true,high,parent,,,Old,Roe,,,,,,,,`)},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 2, Contacts: 2, Lines: 3},
			says: []string{"bulk_status", "numbers_"},
			check: func(t *testing.T, rec *records) {
				ana, ben := studentNamed(t, rec, "s1"), studentNamed(t, rec, "s2")
				sameAs(t, "students", []any{"1001", "9", "1002", "K", "mid", []string{"high"}}, []any{ana.IDNumber, ana.Grade, ben.IDNumber, ben.Grade, ben.school, ben.others})
				sameAs(t, "gone", map[string]bool{"p3": true}, rec.gone)
				sameAs(t, "whole", true, rec.whole)
			},
		},
		"agents on the adult's row alone, mark on the manifest only, booleans as databases have them": {
			files: []string{"manifest.csv", "\ufeff" + manifest("1.1", "bulk"), "orgs.csv", orgsFile, "users.csv", file(users11,
				`s1,,,TRUE,high,Student,,,Ana,Roe,,1001,,,,,09,`,
				`s2,,,1,high,STUDENT,,,Ben,Roe,,1002,,,,,10,`,
				`p1,,,yes,high,Parent,,,"Pat ""P""",O'Neil,,,pat@home.example,,,"s1,s2",,`,
				`p2,,,0,high,Parent/Guardian,,,Max,Roe,,,max@home.example,,,s1,,`)},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 2, Contacts: 2, Lines: 3},
			says: []string{"byte_order_mark", "truth_spelled", "adult_disabled"},
			check: func(t *testing.T, rec *records) {
				sameAs(t, "refused", []bool{false, true}, []bool{contactNamed(t, rec, `Pat "P"`).refused, contactNamed(t, rec, "Max").refused})
			},
		},
		"a row of a person for each school, and one for each role": {
			files: []string{"orgs.csv", orgsFile, "users.csv", file(users11,
				`s1,,,true,high,student,,,Ana,Roe,,1001,,,,p1,09,`,
				`s1,,,true,mid,student,,,Ana,Roe,,1001,,,,t1,09,`,
				`p1,,,true,high,parent,,,Pam,Roe,,,pam@home.example,,,,,`,
				`t1,,,true,high,teacher,,,Tom,Roe,,,tom@school.example,,,,,`,
				`t1,,,true,high,parent,,,Tom,Roe,,,tom@school.example,,,,,`,
				`p1,,,true,high,parent,,,Other,Person,,,other@home.example,,,,,`),
				"classes.csv", file(classes11, `k1,,,Physics,09,c1,P1,scheduled,,high,y1,,,1`),
				"enrollments.csv", file(enrols11, `e1,,,k1,high,s1,student,,,`, `e2,,,k1,high,t1,teacher,true,,`)},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 1, Contacts: 2, Lines: 2, Classes: 1, Enrolments: 2, Staff: 1},
			says: []string{"person_again", "id_twice"},
			check: func(t *testing.T, rec *records) {
				sameAs(t, "at both schools", []string{"mid"}, studentNamed(t, rec, "s1").others)
				lineOf(t, rec, "s1", "Tom")
				sameAs(t, "the first person counts", "pam@home.example", contactNamed(t, rec, "Pam").Email)
				sameAs(t, "the teacher", "t1", rec.staff[0].sourceID)
			},
		},
		"roles of 1.2: a teacher who is somebody's parent, columns of the vendor": {
			files: []string{"manifest.csv", manifest("1.2", "bulk"), "orgs.csv", orgsFile,
				"users.csv", file(users12+",metadata.vendor.localId",
					`s1,,,true,ana,{SIS:1001},Ana,Roe,,1001,,,,"t1,p1",09,,,,Anita,,,high,she,77`,
					`t1,,,true,tom,,Tom,Roe,,,tom@school.example,,,,,,,,,,,high,,78`,
					`p1,,,true,pam,,Pam,Roe,,,pam@home.example,,,,,,,,,,,high,,79`),
				"roles.csv", file(roles12, `r1,,,s1,primary,student,2026-08-01,2027-06-30,high,`, `r2,,,t1,primary,teacher,,,high,`, `r3,,,t1,secondary,parent,,,high,`,
					`r4,,,p1,primary,guardian,,,high,`, `r5,,,s1,secondary,student,,,mid,`),
				"classes.csv", file(classes11, `k1,,,Physics,09,c1,P1,scheduled,,high,y1,,,1`),
				"enrollments.csv", file(enrols11, `e1,,,k1,high,s1,student,,,`, `e2,,,k1,high,t1,teacher,true,,`)},
			want: counts{Format: "OneRoster 1.2", Schools: 3, Students: 1, Contacts: 2, Lines: 2, Classes: 1, Enrolments: 2, Staff: 1},
			check: func(t *testing.T, rec *records) {
				ana := studentNamed(t, rec, "s1")
				sameAs(t, "ana", []any{"Anita", "high", []string{"mid"}}, []any{ana.PreferredFirst, ana.school, ana.others})
				sameAs(t, "what the teacher is to the child", "parent", contactNamed(t, rec, "Tom").relationship)
			},
		},
		"semicolons, names of columns as people write them, CR LF": {
			files: []string{"orgs.csv", orgsFile, "users.csv", strings.ReplaceAll(file("\ufeff\"Sourced Id\"; Status ;Date Last Modified;Enabled User;Org Sourced Ids;Role;Given Name;"+
				"Family Name;Identifier;Email;Agent Sourced Ids;Grades",
				"s1;;;1;high;Student;Ana;Roe;1001;;p1,p2;09", "p1;;;1;high;Parent/Guardian;Pam;Roe;;pam@home.example;;", "p2;;;1;high;Step-Mother;Sue;Roe;;sue@home.example;;"), "\n", "\r\n")},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 1, Contacts: 2, Lines: 2},
			says: []string{"semicolons", "column_named"},
			check: func(t *testing.T, rec *records) {
				sameAs(t, "relationship", "stepmother", contactNamed(t, rec, "Sue").relationship)
			},
		},
		"tabs, Windows-1252 in one file and UTF-8 in the other": {
			files: []string{"orgs.csv", file("sourcedId,name,type", "high,Núñez High,school"), "users.csv", strings.ReplaceAll(file("sourcedId,role,orgSourcedIds,givenName,familyName,identifier,agentSourcedIds",
				"s1,student,high,Jos\xe9,N\xfa\xf1ez,1001,p1", "p1,parent,high,Zo\xeb,M\xfcller,,"), ",", "\t")},
			want: counts{Format: "OneRoster 1.1", Schools: 1, Students: 1, Contacts: 1, Lines: 1},
			says: []string{"tabs", "windows_1252"},
			check: func(t *testing.T, rec *records) {
				sameAs(t, "names", []string{"José", "Núñez", "Müller", "Núñez High"}, []string{rec.students[0].First, rec.students[0].Last, rec.contacts[0].Last, rec.schools[0].Name})
			},
		},
		"scripts from right to left, combining letters": {
			files: []string{"orgs.csv", orgsFile, "users.csv", file(users11, "s1,,,true,high,student,,,\u202eمحمد\u202c,الأحمد,,1001,,,,p1,09,",
				"s2,,,true,high,student,,,Jose\u0301,Nu\u0301n\u0303ez,,1002,,,,p1,09,", "p1,,,true,high,parent,,,\u200fשרה\u200f,כהן,,,sara@home.example,,,,,")},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 2, Contacts: 1, Lines: 2},
			check: func(t *testing.T, rec *records) {
				sameAs(t, "nothing turns the rest of a page round", []string{"محمد", "الأحمد"}, []string{rec.students[0].First, rec.students[0].Last})
			},
		},
		"birth dates as Americans write them": {
			files: []string{"orgs.csv", orgsFile, "users.csv", file(users11, "s1,,,true,high,student,,,Ana,Roe,,1001,,,,,09,", "s2,,,true,high,student,,,Ben,Roe,,1002,,,,,09,"),
				"demographics.csv", file("sourcedId,status,dateLastModified,birthDate,sex", "s1,,,4/5/2010,F", "s2,,,12/31/2009,M")},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 2},
			check: func(t *testing.T, rec *records) {
				sameAs(t, "birth dates", []string{"2010-04-05", "2009-12-31"}, []string{rec.students[0].BirthDate, rec.students[1].BirthDate})
			},
		},
		"a comma without quotes, and one field of half a megabyte": {
			files: []string{"orgs.csv", orgsFile, "users.csv", file(users11, "s1,,,true,high,student,,,Ana,Roe, Jr,,1001,,,,p1,09,", "s2,,,true,high,student,,,Ben,Roe,,1002,,,,p1,09,",
				"s3,,,true,high,student,,,Cleo,Roe,"+strings.Repeat("x", 512<<10)+",1003,,,,p1,09,", "s4,,,true,high,student,,,"+strings.Repeat("y", 200)+",Roe,,1004,,,,p1,09,",
				"p1,,,true,high,parent,,,Pam,Roe,,,pam@home.example,,,,,")},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 1, Contacts: 1, Lines: 1},
			says: []string{"row_long", "quote_open", "name_l"},
			check: func(t *testing.T, rec *records) {
				sameAs(t, "stand in it all the same", map[string]bool{"s1": true, "s3": true, "s4": true}, rec.kept)
			},
		},
		"an empty field at the end of every row": {
			files: []string{"orgs.csv", orgsFile, "users.csv", strings.ReplaceAll(file(users11, "s1,,,true,high,student,,,Ana,Roe,,1001,,,,p1,09,",
				"p1,,,true,high,parent,,,Pam,Roe,,,pam@home.example,,,,,"), ",\n", ",,\n")},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 1, Contacts: 1, Lines: 1},
		},
		"optional files that are empty or hold a header alone": {
			files: []string{"manifest.csv", manifest("1.1", "bulk"), "orgs.csv", orgsFile, "users.csv", file(users11, "s1,,,true,high,student,,,Ana,Roe,,1001,,,,,09,"),
				"demographics.csv", "sourcedId,birthDate\n", "classes.csv", classes11 + "\n", "enrollments.csv", enrols11 + "\n", "resources.csv", ""},
			want: counts{Format: "OneRoster 1.1", Schools: 3, Students: 1},
			says: []string{"no_rows"},
		},
		"one file under the name that a browser gave it": {
			files: []string{"users (1).csv", file(users11, "s1,,,true,high,student,,,Ana,Roe,,1001,,,,p1,09,", "p1,,,true,high,parent,,,Pam,Roe,,,pam@home.example,,,,,",
				"t1,,,true,high,principal,,,Tom,Roe,,,,,,,,")},
			want: counts{Format: "OneRoster 1.1", Students: 1, Contacts: 1, Lines: 1, Staff: 1},
			says: []string{"file_is_users"},
		},
	}
}

func TestRostersAsVendorsWriteThemHoldWhatASchoolExpects(t *testing.T) {
	for name, v := range vendorCases() {
		t.Run(name, func(t *testing.T) {
			rec, found := readAt(t, bundleOf(t, v.files...), "")
			sameAs(t, "counts", v.want, countsOf(rec))
			checkRecords(t, rec)
			for _, says := range v.says {
				if !mentions(found, says) {
					t.Errorf("nothing said of %q: %v", says, found)
				}
			}
			if v.check != nil {
				v.check(t, rec)
			}
		})
	}
}

// zippedIn is a zip of files, name, text, and so on, as file managers make it.
func zippedIn(t testing.TB, folder string, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if folder != "" {
		files = append([]string{"__MACOSX/" + folder + "._users.csv", "\x00\x05\x16\x07", folder + ".DS_Store", "Bud1"}, files...)
	}
	for i := 0; i < len(files); i += 2 {
		name := files[i]
		if !strings.HasPrefix(name, "__") && !strings.HasPrefix(name, folder) {
			name = folder + name
		}
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "Export of today.zip")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAVendorsRosterTwiceChangesNothing takes every shape in, packed as a file manager packs it, and a second time.
func TestAVendorsRosterTwiceChangesNothing(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		cases := vendorCases()
		for _, name := range sortedKeys(cases) {
			v := cases[name]
			if len(v.files) == 2 {
				continue // one file by itself is no package
			}
			path := zippedIn(t, "Morgan/", v.files...)
			rep := o.take(path, Options{School: "Morgan High", AllowRemovals: true})
			if got := rep.Students.Added + rep.Students.Changed + rep.Students.Same; got != v.want.Students {
				t.Errorf("%s: %d students", name, got)
			}
			again := o.take(path, Options{School: "Morgan High"})
			o.same(name+", steps of the second time", 0, again.Steps)
		}
	})
}

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// withUsers is an oneRoster package of a users.csv.
func withUsers(t *testing.T, rows ...string) string {
	return bundleOf(t, "orgs.csv", orgsFile, "users.csv", file(users11, rows...))
}

func TestOPS7ARowThatCannotBeReadTakesNobodyAway(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		const ana, ben = "s1,,,true,mid,student,,,Ana,Roe,,1001,,,,p1,09,", "s2,,,true,mid,student,,,Ben,Roe,,1002,,,,\"p1,p2\",09,"
		const pam, max = "p1,,,true,mid,parent,,,Pam,Roe,,,pam@home.example,,,,,", "p2,,,true,mid,parent,,,Max,Roe,,,max@home.example,,,,,"
		gus := "p3,,,true,mid,parent,,,Gus,Roe,,,gus@home.example,,,s1,,"
		o.take(withUsers(t, ana, ben, pam, max, gus), Options{})
		was := o.recordsNow()
		for what, rows := range map[string][]string{
			"a comma in a student's name":     {strings.Replace(ana, "Roe", "Roe, Jr", 1), ben, pam, max, gus},
			"a quote in a student's name":     {strings.Replace(ana, "Ana", `"Ana`, 1), ben, pam, max, gus},
			"a comma in an adult's name":      {ana, ben, strings.Replace(pam, "Roe", "Roe, Jr", 1), max, gus},
			"a comma in the linking row":      {ana, ben, pam, max, strings.Replace(gus, "Roe", "Roe, Jr", 1)},
			"names that are missing":          {strings.Replace(ana, "Ana,Roe", ",", 1), ben, pam, strings.Replace(max, "Max,Roe", ",", 1), gus},
			"a name that is too long":         {ana, ben, strings.Replace(pam, "Pam", strings.Repeat("x", 129), 1), max, gus},
			"a student's role that is empty":  {strings.Replace(ana, "student", "", 1), ben, pam, max, gus},
			"a student's role that is no one": {ana, strings.Replace(ben, "student", "learner", 1), pam, max, gus},
		} {
			rep := o.take(withUsers(t, rows...), Options{})
			o.same(what, []int{0, 0, 0, 0}, []int{rep.Students.Removed, rep.Contacts.Removed, rep.Lines.Removed, rep.LosesAccess})
			if !slices.ContainsFunc(rep.Findings, func(x Finding) bool { return x.Level == Skipped }) {
				t.Errorf("%s: nothing said", what)
			}
			o.same(what+": records", was, o.recordsNow())
		}
		rep := o.take(withUsers(t, ben, pam, max, gus), Options{AllowRemovals: true})
		o.same("who is not in the file at all", []int{1, 0}, []int{rep.Students.Removed, rep.Contacts.Removed})
	})
	t.Run("another format", func(t *testing.T) {
		o := newOffice(t, sqldbtest.SQLite(t))
		clever := func(rows ...string) string {
			return bundleOf(t, "schools.csv", "School_id,School_name\n1,Morgan High\n", "students.csv",
				file("School_id,Student_id,Student_number,Last_name,First_name,Contact_relationship,Contact_name,Contact_email,Contact_sis_id", rows...))
		}
		const first, second = "1,S1,1,Roe,Ana,Mother,Jane Roe,jane@example.org,P1", "1,S1,1,Roe,Ana,Father,John Roe,john@example.org,P2"
		o.take(clever(first, second, "1,S2,2,Roe,Ben,Mother,Jane Roe,jane@example.org,P1"), Options{})
		rep := o.take(clever(first, strings.Replace(second, "John Roe", "Roe, John", 1), "1,S2,2,,,Mother,Jane Roe,jane@example.org,P1"), Options{})
		o.same("Clever", []int{0, 0, 0}, []int{rep.Students.Removed, rep.Contacts.Removed, rep.Lines.Removed})
	})
	t.Run("another format", func(t *testing.T) {
		o := newOffice(t, sqldbtest.SQLite(t))
		sds := func(relations ...string) string {
			return bundleOf(t, "orgs.csv", "sourcedId,name,type\nhigh,Morgan High,school\n", "users.csv",
				file("sourcedId,username,givenName,familyName,email", "s1,ana,Ana,Roe,", "s2,ben,Ben,Roe,", "p1,pam@home.example,Pam,Roe,pam@home.example"),
				"roles.csv", file("userSourcedId,orgSourcedId,role", "s1,high,student", "s2,high,student"),
				"relationships.csv", file("userSourcedId,relationshipUserSourcedId,relationshipRole", relations...))
		}
		o.take(sds("s1,p1,parent", "s2,p1,parent"), Options{})
		rep := o.take(sds("s1,p1,parent", "s2,p1,parent,guardian"), Options{})
		o.same("SDS", []int{0, 0}, []int{rep.Lines.Removed, rep.LosesAccess})
		rep = o.take(sds("s1,p1,parent"), Options{AllowRemovals: true})
		o.same("SDS, a line that is not there", 1, rep.Lines.Removed)
	})
}

// taught is a package of one school with a term, a course of the district, a class and its people.
func taughtAt(t *testing.T, school, more string) string {
	orgs := "sourcedId,name,type,parentSourcedId\nd,River District,district,\n" + school + ",School " + school + ",school,d\n"
	return bundleOf(t, "orgs.csv", orgs, "users.csv", file(users11, "s"+school+",,,true,"+school+",student,,,Ana,Roe,,1"+school+",,,,p"+school+",09,",
		"p"+school+",,,true,"+school+",parent,,,Pam,Roe,,,pam"+school+"@home.example,,,,,", "t"+school+",,,true,"+school+",teacher,,,Tom,Roe,,,,,,,,"),
		"academicSessions.csv", file(terms11, "y"+school+",,,Year,schoolYear,2026-08-01,2027-07-01,,2027", "f"+school+","+more+",,Fall,term,2026-08-01,2027-01-15,y"+school+",2027"),
		"courses.csv", file(courses11, "c"+school+",,,y"+school+",Physics,PHY,09,d,,"),
		"classes.csv", file(classes11, "k"+school+",,,Physics 1,09,c"+school+",P1,scheduled,,"+school+",f"+school+",,,1"),
		"enrollments.csv", file(enrols11, "e"+school+",,,k"+school+","+school+",s"+school+",student,,,", "g"+school+",,,k"+school+","+school+",t"+school+",teacher,true,,"))
}

var classTables = []string{"term", "course", "class", "class_term", "enrolment", "teacher"}

func TestOPS7ARosterOfOneSchoolLeavesTheTermsAndCoursesOfOthers(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(taughtAt(t, "A", ""), Options{})
		was := o.dump(classTables...)
		rep := o.take(taughtAt(t, "B", ""), Options{})
		o.same("of the other school", []Tally{{Added: 2}, {Added: 1}, {Added: 1}}, []Tally{rep.Terms, rep.Courses, rep.Classes})
		now := o.dump(classTables...)
		for _, name := range classTables {
			for _, row := range was[name] {
				if !slices.Contains(now[name], row) {
					t.Errorf("%s: no longer there: %s", name, row)
				}
			}
		}
		for _, school := range []string{"A", "B"} {
			o.same(school+" again", 0, o.take(taughtAt(t, school, ""), Options{}).Steps)
		}
	})
}

func TestWhatAFileDeletesASecondTimeIsNoChange(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(taughtAt(t, "A", ""), Options{})
		rep := o.take(taughtAt(t, "A", "tobedeleted"), Options{})
		o.same("deleted", []any{Tally{Same: 1, Removed: 1}, true}, []any{rep.Terms, rep.Steps > 0})
		rep = o.take(taughtAt(t, "A", "tobedeleted"), Options{})
		o.same("again", []any{Tally{Same: 1}, 0}, []any{rep.Terms, rep.Steps})
		o.same("back", Tally{Changed: 1, Same: 1}, o.take(taughtAt(t, "A", ""), Options{}).Terms)
	})
}

func TestATeacherWhoIsAParentHasClassesAndChildren(t *testing.T) {
	onSQLite(t, func(t *testing.T, o *office) {
		v := vendorCases()["roles of 1.2: a teacher who is somebody's parent, columns of the vendor"]
		rep := o.take(bundleOf(t, v.files...), Options{})
		o.same("report", []Tally{{Added: 1}, {Added: 2}, {Added: 2}}, []Tally{rep.Teachers, rep.Enrolments, rep.Lines})
		rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: "2026-11-23"}
		o.same("may open", roster.MayOpen, rule.May(o.line("s1", "t1"), roster.Enrolled, false))
	})
}
