// Package family is the login's life: registering against the school's records, holding contacts, open lines, student logins and
// the reset.
//
// Invariants: a contact is held by at most one account; an open line is derived, never stored: its contact is held, roster's rule lets it
// open, and no reset closed it; a parent sees a child exactly while a line is open; a student login lives only while its maker's line
// is open; whatever is typed at registration, the answer is the same and the decision is made later, by a worker.
package family

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Parts are what New builds on. Catalog and Sender join here once package lang and mail are wired.
type Parts struct {
	DB       *sqldb.DB
	Accounts *account.Accounts
	Roster   *roster.Roster
	Settings *settings.Settings
	Jobs     *jobs.Queue
	Audit    *audit.Log
	Log      *slog.Logger
	Now      func() time.Time
	BaseURL  string // for the addresses in mails, without a slash at the end
}

var errNotBuilt = errors.New("not built yet")

// Family runs the login's life.
type Family struct{}

// New returns the family package's work on the given parts and registers its job handlers.
func New(p Parts) *Family { return &Family{} }

// --- registration and recovery: constant work, uniform answers

// Registration is what a parent typed. FormKey makes a form sent twice one request.
type Registration struct {
	FormKey  string
	Username string
	IDNumber string
	First    string
	Last     string
	Language string
}

// Register notes a registration request and returns its reference; a worker decides. It returns fault.Invalid with problems on "username",
// "id_number", "first_name", "last_name" for empty or over-long fields and usernames that cannot be one: never for what is on record.
func (f *Family) Register(ctx context.Context, actor access.Actor, r Registration) (string, error) {
	return "", errNotBuilt
}

// ForgotPassword notes a request for a temporary password for the username.
func (f *Family) ForgotPassword(ctx context.Context, actor access.Actor, formKey, username, language string) (string, error) {
	return "", errNotBuilt
}

// ForgotUsername notes a request for the usernames of the address.
func (f *Family) ForgotUsername(ctx context.Context, actor access.Actor, formKey, email, language string) (string, error) {
	return "", errNotBuilt
}

// Added is the outcome of "Add Additional Student".
type Added struct {
	Opened    bool
	StudentID int64
	Child     string
	Reference string // for the telephone, when nothing was opened
}

// AddStudent opens the line of a child whose contact has the account's name and address on record. When it does not, the answer says no
// more than that, with a reference under which staff see why.
func (f *Family) AddStudent(ctx context.Context, actor access.Actor, idNumber string) (Added, error) {
	return Added{}, errNotBuilt
}

// --- the parent's pages

// Home is everything the Parent Portal's pages show of a parent's children, in one call.
type Home struct {
	First    string  // the parent's first name, for the greeting
	Children []Child // open lines, by name
}

// Child is one child as its parent sees it.
type Child struct {
	StudentID                  int64
	First, Middle, Last        string
	IDNumber, BirthDate        string
	Grade, Homeroom            string
	School, SchoolPhone, Hours string
	Own                        OwnLine
	Others                     []Other
	Login                      *StudentLogin // nil for none
}

// OwnLine is the parent's own line and contact record.
type OwnLine struct {
	First, Middle, Last                                  string
	Relationship                                         string
	Email                                                string
	Mobile, Home, Work                                   string
	LegalGuardian, LivesWith, Emergency, Pickup, Mailing roster.Flag
}

// Other is another contact of the child: name and relationship, nothing else, and nothing of a restricted one.
type Other struct{ First, Last, Relationship string }

// StudentLogin is the login a parent made for a child.
type StudentLogin struct {
	AccountID int64
	Username  string
	LastUsed  time.Time // zero for never
	Mine      bool      // this parent made it
}

// Home returns the actor's children.
func (f *Family) Home(ctx context.Context, actor access.Actor) (Home, error) {
	return Home{}, errNotBuilt
}

// CreateStudentLogin makes a child's login. It returns fault.NotFound when the actor has no open line to the student, fault.Conflict when
// there is one already, fault.Invalid with problems on "username" or "password".
func (f *Family) CreateStudentLogin(ctx context.Context, actor access.Actor, student int64, username, password string) error {
	return errNotBuilt
}

// ChangeStudentPassword sets a new password for the child's login and tells its maker if that is another parent.
func (f *Family) ChangeStudentPassword(ctx context.Context, actor access.Actor, student int64, password string) error {
	return errNotBuilt
}

// RemoveStudentLogin ends the child's login.
func (f *Family) RemoveStudentLogin(ctx context.Context, actor access.Actor, student int64) error {
	return errNotBuilt
}

// StudentHome is the Student Portal's page.
type StudentHome struct {
	First, Middle, Last string
	IDNumber, Grade     string
	Homeroom, School    string
	SchoolPhone, Hours  string
}

// StudentHome returns the actor's own page.
func (f *Family) StudentHome(ctx context.Context, actor access.Actor) (StudentHome, error) {
	return StudentHome{}, errNotBuilt
}

// --- Reset Parent Login

// LoginState is what the grid says of a login.
type LoginState string

// The states of a line's login; the last three tell where it cannot start.
const (
	Never      LoginState = "never" // never registered
	Waiting    LoginState = "waiting"
	Active     LoginState = "active"
	Closed     LoginState = "closed" // the account is there, this line was closed by a reset
	Locked     LoginState = "locked"
	Disabled   LoginState = "disabled"
	NoEmail    LoginState = "no_email"
	MayNot     LoginState = "may_not"
	Restricted LoginState = "restricted"
)

// GridQuery asks for a page of the grid. Letter ("A".."Z", "#") or Last (typed) or neither (all).
type GridQuery struct {
	Letter  string
	Last    string
	ByChild bool
	After   string // a page's Next, "" for the first
	Limit   int    // parents or rows a page, default 25
}

// GridRow is one line.
type GridRow struct {
	LineID, ContactID, StudentID int64
	ParentFirst, ParentLast      string
	Relationship                 string
	ChildFirst, ChildLast        string
	IDNumber, School, Grade      string
	Username                     string
	State                        LoginState
	LockedUntil                  time.Time
	LastSignIn                   time.Time
}

// Grid is a page of lines. A parent's rows are never split over two pages when sorted by parent.
type Grid struct {
	Rows    []GridRow
	Next    string
	Total   int             // lines that match, counted up to 1,001
	Letters map[string]bool // which letters have parents
	ByChild bool            // false when too many match to sort by child
}

// Grid returns a page of the grid.
func (f *Family) Grid(ctx context.Context, actor access.Actor, q GridQuery) (Grid, error) {
	return Grid{}, errNotBuilt
}

// LineStates returns the login's state for every line of a student, for the Contacts page.
func (f *Family) LineStates(ctx context.Context, actor access.Actor, student int64) (map[int64]GridRow, error) {
	return nil, errNotBuilt
}

// Question is "Are you sure you want to Reset the selected accounts?" with the consequences.
type Question struct {
	Parents []QuestionParent
	Gone    int // selected rows that no longer exist
}

// QuestionParent is one login (or a contact without one) among those to be reset.
type QuestionParent struct {
	ContactID     int64
	First, Last   string
	Username      string          // "" when there is no login
	Whole         bool            // the whole login ends
	Lines         []GridRow       // selected
	Stay          []GridRow       // not selected and open: they stay open, or can be taken along
	StudentLogins []QuestionLogin // that go
	Address       bool            // there is an address on record for the notice
}

// QuestionLogin is a student login that goes with a reset.
type QuestionLogin struct {
	StudentID int64
	Child     string
	Username  string
	KeepFor   []Keeper // other parents with an open line
}

// Keeper is another parent to whom a student login can pass.
type Keeper struct {
	ContactID   int64
	First, Last string
}

// ResetQuestion returns the consequences of resetting the lines.
func (f *Family) ResetQuestion(ctx context.Context, actor access.Actor, lines []int64) (Question, error) {
	return Question{}, errNotBuilt
}

// ResetOrder says what to reset. Keep passes a student's login (by student id) to another parent's contact.
type ResetOrder struct {
	Lines []int64
	Keep  map[int64]int64
}

// ResetResult is what was done to one line.
type ResetResult struct {
	LineID                  int64
	ParentFirst, ParentLast string
	ChildFirst, ChildLast   string
	Outcome                 ResetOutcome
	Username                string   // the login that ended or was cut
	Stay                    []string // children still open on it
	StudentLogins           []string // usernames ended
	Kept                    []string // usernames passed to another parent
	Noticed                 bool     // a mail is on its way
}

// ResetOutcome is the outcome for one line.
type ResetOutcome string

// The outcomes of a reset.
const (
	ResetWhole   ResetOutcome = "whole"    // the login ended
	ResetPart    ResetOutcome = "part"     // the line was closed, the login stays for other children
	ResetNoLogin ResetOutcome = "no_login" // had no login
	ResetGone    ResetOutcome = "gone"     // the row no longer exists
)

// Reset closes the lines, whole parents at a time, in short transactions. The results stand in the order of the lines.
func (f *Family) Reset(ctx context.Context, actor access.Actor, o ResetOrder) ([]ResetResult, error) {
	return nil, errNotBuilt
}

// --- registration requests, for staff

// Request is one registration request with its true outcome.
type Request struct {
	ID                              int64
	Reference, Purpose              string
	Username, IDNumber, First, Last string // as typed
	Outcome                         string // an Outcome; "request.outcome.<outcome>" is its sentence in the catalogue
	Detail                          string
	StudentID, ContactID            int64
	Child, Contact                  string // names on record, "" if none
	At, Decided                     time.Time
}

// Requests lists registration requests, newest first, or the one with the reference (typed in any case, with or without hyphen).
func (f *Family) Requests(ctx context.Context, actor access.Actor, reference string, after jobs.Cursor, limit int) ([]Request, error) {
	return nil, errNotBuilt
}

// --- hooks that app wires

// LinesChanged is roster's hook: it ends what rested on lines that are no longer open, and tells old addresses of a change.
func (f *Family) LinesChanged(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c roster.Change) error {
	return errNotBuilt
}

// Words implements account.People.
func (f *Family) Words(ctx context.Context, tx *sqldb.Tx, a account.Account) ([]string, error) {
	return nil, errNotBuilt
}

// Notify implements account.People.
func (f *Family) Notify(ctx context.Context, tx *sqldb.Tx, a account.Account, n account.Notice) error {
	return errNotBuilt
}

// UsernameReserved implements account.People.
func (f *Family) UsernameReserved(ctx context.Context, tx *sqldb.Tx, kind access.Kind, key string, acct int64) (bool, error) {
	return false, errNotBuilt
}

// Sweep ends waiting accounts nobody claimed, forgets old requests and reservations.
func (f *Family) Sweep(ctx context.Context) error { return errNotBuilt }
