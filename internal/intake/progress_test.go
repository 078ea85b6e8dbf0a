package intake

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestWhoeverLooksOnSeesHowManyRowsAreReadAndHowManyChangesPlanned(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		id, err := o.intake.Upload(o.ctx, clerk, "roster.zip", FromPage, Options{}, bytes.NewReader(zipOf(t, twenty())))
		if err != nil {
			t.Fatal(err)
		}
		turn, err := o.intake.takeTurn(o.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		o.before = func(q string) error { // the first that is asked once all is read
			if seen == 0 && strings.Contains(q, "from school o") {
				seen = int(turn.rows.Load())
			}
			return nil
		}
		m := o.is(id)
		err = o.intake.workPlan(o.ctx, turn, m)
		o.before = nil
		o.same("counted while it is read", true, err == nil && seen >= 40)
		o.same("and planned", o.is(id).Steps, int(turn.steps.Load()))
		turn.counts(id).rows.Store(7)
		if err := errors.Join(turn.beat(o.ctx), turn.end(o.ctx)); err != nil {
			t.Fatal(err)
		}
		o.same("what is planned says how many there were", false, o.is(id).RowsRead == 7)
		again, err := o.intake.Upload(o.ctx, clerk, "roster.zip", FromPage, Options{}, bytes.NewReader(zipOf(t, twenty())))
		if err == nil {
			turn, err = o.intake.takeTurn(o.ctx, again)
		}
		if err == nil {
			err = o.intake.move(o.ctx, turn, again, Waiting, Planning, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		far := turn.counts(again)
		far.rows.Store(7)
		err = turn.beat(o.ctx)
		o.same("while it is read", []int{7, 0}, []int{o.is(again).RowsRead, o.is(again).StepsPlanned})
		far.steps.Store(3)
		if err := errors.Join(err, turn.beat(o.ctx), turn.end(o.ctx)); err != nil {
			t.Fatal(err)
		}
		o.same("while it is planned", []int{7, 3}, []int{o.is(again).RowsRead, o.is(again).StepsPlanned})
	})
}
