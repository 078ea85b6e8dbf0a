package intake

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectMapping = `select file, header, field from roster_mapping where format = $1 and school_id = $2 order by file, header`

	deleteMapping = `delete from roster_mapping where format = $1 and school_id = $2`

	insertMapping = `insert into roster_mapping (format, school_id, file, header, field, changed_at, changed_by) values ($1, $2, $3, $4, $5, $6, $7)`
)

// The kinds of files in a mapping.
const (
	fileOfStudents = "students"
	fileOfContacts = "contacts"
)

func mappingOf(ctx context.Context, tx *sqldb.Tx, format string, school int64) (Mapping, error) {
	m := Mapping{School: school, Students: map[string]string{}, Contacts: map[string]string{}}
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var file, header, field string
		if err := r.Scan(&file, &header, &field); err != nil {
			return err
		}
		if file == fileOfStudents {
			m.Students[header] = field
		} else {
			m.Contacts[header] = field
		}
		return nil
	}, selectMapping, format, school)
	return m, err
}

func putMapping(ctx context.Context, tx *sqldb.Tx, format string, m Mapping, now time.Time, by string) error {
	if _, err := tx.Exec(ctx, deleteMapping, format, m.School); err != nil {
		return err
	}
	for file, columns := range map[string]map[string]string{fileOfStudents: m.Students, fileOfContacts: m.Contacts} {
		for header, field := range columns { // a few dozen
			if _, err := tx.Exec(ctx, insertMapping, format, m.School, file, header, field, now.UnixMicro(), by); err != nil {
				return err
			}
		}
	}
	return nil
}
