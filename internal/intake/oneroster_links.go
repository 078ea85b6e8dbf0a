package intake

import "slices"

// link makes lines of the agents that a row names. The standard lets the student's row, the adult's row or both name the other; which of
// the two is the child shows in their roles alone. Where both rows do, the child's makes the line.
func (o *oneRoster) link(p *person) error {
	for _, id := range p.agents {
		l, other, ok := o.pair(p, id)
		if !ok {
			continue
		}
		adult := p
		if l.student == p.id {
			o.out.studentSide, adult = true, other
		} else {
			o.out.contactSide = true
		}
		if adult != nil && adult.is.maybeContact() {
			if err := o.stage.insert(o.out.ctx, insertLinked, adult.id); err != nil {
				return err
			}
		}
		if adult == p && other != nil && slices.Contains(other.agents, p.id) {
			continue
		}
		l.from = p.from
		if err := o.out.addLine(l); err != nil {
			return err
		}
	}
	return nil
}

// pair tells the student from the adult. It reports false, with a finding, for what is no such pair. other is nil where the file does not say what
// the other one is.
func (o *oneRoster) pair(p *person, id string) (l line, other *person, ok bool) {
	say := func(code Code) (line, *person, bool) {
		o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, code)
		return line{}, nil, false
	}
	if id == p.id {
		return say(saySelf)
	}
	other = o.known[id]
	if other == nil || other.gone {
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
	return line{student: child.id, contact: adult.id}, other, true
}

// pairWithKnown makes a line whose other end a file of changes leaves out: whether it is known shows later.
func (o *oneRoster) pairWithKnown(p *person, id string) (line, *person, bool) {
	switch p.is.sort {
	case studentRole:
		return line{student: p.id, contact: id}, nil, true
	case contactRole, agentRole, unknownRole:
		return line{student: id, contact: p.id}, nil, true
	}
	o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, sayLineUnclear)
	return line{}, nil, false
}
