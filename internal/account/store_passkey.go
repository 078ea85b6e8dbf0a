package account

import (
	"database/sql"
	"encoding/json"

	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	insertCeremony = `insert into ceremony (id_hash, account_id, session, purpose, data, expires_at) values ($1, $2, $3, $4, $5, $6)`

	takeCeremony = `delete from ceremony
where id_hash = $1 and coalesce(account_id, 0) = $2 and session = $3 and purpose = $4 and expires_at > $5 returning data`

	deleteCeremonies = `delete from ceremony where account_id = $1`

	expiredCeremonies = `delete from ceremony where id_hash in (select id_hash from ceremony where expires_at <= $1 limit $2)`
)

const (
	selectPasskeys = `select id, name, created_at, coalesce(used_at, 0), credential from passkey where account_id = $1 order by id`

	selectHolder = `select account_id from passkey where credential_id = $1`

	insertPasskey = `insert into passkey (account_id, credential_id, name, credential, created_at) values ($1, $2, $3, $4, $5)`

	// The guard is the credential as it was when the signature was verified: a counter is never set back.
	usePasskey = `update passkey set credential = $3, used_at = $4 where id = $1 and credential = $2`

	renamePasskey = `update passkey set name = $3 where id = $1 and account_id = $2`

	deletePasskey = `delete from passkey where id = $1 and account_id = $2 returning name`

	deletePasskeys = `delete from passkey where account_id = $1`
)

// storedPasskey is a passkey as it stands in the database.
type storedPasskey struct {
	Passkey
	text       string // the credential as it was read
	credential webauthn.Credential
}

func scanPasskey(r *sql.Rows) (p storedPasskey, err error) {
	if err = r.Scan(&p.ID, &p.Name, &moment{&p.CreatedAt}, &moment{&p.UsedAt}, &p.text); err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(p.text), &p.credential)
}
