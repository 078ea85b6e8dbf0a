package account

import (
	"context"
	"strconv"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Attempt is one press of "Log in".
type Attempt struct {
	Kind               access.Kind
	Username, Password string
	Keep               bool // "keep me signed in on this device", parents only
	Client             Client
}

// SignedIn is what a browser gets for a successful sign-in: a session token, and a device token to keep for DeviceLife, which is "" for
// a limited session.
type SignedIn struct {
	Token   string
	Device  string
	Session Session
}

// The reasons of a failed sign-in, for staff alone: they stand in the log's detail, and nothing outside depends on them.
const (
	unknownName    = "unknown username"
	wrongPassword  = "wrong password"
	wrongTemporary = "wrong temporary password"
	noPassword     = "no password"
	disabled       = "disabled"
	throttled      = "throttled"
	overtaken      = "login changed meanwhile"
)

// subject is what one read tells about a sign-in before anything is compared.
type subject struct {
	account  Account
	hash     string
	serial   string // of a live temporary password
	tempHash string
	tempEnds time.Time
	device   bool // the browser is known to the account
	flooding bool // the address is over its limit
}

// try is one sign-in under way.
type try struct {
	Attempt
	subject
	open      bool   // students: the school lets them sign in
	key       string // of the username, "" when it cannot be one
	deviceSum []byte
	temporary bool // the input is compared with the temporary password
	check     verification
	failures  int64
	bucket    string // in which the attempt was counted
}

// SignIn verifies an attempt. It returns fault.Unauthenticated with one constant text for every reason, and fault.Unavailable when too many
// sign-ins wait (which never counts as a failure). Whatever is typed, it costs one read, one write that counts, one hash and one write.
func (a *Accounts) SignIn(ctx context.Context, at Attempt) (SignedIn, error) {
	t := &try{Attempt: at}
	t.key, _ = CheckUsername(at.Username)
	t.deviceSum = a.device(at.Kind, at.Client.Device)
	if err := a.look(ctx, t); err != nil {
		return SignedIn{}, err
	}
	a.choose(t)
	c := anonymous
	if t.device {
		c = known
	}
	turn, err := a.hasher.enter(ctx, c, t.flooding)
	if err != nil {
		return SignedIn{}, err
	}
	right, err := a.countAndVerify(ctx, t, turn)
	if err != nil {
		return SignedIn{}, err
	}
	if right {
		in, err := a.succeed(ctx, t)
		if !fault.Is(err, fault.Unauthenticated) {
			return in, err
		}
		return SignedIn{}, a.fail(ctx, t, overtaken)
	}
	return SignedIn{}, a.fail(ctx, t, t.reason())
}

func refused() error { return fault.Unauthenticatedf("the username and password do not match") }

// look reads all that a sign-in depends on, in one statement that gives one row whether there is such an account or not.
func (a *Accounts) look(ctx context.Context, t *try) error {
	now := a.now()
	address := access.Source(t.Client.Address)
	err := a.db.Look(ctx, func(tx *sqldb.Tx) error {
		s, err := sqldb.One(ctx, tx, scanSubject, selectSubject, string(t.Kind), t.key, now.UnixMicro(), orEmpty(t.deviceSum),
			a.keys.throttleKey("address_minute", address), now.Add(-time.Minute).UnixMicro(),
			a.keys.throttleKey("address_hour", address), now.Add(-time.Hour).UnixMicro(), addressMinute, addressHour)
		t.subject = s
		return err
	})
	if err == nil && t.Kind == access.Student { // asked of a username that is none, too
		t.open, err = a.people.StudentMayEnter(ctx, t.account.ID)
	}
	return err
}

func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// choose decides what the input is compared with. Input that looks like a temporary password is compared with that alone while one is
// live, everything else with the permanent one.
func (a *Accounts) choose(t *try) {
	password := ""
	if len(t.Password) <= 2*longest {
		password = t.Password
	}
	shape, isTemporary := temporaryShape(password)
	t.temporary = isTemporary && t.serial != ""
	input, stored := norm.NFC.String(password), t.hash
	if t.temporary {
		input, stored = shape, t.tempHash
	}
	open := t.account.openAt(a.now()) && (t.account.State == Active || t.temporary && t.account.State == Waiting)
	if t.Kind == access.Student && !t.open {
		open = false
	}
	t.check = verification{secret: a.pepper(input), stored: stored, refused: !open || password == ""}
}

// countAndVerify reserves the attempt before it compares, so that parallel attempts cannot beat the counter.
func (a *Accounts) countAndVerify(ctx context.Context, t *try, turn turn) (right bool, _ error) {
	defer turn.leave()
	own := a.bucket(accountBucket, t.account.ID)
	key, account := own, ""
	switch {
	case t.account.ID == 0:
		key = a.keys.throttleKey(unknownBucket, string(t.Kind)+" "+clip(t.Username, 300))
	case t.temporary:
		key = a.bucket(temporaryBucket, t.account.ID)
	case t.device:
		key, account = a.deviceBucket(t), own
	}
	t.bucket = key
	n, err := a.attempt(ctx, key, account)
	if err != nil {
		return false, err
	}
	t.failures = n
	t.check.refused = t.check.refused || n == 0
	err = turn.do(func() { right = a.run(&t.check) })
	return right, err
}

func (a *Accounts) deviceBucket(t *try) string {
	return a.deviceKey(deviceBucket, t.account.ID, t.deviceSum)
}

func (a *Accounts) deviceKey(bucket string, id int64, sum []byte) string {
	return a.keys.throttleKey(bucket, strconv.FormatInt(id, 10)+" "+string(sum))
}

// succeed opens the session, unless the account changed since it was read. Where something is still to come, nobody has signed in yet.
func (a *Accounts) succeed(ctx context.Context, t *try) (SignedIn, error) {
	var o open
	in := SignedIn{}
	by := arrival{account: t.account, sum: t.deviceSum, known: t.device, password: true}
	action := string(t.Kind) + ".sign_in"
	if t.temporary {
		until := a.now().Add(limitedLife)
		if t.tempEnds.Before(until) {
			until = t.tempEnds
		}
		o = a.newSession(t.account, t.Client, SetPassword, until)
		o.Session.Serial = t.serial
	} else if o = a.passed(t.account, t.Client, t.Keep); o.Session.Stage == Full {
		by.device = a.deviceToken(t.Kind, t.Client, t.deviceSum)
		in.Device = by.device
	} else {
		action = "password.accepted"
	}
	in.Token, in.Session = o.token, o.Session
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := a.insert(ctx, tx, o); err != nil {
			return err
		}
		if t.check.renewed != "" && !t.temporary {
			if _, err := tx.Exec(ctx, renewHash, t.account.ID, t.hash, t.check.renewed); err != nil {
				return err
			}
		}
		if err := a.log.Record(ctx, tx, a.own(o.Session.Actor(t.Client, a.now()), action, t.detail(""))); err != nil {
			return err
		}
		switch {
		case t.temporary:
			return a.clear(ctx, tx, t.account.ID, temporaryBucket)
		case o.Session.Stage != Full: // no failure, and no success yet: the ones before stay counted
			_, err := tx.Exec(ctx, uncount, t.bucket)
			return err
		}
		return a.welcome(ctx, tx, by)
	})
	return in, err
}

// fail notes a failure: for staff with its reason, for the address as a count. The answer is the same for every reason.
func (a *Accounts) fail(ctx context.Context, t *try, reason string) error {
	outcome := "failed"
	if reason == throttled {
		outcome = throttled
	}
	address := access.Source(t.Client.Address)
	defer a.turns.take("address " + address)()
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := a.countAddress(ctx, tx, address); err != nil {
			return err
		}
		if err := a.recordLock(ctx, tx, t); err != nil {
			return err
		}
		if t.account.ID != 0 && t.failures == fullDelay && !t.temporary {
			if err := a.people.Notify(ctx, tx, t.account, Locked); err != nil {
				return err
			}
		}
		return a.log.Record(ctx, tx, audit.Event{
			Actor:  access.Actor{Kind: access.Visitor, Address: t.Client.Address, RequestID: t.Client.RequestID},
			Action: string(t.Kind) + ".sign_in", TargetKind: "account", TargetID: t.account.ID, Outcome: outcome, Detail: t.detail(reason),
		})
	})
	if err != nil {
		return err
	}
	return refused()
}

// recordLock notes that a name begins to be slowed down, and that its password is off: for names that nobody has alike, so that both take as long.
func (a *Accounts) recordLock(ctx context.Context, tx *sqldb.Tx, t *try) error {
	action := map[int64]string{firstDelayed: "throttle.locked", lastFailure: "throttle.disabled"}[t.failures]
	if action == "" {
		return nil
	}
	return a.log.Record(ctx, tx, audit.Event{
		Actor:  access.Actor{Kind: access.Visitor, Address: t.Client.Address, RequestID: t.Client.RequestID},
		Action: action, TargetKind: "account", TargetID: t.account.ID, Outcome: throttled,
	})
}

func (a *Accounts) countAddress(ctx context.Context, tx *sqldb.Tx, address string) error {
	n, err := a.Count(ctx, tx, "address_minute", address, time.Minute)
	if err == nil && n == addressMinute {
		err = a.log.Record(ctx, tx, audit.Event{Actor: access.Actor{Kind: access.Visitor, Address: address}, Action: "throttle.address", Outcome: throttled})
	}
	if err != nil {
		return err
	}
	_, err = a.Count(ctx, tx, "address_hour", address, time.Hour)
	return err
}

func (t *try) reason() string {
	switch {
	case t.account.ID == 0:
		return unknownName
	case t.account.State == Disabled:
		return disabled
	case t.failures == 0:
		return throttled
	case t.temporary:
		return wrongTemporary
	case t.hash == "":
		return noPassword
	}
	return wrongPassword
}

func (t *try) detail(reason string) map[string]any {
	d := map[string]any{"device": "unknown"}
	if t.device {
		d["device"] = "known"
	}
	if t.temporary {
		d["password"] = "temporary"
	}
	if reason != "" {
		d["reason"] = reason
	}
	return d
}
