package intake

// link makes lines of the agents that rows name. The standard lets the student's row, the adult's row or both name the other; which of
// the two is the child shows in their roles alone.
func (o *oneRoster) link() {
	have := map[line]bool{}
	for _, p := range o.order {
		if o.out.gone[p.id] {
			continue
		}
		for _, id := range p.agents {
			l, ok := o.pair(p, id)
			if !ok {
				continue
			}
			if l.student == p.id {
				o.out.studentSide = true
			} else {
				o.out.contactSide = true
			}
			key := line{student: l.student, contact: l.contact}
			if !have[key] {
				have[key] = true
				l.from = p.from
				o.out.lines = append(o.out.lines, l)
			}
		}
	}
	if o.out.whole {
		o.lonely(have)
	}
}

// pair tells the student from the adult. It reports false, with a finding, for what is no such pair.
func (o *oneRoster) pair(p *person, id string) (line, bool) {
	say := func(text string) (line, bool) {
		o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, text)
		return line{}, false
	}
	if id == p.id {
		return say("names the person itself as agent: no line")
	}
	other := o.people[id]
	if other == nil || o.out.gone[id] {
		if other == nil && o.delta("users") {
			return o.pairWithKnown(p, id)
		}
		return say("names an agent who is not in the file: no line")
	}
	child, adult := p, other
	if p.is.sort != studentRole {
		child, adult = other, p
	}
	switch {
	case adult.is.sort == noRole || child.is.sort == noRole:
		return o.pairWithKnown(p, id)
	case child.is.sort != studentRole || adult.is.sort == studentRole:
		return say("the two are not a student and an adult: no line")
	case adult.is.sort == staffRole:
		return say("the adult is staff, and no parent or guardian: no line")
	}
	adult.linked = true
	return line{student: child.id, contact: adult.id}, true
}

// pairWithKnown makes a line whose other end a file of changes leaves out: whether it is known shows later.
func (o *oneRoster) pairWithKnown(p *person, id string) (line, bool) {
	switch p.is.sort {
	case studentRole:
		return line{student: p.id, contact: id}, true
	case contactRole, agentRole, unknownRole:
		p.linked = true
		return line{student: id, contact: p.id}, true
	}
	o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, "what the two are is not in the file: no line")
	return line{}, false
}

// lonely counts students without an adult and adults without a student.
func (o *oneRoster) lonely(have map[line]bool) {
	linked := map[string]bool{}
	for l := range have {
		linked[l.student], linked[l.contact] = true, true
	}
	for _, p := range o.order {
		switch {
		case linked[p.id] || o.out.gone[p.id]:
		case p.is.sort == studentRole:
			o.f.count(Finding{Level: Note, File: p.from.file, Text: "students whom no adult is linked to", Count: 1})
		case p.is.sort == contactRole:
			o.f.count(Finding{Level: Note, File: p.from.file, Text: "parents and guardians who are linked to no student", Count: 1})
		}
	}
}
