package intake

import (
	"context"
	"encoding/json"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// AsksSchool reports whether an upload waits for somebody to say which school its students are in.
func (m *Import) AsksSchool() bool {
	return m.State == Failed && m.Origin == FromPage && m.BegunAt.IsZero() && m.Report.Refused != nil && m.Report.Refused.Code == cannotSchool
}

// PutInto says which school the students of an upload are in whose school it does not name, and has it planned anew. The school is made when
// the plan is applied, if there is none of that name. It returns fault.Forbidden unless the actor may import, fault.NotFound for no import,
// fault.Invalid with a problem on "school" for no name, fault.Conflict where the school is not asked for, or the upload is no longer kept.
func (i *Intake) PutInto(ctx context.Context, actor access.Actor, id int64, school string) error {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return err
	}
	school = clean(school)
	if school == "" || tooLong(school, nameLength) {
		return fault.InvalidFields(fault.Problem{Field: "school", Key: "problem.empty"})
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		m, err := i.inState(ctx, tx, id, Failed)
		if err != nil {
			return err
		}
		if !m.AsksSchool() {
			return fault.Conflictf("the import does not wait for a school")
		}
		has, err := sqldb.Value[bool](ctx, tx, selectHasChunks, id)
		if err == nil && !has {
			err = fault.Conflictf("the file is no longer kept: upload it again")
		}
		if err != nil {
			return err
		}
		m.Options.School = school
		options, err := json.Marshal(m.Options)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, updateOptions, id, string(options)); err != nil {
			return err
		}
		return i.planAnew(ctx, tx, actor, m)
	})
}

const updateOptions = `update import set options = $2 where id = $1`
