package audit

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Cursor is a place in the log, newest first.
type Cursor struct{ At, ID int64 }

// Query asks for a page of the log, newest first. Zero values ask for everything.
type Query struct {
	ActorKind  access.Kind
	ActorID    int64 // with ActorKind
	Area       string
	Actions    []string // any of these
	TargetKind string
	TargetID   int64 // with TargetKind
	Address    string
	Outcome    string    // "ok", Failed, or exactly this
	From, To   time.Time // To is not included
	Before     Cursor    // a page's Next
	Limit      int       // default 50
}

// Failed as an outcome asks for everything that was refused or went wrong.
const Failed = "failed"

// Done reports whether an outcome says that what was asked for was done, wholly or as far as there was something to do.
func Done(outcome string) bool {
	return slices.Contains([]string{"ok", "whole", "part", "no_login", "done"}, outcome)
}

// Page is a page of the log. Next leads to older events, nil at the end: a page may hold few events, or none, and still have a next one,
// because no more than examined rows are read for it.
type Page struct {
	Events []Event
	Next   *Cursor
}

const (
	pageLimit = 50
	examined  = 2_000
)

// Page returns a page of the log, in the caller's transaction. It is answered along one index, whatever is asked for: the narrowest filter chooses
// which, and the others are applied to the rows read, of which there is a bounded number.
func (l *Log) Page(ctx context.Context, tx *sqldb.Tx, q Query) (Page, error) {
	if q.Limit <= 0 {
		q.Limit = pageLimit
	}
	query, args := q.sql()
	var p Page
	var last Cursor
	read := 0
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		e, err := scan(r)
		if err != nil {
			return err
		}
		if len(p.Events) == q.Limit {
			p.Next = &last
			return errEnough
		}
		last = Cursor{e.At.UnixMicro(), e.ID}
		if read++; q.wants(&e) {
			p.Events = append(p.Events, e)
		}
		return nil
	}, query, args...)
	if err != nil && !errors.Is(err, errEnough) {
		return Page{}, err
	}
	if read == examined {
		p.Next = &last
	}
	return p, addDetails(ctx, tx, p.Events)
}

// errEnough ends reading early.
var errEnough = errors.New("enough")

// wants applies the filters that the index did not.
func (q *Query) wants(e *Event) bool {
	switch {
	case q.ActorKind != "" && (e.Actor.Kind != q.ActorKind || e.Actor.AccountID != q.ActorID),
		q.Area != "" && Area(e.Action) != q.Area,
		len(q.Actions) > 0 && !slices.Contains(q.Actions, e.Action),
		q.TargetKind != "" && (e.TargetKind != q.TargetKind || e.TargetID != q.TargetID),
		q.Address != "" && e.Actor.Address != q.Address,
		q.Outcome == Failed && Done(e.Outcome),
		q.Outcome != "" && q.Outcome != Failed && e.Outcome != q.Outcome:
		return false
	}
	return true
}

// sql is the query along the index of the narrowest filter.
func (q *Query) sql() (string, []any) {
	before := q.Before
	if before == (Cursor{}) {
		before = Cursor{At: 1<<63 - 1}
	}
	if !q.To.IsZero() && q.To.UnixMicro() <= before.At {
		before = Cursor{At: q.To.UnixMicro()} // of the instant itself nothing
	}
	from := int64(0)
	if !q.From.IsZero() {
		from = q.From.UnixMicro()
	}
	args := []any{before.At, before.ID, from, examined}
	switch {
	case q.TargetKind != "":
		return pageAbout, append(args, q.TargetKind, q.TargetID)
	case q.ActorKind != "" && q.ActorID == 0:
		return pageByNobody, append(args, string(q.ActorKind))
	case q.ActorKind != "":
		return pageBy, append(args, string(q.ActorKind), q.ActorID)
	case q.Address != "":
		return pageFrom, append(args, q.Address)
	case q.Area != "":
		return pageOf, append(args, q.Area)
	case q.Outcome != "" && q.Outcome != "ok":
		return pageFailed, args
	}
	return pageAll, args
}
