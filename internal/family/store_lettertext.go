package family

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectLetterTexts = `select language, subject, body, changed_at, changed_by from letter_text`

	upsertLetterText = `insert into letter_text (language, subject, body, changed_at, changed_by) values ($1, $2, $3, $4, $5)
on conflict (language) do update set subject = excluded.subject, body = excluded.body, changed_at = excluded.changed_at,
changed_by = excluded.changed_by`

	deleteLetterText = `delete from letter_text where language = $1`
)

func ownLetterTexts(ctx context.Context, tx *sqldb.Tx) (map[string]LetterText, error) {
	all := map[string]LetterText{}
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		t := LetterText{Own: true}
		var at int64
		err := r.Scan(&t.Language, &t.Subject, &t.Body, &at, &t.ChangedBy)
		t.ChangedAt = moment(at)
		all[t.Language] = t
		return err
	}, selectLetterTexts)
	return all, err
}

// putLetterText keeps the text, or forgets the school's own.
func putLetterText(ctx context.Context, tx *sqldb.Tx, t LetterText, forget bool) error {
	if forget {
		_, err := tx.Exec(ctx, deleteLetterText, t.Language)
		return err
	}
	_, err := tx.Exec(ctx, upsertLetterText, t.Language, t.Subject, t.Body, t.ChangedAt.UnixMicro(), t.ChangedBy)
	return err
}
