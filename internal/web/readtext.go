package web

// readRestriction notes that the actor has read what the roster says about a restriction.
func (s *Server) readRestriction(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	version := x.number("line_version") // none: a conflict, as it should be
	to := studentPath(rec.Student.ID) + "/contacts"
	if err := s.Roster.ReadRestriction(x.r.Context(), x.actor, l.Line.ID, version); err != nil {
		return s.overtaken(x, err, "flash.changed_meanwhile", to)
	}
	s.setFlash(x, "flash.restriction_read")
	return x.redirect(to)
}
