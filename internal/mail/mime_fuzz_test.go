package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
)

// FuzzMIME composes mails of any names, subjects and texts: what is written is one message with the headers of any other, its two parts can be
// read, and no line is longer than mail servers take (RFC 5321, 4.5.3.1.6).
func FuzzMIME(f *testing.F) {
	for _, s := range []string{"Ana", "x\r\nBcc: spy@evil.example", "=?utf-8?B?DQpCY2M6IHg=?=", "\x00\xff", "ñandú \u202e", ".", strings.Repeat("ß", 400), "--==\n\n.\n"} {
		f.Add(s, s, s)
	}
	s, err := NewSMTP(Config{Host: "mail.school.example", From: "portal@school.example", ReplyTo: "office@school.example", TLS: NoTLS})
	if err != nil {
		f.Fatal(err)
	}
	usual := compose(f, s, Message{ID: "job-1", To: "ana@school.example", ToName: "Ana", Language: "en", Subject: "Hello", Body: "Hello"})
	f.Fuzz(func(t *testing.T, name, subject, text string) {
		got := compose(t, s, Message{ID: "job-1", To: "ana@school.example", ToName: name, Language: "en", Subject: subject, Body: Plain(text) + "\n\n> " + Exact("K7MP-4QDR")})
		if len(got.Header) != len(usual.Header) || got.Parts != usual.Parts {
			t.Fatalf("headers %v and %d parts, want those of any other mail: %v and %d", got.Header, got.Parts, usual.Header, usual.Parts)
		}
		if to := got.Addresses("To"); len(to) != 1 || to[0].Address != "ana@school.example" {
			t.Fatalf("to %v", to)
		}
		if !strings.Contains(got.Text, "K7MP-4QDR") {
			t.Fatalf("the exact value is lost:\n%s", got.Text)
		}
	})
}

func compose(t testing.TB, s *SMTP, m Message) mailtest.Received {
	t.Helper()
	to, err := check(m)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.sender.compose(m, to, time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 998 {
			t.Fatalf("a line of %d bytes", len(line))
		}
	}
	got, err := mailtest.Parse(raw)
	if err != nil {
		t.Fatalf("%v:\n%s", err, raw)
	}
	return got
}
