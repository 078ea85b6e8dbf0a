package web

import "strconv"

// readRestriction notes that the actor has read what the roster says about a restriction.
func (s *Server) readRestriction(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(x.field("line_version"), 10, 64) // none: a conflict, as it should be
	if err := s.Roster.ReadRestriction(x.r.Context(), x.actor, l.Line.ID, version); err != nil {
		return err
	}
	s.setFlash(x, "flash.restriction_read")
	return x.redirect(studentPath(rec.Student.ID) + "/contacts")
}
