package intake

import (
	"strconv"
	"strings"
)

// person is a row of users.csv.
type person struct {
	id                            string
	from                          place
	first, middle, last           string
	preferredFirst, preferredLast string
	identifier, userIDs           string
	email, sms, phone, grade      string
	role                          role     // of the row itself, version 1.1
	orgs                          []string // that the row names
	agents                        []string
	able, saysAble                bool // enabledUser
	is                            role // what the person is, by all roles
	linked                        bool // with somebody who makes a contact of an aide
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
		o.f.add(Note, "users.csv", 0, "", "", "is absent: the package says that nobody changed")
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
	if err := each(t, o.readUser); err != nil {
		return err
	}
	o.cut = o.cut || t.cut
	rolesWhole := !o.hasRoles || t.has("role") || !o.delta("roles")
	o.out.whole = !o.delta("users") && rolesWhole && !o.cut
	if o.cut {
		o.f.add(Warning, "users.csv", 0, "", "", "a file that lists people ends too early: nobody is taken to be gone because of it")
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
		r.note(Skipped, "sourcedId", id+" (first in line "+strconv.Itoa(first.from.line)+")", "the same id stands there twice: the first one was taken")
		return nil
	}
	p := &person{id: id, from: place{r.t.file, r.line}, first: r.value("givenName"), middle: r.value("middleName"),
		last: r.value("familyName"), preferredFirst: r.value("preferredGivenName"), preferredLast: r.value("preferredFamilyName"),
		identifier: r.value("identifier"), userIDs: r.value("userIds"), sms: r.value("sms"), phone: r.value("phone"),
		grade: r.value("grades"), agents: r.list("agentSourcedIds"), able: true}
	if deleted(r) {
		o.people[id] = p
		o.gone[id] = true
		return o.out.sayGone(id)
	}
	if !named(r, p) {
		return nil
	}
	o.people[id] = p
	o.order = append(o.order, p)
	p.email = address(r)
	p.sms, p.phone = short(r, "sms", p.sms, phoneLength), short(r, "phone", p.phone, phoneLength)
	p.orgs = r.list("orgSourcedIds")
	if primary := r.value("primaryOrgSourcedId"); primary != "" {
		p.orgs = append([]string{primary}, p.orgs...)
	}
	if v := r.value("enabledUser"); v != "" {
		able, ok, strict := truth(v)
		p.saysAble = ok
		switch {
		case !ok:
			r.note(Warning, "enabledUser", v, "neither true nor false: left out")
		case !strict:
			r.note(Note, "enabledUser", v, "taken as "+strconv.FormatBool(able))
			p.able = able
		default:
			p.able = able
		}
	}
	if name := r.value("role"); name != "" {
		strict := false
		if p.role, strict = roleNamed(name); p.role.sort == unknownRole {
			r.note(Warning, "role", name, "unknown role")
		} else if !strict {
			r.note(Note, "role", name, "the role stands otherwise than in the standard: taken")
		}
	}
	return nil
}

// named checks a person's names. It reports false for a row that is not taken.
func named(r row, p *person) bool {
	if p.first == "" && p.last == "" {
		r.note(Skipped, "", p.id, "neither a given nor a family name: row not taken")
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
			r.note(Warning, n.column, "", "no name: taken with the other one alone")
		case tooLong(*n.name, nameLength) && n.needed:
			r.note(Skipped, n.column, *n.name, "the name is longer than 128 characters: row not taken")
			return false
		case tooLong(*n.name, nameLength):
			r.note(Warning, n.column, *n.name, "the name is longer than 128 characters: left out")
			*n.name = ""
		case garbled(*n.name):
			r.note(Warning, n.column, *n.name, "letters seem to be lost: nobody can type this name")
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
		r.note(Warning, "email", v, "no e-mail address: left out")
		return ""
	}
	return v
}

func short(r row, column, v string, limit int) string {
	switch {
	case nothing(v):
		return ""
	case tooLong(v, limit):
		r.note(Warning, column, v, "too long: left out")
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
			r.note(Skipped, "sourcedId", id+" (first in line "+strconv.Itoa(first)+")", "the same id stands there twice: the first one was taken")
			return nil
		}
		seen[id] = r.line
		if t.has("birthDate") {
			o.births = append(o.births, birth{id, day(r, "birthDate"), place{r.t.file, r.line}})
		}
		return nil
	})
}
