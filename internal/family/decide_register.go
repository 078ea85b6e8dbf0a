package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// register decides "Create Account".
func (d *decision) register(ctx context.Context) error {
	lines, err := d.roster.LinesOfID(ctx, d.tx, lang.IDKey(d.request.idNumber))
	if err != nil {
		return err
	}
	m := matchLines(d.rule(), lines, d.request.first, d.request.last)
	if m.line != nil {
		d.request.student, d.request.contact = m.line.StudentID, m.line.ContactID
	}
	d.request.outcome = m.outcome
	switch m.outcome {
	case "":
		return d.openLogin(ctx, *m.line)
	case OutcomeUnknownID, OutcomeNoNameMatch:
		d.mismatch = true
		return d.findNear(ctx, lines)
	case OutcomeAmbiguous:
		if m.line == nil {
			return d.findNear(ctx, lines)
		}
	case OutcomeNameDiffers:
		d.mismatch = true
		return d.tellNameDiffers(ctx, *m.line)
	}
	return nil
}

// tellNameDiffers tells the one contact with the last name typed, unless guessing is going on.
func (d *decision) tellNameDiffers(ctx context.Context, l roster.FullLine) error {
	if held, err := d.isHeldAt(ctx, l.Student.SchoolID); err != nil || held {
		d.say(detailHeldName)
		return err
	}
	told, err := d.mayTell(ctx, l)
	if err != nil {
		return err
	}
	if !told {
		d.say(detailNotTold)
		return nil
	}
	return d.enqueueMail(ctx, d.tx, mailOrder{
		Template: mailNameDiffers, ContactID: l.ContactID, StudentIDs: []int64{l.StudentID}, Language: d.request.language,
	})
}

func (d *decision) mayTell(ctx context.Context, l roster.FullLine) (bool, error) {
	if suspected, err := d.suspected(ctx); err != nil || suspected {
		return false, err
	}
	if trouble, err := d.contactTrouble(ctx, l.Contact); err != nil || trouble != "" {
		return false, err
	}
	return d.mayMail(ctx, l.ContactID, false)
}

// contactTrouble is addressTrouble for whatever a login of the contact opens; and words of the roster about a restriction of one of those
// lines hold the contact's registration until staff have read them.
func (d *decision) contactTrouble(ctx context.Context, c roster.Contact) (Outcome, error) {
	opens, err := d.opening(ctx, []roster.Contact{c})
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(opens, unread) {
		return OutcomeRestrictionText, nil
	}
	return d.addressTrouble(ctx, c, opens)
}

// openLogin does what DESIGN's table says for the state of the login of a contact that was matched.
func (d *decision) openLogin(ctx context.Context, l roster.FullLine) error {
	trouble, err := d.contactTrouble(ctx, l.Contact)
	if err != nil || trouble != "" {
		d.request.outcome = trouble
		return err
	}
	acct, err := holder(ctx, d.tx, l.ContactID)
	if err != nil {
		return err
	}
	if held, err := d.isHeld(ctx, l, acct); err != nil || held {
		return err
	}
	if wait, err := d.mustWait(ctx); err != nil || wait {
		return err
	}
	if acct == 0 {
		return d.newLogin(ctx, l)
	}
	a, err := d.accounts.Account(ctx, d.tx, acct)
	if err != nil {
		return err
	}
	d.request.account = a.ID
	switch a.State {
	case account.Disabled:
		d.request.outcome = OutcomeDisabled
		return nil
	case account.Waiting:
		return d.renewLogin(ctx, a, l)
	}
	return d.tellAlready(ctx, a, l)
}

// newLogin makes the contact's login. The contact proves anew who it is, so every line that a reset closed opens with it.
func (d *decision) newLogin(ctx context.Context, l roster.FullLine) error {
	if ready, err := d.ready(ctx, l.ContactID); err != nil || !ready {
		return err
	}
	username, key, err := d.chooseUsername(ctx, l.ContactID, 0)
	if err != nil {
		return err
	}
	now := d.now()
	d.request.account, err = d.accounts.Create(ctx, d.tx, account.NewAccount{
		Kind: access.Parent, Username: username, State: account.Waiting, Language: d.request.language,
		ClaimBy: now.Add(d.settings.Values().ClaimWithin),
	})
	if err != nil {
		return err
	}
	if err := hold(ctx, d.tx, d.request.account, l.ContactID, now); err != nil {
		return err
	}
	if err := reopenReset(ctx, d.tx, l.ContactID); err != nil {
		return err
	}
	if err := takeReservation(ctx, d.tx, access.Parent, key, l.ContactID); err != nil {
		return err
	}
	return d.issue(ctx, mailTemporary, d.request.account, l.ContactID, username != d.request.username)
}

// renewLogin gives a login that waits the newest username and temporary password.
func (d *decision) renewLogin(ctx context.Context, a account.Account, l roster.FullLine) error {
	if ready, err := d.ready(ctx, l.ContactID); err != nil || !ready {
		return err
	}
	username, key, err := d.chooseUsername(ctx, l.ContactID, a.ID)
	if err != nil {
		return err
	}
	if username != a.Username {
		if err := d.accounts.Rename(ctx, d.tx, a.ID, username); err != nil {
			return err
		}
	}
	if err := takeReservation(ctx, d.tx, access.Parent, key, l.ContactID); err != nil {
		return err
	}
	d.say(detailReplaced)
	return d.issue(ctx, mailTemporary, a.ID, l.ContactID, username != d.request.username)
}

// tellAlready tells the owner of a login that there is one; nothing about it changes.
func (d *decision) tellAlready(ctx context.Context, a account.Account, l roster.FullLine) error {
	d.request.outcome = OutcomeAlreadyActive
	template := mailAlready
	closed, err := isClosed(ctx, d.tx, l.ID)
	if err != nil {
		return err
	}
	if closed {
		template = mailAlreadyClosedLine
		d.say(detailClosedLine)
	}
	if ok, err := d.mayMail(ctx, l.ContactID, false); err != nil || !ok {
		d.request.outcome = OutcomeMailLimit
		return err
	}
	return d.enqueueMail(ctx, d.tx, mailOrder{
		Template: template, ContactID: l.ContactID, AccountID: a.ID, StudentIDs: []int64{l.StudentID},
	})
}

// ready takes a mail for a temporary password and makes sure that there is one to send.
func (d *decision) ready(ctx context.Context, contact int64) (bool, error) {
	if ok, err := d.mayMail(ctx, contact, true); err != nil || !ok {
		d.request.outcome = OutcomeMailLimit
		return false, err
	}
	if d.temporary == nil {
		return false, errNeedsTemporary
	}
	return true, nil
}

// issue gives the account the temporary password and puts it into the outbox. A permanent password stays valid until it is used.
func (d *decision) issue(ctx context.Context, template string, acct, contact int64, renamed bool) error {
	life := d.settings.Values().TemporaryLife
	if err := d.accounts.Issue(ctx, d.tx, acct, *d.temporary, life, false); err != nil {
		return err
	}
	order := mailOrder{
		Template: template, ContactID: contact, AccountID: acct, Secret: d.temporary.Seed, Serial: d.temporary.Serial,
		Deadline: d.now().Add(life),
	}
	if renamed {
		order.Data = map[string]string{dataRenamed: "yes"}
		d.say(detailOtherUsername)
	}
	d.request.outcome = OutcomeSent
	return d.enqueueMail(ctx, d.tx, order)
}
