package intake

import (
	"slices"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// facts is what the file says of a line: by the contact, for each of its lines, or by the line itself.
type facts struct {
	roster.Line
	carried []string
}

func factsOf(c contact) facts {
	x := facts{Line: roster.Line{Relationship: c.relationship, PortalAccess: roster.Unknown, BeginDate: c.begin, EndDate: c.end}}
	if c.relationship != "" {
		x.carried = append(x.carried, "relationship")
	}
	if c.saysAccess {
		x.carried = append(x.carried, "portal_access")
	}
	if c.refused {
		x.PortalAccess = roster.No
	}
	if c.saysDates {
		x.carried = append(x.carried, "begin_date", "end_date")
	}
	return x
}

// and returns what holds for one line: what its own row says wins over what the contact says of all of them.
func (x facts) and(own line) facts {
	if len(own.carried) == 0 {
		return x
	}
	next, _, _ := roster.TakeLine(x.Line, own.Line, own.carried)
	return facts{Line: next, carried: slices.Concat(x.carried, own.carried)}
}

func (p *plan) planLines() {
	said := map[int64]facts{}
	for _, c := range p.rec.contacts {
		said[p.contacts[c.SourceID].ID] = factsOf(c)
	}
	named, order := p.namedLines()
	last := map[int64]int{}
	for _, l := range p.snap.Lines {
		last[l.StudentID] = max(last[l.StudentID], l.Position+1)
	}
	for _, l := range p.snap.Lines {
		own, is := named[pair{l.StudentID, l.ContactID}]
		x, isSaid := said[l.ContactID]
		p.planLine(l, own.from, is, x.and(own), isSaid || len(own.carried) > 0)
	}
	for _, k := range order {
		if _, known := p.lines[k]; !known {
			own := named[k]
			x, isSaid := said[k.contact]
			p.newLine(k, own.from, last, x.and(own), isSaid || len(own.carried) > 0)
		}
	}
}

// namedLines lists the lines of the file by the ids of their ends. A line to somebody nobody knows is no line.
func (p *plan) namedLines() (map[pair]line, []pair) {
	named := map[pair]line{}
	var order []pair
	for _, l := range p.rec.lines {
		s, student := p.students[l.student]
		c, contact := p.contacts[l.contact]
		switch {
		case !student || !contact:
			p.f.add(Warning, l.from.file, l.from.line, "agentSourcedIds", "", "names somebody who is neither in the file nor known from before: no line")
			continue
		case !p.inFile.students[s.ID] && s.Status == roster.Left || !p.inFile.contacts[c.ID] && c.Left,
			p.leave.students[s.ID] || p.leave.contacts[c.ID]:
			p.f.add(Warning, l.from.file, l.from.line, "agentSourcedIds", "", "names somebody who is gone from the roster: no line")
			continue
		}
		k := pair{s.ID, c.ID}
		if _, twice := named[k]; !twice {
			order = append(order, k)
			named[k] = l
		}
	}
	return named, order
}

// planLine brings a line on record up to date.
func (p *plan) planLine(l roster.Line, at place, named bool, x facts, isSaid bool) {
	if l.Removed() {
		if named {
			p.f.add(Note, at.file, at.line, "", p.lineName(l), "taken off the student by staff: stays so, though the file has it")
		}
		return
	}
	next := l
	var changed, kept []roster.Difference
	switch {
	case named || isSaid && l.FromFile:
		next, changed, kept = roster.TakeLine(l, x.Line, x.carried)
		p.kept(at, kept)
	case isSaid:
		// A line that staff made: what the file refuses is refused here too.
		if _, only, _ := roster.TakeLine(l, x.Line, x.carried); len(only) > 0 && x.says("portal_access") {
			next.FilePortalAccess = x.PortalAccess
		}
	}
	switch {
	case named:
		next.Ended, next.FromFile = false, true
	case l.FromFile && !l.Ended && p.lineGone(l):
		next.Ended = true
	}
	p.change(l, next, changed, at)
}

func (x facts) says(field string) bool { return slices.Contains(x.carried, field) }

// lineGone reports whether the file's silence about a line ends it. A roster that holds everything ends what it does not name; a roster of
// changes ends a line when the row that would name it is there and does not.
func (p *plan) lineGone(l roster.Line) bool {
	if p.leave.students[l.StudentID] || p.leave.contacts[l.ContactID] {
		return true
	}
	student, contact := p.inFile.students[l.StudentID], p.inFile.contacts[l.ContactID]
	switch {
	case !p.rec.saysLines:
		return false
	case p.rec.only == onlyContacts:
		return p.spoken[l.StudentID]
	case p.rec.whole:
		return student
	}
	return student && contact || student && p.rec.studentSide && !p.rec.contactSide ||
		contact && p.rec.contactSide && !p.rec.studentSide
}

func (p *plan) change(l, next roster.Line, changed []roster.Difference, at place) {
	switch {
	case next.Ended && !l.Ended:
		p.rep.Lines.Removed++
		p.say("line %s: ended", p.lineName(l))
	case !next.Ended && l.Ended:
		p.rep.Lines.Changed++
		p.say("line %s: back", p.lineName(l))
	case len(changed) > 0:
		p.rep.Lines.Changed++
		p.say("line %s: %s", p.lineName(l), p.differences(changed))
	case next.FromFile != l.FromFile:
		p.rep.Lines.Changed++
		p.say("line %s: now comes with the roster", p.lineName(l))
	case next.FilePortalAccess != l.FilePortalAccess:
		p.rep.Lines.Changed++
		p.say("line %s: file portal access %s -> %s", p.lineName(l), l.FilePortalAccess, next.FilePortalAccess)
	default:
		if l.FromFile && !l.Ended {
			p.rep.Lines.Same++
		}
		return
	}
	p.lineChanges = append(p.lineChanges, roster.LineChange{Old: l, New: next})
	p.lineRows = append(p.lineRows, at)
}

func (p *plan) newLine(k pair, at place, last map[int64]int, x facts, isSaid bool) {
	l := roster.Line{StudentID: k.student, ContactID: k.contact, Position: last[k.student], LegalGuardian: roster.Unknown,
		LivesWith: roster.Unknown, Emergency: roster.Unknown, Pickup: roster.Unknown, Mailing: roster.Unknown,
		PortalAccess: roster.Unknown, FilePortalAccess: roster.Unknown, Restricted: roster.Unknown, FileRestricted: roster.Unknown,
		FromFile: true}
	last[k.student]++
	if !isSaid || x.Relationship == "" {
		p.likeOthers(&l)
	}
	if isSaid {
		if x.PortalAccess == roster.No && !x.says("portal_access") {
			x.carried = append(slices.Clone(x.carried), "portal_access")
		}
		l, _, _ = roster.TakeLine(l, x.Line, x.carried)
	}
	p.rep.Lines.Added++
	p.say("line %s: added", p.lineName(l))
	p.lineChanges = append(p.lineChanges, roster.LineChange{New: l})
	p.lineRows = append(p.lineRows, at)
}

// likeOthers gives a new line of a contact who is not in the file what the contact's other lines have from the roster.
func (p *plan) likeOthers(l *roster.Line) {
	l.Relationship = "unknown"
	for _, o := range p.linesOf[l.ContactID] {
		if !o.FromFile {
			continue
		}
		l.Relationship, l.BeginDate, l.EndDate = o.Relationship, o.BeginDate, o.EndDate
		if o.FilePortalAccess == roster.No {
			l.PortalAccess, l.FilePortalAccess = roster.No, roster.No
			return
		}
	}
}

func (p *plan) lineName(l roster.Line) string {
	return p.contactByID[l.ContactID] + " (" + l.Relationship + ") of " + p.studentByID[l.StudentID]
}
