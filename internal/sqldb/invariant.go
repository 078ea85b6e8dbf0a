package sqldb

import (
	"context"
	"database/sql"
	"strconv"
)

// Invariant is something that holds of the stored data at every moment, said so that the database itself can be asked. The packages of the
// domain ship theirs; `schoolgate doctor` asks them all.
type Invariant struct {
	Name string // "waiting-without-password": for people and programs to name it by, never changed
	Says string // one English sentence
	// Query returns one column of text for each row that breaks it, such as 'account 17', and nothing while it holds. Nothing personal stands
	// in it. It passes over a table once at the most.
	Query string
	Args  []any
}

// Broken is an invariant that does not hold.
type Broken struct {
	Invariant
	Rows []string // the first that break it
	More bool     // there are others
}

// Check asks the invariants, each in a snapshot of its own, and returns those that do not hold with at most limit rows each.
func (d *DB) Check(ctx context.Context, all []Invariant, limit int) ([]Broken, error) {
	var broken []Broken
	for _, i := range all {
		var rows []string
		err := d.Look(ctx, func(tx *Tx) (err error) {
			rows, err = i.Rows(ctx, tx, limit+1)
			return err
		})
		if err != nil {
			return broken, err
		}
		if len(rows) > 0 {
			broken = append(broken, Broken{Invariant: i, Rows: rows[:min(len(rows), limit)], More: len(rows) > limit})
		}
	}
	return broken, nil
}

// Rows returns what breaks the invariant as the transaction sees it, at most limit rows.
func (i Invariant) Rows(ctx context.Context, tx *Tx, limit int) ([]string, error) {
	return All(ctx, tx, scanText, "select * from ("+i.Query+") as broken limit "+strconv.Itoa(limit), i.Args...)
}

func scanText(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }
