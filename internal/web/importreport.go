package web

import (
	"encoding/json"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/intake"
)

// importCSV is the whole report as a table (RFC 4180): every list, row by row.
func (s *Server) importCSV(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	if _, err := s.Imports.One(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	if err := s.Imports.NoteExport(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	if err := s.reportRows(x, id, x.table("import-"+strconv.FormatInt(id, 10))); err != nil { // the head is on its way: the reader sees that the file breaks off
		s.Log.Warn("table not taken", "req", x.client.RequestID, "err", err)
	}
	return nil
}

// reportRows writes every list of an import, row by row. Of what was noticed it says where, and what stood there.
func (s *Server) reportRows(x *exchange, id int64, row func(cells ...string) error) error {
	l := x.lang
	var head []string
	for _, column := range []string{"list", "level", "file", "line", "column", "was", "name", "contact", "what"} {
		head = append(head, l.T("imports.column."+column))
	}
	if err := row(head...); err != nil {
		return err
	}
	names := []string{findingsList}
	for _, on := range intake.Lists() {
		names = append(names, string(on))
	}
	for _, sort := range intake.Sorts() {
		names = append(names, string(sort))
	}
	for _, name := range names {
		for after, more := 0, true; more; {
			rows, last, err := s.importRows(x, id, name, after, reportAtOnce+1)
			if err != nil {
				return err
			}
			for _, r := range rows[:min(len(rows), reportAtOnce)] {
				cells := []string{l.T("imports.list." + name), "", "", "", "", "", r.Name, r.Contact, r.What}
				if f := r.Noticed; f != nil {
					cells = []string{cells[0], r.Level, f.File, numberText(int64(f.Line)), f.Column, r.Was, "", "", r.Said}
				}
				if err := row(cells...); err != nil {
					return err
				}
			}
			after, more = last, len(rows) > reportAtOnce
		}
	}
	return row()
}

const reportAtOnce = 1000

// importJSON is the report for a program: the numbers and the findings.
func (s *Server) importJSON(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	m, err := s.Imports.One(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	if m.Report.Format == "" {
		return fault.NotFoundf("there is no report yet")
	}
	if err := s.Imports.NoteExport(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	for after := 0; ; after = m.Report.Findings[len(m.Report.Findings)-1].Pos {
		some, err := s.Imports.Findings(x.r.Context(), x.actor, id, after, reportAtOnce)
		if err != nil {
			return err
		}
		m.Report.Findings = append(m.Report.Findings, some...)
		if len(some) < reportAtOnce {
			break
		}
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="import-`+strconv.FormatInt(id, 10)+`.json"`)
	h["Cache-Control"] = noStore
	enc := json.NewEncoder(x.w)
	enc.SetIndent("", "  ")
	return enc.Encode(m.Report)
}
