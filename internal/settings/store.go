package settings

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	allRows = `select key, value from setting`

	upsertRow = `insert into setting (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`

	deleteRow = `delete from setting where key = $1`

	selectMark = `select mime, width, height, changed_at from mark where id = 1`

	selectPicture = `select mime, width, height, picture from mark where id = 1 and changed_at = $1`

	upsertMark = `insert into mark (id, mime, picture, width, height, changed_at) values (1, $1, $2, $3, $4, $5)
on conflict (id) do update set mime = excluded.mime, picture = excluded.picture, width = excluded.width, height = excluded.height,
changed_at = excluded.changed_at`

	deleteMark = `delete from mark where id = 1`

	versionKey = "version" // a row of its own: the number of changes so far
)

func selectAll(ctx context.Context, tx *sqldb.Tx) (rows map[string]string, version int64, err error) {
	rows = map[string]string{}
	err = sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		rows[key] = value
		return err
	}, allRows)
	if text, ok := rows[versionKey]; ok && err == nil {
		if version, err = strconv.ParseInt(text, 10, 64); err != nil {
			err = fmt.Errorf("version of the settings: %w", err)
		}
	}
	return rows, version, err
}

func upsert(ctx context.Context, tx *sqldb.Tx, key, value string) error {
	_, err := tx.Exec(ctx, upsertRow, key, value)
	return err
}

// remove puts a setting back to its default.
func remove(ctx context.Context, tx *sqldb.Tx, key string) error {
	_, err := tx.Exec(ctx, deleteRow, key)
	return err
}

func upsertVersion(ctx context.Context, tx *sqldb.Tx, version int64) error {
	return upsert(ctx, tx, versionKey, strconv.FormatInt(version, 10))
}
