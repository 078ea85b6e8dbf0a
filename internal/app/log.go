package app

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// anchors says where the log's head is written to, and what was written last.
type anchors struct {
	file string // "" for nowhere but the program's log

	mu   sync.Mutex
	last audit.Head
}

const anchorEvery = time.Hour

// AnchorFile is where a database's anchors are, if none was named: beside the SQLite file, and nowhere for PostgreSQL.
func AnchorFile(named, database string) string {
	if file, isFile := strings.CutPrefix(database, "sqlite:"); isFile && named == "" {
		return file + ".anchors"
	}
	return named
}

// Flush writes what was collected in memory, seals the log and anchors it: what a server does every second.
func (a *App) Flush(ctx context.Context) { a.flush(ctx) }

// SealLog gives the events that were committed since the last time their place in the chain, unless another program on the database does, and
// leaves the rest to whoever comes next.
func (a *App) SealLog(ctx context.Context) error {
	holds, err := a.Audit.Seal(ctx, a.DB)
	if err != nil || !holds {
		return err
	}
	return a.Audit.Release(ctx, a.DB)
}

// keepLog seals, and writes the chain's head down every hour. Of several servers on one database one does it.
func (a *App) keepLog(ctx context.Context) error {
	holds, err := a.Audit.Seal(ctx, a.DB)
	if err != nil || !holds {
		return err
	}
	return a.anchor(ctx)
}

func (a *App) anchor(ctx context.Context) error {
	a.anchors.mu.Lock()
	defer a.anchors.mu.Unlock()
	if a.now().Sub(a.anchors.last.At) < anchorEvery {
		return nil
	}
	h, err := a.Audit.Head(ctx, a.DB)
	if err != nil {
		return err
	}
	if h.Seq != a.anchors.last.Seq {
		if a.anchors.file != "" {
			if err := audit.Anchor(a.anchors.file, h); err != nil {
				return err
			}
		}
		a.log.Info("log anchored", "seq", h.Seq, "chain", hex.EncodeToString(h.Chain))
	}
	a.anchors.last = h
	return nil
}

// DayOf is the instant at which a day begins in the school's time zone.
func (a *App) DayOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, a.Settings.Location())
}

// VerifyLog reads the whole log and reports what is wrong with it, compared with the anchors in a file: the one named, else that beside the
// database, if there is one.
func (a *App) VerifyLog(ctx context.Context, file string) (audit.Report, error) {
	known := a.anchors.file
	if file != "" {
		known = file
	}
	var heads []audit.Head
	if known != "" {
		var err error
		heads, err = audit.Anchors(known)
		if err != nil && (file != "" || !fault.Is(err, fault.NotFound)) {
			return audit.Report{}, err
		}
	}
	return a.Audit.Verify(ctx, a.DB, heads)
}
