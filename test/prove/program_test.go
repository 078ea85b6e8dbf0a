//go:build prove

package prove

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
)

// cheap are hash parameters for preparing many logins: a stored hash carries its own.
var cheap = account.Params{MemoryKiB: 64, Time: 1}

// production undoes what apptest changes for speed, so that the app beside the real program sees what that does.
func production(keyFile string) func(*app.Config) {
	return func(c *app.Config) { c.KeyFile, c.Now = keyFile, time.Now }
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "schoolgate-prove-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "schoolgate")
	out, err := exec.Command("go", "build", "-o", path, "github.com/schoolgate/schoolgate/cmd/schoolgate").CombinedOutput() //nolint:noctx // once
	if err != nil {
		_, _ = os.Stderr.Write(out)
	}
	return path, err
})

func program(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func newKeyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(strings.Repeat("5e", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// server is the real program serving.
type server struct {
	cmd   *exec.Cmd
	base  string
	ready time.Duration // from the start until it answered
	said  *bytes.Buffer
}

// freeAddress is an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// serve starts the program and waits until it is ready. It is killed with the test, if it still runs.
func serve(t *testing.T, database, keyFile, address string, more ...string) *server {
	t.Helper()
	args := append([]string{"serve", "--database", database, "--key-file", keyFile, "--listen", address, "--base-url", "http://" + address, "--log-level", "warn"}, more...)
	s := &server{cmd: exec.Command(program(t), args...), base: "http://" + address, said: &bytes.Buffer{}} //nolint:noctx // it outlives no test
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	for time.Since(began) < 30*time.Second {
		if status(t.Context(), s.base+"/readyz") == http.StatusOK {
			s.ready = time.Since(began)
			return s
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("the server did not get ready:\n%s", s.said)
	return nil
}

// kill ends the program at once (SIGKILL) and waits until it is gone.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill() // it may have ended by itself
		_ = s.cmd.Wait()
	}
}

// memory is the program's resident memory in bytes.
func (s *server) memory(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS in /proc")
	return 0
}

// status is the status of a GET, 0 for no answer.
func status(ctx context.Context, url string) int {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}
