package audit

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Head is the end of the chain. Seq 0 means that nothing was sealed yet.
type Head struct {
	Seq   int64
	Chain []byte
	At    time.Time // when it was read
}

// Head returns the end of the chain.
func (l *Log) Head(ctx context.Context, db *sqldb.DB) (Head, error) {
	var h Head
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		h, err = head(ctx, tx)
		return err
	})
	h.At = l.now().UTC()
	return h, err
}

const (
	sealerLease = 5 * time.Second
	sealAtOnce  = 256 // events in one transaction
)

// Seal gives every committed event that has no place in the chain one, in the order in which it finds them, and reports whether this
// process is the one that seals. One process at a time does: the others leave it alone until its lease is over. Whether a row is genuine
// is not asked here: Verify compares it with the code that it was written with.
func (l *Log) Seal(ctx context.Context, db *sqldb.DB) (holds bool, err error) {
	for {
		var some bool
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			var err error
			if holds, err = l.mayHold(ctx, tx); err != nil || !holds {
				return err
			}
			waiting, err := sqldb.All(ctx, tx, scanPending, selectPending, 1)
			some = len(waiting) > 0
			return err
		})
		if err != nil || !holds || !some {
			return holds, err
		}
		more := false
		err = db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			if holds, err = l.mayHold(ctx, tx); err != nil || !holds {
				return err
			}
			more, err = l.sealBatch(ctx, tx)
			return err
		})
		if err != nil || !holds || !more {
			return holds, err
		}
	}
}

// Release gives the lease back, so that the next program need not wait until it is over.
func (l *Log) Release(ctx context.Context, db *sqldb.DB) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, deleteLease, l.holder)
		return err
	})
}

// mayHold reports whether nobody else holds the lease.
func (l *Log) mayHold(ctx context.Context, tx *sqldb.Tx) (bool, error) {
	lease, err := sqldb.One(ctx, tx, scanLease, selectLease)
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	now := l.now().UnixMicro()
	// A lease that runs longer than one can was given by a clock that was wrong.
	return lease.holder == l.holder || lease.until <= now || lease.until > now+2*sealerLease.Microseconds(), err
}

// sealBatch takes the lease and seals what waits, and reports whether more may wait.
func (l *Log) sealBatch(ctx context.Context, tx *sqldb.Tx) (more bool, err error) {
	if _, err := tx.Exec(ctx, upsertLease, l.holder, l.now().Add(sealerLease).UnixMicro()); err != nil {
		return false, err
	}
	h, err := head(ctx, tx)
	if err != nil {
		return false, err
	}
	limit := sealAtOnce
	if h.Seq == 0 { // events from before the chain have no code: they get theirs now, all at once, or never
		limit = 1 << 30
	}
	waiting, err := sqldb.All(ctx, tx, scanPending, selectPending, limit)
	if err != nil {
		return false, err
	}
	c := newCoder(l.key)
	seals := make([][]any, 0, len(waiting))
	ids := make([]any, 0, len(waiting))
	for _, p := range waiting {
		if p.mac == nil && h.Seq == 0 {
			if p.mac, err = l.adopt(ctx, tx, c, p.event); err != nil {
				return false, err
			}
		}
		if p.mac == nil {
			p.mac = []byte{} // nobody's code: Verify will say so
		}
		n := int64(len(ids)) + 1 + h.Seq
		link := c.link(h.Chain, n, p.event, p.mac)
		h.Chain = link[:]
		seals = append(seals, []any{n, p.event, p.mac, h.Chain})
		ids = append(ids, p.event)
	}
	if err := sqldb.InsertMany(ctx, tx, insertSeals, seals); err != nil {
		return false, err
	}
	return len(waiting) == limit, inGroups(ids, func(n int, args []any) error {
		_, err := tx.Exec(ctx, deletePending(n), args...)
		return err
	})
}

// adopt makes the code of an event that was written before there were any, nil for one that is gone.
func (l *Log) adopt(ctx context.Context, tx *sqldb.Tx, c *coder, event int64) ([]byte, error) {
	var detail, mac []byte
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var id int64
		var salt, text sql.RawBytes
		err := r.Scan(&id, &salt, &text)
		detail = detailHash(salt, text)
		return err
	}, selectDetails, event, event)
	if err != nil {
		return nil, err
	}
	err = sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var w row
		if err := r.Scan(w.targets()...); err != nil {
			return err
		}
		if w.detailHash == nil {
			w.detailHash = detail
		}
		made := c.event(&w)
		mac = made[:]
		return nil
	}, selectRow, event)
	return mac, err
}

// inGroups calls fn with groups of ids, of which there are two sizes alone, so that there are few statement texts.
func inGroups(ids []any, fn func(n int, ids []any) error) error {
	for len(ids) > 0 {
		n := 32
		if len(ids) < n {
			n = 1
		}
		if err := fn(n, ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func head(ctx context.Context, tx *sqldb.Tx) (Head, error) {
	h, err := sqldb.One(ctx, tx, func(r *sql.Rows) (h Head, err error) { return h, r.Scan(&h.Seq, &h.Chain) }, selectHead)
	if fault.Is(err, fault.NotFound) {
		return Head{}, nil
	}
	return h, err
}
