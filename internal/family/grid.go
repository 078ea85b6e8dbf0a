package family

import (
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// LoginState is what the grid says of a login.
type LoginState string

// The states of a line's login; the last three tell where it cannot start.
const (
	Never      LoginState = "never" // never registered
	Waiting    LoginState = "waiting"
	Active     LoginState = "active"
	Closed     LoginState = "closed" // the account is there, this line was closed by a reset
	Locked     LoginState = "locked"
	Disabled   LoginState = "disabled"
	NoEmail    LoginState = "no_email"
	MayNot     LoginState = "may_not"
	Restricted LoginState = "restricted"
)

// GridQuery asks for a page of the grid. Letter ("A".."Z", "#") or Last (typed) or neither (all).
type GridQuery struct {
	Letter  string
	Last    string
	ByChild bool
	After   string // a page's Next, "" for the first
	Limit   int    // parents or rows a page, default 25
}

// GridRow is one line.
type GridRow struct {
	LineID, ContactID, StudentID int64
	ParentFirst, ParentLast      string
	Relationship                 string
	ChildFirst, ChildLast        string
	IDNumber, School, Grade      string
	Username                     string
	State                        LoginState
	LockedUntil                  time.Time
	LastSignIn                   time.Time
}

// Grid is a page of lines. Sorted by parent, a parent's rows are never split over two pages, and what a search found stands in the order
// of the words that matched.
type Grid struct {
	Rows    []GridRow
	Next    string
	Total   int             // lines that match, counted up to 1,001
	Letters map[string]bool // which letters have parents
	ByChild bool            // false when asked for but too many match to sort by child
}

const (
	gridLimit    = 25   // parents or rows a page
	gridLimitMax = 200  //
	countTo      = 1001 // where counting stops
)

// Grid returns a page of the grid with the lines of children at the actor's schools. Searches of staff are limited and noted in the log; it returns
// fault.Unavailable for too many, and fault.Invalid for a letter or a place that cannot be.
func (f *Family) Grid(ctx context.Context, actor access.Actor, q GridQuery) (Grid, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return Grid{}, err
	}
	p, err := newGridPage(q)
	if err != nil {
		return Grid{}, err
	}
	p.at = roster.ScopeOf(actor)
	if q.Last != "" || q.Letter != "" || q.After != "" {
		if err := f.limitSearch(ctx, actor); err != nil {
			return Grid{}, err
		}
	}
	var g Grid
	rule := f.rule()
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		g = Grid{}
		var err error
		if g.Letters, err = lettersOf(ctx, tx, p.at); err != nil {
			return err
		}
		if p.nothing {
			return nil
		}
		if g.Total, err = p.total(ctx, tx); err != nil {
			return err
		}
		if p.search != "" && g.Total >= countTo {
			p.byChild = false
		}
		g.ByChild = p.byChild
		lines, err := p.lines(ctx, tx, rule)
		if err != nil {
			return err
		}
		lines, g.Next = p.cut(lines)
		g.Rows, err = f.rows(ctx, tx, lines)
		return err
	})
	if err != nil {
		return Grid{}, err
	}
	return g, f.noteGrid(ctx, actor, q, g.Total)
}

// noteGrid has a search written to the audit log; the following pages of one are the same search.
func (f *Family) noteGrid(ctx context.Context, actor access.Actor, q GridQuery, total int) error {
	if q.After != "" || q.Last == "" && q.Letter == "" {
		return nil
	}
	detail := map[string]any{"found": total}
	if q.Last != "" {
		detail["last"], detail["by"] = cutTyped(q.Last), "name"
	} else {
		detail["letter"], detail["by"] = q.Letter, "letter"
	}
	return f.noteSearch(ctx, actor, "parent.searched", detail)
}

// LineStates returns the login's state for every line of a student, for the Contacts page. It returns fault.NotFound for no student, also for one
// of a school that is not the actor's.
func (f *Family) LineStates(ctx context.Context, actor access.Actor, student int64) (map[int64]GridRow, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return nil, err
	}
	states := map[int64]GridRow{}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		s, err := f.roster.Student(ctx, tx, student)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(s.OtherSchools, roster.ScopeOf(actor).Has) {
			if err := access.CheckAt(actor, access.SeeLogins, s.SchoolID); err != nil {
				return err
			}
		}
		lines, err := sqldb.All(ctx, tx, scanLoginLine(f.rule()), linesOfStudent, student)
		if err != nil {
			return err
		}
		rows, err := f.rows(ctx, tx, lines)
		for _, row := range rows {
			states[row.LineID] = row
		}
		return err
	})
	return states, err
}

// rule is what decides about lines now.
func (f *Family) rule() roster.Rule {
	v := f.settings.Values()
	return roster.Rule{Relationships: v.Relationships, Today: f.settings.Today(), Adults: roster.Adults(v.AdultStudents)}
}

// rows puts the state of its login beside every line.
func (f *Family) rows(ctx context.Context, tx *sqldb.Tx, lines []*loginLine) ([]GridRow, error) {
	if err := f.fillStates(ctx, tx, lines); err != nil {
		return nil, err
	}
	return rowsOf(lines), nil
}

func (f *Family) fillStates(ctx context.Context, tx *sqldb.Tx, lines []*loginLine) error {
	locked := map[int64]time.Time{}
	if accounts := distinct(lines, func(l *loginLine) int64 { return l.account }); len(accounts) > 0 {
		var err error
		if locked, err = f.accounts.LockedUntil(ctx, tx, accounts); err != nil {
			return err
		}
	}
	for _, l := range lines {
		l.LockedUntil = locked[l.account]
		l.State = l.state()
	}
	return nil
}

func rowsOf(lines []*loginLine) []GridRow {
	rows := make([]GridRow, len(lines))
	for i, l := range lines {
		rows[i] = l.GridRow
	}
	return rows
}

// state says first what stands in the way of the line, then how its login is.
func (l *loginLine) state() LoginState {
	switch {
	case l.why == roster.WhyRestricted:
		return Restricted
	case l.why != roster.MayOpen:
		return MayNot
	case l.account == 0 && !l.address:
		return NoEmail
	case l.account == 0:
		return Never
	case l.accountState == account.Disabled:
		return Disabled
	case l.closed:
		return Closed
	case !l.LockedUntil.IsZero():
		return Locked
	case l.accountState == account.Waiting:
		return Waiting
	}
	return Active
}

// distinct returns the keys of the lines that are not 0, each once, in their order.
func distinct(lines []*loginLine, key func(*loginLine) int64) []int64 {
	seen := make(map[int64]bool, len(lines))
	var keys []int64
	for _, l := range lines {
		if k := key(l); k != 0 && !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}
