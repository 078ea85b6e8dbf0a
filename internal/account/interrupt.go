package account

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Interrupted is a form that was sent while the session was not fresh.
type Interrupted struct {
	Target string // path and query
	Form   string // URL-encoded
}

const (
	formLife    = 15 * time.Minute
	longestForm = 2 << 20 // bytes
)

// Interrupt keeps a form until the session is proved, in place of an earlier one. What was typed is encrypted with a key that only the session's
// own token completes. It returns fault.Invalid for more than 2 MiB or a target that is no path of ours, fault.Unauthenticated when there is no such
// full session.
func (a *Accounts) Interrupt(ctx context.Context, token string, f Interrupted) error {
	if len(f.Form)+len(f.Target) > longestForm {
		return fault.Invalidf("the form is too large to be kept")
	}
	if !strings.HasPrefix(f.Target, "/") || strings.HasPrefix(f.Target, "//") || strings.ContainsAny(f.Target, "\\\r\n") {
		return fault.Invalidf("the form belongs to no page")
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	id := tokenHash(token)
	sealed, err := seal(a.formKey(token), string(id[:]), text)
	if err != nil {
		return err
	}
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, upsertForm, id[:], sealed, a.now().UnixMicro())
		if err == nil && n == 0 {
			return signedOut()
		}
		return err
	})
}

// Resume takes the kept form, once. It returns fault.NotFound for none, or one older than 15 minutes.
func (a *Accounts) Resume(ctx context.Context, token string) (Interrupted, error) {
	id := tokenHash(token)
	var sealed []byte
	err := a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		sealed, err = sqldb.One(ctx, tx, scanBytes, takeForm, id[:], a.now().Add(-formLife).UnixMicro())
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return Interrupted{}, fault.NotFoundf("no form was interrupted")
	}
	if err != nil {
		return Interrupted{}, err
	}
	text, err := unseal(a.formKey(token), string(id[:]), sealed)
	if err != nil {
		return Interrupted{}, fault.Wrap(fault.NotFound, err, "the interrupted form")
	}
	var f Interrupted
	return f, json.Unmarshal(text, &f)
}

func (a *Accounts) formKey(token string) string { return string(mac(a.keys.form, token)) }
