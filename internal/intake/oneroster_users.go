package intake

import (
	"database/sql"
	"slices"
	"strings"
)

// person is a row of users.csv: what is needed to tell what the people are to each other, which is kept in memory, and the rest.
type person struct {
	id                  string
	from                place
	identifier, userIDs string
	role                role     // of the row itself, version 1.1
	orgs                []string // that the row names
	agents              []string
	able, saysAble      bool   // enabledUser
	is                  role   // what the person is, by all roles
	linked              bool   // with somebody who makes a contact of an aide
	name                uint64 // tells a further row of the same person from one of somebody else
	*details                   // nil while they are in the stage
}

// details is what only matters when a person is handed over.
type details struct {
	first, middle, last           string
	preferredFirst, preferredLast string
	email, sms, phone, grade      string
}

func (d *details) fields() []any {
	return []any{&d.first, &d.middle, &d.last, &d.preferredFirst, &d.preferredLast, &d.email, &d.sms, &d.phone, &d.grade}
}

const (
	insertDetails = `insert into u_person (seq, first, middle, last, preferred_first, preferred_last, email, sms, phone, grade) values `
	selectDetails = `select first, middle, last, preferred_first, preferred_last, email, sms, phone, grade from u_person where seq >= $1 and seq < $2 order by seq`
)

// putAway puts the details of the person read last into the stage.
func (o *oneRoster) putAway() error {
	if o.out.stage == nil {
		return nil
	}
	p := o.order[len(o.order)-1]
	d := p.details
	p.details = nil
	return o.out.stage.insert(o.out.ctx, insertDetails, len(o.order)-1, d.first, d.middle, d.last, d.preferredFirst, d.preferredLast, d.email, d.sms, d.phone, d.grade)
}

// eachPerson calls fn for every person with the details, in the order of the file.
func (o *oneRoster) eachPerson(fn func(p *person) error) error {
	for from := 0; from < len(o.order); from += readAtOnce {
		some := o.order[from:min(from+readAtOnce, len(o.order))]
		if o.out.stage != nil {
			all, err := list(o.out.ctx, o.out.stage, func(r *sql.Rows) (*details, error) {
				d := &details{}
				return d, r.Scan(d.fields()...)
			}, selectDetails, from, from+len(some))
			if err != nil {
				return err
			}
			for n, p := range some {
				p.details = all[n]
			}
		}
		for _, p := range some {
			if err := fn(p); err != nil {
				return err
			}
			if o.out.stage != nil {
				p.details = nil
			}
		}
	}
	return nil
}

// same returns one copy of a text that stands in many rows.
func (o *oneRoster) same(text string) string {
	if one, ok := o.texts[text]; ok {
		return one
	}
	o.texts[text] = text
	return text
}

// birth is a row of demographics.csv.
type birth struct {
	id, date string
	from     place
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
	o.out.saysLines = t.has("agentSourcedIds")
	o.out.keepUnread(t, "sourcedId")
	if err := each(t, o.readUser); err != nil {
		return err
	}
	o.cut = o.cut || t.cut
	rolesWhole := !o.hasRoles || t.has("role") || !o.delta("roles")
	o.out.whole = !o.delta("users") && rolesWhole && !o.cut
	if o.cut {
		o.f.add(Warning, "users.csv", 0, "", "", sayCutPeople)
	}
	return nil
}

func (o *oneRoster) readUser(r row) error {
	o.common(r, "users")
	id := sourcedID(r, "sourcedId")
	if id == "" {
		return nil
	}
	if first, twice := o.people[id]; twice {
		if !deleted(r) && o.sameAgain(r, first) {
			r.say(Finding{Level: Note, Column: "sourcedId", Was: id, Code: saySameAgain, Number: first.from.line})
			return nil
		}
		r.twice("sourcedId", id, first.from.line)
		return nil
	}
	p := &person{id: id, from: place{r.t.file, r.line}, identifier: r.value("identifier"), userIDs: r.value("userIds"),
		agents: r.list("agentSourcedIds"), able: true, details: &details{first: r.value("givenName"), middle: r.value("middleName"),
			last: r.value("familyName"), preferredFirst: r.value("preferredGivenName"), preferredLast: r.value("preferredFamilyName"),
			sms: r.value("sms"), phone: r.value("phone"), grade: r.value("grades")}}
	if deleted(r) {
		o.people[id] = p
		o.gone[id] = true
		return o.out.sayGone(id)
	}
	if !named(r, p) {
		return o.out.keep(id)
	}
	o.people[id] = p
	p.name = o.nameOf(r)
	o.order = append(o.order, p)
	p.email = address(r)
	p.sms, p.phone = short(r, "sms", p.sms, phoneLength), short(r, "phone", p.phone, phoneLength)
	p.orgs = r.list("orgSourcedIds")
	if primary := r.value("primaryOrgSourcedId"); primary != "" {
		p.orgs = append([]string{primary}, p.orgs...)
	}
	for n, id := range p.orgs {
		p.orgs[n] = o.same(id)
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
	if name := r.value("role"); name != "" {
		strict := false
		if p.role, strict = roleNamed(name); p.role.sort == unknownRole {
			r.note(Warning, "role", name, sayRole)
		} else if !strict {
			r.note(Note, "role", name, sayRoleSpelled)
		}
		p.role.name = o.same(p.role.name)
	}
	return o.putAway()
}

// sameAgain takes a further row of a person, of which some programs write one for each school, role or adult: it has the same names. It reports
// false for a row of somebody else.
func (o *oneRoster) sameAgain(r row, p *person) bool {
	if o.gone[p.id] || p.name == 0 || p.name != o.nameOf(r) {
		return false
	}
	for _, id := range r.list("orgSourcedIds") {
		if !slices.Contains(p.orgs, id) {
			p.orgs = append(p.orgs, o.same(id))
		}
	}
	for _, id := range r.list("agentSourcedIds") {
		if !slices.Contains(p.agents, id) {
			p.agents = append(p.agents, id)
		}
	}
	if is, _ := roleNamed(r.value("role")); !o.hasRoles && is.sort != unknownRole && is.name != p.role.name {
		if len(o.roles[p.id]) == 0 {
			o.roles[p.id] = []role{p.role}
		}
		o.roles[p.id] = append(o.roles[p.id], is)
	}
	return true
}

func (o *oneRoster) nameOf(r row) uint64 { return o.hash(r.value("givenName"), r.value("familyName")) }

// named checks a person's names. It reports false for a row that is not taken.
func named(r row, p *person) bool {
	if p.first == "" && p.last == "" {
		r.note(Skipped, "", p.id, sayNoName)
		return false
	}
	for _, n := range []struct {
		column string
		name   *string
		needed bool
	}{
		{"givenName", &p.first, true}, {"familyName", &p.last, true}, {"middleName", &p.middle, false},
		{"preferredGivenName", &p.preferredFirst, false}, {"preferredFamilyName", &p.preferredLast, false},
	} {
		switch {
		case n.needed && *n.name == "":
			r.note(Warning, n.column, "", sayOneName)
		case tooLong(*n.name, nameLength) && n.needed:
			r.note(Skipped, n.column, *n.name, sayNameLong)
			return false
		case tooLong(*n.name, nameLength):
			r.note(Warning, n.column, *n.name, sayNameLeft)
			*n.name = ""
		case garbled(*n.name):
			r.note(Warning, n.column, *n.name, sayLetters)
		}
	}
	return true
}

// address reads the e-mail address; what mail cannot be sent to is left out.
func address(r row) string {
	v := r.value("email")
	switch {
	case v == "" || nothing(v):
		return ""
	case !mailbox(v):
		r.note(Warning, "email", v, sayNoMail)
		return ""
	}
	return v
}

func short(r row, column, v string, limit int) string {
	switch {
	case nothing(v):
		return ""
	case tooLong(v, limit):
		r.note(Warning, column, v, sayLong)
		return ""
	}
	return v
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
	seen := map[string]int{}
	return each(t, func(r row) error {
		o.common(r, "demographics")
		id := sourcedID(r, "sourcedId")
		if id == "" || deleted(r) {
			return nil
		}
		if first, twice := seen[id]; twice {
			r.twice("sourcedId", id, first)
			return nil
		}
		seen[id] = r.line
		if t.has("birthDate") {
			o.births = append(o.births, birth{id, day(r, "birthDate"), place{r.t.file, r.line}})
		}
		return nil
	})
}
