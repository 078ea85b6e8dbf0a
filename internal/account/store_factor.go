package account

import "database/sql"

const (
	raiseVersion = `update account set credential_version = credential_version + 1 where id = $1`

	// The guard is the version that the session was made for.
	raiseFrom = `update account set credential_version = credential_version + 1
where id = $1 and credential_version = $2 and state = 'active'`

	selectFactors = `select
coalesce((select f.confirmed_at from authenticator f where f.account_id = $1 and f.confirmed_at is not null), 0),
(select count(*) from recovery_code r where r.account_id = $1)`
)

const (
	// Somebody else's secret, or one that took too long, gives way to a new one; one in use does not.
	upsertAuthenticator = `insert into authenticator as f (account_id, secret, session, created_at) values ($1, $2, $3, $4)
on conflict (account_id) do update set secret = excluded.secret, session = excluded.session, created_at = excluded.created_at, last_step = 0
where f.confirmed_at is null`

	selectPending = `select secret from authenticator
where account_id = $1 and session = $2 and created_at > $3 and confirmed_at is null`

	confirmAuthenticator = `update authenticator set confirmed_at = $3, last_step = $4
where account_id = $1 and session = $2 and confirmed_at is null`

	selectSecret = `select secret, last_step from authenticator where account_id = $1 and confirmed_at is not null`

	// A code counts once: of those who bring the same, one raises the step.
	raiseStep = `update authenticator set last_step = $2 where account_id = $1 and last_step < $2 and confirmed_at is not null`

	deleteAuthenticator = `delete from authenticator where account_id = $1`

	deleteConfirmed = `delete from authenticator where account_id = $1 and confirmed_at is not null`

	expiredAuthenticators = `delete from authenticator where account_id in (select account_id from authenticator
where confirmed_at is null and created_at <= $1 limit $2) and confirmed_at is null`
)

const (
	insertRecoveryCodes = `insert into recovery_code (account_id, hash)
values ($1, $2), ($1, $3), ($1, $4), ($1, $5), ($1, $6), ($1, $7), ($1, $8), ($1, $9), ($1, $10), ($1, $11)`

	countRecoveryCode = `select count(*) from recovery_code where account_id = $1 and hash = $2`

	takeRecoveryCode = `delete from recovery_code where account_id = $1 and hash = $2`

	deleteRecoveryCodes = `delete from recovery_code where account_id = $1`
)

const (
	upsertForm = `insert into interrupted_form (session_hash, sealed, created_at)
select s.id_hash, $2, cast($3 as bigint) from session s where s.id_hash = $1 and s.stage = 'full'
on conflict (session_hash) do update set sealed = excluded.sealed, created_at = excluded.created_at`

	takeForm = `delete from interrupted_form where session_hash = $1 and created_at > $2 returning sealed`

	expiredForms = `delete from interrupted_form where session_hash in (select session_hash from interrupted_form
where created_at <= $1 limit $2)`
)

// secret is an authenticator's secret, encrypted, and the newest time step whose code was taken.
type secret struct {
	sealed []byte
	step   int64
}

func scanSecret(r *sql.Rows) (s secret, err error) {
	err = r.Scan(&s.sealed, &s.step)
	return s, err
}

func scanBytes(r *sql.Rows) (b []byte, err error) {
	err = r.Scan(&b)
	return b, err
}

func scanFactors(r *sql.Rows) (f Factors, err error) {
	err = r.Scan(&moment{&f.Authenticator}, &f.RecoveryCodes)
	return f, err
}
