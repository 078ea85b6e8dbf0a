package roster

import (
	"archive/zip"
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// oneRosterFiles are the files of a OneRoster 1.2 bundle in the order of its manifest.
var oneRosterFiles = []string{
	"academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics", "enrollments", "lineItemLearningObjectiveIds",
	"lineItems", "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales", "roles", "scoreScales", "userProfiles",
	"userResources", "users",
}

// oneRosterHeads are the columns of the files that are written (OneRoster 1.2 CSV binding, 4.1 to 4.21), after those that all begin with.
var oneRosterHeads = map[string]string{
	"orgs":             "name,type,identifier,parentSourcedId",
	"academicSessions": "title,type,startDate,endDate,parentSourcedId,schoolYear",
	"courses":          "schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
	"classes":          "title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
	"enrollments":      "classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
	"users": "enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier," +
		"resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
	"roles": "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
	"demographics": "birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white," +
		"demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
}

// bundle is a OneRoster bundle in the making.
type bundle struct {
	*exportWalk
	z        *zip.Writer
	actor    access.Actor
	district string
	written  map[string]bool
	file     *bundleFile
}

// ExportOneRoster writes the actor's schools as a OneRoster 1.2 CSV bundle: the enrolled students, the adults on record for them, and their classes.
// A line that is restricted or over is left out, for the bundle cannot say that it is: whoever reads it would take the adult for any other. So is one
// that opens less than another line of the same adult: the bundle has a role for the adult, and none for each child. Passwords are in no bundle. It returns fault.Forbidden, fault.Stale when the actor must show first that it is them, fault.NotFound for a school that is not
// the actor's.
func (r *Roster) ExportOneRoster(ctx context.Context, actor access.Actor, o ExportOrder, to io.Writer) error {
	return r.export(ctx, actor, o, "oneroster", func(w *exportWalk) error {
		w.keep = func(l FullLine) bool {
			return l.Restricted != Yes && !l.Unread() && (l.EndDate == "" || o.Today == "" || o.Today < l.EndDate)
		}
		w.choose = chooseLines
		b := &bundle{exportWalk: w, z: zip.NewWriter(to), actor: actor, district: o.District, written: map[string]bool{}}
		for _, step := range []struct {
			name string
			fill func(context.Context) error
		}{
			{"orgs", b.orgs}, {"users", b.users}, {"roles", b.roles}, {"demographics", b.demographics}, {"academicSessions", b.terms}, {"courses", b.courses},
			{"classes", b.classes}, {"enrollments", b.enrolments},
		} {
			b.file = &bundleFile{z: b.z, name: step.name, head: strings.Split("sourcedId,status,dateLastModified,"+oneRosterHeads[step.name], ",")}
			if err := step.fill(ctx); err != nil {
				return fmt.Errorf("export %s: %w", step.name, err)
			}
			if err := b.file.end(); err != nil {
				return err
			}
			b.written[step.name] = b.file.w != nil
		}
		if err := b.manifest(); err != nil {
			return err
		}
		return b.z.Close()
	})
}

// chooseLines leaves of an adult's lines those that a reader may take for what the adult's role says.
func chooseLines(lines []FullLine) []FullLine {
	opens := func(l FullLine) bool {
		role := oneRosterRole(l.Relationship)
		return (role == "parent" || role == "guardian") && l.PortalAccess != No && l.FilePortalAccess != No
	}
	if !slices.ContainsFunc(lines, opens) {
		return lines
	}
	return slices.DeleteFunc(slices.Clone(lines), func(l FullLine) bool { return !opens(l) })
}

// row writes a row of a complete file: status and dateLastModified stay blank (OneRoster 1.2 CSV, 2.3).
func (b *bundle) row(id string, cells ...string) error {
	return b.file.row(append([]string{id, "", ""}, cells...)...)
}

func (b *bundle) manifest() error {
	f := &bundleFile{z: b.z, name: "manifest", head: []string{"propertyName", "value"}}
	rows := [][2]string{{"manifest.version", "1.0"}, {"oneroster.version", "1.2"}}
	for _, name := range oneRosterFiles {
		mode := "absent"
		if b.written[name] {
			mode = "bulk"
		}
		rows = append(rows, [2]string{"file." + name, mode})
	}
	rows = append(rows, [2]string{"source.systemName", "Schoolgate"}, [2]string{"source.systemCode", "schoolgate"})
	for _, row := range rows {
		if err := f.row(row[0], row[1]); err != nil {
			return err
		}
	}
	return f.end()
}

// madeKey is the id in a bundle of a record that was entered by hand.
func madeKey(kind, source string, id int64) string {
	if source != "" {
		return source
	}
	return "schoolgate-" + kind + "-" + strconv.FormatInt(id, 10)
}

func studentKey(s Student) string { return madeKey("student", s.SourceID, s.ID) }
func contactKey(c Contact) string { return madeKey("contact", c.SourceID, c.ID) }
func schoolKey(o School) string   { return madeKey("school", o.SourceID, o.ID) }

// districtKey is the id of the district that the bundle names when no record does.
const districtKey = "schoolgate-district"

// district returns the id of the schools' district.
func (b *bundle) districtOf() string {
	for _, o := range b.schools {
		if o.Kind == "district" {
			return schoolKey(o)
		}
	}
	return districtKey
}

func (b *bundle) orgs(context.Context) error {
	above := b.districtOf()
	if above == districtKey {
		if err := b.row(districtKey, b.district, "district", "", ""); err != nil {
			return err
		}
	}
	for _, o := range b.schools {
		kind, parent := "school", above
		if o.Kind == "district" {
			kind, parent = "district", ""
		}
		if err := b.row(schoolKey(o), o.Name, kind, "", parent); err != nil {
			return err
		}
	}
	return nil
}

// orgOf is the id of a student's school, the district's for one of none.
func (b *bundle) orgOf(school int64) string {
	if i := slices.IndexFunc(b.schools, func(o School) bool { return o.ID == school }); i >= 0 {
		return schoolKey(b.schools[i])
	}
	return b.districtOf()
}

func (b *bundle) users(ctx context.Context) error {
	err := b.walk(ctx, func(e exported) error {
		for _, s := range e.students {
			var agents []string
			for _, l := range e.parents[s.ID] {
				agents = append(agents, contactKey(l.Contact))
			}
			err := b.row(studentKey(s), "true", studentKey(s), "", s.First, s.Last, s.Middle, s.IDNumber, s.Email, "", "", agentsOf(agents), s.Grade, "",
				"", "", s.PreferredFirst, "", s.PreferredLast, b.orgOf(s.SchoolID), "")
			if err != nil {
				return err
			}
			b.log.Views.NoteExport(b.actor, s.ID)
		}
		for _, c := range e.adults {
			var agents []string
			for _, l := range e.children[c.ID] {
				agents = append(agents, studentKey(l.Student))
			}
			err := b.row(contactKey(c), strconv.FormatBool(!refused(e.children[c.ID])), contactKey(c), "", c.First, c.Last, c.Middle, "", c.Email, c.MobilePhone, c.HomePhone,
				agentsOf(agents), "", "", "", "", c.PreferredFirst, "", c.PreferredLast, "", "")
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.teachers(ctx, func(t Teacher, _ string, first bool) error {
		if !first {
			return nil
		}
		return b.row(t.SourceID, "true", t.SourceID, "", t.First, t.Last, "", "", "", "", "", "", "", "", "", "", "", "", "", "", "")
	})
}

// agentsOf lists ids in their order.
func agentsOf(ids []string) string {
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// refused reports whether an adult may sign in for none of the children (enabledUser).
func refused(lines []FullLine) bool {
	return !slices.ContainsFunc(lines, func(l FullLine) bool { return l.PortalAccess != No && l.FilePortalAccess != No })
}

// oneRosterRole is the role of the standard for a relationship; for what the standard has no role for, a term of our own (extensible since 1.2).
func oneRosterRole(relationship string) string {
	switch relationship {
	case "mother", "father", "parent", "stepmother", "stepfather", "stepparent":
		return "parent"
	case "guardian", "foster_parent":
		return "guardian"
	case "grandmother", "grandfather", "grandparent", "aunt", "uncle", "sibling", "relative":
		return "relative"
	case "aide", "proctor":
		return relationship
	}
	return "ext:" + relationship
}

func (b *bundle) roles(ctx context.Context) error {
	err := b.walk(ctx, func(e exported) error {
		for _, s := range e.students {
			key := studentKey(s)
			if err := b.row(key+"-role", key, "primary", "student", "", "", b.orgOf(s.SchoolID), ""); err != nil {
				return err
			}
			for _, other := range s.OtherSchools {
				if !b.at.Has(other) {
					continue
				}
				org := b.orgOf(other)
				if err := b.row(key+"-"+org, key, "secondary", "student", "", "", org, ""); err != nil {
					return err
				}
			}
		}
		for _, c := range e.adults {
			if err := b.rolesOf(c, e.children[c.ID]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.teachers(ctx, func(t Teacher, org string, first bool) error {
		return b.row(t.SourceID+"-"+org, t.SourceID, "primary", "teacher", "", "", org, "")
	})
}

// rolesOf writes an adult's roles: one for each of the schools, role and dates, the first at a school being the primary one.
func (b *bundle) rolesOf(c Contact, lines []FullLine) error {
	type role struct{ org, name, begin, end string }
	var seen []role
	at := map[string]int{}
	for _, l := range lines {
		is := role{b.orgOf(l.Student.SchoolID), oneRosterRole(l.Relationship), l.BeginDate, l.EndDate}
		if slices.Contains(seen, is) {
			continue
		}
		seen = append(seen, is)
		kind := "secondary"
		if at[is.org]++; at[is.org] == 1 {
			kind = "primary"
		}
		key := contactKey(c)
		if err := b.row(fmt.Sprintf("%s-%s-%d", key, is.org, at[is.org]), key, kind, is.name, is.begin, is.end, is.org, ""); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) demographics(ctx context.Context) error {
	return b.walk(ctx, func(e exported) error {
		for _, s := range e.students {
			if s.BirthDate == "" {
				continue
			}
			if err := b.row(studentKey(s), s.BirthDate, "", "", "", "", "", "", "", "", "", "", "", ""); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bundle) terms(ctx context.Context) error {
	return sqldb.Each(ctx, b.tx, func(r *sql.Rows) error {
		var t Term
		if err := r.Scan(&t.SourceID, &t.Title, &t.Kind, &t.Begin, &t.End, &t.Parent, &t.SchoolYear); err != nil {
			return err
		}
		kind := map[TermKind]string{GradingPeriod: "gradingPeriod", Semester: "semester", SchoolYear: "schoolYear"}[t.Kind]
		if kind == "" {
			kind = "term"
		}
		return b.row(t.SourceID, t.Title, kind, t.Begin, t.End, t.Parent, t.SchoolYear)
	}, liveTerms)
}

func (b *bundle) courses(ctx context.Context) error {
	for after := int64(0); ; {
		all, err := sqldb.All(ctx, b.tx, func(r *sql.Rows) (c Course, err error) {
			return c, r.Scan(&c.ID, &c.SourceID, &c.SchoolID, &c.Title, &c.Code, &c.Grades, &c.Subjects, &c.SchoolYearTerm)
		}, liveCourses, after, exportPage)
		if err != nil {
			return err
		}
		for _, c := range all {
			after = c.ID
			if c.SchoolID != 0 && !b.at.Has(c.SchoolID) {
				continue
			}
			if err := b.row(c.SourceID, c.SchoolYearTerm, c.Title, c.Code, c.Grades, b.orgOf(c.SchoolID), c.Subjects, ""); err != nil {
				return err
			}
		}
		if len(all) < exportPage {
			return nil
		}
	}
}

// eachClass calls fn for some classes of a school at a time.
func (b *bundle) eachClass(ctx context.Context, fn func(School, []exportedClass) error) error {
	for _, o := range b.schools {
		for after := (exportPlace{}); ; {
			all, err := classesAfter(ctx, b.tx, o.ID, after)
			if err != nil {
				return err
			}
			if err := fn(o, all); err != nil {
				return err
			}
			if len(all) < exportPage {
				break
			}
			last := all[len(all)-1]
			after = exportPlace{last.sort, last.ID}
		}
	}
	return nil
}

func (b *bundle) classes(ctx context.Context) error {
	return b.eachClass(ctx, func(o School, all []exportedClass) error {
		for _, c := range all {
			kind := "scheduled"
			if c.Kind == HomeroomClass {
				kind = "homeroom"
			}
			err := b.row(c.SourceID, c.Title, c.Grades, c.Course, c.Code, kind, c.Location, schoolKey(o), strings.Join(c.Terms, ","), c.Subjects, "", c.Periods)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bundle) enrolments(ctx context.Context) error {
	return b.eachClass(ctx, func(o School, all []exportedClass) error {
		names, ids := map[int64]string{}, []int64{}
		for _, c := range all {
			names[c.ID], ids = c.SourceID, append(ids, c.ID)
		}
		in, err := enrolmentsIn(ctx, b.tx, ids, b.at)
		if err != nil {
			return err
		}
		for _, e := range in {
			role, primary := "student", ""
			if !e.student {
				role, primary = "teacher", strconv.FormatBool(e.main)
			}
			if err := b.row(e.source, names[e.class], schoolKey(o), e.user, role, primary, e.begin, e.end); err != nil {
				return err
			}
		}
		return nil
	})
}

// teachers calls fn for the teachers of every school, with the school's id; first says that it is the first school of theirs.
func (b *bundle) teachers(ctx context.Context, fn func(t Teacher, org string, first bool) error) error {
	seen := map[int64]bool{}
	for _, o := range b.schools {
		all, err := sqldb.All(ctx, b.tx, func(r *sql.Rows) (t Teacher, err error) {
			return t, r.Scan(&t.ID, &t.SourceID, &t.First, &t.Last)
		}, teachersOfSchool, o.ID)
		if err != nil {
			return err
		}
		for _, t := range all {
			if err := fn(t, schoolKey(o), !seen[t.ID]); err != nil {
				return err
			}
			seen[t.ID] = true
		}
	}
	return nil
}
