package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/smtp"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/mail"
)

const mailPatience = 10 * time.Second

// mailServer greets the mail server as the outbox would, signs in where it would, and sends nothing.
func (d *doctor) mailServer(ctx context.Context) {
	if d.SMTP == nil {
		d.find("mail", Warning, "Give the flags that serve is started with, --smtp first of all.", "no mail server was named: it was not tried")
		return
	}
	where := net.JoinHostPort(d.SMTP.Host, strconv.Itoa(d.SMTP.Port))
	began := time.Now()
	if err := greet(ctx, *d.SMTP, where); err != nil {
		d.find("mail", Bad, "Check --smtp, the firewall and the mail server's log. Mail waits in the queue meanwhile.", "%s: %v", where, err)
		return
	}
	d.find("mail", Fine, "", "%s takes mail (%s)", where, time.Since(began).Round(time.Millisecond))
}

func greet(ctx context.Context, c mail.Config, where string) error {
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", where)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // QUIT was said, or there is nothing to say
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	settings := &tls.Config{ServerName: c.Host, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
	wire := conn
	if c.TLS == mail.ImplicitTLS {
		wire = tls.Client(conn, settings)
	}
	client, err := smtp.NewClient(wire, c.Host)
	if err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	if c.TLS == mail.StartTLS {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return fmt.Errorf("it offers no STARTTLS (tls=implicit or tls=none say otherwise)")
		}
		if err := client.StartTLS(settings); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	}
	if _, ways := client.Extension("AUTH"); c.Username != "" && strings.Contains(ways, "PLAIN") {
		if err := client.Auth(smtp.PlainAuth("", c.Username, c.Password, c.Host)); err != nil {
			return fmt.Errorf("signing in: %w", err)
		}
	}
	return client.Quit()
}
