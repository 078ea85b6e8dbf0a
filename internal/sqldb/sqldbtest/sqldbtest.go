// Package sqldbtest gives tests a migrated database of either kind: a copied SQLite file, or a database of a private PostgreSQL
// cluster that lives as long as the test process and listens on a unix socket alone.
package sqldbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Run runs test once on SQLite and once on PostgreSQL, each with an empty migrated database. PostgreSQL is skipped only where
// its binaries are missing and the environment variable CI is not set.
func Run(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	RunWith(t, sqldb.Options{}, test)
}

// RunWith is Run with options for opening the database.
func RunWith(t *testing.T, opts sqldb.Options, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	RunURL(t, func(t *testing.T, url string) { test(t, open(t, url, opts)) })
}

// RunURL is Run for tests that open the database themselves, such as those of two nodes.
func RunURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

func open(t testing.TB, url string, opts sqldb.Options) *sqldb.DB {
	t.Helper()
	opts.Fast = true
	db, err := sqldb.Open(context.Background(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "schoolgate-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "t.db")
	if err := migrated("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrated(url string) error {
	db, err := sqldb.Open(context.Background(), url, sqldb.Options{Connections: 1, Fast: true})
	if err != nil {
		return err
	}
	err = db.Migrate(context.Background())
	return errors.Join(err, db.Close())
}

// SQLite returns the URL of a migrated file that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	data, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

var (
	cluster = sync.OnceValues(startCluster)
	count   atomic.Int64
	//lint:ignore U1000 nobody reads it
	leash io.Closer // held open while the process lives: the collector would close it, and the cluster with it
)

// Postgres returns the URL of a migrated database in the private cluster; the database goes with the test.
func Postgres(t testing.TB) string {
	t.Helper()
	dir, err := cluster()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip("PostgreSQL is not installed: make test installs it")
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d", count.Add(1))
	if err := psql(dir, "create database "+name+" template template_schoolgate"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = psql(dir, "drop database if exists "+name+" with (force)") })
	return url(dir, name)
}

func url(dir, name string) string {
	return "postgres:///" + name + "?host=" + dir + "&user=schoolgate&sslmode=disable"
}

func psql(dir, query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := openAdmin(ctx, url(dir, "postgres"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, query)
	return errors.Join(err, db.Close())
}

// startCluster makes and starts a PostgreSQL cluster in a folder of its own. PostgreSQL refuses to run as root, so root starts
// it as the user postgres.
func startCluster() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("/tmp", "sgpg-") // short: a socket's path has at most 107 bytes
	if err != nil {
		return "", err
	}
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return "", fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: %w", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return "", err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...) //nolint:noctx // the cluster belongs to no test alone
		cmd.SysProcAttr, cmd.Dir = attr, dir
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out.String())
		}
		return nil
	}
	data := filepath.Join(dir, "data")
	if err := run("initdb", "-D", data, "-U", "schoolgate", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return "", err
	}
	// The shell ends the server and removes the folder when its standard input closes: when this process is gone, however it went.
	//nolint:noctx // the cluster lives as long as the process
	server := exec.Command("/bin/sh", "-c", `"$0" "$@" >"$HOME_DIR/log" 2>&1 </dev/null & pg=$!
cat >/dev/null; kill -QUIT $pg 2>/dev/null; wait $pg; rm -rf "$HOME_DIR"`,
		filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB",
		"-c", "max_pred_locks_per_transaction=256")
	server.Env = append(os.Environ(), "HOME_DIR="+dir)
	server.SysProcAttr, server.Dir = attr, dir
	if leash, err = server.StdinPipe(); err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	if err := waitFor(dir); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return "", fmt.Errorf("PostgreSQL did not start: %w\n%s", err, log)
	}
	if err := psql(dir, "create database template_schoolgate"); err != nil {
		return "", err
	}
	return dir, migrated(url(dir, "template_schoolgate"))
}

func waitFor(dir string) error {
	var err error
	for range 200 {
		if err = psql(dir, "select 1"); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", fmt.Errorf("initdb: %w", exec.ErrNotFound)
	}
	return filepath.Dir(found[len(found)-1]), nil
}
