// Package app builds Schoolgate: the only place that knows all packages and how they are wired.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/web"
)

// Config says what to build. Database and Log are required.
type Config struct {
	Database string
	KeyFile  string // "" = beside the SQLite file
	BaseURL  string // "" = http://127.0.0.1:8080
	Log      *slog.Logger
	Now      func() time.Time // nil = time.Now

	Mail       mail.Sender   // nil: mail waits in the queue
	Demo       *mail.Capture // the demo's mailbox
	Proxies    int
	HashParams account.Params // zero = account.DefaultParams
	HashSlots  int            // zero = one per core
	Wait       time.Duration  // how long to wait for a database that is out of reach
	Small      bool           // little memory goes before speed: few connections, none of which maps the file
	Temporary  bool           // the database need not outlive a power cut
	// PasswordsSuffice lets staff in without a second factor: for the demo and for tests.
	PasswordsSuffice bool
	AnchorFile       string        // where the log's head is written every hour; "" = beside the SQLite file, nowhere for PostgreSQL
	ImportFolder     string        // where another program puts rosters; "" for nowhere
	ImportAt         string        // when they are taken, "02:30" in the school's time zone; "" = at once
	UploadLimit      int64         // bytes of an uploaded roster; 0 = intake.DefaultUpload
	SQL              sqldb.Options // tests count and break statements
}

// App is a Schoolgate, ready to serve or to be asked.
type App struct {
	DB       *sqldb.DB
	Audit    *audit.Log
	Settings *settings.Settings
	Jobs     *jobs.Queue
	Roster   *roster.Roster
	Accounts *account.Accounts
	Family   *family.Family
	Intake   *intake.Intake
	Help     *help.Library
	Catalog  *lang.Catalog
	Web      *web.Server

	log     *slog.Logger
	now     func() time.Time
	hasher  *account.Hasher
	meters  *meters
	anchors anchors
}

// Open opens and migrates the database and builds everything on it. It returns fault.Unavailable when the database stays out of reach
// for Config.Wait.
func Open(ctx context.Context, c Config) (*App, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://127.0.0.1:8080"
	}
	c.SQL.Fast = c.SQL.Fast || c.Temporary
	if c.Small {
		c.SQL.Connections, c.SQL.Unmapped, c.SQL.Bulk = 3, true, true
	}
	master, err := loadKey(c.KeyFile, c.Database)
	if err != nil {
		return nil, err
	}
	keys, err := account.NewKeys(master)
	if err != nil {
		return nil, err
	}
	logKey, err := audit.NewKey(master)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return nil, err
	}
	a := &App{DB: db, log: c.Log, now: c.Now, anchors: anchors{file: AnchorFile(c.AnchorFile, c.Database)}}
	if err := a.build(ctx, c, keys, logKey); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// openDatabase waits for a database that does not answer yet, and says so.
func openDatabase(ctx context.Context, c Config) (*sqldb.DB, error) {
	deadline := time.Now().Add(c.Wait)
	for told := false; ; told = true {
		db, err := sqldb.Open(ctx, c.Database, c.SQL)
		if err == nil {
			if err = db.Migrate(ctx); err == nil {
				return db, nil
			}
			_ = db.Close()
		}
		if !fault.Is(err, fault.Unavailable) || time.Now().After(deadline) {
			return nil, err
		}
		if !told {
			c.Log.Warn("waiting for the database", "for", c.Wait, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (a *App) build(ctx context.Context, c Config, keys account.Keys, logKey audit.Key) error {
	// Reading the catalogues and the articles is most of the start: they do not wait for each other.
	catalog, articles := make(chan error, 1), make(chan error, 1)
	go func() {
		var err error
		a.Catalog, err = lang.Load()
		catalog <- err
	}()
	var err error
	a.Audit = audit.New(logKey, c.Now)
	if a.Settings, err = settings.Open(ctx, a.DB, a.Audit, c.Now); err != nil {
		return err
	}
	a.Jobs = jobs.New(a.DB, c.Log, c.Now)
	params := c.HashParams
	if params == (account.Params{}) {
		params = account.DefaultParams()
	}
	slots := c.HashSlots
	if slots == 0 {
		slots = runtime.NumCPU() // not GOMAXPROCS: ReserveThreads may have raised that
	}
	a.hasher = account.NewHasher(params, slots)
	// family stands on roster and accounts, and both call back into it: the functions below close the circle.
	a.Roster = roster.New(a.DB, a.Audit, c.Now, func(ctx context.Context, tx *sqldb.Tx, actor access.Actor, ch roster.Change) error {
		return a.Family.LinesChanged(ctx, tx, actor, ch)
	})
	a.Roster.Calendar(func() string { return a.Settings.Today() })
	a.Accounts = account.New(a.DB, a.hasher, keys, a.Settings, a.Audit, c.Now, people{a},
		account.Site{BaseURL: c.BaseURL, PasswordsSuffice: c.PasswordsSuffice})
	go func() {
		var err error
		a.Help, err = help.Open(ctx, a.DB, a.Audit, a.Accounts, c.Log, c.Now)
		articles <- err
	}()
	if err := <-catalog; err != nil {
		return errors.Join(err, <-articles)
	}
	a.Catalog.Otherwise(func() string { return a.Settings.Values().Language })
	sender := c.Mail
	if sender == nil {
		sender = noMail{}
	}
	a.Family = family.New(family.Parts{
		DB: a.DB, Accounts: a.Accounts, Roster: a.Roster, Settings: a.Settings, Jobs: a.Jobs, Audit: a.Audit, Log: c.Log, Now: c.Now,
		Catalog: a.Catalog, Sender: sender, BaseURL: c.BaseURL,
	})
	a.Intake = intake.New(a.DB, a.Roster, a.Settings, a.Audit, logins{a.Family, a.Accounts}, a.Jobs, c.Now)
	a.Intake.Tell(intake.Told{Log: c.Log, Waits: a.Family.TellImportWaits, Failed: a.Family.TellImportFailed})
	if c.UploadLimit > 0 {
		a.Intake.SetUploadLimit(c.UploadLimit)
	}
	if c.ImportFolder != "" {
		if err := a.Intake.Folder(intake.Watch{Folder: c.ImportFolder, At: c.ImportAt}); err != nil {
			return errors.Join(err, <-articles)
		}
	}
	if err := <-articles; err != nil {
		return err
	}
	a.meters = newMeters(a)
	a.Web, err = web.New(web.Parts{
		Answered: a.meters.answered,
		Accounts: a.Accounts, Family: a.Family, Roster: a.Roster, Settings: a.Settings, Help: a.Help, Imports: a.Intake, Jobs: a.Jobs, Catalog: a.Catalog, Log: c.Log, Now: c.Now,
		Ready: a.DB.Ping, BaseURL: c.BaseURL, TrustedProxies: c.Proxies, MailLeaves: c.Mail != nil, Demo: c.Demo,
	})
	return err
}

// Close releases the database and the hashing threads.
func (a *App) Close() error {
	if a.hasher != nil {
		a.hasher.Close()
	}
	return a.DB.Close()
}

// people lets accounts ask family, which is built after them.
type people struct{ app *App }

func (p people) Words(ctx context.Context, tx *sqldb.Tx, a account.Account) ([]string, error) {
	return p.app.Family.Words(ctx, tx, a)
}

func (p people) Notify(ctx context.Context, tx *sqldb.Tx, a account.Account, n account.Notice) error {
	return p.app.Family.Notify(ctx, tx, a, n)
}

func (p people) UsernameReserved(ctx context.Context, tx *sqldb.Tx, kind access.Kind, key string, acct int64) (bool, error) {
	return p.app.Family.UsernameReserved(ctx, tx, kind, key, acct)
}

func (p people) StudentMayEnter(ctx context.Context, acct int64) (bool, error) {
	return p.app.Family.StudentMayEnter(ctx, acct)
}

func (p people) MailStaff(ctx context.Context, tx *sqldb.Tx, m account.StaffMail) error {
	return p.app.Family.MailStaff(ctx, tx, m)
}

func (p people) Entered(ctx context.Context, tx *sqldb.Tx, a account.Account) error {
	return p.app.Family.Entered(ctx, tx, a)
}

// noMail keeps mail in the queue while no mail server is configured.
type noMail struct{}

func (noMail) Send(context.Context, mail.Message) error {
	return fmt.Errorf("no mail server is configured")
}

// ReserveThreads gives the scheduler as many more threads as hashing occupies, so that pages are answered while all of those hash.
func ReserveThreads() { runtime.GOMAXPROCS(2 * runtime.NumCPU()) }

// ExportAudit calls fn for every event of the log from the given time on, oldest first, and says in the log that it was taken out.
func (a *App) ExportAudit(ctx context.Context, actor access.Actor, since time.Time, fn func(audit.Event) error) error {
	if err := access.Check(actor, access.ExportAudit); err != nil {
		return err
	}
	err := a.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return a.Audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "log.exported", TargetKind: "log"})
	})
	if err != nil {
		return err
	}
	return a.DB.Read(ctx, func(tx *sqldb.Tx) error { return a.Audit.Export(ctx, tx, since, fn) })
}

// logins lets imports ask family and the accounts of staff.
type logins struct {
	*family.Family
	accounts *account.Accounts
}

func (l logins) StaffAddresses(ctx context.Context, tx *sqldb.Tx) ([]string, error) {
	return l.accounts.StaffAddresses(ctx, tx)
}

func (l logins) StaffAt(ctx context.Context, tx *sqldb.Tx, school int64) (bool, error) {
	return l.accounts.StaffAt(ctx, tx, school)
}

func (l logins) StudentLogins(ctx context.Context, tx *sqldb.Tx, students []int64) ([]intake.StudentLogin, error) {
	made, err := l.LoginsMade(ctx, tx, students)
	all := make([]intake.StudentLogin, len(made))
	for i, m := range made {
		all[i] = intake.StudentLogin(m)
	}
	return all, err
}
