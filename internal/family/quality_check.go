package family

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// flawed is what is to be put right of one record: its flaws, each with the schools that it concerns (0: none).
type flawed struct {
	id    int64
	sort  string
	flaws map[Flaw][]int64
}

func (r *flawed) add(w Flaw, schools ...int64) {
	if len(schools) == 0 {
		schools = []int64{0}
	}
	all := append(r.flaws[w], schools...)
	slices.Sort(all)
	r.flaws[w] = slices.Compact(all)
}

// findings are the rows of the record: one for each flaw and school, one of them the main one.
func (r *flawed) findings() []finding {
	var all []finding
	for w, schools := range r.flaws {
		for i, school := range schools {
			all = append(all, finding{subject: r.id, flaw: w, school: school, sort: r.sort, main: i == 0})
		}
	}
	return all
}

// flawsOfStudents looks over students.
func (f *Family) flawsOfStudents(ctx context.Context, tx *sqldb.Tx, students []roster.Student) ([]*flawed, error) {
	var ids []int64
	var numbers []string
	for _, s := range students {
		if s.Status == roster.Enrolled {
			ids = append(ids, s.ID)
			numbers = append(numbers, lang.IDKey(s.IDNumber))
		}
	}
	lines, err := f.roster.LinesOfStudents(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	twice, err := f.roster.NumbersTwice(ctx, tx, numbers)
	if err != nil {
		return nil, err
	}
	rule, reachable := f.rule(), map[int64]bool{}
	for _, l := range lines {
		if l.Contact.Email != "" && rule.MayOpen(l) == roster.MayOpen {
			reachable[l.StudentID] = true
		}
	}
	var all []*flawed
	for _, s := range students {
		r := &flawed{s.ID, lang.SortKey(s.Last, s.First, s.Middle), map[Flaw][]int64{}}
		all = append(all, r)
		if s.Status != roster.Enrolled {
			continue
		}
		key := lang.IDKey(s.IDNumber)
		for w, is := range map[Flaw]bool{
			FlawUnreachable: !reachable[s.ID], FlawNoNumber: key == "", FlawSameNumber: twice[key], FlawNoBirthDate: s.BirthDate == "",
		} {
			if is {
				r.add(w, s.SchoolID)
			}
		}
	}
	return all, nil
}

// surroundings is what of other records decides about contacts.
type surroundings struct {
	lines    map[int64][]roster.FullLine // by contact
	mates    map[string][]roster.Contact // by address
	phones   map[string][]int64          // contacts by telephone number
	callers  map[int64]roster.Contact    // who they are
	students map[string]bool             // addresses of students
	staff    map[string]bool             // and of staff
	bounced  map[int64]bool
	strange  map[[2]int64]bool // pairs who are not one person
}

// lookAround reads what decides about the contacts.
func (f *Family) lookAround(ctx context.Context, tx *sqldb.Tx, contacts []roster.Contact) (surroundings, error) {
	a := surroundings{lines: map[int64][]roster.FullLine{}, mates: map[string][]roster.Contact{}, staff: map[string]bool{}, callers: map[int64]roster.Contact{}}
	var ids []int64
	var keys []string
	for _, c := range contacts {
		ids = append(ids, c.ID)
		if key := lang.EmailKey(c.Email); key != "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	mates, err := f.roster.ContactsWithEmails(ctx, tx, keys)
	if err != nil {
		return a, err
	}
	if a.phones, err = f.roster.ContactsWithPhones(ctx, tx, contacts); err != nil {
		return a, err
	}
	var callers []int64
	for _, some := range a.phones {
		callers = append(callers, some...)
	}
	found, err := f.roster.Contacts(ctx, tx, once(callers))
	if err != nil {
		return a, err
	}
	for _, c := range found {
		a.callers[c.ID] = c
	}
	everybody := append(slices.Clone(ids), callers...)
	for _, m := range mates {
		key := lang.EmailKey(m.Email)
		a.mates[key] = append(a.mates[key], m)
		everybody = append(everybody, m.ID)
	}
	lines, err := f.roster.LinesOfContacts(ctx, tx, once(everybody))
	if err != nil {
		return a, err
	}
	for _, l := range lines {
		a.lines[l.ContactID] = append(a.lines[l.ContactID], l)
	}
	if a.students, err = f.roster.EmailsOfStudents(ctx, tx, keys); err != nil {
		return a, err
	}
	if a.bounced, err = bounced(ctx, tx, ids); err != nil {
		return a, err
	}
	if a.strange, err = strangersOf(ctx, tx, ids); err != nil {
		return a, err
	}
	return a, sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var email string
		err := r.Scan(&email)
		a.staff[lang.EmailKey(email)] = true
		return err
	}, selectStaffEmails)
}

// live reports whether a line counts: neither its child nor the line is over.
func live(l roster.FullLine) bool { return !l.Ended && l.Student.Status == roster.Enrolled }

// flawsOfContacts looks over contacts.
func (f *Family) flawsOfContacts(ctx context.Context, tx *sqldb.Tx, contacts []roster.Contact) ([]*flawed, error) {
	a, err := f.lookAround(ctx, tx, contacts)
	if err != nil {
		return nil, err
	}
	all := make([]*flawed, len(contacts))
	for i, c := range contacts {
		all[i] = &flawed{c.ID, lang.SortKey(c.Last, c.First, c.Middle), map[Flaw][]int64{}}
		f.flawsOf(all[i], c, a)
	}
	return all, nil
}

func (f *Family) flawsOf(r *flawed, c roster.Contact, a surroundings) {
	if c.Left {
		return
	}
	alive, opens, gifts := f.schoolsOf(a.lines[c.ID])
	if len(alive) == 0 {
		if !slices.ContainsFunc(a.lines[c.ID], func(l roster.FullLine) bool { return !l.Ended }) {
			r.add(FlawOfNobody, schools(a.lines[c.ID])...)
		}
		return
	}
	if len(gifts) > 0 {
		r.add(FlawAccess, gifts...)
	}
	if a.bounced[c.ID] && c.Email != "" {
		r.add(FlawBounced, alive...)
	}
	f.sharedWith(r, c, a, alive)
	if len(opens) == 0 {
		return
	}
	key := lang.EmailKey(c.Email)
	for w, is := range map[Flaw]bool{
		FlawNoEmail: key == "", FlawName: untypable(c), FlawStudentMailbox: a.students[key], FlawStaffMailbox: key != "" && a.staff[key],
	} {
		if is {
			r.add(w, opens...)
		}
	}
}

// schoolsOf are the schools of a contact's children: of all, of those whose line may be opened, and of those whose line was given portal access
// though the contact is no guardian.
func (f *Family) schoolsOf(lines []roster.FullLine) (alive, opens, gifts []int64) {
	rule := f.rule()
	for _, l := range lines {
		if !live(l) {
			continue
		}
		alive = append(alive, l.Student.SchoolID)
		if rule.MayOpen(l) == roster.MayOpen {
			opens = append(opens, l.Student.SchoolID)
		}
		if isGift(l.Line) {
			gifts = append(gifts, l.Student.SchoolID)
		}
	}
	return alive, opens, gifts
}

// isGift reports whether a line has portal access by a yes alone: neither is the contact legal guardian, nor a parent or guardian by relationship.
func isGift(l roster.Line) bool {
	return l.PortalAccess == roster.Yes && l.FilePortalAccess != roster.No && l.LegalGuardian != roster.Yes &&
		!slices.Contains(roster.DefaultRelationships(), l.Relationship)
}

func schools(lines []roster.FullLine) []int64 {
	var ids []int64
	for _, l := range lines {
		ids = append(ids, l.Student.SchoolID)
	}
	return ids
}

// sharedWith finds those with whom the contact shares a mailbox, and who seem to be the same person. Such two stand in the list once, at the first
// of them.
func (f *Family) sharedWith(r *flawed, c roster.Contact, a surroundings, alive []int64) {
	for _, m := range a.near(c) {
		theirs, _, _ := f.schoolsOf(a.lines[m.ID])
		switch {
		case len(theirs) == 0:
		case a.same(c, m):
			if c.ID < m.ID {
				r.add(FlawSamePerson, append(theirs, alive...)...)
			}
		case lang.EmailKey(c.Email) != "" && lang.EmailKey(c.Email) == lang.EmailKey(m.Email):
			r.add(FlawSharedMailbox, alive...)
		}
	}
}

// near are the others who have the contact's mailbox or one of its telephone numbers.
func (a surroundings) near(c roster.Contact) []roster.Contact {
	var all []roster.Contact
	seen := map[int64]bool{c.ID: true}
	add := func(m roster.Contact) {
		if m.ID != 0 && !m.Left && !seen[m.ID] {
			seen[m.ID] = true
			all = append(all, m)
		}
	}
	for _, m := range a.mates[lang.EmailKey(c.Email)] {
		add(m)
	}
	for _, key := range roster.PhoneKeysOf(c) {
		for _, id := range a.phones[key] {
			add(a.callers[id])
		}
	}
	return all
}

// same reports whether two contacts seem to be one person, and nobody has said that they are not.
func (a surroundings) same(c, m roster.Contact) bool {
	return roster.SeemOne(c, m) && !a.strange[pairOf(c.ID, m.ID)]
}

// pairOf is two contacts in the order of their ids.
func pairOf(a, b int64) [2]int64 { return [2]int64{min(a, b), max(a, b)} }

// untypable reports whether a parent could not type the name as it stands, or the name is none.
func untypable(c roster.Contact) bool {
	keys, legible := lang.RecordedKeys(c.First, c.Last)
	_, typed := lang.Keys(c.First, c.Last)
	if !legible || !typed {
		return true
	}
	return keys.First == "" && c.First != "" || keys.Last == "" && c.Last != "" || garbled(c.First) || garbled(c.Last)
}

// garbled finds letters that went through a wrong encoding: what was UTF-8 and was read as Windows-1252.
func garbled(name string) bool {
	letters := []rune(name)
	for i, r := range letters[:max(len(letters)-1, 0)] {
		next := letters[i+1]
		if (r == 'Ã' || r == 'Â') && (next >= 0x80 && next <= 0xBF || strings.ContainsRune("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ", next)) || r == 'â' && next == '€' {
			return true
		}
	}
	return false
}
