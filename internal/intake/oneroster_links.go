package intake

import (
	"context"
	"errors"
	"slices"
)

// link makes lines of the agents that a row names. The standard lets the student's row, the adult's row or both name the other; which of
// the two is the child shows in their roles alone. Where both rows do, the child's makes the line.
func (o *oneRoster) link(p *person) error {
	for _, id := range p.agents {
		lines, other, ok := o.pair(p, id)
		if !ok {
			continue
		}
		if len(lines) > 1 { // which of them it is shows with what is on record
			if err := errors.Join(o.out.addLine(lines[0]), o.out.addLine(lines[1])); err != nil {
				return err
			}
			continue
		}
		l, adult := lines[0], p
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
func (o *oneRoster) pair(p *person, id string) (lines []line, other *person, ok bool) {
	say := func(code Code) ([]line, *person, bool) {
		o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, code)
		return nil, nil, false
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
	return []line{{student: child.id, contact: adult.id}}, other, true
}

// pairWithKnown makes a line whose other end a file of changes leaves out, or whose roles it does: whether it is known, and which of the two is the
// student, shows later. Of what is not known of either it makes both lines that it may be, from no place.
func (o *oneRoster) pairWithKnown(p *person, id string) ([]line, *person, bool) {
	ofStudent, ofAdult := line{student: p.id, contact: id}, line{student: id, contact: p.id}
	other := o.known[id]
	switch {
	case p.is.sort == studentRole:
		return []line{ofStudent}, nil, true
	case p.is.sort != noRole && p.is.sort != staffRole:
		return []line{ofAdult}, nil, true
	case p.is.sort == staffRole || other != nil && other.is.sort == staffRole:
	case other != nil && other.is.sort == studentRole:
		return []line{ofAdult}, nil, true
	case other != nil && other.is.sort != noRole:
		return []line{ofStudent}, other, true
	default:
		ofStudent.from.line, ofAdult.from.line = guessOfStudent, guessOfAdult
		return []line{ofStudent, ofAdult}, nil, true
	}
	o.f.add(Warning, p.from.file, p.from.line, "agentSourcedIds", id, sayLineUnclear)
	return nil, nil, false
}

// A line that is one of two guesses stands in no file; in its line's place stands whose row named it.
const (
	guessOfStudent = 1
	guessOfAdult   = 2
)

// settleGuesses leaves of guessed lines those between a student and an adult who are known, and finds out on whose rows the file carries them.
func (p *plan) settleGuesses(ctx context.Context) error {
	n, err := p.stage.value(ctx, countGuesses, 0)
	if err != nil || n == 0 {
		return err
	}
	if err := p.stage.exec(ctx, deleteWrongGuesses); err != nil {
		return err
	}
	for _, side := range []struct {
		guess int
		known *bool
	}{{guessOfStudent, &p.rec.studentSide}, {guessOfAdult, &p.rec.contactSide}} {
		n, err := p.stage.value(ctx, countGuesses, side.guess)
		if err != nil {
			return err
		}
		*side.known = *side.known || n > 0
	}
	return nil
}

const (
	countGuesses       = `select count(*) from f_line where file = '' and ($1 = 0 or line = $1)`
	deleteWrongGuesses = `delete from f_line where file = '' and (not exists (select 1 from r_student s where s.source_id = f_line.student)
  or not exists (select 1 from r_contact c where c.source_id = f_line.contact))`
)
