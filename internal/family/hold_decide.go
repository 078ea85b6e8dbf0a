package family

import (
	"context"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	jobUnhold = "unhold"

	// heldDecided is how old a request may be that is decided anew when its school opens: whoever asked before that has long called.
	heldDecided = 14 * day

	unheldAtOnce = 100
)

// isHeldAt says that the request waits for the school, and sees to it.
func (d *decision) isHeldAt(ctx context.Context, schools ...int64) (bool, error) {
	closings, err := d.roster.ClosingsAt(ctx, d.tx, schools...)
	if err != nil {
		return false, err
	}
	for _, school := range schools {
		if _, held := closings.Held(school); held {
			d.request.outcome, d.request.heldAt = OutcomeHeld, school
			return true, nil
		}
	}
	return false, nil
}

// isHeld is isHeldAt for a line that was matched. A login that is still to be made, or claimed, would open the contact's other children too: it
// waits for their schools as well.
func (d *decision) isHeld(ctx context.Context, l roster.FullLine, acct int64) (bool, error) {
	if held, err := d.isHeldAt(ctx, l.Student.SchoolID); err != nil || held {
		return held, err
	}
	if acct != 0 {
		a, err := d.accounts.Account(ctx, d.tx, acct)
		if err != nil || a.State != account.Waiting {
			return false, err
		}
	}
	return d.isHeldFor(ctx, l.ContactID)
}

// isHeldFor is isHeldAt for every school of the children that a login of the contact opens.
func (d *decision) isHeldFor(ctx context.Context, contact int64) (bool, error) {
	opens, err := d.opening(ctx, []roster.Contact{{ID: contact}})
	if err != nil {
		return false, err
	}
	schools := make([]int64, len(opens))
	for i, l := range opens {
		schools[i] = l.Student.SchoolID
	}
	return d.isHeldAt(ctx, once(schools)...)
}

// addStudent decides anew an "Add Additional Student" that was held. The child shows with the parent's next page.
func (d *decision) addStudent(ctx context.Context) error {
	outcome, line, err := d.openStudent(ctx, d.tx, d.request.account, d.request.idNumber)
	if err != nil {
		return err
	}
	d.request.outcome = outcome
	if line != nil {
		d.request.student, d.request.contact, d.request.heldAt = line.StudentID, line.ContactID, line.Student.SchoolID
	}
	return nil
}

// enqueueUnhold has the requests decided that no longer wait for anything.
func (f *Family) enqueueUnhold(ctx context.Context, tx *sqldb.Tx) error {
	_, err := f.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobUnhold, Payload: []byte("{}"), Deadline: f.now().Add(decideWithin)})
	return err
}

// unhold is the handler of jobUnhold.
func (f *Family) unhold(ctx context.Context, _ jobs.Job) error {
	for more := true; more; {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			more, err = f.unholdSome(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("deciding what was held: %w", err)
		}
	}
	return nil
}

// unholdSome gives some of the requests that wait for nothing any more back to the worker, and reports whether there were any. Of several
// requests for one contact only the newest is decided: the mails of the others would say what the last one takes back.
func (f *Family) unholdSome(ctx context.Context, tx *sqldb.Tx) (bool, error) {
	since := f.now().Add(-heldDecided)
	schools, err := heldSchools(ctx, tx, since)
	if err != nil || len(schools) == 0 {
		return false, err
	}
	closings, err := f.roster.ClosingsAt(ctx, tx, schools...)
	if err != nil {
		return false, err
	}
	for _, school := range schools {
		if _, held := closings.Held(school); held {
			continue
		}
		found, err := heldRequests(ctx, tx, school, since)
		if err != nil {
			return false, err
		}
		for _, h := range found {
			if h.again {
				if err = updateHeld(ctx, tx, h.id, OutcomeAskedAgain, f.now()); err == nil && h.inCase != 0 {
					_, err = refreshCase(ctx, tx, h.inCase)
				}
			} else if err = updateHeld(ctx, tx, h.id, OutcomePending, time.Time{}); err == nil {
				err = f.enqueueDecision(ctx, tx, decidePayload{Request: h.id}, time.Time{})
			}
			if err != nil {
				return false, err
			}
		}
		return true, nil
	}
	return false, nil
}
