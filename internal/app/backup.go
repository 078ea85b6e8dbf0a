package app

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Backup writes what is committed into a new SQLite file, also from PostgreSQL, while the server runs. The key file is not in it. It returns
// fault.Conflict when the file exists.
func (a *App) Backup(ctx context.Context, actor access.Actor, path string) error {
	lowerPriority()
	if err := a.DB.Backup(ctx, path); err != nil {
		return err
	}
	return a.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return a.Audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "database.backup"})
	})
}

// Restored says what a restore ended, because nobody can know what happened to it since the backup.
type Restored struct {
	Sessions, TemporaryPasswords, Mails int64
}

// Restore puts a backup into an empty place: an SQLite file that does not exist, or a PostgreSQL database without accounts. All sessions and
// temporary passwords end, and mail that was waiting is stopped. It returns fault.Conflict where something is there already and
// fault.Invalid when the key file is missing or is not the one of the backup; nothing is left behind then.
func Restore(ctx context.Context, actor access.Actor, c Config, from string) (r Restored, err error) {
	path, isFile := strings.CutPrefix(c.Database, "sqlite:")
	if isFile {
		if c.KeyFile == "" {
			c.KeyFile = path + ".key"
		}
		if _, err := os.Stat(c.KeyFile); err != nil {
			return r, fault.Invalidf("the key file of the backup must be at %s first: without it nobody could sign in", c.KeyFile)
		}
		if err := copyFile(from, path); err != nil {
			return r, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, removeDatabase(path))
			}
		}()
	} else if err := restoreRows(ctx, c, from); err != nil {
		return r, err
	}
	a, err := Open(ctx, c)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.afterRestore(ctx, actor)
}

// afterRestore ends what must not go on.
func (a *App) afterRestore(ctx context.Context, actor access.Actor) (r Restored, _ error) {
	_, other, err := a.Accounts.KeysFit(ctx)
	if err != nil {
		return r, err
	}
	if other > 0 {
		return r, fault.Invalidf("the key file is not the one of this backup: nobody could sign in")
	}
	err = a.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if r.Sessions, r.TemporaryPasswords, err = a.Accounts.EndAll(ctx, tx); err != nil {
			return err
		}
		if r.Mails, err = a.Family.HoldMail(ctx, tx); err != nil {
			return err
		}
		return a.Audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "database.restored", Detail: map[string]any{
			"sessions": r.Sessions, "temporary_passwords": r.TemporaryPasswords, "mails": r.Mails,
		}})
	})
	return r, err
}

// restoreRows copies the rows of a backup into an empty PostgreSQL database, by way of a copy of the file that is brought up to date.
func restoreRows(ctx context.Context, c Config, from string) error {
	dir, err := os.MkdirTemp("", "schoolgate-restore-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // mode 0700; a leftover is for the owner alone
	path := filepath.Join(dir, "backup.db")
	if err := copyFile(from, path); err != nil {
		return err
	}
	_, err = Copy(ctx, "sqlite:"+path, c.Database)
	return err
}

// Copy writes every row of one database into another, empty one, and brings both up to date first. It returns the number of rows, and
// fault.Conflict when the second is not empty. The key file stays the same.
func Copy(ctx context.Context, from, to string) (n int64, err error) {
	if path, isFile := strings.CutPrefix(from, "sqlite:"); isFile {
		if _, err := os.Stat(path); err != nil {
			return 0, fault.Invalidf("there is no database at %s", path)
		}
	}
	var both [2]*sqldb.DB
	for i, url := range []string{from, to} {
		if both[i], err = sqldb.Open(ctx, url, sqldb.Options{}); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, both[i].Close()) }()
		if err = both[i].Migrate(ctx); err != nil {
			return 0, err
		}
	}
	return sqldb.Copy(ctx, both[0], both[1])
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the backup cannot be read")
	}
	defer func() { _ = source.Close() }() // it was only read
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fault.Conflictf("%s exists already: restore into an empty place", to)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the database cannot be written")
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Sync(), target.Close()); err != nil {
		return errors.Join(fault.Wrap(fault.Unavailable, err, "the database cannot be written"), os.Remove(to))
	}
	return nil
}

func removeDatabase(path string) error {
	var err error
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if e := os.Remove(name); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
