package intake

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// A file of changes has of somebody's roles those that changed. What the person is from now on, to whom and at which schools, follows from them and
// from what was on record: the roles that are kept with a contact, and a student's schools.

// changedRoles are the roles of a person that a file of changes has.
type changedRoles struct {
	person string
	roles  []role
}

func (p *plan) roleChanges(ctx context.Context) error {
	if !p.rec.changesRoles {
		return nil
	}
	var some []changedRoles
	err := p.stage.eachRoles(ctx, selectRolesChanged, func(person string, all []role) error {
		if some = append(some, changedRoles{person, all}); len(some) < roster.NamedAtOnce {
			return nil
		}
		err := p.takeRoleChanges(ctx, some)
		some = some[:0]
		return err
	})
	if err == nil {
		err = p.takeRoleChanges(ctx, some)
	}
	if err != nil {
		return err
	}
	return p.stage.flush(ctx)
}

// fileRow is a row of the stage that says what the file has of a person; seq 0: it has none.
type fileRow struct {
	seq         int64
	data, facts string
}

func (p *plan) takeRoleChanges(ctx context.Context, some []changedRoles) error {
	if err := p.stage.flush(ctx); err != nil {
		return err
	}
	var people []string
	for _, c := range some {
		people = append(people, c.person)
	}
	ids := func(query string) (of map[string]int64, all []int64, err error) {
		of = map[string]int64{}
		err = p.stage.eachIn(ctx, people, func(r *sql.Rows) error {
			var source string
			var id int64
			err := r.Scan(&source, &id)
			of[source], all = id, append(all, id)
			return err
		}, query)
		return of, all, err
	}
	adults, adultIDs, err := ids(selectContactsNamed)
	if err != nil {
		return err
	}
	students, studentIDs, err := ids(selectStudentsNamed)
	if err != nil {
		return err
	}
	wereAdults, err := p.contacts(ctx, adultIDs)
	if err != nil {
		return err
	}
	wereStudents, err := p.students(ctx, studentIDs)
	if err != nil {
		return err
	}
	adultRows, err := p.fileRows(ctx, selectFileContacts, people)
	if err != nil {
		return err
	}
	studentRows, err := p.fileRows(ctx, selectFileStudents, people)
	for _, c := range some {
		if _, merged := p.away[c.person]; merged && slices.ContainsFunc(c.roles, role.ofAdult) { // which of its lines a role made is not known any more
			p.f.count(Finding{Level: Warning, File: "roles.csv", Column: "role", Count: 1, Code: sayRoleUnsure})
		}
		if adult, known := wereAdults[adults[c.person]]; known && err == nil {
			err = p.changeAdult(ctx, adult, adultRows[c.person], those(c.roles, role.ofAdult))
		}
		if student, known := wereStudents[students[c.person]]; known && err == nil {
			err = p.changeStudent(ctx, student, studentRows[c.person], those(c.roles, role.ofStudent))
		}
	}
	return err
}

// changeAdult takes what an adult is to children from now on.
func (p *plan) changeAdult(ctx context.Context, was roster.Contact, row fileRow, changes []role) error {
	if len(changes) == 0 || row.seq == 0 {
		return nil
	}
	if was.FileRoles == "" && !slices.ContainsFunc(changes, func(r role) bool { return !r.gone }) { // which other ones there are is not known
		p.f.count(Finding{Level: Warning, File: "roles.csv", Column: "role", Count: 1, Code: sayRoleUnsure})
		return p.stage.exec(ctx, deletePartialContact, row.seq)
	}
	next := changeRoles(splitRoles(was.FileRoles), changes, p.rule.Today)
	if !slices.ContainsFunc(next, func(r role) bool { return !r.ended }) {
		return p.hasNoRoles(ctx, deleteFileContact, row, was.SourceID)
	}
	var c packedContact
	if err := unpack(row.data, &c); err != nil {
		return err
	}
	from := contact{Contact: c.Contact, carried: c.Carried}
	if err := p.putRoles(ctx, row, &from, next); err != nil {
		return err
	}
	data, err := encode(packedContact{from.Contact, from.carried})
	if err != nil {
		return err
	}
	return p.stage.exec(ctx, updateFileContact, row.seq, from.relationship, data)
}

// putRoles gives a contact of the file roles, and what they say of the lines.
func (p *plan) putRoles(ctx context.Context, row fileRow, c *contact, roles []role) error {
	var said packedFacts
	if err := unpack(row.facts, &said); err != nil {
		return err
	}
	c.saysDates = true
	c.takeRoles(roles, p.rule.Today)
	x := factsOf(*c)
	said.Relationship, said.BeginDate, said.EndDate, said.Roles = x.Relationship, x.BeginDate, x.EndDate, x.roles
	said.Carried = distinct(append(said.Carried, x.carried...))
	facts, err := encode(said)
	if err != nil {
		return err
	}
	return p.stage.exec(ctx, updateFacts, row.seq, facts)
}

// keepEnded gives a contact of a whole file the roles that a roster of changes ended, where the file does not have others there: that it links the adult
// to a child says no more than it did before.
func (p *plan) keepEnded(ctx context.Context, c *contact, was roster.Contact) error {
	if p.rec.changesRoles || !slices.Contains(c.carried, roster.FileRoles) || was.FileRoles == c.FileRoles {
		return nil
	}
	now := splitRoles(c.FileRoles)
	ended := slices.DeleteFunc(those(splitRoles(was.FileRoles), role.hasEnded), func(r role) bool {
		return slices.ContainsFunc(now, func(o role) bool { return o.org == r.org })
	})
	if len(ended) == 0 {
		return nil
	}
	rows, err := p.fileRows(ctx, selectFileContacts, []string{c.SourceID})
	if err != nil {
		return err
	}
	c.FilePrint = 0 // the file alone does not say it
	return p.putRoles(ctx, rows[c.SourceID], c, append(now, ended...))
}

// changeStudent takes at which schools a student is from now on.
func (p *plan) changeStudent(ctx context.Context, was roster.Student, row fileRow, changes []role) error {
	here := p.sources[was.SchoolID]
	if len(changes) == 0 || row.seq == 0 || here == "" && was.SchoolID != 0 { // a school that no roster knows
		return nil
	}
	others := make([]string, len(was.OtherSchools))
	for n, id := range was.OtherSchools {
		others[n] = p.sources[id]
	}
	school, others := schoolsAfter(here, others, changes, p.rule.Today)
	if school == "" {
		return p.hasNoRoles(ctx, deleteFileStudent, row, was.SourceID)
	}
	var s packedStudent
	if err := unpack(row.data, &s); err != nil {
		return err
	}
	s.InSchool, s.Unknown, s.Others = school, nil, slices.DeleteFunc(others, func(org string) bool { return !p.isSchool(org) })
	unknown := ""
	if !p.isSchool(school) { // or it is not known to be one
		s.InSchool, s.Unknown = "", []string{school}
		text, err := encode(s.Unknown)
		if err != nil {
			return err
		}
		unknown = text
	}
	s.Carried = append(without(without(s.Carried, "school_id"), "other_schools"), "school_id", "other_schools")
	data, err := encode(s)
	if err != nil {
		return err
	}
	return p.stage.exec(ctx, updateFileStudent, row.seq, s.InSchool, unknown, data)
}

// schoolsAfter is where a student is once some roles have changed. A primary role at another school moves the student there, unless the changes have
// the student where it was, too; any other role adds a school.
func schoolsAfter(school string, others []string, changes []role, today string) (string, []string) {
	var now, first []string
	for _, r := range counting(slices.DeleteFunc(slices.Clone(changes), role.isGone), today) {
		now = append(now, r.org)
		if r.primary {
			first = append(first, r.org)
		}
	}
	was := append([]string{school}, others...)
	switch {
	case slices.Contains(now, school):
		first = nil
	case len(first) > 0:
		was = others
	}
	was = slices.DeleteFunc(slices.Clone(was), func(org string) bool { // those whose roles are gone, or over
		return !slices.Contains(now, org) && slices.ContainsFunc(changes, func(r role) bool { return r.org == org })
	})
	all := distinct(slices.Concat(first, was, now))
	all = slices.DeleteFunc(all, func(org string) bool { return org == "" })
	if len(all) == 0 {
		return "", nil
	}
	return all[0], all[1:]
}

// hasNoRoles takes that somebody has left whose last role is deleted.
func (p *plan) hasNoRoles(ctx context.Context, query string, row fileRow, person string) error {
	p.f.add(Note, "roles.csv", 0, "", person, sayRolesGone)
	if err := p.stage.exec(ctx, query, row.seq); err != nil {
		return err
	}
	return p.stage.insert(ctx, insertGone, person)
}

func (p *plan) fileRows(ctx context.Context, query string, people []string) (map[string]fileRow, error) {
	rows := make(map[string]fileRow, len(people))
	return rows, p.stage.eachIn(ctx, people, func(r *sql.Rows) error {
		var source string
		var f fileRow
		err := r.Scan(&source, &f.seq, &f.data, &f.facts)
		rows[source] = f
		return err
	}, query)
}

const (
	selectContactsNamed  = `select source_id, id from r_contact where id > 0 and not gone and source_id in `
	selectStudentsNamed  = `select source_id, id from r_student where id > 0 and source_id in `
	selectFileContacts   = `select source_id, seq, data, facts from f_contact where source_id in `
	selectFileStudents   = `select source_id, seq, data, '' from f_student where source_id in `
	deletePartialContact = `delete from f_contact where seq = $1 and name = ''`
	deleteFileContact    = `delete from f_contact where seq = $1`
	deleteFileStudent    = `delete from f_student where seq = $1`
	updateFileContact    = `update f_contact set relationship = $2, data = $3, print = 0 where seq = $1`
	updateFacts          = `update f_contact set facts = $2, said_print = 0 where seq = $1`
	updateFileStudent    = `update f_student set school = $2, unknown = $3, data = $4, print = 0 where seq = $1`
)
