package account

import (
	"context"

	"golang.org/x/text/unicode/norm"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// owner is somebody signed in who is to give the current password once more.
type owner struct {
	account Account
	hash    string
	words   []string
}

func (a *Accounts) confirming(ctx context.Context, s Session) (owner, error) {
	if s.Stage != Full {
		return owner{}, signedOut()
	}
	var o owner
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if o.account, o.words, err = a.person(ctx, tx, s); err != nil {
			return err
		}
		o.hash, err = sqldb.Value[string](ctx, tx, selectHash, s.AccountID)
		return err
	})
	return o, err
}

// confirm compares the current password, counted like a sign-in but apart from it: nobody else can lock the owner out of this page. If it is
// right, then runs on the hashing thread. A failure is recorded.
func (a *Accounts) confirm(ctx context.Context, o owner, c Client, current string, then func()) (right bool, _ error) {
	turn, err := a.hasher.enter(ctx, known, false)
	if err != nil {
		return false, err
	}
	defer turn.leave()
	n, err := a.attempt(ctx, a.bucket(confirmBucket, o.account.ID), "")
	if err != nil {
		return false, err
	}
	if len(current) > 2*longest {
		current = ""
	}
	v := verification{secret: a.pepper(norm.NFC.String(current)), stored: o.hash, refused: n == 0 || current == ""}
	err = turn.do(func() {
		if right = a.run(&v); right {
			then()
		}
	})
	if err != nil {
		return false, err
	}
	return right, a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if right {
			return a.clear(ctx, tx, o.account.ID, confirmBucket)
		}
		actor := access.Actor{Kind: o.account.Kind, AccountID: o.account.ID, Address: c.Address, RequestID: c.RequestID}
		return a.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "password.confirm", TargetKind: "account", TargetID: o.account.ID,
			Outcome: "failed"})
	})
}

func wrongCurrent() fault.Problem {
	return fault.Problem{Field: "current_password", Key: "problem.password_wrong"}
}
