package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// recordHistoryPage is what happened to a student's record, or to one contact's, field by field.
type recordHistoryPage struct {
	Page
	Student roster.Student
	Contact *roster.Contact // nil on the student's own page
	Rows    []historyRow
	Next    string
}

// Tab is the tab of the student's pages this one is on.
func (recordHistoryPage) Tab() string { return "history" }

// historyRow is one change in words.
type historyRow struct {
	At       time.Time
	Whom     string // the contact
	Field    string
	Old, New string
	Hidden   bool
	What     string // instead of old and new, where something happened to the whole record
	By       string
	ByURL    string // the import, for those who may see imports
}

func (s *Server) recordHistory(x *exchange) error {
	student, err := x.id("student")
	if err != nil {
		return err
	}
	line := int64(0)
	if x.r.PathValue("line") != "" {
		if line, err = x.id("line"); err != nil {
			return err
		}
	}
	before := x.place("before") // what is no number is the newest
	h, err := s.Roster.History(x.r.Context(), x.actor, student, line, before)
	if err != nil {
		return err
	}
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return err
	}
	p := recordHistoryPage{Page: s.page(x, "history.title"), Student: h.Student}
	if h.Line != nil {
		p.Contact = &h.Line.Contact
	}
	imports := access.Can(x.actor, access.ImportRoster)
	for _, e := range h.Entries {
		row := newHistoryRow(x.lang, e, schools)
		if imports && e.Import != 0 {
			row.ByURL = importURL(e.Import)
		}
		p.Rows = append(p.Rows, row)
	}
	if h.Next != 0 {
		p.Next = url.Values{"before": {strconv.FormatInt(h.Next, 10)}}.Encode()
	}
	return s.render(x, http.StatusOK, "admin/history", p)
}

func newHistoryRow(l *lang.Language, e roster.HistoryEntry, schools []roster.School) historyRow {
	r := historyRow{At: e.At, Whom: e.Name, Hidden: e.Hidden, By: byWords(l, e)}
	switch e.Field {
	case roster.FieldAdded, roster.FieldRemoved:
		r.What = l.T("history." + e.Field)
	case roster.FieldGone:
		r.What = l.T("history.gone_" + e.New)
	case roster.FieldContactRemoved, roster.FieldMerged, roster.FieldUnmerged:
		r.What = l.T("history."+e.Field, "Name", e.Old)
	default:
		r.Field = fieldName(l, e.Field)
		r.Old, r.New = fieldWords(l, e.Field, e.Old, schools), fieldWords(l, e.Field, e.New, schools)
	}
	return r
}

// byWords says who did it.
func byWords(l *lang.Language, e roster.HistoryEntry) string {
	switch {
	case e.Import != 0:
		return l.T("history.import", "Number", e.Import)
	case e.By != "":
		return e.By
	}
	return l.T("history.system")
}

// fieldName is what pages call a record's field.
func fieldName(l *lang.Language, field string) string {
	key := map[string]string{"school_id": "record.school", "language": "record.any_language"}[field]
	if key == "" {
		key = "record." + field
	}
	if l.Has(key) {
		return l.T(key)
	}
	return field
}
