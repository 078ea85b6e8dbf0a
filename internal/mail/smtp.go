package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

// goodbye is how long a server may take over QUIT once it has the message.
const goodbye = time.Second

// SMTP sends through a mail server, with a connection of its own for each message. It holds no state between sends.
type SMTP struct {
	config Config
	sender sender
}

var _ Sender = (*SMTP)(nil)

// NewSMTP checks the configuration and fills in its defaults; it does not connect. It returns a fault of kind Invalid that names
// what is wrong, such as a password that would travel without TLS.
func NewSMTP(c Config) (*SMTP, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	name, from, err := parseMailbox(c.From)
	if err != nil {
		return nil, fault.Invalidf("the sender of mails: %w", err)
	}
	s := &SMTP{sender: sender{from: from, fromName: firstOf(c.FromName, name, c.Brand), brand: c.Brand}}
	if c.ReplyTo != "" {
		if s.sender.replyName, s.sender.replyTo, err = parseMailbox(c.ReplyTo); err != nil {
			return nil, fault.Invalidf("the address for answers: %w", err)
		}
	}
	if c.Timeout < 0 {
		return nil, fault.Invalidf("the time limit of a mail attempt must be positive")
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.HelloName == "" {
		if c.HelloName, err = os.Hostname(); err != nil {
			c.HelloName = "localhost"
		}
	}
	if !isASCII(c.HelloName) || strings.ContainsFunc(c.HelloName, blank) {
		return nil, fault.Invalidf("the name for the mail server's greeting is malformed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s.config = c
	return s, nil
}

// Send makes one attempt, as Sender describes. It returns when the server has answered, the time limit has passed or ctx is
// done, whichever comes first; in the last two cases the error wraps context.DeadlineExceeded or ctx's own.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	to, err := check(m)
	if err != nil {
		return err
	}
	content, err := s.sender.compose(m, to, s.config.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	if err := s.attempt(ctx, to, content); err != nil {
		if ctx.Err() != nil && !isRefused(err) {
			// The broken connection is our own doing; say why.
			return fmt.Errorf("no answer from mail server %s within the time limit (%w): %w", s.hostPort(), err, ctx.Err())
		}
		return err
	}
	return nil
}

func (s *SMTP) attempt(ctx context.Context, to address, content []byte) error {
	// go-mail leaves the connection open when its dial fails half-way, and bounds each step, not the whole: both are ours.
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	// ctx is the whole attempt's; the one go-mail passes ends with the dial.
	dial := func(context.Context, string, string) (net.Conn, error) {
		raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.hostPort())
		if err != nil {
			return nil, err
		}
		conn = raw
		context.AfterFunc(ctx, func() { _ = raw.Close() })
		return s.protect(ctx, raw)
	}
	options := append(s.options(to), gomail.WithDialContextFunc(dial))
	dialer, err := gomail.NewClient(s.config.Host, options...)
	if err != nil {
		return fmt.Errorf("preparing for mail server %s: %w", s.hostPort(), err)
	}
	client, err := dialer.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return outOfReach{refusal(fmt.Errorf("connecting to mail server %s: %w", s.hostPort(), err), false)}
	}
	if err := transfer(client, s.sender.from, to, content); err != nil {
		return err
	}
	// The message is handed over: whatever happens to the farewell changes nothing.
	if client.UpdateDeadline(goodbye) == nil {
		_ = client.Quit()
	}
	return nil
}

// protect wraps the connection in TLS where it starts with it, and keeps a password from an open line: a name such as localhost
// may resolve to anything.
func (s *SMTP) protect(ctx context.Context, raw net.Conn) (net.Conn, error) {
	if s.config.TLS == ImplicitTLS {
		conn := tls.Client(raw, s.tlsConfig())
		return conn, conn.HandshakeContext(ctx)
	}
	if s.config.TLS == NoTLS && s.config.Username != "" {
		if peer, ok := raw.RemoteAddr().(*net.TCPAddr); !ok || !peer.IP.IsLoopback() {
			return nil, errors.New("a password is not sent without TLS to another machine")
		}
	}
	return raw, nil
}

func (s *SMTP) options(to address) []gomail.Option {
	options := []gomail.Option{
		gomail.WithTimeout(s.config.Timeout + time.Minute), // never the first to fire: ctx bounds the attempt
		gomail.WithHELO(s.config.HelloName),
		gomail.WithTLSConfig(s.tlsConfig()),
	}
	switch s.config.TLS {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	// Asking for SMTPUTF8 without need makes mail bounce at the first relay that lacks it.
	if !to.international() && !s.sender.from.international() {
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	if s.config.Username == "" {
		return options
	}
	plain, login := gomail.SMTPAuthPlain, gomail.SMTPAuthLogin
	if s.config.TLS == NoTLS {
		plain, login = gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc // to loopback alone: see protect
	}
	options = append(options, gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password))
	switch s.config.Auth {
	case PlainAuth:
		return append(options, gomail.WithSMTPAuth(plain))
	case LoginAuth:
		return append(options, gomail.WithSMTPAuth(login))
	default:
		return append(options, gomail.WithOpportunisticSMTPAuth(plain, login))
	}
}

func (s *SMTP) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.config.Host, RootCAs: s.config.RootCAs, MinVersion: tls.VersionTLS12}
}

func (s *SMTP) hostPort() string {
	return net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port))
}

// transfer speaks MAIL, RCPT and DATA itself: go-mail's Send adds a RSET whose failure it reports like a refusal, although the
// message has been accepted, and hides the server's reply in a sentence that holds the address.
func transfer(client *gosmtp.Client, from, to address, content []byte) error {
	if from.international() || to.international() {
		if ok, _ := client.Extension("SMTPUTF8"); !ok {
			return unsendable("the mail server takes no addresses with letters outside ASCII")
		}
	}
	if err := client.Mail(from.path()); err != nil {
		return refusal(fmt.Errorf("naming the sender: %w", err), true)
	}
	if err := client.Rcpt(to.path()); err != nil {
		return refusal(fmt.Errorf("naming the recipient: %w", err), true)
	}
	w, err := client.Data()
	if err != nil {
		return refusal(fmt.Errorf("offering the message: %w", err), true)
	}
	if _, err := w.Write(content); err != nil {
		// Closing w now would send the dot, and with it half a message.
		return fmt.Errorf("sending the message: %w", err)
	}
	if err := w.Close(); err != nil {
		return refusal(fmt.Errorf("waiting for the mail server's answer: %w", err), true)
	}
	return nil
}

func isRefused(err error) bool {
	_, ok := errors.AsType[*Refused](err)
	return ok
}

func firstOf(names ...string) string {
	for _, name := range names {
		if name != "" {
			return name
		}
	}
	return ""
}
