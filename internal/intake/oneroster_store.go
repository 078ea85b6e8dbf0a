package intake

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// What the files say of people stands in the stage until all of them are read, for who is what to whom shows in several of them.

const (
	insertPerson = `insert into u_person (id, line, gone, sort, role, own_role, able, says_able, identifier, user_ids, orgs, agents, first, middle, last,
  preferred_first, preferred_last, email, sms, phone, grade) values `
	changePerson = `update u_person set gone = $2, sort = $3, role = $4, orgs = $5, agents = $6 where seq = $1`
	deletePerson = `delete from u_person where seq = $1`

	personColumns = `select p.seq, p.id, p.line, p.gone, p.sort, p.role, p.own_role, p.able, p.says_able, p.identifier, p.user_ids, p.orgs, p.agents, p.first, p.middle,
  p.last, p.preferred_first, p.preferred_last, p.email, p.sms, p.phone, p.grade from u_person p
where `
	peopleInOrder  = ` p.seq > $1 order by p.seq limit $2`
	selectPeople   = personColumns + peopleInOrder
	selectLinked   = personColumns + `p.sort in (0, 3) and not p.gone and exists (select 1 from u_linked l where l.id = p.id) and` + peopleInOrder
	selectUnlinked = personColumns + `p.sort in (0, 3) and not p.gone and not exists (select 1 from u_linked l where l.id = p.id) and` + peopleInOrder

	insertTwice = `insert into u_twice (id) select id from u_person group by id having count(*) > 1`
	selectTwice = personColumns + `p.id in (select id from u_twice) and (p.id, p.seq) > ($1, $2) order by p.id, p.seq limit $3`

	selectKnown = `select id, gone, sort, role, agents from u_person where id in `

	insertRole     = `insert into u_role (person, id, name, org, main, begin, "end", gone) values `
	roleColumns    = `r.seq, r.person, r.id, r.name, r.org, r.main, r.begin, r."end", r.gone`
	selectRoles    = `select ` + roleColumns + ` from u_role r where r.person in `
	selectRolesFor = `select ` + roleColumns + ` from u_person p join u_role r on r.person = p.id
where p.seq between $1 and $2 order by p.seq, r.seq`
	selectRolesChanged = `select ` + roleColumns + ` from u_role r where (r.person, r.seq) > ($1, $2)` + rolesInOrder
	selectRolesAlone   = `select ` + roleColumns + ` from u_role r
where not exists (select 1 from u_person p where p.id = r.person) and (r.person, r.seq) > ($1, $2)` + rolesInOrder
	rolesInOrder    = ` order by r.person, r.seq limit $3`
	countRolesAlone = `select count(distinct person) from u_role r where not exists (select 1 from u_person p where p.id = r.person)`

	insertBirth     = `insert into u_birth (id, born, dated, line) values `
	selectBirthsFor = `select b.id, b.born from u_person p join u_birth b on b.id = p.id where p.seq between $1 and $2 and b.dated`
	selectBirthsOld = `select b.seq, b.id, b.line, (select min(f.line) from u_birth f where f.id = b.id) from u_birth b
where exists (select 1 from u_birth f where f.id = b.id and f.seq < b.seq) and b.seq > $1 order by b.seq limit $2`
	deleteBirth       = `delete from u_birth where seq = $1`
	selectBirthsAlone = `select b.seq, b.id, b.born, b.line from u_birth b
where b.dated and not exists (select 1 from u_person p where p.id = b.id) and b.seq > $1 order by b.seq limit $2`

	insertLinked = `insert into u_linked (id) values `
)

// giveBack makes room in the stage for what follows.
func (o *oneRoster) giveBack() error {
	tables := []string{"u_person", "u_twice", "u_birth", "u_linked"}
	if !o.out.changesRoles {
		tables = append(tables, "u_role")
	}
	for _, name := range tables {
		if err := o.stage.exec(o.out.ctx, "drop table "+name); err != nil {
			return err
		}
	}
	return nil
}

// several is how ids stand in one column: none has a line break.
func several(ids []string) string { return strings.Join(ids, "\n") }

func severally(column string) []string {
	if column == "" {
		return nil
	}
	return strings.Split(column, "\n")
}

func (o *oneRoster) putPerson(p *person) error {
	return o.stage.insert(o.out.ctx, insertPerson, p.id, p.from.line, p.gone, int(p.is.sort), p.is.name, p.role, p.able, p.saysAble, p.identifier, p.userIDs,
		several(p.orgs), several(p.agents), p.first, p.middle, p.last, p.preferredFirst, p.preferredLast, p.email, p.sms, p.phone, p.grade)
}

// changePerson writes what further rows added.
func (o *oneRoster) changePerson(p *person) error {
	for _, r := range p.all {
		if o.hasRoles {
			break // they stand there
		}
		if err := o.putRole(p.id, r); err != nil {
			return err
		}
	}
	return o.stage.exec(o.out.ctx, changePerson, p.seq, p.gone, int(p.is.sort), p.is.name, several(p.orgs), several(p.agents))
}

func (o *oneRoster) putRole(person string, r role) error {
	return o.stage.insert(o.out.ctx, insertRole, person, r.id, r.name, r.org, r.primary, r.begin, r.end, r.gone)
}

func (o *oneRoster) scanPerson(r *sql.Rows) (*person, error) {
	p := &person{from: place{file: o.users}}
	var sort int
	var role, orgs, agents string
	err := r.Scan(&p.seq, &p.id, &p.from.line, &p.gone, &sort, &role, &p.role, &p.able, &p.saysAble, &p.identifier, &p.userIDs, &orgs, &agents, &p.first, &p.middle,
		&p.last, &p.preferredFirst, &p.preferredLast, &p.email, &p.sms, &p.phone, &p.grade)
	p.is, p.orgs, p.agents = roleOf(sort, role), severally(orgs), severally(agents)
	return p, err
}

// roleOf is a role that was settled before.
func roleOf(s int, name string) role {
	if sort(s) == noRole {
		return role{sort: noRole}
	}
	r, _ := roleNamed(name)
	return r
}

// roleOfPerson is a role as it stands in the stage.
type roleOfPerson struct {
	seq    int64
	person string
	role
}

func scanRole(r *sql.Rows) (g roleOfPerson, err error) {
	var id, name, org, begin, end string
	var main, gone bool
	err = r.Scan(&g.seq, &g.person, &id, &name, &org, &main, &begin, &end, &gone)
	g.role, _ = roleNamed(name)
	g.id, g.org, g.primary, g.begin, g.end, g.gone = id, org, main, begin, end, gone
	return g, err
}

// eachRoles calls fn with the roles of each person for whom a query finds some.
func (s *stage) eachRoles(ctx context.Context, query string, fn func(person string, all []role) error) error {
	var all []role
	for person, seq := "", int64(0); ; {
		some, err := list(ctx, s, scanRole, query, person, seq, readAtOnce)
		if err != nil {
			return err
		}
		for _, g := range some {
			if g.person != person && len(all) > 0 {
				if err := fn(person, all); err != nil {
					return err
				}
				all = nil
			}
			person, seq, all = g.person, g.seq, append(all, g.role)
		}
		switch {
		case len(some) > 0:
		case len(all) > 0:
			return fn(person, all)
		default:
			return nil
		}
	}
}

// eachPerson calls fn for the people that a query finds, in the order of the file, with their roles and dates of birth, while those whom they name
// are known.
func (o *oneRoster) eachPerson(query string, fn func(p *person) error) error {
	if err := o.stage.flush(o.out.ctx); err != nil {
		return err
	}
	for after := int64(0); ; {
		some, err := page(o.out.ctx, o.stage, o.scanPerson, query, after, readAtOnce)
		if err != nil || len(some) == 0 {
			return err
		}
		first, last := some[0].seq, some[len(some)-1].seq
		after = last
		byID := make(map[string]*person, len(some))
		var agents []string
		for _, p := range some {
			byID[p.id] = p
			agents = append(agents, p.agents...)
		}
		if o.many {
			if err := o.stage.each(o.out.ctx, func(r *sql.Rows) error {
				g, err := scanRole(r)
				if p := byID[g.person]; p != nil {
					p.all = append(p.all, g.role)
				}
				return err
			}, selectRolesFor, first, last); err != nil {
				return err
			}
		}
		if o.dated {
			if err := o.stage.each(o.out.ctx, func(r *sql.Rows) error {
				var id, born string
				err := r.Scan(&id, &born)
				if p := byID[id]; p != nil {
					p.born, p.dated = born, true
				}
				return err
			}, selectBirthsFor, first, last); err != nil {
				return err
			}
		}
		if err := o.know(agents); err != nil {
			return err
		}
		for _, p := range some {
			if err := fn(p); err != nil {
				return err
			}
		}
	}
}

// eachTwice calls fn for the people whose ids stand in several rows, id by id.
func (o *oneRoster) eachTwice(fn func(p *person) error) error {
	for id, seq := "", int64(0); ; {
		some, err := list(o.out.ctx, o.stage, o.scanPerson, selectTwice, id, seq, readAtOnce)
		if err != nil || len(some) == 0 {
			return err
		}
		id, seq = some[len(some)-1].id, some[len(some)-1].seq
		for _, p := range some {
			if err := fn(p); err != nil {
				return err
			}
		}
	}
}

// know finds out about people by their ids.
func (o *oneRoster) know(ids []string) error {
	o.known = make(map[string]*person, len(ids))
	return o.stage.eachIn(o.out.ctx, ids, func(r *sql.Rows) error {
		p := &person{}
		var sort int
		var role, agents string
		err := r.Scan(&p.id, &p.gone, &sort, &role, &agents)
		p.is, p.agents = roleOf(sort, role), severally(agents)
		o.known[p.id] = p
		return err
	}, selectKnown)
}

// lookUp finds out about the people whom rows name in these columns.
func (o *oneRoster) lookUp(rows []row, columns []string) error {
	var ids []string
	for _, r := range rows {
		for _, c := range columns {
			if id := r.value(c); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return o.know(ids)
}

// lookUpRoles finds the roles that roles.csv has for rows of users.csv.
func (o *oneRoster) lookUpRoles(rows []row) error {
	if !o.hasRoles {
		return nil
	}
	o.known = make(map[string]*person, len(rows))
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.value("sourcedId")
	}
	return o.stage.eachIn(o.out.ctx, ids, func(r *sql.Rows) error {
		g, err := scanRole(r)
		p := o.known[g.person]
		if p == nil {
			p = &person{}
			o.known[g.person] = p
		}
		p.all = append(p.all, g.role)
		return err
	}, selectRoles)
}

// rolesAlone takes roles of people who are not in users.csv: a file of changes has those of people whose row is as it was. Who they are, and what they
// are from now on, shows with what is on record.
func (o *oneRoster) rolesAlone() error {
	if !o.hasRoles {
		return nil
	}
	if !o.delta("roles") {
		n, err := o.stage.value(o.out.ctx, countRolesAlone)
		if n > 0 {
			o.f.count(Finding{Level: Warning, File: "roles.csv", Column: "userSourcedId", Count: int(n), Code: sayRolesOfNobody})
		}
		return err
	}
	o.out.changesRoles = true
	from := place{"roles.csv", 0}
	return o.stage.eachRoles(o.out.ctx, selectRolesAlone, func(person string, all []role) error {
		adult := slices.IndexFunc(all, role.ofAdult)
		if adult >= 0 {
			c := contact{Contact: roster.Contact{SourceID: person}, relationship: all[adult].code, partial: true, from: from}
			if err := o.out.addContact(c); err != nil {
				return err
			}
		}
		if !slices.ContainsFunc(all, role.ofStudent) {
			return nil
		}
		return o.out.addStudent(student{Student: roster.Student{SourceID: person}, partial: true, from: from})
	})
}

// birth is a row of demographics.csv.
type birth struct {
	seq      int64
	id, born string
	line     int
	first    int // the line in which the id stands first
}

// birthsTwice leaves each person one row of demographics.csv.
func (o *oneRoster) birthsTwice(file string) error {
	o.dated = true
	return walk(o.out.ctx, o.stage, selectBirthsOld, func(r *sql.Rows) (b birth, err error) {
		return b, r.Scan(&b.seq, &b.id, &b.line, &b.first)
	}, func(b birth) int64 { return b.seq }, func(b birth) error {
		o.f.say(Finding{Level: Skipped, File: file, Line: b.line, Column: "sourcedId", Was: b.id, Code: sayIDTwice, Number: b.first})
		return o.stage.exec(o.out.ctx, deleteBirth, b.seq)
	})
}

// birthsAlone takes birth dates of students who are not in users.csv, which a file of changes may hold.
func (o *oneRoster) birthsAlone() error {
	if !o.dated {
		return nil
	}
	e, _ := o.b.file("demographics.csv")
	return walk(o.out.ctx, o.stage, selectBirthsAlone, func(r *sql.Rows) (b birth, err error) {
		return b, r.Scan(&b.seq, &b.id, &b.born, &b.line)
	}, func(b birth) int64 { return b.seq }, func(b birth) error {
		at := place{e.name, b.line}
		if !o.delta("demographics") {
			o.f.add(Note, at.file, at.line, "sourcedId", b.id, sayBirthOfNobody)
			return nil
		}
		return o.out.addStudent(student{Student: roster.Student{SourceID: b.id, BirthDate: b.born}, carried: []string{"birth_date"}, from: at, partial: true})
	})
}
