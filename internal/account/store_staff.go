package account

import "database/sql"

const (
	memberColumns = accountColumns + `, coalesce(t.expires_at, 0)
from account a left join temporary_password t on t.account_id = a.id and t.expires_at > $2`

	// An account that is gone begins the list anew.
	selectStaff = `select ` + memberColumns + `
where a.kind = 'staff' and a.username_key > coalesce((select b.username_key from account b where b.id = $1 and b.kind = 'staff'), '')
order by a.username_key limit $3`

	selectMember = `select ` + memberColumns + ` where a.id = $1 and a.kind = 'staff'`

	countSessions = `select count(*) from session where account_id = $1 and stage = 'full' and expires_at > $2 and seen_at > $3`

	// Who can always let others in again: administrators who work everywhere, without an end, with something to sign in with.
	selectLasting = `select a.id from account a
where a.kind = 'staff' and a.role = $1 and a.state = 'active' and a.schools = '*' and a.ends_at is null
and (a.password_hash is not null or exists (select 1 from passkey p where p.account_id = a.id))`

	selectAdministrators = `select ` + accountColumns + ` from account a where a.kind = 'staff' and a.role = $1 and a.state = 'active' order by a.id`

	selectStaffAddresses = `select email from account where kind = 'staff' and email <> ''
union select username from account where kind = 'staff' and username like '%@%'`

	selectStaffAt = `select exists (select 1 from account where kind = 'staff' and ',' || schools || ',' like $1)`

	updateStaff = `update account set name = $2, email = $3, role = $4, schools = $5, ends_at = $6,
credential_version = credential_version + case when cast($7 as boolean) then 1 else 0 end where id = $1`

	// Whoever never chose a password still waits for one.
	enableStaff = `update account set state = case when password_set_at is null then 'waiting' else 'active' end, state_reason = '',
credential_version = credential_version + 1 where id = $1`
)

func scanMember(r *sql.Rows) (StaffMember, error) {
	var m StaffMember
	err := r.Scan(append(accountFields(&m.Account), &moment{&m.TemporaryUntil})...)
	return m, err
}
