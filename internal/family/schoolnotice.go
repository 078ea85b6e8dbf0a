package family

import (
	"context"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// NoticeKind is what a school is told.
type NoticeKind string

// What schools are told: staff of another school did it to a parent who has a child here too. "notice.<kind>" is its sentence in the catalogue.
const (
	NoticeResetWhole NoticeKind = "reset_whole" // the whole login ended
	NoticeResetPart  NoticeKind = "reset_part"  // the school's children were closed on it
)

// SchoolNotice tells a school what staff of another school did to a parent of a child at this one. It stands until somebody here has seen it.
type SchoolNotice struct {
	ID               int64
	At               time.Time
	What             NoticeKind
	ContactID        int64
	First, Last      string // the parent's name as on record
	StudentID        int64  // a child at the school, to look at; 0 when there is none any more
	School           string // the one that is told
	ByName, BySchool string // who did it, and where they work
}

const (
	noticesShown = 50
	noticesKept  = 90 * 24 * time.Hour // after somebody has seen them
)

// noteForSchool tells a school what an actor of other schools did to a contact who has a child there.
func (f *Family) noteForSchool(ctx context.Context, tx *sqldb.Tx, actor access.Actor, what NoticeKind, school, contact int64) error {
	by := actor.Username
	a, err := f.accounts.Account(ctx, tx, actor.AccountID)
	switch {
	case err == nil:
		by = nameOf(a)
	case !fault.Is(err, fault.NotFound):
		return err
	}
	schools, err := f.roster.SchoolsIn(ctx, tx, actor)
	if err != nil {
		return err
	}
	names := make([]string, len(schools))
	for i, s := range schools {
		names[i] = s.Name
	}
	return insertNotice(ctx, tx, SchoolNotice{
		At: f.now(), What: what, ContactID: contact, ByName: by, BySchool: strings.Join(names, ", "),
	}, school, actor.AccountID)
}

func nameOf(a account.Account) string {
	if a.Name != "" {
		return a.Name
	}
	return a.Username
}

// SchoolNotices returns what the actor's schools were told and nobody has seen yet, newest first, at most fifty.
func (f *Family) SchoolNotices(ctx context.Context, actor access.Actor) ([]SchoolNotice, error) {
	if err := access.Check(actor, access.SeeRequests); err != nil {
		return nil, err
	}
	var found []SchoolNotice
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		found, err = unseenNotices(ctx, tx, roster.ScopeOf(actor))
		return err
	})
	return found, err
}

// SeeNotice answers a notice by "Seen". It returns fault.NotFound for no notice of the actor's schools; one that was seen stays so.
func (f *Family) SeeNotice(ctx context.Context, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.SeeRequests); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		school, seen, err := noticeOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := access.CheckAt(actor, access.SeeRequests, school); err != nil || seen {
			return err
		}
		if err := markSeen(ctx, tx, id, f.now(), actor.Username); err != nil {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "school.notice_seen", TargetKind: "school", TargetID: school, Detail: map[string]any{"notice": id},
		})
	})
}
