package intake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	uploadWithin = 24 * time.Hour      // an upload that does not end is given up; one that cannot be read is kept as long, for whoever says what its columns are
	answerWithin = 14 * 24 * time.Hour // a plan that nobody answers is dropped
)

// Sweep forgets what is past: uploads that did not end, plans that nobody answered, and what was imported, some time after it was. It may be
// called as often as one likes, and on several nodes at once.
func (i *Intake) Sweep(ctx context.Context) error {
	now := i.now()
	if err := sweepFiles(now); err != nil {
		return err
	}
	for _, s := range []struct {
		state  State
		before time.Time
	}{{Uploading, now.Add(-uploadWithin)}, {Planned, now.Add(-answerWithin)}} {
		err := i.db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, stopOld, string(s.state), s.before.UnixMicro(), now.UnixMicro())
			return err
		})
		if err != nil {
			return err
		}
	}
	var over, old []int64
	err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if over, err = sqldb.All(ctx, tx, scanID, selectOverWithChunks, now.Add(-uploadWithin).UnixMicro()); err != nil {
			return err
		}
		old, err = sqldb.All(ctx, tx, scanID, selectOldImports, now.Add(-i.set.Values().RequestsKept).UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range over {
		if err := i.erase(ctx, deleteChunks, id); err != nil {
			return err
		}
	}
	for _, id := range old {
		for _, query := range []string{deleteStepsOf, deleteNotesOf, deleteFindingsOf} {
			if err := i.erase(ctx, query, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepFiles removes the files of uploads that a process was planning when it was killed.
func sweepFiles(now time.Time) error {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), "schoolgate-import-*"))
	for _, dir := range dirs {
		info, statErr := os.Stat(dir)
		if statErr != nil || now.Sub(info.ModTime()) < uploadWithin {
			continue
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

const (
	// Of what is applied in part the rest is left: whoever looks for interrupted imports ends it.
	stopOld = `update import set state = case when done > 0 then 'applying' else 'stopped' end, finished_at = case when done > 0 then null else cast($3 as bigint) end,
steps = case when done > 0 then done else steps end
where state = $1 and state not in ('done', 'failed', 'stopped') and coalesce(planned_at, started_at) < $2`

	selectOverWithChunks = `select distinct m.id from import_chunk c join import m on m.id = c.import_id
where m.state in ('done', 'stopped') or m.state = 'failed' and m.finished_at < $1`

	selectOldImports = `select m.id from import m
where m.finished_at < $1 and (exists (select 1 from import_step s where s.import_id = m.id)
  or exists (select 1 from import_note n where n.import_id = m.id) or exists (select 1 from import_finding f where f.import_id = m.id))`
)
