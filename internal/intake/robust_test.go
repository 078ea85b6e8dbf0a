package intake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// samples are packages of every format, whole.
func samples(t testing.TB) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for name, format := range map[string]string{"sds21": "sds", "sds1": "sds-v1", "clever": "clever", "edfi5": "edfi", "edficsv": "edfi-csv", "plain": "table",
		"dirty12": "oneroster"} {
		files := map[string]string{}
		found, err := filepath.Glob(filepath.Join("testdata", name, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(path)] = string(data)
		}
		all[format] = files
	}
	all["edfi"]["all.xml"] = edfiMade
	all["edfi"]["taught.xml"] = edfiTaughtMade
	for _, name := range []string{"Contact.xml", "MasterSchedule.xml", "StaffAssociation.xml", "EducationOrgCalendar.xml"} { // long; the made ones hold all that is read
		delete(all["edfi"], name)
	}
	all["table"]["book.xlsx"] = string(workbookOf(t))
	return all
}

// parseFiles reads files without a folder, in a format.
func parseFiles(files map[string]string, name string) (*records, error) {
	b := &bundle{files: map[string]entry{}, close: func() error { return nil }}
	for n, text := range files {
		b.files[strings.ToLower(n)] = asEntry(n, text)
	}
	rec := newRecords()
	for _, k := range formats() {
		if k.name == name {
			k.knows(b)
			return rec, k.read(b, "2026-11-23", newFindings(), rec)
		}
	}
	return rec, fault.Invalidf("no format")
}

func with(files map[string]string, name, text string) map[string]string {
	next := map[string]string{}
	for n, t := range files {
		next[n] = t
	}
	next[name] = text
	return next
}

func TestOPS7APackageCutOffAnywhereNeverTakesPeopleToBeGone(t *testing.T) {
	for format, files := range samples(t) {
		for name, text := range files {
			step := 1 << 10
			if len(text) < 8<<10 {
				step = max(1, len(text)/64)
			}
			for at := 0; at < len(text); at += step {
				rec, err := parseFiles(with(files, name, text[:at]), format)
				if err != nil {
					if !fault.Is(err, fault.Invalid) {
						t.Errorf("%s, %s at %d: %v", format, name, at, err)
					}
					continue
				}
				checkRecords(t, rec)
				if strings.HasSuffix(name, ".xml") && rec.whole && at > 0 {
					t.Errorf("%s at %d: taken as whole", name, at)
				}
			}
		}
	}
}

func TestFlippedBytesOfAnyFormatNeverPanic(t *testing.T) {
	all := samples(t)
	rapid.Check(t, func(rt *rapid.T) {
		for format, files := range all {
			for name, text := range files {
				data := []byte(text)
				if len(data) == 0 || len(data) > 20<<10 {
					continue
				}
				for range rapid.IntRange(1, 8).Draw(rt, "flips") {
					data[rapid.IntRange(0, len(data)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
				}
				rec, err := parseFiles(with(files, name, string(data)), format)
				if err == nil {
					checkRecords(t, rec)
				} else if !fault.Is(err, fault.Invalid) {
					rt.Fatalf("%s, %s: %v", format, name, err)
				}
			}
		}
	})
}

func FuzzSDS(f *testing.F) {
	f.Add("sourcedId,givenName,familyName,email\n1,a,b,\n2,c,d,x@example.org\n", "userSourcedId,relationshipUserSourcedId,relationshipRole\n1,2,guardian\n",
		"userSourcedId,orgSourcedId,role\n1,3,student\n")
	f.Fuzz(func(t *testing.T, users, relations, roles string) {
		take(t, "sds", map[string]string{"users.csv": users, "relationships.csv": relations, "roles.csv": roles})
	})
}

func FuzzSDS1(f *testing.F) {
	f.Add("SIS ID,School SIS ID,First Name,Last Name,Birthdate\n1,2,a,b,4/5/2010\n", "Email,First Name,Last Name\nx@example.org,c,d\n", "SIS ID,Email,Role\n1,x@example.org,Parent\n")
	f.Fuzz(func(t *testing.T, students, users, relations string) {
		take(t, "sds-v1", map[string]string{"Student.csv": students, "User.csv": users, "GuardianRelationship.csv": relations})
	})
}

func FuzzClever(f *testing.F) {
	f.Add("School_id,Student_id,Last_name,First_name,Contact_name,Contact_type,Contact_email\n1,2,a,b,\"c, d\",Mother,x@example.org\n",
		"School_id,Section_id,Teacher_id,Term_name,Term_start\n1,2,3,Fall,8/1/2026\n")
	f.Fuzz(func(t *testing.T, students, sections string) {
		take(t, "clever", map[string]string{"students.csv": students, "sections.csv": sections})
	})
}

func FuzzEdFi(f *testing.F) {
	f.Add(edfiMade)
	f.Add(edfiTaughtMade)
	f.Add("<InterchangeContact><Contact id='a'><ContactUniqueId>1</ContactUniqueId><Name><FirstName>a</FirstName></Name></Contact></InterchangeContact>")
	f.Fuzz(func(t *testing.T, text string) { take(t, "edfi", map[string]string{"a.xml": text}) })
}

func FuzzTables(f *testing.F) {
	f.Add("id,first_name,last_name,birth_date,mother_email,mother_name\n1,a,b,4/5/2010,x@example.org,c d\n", aeriesMade)
	f.Fuzz(func(t *testing.T, students, contacts string) {
		take(t, "table", map[string]string{"a.csv": students, "b.csv": contacts})
	})
}

func FuzzWorkbook(f *testing.F) {
	f.Add(workbookOf(f))
	f.Fuzz(func(t *testing.T, data []byte) { take(t, "table", map[string]string{"a.xlsx": string(data)}) })
}

func FuzzOneRosterOthers(f *testing.F) {
	f.Add("sourcedId,title,type,startDate,endDate,schoolYear\n1,a,term,2026-08-01,2026-12-01,2027\n", "sourcedId,classSourcedId,userSourcedId,role\n1,2,3,student\n")
	f.Fuzz(func(t *testing.T, sessions, enrolments string) {
		take(t, "oneroster", map[string]string{"users.csv": "sourcedId,givenName,familyName,role\n3,a,b,student\n", "academicSessions.csv": sessions,
			"enrollments.csv": enrolments, "classes.csv": "sourcedId,title\n2,x\n"})
	})
}

func take(t *testing.T, format string, files map[string]string) {
	t.Helper()
	rec, err := parseFiles(files, format)
	if err == nil {
		checkRecords(t, rec)
	} else if !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}
