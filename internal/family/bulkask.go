package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// frozen is one row of a bulk act about to be written.
type frozen struct {
	party                    int
	target, contact, student int64
}

// AskBulk fixes the rows of a bulk act and returns its number; nothing is done before BeginBulk. Of what is ordered, rows outside the
// actor's schools and rows that no longer exist are left out. It returns fault.Invalid with a problem on "whom" where no row is left or there
// are too many, and on "reason" where one is missing.
func (f *Family) AskBulk(ctx context.Context, actor access.Actor, o BulkOrder) (int64, error) {
	if err := mayBulk(actor); err != nil {
		return 0, err
	}
	if !isAct(o.Act) {
		return 0, fault.InvalidFields(fault.Problem{Field: "act", Key: "problem.choose"})
	}
	if o.Act == BulkDisable {
		var err error
		if o.Reason, err = tidyReason(o.Reason); err != nil {
			return 0, err
		}
	}
	if o.Whom != nil && o.Act == BulkReset && o.Whom.byLogin() {
		return 0, fault.Invalidf("a reset is not chosen by how the login stands")
	}
	if o.Whom != nil && o.Act != BulkReset {
		var err error
		if o.Contacts, err = f.contactsOf(ctx, actor, *o.Whom); err != nil {
			return 0, err
		}
		o.Whom = nil
	}
	var rows []frozen
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		rows, err = f.freeze(ctx, tx, actor, o)
		return err
	})
	switch {
	case err != nil:
		return 0, err
	case len(rows) == 0:
		return 0, fault.InvalidFields(fault.Problem{Field: "whom", Key: "problem.bulk_nobody"})
	case len(rows) > bulkMost:
		return 0, fault.InvalidFields(fault.Problem{Field: "whom", Key: "problem.bulk_many", Args: []any{"Max", bulkMost}})
	}
	return f.writeBulk(ctx, actor, o, rows)
}

// writeBulk writes the list in short transactions. Until the last of them there is no bulk act for anybody to see.
func (f *Family) writeBulk(ctx context.Context, actor access.Actor, o BulkOrder, rows []frozen) (int64, error) {
	b := Bulk{
		Act: o.Act, Reason: o.Reason, more: bulkMore{o.Keep, o.Along, o.Back}, owner: actor.AccountID, Owner: actor.Username, AskedAt: f.now(), Size: len(rows),
		address: actor.Address, requestID: actor.RequestID,
	}
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		b.ID, err = insertBulk(ctx, tx, b)
		return err
	})
	if err != nil {
		return 0, err
	}
	pos := 0
	for chunk := range slices.Chunk(rows, frozenAtOnce) {
		if err := f.db.Write(ctx, func(tx *sqldb.Tx) error { return insertFrozen(ctx, tx, b.ID, pos, chunk) }); err != nil {
			return 0, err
		}
		pos += len(chunk)
	}
	return b.ID, f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := moveBulk(ctx, tx, b.ID, BulkFreezing, BulkAsked); err != nil {
			return err
		}
		return f.noteBulk(ctx, tx, actor, b, "bulk.asked", nil)
	})
}

// freeze finds the rows, those of one login together.
func (f *Family) freeze(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o BulkOrder) ([]frozen, error) {
	if o.Act != BulkReset {
		return freezeContacts(ctx, tx, actor, once(o.Contacts))
	}
	lines, err := f.linesOfOrder(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	if len(lines) > bulkMost { // what is behind them would be left out without a word
		return make([]frozen, len(lines)), nil
	}
	found, err := bulkLines(ctx, tx, lines)
	if err != nil {
		return nil, err
	}
	at := roster.ScopeOf(actor)
	found = slices.DeleteFunc(found, func(l bulkLine) bool {
		return !at.Has(l.school) || o.Whom != nil && o.Whom.School != 0 && l.school != o.Whom.School
	})
	parties := partiesOf{}
	rows := make([]frozen, len(found))
	for i, l := range found {
		rows[i] = frozen{party: parties.of(l.account, l.contact), target: l.line, contact: l.contact, student: l.student}
	}
	return byParty(rows), nil
}

// linesOfOrder are the lines that were ordered, or that Whom finds.
func (f *Family) linesOfOrder(ctx context.Context, tx *sqldb.Tx, o BulkOrder) ([]int64, error) {
	if o.Whom == nil {
		return once(o.Lines), nil
	}
	w := o.Whom
	p, err := newGridPage(GridQuery{Letter: w.Letter, Last: w.Last})
	switch {
	case err != nil:
		return nil, err
	case p.nothing:
		return nil, nil
	case p.search != "":
		ids, err := idsOf(ctx, tx, selectLinesByName, p.search, lang.PrefixEnd(p.search), bulkMost+1)
		return once(ids), err
	case p.letter != "":
		return idsOf(ctx, tx, selectLinesByLetter, p.letter, bulkMost+1)
	case w.School != 0:
		return idsOf(ctx, tx, selectLinesBySchool, w.School, bulkMost+1)
	}
	return idsOf(ctx, tx, selectLinesOfAll, bulkMost+1)
}

// freezeContacts makes rows of contacts on record who have a child at the actor's schools.
func freezeContacts(ctx context.Context, tx *sqldb.Tx, actor access.Actor, contacts []int64) ([]frozen, error) {
	known, err := holdersOf(ctx, tx, contacts)
	if err != nil {
		return nil, err
	}
	at, near := roster.ScopeOf(actor), map[int64]bool{}
	if !at.All {
		found, err := childrenOf(ctx, tx, contacts)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			near[c.contact] = near[c.contact] || at.Has(c.school)
		}
	}
	parties := partiesOf{}
	var rows []frozen
	for _, id := range contacts {
		acct, ok := known[id]
		if !ok || !at.All && !near[id] {
			continue
		}
		rows = append(rows, frozen{party: parties.of(acct, id), target: id, contact: id})
	}
	return byParty(rows), nil
}

// partiesOf numbers logins, and contacts without one, in the order in which they come.
type partiesOf map[held]int

func (p partiesOf) of(acct, contact int64) int {
	key := held{account: acct}
	if acct == 0 {
		key.contact = contact
	}
	n, ok := p[key]
	if !ok {
		n = len(p) + 1
		p[key] = n
	}
	return n
}

// byParty puts the rows of a login together.
func byParty(rows []frozen) []frozen {
	slices.SortStableFunc(rows, func(a, b frozen) int { return a.party - b.party })
	return rows
}
