package audit

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// How a record was seen.
type How string

// A record is opened on a page, or given out in bulk.
const (
	Opened   How = "opened"
	Exported How = "exported"
)

// View is what is on record of one viewer, one child and one day (UTC): when first, when last, how often.
type View struct {
	StudentID   int64
	Day         string
	ViewerKind  access.Kind
	ViewerID    int64 // 0 for the command line
	How         How
	Address     string
	First, Last time.Time
	Count       int64
}

// Views collects in memory who opens whose record, so that no page waits for the writer. What was noted since the last Flush, a second
// before at most, is lost when the process is killed. It is safe for concurrent use.
type Views struct {
	now func() time.Time

	mu      sync.Mutex
	waiting map[viewKey]*View
}

type viewKey struct {
	student, viewer int64
	day             string
	kind            access.Kind
	how             How
	address         string
}

// Note notes that the actor opened the records of these students.
func (v *Views) Note(actor access.Actor, students ...int64) { v.note(Opened, actor, students) }

// NoteExport notes that the actor took the records of these students out.
func (v *Views) NoteExport(actor access.Actor, students ...int64) { v.note(Exported, actor, students) }

func (v *Views) note(how How, actor access.Actor, students []int64) {
	at := v.now().UTC()
	day := at.Format(time.DateOnly)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.waiting == nil {
		v.waiting = map[viewKey]*View{}
	}
	for _, id := range students {
		k := viewKey{id, actor.AccountID, day, actor.Kind, how, actor.Address}
		if w := v.waiting[k]; w != nil {
			w.Last = at
			w.Count++
			continue
		}
		v.waiting[k] = &View{
			StudentID: id, Day: day, ViewerKind: actor.Kind, ViewerID: actor.AccountID, How: how, Address: actor.Address, First: at, Last: at, Count: 1,
		}
	}
}

const viewsAtOnce = 500

// Flush writes what was noted so far, in short transactions. What could not be written is kept for the next time.
func (v *Views) Flush(ctx context.Context, db *sqldb.DB) error {
	for {
		batch := v.take(viewsAtOnce)
		if len(batch) == 0 {
			return nil
		}
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			for _, w := range batch {
				if _, err := tx.Exec(ctx, upsertView, w.StudentID, w.Day, string(w.ViewerKind), w.ViewerID, string(w.How), w.Address,
					w.First.UnixMicro(), w.Last.UnixMicro(), w.Count); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			v.giveBack(batch)
			return err
		}
	}
}

func (v *Views) take(n int) []*View {
	v.mu.Lock()
	defer v.mu.Unlock()
	var batch []*View
	for k, w := range v.waiting {
		if len(batch) == n {
			break
		}
		batch = append(batch, w)
		delete(v.waiting, k)
	}
	return batch
}

func (v *Views) giveBack(batch []*View) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, w := range batch {
		k := viewKey{w.StudentID, w.ViewerID, w.Day, w.ViewerKind, w.How, w.Address}
		if since := v.waiting[k]; since != nil {
			w.Last = since.Last
			w.Count += since.Count
		}
		v.waiting[k] = w
	}
}

// ViewQuery asks for views: those of one student, or by one viewer, or from one address, or all of some days.
type ViewQuery struct {
	StudentID  int64
	ViewerKind access.Kind
	ViewerID   int64 // with ViewerKind
	Address    string
	From, To   time.Time // zero: no bound; To is not included. A view counts when it was under way at any time between
	Limit      int       // 0: all
}

// Seen returns views, the newest days first, in the caller's transaction. Along which index depends on what is asked; one of the bounds must be
// there.
func (l *Log) Seen(ctx context.Context, tx *sqldb.Tx, q ViewQuery) ([]View, error) {
	from, to := "0000-00-00", "9999-99-99"
	if !q.From.IsZero() {
		from = q.From.UTC().Format(time.DateOnly)
	}
	if !q.To.IsZero() {
		to = q.To.UTC().Format(time.DateOnly)
	}
	limit := int64(1) << 40
	if q.Limit > 0 {
		limit = int64(q.Limit)
	}
	args := []any{from, to, limit}
	query := viewsOfDays
	switch {
	case q.StudentID != 0:
		query, args = viewsOfStudent, append(args, q.StudentID)
	case q.ViewerKind != "":
		query, args = viewsByViewer, append(args, string(q.ViewerKind), q.ViewerID)
	case q.Address != "":
		query, args = viewsFrom, append(args, q.Address)
	}
	var all []View
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		w, err := scanView(r)
		if err == nil && (q.From.IsZero() || !w.Last.Before(q.From)) && (q.To.IsZero() || w.First.Before(q.To)) {
			all = append(all, w)
		}
		return err
	}, query, args...)
	return all, err
}
