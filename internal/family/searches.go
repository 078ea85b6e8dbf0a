package family

import (
	"context"
	"sync"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// searchesKept bounds what waits to be written; whatever comes on top of it is written at once.
const searchesKept = 4096

// searches collects the audit events of searches, so that a page is not kept waiting for the writer. Up to searchesKept of them are
// lost when the process is killed; events of changes never pass through here.
type searches struct {
	mu      sync.Mutex
	waiting []audit.Event
}

// add takes an event and reports whether it is time to flush.
func (s *searches) add(e audit.Event) (full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, e)
	return len(s.waiting) >= searchesKept
}

func (s *searches) take() []audit.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.waiting
	s.waiting = nil
	return taken
}

// giveBack returns events that could not be written.
func (s *searches) giveBack(events []audit.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(events, s.waiting...)
}

// Flush writes the searches collected so far to the audit log, in one transaction. The program calls it every few seconds and before
// it ends; Sweep calls it too.
func (f *Family) Flush(ctx context.Context) error {
	events := f.searches.take()
	if len(events) == 0 {
		return nil
	}
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, e := range events {
			if err := f.audit.Record(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.searches.giveBack(events)
	}
	return err
}
