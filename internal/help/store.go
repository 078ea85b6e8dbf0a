package help

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectChange = `select version from help_change where id = 1`

	raiseChange = `update help_change set version = version + 1 where id = 1`

	articleColumns = `select id, language, slug, version, published, source, updated_at, updated_by from help_article`

	selectPublished = articleColumns + ` where published order by slug, language`

	selectArticles = articleColumns + ` order by slug, language`

	selectArticle = articleColumns + ` where slug = $1 and language = $2`

	insertArticle = `insert into help_article (language, slug, version, published, source, updated_at, updated_by)
values ($1, $2, 1, $3, $4, $5, $6)
returning id`

	updateArticle = `update help_article set version = version + 1, published = $3, source = $4, updated_at = $5, updated_by = $6
where id = $1 and version = $2`

	insertRevision = `insert into help_revision (article_id, version, published, source, at, by_whom) values ($1, $2, $3, $4, $5, $6)`

	selectRevisions = `select r.version, r.published, r.source, r.at, r.by_whom
from help_revision r join help_article a on a.id = r.article_id
where a.slug = $1 and a.language = $2
order by r.version desc`
)

// row is a school's own article in the database.
type row struct {
	id             int64
	language, slug string
	version        int64
	published      bool
	source         string
	at             time.Time
	by             string
}

func scanRow(r *sql.Rows) (row, error) {
	var w row
	var at int64
	err := r.Scan(&w.id, &w.language, &w.slug, &w.version, &w.published, &w.source, &at, &w.by)
	w.at = time.UnixMicro(at).UTC()
	return w, err
}

func scanRevision(r *sql.Rows) (Revision, error) {
	var v Revision
	var at int64
	err := r.Scan(&v.Version, &v.Published, &v.source, &at, &v.By)
	v.At = time.UnixMicro(at).UTC()
	return v, err
}

// put writes a version of an article: the first, or the next after version. It reports whether nobody else was faster.
func put(ctx context.Context, tx *sqldb.Tx, w row) (id int64, ok bool, err error) {
	id = w.id
	if id == 0 {
		id, err = sqldb.Value[int64](ctx, tx, insertArticle, w.language, w.slug, w.published, w.source, w.at.UnixMicro(), w.by)
	} else {
		var n int64
		if n, err = tx.Exec(ctx, updateArticle, id, w.version, w.published, w.source, w.at.UnixMicro(), w.by); err == nil && n == 0 {
			return id, false, nil
		}
	}
	if err != nil {
		return id, false, err
	}
	if _, err = tx.Exec(ctx, insertRevision, id, w.version+1, w.published, w.source, w.at.UnixMicro(), w.by); err != nil {
		return id, false, err
	}
	_, err = tx.Exec(ctx, raiseChange)
	return id, err == nil, err
}
