package mailtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Option changes what the server offers.
type Option func(*Server)

// WithSTARTTLS makes the server offer STARTTLS with a certificate made for the test, and refuse AUTH before it.
func WithSTARTTLS() Option { return func(s *Server) { s.mode = "starttls" } }

// WithImplicitTLS makes the server speak TLS from the first byte, with a certificate made for the test.
func WithImplicitTLS() Option { return func(s *Server) { s.mode = "implicit" } }

// WithAuth makes the server take mail only after AUTH with this user and password, by one of the mechanisms (PLAIN and LOGIN if
// none is named). Without TLS it takes the password on the open line.
func WithAuth(user, password string, mechanisms ...string) Option {
	if len(mechanisms) == 0 {
		mechanisms = []string{"PLAIN", "LOGIN"}
	}
	return func(s *Server) { s.user, s.password, s.mechanisms = user, password, mechanisms }
}

// WithSMTPUTF8 makes the server offer SMTPUTF8 (RFC 6531).
func WithSMTPUTF8() Option { return func(s *Server) { s.utf8 = true } }

// Server is a running SMTP server. Its methods are safe for concurrent use.
type Server struct {
	// Addr is host:port, on 127.0.0.1; it stays the same after Reopen.
	Addr string

	t                    testing.TB
	mode, user, password string
	mechanisms           []string
	utf8                 bool
	certificate          tls.Certificate
	roots                *x509.CertPool

	mu       sync.Mutex
	running  *smtp.Server // nil while closed
	listener net.Listener
	gone     chan struct{} // closed with the running server: ends the hangs
	serving  sync.WaitGroup
	received []Received
	arrived  chan struct{}  // closed at the next arrival
	attempts map[string]int // RCPT commands per lower-case address
	faults   map[string]int // failures dealt per lower-case address
}

// Start runs a server until the test ends. Without options it offers neither TLS nor AUTH.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := &Server{
		Addr: "127.0.0.1:0", t: t, mode: "none",
		attempts: map[string]int{}, faults: map[string]int{}, arrived: make(chan struct{}),
	}
	for _, opt := range opts {
		opt(s)
	}
	if s.mode != "none" {
		s.certificate, s.roots = selfSigned(t)
	}
	s.Reopen()
	t.Cleanup(s.Close)
	return s
}

// URL is the server's address as the --smtp flag and mail.ParseURL read it, without user and password.
func (s *Server) URL() string {
	return (&url.URL{Scheme: "smtp", Host: s.Addr, RawQuery: "tls=" + s.mode}).String()
}

// RootCAs trusts the server's certificate; nil without TLS.
func (s *Server) RootCAs() *x509.CertPool { return s.roots }

// Close takes the server down: connections break, new ones are refused, until Reopen. What was received stays readable.
func (s *Server) Close() {
	s.mu.Lock()
	running, listener := s.running, s.listener
	s.running = nil
	if running != nil {
		close(s.gone)
	}
	s.mu.Unlock()
	if running != nil {
		// Serve may not have taken the listener yet, and then running does not know it.
		_ = listener.Close()
		_ = running.Close()
		s.serving.Wait()
	}
}

// Reopen brings a closed server back on the same address; it does nothing while the server runs.
func (s *Server) Reopen() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return
	}
	listener, err := (&net.ListenConfig{}).Listen(s.t.Context(), "tcp", s.Addr)
	if err != nil {
		s.t.Fatalf("mailtest: %v", err)
	}
	s.Addr = listener.Addr().String()
	gone := make(chan struct{})
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c, gone: gone}, nil
	}))
	server.Domain = "mailtest.example"
	server.AllowInsecureAuth = s.mode == "none"
	server.EnableSMTPUTF8 = s.utf8
	server.MaxMessageBytes = 10 << 20
	server.ErrorLog = log.New(io.Discard, "", 0)
	config := &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS12}
	switch s.mode {
	case "starttls":
		server.TLSConfig = config
	case "implicit":
		listener = tls.NewListener(listener, config)
	}
	s.running, s.listener, s.gone = server, listener, gone
	s.serving.Go(func() { _ = server.Serve(listener) })
}

// Messages returns what was taken, oldest first.
func (s *Server) Messages() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// To returns the messages whose envelope names addr, oldest first; upper and lower case are the same.
func (s *Server) To(addr string) []Received {
	return slices.DeleteFunc(s.Messages(), func(r Received) bool {
		return !slices.ContainsFunc(r.To, func(to string) bool { return strings.EqualFold(to, addr) })
	})
}

// Attempts returns how often addr was named as a recipient, refusals included.
func (s *Server) Attempts(addr string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts[strings.ToLower(addr)]
}

// Wait returns the messages as soon as n or more have been taken; it fails the test when that takes longer than 30 seconds.
func (s *Server) Wait(n int) []Received {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	for {
		s.mu.Lock()
		received, arrived := slices.Clone(s.received), s.arrived
		s.mu.Unlock()
		if len(received) >= n {
			return received
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			s.t.Fatalf("mailtest: %d messages arrived, want %d", len(received), n)
		}
	}
}

func (s *Server) keep(r Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, r)
	close(s.arrived)
	s.arrived = make(chan struct{})
}
