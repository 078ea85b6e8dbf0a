package web

import (
	"net/http"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sheet"
)

const exportPath = "/admin/records/export"

// oneRosterList is what stands among the lists for the whole bundle.
const oneRosterList = "oneroster"

// exportPage chooses what is taken out.
type exportPage struct {
	Page
	Lists, Formats, Schools []bulkChoice
}

func (s *Server) exportPage(x *exchange) error {
	return s.exportForm(x, http.StatusOK, nil)
}

func (s *Server) exportForm(x *exchange, status int, failed error) error {
	p := exportPage{Page: s.page(x, "export.title")}
	if failed != nil {
		if err := s.problems(x, &p.Page, failed); err != nil {
			return err
		}
	}
	p.Lists = []bulkChoice{{oneRosterList, x.lang.T("export.list.oneroster"), x.field("list") == oneRosterList}}
	for _, l := range family.Lists() {
		p.Lists = append(p.Lists, bulkChoice{string(l), x.lang.T("export.list." + string(l)), x.field("list") == string(l)})
	}
	for _, f := range sheet.Formats() {
		p.Formats = append(p.Formats, bulkChoice{string(f), x.lang.T("export.format." + string(f)), x.field("as") == string(f)})
	}
	var err error
	if p.Schools, err = s.schoolChoices(x, x.number("school")); err != nil {
		return err
	}
	return s.render(x, status, "admin/export", p)
}

// exportRecords answers with the file.
func (s *Server) exportRecords(x *exchange) error {
	o := roster.ExportOrder{District: s.Settings.Values().DistrictName, Today: s.Settings.Today()}
	o.School = x.number("school") // "": all of them
	if o.School != 0 {
		if err := access.CheckAt(x.actor, access.ExportRecords, o.School); err != nil {
			return err
		}
	}
	list := x.field("list")
	for _, l := range family.Lists() {
		if list == string(l) {
			return s.sendSheet(x, list, func(w sheet.Writer) error { return s.Family.ExportList(x.r.Context(), x.actor, l, o, w.Row) })
		}
	}
	if list != oneRosterList {
		return s.exportForm(x, http.StatusUnprocessableEntity, fault.InvalidFields(fault.Problem{Field: "list", Key: "problem.choose"}))
	}
	if err := access.Check(x.actor, access.ExportRecords); err != nil {
		return err
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="oneroster.zip"`)
	h["Cache-Control"] = noStore
	if err := s.Roster.ExportOneRoster(x.r.Context(), x.actor, o, x.w); err != nil { // the head is on its way: a broken ZIP is all that can be said now
		s.Log.Warn("bundle not taken", "req", x.client.RequestID, "err", err)
	}
	return nil
}
