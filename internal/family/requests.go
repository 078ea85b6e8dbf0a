package family

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Outcome is what became of a registration request. The person who sent it never learns it from the web; staff read the sentence
// "request.outcome.<outcome>" of the catalogue.
type Outcome string

// The outcomes of requests.
const (
	OutcomePending           Outcome = "pending"            // not decided yet
	OutcomeSent              Outcome = "sent"               // a temporary password, or the usernames asked for
	OutcomeAlreadyActive     Outcome = "already_active"     // "you already have a login" went out
	OutcomeNameDiffers       Outcome = "name_differs"       // the contact was told that the name typed is not the one on record
	OutcomeUnknownID         Outcome = "unknown_id"         // no student with contacts has the ID Number
	OutcomeNoNameMatch       Outcome = "no_name_match"      // no contact of the child has the name
	OutcomeNoEmail           Outcome = "no_email"           // none on record
	OutcomeMayNot            Outcome = "may_not"            // portal access, relationship or dates forbid it
	OutcomeRestricted        Outcome = "restricted"         // restricted for this child
	OutcomeRestrictionText   Outcome = "restriction_text"   // the roster says something about restrictions that nobody has read
	OutcomeStudentGone       Outcome = "student_gone"       // withdrawn, graduated or left
	OutcomeAmbiguous         Outcome = "ambiguous"          // several contacts match: the office decides
	OutcomeStudentAddress    Outcome = "student_address"    // the address on record is a student's too
	OutcomeRestrictedAddress Outcome = "restricted_address" // the address on record is also that of a contact restricted for the child
	OutcomeDisabled          Outcome = "disabled"           // the school has disabled the login
	OutcomeMailLimit         Outcome = "mail_limit"         // the contact got as many mails as may be
	OutcomeUnknownUsername   Outcome = "unknown_username"   // no parent has it
	OutcomeUnknownAddress    Outcome = "unknown_address"    // no contact with a login has it
	OutcomeAddressDiffers    Outcome = "address_differs"    // name as on the login, another address on record
	OutcomeOtherAccount      Outcome = "other_account"      // another login holds the contact
	OutcomeThrottled         Outcome = "throttled"          // too many wrong ID Numbers from this login
	OutcomeOpened            Outcome = "opened"             // "Add Additional Student" opened the line
	OutcomeHeld              Outcome = "held"               // the school has put registration on hold, or closed the portal
	OutcomeByOffice          Outcome = "by_office"          // staff dealt with it before it was decided
	OutcomeAskedAgain        Outcome = "asked_again"        // waited, and the same parent asked again later: that request counts
)

// Outcomes lists every outcome, for the test that each has its sentence.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomePending, OutcomeSent, OutcomeAlreadyActive, OutcomeNameDiffers, OutcomeUnknownID, OutcomeNoNameMatch, OutcomeNoEmail,
		OutcomeMayNot, OutcomeRestricted, OutcomeRestrictionText, OutcomeStudentGone, OutcomeAmbiguous, OutcomeStudentAddress, OutcomeRestrictedAddress,
		OutcomeDisabled, OutcomeMailLimit, OutcomeUnknownUsername, OutcomeUnknownAddress, OutcomeAddressDiffers, OutcomeOtherAccount,
		OutcomeThrottled, OutcomeOpened, OutcomeHeld, OutcomeAskedAgain, OutcomeByOffice,
	}
}

// What a request's detail may say beside its outcome; "request.detail.<detail>" is its sentence.
const (
	detailDelayed       = "delayed"        // decided later, because of many wrong attempts
	detailOtherUsername = "other_username" // the one typed was not free: another was given
	detailLifted        = "lifted"         // a restriction was lifted: staff open the child on the Contacts page
	detailClosedLine    = "closed_line"    // this child was closed by a reset: the mail names "Add Additional Student"
	detailReplaced      = "replaced"       // a login that waited got a new temporary password
	detailNotTold       = "not_told"       // nobody was told that the name differs
	detailHeldName      = "held_name"      // waits, though the name typed differs from the record
)

// Details lists every word that Request.Details may return, for the test that each has its sentence.
func Details() []string {
	return []string{detailDelayed, detailOtherUsername, detailClosedLine, detailReplaced, detailNotTold, detailHeldName, detailLifted}
}

// Request is one registration request with its true outcome.
type Request struct {
	ID                              int64
	Reference, Purpose              string
	Username, IDNumber, First, Last string // as typed; for a forgotten username Username is the e-mail address
	Outcome                         string // an Outcome; "request.outcome.<outcome>" is its sentence in the catalogue
	Detail                          string // see Details
	StudentID, ContactID            int64
	Child, Contact                  string // names on record, "" if none
	At, Decided                     time.Time
	SchoolID                        int64 // the student's, 0 for none
	CaseID                          int64 // at the registration desk, 0 for none
	Waits                           bool  // there, for somebody to settle it
}

// Details are what there is to say beside the outcome: each has its sentence "request.detail.<detail>" in the catalogue.
func (r Request) Details() []string { return strings.Fields(r.Detail) }

// requestsOnPage bounds a page of requests.
const requestsOnPage = 200

// Requests lists registration requests, newest first, or the one with the reference (typed in any case, with or without hyphen). The list
// is empty for a reference that is none. Who works at some schools sees the requests that found a student there; by its reference also one that
// found none, unless it found a parent without a child there. A look at a reference is a search of staff: limited, and noted in the log.
// It returns fault.Forbidden unless the actor may see registration requests, fault.Unavailable for too many searches.
func (f *Family) Requests(ctx context.Context, actor access.Actor, reference string, after jobs.Cursor, limit int) ([]Request, error) {
	if err := access.Check(actor, access.SeeRequests); err != nil {
		return nil, err
	}
	if after == (jobs.Cursor{}) {
		after = jobs.Cursor{At: math.MaxInt64, ID: math.MaxInt64}
	}
	limit = min(max(limit, 1), requestsOnPage)
	if strings.TrimSpace(reference) != "" {
		return f.requestOf(ctx, actor, parseReference(reference))
	}
	var found []Request
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		found, err = newestRequests(ctx, tx, roster.ScopeOf(actor), after, limit)
		return err
	})
	return found, err
}

// requestOf returns the request with the reference, if there is one that the actor may see.
func (f *Family) requestOf(ctx context.Context, actor access.Actor, reference string) ([]Request, error) {
	if err := f.limitSearch(ctx, actor); err != nil {
		return nil, err
	}
	var found []Request
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if found, err = requestsByReference(ctx, tx, reference); err != nil || len(found) == 0 {
			return err
		}
		mine, err := f.seesRequest(ctx, tx, actor, found[0])
		if !mine {
			found = nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, f.noteSearch(ctx, actor, "request.searched", map[string]any{"by": "reference", "reference": cutTyped(reference), "found": len(found)})
}

// seesRequest reports whether a request that found a student or a parent found one of the actor's schools.
func (f *Family) seesRequest(ctx context.Context, tx *sqldb.Tx, actor access.Actor, r Request) (bool, error) {
	switch {
	case r.StudentID != 0:
		return roster.ScopeOf(actor).Has(r.SchoolID), nil
	case r.ContactID != 0:
		return f.inReach(ctx, tx, actor, r.ContactID)
	}
	return true, nil
}
