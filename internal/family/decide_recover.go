package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// forgotPassword decides "Forgot password?". Students ask their parents: only parents' usernames count.
func (d *decision) forgotPassword(ctx context.Context) error {
	a, err := d.accounts.ByUsername(ctx, d.tx, access.Parent, d.request.username)
	if fault.Is(err, fault.NotFound) {
		d.request.outcome, d.mismatch = OutcomeUnknownUsername, true
		return nil
	}
	if err != nil {
		return err
	}
	d.request.account = a.ID
	contact, trouble, err := d.mailbox(ctx, a)
	if err != nil {
		return err
	}
	d.request.contact = contact
	switch {
	case a.State == account.Disabled:
		d.request.outcome = OutcomeDisabled
		return nil
	case trouble != "":
		d.request.outcome = trouble
		return nil
	}
	if !a.HasPassword { // nobody has come in yet: it is a registration still
		if held, err := d.isHeldFor(ctx, contact); err != nil || held {
			return err
		}
	}
	if wait, err := d.mustWait(ctx); err != nil || wait {
		return err
	}
	if ready, err := d.ready(ctx, contact); err != nil || !ready {
		return err
	}
	template := mailForgotPassword
	if !a.HasPassword { // no old password to keep
		template = mailTemporary
	}
	return d.issue(ctx, template, a.ID, contact, false)
}

// mailbox chooses the contact of an account whose address mail may go to, or says what is in the way.
func (d *decision) mailbox(ctx context.Context, a account.Account) (contact int64, trouble Outcome, err error) {
	held, err := d.heldContacts(ctx, d.tx, a.ID)
	if err != nil {
		return 0, "", err
	}
	opens, err := d.opening(ctx, held)
	if err != nil {
		return 0, "", err
	}
	trouble = OutcomeNoEmail
	for _, c := range held {
		found, err := d.addressTrouble(ctx, c, opens)
		if err != nil {
			return 0, "", err
		}
		if found == "" {
			return c.ID, "", nil
		}
		if contact == 0 || trouble == OutcomeNoEmail {
			contact, trouble = c.ID, found
		}
	}
	return contact, trouble, nil
}

// heldContacts returns the contacts that the account holds, the one it began with first.
func (f *Family) heldContacts(ctx context.Context, tx *sqldb.Tx, acct int64) ([]roster.Contact, error) {
	ids, err := heldBy(ctx, tx, acct)
	if err != nil {
		return nil, err
	}
	held, err := f.roster.Contacts(ctx, tx, ids)
	slices.SortFunc(held, func(a, b roster.Contact) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return held, err
}

// usernamesAtOnce bounds the mails to an address that stands with many contacts, such as an office's.
const usernamesAtOnce = 10

// forgotUsername decides "Forgot username?": one mail for each login behind the address, so that two people who share it each get their own.
func (d *decision) forgotUsername(ctx context.Context) error {
	contacts, err := d.roster.ContactsByEmail(ctx, d.tx, lang.EmailKey(d.request.username))
	if err != nil {
		return err
	}
	d.request.outcome = OutcomeUnknownAddress
	logins, err := d.loginsOf(ctx, contacts)
	if err != nil {
		return err
	}
	if len(logins) == 0 {
		d.mismatch = true
		return nil
	}
	if wait, err := d.mustWait(ctx); err != nil || wait {
		return err
	}
	sent := 0
	for i, l := range logins[:min(len(logins), usernamesAtOnce)] {
		outcome, err := d.tellUsername(ctx, l)
		if err != nil {
			return err
		}
		if outcome == OutcomeSent {
			sent++
		}
		if i == 0 || outcome == OutcomeSent && sent == 1 { // staff see what helped, else the first reason why not
			d.request.outcome, d.request.contact, d.request.account = outcome, l.contact.ID, l.account
		}
	}
	return nil
}

// heldContact is a contact with the account that holds it.
type heldContact struct {
	contact roster.Contact
	account int64
}

// loginsOf returns the accounts that hold one of the contacts, each with the first of its contacts.
func (d *decision) loginsOf(ctx context.Context, contacts []roster.Contact) ([]heldContact, error) {
	var logins []heldContact
	seen := map[int64]bool{}
	for _, c := range contacts {
		acct, err := holder(ctx, d.tx, c.ID)
		if err != nil {
			return nil, err
		}
		if acct != 0 && !seen[acct] {
			seen[acct] = true
			logins = append(logins, heldContact{c, acct})
		}
	}
	return logins, nil
}

func (d *decision) tellUsername(ctx context.Context, l heldContact) (Outcome, error) {
	a, err := d.accounts.Account(ctx, d.tx, l.account)
	if err != nil {
		return "", err
	}
	if a.State == account.Disabled {
		return OutcomeDisabled, nil
	}
	if trouble, err := d.contactTrouble(ctx, l.contact); err != nil || trouble != "" {
		return trouble, err
	}
	if ok, err := d.mayMail(ctx, l.contact.ID, false); err != nil || !ok {
		return OutcomeMailLimit, err
	}
	return OutcomeSent, d.enqueueMail(ctx, d.tx, mailOrder{Template: mailYourUsername, ContactID: l.contact.ID, AccountID: a.ID})
}
