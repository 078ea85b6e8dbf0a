package audit

import (
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectHead = `select seq, chain from audit_seal order by seq desc limit 1`

	selectLease = `select holder, until from audit_sealer where id = 1`

	insertSeals = `insert into audit_seal (seq, event_id, mac, chain) values `

	upsertLease = `insert into audit_sealer (id, holder, until) values (1, $1, $2)
on conflict (id) do update set holder = excluded.holder, until = excluded.until`

	deleteLease = `delete from audit_sealer where id = 1 and holder = $1`

	selectPending = `select event_id, mac from audit_pending order by event_id limit $1`

	rowColumns = `select e.id, e.at, coalesce(e.actor_id, 0), coalesce(e.target_id, 0), e.actor_kind, e.action, e.area, e.target_kind, e.outcome,
e.address, e.request_id, e.detail_hash from audit_event e`

	selectRows = rowColumns + ` where e.id >= $1 and e.id <= $2 order by e.id`

	selectRow = rowColumns + ` where e.id = $1`

	selectDetails = `select event_id, salt, detail from audit_detail where event_id >= $1 and event_id <= $2 order by event_id`

	selectSeals = `select seq, event_id, mac, chain from audit_seal where seq > $1 and seq <= $2 order by seq`

	selectLink = `select chain from audit_seal where seq = $1`

	countEvents = `select count(*) from audit_event`

	countPending = `select count(*) from audit_pending p join audit_event e on e.id = p.event_id`

	// Events that stand in the log without having come by Record.
	selectUnsealed = `select e.id from audit_event e
where not exists (select 1 from audit_seal s where s.event_id = e.id)
and not exists (select 1 from audit_pending p where p.event_id = e.id)
order by e.id
limit $1`

	selectNextSeal = `select seq from audit_seal where event_id > $1 order by event_id limit 1`

	selectErasures = `select d.detail from audit_event e
join audit_detail d on d.event_id = e.id
where e.area = $1 and e.action = $2`

	selectWaiting = `select p.event_id from audit_pending p
join audit_event e on e.id = p.event_id
where e.at < $1 or e.at > $2
order by p.event_id
limit 1`
)

type lease struct {
	holder string
	until  int64
}

func scanLease(r *sql.Rows) (l lease, err error) { return l, r.Scan(&l.holder, &l.until) }

// pending is an event that waits for its place.
type pending struct {
	event int64
	mac   []byte
}

func scanPending(r *sql.Rows) (p pending, err error) { return p, r.Scan(&p.event, &p.mac) }

// targets are where a row is scanned to; its bytes are valid until the next one is.
func (w *row) targets() []any {
	to := []any{&w.id, &w.at, &w.actorID, &w.targetID}
	for _, t := range []*[]byte{&w.actorKind, &w.action, &w.area, &w.targetKind, &w.outcome, &w.address, &w.request, &w.detailHash} {
		to = append(to, (*sql.RawBytes)(t))
	}
	return to
}

func deletePending(n int) string {
	return "delete from audit_pending where event_id in " + sqldb.Values(1, n)
}
