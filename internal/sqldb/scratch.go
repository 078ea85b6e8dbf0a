package sqldb

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Scratch opens a private, empty SQLite file for work that is too big for memory, with the tables that schema makes. Nothing in it outlives the
// process, whatever ends that: where the system allows it the file has no name once it is open. It has one connection, so a transaction must
// not be opened within another, and no durability. It returns fault.Unavailable when the folder for temporary files cannot be written.
func Scratch(ctx context.Context, schema string) (*DB, error) {
	dir, err := os.MkdirTemp("", "schoolgate-scratch-")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the folder for temporary files cannot be written")
	}
	path := filepath.Join(dir, "scratch.db")
	d := &scratchDB{sqliteDB{path: path, writer: make(chan *pinned, 1)}, dir}
	d.readers = d.writer
	err = d.fill(ctx, d.writer, 1, scratchDSN(path))
	if err == nil {
		err = d.make(ctx, schema)
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	_ = os.RemoveAll(dir) // where an open file cannot go, close removes it
	return &DB{url: "sqlite:" + path, driver: d}, nil
}

// scratchDSN: what is sorted goes to files as well, for memory is what a scratch saves.
func scratchDSN(path string) string {
	q := url.Values{}
	for _, p := range []string{"synchronous(off)", "journal_mode(off)", "temp_store(file)", "cache_size(-24000)", "locking_mode(exclusive)"} {
		q.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

type scratchDB struct {
	sqliteDB
	dir string
}

func (d *scratchDB) make(ctx context.Context, schema string) error {
	p := <-d.writer
	defer func() { d.writer <- p }()
	_, err := p.conn.ExecContext(ctx, schema)
	return err
}

func (d *scratchDB) close() error {
	return errors.Join(d.sqliteDB.close(), os.RemoveAll(d.dir))
}
