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

// MergeSide is one of two records that seem to be one person, as the reader may see it.
type MergeSide struct {
	Contact   roster.Contact
	Lines     []roster.FullLine // to children at the reader's schools
	Elsewhere bool              // there are children at others
	Account   account.Account   // the zero one where there is no login
}

// MergeBlock says why two records cannot be put together now; "" means that they can.
type MergeBlock string

// The reasons.
const (
	MergeUnalike   MergeBlock = "unalike"   // not the same name, or neither mailbox nor telephone in common
	MergeElsewhere MergeBlock = "elsewhere" // a child is at a school that is not the reader's
	MergeDisabled  MergeBlock = "disabled"  // one of two logins is disabled: it must not go on as the other
)

// MergeBlocks lists the reasons.
func MergeBlocks() []MergeBlock { return []MergeBlock{MergeUnalike, MergeElsewhere, MergeDisabled} }

// MergePair is two records side by side, and what would be of them.
type MergePair struct {
	Kept, Gone MergeSide
	Will       roster.Merged // at the reader's schools
	Block      MergeBlock
	Check      bool    // how identity was checked must be said: the addresses differ
	Choices    []int64 // of accounts, where somebody must say which username stays
	Strangers  bool    // somebody said that they are not one person
}

// MergePair returns two records side by side, with what would be if the first were kept. It returns fault.NotFound unless both have a child at the
// actor's schools.
func (f *Family) MergePair(ctx context.Context, actor access.Actor, kept, gone int64) (p MergePair, err error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return p, err
	}
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		p, err = f.mergePair(ctx, tx, actor, kept, gone)
		return err
	})
	if err == nil {
		for _, l := range p.Will.Lines {
			f.audit.Views.Note(actor, l.StudentID)
		}
	}
	return p, err
}

func (f *Family) mergePair(ctx context.Context, tx *sqldb.Tx, actor access.Actor, kept, gone int64) (MergePair, error) {
	var p MergePair
	if kept == gone {
		return p, fault.NotFoundf("no such pair")
	}
	lines, err := f.roster.LinesOfContacts(ctx, tx, []int64{kept, gone})
	if err != nil {
		return p, err
	}
	at := roster.ScopeOf(actor)
	mine := slices.DeleteFunc(slices.Clone(lines), func(l roster.FullLine) bool { return !at.Has(l.Student.SchoolID) })
	for _, s := range []struct {
		id   int64
		side *MergeSide
	}{{kept, &p.Kept}, {gone, &p.Gone}} {
		if *s.side, err = f.mergeSide(ctx, tx, s.id, lines, mine); err != nil {
			return p, err
		}
		if len(s.side.Lines) == 0 && !at.All {
			return p, fault.NotFoundf("no such pair")
		}
	}
	strange, err := strangersOf(ctx, tx, []int64{kept, gone})
	if err != nil {
		return p, err
	}
	p.Strangers = strange[pairOf(kept, gone)]
	p.Will = roster.Merge(p.Kept.Contact, p.Gone.Contact, mine)
	p.Check = lang.EmailKey(p.Kept.Contact.Email) != lang.EmailKey(p.Gone.Contact.Email)
	p.Choices, p.Block = loginChoices(p.Kept.Account, p.Gone.Account)
	switch {
	case p.Kept.Elsewhere || p.Gone.Elsewhere:
		p.Block = MergeElsewhere
	case p.Kept.Contact.Left || p.Gone.Contact.Left || !roster.SeemOne(p.Kept.Contact, p.Gone.Contact):
		p.Block = MergeUnalike
	}
	return p, nil
}

func (f *Family) mergeSide(ctx context.Context, tx *sqldb.Tx, id int64, lines, mine []roster.FullLine) (s MergeSide, err error) {
	if s.Contact, err = f.roster.Contact(ctx, tx, id); err != nil {
		return s, err
	}
	of := func(l roster.FullLine) bool { return l.ContactID == id && !l.Removed() }
	for _, l := range mine {
		if of(l) {
			s.Lines = append(s.Lines, l)
		}
	}
	all := 0
	for _, l := range lines {
		if of(l) {
			all++
		}
	}
	s.Elsewhere = all > len(s.Lines)
	acct, err := holder(ctx, tx, id)
	if err != nil || acct == 0 {
		return s, err
	}
	s.Account, err = f.accounts.Account(ctx, tx, acct)
	return s, err
}

// loginChoices are the accounts of which one must be chosen, none where it is clear which one stays: a login that was never used does not stand
// against one that was.
func loginChoices(kept, gone account.Account) ([]int64, MergeBlock) {
	switch {
	case kept.ID == 0 || gone.ID == 0 || kept.ID == gone.ID:
		return nil, ""
	case (kept.State == account.Disabled) != (gone.State == account.Disabled):
		return nil, MergeDisabled
	case (kept.State == account.Waiting) != (gone.State == account.Waiting):
		return nil, ""
	}
	return []int64{kept.ID, gone.ID}, ""
}

// staying returns the account that holds the person from now on, 0 for none, and the one that ends, 0 for none.
func staying(kept, gone account.Account, chosen int64) (stays, ends account.Account, err error) {
	choices, block := loginChoices(kept, gone)
	switch {
	case block != "":
		return stays, ends, fault.Conflictf("one of the two logins is disabled")
	case kept.ID == 0 || kept.ID == gone.ID:
		return gone, account.Account{}, nil
	case gone.ID == 0:
		return kept, account.Account{}, nil
	case len(choices) > 0 && !slices.Contains(choices, chosen):
		return stays, ends, fault.InvalidFields(fault.Problem{Field: "account", Key: "problem.choose"})
	case len(choices) > 0 && chosen == gone.ID, len(choices) == 0 && kept.State == account.Waiting:
		return gone, kept, nil
	}
	return kept, gone, nil
}

// MergeOrder is the answer of somebody who saw two records side by side. Account is the login that stays, where both have one.
type MergeOrder struct {
	roster.MergeOrder
	Account int64
}

// Merge puts two records of one person together, with their logins: one account holds the person, the other one ends with its sessions, and the
// student logins made with either stay. The person is told at the address on record. It returns fault.Forbidden unless the actor may edit records
// and all children of both are at the actor's schools, fault.NotFound for no such records, fault.Conflict when something changed since it was seen
// or one of two logins is disabled, fault.Invalid with problems on "checked" and "account".
func (f *Family) Merge(ctx context.Context, actor access.Actor, o MergeOrder) error {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return err
	}
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.merge(ctx, tx, actor, o) })
	if err != nil {
		return err
	}
	return f.lookAtFamily(ctx, o.Kept, o.Gone)
}

func (f *Family) merge(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o MergeOrder) error {
	p, err := f.mergePair(ctx, tx, actor, o.Kept, o.Gone)
	if err != nil {
		return err
	}
	switch p.Block {
	case MergeElsewhere:
		return access.Refuse(access.EditRecords, "one of the records has a child at another school")
	case MergeUnalike:
		return fault.Conflictf("the two records no longer seem to be one person")
	}
	stays, ends, err := staying(p.Kept.Account, p.Gone.Account, o.Account)
	if err != nil {
		return err
	}
	// The logins first: the hook that hears of the lines finds them with the person who holds them from now on.
	m := &merging{Family: f, tx: tx, actor: actor, kept: o.Kept, gone: o.Gone}
	if err := m.join(ctx, p, stays, ends); err != nil {
		return err
	}
	id, err := f.roster.MergeContacts(ctx, tx, actor, o.MergeOrder)
	if err != nil {
		return err
	}
	if err := m.keep(ctx, id); err != nil {
		return err
	}
	return m.tell(ctx, stays, ends)
}

// tell tells the person, if there is an address on record. The address of the record that went is told by the hook, where it is another one.
func (m *merging) tell(ctx context.Context, stays, ends account.Account) error {
	c, err := m.roster.Contact(ctx, m.tx, m.kept)
	if err != nil || c.Email == "" {
		return err
	}
	order := mailOrder{Template: mailRecordsJoined, ContactID: m.kept, AccountID: stays.ID}
	if ends.ID != 0 {
		order.Template = mailLoginsJoined
	}
	return m.enqueueMail(ctx, m.tx, order)
}

// NotOnePerson notes that two records that seem to be one person are not. It returns fault.NotFound and fault.Forbidden as Merge does.
func (f *Family) NotOnePerson(ctx context.Context, actor access.Actor, a, b int64) error {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return err
	}
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		p, err := f.mergePair(ctx, tx, actor, a, b)
		if err != nil {
			return err
		}
		if p.Block == MergeElsewhere {
			return access.Refuse(access.EditRecords, "one of the records has a child at another school")
		}
		pair := pairOf(a, b)
		n, err := tx.Exec(ctx, insertStrangers, pair[0], pair[1], f.now().UnixMicro(), actor.Username)
		if err != nil || n == 0 {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "contact.not_one_person", TargetKind: "contact", TargetID: pair[0], Detail: map[string]any{"other": pair[1]},
		})
	})
	if err != nil {
		return err
	}
	return f.lookAtFamily(ctx, a, b)
}
