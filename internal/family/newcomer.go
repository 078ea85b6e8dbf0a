package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// How says in what way an adult came to see a child, or that a parent does not know the adult.
type How string

// The ways. Doubted is no way in: a parent of the child does not know the person.
const (
	ByRegistering How = "registered" // chose the first password of a login
	ByAdding      How = "added"      // "Add Additional Student"
	ByRoster      How = "roster"     // the records changed, or a date came, while the login was there
	Doubted       How = "doubt"

	before How = "before" // saw the child when the list of new adults began
)

// Hows lists what an entry of the list can say.
func Hows() []How { return []How{ByRegistering, ByAdding, ByRoster, Doubted} }

// Newcomer is an entry of the list "New adults": a login opened a child, or a parent doubts one that did.
type Newcomer struct {
	ID                    int64
	How                   How
	Again                 bool // the adult saw the child before, and came back
	At                    time.Time
	Seen                  time.Time // zero for not yet
	SeenBy                string
	StudentID             int64
	ChildFirst            string
	ChildLast             string
	School                string
	ContactID             int64
	First, Last           string
	Relationship          string // "" when the line is gone
	DoubtFirst, DoubtLast string // the parent who does not know the person
}

// Urgent reports whether the office should look at the entry before all others.
func (n Newcomer) Urgent() bool { return n.How == Doubted }

// NewcomerList is a page of the list.
type NewcomerList struct {
	Rows   []Newcomer
	Unseen int // at the actor's schools, counted up to 1,001
}

// Newcomers returns a page of the adults who are new to a child of the actor's schools, newest first, after the cursor.
func (f *Family) Newcomers(ctx context.Context, actor access.Actor, after jobs.Cursor, limit int) (NewcomerList, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return NewcomerList{}, err
	}
	var page NewcomerList
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		page = NewcomerList{}
		if page.Rows, err = newestNewcomers(ctx, tx, actor, after, limit); err != nil {
			return err
		}
		page.Unseen, err = countUnseen(ctx, tx, actor)
		return err
	})
	return page, err
}

// SeeNewcomers notes that the actor has looked at entries of the list. Those that somebody saw before stay as they are. It returns
// fault.NotFound when none of them is at the actor's schools.
func (f *Family) SeeNewcomers(ctx context.Context, actor access.Actor, ids []int64) error {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return err
	}
	if ids = once(ids); len(ids) == 0 || len(ids) > idsAtOnce {
		return fault.NotFoundf("no such entry")
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		found, err := visibleNewcomers(ctx, tx, actor, ids)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fault.NotFoundf("no such entry")
		}
		seen, err := seeNewcomers(ctx, tx, found, f.now(), actor.Username)
		if err != nil {
			return err
		}
		for _, p := range seen {
			err := f.audit.Record(ctx, tx, audit.Event{
				Actor: actor, Action: "newcomer.seen", TargetKind: "contact", TargetID: p.who, Detail: map[string]any{"student": p.student},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
