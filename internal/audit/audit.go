// Package audit is the log: who did what to whom, when, from where and how it ended; and who opened which child's record.
//
// An event is written in the transaction of the change it tells of, or not at all, with a code of its own (HMAC-SHA-256, its key outside the
// database) over all its fields; within a second a sealer binds it into a chain. Nothing in the program changes or deletes an event or a
// seal, and Verify finds where somebody else did. What is personal in an event (old and new values) stands in a side table and goes
// into the code as a salted hash: it can be erased while the event, and the chain, remain.
package audit

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Event is one thing that happened. ID and At are given by the log.
type Event struct {
	ID         int64
	At         time.Time
	Actor      access.Actor // only kind, account, address and request id are kept; for the system also who sat at the command line
	Action     string       // "parent.reset", "staff.sign_in": lower case, area first
	TargetKind string       // "account", "contact", "student", "line", "school", "setting", "import", "request"
	TargetID   int64
	Outcome    string         // "ok", or why not
	Detail     map[string]any // personal detail and old and new values; never a secret
	Erased     bool           // there was detail, and it was erased
}

// Area is the part of an action before its last dot: "parent" of "parent.reset".
func Area(action string) string {
	return action[:max(0, strings.LastIndexByte(action, '.'))]
}

// Key is what the log is sealed with. It stands outside the database.
type Key [32]byte

// NewKey derives the log's key from the key file's 32 bytes (HKDF-SHA-256, RFC 5869).
func NewKey(master []byte) (Key, error) {
	var k Key
	sub, err := hkdf.Key(sha256.New, master, nil, "schoolgate audit", len(k))
	copy(k[:], sub)
	return k, err
}

// String keeps the key out of logs, however it is printed.
func (k Key) String() string { return "key" }

// GoString keeps the key out of logs, however it is printed.
func (k Key) GoString() string { return "key" }

// Log writes, seals and reads events.
type Log struct {
	// Views notes who opens which child's record.
	Views *Views

	key    Key
	now    func() time.Time
	holder string // names this process where it holds the lease to seal
}

// New returns a log that seals events with key and stamps them with now.
func New(key Key, now func() time.Time) *Log {
	return &Log{Views: &Views{now: now}, key: key, now: now, holder: rand.Text()}
}

// Record writes an event in the caller's transaction. An empty outcome means "ok". Of an actor at the command line the name that the
// operating system knows is kept as the detail "os_user".
func (l *Log) Record(ctx context.Context, tx *sqldb.Tx, e Event) error {
	if e.Outcome == "" {
		e.Outcome = "ok"
	}
	if e.Actor.Kind == access.System && e.Actor.Username != "" {
		detail := map[string]any{"os_user": e.Actor.Username}
		for k, v := range e.Detail {
			detail[k] = v
		}
		e.Detail = detail
	}
	e.At = l.now()
	if err := l.insert(ctx, tx, e); err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}

func (l *Log) insert(ctx context.Context, tx *sqldb.Tx, e Event) error {
	area := Area(e.Action)
	w := row{
		at: e.At.UnixMicro(), actorKind: []byte(e.Actor.Kind), actorID: e.Actor.AccountID, action: []byte(e.Action), area: []byte(area),
		targetKind: []byte(e.TargetKind), targetID: e.TargetID, outcome: []byte(e.Outcome), address: []byte(e.Actor.Address),
		request: []byte(e.Actor.RequestID),
	}
	var detail, salt []byte
	if len(e.Detail) > 0 {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil { // escapes line breaks and control characters: no value forges a line
			return err
		}
		salt = make([]byte, 16)
		_, _ = rand.Read(salt) // does not fail
		w.detailHash = detailHash(salt, detail)
	}
	var err error
	if w.id, err = sqldb.Value[int64](ctx, tx, insertEvent, w.at, string(e.Actor.Kind), null(e.Actor.AccountID), e.Action, area,
		e.TargetKind, null(e.TargetID), e.Outcome, e.Actor.Address, e.Actor.RequestID, w.detailHash); err != nil {
		return err
	}
	if detail != nil {
		if _, err := tx.Exec(ctx, insertDetail, w.id, string(detail), salt, erasable(e)); err != nil {
			return err
		}
	}
	mac := newCoder(l.key).event(&w)
	_, err = tx.Exec(ctx, insertPending, w.id, mac[:])
	return err
}

// erasable says from when the detail's age counts; what the log says of itself is about nobody and stays.
func erasable(e Event) sql.NullInt64 {
	return sql.NullInt64{Int64: e.At.UnixMicro(), Valid: e.Action != actionErased}
}

func null(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }

// Export calls fn for every event from the given time on, oldest first.
func (l *Log) Export(ctx context.Context, tx *sqldb.Tx, from time.Time, fn func(Event) error) error {
	return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		e, err := scan(r)
		if err != nil {
			return err
		}
		return fn(e)
	}, selectSince, from.UnixMicro())
}

// About returns the newest events about one target, newest first, at most limit.
func (l *Log) About(ctx context.Context, tx *sqldb.Tx, kind string, id int64, limit int) ([]Event, error) {
	return sqldb.All(ctx, tx, scan, selectAbout, kind, id, limit)
}
