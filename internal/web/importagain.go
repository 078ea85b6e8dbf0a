package web

import (
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// importAgain says why the rest of an import, of which a part is applied, waits for a person again; nothing for a first plan.
func importAgain(l *lang.Language, m *intake.Import) []string {
	if !m.Again() {
		return nil
	}
	texts := []string{l.T("imports.again.lead", "Count", m.Done-m.Alone)}
	r := m.Plan()
	if n := r.LosesAccess + r.LosesLater; n > 0 {
		texts = append(texts, l.T("imports.again.loses", "Count", n))
	}
	if n := r.Lists[intake.ListRestriction]; n > 0 {
		texts = append(texts, l.T("imports.again.restriction", "Count", n))
	}
	if len(r.Over) > 0 {
		texts = append(texts, l.T("imports.again.over"))
	}
	if len(texts) == 1 { // nobody loses anything
		texts = append(texts, l.T("imports.again.newer"))
	}
	return texts
}

// importsSince says which imports were applied while a plan waits, "" for none.
func (s *Server) importsSince(x *exchange, waits *intake.Import) (string, error) {
	all, err := s.Imports.Since(x.r.Context(), x.actor, waits.ID)
	if err != nil || len(all) == 0 {
		return "", err
	}
	var names []string
	for _, m := range all {
		names = append(names, s.importEntry(x.lang, m).What+" ("+x.lang.ShortWhen(m.FinishedAt, s.Now(), s.Settings.Location())+")")
	}
	key := "imports.again.since"
	if waits.Undoes != 0 {
		key = "imports.again.no_undo"
	}
	return x.lang.T(key, "What", x.lang.List(names)), nil
}

// importStopped is what a person reads who stopped an import: nothing of it was applied, or the rest was left.
func (s *Server) importStopped(x *exchange, id int64) error {
	m, err := s.Imports.One(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	if m.State != intake.Stopped {
		s.setFlash(x, "flash.import_rest_left")
		return x.redirect(importURL(id))
	}
	s.setFlash(x, "flash.import_stopped")
	return x.redirect(importsPath)
}
