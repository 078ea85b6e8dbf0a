package web

import (
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// importRows reads rows of a list; last is the position of the last but one, from which the next page goes on.
func (s *Server) importRows(x *exchange, id int64, name string, after, limit int) (rows []importRow, last int, err error) {
	l, ctx := x.lang, x.r.Context()
	positions := []int{}
	schools, err := s.Roster.Schools(ctx)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case name == findingsList:
		found, err := s.Imports.Findings(ctx, x.actor, id, after, limit)
		for _, f := range found {
			rows = append(rows, findingRow(l, f, schools))
			positions = append(positions, f.Pos)
		}
		if err != nil {
			return nil, 0, err
		}
	case isSort(name):
		changes, err := s.Imports.Changes(ctx, x.actor, id, intake.Sort(name), after, limit)
		if err != nil {
			return nil, 0, err
		}
		for _, c := range changes {
			rows = append(rows, changeRow(l, c, schools, strings.HasSuffix(name, "_come")))
			positions = append(positions, c.Pos)
		}
	default:
		people, err := s.Imports.People(ctx, x.actor, id, intake.List(name), after, limit)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range people {
			rows = append(rows, personRow(l, intake.List(name), e.Person, schools))
			positions = append(positions, e.Pos)
		}
	}
	if len(positions) >= limit && limit > 1 {
		last = positions[limit-2]
	}
	return rows, last, nil
}

func isSort(name string) bool {
	for _, s := range intake.Sorts() {
		if string(s) == name {
			return true
		}
	}
	return false
}

func studentURL(id int64) string {
	if id == 0 {
		return ""
	}
	return "/admin/students/" + strconv.FormatInt(id, 10)
}

func familyURL(id int64) string {
	if id == 0 {
		return ""
	}
	return "/admin/families/" + strconv.FormatInt(id, 10)
}

func findingRow(l *lang.Language, f intake.Finding, schools []roster.School) importRow {
	row := importRow{Noticed: &f, Name: f.File, Level: l.T("imports.level." + string(f.Level)), Grave: f.Level == intake.Skipped, Was: f.Was, Said: f.In(l)}
	if f.Line > 0 {
		row.Name = l.T("imports.place", "File", f.File, "Line", strconv.Itoa(f.Line))
	}
	if field := f.Field(); field != "" {
		row.Was = valueWords(l, field, f.Was, schools)
	}
	if f.Count > 1 {
		row.Said += " " + l.T("imports.times", "Count", f.Count)
	}
	about := f.Column
	if row.Was != "" {
		about = strings.TrimSpace(about + " " + l.T("imports.was", "Was", row.Was))
	}
	if row.What = row.Said; about != "" {
		row.What = about + ": " + row.Said
	}
	return row
}

// valueWords says a value of a record's field as a plan has it. A school that the plan makes has a name alone, or none.
func valueWords(l *lang.Language, field, value string, schools []roster.School) string {
	if value == `""` {
		value = ""
	}
	if id, err := strconv.ParseInt(value, 10, 64); field == "school_id" && err == nil && id <= 0 {
		return l.T("imports.new_school")
	}
	return fieldWords(l, field, value, schools)
}

// formatName is what pages call a format, as people choose it or as it was found.
func formatName(l *lang.Language, format string) string {
	if key := "imports.format_named." + format; l.Has(key) {
		return l.T(key)
	}
	return format
}

func changeRow(l *lang.Language, c intake.Change, schools []roster.School, comes bool) importRow {
	row := importRow{URL: studentURL(c.StudentID), Name: c.Name}
	if c.StudentID == 0 {
		row.URL = familyURL(c.ContactID)
	}
	var parts []string
	for _, d := range c.Fields {
		if d.Field == roster.FileRestriction {
			parts = append(parts, l.T("imports.changed_words", "Field", fieldName(l, d.Field)))
			continue
		}
		if comes {
			parts = append(parts, l.T("imports.value", "Field", fieldName(l, d.Field), "New", valueWords(l, d.Field, d.New, schools)))
			continue
		}
		parts = append(parts, l.T("imports.changed", "Field", fieldName(l, d.Field), "Old", valueWords(l, d.Field, d.Old, schools),
			"New", valueWords(l, d.Field, d.New, schools)))
	}
	if c.Alone {
		parts = append(parts, l.T("imports.left_alone"))
	}
	row.What = strings.Join(parts, "; ")
	return row
}

func personRow(l *lang.Language, on intake.List, n intake.Person, schools []roster.School) importRow {
	row := importRow{URL: studentURL(n.StudentID), Name: n.Student, ContactURL: familyURL(n.ContactID), Contact: n.Contact}
	switch on {
	case intake.ListLoses, intake.ListLogins:
		row.What = l.T("imports.why." + n.Why)
		if n.Until != "" {
			row.What += " " + l.T("imports.until", "Day", l.Date(n.Until))
		}
		if n.Old != "" {
			row.What = n.Old + ": " + row.What
		}
	case intake.ListRestriction:
		row.What = l.T("imports.restriction." + n.Why)
	case intake.ListShared:
		row.What = n.New + ": " + l.T("imports.shared."+n.Why)
	case intake.ListNoEmail:
		row.What = l.T("imports.no_email." + n.Why)
	case intake.ListLocal:
		row.What = fieldName(l, n.Field) + ": " + l.T("imports.local", "Ours", valueWords(l, n.Field, n.Old, schools),
			"Theirs", valueWords(l, n.Field, n.New, schools))
	}
	return row
}
