package roster

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Correction is what the registration desk takes into a contact's record: a name as its owner writes it, or an address. What is empty stays as
// it is. Checked says how identity was checked (one of Checks).
type Correction struct {
	Contact, Version   int64
	First, Last, Email string
	Checked            string
}

// Correct changes a contact in the caller's transaction: the fields count as set by hand, the old address is told, and the log says how identity
// was checked. It returns fault.NotFound for no contact, also for one without a child at the actor's schools, fault.Conflict when Version is not
// the current one, fault.Invalid with problems by field, where nothing would change too.
func (r *Roster) Correct(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c Correction) error {
	if err := access.Check(actor, access.CorrectContact); err != nil {
		return err
	}
	was, err := r.Contact(ctx, tx, c.Contact)
	if err != nil {
		return err
	}
	next := was
	next.Version = c.Version
	for _, f := range []struct {
		to   *string
		text string
	}{{&next.First, c.First}, {&next.Last, c.Last}, {&next.Email, c.Email}} {
		if f.text != "" {
			*f.to = f.text
		}
	}
	ed := &contactEdit{edit: &edit{Roster: r, tx: tx, actor: actor}, ContactEdit: ContactEdit{Contact: next, Checked: c.Checked}, always: true}
	if err := ed.hasChildHere(ctx); err != nil {
		return err
	}
	if err := ed.settleContact(ctx); err != nil {
		return err
	}
	ps := append(checkContact(&ed.contact, ed.contactChanges), checkIdentity(c.Checked)...)
	if len(ed.contactChanges) == 0 {
		field := fieldFirst
		if c.Email != "" {
			field = fieldEmail
		}
		ps = append(ps, problem(field, "problem.nothing_changes"))
	}
	if err := fault.InvalidFields(ps...); err != nil {
		return err
	}
	if err := ed.writeContact(ctx); err != nil {
		return err
	}
	if err := ed.writeHistory(ctx); err != nil {
		return err
	}
	return ed.tell(ctx)
}
