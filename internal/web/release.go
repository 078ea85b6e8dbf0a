package web

import "strconv"

// releaseStudent gives a field of a student back to the roster.
func (s *Server) releaseStudent(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	version := x.number("version") // none: a conflict, as it should be
	if err := s.Roster.ReleaseStudent(x.r.Context(), x.actor, id, version, x.field("field")); err != nil {
		return s.overtaken(x, err, "flash.changed_meanwhile", studentPath(id))
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
	contact := x.number("contact_version")
	line := x.number("line_version")
	to := studentPath(rec.Student.ID) + "/contacts/" + strconv.FormatInt(l.Line.ID, 10)
	if err := s.Roster.ReleaseContact(x.r.Context(), x.actor, l.Line.ID, contact, line, x.field("field")); err != nil {
		return s.overtaken(x, err, "flash.changed_meanwhile", to)
	}
	s.setFlash(x, "flash.released")
	return x.redirect(to)
}

// openAgain opens a child for a contact whose restriction was lifted.
func (s *Server) openAgain(x *exchange) error {
	rec, l, err := s.findLine(x)
	if err != nil {
		return err
	}
	to := studentPath(rec.Student.ID) + "/contacts"
	if err := s.Family.OpenAgain(x.r.Context(), x.actor, l.Line.ID); err != nil {
		return s.overtaken(x, err, "flash.changed_meanwhile", to)
	}
	s.setFlash(x, "flash.opened_again")
	return x.redirect(to)
}
