package intake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// plan is what must change for the records to be as the file has them. Records that do not exist yet have negative ids in it, which apply
// replaces.
type plan struct {
	rec  *records
	opts Options
	f    *findings
	rep  *Report
	rule roster.Rule // the school's, to tell who loses access
	snap roster.Snapshot

	// schools
	onRecord []roster.School
	fed      []int64
	bySource map[string]int64 // school ids by source id, negative for new ones
	names    map[int64]string
	fallback int64 // where people go whose school the file does not name; 0: nowhere
	covered  map[int64]bool

	// people and lines on record, and which of them the file has
	students map[string]roster.Student
	contacts map[string]roster.Contact
	lines    map[pair]roster.Line
	linesOf  map[int64][]roster.Line // by contact
	studentByID,
	contactByID map[int64]string // display names
	inFile struct{ students, contacts map[int64]bool }
	leave  struct{ students, contacts map[int64]bool }
	spoken map[int64]bool // students for whose lines a file of contacts alone speaks

	// what to do
	newSchools     []roster.School // new ones and changed ones
	studentChanges []roster.StudentChange
	contactChanges []roster.ContactChange
	lineChanges    []roster.LineChange
	studentRows    []place // where the changes come from, for findings
	contactRows    []place
	lineRows       []place
	temp           int64
	shares         []share
}

type pair struct{ student, contact int64 }

// share is how many of how many would go.
type share struct {
	what      string
	gone, all int
}

// known settles the schools: which ones the file names, which are on record, and where people of no school go.
func (p *plan) known(schools []roster.School, fed []int64) {
	p.onRecord, p.fed = schools, fed
	p.bySource, p.names, p.covered = map[string]int64{}, map[int64]string{}, map[int64]bool{}
	p.newSchools, p.temp, p.fallback = nil, 0, 0
	p.rep.Schools = Tally{}
	p.rep.Changes = nil
	for _, s := range schools {
		p.names[s.ID] = s.Name
		if s.SourceID != "" {
			p.bySource[s.SourceID] = s.ID
		}
	}
	for _, s := range p.rec.schools {
		p.school(s)
	}
	if p.opts.School != "" {
		p.fallback = p.flagSchool()
	}
	for i := range p.rec.students {
		p.schoolOnRecord(&p.rec.students[i])
	}
}

// schoolOnRecord finds the school of a student by the organisations that the file names and does not hold: a file of changes leaves out
// what has not changed.
func (p *plan) schoolOnRecord(s *student) {
	for _, id := range s.unknown {
		at := slices.IndexFunc(p.onRecord, func(o roster.School) bool { return o.SourceID == id && o.Kind != "district" })
		if s.school == "" && at >= 0 {
			s.school = id
		}
	}
}

func (p *plan) newID() int64 {
	p.temp--
	return p.temp
}

func (p *plan) school(s roster.School) {
	at := slices.IndexFunc(p.onRecord, func(o roster.School) bool { return o.SourceID == s.SourceID })
	if at < 0 {
		s.ID = p.newID()
		p.addSchool(s)
		p.bySource[s.SourceID] = s.ID
		return
	}
	was := p.onRecord[at]
	p.covered[was.ID] = true
	if was.Name == s.Name && was.Kind == s.Kind {
		p.rep.Schools.Same++
		return
	}
	p.rep.Schools.Changed++
	p.say("school %s: now %s (%s)", was.Name, s.Name, s.Kind)
	p.names[was.ID] = s.Name
	was.Name, was.Kind = s.Name, s.Kind
	p.newSchools = append(p.newSchools, was)
}

func (p *plan) addSchool(s roster.School) {
	p.rep.Schools.Added++
	p.names[s.ID] = s.Name
	p.newSchools = append(p.newSchools, s)
	p.say("school %s: added (%s)", s.Name, s.Kind)
}

// flagSchool returns the school of the flag: one on record or in the file by that name, else a new one.
func (p *plan) flagSchool() int64 {
	name := clean(p.opts.School)
	key := lang.SortKey(name, "", "")
	for _, s := range slices.Concat(p.onRecord, p.rec.schools) {
		if lang.SortKey(s.Name, "", "") != key || s.Kind != "school" {
			continue
		}
		if s.ID == 0 {
			return p.bySource[s.SourceID]
		}
		return s.ID
	}
	s := roster.School{ID: p.newID(), Kind: "school", Name: name}
	p.addSchool(s)
	return s.ID
}

// scope says what must be read to compare with. It also settles which schools the file covers: those it lists, and those that its
// students are in; a file without a single student would cover nothing, and is measured against everything.
func (p *plan) scope() roster.Scope {
	var sc roster.Scope
	whole := 0
	for _, s := range p.rec.students {
		sc.Students = append(sc.Students, s.SourceID)
		if s.partial || s.roleOf {
			continue
		}
		whole++
		id := p.bySource[s.school]
		if s.school == "" {
			id = p.fallback
		}
		if id != 0 {
			p.covered[id] = true
		}
	}
	for _, c := range p.rec.contacts {
		sc.Contacts = append(sc.Contacts, c.SourceID)
	}
	for _, l := range p.rec.lines {
		sc.Students, sc.Contacts = append(sc.Students, l.student), append(sc.Contacts, l.contact)
	}
	for id := range p.rec.gone {
		sc.Students, sc.Contacts = append(sc.Students, id), append(sc.Contacts, id)
	}
	if whole == 0 && p.rec.whole && p.rec.only != onlyContacts {
		for _, id := range p.fed {
			p.covered[id] = true
		}
	}
	for id := range p.covered {
		if id > 0 {
			sc.Schools = append(sc.Schools, id)
		}
	}
	sc.Loose = p.rec.whole && p.coversAll()
	for _, list := range []*[]string{&sc.Students, &sc.Contacts} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.Sort(sc.Schools)
	return sc
}

// coversAll reports whether the file covers every school that has students of a roster.
func (p *plan) coversAll() bool {
	return !slices.ContainsFunc(p.fed, func(id int64) bool { return !p.covered[id] })
}

// make compares the file with the records.
func (p *plan) make() error {
	p.index()
	if err := p.place(); err != nil {
		return err
	}
	p.settleRoles()
	p.planStudents()
	p.planContacts()
	p.planLines()
	p.measure()
	return nil
}

func (p *plan) index() {
	p.students, p.contacts, p.lines = map[string]roster.Student{}, map[string]roster.Contact{}, map[pair]roster.Line{}
	p.linesOf = map[int64][]roster.Line{}
	p.studentByID, p.contactByID = map[int64]string{}, map[int64]string{}
	p.inFile.students, p.inFile.contacts = map[int64]bool{}, map[int64]bool{}
	p.leave.students, p.leave.contacts = map[int64]bool{}, map[int64]bool{}
	for _, s := range p.snap.Students {
		p.studentByID[s.ID] = nameOf(s.First, s.Last)
		if s.SourceID != "" {
			p.students[s.SourceID] = s
		}
	}
	p.indexSpoken()
	for _, c := range p.snap.Contacts {
		p.contactByID[c.ID] = nameOf(c.First, c.Last)
		if c.SourceID != "" {
			p.contacts[c.SourceID] = c
		}
	}
	for _, l := range p.snap.Lines {
		p.lines[pair{l.StudentID, l.ContactID}] = l
		p.linesOf[l.ContactID] = append(p.linesOf[l.ContactID], l)
	}
}

// indexSpoken lists the students for whose lines a file of contacts alone speaks: those it names, and all others at their schools.
func (p *plan) indexSpoken() {
	p.spoken = map[int64]bool{}
	if p.rec.only != onlyContacts || !p.rec.whole {
		return
	}
	at := map[int64]bool{}
	for _, s := range p.rec.students {
		at[p.students[s.SourceID].SchoolID] = true
	}
	for _, s := range p.snap.Students {
		p.spoken[s.ID] = s.SourceID != "" && s.SchoolID != 0 && at[s.SchoolID]
	}
}

// place finds where students go whose school the file does not name: where the flag says, else they stay where they are, else into the
// only school there is.
func (p *plan) place() error {
	lost := 0
	for _, s := range p.rec.students {
		for _, id := range s.unknown {
			if _, known := p.bySource[id]; !known {
				p.f.add(Warning, s.from.file, s.from.line, "", id, "names an organisation that is neither in orgs.csv nor on record")
			}
		}
		if _, known := p.students[s.SourceID]; s.school == "" && !s.partial && !s.roleOf && !known {
			lost++
		}
	}
	if p.fallback != 0 || lost == 0 {
		return nil
	}
	where := "in the file"
	only := onlySchool(p.rec.schools)
	if only == nil {
		where = "on record"
		only = onlySchool(p.onRecord)
	}
	if only == nil {
		return fault.Invalidf("the file does not say which school %d students are in: name it with --school", lost)
	}
	if p.fallback = only.ID; p.fallback == 0 {
		p.fallback = p.bySource[only.SourceID]
	}
	p.f.count(Finding{Level: Warning, Count: lost, Was: only.Name,
		Text: "students whose school the file does not name: put into the only school " + where})
	return nil
}

func onlySchool(all []roster.School) *roster.School {
	var only *roster.School
	for i := range all {
		if all[i].Kind != "school" {
			continue
		}
		if only != nil {
			return nil
		}
		only = &all[i]
	}
	return only
}

func (p *plan) say(format string, args ...any) {
	p.rep.Changes = append(p.rep.Changes, fmt.Sprintf(format, args...))
}

func nameOf(first, last string) string { return strings.TrimSpace(first + " " + last) }

// differences writes what changes in a record.
func (p *plan) differences(all []roster.Difference) string {
	var b strings.Builder
	for i, d := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s -> %s", fieldName(d.Field), p.shown(d.Field, d.Old), p.shown(d.Field, d.New))
	}
	return b.String()
}

func fieldName(field string) string {
	return strings.ReplaceAll(strings.TrimSuffix(field, "_id"), "_", " ")
}

func (p *plan) shown(field, value string) string {
	if field == "school_id" {
		id, _ := strconv.ParseInt(value, 10, 64)
		value = p.names[id]
	}
	if value == "" {
		return `""`
	}
	return value
}

// kept notes what the file has otherwise than staff set it.
func (p *plan) kept(at place, all []roster.Difference) {
	for _, d := range all {
		p.f.add(Note, at.file, at.line, fieldName(d.Field), p.shown(d.Field, d.New), "set by hand at the school: stays as it is, the file says otherwise")
	}
}
