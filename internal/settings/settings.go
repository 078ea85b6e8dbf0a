// Package settings holds what a school decides: few typed values, each with a default. They are read from memory and refreshed
// from the database at most a second after another node changed them.
package settings

import (
	"context"
	"errors"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Values are all settings. Zero values never occur: a missing row means the default.
type Values struct {
	DistrictName       string        // shown on every page and mail; default "Schoolgate"
	OfficePhone        string        // default ""
	OfficeHours        string        // default ""
	TimeZone           string        // IANA name; default "America/New_York"
	IDNumberHint       string        // where a parent finds the ID Number; default "" = the catalogue's own words
	Relationships      []string      // relationship codes that may register while portal access is unknown; default roster's parents and guardians
	MinPassword        int           // parents and staff, code points; default 15, 8-64
	MinStudentPassword int           // student logins; default 8, 8-64
	TemporaryLife      time.Duration // default 24 h, 1-72 h
	ClaimWithin        time.Duration // a waiting account nobody claims dies; default 14 days
	ParentIdle         time.Duration // default 30 min
	StaffIdle          time.Duration // default 15 min
	SessionLife        time.Duration // default 12 h
	KeepSignedIn       time.Duration // default 30 days
	MailsPerHour       int           // to one contact; default 3
	MailsPerDay        int           // default 10
	RequestsKept       time.Duration // default 90 days
	StudentLogins      bool          // default true
}

var errNotBuilt = errors.New("not built yet")

// Settings reads and changes the values.
type Settings struct{}

// Open loads the settings.
func Open(ctx context.Context, db *sqldb.DB, log *audit.Log, now func() time.Time) (*Settings, error) {
	return nil, errNotBuilt
}

// Values returns the current values; they must not be changed.
func (s *Settings) Values() *Values { return &Values{} }

// Location returns the school's time zone.
func (s *Settings) Location() *time.Location { return time.UTC }

// Today returns the date in the school's time zone as 2006-01-02.
func (s *Settings) Today() string { return "" }

// Version rises with every change, for caches of rendered pages.
func (s *Settings) Version() int64 { return 0 }

// Change writes the values that differ from the current ones, audited with old and new. It returns fault.Invalid with a problem for
// each value that is out of range.
func (s *Settings) Change(ctx context.Context, actor access.Actor, v Values) error {
	return errNotBuilt
}
