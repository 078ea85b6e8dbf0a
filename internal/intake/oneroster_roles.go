package intake

import (
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// sort says what a role makes of a person.
type sort int

const (
	unknownRole sort = iota // a contact if linked to a student
	studentRole
	contactRole // a contact in any case
	agentRole   // aides and proctors: contacts if linked to a student, else staff
	staffRole
	noRole
)

// role is what a person is at an organisation, from the first day to the one that is none any more.
type role struct {
	id         string
	sort       sort
	code       string // of roster.Relationships, for contacts
	name       string // as the file has it
	org        string
	primary    bool
	begin, end string
	gone       bool
	ended      bool // a roster of changes deleted it, and it is kept beside the adult's others: it opens nothing at its school any more
}

// maybeContact reports whether somebody of this role is a contact if linked to a student.
func (r role) maybeContact() bool { return r.sort == agentRole || r.sort == unknownRole }

// roleNamed reads the name of a role. strict is false when it stands otherwise than in the standard.
func roleNamed(name string) (r role, strict bool) {
	r.name = name
	switch name {
	case "student":
		return role{sort: studentRole, name: name}, true
	case "parent", "guardian", "relative":
		return role{sort: contactRole, code: name, name: name}, true
	case "aide", "proctor":
		return role{sort: agentRole, code: name, name: name}, true
	case "administrator", "teacher", "counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator":
		return role{sort: staffRole, name: name}, true
	}
	folded := fold(strings.TrimPrefix(strings.ToLower(name), "ext:"))
	switch folded {
	case "pupil", "students":
		folded = "student"
	case "parentguardian", "parentorguardian", "parents":
		folded = "parent"
	case "legalguardian", "guardians":
		folded = "guardian"
	case "counselor", "districtadministrator", "siteadministrator", "systemadministrator", "staff", "admin", "teachers":
		return role{sort: staffRole, name: name}, false
	}
	if folded != strings.ToLower(name) || name != strings.ToLower(name) {
		if r, ok := roleNamed(folded); ok {
			r.name = name
			return r, false
		}
	}
	for _, code := range roster.Relationships() {
		if fold(code) == folded && code != "unknown" && code != "other" {
			return role{sort: contactRole, code: code, name: name}, false
		}
	}
	r.code = "other"
	return r, false
}

func rolesLayout() layout {
	return layout{
		columns: []string{"sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate",
			"orgSourcedId", "userProfileSourcedId"},
		aliases: map[string]string{"datalastmodified": "dateLastModified", "user": "userSourcedId", "org": "orgSourcedId",
			"orgs": "orgSourcedId", "startdate": "beginDate"},
		required: []string{"userSourcedId", "role"},
		standard: []string{"sourcedId", "roleType", "orgSourcedId"},
	}
}

func (o *oneRoster) readRoles() error {
	t, ok, err := o.open("roles.csv", rolesLayout())
	if !ok {
		return err
	}
	defer func() { _ = t.Close() }() // it was only read
	o.hasRoles, o.many = true, true
	o.out.keepUnread(t, "userSourcedId")
	err = each(t, func(r row) error {
		o.common(r, "roles")
		user := sourcedID(r, "userSourcedId")
		if user == "" {
			return nil
		}
		name := r.value("role")
		g, strict := roleNamed(name)
		if g.sort == unknownRole {
			r.note(Warning, "role", name, sayRole)
		} else if !strict {
			r.note(Note, "role", name, sayRoleSpelled)
		}
		g.id, g.org, g.gone = r.value("sourcedId"), r.value("orgSourcedId"), deleted(r)
		g.primary = strings.EqualFold(r.value("roleType"), "primary")
		g.begin, g.end = day(r, "beginDate"), day(r, "endDate")
		if g.sort == studentRole && g.end != "" && g.end <= o.today {
			r.note(Note, "endDate", g.end, sayStudentOver)
		}
		return o.putRole(user, g)
	})
	o.cut = o.cut || t.cut
	return err
}

// day reads a date; what cannot be one, or may be two, is left out with a finding.
func day(r row, column string) string {
	v := r.value(column)
	if v == "" || nothing(v) {
		return ""
	}
	d, repaired, ok := date(v)
	if !ok {
		d, ok = dateBy(r.t, v)
		repaired = ok
	}
	switch {
	case !ok:
		r.note(Warning, column, v, sayNoDate)
		return ""
	case repaired:
		r.note(Note, column, v, sayDate)
	}
	return d
}

// rolesOf returns what a person is today: the live ones of these roles, else the role of the row itself. onlyGone says that the file has roles for
// the person and deletes all of them.
func rolesOf(all []role, own, today string) (live []role, onlyGone bool) {
	for _, r := range all {
		if !r.gone {
			live = append(live, r)
		}
	}
	if len(all) > 0 && len(live) == 0 {
		return nil, true
	}
	if len(live) == 0 && own != "" {
		r, _ := roleNamed(own)
		return []role{r}, false
	}
	return counting(live, today), false
}

// counting leaves of roles those that count today, in their order. One that is over counts as long as no other of its sort came after it: when all
// are over, the record says so by its dates. Who was a student and is somebody else now is no student.
func counting(live []role, today string) []role {
	counts := slices.DeleteFunc(slices.Clone(live), func(r role) bool {
		return r.over(today) && slices.ContainsFunc(live, func(o role) bool {
			return !o.over(today) && (o.sort == r.sort || r.sort == studentRole && (o.sort == contactRole || o.sort == staffRole))
		})
	})
	slices.SortStableFunc(counts, func(a, b role) int { return a.rank(today) - b.rank(today) })
	return counts
}

func (r role) over(today string) bool { return r.end != "" && r.end <= today }

// rank puts first the roles that run today, of those the primary ones, and of those the ones that may open a login.
func (r role) rank(today string) int {
	n := slices.Index([]string{"parent", "guardian", "relative"}, r.code)
	if n < 0 {
		n = 3
	}
	if !r.primary {
		n += 4
	}
	if r.over(today) || r.begin > today {
		n += 8
	}
	return n
}

// settle decides what a person is by all roles: a student before a contact before staff.
func settle(live []role) role {
	order := []sort{studentRole, contactRole, agentRole, unknownRole, staffRole}
	best := role{sort: noRole}
	for _, r := range live {
		if best.sort == noRole || slices.Index(order, r.sort) < slices.Index(order, best.sort) {
			best = r
		}
	}
	return best
}
