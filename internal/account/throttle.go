package account

import (
	"context"
	"database/sql"
	"hash/maphash"
	"strconv"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Counters of wrong passwords. Each account has one for each way in, so that none of them can be closed from another.
const (
	accountBucket   = "sign_in"           // the permanent password, from anywhere
	temporaryBucket = "sign_in_temporary" // the temporary password
	deviceBucket    = "sign_in_device"    // the permanent password, from one known device
	confirmBucket   = "sign_in_confirm"   // the current password, asked again of somebody signed in
	unknownBucket   = "sign_in_unknown"   // a name that no account has
)

// Counters of wrong codes. They are apart from those of passwords: a new password gives nobody new guesses at the code.
const (
	secondBucket       = "sign_in_second"        // the second step of a sign-in, from anywhere
	secondDeviceBucket = "sign_in_second_device" // the second step, from one known device
	proveBucket        = "sign_in_second_prove"  // the code asked again of somebody signed in
)

// Wrong passwords in a row: this many are free, then each doubles the delay, which starts at a second; at the last the password is off
// until a new one is set (NIST SP 800-63B-4 §3.2.2). The same numbers stand in the statement attempt.
const (
	firstDelayed = 5
	fullDelay    = 15
	lastFailure  = 100
)

// Failures from one source address that send it to the back of the queue.
const (
	addressMinute = 60
	addressHour   = 600
)

// Never is what LockedUntil says of a password that is off until a new one is set.
func Never() time.Time { return time.UnixMicro(never).UTC() }

const never = 1<<63 - 1

func (a *Accounts) bucket(what string, id int64) string {
	return a.keys.throttleKey(what, strconv.FormatInt(id, 10))
}

// clear forgets the counted failures of an account, all of them if none is named.
func (a *Accounts) clear(ctx context.Context, tx *sqldb.Tx, id int64, what ...string) error {
	if len(what) == 0 {
		what = []string{accountBucket, temporaryBucket, confirmBucket}
		if err := a.clearDevices(ctx, tx, id, deviceBucket); err != nil {
			return err
		}
	}
	keys := make([]string, 3)
	for i := range keys {
		keys[i] = a.bucket(what[min(i, len(what)-1)], id)
	}
	_, err := tx.Exec(ctx, deleteThrottles, keys[0], keys[1], keys[2])
	return err
}

// clearCodes forgets the wrong codes of an account: its second factors are new, or gone.
func (a *Accounts) clearCodes(ctx context.Context, tx *sqldb.Tx, id int64) error {
	if err := a.clearDevices(ctx, tx, id, secondDeviceBucket); err != nil {
		return err
	}
	return a.clear(ctx, tx, id, secondBucket, proveBucket)
}

// clearDevices forgets failures counted for the account's known devices: a new password begins afresh on them too.
func (a *Accounts) clearDevices(ctx context.Context, tx *sqldb.Tx, id int64, buckets ...string) error {
	devices, err := sqldb.All(ctx, tx, func(r *sql.Rows) (sum []byte, err error) {
		err = r.Scan(&sum)
		return sum, err
	}, selectDevices, id)
	if err != nil {
		return err
	}
	for _, sum := range devices { // a person has a handful
		first, last := a.deviceKey(buckets[0], id, sum), a.deviceKey(buckets[len(buckets)-1], id, sum)
		if _, err := tx.Exec(ctx, deleteThrottles, first, last, ""); err != nil {
			return err
		}
	}
	return nil
}

// attempt reserves one attempt in a bucket before anything is compared. It returns the number of attempts in a row, 0 when the bucket is
// closed, which is not counted. A password that is off in the account's bucket is off in its others too.
func (a *Accounts) attempt(ctx context.Context, key, account string) (int64, error) {
	defer a.turns.take(key)()
	var n int64
	err := a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		n, err = sqldb.Value[int64](ctx, tx, attempt, key, a.now().UnixMicro(), account)
		if fault.Is(err, fault.NotFound) {
			n, err = 0, nil
		}
		return err
	})
	return n, err
}

// LockedUntil returns, for those of the accounts whose sign-in is throttled now, until when; Never for a password that is off until a
// new one is set.
func (a *Accounts) LockedUntil(ctx context.Context, tx *sqldb.Tx, ids []int64) (map[int64]time.Time, error) {
	locked := map[int64]time.Time{}
	now := a.now().UnixMicro()
	for len(ids) > 0 {
		some := ids[:min(len(ids), manyKeys)]
		ids = ids[len(some):]
		owner := make(map[string]int64, len(some))
		keys := make([]string, 0, len(some))
		for _, id := range some {
			key := a.bucket(accountBucket, id)
			owner[key] = id
			keys = append(keys, key)
		}
		query, args := inKeys(selectLocked, keys, now)
		err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var key string
			var until int64
			err := r.Scan(&key, &until)
			locked[owner[key]] = time.UnixMicro(until).UTC()
			return err
		}, query, args...)
		if err != nil {
			return nil, err
		}
	}
	return locked, nil
}

// Count raises the counter of key in its own statement and returns the count within the window so far, this one included. Keys are hashed.
// Windows of at most a week are kept.
func (a *Accounts) Count(ctx context.Context, tx *sqldb.Tx, what, whom string, window time.Duration) (int64, error) {
	now := a.now()
	return sqldb.Value[int64](ctx, tx, count, a.keys.throttleKey(what, whom), now.UnixMicro(), now.Add(-window).UnixMicro())
}

// Counted returns the counter without raising it.
func (a *Accounts) Counted(ctx context.Context, tx *sqldb.Tx, what, whom string, window time.Duration) (int64, error) {
	return sqldb.Value[int64](ctx, tx, counted, a.keys.throttleKey(what, whom), a.now().Add(-window).UnixMicro())
}

// turns lets the writers of one counter in one after the other. On PostgreSQL they would otherwise collide, begin again and collide again.
type turns struct {
	seed  maphash.Seed
	locks [64]sync.Mutex
}

// take waits for the turn and returns how to give it back.
func (t *turns) take(key string) func() {
	m := &t.locks[maphash.String(t.seed, key)%uint64(len(t.locks))]
	m.Lock()
	return m.Unlock
}
