package web

import (
	"strings"

	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// importProgress says how far an import is that is being worked on: rows read, changes planned, changes applied.
func importProgress(l *lang.Language, m intake.Import) string {
	if m.State == intake.Applying {
		return l.T("imports.progress.applying", "Done", l.Number(m.Done), "Size", l.Number(m.Steps))
	}
	var far []string
	if m.State == intake.Planning && m.RowsRead > 0 {
		far = append(far, l.T("imports.progress.rows", "Count", m.RowsRead))
	}
	if m.State == intake.Planning && m.StepsPlanned > 0 {
		far = append(far, l.T("imports.progress.changes", "Count", m.StepsPlanned))
	}
	if len(far) == 0 {
		return l.T("imports.progress." + string(m.State))
	}
	return strings.Join(far, " ")
}
