package family

import (
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// sweptWithin is how soon the sweep has ended what a deleted record leaves behind.
const sweptWithin = 10 * time.Minute

// Invariants is what always holds between logins and records. Whether a line may be opened is said as far as it does not depend on the day or on
// a setting: what these end, the sweep ends, and until then every page asks the rule itself.
func (f *Family) Invariants() []sqldb.Invariant {
	now := f.now()
	return []sqldb.Invariant{
		{Name: "parent-holds-a-contact", Says: "A parent's account holds a contact, save for the minutes after the contact was taken off the records.",
			Query: parentWithoutContact, Args: []any{now.Add(-sweptWithin).UnixMicro()}},
		{Name: "contact-is-held-by-a-parent", Says: "A contact is held by an account of a parent.", Query: heldByAnother},
		{Name: "closed-line-has-a-login", Says: "A line is closed by a reset only while a login is left that it was closed for.", Query: closedWithoutLogin},
		{Name: "student-login-is-a-students", Says: "A student login's account is a student's, and a student's account is a student login.",
			Query: studentLoginOfAnother},
		{Name: "student-login-rests-on-an-open-line", Says: "A student login rests on a line of its maker that is open: held by an account, neither closed nor restricted nor ended, with portal access.",
			Query: studentLoginWithoutLine},
		{Name: "reserved-username-is-free", Says: "A username that is kept for a contact is not in use by anybody else's account.", Query: reservedInUse,
			Args: []any{now.UnixMicro()}},
		{Name: "request-has-an-end", Says: "A request is pending exactly until it is decided.", Query: requestWithoutEnd},
		{Name: "case-is-open-while-a-request-is", Says: "A case of the registration desk is open exactly while one of its requests is.", Query: caseWithoutRequest},
		{Name: "case-is-its-childs-schools", Says: "A case of the registration desk belongs to the child's school.", Query: caseOfAnotherSchool},
		{Name: "held-request-names-its-school", Says: "A request waits exactly while it says for which school.", Query: heldForNothing},
		{Name: "pending-request-has-a-job", Says: "A pending request has a job that will decide it.", Query: pendingWithoutJob, Args: []any{jobDecide}},
		{Name: "temporary-mail-names-its-login", Says: "A mail that carries a temporary password names the login that it is for.", Query: temporaryWithoutLogin,
			Args: []any{jobMail}},
		{Name: "finding-is-read-once", Says: "What is to be put right of a record is read once by those who work everywhere, whatever schools it concerns.", Query: findingNotOnce},
	}
}
