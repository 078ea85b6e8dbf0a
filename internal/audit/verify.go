package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Wrong says what is wrong with the log at one place.
type Wrong string

// What can be wrong.
const (
	WrongRow       Wrong = "row"       // the row is not what was written: edited, forged or copied
	WrongDetail    Wrong = "detail"    // the detail is not what was written
	WrongMissing   Wrong = "missing"   // a row or its seal is gone
	WrongInserted  Wrong = "inserted"  // a row came in from outside; it has no seal
	WrongOrder     Wrong = "order"     // the chain is broken: rows changed places, or seals were edited
	WrongTruncated Wrong = "truncated" // the end that an anchor knows is gone
	WrongAnchor    Wrong = "anchor"    // an anchor knows another chain: the log was written anew
	WrongUnsealed  Wrong = "unsealed"  // a genuine row waits for its seal for more than a minute: nobody seals
	WrongErased    Wrong = "erased"    // more details are gone than erasures tell of
	WrongKey       Wrong = "key"       // not one row fits: the key is not the one that sealed this log
)

// Finding is one thing that is wrong. Seq is the first sequence number that cannot be trusted; for a row without one, that of the next
// row that has one. Event is the row's number, 0 where it is not known.
type Finding struct {
	Wrong Wrong
	Seq   int64
	Event int64
}

// Report is what Verify found. The findings are sorted by Seq, and no more than findingsKept; Bad counts them all.
type Report struct {
	Head     Head
	Pending  int64 // rows that were written within the last minute and wait for their seal
	Erased   int64 // details that were erased
	Recorded int64 // details erased, as the erasures tell
	Anchors  int   // how many were compared
	Bad      int64
	Findings []Finding
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return r.Bad == 0 }

const (
	findingsKept = 20
	stretch      = 20_000 // rows that one worker checks at a time
	sealWithin   = time.Minute
)

// Verify reads the whole log and compares every row with its code, its detail and its place in the chain, and the chain with the anchors.
// It streams: memory does not grow with the log. An error means that it could not be read, not that something is wrong.
func (l *Log) Verify(ctx context.Context, db *sqldb.DB, anchors []Head) (Report, error) {
	v := &verifier{log: l, db: db, anchors: map[int64][]byte{}}
	for _, a := range anchors {
		v.anchors[a.Seq] = a.Chain
	}
	v.report.Anchors = len(anchors)
	var events, pending int64
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if v.report.Head, err = head(ctx, tx); err != nil {
			return err
		}
		if events, err = sqldb.Value[int64](ctx, tx, countEvents); err != nil {
			return err
		}
		pending, err = sqldb.Value[int64](ctx, tx, countPending)
		return err
	})
	if err != nil {
		return v.report, err
	}
	v.report.Head.At, v.report.Pending = l.now().UTC(), pending
	if err := v.stretches(ctx); err != nil {
		return v.report, err
	}
	if n := v.report.Head.Seq; n > 0 && v.misfits == n {
		v.report.Bad, v.report.Findings = 1, []Finding{{Wrong: WrongKey, Seq: 1}}
		return v.report, nil
	}
	if events != pending+v.report.Head.Seq-v.missing {
		if err := v.unsealed(ctx); err != nil {
			return v.report, err
		}
	}
	if err := v.waiting(ctx); err != nil {
		return v.report, err
	}
	if err := v.erasures(ctx); err != nil {
		return v.report, err
	}
	v.ends(anchors)
	slices.SortFunc(v.report.Findings, bySeq)
	v.report.Findings = v.report.Findings[:min(len(v.report.Findings), findingsKept)]
	return v.report, nil
}

// verifier is one verification under way.
type verifier struct {
	log     *Log
	db      *sqldb.DB
	anchors map[int64][]byte

	mu      sync.Mutex
	report  Report
	missing int64 // sequence numbers without a row
	misfits int64 // rows whose code and whose link are both wrong
}

// stretches checks the chain in stretches, several at once: where each begins, the link before it is taken as it stands, because another
// worker checks that one.
func (v *verifier) stretches(ctx context.Context) error {
	starts := make(chan int64)
	workers := max(1, min(4, runtime.GOMAXPROCS(0)))
	failed := make([]error, workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var working sync.WaitGroup
	for i := range workers {
		working.Go(func() {
			for from := range starts {
				if failed[i] == nil {
					if failed[i] = v.stretch(ctx, from, min(from+stretch, v.report.Head.Seq)); failed[i] != nil {
						cancel()
					}
				}
			}
		})
	}
	for from := int64(0); from < v.report.Head.Seq && ctx.Err() == nil; from += stretch {
		starts <- from
	}
	close(starts)
	working.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// unsealed finds the rows that did not come by Record.
func (v *verifier) unsealed(ctx context.Context) error {
	return v.db.Read(ctx, func(tx *sqldb.Tx) error {
		ids, err := sqldb.All(ctx, tx, func(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }, selectUnsealed, findingsKept)
		if err != nil {
			return err
		}
		for _, id := range ids {
			seq, err := sqldb.Value[int64](ctx, tx, selectNextSeal, id)
			if fault.Is(err, fault.NotFound) {
				seq, err = v.report.Head.Seq+1, nil
			}
			if err != nil {
				return err
			}
			v.add(WrongInserted, seq, id)
		}
		return nil
	})
}

// waiting finds out whether rows wait for longer than they should.
func (v *verifier) waiting(ctx context.Context) error {
	if v.report.Pending == 0 {
		return nil
	}
	return v.db.Read(ctx, func(tx *sqldb.Tx) error {
		now := v.log.now()
		id, err := sqldb.Value[int64](ctx, tx, selectWaiting, now.Add(-sealWithin).UnixMicro(), now.Add(sealWithin).UnixMicro())
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err == nil {
			v.add(WrongUnsealed, v.report.Head.Seq+1, id)
		}
		return err
	})
}

// erasures counts what erasures tell, after everything else was read: one that ran meanwhile has told by now.
func (v *verifier) erasures(ctx context.Context) error {
	return v.db.Read(ctx, func(tx *sqldb.Tx) error {
		v.report.Recorded = 0
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var detail []byte
			var told erasure
			if err := r.Scan(&detail); err != nil {
				return err
			}
			if json.Unmarshal(detail, &told) == nil { // what cannot be read tells of nothing
				v.report.Recorded += told.Details
			}
			return nil
		}, selectErasures, areaLog, actionErased)
	})
}

// ends compares what only the whole log can tell.
func (v *verifier) ends(anchors []Head) {
	for _, a := range anchors {
		if a.Seq > v.report.Head.Seq {
			v.add(WrongTruncated, v.report.Head.Seq+1, 0)
			break
		}
	}
	if v.report.Erased > v.report.Recorded {
		v.add(WrongErased, v.report.Head.Seq, 0)
	}
}

func (v *verifier) add(w Wrong, seq, event int64) {
	v.report.Bad++
	v.report.Findings = append(v.report.Findings, Finding{w, seq, event})
}
