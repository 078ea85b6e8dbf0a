package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/mail"
)

type serveCmd struct {
	database
	Listen         string        `help:"Address to listen on." default:"127.0.0.1:8080" env:"SCHOOLGATE_LISTEN"`
	BaseURL        string        `help:"Address under which browsers reach the server; https unless on loopback." env:"SCHOOLGATE_BASE_URL" placeholder:"URL"`
	TLSCert        string        `help:"Certificate file." name:"tls-cert" env:"SCHOOLGATE_TLS_CERT" placeholder:"PATH"`
	TLSKey         string        `help:"Private key file of the certificate." name:"tls-key" env:"SCHOOLGATE_TLS_KEY" placeholder:"PATH"`
	InsecureHTTP   bool          `help:"Take plain http on addresses other than loopback." name:"insecure-http" env:"SCHOOLGATE_INSECURE_HTTP"`
	TrustedProxies int           `help:"How many proxies in front append to X-Forwarded-For." default:"0" env:"SCHOOLGATE_TRUSTED_PROXIES"`
	Wait           time.Duration `help:"How long to wait for a database that does not answer." default:"1m" env:"SCHOOLGATE_WAIT"`
	AnchorFile     string        `help:"File to which the log's head is added every hour; default the SQLite path + .anchors." name:"anchor-file" env:"SCHOOLGATE_ANCHOR_FILE" placeholder:"PATH"`
	MetricsListen  string        `help:"Address of /metrics for Prometheus, which must not be public." name:"metrics-listen" env:"SCHOOLGATE_METRICS_LISTEN" placeholder:"ADDRESS"`
	ImportFolder   string        `help:"Folder in which another program puts rosters: the newest is taken, once." name:"import-folder" env:"SCHOOLGATE_IMPORT_FOLDER" placeholder:"DIR"`
	ImportAt       string        `help:"When it is taken, in the school's time zone; within a minute or two unless given." name:"import-at" env:"SCHOOLGATE_IMPORT_AT" placeholder:"02:30"`
	UploadLimit    int64         `help:"Megabytes that an uploaded roster may have." name:"upload-limit" default:"200" env:"SCHOOLGATE_UPLOAD_LIMIT" placeholder:"MB"`
	LogFormat      string        `help:"text or json." enum:"text,json" default:"text" env:"SCHOOLGATE_LOG_FORMAT"`
	LogLevel       string        `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"SCHOOLGATE_LOG_LEVEL"`
	smtp
}

// smtp says how mail leaves.
type smtp struct {
	SMTP             string `help:"Mail server: smtp://[USER@]HOST[:PORT]?tls=starttls|implicit|none" env:"SCHOOLGATE_SMTP" placeholder:"URL"`
	SMTPPasswordFile string `help:"File with the mail server's password." name:"smtp-password-file" env:"SCHOOLGATE_SMTP_PASSWORD_FILE" placeholder:"PATH"`
	MailFrom         string `help:"Sender of the mails." env:"SCHOOLGATE_MAIL_FROM" placeholder:"ADDRESS"`
	ReplyTo          string `help:"Where answers go: the office." env:"SCHOOLGATE_REPLY_TO" placeholder:"ADDRESS"`
}

func (serveCmd) Help() string {
	return `Examples:
  schoolgate serve --database sqlite:school.db --listen 127.0.0.1:8080 --base-url http://127.0.0.1:8080 \
      --smtp "smtp://127.0.0.1:2525?tls=none"
  schoolgate serve --database sqlite:/var/lib/schoolgate/school.db --listen :443 --base-url https://portal.school.example \
      --tls-cert cert.pem --tls-key key.pem --smtp smtp://portal@mail.school.example --smtp-password-file /etc/schoolgate/smtp \
      --mail-from portal@school.example --reply-to office@school.example`
}

func (c serveCmd) Run(ctx context.Context, s *streams) error {
	if err := c.check(); err != nil {
		return err
	}
	sender, err := c.sender()
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return err
	}
	log := slog.New(c.handler(s.err, &slog.HandlerOptions{Level: level}))
	start := time.Now()
	app.ReserveThreads()
	a, err := app.Open(ctx, app.Config{
		Database: c.Database, KeyFile: c.KeyFile, AnchorFile: c.AnchorFile, BaseURL: c.BaseURL, Log: log, Mail: sender, Proxies: c.TrustedProxies, Wait: c.Wait,
		ImportFolder: c.ImportFolder, ImportAt: c.ImportAt, UploadLimit: c.UploadLimit << 20,
	})
	if err != nil {
		return err
	}
	l, err := c.listen(ctx)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	if sender == nil {
		log.Warn("no mail server is configured: mail waits in the queue (--smtp)")
	}
	log.Info("ready", "address", l.Listener.Addr().String(), "base", c.BaseURL, "database", a.DB.Dialect(), "took", time.Since(start).Round(time.Millisecond))
	err = a.Serve(ctx, l)
	log.Info("stopped")
	return errors.Join(err, a.Close())
}

// handler writes the log in the chosen format.
func (c *serveCmd) handler(to io.Writer, o *slog.HandlerOptions) slog.Handler {
	if c.LogFormat == "json" {
		return slog.NewJSONHandler(to, o)
	}
	return slog.NewTextHandler(to, o)
}

// listen opens the public address and, if there is one, that of /metrics.
func (c *serveCmd) listen(ctx context.Context) (l app.Listen, err error) {
	l.TLSCert, l.TLSKey = c.TLSCert, c.TLSKey
	var config net.ListenConfig
	if l.Listener, err = config.Listen(ctx, "tcp", c.Listen); err != nil {
		return l, fault.Wrap(fault.Unavailable, err, "cannot listen")
	}
	if c.MetricsListen == "" {
		return l, nil
	}
	if l.Metrics, err = config.Listen(ctx, "tcp", c.MetricsListen); err != nil {
		return l, errors.Join(fault.Wrap(fault.Unavailable, err, "cannot listen for /metrics"), l.Listener.Close())
	}
	return l, nil
}

// config is the mail server as the flags say; the zero Config where they name none.
func (c smtp) config() (mail.Config, error) {
	if c.SMTP == "" {
		return mail.Config{}, nil
	}
	cfg, err := mail.ParseURL(c.SMTP)
	if err != nil {
		return cfg, err
	}
	if c.SMTPPasswordFile != "" {
		data, err := os.ReadFile(c.SMTPPasswordFile)
		if err != nil {
			return cfg, fault.Wrap(fault.Invalid, err, "the mail password file cannot be read")
		}
		cfg.Password = strings.TrimSpace(string(data))
	}
	cfg.From, cfg.ReplyTo = c.MailFrom, c.ReplyTo
	return cfg, nil
}

// check refuses settings that would send passwords over a readable wire.
func (c *serveCmd) check() error {
	if c.BaseURL == "" {
		c.BaseURL = "http://" + c.Listen
		if c.TLSCert != "" {
			c.BaseURL = "https://" + c.Listen
		}
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return fault.Invalidf("--base-url must be http://HOST or https://HOST")
	}
	if base.Scheme == "http" && !loopback(base.Hostname()) && !c.InsecureHTTP {
		return fault.Invalidf("plain http is taken on loopback alone: give an https --base-url, or --insecure-http if you know what you do")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fault.Invalidf("--tls-cert and --tls-key go together")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// sender is the configured mail server, nil for none.
func (c *serveCmd) sender() (mail.Sender, error) {
	if c.SMTP == "" {
		return nil, nil
	}
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	if cfg.From == "" {
		base, err := url.Parse(c.BaseURL)
		if err != nil {
			return nil, err
		}
		host := base.Hostname()
		if loopback(host) || net.ParseIP(host) != nil {
			host = "localhost.localdomain"
		}
		cfg.From = "schoolgate@" + host
	}
	return mail.NewSMTP(cfg)
}
