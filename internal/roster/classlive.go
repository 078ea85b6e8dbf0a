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

// KnownEnds returns which of some classes a roster still has, and which of some students and teachers are on record: what an enrolment may name.
func (r *Roster) KnownEnds(ctx context.Context, tx *sqldb.Tx, classes, people []string) (knownClasses, knownPeople map[string]bool, err error) {
	knownClasses, knownPeople = map[string]bool{}, map[string]bool{}
	for _, ask := range []struct {
		query   string
		sources []string
		known   map[string]bool
	}{{selectLiveClassSources, classes, knownClasses}, {selectStudentSources, people, knownPeople}, {selectTeacherSources, people, knownPeople}} {
		if len(ask.sources) == 0 {
			continue
		}
		if err := eachSource(ctx, tx, ask.sources, ask.query, func(rows *sql.Rows) error {
			var id int64
			var source string
			err := rows.Scan(&id, &source)
			ask.known[source] = true
			return err
		}); err != nil {
			return nil, nil, err
		}
	}
	return knownClasses, knownPeople, nil
}
