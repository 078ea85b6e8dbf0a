// Package cli is the command line: it reads flags and input, calls the same domain as the pages do, and prints what was done.
//
// Exit codes: 0 done, 1 failed, 2 misused. Secrets come from standard input or a file, never from an argument.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// Exit codes.
const (
	done    = 0
	failed  = 1
	misused = 2
)

// commands is the whole command line. Flags may also be given as SCHOOLGATE_* variables or in a JSON file (--config).
type commands struct {
	Config kong.ConfigFlag `help:"JSON file with flags, for example {\"database\": \"sqlite:/var/lib/schoolgate/school.db\"}." placeholder:"FILE"`

	Demo    demoCmd    `cmd:"" help:"Serve a sample district with invented people and a mailbox page."`
	Serve   serveCmd   `cmd:"" help:"Serve the portals."`
	Migrate migrateCmd `cmd:"" help:"Create the database, or bring it up to date."`
	Roster  rosterCmd  `cmd:"" help:"Take rosters in, and records out."`
	Staff   staffCmd   `cmd:"" help:"Accounts of staff."`
	Mail    mailCmd    `cmd:"" help:"The mail queue."`
	Audit   auditCmd   `cmd:"" help:"The log of who did what."`
	Doctor  doctorCmd  `cmd:"" help:"Look at an installation: what is right, what is not, what to do."`
	Backup  backupCmd  `cmd:"" help:"Write the database into one file, while the server runs."`
	Restore restoreCmd `cmd:"" help:"Put a backup into an empty place."`
	Copy    copyCmd    `cmd:"" help:"Move to another database, such as from SQLite to PostgreSQL."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// database is what every command that opens one has.
type database struct {
	Database string `help:"sqlite:PATH or postgres://…" env:"SCHOOLGATE_DATABASE" required:"" placeholder:"URL"`
	KeyFile  string `help:"File with the keys; default the SQLite path + .key, made once." env:"SCHOOLGATE_KEY_FILE" placeholder:"PATH"`
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// exited ends the parser early: help was printed, or the usage.
type exited int

// Main runs the command line and returns the exit code.
func Main(args []string, in io.Reader, out, errs io.Writer) (code int) {
	s := &streams{in: in, out: out, err: errs}
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(exited)
			if !ok {
				panic(p)
			}
			code = int(e)
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("schoolgate"), kong.Writers(out, errs), kong.Exit(func(n int) { panic(exited(n)) }),
		kong.Description("The gate between a school and its families: logins of parents and students, kept against the school's records."),
		kong.Configuration(belowEnvironment), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Bind(s), kong.Vars{"formats": formatHelp()})
	if err != nil {
		fmt.Fprintln(errs, "schoolgate:", err)
		return failed
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errs, "schoolgate:", err)
		fmt.Fprintln(errs, "Run schoolgate --help, or --help after a command.")
		return misused
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		return s.fail(err)
	}
	return done
}

// belowEnvironment reads flags from JSON for those that no environment variable gives: flags win, then variables, then the file.
func belowEnvironment(r io.Reader) (kong.Resolver, error) {
	file, err := kong.JSON(r)
	if err != nil {
		return nil, err
	}
	return kong.ResolverFunc(func(ctx *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil
			}
		}
		return file.Resolve(ctx, parent, flag)
	}), nil
}

// fail prints an error for a person: field problems in words, everything else as it is.
func (s *streams) fail(err error) int {
	problems := fault.ProblemsOf(err)
	if len(problems) == 0 {
		fmt.Fprintln(s.err, "schoolgate:", err)
	} else if catalog, loadErr := lang.Load(); loadErr == nil {
		for _, p := range problems {
			fmt.Fprintf(s.err, "schoolgate: %s: %s\n", strings.ReplaceAll(p.Field, "_", " "), catalog.Language("en").T(p.Key, p.Args...))
		}
	}
	if errors.Is(err, errMisused) {
		return misused
	}
	return failed
}

// errMisused marks a wrong use that the parser could not see.
var errMisused = errors.New("misused")

// system is the actor of the command line.
func system() access.Actor { return access.Actor{Kind: access.System, Username: osUser()} }

// osUser is who the operating system says is sitting there, for the log; behind sudo the person, not root.
func osUser() string {
	name := os.Getenv("SUDO_USER")
	if u, err := user.Current(); err == nil && (u.Uid != "0" || name == "") {
		name = u.Username
	}
	return name
}

// open builds the application on the command's database, with only warnings logged.
func (d database) open(ctx context.Context, s *streams, small bool) (*app.App, error) {
	return app.Open(ctx, app.Config{
		Small: small, Database: d.Database, KeyFile: d.KeyFile, Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
}

// with opens the application for fn and closes it after.
func (d database) with(ctx context.Context, s *streams, fn func(*app.App) error) error {
	return d.run(ctx, s, false, fn)
}

// run is with; small is for work that must not take memory as the records grow.
func (d database) run(ctx context.Context, s *streams, small bool, fn func(*app.App) error) error {
	a, err := d.open(ctx, s, small)
	if err != nil {
		return err
	}
	err = fn(a)
	return errors.Join(err, a.SealLog(context.WithoutCancel(ctx)), a.Close())
}

type migrateCmd struct {
	database
	GrantTo string `help:"PostgreSQL role that serves: it gets what serving needs and nothing more." placeholder:"ROLE"`
}

func (migrateCmd) Help() string {
	return `Examples:
  schoolgate migrate --database sqlite:school.db
  schoolgate migrate --database postgres://owner@db.example/school --key-file /etc/schoolgate/key --grant-to schoolgate_serve`
}

func (c migrateCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) error {
		fmt.Fprintln(s.out, "The database is up to date.")
		if c.GrantTo == "" {
			return nil
		}
		if err := a.DB.Grant(ctx, c.GrantTo); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "The role %s may serve: it adds to the log and cannot change it.\n", c.GrantTo)
		return err
	})
}

type versionCmd struct{}

func (versionCmd) Run(s *streams) error {
	_, err := fmt.Fprintln(s.out, "schoolgate", version())
	return err
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "development"
}
