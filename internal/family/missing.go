package family

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// MissingQuery asks who has not come yet.
type MissingQuery struct {
	Choice
	Standing Standing // one of Missing; "" for all of them
	Since    time.Time
	After    string // a page's next
	Limit    int    // adults a page, default 25
}

// MissingRow is one line of a parent who has not come.
type MissingRow struct {
	GridRow
	Standing Standing
	Address  bool // there is one on record
}

// pagesLooked bounds how far one page of the list looks: behind that, "Next" goes on, even where nobody was found.
const pagesLooked = 10

// Missing returns a page of who has not come yet, in the order of the grid, and the place where the next one begins, "" at the end. Only lines
// that may be opened count. It is a search: it returns fault.Unavailable for too many.
func (f *Family) Missing(ctx context.Context, actor access.Actor, q MissingQuery) (rows []MissingRow, next string, err error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return nil, "", err
	}
	if err := f.limitSearch(ctx, actor); err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 || q.Limit > gridLimitMax {
		q.Limit = gridLimit
	}
	adults := 0
	next, err = f.walk(ctx, actor, q.Choice, q.After, pagesLooked, func(g *grown) error {
		found := q.rows(g)
		rows = append(rows, found...)
		if len(found) > 0 {
			adults++
		}
		if adults == q.Limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err != nil || q.After != "" {
		return rows, next, err
	}
	detail := q.detail()
	detail["by"], detail["found"] = "not come", len(rows)
	return rows, next, f.noteSearch(ctx, actor, "parent.searched", detail)
}

// rows are the adult's lines, if that is who is asked for.
func (q MissingQuery) rows(g *grown) []MissingRow {
	s := g.standing(q.Since)
	if s == StandingCome || s == StandingOff || q.Standing != "" && s != q.Standing {
		return nil
	}
	rows := make([]MissingRow, len(g.lines))
	for i, l := range g.lines {
		rows[i] = MissingRow{l.GridRow, s, l.address}
	}
	return rows
}

// ExportMissing calls fn for every row of the list, noted in the log. The actor must have shown lately that it is them (fault.Stale).
func (f *Family) ExportMissing(ctx context.Context, actor access.Actor, q MissingQuery, fn func(MissingRow) error) error {
	if err := access.Check(actor, access.PrintLetters); err != nil {
		return err
	}
	detail := q.detail()
	detail["standing"] = string(q.Standing)
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "missing.exported", Detail: detail})
	})
	if err != nil {
		return err
	}
	_, err = f.walk(ctx, actor, q.Choice, "", 1<<30, func(g *grown) error {
		for _, r := range q.rows(g) {
			if err := fn(r); err != nil {
				return err
			}
			f.audit.Views.NoteExport(actor, r.StudentID)
		}
		return nil
	})
	return err
}

// MissingCount is how far the parents of one school have come, in lines: a parent of two children counts twice.
type MissingCount struct {
	School                           int64 // 0: of no school
	Name                             string
	All, Come, Since, Waiting, Never int
	Refused                          int // of Waiting and Never
}

// countsKept is how long counts are shown before they are counted anew.
const countsKept = time.Minute

// missingCounts keeps the counts of the newest day asked for.
type missingCounts struct {
	mu    sync.Mutex
	since time.Time
	at    time.Time
	all   map[int64]MissingCount
}

// MissingCounts counts who has come and who has not, for each of the actor's schools by name, as of the time returned, a minute ago at most.
func (f *Family) MissingCounts(ctx context.Context, actor access.Actor, since time.Time) ([]MissingCount, time.Time, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return nil, time.Time{}, err
	}
	schools, err := f.roster.SchoolsOf(ctx, actor)
	if err != nil {
		return nil, time.Time{}, err
	}
	all, at, err := f.missingCounts(ctx, since)
	if err != nil {
		return nil, at, err
	}
	var mine []MissingCount
	for _, s := range schools {
		if c, ok := all[s.ID]; ok {
			c.Name = s.Name
			mine = append(mine, c)
		}
	}
	if c, ok := all[0]; ok && actor.Schools.All {
		mine = append(mine, c)
	}
	return mine, at, nil
}

// missingCounts counts, unless somebody did within the last minute. Who asks meanwhile waits for the one count.
func (f *Family) missingCounts(ctx context.Context, since time.Time) (map[int64]MissingCount, time.Time, error) {
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	now := f.now()
	if c := &f.counts; c.all != nil && c.since.Equal(since) && now.Sub(c.at) < countsKept && !now.Before(c.at) {
		return c.all, c.at, nil
	}
	day := int64(0)
	if !since.IsZero() {
		day = since.UnixMicro()
	}
	var all map[int64]MissingCount
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = countMissing(ctx, tx, f.rule(), day)
		return err
	})
	if err != nil {
		return nil, now, err
	}
	f.counts.since, f.counts.at, f.counts.all = since, now, all
	return all, now, nil
}

// MissingDay reads a day as it is typed; "" is none. It returns fault.Invalid with a problem on "since".
func (f *Family) MissingDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, f.settings.Location())
	if err != nil {
		return time.Time{}, fault.InvalidFields(fault.Problem{Field: "since", Key: "problem.date"})
	}
	return day, nil
}
