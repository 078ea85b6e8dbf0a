package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// mailComing tells a parent beforehand that access to a student ends with the eighteenth birthday; StudentIDs; Data: dataDay.
const mailComing = "coming_of_age"

const (
	dataDay     = "day"
	adultsAtOne = 20 // students a transaction
)

// sweepAdults does what a student's eighteenth birthday asks for: beforehand it tells the parents whose access will end, and on the day it notes
// it in the log and ends the student logins that parents made. Access itself ends with the day, by roster's rule.
func (f *Family) sweepAdults(ctx context.Context) error {
	v := f.settings.Values()
	if v.AdultStudents == string(roster.AdultsEnd) && v.AdultNotice > 0 {
		if err := f.inSteps(ctx, f.tellComing); err != nil {
			return err
		}
	}
	if v.AdultStudents == string(roster.AdultsNothing) {
		return nil
	}
	return f.inSteps(ctx, f.noteComing)
}

// inSteps runs a step in short transactions until it has nothing left to do.
func (f *Family) inSteps(ctx context.Context, step func(ctx context.Context, tx *sqldb.Tx) (int, error)) error {
	for n := adultsAtOne; n == adultsAtOne; {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = step(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Family) tellComing(ctx context.Context, tx *sqldb.Tx) (int, error) {
	coming, err := f.roster.ComingToTell(ctx, tx, f.settings.Values().AdultNotice, adultsAtOne)
	if err != nil {
		return 0, err
	}
	for _, c := range coming {
		lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfStudents, []int64{c.ID})
		if err != nil {
			return 0, err
		}
		told := map[int64]bool{}
		for _, l := range lines {
			if !l.open() || told[l.account] {
				continue
			}
			told[l.account] = true
			order := mailOrder{Template: mailComing, ContactID: l.ContactID, AccountID: l.account, StudentIDs: []int64{c.ID}, Data: map[string]string{dataDay: c.On}}
			if err := f.enqueueMail(ctx, tx, order); err != nil {
				return 0, err
			}
		}
		if err := f.roster.ComingTold(ctx, tx, c); err != nil {
			return 0, err
		}
		if err := f.recordComing(ctx, tx, "student.adult_told", c, map[string]any{"on": c.On, "parents": len(told)}); err != nil {
			return 0, err
		}
	}
	return len(coming), nil
}

func (f *Family) noteComing(ctx context.Context, tx *sqldb.Tx) (int, error) {
	came, err := f.roster.ComingToNote(ctx, tx, adultsAtOne)
	if err != nil {
		return 0, err
	}
	for _, c := range came {
		lines, err := f.roster.LinesOfStudent(ctx, tx, c.ID)
		if err != nil {
			return 0, err
		}
		ids := make([]int64, len(lines))
		for i, l := range lines {
			ids[i] = l.Line.ID
		}
		if err := f.LinesChanged(ctx, tx, sweeper(), roster.Change{LineIDs: ids}); err != nil {
			return 0, err
		}
		if err := f.roster.ComingNoted(ctx, tx, c); err != nil {
			return 0, err
		}
		detail := map[string]any{"on": c.On, "adult_students": f.settings.Values().AdultStudents, "mark": string(c.Mark)}
		if err := f.recordComing(ctx, tx, "student.of_age", c, detail); err != nil {
			return 0, err
		}
	}
	return len(came), nil
}

func (f *Family) recordComing(ctx context.Context, tx *sqldb.Tx, action string, c roster.NewAdult, detail map[string]any) error {
	return f.audit.Record(ctx, tx, audit.Event{Actor: sweeper(), Action: action, TargetKind: "student", TargetID: c.ID, Detail: detail})
}
