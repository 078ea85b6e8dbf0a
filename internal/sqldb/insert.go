package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// copyFrom is from how many rows on a database that can take rows without a statement is given them that way.
const copyFrom = 100

// copier is a connection that takes rows of a table without a statement.
type copier interface {
	copyIn(ctx context.Context, table string, columns []string, rows [][]any) error
}

// InsertMany inserts rows of equal width, which may be none. The query is "insert into TABLE (COLUMN, …) values ".
func InsertMany(ctx context.Context, tx *Tx, query string, rows [][]any) error {
	c, ok := tx.conn.(copier)
	if !ok || len(rows) < copyFrom {
		return eachPart(query, "", rows, func(text string, args []any) error {
			_, err := tx.Exec(ctx, text, args...)
			return err
		})
	}
	table, columns, err := target(query)
	if err == nil {
		err = tx.writes(query)
	}
	if err != nil {
		return err
	}
	if err := c.copyIn(ctx, table, columns, rows); err != nil {
		return tx.fail(err)
	}
	return nil
}

// InsertReturning inserts rows of equal width and calls fn with each row that comes back. What the query goes on with after the rows is behind.
func InsertReturning(ctx context.Context, tx *Tx, fn func(*sql.Rows) error, query, behind string, rows [][]any) error {
	return eachPart(query, behind, rows, func(text string, args []any) error { return Each(ctx, tx, fn, text, args...) })
}

// eachPart makes statements of rows: many with each, and few different texts, for their plans are kept.
func eachPart(query, behind string, rows [][]any, run func(text string, args []any) error) error {
	for len(rows) > 0 {
		n := 1
		for _, size := range []int{64, 16, 4} {
			if len(rows) >= size {
				n = size
				break
			}
		}
		if err := run(query+Values(n, len(rows[0]))+behind, slices.Concat(rows[:n]...)); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// target reads where an insert puts its rows.
func target(query string) (table string, columns []string, err error) {
	into, isInsert := strings.CutPrefix(query, "insert into ")
	table, rest, hasColumns := strings.Cut(into, " (")
	list, isValues := strings.CutSuffix(rest, ") values ")
	if !isInsert || !hasColumns || !isValues {
		return "", nil, fmt.Errorf("sqldb: %q is no insert of rows", query)
	}
	columns = strings.Split(list, ",")
	for n := range columns {
		columns[n] = strings.TrimSpace(columns[n])
	}
	return table, columns, nil
}

// Values returns "($1, $2), ($3, $4)": rows of so many placeholders each.
func Values(rows, columns int) string {
	size := [2]int{rows, columns}
	if text, ok := valueTexts.Load(size); ok {
		return text.(string) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	var b strings.Builder
	for n := range rows * columns {
		switch {
		case n == 0:
			b.WriteString("($")
		case n%columns == 0:
			b.WriteString("), ($")
		default:
			b.WriteString(", $")
		}
		b.WriteString(strconv.Itoa(n + 1))
	}
	b.WriteByte(')')
	valueTexts.Store(size, b.String())
	return b.String()
}

var valueTexts sync.Map // by rows and columns: there are few different ones, which are long
