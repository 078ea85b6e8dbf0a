package account

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// seen remembers when sessions were last used, so that reading a page writes nothing. A stamp goes to the database in a batch, at most
// every seenStep for one session; on this node the limit of idleness is exact all the same.
type seen struct {
	mu     sync.Mutex
	stamps map[[32]byte]stamp
}

type stamp struct{ at, written time.Time }

const seenStep = 10 * time.Second

// last returns the later of the stamp in memory and the one of the row.
func (s *seen) last(id [32]byte, row time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st, ok := s.stamps[id]; ok && st.at.After(row) {
		return st.at
	}
	return row
}

func (s *seen) note(id [32]byte, now, written time.Time) {
	if !now.After(written) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stamps == nil {
		s.stamps = map[[32]byte]stamp{}
	}
	s.stamps[id] = stamp{now, written}
}

func (s *seen) forget(id [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.stamps, id)
}

// due returns the stamps to be written now: those that are a step ahead of their row, and those of sessions that came to rest.
func (s *seen) due(now time.Time) map[[32]byte]stamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := map[[32]byte]stamp{}
	for id, st := range s.stamps {
		if st.at.Sub(st.written) >= seenStep || now.Sub(st.at) >= seenStep {
			due[id] = st
		}
	}
	return due
}

// all returns every stamp that is ahead of its row.
func (s *seen) all() map[[32]byte]stamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.stamps)
}

// written forgets stamps that stand in the database, unless a newer one has come.
func (s *seen) written(done map[[32]byte]stamp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.stamps, func(id [32]byte, st stamp) bool {
		d, ok := done[id]
		return ok && !st.at.After(d.at)
	})
}

// FlushSeen writes the last-seen times that are due; to be called every second.
func (a *Accounts) FlushSeen(ctx context.Context) error { return a.flush(ctx, a.seen.due(a.now())) }

// flush writes in transactions short enough that nobody waits behind one.
func (a *Accounts) flush(ctx context.Context, due map[[32]byte]stamp) error {
	const some = 500
	batch := make(map[[32]byte]stamp, min(len(due), some))
	write := func() error {
		err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
			for id, st := range batch {
				if _, err := tx.Exec(ctx, updateSeen, id[:], st.at.UnixMicro()); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			a.seen.written(batch)
			clear(batch)
		}
		return err
	}
	for id, st := range due {
		batch[id] = st
		if len(batch) == some {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return write()
}
