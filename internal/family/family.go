// Package family is the login's life: registering against the school's records, holding contacts, open lines, student logins and
// the reset.
//
// Invariants: a contact is held by at most one account; an open line is derived, never stored: its contact is held, roster's rule lets it
// open, and no reset closed it; a parent sees a child exactly while a line is open; a student login lives only while its maker's line
// is open; whatever is typed at registration, the answer is the same and the decision is made later, by a worker.
package family

import (
	"log/slog"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	paper "github.com/schoolgate/schoolgate/internal/letter"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Parts are what New builds on.
type Parts struct {
	DB       *sqldb.DB
	Accounts *account.Accounts
	Roster   *roster.Roster
	Settings *settings.Settings
	Jobs     *jobs.Queue
	Audit    *audit.Log
	Log      *slog.Logger
	Now      func() time.Time
	Catalog  *lang.Catalog
	Sender   mail.Sender
	BaseURL  string // for the addresses in mails, without a slash at the end
}

// Family runs the login's life.
type Family struct {
	db       *sqldb.DB
	accounts *account.Accounts
	roster   *roster.Roster
	settings *settings.Settings
	jobs     *jobs.Queue
	audit    *audit.Log
	log      *slog.Logger
	now      func() time.Time
	catalog  *lang.Catalog
	sender   mail.Sender
	baseURL  string
	searches searches // what staff searched for, and what people were refused: written in batches
	shares   shares   // of searches
	refusals refusals
	press    func() (*paper.Press, error)
	counts   missingCounts
	closed   closingCache
}

// New returns the family package's work on the given parts and registers its job handlers.
func New(p Parts) *Family {
	f := &Family{
		db: p.DB, accounts: p.Accounts, roster: p.Roster, settings: p.Settings, jobs: p.Jobs, audit: p.Audit, log: p.Log, now: p.Now,
		catalog: p.Catalog, sender: p.Sender, baseURL: p.BaseURL,
		press: sync.OnceValues(func() (*paper.Press, error) { return paper.New(paper.USLetter) }),
	}
	f.jobs.Handle(jobDecide, decidersAtOnce, f.decide)
	f.jobs.Handle(jobMail, sendersAtOnce, f.sendMail)
	f.jobs.Hold(jobMail, mailGate{f})
	f.jobs.Handle(jobBulk, bulksAtOnce, f.workBulk)
	f.jobs.Handle(jobRemind, 1, f.workReminders)
	f.jobs.Handle(jobRollover, 1, f.workRollover)
	f.jobs.Handle(jobUnhold, 1, f.unhold)
	f.jobs.Handle(jobQuality, 1, f.workLook)
	return f
}
