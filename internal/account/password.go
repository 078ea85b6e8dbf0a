package account

import (
	"context"

	"golang.org/x/text/unicode/norm"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// longest bounds what is normalised and hashed at all, in bytes: MaxPassword code points of four bytes.
const longest = 4 * MaxPassword

// pepper turns a password into what argon2id sees: an HMAC of all of it, with a key that the database does not hold.
func (a *Accounts) pepper(password string) []byte { return mac(a.keys.pepper, password) }

// hash hashes a password that is normalised already.
func (a *Accounts) hash(ctx context.Context, c class, password string) (string, error) {
	t, err := a.hasher.enter(ctx, c, false)
	if err != nil {
		return "", err
	}
	defer t.leave()
	var hash string
	err = t.do(func() { hash = a.hasher.make(a.pepper(password), a.keys.pepperID) })
	return hash, err
}

// verification is one comparison of an input with a stored hash; its zero value compares nothing with a dummy.
type verification struct {
	secret  []byte
	stored  string
	refused bool   // the answer is no whatever the hash says
	renewed string // a fresh hash of the same password, when the stored one is not made as today's are
}

// run costs one hash, whatever is wrong, and reports whether the input is right. It runs on a hashing thread.
func (a *Accounts) run(v *verification) bool {
	stored, err := parsePHC(v.stored)
	if err != nil || v.refused || stored.keyID != a.keys.pepperID {
		a.hasher.verify(v.secret, a.hasher.dummy())
		return false
	}
	if !a.hasher.verify(v.secret, stored) {
		return false
	}
	if stored.params != a.hasher.params || stored.threads != 1 {
		v.renewed = a.hasher.make(v.secret, a.keys.pepperID)
	}
	return true
}

// Hash checks a new password against the rules (minimum length min code points, blocklist, words) and hashes it, outside any transaction. It
// returns fault.Invalid with a problem on field.
func (a *Accounts) Hash(ctx context.Context, field, password string, min int, words []string) (string, error) {
	password, problem, err := a.newPassword(field, password, min, words)
	if err != nil {
		return "", err
	}
	if problem != nil {
		return "", fault.InvalidFields(*problem)
	}
	return a.hash(ctx, background, password)
}

// newPassword normalises a new password and returns what is wrong with it.
func (a *Accounts) newPassword(field, password string, min int, words []string) (string, *fault.Problem, error) {
	if len(password) > 2*longest { // decomposed letters shrink; nothing that would fit is longer
		return "", &fault.Problem{Field: field, Key: "problem.password_long", Args: []any{"Max", MaxPassword}}, nil
	}
	common, err := a.common()
	if err != nil {
		return "", nil, err
	}
	password = norm.NFC.String(password)
	problem := policy{min: min, common: common, words: append(words, a.settings.Values().DistrictName)}.check(password)
	if problem != nil {
		problem.Field = field
	}
	return password, problem, nil
}

// withFactor is how many code points a password must have where a second factor is asked of everybody (NIST SP 800-63B-4 §3.1.1.2).
const withFactor = 8

// MinPassword is how many code points a password of this kind of account must have.
func (a *Accounts) MinPassword(kind access.Kind) int { return a.minimum(kind) }

func (a *Accounts) minimum(kind access.Kind) int {
	switch {
	case kind == access.Student:
		return a.settings.Values().MinStudentPassword
	case a.needsFactor(kind):
		return withFactor
	}
	return a.settings.Values().MinPassword
}

// SetHash stores a hash from Hash, raises the credential version and ends the account's sessions. It returns fault.NotFound for no account.
func (a *Accounts) SetHash(ctx context.Context, tx *sqldb.Tx, id int64, hash string) error {
	n, err := tx.Exec(ctx, updateHash, id, hash, a.now().UnixMicro())
	if err := orNotFound(n, err); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, deleteSessions, id); err != nil {
		return err
	}
	return a.clear(ctx, tx, id)
}
