// Package intake takes rosters from outside: parse (one file per format) -> plan -> apply.
//
// It trusts nothing and hides nothing: what was repaired, skipped and changed is a Finding with file and line. The same file twice changes
// nothing; an interrupted import is finished by running it again, losses of access come first. What staff set by hand stays, records made
// by hand are not touched, and what staff set never loosens what the roster says.
package intake

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Options steer an import.
type Options struct {
	Format        string // "" = told apart by looking; "oneroster"
	School        string // put people whose school the file does not name into this school, made if missing
	DryRun        bool
	AllowRemovals bool
}

// Level says how bad a finding is.
type Level string

// The levels of findings.
const (
	Note    Level = "note"    // repaired or assumed
	Warning Level = "warning" // taken, but someone should look
	Skipped Level = "skipped" // this row was not taken
)

// Finding is one thing the import noticed. Like findings in great number are counted: the first ones stand there with their lines, the
// others together in one.
type Finding struct {
	Level  Level
	File   string
	Line   int // 1 is the header; 0 the file as a whole
	Column string
	Was    string // what stood there; never a password
	Text   string // what was done, in English
	Count  int    // for how many places it stands, at least 1
}

// Tally counts one kind of record.
type Tally struct{ Added, Changed, Same, Removed int }

// Report is what an import did, or with DryRun would do. Its order is the same every time.
type Report struct {
	Format                             string
	District                           string // the district's name as the file has it, "" if it names none
	DryRun                             bool
	Schools, Students, Contacts, Lines Tally
	LosesAccess                        int // lines that a parent or guardian could open before, and cannot after
	WithoutEmail                       int // contacts of the file with no e-mail address
	Findings                           []Finding
	Changes                            []string // line by line, English: "student 204117: grade 4 -> 5"
}

// Intake imports rosters. It is safe for concurrent use: of two imports at the same time, the slower one leaves alone what the faster
// one changed.
type Intake struct {
	db     *sqldb.DB
	roster *roster.Roster
	set    *settings.Settings
	log    *audit.Log
	now    func() time.Time
	limits limits
}

// New returns an intake that writes through r.
func New(db *sqldb.DB, r *roster.Roster, set *settings.Settings, log *audit.Log, now func() time.Time) *Intake {
	return &Intake{db: db, roster: r, set: set, log: log, now: now, limits: defaultLimits()}
}

// Import reads the file or folder at path and brings the records up to date. It returns fault.Forbidden when the actor may not,
// fault.NotFound when there is no such file, fault.Invalid when the package cannot be read or does not say which school people are in,
// fault.Conflict when more than a tenth of a kind would go and AllowRemovals is not set: nothing is written then. The report says what was
// found either way. An error that comes while writing leaves a part done; running it again finishes.
func (i *Intake) Import(ctx context.Context, actor access.Actor, path string, o Options) (Report, error) {
	rep := Report{DryRun: o.DryRun}
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return rep, err
	}
	f := newFindings()
	rec, err := i.parse(path, o, f)
	rep.Format, rep.District = rec.format, rec.district
	if err == nil {
		rec.check(f)
		err = i.bring(ctx, actor, rec, o, f, &rep)
	}
	rep.Findings = f.list()
	return rep, err
}

// parse reads the package in the first format that knows it.
func (i *Intake) parse(path string, o Options, f *findings) (*records, error) {
	rec := newRecords()
	b, err := openBundle(path, i.limits, f)
	if err != nil {
		return rec, err
	}
	for _, kind := range formats() {
		if o.Format != "" && o.Format != kind.name || !kind.knows(b) {
			continue
		}
		err := kind.read(b, i.set.Today(), f, rec)
		return rec, errors.Join(err, b.Close())
	}
	names := shorten(strings.Join(b.names(), ", "))
	err = fault.Invalidf("this is no roster that can be read: there is neither users.csv nor manifest.csv, but %s", names)
	if o.Format != "" && !formatNamed(o.Format) {
		err = fault.Invalidf("unknown format %q", o.Format)
	}
	return rec, errors.Join(err, b.Close())
}

// bring plans, guards and applies.
func (i *Intake) bring(ctx context.Context, actor access.Actor, rec *records, o Options, f *findings, rep *Report) error {
	p := &plan{rec: rec, opts: o, f: f, rep: rep, rule: roster.Rule{Relationships: i.set.Values().Relationships, Today: i.set.Today()}}
	err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		schools, fed, err := i.roster.AllSchools(ctx, tx)
		if err != nil {
			return err
		}
		p.known(schools, fed)
		p.snap, err = i.roster.Snapshot(ctx, tx, p.scope())
		return err
	})
	if err != nil {
		return err
	}
	if err := p.make(); err != nil {
		return err
	}
	if !o.AllowRemovals {
		if err := p.guard(); err != nil {
			return err
		}
	}
	if o.DryRun {
		return nil
	}
	if err := i.apply(ctx, actor, p); err != nil {
		return err
	}
	return i.nameDistrict(ctx, actor, rec.district)
}

// nameDistrict takes the district's name from the file as long as nobody has chosen one: it stands on every page and mail.
func (i *Intake) nameDistrict(ctx context.Context, actor access.Actor, name string) error {
	v := *i.set.Values()
	if name == "" || v.DistrictName != settings.Defaults().DistrictName {
		return nil
	}
	v.DistrictName = name
	return i.set.Change(ctx, actor, v)
}
