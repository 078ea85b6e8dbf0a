// Package intake takes rosters from outside: parse (one file per format) -> plan -> apply.
//
// It trusts nothing and hides nothing: what was repaired, skipped and changed is a Finding with file and line. The same file twice changes
// nothing; an interrupted import is finished by running it again, losses of access come first. What staff set by hand stays, records made
// by hand are not touched, and what staff set never loosens what the roster says.
package intake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Options steer an import.
type Options struct {
	Format        string // one of Formats; "" = told apart by looking
	School        string // put people whose school the file does not name into this school, made if missing
	DryRun        bool   `json:"-"`
	AllowRemovals bool   `json:"-"`
}

// Level says how bad a finding is.
type Level string

// The levels of findings.
const (
	Note    Level = "note"    // repaired or assumed
	Warning Level = "warning" // taken, but someone should look
	Skipped Level = "skipped" // this row was not taken
	Refused Level = "refused" // the package was not taken at all
)

// Finding is one thing the import noticed. Like findings in great number are counted: the first ones stand there with their lines, the
// others together in one.
type Finding struct {
	Level  Level
	File   string
	Line   int // 1 is the header; 0 the file as a whole
	Column string
	Was    string // what stood there; never a password
	Code   Code   // what was done
	As     string // as what something was taken, by the code: a name in the file's format, a field of ours, a school
	Number int    // by the code: a line, or a limit
	Text   string // the same in English
	Count  int    // for how many places it stands, at least 1
	More   bool   // it stands for further rows, from Line on
	Pos    int    `json:"-"` // of a finding that is kept: its place in the list
}

// Tally counts one kind of record.
type Tally struct{ Added, Changed, Same, Removed int }

// Report is what an import did, or with DryRun would do. Its order is the same every time.
type Report struct {
	Format                             string
	District                           string // the district's name as the file has it, "" if it names none
	DryRun                             bool
	Schools, Students, Contacts, Lines Tally
	Terms, Courses, Classes            Tally
	Enrolments, Teachers               Tally
	LosesAccess                        int          // lines that a parent or guardian could open before, and cannot after
	LosesLater                         int          // lines that stay open for the time of grace, because somebody is missing from the file
	WithoutEmail                       int          // contacts of the file with no e-mail address
	MayRegister                        int          // adults who may register or sign in afterwards, of those whom the file concerns
	Over                               []string     // "12 of 100 students": what would be removed beyond the tenth that goes unasked
	Lists                              map[List]int // how many stand on the lists
	Steps                              int          // changes of records
	Again                              *Report      `json:",omitempty"` // of the newest further round, where somebody else changed records meanwhile
	Findings                           []Finding
	Refused                            *Finding // why nothing of it was taken, nil otherwise
	Changes                            []string // line by line, English: "student 204117: grade 4 -> 5"; the first ones
}

// Intake imports rosters. It is safe for concurrent use: one import at a time is planned and applied, and one that finds a record changed
// by somebody else leaves it alone and plans it again.
type Intake struct {
	db     *sqldb.DB
	roster *roster.Roster
	set    *settings.Settings
	log    *audit.Log
	logins Logins
	jobs   *jobs.Queue
	now    func() time.Time
	limits limits

	uploadLimit int64
	told        Told
	watch       *Watch
}

// New returns an intake that writes through r. logins may be nil where there are none, and queue where nothing but Import is called.
func New(db *sqldb.DB, r *roster.Roster, set *settings.Settings, log *audit.Log, logins Logins, queue *jobs.Queue, now func() time.Time) *Intake {
	i := &Intake{db: db, roster: r, set: set, log: log, logins: logins, jobs: queue, now: now, limits: defaultLimits(), uploadLimit: DefaultUpload, told: nobody()}
	if queue != nil {
		queue.HandleLong(jobImport, i.handle)
	}
	return i
}

// Import reads the file or folder at path and brings the records up to date. It returns fault.Forbidden when the actor may not,
// fault.NotFound when there is no such file, fault.Invalid when the package cannot be read or does not say which school people are in,
// fault.Conflict when more than a tenth of a kind would go and AllowRemovals is not set, or when another import runs: nothing is written then.
// The report says what was found either way. What an error leaves undone while writing is finished by the next import, whoever starts it.
func (i *Intake) Import(ctx context.Context, actor access.Actor, path string, o Options) (Report, error) {
	rep := Report{DryRun: o.DryRun}
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return rep, err
	}
	f := newFindings()
	var err error
	if o.DryRun {
		err = i.planned(ctx, path, o, f, &rep, counters{}, func(*plan) error { return nil })
	} else {
		err = i.run(ctx, actor, path, o, f, &rep)
	}
	rep.Findings, rep.Refused = f.list(), refusedBy(err)
	return rep, err
}

// run imports in the foreground.
func (i *Intake) run(ctx context.Context, actor access.Actor, path string, o Options, f *findings, rep *Report) (err error) {
	t, err := i.waitTurn(ctx, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.end(ctx)) }()
	if err := i.finishOpen(ctx, t); err != nil {
		return err
	}
	m := Import{Origin: FromCommand, FileName: filepath.Base(path), Options: o}
	for round, alone := 0, 1; round < longestRound && alone > 0; round++ {
		again, noticed := rep, f
		if round > 0 {
			again, noticed = &Report{}, newFindings()
		}
		alone = 0
		var left *findings
		err := i.planned(ctx, path, o, noticed, again, counters{}, func(p *plan) (err error) {
			if !o.AllowRemovals {
				err = guard(p.rep.Over)
			}
			if err == nil && (round == 0 || p.rep.Steps > 0) {
				left, alone, err = i.take(ctx, t, actor, &m, p, round)
			}
			return err
		})
		if err != nil {
			return err
		}
		if round > 0 {
			f.also(noticed)
			rep.Changes = append(rep.Changes, again.Changes...)
			*rep = rep.with(*again)
		}
		f.all(left)
	}
	return i.ended(ctx, t, m.ID)
}

// take keeps a plan and applies it. It returns the steps that were left alone, the first ones by name, and how many there were.
func (i *Intake) take(ctx context.Context, t *turn, actor access.Actor, m *Import, p *plan, round int) (left *findings, alone int, err error) {
	if m.ID == 0 {
		if err := i.write(ctx, t, func(tx *sqldb.Tx) (err error) {
			m.ID, err = i.begin(ctx, tx, actor, *m, Planning)
			return err
		}); err != nil {
			return nil, 0, fmt.Errorf("start import: %w", err)
		}
	}
	if err := i.keep(ctx, t, m.ID, p, round); err != nil {
		return nil, 0, fmt.Errorf("start import: %w", err)
	}
	if err := i.write(ctx, t, func(tx *sqldb.Tx) error { return i.setPlanned(ctx, tx, m.ID, p, round, Applying) }); err != nil {
		return nil, 0, fmt.Errorf("start import: %w", err)
	}
	if err := i.apply(ctx, t, m.ID); err != nil {
		return nil, 0, fmt.Errorf("import: %w", err)
	}
	applied, err := i.one(ctx, m.ID)
	if err != nil {
		return nil, 0, fmt.Errorf("import: %w", err)
	}
	left, alone, err = i.leftAlone(ctx, applied, applied.rounds < longestRound)
	if err != nil {
		return nil, 0, fmt.Errorf("import: %w", err)
	}
	return left, alone, i.write(ctx, t, func(tx *sqldb.Tx) error {
		return putFindings(ctx, tx, m.ID, left.list(), (applied.rounds+longestRound)*roundNotes)
	})
}

// planned parses the package, plans it in a stage and hands the plan to then.
func (i *Intake) planned(ctx context.Context, path string, o Options, f *findings, rep *Report, far counters, then func(*plan) error) (err error) {
	s, err := newStage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	rec := stagedRecords(ctx, s)
	rec.read = far.rows
	err = i.parse(path, o, f, rec)
	rep.Format, rep.District = rec.format, rec.district
	if err != nil {
		return err
	}
	p := &plan{rec: rec, stage: s, opts: o, f: f, rep: rep, pos: map[phase]int{}, notes: map[List]int{},
		read: i.readNow, rule: i.rule(), planned: far.steps}
	if days := i.set.Values().GraceDays; days > 0 {
		p.grace = i.now().In(i.set.Location()).AddDate(0, 0, days).Format(time.DateOnly)
	}
	if err := i.compare(ctx, p); err != nil {
		return err
	}
	return then(p)
}

// rule is the school's, by which a plan tells who may open a line.
func (i *Intake) rule() roster.Rule {
	v := i.set.Values()
	return roster.Rule{Relationships: v.Relationships, Today: i.set.Today(), Adults: roster.Adults(v.AdultStudents)}
}

// compare reads what is on record into the stage and makes the plan.
func (i *Intake) compare(ctx context.Context, p *plan) error {
	err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p.onRecord, p.fed, err = i.roster.AllSchools(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	if err := i.followMerges(ctx, p); err != nil {
		return err
	}
	if err := p.known(ctx); err != nil {
		return err
	}
	if err := p.cover(ctx); err != nil {
		return err
	}
	if err := i.readRecords(ctx, p); err != nil {
		return err
	}
	if err := i.readHolders(ctx, p); err != nil {
		return err
	}
	if err := p.make(ctx); err != nil {
		return err
	}
	if err := i.planClasses(ctx, p); err != nil {
		return err
	}
	return i.endingLogins(ctx, p)
}

// parse reads the package.
func (i *Intake) parse(path string, o Options, f *findings, rec *records) error {
	given, err := i.mappingFor(rec.ctx, o.School)
	if err != nil {
		return err
	}
	lim := i.limits
	err = i.db.Read(rec.ctx, func(tx *sqldb.Tx) error {
		_, fed, err := i.roster.AllSchools(rec.ctx, tx)
		lim.allNew = len(fed) == 0
		return err
	})
	if err != nil {
		return err
	}
	return readPackage(path, o.Format, given, i.set.Today(), lim, f, rec)
}

// nameDistrict takes the district's name from the file as long as nobody has chosen one: it stands on every page and mail. Whoever may import need not be
// one who may change settings.
func (i *Intake) nameDistrict(ctx context.Context, m Import) error {
	v := *i.set.Values()
	if m.Report.District == "" || v.DistrictName != settings.Defaults().DistrictName {
		return nil
	}
	v.DistrictName = m.Report.District
	return i.set.Change(ctx, access.Actor{Kind: access.System, Username: m.Owner}, v)
}

// summary is the report in one line, without anybody's name.
func (r *Report) summary() string {
	s := ""
	for _, t := range []struct {
		what string
		t    Tally
	}{{"schools", r.Schools}, {"students", r.Students}, {"contacts", r.Contacts}, {"lines", r.Lines}} {
		s += fmt.Sprintf("%s: %d added, %d changed, %d the same, %d removed; ", t.what, t.t.Added, t.t.Changed, t.t.Same, t.t.Removed)
	}
	return s + fmt.Sprintf("%d lines lose access", r.LosesAccess)
}
