package intake

import (
	"context"
	"maps"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Columns is what the columns of an upload's tables are taken as.
type Columns struct {
	Import  Import
	Mapping Mapping // what is kept for the school that the upload names, or for every school
	Tables  []Table // without columns that have no name, or hold passwords; never with what stands in them
}

// AsksColumns reports whether somebody may say what the columns of the upload are: it waits or could not be read, and nothing of it is applied.
// What comes by the watched folder is applied unseen, and so takes no answers.
func (m *Import) AsksColumns() bool {
	plain := m.State == Planned && m.Format == "tables" || m.State == Failed && m.Format == ""
	return plain && !m.asksElse() && m.Origin == FromPage && m.BegunAt.IsZero() && (m.Options.Format == "" || m.Options.Format == mappingFormat)
}

// asksElse reports whether a file could not be taken for a reason that its columns do not mend.
func (m *Import) asksElse() bool {
	if m.Report.Refused == nil {
		return false
	}
	switch m.Report.Refused.Code {
	case cannotTell, cannotRows:
		return false
	case cannotSchool: // unless the column of the school goes by another name
		return !isTable(m.FileName)
	}
	return true
}

// Columns reads the headers of an upload. It returns fault.Forbidden unless the actor may import, fault.NotFound for no import, fault.Conflict
// where the columns are not to be asked for, or the upload is no longer kept.
func (i *Intake) Columns(ctx context.Context, actor access.Actor, id int64) (c Columns, err error) {
	if c.Import, err = i.One(ctx, actor, id); err != nil {
		return c, err
	}
	var given Mapping
	err = i.db.Read(ctx, func(tx *sqldb.Tx) error {
		if err := mayAsk(ctx, tx, &c.Import); err != nil {
			return err
		}
		school, err := i.schoolNamed(ctx, tx, c.Import.Options.School)
		if err != nil {
			return err
		}
		c.Mapping, err = mappingOf(ctx, tx, mappingFormat, school)
		return err
	})
	if err == nil {
		given, err = i.mappingFor(ctx, c.Import.Options.School)
	}
	if err != nil {
		return c, err
	}
	err = i.unloaded(ctx, c.Import, func(path string) (err error) {
		c.Tables, err = Tables(path, given)
		return err
	})
	for n := range c.Tables {
		var named []Column
		for _, col := range c.Tables[n].Columns {
			if f := fold(col.Header); f != "" && len(f) <= nameLength && !isSecret(f) {
				named = append(named, Column{Header: clean(col.Header), Field: col.Field})
			}
		}
		c.Tables[n].Columns = named
	}
	if fault.Is(err, fault.Invalid) { // it is no table at all
		err = nil
	}
	return c, err
}

// Mapped returns what a mapping says of a column of a table of students or of contacts: "" for nothing.
func (c *Columns) Mapped(holds, header string) string {
	if holds == fileOfContacts {
		return c.Mapping.Contacts[fold(header)]
	}
	return c.Mapping.Students[fold(header)]
}

func mayAsk(ctx context.Context, tx *sqldb.Tx, m *Import) error {
	if !m.AsksColumns() {
		return fault.Conflictf("the import is %s: its columns can no longer be changed", m.State)
	}
	has, err := sqldb.Value[bool](ctx, tx, selectHasChunks, m.ID)
	if err == nil && !has {
		err = fault.Conflictf("the file is no longer kept: upload it again")
	}
	return err
}

// MapColumns keeps what somebody says of columns of an upload, beside what was said of others, and has it planned anew. "" for a column takes
// back what was said. It returns what Columns does, and fault.Invalid as SetMapping does.
func (i *Intake) MapColumns(ctx context.Context, actor access.Actor, id int64, said Mapping) error {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return err
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		m, err := i.inState(ctx, tx, id, Planned, Failed)
		if err != nil {
			return err
		}
		if err := mayAsk(ctx, tx, &m); err != nil {
			return err
		}
		school, err := i.schoolNamed(ctx, tx, m.Options.School)
		if err != nil {
			return err
		}
		next, err := mappingOf(ctx, tx, mappingFormat, school)
		if err != nil {
			return err
		}
		say(next.Students, said.Students)
		say(next.Contacts, said.Contacts)
		if next, err = Folded(next); err != nil {
			return err
		}
		if err := i.setMapping(ctx, tx, actor, next); err != nil {
			return err
		}
		return i.planAnew(ctx, tx, actor, m)
	})
}

// planAnew has an upload planned once more. Whoever plans it takes away first what an earlier plan left.
func (i *Intake) planAnew(ctx context.Context, tx *sqldb.Tx, actor access.Actor, m Import) error {
	n, err := tx.Exec(ctx, updatePlanAnew, m.ID, string(m.State))
	if err == nil && n == 0 {
		err = fault.Conflictf("the import is no longer %s", m.State)
	}
	if err != nil {
		return err
	}
	if err := i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.planned_anew", TargetKind: "import", TargetID: m.ID}); err != nil {
		return err
	}
	return i.enqueue(ctx, tx, m.ID)
}

func say(mapped, said map[string]string) {
	for header, field := range said {
		mapped[fold(header)] = field
	}
	maps.DeleteFunc(mapped, func(_, field string) bool { return field == "" })
}

// No round of it is applied: what its plan left is taken away, and it waits to be planned.
const updatePlanAnew = `update import set state = 'planning', rounds = 0, report = '', format = '', steps = 0, problem = '', planned_at = null, finished_at = null
where id = $1 and state = $2 and begun_at is null`
