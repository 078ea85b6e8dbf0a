package family

import (
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	sweptAtOnce    = 50 // accounts a transaction
	requestsAtOnce = 500
)

// Sweep ends what time has ended: waiting accounts that nobody claimed, student logins whose maker's line ran out, accounts whose person
// left the records; it erases records that left, lists who is
// new to a child, forgets old requests and reservations, and writes the searches collected so far. It may be called as often as one likes,
// and on several nodes at once.
func (f *Family) Sweep(ctx context.Context) error {
	if err := f.Flush(ctx); err != nil {
		return err
	}
	unclaimed, err := f.accounts.Sweep(ctx)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(unclaimed, sweptAtOnce) {
		if err := f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.endUnclaimed(ctx, tx, chunk) }); err != nil {
			return err
		}
	}
	if err := f.roster.SettleStatuses(ctx); err != nil {
		return err
	}
	if err := f.sweepAdults(ctx); err != nil {
		return err
	}
	if err := f.sweepStudentLogins(ctx); err != nil {
		return err
	}
	if err := f.sweepRecords(ctx); err != nil {
		return err
	}
	if err := f.sweepOrphans(ctx); err != nil {
		return err
	}
	if err := f.sweepNewcomers(ctx); err != nil {
		return err
	}
	if err := f.sweepQuality(ctx); err != nil {
		return err
	}
	if err := f.forgetMerges(ctx, f.now().Add(-f.settings.Values().RequestsKept)); err != nil {
		return err
	}
	if err := f.SweepBulks(ctx); err != nil {
		return err
	}
	err = f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, deleteWaves, f.now().Add(-f.settings.Values().RequestsKept).UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteMailDays, f.now().Add(-mailDaysKept).In(f.settings.Location()).Format(time.DateOnly))
		return err
	})
	if err != nil {
		return err
	}
	// A child may have moved to a school that is open.
	if err := f.unhold(ctx, jobs.Job{}); err != nil {
		return err
	}
	if err := f.forgetOld(ctx); err != nil {
		return err
	}
	return f.sweepDesk(ctx)
}

// endUnclaimed ends waiting accounts, unless somebody claimed them since.
func (f *Family) endUnclaimed(ctx context.Context, tx *sqldb.Tx, ids []int64) error {
	for _, id := range ids {
		a, err := f.accounts.Account(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if a.State != account.Waiting || a.ClaimBy.IsZero() || a.ClaimBy.After(f.now()) {
			continue
		}
		if err := f.endAccount(ctx, tx, a, "unclaimed"); err != nil {
			return err
		}
	}
	return nil
}

// endAccount ends a login that no reset ends, with what rests on it.
func (f *Family) endAccount(ctx context.Context, tx *sqldb.Tx, a account.Account, why string) error {
	contacts, err := heldBy(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	made, err := madeLogins(ctx, tx, selectMadeByContacts, contacts)
	if err != nil {
		return err
	}
	for _, m := range made {
		if err := f.endStudentLogin(ctx, tx, sweeper(), m, why); err != nil {
			return err
		}
	}
	for _, c := range contacts {
		if err := reopenAll(ctx, tx, c); err != nil { // a login made later begins afresh
			return err
		}
	}
	if err := f.accounts.Delete(ctx, tx, a.ID); err != nil {
		return err
	}
	e := audit.Event{
		Actor: sweeper(), Action: string(a.Kind) + ".ended", TargetKind: "account", TargetID: a.ID,
		Detail: map[string]any{"username": a.Username, "why": why},
	}
	if len(contacts) > 0 {
		e.TargetKind, e.TargetID = "contact", contacts[0]
	}
	return f.audit.Record(ctx, tx, e)
}

// sweepStudentLogins ends those whose maker's line is no longer open without anybody having touched it: its dates ran out, or the
// school's rule changed.
func (f *Family) sweepStudentLogins(ctx context.Context) error {
	for after, more := int64(0), true; more; {
		var lines []*loginLine
		err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
			var err error
			lines, err = sqldb.All(ctx, tx, scanLoginLine(f.rule()), selectMakersLines, after)
			return err
		})
		if err != nil {
			return err
		}
		var shut []int64
		for _, l := range lines {
			after = l.StudentID
			if !l.open() {
				shut = append(shut, l.LineID)
			}
		}
		more = len(lines) > 0
		for chunk := range slices.Chunk(shut, sweptAtOnce) {
			err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
				return f.LinesChanged(ctx, tx, sweeper(), roster.Change{LineIDs: chunk})
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepOrphans ends accounts whose contact or student is gone from the records altogether.
func (f *Family) sweepOrphans(ctx context.Context) error {
	for after := int64(0); ; {
		var found []int64
		err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
			var err error
			found, err = orphans(ctx, tx, after)
			return err
		})
		if err != nil || len(found) == 0 {
			return err
		}
		after = found[len(found)-1]
		for chunk := range slices.Chunk(found, sweptAtOnce) {
			if err := f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.endOrphans(ctx, tx, chunk) }); err != nil {
				return err
			}
		}
	}
}

// endOrphans ends the accounts. None of them can have got a person since: an account and its person come in one transaction.
func (f *Family) endOrphans(ctx context.Context, tx *sqldb.Tx, found []int64) error {
	for _, id := range found {
		a, err := f.accounts.Account(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := f.endAccount(ctx, tx, a, "no longer on record"); err != nil {
			return err
		}
	}
	return nil
}

func (f *Family) forgetOld(ctx context.Context) error {
	now := f.now()
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := forgetReservations(ctx, tx, now); err != nil {
			return err
		}
		return forgetNotices(ctx, tx, now.Add(-noticesKept))
	})
	if err != nil {
		return err
	}
	for n := int64(requestsAtOnce); n == requestsAtOnce; {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
			var err error
			n, err = forgetRequests(ctx, tx, now.Add(-f.settings.Values().RequestsKept))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweeper is who acts when time does.
func sweeper() access.Actor { return access.Actor{Kind: access.System} }
