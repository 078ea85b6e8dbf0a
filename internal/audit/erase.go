package audit

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	areaLog      = "log"
	actionErased = "log.erased"
)

// Erase says which details are to go: those older than Before, of all events or of those about one target. Whoever is the account named by the
// target goes as its actor too.
type Erase struct {
	Before     time.Time // zero: no bound
	TargetKind string    // "" for all: then Before is needed
	TargetID   int64
}

// erasure is what an erasure tells of itself, in a detail that stays: it is about nobody.
type erasure struct {
	Details int64 `json:"details"`
}

const eraseAtOnce = 500

// Erase deletes details, in short transactions, and leaves the events: each says afterwards that it had detail. Each transaction tells of itself
// in the log. It returns how many details went; fault.Forbidden for whoever may not keep the settings of the school.
func (l *Log) Erase(ctx context.Context, db *sqldb.DB, actor access.Actor, what Erase) (int64, error) {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return 0, err
	}
	if what.TargetKind == "" && what.Before.IsZero() {
		return 0, fault.Invalidf("say before which day, or about whom")
	}
	queries, args := what.queries(l.now())
	var total int64
	for i, query := range queries {
		for {
			var n int64
			err := db.Write(ctx, func(tx *sqldb.Tx) (err error) {
				n, err = l.eraseBatch(ctx, tx, actor, what, query, args[i])
				return err
			})
			total += n
			if err != nil {
				return total, err
			}
			if n < eraseAtOnce {
				break
			}
		}
	}
	return total, nil
}

func (l *Log) eraseBatch(ctx context.Context, tx *sqldb.Tx, actor access.Actor, what Erase, query string, args []any) (int64, error) {
	ids, err := sqldb.All(ctx, tx, func(r *sql.Rows) (any, error) { var id int64; return id, r.Scan(&id) }, query, args...)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	var n int64
	err = inGroups(ids, func(rows int, args []any) error {
		gone, err := tx.Exec(ctx, deleteDetails(rows), args...)
		n += gone
		return err
	})
	if err != nil {
		return 0, err
	}
	detail := map[string]any{"details": n}
	if !what.Before.IsZero() {
		detail["before"] = what.Before.UTC().Format(time.RFC3339)
	}
	return n, l.Record(ctx, tx, Event{Actor: actor, Action: actionErased, TargetKind: what.TargetKind, TargetID: what.TargetID, Detail: detail})
}

// queries find what to erase; none is answered by a scan.
func (e Erase) queries(now time.Time) (queries []string, args [][]any) {
	before := now.UnixMicro() + 1
	if !e.Before.IsZero() {
		before = e.Before.UnixMicro()
	}
	if e.TargetKind == "" {
		return []string{selectOldDetails}, [][]any{{before, eraseAtOnce}}
	}
	queries, args = []string{selectDetailsAbout}, [][]any{{e.TargetKind, e.TargetID, before, eraseAtOnce}}
	if e.TargetKind == "account" {
		for _, k := range []access.Kind{access.Parent, access.Student, access.Staff} {
			queries, args = append(queries, selectDetailsBy), append(args, []any{string(k), e.TargetID, before, eraseAtOnce})
		}
	}
	return queries, args
}

// Sweep erases the details that are older than kept, as the school's schedule says, and forgets who opened which record before then. What was
// given to others stays on record (34 CFR 99.32).
func (l *Log) Sweep(ctx context.Context, db *sqldb.DB, kept time.Duration) error {
	before := l.now().Add(-kept)
	if _, err := l.Erase(ctx, db, access.Actor{Kind: access.System}, Erase{Before: before}); err != nil {
		return err
	}
	for {
		var n int64
		err := db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = tx.Exec(ctx, deleteOldViews, before.UTC().Format(time.DateOnly), eraseAtOnce)
			return err
		})
		if err != nil || n < eraseAtOnce {
			return err
		}
	}
}
