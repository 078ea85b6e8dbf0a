package intake

import (
	"slices"
	"strings"
)

// The fields of a table of people by the names that docs/rosters.md has and a mapping uses.
func studentColumns() []string {
	return []string{"id", "id_number", "first_name", "middle_name", "last_name", "name", "preferred_first", "preferred_last", "birth_date", "grade",
		"homeroom", "school", "school_id", "email", "status", "language"}
}

func contactColumns() []string {
	return []string{"student_id", "student_number", "contact_id", "first_name", "middle_name", "last_name", "name", "suffix", "preferred_first",
		"preferred_last", "email", "mobile_phone", "home_phone", "work_phone", "phone", "phone_type", "language", "relationship", "position", "primary",
		"legal_guardian", "custody", "lives_with", "emergency", "pickup", "mailing", "portal_access", "restriction", "record_type", "active",
		"begin_date", "end_date"}
}

// studentAliases are other names of a student's columns, folded: those of exports of PowerSchool, Aeries and Infinite Campus, and Spanish ones.
func studentAliases() map[string]string {
	return map[string]string{
		"sourcedid": "id", "studentid": "id", "studentsid": "id", "dcid": "id", "studentdcid": "id", "personid": "id", "studentpersonid": "id", "stuid": "id",
		"pupilid": "id", "systemid": "id",
		"studentnumber": "id_number", "stunum": "id_number", "stunumber": "id_number", "number": "id_number", "permid": "id_number", "permanentid": "id_number",
		"sisnumber": "id_number", "studentidnumber": "id_number", "localid": "id_number", "localstudentid": "id_number", "pupilnumber": "id_number", "sn": "id_number",
		"numerodeestudiante": "id_number", "matricula": "id_number",
		"first": "first_name", "fn": "first_name", "givenname": "first_name", "forename": "first_name", "studentfirstname": "first_name",
		"studentfirst": "first_name", "legalfirstname": "first_name", "nombre": "first_name", "studentsfirstname": "first_name",
		"middle": "middle_name", "mn": "middle_name", "middlename": "middle_name", "studentmiddlename": "middle_name", "legalmiddlename": "middle_name",
		"last": "last_name", "ln": "last_name", "familyname": "last_name", "surname": "last_name", "studentlastname": "last_name", "studentlast": "last_name",
		"legallastname": "last_name", "apellido": "last_name", "apellidos": "last_name", "studentslastname": "last_name",
		"studentname": "name", "fullname": "name", "lastfirst": "name", "student": "name",
		"preferredname": "preferred_first", "preferredfirstname": "preferred_first", "nickname": "preferred_first", "nn": "preferred_first",
		"alias": "preferred_first", "goesby": "preferred_first", "preferredlastname": "preferred_last",
		"dob": "birth_date", "birthdate": "birth_date", "birthday": "birth_date", "dateofbirth": "birth_date", "bd": "birth_date",
		"studentbirthdate": "birth_date", "fechadenacimiento": "birth_date",
		"gradelevel": "grade", "gr": "grade", "grd": "grade", "currentgrade": "grade", "studentgrade": "grade", "grado": "grade", "yeargroup": "grade",
		"homeroomname": "homeroom", "hr": "homeroom", "homeroomteacher": "homeroom", "advisory": "homeroom", "rm": "homeroom",
		"schoolname": "school", "school": "school", "campus": "school", "calendarname": "school", "escuela": "school", "currentschool": "school",
		"schoolid": "school_id", "schoolnumber": "school_id", "sc": "school_id", "schoolcode": "school_id", "campusid": "school_id",
		"studentemail": "email", "sem": "email", "schoolemail": "email", "emailaddress": "email", "studentemailaddress": "email", "correo": "email",
		"enrollstatus": "status", "enrollmentstatus": "status", "studentstatus": "status", "statuscode": "status",
		"homelanguage": "language", "primarylanguage": "language", "hl": "language", "nativelanguage": "language", "idioma": "language",
	}
}

// contactAliases are other names of a contact's columns. The two-letter ones are those of Aeries' CON table.
func contactAliases() map[string]string {
	return map[string]string{
		"studentid": "student_id", "studentsid": "student_id", "studentdcid": "student_id", "studentpersonid": "student_id", "stuid": "student_id",
		"pid": "student_id", "id": "student_id", "pupilid": "student_id", "studentsourcedid": "student_id",
		"studentnumber": "student_number", "stunum": "student_number", "studentidnumber": "student_number", "permid": "student_number",
		"localstudentid": "student_number", "sn": "student_number", "matricula": "student_number",
		"contactpersonid": "contact_id", "personid": "contact_id", "guardianid": "contact_id", "parentid": "contact_id", "contactsourcedid": "contact_id",
		"contactid": "contact_id", "contactnumber": "contact_id", "contactidentifier": "contact_id", "relatedpersonid": "contact_id",
		"first": "first_name", "fn": "first_name", "givenname": "first_name", "contactfirstname": "first_name", "guardianfirstname": "first_name",
		"parentfirstname": "first_name", "contactfirst": "first_name", "nombre": "first_name", "fname": "first_name",
		"middle": "middle_name", "mn": "middle_name", "contactmiddlename": "middle_name", "guardianmiddlename": "middle_name",
		"last": "last_name", "ln": "last_name", "familyname": "last_name", "surname": "last_name", "contactlastname": "last_name",
		"guardianlastname": "last_name", "parentlastname": "last_name", "contactlast": "last_name", "apellido": "last_name", "apellidos": "last_name",
		"lname":       "last_name",
		"contactname": "name", "guardianname": "name", "parentname": "name", "fullname": "name", "mailingname": "name", "contact": "name",
		"sf": "suffix", "namesuffix": "suffix", "contactsuffix": "suffix",
		"preferredname": "preferred_first", "preferredfirstname": "preferred_first", "nickname": "preferred_first", "preferredlastname": "preferred_last",
		"em": "email", "contactemail": "email", "guardianemail": "email", "parentemail": "email", "emailaddress": "email", "email1": "email",
		"contactemailaddress": "email", "correo": "email", "correoelectronico": "email", "primaryemail": "email", "homeemail": "email",
		"cp": "mobile_phone", "cell": "mobile_phone", "cellphone": "mobile_phone", "mobile": "mobile_phone", "mobilephone": "mobile_phone",
		"contactcellphone": "mobile_phone", "cellphonenumber": "mobile_phone", "celular": "mobile_phone", "sms": "mobile_phone", "cellnumber": "mobile_phone",
		"tl": "home_phone", "homephone": "home_phone", "hometelephone": "home_phone", "contacthomephone": "home_phone", "homephonenumber": "home_phone",
		"wp": "work_phone", "workphone": "work_phone", "daytimephone": "work_phone", "dayphone": "work_phone", "contactworkphone": "work_phone",
		"workphonenumber": "work_phone", "otherphone": "home_phone",
		"phonenumber": "phone", "telephone": "phone", "contactphone": "phone", "phone1": "phone", "telefono": "phone", "phonenumberasentered": "phone",
		"phonetype": "phone_type", "contactphonetype": "phone_type", "phonenumbertype": "phone_type",
		"cl": "language", "correspondencelanguage": "language", "preferredlanguage": "language", "contactlanguage": "language", "idioma": "language",
		"sisnumber": "student_number", "relationtype": "relationship", "contactguardian": "legal_guardian", "contactportal": "portal_access", "contactmailing": "mailing",
		"parentvueaccess": "portal_access", "educationalrights": "custody",
		"rl": "relationship", "relation": "relationship", "relationshiptype": "relationship", "contactrelationship": "relationship",
		"relationshiptostudent": "relationship", "relationtostudent": "relationship", "parentesco": "relationship", "contactrelation": "relationship",
		"or": "position", "order": "position", "priority": "position", "contactpriority": "position", "contactpriorityorder": "position",
		"priorityorder": "position", "sequence": "position", "seq": "position", "contactorder": "position", "contactsequence": "position",
		"emergencypriority": "position", "sq": "position",
		"pc": "primary", "primarycontact": "primary", "isprimary": "primary", "primarycontactstatus": "primary",
		"guardian": "legal_guardian", "isguardian": "legal_guardian", "legalguardianflag": "legal_guardian", "parentlegalguardian": "legal_guardian",
		"custodial": "custody", "iscustodial": "custody", "hascustody": "custody", "custodialparent": "custody", "erh": "custody",
		"edrights": "custody", "edrightsholder": "custody", "educationalrightsholder": "custody", "legalcustody": "custody", "custodia": "custody",
		"lw": "lives_with", "liveswithflg": "lives_with", "liveswithflag": "lives_with", "liveswithstudent": "lives_with", "resideswith": "lives_with",
		"viveconelestudiante": "lives_with",
		"isemergency":         "emergency", "emergencycontact": "emergency", "emergencycontactflag": "emergency", "emergencycontactstatus": "emergency",
		"emergencia":   "emergency",
		"pickuprights": "pickup", "schoolpickup": "pickup", "schoolpickupflg": "pickup", "canpickup": "pickup", "maypickup": "pickup", "pickupstudent": "pickup",
		"okpickup": "pickup", "releaseto": "pickup",
		"mt": "mailing", "mail": "mailing", "receivesmail": "mailing", "receivesmailflg": "mailing", "mailtag": "mailing", "receivemail": "mailing",
		"ap": "portal_access", "portal": "portal_access", "accesstoportal": "portal_access", "webaccess": "portal_access", "parentportal": "portal_access",
		"accesstorecords": "portal_access", "dataaccess": "portal_access", "portalflag": "portal_access", "hasportalaccess": "portal_access",
		"restrictions": "restriction", "restrictionnote": "restriction", "restrictiontext": "restriction", "contactrestrictions": "restriction",
		"restricted": "restriction", "isrestricted": "restriction", "nocontact": "restriction", "courtorder": "restriction", "custodyalert": "restriction",
		"legalalert": "restriction", "guardianalert": "restriction", "custodynote": "restriction", "custodynotes": "restriction",
		"restriccion":      "restriction", //nolint:misspell // Spanish
		"restrainingorder": "restriction", "legalnote": "restriction",
		"cd": "record_type", "contacttype": "record_type", "contactcode": "record_type", "recordtype": "record_type", "type": "record_type",
		"isactive": "active", "contactactive": "active", "relationshipactive": "active",
		"startdate": "begin_date", "start": "begin_date", "effectivedate": "begin_date", "relationshipstartdate": "begin_date",
		"end": "end_date", "relationshipenddate": "end_date",
	}
}

// plainKind says what a table holds.
type plainKind int

const (
	otherTable  plainKind = iota
	studentFile           // a row for each student, perhaps with contacts in it
	contactFile           // a row for each contact of a student
	pairFile              // the same, with the student's own columns in it
)

// plainColumn is what a column of a table is taken as: a field of the student, of the row's contact, or of one of the contacts in a student's
// row.
type plainColumn struct {
	key   string // of table.columns: "student.grade", "contact.email", "guardian2.email"
	field string
	group string // "guardian2"
	said  bool   // by a mapping
}

// isNone is what a mapping says of a column that is not to be read.
const isNone = "-"

// plainHeader tells from the names of a table's columns what it holds, and what each column is. given is the school's own mapping, by folded
// names.
func plainHeader(names []string, given Mapping) (plainKind, []plainColumn) {
	folded := make([]string, len(names))
	for i, n := range names {
		folded[i] = foldedColumn(n, given)
	}
	kind := kindOfTable(folded, given)
	all := make([]plainColumn, len(names))
	for i, n := range folded {
		if n == "" || isSecret(n) {
			continue
		}
		all[i] = columnFor(n, kind, given)
		of := given.Students
		if kind != studentFile {
			of = given.Contacts
		}
		_, all[i].said = of[n]
	}
	for _, c := range all { // what somebody said goes before what a name is taken for
		if c.said && c.key != "" {
			for i := range all {
				if all[i].key == c.key && !all[i].said {
					all[i] = plainColumn{}
				}
			}
		}
	}
	return kind, all
}

// foldedColumn is a column's name as it is looked up. Reports of Infinite Campus name the table before a dot: student.lastName, contacts1.email,
// cal.schoolName. What a mapping names stays as it is.
func foldedColumn(name string, given Mapping) string {
	folded := fold(name)
	of, field, dotted := strings.Cut(name, ".")
	_, student := given.Students[folded]
	_, contact := given.Contacts[folded]
	if !dotted || student || contact {
		return folded
	}
	of, field = fold(of), fold(field)
	digits := of[len(strings.TrimRight(of, "0123456789")):]
	switch strings.TrimRight(of, "0123456789") {
	case "student", "students":
		return "student" + strings.TrimPrefix(field, "student")
	case "contact", "contacts", "contactsummary":
		return "contact" + digits + strings.TrimPrefix(field, "contact")
	case "cal", "sch", "school", "enrollment":
		return field
	}
	return folded
}

// isSecret reports whether a column holds what must never be read.
func isSecret(folded string) bool {
	return strings.Contains(folded, "password") || strings.Contains(folded, "passwd") || folded == "pwd" || strings.Contains(folded, "contrasena")
}

// secretColumns finds the columns of a header that isSecret.
func secretColumns(names []string) map[int]bool {
	secret := map[int]bool{}
	for i, name := range names {
		if isSecret(fold(name)) {
			secret[i] = true
		}
	}
	return secret
}

func columnFor(folded string, kind plainKind, given Mapping) plainColumn {
	student := func(field string) plainColumn { return plainColumn{key: "student." + field, field: field} }
	contact := func(field string) plainColumn {
		return plainColumn{key: "contact." + field, field: field, group: "contact"}
	}
	switch kind {
	case studentFile:
		if field, mapped := given.Students[folded]; mapped {
			if field == isNone {
				return plainColumn{field: isNone}
			}
			if group, of, ok := strings.Cut(field, "."); ok {
				return plainColumn{key: field, field: of, group: group}
			}
			return student(field)
		}
		if group, field := groupOf(folded); field != "" {
			return plainColumn{key: group + "." + field, field: field, group: group}
		}
		if field := fieldNamed(folded, studentColumns(), studentAliases()); field != "" {
			return student(field)
		}
	case contactFile, pairFile:
		if field, mapped := given.Contacts[folded]; mapped {
			if field == isNone {
				return plainColumn{field: isNone}
			}
			return contact(field)
		}
		if kind == pairFile {
			if own, ok := strings.CutPrefix(folded, "student"); ok && own != "id" && own != "number" && own != "idnumber" {
				if field := fieldNamed(own, studentColumns(), studentAliases()); field != "" {
					return student(field)
				}
			}
			if field := fieldNamed(folded, []string{"grade", "homeroom", "birth_date", "school", "school_id"}, map[string]string{"gradelevel": "grade",
				"dob": "birth_date", "birthdate": "birth_date", "schoolname": "school", "schoolid": "school_id", "schoolcode": "school_id"}); field != "" {
				return student(field)
			}
		}
		if field := fieldNamed(folded, contactColumns(), contactAliases()); field != "" {
			return contact(field)
		}
	}
	return plainColumn{}
}

func fieldNamed(folded string, columns []string, aliases map[string]string) string {
	for _, c := range columns {
		if fold(c) == folded {
			return c
		}
	}
	return aliases[folded]
}

// groupOf reads a column of a contact within a student's row: contact1_email, guardian_2_first_name, Father_home_phone, emergency1name.
func groupOf(folded string) (group, field string) {
	for _, of := range []string{"emergencycontact", "contact", "guardian", "parent", "mother", "father"} {
		rest, ok := strings.CutPrefix(folded, of)
		if !ok {
			continue
		}
		digits := strings.TrimLeft(rest, "0123456789")
		number := rest[:len(rest)-len(digits)]
		if number == "" && of != "mother" && of != "father" {
			return "", ""
		}
		if digits == "" {
			return of + number, "name"
		}
		switch f := fieldNamed(digits, contactColumns(), contactAliases()); f {
		case "", "student_id", "student_number":
			return "", ""
		default:
			return of + number, f
		}
	}
	return "", ""
}

// kindOfTable looks for what only one kind has.
func kindOfTable(folded []string, given Mapping) plainKind {
	fields := func(columns []string, aliases, mapped map[string]string) map[string]bool {
		found := map[string]bool{}
		for _, n := range folded {
			f, ok := mapped[n]
			if !ok {
				f = fieldNamed(n, columns, aliases)
			}
			found[f] = f != "" && f != isNone
		}
		return found
	}
	c := fields(contactColumns(), contactAliases(), given.Contacts)
	s := fields(studentColumns(), studentAliases(), given.Students)
	of := func(found map[string]bool, names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return found[n] })
	}
	isContact := of(c, "relationship", "contact_id", "custody", "lives_with", "portal_access", "record_type", "legal_guardian") && of(c, "student_id", "student_number") &&
		of(c, "first_name", "last_name", "name", "contact_id")
	groups := slices.ContainsFunc(folded, func(n string) bool { _, f := groupOf(n); return f != "" })
	switch {
	case isContact && !groups && slices.Contains(folded, "studentlastname"):
		return pairFile
	case isContact && !groups:
		return contactFile
	case of(s, "id", "id_number") && of(s, "first_name", "last_name", "name"):
		return studentFile
	}
	return otherTable
}
