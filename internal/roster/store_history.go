package roster

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	addHistory = `insert into record_change (kind, record_id, at, by_kind, by_id, by_name, import_id, field, old, new) values `

	historyColumns = `id, kind, record_id, at, by_kind, by_name, import_id, field, old, new`

	deleteOldHistory = `delete from record_change where id in (select id from record_change where at < $1 order by at, id limit $2)`

	deleteLooseHistoryIn = `delete from record_change
where kind = 'contact' and not exists (select 1 from contact c where c.id = record_id) and record_id in (`

	deleteHistoryIn = `delete from record_change where kind = $1 and record_id in (`
)

func scanHistory(r *sql.Rows) (h HistoryEntry, err error) {
	var at int64
	err = r.Scan(&h.ID, &h.Kind, &h.Record, &at, &h.ByKind, &h.By, &h.Import, &h.Field, &h.Old, &h.New)
	h.At = time.UnixMicro(at).UTC()
	return h, err
}

// historyOf returns the newest entries of some records before one. A student has few lines: each is read along the index.
func historyOf(ctx context.Context, tx *sqldb.Tx, of map[string][]int64, before int64, limit int) ([]HistoryEntry, error) {
	if before == 0 {
		before = 1 << 62
	}
	var parts []string
	args := []any{before, limit}
	for _, kind := range []string{kindStudent, kindContact, kindLine} {
		for _, id := range of[kind] {
			n := len(args)
			parts = append(parts, "select * from (select "+historyColumns+" from record_change where kind = "+placeholderOf(n+1)+" and record_id = "+
				placeholderOf(n+2)+" and id < $1 order by id desc limit $2) as h"+placeholderOf(n + 1)[1:])
			args = append(args, kind, id)
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	all, err := sqldb.All(ctx, tx, scanHistory, strings.Join(parts, "\nunion all\n")+"\norder by id desc limit $2", args...)
	return slices.Clip(all), err
}

// eraseHistory erases what happened to records that are erased.
func eraseHistory(ctx context.Context, tx *sqldb.Tx, kind string, ids []int64) error {
	return eachList(ids, 1, func(in string, args []any) error {
		_, err := tx.Exec(ctx, deleteHistoryIn+in+")", slices.Insert(args, 0, any(kind))...)
		return err
	})
}
