package family

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	searchCounter = "staff_search"
	searchWindow  = 10 * time.Minute
	searchShares  = 30 // into which a member of staff's searches of a window are divided
)

// shares are the searches that this process has taken for members of staff and not made yet: the exact counter, which all nodes share, counts
// shares, so that not every search is a write.
type shares struct {
	mu   sync.Mutex
	left map[int64]share
}

type share struct {
	searches int
	until    time.Time
}

// take uses up one search of a member of staff and reports false when none is left here.
func (s *shares) take(account int64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.left[account]
	if !ok || h.searches == 0 || !now.Before(h.until) {
		delete(s.left, account)
		return false
	}
	h.searches--
	s.left[account] = h
	return true
}

func (s *shares) add(account int64, searches int, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == nil {
		s.left = map[int64]share{}
	}
	s.left[account] = share{s.left[account].searches + searches, until}
}

// limitSearch counts a search, or one more page of it. It returns fault.Unavailable when a member of staff has made all those that the school
// lets them make in ten minutes; the first time is in the log.
func (f *Family) limitSearch(ctx context.Context, actor access.Actor) error {
	if actor.Kind != access.Staff || f.shares.take(actor.AccountID, f.now()) {
		return nil
	}
	var taken int64
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		taken, err = f.accounts.Count(ctx, tx, searchCounter, strconv.FormatInt(actor.AccountID, 10), searchWindow)
		if err != nil || taken != searchShares+1 {
			return err
		}
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "search.limited", TargetKind: "account", TargetID: actor.AccountID, Outcome: "limited"})
	})
	if err != nil {
		return err
	}
	if taken > searchShares {
		return fault.Unavailablef(searchWindow, "too many searches")
	}
	f.shares.add(actor.AccountID, f.settings.Values().StaffSearches/searchShares-1, f.now().Add(searchWindow))
	return nil
}

// FindStudents is roster.FindStudents for staff at work: searches are limited and noted in the log. It returns fault.Unavailable as limitSearch
// does.
func (f *Family) FindStudents(
	ctx context.Context, actor access.Actor, typed string, after roster.FindCursor, limit int,
) (found []roster.Student, next *roster.FindCursor, total int, err error) {
	if err := access.Check(actor, access.SeeRecords); err != nil || typed == "" {
		return nil, nil, 0, err
	}
	if err := f.limitSearch(ctx, actor); err != nil {
		return nil, nil, 0, err
	}
	found, next, total, err = f.roster.FindStudents(ctx, actor, typed, after, limit)
	if err != nil || after != (roster.FindCursor{}) {
		return found, next, total, err
	}
	by := "name"
	if strings.ContainsFunc(typed, unicode.IsDigit) {
		by = "id_number"
	}
	return found, next, total, f.noteSearch(ctx, actor, "student.searched", map[string]any{"typed": cutTyped(typed), "by": by, "found": total})
}

// noteSearch has a search written to the log with the others of these seconds.
func (f *Family) noteSearch(ctx context.Context, actor access.Actor, action string, detail map[string]any) error {
	if f.searches.add(audit.Event{Actor: actor, Action: action, Detail: detail}) {
		return f.Flush(ctx)
	}
	return nil
}

// typedMost bounds what is kept of a text that somebody typed, in characters.
const typedMost = 200

func cutTyped(s string) string {
	if r := []rune(s); len(r) > typedMost {
		return string(r[:typedMost])
	}
	return s
}
