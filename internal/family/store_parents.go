package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// The lists of ids follow these.
	selectPasswords = `select id, case when password_hash is null then 0 else coalesce(password_set_at, 0) end, state_reason
from account
where id in (`

	selectLinesOfContacts = `select ` + lineColumns + `, '', '', ''
from student_contact l
` + lineJoins + `
where l.contact_id in (`
)

// countParents counts the parents that match, up to countTo.
func (p *gridPage) countParents() (string, []any) {
	l, args := parentsOfAll, []any{"", 0}
	switch {
	case p.letter != "":
		l, args = parentsOfLetter, []any{p.letter, "", 0}
	case p.search != "":
		l, args = parentsOfSearch, []any{p.search, lang.PrefixEnd(p.search), p.search, "", 0}
	}
	l.Limit = "1001"
	return countOf(l, p.at, args...)
}

// passwordOf is what an account's row says of its password and its state.
type passwordOf struct {
	set    time.Time // zero for no permanent password
	reason string
}

func passwordsOf(ctx context.Context, tx *sqldb.Tx, accounts []int64) (map[int64]passwordOf, error) {
	found := make(map[int64]passwordOf, len(accounts))
	err := inChunks(accounts, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var id, set int64
			var p passwordOf
			err := r.Scan(&id, &set, &p.reason)
			p.set = moment(set)
			found[id] = p
			return err
		}, selectPasswords+list+")", args...)
	})
	return found, err
}
