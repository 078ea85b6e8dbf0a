package intake

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// contactRow reads a row of a file of contacts. A row without a person goes on with the one above: it holds a further child, telephone or
// address.
func (d *plainTables) contactRow(r row, _ []plainColumn) error {
	id, number := r.value("contact.student_id"), r.value("contact.student_number")
	if _, isID := d.students[id]; !isID && (number == "" || len(d.numbers[lang.IDKey(number)]) == 0) {
		number = cmp.Or(id, number) // students are named by their ID Numbers, in whichever column
	}
	all := []string{cmp.Or(id, number)}
	if named := d.numbers[lang.IDKey(number)]; len(named) > 0 {
		all = named
	}
	if len(all) > 1 && slices.Contains(all, id) {
		all = []string{id}
	}
	if len(all) == 1 && !d.shared[all[0]] {
		return d.contactIn(r, "contact", all[0])
	}
	r.note(Skipped, "contact.student_number", cmp.Or(number, id), sayStudentShared)
	err := d.out.keep(r.value("contact.contact_id"))
	for _, id := range all {
		err = errors.Join(err, d.out.keep(id))
	}
	return err
}

// contactIn reads the contact that stands in a row under a prefix of columns, with the line to the student.
func (d *plainTables) contactIn(r row, of, student string) error {
	value := func(field string) string { return r.value(of + "." + field) }
	nobody := value("first_name") == "" && value("last_name") == "" && value("name") == ""
	if nobody && of != "contact" {
		return nil // the student has fewer contacts than the row has room for
	}
	c := d.above
	same := c != nil && value("contact_id") == c.SourceID
	if nobody && c != nil && (value("contact_id") == "" || same) {
		d.f.count(Finding{Level: Note, File: r.t.file, Count: 1, Code: sayRowGoesOn})
		d.more(r, of, c)
	} else {
		name, ok := d.name(r, of)
		if !ok {
			d.above = nil
			return errors.Join(d.out.keep(value("contact_id")), d.out.keep(student))
		}
		if suffix := value("suffix"); suffix != "" && !nothing(suffix) {
			name.last = strings.TrimSpace(name.last + " " + suffix)
		}
		c = d.person(r, of, student, name)
	}
	if of == "contact" {
		d.above = c
	}
	if active := value("active"); active != "" && flagIn(r, of+".active") == roster.No {
		d.f.count(Finding{Level: Note, File: r.t.file, Column: "active", Count: 1, Code: sayContactInactive})
		return nil
	}
	if student == "" {
		if !nobody {
			r.note(Warning, "student_id", "", sayLineNobody)
		}
		return nil
	}
	d.line(r, of, student, c)
	return nil
}

// person finds or makes the contact of a row.
func (d *plainTables) person(r row, of, student string, name fullName) *contact {
	value := func(field string) string { return r.value(of + "." + field) }
	id, derived := value("contact_id"), false
	email := emailIn(r, of+".email")
	phone := cmp.Or(value("mobile_phone"), value("home_phone"), value("phone"), value("work_phone"))
	if id == "" || tooLong(id, idLength) || nothing(id) {
		code, _ := relationshipOf(d.kinds, cmp.Or(value("relationship"), groupRelation(of)))
		id, derived = derivedID("table", nameKey(name.first, name.last), email, phone, student, "", code), true
	}
	if c := d.contacts[id]; c != nil {
		d.more(r, of, c)
		return c
	}
	c := &contact{from: place{r.t.file, r.line}, relationship: "unknown", derived: derived, carried: []string{"first_name", "last_name"}}
	c.Contact = roster.Contact{SourceID: id, First: name.first, Middle: name.middle, Last: name.last, PreferredFirst: name.otherFirst,
		PreferredLast: name.otherLast, Email: email}
	carry := func(column string, fields ...string) bool {
		if r.t.has(of + "." + column) {
			c.carried = append(c.carried, fields...)
		}
		return r.t.has(of + "." + column)
	}
	carry("middle_name", "middle_name")
	carry("email", "email")
	if !r.t.has(of + ".last_name") {
		c.carried = append(c.carried, "middle_name", "preferred_first", "preferred_last")
	}
	if carry("preferred_first", "preferred_first") {
		c.PreferredFirst = extra(r, of+".preferred_first")
	}
	if carry("preferred_last", "preferred_last") {
		c.PreferredLast = extra(r, of+".preferred_last")
	}
	if carry("mobile_phone", "mobile_phone") {
		c.MobilePhone = phoneIn(r, of+".mobile_phone")
	}
	if carry("home_phone", "home_phone") {
		c.HomePhone = phoneIn(r, of+".home_phone")
	}
	if carry("work_phone", "work_phone") {
		c.WorkPhone = phoneIn(r, of+".work_phone")
	}
	if carry("phone", "mobile_phone", "home_phone", "work_phone") {
		putPhone(&c.Contact, value("phone_type"), phoneIn(r, of+".phone"))
	}
	if carry("language", "language") {
		code, known := languageIn(value("language"))
		if !known {
			d.f.count(Finding{Level: Note, File: r.t.file, Column: "language", Count: 1, Code: sayLanguage})
		}
		c.Language = code
	}
	d.contacts[id], d.order = c, append(d.order, id)
	return c
}

// more adds what a further row of the same contact says.
func (d *plainTables) more(r row, of string, c *contact) {
	if email := r.value(of + ".email"); c.Email == "" && email != "" {
		c.Email = emailIn(r, of+".email")
	}
	if phone := r.value(of + ".phone"); phone != "" {
		putPhone(&c.Contact, r.value(of+".phone_type"), phoneIn(r, of+".phone"))
	}
	for field, at := range map[string]*string{"mobile_phone": &c.MobilePhone, "home_phone": &c.HomePhone, "work_phone": &c.WorkPhone} {
		if *at == "" && r.value(of+"."+field) != "" {
			*at = phoneIn(r, of+"."+field)
		}
	}
}

// groupRelation is what the name of a column says of the relationship.
func groupRelation(group string) string {
	group = strings.TrimRight(group, "0123456789")
	switch group {
	case "mother", "father", "guardian", "parent":
		return group
	}
	return ""
}

// tighten takes of a further row of a pair what shuts something: a school has an adult twice with a child, once with all the telephones and once with
// the restriction.
func (d *plainTables) tighten(r row, of string, l *line) {
	again := &line{student: l.student, contact: l.contact, from: place{r.t.file, r.line}}
	d.restriction(r, of, again)
	if again.Restricted == roster.Yes && l.Restricted != roster.Yes {
		l.Restricted, l.carried = roster.Yes, append(l.carried, "restricted")
	}
	if again.FileRestriction != "" && l.FileRestriction == "" {
		l.FileRestriction, l.carried = again.FileRestriction, append(l.carried, roster.FileRestriction)
	}
	if flagIn(r, of+".portal_access") == roster.No {
		l.PortalAccess = roster.No
	}
}

// line reads what a row says of the pair. Of several rows of the same pair the first one counts.
func (d *plainTables) line(r row, of, student string, c *contact) {
	pair := pairOfIDs{student, c.SourceID}
	if l := d.lines[pair]; l != nil {
		d.tighten(r, of, l)
		return
	}
	l := &line{student: student, contact: c.SourceID, from: place{r.t.file, r.line}}
	d.lines[pair] = l
	d.pairs = append(d.pairs, pair)
	carry := func(column, field string) bool {
		has := r.t.has(of + "." + column)
		if has {
			l.carried = append(l.carried, field)
		}
		return has
	}
	if carry("relationship", "relationship") {
		l.Relationship = d.relationshipIn(r, of+".relationship")
		if l.Relationship == "unknown" && groupRelation(of) != "" {
			l.Relationship = groupRelation(of)
		}
	} else if kind := groupRelation(of); kind != "" {
		l.Relationship, l.carried = kind, append(l.carried, "relationship")
	}
	for _, x := range []struct {
		column string
		flag   *roster.Flag
	}{{"legal_guardian", &l.LegalGuardian}, {"lives_with", &l.LivesWith}, {"emergency", &l.Emergency}, {"pickup", &l.Pickup},
		{"mailing", &l.Mailing}, {"portal_access", &l.PortalAccess}} {
		if carry(x.column, x.column) {
			*x.flag = flagIn(r, of+"."+x.column)
		}
	}
	if r.t.has(of+".custody") && !r.t.has(of+".legal_guardian") {
		l.LegalGuardian, l.carried = flagIn(r, of+".custody"), append(l.carried, "legal_guardian")
	}
	if carry("begin_date", "begin_date") {
		l.BeginDate = dayBy(r, of+".begin_date")
	}
	if carry("end_date", "end_date") {
		l.EndDate = dayBy(r, of+".end_date")
	}
	if l.BeginDate != "" && l.EndDate != "" && l.EndDate <= l.BeginDate {
		r.note(Warning, "end_date", l.EndDate, sayDatesTurned)
		l.BeginDate, l.EndDate = "", ""
	}
	if at, said := d.positionIn(r, of, student); said {
		l.carried = append(l.carried, "position")
		l.Position = at
	}
	d.restriction(r, of, l)
}

// restriction reads what a row says against a contact: a code restricts, words wait for staff. A file without the column, or an empty cell
// of codes, says nothing.
func (d *plainTables) restriction(r row, of string, l *line) {
	shut := func(column, was string) {
		l.Restricted = roster.Yes
		l.carried = append(l.carried, "restricted")
		r.note(Warning, of+"."+column, was, sayRestricted)
	}
	if code := r.value(of + ".record_type"); code != "" {
		switch folded := fold(code); {
		case folded == "r" || strings.HasPrefix(folded, "restrain") || strings.HasPrefix(folded, "restrict") || folded == "nocontact":
			shut("record_type", code)
		default:
			l.Restricted, l.carried = roster.Unknown, append(l.carried, "restricted")
			if (folded == "e" || folded == "emergency") && !r.t.has(of+".emergency") {
				l.Emergency, l.carried = roster.Yes, append(l.carried, "emergency")
			}
		}
	}
	if !r.t.has(of + ".restriction") {
		return
	}
	words := r.value(of + ".restriction")
	yes, isFlag, _ := truth(words)
	switch {
	case isFlag && yes, strings.EqualFold(words, "x"), strings.EqualFold(words, "r"), strings.EqualFold(words, "restricted"):
		shut("restriction", words)
		return
	case isFlag && !slices.Contains(l.carried, "restricted"):
		l.Restricted, l.carried = roster.No, append(l.carried, "restricted")
	}
	l.carried = append(l.carried, roster.FileRestriction)
	if l.FileRestriction = restrictionText(words); l.FileRestriction != "" {
		r.note(Warning, of+".restriction", "", sayWords)
	}
}
