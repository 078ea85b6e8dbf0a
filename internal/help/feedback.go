package help

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// LongestComment is how many characters a comment may have, as a person counts them (Unicode Standard Annex 29, grapheme clusters).
const LongestComment = 255

// longestBytes bounds a comment whose characters are piled high with marks.
const longestBytes = 8 * LongestComment

// What one source address may say. Many readers share the address of a school or of a carrier.
const (
	votesAnHour      = 60
	votesOnArticle   = 3 // a day
	commentsAnHour   = 10
	commentsADay     = 30
	commentsKept     = 365 * 24 * time.Hour // after they are done
	openKept         = 730 * 24 * time.Hour // comments that nobody has done
	missedKept       = 90 * 24 * time.Hour
	monthFormat      = "2006-01"
	monthsOfArticle  = 12
	mostComments     = 100
	mostMissedOnPage = 100
)

const (
	upsertVote = `insert into help_vote (month, slug, language, yes, no) values ($1, $2, $3, $4, $5)
on conflict (month, slug, language) do update set yes = help_vote.yes + excluded.yes, no = help_vote.no + excluded.no`

	insertComment = `insert into help_comment (slug, language, helpful, words, at) values ($1, $2, $3, $4, $5)`

	selectComments = `select id, slug, language, helpful, words, at, coalesce(done_at, 0), done_by from help_comment`

	selectOpenComments = selectComments + ` where done_at is null and id < $1 order by id desc limit $2`

	selectDoneComments = selectComments + ` where done_at is not null and id < $1 order by id desc limit $2`

	selectCommentsOf = selectComments + ` where slug = $1 order by id desc limit $2`

	updateDone = `update help_comment set done_at = $2, done_by = $3 where id = $1 and done_at is null`

	countOpen = `select slug, count(*) from help_comment where done_at is null group by slug`

	selectVotesSince = `select slug, cast(sum(yes) as bigint), cast(sum(no) as bigint) from help_vote where month >= $1 group by slug`

	selectVotesOf = `select month, cast(sum(yes) as bigint), cast(sum(no) as bigint) from help_vote where slug = $1 and month >= $2 group by month order by month desc`

	selectMissed = `select language, query, times, first_at, last_at from help_missed order by times desc, last_at desc, query, language limit $1`

	deleteMissed = `delete from help_missed where language = $1 and query = $2`

	deleteOldMissed = `delete from help_missed where last_at < $1`

	deleteOldComments = `delete from help_comment where done_at < $1 or done_at is null and at < $2`
)

// Characters counts what a person sees as characters; a line end is one however it was sent.
func Characters(s string) int {
	return uniseg.GraphemeClusterCount(strings.ReplaceAll(s, "\r\n", "\n"))
}

// Vote counts an answer to "Was this article helpful?". More answers of one address than people give are not counted, and nobody is told.
// It returns fault.NotFound for an article that is not there.
func (l *Library) Vote(ctx context.Context, actor access.Actor, slug, language string, helpful bool) error {
	if !l.Has(slug, language) {
		return fault.NotFoundf("no such article")
	}
	yes, no := 1, 0
	if !helpful {
		yes, no = 0, 1
	}
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		from := access.Source(actor.Address)
		n, err := l.counter.Count(ctx, tx, "help_vote", from, time.Hour)
		if err != nil || n > votesAnHour {
			return err
		}
		if n, err = l.counter.Count(ctx, tx, "help_vote_article", from+" "+slug, 24*time.Hour); err != nil || n > votesOnArticle {
			return err
		}
		_, err = tx.Exec(ctx, upsertVote, l.now().UTC().Format(monthFormat), slug, language, yes, no)
		return err
	})
}

// Comment keeps what a reader typed. It returns fault.Invalid with a problem of the field "comment" when nothing was typed, more than
// LongestComment characters, or too much from one address; fault.NotFound for an article that is not there.
func (l *Library) Comment(ctx context.Context, actor access.Actor, slug, language string, helpful bool, typed string) error {
	if !l.Has(slug, language) {
		return fault.NotFoundf("no such article")
	}
	typed = strings.TrimSpace(strings.ReplaceAll(typed, "\r\n", "\n"))
	problem := func(key string, args ...any) error {
		return fault.InvalidFields(fault.Problem{Field: "comment", Key: key, Args: args})
	}
	switch {
	case typed == "":
		return problem("problem.empty")
	case Characters(typed) > LongestComment || len(typed) > longestBytes:
		return problem("problem.too_long", "Max", LongestComment)
	case typed != strings.ToValidUTF8(typed, "") || strings.ContainsFunc(typed, isStray):
		return problem("problem.characters")
	}
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		from := access.Source(actor.Address)
		for what, most := range map[string]int64{"help_comment": commentsAnHour, "help_comment_day": commentsADay} {
			window := time.Hour
			if most == commentsADay {
				window = 24 * time.Hour
			}
			n, err := l.counter.Count(ctx, tx, what, from, window)
			if err != nil {
				return err
			}
			if n > most {
				return problem("problem.comments_later")
			}
		}
		_, err := tx.Exec(ctx, insertComment, slug, language, helpful, typed, l.now().UnixMicro())
		return err
	})
}

// Remark is a comment as staff read it.
type Remark struct {
	ID             int64
	Slug, Language string
	Title          string // of the article; "" when it is gone
	Helpful        bool
	Words          string
	At, Done       time.Time // Done is zero while it is open
	DoneBy         string
}

func scanRemark(r *sql.Rows) (Remark, error) {
	var c Remark
	var at, done int64
	err := r.Scan(&c.ID, &c.Slug, &c.Language, &c.Helpful, &c.Words, &at, &done, &c.DoneBy)
	c.At = time.UnixMicro(at).UTC()
	if done != 0 {
		c.Done = time.UnixMicro(done).UTC()
	}
	return c, err
}

// Remarks returns comments that are open, or done, the newest first, with ids below before (0 for the newest), at most limit. It returns
// fault.Forbidden for an actor who may not.
func (l *Library) Remarks(ctx context.Context, actor access.Actor, done bool, before int64, limit int) ([]Remark, error) {
	if err := access.Check(actor, access.SeeHelp); err != nil {
		return nil, err
	}
	query := selectOpenComments
	if done {
		query = selectDoneComments
	}
	if before <= 0 {
		before = 1 << 62
	}
	return l.remarks(ctx, query, before, limit)
}

func (l *Library) remarks(ctx context.Context, query string, args ...any) ([]Remark, error) {
	var all []Remark
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.All(ctx, tx, scanRemark, query, args...)
		return err
	})
	for i := range all {
		if k, ok := l.Lookup(all[i].Slug, all[i].Language); ok {
			all[i].Title = k.Title
		}
	}
	return all, err
}

// MarkDone says that a comment was seen to. It returns fault.Forbidden for an actor who may not, fault.NotFound for a comment that is not
// there or done already.
func (l *Library) MarkDone(ctx context.Context, actor access.Actor, id int64) error {
	if err := access.Check(actor, access.EditHelp); err != nil {
		return err
	}
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, updateDone, id, l.now().UnixMicro(), actor.Username)
		if err == nil && n == 0 {
			err = fault.NotFoundf("no such comment")
		}
		if err != nil {
			return err
		}
		return l.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "help.comment_done", TargetKind: "help_comment", TargetID: id})
	})
}

// Votes are the answers to "Was this article helpful?" of one article, in a month or since one.
type Votes struct {
	Month   string // 2026-11; "" for a sum
	Yes, No int
}

// Missed is a search that found nothing.
type Missed struct {
	Language, Query string
	Times           int
	First, Last     time.Time
}

// MissedSearches returns the searches that found nothing, the most frequent first, at most a hundred. It returns fault.Forbidden for an
// actor who may not.
func (l *Library) MissedSearches(ctx context.Context, actor access.Actor) ([]Missed, error) {
	if err := access.Check(actor, access.SeeHelp); err != nil {
		return nil, err
	}
	if err := l.Flush(ctx); err != nil {
		return nil, err
	}
	var all []Missed
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.All(ctx, tx, func(r *sql.Rows) (Missed, error) {
			var m Missed
			var first, last int64
			err := r.Scan(&m.Language, &m.Query, &m.Times, &first, &last)
			m.First, m.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
			return m, err
		}, selectMissed, mostMissedOnPage)
		return err
	})
	return all, err
}

// ForgetMissed takes a search off the list, once there is an article for it. It returns fault.Forbidden for an actor who may not.
func (l *Library) ForgetMissed(ctx context.Context, actor access.Actor, language, query string) error {
	if err := access.Check(actor, access.EditHelp); err != nil {
		return err
	}
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, deleteMissed, language, query)
		return err
	})
}

// Sweep forgets comments done a year ago, those that nobody did for two, and searches that nobody has typed for three months.
func (l *Library) Sweep(ctx context.Context) error {
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, deleteOldComments, l.now().Add(-commentsKept).UnixMicro(), l.now().Add(-openKept).UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteOldMissed, l.now().Add(-missedKept).UnixMicro())
		return err
	})
}
