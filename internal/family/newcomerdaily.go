package family

import (
	"context"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	dailyLook   = "newcomers"      // the look for logins that a date or a setting opened
	dailyDigest = "newcomers_mail" // the mail to the office
	digestHour  = 6                // from then on, in the school's time zone
	lookedAt    = 200              // contacts at a time
)

// sweepNewcomers does what is done once a day: it finds children that no change opened but a date or the school's rule, and tells the
// office how many entries wait.
func (f *Family) sweepNewcomers(ctx context.Context) error {
	if err := f.lookForNewcomers(ctx); err != nil {
		return err
	}
	if f.now().In(f.settings.Location()).Hour() < digestHour {
		return nil
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		first, err := firstToday(ctx, tx, dailyDigest, f.settings.Today())
		if err != nil || !first {
			return err
		}
		n, err := countUnseen(ctx, tx, sweeper())
		if err != nil || n == 0 {
			return err
		}
		number := strconv.Itoa(n)
		if n >= countTo {
			number = strconv.Itoa(countTo-1) + "+"
		}
		return f.mailOffice(ctx, tx, mailNewcomers, map[string]string{dataNumber: number})
	})
}

// lookForNewcomers walks over the logins once a day. The first time, whoever sees a child is new to nobody.
func (f *Family) lookForNewcomers(ctx context.Context) error {
	how, first := ByRoster, false
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		ever, err := lastDay(ctx, tx, dailyLook)
		if fault.Is(err, fault.NotFound) {
			how, err = before, nil
		}
		if err != nil || ever == f.settings.Today() {
			return err
		}
		first, err = firstToday(ctx, tx, dailyLook, f.settings.Today())
		return err
	})
	if err != nil || !first {
		return err
	}
	for after := int64(0); ; {
		var contacts []int64
		var found []int64
		err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			if contacts, err = heldContactsAfter(ctx, tx, after, lookedAt); err != nil || len(contacts) == 0 {
				return err
			}
			found, err = f.unlistedOf(ctx, tx, contacts)
			return err
		})
		if err != nil || len(contacts) == 0 {
			return err
		}
		after = contacts[len(contacts)-1]
		if len(found) == 0 {
			continue
		}
		err = f.db.Write(ctx, func(tx *sqldb.Tx) error {
			lines, err := loginLines(ctx, tx, f.rule(), selectLines, found)
			if err != nil {
				return err
			}
			return f.noteNewcomers(ctx, tx, lines, how, 0)
		})
		if err != nil {
			return err
		}
	}
}

// unlistedOf are the lines of contacts that open a child and are not in the list.
func (f *Family) unlistedOf(ctx context.Context, tx *sqldb.Tx, contacts []int64) ([]int64, error) {
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfHeld, contacts)
	if err != nil {
		return nil, err
	}
	fresh, err := f.unlisted(ctx, tx, lines, 0)
	var ids []int64
	for _, n := range fresh {
		ids = append(ids, n.line.LineID)
	}
	return ids, err
}
