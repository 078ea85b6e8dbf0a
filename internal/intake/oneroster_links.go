package intake

// link makes lines of the agents that rows name. The standard lets the student's row, the adult's row or both name the other; which of
// the two is the child shows in their roles alone.
func (o *oneRoster) link() error {
	type ends struct{ student, contact string }
	have := map[ends]bool{}
	for _, p := range o.order {
		if o.gone[p.id] {
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
			key := ends{l.student, l.contact}
			if have[key] {
				continue
			}
			have[key] = true
			l.from = p.from
			if err := o.out.addLine(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// pair tells the student from the adult. It reports false, with a finding, for what is no such pair.
func (o *oneRoster) pair(p *person, id string) (line, bool) {
	say := func(code Code) (line, bool) {
		o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, code)
		return line{}, false
	}
	if id == p.id {
		return say(saySelf)
	}
	other := o.people[id]
	if other == nil || o.gone[id] {
		if other == nil && (o.delta("users") || o.out.kept[id]) {
			return o.pairWithKnown(p, id)
		}
		return say(sayLineUnknown)
	}
	child, adult := p, other
	if p.is.sort != studentRole {
		child, adult = other, p
	}
	switch {
	case adult.is.sort == noRole || child.is.sort == noRole:
		return o.pairWithKnown(p, id)
	case child.is.sort != studentRole || adult.is.sort == studentRole:
		return say(sayLineNeither)
	case adult.is.sort == staffRole:
		return say(sayLineStaff)
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
	o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, sayLineUnclear)
	return line{}, false
}
