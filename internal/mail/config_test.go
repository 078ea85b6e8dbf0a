package mail_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/mail"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		want      mail.Config
	}{
		{"STARTTLS and its port are the default", "smtp://mail.example", mail.Config{Host: "mail.example", Port: 587, TLS: mail.StartTLS, Auth: mail.AutoAuth}},
		{"TLS from the start has its own port", "smtp://mail.example?tls=implicit", mail.Config{Host: "mail.example", Port: 465, TLS: mail.ImplicitTLS, Auth: mail.AutoAuth}},
		{"no TLS goes to port 25", "smtp://mail.example/?tls=none", mail.Config{Host: "mail.example", Port: 25, TLS: mail.NoTLS, Auth: mail.AutoAuth}},
		{
			"user and password are decoded", "smtp://office%40x.example:p%40s%2Fs@mail.example:2525?auth=login",
			mail.Config{Host: "mail.example", Port: 2525, TLS: mail.StartTLS, Auth: mail.LoginAuth, Username: "office@x.example", Password: "p@s/s"},
		},
		{
			"a password on an open line to loopback is fine", "smtp://u:p@[::1]:2525?tls=none",
			mail.Config{Host: "::1", Port: 2525, TLS: mail.NoTLS, Auth: mail.AutoAuth, Username: "u", Password: "p"},
		},
		{"the user alone may be named", "smtp://u@mail.example", mail.Config{Host: "mail.example", Port: 587, TLS: mail.StartTLS, Auth: mail.AutoAuth, Username: "u"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := mail.ParseURL(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseURLSaysWhatIsWrongWithoutThePassword(t *testing.T) {
	for _, raw := range []string{
		"", "mail.example:25", "http://mail.example", "smtp://", "smtp://u:hunter2@", "smtp://u:hunter2@mail.example:99999",
		"smtp://u:hunter2@mail.example:x", "smtp://u:hunter2%zz@mail.example", "smtp://u:hunter2@mail.example?tls=maybe",
		"smtp://u:hunter2@mail.example?tls=none", "smtp://u:hunter2@mail.example?tsl=none", "smtp://u:hunter2@mail.example?tls=none&tls=starttls",
		"smtp://u:hunter2@mail.example?auth=ntlm", "smtp://u:hunter2@mail.example/path", "smtp://:hunter2@mail.example", "smtp:u:hunter2@mail.example",
		"smtp://u:hunter2@mail.example?tls=%zz",
	} {
		_, err := mail.ParseURL(raw)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("ParseURL(%q) = %v, want an Invalid fault", raw, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message holds the password: %v", err)
		}
	}
}

func TestNewSMTPRefusesABadConfiguration(t *testing.T) {
	good := mail.Config{Host: "mail.example", From: "Office <office@school.example>"}
	if _, err := mail.NewSMTP(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*mail.Config){
		"no sender":                           func(c *mail.Config) { c.From = "" },
		"a sender with a line break":          func(c *mail.Config) { c.From = "office@school.example\r\nBcc: x@y.example" },
		"a sender that is no address":         func(c *mail.Config) { c.From = "office" },
		"an answer address with a line break": func(c *mail.Config) { c.ReplyTo = "a@b.example\n" + "X: y" },
		"no host":                             func(c *mail.Config) { c.Host = "" },
		"a host with a line break":            func(c *mail.Config) { c.Host = "mail\nexample" },
		"a password on an open line":          func(c *mail.Config) { c.TLS, c.Username, c.Password = mail.NoTLS, "u", "p" },
		"a negative time limit":               func(c *mail.Config) { c.Timeout = -1 },
		"a greeting with a line break":        func(c *mail.Config) { c.HelloName = "x\r\nRSET" },
		"an unknown TLS mode":                 func(c *mail.Config) { c.TLS = "ssl" },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			spoil(&c)
			if _, err := mail.NewSMTP(c); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v, want an Invalid fault", err)
			}
		})
	}
}
