package intake

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// State says how far an import has come.
type State string

// The states of an import.
const (
	Uploading State = "uploading" // its file is arriving
	Waiting   State = "waiting"   // to be planned
	Planning  State = "planning"
	Planned   State = "planned" // its plan waits for a person
	Applying  State = "applying"
	Done      State = "done"
	Failed    State = "failed"  // nothing of it was written; Problem says why
	Stopped   State = "stopped" // by a person
)

// Origin says where an import comes from.
type Origin string

// The origins of imports.
const (
	FromCommand Origin = "command"
	FromPage    Origin = "page"
	FromFolder  Origin = "folder"
	FromUndo    Origin = "undo" // it takes another one back
)

// An Import is one import as staff see it.
type Import struct {
	ID                   int64
	State                State
	Origin               Origin
	FileName, Hash       string
	Size                 int64 // bytes
	Options              Options
	Format               string
	Owner, AllowedBy     string // usernames
	Undoes, UndoneBy     int64  // imports; 0 for none
	RowsRead             int
	StepsPlanned         int    // so far, while it is being planned
	Steps, Done          int    // of the plan
	Alone                int    // steps that were left alone, because somebody else had changed the record
	Report               Report // numbers alone: lists, findings and steps are read page by page
	Problem              string
	StartedAt, PlannedAt time.Time // zero for not yet
	BegunAt, FinishedAt  time.Time

	ownerID   int64
	ownerRole access.Role
	rounds    int
	phase     phase
	pos       int
}

// actor is who asked for the import, for the log.
func (m *Import) actor() access.Actor {
	if m.ownerID == 0 {
		return access.Actor{Kind: access.System, Username: m.Owner}
	}
	return access.Actor{Kind: access.Staff, AccountID: m.ownerID, Username: m.Owner, Role: m.ownerRole, Schools: access.Everywhere()}
}

const (
	copiedAtOnce = 200 // steps, notes or findings in one transaction
	partsAtOnce  = 4   // steps that are hundreds of rows themselves
	erasedAtOnce = 500
)

// keep copies a plan from its stage into the journal. The import is in the state planning until all of it is there.
func (i *Intake) keep(ctx context.Context, t *turn, id int64, p *plan, round int) error {
	if err := i.keepSteps(ctx, t, id, p.stage, round); err != nil {
		return err
	}
	if err := i.keepPrints(ctx, t, p.stage); err != nil {
		return err
	}
	if err := i.keepNotes(ctx, t, id, p.stage, round); err != nil {
		return err
	}
	fresh, err := i.unsaid(ctx, id, p.f.list(), round)
	if err != nil {
		return err
	}
	return i.keepFindings(ctx, t, id, fresh, round)
}

func (i *Intake) keepSteps(ctx context.Context, t *turn, id int64, s *stage, round int) error {
	for some, err := range ahead(s.steps(ctx)) {
		if err != nil {
			return err
		}
		rows := make([][]any, len(some))
		for n, r := range some {
			rows[n] = []any{id, round*phases + int(r.phase), r.pos, r.student, r.contact, r.name, r.data}
		}
		if err := i.write(ctx, t, func(tx *sqldb.Tx) error { return sqldb.InsertMany(ctx, tx, insertSteps, rows) }); err != nil {
			return err
		}
	}
	return nil
}

// steps reads the plan's steps, as many at a time as go into the journal in one transaction.
func (s *stage) steps(ctx context.Context) iter.Seq2[[]stepRow, error] {
	return func(yield func([]stepRow, error) bool) {
		var last stepRow
		until, atOnce := phaseEndClasses, copiedAtOnce
		for {
			some, err := list(ctx, s, scanStep, selectStageSteps, int(last.phase), last.pos, atOnce, int(until))
			switch {
			case len(some) > 0:
				last = some[len(some)-1]
			case err == nil && until == phases:
				return
			case err == nil:
				until, atOnce = phases, partsAtOnce
				continue
			}
			if !yield(some, err) || err != nil {
				return
			}
		}
	}
}

// keepPrints keeps the prints of records that are as the file has them and had no print that said so.
func (i *Intake) keepPrints(ctx context.Context, t *turn, s *stage) error {
	for _, kind := range []string{"student", "contact", "line"} {
		for after := int64(0); ; {
			some, err := list(ctx, s, func(r *sql.Rows) (x roster.Printed, err error) { return x, r.Scan(&x.ID, &x.Version, &x.Print) },
				selectReprint, kind, after, copiedAtOnce)
			if err != nil {
				return err
			}
			if len(some) == 0 {
				break
			}
			after = some[len(some)-1].ID
			if err := i.write(ctx, t, func(tx *sqldb.Tx) error { return i.roster.KeepPrints(ctx, tx, systemActor(), kind, some) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i *Intake) keepNotes(ctx context.Context, t *turn, id int64, s *stage, round int) error {
	lastList, lastPos := "", 0
	for {
		rows, err := list(ctx, s, func(r *sql.Rows) ([]any, error) {
			var list, student, contact, detail string
			var pos int
			var studentID, contactID int64
			err := r.Scan(&list, &pos, &studentID, &contactID, &student, &contact, &detail)
			lastList, lastPos = list, pos
			return []any{id, list, round*roundNotes + pos, studentID, contactID, student, contact, detail}, err
		}, selectStageNotes, lastList, lastPos, copiedAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := i.write(ctx, t, func(tx *sqldb.Tx) error { return sqldb.InsertMany(ctx, tx, insertNotes, rows) }); err != nil {
			return err
		}
	}
}

func (i *Intake) keepFindings(ctx context.Context, t *turn, id int64, all []Finding, round int) error {
	for from := 0; from < len(all); from += copiedAtOnce {
		some := all[from:min(from+copiedAtOnce, len(all))]
		if err := i.write(ctx, t, func(tx *sqldb.Tx) error { return putFindings(ctx, tx, id, some, round*roundNotes+from) }); err != nil {
			return err
		}
	}
	return nil
}

func putFindings(ctx context.Context, tx *sqldb.Tx, id int64, some []Finding, after int) error {
	rows := make([][]any, len(some))
	for n, f := range some {
		rows[n] = []any{id, after + n + 1, string(f.Level), f.File, f.Line, f.Column, f.Was, f.Text, f.Count,
			string(f.Code), f.As, f.Number, f.More}
	}
	return sqldb.InsertMany(ctx, tx, insertFindings, rows)
}

// Imports lists imports, newest first, after the cursor.
func (i *Intake) Imports(ctx context.Context, actor access.Actor, after jobs.Cursor, limit int) (all []Import, err error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return nil, err
	}
	if after == (jobs.Cursor{}) {
		after.At = 1 << 62
	}
	err = i.db.Read(ctx, func(tx *sqldb.Tx) error {
		all, err = sqldb.All(ctx, tx, scanImport, selectImports, after.At, after.ID, limit)
		return err
	})
	return all, err
}

// One returns an import. It returns fault.NotFound for none.
func (i *Intake) One(ctx context.Context, actor access.Actor, id int64) (m Import, err error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return m, err
	}
	return i.one(ctx, id)
}

func (i *Intake) one(ctx context.Context, id int64) (m Import, err error) {
	err = i.db.Look(ctx, func(tx *sqldb.Tx) error {
		m, err = sqldb.One(ctx, tx, scanImport, selectImport, id)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = fault.NotFoundf("no such import")
	}
	return m, err
}

// Run is when an import began and how it ended: "done" or "failed", "running" while it does, "planned" while its plan waits for somebody.
type Run struct {
	At      time.Time
	Outcome string
}

// Last returns the newest import. It returns fault.NotFound when there was none.
func (i *Intake) Last(ctx context.Context) (Run, error) {
	var m Import
	err := i.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		m, err = sqldb.One(ctx, tx, scanImport, selectLastImport)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = fault.NotFoundf("no roster was imported yet")
	}
	run := Run{At: m.StartedAt, Outcome: "running"}
	switch m.State {
	case Done, Failed, Planned:
		run.Outcome = string(m.State)
	}
	return run, err
}
