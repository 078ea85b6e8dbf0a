package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// pace plans the mails of acts on many logins: one after another, all acts together no faster than the school's MailsPerMinute and no more
// a day than are left to them, so that a temporary password is made when its mail may leave. What really leaves is held back by mailGate. The
// nil pace plans nothing.
type pace struct {
	at    time.Time // when the next mail may leave
	every time.Duration
	zone  *time.Location
	quota int // a day; 0: no limit
	day   string
	count int // planned for the day
	taken bool
}

// readPace reads when the next mail may leave.
func (f *Family) readPace(ctx context.Context, tx *sqldb.Tx) (*pace, error) {
	g, err := readGate(ctx, tx)
	v := f.settings.Values()
	p := &pace{
		at: f.now(), every: time.Minute / time.Duration(v.MailsPerMinute), zone: f.settings.Location(), quota: laterADay(v.MailsADay),
		day: g.planDay, count: g.planCount,
	}
	if g.next.After(p.at) {
		p.at = g.next
	}
	p.place()
	return p, err
}

// place moves the next place to a day that has one.
func (p *pace) place() {
	if day := p.at.In(p.zone).Format(time.DateOnly); day != p.day {
		p.day, p.count = day, 0
	}
	if p.quota > 0 && p.count >= p.quota {
		p.at = nextDay(p.at, p.zone)
		p.day, p.count = p.at.In(p.zone).Format(time.DateOnly), 0
	}
}

// take takes the next place and returns its time.
func (p *pace) take() time.Time {
	if p == nil {
		return time.Time{}
	}
	at := p.at
	p.at = at.Add(p.every)
	p.count++
	p.taken = true
	p.place()
	return at
}

// keep writes what was taken.
func (p *pace) keep(ctx context.Context, tx *sqldb.Tx) error {
	if !p.taken {
		return nil
	}
	_, err := tx.Exec(ctx, updatePlan, p.at.UnixMicro(), p.day, p.count)
	return err
}

// nextDay is the first moment of the day after.
func nextDay(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}
