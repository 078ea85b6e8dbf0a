package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/schoolgate/schoolgate/internal/app"
)

type backupCmd struct {
	database
	To string `help:"File to write; it must not exist." required:"" placeholder:"PATH"`
}

func (backupCmd) Help() string {
	return `The server may run meanwhile. The key file is not in the backup: keep a copy of it apart. A backup of PostgreSQL is an SQLite file too.

Example:
  schoolgate backup --database sqlite:/var/lib/schoolgate/school.db --to /backup/school-2026-11-23.db`
}

func (c backupCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) error {
		if err := a.Backup(ctx, system(), c.To); err != nil {
			return err
		}
		info, err := os.Stat(c.To)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Backup written to %s (%d bytes), readable by its owner alone.\n", c.To, info.Size())
		fmt.Fprintf(s.out, "The key file is not in it: keep a copy of %s in another place. Without it nobody can sign in after a restore.\n", c.keyFile())
		return nil
	})
}

// keyFile is where the keys of the command's database stand.
func (d database) keyFile() string {
	if d.KeyFile != "" {
		return d.KeyFile
	}
	return strings.TrimPrefix(d.Database, "sqlite:") + ".key"
}

type restoreCmd struct {
	database
	From string `help:"The backup." required:"" placeholder:"PATH"`
}

func (restoreCmd) Help() string {
	return `Stop the server first. The place must be empty: an SQLite file that does not exist, or a PostgreSQL database without accounts. The key file
of the backup must be in its place (--key-file, or beside the SQLite file).

Sessions and temporary passwords end, and mail that was waiting is stopped: nobody can know what happened to them since the backup.
What was reset since then is open again: reset it again.

Example:
  schoolgate restore --database sqlite:/var/lib/schoolgate/school.db --from /backup/school-2026-11-23.db`
}

func (c restoreCmd) Run(ctx context.Context, s *streams) error {
	r, err := app.Restore(ctx, system(), app.Config{
		Database: c.Database, KeyFile: c.KeyFile, Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, c.From)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, `Restored. Ended, because nobody can know what happened to them since the backup:
  %d sessions
  %d temporary passwords: who was waiting registers again, or asks for a new one
  %d mails that were waiting: look at them on the page Mail, or with "schoolgate mail list --state stopped"
What was reset since the backup is open again: reset it again. Now run "schoolgate doctor".
`, r.Sessions, r.TemporaryPasswords, r.Mails)
	return nil
}

type copyCmd struct {
	From string `help:"sqlite:PATH or postgres://…" required:"" placeholder:"URL"`
	To   string `help:"sqlite:PATH or postgres://…, without accounts." required:"" placeholder:"URL"`
}

func (copyCmd) Help() string {
	return `Stop the server first. The key file stays the same: give it to the server on PostgreSQL with --key-file.

Example:
  schoolgate copy --from sqlite:/var/lib/schoolgate/school.db --to "postgres://schoolgate@db.school.example/schoolgate"`
}

func (c copyCmd) Run(ctx context.Context, s *streams) error {
	n, err := app.Copy(ctx, c.From, c.To)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Copied %d rows. Serve the new database with the same key file.\n", n)
	return nil
}
