package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Question is "Are you sure you want to Reset the selected accounts?" with the consequences.
type Question struct {
	Parents []QuestionParent
	Gone    int // selected rows that no longer exist
}

// QuestionParent is one login (or a contact without one) among those to be reset.
type QuestionParent struct {
	ContactID     int64
	First, Last   string
	Username      string          // "" when there is no login
	Whole         bool            // the whole login ends
	Lines         []GridRow       // selected
	Stay          []GridRow       // not selected and open: they stay open, or can be taken along
	Elsewhere     bool            // so do children at schools that are not the actor's: ResetOrder.Along takes them along
	StudentLogins []QuestionLogin // that go
	Address       bool            // there is an address on record for the notice
}

// QuestionLogin is a student login that goes with a reset.
type QuestionLogin struct {
	StudentID int64
	Child     string
	Username  string
	KeepFor   []Keeper // other parents with an open line
}

// Keeper is another parent to whom a student login can pass.
type Keeper struct {
	ContactID   int64
	First, Last string
}

// ResetQuestion returns the consequences of resetting the lines, in the order of the lines. Lines of other schools are as if gone.
func (f *Family) ResetQuestion(ctx context.Context, actor access.Actor, lines []int64) (Question, error) {
	if err := access.Check(actor, access.ResetLogins); err != nil {
		return Question{}, err
	}
	lines = once(lines)
	var q Question
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		q = Question{}
		parents, err := f.resetParents(ctx, tx, roster.ScopeOf(actor), lines, nil)
		if err != nil {
			return err
		}
		q.Gone = len(lines)
		for _, p := range parents {
			q.Gone -= len(p.selected)
		}
		keepers, err := f.keepers(ctx, tx, parents, lines)
		if err != nil {
			return err
		}
		var shown []*loginLine
		for _, p := range parents {
			shown = append(append(shown, p.selected...), p.shown(p.stay)...)
		}
		if err := f.fillStates(ctx, tx, shown); err != nil {
			return err
		}
		q.Parents = make([]QuestionParent, len(parents))
		for i, p := range parents {
			q.Parents[i] = p.question(keepers)
		}
		return nil
	})
	return q, err
}

func (p *resetParent) question(keepers map[int64][]*loginLine) QuestionParent {
	first := p.selected[0]
	q := QuestionParent{
		ContactID: first.ContactID, First: first.ParentFirst, Last: first.ParentLast, Username: first.Username,
		Whole: p.whole(), Address: p.addressee() != 0, Lines: rowsOf(p.selected), Stay: rowsOf(p.shown(p.stay)),
		Elsewhere: p.elsewhere(),
	}
	for _, m := range p.shownLogins() {
		l := QuestionLogin{StudentID: m.student, Child: fullName(m.first, m.last), Username: m.username}
		for _, k := range keepers[m.student] {
			if p.mayPassTo(k) {
				l.KeepFor = append(l.KeepFor, Keeper{ContactID: k.ContactID, First: k.ParentFirst, Last: k.ParentLast})
			}
		}
		q.StudentLogins = append(q.StudentLogins, l)
	}
	return q
}

// once returns the ids without repetitions, in their order.
func once(ids []int64) []int64 {
	seen := make(map[int64]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool {
		was := seen[id]
		seen[id] = true
		return was
	})
}
