package mailtest

import (
	"crypto/subtle"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one connection's dialogue.
type session struct {
	server *Server
	conn   *smtp.Conn
	gone   <-chan struct{}
	user   string // signed in as
	from   string
	utf8   bool
	to     []string
	dropAt string // the fault that Data acts on: "drop", "drop250" or ""
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string { return s.server.mechanisms }

// Auth implements smtp.AuthSession.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch {
	case !slices.Contains(s.server.mechanisms, mechanism):
		return nil, smtp.ErrAuthUnknownMechanism
	case mechanism == sasl.Login:
		return &loginServer{check: s.signIn}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return s.signIn(user, password) }), nil
}

func (s *session) signIn(user, password string) error {
	if user != s.server.user || subtle.ConstantTimeCompare([]byte(password), []byte(s.server.password)) == 0 {
		return smtp.ErrAuthFailed
	}
	s.user = user
	return nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	if s.server.user != "" && s.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.from, s.utf8 = from, opts != nil && opts.UTF8
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch fault := s.server.strike(to); fault {
	case "tempfail":
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted, try <" + to + "> later"}
	case "perm":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<" + to + "> is unknown here"}
	case "hang":
		<-s.gone
		return errors.New("server closed")
	case "drop", "drop250":
		s.dropAt = fault
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	if s.dropAt == "drop" {
		return s.conn.Close()
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	received, err := Parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "cannot read the message: " + err.Error()}
	}
	received.From, received.To, received.User, received.SMTPUTF8 = s.from, slices.Clone(s.to), s.user, s.utf8
	_, received.TLS = s.conn.TLSConnectionState()
	s.server.keep(received)
	if s.dropAt == "drop250" {
		return s.conn.Close()
	}
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.utf8, s.to, s.dropAt = "", false, nil, "" }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// strike counts a RCPT for addr and returns the failure to deal, "" for none.
func (s *Server) strike(addr string) string {
	addr = strings.ToLower(addr)
	local, _, _ := strings.Cut(addr, "@")
	local, _, _ = strings.Cut(local, "+")
	fault, times, bounded := strings.Cut(local, "-")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts[addr]++
	if !slices.Contains([]string{"tempfail", "perm", "hang", "drop", "drop250"}, fault) {
		return ""
	}
	if limit, err := strconv.Atoi(times); bounded && (err != nil || s.faults[addr] >= limit) {
		return ""
	}
	s.faults[addr]++
	return fault
}

// loginServer is the server's side of AUTH LOGIN, which go-sasl lacks.
type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch {
	case l.step == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.step == 1 || l.step == 2 && l.user == "":
		l.step, l.user = 2, string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}
