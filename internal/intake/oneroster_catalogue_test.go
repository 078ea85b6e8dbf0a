package intake

import (
	"strings"
	"testing"
)

// goodOneRoster is a small OneRoster 1.2 package of all files that are read, with nothing wrong in it.
func goodOneRoster() map[string]string {
	manifest := "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nsource.systemName,S\nsource.systemCode,1\n"
	files := map[string]string{
		"orgs.csv":             "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,Morgan,district,,\nh,,,Morgan High,school,,d\n",
		"academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\ny,,,Year,schoolYear,2026-08-01,2027-06-01,,2027\nt,,,Fall,term,2026-08-01,2026-12-20,y,2027\n",
		"courses.csv":          "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\nk,,,y,Algebra,A1,09,h,Math,02\n",
		"classes.csv":          "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nc,,,Algebra 1,09,k,A1-1,scheduled,R1,h,t,Math,02,1\n",
		"users.csv": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n" +
			"s,,,true,ana,,Ana,Roe,,417,,,,p,09,,,,,,,h,\np,,,true,jane,,Jane,Roe,,,jane@example.org,,,s,,,,,,,,h,\nw,,,true,tom,,Tom,Teach,,,tom@example.org,,,,,,,,,,,h,\n",
		"roles.csv":        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n1,,,s,primary,student,,,h,\n2,,,p,primary,parent,,,h,\n3,,,w,primary,teacher,,,h,\n",
		"enrollments.csv":  "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\ne1,,,c,h,s,student,false,,\ne2,,,c,h,w,teacher,true,,\n",
		"demographics.csv": "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus\ns,,,2011-02-03,female,,,,,,,,,,,\n",
		"userProfiles.csv": "sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,applicationId,description,credentialType,username,password\nf,,,s,x,v,,,c,ana,Hunter2\n",
		"categories.csv":   "sourcedId,status,dateLastModified,title,weight\ng,,,Tests,1\n",
		"lineItems.csv":    "sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,gradingPeriodSourcedId,resultValueMin,resultValueMax,schoolSourcedId\nl,,,Test,,2026-09-01,2026-09-02,c,g,t,0,100,h\n",
		"results.csv":      "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment,textScore,classSourcedId,inProgress,incomplete,late,missing\nr,,,l,s,fully graded,90,2026-09-02,,,c,,,,\n",
		"scoreScales.csv":  "sourcedId,status,dateLastModified,title,type,orgSourcedId,courseSourcedId,classSourcedId,scoreScaleValue\nz,,,Letters,x,h,k,c,\"{A:90},{B:80}\"\n",
	}
	for name := range files {
		manifest += "file." + strings.TrimSuffix(name, ".csv") + ",bulk\n"
	}
	for _, name := range []string{"resources", "classResources", "courseResources", "userResources", "lineItemScoreScales", "resultScoreScales",
		"lineItemLearningObjectiveIds", "resultLearningObjectiveIds"} {
		manifest += "file." + name + ",absent\n"
	}
	files["manifest.csv"] = manifest
	return files
}

// noticedIn reads a package and returns what was found, without what is said of every package.
func noticedIn(t *testing.T, files map[string]string) (*records, []Finding) {
	t.Helper()
	b := &bundle{files: map[string]entry{}}
	for n, text := range files {
		b.files[strings.ToLower(n)] = asEntry(n, text)
	}
	f, rec := newFindings(), newRecords()
	if err := readOneRoster(b, "2026-11-23", f, rec); err != nil {
		t.Fatal(err)
	}
	var all []Finding
	for _, x := range f.list() {
		if x.Code != sayNotKept && x.Code != sayStaff {
			all = append(all, x)
		}
	}
	return rec, all
}

func TestAPackageAsTheStandardHasItSaysNothing(t *testing.T) {
	rec, found := noticedIn(t, goodOneRoster())
	if len(found) > 0 {
		t.Errorf("%v", found)
	}
	want := counts{Format: "OneRoster 1.2", Schools: 2, Students: 1, Contacts: 1, Lines: 1, Terms: 2, Courses: 1, Classes: 1, Enrolments: 2, Staff: 1}
	if got := countsOf(rec); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestEachRuleOfTheStandardThatIsBrokenIsFound(t *testing.T) {
	for name, tt := range map[string]struct {
		file, from, to, says string
		level                Level
	}{
		"manifest: version":            {"manifest.csv", "manifest.version,1.0", "manifest.version,1", "manifest_version", Note},
		"manifest: version of files":   {"manifest.csv", "oneroster.version,1.2", "oneroster.version,1.1", "version_told", Warning},
		"manifest: mode":               {"manifest.csv", "file.orgs,bulk", "file.orgs,all", "manifest_mode", Warning},
		"manifest: unknown property":   {"manifest.csv", "source.systemName,S", "source.name,S", "manifest_property", Warning},
		"manifest: file undeclared":    {"manifest.csv", "file.courses,bulk\n", "", "manifest_undeclared", Warning},
		"manifest: declared absent":    {"manifest.csv", "file.courses,bulk", "file.courses,absent", "manifest_absent", Warning},
		"manifest: twice":              {"manifest.csv", "manifest.version,1.0", "manifest.version,1.0\nmanifest.version,1.0", "manifest_twice", Warning},
		"manifest: name of the column": {"manifest.csv", "propertyName,value", "propertyName,propertyValue", "column_named", Note},
		"header: order":                {"categories.csv", "title,weight", "weight,title", "column_order", Note},
		"header: unknown column":       {"categories.csv", "title,weight", "title,heft", "column_unknown", Warning},
		"header: twice":                {"categories.csv", "title,weight", "title,title", "column_twice", Warning},
		"header: missing":              {"classes.csv", "classType", "metadata.x", "column_missing", Warning},
		"row: required":                {"academicSessions.csv", "y,,,Year", "y,,,", "value_missing", Warning},
		"row: status in bulk":          {"orgs.csv", "h,,,", "h,active,,", "bulk_status", Note},
		"row: id characters":           {"categories.csv", "g,,,", "g g,,,", "id_letters", Note},
		"row: id twice":                {"categories.csv", "g,,,Tests,1", "g,,,Tests,1\ng,,,Tests,1", "id_again", Skipped},
		"row: enum":                    {"academicSessions.csv", ",term,", ",trimester,", "value_unknown", Warning},
		"row: enum's case":             {"classes.csv", "scheduled", "Scheduled", "value_spelled", Note},
		"row: boolean":                 {"enrollments.csv", "teacher,true", "teacher,maybe", "truth_unclear", Warning},
		"row: date":                    {"academicSessions.csv", "2026-12-20", "20.13.2026", "date_unfit", Warning},
		"row: year":                    {"academicSessions.csv", ",,2027", ",,soon", "year_unfit", Warning},
		"row: span of years":           {"academicSessions.csv", ",,2027", ",,2026-27", "year_span", Note},
		"row: number":                  {"categories.csv", "Tests,1", "Tests,much", "number_unfit", Warning},
		"row: quote":                   {"categories.csv", "g,,,Tests,1", "g,,,Te\"sts,1", "quote_within", Note},
		"row: line break":              {"categories.csv", "g,,,Tests,1", "g,,,\"Te\nsts\",1", "line_break", Note},
		"row: lost letters":            {"orgs.csv", "Morgan High", "Morg?? High", "school_letters_lost", Warning},
		"reference: class":             {"enrollments.csv", "e1,,,c,", "e1,,,nowhere,", "reference_unknown_row", Skipped},
		"reference: person":            {"enrollments.csv", "h,s,student", "h,nobody,student", "reference_unknown_row", Skipped},
		"reference: course":            {"classes.csv", "09,k,", "09,nothing,", "reference_unknown", Warning},
		"reference: term":              {"classes.csv", ",h,t,", ",h,\"t,u\",", "reference_unknown", Warning},
		"reference: parent":            {"orgs.csv", "school,,d", "school,,x", "reference_unknown", Warning},
		"reference: no such file":      {"scoreScales.csv", "", "", "", ""},
		"meaning: a school":            {"classes.csv", "R1,h,", "R1,d,", "school_wanted", Warning},
		"meaning: a school year":       {"courses.csv", "k,,,y,", "k,,,t,", "school_year_wanted", Warning},
		"meaning: a term of classes":   {"classes.csv", ",h,t,", ",h,y,", "term_wanted", Note},
		"meaning: one primary role":    {"roles.csv", "2,,,p,primary,parent,,,h,", "2,,,p,primary,parent,,,h,\n4,,,p,primary,guardian,,,h,", "primary_twice", Note},
		"meaning: a code of grades":    {"users.csv", ",,,p,09", ",,,p,9", "grade_code", Note},
		"meaning: above itself":        {"academicSessions.csv", "2027-06-01,,", "2027-06-01,t,", "above_itself", Warning},
		"meaning: organisations":       {"orgs.csv", "district,,", "district,,h", "above_itself", Warning},
		"meaning: role of enrolment":   {"enrollments.csv", "h,w,teacher", "h,w,student", "enrolment_other_role", Skipped},
		"meaning: twice in a class":    {"enrollments.csv", "e2,,,c,h,w,teacher", "e2,,,c,h,s,student", "class_twice", Note},
		"meaning: begin and end":       {"academicSessions.csv", "2026-08-01,2026-12-20", "2026-12-20,2026-08-01", "dates_turned", Warning},
		"meaning: range of a result":   {"results.csv", ",90,", ",190,", "result_score", Warning},
		"meaning: not in the class":    {"results.csv", "l,s,", "l,p,", "result_class", Warning},
		"meaning: result of no child":  {"results.csv", "l,s,", "l,p,", "student_wanted", Warning},
		"meaning: range":               {"lineItems.csv", ",0,100,", ",100,0,", "result_range", Warning},
		"meaning: score scale":         {"scoreScales.csv", "{A:90},{B:80}", "A=90", "scale_unfit", Warning},
		"meaning: subjects":            {"courses.csv", "Math,02", "Math,\"02,03\"", "subject_codes", Note},
		"people: agent of itself":      {"users.csv", ",,,p,09", ",,,\"p,s\",09", "line_to_self", Warning},
		"people: agent who is staff":   {"users.csv", ",,,p,09", ",,,\"p,w\",09", "line_to_staff", Warning},
		"people: agent unknown":        {"users.csv", ",,,p,09", ",,,\"p,q\",09", "line_unknown", Warning},
		"people: address":              {"users.csv", "jane@example.org", "jane at home", "email_unfit", Warning},
	} {
		if tt.from == "" {
			continue
		}
		files := goodOneRoster()
		was := files[tt.file]
		files[tt.file] = strings.Replace(was, tt.from, tt.to, 1)
		if files[tt.file] == was {
			t.Fatalf("%s: %q is not there", name, tt.from)
		}
		_, found := noticedIn(t, files)
		ok := false
		for _, x := range found {
			ok = ok || strings.EqualFold(x.File, tt.file) && string(x.Code) == tt.says && x.Level == tt.level
		}
		if !ok {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestDeltaAndBulkFilesMayStandInOnePackage(t *testing.T) {
	files := goodOneRoster()
	files["manifest.csv"] = strings.Replace(strings.Replace(files["manifest.csv"], "file.users,bulk", "file.users,delta", 1), "file.enrollments,bulk", "file.enrollments,delta", 1)
	files["users.csv"] = strings.Replace(files["users.csv"], "s,,,true", "s,active,2026-11-01T10:00:00Z,true", 1)
	files["enrollments.csv"] = strings.Replace(files["enrollments.csv"], "e1,,,c,h,s", "e1,tobedeleted,2026-11-01T10:00:00Z,old,h,gone", 1)
	rec, found := noticedIn(t, files)
	if rec.whole || !rec.full.classes || rec.full.enrolments {
		t.Errorf("whole %v, classes %v, enrolments %v", rec.whole, rec.full.classes, rec.full.enrolments)
	}
	if len(rec.enrols) != 2 || !rec.enrols[0].gone || rec.enrols[1].gone {
		t.Errorf("%+v", rec.enrols)
	}
	if !mentions(found, "delta_time") {
		t.Errorf("%v", found)
	}
}
