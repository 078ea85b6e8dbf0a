package intake

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// columnKind is what the standard lets stand in a column.
type columnKind int

const (
	isText columnKind = iota
	isDate
	isYear
	isBool
	isNumber
	isRef  // an id in another file
	isRefs // several
	isOneOf
	isScale // {A+:100},{A:94}
)

// column is a column of a file as the standard has it.
type column struct {
	name   string
	need   bool // must not be empty
	kind   columnKind
	target string   // the file that holds the ids, for references
	rests  bool     // without what it names the row means nothing
	values []string // of isOneOf
}

// fileSpec is a file of the standard beside users, roles, orgs, demographics and manifest (1EdTech OneRoster 1.2 CSV binding, 4 and 5; what is
// of 1.1 alone stands beside it).
type fileSpec struct {
	name    string
	columns []column
	keep    bool // handed over; others are only checked and counted
	aliases map[string]string
}

func ref(name, target string, need bool) column {
	return column{name: name, need: need, kind: isRef, target: target}
}
func restsOn(name, target string) column {
	return column{name: name, need: true, kind: isRef, target: target, rests: true}
}
func text(name string, need bool) column { return column{name: name, need: need} }
func oneOf(name string, need bool, values ...string) column {
	return column{name: name, need: need, kind: isOneOf, values: values}
}

func oneRosterSpecs() []fileSpec {
	objective := func(file, of, target string) fileSpec {
		return fileSpec{name: file, columns: []column{ref(of, target, true), oneOf("source", true, "case", "unknown"), text("learningObjectiveId", true),
			{name: "score", kind: isNumber}, text("textScore", false)}}
	}
	scales := func(file, of, target string) fileSpec {
		return fileSpec{name: file, columns: []column{text("title", false), ref(of, target, true), ref("scoreScaleSourcedId", "scoreScales", true)}}
	}
	return []fileSpec{
		{name: "academicSessions", keep: true, columns: []column{text("title", true), oneOf("type", true, "gradingPeriod", "semester", "schoolYear", "term"),
			{name: "startDate", need: true, kind: isDate}, {name: "endDate", need: true, kind: isDate}, ref("parentSourcedId", "academicSessions", false),
			{name: "schoolYear", need: true, kind: isYear}}, aliases: map[string]string{"parent": "parentSourcedId", "name": "title"}},
		{name: "courses", keep: true, columns: []column{ref("schoolYearSourcedId", "academicSessions", false), text("title", true), text("courseCode", false),
			text("grades", false), ref("orgSourcedId", "orgs", true), text("subjects", false), text("subjectCodes", false)},
			aliases: map[string]string{"org": "orgSourcedId", "orgs": "orgSourcedId", "schoolyearid": "schoolYearSourcedId", "grade": "grades"}},
		{name: "classes", keep: true, columns: []column{text("title", true), text("grades", false), ref("courseSourcedId", "courses", true),
			text("classCode", false), oneOf("classType", true, "homeroom", "scheduled"), text("location", false), ref("schoolSourcedId", "orgs", true),
			{name: "termSourcedIds", need: true, kind: isRefs, target: "academicSessions"}, text("subjects", false), text("subjectCodes", false),
			text("periods", false)}, aliases: map[string]string{"termsourcedid": "termSourcedIds", "terms": "termSourcedIds", "course": "courseSourcedId",
			"school": "schoolSourcedId", "orgsourcedid": "schoolSourcedId", "grade": "grades"}},
		{name: "enrollments", keep: true, columns: []column{restsOn("classSourcedId", "classes"), ref("schoolSourcedId", "orgs", true),
			restsOn("userSourcedId", "users"), oneOf("role", true, "administrator", "proctor", "student", "teacher"), {name: "primary", kind: isBool},
			{name: "beginDate", kind: isDate}, {name: "endDate", kind: isDate}},
			aliases: map[string]string{"class": "classSourcedId", "user": "userSourcedId", "school": "schoolSourcedId"}},
		{name: "userProfiles", columns: []column{ref("userSourcedId", "users", true), text("profileType", true), text("vendorId", true),
			text("applicationId", false), text("description", false), text("credentialType", true), text("username", true)}},
		{name: "categories", columns: []column{text("title", true), {name: "weight", kind: isNumber}}},
		{name: "lineItems", columns: []column{text("title", true), text("description", false), {name: "assignDate", need: true, kind: isDate},
			{name: "dueDate", need: true, kind: isDate}, ref("classSourcedId", "classes", true), ref("categorySourcedId", "categories", true),
			ref("gradingPeriodSourcedId", "academicSessions", false), {name: "resultValueMin", kind: isNumber}, {name: "resultValueMax", kind: isNumber},
			ref("schoolSourcedId", "orgs", false)}, aliases: map[string]string{"academicsessionsourcedid": "gradingPeriodSourcedId"}},
		{name: "results", columns: []column{ref("lineItemSourcedId", "lineItems", true), ref("studentSourcedId", "users", true),
			oneOf("scoreStatus", true, "exempt", "fully graded", "not submitted", "partially graded", "submitted"), {name: "score", kind: isNumber},
			{name: "scoreDate", need: true, kind: isDate}, text("comment", false), text("textScore", false), ref("classSourcedId", "classes", false),
			{name: "inProgress", kind: isBool}, {name: "incomplete", kind: isBool}, {name: "late", kind: isBool}, {name: "missing", kind: isBool}}},
		{name: "scoreScales", columns: []column{text("title", true), text("type", true), ref("orgSourcedId", "orgs", true),
			ref("courseSourcedId", "courses", true), ref("classSourcedId", "classes", true), {name: "scoreScaleValue", need: true, kind: isScale}}},
		scales("lineItemScoreScales", "lineItemSourcedId", "lineItems"),
		scales("resultScoreScales", "resultSourcedId", "results"),
		objective("lineItemLearningObjectiveIds", "lineItemSourcedId", "lineItems"),
		objective("resultLearningObjectiveIds", "resultSourcedId", "results"),
	}
}

// layout is the file's layout for the table.
func (s fileSpec) layout() layout {
	l := layout{columns: []string{"sourcedId", "status", "dateLastModified"}, aliases: map[string]string{"datalastmodified": "dateLastModified", "id": "sourcedId"},
		required: []string{"sourcedId"}}
	for _, c := range s.columns {
		l.columns = append(l.columns, c.name)
		if c.need {
			l.standard = append(l.standard, c.name)
		}
	}
	for from, to := range s.aliases {
		l.aliases[from] = to
	}
	return l
}

// check holds a row against the file's columns. fatal says that what the row is for is missing: it is not taken.
func (o *oneRoster) check(r row, s fileSpec) (fatal bool) {
	for _, c := range s.columns {
		v := r.value(c.name)
		switch {
		case v == "" && c.need && r.t.has(c.name):
			if c.rests {
				r.note(Skipped, c.name, "", sayRefMissing)
				fatal = true
				continue
			}
			r.t.f.count(Finding{Level: Warning, File: r.t.file, Column: c.name, Count: 1, Code: sayEmpty})
		case v != "" && !o.fits(r, c, v):
			fatal = fatal || c.rests
		}
	}
	return fatal
}

// fits reports whether a value is what its column may hold, with a finding where not.
func (o *oneRoster) fits(r row, c column, v string) bool {
	bad := func(code Code) bool {
		r.note(Warning, c.name, v, code)
		return false
	}
	switch c.kind {
	case isText:
		return true
	case isDate:
		return day(r, c.name) != ""
	case isYear:
		if y := yearOf(v); y == "" {
			return bad(sayYear)
		} else if y != v {
			r.note(Note, c.name, v, sayYears)
		}
	case isBool:
		if _, ok, strict := truth(v); !ok {
			return bad(sayNoTruth)
		} else if !strict {
			r.note(Note, c.name, v, sayTruth)
		}
	case isNumber:
		if n, err := strconv.ParseFloat(v, 64); err != nil || n != n {
			return bad(sayNoFigure)
		}
	case isRef:
		return o.refers(r, c, v)
	case isRefs:
		ok := true
		for _, id := range r.list(c.name) {
			ok = o.refers(r, c, id) && ok
		}
		return ok
	case isOneOf:
		if slices.Contains(c.values, v) || strings.HasPrefix(v, "ext:") {
			return true
		}
		if slices.ContainsFunc(c.values, func(s string) bool { return fold(s) == fold(v) }) {
			r.note(Note, c.name, v, saySpelledValue)
			return true
		}
		return bad(sayNoValue)
	case isScale:
		for part := range strings.SplitSeq(v, ",") {
			part = strings.TrimSpace(part)
			if !strings.HasPrefix(part, "{") || !strings.HasSuffix(part, "}") || !strings.Contains(part, ":") {
				return bad(sayNoScale)
			}
		}
	}
	return true
}

// yearOf reads the year in which a school year ends, as 2027, 2026-2027 or 2026/27; "" for what is none.
func yearOf(v string) string {
	first, last, span := strings.Cut(strings.ReplaceAll(v, "/", "-"), "-")
	if span && len(first) == 4 {
		if len(last) == 2 {
			last = first[:2] + last
		}
		first = last
	}
	if y, err := strconv.Atoi(first); err != nil || y < 1900 || y > 2200 {
		return ""
	}
	return first
}

// refers reports whether the record that a row names is in its file. A file of changes leaves out what has not changed.
func (o *oneRoster) refers(r row, c column, id string) bool {
	if !o.b.has(c.target + ".csv") {
		o.f.count(Finding{Level: Note, File: r.t.file, Column: c.name, Count: 1, Code: sayNoFile, As: c.target + ".csv"})
		return true
	}
	if o.delta(c.target) {
		return true
	}
	known := false
	switch c.target {
	case "orgs":
		_, known = o.orgs[id]
	case "users":
		p := o.known[id]
		known = p != nil && !p.gone
	default:
		known = o.ids[c.target][o.hash(c.target, id)] || len(o.ids[c.target]) >= seenLimit
	}
	if known {
		return true
	}
	level, code := Warning, sayNoRef
	if c.rests {
		level, code = Skipped, sayNoRefRow
	}
	r.say(Finding{Level: level, Column: c.name, Was: id, Code: code, As: c.target + ".csv"})
	return false
}

// people lists the columns that refer to people.
func (s fileSpec) people() []string {
	var all []string
	for _, c := range s.columns {
		if c.target == "users" {
			all = append(all, c.name)
		}
	}
	return all
}

// common holds a row against what the standard says of every file: ids, and status and time where the file holds changes (2.1).
func (o *oneRoster) common(r row, file string) {
	count := func(level Level, column string, code Code) {
		o.f.count(Finding{Level: level, File: r.t.file, Column: column, Code: code, Count: 1})
	}
	status, modified := r.value("status"), r.value("dateLastModified")
	if o.delta(file) {
		if status == "" {
			count(Warning, "status", sayDeltaStatus)
		}
		if modified == "" {
			count(Note, "dateLastModified", sayDeltaTime)
		}
	} else if status != "" || modified != "" {
		count(Note, "status", sayBulkStatus)
	}
	if modified != "" {
		if _, err := time.Parse(time.RFC3339, modified); err != nil {
			count(Note, "dateLastModified", sayNoTime)
		}
	}
	if id := r.value("sourcedId"); strings.ContainsFunc(id, notOfID) {
		count(Note, "sourcedId", sayIDLetters)
	}
}

func notOfID(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_/@", r)
}
