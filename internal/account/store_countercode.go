package account

const (
	upsertCounterCode = `insert into counter_code (code_hash, account_id, serial) values ($1, $2, $3)
on conflict (account_id) do update set code_hash = excluded.code_hash, serial = excluded.serial`

	selectByCode = `select a.username from counter_code k
join temporary_password t on t.account_id = k.account_id and t.serial = k.serial
join account a on a.id = k.account_id
where k.code_hash = $1 and t.expires_at > $2 and a.kind = 'parent'`

	deadCounterCodes = `delete from counter_code where account_id in (select k.account_id from counter_code k
where not exists (select 1 from temporary_password t where t.account_id = k.account_id and t.serial = k.serial) limit $1)`
)
