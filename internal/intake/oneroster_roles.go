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

// role is what a person is at an organisation.
type role struct {
	sort       sort
	code       string // of roster.Relationships, for contacts
	name       string // as the file has it
	org        string
	primary    bool
	begin, end string
	gone       bool
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
		g.org, g.gone = r.value("orgSourcedId"), deleted(r)
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

// rolesOf returns what a person is: the live ones of these roles, primary ones first, else the role of the row itself. onlyGone says that
// the file has roles for the person and all of them end.
func rolesOf(all []role, own string) (live []role, onlyGone bool) {
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
	slices.SortStableFunc(live, func(a, b role) int { return rank(a) - rank(b) })
	return live, false
}

// rank puts primary roles first, and those that may open a login before others that make a contact.
func rank(r role) int {
	n := slices.Index([]string{"parent", "guardian", "relative"}, r.code)
	if n < 0 {
		n = 3
	}
	if !r.primary {
		n += 4
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

// span is when a person's roles of one sort run: from the earliest begin to the latest end, "" where one of them has no bound.
func span(live []role, s sort) (begin, end string) {
	first := true
	for _, r := range live {
		if r.sort != s {
			continue
		}
		switch {
		case first:
			begin, end = r.begin, r.end
		default:
			if r.begin == "" || begin != "" && r.begin < begin {
				begin = r.begin
			}
			if r.end == "" || end != "" && r.end > end {
				end = r.end
			}
		}
		first = false
	}
	return begin, end
}
