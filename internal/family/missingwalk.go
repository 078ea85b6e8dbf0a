package family

import (
	"context"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Choice chooses families by the child's school, grade and homeroom and by the letter of the parent's last name; zero values choose all.
type Choice struct {
	School          int64
	Grade, Homeroom string // exactly as recorded, but for case
	Letter          string // as in GridQuery
}

// grown is an adult with those lines of the choice that may be opened.
type grown struct {
	lines   []*loginLine
	refused bool   // the newest mail to the adult was refused
	key     string // of the place behind the adult
}

// Standing says how far a parent has come.
type Standing string

// The standings. Whoever has signed in has come; one whose login is disabled is not waited for.
const (
	StandingNever   Standing = "never"   // never registered
	StandingWaiting Standing = "waiting" // has a temporary password and never used it
	StandingRefused Standing = "refused" // one of the first two, and the mail server refused the newest mail
	StandingSince   Standing = "since"   // has not signed in since the day
	StandingCome    Standing = "come"
	StandingOff     Standing = "off" // disabled
)

// Missing lists the standings of those who have not come, in the order of a form.
func Missing() []Standing {
	return []Standing{StandingNever, StandingWaiting, StandingRefused, StandingSince}
}

// standing of the adult; the zero since asks for nobody's last sign-in.
func (g *grown) standing(since time.Time) Standing {
	l := g.lines[0]
	switch {
	case l.account == 0, l.accountState == account.Waiting:
		switch {
		case g.refused:
			return StandingRefused
		case l.account == 0:
			return StandingNever
		}
		return StandingWaiting
	case l.accountState == account.Disabled:
		return StandingOff
	case !since.IsZero() && l.LastSignIn.Before(since):
		return StandingSince
	}
	return StandingCome
}

// walkPage is how many adults are read at a time.
const walkPage = gridLimitMax

// errEnough ends a walk before its end.
var errEnough = fault.Conflictf("enough")

// walk calls fn for every adult who fits the choice and may open one of its children, as walkLines does.
func (f *Family) walk(ctx context.Context, actor access.Actor, c Choice, after string, pages int, fn func(*grown) error) (next string, err error) {
	var found []*grown
	q := GridQuery{Letter: c.Letter, After: after, Limit: walkPage}
	return f.walkLines(ctx, actor, q, c.School, pages, func(tx *sqldb.Tx, lines []*loginLine) (err error) {
		found, err = grownOf(ctx, tx, lines, c)
		return err
	}, func() (string, error) {
		for _, g := range found {
			if err := fn(g); err != nil {
				return g.key, err
			}
		}
		return "", nil
	})
}

// walkLines reads lines along the grid, q.Limit parents at a time, from the place on, and gives each page to read and then to use. Each page is
// read in a transaction of its own, so that a long walk holds nothing up. A walk of at most so many pages ends with the place where the
// next one begins, "" at the end; one that use ends with an error, at the place that use names.
func (f *Family) walkLines(ctx context.Context, actor access.Actor, q GridQuery, school int64, pages int,
	read func(*sqldb.Tx, []*loginLine) error, use func() (string, error),
) (next string, err error) {
	for next = q.After; pages > 0; pages-- {
		q.After = next
		p, err := newGridPage(q)
		if err != nil || p.nothing {
			return "", err
		}
		p.at = within(roster.ScopeOf(actor), school)
		err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
			lines, err := p.lines(ctx, tx, f.rule())
			if err != nil {
				return err
			}
			lines, next = p.cut(lines)
			return read(tx, lines)
		})
		if err != nil {
			return "", err
		}
		if at, err := use(); err != nil {
			return at, err
		}
		if next == "" {
			return "", nil
		}
	}
	return next, nil
}

// within narrows the actor's schools to one, if one is chosen.
func within(at access.Schools, school int64) access.Schools {
	switch {
	case school == 0:
		return at
	case at.Has(school):
		return access.Schools{IDs: []int64{school}}
	}
	return access.Schools{}
}

// grownOf puts lines that fit together, adult by adult.
func grownOf(ctx context.Context, tx *sqldb.Tx, lines []*loginLine, c Choice) ([]*grown, error) {
	rooms := map[int64]string{}
	if c.Homeroom != "" {
		var err error
		if rooms, err = homerooms(ctx, tx, distinct(lines, func(l *loginLine) int64 { return l.StudentID })); err != nil {
			return nil, err
		}
	}
	refused, err := refusedMail(ctx, tx, distinct(lines, func(l *loginLine) int64 {
		if l.account != 0 && l.accountState != account.Waiting {
			return 0
		}
		return l.ContactID
	}))
	if err != nil {
		return nil, err
	}
	var all []*grown
	for i, l := range lines {
		fits := l.why == roster.MayOpen && (c.Grade == "" || strings.EqualFold(l.Grade, c.Grade)) &&
			(c.Homeroom == "" || strings.EqualFold(rooms[l.StudentID], c.Homeroom)) && (c.School == 0 || l.school == c.School)
		if !fits {
			continue
		}
		last := len(all) - 1
		if last < 0 || all[last].lines[0].ContactID != l.ContactID {
			all, last = append(all, &grown{refused: refused[l.ContactID]}), last+1
		}
		all[last].lines = append(all[last].lines, l)
		all[last].key = lines[i].key.text()
	}
	return all, nil
}
