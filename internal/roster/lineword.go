package roster

import (
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// wordRule is the version of the rule by which the rows of line_word are made. It grows when a stored row may differ from a newly made one;
// KeepWords then makes all of them anew.
const wordRule = 1

// PhoneMark stands before the key of a telephone number (lang.PhoneKey) among the words of a line: no word of a name has it.
const PhoneMark = "#"

// contactFound is what of a contact its lines are found and listed by.
type contactFound struct {
	contactNames
	preferredFirst, preferredLast string
	mobile, home, work            string
}

func foundOfContact(c *Contact) contactFound {
	return contactFound{namesOfContact(c), c.PreferredFirst, c.PreferredLast, c.MobilePhone, c.HomePhone, c.WorkPhone}
}

// wordedLine is a line with all that its words are made of.
type wordedLine struct {
	id, contact int64
	parentSort  string
	parent      contactFound
	child       studentNames
	childSort   string
	school      sql.NullInt64
	removed     bool
}

func scanWordedLine(r *sql.Rows) (l wordedLine, err error) {
	p, c := &l.parent, &l.child
	err = r.Scan(&l.id, &l.contact, &l.parentSort, &p.first, &p.middle, &p.last, &p.preferredFirst, &p.preferredLast, &p.mobile, &p.home, &p.work,
		&c.first, &c.middle, &c.last, &c.preferredFirst, &c.preferredLast, &l.childSort, &l.school, &l.removed)
	return l, err
}

// words are what the line is found by, without repetitions.
func (l wordedLine) words() []string {
	p, c := l.parent, l.child
	words := searchWords(p.last, p.first, p.middle, p.preferredLast, p.preferredFirst, c.last, c.first, c.middle, c.preferredLast, c.preferredFirst)
	for _, number := range []string{p.mobile, p.home, p.work} {
		if key := lang.PhoneKey(number); key != "" && !slices.Contains(words, PhoneMark+key) {
			words = append(words, PhoneMark+key)
		}
	}
	return words
}

// rows are the line's rows of line_word.
func (l wordedLine) rows() [][]any {
	words := l.words()
	rows := make([][]any, len(words))
	for i, w := range words {
		rows[i] = []any{w, l.parentSort, l.contact, l.id, l.school}
	}
	return rows
}

// wordLines makes the words of the lines anew, as the records are now.
func wordLines(ctx context.Context, tx *sqldb.Tx, lines []int64) error {
	return eachChunk(lines, func(in string, args []any) error {
		found, err := sqldb.All(ctx, tx, scanWordedLine, selectWordedLines+"("+in+")", args...)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, deleteLineWords+"("+in+")", args...); err != nil {
			return err
		}
		var rows [][]any
		for _, l := range found {
			if !l.removed {
				rows = append(rows, l.rows()...)
			}
		}
		return sqldb.InsertMany(ctx, tx, addLineWords, rows)
	})
}

// wordLinesBy is wordLines for the lines that a query finds.
func wordLinesBy(ctx context.Context, tx *sqldb.Tx, query string, id int64) error {
	lines, err := sqldb.All(ctx, tx, scanID, query, id)
	if err != nil {
		return err
	}
	return wordLines(ctx, tx, lines)
}

// wordsAtOnce bounds how many lines KeepWords does in one transaction.
const wordsAtOnce = 250

// KeepWords makes the search words of all lines anew, in short transactions, where a newer program has another rule for them than the one that made
// them. It goes on where it was interrupted, and does nothing where all is done.
func (r *Roster) KeepWords(ctx context.Context) error {
	for {
		var todo bool
		err := r.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			_, todo, err = wordsFrom(ctx, tx)
			return err
		})
		if err != nil || !todo {
			return err
		}
		if err := r.db.Write(ctx, func(tx *sqldb.Tx) error { return keepWords(ctx, tx) }); err != nil {
			return err
		}
	}
}

// wordsFrom says behind which line words are to be made anew, and whether there is anything to do.
func wordsFrom(ctx context.Context, tx *sqldb.Tx) (from int64, todo bool, err error) {
	var rule int64
	var next sql.NullInt64
	_, err = sqldb.One(ctx, tx, func(r *sql.Rows) (struct{}, error) { return struct{}{}, r.Scan(&rule, &next) }, selectWordRule)
	if rule != wordRule {
		return 0, true, err
	}
	return next.Int64, next.Valid, err
}

func keepWords(ctx context.Context, tx *sqldb.Tx) error {
	from, todo, err := wordsFrom(ctx, tx)
	if err != nil || !todo {
		return err
	}
	lines, err := sqldb.All(ctx, tx, scanID, selectLinesBehind, from, wordsAtOnce)
	if err != nil {
		return err
	}
	next := sql.NullInt64{Valid: len(lines) > 0}
	if next.Valid {
		next.Int64 = lines[len(lines)-1]
	}
	if err := wordLines(ctx, tx, lines); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, updateWordRule, wordRule, next)
	return err
}
