package browser

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// StaffUsername and StaffPassword sign in at the Administrator Portal of every School.
const (
	StaffUsername = "office"
	StaffPassword = "lantern-orchard-pebble-sail"
)

// School is a whole Schoolgate at work in this process, with an administrator and no records yet.
type School struct {
	*app.App
	URL string // without a slash at the end

	ahead  atomic.Int64 // how far its clock is ahead of ours
	stop   context.CancelFunc
	served chan error
	folder string
}

// Open opens a school on the database, which sends its mail through the sender. Hashes are cheap, and staff need no second factor: it is for
// trying things. Options change what it is built of.
func Open(ctx context.Context, database string, sender mail.Sender, options ...func(*app.Config)) (*School, error) {
	folder, err := os.MkdirTemp("", "schoolgate-browser-")
	if err != nil {
		return nil, err
	}
	s := &School{folder: folder, served: make(chan error, 1)}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand.Read does not fail
	keyFile := filepath.Join(folder, "key")
	if err := os.WriteFile(keyFile, []byte(hex.EncodeToString(key)), 0o600); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.URL = "http://localhost:" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port) // by name: passkeys are bound to one
	demo, _ := sender.(*mail.Capture)
	config := app.Config{
		Database: database, KeyFile: keyFile, BaseURL: s.URL, Mail: sender, Demo: demo, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now:        s.Now,
		HashParams: account.Params{MemoryKiB: 64, Time: 1}, HashSlots: 1, PasswordsSuffice: true, SQL: sqldb.Options{Fast: true},
	}
	for _, o := range options {
		o(&config)
	}
	s.App, err = app.Open(ctx, config)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	_, err = s.Accounts.CreateStaff(ctx, access.Actor{Kind: access.System}, account.NewStaff{
		Username: StaffUsername, Name: "Ada Office", Email: "office@school.example", Password: StaffPassword, Role: access.Administrator, Schools: access.Everywhere(),
	})
	if err != nil {
		return nil, errors.Join(err, listener.Close(), s.App.Close())
	}
	var work context.Context
	work, s.stop = context.WithCancel(ctx)
	go func() { s.served <- s.Serve(work, app.Listen{Listener: listener}) }()
	return s, nil
}

// Now is the time on the school's clock.
func (s *School) Now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// Later moves the school's clock on.
func (s *School) Later(d time.Duration) { s.ahead.Add(int64(d)) }

// Close ends the school; the database stays.
func (s *School) Close() error {
	s.stop()
	return errors.Join(<-s.served, s.App.Close(), os.RemoveAll(s.folder))
}
