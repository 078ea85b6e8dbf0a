package family

import (
	"context"
	"crypto/rand"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
)

const (
	usernameLimit = 64 // characters
	counted       = 20 // usernames tried with 2, 3, 4 … behind, before chance takes over
	drawn         = 20
)

// chooseUsername returns the username that was typed if it is free for the contact, else the same with a number, and its key. own is the
// account that the contact has already, 0 for none. It returns fault.Conflict when no number helps.
func (d *decision) chooseUsername(ctx context.Context, contact, own int64) (username, key string, err error) {
	for n := 1; n <= counted+drawn; n++ {
		candidate := d.request.username
		switch {
		case n > counted:
			r, err := rand.Int(rand.Reader, big.NewInt(900_000))
			if err != nil {
				return "", "", err
			}
			candidate = numbered(candidate, 100_000+r.Int64())
		case n > 1:
			candidate = numbered(candidate, int64(n))
		}
		key, err := account.CheckUsername(candidate)
		if err != nil {
			return "", "", err
		}
		free, err := d.isFree(ctx, candidate, key, contact, own)
		if err != nil || free {
			return candidate, key, err
		}
	}
	return "", "", fault.Conflictf("no username like the one typed is free")
}

// isFree reports whether nobody but the contact has the username or has it kept.
func (d *decision) isFree(ctx context.Context, username, key string, contact, own int64) (bool, error) {
	kept, err := reservedFor(ctx, d.tx, access.Parent, key, d.now())
	if err != nil || kept != 0 && kept != contact {
		return false, err
	}
	a, err := d.accounts.ByUsername(ctx, d.tx, access.Parent, username)
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	return err == nil && a.ID == own, err
}

// numbered puts a number behind a username, which gives way at its end where it would become too long.
func numbered(username string, n int64) string {
	number := strconv.FormatInt(n, 10)
	for utf8.RuneCountInString(username)+len(number) > usernameLimit {
		_, size := utf8.DecodeLastRuneInString(username)
		username = username[:len(username)-size]
	}
	return username + number
}
