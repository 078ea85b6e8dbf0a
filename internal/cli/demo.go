package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/mail"
)

type demoCmd struct {
	Listen   string `help:"Loopback address to listen on." default:"127.0.0.1:8080" env:"SCHOOLGATE_DEMO_LISTEN"`
	Students int    `help:"How many students the sample district has." default:"400"`
}

func (demoCmd) Help() string {
	return "Everything is made up, lives in a temporary folder, and is gone when the demo ends.\n\nExample:\n  schoolgate demo"
}

func (c demoCmd) Run(ctx context.Context, s *streams) error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || !loopback(host) {
		return fault.Invalidf("the demo listens on loopback alone, such as 127.0.0.1:8080")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "cannot listen (another demo may be running; try --listen 127.0.0.1:8081)")
	}
	dir, err := os.MkdirTemp("", "schoolgate-demo-")
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary folder harms nobody
	app.ReserveThreads()
	base := "http://" + l.Addr().String()
	mailbox := &mail.Capture{}
	a, err := app.Open(ctx, app.Config{
		PasswordsSuffice: true,
		Database:         "sqlite:" + filepath.Join(dir, "demo.db"), BaseURL: base, Mail: mailbox, Demo: mailbox, Temporary: true,
		Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	sample, err := a.Seed(ctx, c.Students, 120)
	if err != nil {
		return errors.Join(err, a.Close(), l.Close())
	}
	parent := ""
	if len(sample.Parents) > 0 { // a district of the fixed families alone has none with a login
		parent = fmt.Sprintf("\n  Parent Portal          %s/parent/    Username %s   Password %s", base, sample.Parents[0], sample.Password)
	}
	fmt.Fprintf(s.out, `Schoolgate demo: %d students, %d contacts, all invented. Ctrl-C ends it, and nothing stays.

  %s
  Mailbox                %s/demo/mailbox

  Administrator Portal   %s/admin/     Username %s         Password %s%s

Or register as a parent: "Click here to create a new account" with any username,
Child's ID Number 204117, First Name Maria, Last Name Lopez. The mail is in the mailbox.
`, sample.Students, sample.Contacts, base, base, base, sample.Staff, sample.Password, parent)
	err = a.Serve(ctx, app.Listen{Listener: l})
	return errors.Join(err, a.Close())
}
