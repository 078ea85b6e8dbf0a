package account

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	accountColumns = `a.id, a.kind, a.username, a.state, a.state_reason, a.role, a.name, a.email, a.language, a.credential_version,
a.password_hash is not null, a.created_at, coalesce(a.claim_by, 0), coalesce(a.last_sign_in_at, 0), a.schools, coalesce(a.ends_at, 0), ` + hasFactor + `
`

	hasFactor = `(exists (select 1 from authenticator f where f.account_id = a.id and f.confirmed_at is not null)
or exists (select 1 from passkey p where p.account_id = a.id))`

	selectAccount = `select ` + accountColumns + ` from account a where a.id = $1`

	selectStaffByEmail = `select ` + accountColumns + ` from account a where a.email = $1 and a.email <> '' and a.kind = 'staff' and a.state = 'active'
order by a.id
limit 1`

	selectByUsername = `select ` + accountColumns + ` from account a where a.kind = $1 and a.username_key = $2`

	insertAccount = `insert into account (kind, username, username_key, state, password_hash, password_set_at, role, name, email, language,
created_at, claim_by, schools, ends_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id`

	updateUsername = `update account set username = $2, username_key = $3 where id = $1`

	deleteAccount = `delete from account where id = $1`

	usernameTaken = `select count(*) from account where kind = $1 and username_key = $2 and id <> $3`

	updateHash = `update account set password_hash = $2, password_set_at = $3, credential_version = credential_version + 1 where id = $1`

	dropHash = `update account set password_hash = null, credential_version = credential_version + 1 where id = $1`

	// A hash that is only made anew proves the same: the version stays.
	renewHash = `update account set password_hash = $3 where id = $1 and password_hash = $2`

	selectHash = `select coalesce(password_hash, '') from account where id = $1`

	// The guard is the version that was read with the hash that was verified.
	changeHash = `update account set password_hash = $3, password_set_at = $4, credential_version = credential_version + 1
where id = $1 and credential_version = $2 and state = 'active'`

	changeUsername = `update account set username = $3, username_key = $4, credential_version = credential_version + 1
where id = $1 and credential_version = $2 and state = 'active'`

	claimAccount = `update account set password_hash = $3, password_set_at = $4, username = $5, username_key = $6, state = 'active',
claim_by = null, last_sign_in_at = case when cast($7 as boolean) then $4 else last_sign_in_at end, credential_version = credential_version + 1
where id = $1 and credential_version = $2 and state in ('waiting', 'active')`

	signedIn = `update account set last_sign_in_at = $2 where id = $1`

	selectUnclaimed = `select id from account where claim_by <= $1 and state = 'waiting' order by claim_by limit $2`
)

const (
	upsertTemporary = `insert into temporary_password (account_id, serial, hash, issued_at, expires_at) values ($1, $2, $3, $4, $5)
on conflict (account_id) do update set serial = excluded.serial, hash = excluded.hash, issued_at = excluded.issued_at,
expires_at = excluded.expires_at`

	selectTemporary = `select expires_at from temporary_password where account_id = $1 and serial = $2`

	consumeTemporary = `delete from temporary_password where account_id = $1 and serial = $2 and expires_at > $3`

	expiredTemporary = `delete from temporary_password where account_id in (select account_id from temporary_password
where expires_at <= $1 limit $2)`
)

func scanAccount(r *sql.Rows) (Account, error) {
	var a Account
	err := r.Scan(accountFields(&a)...)
	return a, err
}

// accountFields are where the accountColumns go.
func accountFields(a *Account) []any {
	return []any{&a.ID, (*string)(&a.Kind), &a.Username, (*string)(&a.State), &a.StateReason, (*string)(&a.Role), &a.Name, &a.Email,
		&a.Language, &a.CredentialVersion, &a.HasPassword,
		&moment{&a.CreatedAt}, &moment{&a.ClaimBy}, &moment{&a.LastSignIn}, (*schools)(&a.Schools), &moment{&a.EndsAt}, &a.HasFactor}
}

// moment scans microseconds into a time; 0 stays the zero time.
type moment struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m *moment) Scan(v any) error {
	var n sql.NullInt64
	if err := n.Scan(v); err != nil {
		return err
	}
	*m.to = time.Time{}
	if n.Int64 != 0 {
		*m.to = time.UnixMicro(n.Int64).UTC()
	}
	return nil
}

func scanID(r *sql.Rows) (id int64, err error) {
	err = r.Scan(&id)
	return id, err
}

func micros(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: true}
}

func (a *Accounts) create(ctx context.Context, tx *sqldb.Tx, n NewAccount, key string, staff NewStaff) (int64, error) {
	now := a.now()
	var set time.Time
	if n.Hash != "" {
		set = now
	}
	return sqldb.Value[int64](ctx, tx, insertAccount, string(n.Kind), shown(n.Username), key, string(n.State),
		sql.NullString{String: n.Hash, Valid: n.Hash != ""}, micros(set), string(staff.Role), staff.Name, staff.Email, n.Language,
		now.UnixMicro(), micros(n.ClaimBy), schools(staff.Schools).String(), micros(staff.EndsAt))
}

const manyKeys = 256

// inKeys ends a query with as many placeholders as a power of two, so that few texts are prepared; the last key is repeated.
func inKeys(query string, keys []string, first ...any) (string, []any) {
	size := 1
	for size < len(keys) {
		size *= 2
	}
	var b strings.Builder
	b.WriteString(query)
	args := first
	for i := range size {
		if i > 0 {
			b.WriteString(", ")
		}
		args = append(args, keys[min(i, len(keys)-1)])
		b.WriteString("$" + strconv.Itoa(len(args)))
	}
	b.WriteString(")")
	return b.String(), args
}
