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

// ResetOrder says what to reset. Keep passes a student's login (by student id) to another parent's contact. Along are contacts whose children
// at schools that are not the actor's are taken along with the lines: those schools are told.
type ResetOrder struct {
	Lines []int64
	Keep  map[int64]int64
	Along []int64
}

// ResetResult is what was done to one line.
type ResetResult struct {
	LineID                  int64
	ParentFirst, ParentLast string
	ChildFirst, ChildLast   string
	Outcome                 ResetOutcome
	Username                string   // the login that ended or was cut
	Stay                    []string // children still open on it
	Elsewhere               bool     // so are children at schools that are not the actor's
	Told                    bool     // lines at other schools were closed too, and these schools are told
	StudentLogins           []string // usernames ended
	Kept                    []string // usernames passed to another parent
	Noticed                 bool     // a mail is on its way
}

// ResetOutcome is the outcome for one line.
type ResetOutcome string

// The outcomes of a reset.
const (
	ResetWhole   ResetOutcome = "whole"    // the login ended
	ResetPart    ResetOutcome = "part"     // the line was closed, the login stays for other children
	ResetNoLogin ResetOutcome = "no_login" // had no login
	ResetGone    ResetOutcome = "gone"     // the row no longer exists
)

const (
	resetSlice   = 50 * time.Millisecond // what a transaction may last, so that nobody waits behind a big selection
	resetAtFirst = 8                     // parents
	resetAtMost  = 256
	usernameKept = 365 * 24 * time.Hour // a freed username stays its contact's
	endedByReset = "reset"
)

// Reset closes the lines, whole parents at a time, in short transactions. The results stand in the order of the lines, each line once.
//
// Lines of schools that are not the actor's are as if gone. Once begun it goes on although ctx ends: half a selection helps nobody. When the database fails underway, what was done so far is
// done; the results of the other lines have no Outcome, and the same order given again does the rest. Staff who reset more rows than the
// school's BulkSize must ask for it as a bulk act (AskBulk): it returns fault.Invalid.
func (f *Family) Reset(ctx context.Context, actor access.Actor, o ResetOrder) ([]ResetResult, error) {
	if err := access.Check(actor, access.ResetLogins); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	o.Lines = once(o.Lines)
	if actor.Kind == access.Staff && f.IsBulk(len(o.Lines)) {
		return nil, fault.Invalidf("more than %d rows are reset by a bulk act", f.settings.Values().BulkSize)
	}
	results := make([]ResetResult, len(o.Lines))
	at := make(map[int64]int, len(o.Lines))
	for i, id := range o.Lines {
		results[i] = ResetResult{LineID: id}
		at[id] = i
	}
	parents, err := f.parentsOf(ctx, o.Lines)
	if err != nil {
		return results, err
	}
	for n := resetAtFirst; len(parents) > 0; {
		n = min(n, len(parents))
		var lines []int64
		for _, p := range parents[:n] {
			lines = append(lines, p...)
		}
		began := f.now()
		done, err := f.resetBatch(ctx, actor, o, lines)
		if err != nil {
			return results, err
		}
		for _, r := range done {
			results[at[r.LineID]] = r
		}
		parents = parents[n:]
		n = nextBatch(n, f.now().Sub(began))
	}
	return results, nil
}

// nextBatch returns how many parents the next transaction takes when one of n took so long.
func nextBatch(n int, took time.Duration) int {
	switch {
	case took < resetSlice*2/5:
		return min(2*n, resetAtMost)
	case took > resetSlice*4/5:
		return max(n/2, 1)
	}
	return n
}

// parentsOf groups lines by login; a contact without one stands alone, and so does a line that is gone.
func (f *Family) parentsOf(ctx context.Context, lines []int64) ([][]int64, error) {
	var found map[int64]held
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		found, err = holders(ctx, tx, lines)
		return err
	})
	var groups [][]int64
	at := map[held]int{}
	for _, id := range lines {
		h := found[id]
		key := held{account: h.account}
		switch {
		case h.line == 0:
			key.line = id
		case h.account == 0:
			key.contact = h.contact
		}
		i, ok := at[key]
		if !ok {
			i = len(groups)
			at[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], id)
	}
	return groups, err
}

// resetBatch resets some parents in one transaction. Nothing that was read before it counts.
func (f *Family) resetBatch(ctx context.Context, actor access.Actor, o ResetOrder, lines []int64) ([]ResetResult, error) {
	var results []ResetResult
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		results, err = f.resetIn(ctx, tx, actor, o, lines, nil)
		return err
	})
	return results, err
}

// resetIn resets some parents in the caller's transaction. Their notices leave at the pace given.
func (f *Family) resetIn(ctx context.Context, tx *sqldb.Tx, actor access.Actor, o ResetOrder, lines []int64, p *pace) ([]ResetResult, error) {
	results := make([]ResetResult, 0, len(lines))
	parents, err := f.resetParents(ctx, tx, roster.ScopeOf(actor), lines, o.Along)
	if err != nil {
		return nil, err
	}
	var keepers map[int64][]*loginLine
	if len(o.Keep) > 0 {
		if keepers, err = f.keepers(ctx, tx, parents, o.Lines); err != nil {
			return nil, err
		}
	}
	var reopened []int64
	left := make(map[int64]bool, len(lines))
	for _, id := range lines {
		left[id] = true
	}
	for _, parent := range parents {
		r := &reset{Family: f, tx: tx, actor: actor, resetParent: parent, keep: o.Keep, keepers: keepers, pace: p}
		if err := r.do(ctx); err != nil {
			return nil, err
		}
		reopened = append(reopened, r.reopened...)
		for _, result := range r.results() {
			delete(left, result.LineID)
			results = append(results, result)
		}
	}
	for _, id := range lines {
		if left[id] {
			results = append(results, ResetResult{LineID: id, Outcome: ResetGone})
		}
	}
	return results, forgetClosed(ctx, tx, reopened)
}

// endStudentLogin ends a student login with its sessions.
func (f *Family) endStudentLogin(ctx context.Context, tx *sqldb.Tx, actor access.Actor, m madeLogin, why string) error {
	if err := f.accounts.Delete(ctx, tx, m.account); err != nil {
		return err
	}
	return f.audit.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "student_login.ended", TargetKind: "student", TargetID: m.student,
		Detail: map[string]any{"username": m.username, "account": m.account, "why": why},
	})
}
