package intake

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

func TestEachFormatImportedAgainChangesNothing(t *testing.T) {
	for _, name := range []string{"sds21", "sds1", "clever", "edfi5", "edficsv", "plain"} {
		atOffice(t, func(t *testing.T, o *office) {
			first := o.take("testdata/"+name, Options{School: "Morgan High"})
			was := o.dump(recordTables...)
			again := o.take("testdata/"+name, Options{School: "Morgan High"})
			o.same(name+" again", was, o.dump(recordTables...))
			o.same(name+" lines", first.Lines.Added, again.Lines.Same)
			o.same(name+" students", first.Students.Added, again.Students.Same)
		})
	}
}

// cleverWith is a Clever package of two students with one mother, who has this address.
func cleverWith(t *testing.T, email string) string {
	const header = "School_id,Student_id,Student_number,Last_name,First_name,Contact_relationship,Contact_name,Contact_phone,Contact_phone_type,Contact_email\n"
	return bundleOf(t, "schools.csv", "School_id,School_name\n1,Morgan High\n", "students.csv", header+
		"1,S1,1,Roe,Ana,Mother,Jane Roe,5550100,Cell,"+email+"\n1,S2,2,Roe,Ben,Mother,Jane Roe,5550100,Cell,"+email+"\n1,S2,2,Roe,Ben,Father,John Roe,,,\n")
}

func TestAPersonWithoutAnIDIsKnownAgainWhenTheAddressChanges(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(cleverWith(t, "jane@example.org"), Options{})
		find := func() roster.Contact {
			all := o.snapshot().Contacts
			return all[slices.IndexFunc(all, func(c roster.Contact) bool { return c.First == "Jane" && !c.Left })]
		}
		was := find()
		rep := o.take(cleverWith(t, "jane.roe@example.org"), Options{})
		now := find()
		if now.ID != was.ID || now.Email != "jane.roe@example.org" || rep.Lines.Removed+rep.Contacts.Removed+rep.Contacts.Added+rep.LosesAccess > 0 {
			t.Errorf("was %+v, now %+v, report %+v", was, now, rep)
		}
		_, addresses := o.heardOf()
		if len(addresses) != 1 {
			t.Errorf("the hook heard of %d moved addresses", len(addresses))
		}
		o.same("again", Tally{Same: 2}, o.take(cleverWith(t, "jane.roe@example.org"), Options{}).Contacts)
	})
}

func TestAPersonIsKnownAgainWhenTheFileBeginsToHaveIDs(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(cleverWith(t, "jane@example.org"), Options{})
		const header = "School_id,Student_id,Student_number,Last_name,First_name,Contact_relationship,Contact_name,Contact_email,Contact_sis_id\n"
		rep := o.take(bundleOf(t, "schools.csv", "School_id,School_name\n1,Morgan High\n", "students.csv", header+
			"1,S1,1,Roe,Ana,Mother,Jane Roe,jane@example.org,P1\n1,S2,2,Roe,Ben,Mother,Jane Roe,jane@example.org,P1\n1,S2,2,Roe,Ben,Father,John Roe,,P2\n"), Options{})
		o.same("contacts", Tally{Changed: 2}, rep.Contacts)
		o.same("lines", []int{0, 0, 3}, []int{rep.Lines.Added, rep.Lines.Removed, rep.Lines.Same})
		o.same("the id", "Jane", o.contact("P1").First)
	})
}

func TestAFileOfStudentsAloneLeavesContactsAsTheyAre(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take("testdata/plain", Options{})
		students, err := os.ReadFile("testdata/plain/students.csv")
		if err != nil {
			t.Fatal(err)
		}
		rep := o.take(bundleOf(t, "students.csv", string(students)), Options{})
		o.same("lines and contacts", []int{0, 0, 0}, []int{rep.Lines.Removed, rep.Contacts.Removed, rep.LosesAccess})
		rep = o.take(bundleOf(t, "c.csv", aeriesMade), Options{AllowRemovals: true})
		o.same("students", Tally{}, Tally{Added: rep.Students.Added, Changed: rep.Students.Changed, Removed: rep.Students.Removed})
		o.same("the file of contacts ends what it does not name", 1, rep.Lines.Removed)
		o.same("and adds what it names, beside those that are there", []int{2, 1}, []int{rep.Lines.Added, rep.Contacts.Changed})
	})
}

func TestPRV1WhatARosterSaysOfRestrictionsIsKeptAndHolds(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take(bundleOf(t, "students.csv", "id,first_name,last_name,school\n00417,Ana,Lopez,High\n00418,Ben,Lopez,High\n"), Options{})
		o.take(bundleOf(t, "c.csv", aeriesMade), Options{})
		restricted := func() (lines []roster.Line) {
			for _, l := range o.snapshot().Lines {
				if l.Restricted == roster.Yes {
					lines = append(lines, l)
				}
			}
			return lines
		}
		got := restricted()
		if len(got) != 1 || got[0].FileRestricted != roster.Yes || got[0].RestrictedBy != "roster" || got[0].RestrictedAt.IsZero() {
			t.Fatalf("%+v", got)
		}
		// Without the column, and with an empty cell, the restriction stays; another code lifts it.
		rows := strings.Split(strings.TrimSpace(aeriesMade), "\n")
		without := make([]string, len(rows))
		for i, r := range rows {
			without[i] = strings.Join(slices.Delete(strings.Split(r, ","), 6, 7), ",")
		}
		o.take(bundleOf(t, "c.csv", strings.Join(without, "\n")), Options{})
		o.same("without the column", 1, len(restricted()))
		o.take(bundleOf(t, "c.csv", strings.Replace(aeriesMade, ",N,N,R,", ",N,N,,", 1)), Options{})
		o.same("an empty cell", 1, len(restricted()))
		o.take(bundleOf(t, "c.csv", strings.Replace(aeriesMade, ",N,N,R,", ",N,N,P,", 1)), Options{})
		o.same("another code", 0, len(restricted()))
		words := "student_id,first_name,last_name,relationship,restriction\n00417,Jorge,Lopez,Father,No pickup on Fridays\n"
		rep := o.take(bundleOf(t, "c.csv", words), Options{AllowRemovals: true})
		held := 0
		for _, l := range o.snapshot().Lines {
			if l.Unread() && l.FileRestriction == "No pickup on Fridays" {
				held++
			}
		}
		o.same("words", 1, held)
		for _, x := range rep.Findings {
			if strings.Contains(x.Was+x.Text, "Fridays") {
				t.Errorf("the words stand in a finding: %v", x)
			}
		}
		if strings.Contains(strings.Join(rep.Changes, "\n"), "Fridays") {
			t.Error("the words stand in the report")
		}
	})
}

func TestAMappingIsKeptAndUsedAndInTheLog(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		const file = "Perm,Given,Sur,Year\n1,Ana,Roe,4\n"
		path := bundleOf(t, "pupils.csv", file)
		_, _ = o.refuse(path, Options{School: "High"}, fault.Invalid)
		m := Mapping{Students: map[string]string{"Perm": "id_number", "Given": "first_name", "Sur": "last_name", "Year": "grade"}}
		for name, bad := range map[string]Mapping{
			"no such field":         {Students: map[string]string{"a": "shoe_size"}},
			"a group of no contact": {Students: map[string]string{"a": "dog1.email"}},
			"a password":            {Contacts: map[string]string{"Web Password": "email"}},
			"no name":               {Contacts: map[string]string{"?!": "email"}},
			"contacts of contacts":  {Contacts: map[string]string{"a": "contact1.email"}},
		} {
			if err := o.intake.SetMapping(o.ctx, clerk, bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := o.intake.SetMapping(o.ctx, clerk, Mapping{School: 99, Students: m.Students}); !fault.Is(err, fault.NotFound) {
			t.Errorf("no school: %v", err)
		}
		limited := access.Actor{Kind: access.Staff, Role: access.HelpDesk}
		if err := o.intake.SetMapping(o.ctx, limited, m); !fault.Is(err, fault.Forbidden) {
			t.Errorf("help desk: %v", err)
		}
		for range 2 { // the second time nothing changes
			if err := o.intake.SetMapping(o.ctx, clerk, m); err != nil {
				t.Fatal(err)
			}
		}
		o.same("events", 1, strings.Count(strings.Join(o.dump("audit_event")["audit_event"], "\n"), "roster.mapping_changed"))
		rep := o.take(path, Options{School: "High"})
		o.same("students", Tally{Added: 1}, rep.Students)
		s := o.student("1")
		o.same("the student", []string{"1", "Ana", "Roe", "4"}, []string{s.IDNumber, s.First, s.Last, s.Grade})
		// A school's own mapping goes before that of all.
		own := Mapping{School: s.SchoolID, Students: map[string]string{"year": "homeroom"}}
		if err := o.intake.SetMapping(o.ctx, clerk, own); err != nil {
			t.Fatal(err)
		}
		o.take(path, Options{School: "High"})
		o.same("homeroom", "4", o.student("1").Homeroom)
		kept, err := o.intake.Mapping(o.ctx, clerk, s.SchoolID)
		if err != nil {
			t.Fatal(err)
		}
		o.same("kept", map[string]string{"year": "homeroom"}, kept.Students)
		if err := o.intake.SetMapping(o.ctx, clerk, Mapping{School: s.SchoolID}); err != nil {
			t.Fatal(err)
		}
		o.same("an empty one forgets", 4, len(o.dump("roster_mapping")["roster_mapping"]))
	})
}

func TestASchoolKnownByNameAloneIsTheOneOnRecord(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.take("testdata/nicelion", Options{School: "Morgan High"})
		was := len(o.dump("school")["school"])
		o.take(bundleOf(t, "s.csv", "id,first_name,last_name,school\nx1,Ana,Roe,MORGAN HIGH\n"), Options{AllowRemovals: true})
		o.same("schools", was, len(o.dump("school")["school"]))
		o.same("school", "Morgan High", o.student("x1").SchoolName)
	})
}

func TestSchoolsAttendedAtTheSameTimeAreTaken(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		const orgs = "sourcedId,name,type\nhigh,High,school\nvoc,Vocational,school\n"
		users := func(schools string) string {
			return bundleOf(t, "orgs.csv", orgs, "users.csv", "sourcedId,orgSourcedIds,role,givenName,familyName,identifier\ns,"+schools+",student,Ana,Roe,1\n")
		}
		o.take(users(`"high,voc"`), Options{})
		s := o.student("s")
		o.same("schools", []any{"High", 1}, []any{s.SchoolName, len(s.OtherSchools)})
		o.same("again", Tally{Same: 1}, o.take(users(`"high,voc"`), Options{}).Students)
		o.take(users("high"), Options{})
		o.same("no more", 0, len(o.student("s").OtherSchools))
	})
}
