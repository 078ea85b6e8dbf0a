// Package intake takes rosters from outside: parse (one file per format) -> plan -> apply.
//
// It trusts nothing and hides nothing: what was repaired, skipped and changed is a Finding with file and line. The same file twice changes
// nothing; an interrupted import is finished by running it again, losses of access come first.
package intake

import (
	"context"
	"errors"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/roster"
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

// The levels of ROSTER findings.
const (
	Note    Level = "note"    // repaired or assumed
	Warning Level = "warning" // taken, but someone should look
	Skipped Level = "skipped" // this row was not taken
)

// Finding is one thing the import noticed.
type Finding struct {
	Level  Level
	File   string
	Line   int // 1 is the header; 0 the file as a whole
	Column string
	Was    string // what stood there; never a password
	Text   string // what was done, in English
	Count  int    // like findings are folded: how many
}

// Tally counts one kind of record.
type Tally struct{ Added, Changed, Same, Removed int }

// Report is what an import did, or with DryRun would do.
type Report struct {
	Format                             string
	DryRun                             bool
	Schools, Students, Contacts, Lines Tally
	LosesAccess                        int // open or openable lines that end
	WithoutEmail                       int // contacts with no e-mail address
	Findings                           []Finding
	Changes                            []string // line by line, English: "student 204117: grade 4 -> 5"
}

var errNotBuilt = errors.New("not built yet")

// Intake imports rosters.
type Intake struct{}

// New returns an intake that writes through r.
func New(db *sqldb.DB, r *roster.Roster, log *audit.Log, now func() time.Time) *Intake {
	return &Intake{}
}

// Import reads the file or folder at path and brings the records up to date. It returns fault.Invalid when the package cannot be read,
// fault.Conflict when more than a tenth of a kind would go and AllowRemovals is not set; the report says what was found either way.
func (i *Intake) Import(ctx context.Context, actor access.Actor, path string, o Options) (Report, error) {
	return Report{}, errNotBuilt
}
