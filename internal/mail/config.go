package mail

import (
	"crypto/x509"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// TLS says how the connection to the mail server is protected. Certificates are always verified.
type TLS string

// The three ways. With StartTLS a server that does not offer it gets nothing: there is no falling back to an open line.
const (
	StartTLS    TLS = "starttls" // the default, usually port 587
	ImplicitTLS TLS = "implicit" // TLS from the first byte, usually port 465 (RFC 8314)
	NoTLS       TLS = "none"     // usually port 25; a password is then sent to a loopback address only
)

// Auth is the way of signing in to the mail server.
type Auth string

// AutoAuth takes PLAIN, then LOGIN, then whatever else the server offers.
const (
	AutoAuth  Auth = "auto"
	PlainAuth Auth = "plain"
	LoginAuth Auth = "login"
)

// DefaultTimeout is the time limit of one attempt (EML-4).
const DefaultTimeout = 20 * time.Second

// Config says where mail goes and in whose name. ParseURL fills the part that concerns the server.
type Config struct {
	Host               string
	Port               int    // 0: by TLS, 587, 465 or 25
	TLS                TLS    // "": StartTLS
	Auth               Auth   // "": AutoAuth
	Username, Password string // no Username, no signing in

	From     string // the sender's address, bare or as "Name <address>"
	FromName string // shown as the sender; "": the name in From, else Brand
	ReplyTo  string // where answers go, bare or as "Name <address>"; "": to From
	Brand    string // the name above the letter, such as the district's

	HelloName string           // for EHLO; "": the machine's name
	Timeout   time.Duration    // of one attempt, from dialling to the server's last word; 0: DefaultTimeout
	RootCAs   *x509.CertPool   // trusted for the server's certificate; nil: the system's
	Now       func() time.Time // for the Date header; nil: time.Now
}

// ParseURL reads "smtp://user:password@host:port?tls=starttls|implicit|none&auth=auto|plain|login"; everything but the host may be
// missing, and a password is better set in Config.Password than written where a process list shows it. In user and password,
// characters such as @ and / are percent-encoded. It returns a fault of kind Invalid whose text never repeats the address.
func ParseURL(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// url's own words quote the address, and with it the password.
		return Config{}, fault.Invalidf("the mail server's address cannot be read; it looks like smtp://user@host:587?tls=starttls")
	}
	if u.Scheme != "smtp" || u.Hostname() == "" || u.Opaque != "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return Config{}, fault.Invalidf("the mail server's address must look like smtp://user@host:587?tls=starttls")
	}
	c := Config{Host: u.Hostname(), Username: u.User.Username()}
	c.Password, _ = u.User.Password()
	if port := u.Port(); port != "" {
		if c.Port, err = strconv.Atoi(port); err != nil || c.Port < 1 || c.Port > 65535 {
			return Config{}, fault.Invalidf("the mail server's port must be a number from 1 to 65535")
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Config{}, fault.Invalidf("what follows the ? in the mail server's address cannot be read")
	}
	for key, values := range query {
		switch {
		case key == "tls" && len(values) == 1:
			c.TLS = TLS(values[0])
		case key == "auth" && len(values) == 1:
			c.Auth = Auth(values[0])
		default:
			return Config{}, fault.Invalidf("the mail server's address takes tls=… and auth=…, once each, and nothing else")
		}
	}
	return c, c.complete()
}

// complete fills in the defaults of the server's part and checks it.
func (c *Config) complete() error {
	if c.TLS == "" {
		c.TLS = StartTLS
	}
	ports := map[TLS]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}
	usual, known := ports[c.TLS]
	if !known {
		return fault.Invalidf("tls must be starttls, implicit or none")
	}
	if c.Port == 0 {
		c.Port = usual
	}
	switch c.Auth {
	case "":
		c.Auth = AutoAuth
	case AutoAuth, PlainAuth, LoginAuth:
	default:
		return fault.Invalidf("auth must be auto, plain or login")
	}
	switch {
	case c.Host == "" || strings.ContainsFunc(c.Host, blank) || strings.Contains(c.Host, "/"):
		return fault.Invalidf("the mail server's name is missing or malformed")
	case c.Port < 1 || c.Port > 65535:
		return fault.Invalidf("the mail server's port must be a number from 1 to 65535")
	case c.Username == "" && c.Password != "":
		return fault.Invalidf("there is a password for the mail server, but no user")
	case c.Username != "" && c.TLS == NoTLS && !loopbackName(c.Host):
		return fault.Invalidf("a password is not sent to %s without TLS; use tls=starttls or tls=implicit", c.Host)
	}
	return nil
}

func loopbackName(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
