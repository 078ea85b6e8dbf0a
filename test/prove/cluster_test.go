//go:build prove

package prove

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// cluster is a PostgreSQL that a test stops and starts.
type cluster struct {
	t        *testing.T
	bin, dir string
	attr     *syscall.SysProcAttr
}

// newCluster makes and starts one, in a folder and on a socket of its own. PostgreSQL refuses to run as root.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is sound
	if path, err := exec.LookPath("initdb"); err == nil && len(found) == 0 {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed: make test installs it")
	}
	dir, err := os.MkdirTemp("/tmp", "sgpr-") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, bin: filepath.Dir(found[len(found)-1]), dir: dir, attr: &syscall.SysProcAttr{}}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid) // numbers on every Unix
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		c.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // small numbers
	}
	c.run("initdb", "-D", c.data(), "-U", "schoolgate", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	c.start()
	t.Cleanup(func() {
		_ = c.command("pg_ctl", "stop", "-D", c.data(), "-m", "immediate").Run() // it may be stopped already
		_ = os.RemoveAll(dir)
	})
	return c
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...) //nolint:noctx // pg_ctl ends by itself
	cmd.SysProcAttr, cmd.Dir = c.attr, c.dir
	return cmd
}

func (c *cluster) run(name string, args ...string) {
	c.t.Helper()
	if out, err := c.command(name, args...).CombinedOutput(); err != nil {
		c.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (c *cluster) start() {
	c.t.Helper()
	c.run("pg_ctl", "start", "-w", "-D", c.data(), "-l", filepath.Join(c.dir, "log"), "-o", "-k "+c.dir+" -c listen_addresses= -c fsync=off")
}

func (c *cluster) stop() {
	c.t.Helper()
	c.run("pg_ctl", "stop", "-w", "-D", c.data(), "-m", "immediate")
}

// database makes an empty database and returns its address.
func (c *cluster) database(name string) string {
	c.t.Helper()
	c.run("createdb", "-h", c.dir, "-U", "schoolgate", name)
	return "postgres:///" + name + "?host=" + c.dir + "&user=schoolgate&sslmode=disable"
}
