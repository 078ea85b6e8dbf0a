package account

const (
	endPassword = `update account set password_hash = null, credential_version = credential_version + 1
where id = $1 and state in ('waiting', 'active') returning credential_version`

	disableAccount = `update account set state = 'disabled', state_reason = $2, credential_version = credential_version + 1
where id = $1 and state in ('waiting', 'active')`

	// Whoever claims an account takes claim_by away.
	enableAccount = `update account set state = case when claim_by is null then 'active' else 'waiting' end, state_reason = '',
claim_by = case when claim_by is null then null else cast($2 as bigint) end, credential_version = credential_version + 1
where id = $1 and state = 'disabled'`

	deleteTemporary = `delete from temporary_password where account_id = $1`
)
