package roster

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// LiveAmong returns those of some source ids of a kind that a roster still has: what a file deletes a second time is no change.
func (r *Roster) LiveAmong(ctx context.Context, tx *sqldb.Tx, kind ClassworkKind, sources []string) ([]string, error) {
	query, known := liveAmong[kind]
	if !known || len(sources) == 0 {
		return nil, nil
	}
	var live []string
	err := eachSource(ctx, tx, sources, query, func(rows *sql.Rows) error {
		var source string
		err := rows.Scan(&source)
		live = append(live, source)
		return err
	})
	return live, err
}

// A list of source ids follows.
var liveAmong = map[ClassworkKind]string{
	Terms:      "select source_id from term where ended_at is null and source_id in ",
	Courses:    "select source_id from course where ended_at is null and source_id in ",
	Classes:    "select source_id from class where ended_at is null and source_id in ",
	Enrolments: "select source_id from enrolment where ended_at is null and source_id in ",
}
