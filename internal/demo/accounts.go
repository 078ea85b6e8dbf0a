package demo

import (
	"context"
	"fmt"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Hold gives an account a contact, in the caller's transaction; package family does it.
type Hold func(ctx context.Context, tx *sqldb.Tx, account, contact int64) error

// Parent is a parent who can sign in.
type Parent struct {
	Username string
	Account  int64
	Contact  int // index in Data
}

// Accounts gives an active login to each contact of a loaded district who may open at least one line on the day (2006-01-02) under the
// default rule, at most limit of them (0: all), in the order of the contacts. With a limit the fixed families are left out: they are there to be walked with. Their usernames are parent000001 and on; all have the same
// password, hashed once, so that forty thousand take seconds. It is for measuring: nobody proves anything here.
func Accounts(ctx context.Context, db *sqldb.DB, accounts *account.Accounts, hold Hold, d Data, ids Loaded, password, day string, limit int) ([]Parent, error) {
	hash, err := accounts.Hash(ctx, "password", password, 8, nil)
	if err != nil {
		return nil, err
	}
	parents := parentsOf(d, day, limit)
	for from := 0; from < len(parents); from += atOnce {
		part := parents[from:min(from+atOnce, len(parents))]
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			for i := range part {
				p := &part[i]
				n := account.NewAccount{
					Kind: access.Parent, Username: p.Username, State: account.Active, Hash: hash, Language: d.Contacts[p.Contact].Language,
				}
				if p.Account, err = accounts.Create(ctx, tx, n); err != nil {
					return fmt.Errorf("account %s: %w", p.Username, err)
				}
				if err := hold(ctx, tx, p.Account, ids.Contacts[p.Contact]); err != nil {
					return fmt.Errorf("account %s: %w", p.Username, err)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return parents, nil
}

// parentsOf lists the contacts who may open a line.
func parentsOf(d Data, day string, limit int) []Parent {
	rule := roster.Rule{Relationships: roster.DefaultRelationships(), Today: day}
	may := make([]bool, len(d.Contacts))
	for _, l := range d.Lines {
		if rule.May(l.Line, d.Students[l.Student].Status, false) == roster.MayOpen {
			may[l.Contact] = true
		}
	}
	var all []Parent
	first := 0
	if limit > 0 {
		first = d.Fixed
	}
	for i := first; i < len(d.Contacts); i++ {
		if may[i] && (limit == 0 || len(all) < limit) {
			all = append(all, Parent{Username: fmt.Sprintf("parent%06d", len(all)+1), Contact: i})
		}
	}
	return all
}
