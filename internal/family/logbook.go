package family

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Person is somebody whom the log names by a number, as the records have them now.
type Person struct {
	Kind     string // of accounts "staff", "parent", "student"; on record "contact", "pupil", "line"; else "visitor", "system", "setting" and so on
	ID       int64
	Username string
	First    string // of parents the first of the contacts that the login holds
	Middle   string
	Last     string
	Role     access.Role // staff
	Gone     bool        // was on record, and is no longer
}

// LogEntry is an event with the people that it names.
type LogEntry struct {
	audit.Event
	Who, Whom Person
}

// LogPage is a page of the log.
type LogPage struct {
	Entries []LogEntry
	Next    *audit.Cursor
	Unknown bool // nobody has the username asked for
}

// LogQuery asks for a page of the log: by an account's username, or by anything that audit.Query knows.
type LogQuery struct {
	Username string
	audit.Query
}

// Log returns a page of the log, newest first, with names. It returns fault.Forbidden for whoever may not read it.
func (f *Family) Log(ctx context.Context, actor access.Actor, q LogQuery) (LogPage, error) {
	if err := access.Check(actor, access.ReadAudit); err != nil {
		return LogPage{}, err
	}
	var page LogPage
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		page = LogPage{}
		query := q.Query
		if q.Username != "" {
			query.ActorKind, query.ActorID, err = actorNamed(ctx, tx, q.Username)
			if fault.Is(err, fault.NotFound) {
				page.Unknown = true
				return nil
			}
			if err != nil {
				return err
			}
		}
		page, err = f.logPage(ctx, tx, query)
		return err
	})
	return page, err
}

func (f *Family) logPage(ctx context.Context, tx *sqldb.Tx, q audit.Query) (LogPage, error) {
	found, err := f.audit.Page(ctx, tx, q)
	if err != nil {
		return LogPage{}, err
	}
	page := LogPage{Next: found.Next}
	names := newNames()
	for _, e := range found.Events {
		page.Entries = append(page.Entries, LogEntry{
			Event: e, Who: Person{Kind: string(e.Actor.Kind), ID: e.Actor.AccountID}, Whom: target(e),
		})
	}
	for i := range page.Entries {
		names.want(&page.Entries[i].Who)
		names.want(&page.Entries[i].Whom)
	}
	return page, names.fill(ctx, tx)
}

// target is whom an event is about. A student on record is told from a student's login.
func target(e audit.Event) Person {
	p := Person{Kind: e.TargetKind, ID: e.TargetID}
	if p.Kind == "student" {
		p.Kind = pupil
	}
	return p
}

// ExportLog calls fn for every event that the query finds, newest first, and says in the log that it was taken out. It returns fault.Forbidden for
// whoever may not, and fault.Stale where password and second factor are needed again.
func (f *Family) ExportLog(ctx context.Context, actor access.Actor, q LogQuery, fn func(LogEntry) error) error {
	if err := access.Check(actor, access.ExportAudit); err != nil {
		return err
	}
	if err := f.recordExport(ctx, actor, "log.exported", map[string]any{
		"username": q.Username, "area": q.Area, "about": q.TargetKind, "number": q.TargetID, "outcome": q.Outcome, "from": instant(q.From), "to": instant(q.To),
	}); err != nil {
		return err
	}
	q.Limit = 500
	for {
		page, err := f.Log(ctx, actor, q)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			if err := fn(e); err != nil {
				return err
			}
		}
		if page.Next == nil {
			return nil
		}
		q.Before = *page.Next
	}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// recordExport writes that something of the log was taken out; filters that were not set are left out.
func (f *Family) recordExport(ctx context.Context, actor access.Actor, action string, detail map[string]any) error {
	for k, v := range detail {
		if v == "" || v == int64(0) {
			delete(detail, k)
		}
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: action, TargetKind: "log", Detail: detail})
	})
}

// actorNamed finds an account by its username, of whatever kind. It returns fault.NotFound when nobody has it.
func actorNamed(ctx context.Context, tx *sqldb.Tx, username string) (access.Kind, int64, error) {
	key, err := account.CheckUsername(username)
	if err != nil {
		return "", 0, fault.NotFoundf("nobody has this username")
	}
	for _, k := range []access.Kind{access.Staff, access.Parent, access.Student} {
		id, err := valueOrZero(ctx, tx, selectAccountNamed, string(k), key)
		if err != nil || id != 0 {
			return k, id, err
		}
	}
	return "", 0, fault.NotFoundf("nobody has this username")
}

// LoginHistory is what the log has of the login that holds a line's contact: sign-ins and changes, newest first.
type LoginHistory struct {
	StudentID int64
	Contact   Person
	Login     Person // Gone when there is none
	LogPage
}

// LoginHistory returns a page of a parent's login's history, found by one of its lines. It returns fault.NotFound for a line that is not there or of
// a school where the actor does not work.
func (f *Family) LoginHistory(ctx context.Context, actor access.Actor, line int64, before audit.Cursor) (LoginHistory, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return LoginHistory{}, err
	}
	var h LoginHistory
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		h = LoginHistory{}
		l, err := sqldb.One(ctx, tx, scanLineHolder, selectLineHolder, line)
		if err != nil {
			return err
		}
		if err := access.CheckAt(actor, access.SeeLogins, l.school); err != nil {
			return err
		}
		h.StudentID, h.Contact = l.student, Person{Kind: "contact", ID: l.contact}
		h.Login = Person{Kind: "parent", ID: l.account, Gone: l.account == 0}
		if h.LogPage, err = f.logPage(ctx, tx, audit.Query{TargetKind: "contact", TargetID: l.contact, Before: before}); err != nil {
			return err
		}
		if l.account != 0 {
			about, err := f.logPage(ctx, tx, audit.Query{TargetKind: "account", TargetID: l.account, Before: before})
			if err != nil {
				return err
			}
			h.LogPage = merge(h.LogPage, about)
		}
		others, err := idsOf(ctx, tx, selectMergedInto, l.contact)
		if err != nil {
			return err
		}
		for _, other := range others { // few: records of the same person
			about, err := f.logPage(ctx, tx, audit.Query{TargetKind: "contact", TargetID: other, Before: before})
			if err != nil {
				return err
			}
			h.LogPage = merge(h.LogPage, about)
		}
		names := newNames()
		names.want(&h.Contact)
		names.want(&h.Login)
		return names.fill(ctx, tx)
	})
	return h, err
}

// merge puts two pages in one order. Where one of them ends early, so does the page: what is older comes with the next.
func merge(a, b LogPage) LogPage {
	place := func(e LogEntry) audit.Cursor { return audit.Cursor{At: e.At.UnixMicro(), ID: e.ID} }
	newer := func(x, y audit.Cursor) int { return cmp.Or(cmp.Compare(y.At, x.At), cmp.Compare(y.ID, x.ID)) }
	all := LogPage{Entries: slices.Concat(a.Entries, b.Entries), Next: a.Next}
	if b.Next != nil && (a.Next == nil || newer(*b.Next, *a.Next) < 0) {
		all.Next = b.Next
	}
	slices.SortFunc(all.Entries, func(x, y LogEntry) int { return newer(place(x), place(y)) })
	if all.Next != nil {
		all.Entries = slices.DeleteFunc(all.Entries, func(e LogEntry) bool { return newer(place(e), *all.Next) > 0 })
	}
	return all
}

// SignIn is one sign-in to one's own login, or an attempt.
type SignIn struct {
	At      time.Time
	Address string
	OK      bool
}

const signInsShown = 10

// SignIns returns the newest sign-ins to the actor's own login, those that failed too.
func (f *Family) SignIns(ctx context.Context, actor access.Actor) ([]SignIn, error) {
	if err := access.Check(actor, access.OwnLogin); err != nil {
		return nil, err
	}
	var all []SignIn
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		all = nil
		page, err := f.audit.Page(ctx, tx, audit.Query{
			TargetKind: "account", TargetID: actor.AccountID, Actions: []string{string(actor.Kind) + ".sign_in"}, Limit: signInsShown,
		})
		for _, e := range page.Events {
			all = append(all, SignIn{e.At, e.Actor.Address, e.Outcome == "ok"})
		}
		return err
	})
	return all, err
}
