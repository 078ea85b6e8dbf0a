package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// importColumnsPage asks what the columns of an upload's tables are: those that nobody here has a name for first, then those that are taken for
// something by their names.
type importColumnsPage struct {
	Page
	Heading, Save, Back string
	School              string // whose tables are read so from now on; "" for those of every school
	Tables              []columnTable
}

type columnTable struct {
	File, Holds    string
	Columns, Known []columnChoice
}

// columnChoice is one column; Groups are the fields it may hold.
type columnChoice struct {
	Name, Header string
	Said         string
	Unsaid       string // what it is when nothing is said
	Groups       []fieldGroup
}

type fieldGroup struct {
	Label   string
	Choices []bulkChoice
}

func (s *Server) importColumns(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	c, err := s.Imports.Columns(x.r.Context(), x.actor, id)
	if err != nil {
		return s.importConflict(x, id, err)
	}
	p := importColumnsPage{Page: s.page(x, "imports.columns.title"), Heading: c.Import.FileName, Save: importURL(id) + "/columns", Back: importURL(id)}
	p.Path = p.Save
	if c.Mapping.School != 0 {
		p.School = c.Import.Options.School
	}
	groups := fieldGroups(x.lang)
	eachColumn(c, func(name string, t intake.Table, col intake.Column, said string) {
		if len(p.Tables) == 0 || p.Tables[len(p.Tables)-1].File != t.File {
			p.Tables = append(p.Tables, columnTable{File: t.File, Holds: t.Holds})
		}
		choice := columnChoice{Name: name, Header: col.Header, Said: said, Unsaid: x.lang.T("imports.columns.unsaid")}
		switch {
		case said != "":
			choice.Unsaid = x.lang.T("imports.columns.by_name")
		case col.Field != "":
			choice.Unsaid = takenAs(x.lang, col.Field)
		}
		if t.Holds != "contacts" {
			choice.Groups = append(choice.Groups, groups["students"]...)
		}
		if t.Holds != "students" {
			choice.Groups = append(choice.Groups, groups["contacts"]...)
		}
		at := &p.Tables[len(p.Tables)-1]
		if said == "" && col.Field != "" {
			at.Known = append(at.Known, choice)
		} else {
			at.Columns = append(at.Columns, choice)
		}
	})
	return s.render(x, http.StatusOK, "admin/import-columns", p)
}

// takenAs says what a column is taken for by its name: "student.grade", "contact.email", "guardian2.email".
func takenAs(l *lang.Language, key string) string {
	of, field, _ := strings.Cut(key, ".")
	whose := map[string]string{"student": "of_student", "contact": "of_contact", "contact1": "of_first", "contact2": "of_second"}[of]
	if whose == "" {
		return l.T("imports.columns.taken_in_row", "Field", l.T("imports.field.is_"+field), "Contact", of)
	}
	return l.T("imports.columns.taken", "Field", l.T("imports.field.is_"+field), "Whose", l.T("imports.columns."+whose))
}

// eachColumn calls fn with the columns, each with the name that its field has in the form and what was said of it.
func eachColumn(c intake.Columns, fn func(name string, t intake.Table, col intake.Column, said string)) {
	for n, t := range c.Tables {
		for k, col := range t.Columns {
			said := c.Mapped(t.Holds, col.Header)
			kind := t.Holds
			if said == "" && t.Holds == "" {
				kind = "contacts"
				said = c.Mapped(kind, col.Header)
			} else if t.Holds == "" {
				kind = "students"
			}
			if said != "" && said != "-" {
				said = kind + ":" + said
			}
			fn("c"+strconv.Itoa(n)+"-"+strconv.Itoa(k), t, col, said)
		}
	}
}

// fieldGroups lists what a column may hold, by what the table holds: in a table of students a column may be of a contact in the row.
func fieldGroups(l *lang.Language) map[string][]fieldGroup {
	students, contacts := intake.Fields()
	group := func(label, before string, fields []string) fieldGroup {
		g := fieldGroup{Label: label}
		for _, f := range fields {
			g.Choices = append(g.Choices, bulkChoice{Choice: before + f, Label: l.T("imports.field.is_" + f)})
		}
		return g
	}
	inRow := contacts[:0:0]
	for _, f := range contacts {
		if f != "student_id" && f != "student_number" {
			inRow = append(inRow, f)
		}
	}
	return map[string][]fieldGroup{
		"students": {
			group(l.T("imports.columns.of_student"), "students:", students),
			group(l.T("imports.columns.of_first"), "students:contact1.", inRow),
			group(l.T("imports.columns.of_second"), "students:contact2.", inRow),
		},
		"contacts": {group(l.T("imports.columns.of_contact"), "contacts:", contacts)},
	}
}

func (s *Server) mapColumns(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	c, err := s.Imports.Columns(x.r.Context(), x.actor, id)
	if err != nil {
		return s.importConflict(x, id, err)
	}
	if err := x.r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "the form cannot be read")
	}
	m := intake.Mapping{Students: map[string]string{}, Contacts: map[string]string{}}
	eachColumn(c, func(name string, t intake.Table, col intake.Column, _ string) {
		if !x.r.PostForm.Has(name) {
			return
		}
		kind, field, named := strings.Cut(x.field(name), ":")
		if !named { // "" or "-"
			kind, field = t.Holds, x.field(name)
		}
		switch kind {
		case "students":
			m.Students[col.Header], m.Contacts[col.Header] = field, ""
		case "contacts":
			m.Students[col.Header], m.Contacts[col.Header] = "", field
		default: // of a table that is neither
			m.Students[col.Header], m.Contacts[col.Header] = field, field
		}
		switch t.Holds { // what was said of the other kind of table stays
		case "students":
			delete(m.Contacts, col.Header)
		case "contacts":
			delete(m.Students, col.Header)
		}
	})
	if err := s.Imports.MapColumns(x.r.Context(), x.actor, id, m); err != nil {
		return s.importConflict(x, id, err)
	}
	s.setFlash(x, "flash.import_planned_anew")
	return x.redirect(importURL(id))
}
