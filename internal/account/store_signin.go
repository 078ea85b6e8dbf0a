package account

import "database/sql"

// selectSubject gives one row for every username: an account or none, its live temporary password, whether the browser is known to it, and
// whether the address has failed too often.
const selectSubject = `select coalesce(a.id, 0), coalesce(a.kind, ''), coalesce(a.username, ''), coalesce(a.state, ''),
coalesce(a.state_reason, ''), coalesce(a.role, ''), coalesce(a.name, ''), coalesce(a.email, ''), coalesce(a.language, ''),
coalesce(a.credential_version, 0), a.password_hash is not null, coalesce(a.created_at, 0), coalesce(a.claim_by, 0),
coalesce(a.last_sign_in_at, 0), coalesce(a.schools, ''), coalesce(a.ends_at, 0), a.id is not null and ` + hasFactor + `, coalesce(a.password_hash, ''), coalesce(t.serial, ''), coalesce(t.hash, ''), coalesce(t.expires_at, 0),
d.account_id is not null, coalesce(m.count, 0) >= $9 or coalesce(h.count, 0) >= $10
from (select 1 as one) x
left join account a on a.kind = $1 and a.username_key = $2
left join temporary_password t on t.account_id = a.id and t.expires_at > $3
left join known_device d on d.account_id = a.id and d.device_hash = $4 and d.expires_at > $3
left join throttle m on m.key = $5 and m.window_start > $6
left join throttle h on h.key = $7 and h.window_start > $8`

func scanSubject(r *sql.Rows) (subject, error) {
	var s subject
	fields := accountFields(&s.account)
	err := r.Scan(append(fields, &s.hash, &s.serial, &s.tempHash, &moment{&s.tempEnds}, &s.device, &s.flooding)...)
	return s, err
}
