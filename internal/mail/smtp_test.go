package mail_test

import (
	"context"
	"errors"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sender returns an SMTP that sends to server, with changes to its configuration.
func sender(t *testing.T, server *mailtest.Server, changes ...func(*mail.Config)) *mail.SMTP {
	t.Helper()
	config, err := mail.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	config.From, config.FromName = "office@school.example", "Morgan County Schools"
	config.ReplyTo, config.Brand = "Ada Office <ada@school.example>", "Morgan County Schools"
	config.RootCAs, config.Now = server.RootCAs(), func() time.Time { return noon }
	for _, change := range changes {
		change(&config)
	}
	s, err := mail.NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signIn(user, password string, auth mail.Auth) func(*mail.Config) {
	return func(c *mail.Config) { c.Username, c.Password, c.Auth = user, password, auth }
}

func within(limit time.Duration) func(*mail.Config) {
	return func(c *mail.Config) { c.Timeout = limit }
}

var spanish = mail.Message{
	ID: "01JDB7-42", To: "maria@familia.example", ToName: "María José Núñez, «Mamá»", Language: "es",
	Subject: "Su contraseña temporal para el Portal de Padres – válida 24 horas: ¡úsela hoy mismo, por favor, señora Núñez!",
	Body:    "Estimada María José:\n\nSu contraseña temporal:\n\n> K7MP-4QDX-9TRW-2VHB\n\n1. Vaya a https://school.example/parent\n2. Escríbala\n.\n",
}

func TestSendDeliversALetterInSpanish(t *testing.T) {
	server := mailtest.Start(t)
	if err := sender(t, server).Send(t.Context(), spanish); err != nil {
		t.Fatal(err)
	}
	got := server.Messages()[0]
	if got.From != "office@school.example" || !slices.Equal(got.To, []string{"maria@familia.example"}) || got.SMTPUTF8 {
		t.Errorf("envelope: from %q to %q, SMTPUTF8 %t", got.From, got.To, got.SMTPUTF8)
	}
	if got.Subject != spanish.Subject {
		t.Errorf("subject %q", got.Subject)
	}
	for header, want := range map[string]string{"From": "Morgan County Schools", "To": spanish.ToName, "Reply-To": "Ada Office"} {
		if list := got.Addresses(header); len(list) != 1 || list[0].Name != want {
			t.Errorf("%s: %v, want the name %q", header, list, want)
		}
	}
	for header, want := range map[string]string{
		"Message-Id": "<01JDB7-42@school.example>", "Auto-Submitted": "auto-generated", "Content-Language": "es",
		"Date": "Mon, 23 Nov 2026 12:00:00 +0000", "Mime-Version": "1.0",
	} {
		if diff := cmp.Diff([]string{want}, []string(got.Header[textproto.CanonicalMIMEHeaderKey(header)])); diff != "" {
			t.Errorf("%s:\n%s", header, diff)
		}
	}
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative") || got.Parts != 2 {
		t.Errorf("%s with %d parts", kind, got.Parts)
	}
	if diff := cmp.Diff(mail.Text(spanish.Body), got.Text); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"K7MP-4QDX-9TRW-2VHB"}, texts(query(t, got.HTML, "html[lang=es] p.value"))); diff != "" {
		t.Error(diff)
	}
	for line := range strings.SplitSeq(string(got.Raw), "\n") {
		if len(line) > 999 || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("a line is long or not ASCII: %q", line)
		}
	}
}

func TestSendOverTLSAndWithAPassword(t *testing.T) {
	const user, password = "office@school.example", "s3cret: ñ"
	for _, c := range []struct {
		name   string
		server []mailtest.Option
		auth   mail.Auth
		tls    bool
		user   string
	}{
		{"STARTTLS", []mailtest.Option{mailtest.WithSTARTTLS()}, "", true, ""},
		{"implicit TLS", []mailtest.Option{mailtest.WithImplicitTLS()}, "", true, ""},
		{"STARTTLS and a password", []mailtest.Option{mailtest.WithSTARTTLS(), mailtest.WithAuth(user, password)}, mail.AutoAuth, true, user},
		{"implicit TLS and a password", []mailtest.Option{mailtest.WithImplicitTLS(), mailtest.WithAuth(user, password)}, mail.AutoAuth, true, user},
		{"AUTH PLAIN", []mailtest.Option{mailtest.WithSTARTTLS(), mailtest.WithAuth(user, password, "PLAIN")}, mail.PlainAuth, true, user},
		{"AUTH LOGIN", []mailtest.Option{mailtest.WithImplicitTLS(), mailtest.WithAuth(user, password, "LOGIN")}, mail.LoginAuth, true, user},
		{"a server that knows LOGIN alone", []mailtest.Option{mailtest.WithSTARTTLS(), mailtest.WithAuth(user, password, "LOGIN")}, mail.AutoAuth, true, user},
		{"a password to loopback on an open line", []mailtest.Option{mailtest.WithAuth(user, password)}, mail.AutoAuth, false, user},
		{"AUTH LOGIN to loopback on an open line", []mailtest.Option{mailtest.WithAuth(user, password)}, mail.LoginAuth, false, user},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := mailtest.Start(t, c.server...)
			s := sender(t, server, func(config *mail.Config) {
				if c.user != "" {
					signIn(c.user, password, c.auth)(config)
				}
			})
			if err := s.Send(t.Context(), spanish); err != nil {
				t.Fatal(err)
			}
			if got := server.Messages()[0]; got.TLS != c.tls || got.User != c.user {
				t.Errorf("TLS %t as %q", got.TLS, got.User)
			}
		})
	}
}

// Whatever is wrong with the connection or the settings must leave the message worth another attempt.
func TestSendFailsForNowWhenTheSettingsAreWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		server []mailtest.Option
		change func(*mail.Config)
		code   int
	}{
		{"the certificate is not trusted", []mailtest.Option{mailtest.WithSTARTTLS()}, func(c *mail.Config) { c.RootCAs = nil }, 0},
		{"the certificate is not trusted from the start", []mailtest.Option{mailtest.WithImplicitTLS()}, func(c *mail.Config) { c.RootCAs = nil }, 0},
		{"the server offers no STARTTLS", nil, func(c *mail.Config) { c.TLS = mail.StartTLS }, 0},
		{"the password is wrong", []mailtest.Option{mailtest.WithSTARTTLS(), mailtest.WithAuth("u", "p")}, signIn("u", "q", mail.AutoAuth), 535},
		{"a password is wanted", []mailtest.Option{mailtest.WithSTARTTLS(), mailtest.WithAuth("u", "p")}, func(*mail.Config) {}, 530},
		{"the server wants no password", []mailtest.Option{mailtest.WithSTARTTLS()}, signIn("u", "p", mail.AutoAuth), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := mailtest.Start(t, c.server...)
			err := sender(t, server, c.change).Send(t.Context(), spanish)
			if err == nil || mail.Permanent(err) {
				t.Fatalf("got %v, want a failure for now", err)
			}
			if refused, ok := errors.AsType[*mail.Refused](err); ok != (c.code != 0) || ok && refused.Code != c.code {
				t.Errorf("got %v, want code %d", err, c.code)
			}
			if n := len(server.Messages()); n != 0 {
				t.Errorf("%d messages arrived", n)
			}
		})
	}
}

func to(addr string) mail.Message {
	m := spanish
	m.To = addr
	return m
}

func TestSendTellsRefusalsApart(t *testing.T) {
	server := mailtest.Start(t)
	s := sender(t, server)
	for _, c := range []struct {
		to   string
		want mail.Refused
	}{
		{"perm@familia.example", mail.Refused{Code: 550, Text: "5.1.1 <perm@familia.example> is unknown here", Permanent: true}},
		{"tempfail@familia.example", mail.Refused{Code: 451, Text: "4.7.1 Greylisted, try <tempfail@familia.example> later"}},
	} {
		err := s.Send(t.Context(), to(c.to))
		refused, ok := errors.AsType[*mail.Refused](err)
		if !ok {
			t.Fatalf("got %v, want a refusal", err)
		}
		if diff := cmp.Diff(c.want, *refused); diff != "" {
			t.Error(diff)
		}
		if mail.Permanent(err) != c.want.Permanent {
			t.Errorf("Permanent(%v) = %t", err, mail.Permanent(err))
		}
	}
}

func TestSendSucceedsOnceTheServerIsReady(t *testing.T) {
	server := mailtest.Start(t)
	s := sender(t, server)
	const addr = "tempfail-2@familia.example"
	var codes []bool
	for range 3 {
		codes = append(codes, s.Send(t.Context(), to(addr)) == nil)
	}
	if diff := cmp.Diff([]bool{false, false, true}, codes); diff != "" {
		t.Error(diff)
	}
	if n := len(server.To(addr)); n != 1 || server.Attempts(addr) != 3 {
		t.Errorf("%d messages in %d attempts", n, server.Attempts(addr))
	}
}

func TestSendAfterTheServerWasDown(t *testing.T) {
	server := mailtest.Start(t)
	s := sender(t, server)
	server.Close()
	if err := s.Send(t.Context(), spanish); err == nil || mail.Permanent(err) {
		t.Errorf("got %v, want a failure for now", err)
	}
	server.Reopen()
	if err := s.Send(t.Context(), spanish); err != nil {
		t.Error(err)
	}
	if n := len(server.Wait(1)); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
}

func TestSendKeepsTheMessageIDOverRetries(t *testing.T) {
	server := mailtest.Start(t)
	s := sender(t, server)
	const addr = "drop250-1@familia.example"
	if err := s.Send(t.Context(), to(addr)); err == nil || mail.Permanent(err) {
		t.Fatalf("got %v, want a failure for now: nobody answered", err)
	}
	if err := s.Send(t.Context(), to(addr)); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range server.To(addr) {
		ids = append(ids, m.MessageID())
	}
	if diff := cmp.Diff([]string{"<01JDB7-42@school.example>", "<01JDB7-42@school.example>"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestSendFailsForNowWhenTheConnectionDrops(t *testing.T) {
	server := mailtest.Start(t)
	err := sender(t, server).Send(t.Context(), to("drop@familia.example"))
	if err == nil || mail.Permanent(err) {
		t.Errorf("got %v, want a failure for now", err)
	}
	if n := len(server.Messages()); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}

// requireSoon fails the test if it runs longer than a time limit can explain, with room for a busy machine.
func requireSoon(t *testing.T) {
	t.Helper()
	start := time.Now()
	t.Cleanup(func() {
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestEML4AHungServerEndsWithTheTimeLimit(t *testing.T) {
	for name, options := range map[string][]mailtest.Option{
		"open": nil, "STARTTLS": {mailtest.WithSTARTTLS()}, "implicit TLS": {mailtest.WithImplicitTLS()},
	} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.Start(t, options...)
			requireSoon(t)
			err := sender(t, server, within(300*time.Millisecond)).Send(t.Context(), to("hang@familia.example"))
			if !errors.Is(err, context.DeadlineExceeded) || mail.Permanent(err) {
				t.Errorf("got %v, want the time limit", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			err = sender(t, server).Send(ctx, to("hang@familia.example"))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the cancelled context", err)
			}
		})
	}
}

func TestSendToInternationalAddresses(t *testing.T) {
	modern, old := mailtest.Start(t, mailtest.WithSMTPUTF8()), mailtest.Start(t)
	if err := sender(t, old).Send(t.Context(), to("ana@niño.example")); err != nil {
		t.Error(err)
	}
	if n := len(old.To("ana@xn--nio-8ma.example")); n != 1 {
		t.Errorf("%d messages to the punycode domain", n)
	}
	if err := sender(t, modern).Send(t.Context(), to("josé@niño.example")); err != nil {
		t.Error(err)
	}
	if got := modern.To("josé@xn--nio-8ma.example"); len(got) != 1 || !got[0].SMTPUTF8 {
		t.Errorf("got %v", got)
	}
	if err := sender(t, modern).Send(t.Context(), to("ana@familia.example")); err != nil {
		t.Error(err)
	}
	if got := modern.To("ana@familia.example"); len(got) != 1 || got[0].SMTPUTF8 {
		t.Error("SMTPUTF8 was asked for without need")
	}
	if err := sender(t, old).Send(t.Context(), to("josé@familia.example")); !mail.Permanent(err) {
		t.Errorf("got %v, want a permanent refusal", err)
	}
}
