package intake

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Sort is a sort of steps, as people read a plan.
type Sort string

// The sorts of steps.
const (
	StudentsCome   Sort = "students_come"
	StudentsChange Sort = "students_change"
	StudentsLeave  Sort = "students_leave"
	ContactsCome   Sort = "contacts_come"
	ContactsChange Sort = "contacts_change"
	ContactsLeave  Sort = "contacts_leave"
	LinesClose     Sort = "lines_close"
	LinesChange    Sort = "lines_change"
	LinesCome      Sort = "lines_come"

	StudentsGo Sort = "students_go" // taken back: those that an import had added
	ContactsGo Sort = "contacts_go"
	LinesGo    Sort = "lines_go"
)

// Sorts lists them.
func Sorts() []Sort {
	return []Sort{StudentsCome, StudentsChange, StudentsLeave, ContactsCome, ContactsChange, ContactsLeave, LinesClose, LinesChange, LinesCome,
		StudentsGo, ContactsGo, LinesGo}
}

func (s Sort) phase() phase {
	return map[Sort]phase{StudentsCome: phaseAddStudent, StudentsChange: phaseChangeStudent, StudentsLeave: phaseStudentLeaves,
		ContactsCome: phaseAddContact, ContactsChange: phaseChangeContact, ContactsLeave: phaseContactLeaves,
		LinesClose: phaseCloseLine, LinesChange: phaseChangeLine, LinesCome: phaseAddLine,
		StudentsGo: phaseRemoveStudent, ContactsGo: phaseRemoveContact, LinesGo: phaseRemoveLine}[s]
}

// Change is a step of a plan as people read it.
type Change struct {
	Pos                  int
	StudentID, ContactID int64 // 0 for people who are not on record yet
	Name                 string
	Fields               []roster.Difference // what changes; of who comes, what tells them apart; none for who leaves
	Alone                bool                // somebody else had changed the record
}

// Changes lists steps of one sort in their order after a position, those of a further round behind those of the one before.
func (i *Intake) Changes(ctx context.Context, actor access.Actor, id int64, s Sort, after, limit int) ([]Change, error) {
	var all []Change
	err := i.look(ctx, actor, id, func(tx *sqldb.Tx, m Import) error {
		all = nil
		for round := max(m.firstShown(), after/roundNotes); round < m.rounds && len(all) < limit; round++ { // three at the most
			from := 0
			if round == after/roundNotes {
				from = after % roundNotes
			}
			steps, err := sqldb.All(ctx, tx, scanStep, selectStepsOfPhase, id, round*phases+int(s.phase()), from, limit-len(all))
			if err != nil {
				return err
			}
			var made map[string]string
			for _, row := range steps {
				c := Change{Pos: round*roundNotes + row.pos, StudentID: row.student, ContactID: row.contact, Name: row.name, Alone: row.outcome != ""}
				if c.Fields, err = fieldsOf(s, row.data); err != nil {
					return err
				}
				if made == nil && slices.ContainsFunc(c.Fields, saysNewSchool) {
					if made, err = schoolsMade(ctx, tx, id, round); err != nil {
						return err
					}
				}
				nameSchools(c.Fields, made)
				all = append(all, c)
			}
		}
		return nil
	})
	return all, err
}

func fieldsOf(s Sort, data string) ([]roster.Difference, error) {
	switch s {
	case StudentsCome:
		var c roster.StudentChange
		err := unpack(data, &c)
		return told(roster.StudentDifferences(roster.Student{}, c.New), "grade", "school_id"), err
	case ContactsCome:
		var c roster.ContactChange
		err := unpack(data, &c)
		return told(roster.ContactDifferences(roster.Contact{}, c.New), "email"), err
	case LinesCome:
		var c lineStep
		err := unpack(data, &c)
		return told(roster.LineDifferences(roster.Line{}, c.New), "relationship", "portal_access", "restricted"), err
	case StudentsChange, StudentsLeave:
		var c roster.StudentChange
		err := unpack(data, &c)
		return roster.StudentDifferences(c.Old, c.New), err
	case ContactsChange:
		var c roster.ContactChange
		err := unpack(data, &c)
		return roster.ContactDifferences(c.Old, c.New), err
	case LinesChange, LinesClose:
		var c lineStep
		err := unpack(data, &c)
		return roster.LineDifferences(c.Old, c.New), err
	}
	return nil, nil
}

// saysNewSchool reports whether a field says the number of a school that the plan makes, which is negative.
func saysNewSchool(d roster.Difference) bool {
	return (d.Field == "school_id" || d.Field == "other_schools") && strings.Contains(d.New, "-")
}

// nameSchools puts names where fields say numbers of schools that the plan makes: those are nobody else's.
func nameSchools(fields []roster.Difference, made map[string]string) {
	for n, d := range fields {
		if !saysNewSchool(d) {
			continue
		}
		ids := strings.Split(d.New, ",")
		for i, id := range ids {
			ids[i] = cmp.Or(made[id], id)
		}
		fields[n].New = strings.Join(ids, ",")
	}
}

// schoolsMade are the names of the schools that a round's plan makes, by their numbers there.
func schoolsMade(ctx context.Context, tx *sqldb.Tx, id int64, round int) (map[string]string, error) {
	steps, err := sqldb.All(ctx, tx, scanStep, selectSchoolSteps, id, round*phases+int(phaseSchool))
	if err != nil {
		return nil, err
	}
	all, err := unpackAll[schoolChange](steps)
	made := make(map[string]string, len(all))
	for _, c := range all {
		made[strconv.FormatInt(c.New.ID, 10)] = c.New.Name
	}
	return made, err
}

// told keeps those of the fields that say something.
func told(all []roster.Difference, fields ...string) []roster.Difference {
	return slices.DeleteFunc(all, func(d roster.Difference) bool {
		return !slices.Contains(fields, d.Field) || d.New == string(roster.Unknown)
	})
}

// Counts says how many steps of each sort an import has.
func (i *Intake) Counts(ctx context.Context, actor access.Actor, id int64) (map[Sort]int, error) {
	counts := map[Sort]int{}
	err := i.look(ctx, actor, id, func(tx *sqldb.Tx, m Import) error {
		clear(counts)
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var at phase
			var n int
			err := r.Scan(&at, &n)
			for _, s := range Sorts() {
				if s.phase() == at.kind() && at.round() >= m.firstShown() {
					counts[s] += n
				}
			}
			return err
		}, countSteps, id)
	})
	return counts, err
}

// People lists a list of an import's report in its order after a position. Entry.Pos is the position of each.
func (i *Intake) People(ctx context.Context, actor access.Actor, id int64, on List, after, limit int) ([]Entry, error) {
	var all []Entry
	err := i.look(ctx, actor, id, func(tx *sqldb.Tx, m Import) (err error) {
		all, err = sqldb.All(ctx, tx, func(r *sql.Rows) (Entry, error) {
			var e Entry
			var detail, student, contact string
			var studentID, contactID int64
			if err := r.Scan(&e.Pos, &studentID, &contactID, &student, &contact, &detail); err != nil {
				return e, err
			}
			err := unpack(detail, &e.Person)
			e.StudentID, e.ContactID, e.Student, e.Contact = studentID, contactID, student, contact
			return e, err
		}, selectNotes, id, string(on), max(after, m.firstShown()*roundNotes), limit)
		return err
	})
	return all, err
}

// Entry is a person at a position of a list.
type Entry struct {
	Person
	Pos int
}

// Findings lists what an import noticed, in its order after a position.
func (i *Intake) Findings(ctx context.Context, actor access.Actor, id int64, after, limit int) (all []Finding, err error) {
	err = i.look(ctx, actor, id, func(tx *sqldb.Tx, _ Import) error {
		all, err = sqldb.All(ctx, tx, func(r *sql.Rows) (f Finding, err error) {
			return f, r.Scan(&f.Pos, &f.Level, &f.File, &f.Line, &f.Column, &f.Was, &f.Text, &f.Count, &f.Code, &f.As, &f.Number, &f.More)
		}, selectFindings, id, after, limit)
		return err
	})
	return all, err
}

// NoteExport says in the log that a report was taken away, which names people. It returns fault.Forbidden unless the actor may export, fault.Stale unless the actor has shown lately that it is them.
func (i *Intake) NoteExport(ctx context.Context, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.ExportRecords); err != nil {
		return err
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		return i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.report_exported", TargetKind: "import", TargetID: id})
	})
}

func (i *Intake) look(ctx context.Context, actor access.Actor, id int64, fn func(tx *sqldb.Tx, m Import) error) error {
	m, err := i.One(ctx, actor, id)
	if err != nil {
		return err
	}
	return i.db.Read(ctx, func(tx *sqldb.Tx) error { return fn(tx, m) })
}

const (
	selectStepsOfPhase = `select phase, pos, student_id, contact_id, name, data, outcome from import_step
where import_id = $1 and phase = $2 and pos > $3
order by pos
limit $4`

	countSteps = `select phase, count(*) from import_step where import_id = $1 group by phase`

	selectNotes = `select pos, student_id, contact_id, student, contact, detail from import_note
where import_id = $1 and list = $2 and pos > $3
order by pos
limit $4`

	selectFindings = `select pos, level, file, line, col, was, said, count, code, taken_as, number, more from import_finding
where import_id = $1 and pos > $2
order by pos
limit $3`
)
