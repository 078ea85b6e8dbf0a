package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	probeEvery = 30 * time.Second // how often a mail server that is out of reach is tried

	gateWindow = 60 // seconds
	dayShare   = 5  // of a day's mails, one in so many is left to those that go first
)

// mailGate implements jobs.Gate for mail: over all nodes no more in any minute and on any day than the school allows, nothing while all mail is
// stopped, and one at a time while the mail server is out of reach.
type mailGate struct{ *Family }

// gateState is the gate's row.
type gateState struct {
	next      time.Time // for acts on many
	planDay   string
	planCount int
	stopped   time.Time // zero: mail is not stopped
	stoppedBy string
	down      time.Time // zero: the mail server is within reach
	words     string
	probe     time.Time
}

// laterADay is how many mails of acts on many may leave on a day, 0 for no limit.
func laterADay(aDay int) int { return aDay - aDay/dayShare }

// Open implements jobs.Gate.
func (g mailGate) Open(ctx context.Context, tx *sqldb.Tx, want int) (all, later int, err error) {
	state, err := readGate(ctx, tx)
	if err != nil || !state.stopped.IsZero() {
		return 0, 0, err
	}
	now := g.now()
	if !state.down.IsZero() {
		if now.Before(state.probe) {
			return 0, 0, nil
		}
		want = 1
	}
	v := g.settings.Values()
	begun, err := sqldb.Value[int](ctx, tx, sumSeconds, now.Unix()-gateWindow)
	if err != nil {
		return 0, 0, err
	}
	all = min(want, v.MailsPerMinute-begun)
	later = all
	if v.MailsADay > 0 && all > 0 {
		day, err := mailsOn(ctx, tx, g.settings.Today())
		if err != nil {
			return 0, 0, err
		}
		all = min(all, v.MailsADay-day.urgent-day.later)
		later = min(all, laterADay(v.MailsADay)-day.urgent-day.later)
	}
	return max(all, 0), max(later, 0), nil
}

// Through implements jobs.Gate.
func (g mailGate) Through(ctx context.Context, tx *sqldb.Tx, first, later int) error {
	now := g.now()
	for _, do := range []struct {
		query string
		args  []any
	}{
		{upsertSecond, []any{now.Unix(), first + later}},
		{deleteSeconds, []any{now.Unix() - 2*gateWindow}},
		{upsertMailDay, []any{g.settings.Today(), first, later}},
		{updateProbe, []any{now.Add(probeEvery).UnixMicro()}},
	} {
		if _, err := tx.Exec(ctx, do.query, do.args...); err != nil {
			return err
		}
	}
	return nil
}

// handed notes that the mail server is within reach again, if it was not.
func (f *Family) handed(ctx context.Context, wasDown bool) error {
	if !wasDown {
		return nil
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		f.jobs.Wake(tx, jobMail)
		_, err := tx.Exec(ctx, updateUp)
		return err
	})
}

// outOfReach notes that the mail server is out of reach, and gives the day's place back: nothing has left.
func (f *Family) outOfReach(ctx context.Context, job jobs.Job, words string) error {
	now := f.now()
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, updateDown, now.UnixMicro(), words, now.Add(probeEvery).UnixMicro()); err != nil {
			return err
		}
		return f.unsent(ctx, tx, job)
	})
}

// unsent gives the day's place back that a mail took which was not offered.
func (f *Family) unsent(ctx context.Context, tx *sqldb.Tx, job jobs.Job) error {
	first, later := 1, 0
	if job.Class == jobs.Later {
		first, later = 0, 1
	}
	_, err := tx.Exec(ctx, lowerMailDay, f.settings.Today(), first, later)
	return err
}
