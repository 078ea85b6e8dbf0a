package intake

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// present is what is on record of what some steps touched.
type present struct {
	students map[int64]roster.Student
	contacts map[int64]roster.Contact
	lines    map[int64]roster.Line
	byPair   map[[2]int64]roster.Line
	ids      roster.SourceIDs
	held     map[int64]bool    // contacts with a login that was made since
	used     map[int64]bool    // students with one
	made     map[[2]int64]bool // students with one that this contact made
}

// touched is what some steps name: by their ids what was there before, by source ids what they added.
type touched struct {
	students, contacts, lines      []int64
	studentSources, contactSources []string
}

func touchedBy(steps []stepRow) (t touched, err error) {
	for _, s := range steps {
		switch s.phase.kind() {
		case phaseAddStudent:
			var c roster.StudentChange
			err = unpack(s.data, &c)
			t.studentSources = append(t.studentSources, c.New.SourceID)
		case phaseAddContact:
			var c roster.ContactChange
			err = unpack(s.data, &c)
			t.contactSources = append(t.contactSources, c.New.SourceID)
		case phaseCloseLine, phaseChangeLine, phaseAddLine:
			var c lineStep
			err = unpack(s.data, &c)
			if c.Old.ID != 0 {
				t.lines = append(t.lines, c.Old.ID)
			} else {
				t.studentSources, t.contactSources = append(t.studentSources, c.Student), append(t.contactSources, c.Contact)
			}
		}
		if err != nil {
			return t, err
		}
		t.students, t.contacts = append(t.students, s.student), append(t.contacts, s.contact)
	}
	return t, nil
}

// present reads what the steps touched. Begun is when the import began to be applied.
func (i *Intake) present(ctx context.Context, steps []stepRow, begun time.Time) (*present, error) {
	t, err := touchedBy(steps)
	if err != nil {
		return nil, err
	}
	now := &present{map[int64]roster.Student{}, map[int64]roster.Contact{}, map[int64]roster.Line{}, map[[2]int64]roster.Line{}, roster.SourceIDs{},
		map[int64]bool{}, map[int64]bool{}, map[[2]int64]bool{}}
	to := roster.Seen{
		Student: func(s roster.Student) error { now.students[s.ID] = s; return nil },
		Contact: func(c roster.Contact) error { now.contacts[c.ID] = c; return nil },
		Line: func(l roster.Line) error {
			now.lines[l.ID], now.byPair[[2]int64{l.StudentID, l.ContactID}] = l, l
			return nil
		},
	}
	return now, i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if now.ids, err = i.roster.IDsOf(ctx, tx, t.studentSources, t.contactSources); err != nil {
			return err
		}
		added := slices.Collect(maps.Values(now.ids.Students))
		contacts := slices.AppendSeq(slices.Clone(t.contacts), maps.Values(now.ids.Contacts))
		err = i.roster.Current(ctx, tx, slices.Concat(t.students, added), contacts, t.lines, added, to)
		if err != nil || i.logins == nil {
			return err
		}
		if now.held, err = i.logins.HeldSince(ctx, tx, contacts, begun); err != nil {
			return err
		}
		made, err := i.logins.StudentLogins(ctx, tx, added)
		for _, m := range made {
			now.used[m.StudentID], now.made[[2]int64{m.StudentID, m.MakerID}] = true, true
		}
		return err
	})
}
