package family

import (
	"context"
	"math"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Merges returns merges, newest first, after the cursor: those of people with a child at the actor's schools. They can be undone as long as
// registration requests are kept.
func (f *Family) Merges(ctx context.Context, actor access.Actor, after jobs.Cursor, limit int) (list []MergeRecord, err error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return nil, err
	}
	if after == (jobs.Cursor{}) {
		after = jobs.Cursor{At: math.MaxInt64, ID: math.MaxInt64}
	}
	at := roster.ScopeOf(actor)
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		list = nil
		for pages := 0; len(list) < limit && pages < pagesLooked; pages++ {
			some, err := mergesBefore(ctx, tx, after.At, after.ID, limit)
			if err != nil {
				return err
			}
			visible, err := f.visibleMerges(ctx, tx, at, some)
			if err != nil {
				return err
			}
			list = append(list, visible...)
			if len(some) < limit {
				return nil
			}
			last := some[len(some)-1]
			after = jobs.Cursor{At: last.At.UnixMicro(), ID: last.ID}
		}
		return nil
	})
	return list[:min(len(list), limit)], err
}

func (f *Family) visibleMerges(ctx context.Context, tx *sqldb.Tx, at access.Schools, all []MergeRecord) ([]MergeRecord, error) {
	if at.All {
		return all, nil
	}
	var ids []int64
	for _, m := range all {
		ids = append(ids, m.Kept)
	}
	lines, err := f.roster.LinesOfContacts(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	here := map[int64]bool{}
	for _, l := range lines {
		here[l.ContactID] = here[l.ContactID] || at.Has(l.Student.SchoolID)
	}
	var mine []MergeRecord
	for _, m := range all {
		if here[m.Kept] {
			mine = append(mine, m)
		}
	}
	return mine, nil
}

// forgetMerges forgets how records were before they were put together so long ago.
func (f *Family) forgetMerges(ctx context.Context, before time.Time) error {
	for n := int64(requestsAtOnce); n == requestsAtOnce; {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = tx.Exec(ctx, forgetImages, before.UnixMicro())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
