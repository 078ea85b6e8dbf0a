package family

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// merging is the work on the logins of two records that become one, or two again, inside a transaction.
type merging struct {
	*Family
	tx         *sqldb.Tx
	actor      access.Actor
	kept, gone int64
	did        mergedLogins
}

// mergedLogins is what a merge did to the logins and to what hangs on the record that went, as it is stored.
type mergedLogins struct {
	Kept, Gone int64   // accounts that held the records before; 0 for none
	Stays      int64   // the account that holds the person since
	Students   []int64 // whose logins were made with the record that went
	Closed     []int64 // children whose line on that record a reset had closed
	Shut       []int64 // lines of the kept record that are closed since
	Moved      map[string][]int64
}

// join gives the person one account, and moves to the kept record what hangs on the other.
func (m *merging) join(ctx context.Context, p MergePair, stays, ends account.Account) error {
	m.did = mergedLogins{Kept: p.Kept.Account.ID, Gone: p.Gone.Account.ID, Stays: stays.ID, Moved: map[string][]int64{}}
	if err := m.shut(ctx, p); err != nil {
		return err
	}
	if _, err := m.tx.Exec(ctx, deleteHolds, m.kept, m.gone); err != nil {
		return err
	}
	if ends.ID != 0 {
		if _, err := m.tx.Exec(ctx, passHolds, stays.ID, ends.ID); err != nil { // further records of the same person
			return err
		}
	}
	if stays.ID != 0 {
		if err := hold(ctx, m.tx, stays.ID, m.kept, m.now()); err != nil {
			return err
		}
	}
	if err := m.move(ctx); err != nil || ends.ID == 0 {
		return err
	}
	return m.end(ctx, stays, ends)
}

// shut closes the line of the kept record where a reset closed the other's line to the same child: what a reset closed is not opened by a merge.
func (m *merging) shut(ctx context.Context, p MergePair) error {
	for _, l := range p.Will.Lines {
		if l.OfGone.ID == 0 {
			continue
		}
		closed, err := isClosed(ctx, m.tx, l.OfGone.ID)
		if err != nil {
			return err
		}
		if !closed || l.OfKept.ID == 0 {
			continue
		}
		m.did.Closed = append(m.did.Closed, l.StudentID)
		was, err := isClosed(ctx, m.tx, l.OfKept.ID)
		if err != nil {
			return err
		}
		if was {
			continue
		}
		m.did.Shut = append(m.did.Shut, l.OfKept.ID)
		if err := closeLine(ctx, m.tx, l.OfKept.ID, m.now()); err != nil {
			return err
		}
	}
	return nil
}

// end ends the login that does not stay. Its username stays its person's.
func (m *merging) end(ctx context.Context, stays, ends account.Account) error {
	if err := m.accounts.Delete(ctx, m.tx, ends.ID); err != nil {
		return err
	}
	if key, err := account.CheckUsername(ends.Username); err == nil { // else nobody can have it
		if err := reserve(ctx, m.tx, access.Parent, key, m.kept, m.now().Add(usernameKept)); err != nil {
			return err
		}
	}
	return m.audit.Record(ctx, m.tx, audit.Event{
		Actor: m.actor, Action: "parent.joined", TargetKind: "contact", TargetID: m.kept,
		Detail: map[string]any{"username": stays.Username, "ended": ends.Username, "account": ends.ID},
	})
}

// hanging is what hangs on a contact beside lines and accounts: how the rows of one are found, and given to another by their ids.
var hanging = []struct{ name, find, give string }{
	{"newcomer", selectNewcomersToMove, `update newcomer set contact_id = $1 where id in (`},
	{"doubt", selectDoubtsToMove, `update newcomer set doubted_by = $1 where id in (`},
	{"request", `select id from registration_request where contact_id = $1`, `update registration_request set contact_id = $1 where id in (`},
	{"notice", `select id from school_notice where contact_id = $1`, `update school_notice set contact_id = $1 where id in (`},
	{"job", `select id from job where contact_id = $1 and state = 'ready'`, `update job set contact_id = $1 where id in (`},
}

// move moves student logins, reservations and histories from the record that goes to the kept one.
func (m *merging) move(ctx context.Context) (err error) {
	if m.did.Students, err = idsOf(ctx, m.tx, studentsOfMaker, m.gone); err != nil {
		return err
	}
	if err := m.give(ctx, giveMakers, m.did.Students, m.kept); err != nil {
		return err
	}
	if _, err := m.tx.Exec(ctx, giveReservations, m.kept, m.gone); err != nil {
		return err
	}
	for _, h := range hanging {
		args := []any{m.gone}
		if h.name == "newcomer" || h.name == "doubt" {
			args = append(args, m.kept)
		}
		ids, err := idsOf(ctx, m.tx, h.find, args...)
		if err != nil {
			return err
		}
		m.did.Moved[h.name] = ids
		if err := m.give(ctx, h.give, ids, m.kept); err != nil {
			return err
		}
	}
	return nil
}

func (m *merging) give(ctx context.Context, query string, ids []int64, contact int64) error {
	return inChunks(ids, 2, func(list string, args []any) error {
		_, err := m.tx.Exec(ctx, query+list+")", append([]any{contact}, args...)...)
		return err
	})
}

// keep stores what was done beside the merge.
func (m *merging) keep(ctx context.Context, merge int64) error {
	did, err := json.Marshal(m.did)
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	_, err = m.tx.Exec(ctx, updateMergeLogins, merge, string(did))
	return err
}

// UndoMerge takes a merge back: both records, their lines, and who holds them. A login that ended with the merge does not come back; its username
// stays reserved. It returns fault.NotFound for no such merge, fault.Conflict when something changed since, fault.Forbidden as Merge does.
func (f *Family) UndoMerge(ctx context.Context, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return err
	}
	var kept, gone int64
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		m := &merging{Family: f, tx: tx, actor: actor}
		var did string
		_, err := sqldb.One(ctx, tx, func(r *sql.Rows) (struct{}, error) { return struct{}{}, r.Scan(&m.kept, &m.gone, &did) }, selectMerge, id)
		if err != nil {
			return err
		}
		if did == "" {
			return fault.Conflictf("how the records were is no longer kept")
		}
		if err := json.Unmarshal([]byte(did), &m.did); err != nil {
			return fmt.Errorf("merge %d: %w", id, err)
		}
		kept, gone = m.kept, m.gone
		return m.undo(ctx, id)
	})
	if err != nil {
		return err
	}
	return f.lookAtFamily(ctx, kept, gone)
}

func (m *merging) undo(ctx context.Context, id int64) error {
	now, err := holder(ctx, m.tx, m.kept)
	if err != nil {
		return err
	}
	if now != m.did.Stays {
		return fault.Conflictf("the login was changed since")
	}
	if err := m.part(ctx); err != nil {
		return err
	}
	if err := forgetClosed(ctx, m.tx, m.did.Shut); err != nil {
		return err
	}
	if err := m.give(ctx, giveMakers, m.did.Students, m.gone); err != nil {
		return err
	}
	for _, h := range hanging {
		if err := m.give(ctx, h.give, m.did.Moved[h.name], m.gone); err != nil {
			return err
		}
	}
	if err := m.roster.UndoMerge(ctx, m.tx, m.actor, id); err != nil {
		return err
	}
	return m.afresh(ctx)
}

// part gives each record the account back that held it, as far as there still is one.
func (m *merging) part(ctx context.Context) error {
	if m.did.Stays == 0 {
		return nil
	}
	if _, err := m.tx.Exec(ctx, deleteHolds, m.kept, m.gone); err != nil {
		return err
	}
	for _, side := range []struct{ contact, account int64 }{{m.kept, m.did.Kept}, {m.gone, m.did.Gone}} {
		if side.account == m.did.Stays {
			if err := hold(ctx, m.tx, side.account, side.contact, m.now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// afresh forgets what resets closed on a record that has no login any more, and closes again what they had closed on the record that went.
func (m *merging) afresh(ctx context.Context) error {
	for _, side := range []struct{ contact, account int64 }{{m.kept, m.did.Kept}, {m.gone, m.did.Gone}} {
		if side.account != 0 && side.account == m.did.Stays {
			continue
		}
		if err := reopenAll(ctx, m.tx, side.contact); err != nil { // a login made later begins afresh
			return err
		}
	}
	if m.did.Gone == 0 || m.did.Gone != m.did.Stays || len(m.did.Closed) == 0 {
		return nil
	}
	lines, err := m.roster.LinesOfContacts(ctx, m.tx, []int64{m.gone})
	if err != nil {
		return err
	}
	for _, l := range lines {
		if !slices.Contains(m.did.Closed, l.StudentID) {
			continue
		}
		if err := closeLine(ctx, m.tx, l.Line.ID, m.now()); err != nil {
			return err
		}
	}
	return nil
}
