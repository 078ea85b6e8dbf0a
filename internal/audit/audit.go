// Package audit is the log: who did what to whom, when, from where and how it ended. An event is written in the transaction of
// the change it tells of, or not at all; nothing in the program changes or deletes one.
//
// What is personal in an event (old and new values) stands in a side table, so that it can be erased while the event remains.
package audit

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Event is one thing that happened. ID and At are given by the log.
type Event struct {
	ID         int64
	At         time.Time
	Actor      access.Actor // only kind, account, address and request id are kept
	Action     string       // "parent.reset", "staff.sign_in": lower case, area first
	TargetKind string       // "account", "contact", "student", "line", "school", "setting", "import", "request"
	TargetID   int64
	Outcome    string         // "ok", or why not
	Detail     map[string]any // personal detail and old and new values; never a secret
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

// Log writes and reads events.
type Log struct {
	key Key
	now func() time.Time
}

// New returns a log that seals events with key and stamps them with now.
func New(key Key, now func() time.Time) *Log { return &Log{key: key, now: now} }

// Record writes an event in the caller's transaction. An empty outcome means "ok".
func (l *Log) Record(ctx context.Context, tx *sqldb.Tx, e Event) error {
	if e.Outcome == "" {
		e.Outcome = "ok"
	}
	if err := insert(ctx, tx, l.now().UnixMicro(), e); err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}

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

func insert(ctx context.Context, tx *sqldb.Tx, at int64, e Event) error {
	id, err := sqldb.Value[int64](ctx, tx, insertEvent, at, string(e.Actor.Kind), null(e.Actor.AccountID), e.Action,
		e.TargetKind, null(e.TargetID), e.Outcome, e.Actor.Address, e.Actor.RequestID)
	if err != nil || len(e.Detail) == 0 {
		return err
	}
	detail, err := json.Marshal(e.Detail) // escapes line breaks and control characters: no value forges a line
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertDetail, id, string(detail))
	return err
}

func null(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }
