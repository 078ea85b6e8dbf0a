package account

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
	"unicode"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// symbols has no look-alikes: no 0 and O, 1, I and L, U and V.
const (
	symbols         = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	temporaryLength = 16 // 78 bits
)

// Temporary is a new temporary password: what is mailed can be derived from Seed by TemporaryPassword; Hash is what is stored.
type Temporary struct {
	Serial string
	Seed   []byte
	Hash   string
}

// NewTemporary makes a temporary password, outside any transaction.
func (a *Accounts) NewTemporary(ctx context.Context) (Temporary, error) {
	t := Temporary{Serial: base64.RawURLEncoding.EncodeToString(random(12)), Seed: random(32)}
	password, _ := temporaryShape(a.TemporaryPassword(t.Seed))
	var err error
	t.Hash, err = a.hash(ctx, background, password)
	return t, err
}

// TemporaryPassword derives the password from the seed (HMAC with the key file), printed in fours with hyphens. Only the sender of a mail
// calls it.
func (a *Accounts) TemporaryPassword(seed []byte) string {
	return spell(temporaryLength, func(block uint32) []byte {
		return mac(a.keys.temporary, string(binary.BigEndian.AppendUint32(nil, block)), string(seed))
	})
}

// spell writes as many symbols in fours with hyphens, from uniformly distributed blocks of bytes.
func spell(length int, blocks func(block uint32) []byte) string {
	const fair = 256 / len(symbols) * len(symbols) // bytes from here on would favour the first symbols
	var b strings.Builder
	for block, n := uint32(0), 0; n < length; block++ {
		for _, v := range blocks(block) {
			if int(v) >= fair || n == length {
				continue
			}
			if n > 0 && n%4 == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(symbols[int(v)%len(symbols)])
			n++
		}
	}
	return b.String()
}

// temporaryShape reports whether the input looks like a temporary password, typed in any case, with or without blanks and hyphens, and
// returns it as it is hashed.
func temporaryShape(input string) (string, bool) { return spelt(input, temporaryLength) }

// spelt reports whether the input is as many symbols, typed whichever way, and returns them alone.
func spelt(input string, length int) (string, bool) {
	if len(input) > 200 {
		return "", false
	}
	b := make([]byte, 0, length)
	for _, r := range input {
		if r == '-' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			continue
		}
		if r > unicode.MaxASCII || len(b) == length {
			return "", false
		}
		c := byte(unicode.ToUpper(r))
		if strings.IndexByte(symbols, c) < 0 {
			return "", false
		}
		b = append(b, c)
	}
	return string(b), len(b) == length
}

// Issue gives the account a temporary password in place of any earlier one and ends limited sessions born from that. With dropPassword the
// permanent password and all sessions end at once; without it the permanent one stays valid until the temporary one is used. It returns
// fault.NotFound for no account and fault.Conflict for a disabled one.
func (a *Accounts) Issue(ctx context.Context, tx *sqldb.Tx, id int64, t Temporary, life time.Duration, dropPassword bool) error {
	account, err := a.Account(ctx, tx, id)
	if err != nil {
		return err
	}
	if account.State == Disabled {
		return fault.Conflictf("the account is disabled")
	}
	now := a.now()
	if _, err := tx.Exec(ctx, upsertTemporary, id, t.Serial, t.Hash, now.UnixMicro(), now.Add(life).UnixMicro()); err != nil {
		return err
	}
	if err := a.clear(ctx, tx, id, temporaryBucket); err != nil {
		return err
	}
	if !dropPassword {
		_, err := tx.Exec(ctx, deleteLimitedSessions, id)
		return err
	}
	if _, err := tx.Exec(ctx, dropHash, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, deleteSessions, id); err != nil {
		return err
	}
	return a.clear(ctx, tx, id)
}

// Live reports whether the temporary password with that serial is still the account's and not expired, and until when.
func (a *Accounts) Live(ctx context.Context, tx *sqldb.Tx, id int64, serial string) (bool, time.Time, error) {
	until, err := sqldb.Value[int64](ctx, tx, selectTemporary, id, serial)
	if fault.Is(err, fault.NotFound) {
		return false, time.Time{}, nil
	}
	if err != nil {
		return false, time.Time{}, err
	}
	at := time.UnixMicro(until).UTC()
	return a.now().Before(at), at, nil
}
