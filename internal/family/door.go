package family

import (
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// Reason says why a parent cannot get in, or that they can: "door.<reason>" is its sentence in the catalogue.
type Reason string

// The reasons, in the order of their weight: of several that hold, the first is told.
const (
	ReasonNoChild           Reason = "no_child"           // on no student's record
	ReasonContactGone       Reason = "contact_gone"       // from the roster
	ReasonChildGone         Reason = "child_gone"         // no child is at the school any more
	ReasonRestricted        Reason = "restricted"         // for the child
	ReasonNoAccess          Reason = "no_access"          // portal access is no
	ReasonRelationship      Reason = "relationship"       // portal access is unknown, and the relationship may not
	ReasonNotYet            Reason = "not_yet"            // the dates begin later
	ReasonEnded             Reason = "ended"              // the dates are over, or the roster has the line no more
	ReasonAdult             Reason = "adult"              // the student is of age
	ReasonLifted            Reason = "lifted"             // a restriction was, and staff have not opened the child again
	ReasonDisabled          Reason = "disabled"           // the login, by the school
	ReasonPortalClosed      Reason = "portal_closed"      // for the children's schools
	ReasonHold              Reason = "hold"               // registration is, at a child's school
	ReasonRestrictionText   Reason = "restriction_text"   // the roster says something about a restriction that nobody has read
	ReasonClosed            Reason = "closed"             // by a reset, all that could be open
	ReasonOff               Reason = "off"                // the password, after a hundred wrong ones
	ReasonLocked            Reason = "locked"             // for a while
	ReasonNoEmail           Reason = "no_email"           // on record
	ReasonStudentAddress    Reason = "student_address"    // the address is a student's too
	ReasonRestrictedAddress Reason = "restricted_address" // it is also that of a contact restricted for the child
	ReasonRefused           Reason = "refused"            // the mail server refused the mail
	ReasonQueued            Reason = "queued"             // the mail has not been handed over yet
	ReasonWaiting           Reason = "waiting"            // the temporary password works and was not used
	ReasonSlowed            Reason = "slowed"             // a request waits because of many wrong attempts
	ReasonMailLimit         Reason = "mail_limit"         // so many mails went out that the last request sent none
	ReasonExpired           Reason = "expired"            // no password works: the temporary one is over
	ReasonNameDiffers       Reason = "name_differs"       // the last request typed another name
	ReasonAlike             Reason = "alike"              // two contacts of the child cannot be told apart by what is typed
	ReasonNoName            Reason = "no_name"            // nobody can type the name on record
	ReasonNoNumber          Reason = "no_number"          // the children have no ID Number to type
	ReasonNever             Reason = "never"              // nothing is in the way; nobody came
	ReasonFine              Reason = "fine"               // can get in
)

// Reasons lists the reasons in the order of their weight.
func Reasons() []Reason {
	return []Reason{
		ReasonNoChild, ReasonContactGone, ReasonChildGone, ReasonRestricted, ReasonNoAccess, ReasonRelationship, ReasonNotYet, ReasonEnded, ReasonAdult, ReasonLifted, ReasonDisabled,
		ReasonPortalClosed, ReasonHold, ReasonRestrictionText, ReasonClosed, ReasonOff, ReasonLocked, ReasonNoEmail, ReasonStudentAddress, ReasonRestrictedAddress, ReasonRefused, ReasonQueued, ReasonWaiting,
		ReasonSlowed, ReasonMailLimit, ReasonExpired, ReasonNameDiffers, ReasonAlike, ReasonNoName, ReasonNoNumber, ReasonNever, ReasonFine,
	}
}

// Mend is what the office can do about a reason: "door.mend.<mend>" is its button.
type Mend string

// What can be done.
const (
	MendSend     Mend = "send"     // a temporary password
	MendAddress  Mend = "address"  // add or correct the address on record
	MendUnlock   Mend = "unlock"   //
	MendEnable   Mend = "enable"   //
	MendSteps    Mend = "steps"    // mail how a child that a reset closed opens again
	MendCode     Mend = "code"     // print a one-time code
	MendContacts Mend = "contacts" // the student's Contacts page
	MendStudent  Mend = "student"  // the student's record
	MendHold     Mend = "hold"     // open the school again
)

// Mends lists them, for the test that each has its button.
func Mends() []Mend {
	return []Mend{MendSend, MendAddress, MendUnlock, MendEnable, MendSteps, MendCode, MendContacts, MendStudent, MendHold}
}

// mendings is what mends each reason, the best first. What is not here needs nothing, or time alone.
var mendings = map[Reason][]Mend{
	ReasonContactGone:       {MendContacts},
	ReasonChildGone:         {MendStudent},
	ReasonRestricted:        {MendContacts},
	ReasonNoAccess:          {MendContacts},
	ReasonRelationship:      {MendContacts},
	ReasonNotYet:            {MendContacts},
	ReasonEnded:             {MendContacts},
	ReasonAdult:             {MendStudent},
	ReasonLifted:            {MendContacts},
	ReasonDisabled:          {MendEnable},
	ReasonPortalClosed:      {MendHold},
	ReasonHold:              {MendHold},
	ReasonRestrictionText:   {MendContacts},
	ReasonClosed:            {MendSteps},
	ReasonOff:               {MendSend, MendCode},
	ReasonLocked:            {MendUnlock},
	ReasonNoEmail:           {MendAddress, MendCode},
	ReasonStudentAddress:    {MendAddress, MendSend, MendCode},
	ReasonRestrictedAddress: {MendAddress, MendCode},
	ReasonRefused:           {MendAddress, MendCode},
	ReasonWaiting:           {MendSend, MendCode},
	ReasonMailLimit:         {MendSend, MendCode},
	ReasonExpired:           {MendSend, MendCode},
	ReasonNameDiffers:       {MendSend, MendCode},
	ReasonAlike:             {MendSend, MendCode},
	ReasonNoName:            {MendContacts, MendSend},
	ReasonNoNumber:          {MendStudent, MendSend},
	ReasonNever:             {MendSend, MendCode},
}

// Verdict is why a parent cannot get in, with what the sentence names.
type Verdict struct {
	Reason    Reason
	Mends     []Mend // the best first; those that the actor may do
	Elsewhere bool   // the child in question is one of another school
	Child     string // whose line is in question, where the actor sees it
	StudentID int64  // where MendAddress, MendCode, MendContacts and MendStudent lead; 0 for nowhere
	LineID    int64
	When      time.Time // since when, or until when
	Words     string    // the school's reason, the mail server's words
	Typed     string    // the name in the last request, where it differs
}

// door is all that decides whether a parent gets in.
type door struct {
	p        *ParentPage
	rule     roster.Rule
	now      time.Time
	lines    []*loginLine // of all contacts that the login holds, as listed; those of other schools too
	opens    []roster.FullLine
	others   []roster.FullLine // all lines of the children that may be opened
	closings roster.Closings   // at the schools of the children that may be opened
	trouble  ManageOutcome     // why no mail may go, "" if it may
	account  account.Account   // zero for none
	standing account.Standing
}

// verdict looks for the first reason that holds.
func (d *door) verdict() Verdict {
	var may []*loginLine
	for _, l := range d.lines {
		if l.why == roster.MayOpen {
			may = append(may, l)
		}
	}
	switch {
	case len(d.lines) == 0:
		return Verdict{Reason: ReasonNoChild}
	case len(may) == 0:
		return d.shut()
	case d.account.State == account.Disabled:
		return d.about(Verdict{Reason: ReasonDisabled, Words: d.account.StateReason}, may[0])
	}
	if v, l := d.closedSchool(may); l != nil {
		return d.about(v, l)
	}
	if d.account.ID == 0 {
		if i := slices.IndexFunc(d.opens, unread); i >= 0 {
			return d.about(Verdict{Reason: ReasonRestrictionText}, may[max(0, slices.IndexFunc(may, func(l *loginLine) bool { return l.LineID == d.opens[i].ID }))])
		}
		return d.about(d.unregistered(), may[0])
	}
	return d.about(d.registered(may), may[0])
}

// closedSchool is what is closed at the children's schools, and the line of the first child: the portal at all of these schools, or registration at
// one of them for somebody who has no permanent password yet.
func (d *door) closedSchool(may []*loginLine) (Verdict, *loginLine) {
	shut := func(l *loginLine) bool { _, is := d.closings.PortalClosed(l.school); return is }
	if open := slices.IndexFunc(may, func(l *loginLine) bool { return !shut(l) }); open < 0 {
		c, _ := d.closings.PortalClosed(may[0].school)
		return Verdict{Reason: ReasonPortalClosed, Words: d.told(c)}, may[0]
	}
	if d.account.HasPassword || d.hasTemporary() {
		return Verdict{}, nil
	}
	for _, l := range may {
		if c, held := d.closings.Held(l.school); held {
			return Verdict{Reason: ReasonHold, Words: d.told(c)}, l
		}
	}
	return Verdict{}, nil
}

// told is why something is closed, "" where another school knows.
func (d *door) told(c roster.Closing) string {
	if c.School != roster.AllSchools && !d.p.at.Has(c.School) {
		return ""
	}
	return c.Why
}

// about adds the line that a verdict is about: one at the actor's schools, if there is one.
func (d *door) about(v Verdict, l *loginLine) Verdict {
	if !d.p.at.Has(l.school) {
		if i := slices.IndexFunc(d.lines, func(o *loginLine) bool { return d.p.at.Has(o.school) && o.why == l.why }); i >= 0 {
			l = d.lines[i]
		}
	}
	if !d.p.at.Has(l.school) {
		v.Elsewhere = true
		return v
	}
	v.Child, v.StudentID, v.LineID = fullName(l.ChildFirst, l.ChildLast), l.StudentID, l.LineID
	return v
}

// shut is why no line at the actor's schools may be opened, where no other may: of several reasons the one that the office can do most about, or must know.
func (d *door) shut() Verdict {
	order := []Reason{ReasonRestricted, ReasonNoAccess, ReasonRelationship, ReasonNotYet, ReasonAdult, ReasonEnded, ReasonChildGone, ReasonContactGone}
	var v Verdict
	best := len(order)
	for _, l := range d.lines {
		if i := slices.Index(order, reasonOf(l)); i < best && d.p.at.Has(l.school) { // what holds for a child of another school is not told
			best = i
			v = d.about(Verdict{Reason: order[i]}, l)
			if v.Reason == ReasonNotYet {
				v.When, _ = time.Parse(time.DateOnly, max(l.line.BeginDate, l.line.Of.EnrolledFrom)) // a date on record is one
			}
		}
	}
	return v
}

// reasonOf says why a line may not be opened.
func reasonOf(l *loginLine) Reason {
	switch l.why {
	case roster.WhyRestricted:
		return ReasonRestricted
	case roster.WhyNotYet:
		return ReasonNotYet
	case roster.WhyEnded:
		return ReasonEnded
	case roster.WhyStudentGone:
		return ReasonChildGone
	case roster.WhyContactGone:
		return ReasonContactGone
	case roster.WhyAdult:
		return ReasonAdult
	}
	if l.line.PortalAccess == roster.No || l.line.FilePortalAccess == roster.No {
		return ReasonNoAccess
	}
	return ReasonRelationship
}

// registered is the verdict on somebody who has a login, of whose children some may be opened.
func (d *door) registered(may []*loginLine) Verdict {
	s := d.standing
	switch {
	case !slices.ContainsFunc(may, (*loginLine).open):
		if slices.ContainsFunc(may, func(l *loginLine) bool { return l.lifted }) {
			return Verdict{Reason: ReasonLifted}
		}
		return Verdict{Reason: ReasonClosed}
	case d.hasTemporary():
		return d.sent()
	case s.LockedUntil.Equal(account.Never()):
		return Verdict{Reason: ReasonOff}
	case !s.LockedUntil.IsZero():
		return Verdict{Reason: ReasonLocked, When: s.LockedUntil}
	case d.account.State == account.Active && d.account.HasPassword:
		return Verdict{Reason: ReasonFine, When: d.account.LastSignIn}
	case d.trouble != "":
		return Verdict{Reason: Reason(d.trouble)}
	}
	if v := d.asked(); v.Reason == ReasonSlowed || v.Reason == ReasonMailLimit {
		return v
	}
	return Verdict{Reason: ReasonExpired}
}

// hasTemporary reports whether a temporary password works, and no permanent one does.
func (d *door) hasTemporary() bool {
	return d.standing.TemporaryTo.After(d.now) && !d.account.HasPassword
}

// sent is what became of the temporary password that works.
func (d *door) sent() Verdict {
	for _, m := range d.p.Mails {
		if m.At.Before(d.standing.TemporaryFrom) || !carriesPassword(m.Template) {
			continue
		}
		switch m.State {
		case jobs.Failed:
			return Verdict{Reason: ReasonRefused, Words: m.Error, When: m.At}
		case jobs.Ready:
			return Verdict{Reason: ReasonQueued, Words: m.Error, When: m.At}
		}
		break
	}
	return Verdict{Reason: ReasonWaiting, When: d.standing.TemporaryTo}
}

func carriesPassword(template string) bool {
	return slices.Contains([]string{mailTemporary, mailForgotPassword, mailSentByStaff, mailRequired}, template)
}

// unregistered is the verdict on somebody who has no login and could have one.
func (d *door) unregistered() Verdict {
	if d.trouble != "" {
		return Verdict{Reason: Reason(d.trouble)}
	}
	if v := d.asked(); v.Reason != "" {
		return v
	}
	var why Verdict
	for _, l := range d.opens {
		m := matchLines(d.rule, d.of(l.StudentID), l.Contact.First, l.Contact.Last)
		v := Verdict{Reason: ReasonNever}
		switch {
		case m.outcome == OutcomeAmbiguous:
			v.Reason = ReasonAlike
		case m.outcome != "":
			v.Reason = ReasonNoName
		case lang.IDKey(l.Student.IDNumber) == "":
			v.Reason = ReasonNoNumber
		}
		if v.Reason == ReasonNever {
			return v // one way in is enough
		}
		if why.Reason == "" {
			why = v
		}
	}
	return why
}

// of returns the lines of one child.
func (d *door) of(student int64) []roster.FullLine {
	var lines []roster.FullLine
	for _, l := range d.others {
		if l.StudentID == student {
			lines = append(lines, l)
		}
	}
	return lines
}

// asked is what stopped the newest request of the person, "" where that needs no word: because it ended well, or because a temporary password went out
// since.
func (d *door) asked() Verdict {
	if len(d.p.Requests) == 0 {
		return Verdict{}
	}
	r := d.p.Requests[0]
	since := slices.IndexFunc(d.p.Mails, func(m Mail) bool { return carriesPassword(m.Template) })
	if since >= 0 && !d.p.Mails[since].At.Before(r.At) {
		return Verdict{}
	}
	switch Outcome(r.Outcome) {
	case OutcomePending:
		return Verdict{Reason: ReasonSlowed, When: r.At}
	case OutcomeMailLimit:
		return Verdict{Reason: ReasonMailLimit, When: r.At}
	case OutcomeNameDiffers, OutcomeNoNameMatch:
		return Verdict{Reason: ReasonNameDiffers, Typed: fullName(r.First, r.Last), When: r.At}
	}
	return Verdict{}
}

// MendsOf are what mends a reason, the best first, whoever may do it.
func MendsOf(r Reason) []Mend { return slices.Clone(mendings[r]) }
