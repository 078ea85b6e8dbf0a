package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// DefaultUpload is how many bytes an upload may have unless SetUploadLimit said otherwise.
const DefaultUpload = 200 << 20

const chunkSize = 256 << 10

// SetUploadLimit says how many bytes an upload may have. It must be called before the first one.
func (i *Intake) SetUploadLimit(bytes int64) { i.uploadLimit = bytes }

// UploadLimit is how many bytes an upload may have.
func (i *Intake) UploadLimit() int64 { return i.uploadLimit }

// Upload keeps a roster in the database, piece by piece, and has a worker plan it. It returns the import's number; fault.Forbidden when the
// actor may not; fault.Invalid with a problem on "file" when it is empty or too big. What does not arrive whole is forgotten.
func (i *Intake) Upload(ctx context.Context, actor access.Actor, name string, from Origin, o Options, r io.Reader) (int64, error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return 0, err
	}
	var id int64
	err := i.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		id, err = i.begin(ctx, tx, actor, Import{Origin: from, FileName: shorten(clean(name)), Options: o}, Uploading)
		return err
	})
	if err != nil {
		return 0, err
	}
	size, hash, err := i.receive(ctx, id, r)
	if err == nil {
		err = i.db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, updateUploaded, id, size, hash); err != nil {
				return err
			}
			if err := i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.uploaded", TargetKind: "import", TargetID: id,
				Detail: map[string]any{"bytes": size}}); err != nil {
				return err
			}
			return i.enqueue(ctx, tx, id)
		})
	}
	if err == nil {
		return id, nil
	}
	return 0, errors.Join(err, i.forget(ctx, id))
}

// forget deletes an upload that did not arrive whole.
func (i *Intake) forget(ctx context.Context, id int64) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(i.erase(ctx, deleteChunks, id), i.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, deleteImport, id)
		return err
	}))
}

func (i *Intake) receive(ctx context.Context, id int64, r io.Reader) (size int64, hash string, err error) {
	sum := sha256.New()
	buffer := make([]byte, chunkSize)
	for pos := 1; ; pos++ {
		n, err := fill(r, buffer)
		if n > 0 {
			size += int64(n)
			if size > i.uploadLimit {
				return 0, "", fault.InvalidFields(fault.Problem{Field: "file", Key: "problem.file_too_big", Args: []any{"Max", int(i.uploadLimit >> 20)}})
			}
			sum.Write(buffer[:n])
			if err := i.db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, insertChunk, id, pos, buffer[:n])
				return err
			}); err != nil {
				return 0, "", err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			if size == 0 {
				return 0, "", fault.InvalidFields(fault.Problem{Field: "file", Key: "problem.file_empty"})
			}
			return size, hex.EncodeToString(sum.Sum(nil)), nil
		case err != nil:
			return 0, "", fault.Wrap(fault.Invalid, err, "the upload did not arrive whole")
		}
	}
}

// fill is io.ReadFull for a reader whose own io.ErrUnexpectedEOF is a connection that broke, and not an end.
func fill(r io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = r.Read(buffer[n:])
		n += more
	}
	return n, err
}

const (
	insertChunk    = `insert into import_chunk (import_id, pos, data) values ($1, $2, $3)`
	updateUploaded = `update import set state = 'waiting', size = $2, hash = $3 where id = $1 and state = 'uploading'`
)
