package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// newFor is how long a parent's page names an adult as new.
const newFor = 30 * 24 * time.Hour

// NewAdult is another adult who can see a child's pages since lately, as the child's parents see them: name and relationship, nothing else.
type NewAdult struct {
	ID           int64 // of the entry
	First, Last  string
	Relationship string
	Since        time.Time
	Doubted      time.Time // when this parent said that they do not know the person; zero for never

	entry *newEntry
}

// NewAdults returns who is new to the child since the actor sees it: nobody unless the school tells parents, and nobody while a restriction
// stands on any line of the child. It returns fault.NotFound when the actor has no open line to the student.
func (f *Family) NewAdults(ctx context.Context, actor access.Actor, student int64) ([]NewAdult, error) {
	if err := access.Check(actor, access.OwnFamily); err != nil {
		return nil, err
	}
	if !f.settings.Values().TellParents {
		return nil, nil
	}
	var adults []NewAdult
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		adults, _, err = f.newAdults(ctx, tx, actor, student)
		return err
	})
	return adults, err
}

// newAdults also returns the contact as which the actor sees the child.
func (f *Family) newAdults(ctx context.Context, tx *sqldb.Tx, actor access.Actor, student int64) ([]NewAdult, int64, error) {
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfStudents, []int64{student})
	if err != nil {
		return nil, 0, err
	}
	own, restricted, open := int64(0), false, map[pair]*loginLine{}
	for _, l := range lines {
		restricted = restricted || l.line.Restricted == roster.Yes
		if !l.open() {
			continue
		}
		open[pair{l.ContactID, l.account}] = l
		if l.account == actor.AccountID && own == 0 {
			own = l.ContactID
		}
	}
	if own == 0 {
		return nil, 0, fault.NotFoundf("no such child")
	}
	if restricted {
		return nil, own, nil
	}
	entries, err := entriesOf(ctx, tx, student)
	if err != nil {
		return nil, own, err
	}
	var since int64 // the entry with which the actor came; 0 for from before the list
	for _, e := range entries {
		if e.account == actor.AccountID && e.how != before && e.how != Doubted {
			since = max(since, e.id)
		}
	}
	var adults []NewAdult
	for _, e := range entries {
		l := open[pair{e.contact, e.account}]
		if l == nil || e.account == actor.AccountID || !e.isNews(f.now()) || e.id < since {
			continue
		}
		a := NewAdult{ID: e.id, First: l.ParentFirst, Last: l.ParentLast, Relationship: l.Relationship, Since: e.at, entry: e}
		for _, d := range entries {
			if d.how == Doubted && d.contact == e.contact && d.doubtedBy == own {
				a.Doubted = d.at
			}
		}
		adults = append(adults, a)
	}
	return adults, own, nil
}

// newEntry is an entry of the list as the parents' page reads it.
type newEntry struct {
	id, contact, account, doubtedBy int64
	how                             How
	told, again, left               bool
	at                              time.Time
}

// isNews reports whether the child's parents may read it as new.
func (e *newEntry) isNews(now time.Time) bool {
	return e.how != Doubted && e.how != before && e.told && !e.again && !e.left && now.Sub(e.at) < newFor
}

// DoubtNewcomer tells the office that the actor does not know an adult who is new to the actor's child. Nobody is shut out by it. Saying it
// again changes nothing. It returns fault.NotFound unless the entry is one that the actor is shown (see NewAdults).
func (f *Family) DoubtNewcomer(ctx context.Context, actor access.Actor, student, entry int64) error {
	if err := access.Check(actor, access.OwnFamily); err != nil {
		return err
	}
	if !f.settings.Values().TellParents {
		return fault.NotFoundf("no such person")
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		adults, own, err := f.newAdults(ctx, tx, actor, student)
		if err != nil {
			return err
		}
		for _, a := range adults {
			if a.ID == entry {
				return f.doubt(ctx, tx, actor, student, own, a)
			}
		}
		return fault.NotFoundf("no such person")
	})
}

func (f *Family) doubt(ctx context.Context, tx *sqldb.Tx, actor access.Actor, student, own int64, a NewAdult) error {
	first, err := insertDoubt(ctx, tx, student, a.entry, own, f.now())
	if err != nil || !first {
		return err
	}
	if err := f.mailOffice(ctx, tx, mailDoubt, nil); err != nil {
		return err
	}
	return f.audit.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "newcomer.doubted", TargetKind: "contact", TargetID: a.entry.contact,
		Detail: map[string]any{"student": student, "doubted_by": own},
	})
}
