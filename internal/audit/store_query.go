package audit

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// A page's queries differ in the index that they run along. Of a page no more rows are read than its limit; details are read of those alone that
// fit, and until then every event that had one counts as erased.
const (
	pageWhere = `select e.id, e.at, e.actor_kind, coalesce(e.actor_id, 0), e.action, e.target_kind, coalesce(e.target_id, 0), e.outcome,
e.address, e.request_id, '', e.detail_hash is not null
from audit_event e
where (e.at, e.id) < ($1, $2) and e.at >= $3`

	pageOrder = `
order by e.at desc, e.id desc
limit $4`

	pageAll      = pageWhere + pageOrder
	pageAbout    = pageWhere + ` and e.target_kind = $5 and e.target_id = $6` + pageOrder
	pageBy       = pageWhere + ` and e.actor_kind = $5 and e.actor_id = $6` + pageOrder
	pageByNobody = pageWhere + ` and e.actor_kind = $5 and e.actor_id is null` + pageOrder
	pageFrom     = pageWhere + ` and e.address = $5 and e.address <> ''` + pageOrder
	pageOf       = pageWhere + ` and e.area = $5` + pageOrder
	pageFailed   = pageWhere + ` and e.outcome <> 'ok'` + pageOrder
)

// addDetails reads the details of the events.
func addDetails(ctx context.Context, tx *sqldb.Tx, events []Event) error {
	at := map[int64]*Event{}
	var ids []any
	for i := range events {
		if events[i].Erased {
			at[events[i].ID] = &events[i]
			ids = append(ids, events[i].ID)
		}
	}
	return inGroups(ids, func(n int, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var id int64
			var detail []byte
			if err := r.Scan(&id, &detail); err != nil {
				return err
			}
			at[id].Erased = false
			return json.Unmarshal(detail, &at[id].Detail)
		}, selectDetailsOf(n), args...)
	})
}

func selectDetailsOf(n int) string {
	return "select event_id, detail from audit_detail where event_id in " + sqldb.Values(1, n)
}
