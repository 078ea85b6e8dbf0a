package roster

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/lang"
)

// Merged is two records of one person put together, as they will be.
type Merged struct {
	Contact Contact
	Lines   []MergedLine
}

// MergedLine is a line as it will be, and which of the two records has a line to the student: the zero Line where one has not.
type MergedLine struct {
	FullLine
	OfKept, OfGone Line
}

// Both reports whether both records have a line to the student.
func (m MergedLine) Both() bool { return m.OfKept.ID != 0 && m.OfGone.ID != 0 }

// Merge puts two records together: the kept contact with what only the other one says, and the lines of both, in the order given. Of two lines to
// one student the stricter values hold, whichever record they stand on. Nothing opens by it that was closed on either.
func Merge(kept, gone Contact, lines []FullLine) Merged {
	m := Merged{Contact: mergedContact(kept, gone)}
	at := map[int64]int{}
	for _, l := range lines {
		i, known := at[l.StudentID]
		if !known {
			i = len(m.Lines)
			at[l.StudentID] = i
			m.Lines = append(m.Lines, MergedLine{FullLine: l})
		}
		if l.ContactID == kept.ID {
			m.Lines[i].OfKept = l.Line
		} else {
			m.Lines[i].OfGone = l.Line
		}
	}
	for i := range m.Lines {
		l := &m.Lines[i]
		switch {
		case l.Both():
			l.Line = stricterLine(l.OfKept, l.OfGone)
		case l.OfGone.ID != 0:
			l.Line = l.OfGone
			l.ContactID = kept.ID
		}
		l.Contact = m.Contact
	}
	return m
}

// mergedContact fills what the kept record leaves empty. A name that may be typed is not filled in: who registers has the names on the record that
// the office chose. What is filled in is set by hand: the roster of the kept record has it empty.
func mergedContact(kept, gone Contact) Contact {
	next := kept
	var cs changes
	for _, f := range contactFields() {
		if v := f.of(&gone); f.of(&next) == "" && v != "" && f.name != fieldFirst && f.name != fieldLast && !strings.HasPrefix(f.name, "preferred_") {
			f.set(&next, v)
			cs = append(cs, change{f.name, "", v})
		}
	}
	next.Local = addLocal(next.Local, cs)
	if next.SourceID == "" {
		next.SourceID = gone.SourceID
	}
	return next
}

// stricterLine is one line of two to the same student. A line that is over says nothing about one that is not, save that it is restricted.
func stricterLine(kept, gone Line) Line {
	next := kept
	if kept.Ended && !gone.Ended {
		next = gone
		next.ID, next.ContactID, next.Version = kept.ID, kept.ContactID, kept.Version
	}
	if kept.Ended == gone.Ended {
		if isParental(kept.Relationship) && !isParental(gone.Relationship) {
			next.Relationship = gone.Relationship
		}
		next.LegalGuardian, next.Pickup = stricterRight(kept.LegalGuardian, gone.LegalGuardian), stricterRight(kept.Pickup, gone.Pickup)
		next.PortalAccess = stricterRight(kept.PortalAccess, gone.PortalAccess)
		next.FilePortalAccess = stricterRight(kept.FilePortalAccess, gone.FilePortalAccess)
		next.LivesWith, next.Emergency, next.Mailing = fact(kept.LivesWith, gone.LivesWith), fact(kept.Emergency, gone.Emergency), fact(kept.Mailing, gone.Mailing)
		next.BeginDate, next.EndDate = max(kept.BeginDate, gone.BeginDate), earlier(kept.EndDate, gone.EndDate)
		next.Local = slices.Concat(kept.Local, gone.Local)
	}
	if !next.Ended {
		next.Local = slices.DeleteFunc(slices.Clone(next.Local), func(f string) bool { return f == fieldEnded })
	}
	slices.Sort(next.Local)
	next.Local = slices.Compact(next.Local)
	next.FileValues = map[string]string{}
	maps.Copy(next.FileValues, gone.FileValues)
	maps.Copy(next.FileValues, kept.FileValues)
	maps.DeleteFunc(next.FileValues, func(f, _ string) bool { return !slices.Contains(next.Local, f) })
	next.Position, next.FromFile = min(kept.Position, gone.Position), kept.FromFile || gone.FromFile
	next.GraceUntil = min(kept.GraceUntil, gone.GraceUntil) // "" is none
	restrictAsBoth(&next, kept, gone)
	return next
}

// restrictAsBoth restricts a line if either of two is restricted, and holds it if either is held.
func restrictAsBoth(next *Line, kept, gone Line) {
	next.Restricted, next.FileRestricted = worse(kept.Restricted, gone.Restricted), worse(kept.FileRestricted, gone.FileRestricted)
	next.RestrictionNote = bothTexts(kept.RestrictionNote, gone.RestrictionNote)
	by := kept
	if kept.Restricted != Yes {
		by = gone
	}
	next.RestrictedAt, next.RestrictedBy = time.Time{}, ""
	if by.Restricted == Yes {
		next.RestrictedAt, next.RestrictedBy = by.RestrictedAt, by.RestrictedBy
	}
	orderOfBoth(next, kept, gone)
	next.FileRestriction = bothTexts(kept.FileRestriction, gone.FileRestriction)
	next.FileRestrictionReadAt, next.FileRestrictionReadBy = kept.FileRestrictionReadAt, kept.FileRestrictionReadBy
	switch {
	case kept.Unread() || gone.Unread():
		next.FileRestrictionReadAt, next.FileRestrictionReadBy = time.Time{}, ""
	case kept.FileRestriction == "":
		next.FileRestrictionReadAt, next.FileRestrictionReadBy = gone.FileRestrictionReadAt, gone.FileRestrictionReadBy
	}
	if slices.Contains(gone.Local, fieldRestricted) && gone.Restricted == Yes {
		next.Local = addLocal(next.Local, changes{{Field: fieldRestricted}})
	}
}

// Stricter is what holds where a roster speaks of one line twice, in two records of one person.
func Stricter(a, b Line) Line { return stricterLine(a, b) }

// orderOfBoth says by which order of court a line is restricted. Its dates are for people to read: a restriction holds whatever they say.
func orderOfBoth(next *Line, kept, gone Line) {
	switch {
	case kept.Restricted != Yes && gone.Restricted == Yes:
		next.CourtNumber, next.CourtDate, next.RestrictedFrom, next.RestrictedUntil = gone.CourtNumber, gone.CourtDate, gone.RestrictedFrom, gone.RestrictedUntil
	case kept.Restricted == Yes && gone.Restricted == Yes:
		next.CourtNumber = strings.ReplaceAll(bothTexts(kept.CourtNumber, gone.CourtNumber), "\n", ", ")
		next.CourtDate, next.RestrictedFrom = earlier(kept.CourtDate, gone.CourtDate), earlier(kept.RestrictedFrom, gone.RestrictedFrom)
		if next.RestrictedUntil = max(kept.RestrictedUntil, gone.RestrictedUntil); kept.RestrictedUntil == "" || gone.RestrictedUntil == "" {
			next.RestrictedUntil = ""
		}
	default:
		next.CourtNumber, next.CourtDate, next.RestrictedFrom, next.RestrictedUntil = kept.CourtNumber, kept.CourtDate, kept.RestrictedFrom, kept.RestrictedUntil
	}
}

func isParental(relationship string) bool {
	return slices.Contains(DefaultRelationships(), relationship)
}

// stricterRight is a right that both lines must give.
func stricterRight(a, b Flag) Flag {
	for _, f := range []Flag{No, Unknown, ""} {
		if a == f || b == f {
			return cmpFlag(f)
		}
	}
	return Yes
}

func cmpFlag(f Flag) Flag {
	if f == "" {
		return Unknown
	}
	return f
}

// fact is what either line knows; where they differ it is not so.
func fact(a, b Flag) Flag {
	switch {
	case a == No || b == No:
		return No
	case a == Yes || b == Yes:
		return Yes
	}
	return Unknown
}

// worse is a restriction that either line sets.
func worse(a, b Flag) Flag {
	switch {
	case a == Yes || b == Yes:
		return Yes
	case a == No || b == No:
		return No
	}
	return Unknown
}

// earlier is the earlier of two dates of which "" is none.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

func bothTexts(a, b string) string {
	switch {
	case a == "" || strings.Contains(b, a):
		return b
	case b == "" || strings.Contains(a, b):
		return a
	}
	text := []rune(a + "\n" + b)
	return string(text[:min(len(text), noteLimit)])
}

// SeemOne reports whether two contacts seem to be one person: the same name, a generational suffix that only one has aside, and the same mailbox or
// telephone number.
func SeemOne(a, b Contact) bool {
	x, okX := lang.RecordedKeys(a.First, a.Last)
	y, okY := lang.RecordedKeys(b.First, b.Last)
	if !okX || !okY || !x.Match(y) {
		return false
	}
	if key := lang.EmailKey(a.Email); key != "" && key == lang.EmailKey(b.Email) {
		return true
	}
	theirs := phoneKeys(b)
	return slices.ContainsFunc(phoneKeys(a), func(k string) bool { return slices.Contains(theirs, k) })
}

// phoneKeys are the keys of a contact's telephone numbers.
func phoneKeys(c Contact) []string {
	var keys []string
	for _, number := range []string{c.MobilePhone, c.HomePhone, c.WorkPhone} {
		if key := lang.PhoneKey(number); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}
