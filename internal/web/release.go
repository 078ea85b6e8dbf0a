package web

import "strconv"

// releaseStudent gives a field of a student back to the roster.
func (s *Server) releaseStudent(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(x.field("version"), 10, 64) // none: a conflict, as it should be
	if err := s.Roster.ReleaseStudent(x.r.Context(), x.actor, id, version, x.field("field")); err != nil {
		return err
	}
	s.setFlash(x, "flash.released")
	return x.redirect(studentPath(id))
}

// releaseContact gives a field of a contact, or of its line, back to the roster.
func (s *Server) releaseContact(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	contact, _ := strconv.ParseInt(x.field("contact_version"), 10, 64)
	line, _ := strconv.ParseInt(x.field("line_version"), 10, 64)
	if err := s.Roster.ReleaseContact(x.r.Context(), x.actor, l.Line.ID, contact, line, x.field("field")); err != nil {
		return err
	}
	s.setFlash(x, "flash.released")
	return x.redirect(studentPath(rec.Student.ID) + "/contacts/" + strconv.FormatInt(l.Line.ID, 10))
}

// openAgain opens a child for a contact whose restriction was lifted.
func (s *Server) openAgain(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	if err := s.Family.OpenAgain(x.r.Context(), x.actor, l.Line.ID); err != nil {
		return err
	}
	s.setFlash(x, "flash.opened_again")
	return x.redirect(studentPath(rec.Student.ID) + "/contacts")
}
