package family

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// resetParent is one login among those to be reset, or a contact without one.
type resetParent struct {
	account  int64 // 0 for none
	at       access.Schools
	lines    []*loginLine // all lines of the login's contacts
	selected []*loginLine
	along    []*loginLine // open lines at schools that are not the actor's, taken along
	stay     []*loginLine // open, and neither selected nor taken along
	logins   []madeLogin  // the student logins that rest on what ends
}

// closing are the lines that are to be closed.
func (p *resetParent) closing() []*loginLine { return slices.Concat(p.selected, p.along) }

// shown are those of the lines that the actor may see.
func (p *resetParent) shown(lines []*loginLine) []*loginLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l *loginLine) bool { return !p.at.Has(l.school) })
}

// elsewhere reports whether children at schools that are not the actor's stay open.
func (p *resetParent) elsewhere() bool { return len(p.shown(p.stay)) < len(p.stay) }

// shownLogins are the student logins of children whom the actor may see.
func (p *resetParent) shownLogins() []madeLogin {
	if p.at.All {
		return p.logins
	}
	seen := map[int64]bool{}
	for _, l := range p.shown(p.lines) {
		seen[l.StudentID] = true
	}
	return slices.DeleteFunc(slices.Clone(p.logins), func(m madeLogin) bool { return !seen[m.student] })
}

// whole reports whether the login ends: no open line is left.
func (p *resetParent) whole() bool { return p.account != 0 && len(p.stay) == 0 }

// addressee is the contact whose address on record gets the notice, 0 for none.
func (p *resetParent) addressee() int64 {
	for _, lines := range [][]*loginLine{p.selected, p.lines} {
		for _, l := range lines {
			if l.address {
				return l.ContactID
			}
		}
	}
	return 0
}

// mayPassTo reports whether a student login that this parent made may pass to the contact of another line of the child.
func (p *resetParent) mayPassTo(l *loginLine) bool { return l.account != p.account }

// resetParents reads everything that the reset of the lines depends on, with few statements however many they are, for somebody who works at
// the schools: lines of others are as if gone. Parents stand in the order of the lines; lines that are gone have none. The open lines at
// other schools of the contacts in along are taken along.
func (f *Family) resetParents(ctx context.Context, tx *sqldb.Tx, at access.Schools, ids, along []int64) ([]*resetParent, error) {
	rule := f.rule()
	picked, err := loginLines(ctx, tx, rule, selectLines, ids)
	if err != nil {
		return nil, err
	}
	picked = slices.DeleteFunc(picked, func(l *loginLine) bool { return !at.Has(l.school) })
	accounts := distinct(picked, func(l *loginLine) int64 { return l.account })
	all, err := loginLines(ctx, tx, rule, selectLinesOfAccounts, accounts)
	if err != nil {
		return nil, err
	}
	makers := distinct(all, func(l *loginLine) int64 { return l.ContactID })
	made, err := madeLogins(ctx, tx, selectMadeByContacts, makers)
	if err != nil {
		return nil, err
	}
	parents := groupParents(at, ids, picked)
	fillParents(parents, all, made, along)
	return parents, nil
}

// groupParents puts the selected lines under their logins.
func groupParents(schools access.Schools, ids []int64, picked []*loginLine) []*resetParent {
	byID := make(map[int64]*loginLine, len(picked))
	for _, l := range picked {
		byID[l.LineID] = l
	}
	type key struct{ account, contact int64 }
	at := map[key]*resetParent{}
	var parents []*resetParent
	for _, id := range ids {
		l := byID[id]
		if l == nil {
			continue
		}
		k := key{account: l.account}
		if l.account == 0 {
			k.contact = l.ContactID
		}
		p := at[k]
		if p == nil {
			p = &resetParent{account: l.account, at: schools}
			at[k] = p
			parents = append(parents, p)
		}
		p.selected = append(p.selected, l)
	}
	return parents
}

// fillParents adds what stays open and the student logins that end: all that the parent made when the whole login ends, else those
// of the selected lines.
func fillParents(parents []*resetParent, all []*loginLine, made []madeLogin, along []int64) {
	byAccount := map[int64]*resetParent{}
	selected := map[int64]bool{}
	takes := map[*resetParent]bool{}
	for _, p := range parents {
		if p.account != 0 {
			byAccount[p.account] = p
		}
		for _, l := range p.selected {
			selected[l.LineID] = true
			takes[p] = takes[p] || slices.Contains(along, l.ContactID)
		}
	}

	byContact := map[int64]*resetParent{}
	cut := map[end]bool{}
	for _, l := range all {
		p := byAccount[l.account]
		byContact[l.ContactID] = p
		p.lines = append(p.lines, l)
		switch {
		case selected[l.LineID]:
			cut[end{contact: l.ContactID, student: l.StudentID}] = true
		case l.open() && takes[p] && !p.at.Has(l.school):
			cut[end{contact: l.ContactID, student: l.StudentID}] = true
			p.along = append(p.along, l)
		case l.open():
			p.stay = append(p.stay, l)
		}
	}
	for _, p := range parents {
		slices.SortStableFunc(p.stay, func(a, b *loginLine) int { return strings.Compare(a.key.child, b.key.child) })
	}
	slices.SortFunc(made, func(a, b madeLogin) int { return cmp.Compare(a.student, b.student) })
	for _, m := range made {
		if p := byContact[m.maker]; p.whole() || cut[end{contact: m.maker, student: m.student}] {
			p.logins = append(p.logins, m)
		}
	}
}

// keepers returns, for the students whose login would end, the lines of active parents to whom it could pass. Lines that are to be
// reset themselves do not count.
func (f *Family) keepers(ctx context.Context, tx *sqldb.Tx, parents []*resetParent, selected []int64) (map[int64][]*loginLine, error) {
	var students []int64
	for _, p := range parents {
		for _, m := range p.shownLogins() {
			students = append(students, m.student)
		}
	}
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfStudents, students)
	if err != nil {
		return nil, err
	}
	goes := make(map[int64]bool, len(selected))
	for _, id := range selected {
		goes[id] = true
	}
	keepers := map[int64][]*loginLine{}
	for _, l := range lines {
		if l.open() && l.accountState == account.Active && !goes[l.LineID] {
			keepers[l.StudentID] = append(keepers[l.StudentID], l)
		}
	}
	return keepers, nil
}
