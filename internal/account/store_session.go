package account

import (
	"database/sql"
)

const (
	sessionColumns = `s.id_hash, s.number, s.account_id, a.kind, a.role, a.username, a.name, a.language, s.stage, s.keep, s.user_agent,
s.address, s.created_at, s.seen_at, s.expires_at, s.credential_version, s.serial, s.proved_at, a.schools
from session s join account a on a.id = s.account_id and a.credential_version = s.credential_version`

	// What is open: a session of an active account, or a limited one whose temporary password is still live. $3 is now.
	isOpen = `s.expires_at > $3 and coalesce(a.ends_at, $3 + 1) > $3
and (s.stage <> 'password' and a.state = 'active' or s.stage = 'password' and a.state in ('waiting', 'active')
and exists (select 1 from temporary_password t where t.account_id = s.account_id and t.serial = s.serial and t.expires_at > $3))`

	selectSession = `select ` + sessionColumns + `
where s.id_hash = $1 and a.kind = $2 and ` + isOpen

	selectSessions = `select ` + sessionColumns + `
where s.account_id = $1 and s.expires_at > $2 and s.stage = 'full' and a.state = 'active'
order by s.created_at desc, s.number`

	// No row when the account is not what it was when the password was verified: whoever is slower than a reset stays outside.
	insertSession = `insert into session (id_hash, account_id, number, stage, credential_version, serial, keep, user_agent, address,
created_at, seen_at, proved_at, expires_at)
select $1, a.id, cast($3 as text), cast($4 as text), a.credential_version, cast($6 as text), cast($7 as boolean), cast($8 as text), cast($9 as text),
cast($10 as bigint), cast($10 as bigint), cast($12 as bigint), cast($11 as bigint)
from account a
where a.id = $2 and a.credential_version = $5 and coalesce(a.ends_at, $10 + 1) > $10
and ($4 <> 'password' and a.state = 'active' or $4 = 'password' and a.state in ('waiting', 'active')
and exists (select 1 from temporary_password t where t.account_id = a.id and t.serial = $6 and t.expires_at > $10))`

	carrySession = `update session set credential_version = $3 where account_id = $1 and number = $2`

	proveSession = `update session set proved_at = $4
where account_id = $1 and number = $2 and credential_version = $3 and stage = 'full'
and exists (select 1 from account a where a.id = $1 and a.credential_version = $3 and a.state = 'active')`

	deleteSession = `delete from session where id_hash = $1 and account_id = $2`

	deleteNumber = `delete from session where account_id = $1 and number = $2`

	deleteOthers = `delete from session where account_id = $1 and number <> $2`

	deleteSessions = `delete from session where account_id = $1`

	deleteLimitedSessions = `delete from session where account_id = $1 and stage = 'password'`

	updateSeen = `update session set seen_at = $2 where id_hash = $1 and seen_at < $2`

	expiredSessions = `delete from session where id_hash in (select id_hash from session where expires_at <= $1 limit $2)`

	countDevice = `select count(*) from known_device where account_id = $1 and device_hash = $2 and expires_at > $3`

	selectDevices = `select device_hash from known_device where account_id = $1`

	upsertDevice = `insert into known_device (account_id, device_hash, seen_at, expires_at) values ($1, $2, $3, $4)
on conflict (account_id, device_hash) do update set seen_at = excluded.seen_at, expires_at = excluded.expires_at`

	expiredDevices = `delete from known_device where (account_id, device_hash) in (select account_id, device_hash from known_device
where expires_at <= $1 limit $2)`
)

type stored struct {
	id      [32]byte
	session Session
}

func scanStored(r *sql.Rows) (stored, error) {
	var s Session
	var id []byte
	err := r.Scan(&id, &s.Number, &s.AccountID, (*string)(&s.Kind), (*string)(&s.Role), &s.Username, &s.Name, &s.Language, (*string)(&s.Stage),
		&s.Keep, &s.UserAgent, &s.Address, &moment{&s.CreatedAt}, &moment{&s.SeenAt}, &moment{&s.ExpiresAt}, &s.Credential, &s.Serial,
		&moment{&s.ProvedAt}, (*schools)(&s.Schools))
	var st stored
	copy(st.id[:], id)
	st.session = s
	return st, err
}

func scanSession(r *sql.Rows) (Session, error) {
	s, err := scanStored(r)
	return s.session, err
}
