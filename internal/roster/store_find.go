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
where s.id_key = $1 and s.id_key <> '' and (s.sort_key, s.id) > ($2, $3) and `

	pageByID = `
order by s.sort_key, s.id
limit $4`

	countByID = `select count(*) from (select 1 from student s where s.id_key = $1 and s.id_key <> '' and `

	upTo = ` limit $2) as counted`

	// The conditions on a row of the driving range are scalar subqueries, not exists: those are looked up row by row on every database,
	// while an exists may be turned into a join that reads far more than the few rows a page needs.

	// A student with two words that begin alike stands at the first of them alone.
	firstOfItsWords = `
and (select 1 from student_word e where e.student_id = n.student_id and e.word >= $1 and e.word < n.word limit 1) is null`
)

// page returns the hits after a place. Each hit carries its own place.
func (s search) page(ctx context.Context, tx *sqldb.Tx, after FindCursor, limit int) ([]hit, error) {
	query, args := s.pageQuery(after, limit)
	return sqldb.All(ctx, tx, scanHit, query, args...)
}

// count returns how many students match, at most CountLimit.
func (s search) count(ctx context.Context, tx *sqldb.Tx) (int, error) {
	query, args := s.countQuery()
	n, err := sqldb.Value[int64](ctx, tx, query, args...)
	return int(n), err
}

func (s search) pageQuery(after FindCursor, limit int) (string, []any) {
	if s.idKey != "" {
		in, schools := InSchools("s.school_id", s.at, 5)
		return selectByID + in + pageByID, append([]any{s.idKey, after.Sort, after.ID, limit}, schools...)
	}
	if after.Word == "" {
		after.Word = s.words[0] // sorts before every row of the word: their sort keys are never empty
	}
	l, args := s.list([]any{s.words[0], lang.PrefixEnd(s.words[0]), limit, after.Word, after.Sort, after.ID},
		" and (n.word, n.sort_key, n.student_id) > ($4, $5, $6)")
	query, schools := l.At(s.at, len(args)+1)
	return `select h.word, h.sort_key, h.student_id, ` + studentColumns + `
from (` + query + `) h
join student s on s.id = h.student_id left join school o on o.id = s.school_id
order by h.word, h.sort_key, h.student_id`, append(args, schools...)
}

func (s search) countQuery() (string, []any) {
	if s.idKey != "" {
		in, schools := InSchools("s.school_id", s.at, 3)
		return countByID + in + upTo, append([]any{s.idKey, CountLimit}, schools...)
	}
	l, args := s.list([]any{s.words[0], lang.PrefixEnd(s.words[0]), CountLimit}, "")
	query, schools := l.CountAt(s.at, len(args)+1)
	return query, append(args, schools...)
}

// list finds students by their words: $1 and $2 enclose the driving one, $3 is the limit.
func (s search) list(args []any, after string) (List, []any) {
	others, args := s.others(args)
	return List{
		Columns: "n.word, n.sort_key, n.student_id", Names: "word, sort_key, student_id", Table: "student_word",
		Where: "n.word >= $1 and n.word < $2" + after + firstOfItsWords + others,
		Order: "n.word, n.sort_key, n.student_id", Limit: "$3",
	}, args
}

// others are the conditions for the words that do not drive the search, each a look at the student's own words.
func (s search) others(args []any) (string, []any) {
	var b strings.Builder
	for _, word := range s.words[1:] {
		b.WriteString("\nand (select 1 from student_word x where x.student_id = n.student_id and x.word >= ")
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
