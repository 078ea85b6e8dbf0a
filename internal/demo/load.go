package demo

import (
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// atOnce is how many records go into one transaction.
const atOnce = 500

// Loaded are the ids that a district's records got, in the order of Data.
type Loaded struct{ Schools, Students, Contacts, Lines []int64 }

// Load writes a district into a database that has none of its records, through the roster's bulk door, as the system. It returns
// fault.Conflict when the district, or another with the same source ids, is there already; what was written until then stays.
func Load(ctx context.Context, db *sqldb.DB, r *roster.Roster, d Data) (Loaded, error) {
	l := loader{db: db, roster: r}
	var done Loaded
	var err error
	done.Schools, err = l.load(ctx, len(d.Schools), func(i int, b *roster.Batch) { b.Schools = append(b.Schools, d.Schools[i]) },
		func(a roster.Applied) []int64 { return a.Schools })
	if err != nil {
		return done, err
	}
	done.Students, err = l.load(ctx, len(d.Students), func(i int, b *roster.Batch) {
		s := d.Students[i].Student
		s.SchoolID = done.Schools[d.Students[i].School]
		b.Students = append(b.Students, roster.StudentChange{New: s})
	}, func(a roster.Applied) []int64 { return a.Students })
	if err != nil {
		return done, err
	}
	done.Contacts, err = l.load(ctx, len(d.Contacts), func(i int, b *roster.Batch) {
		b.Contacts = append(b.Contacts, roster.ContactChange{New: d.Contacts[i]})
	}, func(a roster.Applied) []int64 { return a.Contacts })
	if err != nil {
		return done, err
	}
	done.Lines, err = l.load(ctx, len(d.Lines), func(i int, b *roster.Batch) {
		line := d.Lines[i].Line
		line.StudentID, line.ContactID = done.Students[d.Lines[i].Student], done.Contacts[d.Lines[i].Contact]
		b.Lines = append(b.Lines, roster.LineChange{New: line})
	}, func(a roster.Applied) []int64 { return a.Lines })
	if err != nil {
		return done, err
	}
	if err := l.restrict(ctx, d, done); err != nil {
		return done, err
	}
	return done, l.teach(ctx, d)
}

// restrict sets the restrictions: a roster brings none with a new line, so they come as a change, as if the office had set them.
func (l loader) restrict(ctx context.Context, d Data, done Loaded) error {
	var changes []roster.LineChange
	for i, made := range d.Lines {
		if made.Restricted != roster.Yes {
			continue
		}
		next := made.Line
		next.ID, next.StudentID, next.ContactID, next.Version = done.Lines[i], done.Students[made.Student], done.Contacts[made.Contact], 1
		old := next
		old.Restricted, old.RestrictionNote, old.RestrictedAt, old.RestrictedBy = roster.Unknown, "", time.Time{}, ""
		next.Local = []string{"restricted", "restriction_note"}
		changes = append(changes, roster.LineChange{Old: old, New: next})
	}
	_, err := l.load(ctx, len(changes), func(i int, b *roster.Batch) { b.Lines = append(b.Lines, changes[i]) },
		func(a roster.Applied) []int64 { return a.Lines })
	return err
}

type loader struct {
	db     *sqldb.DB
	roster *roster.Roster
}

// load writes n records of a kind, a batch at a time: add puts one into a batch, ids are those that it got.
func (l loader) load(ctx context.Context, n int, add func(int, *roster.Batch), ids func(roster.Applied) []int64) ([]int64, error) {
	all := make([]int64, 0, n)
	for from := 0; from < n; from += atOnce {
		var b roster.Batch
		for i := from; i < min(from+atOnce, n); i++ {
			add(i, &b)
		}
		var done roster.Applied
		err := l.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			done, err = l.roster.Apply(ctx, tx, access.Actor{Kind: access.System}, b)
			return err
		})
		if err != nil {
			return all, err
		}
		all = append(all, ids(done)...)
		if slices.Contains(all[from:], 0) {
			return all, fault.Conflictf("records of the district are there already")
		}
	}
	return all, nil
}
