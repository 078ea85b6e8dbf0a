package demo

import (
	"archive/zip"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// WriteOneRoster writes the district as a OneRoster 1.2 CSV package, complete ("bulk"): manifest, orgs, users, roles, demographics.
//
// The format knows no flags, no restrictions, no order beyond that of the links, no homeroom, no language and no students who have left;
// of a relationship it knows parent, guardian and relative (1EdTech OneRoster 1.2 CSV binding). An adult whose portal access is no for
// every child has enabledUser false; dates that are the same on all lines of an adult stand on the roles.
func WriteOneRoster(w io.Writer, d Data) error {
	e := export{d: d, links: linksOf(d)}
	return e.write(w, []exportFile{
		{"manifest.csv", e.manifest}, {"orgs.csv", e.orgs}, {"users.csv", e.users}, {"roles.csv", e.roles}, {"demographics.csv", e.demographics},
	})
}

type exportFile struct {
	name  string
	write func(func(...string))
}

func (e export) write(w io.Writer, files []exportFile) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		file, err := z.Create(f.name)
		if err != nil {
			return err
		}
		out := csv.NewWriter(file)
		out.UseCRLF = true
		f.write(func(fields ...string) { _ = out.Write(fields) }) // Error returns it
		out.Flush()
		if err := out.Error(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return z.Close()
}

type export struct {
	d       Data
	links   links
	classes []section // none: not written
}

// links are the lines to students at the school, by either end.
type links struct{ ofStudent, ofContact [][]Line }

func linksOf(d Data) links {
	l := links{ofStudent: make([][]Line, len(d.Students)), ofContact: make([][]Line, len(d.Contacts))}
	for _, line := range d.Lines {
		if d.Students[line.Student].Status == roster.Enrolled {
			l.ofStudent[line.Student] = append(l.ofStudent[line.Student], line)
			l.ofContact[line.Contact] = append(l.ofContact[line.Contact], line)
		}
	}
	return l
}

func (e export) manifest(row func(...string)) {
	row("propertyName", "value")
	row("manifest.version", "1.0")
	row("oneroster.version", "1.2")
	for _, name := range []string{"academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
		"enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds",
		"results", "resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources", "users"} {
		mode := "absent"
		if slices.Contains([]string{"demographics", "orgs", "roles", "users"}, name) ||
			e.classes != nil && slices.Contains([]string{"academicSessions", "classes", "courses", "enrollments"}, name) {
			mode = "bulk"
		}
		row("file."+name, mode)
	}
	row("source.systemName", "Schoolgate demo")
	row("source.systemCode", "demo")
}

func (e export) orgs(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId")
	for i, o := range e.d.Schools {
		parent := ""
		if i > 0 {
			parent = e.d.Schools[0].SourceID
		}
		row(o.SourceID, "", "", o.Name, o.Kind, "", parent)
	}
}

func (e export) users(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier",
		"email", "sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier", "resourceSourcedIds", "preferredGivenName",
		"preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns")
	for i, s := range e.d.Students {
		if s.Status != roster.Enrolled {
			continue
		}
		var agents []string
		for _, l := range e.links.ofStudent[i] {
			agents = append(agents, e.d.Contacts[l.Contact].SourceID)
		}
		row(s.SourceID, "", "", "true", s.SourceID, "", s.First, s.Last, s.Middle, s.IDNumber, s.Email, "", "", strings.Join(agents, ","),
			ceds(s.Grade), "", "", "", s.PreferredFirst, "", s.PreferredLast, e.d.Schools[s.School].SourceID, "")
	}
	for i, c := range e.d.Contacts {
		lines := e.links.ofContact[i]
		if len(lines) == 0 {
			continue
		}
		var children []string
		refused := true
		for _, l := range lines {
			children = append(children, e.d.Students[l.Student].SourceID)
			refused = refused && l.PortalAccess == roster.No
		}
		row(c.SourceID, "", "", fmt.Sprint(!refused), c.SourceID, "", c.First, c.Last, c.Middle, "", c.Email, c.MobilePhone,
			cmp.Or(c.HomePhone, c.WorkPhone), strings.Join(children, ","), "", "", "", "", c.PreferredFirst, "", c.PreferredLast, "", "")
	}
}

func (e export) roles(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId",
		"userProfileSourcedId")
	n := 0
	add := func(user, role, begin, end string, school int) {
		n++
		row(fmt.Sprintf("role-%06d", n), "", "", user, "primary", role, begin, end, e.d.Schools[school].SourceID, "")
	}
	for _, s := range e.d.Students {
		if s.Status == roster.Enrolled {
			add(s.SourceID, "student", "", "", s.School)
		}
	}
	for i, lines := range e.links.ofContact {
		var schools []int
		for _, l := range lines {
			schools = append(schools, e.d.Students[l.Student].School)
		}
		slices.Sort(schools)
		for _, school := range slices.Compact(schools) {
			l := lines[0]
			for _, other := range lines {
				if other.BeginDate != l.BeginDate || other.EndDate != l.EndDate {
					l.BeginDate, l.EndDate = "", ""
				}
			}
			add(e.d.Contacts[i].SourceID, oneRosterRole(l.Relationship), l.BeginDate, l.EndDate, school)
		}
	}
}

func (e export) demographics(row func(...string)) {
	row("sourcedId", "status", "dateLastModified", "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
		"nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode",
		"stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus")
	for _, s := range e.d.Students {
		if s.Status == roster.Enrolled {
			row(s.SourceID, "", "", s.BirthDate, "", "", "", "", "", "", "", "", "", "", "", "")
		}
	}
}

func oneRosterRole(relationship string) string {
	switch relationship {
	case "mother", "father", "parent", "stepmother", "stepfather", "stepparent":
		return "parent"
	case "guardian", "foster_parent":
		return "guardian"
	}
	return "relative"
}

// ceds writes a grade in the codes of CEDS (KG, 01 to 12).
func ceds(grade string) string {
	switch {
	case grade == "K":
		return "KG"
	case len(grade) == 1:
		return "0" + grade
	}
	return grade
}
