package app

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	diskLow  = 1 << 30
	diskFull = 100 << 20
)

// disk looks at the space beside an SQLite file: a write-ahead log and a backup want as much as the database has.
func (d *doctor) disk() {
	file, isFile := strings.CutPrefix(d.Database, "sqlite:")
	if !isFile {
		return
	}
	info, err := os.Stat(file)
	if err != nil {
		return // told already
	}
	free, known := sqldb.Room(filepath.Dir(file))
	if !known {
		d.find("disk", Warning, "", "the free space cannot be read")
		return
	}
	const do = "Make room: when the disk is full nobody can sign in or register."
	switch {
	case free < diskFull:
		d.find("disk", Bad, do, "%d MB are free beside the database of %d MB", free>>20, info.Size()>>20)
	case free < diskLow || free < 2*info.Size():
		d.find("disk", Warning, do, "%d MB are free beside the database of %d MB", free>>20, info.Size()>>20)
	default:
		d.find("disk", Fine, "", "%d MB are free beside the database of %d MB", free>>20, info.Size()>>20)
	}
}
