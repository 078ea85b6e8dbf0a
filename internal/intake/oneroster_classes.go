package intake

import (
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
)

// seenLimit bounds how many rows of a file are remembered, to find the same one twice and to know what others refer to.
const seenLimit = 500_000

// readOthers reads the files beside those of people, in the order in which they refer to each other. What no page shows is checked and
// counted, and not kept.
func (o *oneRoster) readOthers() error {
	o.ids = map[string]map[uint64]bool{}
	o.kinds = map[string]string{}
	o.inClass = map[uint64]bool{}
	o.ranges = map[string][2]float64{}
	for _, s := range oneRosterSpecs() {
		t, ok, err := o.open(s.name+".csv", s.layout())
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		o.ids[s.name] = map[uint64]bool{}
		taken := 0
		people := s.people()
		err = eachKnowing(t, func(some []row) error { return o.lookUp(some, people) }, func(r row) error {
			took, err := o.other(r, s)
			if took {
				taken++
			}
			return err
		})
		cut := t.cut
		_ = t.Close() // it was only read
		if err != nil {
			return err
		}
		o.othersDone(s, taken, cut)
	}
	o.checkParents()
	return nil
}

func (o *oneRoster) othersDone(s fileSpec, taken int, cut bool) {
	whole := !cut && !o.delta(s.name)
	switch s.name {
	case "academicSessions":
		o.out.full.terms = whole
	case "courses":
		o.out.full.courses = whole
	case "classes":
		o.out.full.classes = whole
	case "enrollments":
		o.out.full.enrolments = whole
	}
	if !s.keep && taken > 0 {
		o.f.count(Finding{Level: Note, File: s.name + ".csv", Count: taken, Code: sayNotKept})
	}
}

// other reads a row of one of the other files.
func (o *oneRoster) other(r row, s fileSpec) (took bool, err error) {
	o.common(r, s.name)
	id := sourcedID(r, "sourcedId")
	if id == "" {
		return false, nil
	}
	gone := deleted(r)
	if s.name != "enrollments" && s.name != "results" && s.name != "userProfiles" { // too many to remember
		key := o.hash(s.name, id)
		if _, again := o.ids[s.name][key]; again {
			r.note(Skipped, "sourcedId", id, sayIDAgain)
			return false, nil
		}
		if len(o.ids[s.name]) < seenLimit {
			o.ids[s.name][key] = !gone // what is gone can be referred to no more
		}
	}
	if !gone && o.check(r, s) {
		return false, nil
	}
	at := place{r.t.file, r.line}
	switch s.name {
	case "academicSessions":
		return true, o.session(r, id, gone, at)
	case "courses":
		return true, o.course(r, id, gone, at)
	case "classes":
		return true, o.class(r, id, gone, at)
	case "enrollments":
		return true, o.enrolment(r, id, gone, at)
	case "lineItems":
		o.lineItem(r, id)
	case "results":
		o.result(r)
	case "lineItemLearningObjectiveIds", "resultLearningObjectiveIds":
		if v := r.value("learningObjectiveId"); r.value("source") == "case" && v != "" && !looksLikeUUID(v) {
			r.note(Warning, "learningObjectiveId", v, sayNoUUID)
		}
	}
	return true, nil
}

func looksLikeUUID(v string) bool {
	v = strings.TrimPrefix(strings.ToLower(v), "urn:uuid:")
	return len(v) == 36 && strings.Count(v, "-") == 4
}

func (o *oneRoster) session(r row, id string, gone bool, at place) error {
	t := term{sourceID: id, parent: r.value("parentSourcedId"), title: r.value("title"), year: yearOf(r.value("schoolYear")), gone: gone, from: at}
	if gone {
		return o.out.addTerm(t)
	}
	t.kind, t.begin, t.end = sessionKind(r), day(r, "startDate"), day(r, "endDate")
	if len(o.kinds) < seenLimit {
		o.kinds[id] = t.kind
	}
	if t.begin != "" && t.end != "" && t.end <= t.begin {
		r.note(Warning, "endDate", t.end, sayDatesTurned)
		t.begin, t.end = "", ""
	}
	if t.parent != "" && len(o.parents) < seenLimit {
		o.parents = append(o.parents, [2]string{id, t.parent})
	}
	if t.begin > o.today {
		o.f.count(Finding{Level: Note, File: at.file, Column: "startDate", Count: 1, Code: sayFuture})
	}
	return o.out.addTerm(t)
}

// checkParents finds sessions and organisations that are above themselves.
func (o *oneRoster) checkParents() {
	above := map[string]string{}
	for _, p := range o.parents {
		above[p[0]] = p[1]
	}
	if id := cycle(above); id != "" {
		o.f.add(Warning, "academicSessions.csv", 0, "parentSourcedId", id, sayAboveSelf)
	}
	orgs := map[string]string{}
	for id, g := range o.orgs {
		if g.parent != "" {
			orgs[id] = g.parent
		}
		if _, known := o.orgs[g.parent]; g.parent != "" && !known && !o.delta("orgs") {
			o.f.say(Finding{Level: Warning, File: "orgs.csv", Line: g.line, Column: "parentSourcedId", Was: g.parent, Code: sayNoRef, As: "orgs.csv"})
		}
	}
	if id := cycle(orgs); id != "" {
		o.f.add(Warning, "orgs.csv", 0, "parentSourcedId", id, sayAboveSelf)
	}
}

// cycle returns the first id, in order, that is above itself.
func cycle(above map[string]string) string {
	ids := make([]string, 0, len(above))
	for id := range above {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		at := above[id]
		for steps := 0; at != "" && steps < 100; steps++ {
			if at == id {
				return id
			}
			at = above[at]
		}
	}
	return ""
}

func (o *oneRoster) course(r row, id string, gone bool, at place) error {
	c := course{sourceID: id, school: r.value("orgSourcedId"), year: r.value("schoolYearSourcedId"), title: r.value("title"),
		code: r.value("courseCode"), grades: r.list("grades"), subjects: r.list("subjects"), gone: gone, from: at}
	if kind, known := o.kinds[c.year]; known && kind != "schoolYear" {
		r.note(Warning, "schoolYearSourcedId", c.year, sayNoYear)
	}
	if codes := r.list("subjectCodes"); len(codes) > 0 && len(codes) != len(c.subjects) {
		r.note(Note, "subjectCodes", "", saySubjects)
	}
	return o.out.addCourse(c)
}

func (o *oneRoster) class(r row, id string, gone bool, at place) error {
	k := class{sourceID: id, course: r.value("courseSourcedId"), school: r.value("schoolSourcedId"), terms: r.list("termSourcedIds"),
		title: r.value("title"), code: r.value("classCode"), kind: "scheduled", location: r.value("location"), grades: r.list("grades"),
		subjects: r.list("subjects"), periods: r.list("periods"), gone: gone, from: at}
	if fold(r.value("classType")) == "homeroom" {
		k.kind = "homeroom"
	}
	if slices.ContainsFunc(k.terms, func(t string) bool { return o.kinds[t] == "schoolYear" || o.kinds[t] == "gradingPeriod" }) {
		o.f.count(Finding{Level: Note, File: at.file, Column: "termSourcedIds", Count: 1, Code: sayTermWanted})
	}
	if g, known := o.orgs[k.school]; known && g.kind != "school" && !gone {
		r.note(Warning, "schoolSourcedId", g.name, sayNotSchool)
	}
	return o.out.addClass(k)
}

func (o *oneRoster) enrolment(r row, id string, gone bool, at place) error {
	e := enrolment{sourceID: id, class: r.value("classSourcedId"), school: r.value("schoolSourcedId"), user: r.value("userSourcedId"),
		role: strings.ToLower(r.value("role")), begin: quietDay(r, "beginDate"), end: quietDay(r, "endDate"), gone: gone, from: at}
	e.primary, _, _ = truth(r.value("primary"))
	if gone {
		return o.out.addEnrolment(e)
	}
	key := o.hash(e.class, e.user)
	if o.inClass[key] {
		o.f.count(Finding{Level: Note, File: at.file, Column: "userSourcedId", Count: 1, Code: sayClassTwice})
	} else if len(o.inClass) < seenLimit {
		o.inClass[key] = true
	}
	if p := o.known[e.user]; p != nil && (e.role == "student") != (p.is.sort == studentRole) && p.is.sort != noRole {
		r.note(Skipped, "role", e.role, sayRoleOther)
		return nil
	}
	if e.begin != "" && e.end != "" && e.end < e.begin {
		r.note(Warning, "endDate", e.end, sayDatesTurned)
		e.begin, e.end = "", ""
	}
	return o.out.addEnrolment(e)
}

// quietDay reads a date that was checked before.
func quietDay(r row, column string) string {
	d, _, ok := date(r.value(column))
	if !ok {
		d, _ = dateBy(r.t, r.value(column))
	}
	return d
}

func (o *oneRoster) hash(a, b string) uint64 {
	var h maphash.Hash
	h.SetSeed(o.seed)
	_, _ = h.WriteString(a) // never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(b)
	return h.Sum64()
}

func (o *oneRoster) lineItem(r row, id string) {
	low, lowErr := strconv.ParseFloat(r.value("resultValueMin"), 64)
	high, highErr := strconv.ParseFloat(r.value("resultValueMax"), 64)
	if lowErr != nil || highErr != nil {
		return
	}
	if high < low {
		r.note(Warning, "resultValueMax", r.value("resultValueMax"), sayRange)
		return
	}
	if len(o.ranges) < seenLimit {
		o.ranges[id] = [2]float64{low, high}
	}
}

func (o *oneRoster) result(r row) {
	student, class := r.value("studentSourcedId"), r.value("classSourcedId")
	if p := o.known[student]; p != nil && p.is.sort != studentRole {
		r.note(Warning, "studentSourcedId", student, sayNoStudent)
	}
	if class != "" && len(o.inClass) > 0 && len(o.inClass) < seenLimit && !o.inClass[o.hash(class, student)] {
		r.note(Warning, "classSourcedId", class, sayNotInClass)
	}
	bounds, known := o.ranges[r.value("lineItemSourcedId")]
	score, err := strconv.ParseFloat(r.value("score"), 64)
	if known && err == nil && (score < bounds[0] || score > bounds[1]) {
		r.note(Warning, "score", r.value("score"), sayScore)
	}
}
