package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Watch is a folder in which another program puts rosters.
type Watch struct {
	Folder string
	At     string // "02:30" in the school's time zone; "" = at any time

	seen, taken watched
}

// watched is the newest file as it was at the last look.
type watched struct {
	name    string
	size    int64
	changed time.Time
}

// watchFor is how long after its time of day a roster is waited for.
const watchFor = 4 * time.Hour

// Folder has this intake look after a folder whenever LookAfterFolder is called. It must be called before that.
func (i *Intake) Folder(w Watch) error {
	if w.At != "" {
		if _, err := time.Parse("15:04", w.At); err != nil {
			return fault.Invalidf("the time of imports must be such as 02:30")
		}
	}
	if info, err := os.Stat(w.Folder); err != nil || !info.IsDir() {
		return fault.Invalidf("there is no folder %s", w.Folder)
	}
	i.watch = &w
	return nil
}

// Watches reports whether this node looks after a folder, and at what time of day: "" for at any time.
func (i *Intake) Watches() (at string, ok bool) {
	if i.watch == nil {
		return "", false
	}
	return i.watch.At, true
}

// LookAfterFolder takes the newest roster of the folder, if its time of day has come and the file is complete: as big and as old as at the look
// before. What was taken once is never taken again, whatever its name; of several nodes one takes it.
func (i *Intake) LookAfterFolder(ctx context.Context) error {
	w := i.watch
	if w == nil || !i.watchTime(w.At) {
		return nil
	}
	root, err := os.OpenRoot(w.Folder) // nothing outside is read, whatever links stand in it
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the watched folder cannot be read")
	}
	defer func() { _ = root.Close() }() // it was only read
	is, err := newest(root.FS())
	if err != nil || is.name == "" {
		return err
	}
	if is != w.seen {
		w.seen = is
		return nil
	}
	if is == w.taken { // it need not be read to know that
		return nil
	}
	taken, err := i.takeFromFolder(ctx, root, is)
	if taken {
		w.taken = is
	}
	return err
}

func (i *Intake) watchTime(at string) bool {
	if at == "" {
		return true
	}
	now := i.now().In(i.set.Location())
	when, err := time.ParseInLocation("2006-01-02 15:04", now.Format(time.DateOnly)+" "+at, i.set.Location())
	if err != nil {
		return false
	}
	since := now.Sub(when)
	if since < 0 {
		since += 24 * time.Hour // the time of yesterday
	}
	return since < watchFor
}

// newest finds the newest file that may be a roster.
func newest(dir fs.FS) (watched, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return watched{}, fault.Wrap(fault.Unavailable, err, "the watched folder cannot be read")
	}
	var found watched
	for _, e := range entries {
		kinds := []string{".zip", ".csv", ".tsv", ".xlsx", ".xml"}
		if !e.Type().IsRegular() || hidden(e.Name()) || !slices.Contains(kinds, strings.ToLower(path.Ext(e.Name()))) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return found, fault.Wrap(fault.Unavailable, err, "the watched folder cannot be read")
		}
		if info.ModTime().After(found.changed) {
			found = watched{e.Name(), info.Size(), info.ModTime()}
		}
	}
	return found, nil
}

// takeFromFolder takes a file, and reports whether there is nothing more to do with it: it was taken before, or is bigger than an upload may be.
func (i *Intake) takeFromFolder(ctx context.Context, root *os.Root, is watched) (taken bool, err error) {
	hash, err := hashOf(root, is.name)
	if err != nil {
		return false, err
	}
	actor := access.Actor{Kind: access.System, Username: "folder"}
	m := Import{Origin: FromFolder, FileName: shorten(clean(is.name)), Hash: hash}
	big := is.size > i.uploadLimit
	if big {
		m.Size = is.size
	}
	var id int64
	err = i.db.Write(ctx, func(tx *sqldb.Tx) error {
		id = 0
		state, err := sqldb.Value[int64](ctx, tx, selectTaken, hash, i.now().Add(-arrivesWithin).UnixMicro())
		if taken = state == takenWhole; err != nil || state != 0 {
			return err
		}
		if id, err = i.begin(ctx, tx, actor, m, Uploading); err != nil {
			return err
		}
		if big {
			m.ID = id
			if err := i.failIn(ctx, tx, m, Uploading, cannot(Finding{Code: cannotBig, File: m.FileName, Number: int(i.uploadLimit >> 20)})); err != nil {
				return err
			}
		}
		return i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.found_in_folder", TargetKind: "import", TargetID: id})
	})
	if err != nil || id == 0 {
		return taken, err
	}
	i.told.Log.Info("a roster came into the watched folder", "import", id)
	if big {
		m.ID, m.State = id, Failed
		i.logEnd(m)
		return true, nil
	}
	if err := i.receiveFile(ctx, root, is.name, id, hash); err != nil {
		return false, errors.Join(err, i.forget(ctx, id))
	}
	return false, nil
}

// receiveFile keeps a file of the folder as an upload.
func (i *Intake) receiveFile(ctx context.Context, root *os.Root, name string, id int64, hash string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	size, read, err := i.receive(ctx, id, f)
	if err == nil && read != hash {
		err = fault.Conflictf("the file changed while it was read")
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, updateUploaded, id, size, hash); err != nil {
			return err
		}
		return i.enqueue(ctx, tx, id)
	})
}

func hashOf(root *os.Root, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "the watched folder cannot be read")
	}
	defer func() { _ = f.Close() }() // it was only read
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "the watched folder cannot be read")
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

const (
	arrivesWithin = 10 * time.Minute // a node that takes longer to read a file has died with it
	takenWhole    = 2
)

// 2: the file was taken; 1: a node is reading it; 0: neither, for who began to read it has died.
const selectTaken = `select coalesce(max(case when size > 0 then 2 else 1 end), 0) from import where hash = $1 and hash <> '' and (size > 0 or started_at > $2)`
