package intake

import (
	"slices"
	"strings"
)

// person is a row of users.csv.
type person struct {
	seq                           int64 // in the order of the file
	id                            string
	from                          place
	identifier, userIDs           string
	role                          string   // of the row itself, version 1.1
	orgs, agents                  []string // that the row names
	able, saysAble                bool     // enabledUser
	gone                          bool     // the file says so
	first, middle, last           string
	preferredFirst, preferredLast string
	email, sms, phone, grade      string

	is    role   // what the person is, by all roles
	all   []role // those of roles.csv or of further rows
	born  string
	dated bool // demographics.csv has a row
}

func usersLayout() layout {
	return layout{
		columns: []string{"sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds",
			"givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
			"userMasterIdentifier", "resourceSourcedIds", "preferredGivenName", "preferredMiddleName", "preferredFamilyName",
			"primaryOrgSourcedId", "pronouns"},
		aliases: map[string]string{"datalastmodified": "dateLastModified", "orgs": "orgSourcedIds", "orgsourcedid": "orgSourcedIds",
			"agents": "agentSourcedIds", "agentsourcedid": "agentSourcedIds", "grade": "grades", "userid": "userIds",
			"firstname": "givenName", "lastname": "familyName", "surname": "familyName", "primaryorg": "primaryOrgSourcedId",
			"prefferedgivenname": "preferredGivenName", "preferedgivenname": "preferredGivenName",
			"preferredfirstname": "preferredGivenName", "prefferedmiddlename": "preferredMiddleName",
			"preferedmiddlename": "preferredMiddleName", "prefferedfamilyname": "preferredFamilyName",
			"preferedfamilyname": "preferredFamilyName", "preferredlastname": "preferredFamilyName", "enabled": "enabledUser",
			"mobile": "sms", "emailaddress": "email", "phonenumber": "phone"},
		required: []string{"sourcedId", "givenName", "familyName"},
		standard: []string{"enabledUser", "username"},
	}
}

func (o *oneRoster) readUsers() error {
	t, ok, err := o.open("users.csv", usersLayout())
	if err != nil {
		return err
	}
	if !ok {
		if mode := strings.ToLower(o.manifest["file.users"]); mode == "bulk" || mode == "delta" || mode == "" {
			return errNoUsers
		}
		o.f.add(Note, "users.csv", 0, "", "", sayUnchanged)
		return nil
	}
	defer func() { _ = t.Close() }() // it was only read
	if !o.hasRoles && !t.has("role") {
		return errNoRoles
	}
	for column := range t.columns {
		o.columns[column] = true
	}
	o.users, o.out.saysLines = t.file, t.has("agentSourcedIds")
	o.out.keepUnread(t, "sourcedId")
	if err := o.stage.flush(o.out.ctx); err != nil { // roles
		return err
	}
	if err := eachKnowing(t, o.lookUpRoles, o.readUser); err != nil {
		return err
	}
	o.cut = o.cut || t.cut
	rolesWhole := !o.hasRoles || t.has("role") || !o.delta("roles")
	o.out.whole = !o.delta("users") && rolesWhole && !o.cut
	if o.cut {
		o.f.add(Warning, "users.csv", 0, "", "", sayCutPeople)
	}
	return o.oneRowEach()
}

func (o *oneRoster) readUser(r row) error {
	o.common(r, "users")
	id := sourcedID(r, "sourcedId")
	if id == "" {
		return nil
	}
	p := &person{id: id, from: place{r.t.file, r.line}, identifier: r.value("identifier"), userIDs: r.value("userIds"),
		orgs: r.list("orgSourcedIds"), agents: r.list("agentSourcedIds"), able: true, grade: r.value("grades")}
	if p.gone = deleted(r); p.gone {
		return o.putPerson(p)
	}
	var ok bool
	if p.first, p.middle, p.last, ok = names(r, "givenName", "middleName", "familyName"); !ok {
		return o.out.keep(id)
	}
	p.preferredFirst, p.preferredLast = extra(r, "preferredGivenName"), extra(r, "preferredFamilyName")
	p.email, p.sms, p.phone = emailIn(r, "email"), phoneIn(r, "sms"), phoneIn(r, "phone")
	if other := o.known[id]; other != nil {
		p.all = other.all
	}
	if primary := r.value("primaryOrgSourcedId"); primary != "" {
		p.orgs = append([]string{primary}, p.orgs...)
		if len(p.all) > 0 && !slices.ContainsFunc(p.all, func(g role) bool { return g.org == primary }) {
			o.f.count(Finding{Level: Note, File: r.t.file, Column: "primaryOrgSourcedId", Count: 1, Code: sayPrimaryOrg})
		}
	}
	if v := r.value("enabledUser"); v != "" {
		able, ok, strict := truth(v)
		p.saysAble = ok
		switch {
		case !ok:
			r.note(Warning, "enabledUser", v, sayNoTruth)
		case !strict:
			r.note(Note, "enabledUser", v, sayTruth)
			p.able = able
		default:
			p.able = able
		}
	}
	if p.role = r.value("role"); p.role != "" {
		if is, strict := roleNamed(p.role); is.sort == unknownRole {
			r.note(Warning, "role", p.role, sayRole)
		} else if !strict {
			r.note(Note, "role", p.role, sayRoleSpelled)
		}
	}
	o.settle(p)
	o.numbers.count(p)
	return o.putPerson(p)
}

// settle decides what a person is.
func (o *oneRoster) settle(p *person) {
	live, onlyGone := rolesOf(p.all, p.role, o.today)
	if twicePrimary(live) {
		o.f.count(Finding{Level: Note, File: "roles.csv", Column: "roleType", Count: 1, Code: sayPrimaryTwice})
	}
	if p.is = settle(live); onlyGone && !o.delta("roles") { // of a person's other roles a file of changes says nothing
		p.gone = true
		o.f.add(Note, p.from.file, p.from.line, "", p.id, sayRolesGone)
	}
}

// twicePrimary reports whether of the roles at one organisation more than one is the primary one.
func twicePrimary(all []role) bool {
	if len(all) < 2 {
		return false
	}
	seen := map[string]bool{}
	for _, r := range all {
		if r.primary && seen[r.org] {
			return true
		}
		seen[r.org] = seen[r.org] || r.primary
	}
	return false
}

// oneRowEach finds the ids that stand in several rows. Some programs write a row for each school, role or adult of a person, with the same names: what
// those say more is taken. Of rows of different people the first one counts.
func (o *oneRoster) oneRowEach() error {
	if err := o.stage.exec(o.out.ctx, insertTwice); err != nil {
		return err
	}
	var first *person
	changed := false
	done := func() error {
		if !changed {
			return nil
		}
		if changed = false; !o.hasRoles {
			o.settle(first)
		}
		return o.changePerson(first)
	}
	err := o.eachTwice(func(p *person) error {
		if first == nil || p.id != first.id {
			err := done()
			first = p
			return err
		}
		code, level := sayIDTwice, Skipped
		if o.sameAgain(first, p) {
			code, level, changed = saySameAgain, Note, true
		}
		o.f.say(Finding{Level: level, File: o.users, Line: p.from.line, Column: "sourcedId", Was: p.id, Code: code, Number: first.from.line})
		return o.stage.exec(o.out.ctx, deletePerson, p.seq)
	})
	if err == nil {
		err = done()
	}
	if err != nil {
		return err
	}
	return o.stage.flush(o.out.ctx)
}

// sameAgain adds to a person what a further row says. It reports false for a row of somebody else.
func (o *oneRoster) sameAgain(p, again *person) bool {
	if p.gone || again.gone || p.first != again.first || p.last != again.last {
		return false
	}
	p.orgs, p.agents = distinct(append(p.orgs, again.orgs...)), distinct(append(p.agents, again.agents...))
	if is, _ := roleNamed(again.role); !o.hasRoles && is.sort != unknownRole && again.role != p.role {
		if len(p.all) == 0 {
			own, _ := roleNamed(p.role)
			p.all = []role{own}
		}
		p.all = append(p.all, is)
		o.many = true
	}
	return true
}

func (o *oneRoster) readDemographics() error {
	t, ok, err := o.open("demographics.csv", layout{
		columns: []string{"sourcedId", "status", "dateLastModified", "birthDate", "sex", "americanIndianOrAlaskaNative", "asian",
			"blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces",
			"hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus"},
		aliases: map[string]string{"datalastmodified": "dateLastModified", "usersourcedid": "sourcedId", "birthdate": "birthDate",
			"dob": "birthDate", "dateofbirth": "birthDate"},
		required: []string{"sourcedId"},
	})
	if !ok {
		return err
	}
	defer func() { _ = t.Close() }() // it was only read
	err = each(t, func(r row) error {
		o.common(r, "demographics")
		id := sourcedID(r, "sourcedId")
		if id == "" || deleted(r) {
			return nil
		}
		return o.stage.insert(o.out.ctx, insertBirth, id, day(r, "birthDate"), t.has("birthDate"), r.line)
	})
	if err != nil {
		return err
	}
	return o.birthsTwice(t.file)
}
