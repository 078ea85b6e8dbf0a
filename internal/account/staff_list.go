package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// UnusedAfter is how long nobody signs in until a login of staff is listed as unused.
	UnusedAfter = 90 * 24 * time.Hour
	// EndsSoon is how long before its end a login is listed as ending soon.
	EndsSoon = 30 * 24 * time.Hour

	staffBatch = 500
	// staffLooked bounds how many rows one page of a search looks through; the next page goes on behind them.
	staffLooked = 2000
)

// StaffMember is a member of staff as those see them who may see staff.
type StaffMember struct {
	Account
	LastDay        string    // 2026-11-23 in the school's time zone, "" for no end
	TemporaryUntil time.Time // of a live temporary password; zero for none
	Ended          bool      // by date
	EndsSoon       bool      // and has not ended yet
	Unused         bool      // never signed in, or not for UnusedAfter
	Version        string    // for StaffEdit
	Own            bool      // it is the actor's own account
	MayChange      bool      // the actor may change it, or what of their own they may
	Sessions       int64     // open ones; for a single member alone
}

// StaffQuery asks for a page of the list.
type StaffQuery struct {
	Text   string // words, each the beginning of one in the name or username; "" for all
	Unused bool   // those alone
	After  int64  // the account with which the page before ended; 0 for the first page
	Limit  int
}

// StaffPage is a page of the list, sorted by username.
type StaffPage struct {
	Members []StaffMember
	Next    int64 // for After, 0 when that was all
}

// StaffList returns members of staff whose schools lie within the actor's. It returns fault.Forbidden to whoever may not see staff.
func (a *Accounts) StaffList(ctx context.Context, actor access.Actor, q StaffQuery) (page StaffPage, _ error) {
	if err := access.Check(actor, access.SeeStaff); err != nil {
		return page, err
	}
	words := lang.Words(q.Text)
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		page = StaffPage{}
		after := q.After
		for looked := 0; looked < staffLooked; looked += staffBatch {
			rows, err := sqldb.All(ctx, tx, scanMember, selectStaff, after, a.now().UnixMicro(), staffBatch)
			if err != nil {
				return err
			}
			for _, m := range rows {
				if a.fill(&m, actor); m.in(actor, q, words) {
					if len(page.Members) == q.Limit {
						page.Next = after
						return nil
					}
					page.Members = append(page.Members, m)
				}
				after = m.ID
			}
			if len(rows) < staffBatch {
				return nil
			}
		}
		page.Next = after
		return nil
	})
	return page, err
}

// in reports whether the member belongs into the list.
func (m StaffMember) in(actor access.Actor, q StaffQuery, words []string) bool {
	if !seesStaff(actor, m.Account) || q.Unused && !m.Unused {
		return false
	}
	own := lang.Words(m.Name + " " + m.Username)
	for _, w := range words {
		if !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, w) }) {
			return false
		}
	}
	return true
}

func seesStaff(actor access.Actor, m Account) bool {
	return actor.Kind == access.System || m.Schools.Within(actor.Schools)
}

// StaffMember returns a member of staff. It returns fault.Forbidden to whoever may not see staff, fault.NotFound for none, or one whose
// schools do not lie within the actor's.
func (a *Accounts) StaffMember(ctx context.Context, actor access.Actor, id int64) (m StaffMember, _ error) {
	if err := access.Check(actor, access.SeeStaff); err != nil {
		return m, err
	}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		now := a.now()
		if m, err = sqldb.One(ctx, tx, scanMember, selectMember, id, now.UnixMicro()); err != nil {
			return err
		}
		if !seesStaff(actor, m.Account) {
			return noStaff()
		}
		a.fill(&m, actor)
		m.Sessions, err = sqldb.Value[int64](ctx, tx, countSessions, id, now.UnixMicro(), now.Add(-a.settings.Values().StaffIdle).UnixMicro())
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = noStaff()
	}
	return m, err
}

func noStaff() error { return fault.NotFoundf("no such member of staff") }

// fill derives what the row does not say.
func (a *Accounts) fill(m *StaffMember, actor access.Actor) {
	now := a.now()
	m.LastDay = a.lastDay(m.EndsAt)
	m.Ended = !m.openAt(now)
	m.EndsSoon = !m.Ended && !m.EndsAt.IsZero() && m.EndsAt.Sub(now) <= EndsSoon
	m.Unused = m.LastSignIn.IsZero() || now.Sub(m.LastSignIn) >= UnusedAfter
	m.Version = NewStaff{}.of(m.Account).version()
	m.Own = m.ID == actor.AccountID
	m.MayChange = access.MayGrant(actor, m.Role, m.Schools)
}
