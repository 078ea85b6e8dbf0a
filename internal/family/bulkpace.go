package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// pace spreads the mails of bulk acts: one after another, all acts together no faster than the school's MailsPerMinute. The nil pace holds
// nothing back.
type pace struct {
	at    time.Time // when the next mail may leave
	every time.Duration
	taken bool
}

// readPace reads when the next mail may leave.
func (f *Family) readPace(ctx context.Context, tx *sqldb.Tx) (*pace, error) {
	next, err := valueOrZero(ctx, tx, selectPace)
	p := &pace{at: f.now(), every: time.Minute / time.Duration(f.settings.Values().MailsPerMinute)}
	if at := moment(next); at.After(p.at) {
		p.at = at
	}
	return p, err
}

// take takes the next place and returns its time.
func (p *pace) take() time.Time {
	if p == nil {
		return time.Time{}
	}
	at := p.at
	p.at = at.Add(p.every)
	p.taken = true
	return at
}

// keep writes what was taken.
func (p *pace) keep(ctx context.Context, tx *sqldb.Tx) error {
	if !p.taken {
		return nil
	}
	_, err := tx.Exec(ctx, upsertPace, p.at.UnixMicro())
	return err
}
