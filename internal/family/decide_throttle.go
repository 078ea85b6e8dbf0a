package family

import (
	"context"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/lang"
)

const day = 24 * time.Hour

// bound is a counter and where it begins to delay true matches. Only mismatches raise it.
type bound struct {
	what   string
	whom   string
	window time.Duration
	limit  int64
}

// everybody is whom the counter of all mismatches counts.
const everybody = "all"

// bounds are the counters that concern the request.
func (d *decision) bounds() []bound {
	all := []bound{{"mismatch_hour", everybody, time.Hour, 1000}}
	if key := lang.IDKey(d.request.idNumber); key != "" {
		all = append(all, bound{"id_number_hour", key, time.Hour, 5}, bound{"id_number_day", key, day, 20})
	}
	if from := access.Source(d.request.address); from != "" {
		all = append(all, bound{"source_minute", from, time.Minute, 60}, bound{"source_hour", from, time.Hour, 600})
	}
	return all
}

// suspected reports whether so many wrong attempts came before that a true match must wait.
func (d *decision) suspected(ctx context.Context) (bool, error) {
	for _, b := range d.bounds() {
		n, err := d.accounts.Counted(ctx, d.tx, b.what, b.whom, b.window)
		if err != nil || n >= b.limit {
			return true, err
		}
	}
	return false, nil
}

// mustWait says that the request, a true match, is decided later, and sees to it. It waits once: nothing that others do may drop it.
func (d *decision) mustWait(ctx context.Context) (bool, error) {
	if d.waited {
		return false, nil
	}
	suspected, err := d.suspected(ctx)
	d.delay = suspected && err == nil
	return d.delay, err
}

// countMismatch raises the counters, and alerts the desk the moment one reaches its limit.
func (d *decision) countMismatch(ctx context.Context) error {
	for _, b := range d.bounds() {
		n, err := d.accounts.Count(ctx, d.tx, b.what, b.whom, b.window)
		if err != nil {
			return err
		}
		if n != b.limit {
			continue
		}
		d.tx.AfterCommit(func() { d.log.Warn("many wrong registration attempts", "counter", b.what) })
		err = d.audit.Record(ctx, d.tx, audit.Event{
			Actor: access.Actor{Kind: access.Visitor, Address: d.request.address}, Action: "request.suspected", TargetKind: "request",
			TargetID: d.request.id, Outcome: b.what, Detail: map[string]any{"reference": d.request.reference},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mayMail takes one of the mails that the contact may get for requests, and reports false when there is none left. The last one of an hour
// and of a day is kept for a temporary password, so that nobody can use all of them up with mails that open nothing.
func (d *decision) mayMail(ctx context.Context, contact int64, withPassword bool) (bool, error) {
	v, whom := d.settings.Values(), strconv.FormatInt(contact, 10)
	bounds := []bound{{"mail_hour", whom, time.Hour, int64(v.MailsPerHour)}, {"mail_day", whom, day, int64(v.MailsPerDay)}}
	for _, b := range bounds {
		if !withPassword {
			b.limit = max(1, b.limit-1)
		}
		n, err := d.accounts.Counted(ctx, d.tx, b.what, b.whom, b.window)
		if err != nil || n >= b.limit {
			return false, err
		}
	}
	for _, b := range bounds {
		if _, err := d.accounts.Count(ctx, d.tx, b.what, b.whom, b.window); err != nil {
			return false, err
		}
	}
	return true, nil
}
