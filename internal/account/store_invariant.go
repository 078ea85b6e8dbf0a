package account

import "database/sql"

// knownRoles is how many placeholders roleUnknown has for them.
const knownRoles = 8

const (
	waitingWithPassword = `select 'account ' || id as broken from account where state = 'waiting' and password_hash is not null`

	waitingForever = `select 'account ' || id as broken from account where state = 'waiting' and kind = 'parent' and claim_by is null`

	claimedWithEnd = `select 'account ' || id as broken from account where state = 'active' and claim_by is not null`

	activeWithoutWay = `select 'account ' || a.id as broken from account a
where a.state = 'active' and a.password_hash is null and a.password_set_at is null
and not exists (select 1 from temporary_password t where t.account_id = a.id)
and not exists (select 1 from passkey p where p.account_id = a.id)`

	studentWithoutPassword = `select 'account ' || a.id as broken from account a
where a.kind = 'student' and (a.state = 'waiting' or a.password_hash is null and a.password_set_at is null
  or exists (select 1 from temporary_password t where t.account_id = a.id))`

	passwordInClear = `select 'account ' || id as broken from account where password_hash is not null and password_hash not like '$argon2id$v=19$%'
union all
select 'temporary password of account ' || account_id from temporary_password where hash not like '$argon2id$v=19$%'`

	usernameWithoutKey = `select 'account ' || id as broken from account where username = '' or username_key = ''`

	roleUnknown = `select 'account ' || id as broken from account
where kind = 'staff' and role not in ($1, $2, $3, $4, $5, $6, $7, $8) or kind <> 'staff' and (role <> '' or schools <> '')`

	noAdministrator = `select 'no administrator' as broken from (select 1 as one) x
where exists (select 1 from account where kind = 'staff')
and not exists (select 1 from account where kind = 'staff' and role = $1 and state = 'active' and (ends_at is null or ends_at > $2))`

	sessionOfAnotherVersion = `select 'session ' || s.number || ' of account ' || a.id as broken
from session s join account a on a.id = s.account_id
where s.credential_version <> a.credential_version`

	sessionOfClosed = `select 'session ' || s.number || ' of account ' || a.id as broken
from session s join account a on a.id = s.account_id
where a.state = 'disabled' or a.state = 'waiting' and s.stage <> 'password'`

	limitedWithoutTemporary = `select 'session ' || s.number || ' of account ' || s.account_id as broken
from session s
where s.stage = 'password' and s.expires_at > $1
and not exists (select 1 from temporary_password t where t.account_id = s.account_id and t.serial = s.serial)`

	sessionUnbounded = `select 'session ' || s.number || ' of account ' || a.id as broken
from session s join account a on a.id = s.account_id
where s.expires_at - s.created_at > case when s.stage <> 'full' then cast($3 as bigint) when s.keep then cast($1 as bigint) else cast($2 as bigint) end
or s.keep and a.kind <> 'parent'`

	temporaryUnbounded = `select 'temporary password of account ' || account_id as broken from temporary_password
where expires_at <= issued_at or expires_at - issued_at > $1`

	disabledWithTemporary = `select 'temporary password of account ' || t.account_id as broken
from temporary_password t join account a on a.id = t.account_id
where a.state = 'disabled'`

	factorWithoutAccount = `select 'authenticator of account ' || f.account_id as broken from authenticator f left join account a on a.id = f.account_id where a.id is null
union all
select 'recovery code of account ' || f.account_id from recovery_code f left join account a on a.id = f.account_id where a.id is null
union all
select 'passkey of account ' || f.account_id from passkey f left join account a on a.id = f.account_id where a.id is null
union all
select 'known device of account ' || f.account_id from known_device f left join account a on a.id = f.account_id where a.id is null
union all
select 'session of account ' || f.account_id from session f left join account a on a.id = f.account_id where a.id is null
union all
select 'temporary password of account ' || f.account_id from temporary_password f left join account a on a.id = f.account_id where a.id is null`

	recoveryWithoutFactor = `select distinct 'recovery codes of account ' || r.account_id as broken
from recovery_code r
where not exists (select 1 from authenticator f where f.account_id = r.account_id and f.confirmed_at is not null)
and not exists (select 1 from passkey p where p.account_id = r.account_id)`

	countHashes = `select count(*), coalesce(sum(case when password_hash like $1 then 1 else 0 end), 0) from account where password_hash is not null`

	newestEvent = `select coalesce(max(at), 0) from audit_event`
)

type hashes struct{ all, fit int64 }

func scanHashes(r *sql.Rows) (h hashes, err error) { return h, r.Scan(&h.all, &h.fit) }
