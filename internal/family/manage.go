package family

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ManageResult is what was done to the login of one contact.
type ManageResult struct {
	ContactID int64
	Username  string // "" where there is none
	Outcome   ManageOutcome
}

// ManageOutcome is what an act did to a login, or why it did nothing: "bulk.outcome.<outcome>" is its sentence in the catalogue.
type ManageOutcome string

// The outcomes of acts on whole logins.
const (
	ManageSent            ManageOutcome = "sent_by_staff" // a temporary password is on its way
	ManageMade            ManageOutcome = "made"          // a login was made, its temporary password is on its way
	ManageEnded           ManageOutcome = "ended"         // password and sessions ended, the temporary password comes next
	ManageUntold          ManageOutcome = "ended_untold"  // password and sessions ended, and no mail may go
	ManageUnlocked        ManageOutcome = "unlocked"
	ManageNotLocked       ManageOutcome = "not_locked"
	ManageOff             ManageOutcome = "password_off" // only a new password opens it
	ManageDisabled        ManageOutcome = "now_disabled"
	ManageEnabled         ManageOutcome = "now_enabled"
	ManageNotOff          ManageOutcome = "not_disabled"
	ManageNoLogin         ManageOutcome = "no_login"
	ManageWaiting         ManageOutcome = "waiting"          // has no permanent password yet
	ManageMayNot          ManageOutcome = "may_not"          // no child may be opened to the contact
	ManageRestrictionText ManageOutcome = "restriction_text" // the roster's words about a restriction are not read yet: no login was made
	ManageSameLogin       ManageOutcome = "same_login"       // another selected contact has the same login
	ManageOvertaken       ManageOutcome = "overtaken"        // the login was changed meanwhile
	ManageGone            ManageOutcome = "gone"             // the contact no longer exists, or has no child at the actor's schools

	ManageRefused           ManageOutcome = "disabled" // until it is enabled
	ManageNoEmail           ManageOutcome = "no_email"
	ManageStudentAddress    ManageOutcome = "student_address"    // the address on record is a student's too
	ManageRestrictedAddress ManageOutcome = "restricted_address" // it is also that of a contact restricted for a child
)

// manageReasonMost is how long a reason may be, in characters.
const manageReasonMost = 200

// staffLife is how long a temporary password from the office works (SECURITY TMP-3 allows no more).
const staffLife = 72 * time.Hour

// SendPassword sends each contact a temporary password, which replaces whatever the login had, and makes the login where there is none.
// anyAddress lets it go to an address that is also on record for a student. Contacts are done one after the other, each in a
// transaction of its own; what was done before an error is done. It returns fault.Invalid for more contacts than the school's BulkSize:
// those are asked for by AskBulk.
func (f *Family) SendPassword(ctx context.Context, actor access.Actor, contacts []int64, anyAddress bool) ([]ManageResult, error) {
	return f.manageAll(ctx, actor, contacts, manage{act: BulkSendPassword, anyAddress: anyAddress})
}

// RequireNewPassword ends the passwords and sessions of logins, which keep lines and student logins, and mails a temporary password for
// choosing a new one. Otherwise as SendPassword.
func (f *Family) RequireNewPassword(ctx context.Context, actor access.Actor, contacts []int64, anyAddress bool) ([]ManageResult, error) {
	return f.manageAll(ctx, actor, contacts, manage{act: BulkRequirePassword, anyAddress: anyAddress})
}

// Unlock opens logins at once that too many wrong passwords have locked for a while. Otherwise as SendPassword.
func (f *Family) Unlock(ctx context.Context, actor access.Actor, contacts []int64) ([]ManageResult, error) {
	return f.manageAll(ctx, actor, contacts, manage{act: BulkUnlock})
}

// Disable closes logins until Enable, for a reason that staff see. It returns fault.Invalid with a problem on "reason" where it is missing
// or longer than 200 characters. Otherwise as SendPassword.
func (f *Family) Disable(ctx context.Context, actor access.Actor, contacts []int64, reason string) ([]ManageResult, error) {
	reason, err := tidyReason(reason)
	if err != nil {
		return nil, err
	}
	return f.manageAll(ctx, actor, contacts, manage{act: BulkDisable, reason: reason})
}

// Enable opens disabled logins again. Otherwise as SendPassword.
func (f *Family) Enable(ctx context.Context, actor access.Actor, contacts []int64) ([]ManageResult, error) {
	return f.manageAll(ctx, actor, contacts, manage{act: BulkEnable})
}

func tidyReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return "", fault.InvalidFields(fault.Problem{Field: "reason", Key: "problem.empty"})
	case utf8.RuneCountInString(reason) > manageReasonMost:
		return "", fault.InvalidFields(fault.Problem{Field: "reason", Key: "problem.too_long", Args: []any{"Max", manageReasonMost}})
	case !isPlain(reason):
		return "", fault.InvalidFields(fault.Problem{Field: "reason", Key: "problem.characters"})
	}
	return reason, nil
}

func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// manageAll does an act to each contact's login.
func (f *Family) manageAll(ctx context.Context, actor access.Actor, contacts []int64, m manage) ([]ManageResult, error) {
	if err := access.Check(actor, access.ResetLogins); err != nil {
		return nil, err
	}
	contacts = once(contacts)
	if actor.Kind == access.Staff && f.IsBulk(len(contacts)) {
		return nil, fault.Invalidf("more than %d logins are changed by a bulk act", f.settings.Values().BulkSize)
	}
	m.Family, m.actor = f, actor
	done := map[int64]bool{}
	m.twice = func(_ context.Context, _ *sqldb.Tx, acct int64) (bool, error) { return done[acct], nil }
	results := make([]ManageResult, 0, len(contacts))
	for _, id := range contacts {
		r, err := m.one(ctx, id, around{})
		if err != nil {
			return results, err
		}
		done[r.account] = r.account != 0
		results = append(results, r.ManageResult)
	}
	return results, nil
}

// around is what else belongs into the transaction of one login.
type around struct {
	before func(m *manage) error
	after  func(m *manage, r managed) error
}

// one does the act to the login of one contact, in a transaction of its own. A temporary password is made only when it turned out to be
// needed, outside the transaction.
func (m manage) one(ctx context.Context, contact int64, also around) (managed, error) {
	var err error
	for range decisions {
		var r managed
		err = m.db.Write(ctx, func(tx *sqldb.Tx) error {
			try := m
			try.tx = tx
			if also.before != nil {
				if err := also.before(&try); err != nil {
					return err
				}
			}
			var err error
			if r, err = try.do(ctx, contact); err != nil || also.after == nil {
				return err
			}
			return also.after(&try, r)
		})
		switch {
		case errors.Is(err, errNeedsTemporary):
			var made account.Temporary
			if made, err = m.accounts.NewTemporary(ctx); err != nil {
				return managed{}, fmt.Errorf("changing a login: %w", err)
			}
			m.temporary = &made
		case !fault.Is(err, fault.Conflict):
			return r, err
		}
	}
	return managed{}, fmt.Errorf("changing a login: %w", err)
}
