package account

import (
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
)

// stepLife is how long the second step of a sign-in, and setting up a second factor, may take.
const stepLife = 15 * time.Minute

// passed describes the session of somebody whose password was right: a full one, unless a second factor is to be given or set up first.
func (a *Accounts) passed(account Account, c Client, keep bool) open {
	stage := Full
	switch {
	case account.HasFactor:
		stage = SecondStep
	case a.needsFactor(account.Kind):
		stage = Enrol
	}
	if stage == Full {
		return a.full(account, c, keep)
	}
	o := a.newSession(account, c, stage, a.now().Add(stepLife))
	o.Session.Keep = keep && account.Kind == access.Parent
	return o
}

// needsFactor reports whether accounts of this kind must have a second factor here.
func (a *Accounts) needsFactor(kind access.Kind) bool {
	return access.NeedsSecondFactor(kind) && !a.site.PasswordsSuffice
}

// openAt reports whether the account has not ended by its date.
func (a Account) openAt(now time.Time) bool { return a.EndsAt.IsZero() || now.Before(a.EndsAt) }

// schools are stored as "*" for all, else as ids with commas between.
type schools access.Schools

// String is how the schools are stored.
func (s schools) String() string {
	if s.All {
		return "*"
	}
	ids := make([]string, len(s.IDs))
	for i, id := range s.IDs {
		ids[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(ids, ",")
}

// Scan implements sql.Scanner.
func (s *schools) Scan(v any) error {
	var text sql.NullString
	if err := text.Scan(v); err != nil {
		return err
	}
	*s = schools{All: text.String == "*"}
	if s.All || text.String == "" {
		return nil
	}
	for id := range strings.SplitSeq(text.String, ",") {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return err
		}
		s.IDs = append(s.IDs, n)
	}
	return nil
}
