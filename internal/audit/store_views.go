package audit

import (
	"database/sql"
	"time"
)

const (
	upsertView = `insert into record_view (student_id, day, viewer_kind, viewer_id, how, address, first_at, last_at, count)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (student_id, day, viewer_kind, viewer_id, how, address) do update
set last_at = excluded.last_at, count = record_view.count + excluded.count`

	viewColumns = `select student_id, day, viewer_kind, viewer_id, how, address, first_at, last_at, count from record_view
where day >= $1 and day <= $2`

	viewOrder = `
order by day desc, student_id, viewer_kind, viewer_id
limit $3`

	viewsOfStudent = viewColumns + ` and student_id = $4` + viewOrder
	viewsByViewer  = viewColumns + ` and viewer_kind = $4 and viewer_id = $5` + viewOrder
	viewsFrom      = viewColumns + ` and address = $4` + viewOrder
	viewsOfDays    = viewColumns + ` and how in ('opened', 'exported')` + viewOrder
)

func scanView(r *sql.Rows) (View, error) {
	var w View
	var first, last int64
	err := r.Scan(&w.StudentID, &w.Day, &w.ViewerKind, &w.ViewerID, &w.How, &w.Address, &first, &last, &w.Count)
	w.First, w.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
	return w, err
}
