package roster

import (
	"context"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
)

// The columns of a list have the names of the records' fields, in every language: a program that reads the file again looks for them.

// ExportStudents calls row for the head, and for every enrolled student of the actor's schools, school by school and by name. It returns
// fault.Forbidden, fault.Stale when the actor must show first that it is them, fault.NotFound for a school that is not the actor's.
func (r *Roster) ExportStudents(ctx context.Context, actor access.Actor, o ExportOrder, row func(...string) error) error {
	fields := slices.DeleteFunc(studentFields(), func(f field[Student]) bool { return f.name == fieldSchool || f.name == fieldOtherSchools })
	return r.export(ctx, actor, o, "students", func(w *exportWalk) error {
		if err := row(append([]string{"source_id", "school", fieldOtherSchools}, fieldNames(fields)...)...); err != nil {
			return err
		}
		return w.walk(ctx, func(e exported) error {
			for _, s := range e.students {
				if err := row(append([]string{s.SourceID, s.SchoolName, w.names(s.OtherSchools)}, fieldValues(fields, &s)...)...); err != nil {
					return err
				}
				r.log.Views.NoteExport(actor, s.ID)
			}
			return nil
		})
	})
}

// ExportContacts is ExportStudents for the students' lines: one row for each, with both its ends.
func (r *Roster) ExportContacts(ctx context.Context, actor access.Actor, o ExportOrder, row func(...string) error) error {
	adult, line := contactFields(), lineFields()
	return r.export(ctx, actor, o, "contacts", func(w *exportWalk) error {
		head := []string{"student_source_id", "student_id_number", "student_first_name", "student_last_name", "school", "source_id"}
		head = append(append(head, fieldNames(adult)...), fieldNames(line)...)
		if err := row(append(head, "file_portal_access")...); err != nil {
			return err
		}
		return w.walk(ctx, func(e exported) error {
			for _, s := range e.students {
				for _, l := range e.parents[s.ID] {
					cells := []string{s.SourceID, s.IDNumber, s.First, s.Last, s.SchoolName, l.Contact.SourceID}
					cells = append(append(cells, fieldValues(adult, &l.Contact)...), fieldValues(line, &l.Line)...)
					if err := row(append(cells, string(l.FilePortalAccess))...); err != nil {
						return err
					}
				}
				r.log.Views.NoteExport(actor, s.ID)
			}
			return nil
		})
	})
}

// names names those of the schools that are taken out.
func (w *exportWalk) names(schools []int64) string {
	var names []string
	for _, o := range w.schools {
		if slices.Contains(schools, o.ID) {
			names = append(names, o.Name)
		}
	}
	return strings.Join(names, "; ")
}

func fieldNames[T any](fields []field[T]) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

func fieldValues[T any](fields []field[T], record *T) []string {
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = f.of(record)
	}
	return values
}
