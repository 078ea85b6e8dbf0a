package account

const selectStanding = `select coalesce(a.password_set_at, 0), coalesce(t.issued_at, 0), coalesce(t.expires_at, 0),
exists (select 1 from authenticator f where f.account_id = a.id and f.confirmed_at is not null),
(select count(*) from passkey p where p.account_id = a.id),
(select count(*) from known_device d where d.account_id = a.id and d.expires_at > $2),
(select count(*) from session s where s.account_id = a.id and s.credential_version = a.credential_version and s.expires_at > $2 and s.stage = 'full')
from account a left join temporary_password t on t.account_id = a.id
where a.id = $1`
