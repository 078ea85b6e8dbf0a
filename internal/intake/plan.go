package intake

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// plan is what must change for the records to be as the file has them, made in a stage of what the file has and what is on record. Records
// that do not exist yet have negative ids in it; who applies it finds them by their source ids.
type plan struct {
	rec   *records
	stage *stage
	opts  Options
	f     *findings
	rep   *Report
	rule  roster.Rule                                                                        // the school's, to tell who loses access
	read  func(ctx context.Context, students, contacts, lines []int64, to roster.Seen) error // reads records as they are now
	grace string                                                                             // until when those keep access who are missing now; "" = not at all

	// schools
	onRecord []roster.School
	fed      []int64
	bySource map[string]int64  // school ids by source id, negative for new ones
	sources  map[int64]string  // the other way round
	schools  map[string]bool   // whether an organisation is a school, by source id
	away     map[string]string // the source ids of records that staff put together with others, and of those
	names    map[int64]string
	fallback int64 // where people go whose school the file does not name; 0: nowhere
	covered  map[int64]bool

	temp   int64
	pos    map[phase]int
	first  []int64 // schools that get their first students, of a roster that has no place for restrictions
	notes  map[List]int
	shares []share

	planned *atomic.Int64 // the steps, for whoever looks on; nil for nobody
}

// share is how many of how many would go.
type share struct {
	what      string
	gone, all int
}

// changesKept bounds Report.Changes: the plan itself, which has all of them, is not in memory.
const changesKept = 5000

// make compares the file with the records, which are in the stage.
func (p *plan) make(ctx context.Context) error {
	steps := []func(context.Context) error{p.sameContacts, p.settleRoles, p.roleChanges, p.place, p.markSeen, p.planStudents, p.planContacts, p.planLines, p.measure, p.check}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return p.stage.flush(ctx)
}

// known settles the schools: which ones the file names, which are on record, and where people of no school go.
func (p *plan) known(ctx context.Context) error {
	p.bySource, p.names, p.covered = map[string]int64{}, map[int64]string{}, map[int64]bool{}
	for _, s := range p.onRecord {
		p.names[s.ID] = s.Name
		if s.SourceID != "" {
			p.bySource[s.SourceID] = s.ID
		}
	}
	for _, s := range p.rec.schools {
		if err := p.school(ctx, s); err != nil {
			return err
		}
	}
	p.sources = map[int64]string{}
	for source, id := range p.bySource {
		p.sources[id] = source
	}
	if p.opts.School == "" {
		return nil
	}
	id, err := p.flagSchool(ctx)
	p.fallback = id
	return err
}

func (p *plan) newID() int64 {
	p.temp--
	return p.temp
}

func (p *plan) school(ctx context.Context, s roster.School) error {
	at := slices.IndexFunc(p.onRecord, func(o roster.School) bool { return o.SourceID == s.SourceID })
	if at < 0 && strings.HasPrefix(s.SourceID, byName) { // the file has no ids of schools
		key := lang.SortKey(s.Name, "", "")
		at = slices.IndexFunc(p.onRecord, func(o roster.School) bool { return o.Kind == "school" && lang.SortKey(o.Name, "", "") == key })
		if at >= 0 {
			p.bySource[s.SourceID], s.Name = p.onRecord[at].ID, p.onRecord[at].Name
		}
	}
	if at < 0 {
		s.ID = p.newID()
		p.bySource[s.SourceID] = s.ID
		return p.addSchool(ctx, s)
	}
	was := p.onRecord[at]
	p.covered[was.ID] = true
	if was.Name == s.Name && was.Kind == s.Kind {
		p.rep.Schools.Same++
		return nil
	}
	p.rep.Schools.Changed++
	p.say("school %s: now %s (%s)", was.Name, s.Name, s.Kind)
	p.names[was.ID] = s.Name
	next := was
	next.Name, next.Kind = s.Name, s.Kind
	return p.step(ctx, phaseSchool, 0, 0, was.Name, schoolChange{was, next})
}

func (p *plan) addSchool(ctx context.Context, s roster.School) error {
	p.rep.Schools.Added++
	p.names[s.ID] = s.Name
	p.say("school %s: added (%s)", s.Name, s.Kind)
	return p.step(ctx, phaseSchool, 0, 0, s.Name, schoolChange{New: s})
}

// flagSchool returns the school of the flag: one on record or in the file by that name, else a new one.
func (p *plan) flagSchool(ctx context.Context) (int64, error) {
	name := clean(p.opts.School)
	key := lang.SortKey(name, "", "")
	for _, s := range slices.Concat(p.onRecord, p.rec.schools) {
		if lang.SortKey(s.Name, "", "") != key || s.Kind != "school" {
			continue
		}
		if s.ID == 0 {
			return p.bySource[s.SourceID], nil
		}
		return s.ID, nil
	}
	s := roster.School{ID: p.newID(), Kind: "school", Name: name}
	return s.ID, p.addSchool(ctx, s)
}

// schoolOf finds the school of a student: the one the file names, or one on record among the organisations that the file names and does not
// hold, for a file of changes leaves out what has not changed. ok is false where the file names none that is known.
func (p *plan) schoolOf(school string, unknown []string) (id int64, ok bool) {
	if school != "" {
		return p.bySource[school], true
	}
	for _, source := range unknown {
		at := slices.IndexFunc(p.onRecord, func(o roster.School) bool { return o.SourceID == source && o.Kind != "district" })
		if at >= 0 {
			return p.onRecord[at].ID, true
		}
	}
	return 0, false
}

// fileSchool is a school, or organisations nobody knows, that students of the file are in.
type fileSchool struct {
	school  string
	unknown []string
	count   int
}

func (p *plan) fileSchools(ctx context.Context, query string) ([]fileSchool, error) {
	return list(ctx, p.stage, func(r *sql.Rows) (s fileSchool, err error) {
		var unknown string
		if err = r.Scan(&s.school, &unknown, &s.count); err == nil && unknown != "" {
			err = json.Unmarshal([]byte(unknown), &s.unknown)
		}
		return s, err
	}, query)
}

// cover settles which schools the file covers: those it lists, and those that its students are in; a file without a single student would
// cover nothing, and is measured against everything.
func (p *plan) cover(ctx context.Context) error {
	all, err := p.fileSchools(ctx, selectFileSchools)
	if err != nil {
		return err
	}
	for _, s := range all {
		id, ok := p.schoolOf(s.school, s.unknown)
		if !ok {
			id = p.fallback
		}
		if id != 0 {
			p.covered[id] = true
		}
	}
	if len(all) == 0 && p.rec.whole && p.rec.only != onlyContacts {
		for _, id := range p.fed {
			p.covered[id] = true
		}
	}
	return nil
}

// coversAll reports whether the file covers every school that has students of a roster.
func (p *plan) coversAll() bool {
	return !slices.ContainsFunc(p.fed, func(id int64) bool { return !p.covered[id] })
}

// place finds where students go whose school the file does not name: where the flag says, else they stay where they are, else into the
// only school there is.
func (p *plan) place(ctx context.Context) error {
	all, err := p.fileSchools(ctx, selectNewInSchools)
	lost := 0
	for _, s := range all {
		if _, ok := p.schoolOf(s.school, s.unknown); !ok {
			lost += s.count
		}
	}
	if err != nil || p.fallback != 0 || lost == 0 {
		return err
	}
	only := onlySchool(p.rec.schools)
	if only == nil {
		only = onlySchool(p.onRecord)
	}
	if only == nil {
		return cannot(Finding{Code: cannotSchool, Number: lost})
	}
	if p.fallback = only.ID; p.fallback == 0 {
		p.fallback = p.bySource[only.SourceID]
	}
	p.f.count(Finding{Level: Warning, Count: lost, Code: sayOnlySchool, As: only.Name})
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

// settleRoles decides about people of whom a file of changes does not say what they are: they are what they were.
func (p *plan) settleRoles(ctx context.Context) error {
	nobody, err := list(ctx, p.stage, func(r *sql.Rows) (at place, err error) { return at, r.Scan(&at.file, &at.line) }, selectNobody)
	if err != nil {
		return err
	}
	for _, at := range nobody {
		p.f.add(Skipped, at.file, at.line, "role", "", sayNoRole)
	}
	for _, query := range []string{deleteRolelessStudents, deleteRolelessContacts, deleteUnknownRoles} {
		if err := p.stage.exec(ctx, query); err != nil {
			return err
		}
	}
	return p.stage.flush(ctx)
}

// markSeen notes whom the file has, and which schools it covers.
func (p *plan) markSeen(ctx context.Context) error {
	for id := range p.covered {
		if err := p.stage.exec(ctx, insertCovered, id); err != nil {
			return err
		}
	}
	for source, id := range p.bySource {
		if err := p.stage.insert(ctx, insertSchool, source, id); err != nil {
			return err
		}
	}
	queries := []string{markStudents, markContacts}
	if p.rec.whole && p.rec.only == onlyContacts {
		queries = append(queries, markSpoken)
	}
	for _, query := range queries {
		if err := p.stage.exec(ctx, query); err != nil {
			return err
		}
	}
	return p.stage.flush(ctx)
}

func (p *plan) say(format string, args ...any) {
	switch n := len(p.rep.Changes); {
	case n < changesKept:
		p.rep.Changes = append(p.rep.Changes, fmt.Sprintf(format, args...))
	case n == changesKept:
		p.rep.Changes = append(p.rep.Changes, "… and more")
	}
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
	if field == roster.FileRestriction && value != "" {
		return "words" // which stand on the Contacts page, for those who may read them
	}
	if field == "other_schools" {
		var names []string
		for part := range strings.SplitSeq(strings.Trim(value, ","), ",") {
			if id, err := strconv.ParseInt(part, 10, 64); err == nil {
				names = append(names, p.names[id])
			}
		}
		value = strings.Join(names, ", ")
	}
	if value == "" {
		return `""`
	}
	return value
}

// kept notes what the file has otherwise than staff set it.
func (p *plan) kept(ctx context.Context, at place, n Person, all []roster.Difference) error {
	for _, d := range all {
		p.f.say(Finding{Level: Note, File: at.file, Line: at.line, Was: p.shown(d.Field, d.New), Code: sayKept, As: d.Field})
		n.Field, n.Old, n.New = d.Field, p.shown(d.Field, d.Old), p.shown(d.Field, d.New)
		if err := p.note(ctx, ListLocal, n); err != nil {
			return err
		}
	}
	return nil
}

// rows is how many records the file holds.
func (p *plan) rows() int { return p.rec.rows }

// sameContacts finds the contacts on record of whom the file has no id, so that it names them by another one.
func (p *plan) sameContacts(ctx context.Context) error {
	type same struct {
		id     int64
		source string
	}
	found, err := list(ctx, p.stage, func(r *sql.Rows) (s same, err error) { return s, r.Scan(&s.id, &s.source) }, selectSameContacts)
	if err != nil {
		return err
	}
	taken, given := map[int64]bool{}, map[string]bool{}
	for _, s := range found {
		if taken[s.id] || given[s.source] {
			continue
		}
		taken[s.id], given[s.source] = true, true
		if err := p.stage.exec(ctx, updateSameContact, s.id, s.source); err != nil {
			return err
		}
	}
	return p.stage.flush(ctx)
}

// current reads records as they are now.
func current[T any](ids []int64, id func(T) int64, read func(take func(T) error) error) (map[int64]T, error) {
	found := make(map[int64]T, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	return found, read(func(v T) error { found[id(v)] = v; return nil })
}

func (p *plan) students(ctx context.Context, ids []int64) (map[int64]roster.Student, error) {
	return current(ids, func(s roster.Student) int64 { return s.ID }, func(take func(roster.Student) error) error {
		return p.read(ctx, ids, nil, nil, roster.Seen{Student: take})
	})
}

func (p *plan) contacts(ctx context.Context, ids []int64) (map[int64]roster.Contact, error) {
	return current(ids, func(c roster.Contact) int64 { return c.ID }, func(take func(roster.Contact) error) error {
		return p.read(ctx, nil, ids, nil, roster.Seen{Contact: take})
	})
}

func (p *plan) lines(ctx context.Context, ids []int64) (map[int64]roster.Line, error) {
	return current(ids, func(l roster.Line) int64 { return l.ID }, func(take func(roster.Line) error) error {
		return p.read(ctx, nil, nil, ids, roster.Seen{Line: take})
	})
}

// reprint has the print kept of a record that is as the roster has it.
func (p *plan) reprint(ctx context.Context, kind string, id, version, print int64) error {
	if print == 0 {
		return nil
	}
	return p.stage.insert(ctx, insertReprint, kind, id, version, print)
}

// tally adds to a number of the report what a query of the stage counts.
func (p *plan) tally(ctx context.Context, to *int, query string, args ...any) error {
	n, err := p.stage.value(ctx, query, args...)
	*to += int(n)
	return err
}
