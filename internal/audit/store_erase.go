package audit

import "github.com/schoolgate/schoolgate/internal/sqldb"

const (
	selectOldDetails = `select event_id from audit_detail where at < $1 order by at, event_id limit $2`

	selectDetailsAbout = `select e.id from audit_event e
join audit_detail d on d.event_id = e.id
where e.target_kind = $1 and e.target_id = $2 and e.at < $3 and d.at is not null
order by e.at, e.id
limit $4`

	selectDetailsBy = `select e.id from audit_event e
join audit_detail d on d.event_id = e.id
where e.actor_kind = $1 and e.actor_id = $2 and e.at < $3 and d.at is not null
order by e.at, e.id
limit $4`

	deleteOldViews = `delete from record_view
where (student_id, day, viewer_kind, viewer_id, how, address) in (
    select student_id, day, viewer_kind, viewer_id, how, address from record_view
    where how = 'opened' and day < $1
    order by day, student_id
    limit $2)`
)

func deleteDetails(n int) string {
	return "delete from audit_detail where event_id in " + sqldb.Values(1, n)
}
