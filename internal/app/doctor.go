package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Verdict is what the doctor thinks of one thing.
type Verdict string

// The verdicts. Something bad must be put right before people can rely on the installation.
const (
	Fine    Verdict = "ok"
	Warning Verdict = "warning"
	Bad     Verdict = "bad"
)

// Finding is one thing that was looked at.
type Finding struct {
	Check   string // "database", "mail", or the name of an invariant
	Verdict Verdict
	Says    string   // what was found
	Do      string   // what to do about it; "" where nothing is to be done
	Rows    []string // what breaks an invariant, the first of them
}

// Examination says what to look at beside the database.
type Examination struct {
	SMTP    *mail.Config // the mail server, nil where none was named
	Version string       // of the program
	Full    bool         // also what takes long: the whole log
}

// brokenShown is how many rows are named that break an invariant.
const brokenShown = 10

// doctor is one examination under way.
type doctor struct {
	Config
	Examination
	found []Finding
}

func (d *doctor) find(check string, v Verdict, do, says string, args ...any) {
	d.found = append(d.found, Finding{Check: check, Verdict: v, Says: fmt.Sprintf(says, args...), Do: do})
}

// Examine looks at an installation without changing it, whether a server runs on it or not, and returns a finding for each thing that was looked
// at. What cannot be looked at because of something bad found before is left out.
func Examine(ctx context.Context, c Config, e Examination) []Finding {
	if c.Now == nil {
		c.Now = time.Now
	}
	d := &doctor{Config: c, Examination: e}
	d.find("program", Fine, "", "version %s", e.Version)
	key, database := d.keyFile(), d.database(ctx)
	d.disk()
	d.mailServer(ctx)
	if !key || !database {
		return d.found
	}
	a, err := Open(ctx, d.Config)
	if err != nil {
		d.find("start", Bad, "Read what it says; serve would not start either.", "the program does not start on this database: %v", err)
		return d.found
	}
	d.inside(ctx, a)
	if err := a.Close(); err != nil {
		d.find("database", Warning, "", "closing it failed: %v", err)
	}
	return d.found
}

// keyFile reports whether there is a key file that serve would take.
func (d *doctor) keyFile() bool {
	path, missing := d.KeyFile, false
	if file, isFile := strings.CutPrefix(d.Database, "sqlite:"); isFile {
		if path == "" {
			path = file + ".key"
		}
		_, err := os.Stat(path)
		missing = errors.Is(err, os.ErrNotExist)
	}
	if missing { // loadKey would make one beside a database that does not exist yet
		d.find("key", Bad, "Put the key file of this database back from its backup: without it nobody can sign in.", "there is no key file %s", path)
		return false
	}
	if _, err := loadKey(path, d.Database); err != nil {
		d.find("key", Bad, "Give the key file of this database with --key-file, readable by its owner alone (chmod 600).", "%v", err)
		return false
	}
	d.find("key", Fine, "", "%s holds a key, and only its owner may read it", path)
	return true
}

// database reports whether the database answers and has the schema of this program.
func (d *doctor) database(ctx context.Context) bool {
	if file, isFile := strings.CutPrefix(d.Database, "sqlite:"); isFile {
		if _, err := os.Stat(file); err != nil {
			d.find("database", Bad, "Check --database, or make one: schoolgate migrate.", "there is no database file %s", file)
			return false
		}
	}
	began := time.Now()
	db, err := sqldb.Open(ctx, d.Database, d.SQL)
	if err != nil {
		d.find("database", Bad, "Check that the database server runs and that --database names it.", "%v", err)
		return false
	}
	defer func() { _ = db.Close() }() // nothing was written
	ran, known, err := db.SchemaVersion(ctx)
	if err != nil {
		d.find("database", Bad, "Check that the database server runs and lets this user read.", "%v", err)
		return false
	}
	d.find("database", Fine, "", "%s answers in %s", db.Dialect(), time.Since(began).Round(time.Millisecond))
	switch {
	case ran == 0:
		d.find("schema", Bad, "Run schoolgate migrate, or start the server, which does it.", "the database is empty")
	case ran < known:
		d.find("schema", Bad, "Make a backup, then run schoolgate migrate or start the server, which does it.", "the schema is %d, this program needs %d", ran, known)
	case ran > known:
		d.find("schema", Bad, "Run the newer program; or restore the backup that was made before the upgrade.",
			"the schema is %d, of a newer program: this one knows %d", ran, known)
	default:
		d.find("schema", Fine, "", "version %d, as this program needs it", ran)
	}
	d.clockOf(ctx, db)
	return ran == known
}

const (
	clockApart  = 5 * time.Second
	clockBroken = time.Minute
)

// clockOf compares the database's clock with ours: with several nodes, all of them with the same.
func (d *doctor) clockOf(ctx context.Context, db *sqldb.DB) {
	before := time.Now()
	theirs, err := db.Clock(ctx)
	if err != nil {
		d.find("clock", Warning, "", "the database's clock cannot be read: %v", err)
		return
	}
	apart := theirs.Sub(before.Add(time.Since(before) / 2)).Abs()
	const do = "Have both machines set their clocks by the network (NTP): sessions and temporary passwords end by them."
	switch {
	case apart >= clockBroken:
		d.find("clock", Bad, do, "the database's clock and ours are %s apart", apart.Round(time.Second))
	case apart >= clockApart:
		d.find("clock", Warning, do, "the database's clock and ours are %s apart", apart.Round(time.Second))
	default:
		d.find("clock", Fine, "", "the database's clock and ours agree")
	}
}

// inside looks at what the database holds.
func (d *doctor) inside(ctx context.Context, a *App) {
	for _, look := range []func(context.Context, *App) error{d.keysFit, d.clockTurned, d.queue, d.roster, d.log, d.invariants} {
		if err := look(ctx, a); err != nil {
			d.find("database", Bad, "Look again; if it stays, look into the database server's log.", "a question was not answered: %v", err)
			if fault.Is(err, fault.Unavailable) {
				return
			}
		}
	}
}

// Broken asks the invariants of all packages and returns those that do not hold, with the first rows that break them.
func (a *App) Broken(ctx context.Context) ([]sqldb.Broken, error) {
	return a.DB.Check(ctx, a.Invariants(), brokenShown)
}

// Invariants is what always holds of the stored data.
func (a *App) Invariants() []sqldb.Invariant {
	var all []sqldb.Invariant
	for _, some := range [][]sqldb.Invariant{a.Accounts.Invariants(), a.Roster.Invariants(), a.Family.Invariants(), a.Jobs.Invariants(), a.Intake.Invariants()} {
		all = append(all, some...)
	}
	return all
}

func (d *doctor) invariants(ctx context.Context, a *App) error {
	began := time.Now()
	broken, err := a.Broken(ctx)
	if err != nil {
		return err
	}
	for _, b := range broken {
		f := Finding{Check: b.Name, Verdict: Bad, Rows: b.Rows, Says: "This does not hold: " + b.Says,
			Do: "Keep a backup of the database as it is, and report this: the program itself never leaves the data so."}
		if b.More {
			f.Rows = append(f.Rows, "and others")
		}
		d.found = append(d.found, f)
	}
	if len(broken) == 0 {
		d.find("invariants", Fine, "", "all %d hold (%s)", len(a.Invariants()), time.Since(began).Round(time.Millisecond))
	}
	return nil
}
