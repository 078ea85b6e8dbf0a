package account

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Session is an open session. Number names it to its owner; the token itself is never kept.
type Session struct {
	Number     string
	AccountID  int64
	Kind       access.Kind
	Role       access.Role
	Schools    access.Schools // staff
	Username   string
	Name       string // staff
	Language   string
	Stage      Stage
	Keep       bool
	UserAgent  string
	Address    string
	CreatedAt  time.Time
	SeenAt     time.Time
	ExpiresAt  time.Time
	ProvedAt   time.Time // when password and, where enrolled, second factor were last given
	Credential int64
	Serial     string // of the temporary password it was born from
}

// Stage is how far a sign-in has come.
type Stage string

// The stages of a session. Only a full one is signed in: each of the others leads to one page.
const (
	Full        Stage = "full"
	SetPassword Stage = "password" // born from a temporary password: may only set the permanent one
	SecondStep  Stage = "second"   // the password was right, the second factor is still to come
	Enrol       Stage = "enrol"    // must set up a second factor first
)

// freshFor is how long password and second factor count as just given (SECURITY.md ADM-5; OWASP ASVS 5.0 V7.5.3).
const freshFor = 5 * time.Minute

// Actor is the session's person as an actor, coming from the given client at the given time.
func (s Session) Actor(c Client, now time.Time) access.Actor {
	return access.Actor{Kind: s.Kind, AccountID: s.AccountID, Role: s.Role, Schools: s.Schools, Fresh: s.fresh(now), Partial: s.Stage != Full,
		Username: s.Username, Address: c.Address, RequestID: c.RequestID}
}

// fresh reports whether the person has just shown that it is them.
func (s Session) fresh(now time.Time) bool {
	return s.Stage == Full && !now.Before(s.ProvedAt) && now.Sub(s.ProvedAt) < freshFor
}

// limitedLife is how long the page that sets the permanent password may stay open.
const limitedLife = 30 * time.Minute

// tokenHash is what a session is kept as: who reads the table cannot use it.
func tokenHash(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// Session returns the open session of a token. It returns fault.Unauthenticated when there is none (any more). The last-seen time is
// noted later, in batches.
func (a *Accounts) Session(ctx context.Context, kind access.Kind, token string) (Session, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(32) {
		return Session{}, signedOut()
	}
	now := a.now()
	id := tokenHash(token)
	var s Session
	may := true
	err := a.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		s, err = sqldb.One(ctx, tx, scanSession, selectSession, id[:], string(kind), now.UnixMicro())
		return err
	})
	if err == nil && kind == access.Student {
		may, err = a.people.StudentMayEnter(ctx, s.AccountID)
	}
	if fault.Is(err, fault.NotFound) {
		return Session{}, signedOut()
	}
	if err != nil {
		return Session{}, err
	}
	written := s.SeenAt
	s.SeenAt = a.seen.last(id, s.SeenAt)
	if !may || a.over(s, now) {
		return Session{}, signedOut()
	}
	a.seen.note(id, now, written)
	return s, nil
}

func signedOut() error { return fault.Unauthenticatedf("not signed in") }

// over reports whether a session has ended by idleness.
func (a *Accounts) over(s Session, now time.Time) bool {
	v := a.settings.Values()
	idle := v.ParentIdle
	if s.Kind == access.Staff {
		idle = v.StaffIdle
	}
	return !s.Keep && now.Sub(s.SeenAt) >= idle
}

// open is a session about to be made.
type open struct {
	token   string
	id      [32]byte
	Session Session
}

// newSession describes a session of the account; it lives once insert has found the account as it was verified.
func (a *Accounts) newSession(account Account, c Client, stage Stage, until time.Time) open {
	token := base64.RawURLEncoding.EncodeToString(random(32))
	now := a.now()
	s := Session{
		Number: base32.StdEncoding.EncodeToString(random(10)), AccountID: account.ID, Kind: account.Kind, Role: account.Role, Schools: account.Schools,
		Username: account.Username, Name: account.Name, Language: account.Language, Stage: stage,
		UserAgent: clip(c.UserAgent, 200), Address: clip(c.Address, 64), CreatedAt: now, SeenAt: now, ProvedAt: now, ExpiresAt: until,
		Credential: account.CredentialVersion,
	}
	return open{token, tokenHash(token), s}
}

// full describes a full session with the lifetime that the school has set.
func (a *Accounts) full(account Account, c Client, keep bool) open {
	life := a.settings.Values().SessionLife
	keep = keep && account.Kind == access.Parent
	if keep {
		life = a.settings.Values().KeepSignedIn
	}
	o := a.newSession(account, c, Full, a.now().Add(life))
	o.Session.Keep = keep
	return o
}

// insert opens the session unless the account has changed since it was verified. It returns fault.Unauthenticated then.
func (a *Accounts) insert(ctx context.Context, tx *sqldb.Tx, o open) error {
	s := o.Session
	n, err := tx.Exec(ctx, insertSession, o.id[:], s.AccountID, s.Number, string(s.Stage), s.Credential, s.Serial, s.Keep, s.UserAgent, s.Address,
		s.CreatedAt.UnixMicro(), s.ExpiresAt.UnixMicro(), s.ProvedAt.UnixMicro())
	if err == nil && n == 0 {
		return fault.Unauthenticatedf("the login has changed meanwhile")
	}
	return err
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// SignOut ends the session of a token, if it is open.
func (a *Accounts) SignOut(ctx context.Context, actor access.Actor, token string) error {
	id := tokenHash(token)
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, deleteSession, id[:], actor.AccountID)
		if err != nil || n == 0 {
			return err
		}
		return a.log.Record(ctx, tx, a.own(actor, "session.signed_out", nil))
	})
	if err == nil {
		a.seen.forget(id)
	}
	return err
}

// own is an event about the actor's own login.
func (a *Accounts) own(actor access.Actor, action string, detail map[string]any) audit.Event {
	return audit.Event{Actor: actor, Action: action, TargetKind: "account", TargetID: actor.AccountID, Detail: detail}
}

// Sessions returns the account's open sessions, newest first. It returns fault.Forbidden to whoever has no login.
func (a *Accounts) Sessions(ctx context.Context, actor access.Actor) ([]Session, error) {
	if err := ownLogin(actor); err != nil {
		return nil, err
	}
	now := a.now()
	var all []Session
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		stored, err := sqldb.All(ctx, tx, scanStored, selectSessions, actor.AccountID, now.UnixMicro())
		all = nil
		for _, s := range stored {
			s.session.SeenAt = a.seen.last(s.id, s.session.SeenAt)
			if !a.over(s.session, now) {
				all = append(all, s.session)
			}
		}
		return err
	})
	return all, err
}

// EndSession ends one of the actor's own sessions. It returns fault.NotFound for a number that is not theirs.
func (a *Accounts) EndSession(ctx context.Context, actor access.Actor, number string) error {
	if err := ownLogin(actor); err != nil {
		return err
	}
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, deleteNumber, actor.AccountID, number)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFoundf("no such session")
		}
		return a.log.Record(ctx, tx, a.own(actor, "session.ended", map[string]any{"sessions": n}))
	})
}

// EndOtherSessions ends all of the actor's sessions but the one of that number and returns how many; keep "" ends all.
func (a *Accounts) EndOtherSessions(ctx context.Context, actor access.Actor, keep string) (int64, error) {
	if err := ownLogin(actor); err != nil {
		return 0, err
	}
	var n int64
	err := a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if n, err = tx.Exec(ctx, deleteOthers, actor.AccountID, keep); err != nil || n == 0 {
			return err
		}
		return a.log.Record(ctx, tx, a.own(actor, "session.ended", map[string]any{"sessions": n}))
	})
	return n, err
}

func ownLogin(actor access.Actor) error {
	if actor.AccountID == 0 || actor.Partial {
		return fault.Forbiddenf("not allowed: %s", access.OwnLogin)
	}
	return access.Check(actor, access.OwnLogin)
}
