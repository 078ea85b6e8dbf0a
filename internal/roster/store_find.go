package roster

import (
	"context"
	"database/sql"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectByID = `select '', s.sort_key, s.id, ` + studentColumns + `
from student s left join school o on o.id = s.school_id
where s.id_key = $1 and s.id_key <> '' and (s.sort_key, s.id) > ($2, $3)
order by s.sort_key, s.id
limit $4`

	countByID = `select count(*) from (select 1 from student where id_key = $1 and id_key <> '' limit $2) s`

	// The conditions on a row of the driving range are scalar subqueries, not exists: those are looked up row by row on every database,
	// while an exists may be turned into a join that reads far more than the few rows a page needs.

	// A student with two words that begin alike stands at the first of them alone.
	firstOfItsWords = `
and (select 1 from student_word e where e.student_id = w.student_id and e.word >= $1 and e.word < w.word limit 1) is null`

	driven = `
order by w.word, w.sort_key, w.student_id
limit $3`
)

// page returns the hits after a place. Each hit carries its own place.
func (s search) page(ctx context.Context, tx *sqldb.Tx, after FindCursor, limit int) ([]hit, error) {
	if s.idKey != "" {
		return sqldb.All(ctx, tx, scanHit, selectByID, s.idKey, after.Sort, after.ID, limit)
	}
	query, args := s.pageQuery(after, limit)
	return sqldb.All(ctx, tx, scanHit, query, args...)
}

// count returns how many students match, at most CountLimit.
func (s search) count(ctx context.Context, tx *sqldb.Tx) (int, error) {
	query, args := countByID, []any{s.idKey, CountLimit}
	if s.idKey == "" {
		query, args = s.countQuery()
	}
	n, err := sqldb.Value[int64](ctx, tx, query, args...)
	return int(n), err
}

func (s search) pageQuery(after FindCursor, limit int) (string, []any) {
	if after.Word == "" {
		after.Word = s.words[0] // sorts before every row of the word: their sort keys are never empty
	}
	others, args := s.others([]any{s.words[0], lang.PrefixEnd(s.words[0]), limit, after.Word, after.Sort, after.ID})
	return `select h.word, h.sort_key, h.student_id, ` + studentColumns + `
from (select w.word, w.sort_key, w.student_id from student_word w
where w.word >= $1 and w.word < $2 and (w.word, w.sort_key, w.student_id) > ($4, $5, $6)` + firstOfItsWords + others + driven + `) h
join student s on s.id = h.student_id left join school o on o.id = s.school_id
order by h.word, h.sort_key, h.student_id`, args
}

func (s search) countQuery() (string, []any) {
	others, args := s.others([]any{s.words[0], lang.PrefixEnd(s.words[0]), CountLimit})
	return `select count(*) from (select 1 from student_word w
where w.word >= $1 and w.word < $2` + firstOfItsWords + others + driven + `) s`, args
}

// others are the conditions for the words that do not drive the search, each a look at the student's own words.
func (s search) others(args []any) (string, []any) {
	var b strings.Builder
	for _, word := range s.words[1:] {
		b.WriteString("\nand (select 1 from student_word x where x.student_id = w.student_id and x.word >= ")
		placeholder(&b, len(args)+1)
		b.WriteString(" and x.word < ")
		placeholder(&b, len(args)+2)
		b.WriteString(" limit 1) is not null")
		args = append(args, word, lang.PrefixEnd(word))
	}
	return b.String(), args
}

func scanHit(r *sql.Rows) (h hit, err error) {
	var l late
	err = r.Scan(append([]any{&h.at.Word, &h.at.Sort, &h.at.ID}, h.Student.targets(&l)...)...)
	l.done()
	return h, err
}
