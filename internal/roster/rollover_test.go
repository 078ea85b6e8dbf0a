package roster

import (
	"context"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestNoNewSchoolYearBeginsWhileOneIsTakenBack(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, north, _ := d.twoSchools()
		d.fromRoster("1", Student{First: "Ana", Last: "Lopez", SchoolID: north, Grade: "4"}, Contact{First: "Maria", Last: "Lopez"}, Line{})
		d.clerk.Fresh = true
		plan := RolloverPlan{Schools: []RolloverSchool{{ID: north, Take: true}}}
		begin := func() (id int64, err error) {
			err = d.db.Write(t.Context(), func(tx *sqldb.Tx) (err error) {
				id, err = d.BeginRollover(t.Context(), tx, d.clerk, plan, 1)
				return err
			})
			return id, err
		}
		walk := func(id int64) {
			for more := true; more; {
				var err error
				more, err = d.StepRollover(t.Context(), id)
				d.ok(err)
			}
		}
		first, err := begin()
		d.ok(err)
		if _, err := begin(); !fault.Is(err, fault.Conflict) {
			t.Errorf("while one is taken: %v", err)
		}
		walk(first)
		d.write(func(ctx context.Context, tx *sqldb.Tx) error { return d.UndoRollover(ctx, tx, d.clerk, first) })
		if _, err := begin(); !fault.Is(err, fault.Conflict) {
			t.Errorf("while one is taken back: %v", err)
		}
		walk(first)
		second, err := begin()
		d.ok(err)
		walk(second)
		d.same("one grade up", d.column("select grade from student"), []string{"5"})
	})
}
