package demo

import (
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// family is one family in the making.
type family struct {
	place    int // its number, which decides between the schools of its cluster
	cluster  cluster
	spanish  bool
	script   *script
	father   string // last names
	mother   string
	child    string
	language string
}

// adult is one of a family's adults: a contact's index, and what it is to the children.
type adult struct {
	contact      int
	relationship string
	edit         []func(*roster.Line)
}

// family adds a family with at most so many children.
func (b *builder) family(atMost int) {
	f := b.newFamily()
	children := min(1+b.weighted(58, 30, 9, 2, 1), atMost)
	adults := b.adults(&f)
	for n := b.others(children, len(adults)); n > 0; n-- {
		adults = append(adults, b.other(&f))
	}
	grade := b.rand.IntN(13)
	for i := range children {
		s := b.child(&f, grade)
		if email := b.d.Students[s].Email; email != "" && len(adults) > 0 && b.chance(1) { // the school noted the child's address
			b.d.Contacts[adults[0].contact].Email = email
		}
		for n, a := range adults {
			if i > 0 && n == 0 && b.chance(2) { // the school keeps the same adult twice
				again := b.d.Contacts[a.contact]
				a.contact = b.contact(again)
			}
			b.link(s, a.contact, a.relationship, a.edit...)
		}
		if !b.chance(3) { // not twins
			grade = (grade + 1 + b.rand.IntN(4)) % 13
		}
	}
}

// others returns how many further contacts a family has, so that there are two for each student on the whole.
func (b *builder) others(children, parents int) int {
	missing := 2*(len(b.d.Students)+children) - len(b.d.Contacts) - parents
	return max(0, min(4, missing+b.rand.IntN(3)-1))
}

func (b *builder) newFamily() family {
	f := family{place: b.rand.IntN(1 << 20), cluster: b.clusters[b.rand.IntN(len(b.clusters))], language: "en"}
	switch {
	case b.chance(0.8):
		f.script = &b.names.scripts[b.rand.IntN(len(b.names.scripts))]
		f.father, f.mother, f.child, f.language = f.script.surname, f.script.surname, f.script.surname, ""
		return f
	case b.chance(12):
		f.spanish, f.language = true, []string{"es", "es", "en"}[b.rand.IntN(3)]
		one, two := b.draw(b.names.apellidos), b.draw(b.names.apellidos)
		f.father, f.mother = one+" "+b.draw(b.names.apellidos), two+" "+b.draw(b.names.apellidos)
		f.child = one + " " + two
		return f
	}
	f.father, f.mother = b.draw(b.names.surnames), b.draw(b.names.surnames)
	switch b.weighted(70, 20, 10) {
	case 0: // one name for all
		f.mother, f.child = f.father, f.father
	case 1: // each keeps the own one
		f.child = []string{f.father, f.mother}[b.weighted(4, 1)]
	case 2: // joined by a hyphen
		f.child = f.mother + "-" + f.father
	}
	return f
}

// first draws a first name that goes with the family.
func (b *builder) first(f *family, woman bool) string {
	switch {
	case f.script != nil && woman:
		return f.script.women[b.rand.IntN(len(f.script.women))]
	case f.script != nil:
		return f.script.men[b.rand.IntN(len(f.script.men))]
	case f.spanish && woman:
		return b.draw(b.names.mujeres)
	case f.spanish:
		return b.draw(b.names.hombres)
	case woman:
		return b.draw(b.names.women)
	}
	return b.draw(b.names.men)
}

func (b *builder) child(f *family, grade int) int {
	s := roster.Student{First: b.first(f, b.chance(50)), Last: f.child}
	if b.chance(30) && !f.spanish && f.script == nil {
		s.Middle = b.first(f, b.chance(50))
	}
	if b.chance(20) {
		s.PreferredFirst = preferred(s.First)
	}
	switch {
	case b.chance(1):
		s.Status = roster.Withdrawn
	case grade == 12 && b.chance(2):
		s.Status = roster.Graduated
	}
	return b.student(s, grade, f.cluster.school(grade, f.place))
}

// adults adds the adults who bring the children up.
func (b *builder) adults(f *family) []adult {
	var all []adult
	parent := func(woman bool, relationship, last string, edit ...func(*roster.Line)) {
		all = append(all, adult{b.person(f, woman, last), relationship, edit})
	}
	switch b.weighted(60, 15, 5, 12, 5, 3) {
	case 0:
		parent(true, "mother", f.mother)
		parent(false, "father", f.father)
		switch b.weighted(90, 9, 1) {
		case 1:
			b.share(all[0].contact, all[1].contact)
		case 2:
			all = append(all, b.namesake(all[1].contact))
		}
	case 1:
		parent(true, "mother", f.mother)
	case 2:
		parent(false, "father", f.father)
	case 3: // separated
		parent(true, "mother", f.mother)
		if b.chance(8) {
			parent(false, "father", f.father, restricted)
		} else {
			parent(false, "father", f.father, elsewhere)
		}
		if b.chance(50) {
			parent(false, "stepfather", b.draw(b.names.surnames))
		}
	case 4:
		parent(true, "guardian", f.mother)
		if b.chance(40) {
			parent(false, "guardian", f.father)
		}
	case 5:
		parent(true, "foster_parent", b.draw(b.names.surnames))
	}
	return all
}

// other adds a grandparent, an aunt, a neighbour.
func (b *builder) other(f *family) adult {
	kinds := []struct {
		relationship string
		woman        bool
	}{{"grandmother", true}, {"grandfather", false}, {"aunt", true}, {"uncle", false}, {"neighbor", true}, {"friend", false}, {"emergency", true}}
	k := kinds[b.weighted(30, 20, 15, 10, 10, 8, 7)]
	last := b.draw(b.names.surnames)
	if k.relationship[0] == 'g' {
		last = []string{f.father, f.mother}[b.rand.IntN(2)]
	}
	a := adult{contact: b.person(f, k.woman, last), relationship: k.relationship}
	if b.chance(3) {
		a.edit = append(a.edit, mayAllTheSame)
	}
	return a
}

// person adds an adult of the family.
func (b *builder) person(f *family, woman bool, last string) int {
	c := roster.Contact{First: b.first(f, woman), Last: last, Language: f.language}
	if b.chance(15) && !f.spanish && f.script == nil {
		c.Middle = b.first(f, woman)
	}
	if b.chance(10) {
		c.PreferredFirst = preferred(c.First)
	}
	if !woman && b.chance(1.5) && f.script == nil {
		c.Last += []string{" Jr.", " Sr.", " III"}[b.rand.IntN(3)]
	}
	if b.chance(93) {
		c.Email = b.mailbox(c.First, c.Last)
	}
	if b.chance(30) {
		c.HomePhone = b.phone()
	}
	if b.chance(25) {
		c.WorkPhone = b.phone()
	}
	return b.contact(c)
}

// share gives two adults one mailbox.
func (b *builder) share(one, other int) {
	c := &b.d.Contacts[one]
	if c.Email != "" {
		c.Email = b.mailbox("Family", c.Last)
	}
	b.d.Contacts[other].Email = c.Email
}

// namesake adds a grandfather of the father's name who shares his mailbox.
func (b *builder) namesake(father int) adult {
	c := &b.d.Contacts[father]
	if c.Email == "" {
		c.Email = b.mailbox(c.First, c.Last)
	}
	last := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(c.Last, " III"), " Jr."), " Sr.")
	c.Last = last + " Jr."
	i := b.contact(roster.Contact{First: c.First, Last: last + " Sr.", Email: c.Email, Language: c.Language})
	return adult{contact: i, relationship: "guardian", edit: []func(*roster.Line){elsewhere}}
}
