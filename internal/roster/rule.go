package roster

import "slices"

// Why says why a line may not be opened; "" means that it may.
type Why string

// The reasons why a line may not be opened.
const (
	MayOpen        Why = ""
	WhyRestricted  Why = "restricted"
	WhyNoAccess    Why = "no_access"    // portal access is no, or unknown and the relationship may not register
	WhyNotYet      Why = "not_yet"      // begin date ahead
	WhyEnded       Why = "ended"        // end date passed, gone from the roster, or taken off by staff
	WhyStudentGone Why = "student_gone" // student withdrawn, graduated or left
	WhyContactGone Why = "contact_gone"
	WhyAdult       Why = "adult" // the student is of age, and parents have no access any more
)

// Rule is what decides about a line beside the line itself.
type Rule struct {
	Relationships []string // may register while portal access is unknown
	Today         string   // 2006-01-02 in the school's time zone
	Adults        Adults   // what the eighteenth birthday does; "" is nothing
}

// May reports whether the line may be opened under the rule, and if not, why. It is the one place that decides it. What the roster
// refuses stays refused whatever was set by hand. Who is missing from a roster keeps access for the line's time of grace.
func (r Rule) May(l Line, student Status, contactLeft bool) Why {
	grace := l.GraceUntil != "" && r.Today < l.GraceUntil
	switch {
	case contactLeft && !grace:
		return WhyContactGone
	case student != Enrolled && (student != Left || !grace):
		return WhyStudentGone
	case l.Ended:
		return WhyEnded
	case l.Restricted == Yes:
		return WhyRestricted
	case l.BeginDate != "" && r.Today < l.BeginDate:
		return WhyNotYet
	case l.EndDate != "" && r.Today >= l.EndDate:
		return WhyEnded
	case l.FilePortalAccess == No, l.PortalAccess == No:
		return WhyNoAccess
	case r.whyNot(l.Of) != MayOpen:
		return r.whyNot(l.Of)
	case l.PortalAccess == Yes, slices.Contains(r.Relationships, l.Relationship):
		return MayOpen
	}
	return WhyNoAccess
}

// MayOpen is Rule.May for a full line.
func (r Rule) MayOpen(l FullLine) Why {
	l.Line.Of = l.Student.Dates()
	return r.May(l.Line, l.Student.Status, l.Contact.Left)
}

// DefaultRelationships are the codes of parents and guardians.
func DefaultRelationships() []string {
	return []string{"mother", "father", "parent", "stepmother", "stepfather", "stepparent", "guardian", "foster_parent"}
}

// Relationships lists all relationship codes in the order a form shows them.
func Relationships() []string {
	return append(DefaultRelationships(), "grandmother", "grandfather", "grandparent", "aunt", "uncle", "sibling", "relative", "aide",
		"proctor", "friend", "neighbor", "emergency", "other", "unknown")
}
