package web

import (
	"net/http"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/intake"
)

// asksSchool puts the question on the page which school the students are in.
func (s *Server) asksSchool(x *exchange, p *importPage, m intake.Import) (err error) {
	p.School = importURL(m.ID) + "/school"
	p.Schools, err = s.schoolsToName(x)
	return err
}

// nameSchool takes the answer.
func (s *Server) nameSchool(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	err = s.Imports.PutInto(x.r.Context(), x.actor, id, x.field("school"))
	if fault.Is(err, fault.Invalid) {
		return s.importWith(x, http.StatusUnprocessableEntity, id, err)
	}
	if err != nil {
		return s.importConflict(x, id, err)
	}
	s.setFlash(x, "flash.import_school_named")
	return x.redirect(importURL(id))
}
