package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// MadeLogin is a student's login by whoever made it.
type MadeLogin struct {
	StudentID, MakerID int64
	Username           string
}

// LoginsMade returns the logins of these students, in the caller's transaction.
func (f *Family) LoginsMade(ctx context.Context, tx *sqldb.Tx, students []int64) ([]MadeLogin, error) {
	made, err := madeLogins(ctx, tx, selectMadeForStudents, once(students))
	all := make([]MadeLogin, len(made))
	for i, m := range made {
		all[i] = MadeLogin{StudentID: m.student, MakerID: m.maker, Username: m.username}
	}
	return all, err
}

// mailImportWaits tells the office that a plan from the watched folder waits for somebody. It names nobody.
const mailImportWaits = "import_waits"

// TellImportWaits tells the office, if the school wants such mail, that the plan of an import waits for somebody.
func (f *Family) TellImportWaits(ctx context.Context, tx *sqldb.Tx) error {
	return f.mailOffice(ctx, tx, mailImportWaits, nil)
}

// mailImportFailed tells the office that a roster from the watched folder could not be taken. It names nobody.
const mailImportFailed = "import_failed"

// TellImportFailed tells the office, if the school wants such mail, that a roster from the watched folder could not be taken.
func (f *Family) TellImportFailed(ctx context.Context, tx *sqldb.Tx) error {
	return f.mailOffice(ctx, tx, mailImportFailed, nil)
}

// HeldSince reports which of the contacts have a login since after a moment, in the caller's transaction.
func (f *Family) HeldSince(ctx context.Context, tx *sqldb.Tx, contacts []int64, since time.Time) (map[int64]bool, error) {
	held := map[int64]bool{}
	return held, inChunks(once(contacts), 2, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var contact int64
			err := r.Scan(&contact)
			held[contact] = true
			return err
		}, selectHeldSince+list+")", append([]any{since.UnixMicro()}, args...)...)
	})
}
