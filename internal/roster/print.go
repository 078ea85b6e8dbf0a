package roster

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// A print stands for what a roster says of a record. It is kept with the record and with the version that the record had then: as long as nobody
// changes the record, a roster that says the same leaves it as it is, and there is nothing to compare. Records with a field set by hand have none,
// for what the roster says otherwise is told every time.

// printRule is the version of what prints are made of. It grows when a newer program takes more or other things from the same words.
const printRule = "2"

// Print returns the print of what a roster says, never 0.
func Print(said string) int64 {
	h := sha256.Sum256([]byte(printRule + said))
	return int64(binary.LittleEndian.Uint64(h[:8]) | 1) //nolint:gosec // any 64 bits will do
}

// sealed binds a print to a version of its record, and takes it off again.
func sealed(print, version int64) int64 {
	const odd = -0x61c8864680b583eb // spreads versions over all bits
	return print ^ version*odd
}

// keptPrint is the column of a record whose version it will be: 0 where no roster says anything of it.
func keptPrint(print, version int64) int64 {
	if print == 0 {
		return 0
	}
	return sealed(print, version)
}

// printOf is the print that a record has kept: 0 where it says nothing any more.
func printOf(column, version int64, local string) int64 {
	if local != "" || column == 0 {
		return 0
	}
	return sealed(column, version)
}

// Printed is a record whose print is to be kept.
type Printed struct{ ID, Version, Print int64 }

// KeepPrints keeps the prints of records that are as the roster has them, in the caller's transaction. Those that somebody changed since are left alone.
// It returns fault.Forbidden unless the actor may import.
func (r *Roster) KeepPrints(ctx context.Context, tx *sqldb.Tx, actor access.Actor, kind string, all []Printed) error {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return err
	}
	query := updateStudentPrint
	switch kind {
	case kindContact:
		query = updateContactPrint
	case kindLine:
		query = updateLinePrint
	}
	for _, p := range all {
		if _, err := tx.Exec(ctx, query, sealed(p.Print, p.Version), p.ID, p.Version); err != nil {
			return err
		}
	}
	return nil
}

const (
	updateStudentPrint = `update student set file_print = $1 where id = $2 and version = $3`
	updateContactPrint = `update contact set file_print = $1 where id = $2 and version = $3`
	updateLinePrint    = `update student_contact set file_print = $1 where id = $2 and version = $3`
)
