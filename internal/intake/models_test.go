package intake

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// model is a small district that every format can say: students at two schools, adults, and what they are to each other.
type model struct {
	students []modelStudent
	adults   []modelAdult
	pairs    []modelPair
}

type modelStudent struct{ id, first, last, school string }

type modelAdult struct{ id, first, last, email, relationship string }

type modelPair struct{ student, adult string }

// drawModel draws a district. An adult is the same to each child, for OneRoster can say no more.
func drawModel(r *rand.Rand) (m model) {
	for i := range 8 {
		school := []string{"A", "B"}[i%2]
		if i > 1 && r.IntN(4) == 0 { // one of each school is always there
			continue
		}
		m.students = append(m.students, modelStudent{fmt.Sprintf("%s%d", school, i), of(r, "Ana", "Ben", "José"), of(r, "Roe", "Stone"), school})
	}
	for i := range 5 {
		a := modelAdult{fmt.Sprintf("p%d", i), fmt.Sprintf("Adult%c", 'a'+i), of(r, "Roe", "Stone"), fmt.Sprintf("p%d@home.example", i), of(r, "parent", "guardian", "relative")}
		if r.IntN(4) == 0 {
			a.email = fmt.Sprintf("other%d@home.example", i)
		}
		linked := false
		for _, s := range m.students {
			if r.IntN(3) == 0 {
				m.pairs = append(m.pairs, modelPair{s.id, a.id})
				linked = true
			}
		}
		if linked { // some formats have no place for an adult without a child
			m.adults = append(m.adults, a)
		}
	}
	return m
}

// at is the district as a roster of one school has it.
func (m model) at(school string) (one model) {
	for _, s := range m.students {
		if s.school == school {
			one.students = append(one.students, s)
		}
	}
	for _, p := range m.pairs {
		if strings.HasPrefix(p.student, school) {
			one.pairs = append(one.pairs, p)
		}
	}
	for _, a := range m.adults {
		if slices.ContainsFunc(one.pairs, func(p modelPair) bool { return p.adult == a.id }) {
			one.adults = append(one.adults, a)
		}
	}
	return one
}

func (m model) adult(id string) modelAdult {
	return m.adults[slices.IndexFunc(m.adults, func(a modelAdult) bool { return a.id == id })]
}

// linked lists the other ends of somebody's pairs, in a list as OneRoster has it.
func (m model) linked(id string) string {
	var all []string
	for _, p := range m.pairs {
		switch id {
		case p.student:
			all = append(all, p.adult)
		case p.adult:
			all = append(all, p.student)
		}
	}
	return `"` + strings.Join(all, ",") + `"`
}

func (m model) schools() (all []string) {
	for _, s := range m.students {
		if !slices.Contains(all, s.school) {
			all = append(all, s.school)
		}
	}
	slices.Sort(all)
	return all
}

func (m model) orgs() string {
	var rows []string
	for _, o := range m.schools() {
		rows = append(rows, o+",School "+o+",school")
	}
	return file("sourcedId,name,type", rows...)
}

// writers write the district in each format.
func writers() map[string]func(m model) map[string]string {
	one11 := func(m model, studentSide bool) map[string]string {
		var rows []string
		for _, s := range m.students {
			agents := ""
			if studentSide {
				agents = m.linked(s.id)
			}
			rows = append(rows, fmt.Sprintf("%s,,,true,%s,student,,,%s,%s,,%s,,,,%s,09,", s.id, s.school, s.first, s.last, s.id, agents))
		}
		for _, a := range m.adults {
			agents := ""
			if !studentSide {
				agents = m.linked(a.id)
			}
			rows = append(rows, fmt.Sprintf("%s,,,true,%s,%s,,,%s,%s,,,%s,,,%s,,", a.id, m.schools()[0], a.relationship, a.first, a.last, a.email, agents))
		}
		return map[string]string{"orgs.csv": m.orgs(), "users.csv": file(users11, rows...)}
	}
	return map[string]func(m model) map[string]string{
		"OneRoster 1.1, agents of students": func(m model) map[string]string { return one11(m, true) },
		"OneRoster 1.1, agents of adults":   func(m model) map[string]string { return one11(m, false) },
		"OneRoster 1.2": func(m model) map[string]string {
			var users, roles []string
			for _, s := range m.students {
				users = append(users, fmt.Sprintf("%s,,,true,%s,,%s,%s,,%s,,,,%s,09,,,,,,,%s,", s.id, s.id, s.first, s.last, s.id, m.linked(s.id), s.school))
				roles = append(roles, fmt.Sprintf("r%s,,,%s,primary,student,,,%s,", s.id, s.id, s.school))
			}
			for _, a := range m.adults {
				users = append(users, fmt.Sprintf("%s,,,true,%s,,%s,%s,,,%s,,,%s,,,,,,,,,", a.id, a.id, a.first, a.last, a.email, m.linked(a.id)))
				roles = append(roles, fmt.Sprintf("r%s,,,%s,primary,%s,,,%s,", a.id, a.id, a.relationship, m.schools()[0]))
			}
			return map[string]string{"orgs.csv": m.orgs(), "users.csv": file(users12, users...), "roles.csv": file(roles12, roles...)}
		},
		"SDS 2.1": func(m model) map[string]string {
			var users, roles, relations []string
			for _, s := range m.students {
				users = append(users, fmt.Sprintf("%s,%s,%s,%s,", s.id, s.id, s.first, s.last))
				roles = append(roles, fmt.Sprintf("%s,%s,student", s.id, s.school))
			}
			for _, a := range m.adults {
				users = append(users, fmt.Sprintf("%s,%s,%s,%s,%s", a.id, a.email, a.first, a.last, a.email))
			}
			for _, p := range m.pairs {
				relations = append(relations, fmt.Sprintf("%s,%s,%s", p.student, p.adult, m.adult(p.adult).relationship))
			}
			return map[string]string{"orgs.csv": m.orgs(), "users.csv": file("sourcedId,username,givenName,familyName,email", users...),
				"roles.csv":         file("userSourcedId,orgSourcedId,role", roles...),
				"relationships.csv": file("userSourcedId,relationshipUserSourcedId,relationshipRole", relations...)}
		},
		"Clever":             func(m model) map[string]string { return m.clever(true) },
		"Clever without ids": func(m model) map[string]string { return m.clever(false) },
		"Ed-Fi 5":            func(m model) map[string]string { return m.edfi("Contact") },
		"Ed-Fi 4":            func(m model) map[string]string { return m.edfi("Parent") },
		"Ed-Fi CSV": func(m model) map[string]string {
			var schools, seats, students, adults, pairs []string
			for _, o := range m.schools() {
				schools = append(schools, o+",School "+o)
			}
			for _, s := range m.students {
				students = append(students, fmt.Sprintf("%s,%s,%s", s.id, s.first, s.last))
				seats = append(seats, s.id+","+s.school)
			}
			for _, a := range m.adults {
				adults = append(adults, fmt.Sprintf("%s,%s,%s,%s", a.id, a.first, a.last, a.email))
			}
			for _, p := range m.pairs {
				pairs = append(pairs, fmt.Sprintf("%s,%s,%s", p.student, p.adult, m.adult(p.adult).relationship))
			}
			return map[string]string{"Student.csv": file("StudentUniqueId,FirstName,LastSurname", students...),
				"School.csv":                   file("SchoolId,NameOfInstitution", schools...),
				"StudentSchoolAssociation.csv": file("StudentUniqueId,SchoolId", seats...),
				"Parent.csv":                   file("ParentUniqueId,FirstName,LastSurname,ElectronicMailAddress", adults...),
				"StudentParentAssociation.csv": file("StudentUniqueId,ParentUniqueId,Relation", pairs...)}
		},
		"tables": func(m model) map[string]string {
			var students, contacts []string
			for _, s := range m.students {
				students = append(students, fmt.Sprintf("%s,%s,%s,%s,School %s", s.id, s.id, s.first, s.last, s.school))
			}
			for _, p := range m.pairs {
				a := m.adult(p.adult)
				contacts = append(contacts, fmt.Sprintf("%s,%s,%s,%s,%s,%s", p.student, a.id, a.first, a.last, a.email, a.relationship))
			}
			return map[string]string{"students.csv": file("id,id_number,first_name,last_name,school", students...),
				"contacts.csv": file("student_id,contact_id,first_name,last_name,email,relationship", contacts...)}
		},
	}
}

func (m model) clever(ids bool) map[string]string {
	var schools, rows []string
	for _, o := range m.schools() {
		schools = append(schools, o+",School "+o)
	}
	for _, s := range m.students {
		whole := 0
		for _, p := range m.pairs {
			if p.student != s.id {
				continue
			}
			a, id := m.adult(p.adult), ""
			if ids {
				id = a.id
			}
			whole++
			rows = append(rows, fmt.Sprintf("%s,%s,%s,%s,%s,%s,%s %s,%s,%s", s.school, s.id, s.id, s.last, s.first, a.relationship, a.first, a.last, a.email, id))
		}
		if whole == 0 {
			rows = append(rows, fmt.Sprintf("%s,%s,%s,%s,%s,,,,", s.school, s.id, s.id, s.last, s.first))
		}
	}
	return map[string]string{"schools.csv": file("School_id,School_name", schools...),
		"students.csv": file("School_id,Student_id,Student_number,Last_name,First_name,Contact_relationship,Contact_name,Contact_email,Contact_sis_id", rows...)}
}

func (m model) edfi(adult string) map[string]string {
	var b strings.Builder
	b.WriteString("<InterchangeAll>")
	for _, o := range m.schools() {
		fmt.Fprintf(&b, `<School id="%s"><NameOfInstitution>School %s</NameOfInstitution><SchoolId>%s</SchoolId></School>`, o, o, o)
	}
	for _, s := range m.students {
		fmt.Fprintf(&b, "<Student><StudentUniqueId>%s</StudentUniqueId><Name><FirstName>%s</FirstName><LastSurname>%s</LastSurname></Name></Student>", s.id, s.first, s.last)
		fmt.Fprintf(&b, "<StudentSchoolAssociation><StudentReference><StudentIdentity><StudentUniqueId>%s</StudentUniqueId></StudentIdentity></StudentReference>"+
			`<SchoolReference ref="%s"/></StudentSchoolAssociation>`, s.id, s.school)
	}
	for _, a := range m.adults {
		fmt.Fprintf(&b, `<%s id="%s"><%sUniqueId>%s</%sUniqueId><Name><FirstName>%s</FirstName><LastSurname>%s</LastSurname></Name><ElectronicMail>`+
			"<ElectronicMailAddress>%s</ElectronicMailAddress></ElectronicMail></%s>", adult, a.id, adult, a.id, adult, a.first, a.last, a.email, adult)
	}
	for _, p := range m.pairs {
		fmt.Fprintf(&b, `<Student%sAssociation><StudentReference><StudentIdentity><StudentUniqueId>%s</StudentUniqueId></StudentIdentity></StudentReference>`+
			`<%sReference ref="%s"/><Relation>uri://x#%s</Relation></Student%sAssociation>`, adult, p.student, adult, p.adult, m.adult(p.adult).relationship, adult)
	}
	text := strings.ReplaceAll(b.String()+"</InterchangeAll>", `<`+adult+` id="`, "<"+adult+` id="x`)
	return map[string]string{"all.xml": strings.ReplaceAll(text, `<`+adult+`Reference ref="`, "<"+adult+`Reference ref="x`)}
}

// ofSchool is what is on record of the students of a school and of their lines, without the adults' own fields.
func (o *office) ofSchool(school string) (all []string) {
	snap := o.snapshot()
	mine, adults := map[int64]string{}, map[int64]roster.Contact{}
	for _, s := range snap.Students {
		if strings.HasPrefix(s.SourceID, school) {
			mine[s.ID] = s.SourceID
			all = append(all, fmt.Sprintf("%+v", s))
		}
	}
	for _, c := range snap.Contacts {
		adults[c.ID] = c
	}
	for _, l := range snap.Lines {
		if mine[l.StudentID] != "" && !l.Ended {
			all = append(all, fmt.Sprintf("%s, left %v: %+v", mine[l.StudentID], adults[l.ContactID].Left, l))
		}
	}
	slices.Sort(all)
	return all
}

// TestInEveryFormatARosterDecidesWhatItSpeaksOfAndNothingElse draws districts and takes them in one after another, whole and of one school.
func TestInEveryFormatARosterDecidesWhatItSpeaksOfAndNothingElse(t *testing.T) {
	open := emptyOffices(t)
	all := writers()
	for n := range rounds(2) {
		for _, format := range sortedKeys(all) {
			write := all[format]
			r := rand.New(rand.NewPCG(uint64(n), 11)) //nolint:gosec // a test's
			a, b := drawModel(r), drawModel(r)
			fail := func(what, d string) {
				t.Helper()
				t.Fatalf("%s, round %d: %s: %s\n%v\n%v", format, n, what, d, write(a), write(b))
			}
			opts := Options{AllowRemovals: true, School: "School A"}
			one, two := open(), open()
			rep := one.take(bundleFrom(t, write(a)), opts)
			if d := cmp.Diff([]int{len(a.students), len(a.adults), len(a.pairs)}, []int{rep.Students.Added, rep.Contacts.Added, rep.Lines.Added}); d != "" {
				fail("counts", d)
			}
			second := bundleFrom(t, write(b))
			one.take(second, opts)
			two.take(second, opts)
			people := ""
			for _, s := range b.students {
				people += "\n" + s.id + ","
			}
			if d := cmp.Diff(withoutPlaces(two.stands(people)), withoutPlaces(one.stands(people))); d != "" {
				fail("after another roster", d)
			}
			if again := one.take(second, opts); again.Steps != 0 {
				fail("the same again", fmt.Sprint(again.Changes))
			}
			was := one.ofSchool("B")
			c := drawModel(r)
			for _, s := range one.snapshot().Contacts { // who is missing since b and comes back says something of every line
				if s.Left {
					c.adults = slices.DeleteFunc(c.adults, func(a modelAdult) bool { return a.id == s.SourceID || a.first == s.First })
				}
			}
			c.pairs = slices.DeleteFunc(c.pairs, func(p modelPair) bool {
				return !slices.ContainsFunc(c.adults, func(a modelAdult) bool { return a.id == p.adult })
			})
			one.take(bundleFrom(t, write(c.at("A"))), opts)
			if d := cmp.Diff(was, one.ofSchool("B")); d != "" && !c.changes(b) {
				fail(fmt.Sprintf("after a roster of the other school alone: %v", write(c.at("A"))), d)
			}
			_ = one.db.Close()
			_ = two.db.Close()
		}
	}
}

// withoutPlaces leaves out the places of lines on a student's page, of which these formats say nothing of their own.
func withoutPlaces(all []string) (rest []string) {
	for _, s := range all {
		before, after, found := strings.Cut(s, " Position:")
		if found {
			_, after, _ = strings.Cut(after, " ")
			s = before + " " + after
		}
		rest = append(rest, s)
	}
	return rest
}

// changes reports whether a later roster says of an adult something that holds for every child: in OneRoster, what the adult is.
func (m model) changes(before model) bool {
	return slices.ContainsFunc(m.adults, func(a modelAdult) bool {
		return slices.ContainsFunc(before.adults, func(b modelAdult) bool { return a.id == b.id && a.relationship != b.relationship })
	})
}
