package intake

import (
	"fmt"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// measure counts what there was and what would go, and which lines parents lose.
func (p *plan) measure() {
	p.shares = []share{
		{what: "students", gone: p.rep.Students.Removed, all: p.studentsBefore()},
		{what: "contacts", gone: p.rep.Contacts.Removed, all: p.contactsBefore()},
		{what: "lines", gone: p.rep.Lines.Removed, all: p.linesBefore()},
	}
	status, left := map[int64]roster.Status{}, map[int64]bool{}
	for _, s := range p.snap.Students {
		status[s.ID] = s.Status
	}
	for _, c := range p.snap.Contacts {
		left[c.ID] = c.Left
	}
	after := map[int64]roster.Line{}
	for _, c := range p.lineChanges {
		after[c.Old.ID] = c.New
	}
	nextStatus, nextLeft := map[int64]roster.Status{}, map[int64]bool{}
	for _, c := range p.studentChanges {
		nextStatus[c.Old.ID] = c.New.Status
	}
	for _, c := range p.contactChanges {
		nextLeft[c.Old.ID] = c.New.Left
	}
	rule := p.rule
	for _, l := range p.snap.Lines {
		if _, whole := status[l.StudentID]; !whole || rule.May(l, status[l.StudentID], left[l.ContactID]) != roster.MayOpen {
			continue
		}
		next, s, gone := l, status[l.StudentID], left[l.ContactID]
		if n, ok := after[l.ID]; ok {
			next = n
		}
		if n, ok := nextStatus[l.StudentID]; ok {
			s = n
		}
		if n, ok := nextLeft[l.ContactID]; ok {
			gone = n
		}
		if rule.May(next, s, gone) != roster.MayOpen {
			p.rep.LosesAccess++
		}
	}
}

// inScope reports whether the file speaks of a student on record: it is measured against those alone.
func (p *plan) inScope(s roster.Student) bool {
	return s.SourceID != "" && (!p.rec.whole || p.spoken[s.ID] || p.covered[s.SchoolID] || p.inFile.students[s.ID] || p.leave.students[s.ID])
}

func (p *plan) studentsBefore() int {
	n := 0
	for _, s := range p.snap.Students {
		if s.Status == roster.Enrolled && p.inScope(s) {
			n++
		}
	}
	return n
}

func (p *plan) contactsBefore() int {
	n := 0
	for _, c := range p.snap.Contacts {
		if c.SourceID != "" && !c.Left && (!p.rec.whole || p.inFile.contacts[c.ID] || p.leave.contacts[c.ID]) {
			n++
		}
	}
	return n
}

func (p *plan) linesBefore() int {
	scope := map[int64]bool{}
	for _, s := range p.snap.Students {
		scope[s.ID] = p.inScope(s)
	}
	n := 0
	for _, l := range p.snap.Lines {
		if l.FromFile && !l.Ended && (scope[l.StudentID] || p.leave.contacts[l.ContactID]) {
			n++
		}
	}
	return n
}

// guard returns fault.Conflict when more than a tenth of a kind would go: an empty or a short file must not lock out the parents.
func (p *plan) guard() error {
	var over []string
	for _, s := range p.shares {
		if s.gone*10 > s.all {
			over = append(over, fmt.Sprintf("%d of %d %s", s.gone, s.all, s.what))
		}
	}
	if len(over) == 0 {
		return nil
	}
	return fault.Conflictf("the import would remove %s, more than a tenth: nothing was changed; if the file is right, run it again with "+
		"--allow-removals", strings.Join(over, ", "))
}
