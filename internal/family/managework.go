package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// manage is an act on whole logins.
type manage struct {
	*Family
	actor      access.Actor
	act        Act
	reason     string // disable
	anyAddress bool   // also one on record for a student
	username   string // a new login's, as the parent wished; "" for one made of the name
	desk       bool   // from the registration desk, which settles its requests itself
	later      bool   // require: the temporary password is made later
	version    int64  // require, the password ended before: the credential version it left behind
	mark       string // the login must still be as it was then (markOf); "" for whatever it is
	// twice reports whether the account was done already, for another contact.
	twice     func(ctx context.Context, tx *sqldb.Tx, acct int64) (bool, error)
	pace      *pace
	temporary *account.Temporary // nil until it turned out to be needed
	tx        *sqldb.Tx
}

// managed is a result with what the caller must remember of the account.
type managed struct {
	ManageResult
	account int64
	version int64
}

// do does the act to the login of one contact, inside a transaction.
func (m *manage) do(ctx context.Context, id int64) (managed, error) {
	r := managed{ManageResult: ManageResult{ContactID: id, Outcome: ManageGone}}
	c, err := m.roster.Contact(ctx, m.tx, id)
	if fault.Is(err, fault.NotFound) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if mine, err := m.inReach(ctx, m.tx, m.actor, id); err != nil || !mine {
		return r, err
	}
	if r.account, err = holder(ctx, m.tx, id); err != nil {
		return r, err
	}
	if r.account == 0 {
		if m.mark != "" && m.mark != markOf(account.Account{}) {
			r.Outcome = ManageOvertaken
			return r, nil
		}
		return m.withoutLogin(ctx, c, r)
	}
	if again, err := m.twice(ctx, m.tx, r.account); err != nil || again {
		r.Outcome, r.account = ManageSameLogin, 0
		return r, err
	}
	a, err := m.accounts.Account(ctx, m.tx, r.account)
	if err != nil {
		return r, err
	}
	r.Username = a.Username
	if m.mark != "" && m.mark != markOf(a) {
		r.Outcome = ManageOvertaken
		return r, nil
	}
	if a.State == account.Disabled && m.act != BulkEnable {
		r.Outcome = ManageRefused
		return r, nil
	}
	switch m.act {
	case BulkSendPassword:
		return m.send(ctx, c, a, r)
	case BulkRequirePassword:
		return m.require(ctx, c, a, r)
	case BulkUnlock:
		return m.unlock(ctx, a, r)
	case BulkDisable:
		return m.disable(ctx, a, r)
	}
	return m.enable(ctx, a, r)
}

// inReach reports whether the contact has a child at the actor's schools: whoever may act on one child's line may act on the whole login.
func (f *Family) inReach(ctx context.Context, tx *sqldb.Tx, actor access.Actor, contact int64) (bool, error) {
	at := roster.ScopeOf(actor)
	if at.All {
		return true, nil
	}
	found, err := childrenOf(ctx, tx, []int64{contact})
	return slices.ContainsFunc(found, func(c childAt) bool { return at.Has(c.school) }), err
}

// withoutLogin makes a login where a temporary password is to be sent to a contact who has none and may have one.
func (m *manage) withoutLogin(ctx context.Context, c roster.Contact, r managed) (managed, error) {
	r.Outcome = ManageNoLogin
	if m.act != BulkSendPassword {
		return r, nil
	}
	d := &decision{Family: m.Family, tx: m.tx}
	opens, err := d.opening(ctx, []roster.Contact{c})
	if err != nil {
		return r, err
	}
	if len(opens) == 0 {
		r.Outcome = ManageMayNot
		return r, nil
	}
	if slices.ContainsFunc(opens, unread) {
		r.Outcome = ManageRestrictionText
		return r, nil
	}
	to, trouble, err := m.addressee(ctx, []roster.Contact{c}, opens)
	if err != nil || trouble != "" {
		r.Outcome = trouble
		return r, err
	}
	if m.temporary == nil {
		return r, errNeedsTemporary
	}
	if r.account, r.Username, err = m.newLogin(ctx, d, c); err != nil {
		return r, err
	}
	r.Outcome = ManageMade
	return r, m.issue(ctx, mailSentByStaff, r, to)
}

// newLogin makes a waiting login. Every line that a reset closed opens with it.
func (m *manage) newLogin(ctx context.Context, d *decision, c roster.Contact) (acct int64, username string, err error) {
	if d.request.username, err = m.usernameFor(ctx, c); err != nil {
		return 0, "", err
	}
	username, key, err := d.chooseUsername(ctx, c.ID, 0)
	if err != nil {
		return 0, "", err
	}
	now := m.now()
	acct, err = m.accounts.Create(ctx, m.tx, account.NewAccount{
		Kind: access.Parent, Username: username, State: account.Waiting, Language: c.Language,
		ClaimBy: now.Add(m.settings.Values().ClaimWithin),
	})
	if err != nil {
		return 0, "", err
	}
	if err := hold(ctx, m.tx, acct, c.ID, now); err != nil {
		return 0, "", err
	}
	if err := reopenReset(ctx, m.tx, c.ID); err != nil {
		return 0, "", err
	}
	return acct, username, takeReservation(ctx, m.tx, access.Parent, key, c.ID)
}

// usernameFor is the username that a reset keeps for the contact, else the one wished for, else one made of the name, such as mlopez for Maria
// Lopez.
func (m *manage) usernameFor(ctx context.Context, c roster.Contact) (string, error) {
	kept, err := sqldb.Value[string](ctx, m.tx, selectKeptUsername, c.ID, m.now().UnixMicro())
	if err == nil || !fault.Is(err, fault.NotFound) {
		return kept, err
	}
	if m.username != "" {
		return m.username, nil
	}
	name := ""
	if first := lang.Words(c.First); len(first) > 0 {
		name = string([]rune(first[0])[:1])
	}
	for _, word := range lang.Words(c.Last) {
		name += word
	}
	if r := []rune(name); len(r) > usernameLimit {
		name = string(r[:usernameLimit])
	}
	if _, err := account.CheckUsername(name); err != nil { // too short, or a script that usernames do not take
		name = "parent" + name
	}
	if _, err := account.CheckUsername(name); err != nil {
		name = "parent"
	}
	return name, nil
}

// addressee chooses among the contacts of a login the one whose address the mail may go to, or says what is in the way.
func (m *manage) addressee(ctx context.Context, held []roster.Contact, opens []roster.FullLine) (contact int64, trouble ManageOutcome, err error) {
	d := &decision{Family: m.Family, tx: m.tx}
	trouble = ManageNoEmail
	for _, c := range held {
		found, err := d.addressTrouble(ctx, c, opens)
		if err != nil {
			return 0, "", err
		}
		if found == "" || found == OutcomeStudentAddress && m.anyAddress {
			return c.ID, "", nil
		}
		if trouble == ManageNoEmail {
			trouble = ManageOutcome(found)
		}
	}
	return 0, trouble, nil
}

// mailboxOf is addressee for a login: the selected contact's own address comes first.
func (m *manage) mailboxOf(ctx context.Context, c roster.Contact, acct int64) (contact int64, trouble ManageOutcome, err error) {
	held, err := m.heldContacts(ctx, m.tx, acct)
	if err != nil {
		return 0, "", err
	}
	slices.SortStableFunc(held, func(a, b roster.Contact) int {
		switch c.ID {
		case a.ID:
			return -1
		case b.ID:
			return 1
		}
		return 0
	})
	d := &decision{Family: m.Family, tx: m.tx}
	opens, err := d.opening(ctx, slices.Clone(held))
	if err != nil {
		return 0, "", err
	}
	return m.addressee(ctx, held, opens)
}

func (m *manage) send(ctx context.Context, c roster.Contact, a account.Account, r managed) (managed, error) {
	to, trouble, err := m.mailboxOf(ctx, c, a.ID)
	if err != nil || trouble != "" {
		r.Outcome = trouble
		return r, err
	}
	if m.temporary == nil {
		return r, errNeedsTemporary
	}
	r.Outcome = ManageSent
	return r, m.issue(ctx, mailSentByStaff, r, to)
}

// require ends the password, and makes the temporary one unless that comes later, or nobody could be told.
func (m *manage) require(ctx context.Context, c roster.Contact, a account.Account, r managed) (managed, error) {
	if m.version != 0 && a.CredentialVersion != m.version {
		r.Outcome = ManageOvertaken
		return r, nil
	}
	if a.State == account.Waiting {
		r.Outcome = ManageWaiting
		return r, nil
	}
	var err error
	if m.later {
		r.Outcome = ManageEnded
		if r.version, err = m.accounts.EndPassword(ctx, m.tx, a.ID); err != nil {
			return r, err
		}
		return r, m.note(ctx, "parent.password_ended", r, nil)
	}
	to, trouble, err := m.mailboxOf(ctx, c, a.ID)
	if err != nil {
		return r, err
	}
	if trouble != "" {
		r.Outcome = ManageUntold
		if m.version == 0 {
			if _, err := m.accounts.EndPassword(ctx, m.tx, a.ID); err != nil {
				return r, err
			}
		}
		return r, m.note(ctx, "parent.password_ended", r, map[string]any{"not_told": string(trouble)})
	}
	if m.temporary == nil {
		return r, errNeedsTemporary
	}
	r.Outcome = ManageSent
	return r, m.issue(ctx, mailRequired, r, to)
}

// issue gives the login the temporary password in place of everything it had, and puts it into the outbox.
func (m *manage) issue(ctx context.Context, template string, r managed, to int64) error {
	if err := m.accounts.Issue(ctx, m.tx, r.account, *m.temporary, staffLife, true); err != nil {
		return err
	}
	order := mailOrder{
		Template: template, ContactID: to, AccountID: r.account, Secret: m.temporary.Seed, Serial: m.temporary.Serial,
		RunAt: m.pace.take(), Later: m.pace != nil, Deadline: m.now().Add(staffLife),
	}
	if m.anyAddress {
		order.Data = map[string]string{dataAnyAddress: "yes"}
	}
	if err := m.enqueueMail(ctx, m.tx, order); err != nil {
		return err
	}
	if !m.desk {
		if err := m.settleContact(ctx, m.tx, r.ContactID, m.actor.Username, howByStaff); err != nil {
			return err
		}
	}
	return m.note(ctx, "parent.password_sent", r, map[string]any{"any_address": m.anyAddress, "because": string(m.act)})
}

func (m *manage) unlock(ctx context.Context, a account.Account, r managed) (managed, error) {
	was, err := m.accounts.Unlock(ctx, m.tx, a.ID)
	switch {
	case fault.Is(err, fault.Conflict):
		r.Outcome = ManageOff
		return r, nil
	case err != nil:
		return r, err
	case !was:
		r.Outcome = ManageNotLocked
		return r, nil
	}
	r.Outcome = ManageUnlocked
	return r, m.note(ctx, "parent.unlocked", r, nil)
}

func (m *manage) disable(ctx context.Context, a account.Account, r managed) (managed, error) {
	r.Outcome = ManageDisabled
	if err := m.accounts.Disable(ctx, m.tx, a.ID, m.reason); err != nil {
		return r, err
	}
	return r, m.note(ctx, "parent.disabled", r, map[string]any{"reason": m.reason})
}

func (m *manage) enable(ctx context.Context, a account.Account, r managed) (managed, error) {
	if a.State != account.Disabled {
		r.Outcome = ManageNotOff
		return r, nil
	}
	r.Outcome = ManageEnabled
	if err := m.accounts.Enable(ctx, m.tx, a.ID); err != nil {
		return r, err
	}
	return r, m.note(ctx, "parent.enabled", r, map[string]any{"was": a.StateReason})
}

// note writes the log.
func (m *manage) note(ctx context.Context, action string, r managed, more map[string]any) error {
	detail := map[string]any{"username": r.Username, "account": r.account}
	for k, v := range more {
		detail[k] = v
	}
	if err := m.tellSchools(ctx, r.ContactID, notices[action]); err != nil {
		return err
	}
	return m.audit.Record(ctx, m.tx, audit.Event{
		Actor: m.actor, Action: action, TargetKind: "contact", TargetID: r.ContactID, Detail: detail,
	})
}

// What the schools of the other children are told.
const (
	NoticePasswordSent  NoticeKind = "password_sent"
	NoticePasswordEnded NoticeKind = "password_ended"
	NoticeDisabled      NoticeKind = "disabled"
	NoticeEnabled       NoticeKind = "enabled"
	NoticeUnlocked      NoticeKind = "unlocked"
)

// notices says which acts other schools are told of, by the log's word.
var notices = map[string]NoticeKind{
	"parent.password_sent": NoticePasswordSent, "parent.password_ended": NoticePasswordEnded, "parent.disabled": NoticeDisabled,
	"parent.enabled": NoticeEnabled, "parent.unlocked": NoticeUnlocked,
}

// tellSchools tells the schools of the contact's children at which the actor does not work.
func (m *manage) tellSchools(ctx context.Context, contact int64, what NoticeKind) error {
	at := roster.ScopeOf(m.actor)
	if at.All || what == "" {
		return nil
	}
	found, err := childrenOf(ctx, m.tx, []int64{contact})
	told := map[int64]bool{0: true}
	for _, c := range found {
		if err != nil {
			break
		}
		if !at.Has(c.school) && !told[c.school] {
			told[c.school] = true
			err = m.noteForSchool(ctx, m.tx, m.actor, what, c.school, contact)
		}
	}
	return err
}
