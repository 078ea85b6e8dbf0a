// Package settings holds what a school decides: few typed values, each with a default. They are read from memory and refreshed
// from the database at most a second after another node changed them.
package settings

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Values are all settings. A missing row means the default.
type Values struct {
	DistrictName       string        // shown on every page and mail; default "Schoolgate"
	OfficePhone        string        // default ""
	OfficeHours        string        // default ""
	OfficeEmail        string        // where the office reads mail about families; default "" = such mail is not sent
	TimeZone           string        // IANA name; default "America/New_York"
	IDNumberHint       string        // where a parent finds the ID Number; default "" = the catalogue's own words
	Relationships      []string      // relationship codes that may register while portal access is unknown; default parents and guardians
	MinPassword        int           // parents and staff, code points; default 15, 8-64
	MinStudentPassword int           // student logins; default 8, 8-64
	TemporaryLife      time.Duration // default 24 h, 1-72 h
	PrintedCodeLife    time.Duration // of a one-time code that goes by post; default 72 h, 1-72 h
	HoldNewSchools     bool          // a school's first roster that carries no restrictions puts its registration on hold; default false
	ClaimWithin        time.Duration // a waiting account nobody claims dies; default 14 days, 1-90 days
	ParentIdle         time.Duration // default 30 min, 5-120 min
	StaffIdle          time.Duration // default 15 min, 5-60 min
	SessionLife        time.Duration // default 12 h, 1-24 h
	KeepSignedIn       time.Duration // default 30 days, 1-30 days
	MailsPerHour       int           // to one contact; default 3, 1-20
	MailsPerDay        int           // default 10, 1-50
	MailsPerMinute     int           // all mail together; default 120, 1-10,000
	MailsADay          int           // all mail together; default 0 = no limit, 0-1,000,000
	BulkSize           int           // rows; an act on more is done in the background, after a question of its own; default 50, 1-500
	BulkApproval       int           // rows; an act on more needs a second person; default 0 = never, 0-100,000
	StaffSearches      int           // of one member of staff in ten minutes; default 300, 60-1,000,000
	RequestsKept       time.Duration // default 90 days, 7-730 days
	StudentLogins      bool          // default true
	TellParents        bool          // a new adult of a child is told to its parents; default false
	Language           string        // of pages, mails and letters for whoever names none: "en" (default) or "es"
	AdultStudents      string        // what a student's eighteenth birthday does to the parents' access: "nothing", "ask" (default) or "end"
	AdultNotice        int           // days before that on which the parents are told by mail; default 30, 0 = never, 0-365
	FamiliesSeeViews   bool          // parents may read who opened their child's record; default false
	AuditDetailKept    time.Duration // personal detail in the log, and who opened which record; default 730 days, 90-3650 days
	Accent             string        // colour of links and buttons as "#1f5a51"; default "" = the one that comes with the program
	GraceDays          int           // how long those keep access who are missing from a roster; default 14, 0 = not at all, 0-365
	RecordsKept        time.Duration // students, contacts and lines after they left; default 365 days, 30-3650 days
}

// Defaults returns the values of a school that has decided nothing yet.
func Defaults() Values {
	return Values{
		DistrictName: "Schoolgate", TimeZone: "America/New_York",
		Relationships: []string{"mother", "father", "parent", "stepmother", "stepfather", "stepparent", "guardian", "foster_parent"},
		MinPassword:   15, MinStudentPassword: 8, TemporaryLife: 24 * time.Hour, PrintedCodeLife: 72 * time.Hour, ClaimWithin: 14 * day,
		ParentIdle: 30 * time.Minute, StaffIdle: 15 * time.Minute, SessionLife: 12 * time.Hour, KeepSignedIn: 30 * day,
		MailsPerHour: 3, MailsPerDay: 10, MailsPerMinute: 120, Language: "en", AdultStudents: "ask", AdultNotice: 30, BulkSize: 50, StaffSearches: 300, RequestsKept: 90 * day, StudentLogins: true,
		GraceDays: 14, RecordsKept: 365 * day, AuditDetailKept: 730 * day,
	}
}

// Settings reads and changes the values. It is safe for concurrent use.
type Settings struct {
	db   *sqldb.DB
	log  *audit.Log
	now  func() time.Time
	base context.Context // for refreshes, which belong to no caller alone

	current    atomic.Pointer[snapshot]
	refreshing atomic.Bool
	loading    sync.Mutex // keeps an older reading from replacing a newer one
}

// snapshot is what the database said at one time.
type snapshot struct {
	values   Values
	location *time.Location
	mark     Mark
	version  int64
	checked  atomic.Int64 // when, in microseconds
}

func (p *snapshot) good(now int64) bool {
	age := now - p.checked.Load()
	return age >= 0 && age < maxAge.Microseconds()
}

// Open loads the settings. It returns fault.Invalid when a stored value cannot be read.
func Open(ctx context.Context, db *sqldb.DB, log *audit.Log, now func() time.Time) (*Settings, error) {
	s := &Settings{db: db, log: log, now: now, base: context.WithoutCancel(ctx)}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Values returns the current values; they must not be changed.
func (s *Settings) Values() *Values { return &s.fresh().values }

// Location returns the school's time zone.
func (s *Settings) Location() *time.Location { return s.fresh().location }

// Today returns the date in the school's time zone as 2006-01-02.
func (s *Settings) Today() string { return s.now().In(s.Location()).Format(time.DateOnly) }

// Version rises with every change, on all nodes alike, for caches of rendered pages.
func (s *Settings) Version() int64 { return s.fresh().version }

const (
	maxAge  = time.Second
	waitFor = 50 * time.Millisecond
)

// fresh returns the current snapshot. When it is older than maxAge, one caller has it read again and waits a moment for that; it does
// not wait longer, because it may itself hold the connection that the reading needs, or the database may be away.
func (s *Settings) fresh() *snapshot {
	now, p := s.now().UnixMicro(), s.current.Load()
	if p.good(now) || !s.refreshing.CompareAndSwap(false, true) {
		return p
	}
	if p = s.current.Load(); p.good(now) { // another caller had it read meanwhile
		s.refreshing.Store(false)
		return p
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer s.refreshing.Store(false)
		ctx, cancel := context.WithTimeout(s.base, 5*time.Second)
		defer cancel()
		if s.load(ctx) != nil {
			p.checked.Store(now) // the last good values stay; the next reading is a second away
		}
	}()
	timer := time.NewTimer(waitFor)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	return s.current.Load()
}

// load reads the settings and makes them the current ones.
func (s *Settings) load(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	now := s.now()
	var next *snapshot
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		next, err = read(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	if old := s.current.Load(); old != nil && old.version == next.version {
		next = old
	}
	next.checked.Store(now.UnixMicro())
	s.current.Store(next)
	return nil
}

// read reads the settings in the caller's transaction.
func read(ctx context.Context, tx *sqldb.Tx) (*snapshot, error) {
	rows, version, err := selectAll(ctx, tx)
	if err != nil {
		return nil, err
	}
	p := &snapshot{values: Defaults(), version: version}
	for _, f := range Fields() {
		text, ok := rows[f.Key]
		if !ok {
			continue
		}
		if err := f.set(&p.values, text); err != nil {
			return nil, fault.Invalidf("setting %s cannot be read from %q", f.Key, text)
		}
	}
	if problems := check(&p.values); len(problems) > 0 {
		return nil, fault.InvalidFields(problems...)
	}
	if p.location, err = time.LoadLocation(p.values.TimeZone); err != nil {
		return nil, err
	}
	return p, sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		return r.Scan(&p.mark.Mime, &p.mark.Width, &p.mark.Height, &p.mark.Changed)
	}, selectMark)
}

// Change writes the values that differ from the current ones, audited with old and new; this node sees them when it returns. It returns
// fault.Forbidden for an actor who may not, and fault.Invalid with a problem for each value that is out of range: the problem's field is
// the setting's key, such as "parent_idle", and its Min and Max are in the unit that Values documents.
func (s *Settings) Change(ctx context.Context, actor access.Actor, v Values) error {
	return s.change(ctx, actor, v, anyVersion)
}

// anyVersion is the version of a change that does not mind what else was changed meanwhile.
const anyVersion = -1

func (s *Settings) change(ctx context.Context, actor access.Actor, v Values, version int64) error {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return err
	}
	v = tidy(v)
	if err := fault.InvalidFields(check(&v)...); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		old, err := read(ctx, tx)
		if err != nil {
			return err
		}
		if version != anyVersion && old.version != version {
			return errChanged
		}
		return s.write(ctx, tx, actor, old, &v)
	})
	if err != nil {
		return err
	}
	return s.load(ctx)
}

// write stores what differs. A value that is the default leaves no row, so that it follows the default of a later version.
func (s *Settings) write(ctx context.Context, tx *sqldb.Tx, actor access.Actor, old *snapshot, v *Values) error {
	was, is := map[string]string{}, map[string]string{}
	defaults := Defaults()
	for _, f := range Fields() {
		before, after := f.get(&old.values), f.get(v)
		if before == after {
			continue
		}
		if f.Group == Mail {
			if err := access.Check(actor, access.ChangeMail); err != nil {
				return err
			}
		}
		was[f.Key], is[f.Key] = before, after
		var err error
		if after == f.get(&defaults) {
			err = remove(ctx, tx, f.Key)
		} else {
			err = upsert(ctx, tx, f.Key, after)
		}
		if err != nil {
			return err
		}
	}
	if len(is) == 0 {
		return nil
	}
	if err := upsertVersion(ctx, tx, old.version+1); err != nil {
		return err
	}
	return s.log.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "setting.change", TargetKind: "setting", Detail: map[string]any{"old": was, "new": is},
	})
}
