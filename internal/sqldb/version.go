package sqldb

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// SchemaVersion returns the newest migration that ran on the database, 0 for none, and the newest one that this program carries. It changes
// nothing.
func (d *DB) SchemaVersion(ctx context.Context) (ran, known int64, err error) {
	_, sums, err := expand(d.Dialect())
	if err != nil {
		return 0, 0, err
	}
	for v := range sums {
		known = max(known, v)
	}
	err = d.Look(ctx, func(tx *Tx) (err error) {
		ran, err = Value[int64](ctx, tx, "select coalesce(max(version), 0) from schema_checksum")
		return err
	})
	if err != nil && !fault.Is(err, fault.Unavailable) && d.Ping(ctx) == nil {
		return 0, known, nil // it answers, and has no such table: an empty database
	}
	return ran, known, err
}

// Clock returns the time of the machine that the database runs on; for SQLite that is this one.
func (d *DB) Clock(ctx context.Context) (time.Time, error) {
	if d.Dialect() == "sqlite" {
		return time.Now(), nil
	}
	var micros int64
	err := d.Look(ctx, func(tx *Tx) (err error) {
		micros, err = Value[int64](ctx, tx, "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)")
		return err
	})
	return time.UnixMicro(micros), err
}
