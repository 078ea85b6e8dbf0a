package audit

import (
	"database/sql"
	"encoding/json"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
)

const (
	insertEvent = `insert into audit_event (at, actor_kind, actor_id, action, area, target_kind, target_id, outcome, address, request_id, detail_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`

	insertDetail = `insert into audit_detail (event_id, detail, salt, at) values ($1, $2, $3, $4)`

	insertPending = `insert into audit_pending (event_id, mac) values ($1, $2)`

	columns = `select e.id, e.at, e.actor_kind, coalesce(e.actor_id, 0), e.action, e.target_kind, coalesce(e.target_id, 0), e.outcome,
e.address, e.request_id, coalesce(d.detail, ''), e.detail_hash is not null and d.event_id is null
from audit_event e left join audit_detail d on d.event_id = e.id`

	selectSince = columns + `
where e.at >= $1
order by e.at, e.id`

	selectAbout = columns + `
where e.target_kind = $1 and e.target_id = $2
order by e.at desc, e.id desc
limit $3`
)

func scan(r *sql.Rows) (Event, error) {
	var e Event
	var at int64
	var kind, detail string
	err := r.Scan(&e.ID, &at, &kind, &e.Actor.AccountID, &e.Action, &e.TargetKind, &e.TargetID, &e.Outcome, &e.Actor.Address,
		&e.Actor.RequestID, &detail, &e.Erased)
	if err != nil {
		return e, err
	}
	e.At, e.Actor.Kind = time.UnixMicro(at).UTC(), access.Kind(kind)
	if detail != "" {
		err = json.Unmarshal([]byte(detail), &e.Detail)
	}
	return e, err
}
