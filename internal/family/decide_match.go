package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// match is what the lines of an ID Number say to the name that was typed. Outcome "" means that exactly one contact has the name and that
// its line may be opened. Line is the one that the outcome is about, nil where there is not exactly one.
type match struct {
	outcome Outcome
	line    *roster.FullLine
}

// matchLines applies the rule "same letters, same order, same field" to the lines of one ID Number.
func matchLines(rule roster.Rule, lines []roster.FullLine, first, last string) match {
	typed, ok := lang.Keys(first, last)
	if len(lines) == 0 {
		return match{outcome: OutcomeUnknownID}
	}
	if !ok {
		return match{outcome: OutcomeNoNameMatch}
	}
	var live, past []*roster.FullLine
	for i := range lines {
		l := &lines[i]
		switch {
		case !hasName(l.Contact, typed):
		case isPast(rule.MayOpen(*l)):
			past = append(past, l)
		default:
			live = append(live, l)
		}
	}
	switch {
	case len(live) > 0:
		return chooseLine(rule, lines, live)
	case len(past) > 0:
		if rule.MayOpen(*past[0]) == roster.WhyStudentGone {
			return match{OutcomeStudentGone, past[0]}
		}
		return match{OutcomeMayNot, past[0]}
	}
	return matchLastName(rule, lines, typed)
}

// isPast tells lines that are over, which never stand in another's way, from those that are merely forbidden.
func isPast(why roster.Why) bool {
	switch why {
	case roster.WhyContactGone, roster.WhyStudentGone, roster.WhyEnded, roster.WhyNotYet, roster.WhyAdult:
		return true
	}
	return false
}

// chooseLine decides among lines whose contacts have the name typed. Forbidden ones count: where a person who may not sign in has the same
// name as one who may, the office decides.
func chooseLine(rule roster.Rule, lines []roster.FullLine, live []*roster.FullLine) match {
	var opens, restricted *roster.FullLine
	for _, l := range live {
		if l.ContactID != live[0].ContactID {
			return match{outcome: OutcomeAmbiguous}
		}
		switch rule.MayOpen(*l) {
		case roster.MayOpen:
			opens = eitherLine(opens, l)
		case roster.WhyRestricted:
			restricted = eitherLine(restricted, l)
		}
	}
	switch {
	case opens != nil && hasTwin(rule, lines, *opens):
		return match{OutcomeAmbiguous, opens}
	case opens != nil && wasRestricted(lines, *opens):
		return match{OutcomeRestricted, opens}
	case opens != nil:
		return match{"", opens}
	case restricted != nil:
		return match{OutcomeRestricted, restricted}
	}
	return match{OutcomeMayNot, live[0]}
}

func eitherLine(a, b *roster.FullLine) *roster.FullLine {
	if a != nil {
		return a
	}
	return b
}

// wasRestricted reports whether another contact with the name of the line's contact is restricted for the child, even where that line is over: a
// roster that gives a person another id brings the same person again, without what the school had entered.
func wasRestricted(lines []roster.FullLine, l roster.FullLine) bool {
	for _, o := range lines {
		if o.StudentID == l.StudentID && o.ContactID != l.ContactID && o.Restricted == roster.Yes && haveSameName(o.Contact, l.Contact) {
			return true
		}
	}
	return false
}

// hasTwin reports whether another contact of the same child has the name and the address of the line's contact, a generational suffix
// aside: a father and a grandfather who share a mailbox cannot be told apart by what is typed.
func hasTwin(rule roster.Rule, lines []roster.FullLine, l roster.FullLine) bool {
	own, address := recordedNames(l.Contact), lang.EmailKey(l.Contact.Email)
	for _, o := range lines {
		if o.StudentID != l.StudentID || o.ContactID == l.ContactID || address == "" || lang.EmailKey(o.Contact.Email) != address ||
			isPast(rule.MayOpen(o)) {
			continue
		}
		for _, a := range recordedNames(o.Contact) {
			for _, b := range own {
				if a.First == b.First && a.Last == b.Last {
					return true
				}
			}
		}
	}
	return false
}

// matchLastName looks for exactly one contact with the last name typed whose line may be opened: that one is told that the name differs.
func matchLastName(rule roster.Rule, lines []roster.FullLine, typed lang.NameKeys) match {
	var only *roster.FullLine
	for i := range lines {
		l := &lines[i]
		if rule.MayOpen(*l) != roster.MayOpen || !hasLastName(l.Contact, typed) {
			continue
		}
		if only != nil && only.ContactID != l.ContactID {
			return match{outcome: OutcomeNoNameMatch}
		}
		only = eitherLine(only, l)
	}
	if only == nil {
		return match{outcome: OutcomeNoNameMatch}
	}
	return match{OutcomeNameDiffers, only}
}

// recordedNames are the forms in which a contact's name may be typed: as recorded, and as preferred.
func recordedNames(c roster.Contact) []lang.NameKeys {
	var names []lang.NameKeys
	if k, ok := lang.RecordedKeys(c.First, c.Last); ok {
		names = append(names, k)
	}
	if c.PreferredFirst == "" && c.PreferredLast == "" {
		return names
	}
	preferredFirst, preferredLast := c.PreferredFirst, c.PreferredLast
	if preferredFirst == "" {
		preferredFirst = c.First
	}
	if preferredLast == "" {
		preferredLast = c.Last
	}
	if k, ok := lang.RecordedKeys(preferredFirst, preferredLast); ok {
		names = append(names, k)
	}
	return names
}

func hasName(c roster.Contact, typed lang.NameKeys) bool {
	for _, k := range recordedNames(c) {
		if k.Match(typed) {
			return true
		}
	}
	return false
}

func hasLastName(c roster.Contact, typed lang.NameKeys) bool {
	for _, k := range recordedNames(c) {
		k.First = typed.First
		if typed.Last != "" && k.Match(typed) {
			return true
		}
	}
	return false
}

// addressTrouble says why nothing may go by itself to the contact's address, "" if it may. opens are the lines that a login of the
// contact opens: whoever reads the mailbox would see those children.
func (d *decision) addressTrouble(ctx context.Context, c roster.Contact, opens []roster.FullLine) (Outcome, error) {
	address := lang.EmailKey(c.Email)
	if address == "" {
		return OutcomeNoEmail, nil
	}
	if ofStudent, err := d.roster.StudentHasEmail(ctx, d.tx, address); err != nil || ofStudent {
		return OutcomeStudentAddress, err
	}
	students := make([]int64, len(opens))
	for i, l := range opens {
		students[i] = l.StudentID
	}
	others, err := d.roster.LinesOfStudents(ctx, d.tx, students)
	if err != nil {
		return "", err
	}
	for _, student := range students {
		if sharedWithRestricted(others, student, c) {
			return OutcomeRestrictedAddress, nil
		}
	}
	return "", nil
}

// sharedWithRestricted reports whether, among the lines, another contact who is restricted for the student has the contact's address.
// A restriction counts even where the line is over.
func sharedWithRestricted(lines []roster.FullLine, student int64, c roster.Contact) bool {
	address := lang.EmailKey(c.Email)
	for _, o := range lines {
		if address != "" && o.StudentID == student && o.ContactID != c.ID && o.Restricted == roster.Yes &&
			lang.EmailKey(o.Contact.Email) == address {
			return true
		}
	}
	return false
}

// opening returns the lines of the contacts that may be opened.
func (d *decision) opening(ctx context.Context, contacts []roster.Contact) ([]roster.FullLine, error) {
	ids := make([]int64, len(contacts))
	for i, c := range contacts {
		ids[i] = c.ID
	}
	lines, err := d.roster.LinesOfContacts(ctx, d.tx, ids)
	if err != nil {
		return nil, err
	}
	rule, open := d.rule(), lines[:0]
	for _, l := range lines {
		if rule.MayOpen(l) == roster.MayOpen {
			open = append(open, l)
		}
	}
	return open, nil
}
