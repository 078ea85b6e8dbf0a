package family

import (
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Act is what a bulk act does to each row.
type Act string

// The acts. The rows of a reset are lines; those of the others are contacts, each with its whole login.
const (
	BulkReset           Act = "reset"
	BulkSendPassword    Act = "send_password"
	BulkRequirePassword Act = "require_password"
	BulkUnlock          Act = "unlock"
	BulkDisable         Act = "disable"
	BulkEnable          Act = "enable"
)

// Acts lists the acts in the order in which a form shows them.
func Acts() []Act {
	return []Act{BulkReset, BulkSendPassword, BulkRequirePassword, BulkUnlock, BulkDisable, BulkEnable}
}

// BulkState says how far a bulk act has come.
type BulkState string

// The states of a bulk act. One that is not begun within an hour is dropped.
const (
	BulkFreezing BulkState = "freezing" // the list is being written
	BulkAsked    BulkState = "asked"    // the question is open
	BulkApproval BulkState = "approval" // a second person has to answer it too
	BulkRunning  BulkState = "running"
	BulkDone     BulkState = "done"
	BulkStopped  BulkState = "stopped"
)

const (
	bulkOpen = time.Hour // how long a question stands
	bulkMost = 50_000    // rows of one act
)

// BulkOrder asks for a bulk act: on lines (reset) or contacts (the other acts), or on all that Whom finds now.
type BulkOrder struct {
	Act      Act
	Lines    []int64
	Contacts []int64
	Whom     *Whom
	Keep     map[int64]int64 // reset: as in ResetOrder
	Along    []int64         // reset: as in ResetOrder
	Reason   string          // disable
	Back     string          // the page that it is asked on
}

// Whom finds parents as the grid does: by letter, by last name, by school, by several of them, or all. The rest is not for resets: how the
// login stands.
type Whom struct {
	Letter, Last   string
	School         int64      // 0: any
	State          LoginState // one of ParentStates, "" for any
	NotSince       time.Time  // there is a login, and nobody signed in with it since
	PasswordBefore time.Time  // there is a permanent password, set before
}

// Bulk is a bulk act as staff see it.
type Bulk struct {
	ID              int64
	Act             Act
	State           BulkState
	Why             string // why it stopped: "asked" by somebody, or "rights" of who asked for it were taken
	Reason          string // disable
	Owner, Approver string // usernames
	StoppedBy       string
	Size, Done      int // rows
	AskedAt         time.Time
	BegunAt         time.Time // zero for not yet
	EndedAt         time.Time // zero for not yet
	Mine            bool      // asked for by the reader
	Back            string    // the page that it was asked on, "" for none

	more               bulkMore
	owner              int64
	leg                int64
	address, requestID string
}

// bulkMore is what else was ordered, as JSON in the row.
type bulkMore struct {
	Keep  map[int64]int64 `json:"keep,omitempty"`  // of a reset
	Along []int64         `json:"along,omitempty"` // of a reset
	Back  string          `json:"back,omitempty"`
}

// IsBulk reports whether so many rows are more than are done at one press.
func (f *Family) IsBulk(rows int) bool { return rows > f.settings.Values().BulkSize }

// mayBulk returns fault.Forbidden unless the actor may do bulk acts at all. Beginning one asks for more: see BeginBulk.
func mayBulk(actor access.Actor) error {
	if !access.Can(actor, access.BulkLogins) {
		return fault.Forbiddenf("not allowed: %s", access.BulkLogins)
	}
	return nil
}

// sees reports whether the actor may see the bulk act: those who work everywhere see all, the others their own.
func (b *Bulk) sees(actor access.Actor) bool {
	return actor.Kind == access.System || actor.Schools.All || b.owner == actor.AccountID
}

// Bulks lists bulk acts, newest first, after the cursor.
func (f *Family) Bulks(ctx context.Context, actor access.Actor, after jobs.Cursor, limit int) ([]Bulk, error) {
	if err := mayBulk(actor); err != nil {
		return nil, err
	}
	var all []Bulk
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		all, err = bulks(ctx, tx, actor, after, limit)
		return err
	})
	for i := range all {
		all[i].Mine = all[i].owner == actor.AccountID
	}
	return all, err
}

// Bulk returns a bulk act with how many rows have which outcome. It returns fault.NotFound for none that the actor may see.
func (f *Family) Bulk(ctx context.Context, actor access.Actor, id int64) (Bulk, map[string]int, error) {
	if err := mayBulk(actor); err != nil {
		return Bulk{}, nil, err
	}
	var b Bulk
	var outcomes map[string]int
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		if b, err = visibleBulk(ctx, tx, actor, id); err != nil {
			return err
		}
		outcomes, err = bulkOutcomes(ctx, tx, id)
		return err
	})
	return b, outcomes, err
}

func visibleBulk(ctx context.Context, tx *sqldb.Tx, actor access.Actor, id int64) (Bulk, error) {
	b, err := bulkByID(ctx, tx, id)
	if err == nil && (!b.sees(actor) || b.State == BulkFreezing) {
		err = fault.NotFoundf("no such bulk act")
	}
	b.Mine = b.owner == actor.AccountID
	return b, err
}

// BulkRow is one row with what became of it.
type BulkRow struct {
	Pos                     int
	ContactID, StudentID    int64
	ParentFirst, ParentLast string // "" for one no longer on record
	ChildFirst, ChildLast   string // reset
	Outcome                 string // "" while it is still to be done; "bulk.outcome.<outcome>" is its sentence
	Username                string
	Stay                    []string // reset: children still open
	StudentLogins           []string // reset: usernames ended
	Kept                    []string // reset: usernames passed to another parent
	Noticed                 bool     // a mail is on its way
}

// AnyOutcome asks BulkRows for rows whatever became of them.
const AnyOutcome = "any"

// BulkRows lists rows of a bulk act in their order after a position, those of one outcome ("": still to be done) or AnyOutcome.
func (f *Family) BulkRows(ctx context.Context, actor access.Actor, id int64, outcome string, after, limit int) ([]BulkRow, error) {
	if err := mayBulk(actor); err != nil {
		return nil, err
	}
	var rows []BulkRow
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := visibleBulk(ctx, tx, actor, id); err != nil {
			return err
		}
		var err error
		rows, err = bulkRows(ctx, tx, id, outcome, after, limit)
		return err
	})
	return rows, err
}

// exportAtOnce is how many rows ExportBulk reads at a time.
const exportAtOnce = 1000

// ExportBulk calls fn for every row of a bulk act and notes in the log that it was taken away.
func (f *Family) ExportBulk(ctx context.Context, actor access.Actor, id int64, fn func(BulkRow) error) error {
	if _, _, err := f.Bulk(ctx, actor, id); err != nil {
		return err
	}
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "bulk.exported", TargetKind: "bulk", TargetID: id})
	})
	for after := 0; err == nil; {
		var rows []BulkRow
		if rows, err = f.BulkRows(ctx, actor, id, AnyOutcome, after, exportAtOnce); err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].Pos
		for _, r := range rows {
			if err := fn(r); err != nil {
				return err
			}
		}
	}
	return err
}

// BeginBulk answers the question with "Ok": count is the number of rows as the person typed it. Where the school wants a second person for
// so many rows, the first answer waits for another one by somebody else. The actor must have shown lately that it is them (fault.Stale).
// It returns fault.Invalid with a problem on "count" for a wrong number, fault.Conflict for an act that is begun or too old, or whose second
// person is the first.
func (f *Family) BeginBulk(ctx context.Context, actor access.Actor, id int64, count int) error {
	if err := access.Check(actor, access.BulkLogins); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := visibleBulk(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := f.mayBegin(b, actor, count); err != nil {
			return err
		}
		if most := f.settings.Values().BulkApproval; b.State == BulkAsked && most > 0 && b.Size > most && actor.Kind == access.Staff {
			return f.wantApproval(ctx, tx, actor, b)
		}
		approver := ""
		if b.State == BulkApproval {
			approver = actor.Username
		}
		return f.beginBulk(ctx, tx, actor, b, approver)
	})
}

func (f *Family) mayBegin(b Bulk, actor access.Actor, count int) error {
	switch {
	case b.State != BulkAsked && b.State != BulkApproval:
		return fault.Conflictf("it is begun")
	case f.now().Sub(b.AskedAt) >= bulkOpen:
		return fault.Conflictf("the question is an hour old: ask again")
	case b.State == BulkAsked && b.owner != actor.AccountID:
		return fault.Conflictf("somebody else is asked")
	case b.State == BulkApproval && b.owner == actor.AccountID:
		return fault.Conflictf("a second person has to answer")
	case count != b.Size:
		return fault.InvalidFields(fault.Problem{Field: "count", Key: "problem.bulk_count", Args: []any{"Number", b.Size}})
	}
	return nil
}

// wantApproval leaves the question to a second person.
func (f *Family) wantApproval(ctx context.Context, tx *sqldb.Tx, actor access.Actor, b Bulk) error {
	if err := moveBulk(ctx, tx, b.ID, BulkAsked, BulkApproval); err != nil {
		return err
	}
	return f.noteBulk(ctx, tx, actor, b, "bulk.approval_asked", nil)
}

// StopBulk stops a running act: what is done is done, and what is not begun within a second never is. A question is taken back by it. It
// returns fault.Conflict for one that has ended.
func (f *Family) StopBulk(ctx context.Context, actor access.Actor, id int64) error {
	if err := mayBulk(actor); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := visibleBulk(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		switch b.State {
		case BulkRunning:
			if err := endBulk(ctx, tx, id, BulkStopped, "asked", actor.Username, f.now()); err != nil {
				return err
			}
		case BulkAsked, BulkApproval:
			if err := dropBulk(ctx, tx, id, b.State); err != nil {
				return err
			}
		default:
			return fault.Conflictf("it has ended")
		}
		return f.noteBulk(ctx, tx, actor, b, "bulk.stopped", map[string]any{"state": string(b.State), "done": b.Done})
	})
}

// noteBulk writes the log.
func (f *Family) noteBulk(ctx context.Context, tx *sqldb.Tx, actor access.Actor, b Bulk, action string, more map[string]any) error {
	detail := map[string]any{"act": string(b.Act), "rows": b.Size}
	for k, v := range more {
		detail[k] = v
	}
	return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: action, TargetKind: "bulk", TargetID: b.ID, Detail: detail})
}

func isAct(a Act) bool { return slices.Contains(Acts(), a) }
