package audit

// PageSQL is the query of a page.
func PageSQL(q Query) (string, []any) { return q.sql() }

// Statement is a query with arguments, for the tests of plans.
type Statement struct {
	SQL  string
	Args []any
}

// OtherSQL are the queries that run often.
func OtherSQL() map[string]Statement {
	return map[string]Statement{
		"old details":      {selectOldDetails, []any{1, 500}},
		"details about":    {selectDetailsAbout, []any{"contact", 11, 1, 500}},
		"details by":       {selectDetailsBy, []any{"staff", 7, 1, 500}},
		"about":            {selectAbout, []any{"contact", 11, 10}},
		"what waits":       {selectPending, []any{256}},
		"the head":         {selectHead, nil},
		"views of student": {viewsOfStudent, []any{"2026-01-01", "2026-12-31", 100, 1}},
		"views by viewer":  {viewsByViewer, []any{"2026-01-01", "2026-12-31", 100, "staff", 7}},
		"views from":       {viewsFrom, []any{"2026-01-01", "2026-12-31", 100, "192.0.2.9"}},
	}
}
